"""Running strategies: frames, bets, fills, stakes, settlement, closing value, and the record of it all.

``run_strategy`` takes one strategy through frames in memory and needs no warehouse. ``run_strategies`` reads them from
it, publishes ``curated.strategy_results`` and ``curated.bet_settlements`` (backtest and today's slate by the same code)
and writes one entry per run into the trial ledger. ``both_sides_at_open`` is the check that bets at the open return
what their closing value says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from dagster_mlb.strategies.as_of import DEFAULT_MODEL, as_of_frame
from dagster_mlb.strategies.bankroll import bankroll_path
from dagster_mlb.strategies.both_sides import both_sides_at_open, both_sides_table
from dagster_mlb.strategies.closing_line import with_closing_value
from dagster_mlb.strategies.fills import fill
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import Decision, Schema, Strategy, StrategyParameters, no_bets, parameters_hash
from dagster_mlb.strategies.results_table import (
    RESULTS_DDL,
    RESULTS_INDEXES,
    RESULTS_SCHEMA,
    RESULTS_TABLE,
    SETTLEMENTS_DDL,
    SETTLEMENTS_SCHEMA,
    SETTLEMENTS_TABLE,
)
from dagster_mlb.strategies.settlement import settle, settlement_history
from dagster_mlb.strategies.sides import sides_of
from dagster_mlb.strategies.slate_outcomes import decision_markets
from dagster_mlb.strategies.staking import with_stakes
from dagster_mlb.strategies.statistics import BetSummary, summarise

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

_PUBLISHED: dict[str, Schema] = {RESULTS_TABLE: RESULTS_SCHEMA, SETTLEMENTS_TABLE: SETTLEMENTS_SCHEMA}

__all__ = [
    "BacktestReport",
    "History",
    "Outcomes",
    "StrategyRun",
    "both_sides_at_open",
    "both_sides_table",
    "run_strategies",
    "run_strategy",
]


class ConfiguredStrategy(Protocol):
    """An entry of the catalog."""

    @property
    def strategy(self) -> Strategy: ...

    @property
    def is_shadow(self) -> bool: ...


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
class BacktestReport:
    runs: list[StrategyRun] = field(default_factory=list)
    rows_published: int = 0

    def table(self) -> pl.DataFrame:
        """One row per run: strategy, version, form, decision, sample, provenance, is_shadow and every figure of
        ``BetSummary``.
        """
        return pl.DataFrame(
            [
                {
                    "strategy": run.strategy,
                    "version": run.version,
                    "form": run.form,
                    "decision": run.decision,
                    "sample": run.sample,
                    "provenance": ", ".join(run.provenance),
                    "is_shadow": run.is_shadow,
                    **run.summary.as_dict(),
                }
                for run in self.runs
            ],
            infer_schema_length=None,
        )


@dataclass(frozen=True)
class _Decided:
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
    decided = _decide(strategy, frame, decision or strategy.decision, is_shadow, {})
    return _follow(decided, history, outcomes, now)


def run_strategies(
    settings: Settings,
    *,
    run_id: str,
    strategies: Sequence[Strategy | ConfiguredStrategy] | None = None,
    decision: Decision | None = None,
    model_name: str = DEFAULT_MODEL,
) -> BacktestReport:
    """Bet, settle and value every strategy, publish ``curated.strategy_results`` and ``curated.bet_settlements`` and
    record each run in the trial ledger.

    ``strategies``: the catalog's where none are given. An entry of the catalog runs at its own decision. A bare
    strategy bets its own decision over all games and then today's slate (*current*), or ``decision`` alone where one is
    given. Without ``decision`` the tables are replaced whole; with one, only that decision's bets are made anew and the
    others' rows stay.
    """
    from dagster_mlb.learning.trials import record_trial
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.frames import publish_frame

    chosen = _catalog(settings) if strategies is None else strategies
    now = settings.now()
    outcomes = Outcomes.read(settings)
    decided: list[_Decided] = []
    for moment, entries in _by_decision(chosen, decision).items():
        frame = as_of_frame(settings, moment, model_name=model_name)
        sides: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}
        decided += [_decide(strategy, frame, moment, is_shadow, sides) for strategy, is_shadow in entries]
    placed = pl.concat([no_bets(), *(one.bets for one in decided)])
    history = History.read(settings, placed, outcomes.games)
    runs = []
    with connect(settings, role="transform") as conn:
        for one in decided:
            run = _follow(one, history, outcomes, now)
            trial_hash = record_trial(
                conn,
                kind="strategy",
                name=run.strategy,
                parameters={**run.parameters, "version": run.version},
                sample=run.sample,
                n=run.bets.height,
                metrics=run.summary.as_dict(),
                run_id=run_id,
                now=now,
            )
            runs.append(_with_trial(run, trial_hash))
        table = pl.concat([pl.DataFrame(schema=RESULTS_SCHEMA), *(run.bets for run in runs)])
        settlements = pl.concat([pl.DataFrame(schema=SETTLEMENTS_SCHEMA), *(run.settlements for run in runs)])
        if decision is not None:
            kept, kept_settlements = _rows_of_other_decisions(settings, decision)
            table, settlements = pl.concat([kept, table]), pl.concat([kept_settlements, settlements])
        published = publish_frame(conn, RESULTS_TABLE, table, RESULTS_DDL, RESULTS_INDEXES)
        publish_frame(conn, SETTLEMENTS_TABLE, settlements, SETTLEMENTS_DDL)
    return BacktestReport(runs, published)


def _catalog(settings: Settings) -> Sequence[ConfiguredStrategy]:
    from dagster_mlb.strategies.catalog import configured_strategies

    return configured_strategies(settings.strategies_file)


def _by_decision(
    chosen: Iterable[Strategy | ConfiguredStrategy], decision: Decision | None
) -> dict[Decision, list[tuple[Strategy, bool]]]:
    """Which strategies bet at which decision, and whether in the shadow."""
    plan: dict[Decision, list[tuple[Strategy, bool]]] = {}
    for entry in chosen:
        if isinstance(entry, Strategy):
            own = entry.decision
            moments = [decision] if decision else list(dict.fromkeys([own, own if own == "signal" else "current"]))
            for moment in moments:
                plan.setdefault(moment, []).append((entry, False))
        elif decision is None or entry.strategy.decision == decision:
            plan.setdefault(entry.strategy.decision, []).append((entry.strategy, entry.is_shadow))
    return plan


def _decide(
    strategy: Strategy,
    frame: pl.DataFrame,
    decision: Decision,
    is_shadow: bool,
    sides: dict[tuple[str, tuple[str, ...]], pl.DataFrame],
) -> _Decided:
    """The bets of one strategy on one frame; ``sides`` are kept for those that ask for the same."""
    parameters = strategy.parameters
    asked = (parameters.book, tuple(parameters.markets))
    if asked not in sides:
        sides[asked] = sides_of(frame, *asked)
    provenance = tuple(sorted(frame["provenance"].drop_nulls().unique()))
    needs_markets = parameters.staking.method == "slate_kelly"
    return _Decided(
        strategy=strategy,
        is_shadow=is_shadow,
        decision=decision,
        sample=_sample(frame, decision, provenance),
        provenance=provenance,
        bets=place(strategy, sides[asked]),
        markets=decision_markets(frame) if needs_markets else None,
    )


def _follow(decided: _Decided, history: History, outcomes: Outcomes, now: datetime) -> StrategyRun:
    """What becomes of bets once they are placed."""
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
    return StrategyRun(
        strategy=strategy.name,
        version=strategy.version,
        parameters=parameters.model_dump(mode="json"),
        parameters_hash=digest,
        decision=decided.decision,
        sample=decided.sample,
        provenance=decided.provenance,
        bets=rows,
        summary=summarise(rows, bankroll=parameters.staking.bankroll),
        form=parameters.form,
        is_shadow=decided.is_shadow,
        settlements=settlements,
    )


def _without_stake(settled: pl.DataFrame) -> pl.DataFrame:
    """Bets that were to be had but on which nothing was staked have no result of their own."""
    is_none = pl.col("stake") == 0
    return settled.with_columns(
        result=pl.when(is_none).then(pl.lit("unfilled")).otherwise("result"),
        profit=pl.when(~is_none).then("profit"),
        settled_at=pl.when(~is_none).then("settled_at"),
        settlement_reason=pl.when(~is_none).then("settlement_reason"),
    )


def _with_trial(run: StrategyRun, trial_hash: str) -> StrategyRun:
    return replace(run, trial_hash=trial_hash, bets=run.bets.with_columns(trial_hash=pl.lit(trial_hash)))


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


def _rows_of_other_decisions(settings: Settings, decision: Decision) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What stands of the decisions that are not made anew: their bets, and their settlements."""
    from dagster_mlb.warehouse.frames import read_frame

    if not all(_has_columns(settings, table, schema) for table, schema in _PUBLISHED.items()):
        return pl.DataFrame(schema=RESULTS_SCHEMA), pl.DataFrame(schema=SETTLEMENTS_SCHEMA)
    bets = read_frame(
        settings, f"select {', '.join(RESULTS_SCHEMA)} from {RESULTS_TABLE} where decision <> %s", [decision]
    )
    columns = ", ".join(f"settlements.{name}" for name in SETTLEMENTS_SCHEMA)
    settlements = read_frame(
        settings,
        f"select {columns} from {SETTLEMENTS_TABLE} as settlements "
        f"inner join {RESULTS_TABLE} as bets on bets.bet_id = settlements.bet_id where bets.decision <> %s",
        [decision],
    )
    return bets.cast(RESULTS_SCHEMA), settlements.cast(SETTLEMENTS_SCHEMA)  # type: ignore[arg-type]


def _has_columns(settings: Settings, table: str, schema: Schema) -> bool:
    """Whether the table is there with the columns that it has today."""
    from dagster_mlb.warehouse.frames import read_frame

    query = "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
    return set(read_frame(settings, query, [table])["attname"]) == set(schema)
