"""Public betting in the simulated league: what share of the bets and of the money is on which side, and when told.

Every hour some bets come in. The public's tickets lean to favourites, overs and the clubs of big cities; the money
follows the tickets but for the sharps, who bet against a book whose price is off and with the fair price's moves. A
book of sharps (Circa) takes fewer and larger bets, so its money is more extreme than its tickets. What is told is the
running share since the open, so it moves a lot early and hardly at all near first pitch, and then stands. Like a
day's quotes, a day's path is drawn whole and cut at the moment asked for: no number depends on a later one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.prices import BOOKS, DayQuotes, Market, fair_outcomes
from dagster_mlb.simulator.schedule import HOUR, Listing
from dagster_mlb.simulator.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARKETS: Final = ("moneyline", "spread", "total")
# Domain of the addresses of draws (see streams).
SPLITS: Final = 61
# Bets are counted by the hour, at most this many hours before first pitch, and told ten minutes past each.
HOURS: Final = 72
TOLD_AFTER: Final = 641.0
SKIPPED: Final = 0.06
FEWEST_BETS: Final = 15.0

# How a club draws bets that its chances do not explain, in logit; the rest of the clubs: none.
CITY: Final = {
    147: 0.9,
    119: 0.8,
    111: 0.6,
    112: 0.5,
    143: 0.5,
    121: 0.5,
    144: 0.4,
    117: 0.3,
    137: 0.1,
    135: 0.2,
    146: -0.4,
    133: -0.4,
    139: -0.2,
    134: -0.2,
    115: -0.3,
    145: -0.3,
    120: -0.2,
    118: -0.1,
    113: -0.1,
}
_CITY: Final = np.array([CITY.get(club.club_id, 0.0) for club in CLUBS])


@dataclass(frozen=True)
class Splits:
    """Percent (0–100, two decimals) of the tickets and of the money on the home side, or on the over.

    ``stated_at``: the moment (epoch seconds) at which the shares stood so.
    """

    tickets: float
    money: float
    stated_at: float


class Crowd(NamedTuple):
    """Who bets at a book: bets a game, how much of the public's lean they share, and what the money does beside it."""

    bets: float
    lean: float
    follows: float
    sharps: float
    game_noise: float
    hour_noise: float


_PUBLIC: Final = Crowd(4000.0, 1.0, 0.85, 1.0, 0.40, 0.5)
_SHARP: Final = Crowd(300.0, 0.45, 0.60, 2.5, 1.10, 1.2)
_SHARP_BOOKS: Final = frozenset({"circasports", "pinnacle"})

_FAVOURITES: Final = 1.6
_OVERS: Final = 1.05
_AGAINST_PRICE: Final = 14.0
_WITH_MOVES: Final = 2.5


def public_splits(world: World, listing: Listing, market: str, moment: float, book: str = "") -> Splits | None:
    """The shares on home (``moneyline``, ``spread``) or over (``total``) as told at a moment.

    ``book`` is a key of ``prices.BOOKS``; '' is the market-wide figure. From first pitch on the last figure stands.
    None where no bets are told yet, or the book does not offer the market. Raises ``ValueError`` for another market
    or book.

    >>> public_splits(world, listing, "total", world.moment, "draftkings")  # doctest: +SKIP
    Splits(tickets=74.21, money=78.9, stated_at=1752595842.6)
    """
    if market not in MARKETS:
        raise ValueError(f"{market} is not one of {', '.join(MARKETS)}")
    if book not in _PLACES:
        raise ValueError(f"{book} is not a book of the league: {', '.join(_PLACES)}")
    path = day_shares(world.market, listing.date, market, book)
    row = path.row[listing.number]
    told = np.flatnonzero(path.told[row] & (path.at[row] <= moment))
    if not len(told):
        return None
    last = int(told[-1])
    tickets, money = float(path.tickets[row, last]), float(path.money[row, last])
    return Splits(round(100 * tickets, 2), round(100 * money, 2), float(path.at[row, last]))


_PLACES: Final = {"": -1} | {book.key: place for place, book in enumerate(BOOKS)}


class DayShares(NamedTuple):
    """Running shares (0 to 1) of one date, market and book, ``(listing, hour)``: ``told`` where they were told, at
    ``at``. ``row``: listing number → first axis."""

    row: dict[int, int]
    at: Floats
    told: NDArray[np.bool_]
    tickets: Floats
    money: Floats


class _Hours(NamedTuple):
    """What a date's markets share: moments ``(listing, hour)`` (∞ beyond first pitch) and the fair chances at them."""

    row: dict[int, int]
    at: Floats
    counted: NDArray[np.bool_]
    outcomes: Floats
    opened: Floats


_hours: WeakKeyDictionary[Market, dict[date, _Hours]] = WeakKeyDictionary()
_paths: WeakKeyDictionary[Market, dict[tuple[date, str, str], DayShares]] = WeakKeyDictionary()


def day_shares(market: Market, day: date, name: str, book: str) -> DayShares:
    """The shares of one date, drawn when first asked for and then kept; ``book`` as in ``public_splits``."""
    days = _hours.setdefault(market, {})
    if day not in days:
        days[day] = _draw_hours(market.league.season(day.year), day)
    paths = _paths.setdefault(market, {})
    if (day, name, book) not in paths:
        paths[day, name, book] = _draw_path(market, day, days[day], name, book)
    return paths[day, name, book]


def _draw_hours(season: Season, day: date) -> _Hours:
    number = np.array([listing.number for listing in season.by_date[day]])
    start, opened = season.start[number], season.open_at[number]
    # The last count before the start, then back hour by hour; told at ten past, each game at its own second.
    last = np.floor((start - TOLD_AFTER - 1) / HOUR) * HOUR + TOLD_AFTER
    at = last[:, None] - HOUR * np.arange(HOURS - 1, -1, -1) + (number[:, None] * 0.137) % 2.2
    counted = at > opened[:, None] + HOUR / 4
    moment = np.where(counted, at, opened[:, None])
    outcomes = fair_outcomes(season, np.broadcast_to(number[:, None], at.shape), moment)
    first = fair_outcomes(season, number, opened)
    return _Hours({int(x): i for i, x in enumerate(number)}, at, counted, outcomes, first)


def _draw_path(market: Market, day: date, hours: _Hours, name: str, book: str) -> DayShares:
    season, streams = market.league.season(day.year), market.league.streams
    listings = season.by_date[day]
    place = _PLACES[book]
    crowd = _SHARP if book in _SHARP_BOOKS else _PUBLIC
    opened = season.open_at[[x.number for x in listings]]
    addresses = [(SPLITS, x.season, x.number, MARKETS.index(name), place + 1) for x in listings]
    # The public likes a club or it doesn't, on the run line as on the moneyline.
    shared = [(SPLITS, x.season, x.number, int(name == "total")) for x in listings]
    z = streams.normals(addresses, 2 + 2 * HOURS)
    public_z = streams.normals(shared, 1)
    own = streams.choose(opened[:, None], (z[0][:, :2], z[1][:, :2]))
    taste = streams.choose(opened[:, None], public_z)
    hourly = slice(2, 2 + HOURS), slice(2 + HOURS, 2 + 2 * HOURS)
    tickets_noise, money_noise = (streams.choose(hours.at, (z[0][:, part], z[1][:, part])) for part in hourly)

    off, offered = _price_error(market.quotes(day), hours, name, place)
    moved = _logit(_fair(hours.outcomes, name)) - _logit(_fair(hours.opened, name))[:, None]
    if name == "total":
        lean = np.full_like(moved, _OVERS)
    else:
        home, away = _CITY[[x.home for x in listings]], _CITY[[x.away for x in listings]]
        lean = _FAVOURITES * _logit(hours.outcomes[..., 0]) + (home - away)[:, None]
    lean = crowd.lean * (lean + 0.40 * taste) + 0.12 * own[:, :1] + 0.35 * tickets_noise
    money = (
        crowd.follows * lean
        + crowd.sharps * (_AGAINST_PRICE * off + _WITH_MOVES * moved)
        + crowd.game_noise * own[:, 1:]
        + crowd.hour_noise * money_noise
    )

    # Bets come in ever faster towards first pitch.
    start = season.start[[x.number for x in listings]]
    volume = np.where(hours.counted & offered, np.exp(-(start[:, None] - hours.at) / (8 * HOUR)), 0.0)
    bets = (volume * crowd.bets / 8).cumsum(1)
    count = np.maximum(volume.cumsum(1), 1e-12)
    skipped = np.zeros(volume.shape, dtype=bool)
    if place < 0:
        uniforms = streams.uniforms([(SPLITS, x.season, x.number) for x in listings], HOURS)
        skipped = streams.choose(hours.at, uniforms) < SKIPPED
    return DayShares(
        row=hours.row,
        at=hours.at,
        told=(volume > 0) & (bets >= FEWEST_BETS) & ~skipped,
        tickets=(volume / (1 + np.exp(-lean))).cumsum(1) / count,
        money=(volume / (1 + np.exp(-money))).cumsum(1) / count,
    )


def _price_error(quotes: DayQuotes, hours: _Hours, name: str, place: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Fair less quoted chance in logit at each hour, ``(listing, hour)``, and where there is a quote at all.

    For the market-wide figure (place −1): the mean over the books that quote.
    """
    books = np.arange(len(BOOKS)) if place < 0 else np.array([place])
    at = quotes.at[:, books]
    quote = (at[:, :, None, :] <= hours.at[:, None, :, None]).sum(-1) - 1
    stands = (quote >= 0) & quotes.offered[:, books, None]
    quote = np.maximum(quote, 0)
    fair = np.broadcast_to(hours.outcomes[:, None], (*quote.shape, hours.outcomes.shape[-1]))
    if name == "total":
        stands = stands & quotes.has_total[:, books, None]
        quote = np.take_along_axis(quotes.total_quote[:, books], quote, -1)
        line = np.take_along_axis(quotes.total[:, books], quote, -1)
        whole = np.floor(line).astype(int)[..., None]
        over = 1 - np.take_along_axis(fair, 3 + whole, -1)[..., 0]
        under = np.take_along_axis(fair, 3 + whole - (line % 1 == 0)[..., None], -1)[..., 0]
        chance, one, other = over / (over + under), quotes.over, quotes.under
    elif name == "spread":
        stands = stands & quotes.has_spread[:, books, None]
        point = np.take_along_axis(quotes.home_point[:, books], quote, -1)
        chance = np.where(point < 0, fair[..., 1], 1 - fair[..., 2])
        one, other = quotes.spread_home, quotes.spread_away
    else:
        chance, one, other = fair[..., 0], quotes.home, quotes.away
    one, other = (np.take_along_axis(price[:, books], quote, -1) for price in (one, other))
    quoted = (_logit(_implied(one)) - _logit(_implied(other))) / 2
    error = np.where(stands, _logit(chance) - quoted, 0.0).sum(1) / np.maximum(stands.sum(1), 1)
    return error, stands.any(1)


def _fair(outcomes: Floats, name: str) -> Floats:
    """The chance whose moves the sharps bet with: home wins, or more than eight runs."""
    chance: Floats = 1 - outcomes[..., 3 + 8] if name == "total" else outcomes[..., 0]
    return chance


def _implied(price: Ints) -> Floats:
    """Of American prices; where there is no quote the placeholder is harmless."""
    a = np.where(np.abs(price) < 100, 100, price).astype(float)
    chance: Floats = np.where(a > 0, 100, -a) / (np.abs(a) + 100)
    return chance


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, 0.005, 0.995)
    out: Floats = np.log(clipped / (1 - clipped))
    return out
