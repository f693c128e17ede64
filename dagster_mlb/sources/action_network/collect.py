"""Collecting Action Network into raw_data: plans of what to ask, and asking them.

A slate of today or later is news and *captured*; an older one is *backfilled*. Line moves are kept by Action Network
for about two weeks, so they are asked for after the games, in the priority of history.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.sources.action_network import client
from dagster_mlb.sources.action_network.books import DEFAULT_BOOKS
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http import Capture, SourceNotConfiguredError, SourceRequest
from dagster_mlb.warehouse.connection import connect

NEW_YORK = ZoneInfo("America/New_York")


class Event(NamedTuple):
    """A game as Action Network numbers it, and the slate (baseball day) that it was listed on."""

    event_id: str
    official_date: date


# ---------------------------------------------------------------- plans


def plan_scoreboard(
    settings: Settings,
    days: Sequence[date],
    *,
    books: Sequence[int] = DEFAULT_BOOKS,
    periods: Sequence[str] = client.PERIODS,
) -> Plan:
    """The slates' prices, v2: one request a day."""
    requests = [
        client.scoreboard_request(day, capture=_capture(settings, day), books=books, periods=periods) for day in days
    ]
    return _plan(settings, client.SCOREBOARD_TABLE, requests)


def plan_public_betting(settings: Settings, days: Sequence[date], *, books: Sequence[int] = DEFAULT_BOOKS) -> Plan:
    """The slates' public tickets and money: one request a day."""
    requests = [client.public_betting_request(day, capture=_capture(settings, day), books=books) for day in days]
    return _plan(settings, client.PUBLIC_BETTING_TABLE, requests)


def plan_scoreboard_v1(settings: Settings, days: Sequence[date], *, books: Sequence[int] = DEFAULT_BOOKS) -> Plan:
    """The slates' prices in the older shape, which has books that v2 lacks: one request a day."""
    requests = [client.scoreboard_v1_request(day, capture=_capture(settings, day), books=books) for day in days]
    return _plan(settings, client.SCOREBOARD_V1_TABLE, requests)


def plan_market_history(
    settings: Settings,
    events: Sequence[Event],
    *,
    books: Sequence[int] = DEFAULT_BOOKS,
    periods: Sequence[str] = client.PERIODS,
) -> Plan:
    """The line moves of games: one request each. Games older than the two weeks that are served are not asked for."""
    oldest = _today(settings) - timedelta(days=client.HISTORY_DAYS)
    requests = [
        client.market_history_request(
            event.event_id,
            capture=_capture(settings, event.official_date),
            official_date=event.official_date,
            books=books,
            periods=periods,
        )
        for event in dict.fromkeys(events)
        if event.official_date >= oldest
    ]
    return _plan(settings, client.MARKET_HISTORY_TABLE, requests)


def plan_books(settings: Settings) -> Plan:
    """The list of sportsbooks."""
    return _plan(settings, client.BOOKS_TABLE, [client.books_request()])


def listed_events(settings: Settings, first: date, last: date) -> list[Event]:
    """The games of the slates from ``first`` to ``last`` (both included) that stored scoreboards listed, by day."""
    with connect(settings) as connection:
        rows = connection.execute(
            sql.SQL(
                """
                select distinct game.value #>> '{{}}' as event_id, raw.official_date
                from raw_data.{} as raw
                cross join lateral jsonb_path_query(raw_data.json_of(raw.body), 'lax $.games[*].id') as game (value)
                where raw.body is not null and raw.official_date between %s and %s
                order by raw.official_date, event_id
                """
            ).format(sql.Identifier(client.SCOREBOARD_TABLE)),
            [first, last],
        ).fetchall()
    return [Event(event_id, day) for event_id, day in rows if event_id is not None and event_id.isdecimal()]


# ---------------------------------------------------------------- collecting


def collect_scoreboard(settings: Settings, days: Sequence[date], *, run_id: str) -> CollectionResult:
    """Ask the slates' prices (v2). Raises SourceNotConfiguredError where the source is switched off."""
    return collect(settings, plan_scoreboard(settings, days), run_id=run_id)


def collect_public_betting(settings: Settings, days: Sequence[date], *, run_id: str) -> CollectionResult:
    """Ask the slates' public tickets and money. Raises SourceNotConfiguredError where the source is switched off."""
    return collect(settings, plan_public_betting(settings, days), run_id=run_id)


def collect_scoreboard_v1(settings: Settings, days: Sequence[date], *, run_id: str) -> CollectionResult:
    """Ask the slates' prices (v1). Raises SourceNotConfiguredError where the source is switched off."""
    return collect(settings, plan_scoreboard_v1(settings, days), run_id=run_id)


def collect_market_history(settings: Settings, events: Sequence[Event], *, run_id: str) -> CollectionResult:
    """Ask the line moves of games. Raises SourceNotConfiguredError where the source is switched off."""
    return collect(settings, plan_market_history(settings, events), run_id=run_id)


def collect_books(settings: Settings, *, run_id: str) -> CollectionResult:
    """Ask the list of sportsbooks. Raises SourceNotConfiguredError where the source is switched off."""
    return collect(settings, plan_books(settings), run_id=run_id)


def _plan(settings: Settings, table: str, requests: Sequence[SourceRequest]) -> Plan:
    if not settings.may_ask(client.SOURCE):
        raise SourceNotConfiguredError(
            "Action Network's endpoints are unofficial and off in production: "
            "add action_network to MLB_ENABLED_SOURCES to ask them"
        )
    return Plan(client.POLICY, settings.action_network_base_url, table, requests)


def _today(settings: Settings) -> date:
    return settings.now().astimezone(NEW_YORK).date()


def _capture(settings: Settings, day: date) -> Capture:
    return "captured" if day >= _today(settings) else "backfilled"
