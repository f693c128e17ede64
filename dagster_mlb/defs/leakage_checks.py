"""Gates against the future: what was decided is built once more without what came after it, on the graph that stands.

Three, each before what rests on it: dbt's tables and features before anything is learned or bet, signals before bets,
bets before their figures. Blocking, for a number that knew its future is worse than none: the tables right of the gate
keep their last good rows. Label shuffle and time shift are statistics, which luck may fail: they only warn.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    from dagster_mlb.strategies.leakage.report import LeakageReport
    from dagster_mlb.strategies.leakage.skill import Skill

# The daily run is to stay quick (`mlb leaks` looks at more): two moments of the latest slate, or one of it and one of a
# day of the past, in turn; every day another past day, so that over a season the gates walk all of it. Of the catalog a
# share.
SHARES_OF_THE_CATALOG = 3
DEALINGS = 3
SHIFTED_DAYS = 10
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
    past = _seed(settings) % 2
    return leakage_result(_checked(settings, "tables", latest=2 - past, past=past))


@dg.asset_check(asset=["curated", "sharp_action_signals"], blocking=True)
def signals_know_no_future(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Events detected on prices and shares cut at a moment, and with those after it shuffled, are those that stand."""
    return leakage_result(_checked(settings, "signals"))


@dg.asset_check(asset=["curated", "strategy_results"], blocking=True)
def bets_know_no_future(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Bets, fills and stakes of a share of the catalog, on offers cut at a moment and with those after it shuffled."""
    from dagster_mlb.strategies.catalog import configured_strategies

    seed = _seed(settings)
    latest, share = seed % 2, seed % SHARES_OF_THE_CATALOG
    every = [configured.strategy for configured in configured_strategies(settings.strategies_file)]
    chosen = every[share::SHARES_OF_THE_CATALOG]
    return leakage_result(_checked(settings, "bets", strategies=chosen, latest=latest, past=1 - latest))


@dg.asset_check(asset=["curated", "strategy_results"])
def skill_is_not_of_the_future(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """With results dealt anew every strategy returns what the close says of its bets, and no prediction tells winners;
    on features of a day earlier no model does better. A warning.
    """
    from dagster_mlb.strategies.leakage.skill_live import check_skill

    few: dict[str, Any] = {"days": SHIFTED_DAYS, "rounds": DEALINGS, "strategies": ()}
    return skill_result(check_skill(settings, seed=_seed(settings), **few))


def _checked(settings: Settings, part: str, **chosen: Any) -> "LeakageReport":
    from dagster_mlb.strategies.leakage.live import check_live_graph

    few: dict[str, Any] = {"past": 1, "doubleheaders": 0, "latest": 1, "a_day": 1, "seed": _seed(settings)}
    return check_live_graph(settings, parts=[part], **few | chosen)  # type: ignore[list-item]


def _seed(settings: Settings) -> int:
    return settings.now().date().toordinal()


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


def skill_result(skills: "Sequence[Skill]") -> dg.AssetCheckResult:
    """Every figure with how many standard errors it is off, the furthest first."""
    from dagster_mlb.strategies.leakage.skill import failed

    told = failed(skills)
    table = ["| check | of | figure | n | is | may be | standard errors off |", "|---|---|---|--:|--:|--:|--:|"]
    for one in sorted(skills, key=lambda one: -abs(one.z)):
        numbers = f"{one.n:,} | {one.value:+.4f} | {one.expected:+.4f} | {one.z:+.1f}"
        table.append(f"| {one.check} | {one.subject} | {one.figure} | {numbers} |")
    return dg.AssetCheckResult(
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told[:_TOLD]) or None,
        metadata={
            "figures": len(skills),
            "too far off": len(told),
            "skill that must not be there": dg.MetadataValue.md("\n".join(table) if skills else "too few bets yet"),
        },
    )
