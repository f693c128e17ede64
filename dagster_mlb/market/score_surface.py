"""The score grid for tens of thousands of games at once: the same answers by interpolation.

A grid costs half a millisecond to fit. Over the logarithms of the two sides' means, what a grid says of a line is a
smooth surface: it is computed once on a mesh, and splines of the fifth degree give it back between the knots to ten
digits. Fitting a game costs some fifteen microseconds then, pricing it one. Outside the mesh (sides of fewer than 1.5
runs or of more than 10.2, where a grid leaves out a thousandth) the grid itself is asked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats
from dagster_mlb.market.score_grid import CLASSIC, RUNS, fit, score_grid

if TYPE_CHECKING:
    from scipy.interpolate import RectBivariateSpline

FEWEST: Final = 1.5  # runs of a side in nine full innings
MOST: Final = 10.2
KNOTS: Final = 40
_STEPS: Final = 30
_TOLERANCE: Final = 1e-11


class LineChances(NamedTuple):
    """Of side 1 (home, over) at a line. ``fair``: the chance to win given no push. NaN where nothing can be said."""

    fair: FloatArray
    push: FloatArray


class Means(NamedTuple):
    """Runs of each side in nine full innings; NaN where no game gives back the market."""

    home: FloatArray
    away: FloatArray


def fit_many(
    home_probability: npt.ArrayLike, total_line: npt.ArrayLike, over_probability: npt.ArrayLike = 0.5
) -> Means:
    """The means of games that give back a moneyline and a total: ``score_grid.fit`` to a millionth, fast.

    Arrays of one length; ``over_probability`` given no push.
    """
    p, line, over = (
        np.atleast_1d(array).astype(np.float64)
        for array in np.broadcast_arrays(
            as_floats(home_probability), as_floats(total_line), as_floats(over_probability)
        )
    )
    home, away = np.full(len(p), np.nan), np.full(len(p), np.nan)
    with np.errstate(invalid="ignore"):
        valid = (p > 0.005) & (p < 0.995) & (line > 2.0) & (line < 30.0) & (over > 0.02) & (over < 0.98)
    for value in np.unique(line[valid]):
        rows = np.flatnonzero(valid & (line == value))
        home[rows], away[rows] = _solve(_logit(p[rows]), _logit(over[rows]), float(value))
    lost = np.flatnonzero(valid & np.isnan(home))
    if lost.size:
        exact = fit(p[lost], line[lost], over[lost])
        home[lost], away[lost] = exact.mu_home, exact.mu_away
    return Means(home, away)


def chances_at(market: str, means: Means, line: npt.ArrayLike) -> LineChances:
    """What games of these means say of a *spread* (the home side's line) or a *total* at ``line``, one per game."""
    lines = np.broadcast_to(as_floats(line), means.home.shape)
    fair, push = np.full(len(lines), np.nan), np.full(len(lines), np.nan)
    x, y = np.log(means.home), np.log(means.away)
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(lines)
    inside = known & _is_inside(x) & _is_inside(y)
    for value in np.unique(lines[known]):
        rows = np.flatnonzero(inside & (lines == value))
        if rows.size:
            surface = _surface(market, float(value))
            fair[rows] = 1.0 / (1.0 + np.exp(-surface.fair.ev(x[rows], y[rows])))
            push[rows] = np.exp(surface.push.ev(x[rows], y[rows])) if surface.push is not None else 0.0
        beyond = np.flatnonzero(known & ~inside & (lines == value))
        if beyond.size:
            grid = score_grid(means.home[beyond], means.away[beyond])
            told = grid.run_line(float(value)) if market == "spread" else grid.over(float(value))
            fair[beyond], push[beyond] = told.fair, told.push
    return LineChances(fair, push)


class _Surface(NamedTuple):
    fair: RectBivariateSpline  # logit of the chance given no push
    push: RectBivariateSpline | None  # logarithm of the chance of a push; None where the line cannot be pushed


def _solve(home: FloatArray, over: FloatArray, line: float) -> tuple[FloatArray, FloatArray]:
    """Newton's method on the surfaces of the moneyline and of the total at one line."""
    wins, totals = _surface("spread", 0.0).fair, _surface("total", line).fair
    x = np.full(len(home), np.log(line / 2.0))
    y = x.copy()
    low, high = np.log(FEWEST), np.log(MOST)
    miss = np.full((2, len(home)), np.inf)
    for _ in range(_STEPS):
        miss = np.stack([wins.ev(x, y) - home, totals.ev(x, y) - over])
        if np.abs(miss).max() < _TOLERANCE:
            break
        a, b = wins.ev(x, y, dx=1), wins.ev(x, y, dy=1)
        c, d = totals.ev(x, y, dx=1), totals.ev(x, y, dy=1)
        determinant = a * d - b * c
        with np.errstate(all="ignore"):
            step = np.nan_to_num(np.stack([d * miss[0] - b * miss[1], a * miss[1] - c * miss[0]]) / determinant)
        x = np.clip(x - np.clip(step[0], -0.5, 0.5), low, high)
        y = np.clip(y - np.clip(step[1], -0.5, 0.5), low, high)
    solved = np.abs(miss).max(axis=0) < 1e-9
    return np.where(solved, np.exp(x), np.nan), np.where(solved, np.exp(y), np.nan)


@cache
def _surface(market: str, line: float) -> _Surface:
    from scipy.interpolate import RectBivariateSpline

    margins, totals = _mesh()
    if market == "spread":
        chances, values, needed = margins, np.arange(1.0 - RUNS, RUNS), -line
    elif market == "total":
        chances, values, needed = totals, np.arange(2.0 * RUNS - 1.0), line
    else:
        raise ValueError(f"a surface is of a spread or a total, not of {market!r}")
    win = chances[:, :, values > needed].sum(axis=2)
    push = chances[:, :, values == needed].sum(axis=2)
    knots = _knots()
    fair = RectBivariateSpline(knots, knots, _logit(win / (1.0 - push)), kx=5, ky=5)
    # No game ends level: the moneyline is the run line of 0.
    can_push = bool((push > 1e-12).all())
    return _Surface(fair, RectBivariateSpline(knots, knots, np.log(push), kx=5, ky=5) if can_push else None)


@cache
def _mesh() -> tuple[FloatArray, FloatArray]:
    """Margins and totals of the games at every pair of knots, shape ``(knots, knots, outcomes)``."""
    means = np.exp(_knots())
    home, away = (side.ravel() for side in np.meshgrid(means, means, indexing="ij"))
    margins, totals = [], []
    for start in range(0, len(home), 256):
        grid = score_grid(home[start : start + 256], away[start : start + 256], CLASSIC)
        margins.append(grid.margin())
        totals.append(grid.total())
    shape = (KNOTS, KNOTS, 2 * RUNS - 1)
    return np.concatenate(margins).reshape(shape), np.concatenate(totals).reshape(shape)


def _knots() -> FloatArray:
    return np.linspace(np.log(FEWEST), np.log(MOST), KNOTS)


def _is_inside(x: FloatArray) -> npt.NDArray[np.bool_]:
    return (x >= np.log(FEWEST)) & (x <= np.log(MOST))


def _logit(p: FloatArray) -> FloatArray:
    return np.log(p) - np.log1p(-p)
