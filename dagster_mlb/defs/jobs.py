"""Jobs: the daily spine, looks at prices within the day, the archives, and nothing that the asset page does as well."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from dagster_mlb.defs import asking, signals, source_health
from dagster_mlb.defs.live_tables import LIVE_TABLES
from dagster_mlb.defs.partitions import daily_partitions
from dagster_mlb.defs.raw_archives import ARCHIVE_DESCRIPTIONS
from dagster_mlb.settings import Settings

# Collected every day: all but what only backfills ask for.
DAILY_RAW = tuple(table.name for table in LIVE_TABLES if not table.is_history)
HISTORY_RAW = ("mlb_stats_schedule", "mlb_stats_teams", "odds_api_historical_odds")
# What costs credits, and the events that tell which games there are props for.
LOOK_RAW = tuple(table.name for table in LIVE_TABLES if table.source == "odds_api" and not table.is_history)
INTRADAY_RAW = tuple(table.name for table in LIVE_TABLES if table.moves)


def raw_selection(names: tuple[str, ...]) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(["raw_data", name] for name in names))


def right_of_raw() -> dg.AssetSelection:
    """Everything that can be rebuilt from raw alone, with no network."""
    return dg.AssetSelection.all() - dg.AssetSelection.key_prefixes(["raw_data"])


def jobs(
    settings: Settings,
    source_checks: Sequence[dg.AssetCheckKey] = (),
    upstream: Sequence[dg.AssetKey] = (),
) -> list[dg.UnresolvedAssetJobDefinition]:
    """Steps are small and share one interpreter: a process for each would cost 1.5 s a step.

    ``source_checks`` are dbt's tests of raw tables. They belong to the step that stages what is in raw, so the jobs
    that only collect leave them to it instead of starting dbt. ``upstream`` are the tables that dbt makes of raw alone.
    """
    daily = daily_partitions(settings)
    staged_later = dg.AssetSelection.checks(*source_checks)
    health = dg.AssetSelection.assets(source_health.KEY)
    seen = dg.AssetSelection.assets(signals.SHARP_ACTION_SIGNALS)
    return [
        dg.define_asset_job(
            "daily",
            selection=raw_selection(DAILY_RAW) | right_of_raw(),
            partitions_def=daily,
            executor_def=dg.in_process_executor,
            description="One official date: ask the live sources, then rebuild everything right of raw: gates, "
            "ratings, features, predictions, strategies, performance.",
        ),
        dg.define_asset_job(
            "odds_look",
            selection=raw_selection(LOOK_RAW) | right_of_raw(),
            partitions_def=daily,
            executor_def=dg.in_process_executor,
            description="The prices of now of The Odds API, as the month's credits allow, and everything right of raw "
            "from them.",
        ),
        dg.define_asset_job(
            "intraday",
            selection=raw_selection(INTRADAY_RAW) | dg.AssetSelection.assets(*upstream) | seen | health,
            partitions_def=daily,
            executor_def=dg.in_process_executor,
            tags={asking.CADENCE: asking.RESPECTED},
            description="What moves within a day and costs nothing: prices, splits, props, line-ups, weather, and the "
            "tables made of them up to the market marts and the signals. A source that has no news yet is not asked.",
        ),
        dg.define_asset_job(
            "history",
            selection=raw_selection(HISTORY_RAW) - staged_later,
            partitions_def=daily,
            executor_def=dg.in_process_executor,
            description="Past official dates of the live sources, any range in one run: schedules, then the prices "
            "as they stood at the open and before first pitches.",
        ),
        dg.define_asset_job(
            "archives",
            selection=raw_selection(tuple(ARCHIVE_DESCRIPTIONS)) - staged_later,
            executor_def=dg.in_process_executor,
            description="Seasons of the archives, from the folder MLB_ARCHIVE_DIR, any range in one run.",
        ),
        dg.define_asset_job(
            "rebuild",
            selection=right_of_raw(),
            executor_def=dg.in_process_executor,
            description="Everything right of raw, from what raw holds: no source is asked.",
        ),
    ]
