"""The run distribution of each game at its close: what a line that is not the closing one is worth there, and how often
a whole line is pushed.

The score grid of a game is fitted to its closing moneyline and total. Of each grid only the margins and totals are
kept, and a game is fitted once, when it is first asked for: half a millisecond each.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_mlb.market.odds import FloatArray
from dagster_mlb.market.score_grid import RUNS, fit

_VALUES: Final = {"spread": np.arange(1.0 - RUNS, RUNS), "total": np.arange(2 * RUNS - 1.0)}
_BLOCK: Final = 256


class LineChances(NamedTuple):
    """Of side 1 (home, over) at a line: ``fair`` is the chance to win given no push. NaN without a distribution."""

    fair: FloatArray
    push: FloatArray


class ClosingRuns:
    """Distributions by game. ``closes``: game_key, market, line, probability_1, one row per game and market."""

    def __init__(self, closes: pl.DataFrame) -> None:
        moneylines = closes.filter(pl.col("market") == "moneyline").select("game_key", home="probability_1")
        totals = closes.filter(pl.col("market") == "total").select("game_key", "line", over="probability_1")
        games = moneylines.join(totals, on="game_key", how="full", coalesce=True).sort("game_key")
        self._keys = games["game_key"].to_numpy()
        self._told = games.select(pl.col("home", "line", "over").cast(pl.Float64)).to_numpy()
        self._is_done = np.zeros(len(self._keys), dtype=bool)
        width = {market: len(values) for market, values in _VALUES.items()}
        self._chances = {market: np.full((len(self._keys), n), np.nan, np.float32) for market, n in width.items()}

    def at(self, market: str, game_keys: npt.NDArray[np.int64], line: FloatArray) -> LineChances:
        """The chances of side 1 of a *spread* (the home side's line) or *total* at ``line``, one per game key."""
        place, is_known = self._places(game_keys)
        self._fit(np.unique(place[is_known]))
        fair, push = np.full(len(line), np.nan), np.full(len(line), np.nan)
        values, needed = _VALUES[market], -line if market == "spread" else line
        for start in range(0, len(line), _BLOCK * 64):
            rows = np.arange(start, min(start + _BLOCK * 64, len(line)))
            rows = rows[is_known[rows]]
            chances = self._chances[market][place[rows]].astype(np.float64)
            above = np.where(values > needed[rows, None], chances, 0.0).sum(axis=1)
            level = np.where(values == needed[rows, None], chances, 0.0).sum(axis=1)
            missing = np.isnan(chances[:, 0]) | np.isnan(needed[rows])
            with np.errstate(invalid="ignore", divide="ignore"):
                fair[rows] = np.where(missing, np.nan, above / (1.0 - level))
            push[rows] = np.where(missing, np.nan, level)
        return LineChances(fair, push)

    def why_missing(self, game_keys: npt.NDArray[np.int64]) -> list[str | None]:
        """Why a game has no distribution; None where it has one."""
        place, is_known = self._places(game_keys)
        reasons: list[str | None] = []
        for where, known in zip(place, is_known, strict=True):
            home, line, over = self._told[where] if known else (np.nan, np.nan, np.nan)
            if np.isnan(home):
                reasons.append("the game has no closing moneyline")
            elif np.isnan(line) or np.isnan(over):
                reasons.append("the game has no closing total")
            elif self._is_done[where] and np.isnan(self._chances["total"][where, 0]):
                reasons.append("no score grid gives back the closing moneyline and total")
            else:
                reasons.append(None)
        return reasons

    def _places(self, game_keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        if not len(self._keys):
            return np.zeros(len(game_keys), dtype=np.int64), np.zeros(len(game_keys), dtype=bool)
        place = np.minimum(np.searchsorted(self._keys, game_keys), len(self._keys) - 1)
        return place, self._keys[place] == game_keys

    def _fit(self, places: npt.NDArray[np.int64]) -> None:
        wanted = places[~self._is_done[places]]
        for start in range(0, len(wanted), _BLOCK):
            rows = wanted[start : start + _BLOCK]
            home, line, over = self._told[rows].T
            grid = fit(home, line, over).full()
            self._chances["spread"][rows], self._chances["total"][rows] = grid.margin(), grid.total()
            self._is_done[rows] = True
