"""Figures of a list of bets with their errors: returns, means, slopes, rates.

Errors are clustered by date (games of one day share weather, news and a slate). Everything is sums over dates, in
numpy; every draw is seeded.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

SEED = 20100404
RESAMPLES = 10_000
PATHS = 300
_CHUNK = 1 << 20  # random numbers held at once


class Estimate(NamedTuple):
    """A figure with its standard error; both NaN where nothing can be said."""

    value: float
    se: float


class Interval(NamedTuple):
    low: float
    high: float


def return_on_turnover(profit: np.ndarray, stake: np.ndarray, clusters: np.ndarray) -> Estimate:
    """Profit over stakes with the linearised standard error of a ratio, clustered (Cochran 1977, §6)."""
    total = float(stake.sum())
    if total <= 0:
        return Estimate(np.nan, np.nan)
    roi = float(profit.sum()) / total
    return Estimate(roi, _cluster_root(profit - roi * stake, clusters) / total)


def clustered_mean(values: np.ndarray, clusters: np.ndarray) -> Estimate:
    """Mean with its clustered standard error."""
    if not values.size:
        return Estimate(np.nan, np.nan)
    mean = float(values.mean())
    return Estimate(mean, _cluster_root(values - mean, clusters) / values.size)


def clustered_slope(y: np.ndarray, x: np.ndarray, clusters: np.ndarray) -> Estimate:
    """Slope of the least-squares line of y on x with intercept; sandwich errors by cluster (Liang & Zeger 1986)."""
    if y.size < 3:
        return Estimate(np.nan, np.nan)
    centred = x - x.mean()
    spread = float(centred @ centred)
    if spread < 1e-12:
        return Estimate(np.nan, np.nan)
    slope = float(centred @ y) / spread
    residual = y - y.mean() - slope * centred
    return Estimate(slope, _cluster_root(centred * residual, clusters) / spread)


def roi_interval(
    profit: np.ndarray,
    stake: np.ndarray,
    dates: np.ndarray,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Percentile interval of ROI on turnover: whole dates are drawn with replacement (block bootstrap)."""
    daily_profit, daily_stake = sums_by(profit, dates), sums_by(stake, dates)
    days = daily_profit.size
    if days < 2:
        return Interval(np.nan, np.nan)
    # Sums of a few thousand days are as good in half the bytes, and small tables stay in the processor's cache.
    tables = [daily_profit.astype(np.float32), daily_stake.astype(np.float32)]
    rng = np.random.default_rng(seed)
    draws = np.empty(resamples)
    step = max(1, _CHUNK // days)
    for start in range(0, resamples, step):
        picks = rng.integers(0, days, size=(min(step, resamples - start), days), dtype=np.int32)
        won, staked = (np.take(table, picks).sum(axis=1) for table in tables)
        draws[start : start + len(picks)] = won / staked
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def wilson_interval(wins: int, n: int, *, level: float = 0.95) -> Interval:
    """Interval of a rate that holds near 0 and 1 and for few bets (Wilson 1927); NaN for none.

    >>> [round(end, 4) for end in wilson_interval(60, 100)]
    [0.502, 0.6906]
    """
    if n <= 0:
        return Interval(np.nan, np.nan)
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate, weight = wins / n, z * z / n
    middle = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * float(np.sqrt(rate * (1 - rate) / n + weight / (4 * n)))
    return Interval(middle - half, middle + half)


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Rank correlation with mean ranks for ties; NaN for fewer than three pairs or where one side is constant."""
    if x.size < 3:
        return float("nan")
    ranks = [_mean_ranks(values) for values in (x, y)]
    centred = [one - one.mean() for one in ranks]
    spread = float(np.sqrt((centred[0] @ centred[0]) * (centred[1] @ centred[1])))
    return float(centred[0] @ centred[1]) / spread if spread > 0 else float("nan")


def sums_by(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Sums by cluster, in the clusters' own order."""
    if not values.size:
        return np.zeros(0)
    _, index = np.unique(clusters, return_inverse=True)
    return np.bincount(index, weights=values)


def _cluster_root(scores: np.ndarray, clusters: np.ndarray) -> float:
    sums = sums_by(scores, clusters)
    if sums.size < 2:
        return float("nan")
    return float(np.sqrt(sums.size / (sums.size - 1) * (sums @ sums)))


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[index]
