"""One event in the words of The Odds API v4: featured markets, parts of the game and players' props, as of a moment.

As documented: a single object, not a list; times of change per market and none per book; a prop's outcomes are named
Over, Under, Yes or No and carry the player as ``description``; an alternate market has several points of a player, the
over only. A book without any of the markets is absent, and they may all be. Bovada writes the club behind the name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from dagster_mlb.simulator import prop_prices, wire_odds
from dagster_mlb.simulator.books import BOOKS
from dagster_mlb.simulator.clubs import CLUBS, odds_api_name
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.prop_prices import PropQuote
from dagster_mlb.simulator.schedule import Listing, utc
from dagster_mlb.simulator.wire_odds import decimal_price, dumps
from dagster_mlb.simulator.world import World

PERIOD_MARKETS: Final = {
    "h2h_1st_5_innings": "first_five",
    "spreads_1st_5_innings": "first_five",
    "totals_1st_5_innings": "first_five",
    "h2h_1st_1_innings": "first_inning",
    "totals_1st_1_innings": "first_inning",
}
# What the feed knows beside them; the league's books do not sell it, so an answer is without.
UNSOLD_MARKETS: Final = frozenset(
    {"alternate_spreads", "alternate_totals", "team_totals", "alternate_team_totals", "batter_stolen_bases"}
    | {"batter_stolen_bases_alternate", "batter_first_home_run", "h2h_3_way_1st_5_innings"}
)
MARKETS: Final = frozenset({*wire_odds.MARKETS, *PERIOD_MARKETS, *prop_prices.MARKETS, *UNSOLD_MARKETS})
_CLUB_BEHIND_NAME: Final = frozenset({"bovada"})


class Asked(NamedTuple):
    """What was asked for of one event, already validated. ``books`` are positions in ``BOOKS``."""

    markets: tuple[str, ...]
    books: tuple[int, ...]
    is_american: bool
    unix: bool


class Answer(NamedTuple):
    """A body and the markets in it, which are what is paid for."""

    body: bytes
    markets: frozenset[str]


def find(world: World, event_id: str, moment: float) -> tuple[Season, Listing] | None:
    """The event as the feed lists it at a moment; None where it does not (unknown, not listed yet, or over)."""
    listed = wire_odds.on_offer(world, moment)
    return next(((s, x) for s, x in listed if wire_odds.event_id(world.seed, x) == event_id), None)


def event_odds(world: World, season: Season, listing: Listing, asked: Asked, moment: float) -> Answer:
    """The answer of ``/events/{id}/odds`` for an event that is on offer."""
    event = _head(world, season, listing, asked, moment)
    event["bookmakers"] = []
    featured = _featured(world, listing, asked, moment)
    found: set[str] = set()
    for book in asked.books:
        markets = [
            *featured.get(BOOKS[book].key, []),
            *_periods(world, season, listing, book, asked, moment),
            *_props(world, season, listing, book, asked, moment),
        ]
        if markets:
            event["bookmakers"].append({"key": BOOKS[book].key, "title": BOOKS[book].title, "markets": markets})
            found |= {market["key"] for market in markets}
    return Answer(dumps(event), frozenset(found & set(asked.markets)))


def historical_event_odds(world: World, season: Season, listing: Listing, asked: Asked, snapshot: datetime) -> Answer:
    """The snapshot of an event with its neighbours' times, on the five-minute grid."""
    newest = wire_odds.floor_to_grid(world.now)
    after = snapshot + wire_odds.GRID
    head = {
        "timestamp": _iso(snapshot),
        "previous_timestamp": _iso(snapshot - wire_odds.GRID),
        "next_timestamp": _iso(after) if after <= newest else None,
    }
    told = event_odds(world, season, listing, asked, snapshot.timestamp())
    return Answer(dumps(head)[:-1] + b',"data":' + told.body + b"}", told.markets)


def event_markets(world: World, season: Season, listing: Listing, asked: Asked, moment: float) -> bytes:
    """The answer of ``/events/{id}/markets``: which markets each book has, without prices."""
    everything = (*wire_odds.MARKETS, *PERIOD_MARKETS, *prop_prices.MARKETS)
    told = json.loads(event_odds(world, season, listing, asked._replace(markets=everything), moment).body)
    for book in told["bookmakers"]:
        book["markets"] = [{"key": m["key"], "last_update": m["last_update"]} for m in book["markets"]]
    return dumps(told)


def _head(world: World, season: Season, listing: Listing, asked: Asked, moment: float) -> dict[str, Any]:
    at = wire_odds.commence(season, listing, moment)
    return {
        "id": wire_odds.event_id(world.seed, listing),
        **wire_odds.SPORT,
        "commence_time": _time(at, asked.unix),
        "home_team": odds_api_name(listing.home, season.plan.season),
        "away_team": odds_api_name(listing.away, season.plan.season),
    }


def _featured(world: World, listing: Listing, asked: Asked, moment: float) -> dict[str, list[dict[str, Any]]]:
    """Book → its featured markets, as ``/odds`` has them."""
    markets = tuple(market for market in asked.markets if market in wire_odds.MARKETS)
    if not markets:
        return {}
    request = wire_odds.Request(
        markets=markets,
        books=asked.books,
        odds_format="american" if asked.is_american else "decimal",
        unix=asked.unix,
        event_ids=frozenset({wire_odds.event_id(world.seed, listing)}),
    )
    events = json.loads(wire_odds.odds(world, request, moment))
    return {book["key"]: book["markets"] for event in events for book in event["bookmakers"]}


def _periods(
    world: World, season: Season, listing: Listing, book: int, asked: Asked, moment: float
) -> list[dict[str, Any]]:
    """A book's prices on a part of the game, until first pitch."""
    wanted = [market for market in asked.markets if market in PERIOD_MARKETS]
    if not wanted or moment >= season.first_pitch[listing.number]:
        return []
    day = world.market.quotes(listing.date)
    quote = day.current(listing, moment)[book]
    if quote < 0 or day.suspended(listing, moment)[book]:
        return []
    names = odds_api_name(listing.home, season.plan.season), odds_api_name(listing.away, season.plan.season)
    found = []
    for market in wanted:
        period = world.market.period_quotes(listing.date, PERIOD_MARKETS[market])
        row = period.row[listing.number]
        if not period.offered[row, book]:
            continue
        at = (row, book, quote)
        sides: list[tuple[str, Any, float | None]]
        if market.startswith("h2h"):
            sides = [(names[0], period.home[at], None), (names[1], period.away[at], None)]
        elif market.startswith("spreads"):
            point = float(period.home_point[at])
            sides = [(names[0], period.spread_home[at], point), (names[1], period.spread_away[at], -point)]
        else:
            line = float(period.total[at])
            sides = [("Over", period.over[at], line), ("Under", period.under[at], line)]
        outcomes = [
            {"name": name, "price": _price(int(price), asked)} | ({} if point is None else {"point": point})
            for name, price, point in sorted(sides, key=lambda side: side[0])
        ]
        found.append({"key": market, "last_update": _time(float(period.at[at]), asked.unix), "outcomes": outcomes})
    return found


def _props(
    world: World, season: Season, listing: Listing, book: int, asked: Asked, moment: float
) -> list[dict[str, Any]]:
    by_market: dict[str, list[PropQuote]] = {}
    for quote in prop_prices.prop_quotes(world, season, listing, BOOKS[book].key, moment):
        by_market.setdefault(quote.market, []).append(quote)
    found = []
    for market in asked.markets:
        quotes = by_market.get(market)
        if quotes:
            outcomes = _outcomes(quotes, book, season, asked)
            found.append({"key": market, "last_update": _time(quotes[0].at, asked.unix), "outcomes": outcomes})
    return found


def _outcomes(quotes: Sequence[PropQuote], book: int, season: Season, asked: Asked) -> list[dict[str, Any]]:
    outcomes: list[dict[str, Any]] = []
    for quote in quotes:
        name = quote.player.name
        if BOOKS[book].key in _CLUB_BEHIND_NAME:
            name = f"{name} ({CLUBS[quote.player.club].abbreviation})"
        words = ("Yes", "No") if quote.line is None else ("Over", "Under")
        for word, price in zip(words, (quote.over, quote.under), strict=True):
            if price is not None:
                outcome: dict[str, Any] = {"name": word, "description": name, "price": _price(price, asked)}
                outcomes.append(outcome if quote.line is None else outcome | {"point": quote.line})
    return outcomes


def _price(price: int, asked: Asked) -> int | float:
    return price if asked.is_american else decimal_price(price)


def _time(moment: float, unix: bool) -> str | int:
    return int(moment) if unix else _iso_of(int(moment))


@lru_cache(maxsize=4096)
def _iso_of(moment: int) -> str:
    return _iso(utc(moment))


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
