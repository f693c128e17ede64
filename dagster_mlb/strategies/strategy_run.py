"""One strategy on frames in memory: bets are placed, filled, staked, settled and valued. No warehouse is needed.

``run_strategy`` is the whole way. It has two halves, and nothing that came after a decision is there in the first:
``decide`` sees the as-of frame and nothing else, ``follow`` what was on offer afterwards and what became of the games.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from dagster_mlb.strategies.figures.summary import BetSummary, summarise
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import Decision, Strategy, StrategyParameters, parameters_hash
from dagster_mlb.strategies.results_table import RESULTS_SCHEMA, SETTLEMENTS_SCHEMA
from dagster_mlb.strategies.settling.closing_line import with_closing_value
from dagster_mlb.strategies.settling.fills import fill
from dagster_mlb.strategies.settling.settlement import settle, settlement_history
from dagster_mlb.strategies.sides import sides_of
from dagster_mlb.strategies.staking.bankroll import bankroll_path
from dagster_mlb.strategies.staking.slate_outcomes import decision_markets
from dagster_mlb.strategies.staking.stakes import with_stakes

#: Sides that were made of a frame, by what was asked of it (book, markets): several strategies ask for the same.
SidesSeen = dict[tuple[str, tuple[str, ...]], pl.DataFrame]


@dataclass(frozen=True)
class StrategyRun:
    """One strategy at one decision: its bets with what became of them (``RESULTS_SCHEMA``), every settlement that ever
    stood (``SETTLEMENTS_SCHEMA``), and the summary.
    """

    strategy: str
    version: str
    parameters: dict[str, Any]
    parameters_hash: str
    decision: str
    sample: str
    provenance: tuple[str, ...]
    bets: pl.DataFrame
    summary: BetSummary
    trial_hash: str = ""
    form: str = "follow"
    is_shadow: bool = False
    settlements: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SETTLEMENTS_SCHEMA))

    def bankroll(self) -> pl.DataFrame:
        """The bankroll over time (``bankroll.bankroll_path``), corrections of results included."""
        start = self.parameters.get("staking", {}).get("bankroll", 100.0)
        return bankroll_path(self.bets, start, self.settlements)


@dataclass(frozen=True)
class Decided:
    """A strategy's bets as they were placed, before anything that came after them is looked at."""

    strategy: Strategy
    is_shadow: bool
    decision: str
    sample: str
    provenance: tuple[str, ...]
    bets: pl.DataFrame
    markets: pl.DataFrame | None  # for slate Kelly


def run_strategy(
    strategy: Strategy,
    frame: pl.DataFrame,
    history: History,
    outcomes: Outcomes,
    now: datetime,
    *,
    decision: Decision | None = None,
    is_shadow: bool = False,
) -> StrategyRun:
    """One strategy on one as-of frame (``OFFER_SCHEMA``): placed, filled, staked, settled and valued.

    Raises ``PickError`` for a pick that is none, ``LeakageError`` for a close from after first pitch.
    """
    return follow(decide(strategy, frame, decision or strategy.decision, is_shadow), history, outcomes, now)


def decide(
    strategy: Strategy,
    frame: pl.DataFrame,
    decision: Decision,
    is_shadow: bool = False,
    sides: SidesSeen | None = None,
) -> Decided:
    """The bets of one strategy on one frame; ``sides`` are kept for those that ask for the same."""
    parameters = strategy.parameters
    asked = (parameters.book, tuple(parameters.markets))
    sides = {} if sides is None else sides
    if asked not in sides:
        sides[asked] = sides_of(frame, *asked)
    provenance = tuple(sorted(frame["provenance"].drop_nulls().unique()))
    needs_markets = parameters.staking.method == "slate_kelly"
    return Decided(
        strategy=strategy,
        is_shadow=is_shadow,
        decision=decision,
        sample=_sample(frame, decision, provenance),
        provenance=provenance,
        bets=place(strategy, sides[asked]),
        markets=decision_markets(frame) if needs_markets else None,
    )


def follow(decided: Decided, history: History, outcomes: Outcomes, now: datetime) -> StrategyRun:
    """What becomes of bets once they are placed."""
    strategy = decided.strategy
    parameters: StrategyParameters = strategy.parameters
    rows, settlements = pl.DataFrame(schema=RESULTS_SCHEMA), pl.DataFrame(schema=SETTLEMENTS_SCHEMA)
    if not decided.bets.is_empty():
        rows, settlements = _followed(decided, history, outcomes, now)
    return StrategyRun(
        strategy=strategy.name,
        version=strategy.version,
        parameters=parameters.model_dump(mode="json"),
        parameters_hash=parameters_hash(strategy),
        decision=decided.decision,
        sample=decided.sample,
        provenance=decided.provenance,
        bets=rows,
        summary=summarise(rows, bankroll=parameters.staking.bankroll),
        form=parameters.form,
        is_shadow=decided.is_shadow,
        settlements=settlements,
    )


def _followed(
    decided: Decided, history: History, outcomes: Outcomes, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bets as they stand in ``curated.strategy_results``, and their settlements."""
    strategy = decided.strategy
    parameters: StrategyParameters = strategy.parameters
    digest = parameters_hash(strategy)
    filled = fill(
        decided.bets,
        history.states,
        history.games,
        parameters.latency_seconds,
        worst_slip=parameters.worst_slip,
        shortest_price=parameters.shortest_price,
    )
    filled = filled.with_columns(_bet_ids(filled, strategy, digest))
    starters = outcomes.starters if parameters.pitchers == "listed" else None
    of_a_unit = settlement_history(
        filled.with_columns(stake=1.0), outcomes.games, outcomes.results, now, starters=starters
    )
    staked = with_stakes(filled, of_a_unit, parameters.staking, decided.markets)
    settled = _without_stake(settle(staked, outcomes.games, outcomes.results, now, starters=starters))
    valued = with_closing_value(settled, outcomes.closes, now, outcomes.closing_runs(now))
    rows = (
        valued.with_columns(
            strategy=pl.lit(strategy.name),
            strategy_version=pl.lit(strategy.version),
            parameters_hash=pl.lit(digest),
            form=pl.lit(parameters.form),
            is_shadow=pl.lit(decided.is_shadow),
            trial_hash=pl.lit(""),
        )
        .select(RESULTS_SCHEMA.keys())
        .cast(RESULTS_SCHEMA)  # type: ignore[arg-type]
        .sort("official_date", "game_key", "market", "side", "book", "decision_at", "bet_id")
    )
    stakes = rows.filter(pl.col("stake") > 0).select("bet_id", _stake="stake")
    settlements = (
        of_a_unit.join(stakes, on="bet_id", how="inner", maintain_order="left")
        .with_columns(profit=pl.col("profit") * pl.col("_stake"))
        .select(SETTLEMENTS_SCHEMA.keys())
        .cast(SETTLEMENTS_SCHEMA)  # type: ignore[arg-type]
    )
    return rows, settlements


def _without_stake(settled: pl.DataFrame) -> pl.DataFrame:
    """Bets that were to be had but on which nothing was staked have no result of their own."""
    is_none = pl.col("stake") == 0
    return settled.with_columns(
        result=pl.when(is_none).then(pl.lit("unfilled")).otherwise("result"),
        profit=pl.when(~is_none).then("profit"),
        settled_at=pl.when(~is_none).then("settled_at"),
        settlement_reason=pl.when(~is_none).then("settlement_reason"),
    )


def _sample(frame: pl.DataFrame, decision: str, provenance: tuple[str, ...]) -> str:
    """What a run was made on, in words that stay the same while the same seasons are run again."""
    if frame.is_empty():
        return f"{decision}: no games"
    if decision == "current":
        return f"current slate, {', '.join(provenance)}"
    seasons = sorted(frame["season"].unique().to_list())
    words = f"season {seasons[0]}" if len(seasons) == 1 else f"seasons {seasons[0]}–{seasons[-1]}"
    return f"{decision}, {words}, {', '.join(provenance)}"


def _bet_ids(bets: pl.DataFrame, strategy: Strategy, digest: str) -> pl.Series:
    """32 hexadecimal digits of SHA-256 over (strategy, version, parameters hash, form, game_key, decision, decision_at,
    market, side, source, book, signal_id).
    """
    prefix = hashlib.sha256(f"{strategy.name}|{strategy.version}|{digest}|{strategy.parameters.form}|".encode())
    keys = bets.select(
        pl.concat_str(
            "game_key",
            "decision",
            pl.col("decision_at").dt.epoch("us"),
            "market",
            "side",
            "source",
            "book",
            pl.col("signal_id").fill_null(""),
            separator="|",
        ).alias("key")
    )["key"]
    ids = []
    for key in keys:
        hashed = prefix.copy()
        hashed.update(key.encode())
        ids.append(hashed.hexdigest()[:32])
    return pl.Series("bet_id", ids, dtype=pl.String)
