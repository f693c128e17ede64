"""What the stored schedules say of a stretch of days: the games to ask more about, read from raw alone.

Right of raw nothing is needed for it, so that a first run can go on asking before anything was staged.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

# The newest answer of each day that can be read (raw keeps garbage too); a repeat's bytes stand at the load it repeats.
_GAMES_SQL = """
with newest as (
    select day.official_date, answer.document
    from unnest(%s::date[]) as day (official_date)
    cross join lateral (
        select answers.document
        from (
            select raw_data.json_of(coalesce(raw.body, original.body)) as document
            from raw_data.mlb_stats_schedule as raw
            left join raw_data.mlb_stats_schedule as original on original.load_id = raw.repeat_of
            where raw.official_date = day.official_date
            order by raw.observed_at desc, raw.load_id desc
            offset 0
        ) as answers
        where jsonb_typeof(answers.document -> 'dates') = 'array'
        limit 1
    ) as answer
)
select
    (game ->> 'gamePk')::bigint,
    newest.official_date,
    coalesce(left(game -> 'status' ->> 'statusCode', 1), ''),
    case when pg_input_is_valid(game ->> 'gameDate', 'timestamptz') then (game ->> 'gameDate')::timestamptz end,
    case when pg_input_is_valid(game -> 'venue' ->> 'id', 'bigint') then (game -> 'venue' ->> 'id')::bigint end,
    array(
        select distinct (pitcher #>> '{}')::bigint
        from jsonb_path_query(game, 'lax $.teams.*.probablePitcher.id') as pitcher
        where pg_input_is_valid(pitcher #>> '{}', 'bigint')
    )
from newest
cross join lateral jsonb_path_query(newest.document, 'lax $.dates[*].games[*]') as game
where game ->> 'officialDate' = newest.official_date::text and pg_input_is_valid(game ->> 'gamePk', 'bigint')
order by 2, 4, 1
"""


class StoredGame(NamedTuple):
    """A game as last listed. ``state``: first letter of MLB's status code (S, P, I, M, N, O, F, D, C, T, U)."""

    game_pk: int
    official_date: date
    state: str
    starts_at: datetime | None
    venue_id: int | None
    probable_pitchers: tuple[int, ...]

    @property
    def is_off(self) -> bool:
        """Postponed or cancelled: no more is to be asked under this day."""
        return self.state in ("D", "C")

    @property
    def is_over(self) -> bool:
        return self.state in ("F", "O")

    @property
    def has_begun(self) -> bool:
        return self.is_over or self.state in ("I", "M", "N", "T", "U")


def stored_games(settings: Settings, days: Iterable[date]) -> list[StoredGame]:
    """The games of these official dates, by day, start and gamePk. A day that was never asked for has none."""
    with connect(settings) as connection:
        rows = connection.execute(_GAMES_SQL, [list(days)]).fetchall()
    return [
        StoredGame(pk, day, state, starts_at, venue_id, tuple(sorted(pitchers)))
        for pk, day, state, starts_at, venue_id, pitchers in rows
    ]
