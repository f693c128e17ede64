"""Markets of any number of outcomes: the two-way answers, Shin's own example, and the laws that hold for every one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dagster_mlb.market.no_vig import METHODS, Method, method_used, no_vig
from dagster_mlb.market.no_vig_nway import no_vig_nway

MONOTONE: tuple[Method, ...] = ("multiplicative", "odds_ratio", "probit", "power", "shin")
prices = st.floats(1e-9, 1 - 1e-9)
markets = st.integers(2, 12).flatmap(lambda n: arrays(np.float64, (n,), elements=prices))


def test_shins_three_outcomes_and_his_share_of_insiders() -> None:
    """betting_domain §2.3: [2.6, 2.4, 4.3]."""
    fair = no_vig_nway([1 / 2.6, 1 / 2.4, 1 / 4.3], "shin")
    assert fair.probability == pytest.approx([0.3729941, 0.4047794, 0.2222265], abs=1e-6)
    assert fair.parameter == pytest.approx(0.01694251, abs=1e-7)
    assert str(fair.used) == "shin"


@pytest.mark.parametrize("method", METHODS)
@given(q1=prices, q2=prices)
def test_two_outcomes_are_what_the_closed_forms_say(method: Method, q1: float, q2: float) -> None:
    both = no_vig_nway([q1, q2], method)
    assert both.probability[0] == pytest.approx(no_vig([q1], [q2], method)[0], abs=1e-6)
    assert str(both.used) == method_used([q1], [q2], method)[0]


@pytest.mark.parametrize("method", METHODS)
@given(q=markets)
def test_every_market_of_prices_is_solved_whatever_its_booksum(method: Method, q: np.ndarray) -> None:
    fair = no_vig_nway(q, method)
    assert fair.probability.sum() == pytest.approx(1, abs=1e-9)
    assert (fair.probability >= 0).all()
    assert str(fair.used) in (method, "odds_ratio")


@pytest.mark.parametrize("method", MONOTONE)
@given(q=markets)
def test_a_shorter_price_is_never_the_smaller_chance(method: Method, q: np.ndarray) -> None:
    fair = no_vig_nway(np.sort(q), method).probability
    assert (np.diff(fair) >= -1e-12).all()


@pytest.mark.parametrize("method", METHODS)
@given(q=markets, seed=st.integers(0, 1000))
def test_the_order_of_the_outcomes_does_not_matter(method: Method, q: np.ndarray, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(q))
    assert no_vig_nway(q[order], method).probability == pytest.approx(
        no_vig_nway(q, method).probability[order], abs=1e-7
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_market_without_margin_is_left_as_it_is(method: Method) -> None:
    fair = no_vig_nway([0.5, 0.3, 0.15, 0.05], method)
    assert fair.probability == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=1e-9)


@pytest.mark.parametrize("method", ["additive", "goto"])
def test_a_long_shot_that_a_method_would_price_below_nothing_is_answered_by_the_odds_ratio(method: Method) -> None:
    q = [[0.9, 0.2, 0.01], [0.5, 0.35, 0.2]]
    fair = no_vig_nway(q, method)
    assert fair.used.tolist() == ["odds_ratio", method]
    assert fair.probability[0] == pytest.approx(no_vig_nway(q[0]).probability, abs=1e-12)


def test_a_market_that_lacks_a_price_is_missing_as_a_whole_and_its_neighbours_stay() -> None:
    q = np.array([[0.4, 0.4, 0.3], [0.4, np.nan, 0.3], [0.4, 0.0, 0.3], [0.4, 1.0, 0.3], [0.4, -0.2, np.inf]])
    for method in METHODS:
        fair = no_vig_nway(q, method)
        assert np.isfinite(fair.probability[0]).all() and np.isnan(fair.probability[1:]).all()
        assert fair.used.tolist() == [method, "", "", "", ""]


def test_many_markets_at_once_keep_their_shape() -> None:
    q = np.full((4, 5, 3), 0.36)
    fair = no_vig_nway(q, "power")
    assert (fair.probability.shape, fair.used.shape, fair.parameter.shape) == ((4, 5, 3), (4, 5), (4, 5))
    assert fair.probability == pytest.approx(np.full((4, 5, 3), 1 / 3), abs=1e-12)


@pytest.mark.parametrize("q", [0.5, [0.5], []])
def test_what_is_no_market_is_refused(q: object) -> None:
    with pytest.raises(ValueError, match="two outcomes or more"):
        no_vig_nway(q)  # type: ignore[arg-type]


def test_a_method_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown no-vig method 'best'"):
        no_vig_nway([0.5, 0.5], "best")  # type: ignore[arg-type]
