"""The market in the words of The Odds API v4: odds, historical odds, events and scores, as of a moment.

Shapes follow recorded payloads, quirks included: outcomes by name and not by home and away, games in play among those
to come (with live prices that must not be taken for closing ones), a start that moves by minutes and odd seconds once
the game is on, tomorrow's games early and without books, two events of the same clubs on one UTC date, and a made-up
game under a new id. A suspended game's event vanishes and comes back, under its own id and old start, when play goes
on. A book that has taken its prices down is absent; an exchange adds ``h2h_lay`` to ``h2h``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from dagster_mlb.simulator.clubs import odds_api_name
from dagster_mlb.simulator.http_answers import json_bytes as dumps
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.prices import BOOKS, DayQuotes, american, in_play_home_probability
from dagster_mlb.simulator.schedule import DAY, NEW_YORK, Listing, epoch, utc
from dagster_mlb.simulator.world import World

SPORT = {"sport_key": "baseball_mlb", "sport_title": "MLB"}
MARKETS = ("h2h", "spreads", "totals")
REGIONS = ("us", "us2", "uk", "eu", "au", "us_dfs", "us_ex")
GRID = timedelta(minutes=5)
LIVE_BOOKS = ("draftkings", "fanduel", "betmgm")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, already validated. ``books`` are positions in ``BOOKS``."""

    markets: tuple[str, ...] = ("h2h",)
    books: tuple[int, ...] = tuple(range(len(BOOKS)))
    odds_format: str = "decimal"
    unix: bool = False
    commence_from: float = float("-inf")
    commence_to: float = float("inf")
    event_ids: frozenset[str] | None = None


def sport(world: World) -> dict[str, Any]:
    """The league's line in the list of ``/sports``."""
    return {
        "key": SPORT["sport_key"],
        "group": "Baseball",
        "title": SPORT["sport_title"],
        "description": "Major League Baseball",
        "active": bool(on_offer(world, world.moment)),
        "has_outrights": False,
    }


def event_id(seed: int, listing: Listing) -> str:
    """32 hex digits; a made-up game is another listing and so has another id."""
    return hashlib.md5(f"event {seed} {listing.season} {listing.number}".encode(), usedforsecurity=False).hexdigest()


def odds_event_listing(world: World) -> dict[str, Listing]:
    """The truth about every event that the feed ever lists: its id → the line of the schedule that it is about.

    For proofs that no event is tied to a wrong game. Never served; future events included. A suspended game has one
    event (its first line's), a postponed game two: the lost line's and the make-up's.
    """
    return {
        event_id(world.seed, listing): listing
        for plan in world.plans
        for listing in world.league.season(plan.season).listings
        if not listing.is_resumption
    }


def decimal_price(price: int) -> float:
    """American to decimal, two places as on the wire."""
    return round(1 + (price / 100 if price > 0 else 100 / -price), 2)


def on_offer(world: World, moment: float) -> list[tuple[Season, Listing]]:
    """The events that the feed lists at a moment: from noon two days ahead until the game is over, by start."""
    today = utc(moment).astimezone(NEW_YORK).date()
    found = []
    for day in (today + timedelta(days=i) for i in range(-1, 3)):
        season = world.league.season_of(day)
        if season is None or epoch(day, 12, NEW_YORK) - 2 * DAY > moment:
            continue
        for listing in season.by_date.get(day, []):
            if _is_listed(season, listing, moment):
                found.append((season, season.game_of(listing)))
    return sorted(found, key=lambda x: (commence(*x, moment), x[1].game_pk))


def _is_listed(season: Season, listing: Listing, moment: float) -> bool:
    """Whether a line of the schedule puts its event on the feed: to the end of the game, or until it is suspended."""
    if listing.is_resumption:
        begun = bool(season.first_pitch[listing.number] <= moment)
        return begun and moment < season.ended[listing.number] + 120
    listed = listing.listed_at <= moment < min(listing.postponed_at, listing.suspended_at)
    return listed and moment < season.ended[listing.number] + 120


def commence(season: Season, listing: Listing, moment: float) -> float:
    """The event's ``commence_time``: the schedule's until the game is on, then the first pitch."""
    first_pitch = float(season.first_pitch[listing.number])
    return first_pitch if moment >= first_pitch else listing.start


def odds(world: World, request: Request, moment: float) -> bytes:
    """The list of ``/odds`` as of a moment (which must not be after the world's now)."""
    return b"[" + b",".join(_events(world, request, moment)) + b"]"


def historical(world: World, request: Request, asked: datetime, kind: str = "odds") -> bytes:
    """The snapshot (``odds`` or ``events``) at or before the date asked for, on the five-minute grid, with its
    neighbours' times."""
    newest = floor_to_grid(world.now)
    snapshot = min(floor_to_grid(asked), newest)
    following = snapshot + GRID
    head = dumps(
        {
            "timestamp": _iso(snapshot),
            "previous_timestamp": _iso(snapshot - GRID),
            "next_timestamp": _iso(following) if following <= newest else None,
        }
    )
    told = odds if kind == "odds" else events
    return head[:-1] + b',"data":' + told(world, request, snapshot.timestamp()) + b"}"


def floor_to_grid(moment: datetime) -> datetime:
    """The snapshot at or before a moment."""
    seconds = int(moment.timestamp()) // 300 * 300
    return datetime.fromtimestamp(seconds, UTC)


def events(world: World, request: Request, moment: float | None = None) -> bytes:
    """The list of ``/events``: the events on offer, without books, now or as of a moment before."""
    moment = world.moment if moment is None else moment
    listed = []
    for season, listing in on_offer(world, moment):
        at = commence(season, listing, moment)
        if _asked_for(world, request, listing, at):
            listed.append(_head(world, season, listing, at, request.unix))
    return dumps(listed)


def scores(world: World, request: Request, days_from: int | None) -> bytes:
    """The list of ``/scores``: games to come and in play and, with ``daysFrom``, those completed since then."""
    moment = world.moment
    rows = [
        (season, listing, False) for season, listing in on_offer(world, moment) if season.ended[listing.number] > moment
    ]
    if days_from is not None:
        for day in world.dates(world.today - timedelta(days=days_from + 1), world.today):
            season = world.league.season_of(day)
            for listing in season.by_date.get(day, []) if season else []:
                assert season is not None
                ended = season.ended[listing.number]
                # A suspended game was completed on the day of its resumption, and is told of there.
                told = listing.is_resumption or (listing.is_played_as_of(moment) and listing.resumed_as is None)
                if told and moment - days_from * DAY <= ended <= moment:
                    rows.append((season, season.game_of(listing), True))
    rows.sort(key=lambda x: (commence(x[0], x[1], moment), x[1].game_pk))
    listed = []
    for season, listing, completed in rows:
        at = commence(season, listing, moment)
        if _asked_for(world, request, listing, at):
            listed.append(_score(world, season, listing, at, completed, request.unix))
    return dumps(listed)


def _score(world: World, season: Season, listing: Listing, at: float, completed: bool, unix: bool) -> dict[str, Any]:
    number, moment = listing.number, world.moment
    row = _head(world, season, listing, at, unix)
    home_team, away_team = row.pop("home_team"), row.pop("away_team")
    row |= {"completed": completed, "home_team": home_team, "away_team": away_team, "scores": None, "last_update": None}
    if moment >= season.first_pitch[number]:
        ended = (season.half_runs[number] >= 0) & (season.half_ends[number] <= moment)
        runs = (season.half_runs[number] * ended).sum(0)
        row["scores"] = [
            {"name": home_team, "score": str(int(runs[1]))},
            {"name": away_team, "score": str(int(runs[0]))},
        ]
        row["last_update"] = _time(min(moment, float(season.ended[number]) + 240), unix)
    return row


def _asked_for(world: World, request: Request, listing: Listing, at: float) -> bool:
    wanted = request.event_ids is None or event_id(world.seed, listing) in request.event_ids
    return wanted and request.commence_from <= at <= request.commence_to


def _head(world: World, season: Season, listing: Listing, at: float, unix: bool) -> dict[str, Any]:
    year = season.plan.season
    return {
        "id": event_id(world.seed, listing),
        **SPORT,
        "commence_time": _time(at, unix),
        "home_team": odds_api_name(listing.home, year),
        "away_team": odds_api_name(listing.away, year),
    }


def _events(world: World, request: Request, moment: float) -> list[bytes]:
    rendered = []
    for season, listing in on_offer(world, moment):
        at = commence(season, listing, moment)
        if not _asked_for(world, request, listing, at):
            continue
        head = dumps(_head(world, season, listing, at, request.unix))
        if season.is_interrupted(listing, moment):
            books = []
        elif moment >= season.first_pitch[listing.number]:
            books = _live_books(season, listing, request, moment)
        else:
            books = _pregame_books(world, season, listing, request, moment)
        rendered.append(head[:-1] + b',"bookmakers":[' + b",".join(books) + b"]}")
    return rendered


def _pregame_books(world: World, season: Season, listing: Listing, request: Request, moment: float) -> list[bytes]:
    quotes = world.market.quotes(listing.date)
    current = quotes.current(listing, moment)
    down = quotes.suspended(listing, moment)
    row = quotes.row[listing.number]
    names = odds_api_name(listing.home, season.plan.season), odds_api_name(listing.away, season.plan.season)
    out = []
    for book in request.books:
        if current[book] >= 0 and not down[book]:
            rendered = _book(quotes, row, book, current[book], names, request)
            if rendered:
                out.append(rendered)
    return out


def _book(quotes: DayQuotes, row: int, book: int, quote: int, names: tuple[str, str], request: Request) -> bytes | None:
    """One book with the markets asked for that it has; bytes kept per quote."""
    cache = quotes.rendered
    key = (row, book, quote, request.markets, request.odds_format, request.unix)
    if key in cache:
        return cache[key]
    home, away = names
    at = (row, book, quote)
    total_at = (row, book, int(quotes.total_quote[at]))
    point = float(quotes.home_point[at])
    markets = []
    for market in request.markets:
        if market == "h2h":
            outcomes = _by_name((home, quotes.home[at], None), (away, quotes.away[at], None), request)
            updated = quotes.at[at]
            if BOOKS[book].is_exchange:
                laid = _by_name((home, quotes.lay_home[at], None), (away, quotes.lay_away[at], None), request)
                said = _time(updated, request.unix)
                markets.append({"key": "h2h", "last_update": said, "outcomes": outcomes})
                markets.append({"key": "h2h_lay", "last_update": said, "outcomes": laid})
                continue
        elif market == "spreads":
            if not quotes.has_spread[row, book]:
                continue
            outcomes = _by_name((home, quotes.spread_home[at], point), (away, quotes.spread_away[at], -point), request)
            updated = quotes.at[at]
        else:
            if not quotes.has_total[row, book]:
                continue
            line = float(quotes.total[total_at])
            outcomes = _by_name(("Over", quotes.over[total_at], line), ("Under", quotes.under[total_at], line), request)
            updated = quotes.at[total_at]
        markets.append({"key": market, "last_update": _time(updated, request.unix), "outcomes": outcomes})
    rendered = None
    if markets:
        newest = max(quotes.at[at] if m["key"] != "totals" else quotes.at[total_at] for m in markets)
        rendered = dumps(
            {
                "key": BOOKS[book].key,
                "title": BOOKS[book].title,
                "last_update": _time(newest, request.unix),
                "markets": markets,
            }
        )
    cache[key] = rendered
    return rendered


def _by_name(
    one: tuple[str, Any, float | None], other: tuple[str, Any, float | None], request: Request
) -> list[dict[str, Any]]:
    """Two outcomes in alphabetical order of their names, as the feed has them."""
    out = []
    for name, price, point in sorted((one, other), key=lambda outcome: outcome[0]):
        outcome: dict[str, Any] = {"name": name}
        outcome["price"] = int(price) if request.odds_format == "american" else decimal_price(int(price))
        if point is not None:
            outcome["point"] = point
        out.append(outcome)
    return out


def _live_books(season: Season, listing: Listing, request: Request, moment: float) -> list[bytes]:
    """In play: a few books, moneyline only, from the score."""
    if "h2h" not in request.markets:
        return []
    p = min(max(in_play_home_probability(season, listing, moment), 0.02), 0.98)
    prices = american(np.minimum(np.array([p, 1 - p]) * 1.06, 0.985))
    names = odds_api_name(listing.home, season.plan.season), odds_api_name(listing.away, season.plan.season)
    outcomes = _by_name((names[0], prices[0], None), (names[1], prices[1], None), request)
    updated = _time(moment - 12, request.unix)
    return [
        dumps(
            {
                "key": BOOKS[b].key,
                "title": BOOKS[b].title,
                "last_update": updated,
                "markets": [{"key": "h2h", "last_update": updated, "outcomes": outcomes}],
            }
        )
        for b in request.books
        if BOOKS[b].key in LIVE_BOOKS
    ]


def _time(moment: float, unix: bool) -> str | int:
    return int(moment) if unix else _iso_of(int(moment))


@lru_cache(maxsize=65536)
def _iso_of(moment: int) -> str:
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
