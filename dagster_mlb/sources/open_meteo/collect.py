"""Collecting the weather at ballparks: the forecast of now, and of past days what was forecast and what it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta
from typing import Final

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http import SourceRequest
from dagster_mlb.sources.open_meteo import client
from dagster_mlb.sources.open_meteo.ballparks import Ballpark, ballparks, parks_of_season

PARKS_PER_REQUEST: Final = 16  # a URL of two kilobytes
DAYS_PER_REQUEST: Final = 31


def collect_forecast(settings: Settings, venue_ids: Iterable[int] | None = None, *, run_id: str) -> CollectionResult:
    """The forecast of now at parks (default: where the clubs play this season): captured."""
    parks = _parks(venue_ids, settings.now().year)
    requests = [client.forecast_request(some) for some in _parts(parks)]
    return _collect(settings, "forecast", requests, run_id)


def collect_historical_forecast(
    settings: Settings, first: date, last: date, venue_ids: Iterable[int] | None = None, *, run_id: str
) -> CollectionResult:
    """What was forecast for past days (UTC, both included): backfilled, known at the hour that was forecast."""
    return _collect_past(settings, "historical_forecast", first, last, venue_ids, run_id)


def collect_archive(
    settings: Settings, first: date, last: date, venue_ids: Iterable[int] | None = None, *, run_id: str
) -> CollectionResult:
    """The weather as it was (UTC days, both included): backfilled, known five days after the hour.

    Days that the reanalysis has not reached are left out; where none is left, nothing is asked.
    """
    reached = settings.now().astimezone(UTC).date() - timedelta(days=client.ARCHIVE_LAG_DAYS)
    return _collect_past(settings, "archive", first, min(last, reached), venue_ids, run_id)


def _collect_past(
    settings: Settings, kind: client.Kind, first: date, last: date, venue_ids: Iterable[int] | None, run_id: str
) -> CollectionResult:
    requests: list[SourceRequest] = []
    while first <= last:
        until = min(last, first + timedelta(days=DAYS_PER_REQUEST - 1), date(first.year, 12, 31))
        requests += [client.past_request(kind, some, first, until) for some in _parts(_parks(venue_ids, first.year))]
        first = until + timedelta(days=1)
    return _collect(settings, kind, requests, run_id)


def _collect(settings: Settings, kind: client.Kind, requests: Sequence[SourceRequest], run_id: str) -> CollectionResult:
    base_url = {
        "forecast": settings.open_meteo_forecast_base_url,
        "historical_forecast": settings.open_meteo_historical_forecast_base_url,
        "archive": settings.open_meteo_archive_base_url,
    }[kind]
    return collect(settings, Plan(client.policy(kind), base_url, client.TABLES[kind], requests), run_id=run_id)


def _parks(venue_ids: Iterable[int] | None, season: int) -> list[Ballpark]:
    if venue_ids is None:
        return parks_of_season(season)
    known = ballparks()
    wanted = list(dict.fromkeys(venue_ids))
    if unknown := [venue_id for venue_id in wanted if venue_id not in known]:
        raise ValueError(f"no ballpark has venue id {', '.join(map(str, unknown))}: add it to seeds/ballparks.csv")
    return [known[venue_id] for venue_id in wanted]


def _parts(parks: Sequence[Ballpark]) -> list[Sequence[Ballpark]]:
    return [parks[begin : begin + PARKS_PER_REQUEST] for begin in range(0, len(parks), PARKS_PER_REQUEST)]
