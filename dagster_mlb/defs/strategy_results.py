"""Strategies as an asset: every bet of every strategy, settled and valued against the close.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    from dagster_mlb.strategies.backtest import BacktestReport

STRATEGY_RESULTS = ["curated", "strategy_results"]


@dg.asset(
    key=STRATEGY_RESULTS,
    deps=[
        ["curated", "predictions"],
        ["curated", "decision_prices"],
        ["curated", "feature_vectors"],
        ["curated", "enhanced_games"],
        ["curated", "moneylines"],
        ["staging", "game_results"],
    ],
    group_name="strategies",
    kinds={"python", "polars", "postgres"},
    owners=["team:betting"],
    code_version="1",
)
def strategy_results(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult:
    """Paper bets: backtests and today's slate by the same code, with what became of each and its value at the close."""
    from dagster_mlb.strategies.backtest import run_strategies

    report = run_strategies(settings, run_id=context.run_id)
    return dg.MaterializeResult(metadata={**one_table(settings, *STRATEGY_RESULTS), **strategy_metadata(report)})


def strategy_metadata(report: "BacktestReport") -> dict[str, Any]:
    """ROI and EV-CLV of each strategy as floats, which Dagster draws over time, and all figures as a table."""
    metadata: dict[str, Any] = {}
    table = [
        "| strategy | decision | bets | ROI | ± | EV-CLV | ± | p (no skill) |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for run in report.runs:
        figures = run.summary
        for name, value in (("ROI", figures.roi), ("EV-CLV", figures.ev_clv)):
            if value is not None:
                metadata[f"{name} ({run.strategy}, {run.decision})"] = float(value)
        shown = [_percent(figures.roi), _percent(figures.roi_se), _percent(figures.ev_clv), _percent(figures.ev_clv_se)]
        chance = "–" if figures.p_no_skill is None else f"{figures.p_no_skill:.3f}"
        table.append(f"| {run.strategy} | {run.decision} | {figures.n:,} | {' | '.join(shown)} | {chance} |")
    metadata["strategies"] = dg.MetadataValue.md("\n".join(table))
    return metadata


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction:+.2%}"
