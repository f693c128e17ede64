"""The league's prices in Action Network's two shapes: v2's outcomes, with or without their history, and v1's flat rows.

Which book has which price is in ``wire_action_network_markets``. Quirks of the wire: outcomes in any order, books 15
and 30 unasked and the latter in a smaller shape with the former's ids, no key for a period or type that a book lacks,
the public's percentages the same on every book and with counts of 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from zlib import crc32

from dagster_mlb.simulator import wire_action_network_markets as markets
from dagster_mlb.simulator.schedule import Listing, utc
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.wire_action_network_games import event_id, team_id
from dagster_mlb.simulator.wire_action_network_markets import PLACE_OF_ID, TEAM_TOTAL, Price
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network.books import CONSENSUS, OPENING_LINE

V1_TYPES: Final = {"event": "game", "firstfiveinnings": "firstfiveinnings", "firstinning": "firstinning"}
_NO_FIGURE: Final = {"tickets": {"value": 0, "percent": 0}, "money": {"value": 0, "percent": 0}}


def game_markets(world: World, listing: Listing, book_ids: Sequence[int], periods: Sequence[str]) -> dict[str, Any]:
    """``{book: {period: {type: [outcome]}}}``, books by id. Nothing of a postponed game."""
    moment = world.moment
    if moment >= listing.postponed_at:
        return {}
    public = _public(world, listing, moment)
    books: dict[str, Any] = {}
    for book_id in sorted({*book_ids, CONSENSUS, OPENING_LINE}):
        prices, is_down = _prices(world, listing, book_id, moment)
        by_period = _nested(listing, book_id, prices, periods, is_down, public)
        if by_period:
            books[str(book_id)] = by_period
    return books


def _prices(world: World, listing: Listing, book_id: int, moment: float) -> tuple[list[Price], bool]:
    if book_id == CONSENSUS:
        return markets.consensus_prices(world, listing, moment), False
    if book_id == OPENING_LINE:
        return markets.opening_prices(world, listing, moment), False
    place = PLACE_OF_ID.get(book_id)
    return markets.book_prices(world, listing, place, moment) if place is not None else ([], False)


def _nested(
    listing: Listing,
    book_id: int,
    prices: Sequence[Price],
    periods: Sequence[str],
    is_down: bool,
    public: Mapping[tuple[str, str], dict[str, Any]],
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    nested: dict[str, dict[str, list[dict[str, Any]]]] = {}
    event, ids = event_id(listing), (team_id(listing.home), team_id(listing.away))
    for price in prices:
        if price.period in periods:
            outcomes = nested.setdefault(price.period, {}).setdefault(price.type, [])
            outcome = _outcome(event, book_id, ids, price, is_down, public)
            # In no order: an outcome stands before or after the one before it, for ever but for no reason.
            outcomes.insert(0 if crc32(outcome["outcome_id"].encode()) & 1 else len(outcomes), outcome)
    return nested


def _outcome(
    event: int,
    book_id: int,
    team_ids: tuple[int, int],
    price: Price,
    is_down: bool,
    public: Mapping[tuple[str, str], dict[str, Any]],
) -> dict[str, Any]:
    skeleton = _skeleton(event, book_id, team_ids, *price.outcome)
    line = int(price.line) if price.line == int(price.line) else price.line
    if book_id == OPENING_LINE:
        return {**skeleton, "value": line, "odds": price.odds}
    figure = public.get((price.type, price.side), _NO_FIGURE) if price.period == "event" else _NO_FIGURE
    status = "suspended" if is_down else "opener" if price.is_opener else "normal"
    told = {"odds": price.odds, "value": line, "is_live": price.is_live, "line_status": status, "bet_info": figure}
    return {**skeleton, **told}


@lru_cache(maxsize=65536)
def _skeleton(
    event: int, book_id: int, team_ids: tuple[int, int], period: str, type_: str, team: str, side: str
) -> dict[str, Any]:
    """Everything of an outcome but what changes. Never changed itself."""
    owner = dict(zip(("home", "away"), team_ids, strict=True)).get(team or side)
    # Book 30 bears book 15's ids; a market's id is the same at every book.
    named_book = CONSENSUS if book_id == OPENING_LINE else book_id
    market_id = str(20_000_000 + crc32(f"{event} {period} {type_} {team}".encode()) % 10_000_000)
    outcome_id = str(2_800_000_000 + crc32(f"{event} {named_book} {period} {type_} {team} {side}".encode()))
    option = {"over": 1, "under": 2}[side] if type_ == TEAM_TOTAL else 0
    if book_id == OPENING_LINE:
        return {
            "event_id": event,
            "value": 0,
            "side": side,
            "odds": 0,
            "type": type_,
            "book_id": book_id,
            "period": period,
            "player_id": 0,
            "competitor_id": 0,
            "team_id": owner or 0,
            "event_type": "game",
            "market_id": market_id,
            "outcome_id": outcome_id,
            "option_type_id": option,
        }
    skeleton = {
        "outcome_id": outcome_id,
        "market_id": market_id,
        "event_type": "game",
        "event_id": event,
        "league_id": 8,
        "book_id": book_id,
        "book_parent_id": 18 if book_id == CONSENSUS else book_id % 17 + 1,
        "type": type_,
        "side": side,
        "period": period,
        "odds": 0,
        "value": 0,
        "is_live": False,
        "deeplink_id": "" if book_id == CONSENSUS else f"ML{outcome_id}",
        "line_status": "normal",
        "bet_info": _NO_FIGURE,
        "odds_coefficient_score": None,
        "is_alt_market": False,
    }
    if owner is not None:
        skeleton["team_id"] = owner
    if type_ == TEAM_TOTAL:
        skeleton |= {"option_type_id": option, "prop_type_id": 166}
    return skeleton


def _public(world: World, listing: Listing, moment: float) -> dict[tuple[str, str], dict[str, Any]]:
    """``bet_info`` of (type, side) for the whole game; whole percents, the counts always 0."""
    figures = {}
    for type_, sides in (("moneyline", ("home", "away")), ("spread", ("home", "away")), ("total", ("over", "under"))):
        told = public_splits(world, listing, type_, moment)
        if told is not None:
            tickets, money = round(told.tickets), round(told.money)
            for side, t, m in ((sides[0], tickets, money), (sides[1], 100 - tickets, 100 - money)):
                figures[type_, side] = {"tickets": {"value": 0, "percent": t}, "money": {"value": 0, "percent": m}}
    return figures


# ---------------------------------------------------------------- prices, v1


_FIELDS_V1: Final = {
    ("moneyline", "", "home"): ("ml_home", None),
    ("moneyline", "", "away"): ("ml_away", None),
    ("moneyline", "", "draw"): ("draw", None),
    ("spread", "", "home"): ("spread_home_line", "spread_home"),
    ("spread", "", "away"): ("spread_away_line", "spread_away"),
    ("total", "", "over"): ("over", "total"),
    ("total", "", "under"): ("under", "total"),
    (TEAM_TOTAL, "home", "over"): ("home_over", "home_total"),
    (TEAM_TOTAL, "home", "under"): ("home_under", "home_total"),
    (TEAM_TOTAL, "away", "over"): ("away_over", "away_total"),
    (TEAM_TOTAL, "away", "under"): ("away_under", "away_total"),
}
_PRICES_V1: Final = (
    *("ml_away", "ml_home", "spread_away", "spread_home", "spread_away_line", "spread_home_line"),
    *("over", "under", "draw", "total"),
    *("away_total", "away_over", "away_under", "home_total", "home_over", "home_under"),
)
_PUBLIC_V1: Final = tuple(
    f"{side}_{kind}"
    for kind in ("public", "money")
    for side in ("ml_home", "ml_away", "spread_home", "spread_away", "total_over", "total_under")
)


def rows_v1(world: World, listing: Listing) -> list[dict[str, Any]]:
    """The flat rows of v1: one per book and type, of every book of the league."""
    moment = world.moment
    if moment >= listing.postponed_at:
        return []
    rows = []
    for book_id in (CONSENSUS, OPENING_LINE, *PLACE_OF_ID):
        prices, is_down = _prices(world, listing, book_id, moment)
        by_type: dict[str, list[Price]] = {}
        for price in prices:
            by_type.setdefault("live" if price.is_live else V1_TYPES[price.period], []).append(price)
        rows += [_row_v1(listing, book_id, type_, told, is_down) for type_, told in by_type.items()]
    return rows


def _row_v1(listing: Listing, book_id: int, type_: str, prices: Sequence[Price], is_down: bool) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys((*_PRICES_V1, *_PUBLIC_V1))
    meta, status = {}, {}
    for price in prices:
        name, line = _FIELDS_V1[price.type, price.team, price.side]
        row[name] = price.odds
        if line:
            row[line] = int(price.line) if price.line == int(price.line) else price.line
        outcome = crc32(f"{event_id(listing)} {book_id} {type_} {name}".encode())
        meta[name] = {"line_id": None, "event_id": None, "outcome_id": outcome, "deeplink_id": ""}
        status[name] = 2 if is_down else 0
    since = max(price.at for price in prices)
    return row | {
        "meta": None if book_id == OPENING_LINE else meta,
        "num_bets": None,
        "book_id": book_id,
        "type": type_,
        "inserted": _iso_offset(since + (book_id * 37 % 1000) / 1000),
        "line_status": status,
    }


# ---------------------------------------------------------------- line moves


def line_moves(world: World, listing: Listing, book_ids: Sequence[int], periods: Sequence[str]) -> dict[str, Any]:
    """``{book: {period: {type: [outcome with its history]}}}``; without ``book_ids`` of every book."""
    moment = min(world.moment, listing.postponed_at)
    public = _public(world, listing, moment)
    books: dict[str, Any] = {}
    for book_id in sorted(set(book_ids) or {CONSENSUS, OPENING_LINE, *PLACE_OF_ID}):
        path = _path(world, listing, book_id, moment)
        if not path:
            continue
        is_down = _prices(world, listing, book_id, moment)[1]
        nested = _nested(listing, book_id, path[-1], periods, is_down, public)
        moves = _moves(path)
        for period, types in nested.items():
            for type_, outcomes in types.items():
                for outcome in outcomes:
                    team = {team_id(listing.home): "home", team_id(listing.away): "away"}.get(
                        outcome.get("team_id", 0), ""
                    )
                    key = (period, type_, team if type_ == TEAM_TOTAL else "", outcome["side"])
                    outcome["history"] = moves[key]
        if nested:
            books[str(book_id)] = nested
    return books


def _path(world: World, listing: Listing, book_id: int, moment: float) -> list[list[Price]]:
    if book_id == CONSENSUS:
        return markets.consensus_path(world, listing, moment)
    if book_id == OPENING_LINE:
        opening = markets.opening_prices(world, listing, moment)
        return [opening] if opening else []
    place = PLACE_OF_ID.get(book_id)
    return markets.book_path(world, listing, place, moment) if place is not None else []


def _moves(path: Sequence[Sequence[Price]]) -> dict[tuple[str, str, str, str], list[dict[str, Any]]]:
    """Per outcome: its past prices, oldest first, without the one that stands."""
    told: dict[tuple[str, str, str, str], list[Price]] = {}
    for prices in path:
        for price in prices:
            before = told.setdefault(price.outcome, [])
            if not before or (before[-1].odds, before[-1].line) != (price.odds, price.line):
                before.append(price)
    moves = {}
    for outcome, prices in told.items():
        # The sides of a move are some milliseconds apart, and the fraction has as many digits as it pleases.
        apart = 0.005 if outcome[3] in ("under", "away") else 0.0
        moves[outcome] = [
            {
                "odds": price.odds,
                "value": int(price.line) if price.line == int(price.line) else price.line,
                "updated_at": _iso_fraction(price.at + 0.195056 + apart, len(outcome[3]) % 2),
                **({"line_status": "opener"} if place == 0 else {}),
            }
            for place, price in enumerate(prices[:-1])
        ]
    return moves


def _iso_fraction(moment: float, shorter: int) -> str:
    text = utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return (text[:-shorter] if shorter else text) + "Z"


def _iso_offset(moment: float) -> str:
    """``2026-07-30T18:48:55.834087+00:00``; a last digit of 0 is not written."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "+00:00"
