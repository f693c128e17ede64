"""How much a market likes its first side, as one number that stays comparable when the line changes: the *level*.

A run line at -1.5 and one at +1.5, or a total of 8.5 and one of 9, put different questions; their probabilities cannot
be compared, their levels can. Side 1 is home (moneyline, spread) or over (total), ``line`` the home side's run line or
the number of runs. In logit:

- ``moneyline``  logit(p)
- ``spread``     logit(p) - K_MARGIN * line
- ``total``      logit(p) + K_TOTAL * (line - TOTAL_ORIGIN)

A move is a difference of levels, positive toward side 1. ``K_MARGIN``: of an even game the home side covers -1.5 with
logit -.722 and +1.5 with logit +.471, so 1.193 logit over three runs (betting_domain §3.4, fitted on 18,093 run lines).
``K_TOTAL``: the density of the total at its median over the variance of a coin, four times .09 a run (standard
deviation 4.41 runs). Both are slopes where the market is near even, which main lines are; alternates far from even,
and prices of a line that nobody quotes, go through ``score_grid``. The dbt macros of the same names say the same.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats

Market = Literal["moneyline", "spread", "total"]
MARKETS: Final[tuple[Market, ...]] = get_args(Market)

K_MARGIN: Final = 0.40  # logit a run of the home side's line
K_TOTAL: Final = 0.36  # logit a run of the total
TOTAL_ORIGIN: Final = 8.5  # the total whose level is its logit


def market_level(market: npt.ArrayLike, probability: npt.ArrayLike, line: npt.ArrayLike = np.nan) -> FloatArray:
    """The level in logit, float64, shape of the broadcast input. ``probability``: of side 1, margin taken out, no push.

    NaN where the probability is missing or outside (0, 1), or where a spread or total has no line; a moneyline's line
    is not looked at. Raises ValueError for a market that is none of ``MARKETS``.

    >>> market_level(["spread", "spread"], [0.327, 0.6157], [-1.5, 1.5]).round(2).tolist()
    [-0.12, -0.13]
    """
    p = as_floats(probability)
    with np.errstate(all="ignore"):
        logit = np.where((p > 0.0) & (p < 1.0), np.log(p) - np.log1p(-p), np.nan)
    return logit + _of_the_line(market, line)


def probability_at(market: npt.ArrayLike, level: npt.ArrayLike, line: npt.ArrayLike = np.nan) -> FloatArray:
    """The probability of side 1 on ``line`` that a level stands for: the inverse of :func:`market_level`.

    NaN where the level is missing, or where a spread or total has no line. Raises ValueError as above.
    """
    logit = as_floats(level) - _of_the_line(market, line)
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-logit))


def _of_the_line(market: npt.ArrayLike, line: npt.ArrayLike) -> FloatArray:
    """What a line adds to the logit, shape of the broadcast input."""
    names = np.asarray(market)
    unknown = sorted({str(name) for name in names.ravel()} - set(MARKETS))
    if unknown:
        raise ValueError(f"unknown market {', '.join(unknown)}; use one of {', '.join(MARKETS)}")
    runs = as_floats(line)
    return np.where(
        names == "moneyline", 0.0, np.where(names == "spread", -K_MARGIN * runs, K_TOTAL * (runs - TOTAL_ORIGIN))
    )
