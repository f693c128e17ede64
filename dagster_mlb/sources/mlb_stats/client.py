"""What is asked of the MLB Stats API: schedules by day and the clubs of a season. Pure: requests are values.

No key. The site publishes no limit; clients keep to ten requests a second.
"""

from __future__ import annotations

from datetime import date

from dagster_mlb.sources.http import Capture, SourcePolicy, SourceRequest

SOURCE = "mlb_stats"
POLICY = SourcePolicy(source=SOURCE, concurrency=4, min_interval_s=0.1)

SCHEDULE_TABLE = "mlb_stats_schedule"
TEAMS_TABLE = "mlb_stats_teams"

SPORT_ID = "1"  # Major League Baseball
SCHEDULE_HYDRATIONS = ("team", "linescore", "probablePitcher", "venue", "gameInfo")


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
