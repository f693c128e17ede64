"""Running strategies on the warehouse: frames read, bets followed, and the record of it all.

``run_strategies`` publishes ``curated.strategy_results`` and ``curated.bet_settlements`` (backtest and today's slate by
the same code) and writes one entry per run into the trial ledger. What one strategy goes through is in
``strategy_run.py``; ``both_sides_at_open`` is the check that bets at the open return what their closing value says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import polars as pl

from dagster_mlb.strategies.as_of import DEFAULT_MODEL, as_of_frame
from dagster_mlb.strategies.both_sides import both_sides_at_open, both_sides_table
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.protocol import Decision, Schema, Strategy, no_bets
from dagster_mlb.strategies.results_table import (
    RESULTS_DDL,
    RESULTS_INDEXES,
    RESULTS_SCHEMA,
    RESULTS_TABLE,
    SETTLEMENTS_DDL,
    SETTLEMENTS_SCHEMA,
    SETTLEMENTS_TABLE,
)
from dagster_mlb.strategies.strategy_run import Decided, SidesSeen, StrategyRun, decide, follow, run_strategy

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

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

_PUBLISHED: dict[str, Schema] = {RESULTS_TABLE: RESULTS_SCHEMA, SETTLEMENTS_TABLE: SETTLEMENTS_SCHEMA}


class ConfiguredStrategy(Protocol):
    """An entry of the catalog."""

    @property
    def strategy(self) -> Strategy: ...

    @property
    def is_shadow(self) -> bool: ...


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
    from dagster_mlb.warehouse.frames import publish_frame, readers_kept

    chosen = _catalog(settings) if strategies is None else strategies
    now = settings.now()
    decided: list[Decided] = []
    with readers_kept():
        outcomes = Outcomes.read(settings)
        for moment, entries in _by_decision(chosen, decision).items():
            frame = as_of_frame(settings, moment, model_name=model_name)
            sides: SidesSeen = {}
            decided += [decide(strategy, frame, moment, is_shadow, sides) for strategy, is_shadow in entries]
        placed = pl.concat([no_bets(), *(one.bets for one in decided)])
        history = History.read(settings, placed, outcomes.games)
    runs = []
    with connect(settings, role="transform") as conn:
        for one in decided:
            run = follow(one, history, outcomes, now)
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


def _with_trial(run: StrategyRun, trial_hash: str) -> StrategyRun:
    return replace(run, trial_hash=trial_hash, bets=run.bets.with_columns(trial_hash=pl.lit(trial_hash)))


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
