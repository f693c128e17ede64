"""Bad stretches: losses in a row, falls below the peak in units and as a share of it, days under water."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from dagster_mlb.strategies.figures.drawdowns import drawdown, expected_max_drawdown, longest_losing_run, max_drawdown


def test_the_longest_losing_run_skips_pushes():
    results = pl.Series(["loss", "win", "loss", "push", "loss", "loss", "win", "loss"])
    assert longest_losing_run(results) == 3
    assert longest_losing_run(pl.Series(["win"])) == 0
    assert longest_losing_run(pl.Series([], dtype=pl.String)) == 0


def test_the_drawdown_is_taken_from_the_best_day_so_far_and_starts_at_nothing():
    assert max_drawdown(np.array([-1.0, -1.0, 5.0, -2.0, -2.0]), np.array([1, 2, 3, 4, 5])) == 4.0
    assert max_drawdown(np.array([-1.0, 1.0, -3.0]), np.array([1, 1, 2])) == 3.0
    assert max_drawdown(np.zeros(0), np.zeros(0)) == 0.0


def test_as_a_share_it_is_of_the_bankroll_s_peak():
    falls = drawdown(np.array([100.0, -50.0, 20.0]), np.array([1, 2, 3]), bankroll=100.0)
    assert (falls.units, falls.share) == (50.0, 0.25)
    assert drawdown(np.array([-30.0]), np.array([1]), bankroll=100.0).share == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("profit", "days", "expected"),
    [
        ([1.0, 1.0], [1, 2], 0),
        ([1.0, -1.0, 1.0], [1, 5, 9], 8),  # from the peak on day 1 to its return on day 9
        ([1.0, -2.0, 0.5], [1, 5, 9], 8),  # never back: until the end
        ([-1.0, -1.0], [3, 10], 7),  # under water from the first day on
        ([-1.0], [3], 0),
    ],
)
def test_days_under_water_run_from_a_peak_to_its_return_or_the_end(profit, days, expected):
    assert drawdown(np.array(profit), np.array(days)).days == expected


def test_the_expected_drawdown_is_that_of_such_days_in_any_order():
    rng = np.random.default_rng(3)
    daily = rng.normal(0.0, 1.0, 400)
    daily -= daily.mean()
    expected = expected_max_drawdown(daily, np.arange(400), paths=2000)
    # Of a random walk it is sqrt(pi / 2) times sigma times the root of its length, in single steps a bit less.
    assert expected == pytest.approx(np.sqrt(np.pi / 2) * daily.std() * 20, rel=0.08)
    assert expected_max_drawdown(daily, np.arange(400)) == expected_max_drawdown(daily, np.arange(400))
    assert np.isnan(expected_max_drawdown(np.ones(1), np.ones(1)))
