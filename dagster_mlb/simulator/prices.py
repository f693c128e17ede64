"""The market of the simulated league: an efficient price, and the books that scatter around it.

The fair price at a moment is the chance of the outcome given the news so far, so from open to first pitch it is a
martingale and nothing in the past of a game improves on it. A book requotes a few times between its open and first
pitch: what the fair price was a little earlier (its lag), its own noise in logit, its hold by the odds-ratio method,
rounded to American integers. Moneyline, ±1.5 and total come from the same two mean runs (``runs.score_grid``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.league import NEWS, NEWS_DIFFERENCE_SD, NEWS_SUM_SD, League, Season
from dagster_mlb.simulator.schedule import Listing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Book:
    """A book as the odds feed names it. ``noise`` in logit, ``lag`` in minutes, ``opens_after`` at most, in minutes."""

    key: str
    title: str
    region: str
    hold: float
    side_hold: float
    noise: float
    lag: float
    opens_after: float
    offers_spreads: float = 0.97
    offers_totals: float = 0.99


BOOKS: Final[tuple[Book, ...]] = (
    Book("pinnacle", "Pinnacle", "eu", 0.0225, 0.028, 0.008, 0.0, 5.0),
    Book("circasports", "Circa Sports", "us", 0.0310, 0.034, 0.012, 2.0, 20.0),
    Book("draftkings", "DraftKings", "us", 0.0435, 0.045, 0.024, 12.0, 60.0),
    Book("fanduel", "FanDuel", "us", 0.0415, 0.044, 0.022, 8.0, 75.0),
    Book("betmgm", "BetMGM", "us", 0.0450, 0.046, 0.028, 20.0, 80.0, offers_spreads=0.94),
    Book("betrivers", "BetRivers", "us", 0.0470, 0.047, 0.030, 30.0, 80.0, offers_spreads=0.88),
)
# A book quotes at its open and changes 3 to 8 times after it.
QUOTES: Final = 9
FEWEST_CHANGES: Final = 3
_LAG_SPREAD: Final = 0.5
_HOLDS: Final = np.array([book.hold for book in BOOKS])
_SIDE_HOLDS: Final = np.array([book.side_hold for book in BOOKS])
_NOISE: Final = np.array([book.noise for book in BOOKS])
_LAGS: Final = np.array([book.lag for book in BOOKS]) * MINUTE
_OPENS: Final = np.array([book.opens_after for book in BOOKS]) * MINUTE


@dataclass(frozen=True)
class DayQuotes:
    """All quotes of one date's listings, ``(listing, book, quote)`` unless said; prices American integers.

    ``at``: when the quote was made (epoch seconds; ∞ where the book made fewer). ``row``: listing number → first
    axis. ``total_quote``: the quote at which the total's price was last touched. ``has_spread``/``has_total``
    ``(listing, book)``. ``fair`` is the efficient P(home wins) at the quote's moment, without lag or noise.
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
    rendered: dict[tuple[object, ...], bytes | None] = field(default_factory=dict, repr=False)

    def current(self, listing: Listing, moment: float) -> list[int]:
        """Per book: the quote that stood at a moment, −1 before its open or where it never offered the game."""
        row = self.row[listing.number]
        counts = (self.at[row] <= moment).sum(1) - 1
        return [int(c) if offered else -1 for c, offered in zip(counts, self.offered[row], strict=True)]


class Market:
    """Every book's quotes, drawn by date when first asked for and then kept."""

    def __init__(self, league: League) -> None:
        self.league = league
        self._days: dict[date, DayQuotes] = {}

    def quotes(self, day: date) -> DayQuotes:
        """The quotes for the games listed on a date (their whole path: whoever serves them cuts at its clock)."""
        if day not in self._days:
            season = self.league.season(day.year)
            self._days[day] = draw_quotes(self.league, season, season.by_date[day])
        return self._days[day]


def fair_outcomes(season: Season, index: Ints, moment: Floats) -> Floats:
    """P(home), P(home by ≥ 2), P(away by ≥ 2), P(total ≤ 0 … 60) given the news up to a moment.

    ``index`` (listing numbers) and ``moment`` broadcast; the outcomes come on a new last axis. What the news still
    to come may do is averaged over (two points per direction: exact to the third moment), so the price is a
    martingale in probability and not only in logit.
    """
    grid = scoring.score_grid()
    known = season.news_at[index] <= moment[..., None]
    ln_home = season.ln_home[index] + (season.news_home[index] * known).sum(-1)
    ln_away = season.ln_away[index] + (season.news_away[index] * known).sum(-1)
    left = (NEWS - known[..., :NEWS].sum(-1)) / NEWS
    difference, total = NEWS_DIFFERENCE_SD * np.sqrt(left) / 2, NEWS_SUM_SD * np.sqrt(left)
    outcomes = np.zeros((*ln_home.shape, grid.outcomes.shape[-1]))
    for d, s in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        outcomes += scoring.look_up(
            grid.outcomes, ln_home + d * difference + s * total, ln_away - d * difference + s * total
        )
    return outcomes / 4


def american(probability: Floats) -> Ints:
    """The American price whose implied probability is nearest; never inside (−100, 100)."""
    q = np.clip(probability, 0.02, 0.98)
    price = np.where(q > 0.5, -100 * q / (1 - q), 100 * (1 - q) / q)
    return np.where(np.abs(np.round(price)) <= 100, 100, np.round(price)).astype(np.int64)


def two_way_prices(probability: Floats, hold: Floats) -> tuple[Ints, Ints]:
    """(price of the side, price of the other) with a hold put on in odds ratio: logit q = ±logit p + c."""
    p = np.clip(probability, 0.03, 0.97)
    logit = np.log(p / (1 - p))
    booksum = 1 / (1 - hold)
    c = (booksum - 1) / (2 * p * (1 - p))
    for _ in range(2):
        q1, q2 = 1 / (1 + np.exp(-logit - c)), 1 / (1 + np.exp(logit - c))
        c = c - (q1 + q2 - booksum) / (q1 * (1 - q1) + q2 * (1 - q2))
    return american(1 / (1 + np.exp(-logit - c))), american(1 / (1 + np.exp(logit - c)))


def _shift(probability: Floats, logit: Floats) -> Floats:
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return 1 / (1 + np.exp(-(np.log(p / (1 - p)) + logit)))


def draw_quotes(league: League, season: Season, listings: list[Listing]) -> DayQuotes:
    """All quotes for some listings of a season."""
    streams, books, n = league.streams, len(BOOKS), len(listings)
    number = np.array([x.number for x in listings])
    addresses = [(st.QUOTES, season.plan.season, x.number) for x in listings]
    # Uniforms per book: 0 delay of the open, 1 number of changes, 2–10 times, 11–13 offers, 14–22 total touched.
    u = tuple(x.reshape(n, books, 24) for x in streams.uniforms(addresses, books * 24))
    z = tuple(x.reshape(n, books, 28) for x in streams.normals([(*a, 1) for a in addresses], books * 28))
    open_at, start = season.open_at[number], season.start[number]

    def drawn(moments: Floats, columns: int | slice, values: tuple[Floats, ...] = u) -> Floats:
        return streams.choose(moments, (values[0][..., columns], values[1][..., columns]))

    opens = open_at[:, None] + drawn(open_at[:, None], 0) * np.minimum(_OPENS, 80 * MINUTE)
    changes = FEWEST_CHANGES + (drawn(open_at[:, None], 1) * (QUOTES - FEWEST_CHANGES)).astype(int)
    step = np.arange(QUOTES)
    share = (step[1:] - drawn(open_at[:, None, None], slice(3, 11))) / changes[..., None]
    span = np.maximum(start[:, None] - 4 * MINUTE - opens, 10 * MINUTE)
    later = opens[..., None] + span[..., None] * (1 - (1 - np.clip(share, 0, 1)) ** 1.8)
    at = np.concatenate([opens[..., None], np.where(step[1:] <= changes[..., None], later, np.inf)], axis=2)
    at = np.maximum.accumulate(np.round(at), axis=2)
    quoted = np.isfinite(at)
    moment = np.where(quoted, at, 0.0)

    index = np.broadcast_to(number[:, None, None], at.shape)
    lag = _LAGS[:, None] * (1 + _LAG_SPREAD * (drawn(open_at[:, None], 2)[..., None] - 0.5)) * (step > 0)
    outcomes = fair_outcomes(season, index, np.maximum(moment - lag, open_at[:, None, None]))
    fair = np.where(quoted, fair_outcomes(season, index, moment)[..., 0], np.nan)
    own = drawn(opens, 0, z)[..., None] * 0.7 + drawn(moment, slice(1, 10), z) * 0.7
    noise = own * _NOISE[:, None]
    moneyline = _shift(outcomes[..., 0], noise)
    home, away = two_way_prices(moneyline, np.broadcast_to(_HOLDS[:, None], at.shape))

    home_point = np.where(moneyline >= 0.5, -1.5, 1.5)
    cover = np.where(home_point < 0, outcomes[..., 1], 1 - outcomes[..., 2])
    side_noise = (own + drawn(moment, slice(10, 19), z) * 0.5) * _NOISE[:, None]
    side_hold = np.broadcast_to(_SIDE_HOLDS[:, None], at.shape)
    spread_home, spread_away = two_way_prices(_shift(cover, side_noise), side_hold)
    touched = (drawn(moment, slice(14, 23)) < 0.6) | (step == 0)
    total_quote = np.maximum.accumulate(np.where(touched, step, 0), axis=2)
    total_noise = drawn(moment, slice(19, 28), z) * _NOISE[:, None]
    total, over = _totals(outcomes[..., 3:], total_noise, total_quote)
    over_price, under_price = two_way_prices(over, side_hold)
    offer = drawn(opens[..., None], slice(11, 14))
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
        offered=offer[..., 0] > 0.01,
        has_spread=offer[..., 1] < np.array([book.offers_spreads for book in BOOKS]),
        has_total=offer[..., 2] < np.array([book.offers_totals for book in BOOKS]),
    )


def _totals(at_most: Floats, noise: Floats, total_quote: Ints) -> tuple[Floats, Floats]:
    """(line, P(over | no push)) per quote. The line is the median at the open and moves by halves when the price
    would leave 47–53 %; between touches line and price stay."""
    lines = np.arange(5.0, 15.01, 0.5)
    under_at = np.where(lines % 1 == 0, lines - 1, np.floor(lines)).astype(int)
    over = 1 - at_most[..., np.floor(lines).astype(int)]
    under = at_most[..., under_at]
    chance = _shift(over / (over + under), noise[..., None])
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


def in_play_home_probability(season: Season, listing: Listing, moment: float) -> float:
    """A rough live price from the score by innings at a moment: normal margin, sd 4.3 runs over nine innings."""
    number = listing.number
    ended = (season.half_ends[number] <= moment) & (season.half_runs[number] >= 0)
    halves = int(ended.sum())
    lead = int((season.half_runs[number] * ended * np.array([-1, 1])).sum())
    left = max(18 - halves, 1) / 18
    p = float(fair_outcomes(season, np.array([number]), np.array([season.start[number]]))[0, 0])
    expected = 2.42 * np.log(p / (1 - p)) * left
    return float(1 / (1 + np.exp(-1.7 * (lead + expected) / (4.3 * np.sqrt(left)))))
