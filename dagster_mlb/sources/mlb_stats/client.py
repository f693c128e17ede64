"""What is asked of the MLB Stats API, one function per endpoint. Pure: requests are values.

No key. The site publishes no limit; clients keep to ten requests a second. A live feed says itself how long to wait
before it is asked again (``metaData.wait``, ten seconds).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from dagster_mlb.sources.http import Capture, SourcePolicy, SourceRequest
from dagster_mlb.sources.http_messages import Priority

SOURCE = "mlb_stats"
POLICY = SourcePolicy(
    source=SOURCE,
    concurrency=4,
    min_interval_s=0.1,
    max_body_bytes=16 * 1024 * 1024,
    budget_s=120.0,
    budget_per_request_s=2.0,
    expected_every_s=300.0,  # line-ups, starters and states of games change all day
)

SCHEDULE_TABLE = "mlb_stats_schedule"
TEAMS_TABLE = "mlb_stats_teams"
LIVE_FEED_TABLE = "mlb_stats_live_feed"
BOXSCORE_TABLE = "mlb_stats_boxscore"
LINESCORE_TABLE = "mlb_stats_linescore"
PEOPLE_TABLE = "mlb_stats_people"
PERSON_STATS_TABLE = "mlb_stats_people_stats"
LINEUPS_TABLE = "mlb_stats_lineups"
TRANSACTIONS_TABLE = "mlb_stats_transactions"
VENUES_TABLE = "mlb_stats_venues"

SPORT_ID = "1"  # Major League Baseball
SCHEDULE_HYDRATIONS = ("team", "linescore", "probablePitcher", "venue", "gameInfo")
VENUE_HYDRATIONS = ("location", "fieldInfo", "timezone")
PEOPLE_PER_REQUEST = 100  # an address stays well below the 8,000 characters that servers take
STATS = ("season",)
GROUPS = ("pitching", "hitting")


def schedule_request(day: date, *, capture: Capture) -> SourceRequest:
    """The games of one official date, with scores by inning, announced starters, venue and actual first pitch.

    A postponed game is listed under the day it was to be played *and* under the day it moved to, with one gamePk.
    """
    return SourceRequest(
        endpoint="schedule",
        path="/api/v1/schedule",
        params={"date": day.isoformat(), "hydrate": ",".join(SCHEDULE_HYDRATIONS), "sportId": SPORT_ID},
        official_date=day,
        capture=capture,
    )


def teams_request(season: int, *, capture: Capture) -> SourceRequest:
    """The clubs of a season with their ids, codes and names of that year."""
    return SourceRequest(
        endpoint="teams",
        path="/api/v1/teams",
        params={"season": str(season), "sportId": SPORT_ID},
        capture=capture,
    )


def lineups_request(day: date, *, capture: Capture) -> SourceRequest:
    """The games of one official date with the line-ups posted so far (two to four hours before each start)."""
    return SourceRequest(
        endpoint="lineups",
        path="/api/v1/schedule",
        params={"date": day.isoformat(), "hydrate": "lineups", "sportId": SPORT_ID},
        official_date=day,
        capture=capture,
        priority=_priority(capture),
    )


def live_feed_request(
    game_pk: int, *, official_date: date | None = None, capture: Capture, timecode: datetime | None = None
) -> SourceRequest:
    """Everything of one game, 1 to 2 MB once it is over. With ``timecode`` (aware): as it stood then."""
    params = {} if timecode is None else {"timecode": timecode.astimezone(UTC).strftime("%Y%m%d_%H%M%S")}
    return SourceRequest(
        endpoint="live_feed",
        path=f"/api/v1.1/game/{game_pk}/feed/live",
        params=params,
        official_date=official_date,
        capture=capture,
        priority=_priority(capture),
    )


def boxscore_request(game_pk: int, *, official_date: date | None = None, capture: Capture) -> SourceRequest:
    """Line-ups and the lines of batters and pitchers of one game; a fifth of its live feed."""
    return _game_request("boxscore", game_pk, official_date, capture)


def linescore_request(game_pk: int, *, official_date: date | None = None, capture: Capture) -> SourceRequest:
    """Runs, hits and errors of one game by inning."""
    return _game_request("linescore", game_pk, official_date, capture)


def people_request(
    player_ids: Sequence[int],
    *,
    capture: Capture,
    season: int | None = None,
    groups: Sequence[str] = GROUPS,
) -> SourceRequest:
    """Some people (at most ``PEOPLE_PER_REQUEST``); with ``season``, their statistics of it beside them."""
    ids = sorted(set(player_ids))
    if not 0 < len(ids) <= PEOPLE_PER_REQUEST:
        raise ValueError(f"people are asked for 1 to {PEOPLE_PER_REQUEST} at a time, not {len(ids)}")
    params = {"personIds": ",".join(map(str, ids))}
    if season is not None:
        params["hydrate"] = f"stats(group=[{','.join(groups)}],type=[season],season={season})"
    return SourceRequest(endpoint="people", path="/api/v1/people", params=params, capture=capture, priority="history")


def person_stats_request(
    player_id: int,
    *,
    capture: Capture,
    season: int | None = None,
    stats: Sequence[str] = STATS,
    groups: Sequence[str] = GROUPS,
) -> SourceRequest:
    """One person's statistics: ``stats`` such as season, career, gameLog; ``groups`` pitching, hitting, fielding."""
    params = {"stats": ",".join(stats), "group": ",".join(groups)}
    if season is not None:
        params["season"] = str(season)
    return SourceRequest(
        endpoint="people_stats",
        path=f"/api/v1/people/{player_id}/stats",
        params=params,
        capture=capture,
        priority="history",
    )


def transactions_request(start: date, end: date, *, capture: Capture) -> SourceRequest:
    """Moves of players announced from ``start`` to ``end``, both included; the injured list is among them."""
    return SourceRequest(
        endpoint="transactions",
        path="/api/v1/transactions",
        params={"startDate": start.isoformat(), "endDate": end.isoformat(), "sportId": SPORT_ID},
        official_date=start if start == end else None,
        capture=capture,
        priority=_priority(capture),
    )


def venues_request(venue_ids: Sequence[int], *, season: int | None = None, capture: Capture) -> SourceRequest:
    """Ballparks with place, field and time zone, as they were in a season where one is named."""
    if not venue_ids:
        raise ValueError("venues are asked for by id, and none is named")
    params = {"venueIds": ",".join(str(n) for n in sorted(set(venue_ids))), "hydrate": ",".join(VENUE_HYDRATIONS)}
    if season is not None:
        params["season"] = str(season)
    return SourceRequest(endpoint="venues", path="/api/v1/venues", params=params, capture=capture, priority="history")


def _game_request(endpoint: str, game_pk: int, official_date: date | None, capture: Capture) -> SourceRequest:
    return SourceRequest(
        endpoint=endpoint,
        path=f"/api/v1/game/{game_pk}/{endpoint}",
        official_date=official_date,
        capture=capture,
        priority=_priority(capture),
    )


def _priority(capture: Capture) -> Priority:
    return "live" if capture == "captured" else "history"
