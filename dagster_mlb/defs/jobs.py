"""Jobs and schedules: the daily spine, the archives, and nothing that the asset page does as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import dagster as dg

from dagster_mlb.defs.partitions import NEW_YORK, daily_partitions, official_today
from dagster_mlb.defs.raw_archives import ARCHIVE_DESCRIPTIONS
from dagster_mlb.settings import Settings

# Collected every day; historical odds cost ten times as much and are asked for by backfills alone.
DAILY_RAW = ("mlb_stats_schedule", "mlb_stats_teams", "odds_api_odds", "odds_api_scores")
HISTORY_RAW = ("mlb_stats_schedule", "mlb_stats_teams", "odds_api_historical_odds")
DAILY_CRON = "0 6 * * *"


def raw_selection(names: tuple[str, ...]) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(["raw_data", name] for name in names))


def right_of_raw() -> dg.AssetSelection:
    """Everything that can be rebuilt from raw alone, with no network."""
    return dg.AssetSelection.all() - dg.AssetSelection.key_prefixes(["raw_data"])


def jobs(settings: Settings, source_checks: Sequence[dg.AssetCheckKey] = ()) -> list[dg.UnresolvedAssetJobDefinition]:
    """Steps are small and share one interpreter: a process for each would cost 1.5 s a step.

    ``source_checks`` are dbt's tests of raw tables. They belong to the step that stages what is in raw, so the jobs
    that only collect leave them to it instead of starting dbt.
    """
    daily = daily_partitions(settings)
    staged_later = dg.AssetSelection.checks(*source_checks)
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


def daily_schedule(settings: Settings, daily: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """06:00 New York: last night's games are over in Honolulu too, and no game of the day has begun.

    Running by default in production alone: elsewhere it would spend the odds quota for nobody, and the clock of demo
    and tests stands still. (A switch in the UI wins over the default.)
    """

    @dg.schedule(
        name="daily_schedule",
        job=daily,
        cron_schedule=DAILY_CRON,
        execution_timezone=NEW_YORK,
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if settings.environment == "production"
            else dg.DefaultScheduleStatus.STOPPED
        ),
        description="The daily job for today's official date, at 06:00 New York.",
    )
    def at_six(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = scheduled_day(settings, context)
        return dg.RunRequest(run_key=f"daily-{day}", partition_key=day.isoformat())

    return at_six


def scheduled_day(settings: Settings, context: dg.ScheduleEvaluationContext) -> date:
    """The official date of a tick: of the tick's own time, so that a late tick is still that day's."""
    if settings.fixed_now is None:
        from zoneinfo import ZoneInfo

        return context.scheduled_execution_time.astimezone(ZoneInfo(NEW_YORK)).date()
    return official_today(settings)
