"""The bad stretches of a list of bets: losses in a row, falls below the peak, days under water."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.strategies.figures.estimates import PATHS, SEED, sums_by


class Drawdown(NamedTuple):
    """``units`` and ``share`` (of the bankroll's peak): the deepest fall each; ``days``: the longest time from a peak
    until it is reached again, or until the end.
    """

    units: float
    share: float
    days: int


def drawdown(profit: np.ndarray, dates: np.ndarray, bankroll: float = 100.0) -> Drawdown:
    """The falls of the cumulated profit below its peak so far, day by day; the peak starts at the ``bankroll``.

    ``dates``: days as integers.
    """
    if not profit.size:
        return Drawdown(0.0, 0.0, 0)
    days = np.unique(dates)
    equity = bankroll + np.concatenate([[0.0], np.cumsum(sums_by(profit, dates))])
    peak = np.maximum.accumulate(equity)
    fall = peak - equity
    calendar = np.concatenate([days[:1], days])
    at_peak = np.maximum.accumulate(np.where(fall <= 1e-12, np.arange(len(equity)), 0))
    # A stretch runs from its peak to the day that reaches it again, or to the last one.
    ends = np.minimum(np.arange(len(equity)) + 1, len(equity) - 1)
    under = np.where(fall > 1e-12, calendar[ends] - calendar[at_peak], 0)
    share = np.where(peak > 0, fall / np.where(peak > 0, peak, 1.0), 0.0)
    return Drawdown(float(fall.max()), float(share.max()), int(under.max()))


def max_drawdown(profit: np.ndarray, dates: np.ndarray) -> float:
    """Deepest fall of the cumulated profit below its peak so far, in units, day by day; the peak starts at zero."""
    return drawdown(profit, dates).units


def expected_max_drawdown(profit: np.ndarray, dates: np.ndarray, *, paths: int = PATHS, seed: int = SEED) -> float:
    """The deepest fall that such days have on average, in units: as many days drawn with replacement, often."""
    daily = sums_by(profit, dates)
    if daily.size < 2:
        return float("nan")
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, daily.size, size=(paths, daily.size), dtype=np.int32)
    equity = np.cumsum(np.take(daily, picks), axis=1)
    peak = np.maximum(np.maximum.accumulate(equity, axis=1), 0.0)
    return float((peak - equity).max(axis=1).mean())


def longest_losing_run(results: pl.Series) -> int:
    """Most losses in a row, in the order given; a push neither breaks nor lengthens a run."""
    decided = results.filter(results.is_in(["win", "loss"]))
    if decided.is_empty():
        return 0
    lost = (decided == "loss").to_numpy()
    position = np.arange(1, lost.size + 1)
    last_win = np.maximum.accumulate(np.where(lost, 0, position))
    return int((position - last_win).max())
