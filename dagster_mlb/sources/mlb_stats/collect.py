"""Collecting the MLB Stats API: a plan per endpoint, and each collected by itself.

``plan_*`` say what to ask (several plans may then run side by side); ``collect_*`` ask it and store what came. What was
news yesterday or later (New York, on the clock of settings) is *captured*, anything older *backfilled*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http import Capture, SourceRequest
from dagster_mlb.sources.mlb_stats import client

NEW_YORK = ZoneInfo("America/New_York")


class AskedGame(NamedTuple):
    """A game to ask about, and the baseball day that it counts for."""

    game_pk: int
    official_date: date


# ---------------------------------------------------------------- games


def plan_live_feeds(settings: Settings, games: Iterable[AskedGame]) -> Plan:
    """The live feed of every game, now."""
    return _plan(
        settings,
        client.LIVE_FEED_TABLE,
        [
            client.live_feed_request(pk, official_date=day, capture=_capture(settings, day))
            for pk, day in dict.fromkeys(games)
        ],
    )


def collect_live_feeds(settings: Settings, games: Iterable[AskedGame], *, run_id: str) -> CollectionResult:
    """Ask ``plan_live_feeds`` and store what came."""
    return collect(settings, plan_live_feeds(settings, games), run_id=run_id)


def plan_boxscores(settings: Settings, games: Iterable[AskedGame]) -> Plan:
    """The boxscore of every game, now."""
    return _plan(
        settings,
        client.BOXSCORE_TABLE,
        [
            client.boxscore_request(pk, official_date=day, capture=_capture(settings, day))
            for pk, day in dict.fromkeys(games)
        ],
    )


def collect_boxscores(settings: Settings, games: Iterable[AskedGame], *, run_id: str) -> CollectionResult:
    """Ask ``plan_boxscores`` and store what came."""
    return collect(settings, plan_boxscores(settings, games), run_id=run_id)


def plan_linescores(settings: Settings, games: Iterable[AskedGame]) -> Plan:
    """The linescore of every game, now."""
    return _plan(
        settings,
        client.LINESCORE_TABLE,
        [
            client.linescore_request(pk, official_date=day, capture=_capture(settings, day))
            for pk, day in dict.fromkeys(games)
        ],
    )


def collect_linescores(settings: Settings, games: Iterable[AskedGame], *, run_id: str) -> CollectionResult:
    """Ask ``plan_linescores`` and store what came."""
    return collect(settings, plan_linescores(settings, games), run_id=run_id)


def plan_lineups(settings: Settings, days: Iterable[date]) -> Plan:
    """The line-ups of every game of these official dates."""
    requests = [client.lineups_request(day, capture=_capture(settings, day)) for day in sorted(set(days))]
    return _plan(settings, client.LINEUPS_TABLE, requests)


def collect_lineups(settings: Settings, days: Iterable[date], *, run_id: str) -> CollectionResult:
    """Ask ``plan_lineups`` and store what came."""
    return collect(settings, plan_lineups(settings, days), run_id=run_id)


# ---------------------------------------------------------------- people


def plan_people(settings: Settings, player_ids: Iterable[int], season: int | None = None) -> Plan:
    """People, a hundred per request; with ``season``, their pitching and hitting of it beside them."""
    capture = _capture_season(settings, season)
    ids, size = sorted(set(player_ids)), client.PEOPLE_PER_REQUEST
    requests = [
        client.people_request(ids[first : first + size], capture=capture, season=season)
        for first in range(0, len(ids), size)
    ]
    return _plan(settings, client.PEOPLE_TABLE, requests)


def collect_people(
    settings: Settings, player_ids: Iterable[int], season: int | None = None, *, run_id: str
) -> CollectionResult:
    """Ask ``plan_people`` and store what came."""
    return collect(settings, plan_people(settings, player_ids, season), run_id=run_id)


def plan_person_stats(settings: Settings, player_ids: Iterable[int], season: int) -> Plan:
    """One request per person: his statistics of a season, club by club where he had several."""
    capture = _capture_season(settings, season)
    requests = [client.person_stats_request(n, capture=capture, season=season) for n in sorted(set(player_ids))]
    return _plan(settings, client.PERSON_STATS_TABLE, requests)


def collect_person_stats(
    settings: Settings, player_ids: Iterable[int], season: int, *, run_id: str
) -> CollectionResult:
    """Ask ``plan_person_stats`` and store what came."""
    return collect(settings, plan_person_stats(settings, player_ids, season), run_id=run_id)


def plan_transactions(settings: Settings, start: date, end: date) -> Plan:
    """Moves of players from ``start`` to ``end``, both included: days that are news one by one, older ones by month."""
    if start > end:
        raise ValueError(f"the first day of transactions {start} is after the last {end}")
    news_from = _news_from(settings)
    requests = [
        client.transactions_request(a, b, capture="backfilled")
        for a, b in _months(start, min(end, news_from - timedelta(days=1)))
    ]
    day = max(start, news_from)
    while day <= end:
        requests.append(client.transactions_request(day, day, capture="captured"))
        day += timedelta(days=1)
    return _plan(settings, client.TRANSACTIONS_TABLE, requests)


def collect_transactions(settings: Settings, start: date, end: date, *, run_id: str) -> CollectionResult:
    """Ask ``plan_transactions`` and store what came."""
    return collect(settings, plan_transactions(settings, start, end), run_id=run_id)


# ---------------------------------------------------------------- places


def plan_venues(settings: Settings, venue_ids: Iterable[int], season: int | None = None) -> Plan:
    """Ballparks, all in one request; nothing is asked where no id is named."""
    ids = sorted(set(venue_ids))
    capture = _capture_season(settings, season)
    return _plan(
        settings, client.VENUES_TABLE, [client.venues_request(ids, season=season, capture=capture)] if ids else []
    )


def collect_venues(
    settings: Settings, venue_ids: Iterable[int], season: int | None = None, *, run_id: str
) -> CollectionResult:
    """Ask ``plan_venues`` and store what came."""
    return collect(settings, plan_venues(settings, venue_ids, season), run_id=run_id)


def _news_from(settings: Settings) -> date:
    return settings.now().astimezone(NEW_YORK).date() - timedelta(days=1)


def _capture(settings: Settings, day: date) -> Capture:
    return "captured" if day >= _news_from(settings) else "backfilled"


def _capture_season(settings: Settings, season: int | None) -> Capture:
    """What is asked about this season, or about no season, is as of now."""
    return "captured" if season is None or season >= _news_from(settings).year else "backfilled"


def _months(start: date, end: date) -> Iterator[tuple[date, date]]:
    """The range cut at the ends of months; nothing where it is empty."""
    while start <= end:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield start, min(end, following - timedelta(days=1))
        start = following


def _plan(settings: Settings, table: str, requests: Sequence[SourceRequest]) -> Plan:
    return Plan(client.POLICY, settings.mlb_stats_base_url, table, requests)
