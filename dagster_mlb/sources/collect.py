"""Collecting live sources into raw_data: what Dagster's assets and the command line call.

Each function asks, stores what came and writes down every attempt. A failed request is a named failure of the result
and loses none of its neighbours; ``CollectionResult.raise_if_failed()`` turns it into a failed asset. No body is parsed
into records here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Failure, Plan, collect
from dagster_mlb.sources.http import Capture, SourceRequest
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.sources.odds_api import client as odds_api
from dagster_mlb.sources.odds_api.client import OddsMoment

__all__ = [
    "CollectionResult",
    "Failure",
    "OddsMoment",
    "collect_historical_odds",
    "collect_odds",
    "collect_schedule",
    "collect_scores",
    "collect_teams",
]

NEW_YORK = ZoneInfo("America/New_York")


# ---------------------------------------------------------------- MLB Stats API


def collect_schedule(settings: Settings, start: date, end: date, *, run_id: str) -> CollectionResult:
    """One schedule request per official date from ``start`` to ``end``, both included.

    A day from yesterday on (New York, on the clock of settings) is news and *captured*; an older one is *backfilled*.
    """
    if start > end:
        raise ValueError(f"the schedule's first day {start} is after its last day {end}")
    news_from = _official_today(settings) - timedelta(days=1)
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    requests = [
        mlb_stats.schedule_request(day, capture="captured" if day >= news_from else "backfilled") for day in days
    ]
    return collect(settings, _mlb_plan(settings, mlb_stats.SCHEDULE_TABLE, requests), run_id=run_id)


def collect_teams(settings: Settings, season: int, *, run_id: str) -> CollectionResult:
    """The clubs of one season; captured in the season itself, backfilled later."""
    capture: Capture = "captured" if season >= _official_today(settings).year else "backfilled"
    requests = [mlb_stats.teams_request(season, capture=capture)]
    return collect(settings, _mlb_plan(settings, mlb_stats.TEAMS_TABLE, requests), run_id=run_id)


# ---------------------------------------------------------------- The Odds API


def collect_odds(
    settings: Settings,
    *,
    run_id: str,
    markets: Sequence[str] = odds_api.MARKETS,
    regions: Sequence[str] | None = None,
    bookmakers: Sequence[str] = (),
) -> CollectionResult:
    """The prices of now. ``regions`` default to the settings'; ``bookmakers``, where given, are asked for instead."""
    requests = [
        odds_api.odds_request(markets=markets, regions=regions or settings.odds_api_region_list, bookmakers=bookmakers)
    ]
    return collect(settings, _odds_plan(settings, odds_api.ODDS_TABLE, requests), run_id=run_id)


def collect_scores(settings: Settings, days_from: int | None = None, *, run_id: str) -> CollectionResult:
    """The scores of now, with ``days_from`` (1 to 3) those of the last days too."""
    requests = [odds_api.scores_request(days_from)]
    return collect(settings, _odds_plan(settings, odds_api.SCORES_TABLE, requests), run_id=run_id)


def collect_historical_odds(
    settings: Settings,
    moments: Sequence[datetime | OddsMoment],
    *,
    run_id: str,
    markets: Sequence[str] = odds_api.MARKETS,
    regions: Sequence[str] | None = None,
    bookmakers: Sequence[str] = (),
) -> CollectionResult:
    """The prices as they stood at each moment (aware; each asked once): always backfilled.

    An ``OddsMoment`` narrows a request to games that begin within a range.
    """
    requests = [
        odds_api.historical_odds_request(
            moment, markets=markets, regions=regions or settings.odds_api_region_list, bookmakers=bookmakers
        )
        for moment in dict.fromkeys(moments)
    ]
    return collect(settings, _odds_plan(settings, odds_api.HISTORICAL_ODDS_TABLE, requests), run_id=run_id)


def _official_today(settings: Settings) -> date:
    return settings.now().astimezone(NEW_YORK).date()


def _mlb_plan(settings: Settings, table: str, requests: Sequence[SourceRequest]) -> Plan:
    return Plan(mlb_stats.POLICY, settings.mlb_stats_base_url, table, requests)


def _odds_plan(settings: Settings, table: str, requests: Sequence[SourceRequest]) -> Plan:
    return Plan(
        odds_api.POLICY, settings.odds_api_base_url, table, requests, secret_params=odds_api.secret_params(settings)
    )
