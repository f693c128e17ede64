"""What is asked of Baseball Savant: all pitches of a day, of a game, or of a day and club. Pure: requests are values.

No key and no promise: the endpoint is the site's own download button. One request a second, one at a time: parallel
pulls get blocked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from dagster_mlb.sources.http import Capture, Outcome, SourcePolicy, SourceRequest

SOURCE = "savant"


def _judge(body: bytes) -> tuple[Outcome, str] | None:
    """A search that failed says so with status 200 and one column named ``error``; the next try may do. What has not
    the columns of pitches, or stops inside a line, is no whole answer."""
    from dagster_mlb.sources.savant.parse import error_of, flaw_of

    if said := error_of(body):
        return Outcome.TRANSIENT, f"the search failed: {said}"
    flaw = flaw_of(body)
    return (Outcome.MALFORMED, flaw) if flaw else None


POLICY = SourcePolicy(
    source=SOURCE,
    concurrency=1,
    min_interval_s=1.0,
    read_timeout_s=90.0,  # a day is put together while the client waits
    backoff_initial_s=2.0,
    budget_s=180.0,
    budget_per_request_s=60.0,
    expected_every_s=86_400.0,  # a day is whole, or corrected, once a night
    headers={"accept": "text/csv,*/*;q=0.5"},
    judge=_judge,
)

PITCHES_TABLE = "savant_pitches"
PATH = "/statcast_search/csv"
CORRECTED_DAYS: Final = 7  # rows of a day are corrected for days after it

# The clubs as the search's ``team`` knows them: a day's pitches fall apart by the club of the pitcher.
_TEAMS: Final = (
    "ATH ATL AZ BAL BOS CHC CIN CLE COL CWS DET HOU KC LAA LAD MIA MIL MIN NYM NYY PHI PIT SD SEA SF STL TB TEX TOR WSH"
)
TEAMS: Final = tuple(_TEAMS.split())

# The search form's fields as its own page sends them. Most are empty; an absent one is not the same as an empty one.
_FORM: Final = {
    "all": "true",
    "hfPT": "",
    "hfAB": "",
    "hfBBT": "",
    "hfPR": "",
    "hfZ": "",
    "stadium": "",
    "hfBBL": "",
    "hfNewZones": "",
    "hfGT": "R|PO|S|",
    "hfSea": "",
    "hfSit": "",
    "player_type": "pitcher",
    "hfOuts": "",
    "opponent": "",
    "pitcher_throws": "",
    "batter_stands": "",
    "hfSA": "",
    "position": "",
    "hfRO": "",
    "home_road": "",
    "hfFlag": "",
    "metric_1": "",
    "hfInn": "",
    "min_pitches": "0",
    "min_results": "0",
    "group_by": "name",
    "sort_col": "pitches",
    "player_event_sort": "h_launch_speed",
    "sort_order": "desc",
    "min_abs": "0",
    "type": "details",
}


def day_request(day: date, *, capture: Capture, team: str = "") -> SourceRequest:
    """All pitches of a day; with ``team`` (an abbreviation) those thrown by that club."""
    return SourceRequest(
        endpoint="pitches",
        path=PATH,
        params=_FORM | {"game_date_gt": day.isoformat(), "game_date_lt": day.isoformat(), "team": team},
        official_date=day,
        capture=capture,
        expects="csv",
        priority="history",
    )


def game_request(game_pk: int, *, capture: Capture) -> SourceRequest:
    """All pitches of one game, by MLB's gamePk."""
    return SourceRequest(
        endpoint="pitches",
        path=PATH,
        params={"all": "true", "type": "details", "game_pk": str(game_pk)},
        capture=capture,
        expects="csv",
        priority="history",
    )


def team_requests(day: date, *, capture: Capture) -> Sequence[SourceRequest]:
    """A day in thirty parts, for when its answer came cut: every pitch is thrown by exactly one club."""
    season_teams = (("OAK" if team == "ATH" and day.year < 2025 else team) for team in TEAMS)
    return [day_request(day, capture=capture, team=team) for team in season_teams]


def days_to_pull(today: date) -> list[date]:
    """The days whose rows may be new or corrected: the seven before ``today`` (New York), oldest first.

    Today's own games are not among them: a day's rows are whole from about three in the morning after it.
    """
    return [today - timedelta(days=back) for back in range(CORRECTED_DAYS, 0, -1)]
