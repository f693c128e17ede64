"""The league in the words of the MLB Stats API: ``/api/v1/schedule`` and ``/api/v1/teams``, as of a moment.

Shapes follow recorded payloads. Every value is asked of the season *as of* the clock: a game that has not ended has
no winner, a rain-out not yet announced is scheduled, a starter not yet announced is absent. A postponed and a suspended
game are listed twice under one ``gamePk``; the official date is the new one of the former, the old one of the latter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dagster_mlb.simulator.clubs import CLUB_INDEX, CLUBS, DIVISIONS, LEAGUES, Club, club_in
from dagster_mlb.simulator.league import Season, starter_id, starter_name
from dagster_mlb.simulator.schedule import Listing, utc
from dagster_mlb.simulator.wire_mlb_status import MINUTE, game_status
from dagster_mlb.simulator.world import World

__all__ = ["game", "game_status", "hydrations", "linescore", "schedule", "stamp", "teams"]

COPYRIGHT = "Simulated league. The shape of this answer is that of the MLB Stats API; nothing in it happened."
HYDRATIONS = {"team", "linescore", "probablePitcher", "venue", "gameInfo"}
# Hydrations that other modules know how to tell: name → what to add to a game's entry as of the world's moment.
# ``serve_mlb_game`` fills it (line-ups, weather, …) when it is imported.
MORE_HYDRATIONS: dict[str, Callable[[World, Season, Listing], dict[str, Any]]] = {}
NOTE = "probablePitcher(note)"
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd", 21: "21st", 22: "22nd", 23: "23rd"}


def hydrations(text: str) -> frozenset[str]:
    """The names at the top level of a ``hydrate`` parameter: ``team,linescore,venue(location)``; and
    ``probablePitcher(note)`` where the note is asked for."""
    names, depth, name = [], 0, ""
    for char in text + ",":
        if char == "," and depth == 0:
            names.append(name)
            name = ""
            continue
        depth += (char == "(") - (char == ")")
        if depth == 0 and char != ")":
            name += char
    told = frozenset(n.strip() for n in names) & (HYDRATIONS | set(MORE_HYDRATIONS))
    return told | {NOTE} if NOTE in text.replace(" ", "") else told


def schedule(
    world: World,
    first: date,
    last: date,
    hydrate: frozenset[str],
    *,
    game_pks: frozenset[int] = frozenset(),
    club_ids: frozenset[int] = frozenset(),
) -> dict[str, Any]:
    """The answer of ``/api/v1/schedule`` for a range of dates; only these games and clubs where any are named."""

    def asked_for(listing: Listing) -> bool:
        clubs = {CLUBS[listing.home].club_id, CLUBS[listing.away].club_id}
        return (not game_pks or listing.game_pk in game_pks) and (not club_ids or bool(clubs & club_ids))

    dates, games_total, live_total = [], 0, 0
    for day in world.dates(first, last):
        season = world.league.season_of(day)
        if season is None:
            continue
        listings = [x for x in season.by_date.get(day, []) if x.listed_at <= world.moment and asked_for(x)]
        if not listings:
            continue
        games = [game(world, season, listing, hydrate) for listing in listings]
        live = sum(g["status"]["abstractGameState"] == "Live" for g in games)
        counts = _totals(len(games), live)
        dates.append({"date": day.isoformat(), **counts, "games": games, "events": []})
        games_total, live_total = games_total + len(games), live_total + live
    return {"copyright": COPYRIGHT, **_totals(games_total, live_total), "dates": dates}


def _totals(games: int, live: int) -> dict[str, int]:
    return {"totalItems": games, "totalEvents": 0, "totalGames": games, "totalGamesInProgress": live}


def game(world: World, season: Season, listing: Listing, hydrate: frozenset[str]) -> dict[str, Any]:
    """One entry of ``dates[].games[]``. The line of a resumption tells of the game that it resumes."""
    moment, first_line = world.moment, season.game_of(listing)
    number = first_line.number
    status = game_status(season, listing, moment)
    postponed = status["detailedState"] == "Postponed"
    pairing, game_number = listing.doubleheader_as_of(moment)
    official = first_line.date
    year, home = str(season.plan.season), club_in(listing.home, season.plan.season)
    moved: dict[str, str] = {}
    if postponed and listing.made_up_as is not None:
        made_up = season.listings[listing.made_up_as]
        official = made_up.date
        moved = {"rescheduleDate": stamp(made_up.start), "rescheduleGameDate": made_up.date.isoformat()}
    elif listing.made_up_from is not None:
        lost = season.listings[listing.made_up_from]
        moved = {"rescheduledFrom": stamp(lost.start), "rescheduledFromDate": lost.date.isoformat()}
    if listing.is_resumption:
        moved |= {"resumedFrom": stamp(first_line.start), "resumedFromDate": first_line.date.isoformat()}
    elif listing.resumed_as is not None and season.listings[listing.resumed_as].listed_at <= moment:
        resumption = season.listings[listing.resumed_as]
        moved |= {"resumeDate": stamp(resumption.start), "resumeGameDate": resumption.date.isoformat()}
    entry: dict[str, Any] = {
        "gamePk": listing.game_pk,
        "gameGuid": _guid(world.seed, listing.game_pk),
        "link": f"/api/v1.1/game/{listing.game_pk}/feed/live",
        "gameType": "R",
        "season": year,
        "gameDate": stamp(listing.start),
        "officialDate": official.isoformat(),
        **moved,
    }
    final = status["abstractGameState"] == "Final" and not postponed
    local = datetime.fromtimestamp(listing.start, ZoneInfo(home.time_zone))
    entry |= {
        "status": status,
        "teams": {
            "away": _side(world, season, first_line, 1, hydrate, status, final),
            "home": _side(world, season, first_line, 0, hydrate, status, final),
        },
    }
    if "linescore" in hydrate and not postponed and season.first_pitch[number] <= moment:
        entry["linescore"] = linescore(season, first_line, moment)
    entry["venue"] = {"id": home.venue_id, "name": home.venue_name, "link": f"/api/v1/venues/{home.venue_id}"}
    if "gameInfo" in hydrate:
        entry["gameInfo"] = _game_info(season, first_line, moment) if not postponed else {}
    for name in sorted(hydrate & set(MORE_HYDRATIONS)):
        entry |= MORE_HYDRATIONS[name](world, season, listing)
    entry["content"] = {"link": f"/api/v1/game/{listing.game_pk}/content"}
    if final:
        entry["isTie"] = False
    entry |= {
        "gameNumber": game_number,
        "publicFacing": True,
        "doubleHeader": pairing,
        "gamedayType": "P",
        "tiebreaker": "N",
        "calendarEventID": f"14-{listing.game_pk}-{first_line.date.isoformat()}",
        "seasonDisplay": year,
        "dayNight": "day" if local.hour < 17 else "night",
        "scheduledInnings": 9,
        "reverseHomeAwayStatus": False,
        "inningBreakLength": 120,
        "gamesInSeries": listing.series_length,
        "seriesGameNumber": listing.series_game,
        "seriesDescription": "Regular Season",
        "recordSource": "S",
        "ifNecessary": "N",
        "ifNecessaryDescription": "Normal Game",
    }
    return entry


def _side(
    world: World,
    season: Season,
    listing: Listing,
    side: int,
    hydrate: frozenset[str],
    status: dict[str, Any],
    final: bool,
) -> dict[str, Any]:
    """One club's part; ``side`` 0 home, 1 away."""
    index = listing.away if side else listing.home
    moment, number = world.moment, listing.number
    club = club_in(index, season.plan.season)
    shown: dict[str, Any] = {"id": club.club_id, "name": club.name, "link": f"/api/v1/teams/{club.club_id}"}
    if "team" in hydrate:
        shown |= _team_details(club, season.plan.season)
    wins, losses = season.record(index, min(moment, float(season.ended[number])) if final else moment)
    out: dict[str, Any] = {
        "leagueRecord": {"wins": wins, "losses": losses, "pct": _percentage(wins, losses)},
    }
    if status["statusCode"][0] in "IOFU":
        runs = season.runs[number] if final else season.score_at(number, moment)
        out["score"] = int(runs[side])
        out["team"] = shown
        if final:
            out["isWinner"] = bool(runs[side] > runs[1 - side])
    else:
        out["team"] = shown
    if "probablePitcher" in hydrate and season.announced_at[number, side] <= moment < listing.postponed_at:
        confirmed = season.confirmed_at[number, side] <= moment
        starter = int(season.starters[number, side, 1 if confirmed else 0])
        person = starter_id(index, starter)
        out["probablePitcher"] = {
            "id": person,
            "fullName": starter_name(index, starter, season.plan.season),
            "link": f"/api/v1/people/{person}",
        }
        if NOTE in hydrate:
            out["probablePitcher"]["note"] = _note(season, number, side, confirmed)
    return out | {"splitSquad": False, "seriesNumber": 1 + listing.club_game[side] // 3}


def _note(season: Season, number: int, side: int, confirmed: bool) -> str:
    """What the club's reporter writes about the starter. Who was scratched is said once he was replaced."""
    announced, final = (int(x) for x in season.starters[number, side])
    if not confirmed:
        return "Announced; not yet confirmed by the club."
    return "Confirmed." if announced == final else "Replaces the announced starter, who was scratched."


def _percentage(wins: int, losses: int) -> str:
    share = f"{wins / (wins + losses):.3f}" if wins + losses else "0.000"
    return share if share.startswith("1") else share[1:]


def _halves_ended(season: Season, number: int, moment: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (season.half_runs[number] >= 0) & (season.half_ends[number] <= moment)


def linescore(season: Season, listing: Listing, moment: float) -> dict[str, Any]:
    """Runs by inning as of a moment. The home half that was not batted has no runs, as on the wire."""
    number = listing.number
    ended = _halves_ended(season, number, moment)
    over = moment >= season.ended[number]
    halves = int(ended.sum())
    current = int(season.innings[number]) if over else halves // 2 + 1
    top = not over and halves % 2 == 0
    innings = []
    for inning in range(current):
        line: dict[str, Any] = {"num": inning + 1, "ordinalNum": _ordinal(inning + 1)}
        for name, side in (("home", 1), ("away", 0)):
            runs = int(season.half_runs[number, inning, side])
            line[name] = {"runs": runs} if ended[inning, side] else {}
        innings.append(line)
    home, away = season.score_at(number, moment)
    return {
        "currentInning": current,
        "currentInningOrdinal": _ordinal(current),
        "inningState": "Top" if top else "Bottom",
        "inningHalf": "Top" if top else "Bottom",
        "isTopInning": top,
        "scheduledInnings": 9,
        "innings": innings,
        "teams": {"home": {"runs": home}, "away": {"runs": away}},
    }


def _game_info(season: Season, listing: Listing, moment: float) -> dict[str, Any]:
    number = listing.number
    if moment < season.first_pitch[number]:
        return {}
    info: dict[str, Any] = {"firstPitch": stamp(season.first_pitch[number]).replace("Z", ".000Z")}
    if moment >= season.ended[number]:
        pause = season.resumed_at(listing) - listing.stopped_at if listing.resumed_as is not None else 0.0
        minutes = (season.ended[number] - season.first_pitch[number] - pause) / MINUTE
        info = {"attendance": int(season.attendance[number]), **info, "gameDurationMinutes": round(float(minutes))}
    return info


def teams(season: int, club_id: int | None = None) -> dict[str, Any]:
    """The answer of ``/api/v1/teams`` (and of ``/api/v1/teams/{id}``) for a season. Unknown id: ``KeyError``."""
    chosen = range(len(CLUBS)) if club_id is None else [CLUB_INDEX[club_id]]
    listed = []
    for index in chosen:
        club = club_in(index, season)
        basics = {"id": club.club_id, "name": club.name, "link": f"/api/v1/teams/{club.club_id}"}
        listed.append({"allStarStatus": "N", **basics, **_team_details(club, season)})
    return {"copyright": COPYRIGHT, "teams": listed}


def _team_details(club: Club, season: int) -> dict[str, Any]:
    def ref(kind: str, number: int, name: str) -> dict[str, Any]:
        return {"id": number, "name": name, "link": f"/api/v1/{kind}/{number}"}

    return {
        "season": season,
        "venue": ref("venues", club.venue_id, club.venue_name),
        "teamCode": club.team_code,
        "fileCode": club.file_code,
        "abbreviation": club.abbreviation,
        "teamName": club.team_name,
        "locationName": club.location,
        "firstYearOfPlay": str(club.first_year),
        "league": ref("league", club.league_id, LEAGUES[club.league_id]),
        "division": ref("divisions", club.division_id, DIVISIONS[club.division_id]),
        "sport": {"id": 1, "link": "/api/v1/sports/1", "name": "Major League Baseball"},
        "shortName": club.short_name,
        "franchiseName": club.franchise,
        "clubName": "Diamondbacks" if club.team_name == "D-backs" else club.team_name,
        "active": True,
    }


def stamp(moment: float) -> str:
    """``2024-07-01T19:07:00Z``."""
    return utc(float(moment)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ordinal(inning: int) -> str:
    return _ORDINALS.get(inning, f"{inning}th")


def _guid(seed: int, game_pk: int) -> str:
    h = hashlib.sha256(f"game {seed} {game_pk}".encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"
