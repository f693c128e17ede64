"""The league in SportsbookReview's pages: a day's odds of one market, and the line history of a game, as of now.

A page is HTML that carries its document in a script, as the site's framework writes it. A postponed game keeps its
gameId and moves to its new day with its new start, and its history then lists each book twice; a doubleheader is two
gameIds that only their starts tell apart; a suspended game stays on the day it began. Prices are ``wire_sbr_moves``'.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from dagster_mlb.simulator.clubs import ATHLETICS, club_in
from dagster_mlb.simulator.http_answers import json_bytes
from dagster_mlb.simulator.league import starter_name
from dagster_mlb.simulator.prices import BOOKS
from dagster_mlb.simulator.schedule import Listing, utc
from dagster_mlb.simulator.season import Season
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.wire_sbr_moves import NO_PRICE, PLACES, SBR, SHOWN, Move, book_moves, current
from dagster_mlb.simulator.world import World

# How many days ahead games are shown.
DAYS_AHEAD: Final = 2
_FIRST_ID: Final = 100_000

# Where its short name is not MLB's abbreviation.
_SHORT_NAMES: Final = {"WSH": "WAS", "AZ": "ARI", "CWS": "CHW"}


def game_id(listing: Listing) -> int:
    """The gameId of a line of the schedule: a make-up has that of the game it makes up."""
    number = listing.number if listing.made_up_from is None else listing.made_up_from
    return _FIRST_ID + (listing.season - 2000) * 10_000 + number


def event_listings(world: World) -> dict[str, Listing]:
    """Every event that the pages list as of now, by its id, and the line of the schedule that it stands for."""
    found = {}
    for plan in world.plans:
        season = world.league.season(plan.season)
        for day in season.by_date:
            found.update({str(game_id(listing)): listing for listing in _listed(world, season, day)})
    return found


def daily_page(world: World, day: date, market: str) -> bytes:
    """The page of a day and a market (moneyline, spread, total): opening and current lines of every book."""
    season = world.league.season_of(day)
    rows = [_game_row(world, season, listing, market) for listing in _listed(world, season, day)] if season else []
    tables = [{"league": "MLB", "oddsTableModel": {"sportsbooks": _sportsbooks(), "gameRows": rows}}] if rows else []
    return _html({"oddsTables": tables}, "/betting-odds/[league]")


def line_history_page(world: World, asked: int) -> bytes | None:
    """The page of a game's moves; None for a gameId that the pages do not list."""
    listing = event_listings(world).get(str(asked))
    if listing is None:
        return None
    season = world.league.season(listing.season)
    lines = [listing] if listing.made_up_from is None else [season.listings[listing.made_up_from], listing]
    views = [
        view for line in lines for place in PLACES if (view := _history_view(world, season, line, place)) is not None
    ]
    history = {"gameView": _game_view(world, season, listing), "oddsViews": views}
    model = {"sportsbooks": _sportsbooks(), "lineHistory": history}
    return _html({"lineHistoryModel": model}, "/betting-odds/[league]/line-history/[gameId]")


def _listed(world: World, season: Season, day: date) -> Iterator[Listing]:
    """The games of a day's page, by start: without those moved to another day, and none before the day nears."""
    if day <= world.today + timedelta(days=DAYS_AHEAD):
        for listing in season.by_date.get(day, []):
            if listing.is_played_as_of(world.moment):
                yield listing


# ---------------------------------------------------------------- a game's prices


def _game_row(world: World, season: Season, listing: Listing, market: str) -> dict[str, Any]:
    views = [_odds_view(world, season, listing, place, market) for place in PLACES]
    return {"gameView": _game_view(world, season, listing), "oddsViews": views}


def _odds_view(world: World, season: Season, listing: Listing, place: int, market: str) -> dict[str, Any] | None:
    moves = book_moves(world, season, listing, place, market)
    now = current(world, listing, place, moves)
    if now is None:
        return None
    return {
        "gameId": game_id(listing),
        "sportsbook": _machine_name(place),
        "viewType": None,
        "openingLine": _line(moves[0], market, unfilled=None),
        "currentLine": _line(now, market, unfilled=0),
        "openingLineViews": None,
    }


def _line(move: Move, market: str, *, unfilled: int | None) -> dict[str, Any]:
    """One market's fields; those of the others are null in an opening line and 0 in a current one."""
    line: dict[str, Any] = dict.fromkeys(
        ("odds", "homeOdds", "awayOdds", "overOdds", "underOdds", "drawOdds"), unfilled
    )
    line |= dict.fromkeys(("homeSpread", "awaySpread", "total"), unfilled)
    return line | _prices(move, market)


def _prices(move: Move, market: str) -> dict[str, Any]:
    if market == "total":
        return {"overOdds": move.one, "underOdds": move.other, "total": move.line}
    prices: dict[str, Any] = {"homeOdds": move.one, "awayOdds": move.other}
    if market == "spread" and move.line is not None:
        prices |= {"homeSpread": move.line, "awaySpread": -move.line if move.line else 0.0}
    return prices


def _history_view(world: World, season: Season, listing: Listing, place: int) -> dict[str, Any] | None:
    moves = {market: book_moves(world, season, listing, place, market) for market in ("total", "spread", "moneyline")}
    if not any(moves.values()):
        return None
    no_spread = {"homeSpread": None, "awaySpread": None}
    return {
        "gameId": game_id(listing),
        "sportsbook": _machine_name(place),
        "totalHistory": [{"oddsDate": _time(x.at), **_prices(x, "total")} for x in moves["total"]],
        "spreadHistory": [{"oddsDate": _time(x.at), **_prices(x, "spread")} for x in moves["spread"]],
        "moneyLineHistory": [
            {"oddsDate": _time(x.at), **_prices(x, "moneyline"), **no_spread} for x in moves["moneyline"]
        ],
    }


# ---------------------------------------------------------------- a game


def _game_view(world: World, season: Season, listing: Listing) -> dict[str, Any]:
    number, moment, year = listing.number, world.moment, season.plan.season
    home, away = season.score_at(number, moment)
    begun = moment >= season.first_pitch[number]
    club = club_in(listing.home, year)
    return {
        "gameId": game_id(listing),
        "leagueName": "MLB",
        "startDate": _time(listing.start),
        "awayTeam": _team(listing.away, year),
        "awayTeamRotationNumber": "",
        "awayStarter": _starter(season, listing, 1, moment),
        "awayTeamScore": away if begun else 0,
        "homeTeam": _team(listing.home, year),
        "homeStarter": _starter(season, listing, 0, moment),
        "homeTeamRotationNumber": "",
        "homeTeamScore": home if begun else 0,
        "gameStatusText": _status(season, listing, moment),
        "status": "1",
        "venueName": club.venue_name,
        "city": club.location,
        "state": "",
        "country": "Canada" if club.abbreviation == "TOR" else "USA",
        "consensus": _consensus(world, listing),
        "baseballLivescore": _livescore(season, listing, moment) if begun else None,
    }


def _status(season: Season, listing: Listing, moment: float) -> str:
    if moment >= season.ended[listing.number]:
        return "Final"
    if season.is_suspended(listing, moment):
        return "Suspended"
    if season.is_interrupted(listing, moment):
        return "Delayed"
    return "In Progress" if moment >= season.first_pitch[listing.number] else ""


def _team(index: int, year: int) -> dict[str, Any]:
    club = club_in(index, year)
    nickname = "Diamondbacks" if club.team_name == "D-backs" else club.team_name
    city = club.name.removesuffix(nickname).strip() or nickname
    is_homeless = club.club_id == ATHLETICS and club.name == nickname
    return {
        "name": city,
        "fullName": f"{nickname} {nickname}" if is_homeless else club.name,
        "shortName": _SHORT_NAMES.get(club.abbreviation, club.abbreviation),
        "displayName": club.short_name,
        "nickname": nickname,
        "rank": -1,
    }


def _starter(season: Season, listing: Listing, side: int, moment: float) -> dict[str, Any] | None:
    number = listing.number
    if moment < season.announced_at[number, side]:
        return None
    which = int(moment >= season.confirmed_at[number, side])
    club = listing.away if side else listing.home
    first, _, last = starter_name(club, int(season.starters[number, side, which]), season.plan.season).partition(" ")
    return {"firstName": first, "lastName": last, "throwsShort": "R", "firstInital": first[:1]}


def _livescore(season: Season, listing: Listing, moment: float) -> dict[str, Any]:
    """The inning, and nothing of who is at bat."""
    number = listing.number
    begun = (season.half_runs[number] >= 0) & (season.half_starts[number] <= moment)
    halves = max(int(begun.sum()), 1)
    return {
        "inning": (halves + 1) // 2,
        "topBottom": "top" if halves % 2 else "bottom",
        "outs": 3 if moment >= season.ended[number] else 0,
        "balls": 0,
        "strikes": 0,
        "runnerOnFirst": False,
        "runnerOnSecond": False,
        "runnerOnThird": False,
    }


def _consensus(world: World, listing: Listing) -> dict[str, float]:
    """Shares of some hundred picks: the public's lean, a little less of it. Not every run line is picked."""
    moment = min(world.moment, listing.start)
    generator = world.league.streams.at(listing.listed_at, SBR, listing.season, listing.number)
    picks, skips_spread = int(generator.integers(150, 900)), generator.random() < 0.3
    shares: dict[str, float] = {}
    for market, one, other in (
        ("moneyline", "homeMoneyLinePickPercent", "awayMoneyLinePickPercent"),
        ("spread", "homeSpreadPickPercent", "awaySpreadPickPercent"),
        ("total", "overPickPercent", "underPickPercent"),
    ):
        told = public_splits(world, listing, market, moment)
        if told is None or (market == "spread" and skips_spread):
            shares |= {one: 0, other: 0}
        else:
            mine = round(picks * (0.5 + 0.8 * (told.tickets / 100 - 0.5)))
            shares |= {one: 100 * mine / picks, other: 100 * (picks - mine) / picks}
    return shares


# ---------------------------------------------------------------- the page


def _sportsbooks() -> list[dict[str, Any]]:
    return [
        {
            "sportsbookId": number,
            "slug": machine_name.replace("_", "-"),
            "vertical": "betting",
            "name": name,
            "machineName": machine_name,
            "affiliateLink": "",
            "iconMonochrome": None,
            "iconColor": None,
            "iconColorBackground": None,
        }
        for machine_name, name, number in (SHOWN[BOOKS[place].key] for place in PLACES)
    ]


def _machine_name(place: int) -> str:
    return SHOWN[BOOKS[place].key][0]


def _html(page_props: dict[str, Any], page: str) -> bytes:
    """A page around its document. ``<`` is escaped inside the script, as the framework does."""
    document = {"props": {"pageProps": page_props, "__N_SSP": True}, "page": page, "query": {}, "buildId": "league"}
    script = json_bytes(document).replace(b"<", b"\\u003c")
    return (
        b'<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>MLB Betting Odds</title></head><body>'
        b'<div id="__next"><main><h1>MLB Odds</h1></main></div>'
        b'<script id="__NEXT_DATA__" type="application/json">' + script + b"</script></body></html>"
    )


def _time(moment: float) -> str:
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S+00:00")


__all__ = ["NO_PRICE", "daily_page", "event_listings", "game_id", "line_history_page"]
