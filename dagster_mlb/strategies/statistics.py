"""What a list of settled bets says, and how much of it is luck.

Returns on turnover, closing line value, their errors clustered by date (games of one day share weather, news and a
slate), and the null hypothesis that the closing price was right. Everything is sums over dates or games, in numpy;
every draw is seeded.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import polars as pl

SEED = 20100404
RESAMPLES = 2000
SIMULATIONS = 1000
EULER = 0.5772156649015329
_CHUNK = 1 << 22  # random numbers held at once


class Estimate(NamedTuple):
    """A figure with its standard error; both NaN where nothing can be said."""

    value: float
    se: float


class Interval(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class BetSummary:
    """What one list of bets comes to. Rates are fractions, ROI and EV-CLV per unit staked, drawdown and profit in
    units.
    """

    n: int  # won, lost or pushed
    n_void: int
    n_pending: int
    wins: int
    turnover: float
    profit: float
    roi: float | None
    roi_se: float | None
    roi_low: float | None
    roi_high: float | None
    n_clv: int
    clv_coverage: float | None
    ev_clv: float | None
    ev_clv_se: float | None
    beat_close_rate: float | None
    clv_slope: float | None
    clv_slope_se: float | None
    p_no_skill: float | None
    longest_losing_run: int
    max_drawdown: float
    circular_share: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def summarise(bets: pl.DataFrame, *, seed: int = SEED) -> BetSummary:
    """The summary of settled bets.

    Columns: game_key, official_date, side, stake, price_decimal, result, profit, ev_clv, beat_close,
    close_probability, is_circular_close, decision_at. Voids and pending bets are counted and left out; so are bets
    without a close, of what needs one.
    """
    played = bets.filter(pl.col("result").is_in(["win", "loss", "push"])).sort("decision_at", "game_key", "side")
    with_close = played.filter(pl.col("ev_clv").is_not_null())
    dates, profit, stake = _dates(played), _floats(played, "profit"), _floats(played, "stake")
    close_dates, clv = _dates(with_close), _floats(with_close, "ev_clv")
    roi = return_on_turnover(profit, stake, dates)
    interval = roi_interval(profit, stake, dates, seed=seed)
    mean_clv = clustered_mean(clv, close_dates)
    slope = clustered_slope(_floats(with_close, "profit") / _floats(with_close, "stake"), clv, close_dates)
    return BetSummary(
        n=played.height,
        n_void=bets.filter(pl.col("result") == "void").height,
        n_pending=bets.filter(pl.col("result") == "pending").height,
        wins=played.filter(pl.col("result") == "win").height,
        turnover=float(stake.sum()),
        profit=float(profit.sum()),
        roi=_finite(roi.value),
        roi_se=_finite(roi.se),
        roi_low=_finite(interval.low),
        roi_high=_finite(interval.high),
        n_clv=with_close.height,
        clv_coverage=with_close.height / played.height if played.height else None,
        ev_clv=_finite(mean_clv.value),
        ev_clv_se=_finite(mean_clv.se),
        beat_close_rate=float((clv > 0).mean()) if clv.size else None,
        clv_slope=_finite(slope.value),
        clv_slope_se=_finite(slope.se),
        p_no_skill=_finite(no_skill_p_value(with_close, seed=seed)),
        longest_losing_run=longest_losing_run(played["result"]),
        max_drawdown=max_drawdown(profit, dates),
        circular_share=_mean_or_none(with_close["is_circular_close"]),
    )


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
    daily_profit, daily_stake = _sums(profit, dates), _sums(stake, dates)
    days = daily_profit.size
    if days < 2:
        return Interval(np.nan, np.nan)
    rng = np.random.default_rng(seed)
    draws = np.empty(resamples)
    step = max(1, _CHUNK // days)
    for start in range(0, resamples, step):
        picks = rng.integers(0, days, size=(min(step, resamples - start), days), dtype=np.int32)
        draws[start : start + len(picks)] = daily_profit[picks].sum(axis=1) / daily_stake[picks].sum(axis=1)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def no_skill_p_value(bets: pl.DataFrame, *, simulations: int = SIMULATIONS, seed: int = SEED) -> float:
    """How often pure luck earns at least as much on exactly these moneyline bets, if the closing probabilities are
    true.

    Each game's winner is drawn once, so all bets on one game share it and its two sides are complementary. Columns:
    game_key, side, stake, price_decimal, close_probability (of the side), profit. NaN without bets; one-sided,
    never exactly 0.
    """
    if bets.is_empty():
        return np.nan
    gain = pl.col("stake") * (pl.col("price_decimal") - 1)
    loss = -pl.col("stake")
    is_home = pl.col("side") == "home"
    per_game = (
        bets.filter(pl.col("result") != "push")
        .group_by("game_key")
        .agg(
            home=pl.when(is_home).then("close_probability").otherwise(1 - pl.col("close_probability")).mean(),
            if_home_wins=pl.when(is_home).then(gain).otherwise(loss).sum(),
            if_away_wins=pl.when(is_home).then(loss).otherwise(gain).sum(),
            profit=pl.col("profit").sum(),
        )
        .sort("game_key")
    )
    if per_game.is_empty():
        return np.nan
    probability = per_game["home"].to_numpy().astype(np.float32)
    base = float(per_game["if_away_wins"].sum())
    swing = (per_game["if_home_wins"] - per_game["if_away_wins"]).to_numpy()
    actual = float(per_game["profit"].sum())
    rng = np.random.default_rng(seed)
    at_least, step = 0, max(1, _CHUNK // probability.size)
    for start in range(0, simulations, step):
        size = (min(step, simulations - start), probability.size)
        simulated = base + (rng.random(size, dtype=np.float32) < probability).astype(np.float64) @ swing
        at_least += int((simulated >= actual - 1e-9).sum())
    return (1 + at_least) / (1 + simulations)


def expected_best_z(trials: int) -> float:
    """The z that the best of so many trials without skill has on average (Bailey & López de Prado 2014); 0 for one.

    >>> [round(expected_best_z(n), 2) for n in (1, 10, 100, 1000)]
    [0.0, 1.57, 2.53, 3.26]
    """
    if trials < 2:
        return 0.0
    quantile = NormalDist().inv_cdf
    return (1 - EULER) * quantile(1 - 1 / trials) + EULER * quantile(1 - 1 / (trials * math.e))


def deflated_p_value(p: float | None, trials: int) -> float | None:
    """A p-value seen as what it is: that of one of many trials, of which the best one is looked at.

    ``1 - Phi(z - E[max z of the trials])``; never below ``p``. None (or NaN) stays what it is.
    """
    if p is None or math.isnan(p):
        return p
    normal = NormalDist()
    z = normal.inv_cdf(1 - min(max(p, 1e-12), 1 - 1e-12))
    return max(p, 1 - normal.cdf(z - expected_best_z(trials)))


def longest_losing_run(results: pl.Series) -> int:
    """Most losses in a row, in the order given; a push neither breaks nor lengthens a run."""
    decided = results.filter(results.is_in(["win", "loss"]))
    if decided.is_empty():
        return 0
    lost = (decided == "loss").to_numpy()
    position = np.arange(1, lost.size + 1)
    last_win = np.maximum.accumulate(np.where(lost, 0, position))
    return int((position - last_win).max())


def max_drawdown(profit: np.ndarray, dates: np.ndarray) -> float:
    """Deepest fall of the cumulated profit below its peak so far, in units, day by day; the peak starts at zero."""
    if not profit.size:
        return 0.0
    equity = np.concatenate([[0.0], np.cumsum(_sums(profit, dates))])
    return float((np.maximum.accumulate(equity) - equity).max())


def _sums(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Sums by cluster, in the clusters' own order."""
    if not values.size:
        return np.zeros(0)
    _, index = np.unique(clusters, return_inverse=True)
    return np.bincount(index, weights=values)


def _cluster_root(scores: np.ndarray, clusters: np.ndarray) -> float:
    sums = _sums(scores, clusters)
    if sums.size < 2:
        return np.nan
    return float(np.sqrt(sums.size / (sums.size - 1) * (sums @ sums)))


def _dates(bets: pl.DataFrame) -> np.ndarray:
    return bets["official_date"].cast(pl.Int32).to_numpy()


def _floats(bets: pl.DataFrame, column: str) -> np.ndarray:
    return bets[column].cast(pl.Float64).to_numpy()


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _mean_or_none(flags: pl.Series) -> float | None:
    share = flags.cast(pl.Float64).mean()
    return float(share) if isinstance(share, int | float) else None
