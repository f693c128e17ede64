"""Which strategies run on which samples, and their rows, curves and ladders.

The catalog's strategies are asked at every decision that the sample has and their family can be asked at; beside them
stand the rules without skill in every market, and what only one sample can show (jumps of one book).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.reporting.strategy_report import rows as row_module
from dagster_mlb.reporting.strategy_report.contents import CURVE_SCHEMA, LADDER_SCHEMA
from dagster_mlb.reporting.strategy_report.evidence import held_by, why_no_bet
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, ONE_BOOK, SIMULATED, Sample
from dagster_mlb.strategies.backtest import StrategyRun, run_strategy
from dagster_mlb.strategies.edges import Measure, edge_ladder
from dagster_mlb.strategies.families.nulls import Favourite, HomeSide, Over, RandomSide, Underdog
from dagster_mlb.strategies.families.steam import Steam
from dagster_mlb.strategies.protocol import MARKETS, Decision, Rule
from dagster_mlb.strategies.sides import sides_of

if TYPE_CHECKING:
    from dagster_mlb.reporting.strategy_report.inputs import Inputs

#: A ladder takes so many bets, and so many rungs.
ENOUGH_FOR_A_LADDER: Final = 300
FEWEST_RUNGS: Final = 3
ENOUGH_FOR_A_CURVE: Final = 100


@dataclass(frozen=True)
class Told:
    """What one run says: a row for each market it bet, its curve and ladder, or why it made no bet."""

    rows: list[dict[str, Any]]
    curves: pl.DataFrame
    ladder: pl.DataFrame
    absent: dict[str, Any] | None
    run: StrategyRun | None
    sample: Sample


def rules_without_skill(decision: Decision, sample: Sample) -> list[Rule]:
    """In every market; where several books stand side by side also at the best price."""
    rules: list[Rule] = [
        RandomSide(decision=decision, markets=MARKETS),
        Favourite(decision=decision, markets=("moneyline", "spread")),
        Underdog(decision=decision, markets=("moneyline", "spread")),
        HomeSide(decision=decision, markets=("moneyline", "spread")),
        Over(decision=decision, markets=("total",)),
    ]
    if sample in (FOUR_BOOKS, SIMULATED):
        rules.append(RandomSide(decision=decision, markets=MARKETS, book="best", name="random_side_best_price"))
    if sample is FOUR_BOOKS:
        rules += [
            RandomSide(decision=decision, book=book, name=f"random_side_{book}")
            for book in ("draftkings", "fanduel", "betmgm")
        ]
    return rules


def plan(catalog: Iterable[Rule], sample: Sample, decision: Decision) -> list[Rule]:
    """The strategies of ``catalog`` (one per name and form) and the rules without skill, at ``decision``."""
    chosen = rules_without_skill(decision, sample)
    seen: set[tuple[str, str]] = {(rule.name, rule.parameters.form) for rule in chosen}
    for rule in catalog:
        key = (rule.name, rule.parameters.form)
        if key in seen or rule.is_null or decision not in rule.decisions:
            continue
        seen.add(key)
        chosen.append(type(rule)(rule.parameters, decision, name=rule.name))
    if sample is ONE_BOOK and decision == "signal":
        chosen += [
            Steam(
                decision="signal",
                signal_kinds=("jump",),
                book="benchmark",
                form=form,
                markets=MARKETS,
                name="jump_of_one_book",
            )
            for form in ("follow", "fade")
        ]
    return chosen


def run_all(inputs: Inputs, catalog: Sequence[Rule], seasons: set[int] | None) -> Iterator[Told]:
    """Every strategy on every sample that is there, sample by sample."""
    kinds = inputs.signals
    for sample in inputs.samples:
        for decision in sample.decisions:
            offers = inputs.offers_of(sample, decision, seasons)
            signal_kinds = (
                set(kinds.join(offers.select("signal_id").unique(), on="signal_id", how="semi")["kind"])
                if decision == "signal" and kinds.height
                else set()
            )
            sides: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}
            for strategy in plan(catalog, sample, decision):
                asked = (strategy.parameters.book, tuple(strategy.parameters.markets))
                if asked not in sides:
                    sides[asked] = sides_of(offers, *asked)
                yield told_of(strategy, sample, decision, offers, sides[asked], inputs, signal_kinds)


def told_of(
    strategy: Rule,
    sample: Sample,
    decision: Decision,
    offers: pl.DataFrame,
    sides: pl.DataFrame,
    inputs: Inputs,
    signal_kinds: set[str],
) -> Told:
    """One strategy on one sample at one decision."""
    run = None
    if not sides.is_empty() and not strategy.picks(sides).is_empty():
        run = run_strategy(strategy, offers, inputs.history, inputs.outcomes, inputs.now, decision=decision)
    if run is None or run.bets.is_empty():
        reason = why_no_bet(strategy, decision, sides, signal_kinds)
        absent = {
            "sample": sample.key,
            "decision": decision,
            "strategy": strategy.name,
            "form": strategy.parameters.form,
            "reason": reason,
        }
        return Told([], pl.DataFrame(schema=CURVE_SCHEMA), pl.DataFrame(schema=LADDER_SCHEMA), absent, run, sample)
    bets = with_hold(run.bets, offers)
    rows, curves = [], []
    for market in MARKETS:
        of_market = bets.filter(pl.col("market") == market)
        if of_market.is_empty():
            continue
        identity = {
            "sample": sample.key,
            "provenance": ", ".join(of_market["provenance"].unique().sort()),
            "decision": decision,
            "market": market,
            "strategy": strategy.name,
            "family": strategy.family,
            "form": strategy.parameters.form,
            "book": strategy.parameters.book,
            "is_null": strategy.is_null,
        }
        rows.append(row_module.row_of(of_market, identity))
        curves.append(curve_of(of_market, identity))
    return Told(rows, pl.concat(curves), ladder_of(bets, rows[0]), None, run, sample)


def with_hold(bets: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """``bets`` with the hold of the market that each was quoted in."""
    key = ["game_key", "decision_at", "market", "source", "book"]
    holds = offers.select(*key, "hold").unique(key, keep="first", maintain_order=True)
    return bets.join(holds, on=key, how="left", maintain_order="left")


def curve_of(bets: pl.DataFrame, identity: dict[str, Any]) -> pl.DataFrame:
    """Units won so far, day by day, and the peak so far (``CURVE_SCHEMA``)."""
    daily = (
        bets.filter(pl.col("result").is_in(["win", "loss", "push"]))
        .group_by("official_date")
        .agg(pl.col("profit").sum())
        .sort("official_date")
        .with_columns(equity=pl.col("profit").cum_sum())
        .with_columns(peak=pl.col("equity").cum_max().clip(lower_bound=0.0))
    )
    told = {name: pl.lit(identity[name]) for name in CURVE_SCHEMA if name in identity}
    return daily.with_columns(**told).select(CURVE_SCHEMA.keys()).cast(CURVE_SCHEMA)  # type: ignore[arg-type]


def ladder_of(bets: pl.DataFrame, identity: dict[str, Any]) -> pl.DataFrame:
    """EV-CLV and return by what the strategy said of its bets, in rungs of about equal number (``LADDER_SCHEMA``);
    empty where there are too few bets or all are meant alike.
    """
    nothing = pl.DataFrame(schema=LADDER_SCHEMA)
    measure: Measure = "edge" if bets["probability"].null_count() < bets.height else "strength"
    if bets.filter(pl.col("result").is_in(["win", "loss", "push"])).height < ENOUGH_FOR_A_LADDER:
        return nothing
    rungs = edge_ladder(bets, measure)
    if rungs.height < FEWEST_RUNGS:
        return nothing
    told = {name: pl.lit(identity[name]) for name in LADDER_SCHEMA if name in identity}
    return (
        rungs.with_row_index("rung")
        .with_columns(**told, measure=pl.lit(measure))
        .select(LADDER_SCHEMA.keys())
        .cast(LADDER_SCHEMA)  # type: ignore[arg-type]
    )


def coverage_of(inputs: Inputs, seasons: set[int] | None) -> pl.DataFrame:
    """What each sample holds: sample, decision, market, games, books, seasons, provenance, evidence."""
    told = []
    for sample in inputs.samples:
        for decision in sample.decisions:
            offers = inputs.offers_of(sample, decision, seasons)
            for market in MARKETS:
                part = offers.filter(pl.col("market") == market)
                if part.is_empty():
                    continue
                seasons_held = part["season"].unique().sort().to_list()
                told.append(
                    {
                        "sample": sample.key,
                        "decision": decision,
                        "market": market,
                        "games": part["game_key"].n_unique(),
                        "books": part["book"].n_unique(),
                        "seasons": _span(seasons_held),
                        "provenance": ", ".join(part["provenance"].drop_nulls().unique().sort()),
                        "evidence": ", ".join(held_by(sides_of(part, "benchmark"))) or "nothing",
                    }
                )
    names = ("sample", "decision", "market", "games", "books", "seasons", "provenance", "evidence")
    return pl.DataFrame(told, schema=list(names) if not told else None, infer_schema_length=None)


def _span(seasons: list[int]) -> str:
    return str(seasons[0]) if len(seasons) == 1 else f"{seasons[0]}–{seasons[-1]}"


def shown_curves(told: Iterable[Told], most: int = 24) -> pl.DataFrame:
    """The curves that the report draws: of each sample and decision the random side and the runs with the most bets,
    follow before fade, moneyline before the others.
    """
    every = [curve for one in told for curve in one.curves.partition_by("market") if curve.height]
    sizes = {
        (row["sample"], row["decision"], row["market"], row["strategy"], row["form"]): row["n"]
        for one in told
        for row in one.rows
    }

    def rank(curve: pl.DataFrame) -> tuple[Any, ...]:
        first = curve.row(0, named=True)
        key = (first["sample"], first["decision"], first["market"], first["strategy"], first["form"])
        return (first["market"] != "moneyline", first["form"] == "fade", -sizes.get(key, 0))

    enough = [c for c in every if sizes[_key_of(c)] >= ENOUGH_FOR_A_CURVE]
    chosen = sorted(enough, key=rank)[:most]
    order = [curve for curve in every if any(curve is other for other in chosen)]
    return pl.concat([pl.DataFrame(schema=CURVE_SCHEMA), *order])


def _key_of(curve: pl.DataFrame) -> tuple[str, str, str, str, str]:
    first = curve.row(0, named=True)
    return (first["sample"], first["decision"], first["market"], first["strategy"], first["form"])
