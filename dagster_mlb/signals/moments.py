"""Two questions about rows of groups in order of time: which was the last at a moment, and which stand apart.

Moments are whole microseconds. No answer depends on a row later than the moment asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@dataclass(frozen=True)
class Moments:
    """Rows sorted by group and then moment, found by binary search.

    Moments are replaced by their rank, so that group and moment make one integer which no archive is long enough to
    overflow.
    """

    group: Ints
    at: Ints
    _times: Ints
    _key: Ints

    @classmethod
    def of(cls, group: Ints, at: Ints) -> Moments:
        times, rank = np.unique(at, return_inverse=True)
        return cls(group, at, times, group * (len(times) + 1) + rank)

    def last(self, group: Ints, moment: Ints) -> Ints:
        """For each pair the number of the group's last row at or before the moment, −1 where there is none."""
        rank = np.searchsorted(self._times, moment, "right") - 1
        found = np.searchsorted(self._key, group * (len(self._times) + 1) + rank, "right") - 1
        there = (rank >= 0) & (found >= 0)
        there &= self.group[np.maximum(found, 0)] == group if len(self.group) else False
        return np.where(there, found, -1)

    def next_from(self, group: Ints, moment: Ints) -> Ints:
        """For each pair the number of the group's first row at or after the moment; where there is none, of whatever
        row comes after the group."""
        rank = np.searchsorted(self._times, moment, "left")
        return np.searchsorted(self._key, group * (len(self._times) + 1) + rank, "left")


def picked(rows: Ints | Bools, *arrays: Any) -> tuple[Any, ...]:
    """The same rows of several arrays."""
    return tuple(array[rows] for array in arrays)


def standing_apart(group: Ints, at: Ints, pause: int, tier: Ints | None = None) -> Bools:
    """Of rows sorted by group and moment (no two alike), those left when after each that is kept nothing of its group
    is kept for ``pause`` microseconds.

    With ``tier`` a row gives way only to kept rows of its own tier or a higher one: what is stronger than all that was
    said is worth saying at once.
    """
    if tier is None:
        return _chain(group, at, pause)
    kept = np.zeros(len(at), dtype=bool)
    for step in np.unique(tier)[::-1]:
        stronger = Moments.of(group[kept], at[kept])
        last = stronger.last(group, at)
        silenced = (last >= 0) & (at - stronger.at[last] < pause) if len(stronger.at) else np.zeros(len(at), dtype=bool)
        mine = np.flatnonzero((tier == step) & ~silenced)
        kept[mine[_chain(group[mine], at[mine], pause)]] = True
    return kept


def _chain(group: Ints, at: Ints, pause: int) -> Bools:
    """All groups at once: keep the first row of each, jump over the pause, keep the next, until all are at their
    end."""
    kept = np.zeros(len(at), dtype=bool)
    if not len(at):
        return kept
    following = np.maximum(Moments.of(group, at).next_from(group, at + pause), np.arange(len(at)) + 1)
    current = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    while len(current):
        kept[current] = True
        after = following[current]
        inside = after < len(at)
        same = group[np.minimum(after, len(at) - 1)] == group[current]
        current = after[inside & same]
    return kept
