"""Prices of the first five innings and of the first: the same books, moments and mean runs, a part of the game.

A half-inning's runs are negative binomial (``runs``), so those of five are too; both clubs always bat, so there is
no ninth to cut and a tie stays one: a push on the two-way moneyline, an outcome of its own on the three-way one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.books import BOOKS
from dagster_mlb.simulator.fair import american, expected, shift, two_way_prices
from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.prices import QUOTES, DayQuotes
from dagster_mlb.simulator.schedule import Listing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Innings of a period, and the lines that its total may have.
PERIODS: Final = {"first_five": 5, "first_inning": 1}
LINES: Final = {"first_five": np.arange(3.0, 7.01, 0.5), "first_inning": np.array([0.5])}
# Smaller markets cost more and scatter more.
EXTRA_HOLD: Final = {"first_five": 0.006, "first_inning": 0.022}
NOISE: Final = 1.5
_MOST_RUNS: Final = 24


@dataclass(frozen=True)
class PeriodQuotes:
    """Quotes on one period of one date's games, ``(listing, book, quote)`` as in ``DayQuotes``; prices American.

    ``row`` and ``at`` are the day's own (a book that changes its game price changes these in the same second), so
    ``DayQuotes.current`` and ``suspended`` say which quote stood. ``home``/``away``: two-way, a tie is a push.
    ``home_3way``/``draw_3way``/``away_3way``: with the tie as an outcome. ``home_point`` is ∓0.5 (the favourite gives
    it) with ``spread_home``/``spread_away``; ``total`` with ``over``/``under`` (first inning: always 0.5, so no run or
    some). ``fair`` ``(…, 3)``: P(home leads), P(tie), P(away leads) at the quote's moment. ``offered``
    ``(listing, book)``.

    Settled on ``Season.runs_after(PERIODS[period])``.
    """

    period: str
    row: dict[int, int]
    at: Floats
    fair: Floats
    home: Ints
    away: Ints
    home_3way: Ints
    draw_3way: Ints
    away_3way: Ints
    home_point: Floats
    spread_home: Ints
    spread_away: Ints
    total: Floats
    over: Ints
    under: Ints
    offered: NDArray[np.bool_]


@lru_cache(maxsize=4)
def period_grid(innings: int) -> Floats:
    """P(home leads), P(tie), P(away leads), P(total ≤ 0 … 15) after so many innings, over the axis of
    ``runs.score_grid`` both ways: ``(19, 19, 19)``."""
    axis = scoring.score_grid().axis
    part = innings / 9
    home, away = (
        scoring.negative_binomial(np.exp(axis) * part, size * part, _MOST_RUNS + 1)
        for size in (scoring.HOME_SIZE, scoring.AWAY_SIZE)
    )
    joint = home[:, None, :, None] * away[None, :, None, :]
    runs = np.arange(_MOST_RUNS + 1)
    margin = runs[:, None] - runs[None, :]
    total = runs[:, None] + runs[None, :]
    sides = [joint[..., chosen].sum(-1) for chosen in (margin > 0, margin == 0, margin < 0)]
    sums = [joint[..., total <= k].sum(-1) for k in range(16)]
    return np.stack([*sides, *sums], axis=-1) / joint.sum((-2, -1))[..., None]


def draw_period_quotes(
    league: League, season: Season, listings: list[Listing], quotes: DayQuotes, period: str
) -> PeriodQuotes:
    """The quotes on a period of ``PERIODS`` beside a day's own quotes. Any other period: ``KeyError``."""
    innings = PERIODS[period]
    streams, books = league.streams, len(BOOKS)
    addresses = [(st.QUOTES, season.plan.season, x.number, 10 + innings) for x in listings]
    shape = (len(listings), books, QUOTES, 2)
    z = tuple(x.reshape(shape) for x in streams.normals(addresses, books * QUOTES * 2))
    u = tuple(x.reshape(len(listings), books) for x in streams.uniforms([(*a, 1) for a in addresses], books))
    at = quotes.at
    quoted = np.isfinite(at)
    moment = np.where(quoted, at, 0.0)
    noise = streams.choose(moment[..., None], (z[0], z[1])) * NOISE * np.array([b.noise for b in BOOKS])[:, None, None]

    number = np.array([x.number for x in listings])
    known = np.maximum(moment, season.open_at[number][:, None, None])
    index = np.broadcast_to(number[:, None, None], at.shape)
    outcomes = expected(period_grid(innings), season, index, known)
    fair = np.where(quoted[..., None], outcomes[..., :3], np.nan)
    side_hold = np.broadcast_to(np.array([b.side_hold for b in BOOKS])[:, None] + EXTRA_HOLD[period], at.shape)
    leads, tie, trails = outcomes[..., 0], outcomes[..., 1], outcomes[..., 2]
    two_way = shift(leads / (leads + trails), noise[..., 0])
    home, away = two_way_prices(two_way, side_hold)
    three = np.stack([two_way * (1 - tie), tie, (1 - two_way) * (1 - tie)], axis=-1)
    home_3way, draw_3way, away_3way = np.moveaxis(american(three / (1 - side_hold[..., None])), -1, 0)

    home_point = np.where(two_way >= 0.5, -0.5, 0.5)
    cover = np.where(home_point < 0, leads, leads + tie)
    spread_home, spread_away = two_way_prices(shift(cover, noise[..., 0]), side_hold)
    total, over = _total(outcomes[..., 3:], LINES[period], noise[..., 1])
    over_price, under_price = two_way_prices(over, side_hold)
    share = np.array([b.offers_first_five if innings == 5 else b.offers_first_inning for b in BOOKS])
    opened = at[..., 0]
    return PeriodQuotes(
        period=period,
        row=quotes.row,
        at=at,
        fair=fair,
        home=home,
        away=away,
        home_3way=home_3way,
        draw_3way=draw_3way,
        away_3way=away_3way,
        home_point=home_point,
        spread_home=spread_home,
        spread_away=spread_away,
        total=total,
        over=over_price,
        under=under_price,
        offered=quotes.offered & (streams.choose(opened, (u[0], u[1])) < share),
    )


def _total(at_most: Floats, lines: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """(line, P(over | no push)) per quote: the line nearest to even. ``at_most``: P(total ≤ 0 … 15)."""
    under_at = np.where(lines % 1 == 0, lines - 1, np.floor(lines)).astype(int)
    over, under = 1 - at_most[..., np.floor(lines).astype(int)], at_most[..., under_at]
    chance = shift(over / (over + under), noise[..., None])
    best = np.abs(chance - 0.5).argmin(-1)
    return lines[best], np.take_along_axis(chance, best[..., None], -1)[..., 0]
