"""When jobs run by themselves: each morning, at the moments that the month's credits pay for, and every few minutes.

Running by default in production alone: elsewhere they would spend quotas for nobody, and the clock of demo and tests
stands still. (A switch in the UI wins over the default.)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_mlb.defs import asking
from dagster_mlb.defs.partitions import NEW_YORK, official_today
from dagster_mlb.settings import Settings

DAILY_CRON = "0 6 * * *"
# While games are ahead. The shortest cadence of a source is minutes, and a run takes less than one.
INTRADAY_CRON = "*/10 9-23 * * *"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def schedules(settings: Settings, asset_jobs: Sequence[dg.UnresolvedAssetJobDefinition]) -> list[dg.ScheduleDefinition]:
    """Every schedule; without credits for a single look a day there is none for The Odds API."""
    by_name = {job.name: job for job in asset_jobs}
    looks = asking.looks(settings)
    return [
        daily_schedule(settings, by_name["daily"]),
        *([odds_looks(settings, by_name["odds_look"], looks)] if looks else []),
        intraday_schedule(settings, by_name["intraday"]),
    ]


def _default(settings: Settings) -> dg.DefaultScheduleStatus:
    is_production = settings.environment == "production"
    return dg.DefaultScheduleStatus.RUNNING if is_production else dg.DefaultScheduleStatus.STOPPED


def daily_schedule(settings: Settings, daily: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """06:00 New York: last night's games are over in Honolulu too, and no game of the day has begun."""

    @dg.schedule(
        name="daily_schedule",
        job=daily,
        cron_schedule=DAILY_CRON,
        execution_timezone=NEW_YORK,
        default_status=_default(settings),
        description="The daily job for today's official date, at 06:00 New York. What costs credits waits for "
        "odds_looks.",
    )
    def at_six(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = scheduled_day(settings, context)
        return dg.RunRequest(run_key=f"daily-{day}", partition_key=day.isoformat(), tags={asking.LOOK: asking.NO_LOOK})

    return at_six


def odds_looks(
    settings: Settings, odds_look: dg.UnresolvedAssetJobDefinition, looks: Sequence[time]
) -> dg.ScheduleDefinition:
    """The moments of the month's plan. A month that is longer may have fewer: its plan is asked at each tick."""

    @dg.schedule(
        name="odds_looks",
        job=odds_look,
        cron_schedule=asking.crons(looks),
        execution_timezone=NEW_YORK,
        default_status=_default(settings),
        description="A look at The Odds API at each moment that the month's credits are planned for: "
        f"{', '.join(f'{look:%H:%M}' for look in looks)} New York.",
    )
    def at_each_look(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day, moment = scheduled_day(settings, context), _tick(context).time()
        if not asking.is_look(settings, moment, day):
            return dg.SkipReason(f"the plan of {day:%B %Y} has no look at {moment:%H:%M} New York")
        return dg.RunRequest(
            run_key=f"odds-{day}-{moment:%H%M}",
            partition_key=day.isoformat(),
            tags={asking.LOOK: f"{moment:%H:%M}"},
        )

    return at_each_look


def intraday_schedule(settings: Settings, intraday: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Never two at a time: a run that takes longer than the interval is waited for."""

    @dg.schedule(
        name="intraday_schedule",
        job=intraday,
        cron_schedule=INTRADAY_CRON,
        execution_timezone=NEW_YORK,
        default_status=_default(settings),
        description="The intraday job for today's official date, every ten minutes from 09:00 to midnight New York.",
    )
    def every_ten_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        running = context.instance.get_runs(dg.RunsFilter(job_name="intraday", statuses=UNFINISHED), limit=1)
        if running:
            return dg.SkipReason(f"the run {running[0].run_id} is not over yet")
        day = scheduled_day(settings, context)
        return dg.RunRequest(run_key=f"intraday-{_tick(context):%Y-%m-%dT%H:%M}", partition_key=day.isoformat())

    return every_ten_minutes


def scheduled_day(settings: Settings, context: dg.ScheduleEvaluationContext) -> date:
    """The official date of a tick: of the tick's own time, so that a late tick is still that day's."""
    return _tick(context).date() if settings.fixed_now is None else official_today(settings)


def _tick(context: dg.ScheduleEvaluationContext) -> datetime:
    return context.scheduled_execution_time.astimezone(ZoneInfo(NEW_YORK))
