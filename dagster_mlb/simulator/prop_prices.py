"""What books make of the props: who sells them, when they open and requote, their lines, noise and holds.

A book requotes at a dozen moments from the day before to first pitch. Each time it takes the fair distribution as it
was a little earlier (its lag), scatters around it in logit, picks the line nearest to even and puts its hold on (6 to
8 % where two sides are sold). A batter is priced from the expected order until the line-up is posted; who is not in
it, or is scratched, is taken down at once; his replacement comes with the next requote. Props end at first pitch.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.books import BOOKS
from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.prices import shift, two_way_prices
from dagster_mlb.simulator.prop_rates import BATTER_STATS, PITCHER_STATS
from dagster_mlb.simulator.props import PlayerChances, announced_starter, fair_chances
from dagster_mlb.simulator.rosters import Player
from dagster_mlb.simulator.schedule import HOUR, Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Floats = NDArray[np.float64]

PROPS: Final = 61  # domain of stream addresses
# Hours before the scheduled start at which a book quotes anew, and up to this share of them later.
HOURS: Final = (26.0, 20.0, 14.0, 9.0, 6.0, 4.0, 3.0, 2.2, 1.5, 1.0, 0.5, 0.2)
_LATER: Final = 0.08
# Who sells props, and the share that they keep; other books have none.
HOLDS: Final = {
    "pinnacle": 0.060,
    "draftkings": 0.066,
    "fanduel": 0.064,
    "betmgm": 0.071,
    "betrivers": 0.075,
    "williamhill_us": 0.069,
    "betonlineag": 0.065,
    "bovada": 0.078,
    "fanatics": 0.072,
    "espnbet": 0.073,
    "hardrockbet": 0.070,
    "ballybet": 0.080,
}
# First requote at which batters are priced (starters: from the first), by book; the others follow in the morning.
_BATTERS_FROM: Final = {"draftkings": 1, "fanduel": 1, "betmgm": 2, "williamhill_us": 2}
# Homers and the like are sold for the over alone by these.
_OVER_ONLY: Final = frozenset({"fanduel", "espnbet", "fanatics"})
_RARE: Final = frozenset({"batter_home_runs", "batter_doubles", "batter_triples"})
_ALTERNATES: Final = frozenset(
    {"batter_hits", "batter_total_bases", "batter_home_runs", "batter_rbis", "batter_hits_runs_rbis"}
    | {"pitcher_strikeouts", "pitcher_hits_allowed", "pitcher_outs"}
)
SOLD: Final = tuple(stat for stat in (*BATTER_STATS, *PITCHER_STATS) if stat != "hitter_fantasy_score")
MARKETS: Final = (*SOLD, *(f"{stat}_alternate" for stat in SOLD if stat in _ALTERNATES))
_LACKS: Final = 0.07  # share of (book, game, market) that a book does without
_KEPT: Final = 1200  # (game, book, requote) kept at hand, per league
_PLAYERS: Final = 26  # of a side, each with noise of his own: 19 hitters, 7 starters


@dataclass(frozen=True, slots=True)
class PropQuote:
    """One line of one player at one book. Prices American; ``under`` is None where only the over (or yes) is sold.

    ``market`` in The Odds API's words, ``line`` None for yes and no. ``at``: when it was quoted, epoch seconds.
    """

    player: Player
    side: int
    market: str
    line: float | None
    over: int
    under: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Requote:
    """A moment at which a seller of props made up its mind: its place among ``HOURS`` and when it was."""

    step: int
    at: float


_kept: WeakKeyDictionary[League, OrderedDict[tuple[int, int, str, int], list[PropQuote]]] = WeakKeyDictionary()


def prop_quotes(world: World, season: Season, listing: Listing, book: str, moment: float) -> list[PropQuote]:
    """A book's props on a game as they stood at a moment; none before its open or after first pitch."""
    if book not in HOLDS or not is_open(season, listing, moment):
        return []
    requote = last_requote(world, season, listing, book, moment)
    if requote is None:
        return []
    there = available(world, season, listing, moment)
    return [quote for quote in _requoted(world, season, listing, book, requote) if quote.player.player_id in there]


def is_open(season: Season, listing: Listing, moment: float) -> bool:
    """Whether props on a game can be on sale: it is listed, not called off, and has not begun."""
    return listing.is_played_as_of(moment) and moment < min(
        float(season.first_pitch[listing.number]), listing.start + HOUR
    )


def available(world: World, season: Season, listing: Listing, moment: float) -> set[int]:
    """Ids of the players who, as far as is known, will start the game."""
    found: set[int] = set()
    for side, club in enumerate((listing.home, listing.away)):
        starter = announced_starter(season, listing, side, moment)
        if starter is not None:
            found.add(rosters.starter_of(world, season.plan.season, club, starter).player_id)
        nine = rosters.lineup(world, season, listing, side, moment)
        hitters = nine if nine is not None else rosters.active(world, season, club, moment)
        found |= {p.player_id for p in hitters if p.role == "hitter"}
    return found


def last_requote(world: World, season: Season, listing: Listing, seller: str, moment: float) -> Requote | None:
    """The last time before a moment that a seller quoted the game; None before its first."""
    planned = listing.start - np.array(HOURS) * HOUR
    draws = world.league.streams.uniforms([_address(season, listing, seller)], len(HOURS))
    later = world.league.streams.choose(planned, (draws[0][0], draws[1][0]))
    at = np.round(planned + later * _LATER * np.array(HOURS) * HOUR)
    done = np.flatnonzero(
        (at <= moment) & (at >= max(listing.listed_at, float(season.open_at[listing.number])) + HOUR / 3)
    )
    return Requote(int(done[-1]), float(at[done[-1]])) if len(done) else None


def noises(world: World, season: Season, listing: Listing, seller: str, step: int, markets: int) -> Floats:
    """``(2, 26, markets)`` standard normal: the seller's lasting opinion of each player and this requote's own."""
    lasting = _drawn(world, season, listing, seller, 0, markets)
    fresh = _drawn(world, season, listing, seller, step + 1, markets)
    return (lasting + fresh) / np.sqrt(2)


def _drawn(world: World, season: Season, listing: Listing, seller: str, nth: int, markets: int) -> Floats:
    planned = listing.start - HOURS[max(nth - 1, 0)] * HOUR
    rng = world.league.streams.at(planned, *_address(season, listing, seller), 1 + nth)
    return rng.standard_normal((2, _PLAYERS, markets))


def _address(season: Season, listing: Listing, seller: str) -> tuple[int, ...]:
    return (PROPS, season.plan.season, listing.number, _number_of(seller))


@lru_cache(maxsize=64)
def _number_of(seller: str) -> int:
    return int.from_bytes(seller.encode()[:7], "little")


def place_of(player: Player) -> int:
    """A player's row in ``noises``."""
    return player.number if player.role == "hitter" else 19 + player.number


def _requoted(world: World, season: Season, listing: Listing, book: str, requote: Requote) -> list[PropQuote]:
    kept = _kept.setdefault(world.league, OrderedDict())
    key = (season.plan.season, listing.number, book, requote.step)
    if key not in kept:
        kept[key] = _draw_quotes(world, season, listing, book, requote)
        if len(kept) > _KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _draw_quotes(world: World, season: Season, listing: Listing, book: str, requote: Requote) -> list[PropQuote]:
    maker = next(b for b in BOOKS if b.key == book)
    chances = fair_chances(world, season, listing, requote.at - maker.lag * 60)
    noise = noises(world, season, listing, book, requote.step, len(SOLD)) * 2 * maker.noise
    opened = listing.start - HOURS[0] * HOUR
    lacks = world.league.streams.at(opened, *_address(season, listing, book), 40).random(len(SOLD)) < _LACKS
    rows: list[tuple[PlayerChances, str, float | None, float, bool]] = []
    for one in chances:
        if one.player.role == "hitter" and requote.step < _BATTERS_FROM.get(book, 3):
            continue
        for stat in one.counts:
            if stat not in SOLD or lacks[SOLD.index(stat)]:
                continue
            scatter = float(noise[one.side, place_of(one.player), SOLD.index(stat)])
            rows += [(one, *row) for row in _lines(one.counts[stat], stat, scatter)]
    if not rows:
        return []
    fair = np.array([row[3] for row in rows])
    over, under = two_way_prices(fair, np.full(len(rows), HOLDS[book]))
    quotes = []
    for place, (one, market, line, _, is_pair) in enumerate(rows):
        sold_both = is_pair and not (book in _OVER_ONLY and market in _RARE)
        other = int(under[place]) if sold_both else None
        quotes.append(PropQuote(one.player, one.side, market, line, int(over[place]), other, requote.at))
    return quotes


def _lines(counts: Floats, stat: str, scatter: float) -> list[tuple[str, float | None, float, bool]]:
    """(market, line, the book's chance of the over, whether both sides are sold) of one player's stat."""
    if stat == "pitcher_record_a_win":
        return [(stat, None, float(shift(counts[1:], np.array([scatter]))[0]), True)]
    above = shift(np.clip(1 - np.cumsum(counts)[:-1], 1e-6, 1), np.full(len(counts) - 1, scatter))
    main = int(np.abs(above - 0.5).argmin())
    found: list[tuple[str, float | None, float, bool]] = []
    if 0.05 < above[main] < 0.95:
        found.append((stat, main + 0.5, float(above[main]), True))
    if stat in _ALTERNATES:
        rungs = np.flatnonzero((above > 0.05) & (above < 0.95))
        found += [(f"{stat}_alternate", int(rung) + 0.5, float(above[rung]), False) for rung in rungs]
    return found
