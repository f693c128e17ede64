"""The league's prices as SportsbookReview keeps them: per book the moves of each market, in order, up to a moment.

Its quirks are drawn here: a price corrected within its second, a side without a price (the largest 32-bit integer),
stray values (odds of 85, a run line of 0), moves after the first pitch, a suspended book without prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator.prices import BOOKS, DayQuotes, american, in_play_home_probability
from dagster_mlb.simulator.schedule import NEVER, Listing
from dagster_mlb.simulator.season import Season
from dagster_mlb.simulator.world import World

NO_PRICE: Final = 2147483647
MARKETS: Final = ("moneyline", "spread", "total")
# The books that it shows, by their key in the league: (its machineName, its name, its id).
SHOWN: Final = {
    "fanduel": ("fanduel", "FanDuel", 23),
    "draftkings": ("draftkings", "DraftKings", 19),
    "betmgm": ("betmgm", "BetMGM", 28),
    "bet365": ("bet365", "bet365", 2),
    "williamhill_us": ("caesars", "Caesars", 31),
    "fanatics": ("fanatics", "Fanatics", 41),
    "betrivers": ("bet_rivers_co", "BetRivers", 35),
    "hardrockbet": ("hardrock", "Hard Rock", 43),
}
PLACES: Final = tuple(place for place, book in enumerate(BOOKS) if book.key in SHOWN)
Floats = NDArray[np.float64]
# Domain of the addresses of draws (see streams).
SBR: Final = 46
# Shares of moves: corrected within the second; a side without its price; a stray value.
CORRECTED: Final = 0.10
ONE_SIDED: Final = 0.004
STRAY: Final = 0.003
# After the first pitch a few books go on moving: minutes after it.
LIVE_MINUTES: Final = (20, 55, 95)
LIVE_BOOKS: Final = frozenset({"draftkings", "fanduel", "betmgm"})


@dataclass(frozen=True, slots=True)
class Move:
    """What a book asked from a moment on: home and away, or over and under; ``line``: home's run line, or the total."""

    at: float
    one: int
    other: int
    line: float | None = None


def book_moves(world: World, season: Season, listing: Listing, place: int, market: str) -> list[Move]:
    """A book's moves of a market for one line of the schedule as of now, oldest first; empty where it has none.

    What a listing was priced at after it was postponed is not told: nobody could bet it.
    """
    quotes, moment = world.market.quotes(listing.date), min(world.moment, listing.postponed_at)
    row = quotes.row[listing.number]
    if not quotes.offered[row, place] or not _offers(quotes, row, place, market):
        return []
    made = np.flatnonzero(quotes.at[row, place] <= moment)
    if not len(made):
        return []
    drawn = _draws(world, listing, place, market, quotes.at[row, place])
    moves: list[Move] = []
    for quote in made:
        move = _move(quotes, (row, place, int(quote)), market)
        before = moves[-1] if moves else None
        if before and (before.one, before.other, before.line) == (move.one, move.other, move.line):
            continue
        moves += _as_written(move, drawn[quote], market, is_first=before is None)
    if market == "moneyline" and BOOKS[place].key in LIVE_BOOKS:
        moves += _live_moves(world, season, listing)
    return moves


def current(world: World, listing: Listing, place: int, moves: list[Move]) -> Move | None:
    """What stands now: the last move, without prices where the book has taken them down."""
    if not moves:
        return None
    if world.market.quotes(listing.date).suspended(listing, world.moment)[place]:
        return replace(moves[-1], one=NO_PRICE, other=NO_PRICE)
    return moves[-1]


def _offers(quotes: DayQuotes, row: int, place: int, market: str) -> bool:
    if market == "spread":
        return bool(quotes.has_spread[row, place])
    return market == "moneyline" or bool(quotes.has_total[row, place])


def _move(quotes: DayQuotes, at: tuple[int, int, int], market: str) -> Move:
    if market == "moneyline":
        return Move(float(quotes.at[at]), int(quotes.home[at]), int(quotes.away[at]))
    if market == "spread":
        prices = int(quotes.spread_home[at]), int(quotes.spread_away[at])
        return Move(float(quotes.at[at]), *prices, float(quotes.home_point[at]))
    touched = (*at[:2], int(quotes.total_quote[at]))
    prices = int(quotes.over[touched]), int(quotes.under[touched])
    return Move(float(quotes.at[touched]), *prices, float(quotes.total[touched]))


def _as_written(move: Move, drawn: Floats, market: str, *, is_first: bool) -> list[Move]:
    """The move with what the site makes of it."""
    if drawn[1] < ONE_SIDED:
        return [replace(move, other=NO_PRICE)]
    if drawn[1] > 1 - STRAY:
        stray = replace(move, line=0.0) if market == "spread" else replace(move, one=85)
        return [stray]
    if drawn[0] < CORRECTED and not is_first:
        other = move.other + 5 if move.other >= 100 else move.other - 5
        return [replace(move, other=other), move]
    return [move]


def _live_moves(world: World, season: Season, listing: Listing) -> list[Move]:
    first_pitch, ended = float(season.first_pitch[listing.number]), float(season.ended[listing.number])
    moves = []
    for minutes in LIVE_MINUTES:
        at = round(first_pitch + 60 * minutes) if first_pitch < NEVER else NEVER
        if at <= world.moment and at < min(ended, listing.stopped_at):
            p = min(max(in_play_home_probability(season, listing, at), 0.02), 0.98)
            home, away = american(np.minimum(np.array([p, 1 - p]) * 1.06, 0.985))
            moves.append(Move(float(at), int(home), int(away)))
    return moves


def _draws(world: World, listing: Listing, place: int, market: str, at: Floats) -> Floats:
    """``(quote, 2)`` uniforms, each a fact from its quote's moment on."""
    streams = world.league.streams
    address = (SBR, listing.season, listing.number, place, MARKETS.index(market))
    now, later = streams.uniforms([address], 2 * len(at))
    return streams.choose(at[:, None], (now.reshape(-1, 2), later.reshape(-1, 2)))
