"""The score grid: a slate of fifteen games, fitted to its moneylines and totals and priced in every market.

Beside it the floor: fifteen grids as two independent negative binomials, drawn once, nothing fitted.
"""

from __future__ import annotations

import numpy as np

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.market.score_grid import RUNS, ScoreGrid, fit

GAMES = 15
BUDGET_MS = 50.0
RUN_LINES = (-3.5, -2.5, -1.5, 1.5, 2.5, 3.5)
TOTALS = np.arange(5.5, 13.0, 0.5)


def measure() -> list[Figure]:
    rng = np.random.default_rng(20250715)
    p, line = rng.uniform(0.35, 0.68, GAMES), rng.choice(np.arange(7.0, 11.0, 0.5), GAMES)
    over = rng.uniform(0.47, 0.53, GAMES)
    seconds = best_seconds(lambda: price(p, line, over))
    return [
        Figure(
            "a slate of 15 games, fitted and priced in every market",
            1000 * seconds,
            "ms",
            1000 * best_seconds(lambda: bare(rng.uniform(3.5, 5.5, (2, GAMES)))),
            "two negative binomials, one total",
            BUDGET_MS,
            digits=1,
        )
    ]


def price(p: np.ndarray, line: np.ndarray, over: np.ndarray) -> None:
    """Moneyline, run lines, totals and team totals of the whole game and of its first five innings."""
    games = fit(p, line, over)
    for grid in (games.full(), games.first_five()):
        for handicap in (0.0, *RUN_LINES):
            grid.run_line(handicap)
        for total in TOTALS:
            grid.over(total)
        for half in (2.5, 3.5, 4.5, 5.5):
            grid.team_over("home", half)
            grid.team_over("away", half)


def bare(means: np.ndarray) -> None:
    from scipy.stats import nbinom

    home, away = (nbinom.pmf(np.arange(RUNS), 3.6, 3.6 / (3.6 + mean[:, None])) for mean in means)
    ScoreGrid(home[:, :, None] * away[:, None, :]).over(8.5)
