"""The league's prices as Action Network has them: which book has which outcome at which price at a moment.

A view of ``market.quotes`` and ``market.period_quotes`` (and team totals, which follow from a book's moneyline and
total), of the books that Action Network knows. Book 15 is the mean of all books that stand open, book 30 the first
price of the book that opened first. Shapes are in ``wire_action_network_outcomes``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator.periods import PeriodQuotes
from dagster_mlb.simulator.prices import BOOKS, DayQuotes, Market, american, in_play_home_probability, two_way_prices
from dagster_mlb.simulator.schedule import Listing
from dagster_mlb.simulator.wire_odds import LIVE_BOOKS
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network.books import BOOKS as CATALOGUE
from dagster_mlb.sources.action_network.books import CONSENSUS, OPENING_LINE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TEAM_TOTAL: Final = "core_bet_type_6_team_score"
PERIODS: Final = {"event": None, "firstfiveinnings": "first_five", "firstinning": "first_inning"}
# Position in prices.BOOKS of every id that stands for a book of the league.
PLACE_OF_ID: Final = {
    entry.book_id: place
    for entry in CATALOGUE
    for place, book in enumerate(BOOKS)
    if entry.book == book.key and entry.book_id not in (CONSENSUS, OPENING_LINE)
}
_KEYS: Final = [book.key for book in BOOKS]
# Not every book has every type: who sells team totals, and who lets bet on a first inning that ends level.
_TEAM_TOTALS: Final = [sum(key.encode()) % 3 != 0 for key in _KEYS]
_THREE_WAY: Final = [sum(key.encode()) % 2 == 0 for key in _KEYS]
_TEAM_TOTAL_HOLD: Final = 0.055
# Runs of lead per logit of the moneyline (see prices.in_play_home_probability).
_LEAD_PER_LOGIT: Final = 2.42


class Price(NamedTuple):
    """One outcome, standing since ``at``. ``team`` is home or away for team totals, else ''; ``line`` 0 where none."""

    period: str
    type: str
    team: str
    side: str
    odds: int
    line: float
    at: float
    is_opener: bool
    is_live: bool = False

    @property
    def outcome(self) -> tuple[str, str, str, str]:
        """What it is a price of."""
        return self.period, self.type, self.team, self.side


class _TeamTotals(NamedTuple):
    """Lines and prices ``(listing, book, quote)`` of one club's runs in one period."""

    line: Floats
    over: Ints
    under: Ints


@dataclass
class _Day:
    """A date's quotes in every period, and the prices made of them, kept by quote (never by moment)."""

    quotes: DayQuotes
    periods: dict[str, PeriodQuotes]
    team_totals: dict[tuple[str, str], _TeamTotals]
    by_quote: dict[tuple[int, int, int], list[Price]] = field(default_factory=dict)
    by_state: dict[tuple[int, tuple[int, ...]], list[Price]] = field(default_factory=dict)


_days: WeakKeyDictionary[Market, dict[date, _Day]] = WeakKeyDictionary()


def _day(market: Market, day: date) -> _Day:
    days = _days.setdefault(market, {})
    if day not in days:
        quotes = market.quotes(day)
        periods = {name: market.period_quotes(day, name) for name in PERIODS.values() if name}
        team_totals = {
            (period, team): _draw_team_totals(quotes, innings, team)
            for period, innings in (("event", 9), ("firstfiveinnings", 5))
            for team in ("home", "away")
        }
        days[day] = _Day(quotes, periods, team_totals)
    return days[day]


def _draw_team_totals(quotes: DayQuotes, innings: int, team: str) -> _TeamTotals:
    """A book's own moneyline and total say how many runs it expects of a club."""
    home, away = (np.where(p > 0, 100, -p) / (np.abs(p) + 100.0) for p in (quotes.home, quotes.away))
    lead = _LEAD_PER_LOGIT * np.log(home / away)
    total = np.take_along_axis(quotes.total, quotes.total_quote, -1)
    mean = np.maximum((total + (lead if team == "home" else -lead)) / 2, 1.5) * innings / 9
    size = (scoring.HOME_SIZE if team == "home" else scoring.AWAY_SIZE) * innings / 9
    at_most = scoring.negative_binomial(mean, size, 16).cumsum(-1)
    line = np.abs(at_most - 0.5).argmin(-1)
    over, under = two_way_prices(
        1 - np.take_along_axis(at_most, line[..., None], -1)[..., 0], np.full(mean.shape, _TEAM_TOTAL_HOLD)
    )
    return _TeamTotals(line + 0.5, over, under)


# ---------------------------------------------------------------- one book


def book_prices(world: World, listing: Listing, place: int, moment: float) -> tuple[list[Price], bool]:
    """(outcomes of the book at a place of ``BOOKS``, whether it has taken them down). Empty before it opened."""
    day = _day(world.market, listing.date)
    quote = day.quotes.current(listing, moment)[place]
    if quote < 0:
        return [], False
    prices = _quoted(day, listing, place, quote)
    season = world.league.season(listing.season)
    if season.is_in_play(listing, moment) and _KEYS[place] in LIVE_BOOKS:
        live = _live(world, listing, moment)
        return [*live, *(price for price in prices if (price.period, price.type) != ("event", "moneyline"))], False
    return prices, day.quotes.suspended(listing, moment)[place]


def book_path(world: World, listing: Listing, place: int, moment: float) -> list[list[Price]]:
    """The outcomes at each quote of a book up to a moment, oldest first."""
    day = _day(world.market, listing.date)
    return [_quoted(day, listing, place, quote) for quote in range(day.quotes.current(listing, moment)[place] + 1)]


def _quoted(day: _Day, listing: Listing, place: int, quote: int) -> list[Price]:
    key = (listing.number, place, quote)
    if key not in day.by_quote:
        day.by_quote[key] = [*_whole_game(day, listing, place, quote), *_parts(day, listing, place, quote)]
    return day.by_quote[key]


def _whole_game(day: _Day, listing: Listing, place: int, quote: int) -> Iterator[Price]:
    quotes, row = day.quotes, day.quotes.row[listing.number]
    at = (row, place, quote)
    touched = int(quotes.total_quote[at])
    total_at = (row, place, touched)
    told, is_opener = float(quotes.at[at]), quote == 0
    yield from _pair(
        "event", "moneyline", "", ("home", "away"), (quotes.home[at], quotes.away[at]), (0, 0), told, is_opener
    )
    if quotes.has_spread[row, place]:
        point = float(quotes.home_point[at])
        prices = quotes.spread_home[at], quotes.spread_away[at]
        yield from _pair("event", "spread", "", ("home", "away"), prices, (point, -point), told, is_opener)
    if quotes.has_total[row, place]:
        line = float(quotes.total[total_at])
        prices = quotes.over[total_at], quotes.under[total_at]
        since = float(quotes.at[total_at])
        yield from _pair("event", "total", "", ("over", "under"), prices, (line, line), since, touched == 0)
        yield from _team_totals(day, "event", place, at, told)


def _parts(day: _Day, listing: Listing, place: int, quote: int) -> Iterator[Price]:
    row = day.quotes.row[listing.number]
    at = (row, place, quote)
    told, is_opener = float(day.quotes.at[at]), quote == 0
    five, first = day.periods["first_five"], day.periods["first_inning"]
    if five.offered[row, place]:
        name, point = "firstfiveinnings", float(five.home_point[at])
        sides, line = ("home", "away"), float(five.total[at])
        yield from _pair(name, "moneyline", "", sides, (five.home[at], five.away[at]), (0, 0), told, is_opener)
        prices = five.spread_home[at], five.spread_away[at]
        yield from _pair(name, "spread", "", sides, prices, (point, -point), told, is_opener)
        prices = five.over[at], five.under[at]
        yield from _pair(name, "total", "", ("over", "under"), prices, (line, line), told, is_opener)
        if day.quotes.has_total[row, place]:
            yield from _team_totals(day, name, place, at, told)
    if first.offered[row, place]:
        name = "firstinning"
        if _THREE_WAY[place]:
            three = first.home_3way[at], first.draw_3way[at], first.away_3way[at]
            yield from _pair(name, "moneyline", "", ("home", "draw", "away"), three, (0, 0, 0), told, is_opener)
        prices = first.over[at], first.under[at]
        yield from _pair(name, "total", "", ("over", "under"), prices, (0.5, 0.5), told, is_opener)


def _team_totals(day: _Day, period: str, place: int, at: tuple[int, int, int], told: float) -> Iterator[Price]:
    if _TEAM_TOTALS[place]:
        for team in ("home", "away"):
            totals = day.team_totals[period, team]
            line = float(totals.line[at])
            prices = totals.over[at], totals.under[at]
            yield from _pair(period, TEAM_TOTAL, team, ("over", "under"), prices, (line, line), told, at[2] == 0)


def _pair(
    period: str,
    type_: str,
    team: str,
    sides: tuple[str, ...],
    odds: tuple[object, ...],
    lines: tuple[float, ...],
    at: float,
    is_opener: bool,
) -> Iterator[Price]:
    for side, price, line in zip(sides, odds, lines, strict=True):
        yield Price(period, type_, team, side, int(price), line, at, is_opener)  # type: ignore[call-overload]


def _live(world: World, listing: Listing, moment: float) -> list[Price]:
    """In play: a few books' moneyline, from the score."""
    season = world.league.season(listing.season)
    p = min(max(in_play_home_probability(season, listing, moment), 0.02), 0.98)
    home, away = american(np.minimum(np.array([p, 1 - p]) * 1.06, 0.985))
    sides = (("home", home), ("away", away))
    return [Price("event", "moneyline", "", side, int(odds), 0, moment, False, is_live=True) for side, odds in sides]


# ---------------------------------------------------------------- consensus and opening line


def consensus_prices(world: World, listing: Listing, moment: float) -> list[Price]:
    """Book 15: per market the commonest line of the open books and the mean of their chances there."""
    day = _day(world.market, listing.date)
    down = day.quotes.suspended(listing, moment)
    current = tuple(-1 if d else q for q, d in zip(day.quotes.current(listing, moment), down, strict=True))
    key = (listing.number, current)
    if key not in day.by_state:
        quoted = [_quoted(day, listing, place, quote) for place, quote in enumerate(current) if quote >= 0]
        day.by_state[key] = _mean(quoted, sum(len(prices) > 0 for prices in quoted))
    return day.by_state[key]


def consensus_path(world: World, listing: Listing, moment: float) -> list[list[Price]]:
    """Book 15 at each moment up to one at which a sharp book changed, oldest first."""
    quotes = world.market.quotes(listing.date)
    sharp = [place for place, book in enumerate(BOOKS) if book.is_sharp]
    at = quotes.at[quotes.row[listing.number], sharp]
    moments = sorted({float(x) for x in at[np.isfinite(at) & (at <= moment)]})
    return [prices for told in moments if (prices := consensus_prices(world, listing, told))]


def opening_prices(world: World, listing: Listing, moment: float) -> list[Price]:
    """Book 30: the first price of the book that opened first. Empty before it did."""
    day = _day(world.market, listing.date)
    row = day.quotes.row[listing.number]
    opened = np.where(day.quotes.offered[row], day.quotes.at[row, :, 0], np.inf)
    first = int(opened.argmin())
    return _quoted(day, listing, first, 0) if opened[first] <= moment else []


def _mean(quoted: list[list[Price]], books: int) -> list[Price]:
    told: dict[tuple[str, str, str, str], list[Price]] = {}
    for prices in quoted:
        for price in prices:
            told.setdefault(price.outcome, []).append(price)
    # A market's line is that of its first side; the others follow it.
    lines: dict[tuple[str, str, str], float] = {}
    means = []
    for (period, type_, team, side), prices in told.items():
        market = (period, type_, team)
        mirrored = -1 if type_ == "spread" and side == "away" else 1
        if market not in lines:
            lines[market] = mirrored * Counter(price.line for price in prices).most_common(1)[0][0]
        line = mirrored * lines[market]
        agreed = [price for price in prices if price.line == line]
        if not agreed:
            continue
        chance = sum((100 if a > 0 else -a) / (abs(a) + 100) for a in (price.odds for price in agreed)) / len(agreed)
        odds = round(-100 * chance / (1 - chance) if chance > 0.5 else 100 * (1 - chance) / chance)
        since = max(price.at for price in agreed)
        odds = 100 if abs(odds) <= 100 else odds
        means.append(Price(period, type_, team, side, odds, line, since, books == 1))
    return means
