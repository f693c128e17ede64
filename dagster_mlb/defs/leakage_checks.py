"""Gates against the future: what was decided is built once more without what came after it, on the graph that stands.

Three, each before what rests on it: dbt's tables and features before anything is learned or bet, signals before bets,
bets before their figures. Blocking, for a number that knew its future is worse than none: the tables right of the gate
keep their last good rows.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from typing import TYPE_CHECKING

import dagster as dg

from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    from dagster_mlb.strategies.leakage.report import LeakageReport

# The latest day and one drawn from all the others, another one every day: over a season the gate walks the whole past.
PAST_DAYS = 1
_TOLD = 10


@dg.asset_check(
    asset=["curated", "feature_vectors"],
    additional_deps=[["curated", "betting_lines_enhanced"], ["curated", "market_consensus"]],
    blocking=True,
)
def features_know_no_future(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Prices at decisions, consensus, movement, context and features, made of the stores by dbt's own SQL: with the
    stores cut at a moment, and with noise in all that came after it, the rows until then are the same to the bit.
    """
    return leakage_result(_checked(settings, "tables", a_day=2))


@dg.asset_check(asset=["curated", "sharp_action_signals"], blocking=True)
def signals_know_no_future(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Events detected on prices and shares cut at a moment, and with those after it shuffled, are those that stand."""
    return leakage_result(_checked(settings, "signals"))


@dg.asset_check(asset=["curated", "strategy_results"], blocking=True)
def bets_know_no_future(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Every strategy's bets, fills and stakes on offers cut at a moment, and with those after it shuffled."""
    return leakage_result(_checked(settings, "bets"))


def _checked(settings: Settings, part: str, a_day: int = 1) -> "LeakageReport":
    from dagster_mlb.strategies.leakage.live import check_live_graph

    seed = settings.now().date().toordinal()
    return check_live_graph(settings, parts=[part], past=PAST_DAYS, doubleheaders=0, a_day=a_day, seed=seed)  # type: ignore[list-item]


def leakage_result(report: "LeakageReport") -> dg.AssetCheckResult:
    """What was looked at, and where the future stands: tables, columns and games."""
    told = report.told()
    table = ["| table | after | moments | rows | differ | for example |", "|---|---|--:|--:|--:|---|"]
    for one in sorted(report.sums(), key=lambda one: not one.differing):
        example = one.first.replace("|", "\\|")
        table.append(f"| {one.table} | {one.mutation} | {one.moments} | {one.rows:,} | {one.differing:,} | {example} |")
    moments = [f"- {moment.at:%Y-%m-%d %H:%M} UTC: {moment.why}" for moment in report.moments]
    return dg.AssetCheckResult(
        passed=report.passed,
        description="; ".join(told[:_TOLD]) + (f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else "") or None,
        metadata={
            "leaks": len(told),
            "rows compared": report.rows,
            "moments": dg.MetadataValue.md("\n".join(moments) or "no decision has been made yet"),
            "seed": report.seed,
            "seconds": round(report.seconds, 2),
            "tables": dg.MetadataValue.md("\n".join(table)),
        },
    )
