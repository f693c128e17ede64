"""Prices and what they say: American and decimal odds, implied probability, and the distance between two prices.

Arrays in, arrays out, float64. A price that cannot be one (|American| < 100, decimal <= 1, missing, infinite)
becomes NaN in its own place and touches no neighbour; no function here raises on an array of numbers. What the
bookmaker takes out of the prices is the subject of :mod:`dagster_mlb.market.no_vig`.

American prices are never averaged, differenced or compared: there is a hole 200 wide around even money. Compare
probabilities, or use :func:`cents`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
EVEN_MONEY = 100.0


def as_floats(values: npt.ArrayLike) -> FloatArray:
    """``values`` as float64, None as NaN. Never copies an array that already is float64."""
    return np.asarray(values, dtype=np.float64)


def canonical_american(american: npt.ArrayLike) -> FloatArray:
    """The one spelling of a price: even money is +100 (never -100); what is no price (|A| < 100) is NaN."""
    a = as_floats(american)
    with np.errstate(invalid="ignore"):
        is_price = np.isfinite(a) & (np.abs(a) >= EVEN_MONEY)
        return np.where(is_price, np.where(a == -EVEN_MONEY, EVEN_MONEY, a), np.nan)


def american_to_decimal(american: npt.ArrayLike) -> FloatArray:
    """Decimal odds: ``1 + A/100`` for A > 0, ``1 + 100/|A|`` for A < 0. -150 is 1.6667, +130 is 2.30."""
    a = canonical_american(american)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1.0 + np.where(a > 0, a / 100.0, -100.0 / a)


def decimal_to_american(decimal: npt.ArrayLike) -> FloatArray:
    """American odds, not rounded: ``100 (d-1)`` from 2.0 up, else ``-100 / (d-1)``; 2.0 is +100."""
    d = as_floats(decimal)
    with np.errstate(invalid="ignore", divide="ignore"):
        net = np.where(np.isfinite(d) & (d > 1.0), d - 1.0, np.nan)
        return np.where(net >= 1.0, 100.0 * net, -100.0 / net)


def fractional_to_decimal(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> FloatArray:
    """Decimal odds of a British fraction ``n/m``: ``1 + n/m``; NaN unless both parts are positive."""
    n, m = as_floats(numerator), as_floats(denominator)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n > 0) & (m > 0), 1.0 + n / m, np.nan)


def implied_from_decimal(decimal: npt.ArrayLike) -> FloatArray:
    """Implied probability ``q = 1/d`` with the margin still in it; NaN for d <= 1."""
    d = as_floats(decimal)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isfinite(d) & (d > 1.0), 1.0 / d, np.nan)


def implied_from_american(american: npt.ArrayLike) -> FloatArray:
    """Implied probability with the margin still in it: ``100/(A+100)`` for A > 0, ``|A|/(|A|+100)`` for A < 0."""
    a = canonical_american(american)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(a > 0, 100.0, -a) / (np.abs(a) + 100.0)


def cents(american: npt.ArrayLike) -> FloatArray:
    """American odds with the hole around even money closed: +105 is 5, -105 is -5, even money is 0."""
    a = canonical_american(american)
    with np.errstate(invalid="ignore"):
        return np.where(a > 0, a - EVEN_MONEY, a + EVEN_MONEY)


def cents_distance(american: npt.ArrayLike, other: npt.ArrayLike) -> FloatArray:
    """How many cents ``american`` pays above ``other`` (positive: the better price). +105 against -105 is 10."""
    return cents(american) - cents(other)
