"""Bets on both sides at once: arbitrage, low hold and middles, and whether a price that invites them is stale.

Prices are decimal and meant to stand together: same game, same rules of settlement, quoted at one moment. Whether they
do is the caller's to know; ``suspicion`` says what speaks against it. Source: betting_domain §2.7.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.consensus import logit_gap
from dagster_mlb.market.odds import FloatArray, as_floats, implied_from_decimal
from dagster_mlb.market.score_grid import Chances, ScoreGrid

LOW_HOLD: Final = 0.01  # a booksum of the best prices from 1 to 1.01
TOO_GOOD: Final = 0.03  # an expected return against the sharp price that is rather an error
OLD_MINUTES: Final = 15.0
MOVED: Final = 0.04  # logit: about ten cents


class Covered(NamedTuple):
    """All outcomes of a market backed at the best prices. ``booksum`` below 1 is an arbitrage; ``profit``: return on
    the whole stake, whatever happens, ``1 / booksum - 1``; ``shares``: of the stake, by outcome, summing to 1."""

    booksum: FloatArray
    profit: FloatArray
    shares: FloatArray

    @property
    def is_arbitrage(self) -> npt.NDArray[np.bool_]:
        return self.booksum < 1.0

    @property
    def is_low_hold(self) -> npt.NDArray[np.bool_]:
        return (self.booksum >= 1.0) & (self.booksum <= 1.0 + LOW_HOLD)


class Middle(NamedTuple):
    """Two bets that can both win, one unit on each. ``ev``: expected return per unit staked; ``both_win``: the chance
    to win both; ``one_pushes``: to win one and have the other's stake back."""

    ev: FloatArray
    both_win: FloatArray
    one_pushes: FloatArray


def cover(decimals: npt.ArrayLike) -> Covered:
    """Backing every outcome, decimal prices along the last axis; NaN where one is no price.

    >>> found = cover([2.10, 2.05])
    >>> round(float(found.profit), 4), found.shares.round(3).tolist()
    (0.0373, [0.494, 0.506])
    """
    implied = implied_from_decimal(decimals)
    total = implied.sum(axis=-1)
    with np.errstate(all="ignore"):
        return Covered(total, 1.0 / total - 1.0, implied / total[..., None])


def middle_of_total(
    grid: ScoreGrid,
    over_line: npt.ArrayLike,
    over_decimal: npt.ArrayLike,
    under_line: npt.ArrayLike,
    under_decimal: npt.ArrayLike,
) -> Middle:
    """Over the lower line and under the higher one, one of each per game of the grid. NaN where the over's line is not
    the lower."""
    over, under = grid.over(over_line), grid.over(under_line)
    is_middle = as_floats(over_line) < as_floats(under_line)
    return _middle(over, over_decimal, Chances(under.lose, under.push, under.win), under_decimal, is_middle)


def middle_of_run_line(
    grid: ScoreGrid,
    home_line: npt.ArrayLike,
    home_decimal: npt.ArrayLike,
    away_line: npt.ArrayLike,
    away_decimal: npt.ArrayLike,
) -> Middle:
    """The home side and the away side with lines that leave room between (home -1.5 and away +2.5). NaN where they
    leave none."""
    home, away = grid.run_line(home_line), grid.run_line(away_line, "away")
    return _middle(home, home_decimal, away, away_decimal, as_floats(home_line) + as_floats(away_line) > 0.0)


def suspicion(
    decimal: npt.ArrayLike,
    fair: npt.ArrayLike,
    *,
    age_minutes: npt.ArrayLike = 0.0,
    fair_when_confirmed: npt.ArrayLike = np.nan,
) -> npt.NDArray[np.str_]:
    """Why a price may not be there any more; empty where nothing speaks against it.

    ``too_good``: worth more than ``TOO_GOOD`` against the fair chance of the sharp books. ``left_behind``: not
    confirmed for ``OLD_MINUTES`` while that chance moved by ``MOVED`` (``fair_when_confirmed``: what it was then).
    """
    d, p = as_floats(decimal), as_floats(fair)
    with np.errstate(invalid="ignore"):
        too_good = d * p - 1.0 > TOO_GOOD
        moved = np.abs(logit_gap(p, fair_when_confirmed)) >= MOVED
        left_behind = (as_floats(age_minutes) >= OLD_MINUTES) & moved
    return np.where(left_behind, "left_behind", np.where(too_good, "too_good", "")).astype("<U11")


def _middle(
    first: Chances,
    first_decimal: npt.ArrayLike,
    second: Chances,
    second_decimal: npt.ArrayLike,
    is_middle: npt.ArrayLike,
) -> Middle:
    d1, d2 = (np.where(as_floats(d) > 1.0, as_floats(d), np.nan) for d in (first_decimal, second_decimal))
    ev = (d1 * first.win + first.push + d2 * second.win + second.push - 2.0) / 2.0
    # With room between the lines, whichever of the two does not win leaves the other winning.
    both = first.win + second.win - 1.0
    room = np.asarray(is_middle)
    return Middle(*(np.where(room, told, np.nan) for told in (ev, both, first.push + second.push)))
