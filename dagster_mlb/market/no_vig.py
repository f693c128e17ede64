"""Taking the bookmaker's margin out of a two-way market. (Markets of more outcomes: ``no_vig_nway``.)

Input: implied probabilities ``q_home, q_away`` (1/decimal, margin in). Output: the fair probability of the first
side; that of the second is one minus it. A market with a side missing or outside (0, 1) gives NaN. On MLB
moneylines the methods cannot be told apart by their scores, but on a single game they differ by up to two points,
so **the method is always recorded beside the probability**. The default is ``odds_ratio``: closed form, symmetric,
never outside (0, 1), defined for a booksum below 1.

Formulas (q1, q2 implied; S = q1 + q2):

- ``multiplicative``  q1 / S
- ``additive``        q1 - (S - 1)/2
- ``shin``            Shin (1992, 1993); for two outcomes identical to additive (Clarke, Kovalchik & Ingram 2017)
- ``odds_ratio``      Cheung: q(1-p) / (p(1-q)) equal on both sides, p = sigmoid((logit q1 - logit q2)/2)
- ``probit``          p = Phi((Phi^-1 q1 - Phi^-1 q2)/2)
- ``power``           p = q1^k with q1^k + q2^k = 1 (Vovk & Zhdanov 2009), k by Newton's method
- ``goto``            q1 - s1 (S - 1)/(s1 + s2), s = sqrt(1 - q) (goto_conversion). The only one that can leave (0, 1):
  there the odds ratio answers, and ``method_used`` says so

The work is done in blocks that stay in the processor's cache, with no temporary as long as the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats, implied_from_american

Method = Literal["multiplicative", "additive", "odds_ratio", "probit", "power", "shin", "goto"]
METHODS: tuple[Method, ...] = get_args(Method)
DEFAULT_METHOD: Method = "odds_ratio"

BLOCK = 8192
_NEWTON_STEPS = 60
_NEWTON_TOLERANCE = 1e-14


def booksum(q_home: npt.ArrayLike, q_away: npt.ArrayLike) -> FloatArray:
    """``S = q1 + q2``: what one pays to be sure of one unit."""
    return as_floats(q_home) + as_floats(q_away)


def hold(q_home: npt.ArrayLike, q_away: npt.ArrayLike) -> FloatArray:
    """The book's theoretical share of the turnover, ``1 - 1/S`` (-110/-110: 4.55 %). Negative where S < 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1.0 - 1.0 / booksum(q_home, q_away)


def no_vig(q_home: npt.ArrayLike, q_away: npt.ArrayLike, method: Method = DEFAULT_METHOD) -> FloatArray:
    """Fair probability of the first side, float64, shape of the broadcast input; NaN where a side is not in (0, 1).

    >>> no_vig([0.6], [0.4347826], "multiplicative").round(6).tolist()
    [0.579832]
    """
    kernel = _kernel(method)
    first, second = np.broadcast_arrays(as_floats(q_home), as_floats(q_away))
    shape = first.shape
    first, second = first.ravel(), second.ravel()
    fair = np.empty(first.size)
    with np.errstate(all="ignore"):
        for start in range(0, first.size, BLOCK):
            block = slice(start, start + BLOCK)
            _one_block(kernel, first[block], second[block], fair[block])
    return fair.reshape(shape)


def method_used(q_home: npt.ArrayLike, q_away: npt.ArrayLike, method: Method = DEFAULT_METHOD) -> npt.NDArray[np.str_]:
    """Which method gave the probability of ``no_vig``, per market; empty where the market has none."""
    _kernel(method)
    q1, q2 = np.broadcast_arrays(as_floats(q_home), as_floats(q_away))
    with np.errstate(invalid="ignore"):
        used = np.where(_valid(q1, q2), method, "").astype("<U14")
        if method == "goto":
            fair = np.empty(q1.size)
            _goto_raw(q1.ravel(), q2.ravel(), fair)
            used[(used != "") & ~_inside(fair).reshape(q1.shape)] = DEFAULT_METHOD
    return used


def no_vig_from_american(home: npt.ArrayLike, away: npt.ArrayLike, method: Method = DEFAULT_METHOD) -> FloatArray:
    """Fair probability of the first side from two American prices; NaN where either is no price."""
    return no_vig(implied_from_american(home), implied_from_american(away), method)


def power_exponent(q_home: npt.ArrayLike, q_away: npt.ArrayLike) -> FloatArray:
    """The exponent k of the power method (1 at S = 1, above 1 with a margin); NaN for an invalid market."""
    q1, q2 = np.broadcast_arrays(as_floats(q_home), as_floats(q_away))
    with np.errstate(all="ignore"):
        valid = _valid(q1, q2)
        k, _ = _solve_power(np.where(valid, q1, 0.5), np.where(valid, q2, 0.5))
    return np.where(valid, k, np.nan)


def shin_z(q_home: npt.ArrayLike, q_away: npt.ArrayLike) -> FloatArray:
    """Shin's share of insiders, closed form for two outcomes: ``(S-1)((q1-q2)^2 - S) / (S((q1-q2)^2 - 1))``."""
    q1, q2 = as_floats(q_home), as_floats(q_away)
    total = q1 + q2
    square = (q1 - q2) ** 2
    with np.errstate(all="ignore"):
        return np.where(_valid(q1, q2), (total - 1.0) * (square - total) / (total * (square - 1.0)), np.nan)


def _kernel(method: str) -> Callable[[FloatArray, FloatArray, FloatArray], None]:
    kernel = _KERNELS.get(method)
    if kernel is None:
        raise ValueError(f"unknown no-vig method {method!r}; use one of {', '.join(METHODS)}")
    return kernel


def _valid(q1: FloatArray, q2: FloatArray) -> npt.NDArray[np.bool_]:
    return (q1 > 0.0) & (q1 < 1.0) & (q2 > 0.0) & (q2 < 1.0)


def _one_block(
    kernel: Callable[[FloatArray, FloatArray, FloatArray], None], q1: FloatArray, q2: FloatArray, out: FloatArray
) -> None:
    valid = _valid(q1, q2)
    if valid.all():
        kernel(q1, q2, out)
        return
    kernel(np.where(valid, q1, 0.5), np.where(valid, q2, 0.5), out)
    out[~valid] = np.nan


def _multiplicative(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    np.add(q1, q2, out=out)
    np.divide(q1, out, out=out)


def _additive(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    np.subtract(q1, q2, out=out)
    out += 1.0
    out *= 0.5


def _odds_ratio(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    # sigmoid of half the difference of the logits, written without a logarithm: 1 / (1 + sqrt(o2 / o1)).
    other = (1.0 - q1) * q2
    np.subtract(1.0, q2, out=out)
    out *= q1
    np.divide(other, out, out=out)
    np.sqrt(out, out=out)
    out += 1.0
    np.reciprocal(out, out=out)


def _probit(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    from scipy.special import ndtr, ndtri

    ndtri(q1, out=out)
    out -= ndtri(q2)
    out *= 0.5
    ndtr(out, out=out)


def _goto(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    _goto_raw(q1, q2, out)
    outside = ~_inside(out)
    if outside.any():
        answer = np.empty(int(outside.sum()))
        _odds_ratio(q1[outside], q2[outside], answer)
        out[outside] = answer


def _goto_raw(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    s1 = np.sqrt(1.0 - q1)
    share = np.sqrt(1.0 - q2)
    share += s1
    np.divide(s1, share, out=share)  # of the margin, what the first side bears
    np.add(q1, q2, out=out)
    out -= 1.0
    out *= share
    np.subtract(q1, out, out=out)


def _inside(p: FloatArray) -> npt.NDArray[np.bool_]:
    return (p > 0.0) & (p < 1.0)


def _power(q1: FloatArray, q2: FloatArray, out: FloatArray) -> None:
    _, fair = _solve_power(q1, q2)
    out[:] = fair


def _solve_power(q1: FloatArray, q2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """k and q1^k of every market of the block. The sum of two falling exponentials is convex: Newton is monotone from
    the left, so it starts there: k is at least 1 with a margin, and always large enough for the smaller side's 1/2."""
    a1, a2 = np.log(q1), np.log(q2)
    e1, e2 = q1, q2
    k = np.ones_like(q1)
    below = q1 + q2 < 1.0
    if below.any():
        k[below] = -np.log(2.0) / np.minimum(a1[below], a2[below])
        e1, e2 = np.exp(k * a1), np.exp(k * a2)
    for _ in range(_NEWTON_STEPS):
        excess = e1 + e2
        excess -= 1.0
        if float(np.max(np.abs(excess), initial=0.0)) < _NEWTON_TOLERANCE:
            break
        slope = a1 * e1
        slope += a2 * e2
        excess /= slope
        k -= excess
        e1 = np.multiply(k, a1)
        np.exp(e1, out=e1)
        e2 = np.multiply(k, a2, out=slope)
        np.exp(e2, out=e2)
    # Whatever rounding is left is shared, so that the two sides sum to one exactly.
    return k, e1 / (e1 + e2)


_KERNELS: dict[str, Callable[[FloatArray, FloatArray, FloatArray], None]] = {
    "multiplicative": _multiplicative,
    "additive": _additive,
    "shin": _additive,
    "odds_ratio": _odds_ratio,
    "probit": _probit,
    "power": _power,
    "goto": _goto,
}
