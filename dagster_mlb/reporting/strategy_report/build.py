"""From inputs to the contents of the report: every section computed, every run recorded.

``build_report`` reads the warehouse and writes the trials; ``contents_of`` is the whole of the computing, on frames in
memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from dagster_mlb.reporting.strategy_report import findings as said
from dagster_mlb.reporting.strategy_report.books import retail_table
from dagster_mlb.reporting.strategy_report.chase import chase_table
from dagster_mlb.reporting.strategy_report.contents import (
    ABSENT_SCHEMA,
    CALIBRATION_SCHEMA,
    EVENT_SCHEMA,
    LADDER_SCHEMA,
    LEDGER_SCHEMA,
    Contents,
)
from dagster_mlb.reporting.strategy_report.jumps import latency_table
from dagster_mlb.reporting.strategy_report.open_to_close import (
    MONEYLINE_COLUMNS,
    sides_of_archive,
    value_by_bin,
    value_by_season,
)
from dagster_mlb.reporting.strategy_report.rows import ROW_SCHEMA, beside_the_null, deflated, in_order, no_rows
from dagster_mlb.reporting.strategy_report.runs import Told, asked_at, coverage_of, run_all, shown_curves
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, LABELS, LATE_CONSENSUS, ONE_BOOK, Sample
from dagster_mlb.strategies.protocol import Rule

if TYPE_CHECKING:
    from dagster_mlb.reporting.strategy_report.inputs import Inputs
    from dagster_mlb.settings import Settings

NEW_YORK = ZoneInfo("America/New_York")
#: Events that only several books' ticks, or public splits, can show.
OF_SEVERAL = ("steam", "reverse_line_movement", "sharp_public_divergence", "line_freeze")
Result = TypeVar("Result")


def build_report(settings: Settings, *, seasons: set[int] | None = None, record: bool = True) -> Contents:
    """The report on what stands in the warehouse. ``seasons`` limit the archive with labels. Every run is a trial in
    the ledger, unless ``record`` is off; the same run on the same sample is the same trial.
    """
    from dagster_mlb.reporting.strategy_report.inputs import read_inputs, read_ledger
    from dagster_mlb.strategies.catalog import configured_strategies

    started = time.perf_counter()
    catalog = [entry.strategy for entry in configured_strategies(settings.strategies_file)]
    inputs = read_inputs(settings)
    reading = time.perf_counter() - started

    def ledger_after(told: Sequence[Told]) -> pl.DataFrame:
        if record:
            record_trials(settings, told)
        return read_ledger(settings)

    contents = contents_of(inputs, catalog, seasons=seasons, ledger_after=ledger_after)
    return replace(contents, seconds={"reading": reading, **contents.seconds})


def contents_of(
    inputs: Inputs,
    catalog: Sequence[Rule],
    *,
    seasons: set[int] | None = None,
    ledger_after: Callable[[Sequence[Told]], pl.DataFrame] | None = None,
) -> Contents:
    """Every section from frames in memory. ``ledger_after`` records the runs and gives the ledger (``LEDGER_SCHEMA``)
    as it stands then; without it the trials are those of the ledger as it was and these runs.
    """
    times: dict[str, float] = {}

    def measured(name: str, work: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - started
        return result

    told = measured("strategies", lambda: list(run_all(inputs, catalog, seasons)))
    ledger = inputs.ledger if ledger_after is None else measured("ledger", lambda: ledger_after(told))
    made = [one for one in told if one.rows]
    recorded = int(ledger.filter(pl.col("kind") == "strategy")["with_bets"].sum())
    trials = max(recorded if ledger_after is not None else recorded + len(made), len(made))
    plain = pl.DataFrame([row for one in told for row in one.rows], schema=_row_schema()) if made else no_rows()
    rows = in_order(deflated(beside_the_null(plain), trials)).select(ROW_SCHEMA.keys())

    def sections() -> dict[str, Any]:
        return _sections(inputs, seasons)

    parts = measured("sections", sections)
    absent = [one.absent for one in told if one.absent is not None]
    contents = Contents(
        made_at=f"{inputs.now.astimezone(NEW_YORK):%Y-%m-%d %H:%M} New York",
        environment=inputs.environment,
        asked_seasons=_in_words(seasons, parts["seasons"]),
        samples=inputs.samples,
        coverage=measured("coverage", lambda: coverage_of(inputs, seasons)),
        in_play=inputs.in_play,
        book_scores=inputs.book_scores,
        rows=rows,
        absent=pl.DataFrame([*absent, *_never_asked(inputs.samples, catalog)], schema=ABSENT_SCHEMA),
        ladders=pl.concat([pl.DataFrame(schema=LADDER_SCHEMA), *(one.ladder for one in told)]),
        calibration=pl.DataFrame([one.calibration for one in told if one.calibration], schema=CALIBRATION_SCHEMA),
        curves=shown_curves(told),
        ledger=ledger.select(LEDGER_SCHEMA.keys()),
        trials=trials,
        seconds=times,
        **parts,
    )
    return replace(contents, findings=findings_of(contents))


def findings_of(contents: Contents) -> list[said.Finding]:
    """Every sentence of the summary, in the order in which they are read."""
    archive = f"{LABELS.title} {contents.asked_seasons} · archive"
    ticks = f"{ONE_BOOK.title} · archive"
    has_simulated = any(sample.is_simulated for sample in contents.samples)
    several = contents.events.filter(pl.col("kind").is_in(OF_SEVERAL))
    return [
        said.the_archive_was_read_rightly(contents.seasons, archive),
        said.no_naive_rule_beats_the_hold(contents.rows),
        said.roi_is_ev_clv(contents.value_by_season, archive),
        said.clv_is_worth_its_face(contents.value_by_season, archive),
        said.chasing_loses_the_hold(contents.chase, archive),
        said.the_oracle_only_seems_to_win(contents.chase, archive),
        said.a_jump_takes_its_price_with_it(contents.latency, ticks),
        said.no_prices_beat_the_close(contents.rows),
        said.skill_is_luck_after_all(contents.rows, contents.trials),
        said.retail_asks_more_than_the_sharp_book(contents.retail, f"{FOUR_BOOKS.title} · archive"),
        said.what_is_left_scores_as_the_market_does(contents.book_scores, f"{FOUR_BOOKS.title} · archive"),
        said.games_under_way_are_left_out(contents.in_play, f"{FOUR_BOOKS.title} · archive"),
        said.several_books_only_in_the_league(has_simulated, several),
    ]


def record_trials(settings: Settings, told: Sequence[Told]) -> None:
    """One trial per run of a strategy on a sample, with the sample's name before what it was run on."""
    from dagster_mlb.learning.trials import record_trial
    from dagster_mlb.warehouse.connection import connect

    with connect(settings, role="transform") as connection:
        for one in told:
            if one.run is None:
                continue
            record_trial(
                connection,
                kind="strategy",
                name=one.run.strategy,
                parameters={**one.run.parameters, "version": one.run.version},
                sample=f"{one.sample.title}: {one.run.sample}",
                n=one.run.bets.height,
                metrics=one.run.summary.as_dict(),
                run_id="report",
                now=settings.now(),
            )


def _sections(inputs: Inputs, seasons: set[int] | None) -> dict[str, Any]:
    """The parts that are no rows of strategies."""
    from dagster_mlb.learning.evaluation import reliability_table
    from dagster_mlb.reporting.season_report import season_table

    parts: dict[str, Any] = {"seasons": pl.DataFrame()}
    benchmark = _of_seasons(inputs.benchmark, seasons)
    if benchmark.height:
        parts["seasons"] = season_table(benchmark)
    moneylines = inputs.moneylines
    if moneylines.height:
        labelled = _of_seasons(moneylines.filter(pl.col("source").is_in(LABELS.sources)), seasons)
        sides = sides_of_archive(labelled.select(MONEYLINE_COLUMNS), inputs.outcomes, inputs.now)
        if sides.height:
            parts |= {
                "value_by_season": value_by_season(sides),
                "value_by_bin": value_by_bin(sides),
                "chase": chase_table(sides),
            }
        parts["reliability"] = {}
        for sample in (LABELS, ONE_BOOK, LATE_CONSENSUS):
            known = moneylines.filter(
                pl.col("source").is_in(sample.sources)
                & pl.col("close_home_probability").is_not_null()
                & pl.col("home_win").is_not_null()
            )
            known = _of_seasons(known, seasons) if sample.follows_seasons else known
            if known.height >= said.ENOUGH:
                y = known["home_win"].cast(pl.Float64).to_numpy()
                parts["reliability"][sample.key] = reliability_table(y, known["close_home_probability"].to_numpy())
    if FOUR_BOOKS in inputs.samples:
        last = inputs.offers_of(FOUR_BOOKS, "pregame", seasons)
        closes = moneylines.filter(
            pl.col("source").is_in(LATE_CONSENSUS.sources) & pl.col("close_home_probability").is_not_null()
        )
        parts["retail"] = retail_table(last, closes, inputs.outcomes, inputs.now)
    if inputs.signals.height:
        parts["events"] = events_by_sample(inputs.signals, inputs.states)
        parts["latency"] = _latency(inputs)
    return parts


def events_by_sample(signals: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """How many events of each kind (``EVENT_SCHEMA``), by the sample whose ticks their game has. Of snapshots hours
    apart nobody can say that a price moved within minutes: their events are counted, and used nowhere.
    """
    names = {source: sample.key for sample in (ONE_BOOK, FOUR_BOOKS, LATE_CONSENSUS) for source in sample.sources}
    of_games = (
        states.filter(pl.col("provenance") == "archive")
        .select("game_key", sample=pl.col("source").replace_strict(names, default="collected", return_dtype=pl.String))
        .unique("game_key", keep="first", maintain_order=True)
    )
    told = pl.when(pl.col("provenance") == "simulated").then(pl.lit("simulated")).otherwise(pl.col("sample"))
    return (
        signals.join(of_games, on="game_key", how="left")
        .with_columns(sample=told.fill_null("collected"))
        .group_by("kind", "sample", "provenance")
        .agg(n=pl.len().cast(pl.Int64))
        .sort("sample", "kind", "provenance")
        .select(EVENT_SCHEMA.keys())
    )


def _latency(inputs: Inputs) -> pl.DataFrame:
    """Jumps of the one book's moneylines; its own close, and beside it the close of the archive with labels."""
    starts = inputs.outcomes.games.select("game_key", "starts_at")
    is_one_book = pl.col("source").is_in(ONE_BOOK.sources) & (pl.col("market") == "moneyline")
    states = inputs.states.filter(is_one_book).join(starts, on="game_key", how="inner")
    jumps = inputs.signals.filter((pl.col("kind") == "jump") & is_one_book)
    other = None
    if inputs.moneylines.height:
        other = inputs.moneylines.filter(
            pl.col("source").is_in(LABELS.sources) & pl.col("close_home_probability").is_not_null()
        ).select("game_key", "close_home_probability")
    return latency_table(jumps, states, inputs.outcomes, inputs.now, other_closes=other)


def _never_asked(samples: Sequence[Sample], catalog: Sequence[Rule]) -> list[dict[str, Any]]:
    """Strategies that are asked at decisions which a sample does not have."""
    told, seen = [], set()
    for sample in samples:
        for rule in catalog:
            key = (sample.key, rule.name, rule.parameters.form)
            wanted = asked_at(catalog, rule)
            if (
                key in seen
                or rule.is_null
                or (wanted & set(sample.decisions) and not sample.is_for_rules_without_skill)
            ):
                continue
            seen.add(key)
            reason = f"decides at {' or '.join(sorted(wanted))}; here is {', '.join(sample.decisions)}"
            if sample.is_for_rules_without_skill:
                reason = "only rules without skill are asked of this sample"
            told.append(
                {
                    "sample": sample.key,
                    "decision": "–",
                    "strategy": rule.name,
                    "form": rule.parameters.form,
                    "reason": reason,
                }
            )
    return told


def _of_seasons(frame: pl.DataFrame, seasons: set[int] | None) -> pl.DataFrame:
    return frame if seasons is None or frame.is_empty() else frame.filter(pl.col("season").is_in(sorted(seasons)))


def _in_words(seasons: set[int] | None, table: pl.DataFrame) -> str:
    held = sorted(seasons) if seasons else (table["season"].sort().to_list() if table.height else [])
    if not held:
        return "as they stand"
    if held == list(range(held[0], held[-1] + 1)):
        return str(held[0]) if len(held) == 1 else f"{held[0]}–{held[-1]}"
    return ", ".join(map(str, held))


def _row_schema() -> dict[str, Any]:
    from dagster_mlb.reporting.strategy_report.rows import FIGURES, IDENTITY

    return {**IDENTITY, **FIGURES}
