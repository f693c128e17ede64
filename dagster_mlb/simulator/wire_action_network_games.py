"""A game as Action Network lists it, without its prices: id, status, clubs, rotation numbers, starters, score.

Everything as of the world's clock. Ids are the source's own: a make-up's is another than the postponed game's.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final
from zlib import crc32

from dagster_mlb.simulator.clubs import CLUBS, club_in
from dagster_mlb.simulator.league import Season, starter_id
from dagster_mlb.simulator.schedule import ALWAYS, HOUR, Listing, utc
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network.teams import TEAM_IDS

TEAM_ID_OF_CLUB: Final = {club_id: team_id for team_id, club_id in TEAM_IDS.items()}
_ORDINALS: Final = {1: "1st", 2: "2nd", 3: "3rd", 21: "21st", 22: "22nd", 23: "23rd"}
_DIVISIONS: Final = {200: "WEST", 201: "EAST", 202: "CENTRAL", 203: "WEST", 204: "EAST", 205: "CENTRAL"}


def event_id(listing: Listing) -> int:
    """A listing's id here: a make-up is another listing and so another id; a resumption keeps its game's."""
    number = listing.number if listing.resumed_from is None else listing.resumed_from
    return 100_000 + (listing.season - 2000) * 10_000 + number


def team_id(club: int) -> int:
    """Action Network's id of a club (an index of ``CLUBS``)."""
    return TEAM_ID_OF_CLUB[CLUBS[club].club_id]


def league(world: World, year: int) -> dict[str, Any]:
    """The league's entry; ``blacklist_dates`` are the days of the plan without a game, at midnight Pacific."""
    plan = world.league.plans.get(year)
    free: list[str] = []
    if plan is not None:
        by_date = world.league.season(year).by_date
        planned = {day for day, listed in by_date.items() if any(x.listed_at == ALWAYS for x in listed)}
        free = [f"{day}T07:00:00.000Z" for day in world.dates(plan.opening, plan.closing) if day not in planned]
    opening, closing = (plan.opening, plan.closing) if plan else (date(year, 3, 25), date(year, 9, 30))
    divisions = [(name, side) for side in ("AL", "NL") for name in ("East", "Central", "West")]
    return {
        "id": 8,
        "sport": "baseball",
        "name": "mlb",
        "description": "Major League Baseball (simulated)",
        "logo": "",
        "current_season": str(year),
        "current_season_type": "reg",
        "pre_season_start": f"{opening - timedelta(days=35)}T08:00:00.000Z",
        "pre_season_end": f"{opening}T06:59:59.000Z",
        "reg_season_start": f"{opening}T07:00:00.000Z",
        "reg_season_end": f"{closing + timedelta(days=1)}T06:59:59.000Z",
        "post_season_start": f"{closing + timedelta(days=1)}T07:00:00.000Z",
        "post_season_end": f"{closing + timedelta(days=45)}T07:59:59.000Z",
        "blacklist_dates": free,
        "calendar_info": {},
        "current_week": -1,
        "updated_at": f"{world.today}T07:00:06.415Z",
        "is_active": True,
        "conferences": [{"id": side, "display": side} for side in ("AL", "NL")],
        "divisions": [{"id": name.upper(), "display": name, "conference_id": side} for name, side in divisions],
    }


def game_head(world: World, season: Season, listing: Listing, *, is_v2: bool) -> dict[str, Any]:
    """A game without its prices."""
    moment, number, year = world.moment, listing.number, season.plan.season
    status, real_status, display = _status(season, listing, moment)
    home, away = season.score_at(number, moment) if moment >= season.first_pitch[number] else (0, 0)
    place = sorted(x.number for x in season.by_date[listing.date]).index(number)
    winner = None
    if status == "complete":
        winner = team_id(listing.home if home > away else listing.away)
    teams = [_team(season, listing.home, moment, is_v2), _team(season, listing.away, moment, is_v2)]
    head: dict[str, Any] = {
        "id": event_id(listing),
        "league_id": 8,
        "status": status,
        "real_status": real_status,
        "status_display": display,
        "start_time": _iso(listing.start),
        "away_team_id": team_id(listing.away),
        "home_team_id": team_id(listing.home),
        "winning_team_id": winner,
        "league_name": "mlb",
        "type": "reg",
        "season": year,
        "week": None,
        "attendance": int(season.attendance[number]) if status == "complete" else 0,
        "coverage": "full",
        "is_free": False,
        "trending": False,
        "away_rotation_number": 901 + 2 * place,
        "home_rotation_number": 902 + 2 * place,
        # The home club first, but for some games: the order means nothing.
        "teams": teams[::-1] if number % 19 == 7 else teams,
        "meta": {},
        "num_bets": _bets(season, listing, moment),
        "core_id": 150_000_000 + event_id(listing),
        "boxscore": _boxscore(season, listing, moment, home, away),
        "player_stats": {"away": [], "home": []},
        "broadcast": {"network": "", "network_short": ""},
    }
    if not is_v2:
        del head["league_id"], head["core_id"], head["week"]
    return head


def _status(season: Season, listing: Listing, moment: float) -> tuple[str, str, str | None]:
    """(status, real_status, status_display)."""
    number = listing.number
    if moment >= listing.postponed_at:
        return "postponed", "postponed", "Postponed"
    if moment < season.first_pitch[number]:
        return "scheduled", "scheduled", None
    if moment >= season.ended[number]:
        return "complete", "closed", "Final"
    if season.is_interrupted(listing, moment):
        known = season.is_suspended(listing, moment)
        return "inprogress", "suspended" if known else "delayed", "Suspended" if known else "Delayed"
    return "inprogress", "inprogress", f"{_ordinal(_inning(season, number, moment))} Inning"


def _inning(season: Season, number: int, moment: float) -> int:
    halves = int(((season.half_runs[number] >= 0) & (season.half_ends[number] <= moment)).sum())
    return min(halves // 2 + 1, int(season.innings[number]))


def _bets(season: Season, listing: Listing, moment: float) -> int:
    """Bets told of so far: some at the open, most in the last hours."""
    opened = float(season.open_at[listing.number])
    left = max(listing.start - moment, 0.0)
    return 0 if moment < opened else round((5000 + listing.number % 900 * 10) * 2 ** (-left / (6 * HOUR)))


def _team(season: Season, index: int, moment: float, is_v2: bool) -> dict[str, Any]:
    club = club_in(index, season.plan.season)
    wins, losses = season.record(index, moment)
    name = "Diamondbacks" if club.team_name == "D-backs" else club.team_name
    slug = "oakland-athletics" if club.team_name == "Athletics" else club.name.lower().replace(" ", "-")
    return {
        "id": team_id(index),
        "full_name": club.name,
        "display_name": name,
        "short_name": name,
        "location": club.franchise,
        "abbr": "ARI" if club.abbreviation == "AZ" else club.abbreviation,
        "logo": "",
        "primary_color": f"{crc32(club.team_code.encode()) & 0xFFFFFF:06X}",
        "secondary_color": "FFFFFF",
        "conference_type": "AL" if club.league_id == 103 else "NL",
        "division_type": _DIVISIONS[club.division_id],
        "url_slug": slug,
        "standings": {"win": wins, "loss": losses, "ties": None, "overtime_losses": None, "draw": None},
    } | ({"core_id": 4000 + team_id(index)} if is_v2 else {})


def _boxscore(season: Season, listing: Listing, moment: float, home: int, away: int) -> dict[str, Any]:
    number = listing.number
    runs, ends = season.half_runs[number], season.half_ends[number]
    ended = (runs >= 0) & (ends <= moment)
    begun = moment >= season.first_pitch[number]
    innings = [
        {
            "id": inning,
            "abbr": str(inning),
            "display_name": _ordinal(inning),
            "full_name": f"{_ordinal(inning)} Inning",
            "away_points": int(runs[inning - 1, 0]) if ended[inning - 1, 0] else None,
            "home_points": int(runs[inning - 1, 1]) if ended[inning - 1, 1] else None,
        }
        for inning in range(1, max(9, _inning(season, number, moment) if begun else 9) + 1)
    ]
    five = (runs[:5] * ended[:5]).sum(0)
    pitchers = {}
    for side, name, club in ((1, "away", listing.away), (0, "home", listing.home)):
        announced, final = season.starters[number, side]
        confirmed = moment >= season.confirmed_at[number, side]
        starter = int(final if confirmed else announced)
        told = moment >= season.announced_at[number, side]
        player = starter_id(club, starter) - 890_000
        pitchers[name] = {"probable_id": player if told else None, "starting_id": player if begun else None}
    return {
        "stats": {
            "away": {"hits": None, "runs": away, "errors": None},
            "home": {"hits": None, "runs": home, "errors": None},
        },
        "period": _inning(season, number, moment) if begun else None,
        "pitching": pitchers | {"win_id": None, "loss_id": None, "save_id": None},
        "linescore": innings,
        "total_away_points": away,
        "total_home_points": home,
        "total_home_firstfive_points": int(five[1]),
        "total_away_firstfive_points": int(five[0]),
    }


def _iso(moment: float) -> str:
    """``2026-08-08T19:05:00.000Z``."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment % 1 * 1000):03d}Z"


def _ordinal(inning: int) -> str:
    return _ORDINALS.get(inning, f"{inning}th")
