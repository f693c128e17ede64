"""The run distribution of each game at its close: what a line that is not the closing one is worth there, and how often
a whole line is pushed.

The score grid of a game is fitted to its closing moneyline and total (``market/score_surface.py``), of all games at
once when the first is asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_mlb.market.odds import FloatArray
from dagster_mlb.market.score_surface import LineChances, Means, chances_at, fit_many


class ClosingRuns:
    """Distributions by game. ``closes``: game_key, market, line, probability_1, one row per game and market."""

    def __init__(self, closes: pl.DataFrame) -> None:
        moneylines = closes.filter(pl.col("market") == "moneyline").select("game_key", home="probability_1")
        totals = closes.filter(pl.col("market") == "total").select("game_key", "line", over="probability_1")
        games = moneylines.join(totals, on="game_key", how="full", coalesce=True).sort("game_key")
        self._keys = games["game_key"].to_numpy()
        self._told = games.select(pl.col("home", "line", "over").cast(pl.Float64).fill_null(np.nan)).to_numpy()
        self._means: Means | None = None

    def at(self, market: str, game_keys: npt.NDArray[np.int64], line: FloatArray) -> LineChances:
        """The chances of side 1 of a *spread* (the home side's line) or *total* at ``line``, one per game key."""
        place, is_known = self._places(game_keys)
        means = self._fitted()
        own = Means(*(np.where(is_known, runs[place] if len(runs) else np.nan, np.nan) for runs in means))
        return chances_at(market, own, line)

    def why_missing(self, game_keys: npt.NDArray[np.int64]) -> list[str | None]:
        """Why a game has no distribution; None where it has one."""
        place, is_known = self._places(game_keys)
        means = self._fitted()
        reasons: list[str | None] = []
        for where, known in zip(place, is_known, strict=True):
            home, line, over = self._told[where] if known else (np.nan, np.nan, np.nan)
            if np.isnan(home):
                reasons.append("the game has no closing moneyline")
            elif np.isnan(line) or np.isnan(over):
                reasons.append("the game has no closing total")
            elif np.isnan(means.home[where]):
                reasons.append("no score grid gives back the closing moneyline and total")
            else:
                reasons.append(None)
        return reasons

    def _places(self, game_keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        if not len(self._keys):
            return np.zeros(len(game_keys), dtype=np.int64), np.zeros(len(game_keys), dtype=bool)
        place = np.minimum(np.searchsorted(self._keys, game_keys), len(self._keys) - 1)
        return place, self._keys[place] == game_keys

    def _fitted(self) -> Means:
        if self._means is None:
            self._means = fit_many(*self._told.T) if len(self._told) else Means(np.zeros(0), np.zeros(0))
        return self._means
