"""Stakes: golden vectors, and a slate held against the enumeration of everything that may happen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import OptimizeResult, minimize

from dagster_mlb.market.kelly import (
    MOST,
    GameOutcomes,
    ScoreBet,
    expected_growth,
    kelly,
    one_bet,
    score_outcomes,
    slate_kelly,
)
from dagster_mlb.market.score_grid import ScoreGrid, fit

EDGE = one_bet(0.55, 2.0)


@pytest.fixture(scope="module")
def grid() -> ScoreGrid:
    return fit([0.56, 0.47], [8.5, 9.0]).full()


def enumerated(games: Sequence[GameOutcomes], stakes: Sequence[np.ndarray]) -> float:
    """The same expectation by every combination of outcomes."""
    growth = 0.0
    for outcome in itertools.product(*(range(len(game.probability)) for game in games)):
        chance = np.prod([game.probability[o] for game, o in zip(games, outcome, strict=True)])
        change = sum(game.returns[o] @ f for game, o, f in zip(games, outcome, stakes, strict=True))
        growth += chance * np.log1p(change) if chance else 0.0
    return float(growth)


# ---------------------------------------------------------------- one bet


def test_the_golden_stakes() -> None:
    """betting_domain §2.8."""
    assert kelly([0.55, 0.46, 0.70], [1.909091, 2.3, 1.5]) == pytest.approx([0.0550, 0.044615, 0.10], abs=1e-6)
    assert kelly(0.55, 1.909091, fraction=0.25) == pytest.approx(0.01375, abs=1e-6)


def test_a_push_changes_the_stake_as_the_formula_says() -> None:
    w, u, d = 0.48, 0.08, 2.05
    lose, b = 1 - w - u, d - 1
    assert kelly(w, d, u) == pytest.approx((w * b - lose) / (b * (w + lose)))
    growth = [w * np.log1p(f * b) + lose * np.log1p(-f) for f in (kelly(w, d, u) + step for step in (-1e-4, 0, 1e-4))]
    assert growth[1] > max(growth[0], growth[2])


def test_a_bet_that_is_worth_nothing_gets_nothing_and_what_is_no_bet_is_missing() -> None:
    assert kelly([0.5, 0.3, 0.0], [1.9, 3.0, 2.0]).tolist() == [0.0, 0.0, 0.0]
    assert kelly(0.0, 2.0, 1.0) == 0.0
    assert np.isnan(
        kelly([np.nan, 0.5, 0.5, 1.2, 0.5, 0.5], [2, 1.0, np.nan, 2, np.inf, 2], [0, 0, 0, 0, 0, 0.6])
    ).all()


# ---------------------------------------------------------------- a slate


@settings(max_examples=40, deadline=None)
@given(
    bets=st.lists(st.tuples(st.floats(0.2, 0.8), st.floats(1.2, 6.0), st.floats(0, 0.15)), min_size=1, max_size=6),
    whole=st.floats(0.05, 0.88),
)
def test_the_expectation_is_that_of_every_combination(bets: list[tuple[float, float, float]], whole: float) -> None:
    games = [one_bet(win, decimal, push) for win, decimal, push in bets]
    stakes = [np.array([whole / len(bets)]) for _ in bets]
    assert expected_growth(games, stakes) == pytest.approx(enumerated(games, stakes), abs=1e-7)


def test_the_stakes_are_those_that_enumeration_finds() -> None:
    games = [one_bet(0.55, 2.0), one_bet(0.36, 3.1), one_bet(0.62, 1.7, 0.03), one_bet(0.5, 1.95), one_bet(0.52, 2.1)]
    ours = np.concatenate(slate_kelly(games))
    best = minimize(
        lambda f: -1000 * enumerated(games, [f[i : i + 1] for i in range(5)]),
        np.full(5, 0.02),
        bounds=[(0, 0.19)] * 5,  # together less than the bankroll
        options={"ftol": 1e-14, "gtol": 1e-9},
    )
    assert ours == pytest.approx(best.x, abs=2e-4)
    assert ours[3] == 0.0


def test_one_bet_alone_is_kellys_own_and_more_of_them_get_less_each() -> None:
    alone = float(kelly(0.55, 2.0))
    shares = [np.mean(slate_kelly([EDGE] * n)) / alone for n in (1, 2, 4, 6)]
    assert shares[0] == pytest.approx(1, abs=1e-6)
    assert all(later < earlier for earlier, later in itertools.pairwise(shares))
    assert shares[-1] > 0.9


def test_bets_of_one_game_share_what_they_have_in_common(grid: ScoreGrid) -> None:
    """Home to win and home by two win and lose together: together they get less than apart."""
    line = float(grid.run_line(-1.5).win[0])
    bets = [ScoreBet("moneyline", "home", 1.06 / 0.56), ScoreBet("run_line", "home", 1.10 / line, -1.5)]
    together = slate_kelly([score_outcomes(grid, 0, bets)])[0]
    apart = np.concatenate(slate_kelly([score_outcomes(grid, 0, [bet]) for bet in bets]))
    assert 0 < together.sum() < 0.9 * apart.sum()


def test_outcomes_of_a_game_are_those_of_its_grid(grid: ScoreGrid) -> None:
    bets = [
        ScoreBet("moneyline", "away", 2.2),
        ScoreBet("run_line", "away", 1.7, 1.5),
        ScoreBet("total", "under", 1.9, 9.0),
        ScoreBet("team_total", "over", 2.0, 4.0, "away"),
    ]
    outcomes = score_outcomes(grid, 1, bets)
    assert outcomes.probability.sum() == pytest.approx(1)
    won = [float(outcomes.probability @ (outcomes.returns[:, place] > 0)) for place in range(4)]
    pushed = [float(outcomes.probability @ (outcomes.returns[:, place] == 0)) for place in range(4)]
    under, team = grid.over(9.0), grid.team_over("away", 4.0)
    assert won == pytest.approx([1 - grid.home_wins[1], grid.run_line(1.5, "away").win[1], under.lose[1], team.win[1]])
    assert pushed == pytest.approx([0, 0, under.push[1], team.push[1]])
    assert sorted(set(outcomes.returns[:, 0].round(9))) == [-1.0, 1.2]


def test_caps_hold_and_what_they_leave_is_spent_where_it_grows_most() -> None:
    games = [EDGE, one_bet(0.58, 2.0), GameOutcomes(EDGE.probability, np.repeat(EDGE.returns, 2, axis=1))]
    capped = slate_kelly(games, fraction=0.5, max_bet=0.03, max_game=0.02, max_slate=0.05)
    assert max(stake.max() for stake in capped) <= 0.03 + 1e-9
    assert max(stake.sum() for stake in capped) <= 0.02 + 1e-9
    assert sum(stake.sum() for stake in capped) <= 0.05 + 1e-9
    assert capped[1][0] == pytest.approx(0.02, abs=1e-6)
    assert capped[0][0] == pytest.approx(capped[2].sum(), abs=1e-4)
    half = np.concatenate(slate_kelly([EDGE, EDGE], fraction=0.5))
    assert half == pytest.approx(0.5 * np.concatenate(slate_kelly([EDGE, EDGE])), abs=1e-6)


def test_everything_at_once_stays_below_the_bankroll() -> None:
    stakes = slate_kelly([one_bet(0.95, 3.0)] * 5)
    assert sum(stake.sum() for stake in stakes) <= MOST + 1e-9
    assert np.isfinite(expected_growth([one_bet(0.95, 3.0)] * 5, stakes))


def test_a_sure_profit_beside_a_longer_game_is_staked_to_its_cap() -> None:
    sure = GameOutcomes(np.array([0.5, 0.5]), np.array([[0.5], [2.0]]))
    stakes = slate_kelly([sure, one_bet(0.5, 2.1, 0.01)], max_bet=0.3)
    assert stakes[0] == pytest.approx([0.3], abs=1e-6)
    assert np.isfinite(expected_growth([sure, EDGE], stakes))


def test_stakes_that_were_not_found_are_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(*args: object, **kwargs: object) -> OptimizeResult:
        return OptimizeResult(x=np.array([0.1]), success=False, status=9, message="Iteration limit reached")

    monkeypatch.setattr("scipy.optimize.minimize", gives_up)
    with pytest.raises(ArithmeticError, match=r"1 bets of 1 games \(Iteration limit reached\)"):
        slate_kelly([EDGE])


def test_nothing_to_bet_is_no_stake() -> None:
    assert slate_kelly([]) == []
    assert [stake.tolist() for stake in slate_kelly([one_bet(0.4, 2.0), one_bet(0.5, 1.9)])] == [[0.0], [0.0]]
    assert expected_growth([EDGE], [0.0]) == 0.0


@pytest.mark.parametrize("wrong", [{"fraction": 0.0}, {"fraction": 1.5}, {"max_bet": 0.0}, {"max_slate": 1.0}])
def test_caps_that_are_no_shares_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="fraction is in"):
        slate_kelly([EDGE], **wrong)


def test_chances_that_are_no_distribution_are_refused(grid: ScoreGrid) -> None:
    with pytest.raises(ValueError, match=r"game 1 are no distribution: they sum to 0\.9"):
        slate_kelly([EDGE, GameOutcomes(np.array([0.5, 0.4]), np.array([[1.0], [-1.0]]))])
    with pytest.raises(ValueError, match="a stake for every bet"):
        expected_growth([EDGE], [[0.1, 0.1]])
    with pytest.raises(ValueError, match="a total has no side 'home'"):
        score_outcomes(grid, 0, [ScoreBet("total", "home", 1.9, 8.5)])
