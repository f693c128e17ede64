"""People, their statistics, moves between lists, and ballparks in the words of the MLB Stats API, as of a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import isinf
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from dagster_mlb.simulator import parks, rosters, wire_mlb_box
from dagster_mlb.simulator.box import games_of, lines_of, season_lines
from dagster_mlb.simulator.clubs import CLUBS, club_in
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.rosters import Injury, Player
from dagster_mlb.simulator.schedule import NEW_YORK, utc

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Wire = dict[str, Any]

_SIDES: Final = {
    "L": {"code": "L", "description": "Left"},
    "R": {"code": "R", "description": "Right"},
    "S": {"code": "S", "description": "Switch"},
}
_ROOFS: Final = {"open": "Open", "dome": "Dome", "retractable": "Retractable"}
_CLOSED_TURF: Final = frozenset({"dome"})
GROUPS: Final = ("hitting", "pitching")
STATS: Final = ("season", "gameLog")


def player_details(player: Player, year: int) -> Wire:
    """A person as ``/people`` and the feed's ``players`` describe him."""
    first, _, last = player.name.partition(" ")
    return {
        "id": player.player_id,
        "fullName": player.name,
        "link": f"/api/v1/people/{player.player_id}",
        "firstName": first,
        "lastName": last,
        "primaryNumber": str(player.jersey),
        "birthDate": player.birth_date.isoformat(),
        "currentAge": year - player.birth_date.year,
        "active": True,
        "primaryPosition": wire_mlb_box.position(player.position),
        "useName": first,
        "boxscoreName": player.name,
        "gender": "M",
        "isPlayer": True,
        "isVerified": True,
        "batSide": _SIDES[player.bats],
        "pitchHand": _SIDES[player.throws],
        "nameFirstLast": player.name,
        "nameSlug": f"{player.name.lower().replace(' ', '-')}-{player.player_id}",
        "strikeZoneTop": 3.4,
        "strikeZoneBottom": 1.6,
    }


def person(world: World, player_id: int, year: int) -> Player | None:
    """Who has an id in a season; None for nobody."""
    return rosters.player_of(world, year, player_id)


def stats(
    world: World, season: Season, player: Player, kinds: Sequence[str], groups: Sequence[str], moment: float
) -> list[Wire]:
    """``stats[]`` of a person from games that were over: a season's sum, and game by game."""
    told = []
    for kind in kinds:
        for group in groups:
            splits = _splits(world, season, player, kind, group, moment)
            if splits:
                head = {"type": {"displayName": kind}, "group": {"displayName": group}}
                told.append({**head, "exemptions": [], "splits": splits})
    return told


def _splits(world: World, season: Season, player: Player, kind: str, group: str, moment: float) -> list[Wire]:
    if (group == "hitting") != (player.role == "hitter") or kind not in STATS:
        return []
    year = season.plan.season
    club = club_in(player.club, year)
    around: Wire = {
        "season": str(year),
        "team": {"id": club.club_id, "name": club.name, "link": f"/api/v1/teams/{club.club_id}"},
        "player": wire_mlb_box.person(player),
        "sport": {"id": 1, "link": "/api/v1/sports/1", "abbreviation": "MLB"},
        "gameType": "R",
    }
    if kind == "season":
        batting, pitching = season_lines(world, season, player, moment)
        if not (batting.games or pitching.games):
            return []
        if group == "hitting":
            return [around | {"stat": wire_mlb_box.batting_stat(batting, ratios=True)}]
        return [around | {"stat": wire_mlb_box.pitching_stat(pitching, ratios=True)}]
    told = []
    for listing, side in games_of(season, player, moment):
        box = lines_of(world, season, listing)[side]
        stat: Wire | None = None
        if group == "hitting" and (bat := box.batting.get(player.player_id)) is not None:
            stat = wire_mlb_box.batting_stat(bat, ratios=True)
        elif group == "pitching" and (pitch := box.pitching.get(player.player_id)) is not None:
            stat = wire_mlb_box.pitching_stat(pitch, ratios=True)
        if stat is not None:
            game = {"gamePk": listing.game_pk, "link": f"/api/v1.1/game/{listing.game_pk}/feed/live"}
            told.append(around | {"date": listing.date.isoformat(), "game": game, "isHome": side == 0, "stat": stat})
    return told


# ------------------------------------------------------------------------------------------------ moves


def transactions(world: World, first: date, last: date, moment: float) -> list[Wire]:
    """Placements on the injured list and activations announced from ``first`` to ``last`` and by the moment, with the
    call-ups and options that follow from them."""
    told: list[tuple[float, Wire]] = []
    for plan in world.plans:
        if plan.closing < first or plan.opening > last:
            continue
        season = world.league.season(plan.season)
        for club in range(len(CLUBS)):
            for injury in rosters.injuries(world, season, club):
                told += _moves(season, club, injury, moment)
    chosen = [(at, move) for at, move in told if first.isoformat() <= move["date"] <= last.isoformat()]
    return [move for _, move in sorted(chosen, key=lambda pair: (pair[0], pair[1]["id"]))]


def _moves(season: Season, club: int, injury: Injury, moment: float) -> list[tuple[float, Wire]]:
    name = club_in(club, season.plan.season).name
    hurt, relief = injury.player, injury.replacement
    since = ""
    if (back := injury.retroactive_to) != _day(injury.placed_at):
        since = f" retroactive to {back.strftime('%B')} {back.day}, {back.year}"
    moves = []
    if injury.placed_at <= moment:
        words = f"{name} placed {_short(hurt)} on the {injury.days}-day injured list{since}. {injury.what}."
        moves.append((injury.placed_at, hurt, 0, "SC", "Status Change", words, injury.retroactive_to))
        words = f"{name} recalled {_short(relief)}."
        moves.append((injury.placed_at, relief, 1, "CU", "Recalled", words, _day(injury.placed_at)))
    if not isinf(injury.activated_at) and injury.activated_at <= moment:
        words = f"{name} activated {_short(hurt)} from the {injury.days}-day injured list."
        moves.append((injury.activated_at, hurt, 2, "SC", "Status Change", words, _day(injury.activated_at)))
        words = f"{name} optioned {_short(relief)}."
        moves.append((injury.activated_at, relief, 3, "OPT", "Optioned", words, _day(injury.activated_at)))
    team = CLUBS[club].club_id
    number = (season.plan.season * 100 + club) * 10_000 + injury.number * 10
    return [
        (
            at,
            {
                "id": number + part,
                "person": wire_mlb_box.person(player),
                "toTeam": {"id": team, "name": name, "link": f"/api/v1/teams/{team}"},
                "date": _day(at).isoformat(),
                "effectiveDate": effective.isoformat(),
                "resolutionDate": effective.isoformat(),
                "typeCode": code,
                "typeDesc": kind,
                "description": words,
            },
        )
        for at, player, part, code, kind, words, effective in moves
    ]


def _short(player: Player) -> str:
    return f"{player.throws + 'HP' if player.position == 'P' else player.position} {player.name}"


def _day(moment: float) -> date:
    return utc(moment).astimezone(NEW_YORK).date()


# ------------------------------------------------------------------------------------------------ places


def venue(venue_id: int, year: int, *, hydrate: frozenset[str] | None = None, at: float | None = None) -> Wire:
    """A ballpark; ``hydrate`` of location, timezone, fieldInfo (None: all). Raises ``KeyError`` for an unknown one."""
    park = parks.park(venue_id)
    told: Wire = {"id": venue_id, "name": park.name, "link": f"/api/v1/venues/{venue_id}"}
    if hydrate is None or "location" in hydrate:
        told["location"] = {
            "city": next(
                (club_in(i, year).location for i, c in enumerate(CLUBS) if c.club_id == park.home_team_id), ""
            ),
            "defaultCoordinates": {"latitude": park.latitude, "longitude": park.longitude},
            "azimuthAngle": float(park.azimuth_deg),
            "elevation": round(park.elevation_ft),
            "country": "Canada" if park.time_zone == "America/Toronto" else "USA",
        }
    if hydrate is None or "timezone" in hydrate:
        zone = ZoneInfo(park.time_zone)
        local = datetime.fromtimestamp(at, zone) if at is not None else datetime(year, 7, 1, tzinfo=zone)
        offset = local.utcoffset()
        hours = round(offset.total_seconds() / 3600) if offset is not None else 0
        told["timeZone"] = {"id": park.time_zone, "offset": hours, "offsetAtGameTime": hours, "tz": local.tzname()}
    if hydrate is None or "fieldInfo" in hydrate:
        turf = "Artificial Turf" if park.roof in _CLOSED_TURF else "Grass"
        told["fieldInfo"] = {"turfType": turf, "roofType": _ROOFS[park.roof]}
    return told | {"active": park.last_season is None or year <= park.last_season, "season": str(year)}
