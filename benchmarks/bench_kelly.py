"""Slate Kelly: thirty bets, a moneyline and a total of each of fifteen games, staked together.

Beside it the floor: the expected growth of such a slate with its slope, once.
"""

from __future__ import annotations

import numpy as np

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.market.kelly import ScoreBet, expected_growth, score_outcomes, slate_kelly
from dagster_mlb.market.score_grid import fit

GAMES = 15
EDGE = 1.03
BUDGET_MS = 50.0


def measure() -> list[Figure]:
    rng = np.random.default_rng(20250715)
    p, line = rng.uniform(0.4, 0.62, GAMES), rng.choice(np.arange(7.5, 10.0, 0.5), GAMES)
    grid = fit(p, line).full()
    over = grid.over(8.5).fair
    bets = [
        [ScoreBet("moneyline", "home", EDGE / p[i]), ScoreBet("total", "over", EDGE / float(over[i]), 8.5)]
        for i in range(GAMES)
    ]
    games = [score_outcomes(grid, i, bets[i]) for i in range(GAMES)]
    stakes = slate_kelly(games)
    once = 1000 * best_seconds(lambda: expected_growth(games, stakes))

    def staked() -> None:
        slate_kelly([score_outcomes(grid, i, bets[i]) for i in range(GAMES)], fraction=0.25, max_slate=0.15)

    return [
        Figure(
            "slate Kelly, 30 bets of 15 games, outcomes included",
            1000 * best_seconds(staked),
            "ms",
            once,
            "their expected growth, once",
            BUDGET_MS,
            digits=1,
        )
    ]
