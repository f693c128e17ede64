"""The level of a market: one number that a changed line does not upset."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.market.levels import K_MARGIN, K_TOTAL, MARKETS, market_level, probability_at

chances = st.floats(0.001, 0.999)
lines = st.integers(-40, 40).map(lambda halves: halves / 2)


@given(market=st.sampled_from(MARKETS), p=chances, line=lines)
def test_a_level_on_its_own_line_gives_the_probability_back(market: str, p: float, line: float) -> None:
    assert probability_at(market, market_level(market, p, line), line) == pytest.approx(p, rel=1e-9)


@given(p=chances, line=lines)
def test_a_moneyline_has_no_line_and_its_level_is_its_logit(p: float, line: float) -> None:
    assert market_level("moneyline", p) == market_level("moneyline", p, line) == pytest.approx(np.log(p / (1 - p)))


@given(market=st.sampled_from(["spread", "total"]), level=st.floats(-3, 3), line=lines)
def test_a_run_more_for_a_side_makes_it_likelier_and_a_run_more_to_score_less(
    market: str, level: float, line: float
) -> None:
    here, there = probability_at(market, level, [line, line + 1])
    assert bool(there > here) is (market == "spread")


def test_both_run_lines_of_an_even_game_have_nearly_one_level() -> None:
    """The measured logits at pick'em: -.722 for home -1.5, .471 for home +1.5."""
    minus, plus = market_level("spread", 1 / (1 + np.exp([0.722, -0.471])), [-1.5, 1.5])
    assert minus == pytest.approx(plus, abs=0.01)
    assert pytest.approx((0.722 + 0.471) / 3, abs=0.005) == K_MARGIN


def test_the_slope_of_a_total_is_the_density_at_its_median() -> None:
    """A normal of 4.41 runs has .0905 a run there; a coin's logit rises four times as fast as its chance."""
    assert pytest.approx(4 / (4.41 * np.sqrt(2 * np.pi)), abs=0.005) == K_TOTAL


def test_markets_are_mixed_in_one_call_and_what_cannot_be_said_is_missing() -> None:
    told = market_level(
        ["moneyline", "spread", "total", "spread", "total", "moneyline", "moneyline"],
        [0.5, 0.5, 0.5, 0.5, np.nan, 0.0, 1.0],
        [np.nan, -1.5, 9.5, np.nan, 8.5, np.nan, np.nan],
    )
    np.testing.assert_allclose(told, [0.0, 0.6, 0.36, np.nan, np.nan, np.nan, np.nan], atol=1e-15)


def test_a_market_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="unknown market run_line; use one of moneyline, spread, total"):
        market_level("run_line", 0.5, -1.5)
