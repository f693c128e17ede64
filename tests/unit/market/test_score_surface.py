"""The score grid by interpolation says what the grid itself says."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_mlb.market.score_grid import fit, score_grid
from dagster_mlb.market.score_surface import FEWEST, MOST, Means, chances_at, fit_many

RNG = np.random.default_rng(7)
SIZE = 300
HOME = 1 / (1 + np.exp(-RNG.normal(0.14, 0.5, SIZE)))
LINE = RNG.choice(np.arange(6.0, 13.0, 0.5), SIZE)
OVER = RNG.uniform(0.42, 0.58, SIZE)


@pytest.fixture(scope="module")
def exact():
    return fit(HOME, LINE, OVER)


def test_games_are_fitted_as_the_grid_fits_them(exact):
    means = fit_many(HOME, LINE, OVER)
    assert np.allclose(means.home, exact.mu_home, rtol=0, atol=1e-6, equal_nan=True)
    assert np.allclose(means.away, exact.mu_away, rtol=0, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("line", [-2.5, -1.5, -1.0, 0.0, 1.0, 1.5, 2.0])
def test_run_lines_are_priced_as_the_grid_prices_them(exact, line):
    told, expected = chances_at("spread", fit_many(HOME, LINE, OVER), line), exact.full().run_line(line)
    assert np.allclose(told.fair, expected.fair, rtol=0, atol=1e-8, equal_nan=True)
    assert np.allclose(told.push, expected.push, rtol=0, atol=1e-8, equal_nan=True)


@pytest.mark.parametrize("line", [4.5, 7.0, 8.0, 8.5, 9.0, 11.0, 14.5])
def test_totals_are_priced_as_the_grid_prices_them(exact, line):
    told, expected = chances_at("total", fit_many(HOME, LINE, OVER), line), exact.full().over(line)
    assert np.allclose(told.fair, expected.fair, rtol=0, atol=1e-8, equal_nan=True)
    assert np.allclose(told.push, expected.push, rtol=0, atol=1e-8, equal_nan=True)


def test_each_game_may_have_a_line_of_its_own():
    means = fit_many(HOME, LINE, OVER)
    together = chances_at("total", means, LINE)
    assert np.allclose(together.fair, np.where(np.isnan(means.home), np.nan, OVER), atol=1e-8, equal_nan=True)


def test_what_is_no_market_is_nan_in_its_own_place():
    means = fit_many([0.5, np.nan, 0.55, 0.0, 0.55], [8.5, 8.5, np.nan, 8.5, 1.0], [0.5] * 5)
    assert np.isnan(means.home).tolist() == [False, True, True, True, True]
    told = chances_at("total", means, [9.0] * 5)
    assert np.isnan(told.fair).tolist() == [False, True, True, True, True]
    assert np.isnan(chances_at("total", means, np.nan).fair).all()


def test_beyond_the_mesh_the_grid_itself_is_asked():
    means = Means(np.array([FEWEST - 0.3, 5.0, MOST + 1.0]), np.array([4.0, MOST + 0.5, 4.0]))
    grid = score_grid(means.home, means.away)
    assert np.allclose(chances_at("total", means, 8.0).fair, grid.over(8.0).fair, atol=1e-12)
    assert np.allclose(chances_at("spread", means, -1.5).fair, grid.run_line(-1.5).fair, atol=1e-12)


def test_a_surface_of_another_market_is_refused():
    with pytest.raises(ValueError, match="moneyline"):
        chances_at("moneyline", Means(np.array([4.0]), np.array([4.0])), 0.0)
