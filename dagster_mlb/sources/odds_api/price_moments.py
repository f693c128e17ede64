"""Which moments of a past day are worth a request for historical odds: the open, and shortly before first pitches.

A request costs the same for one game or fifteen, so few moments are chosen that serve as many games as possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.sources.odds_api.client import OddsMoment
from dagster_mlb.warehouse.connection import connect

NEW_YORK = ZoneInfo("America/New_York")
BEFORE_START = timedelta(minutes=10)
LAST_HALF_HOUR = timedelta(minutes=30)
MOST_CLOSES_A_DAY = 4

# First pitches of a day as its newest stored schedule tells them; a repeat's bytes stand at the load it repeats.
_STARTS_SQL = """
with newest as (
    select distinct on (official_date) official_date, coalesce(repeat_of, load_id) as load_id
    from raw_data.mlb_stats_schedule
    where official_date = any(%s)
    order by official_date, raw_data.mlb_stats_schedule.load_id desc
)
select newest.official_date, game ->> 'gameDate'
from newest
join raw_data.mlb_stats_schedule as stored using (load_id)
cross join lateral jsonb_path_query(raw_data.json_of(stored.body), '$.dates[*].games[*]') as game
where game ->> 'officialDate' = newest.official_date::text
    and coalesce(game -> 'status' ->> 'detailedState', '') not in ('Postponed', 'Cancelled')
    and pg_input_is_valid(game ->> 'gameDate', 'timestamptz')
"""


def stored_first_pitches(settings: Settings, days: Sequence[date]) -> dict[date, list[datetime]]:
    """Day → scheduled first pitches (UTC) of its games that were not called off; days without games are left out."""
    starts: dict[date, list[datetime]] = {}
    with connect(settings) as connection:
        for day, text in connection.execute(_STARTS_SQL, [list(days)]):
            starts.setdefault(day, []).append(datetime.fromisoformat(text).astimezone(UTC))
    return starts


def odds_moments(day: date, first_pitches: Sequence[datetime], now: datetime) -> list[OddsMoment]:
    """The moments of one official date that are not after ``now``; each asks for the games from then to that night.

    Noon New York of the day before is the open; then ten minutes before first pitches, at most four times.
    """
    if not first_pitches:
        return []
    morning = datetime.combine(day, time(5), NEW_YORK)
    night = datetime.combine(day + timedelta(days=1), time(5), NEW_YORK)
    noon = datetime.combine(day - timedelta(days=1), time(12), NEW_YORK)
    moments = [OddsMoment(noon, morning, night)]
    for start in serving_starts(first_pitches):
        moments.append(OddsMoment(start - BEFORE_START, start - BEFORE_START, night))
    return [moment for moment in moments if moment.at <= now]


def serving_starts(first_pitches: Sequence[datetime], most: int = MOST_CLOSES_A_DAY) -> list[datetime]:
    """The starts whose snapshot gives most games a price from their last half hour, best first chosen, in order."""
    left = sorted(first_pitches)
    chosen: list[datetime] = []
    reach = LAST_HALF_HOUR - BEFORE_START
    while left and len(chosen) < most:
        best = max(sorted(set(left)), key=lambda start: sum(start <= other <= start + reach for other in left))
        chosen.append(best)
        left = [start for start in left if not best <= start <= best + reach]
    return sorted(chosen)
