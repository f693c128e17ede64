"""The baseball day and the moments that are derived from it where no source tells one.

``official_date`` is the day in New York on which a game is counted. Twins of dbt_project/macros/clock.sql, proven
equal; every moment is UTC. What is assumed here is marked so in the tables (``moment_assumed``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def new_york_date(moment: datetime) -> date:
    """The baseball day of a moment; a moment without a time zone raises ValueError.

    >>> new_york_date(datetime(2024, 7, 5, 2, 10, tzinfo=UTC))  # ten at night of the day before
    datetime.date(2024, 7, 4)
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: its day in New York is unknown")
    return moment.astimezone(NEW_YORK).date()


def open_moment(official_date: date) -> datetime:
    """Noon New York of the day before: when an archive's *open* is taken to have stood.

    >>> open_moment(date(2016, 4, 3)).isoformat()
    '2016-04-02T16:00:00+00:00'
    """
    return _in_new_york(official_date - timedelta(days=1), time(12))


def end_of_baseball_day(official_date: date) -> datetime:
    """The last second of the day: stands for first pitch where no source tells it, later than any decision."""
    return _in_new_york(official_date, time(23, 59, 59))


def assumed_result_moment(official_date: date) -> datetime:
    """Noon UTC of the day after: when a backfilled result is taken to have been known, where its final time is not."""
    return datetime.combine(official_date + timedelta(days=1), time(12), UTC)


def _in_new_york(day: date, hour: time) -> datetime:
    """Neither noon nor the last second of a day is ever skipped or repeated by a change to summer time."""
    return datetime.combine(day, hour, NEW_YORK).astimezone(UTC)
