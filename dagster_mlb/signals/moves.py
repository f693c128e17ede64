"""How far each book's level moved within a window, seen at each of its changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dagster_mlb.signals.board import Board, Floats
from dagster_mlb.signals.moments import Ints, Moments

#: Differences of levels that are equal on paper differ by less than this.
ROUNDING = 1e-9
_NEVER = np.iinfo(np.int64).max


class Moves(NamedTuple):
    """Open states by series and moment. ``row``: of the board; ``first``: the number of the series' first;
    ``closed_at``: when the book took this price down without another (the end of time if it did not)."""

    row: Ints
    series: Ints
    market: Ints
    at: Ints
    level: Floats
    first: Ints
    closed_at: Ints
    moments: Moments

    def reference(self, series: Ints, moment: Ints, window: int) -> Ints:
        """The number of the state that stood a window before a moment; where the series is younger than that, its
        first. −1 where it has none by the moment."""
        then = self.moments.last(series, moment - window)
        now = self.moments.last(series, moment)
        return np.where(then >= 0, then, np.where(now >= 0, self.first[now], -1))


def moves_of(board: Board) -> Moves:
    """The open states of a board as moves of their series."""
    order = np.lexsort((board.at, board.series))
    series, at, is_open = board.series[order], board.at[order], board.is_open[order]
    closed_at = np.full(len(order), _NEVER)
    closes = (series[1:] == series[:-1]) & ~is_open[1:]
    closed_at[:-1] = np.where(closes, at[1:], _NEVER)
    row, series, at, closed_at = order[is_open], series[is_open], at[is_open], closed_at[is_open]
    begins = np.ones(len(row), dtype=bool)
    begins[1:] = series[1:] != series[:-1]
    first = np.flatnonzero(begins)[np.cumsum(begins) - 1] if len(row) else row
    return Moves(row, series, board.market[row], at, board.level[row], first, closed_at, Moments.of(series, at))


def changes(moves: Moves, window: int) -> tuple[Floats, Ints]:
    """At each open state how far the level moved within the window, in logit, and the number of the state that it is
    measured from."""
    reference = moves.reference(moves.series, moves.at, window)
    return moves.level - moves.level[reference], reference
