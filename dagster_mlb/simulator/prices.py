"""The market of the simulated league: an efficient price, and the books that scatter around it.

The fair price at a moment is the chance of the outcome given the news so far, so from open to first pitch it is a
martingale and nothing in the past of a game improves on it. A book requotes a few times between its open and first
pitch: what the fair price was a little earlier (its lag), its own noise in logit, its hold by the odds-ratio method,
rounded to American integers. Moneyline, ±1.5 and total come from the same two mean runs (``runs.score_grid``).

A scratched starter makes a book take its prices down for some minutes (sharp ones for few) and come back with a new
one; now and then a book forgets a game for hours. Who the books are is in ``books``, what they ask for the first
innings in ``periods``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.books import BOOKS, Book
from dagster_mlb.simulator.fair import (
    american,
    expected,
    fair_outcomes,
    in_play_home_probability,
    shift,
    two_way_prices,
)
from dagster_mlb.simulator.league import NEWS, League, Season
from dagster_mlb.simulator.schedule import Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.periods import PeriodQuotes

__all__ = [
    "BOOKS",
    "Book",
    "DayQuotes",
    "Market",
    "american",
    "draw_quotes",
    "fair_outcomes",
    "in_play_home_probability",
    "two_way_prices",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MINUTE: Final = 60.0


# A book quotes at its open. After it a sharp one changes with every piece of news (so it goes first), another 3 to 8
# times when it pleases.
QUOTES: Final = 1 + NEWS + 2
FEWEST_CHANGES: Final = 3
MOST_CHANGES: Final = 8
_LAG_SPREAD: Final = 0.5
# What is drawn for a quote beside its price: 0 whether the game is forgotten, 1 from when, 2 how long; then for the
# home and the away starter's scratch: when the book hears of it, and how long it thinks.
_EXTRA_DRAWS: Final = 7
# The lines that a total may have, and the totals at or below which one must know the chance.
_LINES: Final = np.arange(5.0, 15.01, 0.5)
_LEAST: Final = 4
_MOST: Final = 15


class _Traits(NamedTuple):
    """The books' ways as arrays; lags and openings in seconds. ``reactions`` to a scratch: seconds to hear of it, how
    many more by chance, to think, how many more by chance."""

    hold: Floats
    side_hold: Floats
    noise: Floats
    lag: Floats
    opens: Floats
    forgets: Floats
    sharp: NDArray[np.bool_]
    reactions: Ints

    @classmethod
    def of(cls, books: Sequence[Book]) -> _Traits:
        return cls(
            hold=np.array([book.hold for book in books]),
            side_hold=np.array([book.side_hold for book in books]),
            noise=np.array([book.noise for book in books]),
            lag=np.array([book.lag for book in books]) * MINUTE,
            opens=np.array([book.opens_after for book in books]) * MINUTE,
            forgets=np.array([book.forgets for book in books]),
            sharp=np.array([book.is_sharp for book in books]),
            # Sharp books react within seconds and are back in minutes.
            reactions=np.array([(10, 30, 90, 240) if book.is_sharp else (40, 300, 300, 1500) for book in books]),
        )


_AS_THEY_ARE: Final = _Traits.of(BOOKS)
_PROMPT: Final = _Traits.of([replace(book, noise=0.0, lag=0.0, forgets=0.0) for book in BOOKS])


@dataclass(frozen=True)
class DayQuotes:
    """All quotes of one date's listings, ``(listing, book, quote)`` unless said; prices American integers.

    ``at``: when the quote was made (epoch seconds; ∞ where the book made fewer). ``row``: listing number → first
    axis. ``total_quote``: the quote at which the total's price was last touched. ``has_spread``/``has_total``
    ``(listing, book)``. ``fair`` is the efficient P(home wins) at the quote's moment, without lag or noise.
    ``lay_home``/``lay_away``: what an exchange lays (0 elsewhere). ``suspended_from``/``suspended_to`` ``(listing,
    book, 2)`` [home|away]: when the book's prices were down for that starter's scratch (∞ where not). A resumption
    has a row in which nothing is offered.
    """

    row: dict[int, int]
    at: Floats
    fair: Floats
    home: Ints
    away: Ints
    home_point: Floats
    spread_home: Ints
    spread_away: Ints
    total: Floats
    over: Ints
    under: Ints
    total_quote: Ints
    offered: NDArray[np.bool_]
    has_spread: NDArray[np.bool_]
    has_total: NDArray[np.bool_]
    lay_home: Ints
    lay_away: Ints
    suspended_from: Floats
    suspended_to: Floats
    rendered: dict[tuple[object, ...], bytes | None] = field(default_factory=dict, repr=False)

    def current(self, listing: Listing, moment: float) -> list[int]:
        """Per book: the quote that stood at a moment, −1 before its open or where it never offered the game."""
        row = self.row[listing.number]
        counts = (self.at[row] <= moment).sum(1) - 1
        return [int(c) if offered else -1 for c, offered in zip(counts, self.offered[row], strict=True)]

    def suspended(self, listing: Listing, moment: float) -> list[bool]:
        """Per book: whether it had taken its prices down at a moment. ``current`` then gives the last quote before."""
        row = self.row[listing.number]
        down = (self.suspended_from[row] <= moment) & (moment < self.suspended_to[row])
        return [bool(x) for x in down.any(1)]

    def status(self, listing: Listing, moment: float) -> list[str]:
        """Per book: ``open``, ``suspended``, or ``none`` before its open or where it never offered the game."""
        pairs = zip(self.current(listing, moment), self.suspended(listing, moment), strict=True)
        return ["none" if quote < 0 else "suspended" if down else "open" for quote, down in pairs]


class Market:
    """Every book's quotes, drawn by date when first asked for and then kept.

    ``prompt_books``: a control in which every book asks the fair price plus its hold, seconds after each piece of news.
    """

    def __init__(self, league: League, *, prompt_books: bool = False) -> None:
        self.league = league
        self.prompt_books = prompt_books
        self._days: dict[date, DayQuotes] = {}
        self._periods: dict[tuple[date, str], PeriodQuotes] = {}

    def quotes(self, day: date) -> DayQuotes:
        """The quotes for the games listed on a date (their whole path: whoever serves them cuts at its clock)."""
        if day not in self._days:
            season = self.league.season(day.year)
            self._days[day] = draw_quotes(self.league, season, season.by_date[day], prompt_books=self.prompt_books)
        return self._days[day]

    def period_quotes(self, day: date, period: str) -> PeriodQuotes:
        """The quotes on ``first_five`` or ``first_inning``: same games, same moments; see ``periods.PeriodQuotes``."""
        from dagster_mlb.simulator.periods import draw_period_quotes

        if (day, period) not in self._periods:
            season = self.league.season(day.year)
            quotes = draw_period_quotes(self.league, season, season.by_date[day], self.quotes(day), period)
            self._periods[day, period] = quotes
        return self._periods[day, period]


@lru_cache(maxsize=1)
def _quoted_outcomes() -> Floats:
    """The outcomes that quotes need: P(home), P(home by ≥ 2), P(away by ≥ 2), P(total ≤ 4 … 15)."""
    return np.ascontiguousarray(scoring.score_grid().outcomes[..., [0, 1, 2, *range(3 + _LEAST, 4 + _MOST)]])


def draw_quotes(league: League, season: Season, listings: list[Listing], *, prompt_books: bool = False) -> DayQuotes:
    """All quotes for some listings of a season; ``prompt_books`` as in ``Market``."""
    traits = _PROMPT if prompt_books else _AS_THEY_ARE
    streams, books, n = league.streams, len(BOOKS), len(listings)
    number = np.array([x.number for x in listings])
    addresses = [(st.QUOTES, season.plan.season, x.number) for x in listings]
    # Uniforms per book: 0 delay of the open, 1 number of changes, 2 lag, then times, offers, and total touched.
    times, offers = slice(3, 2 + QUOTES), slice(2 + QUOTES, 5 + QUOTES)
    touches = slice(5 + QUOTES, 5 + 2 * QUOTES)
    u = tuple(x.reshape(n, books, -1) for x in streams.uniforms(addresses, books * (5 + 2 * QUOTES)))
    # Normals: the book's own opinion of the game, then per quote its noise in moneyline, run line and total.
    noises = [slice(1 + k * QUOTES, 1 + (k + 1) * QUOTES) for k in range(3)]
    z = tuple(x.reshape(n, books, -1) for x in streams.normals([(*a, 1) for a in addresses], books * (1 + 3 * QUOTES)))
    open_at, start = season.open_at[number], season.start[number]

    def drawn(moments: Floats, columns: int | slice, values: tuple[Floats, ...] = u) -> Floats:
        return streams.choose(moments, (values[0][..., columns], values[1][..., columns]))

    # Late openers too leave themselves most of the time to first pitch, however late a make-up was announced.
    latest = np.minimum(traits.opens, 0.4 * (start - open_at)[:, None])
    opens = open_at[:, None] + drawn(open_at[:, None], 0) * latest
    changes = FEWEST_CHANGES + (drawn(open_at[:, None], 1) * (MOST_CHANGES + 1 - FEWEST_CHANGES)).astype(int)
    step = np.arange(QUOTES)
    share = (step[1:] - drawn(open_at[:, None, None], times)) / changes[..., None]
    span = np.maximum(start[:, None] - 4 * MINUTE - opens, 10 * MINUTE)
    later = opens[..., None] + span[..., None] * (1 - (1 - np.clip(share, 0, 1)) ** 1.8)
    later = np.where(step[1:] <= changes[..., None], later, np.inf)
    # A sharp book's next quote is of the news itself, some seconds after it and its lag.
    news = np.broadcast_to(np.sort(season.news_at[number], axis=1)[:, None], later.shape)
    prompt = news + traits.lag[:, None] * 0.8 + 5 + 20 * drawn(open_at[:, None, None], times)
    later = np.where(traits.sharp[:, None], np.minimum(prompt, start[:, None, None] - MINUTE), later)
    at = np.maximum.accumulate(np.concatenate([opens[..., None], later], axis=2), axis=2)
    heard = np.full(at.shape, -np.inf)
    heard[..., 1:] = np.where(traits.sharp[:, None], news, -np.inf)
    at = np.round(at).astype(np.float64)
    at, scratch, suspended_from, suspended_to = _interrupted(league, season, listings, at, addresses, traits)
    quoted = np.isfinite(at)
    moment = np.where(quoted, at, 0.0)

    index = np.broadcast_to(number[:, None, None], at.shape)
    lag = traits.lag[:, None] * (1 + _LAG_SPREAD * (drawn(open_at[:, None], 2)[..., None] - 0.5)) * (step > 0)
    known = np.maximum(moment - lag, open_at[:, None, None])
    for news_heard in (heard, scratch):  # a quote that was brought forward has not heard its news yet
        known = np.maximum(known, np.where(news_heard <= moment, news_heard, -np.inf))
    outcomes = expected(_quoted_outcomes(), season, index, known)
    fair = np.where(quoted, expected(_quoted_outcomes()[..., :1], season, index, moment)[..., 0], np.nan)
    own = drawn(opens, 0, z)[..., None] * 0.7 + drawn(moment, noises[0], z) * 0.7
    noise = own * traits.noise[:, None]
    moneyline = shift(outcomes[..., 0], noise)
    home, away = two_way_prices(moneyline, np.broadcast_to(traits.hold[:, None], at.shape))
    lay_home, lay_away = np.zeros_like(home), np.zeros_like(away)
    for place, book in enumerate(BOOKS):
        if book.is_exchange:
            asked = np.full(at[:, place].shape, -book.hold)
            lay_home[:, place], lay_away[:, place] = two_way_prices(moneyline[:, place], asked)

    home_point = np.where(moneyline >= 0.5, -1.5, 1.5)
    cover = np.where(home_point < 0, outcomes[..., 1], 1 - outcomes[..., 2])
    side_noise = (own + drawn(moment, noises[1], z) * 0.5) * traits.noise[:, None]
    side_hold = np.broadcast_to(traits.side_hold[:, None], at.shape)
    spread_home, spread_away = two_way_prices(shift(cover, side_noise), side_hold)
    touched = (drawn(moment, touches) < (1.0 if prompt_books else 0.6)) | (step == 0)
    total_quote = np.maximum.accumulate(np.where(touched, step, 0), axis=2)
    total_noise = drawn(moment, noises[2], z) * traits.noise[:, None]
    total, over = _totals(outcomes[..., 3:], total_noise, total_quote)
    over_price, under_price = two_way_prices(over, side_hold)
    offer = drawn(opens[..., None], offers)
    return DayQuotes(
        row={int(x): i for i, x in enumerate(number)},
        at=at,
        fair=fair,
        home=home,
        away=away,
        home_point=home_point,
        spread_home=spread_home,
        spread_away=spread_away,
        total=total,
        over=over_price,
        under=under_price,
        total_quote=total_quote,
        offered=(offer[..., 0] > 0.01) & np.array([not x.is_resumption for x in listings])[:, None],
        has_spread=offer[..., 1] < np.array([book.offers_spreads for book in BOOKS]),
        has_total=offer[..., 2] < np.array([book.offers_totals for book in BOOKS]),
        lay_home=lay_home,
        lay_away=lay_away,
        suspended_from=suspended_from,
        suspended_to=suspended_to,
    )


def _interrupted(
    league: League,
    season: Season,
    listings: list[Listing],
    at: Floats,
    addresses: list[tuple[int, int, int]],
    traits: _Traits,
) -> tuple[Floats, Floats, Floats, Floats]:
    """What keeps a book from quoting: games forgotten for hours, and prices taken down when a starter is scratched.

    Takes and returns the moments of the quotes; also, per quote, the moment of the scratch that it knows of (−∞ where
    there is none), and ``suspended_from``/``suspended_to`` as ``DayQuotes`` has them.
    """
    streams, books = league.streams, len(BOOKS)
    number = np.array([x.number for x in listings])
    open_at, start = season.open_at[number][:, None], season.start[number][:, None]
    extra = streams.uniforms([(*a, 2) for a in addresses], books * _EXTRA_DRAWS)
    u = tuple(x.reshape(len(listings), books, _EXTRA_DRAWS) for x in extra)

    def drawn(moments: Floats, which: int) -> Floats:
        return streams.choose(moments, (u[0][..., which], u[1][..., which]))

    step = np.arange(at.shape[2])
    from_ = at[..., 0] + (start - at[..., 0]) * (0.15 + 0.75 * drawn(open_at, 1))
    until = np.minimum(from_ + (2 + 5 * drawn(open_at, 2)) * 60 * MINUTE, start - 15 * MINUTE)
    forgotten = ((drawn(open_at, 0) < traits.forgets) & (until > from_))[..., None]
    missed = forgotten & (at > from_[..., None]) & (at < until[..., None])
    at = np.where(missed, np.round(until)[..., None] + 40 * step, at)
    at = np.where(np.isfinite(at), np.minimum(at, np.maximum(start - 4 * MINUTE, at[..., 0])[..., None]), at)
    at = np.maximum.accumulate(at, axis=2)

    down = np.full((len(listings), books, 2), np.inf)
    back = np.full((len(listings), books, 2), np.inf)
    heard = np.full(at.shape, -np.inf)
    # In the order in which it happens: the later scratch moves what the earlier one left.
    order = np.argsort(season.confirmed_at[number], axis=1)
    for place in range(2):
        side = order[:, place]
        scratched = season.starters[number, side, 0] != season.starters[number, side, 1]
        if not scratched.any():
            continue
        news = season.confirmed_at[number, side][:, None]
        told = np.round(news + traits.reactions[:, 0] + traits.reactions[:, 1] * drawn(news, 3 + 2 * place))
        again = np.round(told + traits.reactions[:, 2] + traits.reactions[:, 3] * drawn(news, 4 + 2 * place))
        takes_down = scratched[:, None] & (told > at[..., 0]) & (again < start - 5 * MINUTE)
        after = takes_down[..., None] & (at >= told[..., None])
        first = after & (after.cumsum(2) == 1) & np.isfinite(at)
        takes_down &= first.any(2)  # a book without another quote in it did not notice
        at = np.where(first, again[..., None], np.where(after, np.maximum(at, again[..., None] + 20 * step), at))
        at = np.maximum.accumulate(at, axis=2)
        heard = np.where(after & takes_down[..., None], news[..., None], heard)
        rows = np.arange(len(listings))
        down[rows, :, side] = np.where(takes_down, told, np.inf)
        back[rows, :, side] = np.where(takes_down, again, np.inf)
    return at, heard, down, back


def _totals(at_most: Floats, noise: Floats, total_quote: Ints) -> tuple[Floats, Floats]:
    """(line, P(over | no push)) per quote. The line is the median at the open and moves by halves when the price
    would leave 47–53 %; between touches line and price stay. ``at_most``: P(total ≤ 4 … 15) on the last axis."""
    lines = _LINES
    under_at = np.where(lines % 1 == 0, lines - 1, np.floor(lines)).astype(int) - _LEAST
    over = 1 - at_most[..., np.floor(lines).astype(int) - _LEAST]
    under = at_most[..., under_at]
    chance = shift(over / (over + under), noise[..., None])
    best = np.abs(chance - 0.5).argmin(-1)
    place = best.copy()
    for quote in range(1, place.shape[-1]):
        kept = np.take_along_axis(chance[..., quote, :], place[..., quote - 1, None], -1)[..., 0]
        place[..., quote] = np.where(np.abs(kept - 0.5) <= 0.03, place[..., quote - 1], best[..., quote])
    price = np.take_along_axis(chance, place[..., None], -1)[..., 0]
    return (
        np.take_along_axis(lines[place], total_quote, -1),
        np.take_along_axis(price, total_quote, -1),
    )
