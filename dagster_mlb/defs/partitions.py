"""Partitions: official dates for live sources, seasons for archives."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_mlb.settings import Settings

NEW_YORK = "America/New_York"
FIRST_DAY = date(2023, 1, 1)  # live sources are asked for nothing earlier; older seasons come from archives
SEASONS = tuple(str(season) for season in range(2009, 2028))

SEASON_PARTITIONS = dg.StaticPartitionsDefinition(list(SEASONS))


def official_today(settings: Settings) -> date:
    """The baseball day in New York, on the clock of settings."""
    return settings.now().astimezone(ZoneInfo(NEW_YORK)).date()


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Official dates from ``FIRST_DAY`` to today, which is there from midnight on; a fixed clock has no later days."""
    if settings.fixed_now is not None:
        after = official_today(settings) + timedelta(days=1)
        return dg.DailyPartitionsDefinition(start_date=_text(FIRST_DAY), end_date=_text(after), timezone=NEW_YORK)
    return dg.DailyPartitionsDefinition(start_date=_text(FIRST_DAY), timezone=NEW_YORK, end_offset=1)


def days_of(partition_keys: list[str]) -> list[date]:
    return sorted(date.fromisoformat(key) for key in partition_keys)


def unbroken_ranges(days: list[date]) -> list[tuple[date, date]]:
    """Days as (first, last) of their unbroken stretches: what one run can take as a range.

    >>> unbroken_ranges([date(2025, 7, 1), date(2025, 7, 2), date(2025, 7, 4)])
    [(datetime.date(2025, 7, 1), datetime.date(2025, 7, 2)), (datetime.date(2025, 7, 4), datetime.date(2025, 7, 4))]
    """
    ranges: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def _text(day: date) -> str:
    return day.isoformat()
