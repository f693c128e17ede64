"""Both sides at once: arbitrage, low hold, middles with their pushes, and prices that are too good to be there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.market.pairs import cover, middle_of_run_line, middle_of_total, suspicion
from dagster_mlb.market.score_grid import RUNS, ScoreGrid, fit


@pytest.fixture(scope="module")
def grid() -> ScoreGrid:
    return fit([0.55, 0.48], [8.5, 9.0]).full()


def test_the_worked_example_of_an_arbitrage() -> None:
    """betting_domain §2.7."""
    found = cover([2.10, 2.05])
    assert found.profit == pytest.approx(0.0373, abs=5e-5)
    assert found.shares == pytest.approx([0.494, 0.506], abs=5e-4)
    assert found.is_arbitrage and not found.is_low_hold


@given(decimals=st.lists(st.floats(1.01, 50), min_size=2, max_size=5))
def test_what_is_covered_pays_the_same_whatever_happens(decimals: list[float]) -> None:
    found = cover(decimals)
    assert found.shares.sum() == pytest.approx(1)
    assert found.shares * decimals - 1 == pytest.approx(np.full(len(decimals), float(found.profit)))
    assert (found.profit > 0) == found.is_arbitrage


def test_low_hold_is_from_nothing_to_a_hundredth_and_no_price_is_no_pair() -> None:
    found = cover([[2.0, 2.0], [1.99, 2.0], [1.95, 2.0], [2.0, np.nan], [2.0, 1.0]])
    assert found.is_low_hold.tolist() == [True, True, False, False, False]
    assert found.is_arbitrage.tolist() == [False] * 5
    assert np.isnan(found.profit[3:]).all()


def test_a_middle_is_counted_cell_by_cell(grid: ScoreGrid) -> None:
    told = middle_of_total(grid, 8.0, 1.95, 9.5, 1.9)
    totals, runs = grid.total(), np.arange(2 * RUNS - 1)
    first = np.where(runs > 8, 0.95, np.where(runs == 8, 0.0, -1.0))
    second = np.where(runs < 9.5, 0.9, -1.0)
    assert told.ev == pytest.approx(totals @ (first + second) / 2)
    assert told.both_win == pytest.approx(totals[:, 9])
    assert told.one_pushes == pytest.approx(totals[:, 8])


def test_a_middle_of_run_lines_is_the_margin_between_them(grid: ScoreGrid) -> None:
    told = middle_of_run_line(grid, -1.5, 2.4, 2.5, 1.5)
    margin = grid.margin()
    assert told.both_win == pytest.approx(margin[:, RUNS - 1 + 2])
    assert told.one_pushes == pytest.approx([0, 0], abs=1e-12)
    wins = np.arange(1 - RUNS, RUNS)
    pays = np.where(wins > 1.5, 1.4, -1.0) + np.where(wins < 2.5, 0.5, -1.0)
    assert told.ev == pytest.approx(margin @ pays / 2)


def test_lines_without_room_are_no_middle(grid: ScoreGrid) -> None:
    assert np.isnan(middle_of_total(grid, 9.5, 1.9, 9.5, 1.9).ev).all()
    assert np.isnan(middle_of_run_line(grid, -1.5, 2.4, 1.5, 1.6).ev).all()
    assert np.isnan(middle_of_total(grid, 8.5, [1.0, np.nan], 9.5, 1.9).ev).all()


def test_a_price_that_is_too_good_or_was_left_behind_is_suspected() -> None:
    told = suspicion(
        [2.0, 2.1, 2.0, 2.0, 2.0, np.nan],
        [0.50, 0.50, 0.50, 0.50, 0.50, 0.50],
        age_minutes=[0, 0, 20, 20, 5, 0],
        fair_when_confirmed=[np.nan, np.nan, 0.48, 0.499, 0.48, np.nan],
    )
    assert told.tolist() == ["", "too_good", "left_behind", "", "", ""]
