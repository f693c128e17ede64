"""The health of the sources as Dagster shows it: a check on each raw table, and one table of all of them.

Nothing here blocks: a source that is down costs its own rows, and what is right of raw goes on with what is fresh.
(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.live_tables import BACKFILLED_SOURCES, LIVE_SOURCES, LIVE_TABLES, LiveTable
from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    from dagster_mlb.reporting.source_health import SourceReport

CHECK = "source_health"
KEY = ["operational", "source_health"]


def health_spec(table: LiveTable) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CHECK,
        asset=["raw_data", table.name],
        blocking=False,
        description=f"{table.health_of} answers, its circuit is closed, and nothing is missing of what was asked. "
        "A warning: whatever is right of raw goes on with what is there.",
    )


def table_health(settings: Settings, table: LiveTable) -> "SourceReport":
    """The report of the source that a table is of; what is missing there is told by the table's own run."""
    from dagster_mlb.reporting.source_health import read_reports

    return read_reports(settings, [table.health_of], only_backfills=BACKFILLED_SOURCES)[table.health_of]


def health_result(
    report: "SourceReport", key: Sequence[str], name: str, extra: Sequence[str] = ()
) -> dg.AssetCheckResult:
    """The check's result. ``extra``: what else a person should know, told first."""
    troubles = [*extra, *report.troubles]
    return dg.AssetCheckResult(
        asset_key=list(key),
        check_name=name,
        passed=not troubles,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(troubles) or report.line,
        metadata=health_metadata(report),
    )


def health_metadata(report: "SourceReport") -> dict[str, Any]:
    """Status, circuit, scores, last success and what is missing. Scores that are not known are left out."""
    from dagster_mlb.reporting.source_health import clock, missing_line, missing_list

    health = report.health
    told: dict[str, Any] = {
        "status": report.status,
        "health": report.line,
        "answers missing": len(report.missing),
        "what is missing": dg.MetadataValue.md(missing_list([missing_line(one) for one in report.missing])),
    }
    if health is None:
        return told
    scores = {"reliability": health.reliability, "freshness": health.freshness}
    return {
        **told,
        "circuit": health.breaker_state.replace("_", " "),
        **{name: score for name, score in scores.items() if score is not None},
        "last success": f"{clock(health.last_success_at)} New York" if health.last_success_at else "never",
        **({"last trouble": health.last_message} if health.last_message else {}),
    }


@dg.asset(
    key=KEY,
    deps=[dg.AssetKey(["raw_data", table.name]) for table in LIVE_TABLES if not table.is_history],
    description="How every source fares: status, circuit breaker, reliability, freshness, last success, and which "
    "answers are missing. Written by the polite client while it asks; a check for each source.",
    group_name="sources",
    kinds={"python", "postgres"},
    owners=["team:ingest"],
    check_specs=[
        dg.AssetCheckSpec(
            source,
            asset=KEY,
            description=f"{source} answers, its circuit is closed, and nothing is missing of what was asked of it.",
        )
        for source in LIVE_SOURCES
    ],
    code_version="1",
)
def source_health(settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    from dagster_mlb.defs.table_metadata import one_table
    from dagster_mlb.reporting.source_health import health_markdown, missing_line, missing_list, read_reports

    reports = read_reports(settings, LIVE_SOURCES, only_backfills=BACKFILLED_SOURCES)
    missing = [f"{source}: {missing_line(one)}" for source, report in reports.items() for one in report.missing]
    troubled = [source for source, report in reports.items() if report.troubles]
    yield dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            **one_table(settings, *KEY),
            "sources in trouble": len(troubled),
            "in trouble": ", ".join(troubled) or "none",
            "answers missing": len(missing),
            "health": dg.MetadataValue.md(health_markdown(reports.values())),
            "what is missing": dg.MetadataValue.md(missing_list(missing)),
        },
    )
    for source, report in reports.items():
        yield health_result(report, KEY, source)
