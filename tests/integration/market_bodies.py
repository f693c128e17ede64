"""Answers of every source of prices and splits about one game, Atlanta at New York (AL), each spoiled in known ways.

The words are the sources' own; ``test_bad_markets`` says what must become of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.recordings.envelopes_sbr import next_data_page

AWAY, HOME = "Atlanta Braves", "New York Yankees"
START = "2025-07-15T23:05:00Z"
DAY = "2025-07-15"


def odds_api(*books: tuple[str, Sequence[dict[str, Any]]]) -> bytes:
    """The odds of the game, American: (book, markets)."""
    told = [{"key": book, "title": book, "last_update": START, "markets": list(markets)} for book, markets in books]
    return _json(
        [
            {
                "id": "0123456789abcdef0123456789abcdef",
                "sport_key": "baseball_mlb",
                "commence_time": START,
                "home_team": HOME,
                "away_team": AWAY,
                "bookmakers": told,
            }
        ]
    )


def outcomes(key: str, *told: tuple[str, Any, float | None]) -> dict[str, Any]:
    """A market of The Odds API: (outcome, price, point)."""
    return {"key": key, "outcomes": [{"name": name, "price": price, "point": point} for name, price, point in told]}


def action_network(*told: tuple[str, str, dict[str, Any]]) -> bytes:
    """The scoreboard: (book, market, outcome), an outcome by its side, odds, value and shares."""
    markets: dict[str, Any] = {}
    for book, market, outcome in told:
        team = {"home": {"team_id": 191}, "away": {"team_id": 215}}.get(outcome["side"], {})
        whole = {"line_status": "normal", "is_live": False, "is_alt_market": False, "value": 0} | team | outcome
        markets.setdefault(book, {"event": {}})["event"].setdefault(market, []).append(whole)
    game = {
        "id": 292748,
        "status": "scheduled",
        "start_time": START,
        "away_team_id": 215,
        "home_team_id": 191,
        "markets": markets,
    }
    return _json({"games": [game]})


def shares(tickets: Any, money: Any) -> dict[str, Any]:
    return {"tickets": {"value": 0, "percent": tickets}, "money": {"value": 0, "percent": money}}


VSIN_CELLS = ("Spread", "Handle", "Bets", "Total", "Handle", "Bets", "Money", "Handle", "Bets")


def vsin(away: Sequence[str], home: Sequence[str], *, book: str = "dk") -> bytes:
    """A book's page: the nine cells of each club (run line, total and moneyline, each with handle and bets)."""
    header = "".join(f"<th>{name}</th>" for name in VSIN_CELLS)
    rows = "".join(
        f'<tr class="sp-row"><td><button data-gamecode="20250715MLB00001"></button></td><td class="sp-cell-team">'
        f'<a class="sp-team-link" href="/x">{club}</a></td>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for club, cells in ((AWAY, away), (HOME, home))
    )
    return (
        f'<table class="sp-table"><tr class="sp-sport-header sp-source-{book}"><th class="sp-sport-name" colspan="2">'
        f'<a href="/mlb/games/?gamedate={DAY}">MLB</a></th>{header}</tr>{rows}</table>'
    ).encode()


def sbd(markets: dict[str, Sequence[dict[str, Any]]], splits: dict[str, Any]) -> bytes:
    """The feed: books of each market, and splits of each market."""
    club = {
        "away": {"abbreviation": "ATL", "market": "Atlanta", "name": "Braves"},
        "home": {"abbreviation": "NYY", "market": "New York", "name": "Yankees"},
    }
    game = {
        "id": "sr:match:1",
        "league": "mlb",
        "status": "not_started",
        "scheduled": START,
        "competitors": club,
        "markets": {market: {"books": list(books)} for market, books in markets.items()},
        "bettingSplits": splits,
    }
    return _json({"data": [game]})


def sbr_game() -> dict[str, Any]:
    return {
        "gameId": 350001,
        "leagueName": "MLB",
        "startDate": "2025-07-15T23:05:00+00:00",
        "awayTeam": {"fullName": AWAY},
        "homeTeam": {"fullName": HOME},
    }


def sbr_page(*views: tuple[str, dict[str, Any]]) -> bytes:
    """A daily page: (book, its current line)."""
    told = [{"gameId": 350001, "sportsbook": book, "openingLine": None, "currentLine": line} for book, line in views]
    table = {"league": "MLB", "oddsTableModel": {"gameRows": [{"gameView": sbr_game(), "oddsViews": told}]}}
    return _page({"oddsTables": [table]})


def sbr_history(*moves: tuple[str, int, int]) -> bytes:
    """DraftKings' moneyline: (moment, home price, away price), in the order of the page."""
    told = [{"oddsDate": at, "homeOdds": home, "awayOdds": away} for at, home, away in moves]
    view = {"gameId": 350001, "sportsbook": "draftkings", "moneyLineHistory": told}
    return _page({"lineHistoryModel": {"lineHistory": {"gameView": sbr_game(), "oddsViews": [view]}}})


def schedule(*games: dict[str, Any]) -> bytes:
    return _json({"dates": [{"date": game["officialDate"], "games": [game]} for game in games]})


def listed_game(pk: int, day: str, status: str, score: tuple[int, int] | None = None) -> dict[str, Any]:
    """A game of MLB's schedule, ``score`` (away, home) where it is over."""
    runs = score or (None, None)
    sides = {
        side: {"team": {"id": club}} | ({} if told is None else {"score": told})
        for side, club, told in (("away", 144, runs[0]), ("home", 147, runs[1]))
    }
    return {
        "gamePk": pk,
        "gameType": "R",
        "gameDate": f"{day}T23:05:00Z",
        "officialDate": day,
        "status": {"statusCode": status, "detailedState": "Final" if status == "F" else "Scheduled"},
        "teams": sides,
        "gameNumber": 1,
        "doubleHeader": "N",
        "scheduledInnings": 9,
    }


def _page(page_props: Any) -> bytes:
    return next_data_page(_json({"props": {"pageProps": page_props}}))


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()
