"""What the report reads of the warehouse, once: frames of decisions, prices that stood after them, what became of the
games, and the archives' own tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from dagster_mlb.reporting.four_books import SCHEMA as SCORES
from dagster_mlb.reporting.four_books import four_books_scores
from dagster_mlb.reporting.in_play import read_in_play
from dagster_mlb.reporting.season_report import BENCHMARK_COLUMNS
from dagster_mlb.reporting.strategy_report.contents import LEDGER_SCHEMA, InPlay
from dagster_mlb.reporting.strategy_report.open_to_close import MONEYLINE_COLUMNS
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, ONE_BOOK, Sample, samples_in
from dagster_mlb.reporting.strategy_report.snapshots import at_their_own_moment
from dagster_mlb.signals.events import detect, no_signals
from dagster_mlb.strategies.as_of import as_of_frame, assemble_frame, assemble_signal_frame
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.protocol import CONTEXT_SCHEMA, OFFER_SCHEMA, Decision

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

#: Signals as the report needs them.
SIGNAL_COLUMNS: Final = (
    *("signal_id", "kind", "game_key", "market", "side", "detected_at", "strength", "move", "window_minutes"),
    *("tickets_pct", "money_pct", "source", "book", "provenance"),
)
#: Tables without which there is nothing to report on.
TABLES: Final = (
    *("curated.moneylines", "curated.spreads", "curated.totals", "curated.enhanced_games", "curated.decision_prices"),
    *("curated.betting_lines_enhanced", "curated.archive_benchmark", "staging.int_market_states"),
    "operational.in_play_quotes",
)
_STATES_SQL = """
select game_key, market, s.source, s.book, known_at, line::float8 as line, price_1::int as price_1,
       price_2::int as price_2, probability_1, hold, unusable_because is null as is_open, unusable_because,
       provenance, capture, load_id, coalesce(b.kind, 'book') as book_kind,
       coalesce(b.sharp_rank, 99)::int as sharp_rank
from staging.int_market_states as s
left join staging.sportsbooks as b on b.book = s.book
where label is null and not moment_assumed
"""
_GAMES_SQL = """
select game_key, season, official_date, home_team_id, away_team_id, home_team, away_team, scheduled_start_at
from curated.enhanced_games
"""
_FIRST_PRICES_SQL = """
select game_key, 'open' as decision, open_at as decision_at, '{market}' as market, m.source, m.book, {line} as line,
       {first}_price::int as price_1, {second}_price::int as price_2, {first}_probability as probability_1,
       open_hold as hold, 0::float8 as age_minutes, open_at as price_known_at, open_load_id as load_id, provenance,
       capture, moment_assumed, coalesce(b.kind, 'book') as book_kind, coalesce(b.sharp_rank, 99)::int as sharp_rank
from curated.{market}s as m
left join staging.sportsbooks as b on b.book = m.book
where m.source = any(%(sources)s) and {first}_price is not null and {second}_price is not null and not moment_assumed
"""
_FIRST_PRICES = " union all ".join(
    _FIRST_PRICES_SQL.format(market=market, line=line, first=first, second=second)
    for market, line, first, second in (
        ("moneyline", "null::float8", "open_home", "open_away"),
        ("spread", "open_home_line::float8", "open_home", "open_away"),
        ("total", "open_line::float8", "open_over", "open_under"),
    )
)
_LEDGER_SQL = """
select kind, count(*) as trials, count(*) filter (where n > 0) as with_bets, sum(times_run)::bigint as runs
from operational.trial_ledger
group by kind
order by kind
"""


@dataclass(frozen=True)
class Inputs:
    """Frames in memory; a test makes its own. ``frames``: ``OFFER_SCHEMA`` by decision, of all samples together;
    ``first_prices`` stands for *open* in the sample of one book.
    """

    now: datetime
    environment: str
    samples: Sequence[Sample]
    frames: Mapping[Decision, pl.DataFrame]
    outcomes: Outcomes
    history: History
    first_prices: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OFFER_SCHEMA))
    moneylines: pl.DataFrame = field(default_factory=pl.DataFrame)  # MONEYLINE_COLUMNS, moment_assumed, of archives
    benchmark: pl.DataFrame = field(default_factory=pl.DataFrame)  # season_report.BENCHMARK_COLUMNS
    signals: pl.DataFrame = field(default_factory=lambda: no_signals().select(SIGNAL_COLUMNS))
    states: pl.DataFrame = field(default_factory=pl.DataFrame)  # with probability, hold and provenance
    ledger: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LEDGER_SCHEMA))
    in_play: InPlay | None = None
    book_scores: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCORES))

    def offers_of(self, sample: Sample, decision: Decision, seasons: set[int] | None) -> pl.DataFrame:
        if sample is ONE_BOOK and decision == "open":
            return sample.offers_of(self.first_prices, seasons)
        if sample is FOUR_BOOKS:
            closing = self.frames.get("close", pl.DataFrame(schema=OFFER_SCHEMA))
            return at_their_own_moment(sample.rows_of(closing, seasons))
        frame = self.frames.get(decision)
        return pl.DataFrame(schema=OFFER_SCHEMA) if frame is None else sample.offers_of(frame, seasons)

    def history_of(self, games: pl.DataFrame) -> History:
        """What stood after the decisions on ``games`` (game_key, source), and nothing of others."""
        return History(
            self.history.states.join(games, on=["game_key", "source"], how="semi"),
            self.history.games.join(games, on="game_key", how="semi"),
        )

    def outcomes_of(self, games: pl.DataFrame) -> Outcomes:
        """What became of ``games``, and of no others."""
        whole = self.outcomes

        def of_games(part: pl.DataFrame) -> pl.DataFrame:
            return part.join(games, on="game_key", how="semi")

        return Outcomes(
            of_games(whole.games), of_games(whole.results), of_games(whole.closes), of_games(whole.starters)
        )


class NothingToReportError(RuntimeError):
    """The warehouse lacks a table that the report reads."""


def read_inputs(settings: Settings) -> Inputs:
    """Everything, by some twenty queries. Raises ``NothingToReportError`` where the marts have not been made yet."""
    from dagster_mlb.warehouse.frames import read_frame

    _refuse_missing_tables(settings)
    samples = samples_in(settings)
    moments: tuple[Decision, ...] = ("open", "pregame", "close")
    decisions = [decision for decision in moments if any(decision in sample.decisions for sample in samples)]
    if FOUR_BOOKS in samples and "close" not in decisions:
        decisions.append("close")  # whose rows tell when each book was last seen
    outcomes = Outcomes.read(settings)
    states = read_frame(settings, _STATES_SQL)
    games = read_frame(settings, _GAMES_SQL)
    signals = _signals(settings)
    frames: dict[Decision, pl.DataFrame] = {decision: as_of_frame(settings, decision) for decision in decisions}
    frames["signal"] = assemble_signal_frame(signals, states, games)
    columns = ", ".join((*MONEYLINE_COLUMNS, "moment_assumed", "home_win"))
    return Inputs(
        now=settings.now(),
        environment=settings.environment,
        samples=samples,
        frames=frames,
        outcomes=outcomes,
        history=History(states, outcomes.games.select("game_key", "starts_at")),
        first_prices=_first_prices(settings, games),
        moneylines=read_frame(settings, f"select {columns} from curated.moneylines where provenance = 'archive'"),
        benchmark=read_frame(settings, f"select {', '.join(BENCHMARK_COLUMNS)} from curated.archive_benchmark"),
        signals=signals,
        states=states,
        ledger=read_ledger(settings),
        in_play=_in_play(settings) if FOUR_BOOKS in samples else None,
        book_scores=four_books_scores(settings),
    )


def _refuse_missing_tables(settings: Settings) -> None:
    from dagster_mlb.warehouse.frames import read_frame

    wanted = "unnest(%s::text[]) as wanted (name)"
    missing = read_frame(settings, f"select name from {wanted} where to_regclass(name) is null", [list(TABLES)])["name"]
    if missing.len():
        raise NothingToReportError(
            f"{', '.join(missing)}: not in the warehouse of {settings.environment} yet. `mlb archive load <folder>` "
            "makes them of archives, `make demo` of the simulated league, `mlb transform` of what was collected."
        )


def read_ledger(settings: Settings) -> pl.DataFrame:
    """Trials by kind (``LEDGER_SCHEMA``), as the ledger stands now."""
    from dagster_mlb.warehouse.frames import read_frame

    return read_frame(settings, _LEDGER_SQL).cast(LEDGER_SCHEMA)  # type: ignore[arg-type]


def _in_play(settings: Settings) -> InPlay | None:
    told = read_in_play(settings)
    if told.is_empty():
        return None
    ours = told.filter(pl.col("source").is_in(FOUR_BOOKS.sources))
    counts = [int(ours[name].sum()) for name in ("quotes", "at_or_after_start", "used", "of_a_doubtful_game")]
    return InPlay(*counts) if counts[0] else None


def _signals(settings: Settings) -> pl.DataFrame:
    """The events that stand in the warehouse; where the table is not there yet, those that its prices show."""
    from dagster_mlb.signals.table import read_games, read_splits, read_starters, read_states
    from dagster_mlb.warehouse.frames import read_frame

    there = "select to_regclass('curated.sharp_action_signals') is not null as there"
    if read_frame(settings, there)["there"][0]:
        return read_frame(settings, f"select {', '.join(SIGNAL_COLUMNS)} from curated.sharp_action_signals")
    seen = detect(
        read_states(settings),
        read_splits(settings),
        read_games(settings),
        starters=read_starters(settings),
        now=settings.now(),
    )
    return seen.select(SIGNAL_COLUMNS)


def _first_prices(settings: Settings, games: pl.DataFrame) -> pl.DataFrame:
    """The first tick of every market of the sample of one book, at its own moment, as an as-of frame."""
    from dagster_mlb.warehouse.frames import read_frame

    offers = read_frame(settings, _FIRST_PRICES, {"sources": list(ONE_BOOK.sources)})
    hours = (pl.col("scheduled_start_at") - pl.col("decision_at")).dt.total_seconds() / 3600
    unknown = {name: pl.lit(None, dtype=kind) for name, kind in CONTEXT_SCHEMA.items()}
    context = offers.join(games, on="game_key", how="inner").with_columns(
        context_decision_at="decision_at",
        benchmark_source="source",
        benchmark_book="book",
        hours_to_start=hours,
        **unknown,
    )
    kept = ("context_decision_at", "season", "official_date", "home_team_id", "away_team_id", "home_team", "away_team")
    beside = ("hours_to_start", "benchmark_source", "benchmark_book")
    return assemble_frame(offers, context.select("game_key", "market", *kept, *beside, *CONTEXT_SCHEMA))
