"""Which strategies run on which samples, and their rows, curves and ladders.

The catalog's strategies are asked at every decision that the sample has and their family can be asked at; beside them
stand the rules without skill in every market, and what only one sample can show (jumps of one book).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.reporting.strategy_report.contents import CURVE_SCHEMA, LADDER_SCHEMA
from dagster_mlb.reporting.strategy_report.evidence import Evidence, held_by
from dagster_mlb.reporting.strategy_report.rows import row_of
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, SIMULATED, Sample
from dagster_mlb.strategies.families.nulls import Favourite, HomeSide, Over, RandomSide, Underdog
from dagster_mlb.strategies.figures.edges import Measure, edge_ladder
from dagster_mlb.strategies.figures.summary import summarise
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.protocol import MARKETS, Decision, Rule
from dagster_mlb.strategies.sides import sides_of
from dagster_mlb.strategies.strategy_run import SidesSeen, StrategyRun, decide, follow

if TYPE_CHECKING:
    from dagster_mlb.reporting.strategy_report.inputs import Inputs

#: Frames and draws of random numbers leave the interpreter; what is kept between strategies is at worst made twice.
WORKERS: Final = 2
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
    calibration: dict[str, Any] | None
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


def plan(catalog: Sequence[Rule], sample: Sample, decision: Decision) -> list[Rule]:
    """The strategies of ``catalog`` (one per name and form) and the rules without skill, at ``decision``."""
    chosen = rules_without_skill(decision, sample)
    if sample.is_for_rules_without_skill:
        return chosen
    seen = {(rule.name, rule.parameters.form) for rule in chosen}
    for rule in catalog:
        key = (rule.name, rule.parameters.form)
        if key in seen or rule.is_null or decision not in asked_at(catalog, rule):
            continue
        seen.add(key)
        chosen.append(type(rule)(rule.parameters, decision, name=rule.name))
    return chosen


def asked_at(catalog: Iterable[Rule], rule: Rule) -> set[Decision]:
    """The decisions at which a strategy of the catalog is asked: those of its family; at signals only what the catalog
    asks there, and nowhere else what it asks there alone.
    """
    listed = {other.decision for other in catalog if other.name == rule.name}
    if listed == {"signal"}:
        return {"signal"}
    return {decision for decision in rule.decisions if decision != "signal" or "signal" in listed} - {"current"}


@dataclass(frozen=True)
class Setting:
    """What the strategies on one sample at one decision have in common."""

    sample: Sample
    decision: Decision
    offers: pl.DataFrame
    history: History
    outcomes: Outcomes
    now: datetime
    signal_kinds: frozenset[str] = frozenset()
    sides: SidesSeen = field(default_factory=dict)


def run_all(inputs: Inputs, catalog: Sequence[Rule], seasons: set[int] | None) -> Iterator[Told]:
    """Every strategy on every sample that is there, sample by sample, in the order of the plan."""
    evidence = Evidence()
    for sample in inputs.samples:
        frames = {decision: inputs.offers_of(sample, decision, seasons) for decision in sample.decisions}
        games = pl.concat([frame.select("game_key", "source") for frame in frames.values()]).unique()
        history, outcomes = inputs.history_of(games), inputs.outcomes_of(games)
        for decision, offers in frames.items():
            kinds = inputs.signals.join(offers.select("signal_id").unique(), on="signal_id", how="semi")["kind"]
            setting = Setting(sample, decision, offers, history, outcomes, inputs.now, frozenset(kinds))
            asked = partial(told_of, setting=setting, evidence=evidence)
            with ThreadPoolExecutor(WORKERS) as pool:
                yield from pool.map(asked, plan(catalog, sample, decision))


def told_of(strategy: Rule, setting: Setting, evidence: Evidence) -> Told:
    """One strategy in one setting."""
    decided = decide(strategy, setting.offers, setting.decision, sides=setting.sides)
    if decided.bets.is_empty():
        sides = setting.sides[strategy.parameters.book, tuple(strategy.parameters.markets)]
        absent = {
            "sample": setting.sample.key,
            "decision": setting.decision,
            "strategy": strategy.name,
            "form": strategy.parameters.form,
            "reason": evidence.why_no_bet(strategy, setting.decision, sides, setting.signal_kinds),
        }
        return Told([], no_curves(), no_ladder(), None, absent, None, setting.sample)
    run = follow(decided, setting.history, setting.outcomes, setting.now)
    bets = with_hold(run.bets, setting.offers)
    rows, curves = [], []
    markets = [market for market in MARKETS if market in set(bets["market"].unique())]
    for market in markets:
        of_market = bets.filter(pl.col("market") == market)
        identity = {
            "sample": setting.sample.key,
            "provenance": ", ".join(of_market["provenance"].unique().sort()),
            "decision": setting.decision,
            "market": market,
            "strategy": strategy.name,
            "family": strategy.family,
            "form": strategy.parameters.form,
            "book": strategy.parameters.book,
            "is_null": strategy.is_null,
        }
        summary = run.summary if len(markets) == 1 else summarise(of_market)
        rows.append(row_of(of_market, summary, identity))
        curves.append(curve_of(of_market, identity))
    ladder, told = ladder_of(bets, rows[0]), calibration_of(run, rows[0])
    return Told(rows, pl.concat(curves), ladder, told, None, run, setting.sample)


def no_curves() -> pl.DataFrame:
    return pl.DataFrame(schema=CURVE_SCHEMA)


def no_ladder() -> pl.DataFrame:
    return pl.DataFrame(schema=LADDER_SCHEMA)


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
    names = ("sample", "provenance", "decision", "market", "strategy", "form")
    told = {name: pl.lit(identity[name]) for name in names}
    return daily.with_columns(**told).select(CURVE_SCHEMA.keys()).cast(CURVE_SCHEMA)  # type: ignore[arg-type]


def ladder_of(bets: pl.DataFrame, identity: dict[str, Any]) -> pl.DataFrame:
    """EV-CLV and return by what the strategy said of its bets, in rungs of about equal number (``LADDER_SCHEMA``);
    empty where there are too few bets or all are meant alike.
    """
    nothing = no_ladder()
    measure: Measure = "edge" if bets["probability"].null_count() < bets.height else "strength"
    if bets.filter(pl.col("result").is_in(["win", "loss", "push"])).height < ENOUGH_FOR_A_LADDER:
        return nothing
    rungs = edge_ladder(bets, measure)
    if rungs.height < FEWEST_RUNGS:
        return nothing
    told = {name: pl.lit(identity[name]) for name in ("sample", "provenance", "decision", "strategy", "form")}
    return (
        rungs.with_row_index("rung")
        .with_columns(**told, measure=pl.lit(measure))
        .select(LADDER_SCHEMA.keys())
        .cast(LADDER_SCHEMA)  # type: ignore[arg-type]
    )


def calibration_of(run: StrategyRun, identity: dict[str, Any]) -> dict[str, Any] | None:
    """How true the strategy's own probabilities were (``CALIBRATION_SCHEMA``); None where it says none, or too few."""
    summary = run.summary
    if summary.n_own < ENOUGH_FOR_A_CURVE or identity["form"] == "fade":
        return None
    return {
        **{name: identity[name] for name in ("sample", "provenance", "decision", "strategy")},
        "n": summary.n_own,
        "log_loss": summary.log_loss,
        "close_log_loss": summary.close_log_loss,
        "slope": summary.calibration_slope,
        "slope_se": summary.calibration_slope_se,
    }


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
    return pl.concat([no_curves(), *order])


def _key_of(curve: pl.DataFrame) -> tuple[str, str, str, str, str]:
    first = curve.row(0, named=True)
    return (first["sample"], first["decision"], first["market"], first["strategy"], first["form"])
