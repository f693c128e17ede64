"""The score grid gives the market back, prices all else coherently, and ends games as games end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_mlb.market.score_grid import RUNS, FittedGames, ScoreGrid, first_five_grid, fit, score_grid

SLATE_P = np.array([0.30, 0.42, 0.50, 0.55, 0.61, 0.68, 0.75])
SLATE_L = np.array([7.0, 7.5, 8.5, 9.0, 8.0, 10.5, 11.0])
HALVES = np.arange(-6.5, 7.0)
few = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module")
def slate() -> FittedGames:
    return fit(SLATE_P, SLATE_L, 0.51)


@pytest.fixture(scope="module")
def full(slate: FittedGames) -> ScoreGrid:
    return slate.full()


@few
@given(p=st.floats(0.25, 0.8), line=st.sampled_from(np.arange(6.0, 12.5, 0.5)), over=st.floats(0.4, 0.6))
def test_a_market_is_given_back(p: float, line: float, over: float) -> None:
    """Markets as they are made. (A side of nine runs and more has a thousandth beyond the last cell: it is missing.)"""
    games = fit(p, line, over)
    assert games.full().home_wins == pytest.approx([p], abs=1e-7)
    assert games.full().over(line).fair == pytest.approx([over], abs=1e-7)


def test_the_cells_are_chances_and_no_game_ends_in_a_tie(full: ScoreGrid) -> None:
    assert full.probability.shape == (len(SLATE_P), RUNS, RUNS)
    assert (full.probability >= 0).all()
    assert full.probability.sum(axis=(1, 2)) == pytest.approx(np.ones(len(SLATE_P)), abs=1e-12)
    assert np.abs(full.run_line(0).push).max() == 0


def test_what_lies_beyond_the_last_cell_is_nothing() -> None:
    usual = fit(0.5, 8.5).full()
    assert usual.probability[:, -3:].sum() + usual.probability[:, :, -3:].sum() < 1e-6


def test_every_bet_has_two_sides_that_agree(full: ScoreGrid) -> None:
    for line in (-2.5, -1.5, -1.0, 0.0, 1.0, 1.5):
        home, away = full.run_line(line), full.run_line(-line, "away")
        np.testing.assert_allclose(home.win, away.lose, atol=1e-12)
        np.testing.assert_allclose(home.push, away.push, atol=1e-12)
        np.testing.assert_allclose(home.win + home.push + home.lose, 1.0, atol=1e-12)


def test_alternates_fall_with_the_line(full: ScoreGrid) -> None:
    run_lines = np.stack([full.run_line(-line).win for line in HALVES])
    totals = np.stack([full.over(line).win for line in np.arange(4.5, 16.0)])
    teams = np.stack([full.team_over("away", line).win for line in np.arange(0.5, 9.0)])
    for chances in (run_lines, totals, teams):
        assert (np.diff(chances, axis=0) < 1e-15).all()
        assert (chances[0] - chances[-1] > 0.5).all()


def test_all_markets_are_sums_over_the_same_cells(full: ScoreGrid) -> None:
    runs, both = np.arange(RUNS), np.arange(2 * RUNS - 1)
    means = full.runs("home") @ runs + full.runs("away") @ runs
    np.testing.assert_allclose(full.total() @ both, means, atol=1e-9)
    np.testing.assert_allclose(full.margin()[:, RUNS:].sum(axis=1), full.home_wins, atol=1e-12)
    # A whole line pushes what lies between the half lines beside it.
    between = full.over(8.5).win - full.over(7.5).win
    np.testing.assert_allclose(full.over(8).push, -between, atol=1e-12)


def test_games_end_as_games_end() -> None:
    """Seasons of 2010 to 2019: home by one .173, away by one .116; by two or more, given the winner, .676 and .750;
    after five innings ahead .456 and tied .150 (betting_domain §3.1, §3.4; docs/decisions/0018)."""
    games = fit(0.536, 8.5)
    margin = games.full().margin()[0]
    home, away = margin[RUNS:].sum(), margin[: RUNS - 1].sum()
    assert margin[RUNS] == pytest.approx(0.173, abs=0.006)
    assert margin[RUNS - 2] == pytest.approx(0.116, abs=0.006)
    assert 1 - margin[RUNS] / home == pytest.approx(0.676, abs=0.012)
    assert 1 - margin[RUNS - 2] / away == pytest.approx(0.750, abs=0.012)
    first_five = games.first_five().run_line(0)
    assert first_five.win[0] == pytest.approx(0.456, abs=0.012)
    assert first_five.push[0] == pytest.approx(0.150, abs=0.012)


@pytest.mark.parametrize("p", [0.40, 0.5, 0.58, 0.66])
@pytest.mark.parametrize("line", [7.5, 8.5, 9.5, 10.5])
def test_the_run_line_is_the_one_that_seasons_showed(p: float, line: float) -> None:
    """betting_domain §3.4: logit P(-1.5) by moneyline and total, -.722 + .936 z + .026 (L - 8.5) for the home side."""
    z = np.log(p / (1 - p))
    full = fit(p, line).full()
    home = 1 / (1 + np.exp(0.722 - 0.936 * z - 0.026 * (line - 8.5)))
    away = 1 / (1 + np.exp(0.471 + 0.947 * z - 0.034 * (line - 8.5)))
    assert full.run_line(-1.5).win[0] == pytest.approx(home, abs=0.02)
    assert full.run_line(-1.5, "away").win[0] == pytest.approx(away, abs=0.02)


def test_a_better_side_is_ahead_more_often_everywhere() -> None:
    weaker, better = score_grid([4.2, 4.8], [4.4, 4.4]).home_wins
    assert better > weaker
    weaker, better = first_five_grid([4.2, 4.8], [4.4, 4.4]).run_line(0).win
    assert better > weaker


def test_what_is_no_market_is_missing_and_its_neighbours_stay() -> None:
    p = [0.55, np.nan, 0.0, 1.2, 0.55, 0.55, 0.6]
    line = [8.5, 8.5, 8.5, 8.5, np.nan, 400.0, 9.0]
    games = fit(p, line)
    alone = fit([0.55, 0.6], [8.5, 9.0])
    assert np.isnan(games.mu_home[1:6]).all() and np.isnan(games.mu_away[1:6]).all()
    np.testing.assert_allclose(games.mu_home[[0, 6]], alone.mu_home, rtol=1e-9)
    told = games.full().over(8.5)
    assert np.isnan([told.win[1:6], told.push[1:6], told.lose[1:6]]).all()
    assert np.isfinite([told.win[[0, 6]], told.push[[0, 6]]]).all()


def test_a_market_that_only_the_end_of_the_cells_gives_back_is_missing() -> None:
    games = fit([0.5, 0.98, 0.5], [29.0, 20.0, 8.5], [0.97, 0.5, 0.5])
    assert np.isnan(games.mu_home[:2]).all() and np.isnan(games.full().home_wins[:2]).all()
    assert games.full().home_wins[2] == pytest.approx(0.5)


def test_lines_may_differ_by_game_and_one_may_be_missing(full: ScoreGrid) -> None:
    lines = SLATE_L.copy()
    lines[2] = np.nan
    told = full.over(lines)
    assert np.isnan([told.win[2], told.push[2], told.lose[2]]).all()
    np.testing.assert_allclose(told.fair[[0, 1, 3]], 0.51, atol=1e-7)


def test_an_empty_slate_is_an_empty_answer() -> None:
    games = fit([], [])
    assert games.full().home_wins.shape == (0,)


def test_a_side_is_home_or_away(full: ScoreGrid) -> None:
    with pytest.raises(ValueError, match="'home' or 'away', not 'over'"):
        full.runs("over")
