"""Taking the bookmaker's margin out of a market of any number of outcomes: three-way first five, ranges.

Input: implied probabilities ``q`` (1/decimal, margin in), the outcomes along the last axis. The methods are those of
``no_vig``; for two outcomes both give the same. Nothing raises on numbers: a market below a booksum of 1 is solved the
same way, one with an outcome missing or outside (0, 1) is NaN as a whole, and where a method has no answer inside
(0, 1) (additive and goto with a long shot) the odds ratio answers and is named.

Shin, odds ratio, probit and power are each one unknown per market in which the sum of the probabilities falls: found by
Newton's method within a bracket that is halved where a step would leave it.

Sources: Shin (1992, 1993), Jullien & Salanié (1994), Cheung (2015), Clarke, Kovalchik & Ingram (2017), Vovk & Zhdanov
(2009), goto_conversion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.no_vig import DEFAULT_METHOD, METHODS, Method
from dagster_mlb.market.odds import FloatArray, as_floats

_STEPS = 100
_TOLERANCE = 1e-13
# A market and its unknown: the fair probabilities and their slope in the unknown.
_Curve = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


class Fair(NamedTuple):
    """``probability``: shape of the input, each market sums to 1 (or is NaN). ``used``: one method per market, empty
    where the market is none. ``parameter``: Shin's z, the power's k, the logarithm of the odds ratio, probit's shift;
    NaN for a method without one."""

    probability: FloatArray
    used: npt.NDArray[np.str_]
    parameter: FloatArray


def no_vig_nway(q: npt.ArrayLike, method: Method = DEFAULT_METHOD) -> Fair:
    """Fair probabilities of markets with ``n`` outcomes, shape ``(..., n)``, n >= 2.

    Raises ValueError for an unknown method or fewer than two outcomes (never for a number).

    >>> no_vig_nway([1 / 2.6, 1 / 2.4, 1 / 4.3], "shin").probability.round(6).tolist()
    [0.372994, 0.404779, 0.222227]
    """
    if method not in METHODS:
        raise ValueError(f"unknown no-vig method {method!r}; use one of {', '.join(METHODS)}")
    prices = as_floats(q)
    if prices.ndim == 0 or prices.shape[-1] < 2:
        raise ValueError(f"a market has two outcomes or more, along the last axis: the shape is {prices.shape}")
    shape = prices.shape
    prices = prices.reshape(-1, shape[-1])
    with np.errstate(all="ignore"):
        valid = ((prices > 0.0) & (prices < 1.0)).all(axis=1)
        fair, parameter = np.full(prices.shape, np.nan), np.full(len(prices), np.nan)
        used = np.where(valid, method, "").astype("<U14")
        if valid.any():
            fair[valid], parameter[valid] = _SOLVERS[method](prices[valid])
            lost = valid & ~((fair > 0.0) & (fair < 1.0)).all(axis=1)
            if lost.any():
                used[lost] = DEFAULT_METHOD
                fair[lost], parameter[lost] = _SOLVERS[DEFAULT_METHOD](prices[lost])
    return Fair(fair.reshape(shape), used.reshape(shape[:-1]), parameter.reshape(shape[:-1]))


def _multiplicative(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    return q / q.sum(axis=1, keepdims=True), np.full(len(q), np.nan)


def _additive(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    excess = q.sum(axis=1, keepdims=True) - 1.0
    return q - excess / q.shape[1], np.full(len(q), np.nan)


def _goto(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    share = np.sqrt(1.0 - q)
    share /= share.sum(axis=1, keepdims=True)
    return q - share * (q.sum(axis=1, keepdims=True) - 1.0), np.full(len(q), np.nan)


def _power(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    logs = np.log(q)

    def curve(k: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        p = np.exp(k * rows)
        return p, rows * p

    # With every outcome's price near 1 the exponent is large: n e^(k max log q) = 1 bounds it.
    high = np.log(q.shape[1]) / -logs.max(axis=1) + 1.0
    return _solve(curve, logs, np.ones(len(q)), np.zeros(len(q)), high)


def _odds_ratio(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    logits = np.log(q) - np.log1p(-q)

    def curve(shift: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        p = 1.0 / (1.0 + np.exp(shift - rows))
        return p, -p * (1.0 - p)

    return _solve_shift(curve, logits, np.log(q.shape[1] - 1.0))


def _probit(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    from scipy.special import ndtr, ndtri

    def curve(shift: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = rows - shift
        return ndtr(x), -np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)

    return _solve_shift(curve, ndtri(q), -float(ndtri(1.0 / q.shape[1])))


def _solve_shift(curve: _Curve, scores: FloatArray, even: float) -> tuple[FloatArray, FloatArray]:
    """The shift lies where the largest score gets 1/n at the most and the smallest at the least."""
    low, high = scores.min(axis=1) + even, scores.max(axis=1) + even
    return _solve(curve, scores, np.clip(np.zeros(len(scores)), low, high), low, high)


def _shin(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    total = q.sum(axis=1, keepdims=True)
    square = q * q / total

    def curve(z: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        rest = 1.0 - z
        root = np.sqrt(z * z + 4.0 * rest * rows)
        # The same number twice: where z is above 0 the difference loses outcomes of next to no chance altogether.
        p = np.where(z > 0.0, 2.0 * rows / (root + z), (root - z) / (2.0 * rest))
        slope = ((z - 2.0 * rows) / root - 1.0) / (2.0 * rest) + p / rest
        return p, slope

    # Above a booksum of 1 z is in (0, 1). Below it z is negative, and every p rises to 1 as z falls.
    low = np.where(total[:, 0] >= 1.0, 0.0, -1.0)
    for _ in range(60):
        short = (curve(low[:, None], square)[0].sum(axis=1) < 1.0) & (total[:, 0] < 1.0)
        if not short.any():
            break
        low[short] *= 2.0
    return _solve(curve, square, np.zeros(len(q)), low, np.full(len(q), 1.0 - 1e-12))


def _solve(
    curve: _Curve, rows: FloatArray, start: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The unknown of each row at which its probabilities sum to 1; the sum falls from ``low`` to ``high``."""
    x, low, high = start.copy(), low.copy(), high.copy()
    p = np.empty_like(rows)
    open_rows = np.arange(len(rows))
    for _ in range(_STEPS):
        p_open, slope = curve(x[open_rows, None], rows[open_rows])
        p[open_rows] = p_open
        excess = p_open.sum(axis=1) - 1.0
        above = excess > 0.0
        low[open_rows[above]] = x[open_rows[above]]
        high[open_rows[~above]] = x[open_rows[~above]]
        done = (np.abs(excess) < _TOLERANCE) | (high[open_rows] - low[open_rows] <= 1e-15 * np.abs(x[open_rows]))
        step = x[open_rows] - excess / slope.sum(axis=1)
        outside = ~((step > low[open_rows]) & (step < high[open_rows]))
        step[outside] = 0.5 * (low[open_rows[outside]] + high[open_rows[outside]])
        open_rows, step = open_rows[~done], step[~done]
        if not len(open_rows):
            break
        x[open_rows] = step
    return p / p.sum(axis=1, keepdims=True), x


_SOLVERS: dict[str, Callable[[FloatArray], tuple[FloatArray, FloatArray]]] = {
    "multiplicative": _multiplicative,
    "additive": _additive,
    "shin": _shin,
    "odds_ratio": _odds_ratio,
    "probit": _probit,
    "power": _power,
    "goto": _goto,
}
