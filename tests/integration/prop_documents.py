"""PrizePicks boards and answers of one event's odds, written by hand: small, and with every oddity of their formats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]

START = "2025-07-15T19:05:00-04:00"
GAME = "81234"


def projection(number: int, player: str = "501", *, game: str | None = GAME, **attributes: Any) -> Document:
    """A standard MLB line of 0.5 hits, more or less; attributes and relationships can be changed or taken out."""
    relationships: dict[str, str | None] = {
        "league": attributes.pop("league", "2"),
        "duration": attributes.pop("duration", "12"),
        "stat_type": "61",
        "new_player": player,
        "game": game,
    }
    told = {
        "description": "NYY",
        "game_id": GAME,
        "in_game": False,
        "is_live": False,
        "is_promo": False,
        "line_score": 0.5,
        "odds_type": "standard",
        "start_time": START,
        "stat_type": "Hits",
        "status": "pre_game",
        "updated_at": "2025-07-15T10:00:00-04:00",
        "board_time": "2025-07-15T08:00:00-04:00",
        **attributes,
    }
    return {
        "type": "projection",
        "id": str(number),
        "attributes": told,
        "relationships": {k: {"data": {"type": k, "id": v}} for k, v in relationships.items() if v is not None}
        | {"score": {"data": None}},
    }


def player(number: str, name: str, team: str = "BOS", **attributes: Any) -> Document:
    market, nickname = {"BOS": ("Boston", "Red Sox"), "NYY": ("New York", "Yankees")}.get(team, ("Nowhere", "Nobodies"))
    told = {
        "combo": False,
        "display_name": name,
        "league": "MLB",
        "league_id": 2,
        "market": market,
        "name": name,
        "position": "OF",
        "team": team,
        "team_name": nickname,
        **attributes,
    }
    return {"type": "new_player", "id": number, "attributes": told, "relationships": {"team_data": {"data": None}}}


def game(number: str = GAME, away: str = "BOS", home: str = "NYY") -> Document:
    teams = {"away": {"abbreviation": away}, "home": {"abbreviation": home}}
    return {
        "type": "game",
        "id": number,
        "attributes": {"start_time": START, "metadata": {"game_info": {"status": "scheduled", "teams": teams}}},
    }


def named(kind: str, number: str, name: str) -> Document:
    return {"type": kind, "id": number, "attributes": {"name": name}}


def board(projections: Sequence[Any], *resources: Document, page: int = 1, pages: int = 1) -> bytes:
    common = [named("league", "2", "MLB"), named("duration", "12", "Full"), named("stat_type", "61", "Hits"), game()]
    return json.dumps(
        {
            "data": list(projections),
            "included": [*common, *resources],
            "links": {"self": "api.prizepicks.com/projections"},
            "meta": {"current_page": page, "total_pages": pages},
        }
    ).encode()


EVENT = "ab" * 16


def outcome(name: str, player: str | None, price: Any, point: Any = None) -> Document:
    told = {"name": name, "description": player, "price": price, "point": point}
    return {key: value for key, value in told.items() if value is not None}


def market(key: str, *outcomes: Any, last_update: str | None = "2025-07-15T15:59:00Z") -> Document:
    return {"key": key, "outcomes": list(outcomes)} | ({"last_update": last_update} if last_update else {})


def book(key: str, *markets: Document) -> Document:
    return {"key": key, "title": key.title(), "markets": list(markets)}


def event(*books: Document, **changes: Any) -> Document:
    return {
        "id": EVENT,
        "sport_key": "baseball_mlb",
        "sport_title": "MLB",
        "commence_time": "2025-07-15T23:05:00Z",
        "home_team": "New York Yankees",
        "away_team": "Boston Red Sox",
        "bookmakers": list(books),
        **changes,
    }
