"""Closing line value in its forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.market import clv
from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.market.score_grid import fit


def test_the_worked_example_of_minus_120_that_closed_at_minus_135() -> None:
    taken, close = american_to_decimal([-120]), american_to_decimal([-135])
    fair = no_vig_from_american([-135], [120])
    assert clv.price_clv(taken, close)[0] == pytest.approx(0.0532, abs=5e-5)
    assert clv.probability_clv(taken, close)[0] == pytest.approx(0.0290, abs=5e-5)
    assert clv.ev_clv(taken, fair)[0] == pytest.approx(0.0267, abs=5e-5)
    assert clv.ev_clv(taken, no_vig_from_american([-135], [120], "multiplicative"))[0] == pytest.approx(
        0.0235, abs=5e-5
    )


@given(d=st.floats(1.01, 30), p=st.floats(0.01, 0.99))
def test_log_clv_is_the_logarithm_of_one_plus_ev_clv(d: float, p: float) -> None:
    assert clv.log_clv([d], [p])[0] == pytest.approx(np.log1p(clv.ev_clv([d], [p])[0]), abs=1e-9)


def test_betting_both_sides_at_the_close_costs_the_hold() -> None:
    d = american_to_decimal([-110, -110])
    assert clv.ev_clv(d, [0.5, 0.5]).mean() == pytest.approx(-0.04545, abs=1e-5)


def test_without_a_price_or_a_close_there_is_no_value() -> None:
    assert np.isnan(clv.ev_clv([1.0, 2.0, np.nan, 2.0], [0.5, np.nan, 0.5, 1.0])).all()
    assert np.isnan(clv.price_clv([2.0, 1.0], [np.nan, 2.0])).all()


def test_a_line_that_moved_is_priced_by_the_score() -> None:
    """Over 8.5 at -110, and the total closed at 9.5: won by nine runs too, a tenth of all games."""
    taken = american_to_decimal(-110)
    closed = fit(0.54, [8.5, 9.0, 9.5]).full()
    same, half, whole = clv.ev_clv_of_line(taken, *closed.over(8.5)[:2])
    assert same == pytest.approx(float(taken) * 0.5 - 1, abs=1e-6)
    assert same < half < whole
    nine = closed.total()[2, 9]
    assert whole == pytest.approx(float(taken) * (0.5 + nine) - 1, abs=1e-6)
    assert nine == pytest.approx(0.1, abs=0.015)
    under = clv.ev_clv_of_line(taken, closed.over(8.5).lose, closed.over(8.5).push)
    assert (under[1:] < under[0]).all()


def test_a_push_gives_the_stake_back_and_impossible_chances_are_missing() -> None:
    assert clv.ev_clv_of_line(2.0, 0.45, 0.1) == pytest.approx(0.0)
    assert clv.ev_clv_of_line(1.909091, 0.0, 1.0) == pytest.approx(0.0)
    told = clv.ev_clv_of_line([2.0, 2.0, 2.0, 1.0, np.nan], [0.5, -0.1, 0.7, 0.5, 0.5], [0.1, 0.2, 0.4, 0.1, 0.1])
    assert np.isfinite(told[0]) and np.isnan(told[1:]).all()
