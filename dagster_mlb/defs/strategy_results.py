"""Strategies as assets: every bet of every strategy, settled and valued against the close, and every settlement of it.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.table_metadata import table_metadata
from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    from dagster_mlb.strategies.backtest import BacktestReport

STRATEGY_RESULTS = ["curated", "strategy_results"]
BET_SETTLEMENTS = ["curated", "bet_settlements"]
_READ = [
    ["curated", "predictions"],
    ["curated", "decision_prices"],
    ["curated", "betting_lines_enhanced"],
    ["curated", "sharp_action_signals"],
    ["curated", "enhanced_games"],
    ["curated", "moneylines"],
    ["curated", "spreads"],
    ["curated", "totals"],
    ["staging", "int_market_states"],
    ["staging", "game_results"],
    ["staging", "starters"],
    ["staging", "sportsbooks"],
]


@dg.multi_asset(
    name="strategy_results",
    specs=[
        dg.AssetSpec(
            STRATEGY_RESULTS,
            deps=_READ,
            description="Paper bets: backtests and today's slate by the same code, with what each got, what became of "
            "it and its value at the close.",
            group_name="strategies",
            kinds={"python", "polars", "postgres"},
            owners=["team:betting"],
            code_version="2",
        ),
        dg.AssetSpec(
            BET_SETTLEMENTS,
            deps=_READ,
            description="Every settlement of a bet that ever stood: a corrected score settles anew, and what stood "
            "before is kept with the moment at which it was superseded.",
            group_name="strategies",
            kinds={"python", "polars", "postgres"},
            owners=["team:betting"],
            code_version="1",
        ),
    ],
)
def strategy_results(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult]:
    """Bet, settle and value every strategy of the catalog."""
    from dagster_mlb.strategies.backtest import run_strategies

    report = run_strategies(settings, run_id=context.run_id)
    tables = table_metadata(settings, [STRATEGY_RESULTS, BET_SETTLEMENTS])
    yield dg.MaterializeResult(
        asset_key=STRATEGY_RESULTS,
        metadata={**tables.get(tuple(STRATEGY_RESULTS), {}), **strategy_metadata(report)},
    )
    yield dg.MaterializeResult(asset_key=BET_SETTLEMENTS, metadata=tables.get(tuple(BET_SETTLEMENTS), {}))


def strategy_metadata(report: "BacktestReport") -> dict[str, Any]:
    """ROI and EV-CLV of each strategy as floats, which Dagster draws over time, and all figures as a table."""
    metadata: dict[str, Any] = {}
    table = [
        "| strategy | decision | bets | ROI | ± | EV-CLV | ± | p (no skill) |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for run in report.runs:
        figures = run.summary
        name = run.strategy if run.form == "follow" else f"{run.strategy} ({run.form})"
        for figure, value in (("ROI", figures.roi), ("EV-CLV", figures.ev_clv)):
            if value is not None:
                metadata[f"{figure} ({name}, {run.decision})"] = float(value)
        shown = [_percent(figures.roi), _percent(figures.roi_se), _percent(figures.ev_clv), _percent(figures.ev_clv_se)]
        chance = "–" if figures.p_no_skill is None else f"{figures.p_no_skill:.3f}"
        table.append(f"| {name} | {run.decision} | {figures.n:,} | {' | '.join(shown)} | {chance} |")
    metadata["strategies"] = dg.MetadataValue.md("\n".join(table))
    return metadata


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction:+.2%}"
