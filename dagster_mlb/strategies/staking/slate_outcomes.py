"""What may become of the bets of one game together, as a strategy sees it: the joint outcomes slate Kelly stakes on.

How the bets of one game hang together is told by the game's score grid, fitted to its moneyline and total *at the
decision*. How likely each is by itself is told by the strategy: the grid's joint outcomes are scaled until every bet
has the strategy's own probability (iterative proportional fitting), which keeps their dependence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.market.kelly import GameOutcomes, ScoreBet, score_outcomes
from dagster_mlb.market.odds import FloatArray
from dagster_mlb.market.score_grid import ScoreGrid, score_grid
from dagster_mlb.market.score_surface import fit_many
from dagster_mlb.strategies.protocol import Schema

#: What a game's score grid is fitted to, as it was known at the decision. One row per game and moment.
DECISION_MARKET_SCHEMA: Final[Schema] = {
    "game_key": pl.Int64,
    "decision_at": pl.Datetime("us", "UTC"),
    "home_probability": pl.Float64,
    "total_line": pl.Float64,
    "over_probability": pl.Float64,
}
_ROUNDS: Final = 500
_TOLERANCE: Final = 1e-9


def decision_markets(offers: pl.DataFrame) -> pl.DataFrame:
    """``DECISION_MARKET_SCHEMA`` from the as-of frame: the sharpest fresh moneyline and total of every moment."""
    told = offers.filter(pl.col("probability_1").is_not_null()).sort(
        ["is_benchmark", "sharp_rank", "age_minutes", "source", "book"],
        descending=[True, False, False, False, False],
        nulls_last=True,
    )
    one = ["game_key", "decision_at"]
    of_market = {
        market: told.filter(pl.col("market") == market).unique(one, keep="first", maintain_order=True)
        for market in ("moneyline", "total")
    }
    return (
        of_market["moneyline"]
        .select(*one, home_probability="probability_1")
        .join(of_market["total"].select(*one, total_line="line", over_probability="probability_1"), on=one, how="inner")
        .select(DECISION_MARKET_SCHEMA.keys())
        .cast(DECISION_MARKET_SCHEMA)  # type: ignore[arg-type]
        .sort(one)
    )


def grids_of(markets: pl.DataFrame) -> ScoreGrid:
    """The score grid of every row of ``markets``; NaN where no game gives back its market."""
    home, line, over = (
        markets[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("home_probability", "total_line", "over_probability")
    )
    return score_grid(*fit_many(home, line, over))


def game_outcomes(
    grid: ScoreGrid, game: int, bets: Sequence[ScoreBet], probabilities: Sequence[float]
) -> GameOutcomes | None:
    """The joint outcomes of one game's bets with the strategy's own ``probabilities`` (to win, given no push). None
    where the game has no grid, or where the probabilities cannot be true together.
    """
    if np.isnan(grid.probability[game, 0, 0]):
        return None
    told = score_outcomes(grid, game, bets)
    chances = _with_own_chances(told, np.asarray(probabilities, dtype=np.float64))
    return None if chances is None else GameOutcomes(chances, told.returns)


def independent(bets: Sequence[GameOutcomes]) -> GameOutcomes:
    """The joint outcomes of bets that have nothing to do with one another: every combination."""
    told = bets[0]
    for other in bets[1:]:
        chances = np.outer(told.probability, other.probability).ravel()
        first = np.repeat(told.returns, len(other.probability), axis=0)
        second = np.tile(other.returns, (len(told.probability), 1))
        told = GameOutcomes(chances, np.hstack([first, second]))
    return told


def _with_own_chances(told: GameOutcomes, wanted: FloatArray) -> FloatArray | None:
    won, lost = told.returns > 0.0, told.returns < 0.0
    chances = told.probability.copy()
    for _ in range(_ROUNDS):
        worst = 0.0
        for bet, p in enumerate(wanted):
            win, lose = chances[won[:, bet]].sum(), chances[lost[:, bet]].sum()
            if win <= 0.0 or lose <= 0.0:
                return None
            worst = max(worst, abs(win / (win + lose) - p))
            chances[won[:, bet]] *= p * (win + lose) / win
            chances[lost[:, bet]] *= (1.0 - p) * (win + lose) / lose
        if worst < _TOLERANCE:
            return chances / chances.sum()
    return None
