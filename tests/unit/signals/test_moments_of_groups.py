"""The last row at a moment, and rows that stand apart: held against loops that anyone can read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.signals.moments import Moments, standing_apart

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), max_size=40).map(lambda rows: sorted(set(rows)))


def arrays(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(rows=ROWS, group=st.integers(0, 5), moment=st.integers(-5, 65))
def test_the_last_row_is_the_groups_own_and_not_later(rows: list[tuple[int, int]], group: int, moment: int) -> None:
    index = Moments.of(*arrays(rows))
    asked = np.array([group]), np.array([moment])
    earlier = [i for i, (g, at) in enumerate(rows) if g == group and at <= moment]
    assert index.last(*asked).tolist() == [earlier[-1] if earlier else -1]
    later = [i for i, (g, at) in enumerate(rows) if (g, at) >= (group, moment)]
    assert index.next_from(*asked).tolist() == [later[0] if later else len(rows)]


def apart_by_loop(rows: list[tuple[int, int]], pause: int, tiers: list[int]) -> list[bool]:
    """One row after the other: kept unless something of its group and of its tier or a higher one was, lately."""
    kept: list[bool] = []
    for (group, at), tier in zip(rows, tiers, strict=True):
        silenced = any(
            was and g == group and at - t < pause and rank >= tier
            for was, (g, t), rank in zip(kept, rows, tiers, strict=False)
        )
        kept.append(not silenced)
    return kept


@given(rows=ROWS, pause=st.integers(0, 30))
def test_a_pause_begins_with_every_row_that_is_kept(rows: list[tuple[int, int]], pause: int) -> None:
    assert standing_apart(*arrays(rows), pause).tolist() == apart_by_loop(rows, pause, [0] * len(rows))


@given(rows=ROWS, pause=st.integers(0, 30), data=st.data())
def test_what_is_stronger_is_not_silenced(rows: list[tuple[int, int]], pause: int, data: st.DataObject) -> None:
    tiers = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    told = standing_apart(*arrays(rows), pause, np.array(tiers, dtype=np.int64)).tolist()
    assert told == apart_by_loop(rows, pause, tiers)


def test_an_archive_of_decades_does_not_overflow() -> None:
    """Two million groups over sixteen years of microseconds would not fit into one integer as they are."""
    years = np.arange(16, dtype=np.int64) * 31_557_600_000_000
    index = Moments.of(np.repeat(np.int64(2_000_000), 16), years)
    assert index.last(np.array([2_000_000]), years[9:10] + 1).tolist() == [9]
