"""PrizePicks' board as it answers: a JSON:API document in pages, as of a moment.

Shapes follow the recorded board and what newer clients read: ids are text, times carry New York's offset, a page
includes only what its projections point at, and resources of other leagues; some display names are empty; a game names
its clubs by abbreviation and by relationship; which sides may be taken is stated on some lines and missing on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from dagster_mlb.simulator import wire_odds
from dagster_mlb.simulator.board_lines import STATS, BoardLine, board_lines
from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.rosters import Player
from dagster_mlb.simulator.schedule import NEW_YORK, Listing, utc
from dagster_mlb.simulator.world import World

MLB: Final = 2
DEFAULT_PER_PAGE: Final = 250
_IMAGES: Final = "https://static.prizepicks.com/images"
_ET: ZoneInfo = NEW_YORK
_STAT_IDS: Final = {name: str(60 + place) for place, name in enumerate(STATS.values())}
# Of other leagues, on every page: whoever takes `included` for the league's own is wrong.
_STRANGERS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "league", "id": "7", "attributes": {"active": True, "icon": "basketball", "name": "NBA", "rank": 2}},
    {
        "type": "team",
        "id": "1907",
        "attributes": {"abbreviation": "ATL", "market": "Atlanta", "name": "Hawks", "primary_color": None},
    },
    {
        "type": "new_player",
        "id": "1911",
        "attributes": {
            "combo": False,
            "display_name": "",
            "league": "NBA",
            "league_id": 7,
            "market": "Atlanta",
            "name": "Simulated Guard ATL 1",
            "position": "G",
            "team": "ATL",
            "team_name": "Hawks",
        },
        "relationships": {
            "league": {"data": {"type": "league", "id": "7"}},
            "team_data": {"data": {"type": "team", "id": "1907"}},
        },
    },
)

_at_moment: WeakKeyDictionary[League, tuple[float, list[tuple[Season, Listing, BoardLine]]]] = WeakKeyDictionary()


def game_id(listing: Listing) -> str:
    """The board's game: a number as text; a made-up game is another line of the schedule and so another game."""
    return str(listing.season % 100 * 10_000 + listing.number)


def event_listings(world: World) -> dict[str, Listing]:
    """The truth about every game that the board ever shows: its id → the line of the schedule that it is about."""
    return {
        game_id(listing): listing
        for plan in world.plans
        for listing in world.league.season(plan.season).listings
        if not listing.is_resumption
    }


def board(world: World, *, league_id: int = MLB, page: int = 1, per_page: int = DEFAULT_PER_PAGE) -> dict[str, Any]:
    """One page of a league's board as of the world's now. Other leagues are empty, and so is a page past the last."""
    offered = _offered(world) if league_id == MLB else []
    shown = offered[(page - 1) * per_page : page * per_page]
    included: dict[tuple[str, str], dict[str, Any]] = {}
    data = [_projection(season, listing, line, included) for season, listing, line in shown]
    if shown:
        for stranger in _STRANGERS:
            included.setdefault((stranger["type"], stranger["id"]), stranger)
    asked = f"league_id={league_id}&page={page}&per_page={per_page}"
    return {
        "data": data,
        "included": list(included.values()),
        "links": {"self": f"api.prizepicks.com/projections?{asked}"},
        "meta": {"current_page": page, "total_pages": max(-(-len(offered) // per_page), 1)},
    }


def _offered(world: World) -> list[tuple[Season, Listing, BoardLine]]:
    """Every line of the board at the world's moment, in its order. Kept for that one moment: its pages are asked for
    one after the other."""
    moment = world.moment
    known = _at_moment.get(world.league)
    if known is None or known[0] != moment:
        lines = [
            (season, listing, line)
            for season, listing in wire_odds.on_offer(world, moment)
            for line in board_lines(world, season, listing, moment)
        ]
        known = _at_moment[world.league] = (moment, lines)
    return known[1]


def leagues() -> dict[str, Any]:
    """The answer of ``/leagues``."""
    return {"data": [_league()]}


def _projection(
    season: Season, listing: Listing, line: BoardLine, included: dict[tuple[str, str], dict[str, Any]]
) -> dict[str, Any]:
    year = season.plan.season
    clubs = (listing.home, listing.away)
    opponent = club_in(clubs[1 - line.side], year).abbreviation
    is_combo = len(line.players) > 1
    own = club_in(clubs[line.side], year).abbreviation
    kind = "2" if line.stat != "hitter_fantasy_score" else "1"
    pointed_at = [
        _league(),
        _named("duration", "12", "Full"),
        _named("projection_type", kind, "Single Stat" if kind == "2" else "Fantasy Score"),
        _stat_type(STATS[line.stat]),
        *(_team(club, year) for club in clubs),
        _game(season, listing),
        _combo_player(line.players, year) if is_combo else _player(line.players[0], year),
    ]
    for resource in pointed_at:
        included.setdefault((resource["type"], resource["id"]), resource)
    attributes: dict[str, Any] = {
        "adjusted_odds": None if line.odds_type == "standard" else True,
        "board_time": _et(line.opened_at),
        "custom_image": None,
        "description": f"{own}/{opponent}" if is_combo else opponent,
        "discount_name": None,
        "discount_percentage": None,
        "end_time": None,
        "event_type": "combo" if is_combo else "team",
        "flash_sale_line_score": line.promo_line,
        "game_id": game_id(listing),
        "group_key": f"{line.players[0].player_id}-{_STAT_IDS[STATS[line.stat]]}-{game_id(listing)}",
        "hr_20": True,
        "in_game": False,
        "is_live": False,
        "is_live_scored": True,
        "is_promo": line.promo_line is not None,
        "line_score": line.line,
        "odds_type": line.odds_type,
        "projection_type": "Single Stat" if kind == "2" else "Fantasy Score",
        "rank": 1,
        "refundable": True,
        "start_time": _et(listing.start),
        "stat_display_name": STATS[line.stat],
        "stat_type": f"{STATS[line.stat]} (Combo)" if is_combo else STATS[line.stat],
        "status": "suspended" if line.is_suspended else "pre_game",
        "today": True,
        "trending_count": None,
        "tv_channel": None,
        "updated_at": _et(line.updated_at),
    }
    if line.says_sides:
        attributes["allowed_wager_types"] = "under_or_over" if line.odds_type == "standard" else "over"
    league, duration, projection_type, stat, *_, game, player = pointed_at
    return {
        "type": "projection",
        "id": line.projection_id,
        "attributes": attributes,
        "relationships": {
            "duration": _to(duration),
            "game": _to(game),
            "league": _to(league),
            "new_player": _to(player),
            "projection_type": _to(projection_type),
            "score": {"data": None},
            "stat_type": _to(stat),
        },
    }


def _to(resource: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": resource["type"], "id": resource["id"]}}


def _named(kind: str, number: str, name: str) -> dict[str, Any]:
    return {"type": kind, "id": number, "attributes": {"name": name}}


@lru_cache(maxsize=64)
def _stat_type(name: str) -> dict[str, Any]:
    return {
        "type": "stat_type",
        "id": _STAT_IDS[name],
        "attributes": {"lfg_ignored_leagues": [], "name": name, "rank": int(_STAT_IDS[name])},
    }


@lru_cache(maxsize=1)
def _league() -> dict[str, Any]:
    return {
        "type": "league",
        "id": str(MLB),
        "attributes": {
            "active": True,
            "f2p_enabled": True,
            "icon": "baseball",
            "image_url": f"{_IMAGES}/leagues/production/4.svg",
            "last_five_games_enabled": True,
            "league_icon_id": 4,
            "name": "MLB",
            "projections_count": 0,
            "rank": 1,
            "show_trending": True,
        },
        "relationships": {"projection_filters": {"data": []}},
    }


@lru_cache(maxsize=256)
def _team(club: int, year: int) -> dict[str, Any]:
    told = club_in(club, year)
    # "D-backs" is how MLB prints a name that the board writes out.
    nickname = told.team_name if told.name.endswith(told.team_name) else told.name.partition(" ")[2]
    return {
        "type": "team",
        "id": str(200 + club),
        "attributes": {
            "abbreviation": told.abbreviation,
            "market": told.name.removesuffix(nickname).strip(),
            "name": nickname,
            "primary_color": None,
            "secondary_color": None,
            "tertiary_color": None,
        },
    }


def _game(season: Season, listing: Listing) -> dict[str, Any]:
    year = season.plan.season
    sides = {"away": listing.away, "home": listing.home}
    return {
        "type": "game",
        "id": game_id(listing),
        "attributes": {
            "created_at": _et(max(listing.listed_at, listing.start - 6 * 86400.0)),
            "end_time": None,
            "external_game_id": f"MLB_game_{game_id(listing)}",
            "is_live": False,
            "metadata": {
                "game_info": {
                    "status": "scheduled",
                    "teams": {side: {"abbreviation": club_in(club, year).abbreviation} for side, club in sides.items()},
                }
            },
            "start_time": _et(listing.start),
            "status": "scheduled",
            "updated_at": _et(max(listing.listed_at, listing.start - 6 * 86400.0)),
        },
        "relationships": {f"{side}_team_data": _to(_team(club, year)) for side, club in sides.items()},
    }


@lru_cache(maxsize=4096)
def _player(player: Player, year: int) -> dict[str, Any]:
    team = _team(player.club, year)
    return {
        "type": "new_player",
        "id": str(player.player_id - 700_000),
        "attributes": {
            "combo": False,
            "display_name": "" if player.player_id % 41 == 0 else player.name,
            "image_url": f"{_IMAGES}/players/mlb/{player.player_id}.webp",
            "jersey_number": str(player.jersey),
            "league": "MLB",
            "league_id": MLB,
            "market": team["attributes"]["market"],
            "name": player.name,
            "position": player.position,
            "team": team["attributes"]["abbreviation"],
            "team_name": team["attributes"]["name"],
        },
        "relationships": {
            "league": {"data": {"type": "league", "id": str(MLB)}},
            "team_data": _to(team),
        },
    }


def _combo_player(players: Sequence[Player], year: int) -> dict[str, Any]:
    codes = "/".join(club_in(player.club, year).abbreviation for player in players)
    name = " + ".join(player.name for player in players)
    return {
        "type": "new_player",
        "id": "9" + "".join(str(player.player_id - 700_000) for player in players),
        "attributes": {
            "combo": True,
            "display_name": name,
            "image_url": None,
            "league": "MLB",
            "league_id": MLB,
            "market": codes,
            "name": name,
            "position": "SP",
            "team": codes,
            "team_name": codes,
        },
        "relationships": {"league": {"data": {"type": "league", "id": str(MLB)}}, "team_data": {"data": None}},
    }


def _et(moment: float) -> str:
    """A moment as the board writes it: New York's wall clock with its offset."""
    return utc(moment).astimezone(_ET).isoformat(timespec="seconds")
