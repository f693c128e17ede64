"""Closing line value: what a bet was worth against the last price before the game.

The headline is :func:`ev_clv`. It is an unbiased estimate of the bet's return with a sixteenth of its standard
deviation. All functions take the decimal odds that were taken; NaN in, NaN out. A side picked at random at the open
has a mean EV-CLV of ``1/S - 1`` (minus the hold), not zero.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats


def _prices(decimal: npt.ArrayLike) -> FloatArray:
    d = as_floats(decimal)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(d) & (d > 1.0), d, np.nan)


def _probabilities(probability: npt.ArrayLike) -> FloatArray:
    p = as_floats(probability)
    with np.errstate(invalid="ignore"):
        return np.where((p > 0.0) & (p < 1.0), p, np.nan)


def ev_clv(decimal: npt.ArrayLike, close_probability: npt.ArrayLike) -> FloatArray:
    """Expected return at the fair closing probability of the same side: ``d * p_close - 1``."""
    return _prices(decimal) * _probabilities(close_probability) - 1.0


def ev_clv_of_line(decimal: npt.ArrayLike, win: npt.ArrayLike, push: npt.ArrayLike) -> FloatArray:
    """Expected return of a bet whose line may have moved since: ``d * P(win) + P(push) - 1``.

    ``win`` and ``push`` are the chances of the *taken* line under the closing market: a score grid fitted to the close
    (``score_grid.fit``) says them, such as ``fit(p, closing_total).full().over(taken_total)``.
    """
    w, u = as_floats(win), as_floats(push)
    with np.errstate(invalid="ignore"):
        possible = (w >= 0.0) & (u >= 0.0) & (w + u <= 1.0 + 1e-9)
    return np.where(possible, _prices(decimal) * w + u - 1.0, np.nan)


def price_clv(decimal: npt.ArrayLike, close_decimal: npt.ArrayLike) -> FloatArray:
    """How much better the taken price paid than the closing price, margin in both: ``d / d_close - 1``."""
    return _prices(decimal) / _prices(close_decimal) - 1.0


def log_clv(decimal: npt.ArrayLike, close_probability: npt.ArrayLike) -> FloatArray:
    """``ln(d * p_close)``: additive over bets, and the scale of growth."""
    return np.log(_prices(decimal) * _probabilities(close_probability))


def probability_clv(decimal: npt.ArrayLike, close_decimal: npt.ArrayLike) -> FloatArray:
    """Points of implied probability gained, margin in both: ``1/d_close - 1/d``."""
    return 1.0 / _prices(close_decimal) - 1.0 / _prices(decimal)
