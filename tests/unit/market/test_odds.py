"""American and decimal odds, implied probability, cents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.market import odds

american = st.floats(100.001, 20_000).flatmap(lambda size: st.sampled_from([size, -size]))


@pytest.mark.parametrize(
    ("price", "decimal", "implied"),
    [(-150, 5 / 3, 0.6), (130, 2.3, 1 / 2.3), (100, 2.0, 0.5), (-100, 2.0, 0.5), (-110, 1 + 100 / 110, 110 / 210)],
)
def test_a_price_has_the_decimal_and_the_probability_of_the_book(price: int, decimal: float, implied: float) -> None:
    assert odds.american_to_decimal([price])[0] == pytest.approx(decimal, abs=1e-12)
    assert odds.implied_from_american([price])[0] == pytest.approx(implied, abs=1e-12)
    assert odds.implied_from_decimal([decimal])[0] == pytest.approx(implied, abs=1e-12)


@given(american)
def test_american_to_decimal_and_back_is_the_same_price(price: float) -> None:
    back = odds.decimal_to_american(odds.american_to_decimal([price]))[0]
    assert back == pytest.approx(odds.canonical_american([price])[0], rel=1e-9)


@given(american)
def test_implied_probability_is_one_over_the_decimal(price: float) -> None:
    assert odds.implied_from_american([price])[0] == pytest.approx(1 / odds.american_to_decimal([price])[0], rel=1e-12)


def test_even_money_has_one_spelling() -> None:
    assert odds.canonical_american([-100, 100]).tolist() == [100, 100]
    assert odds.decimal_to_american([2.0])[0] == 100


def test_what_is_no_price_is_missing_and_its_neighbours_stay() -> None:
    prices = [-150, 99, 0, -99.5, None, np.nan, np.inf, 130]
    for convert in (odds.canonical_american, odds.american_to_decimal, odds.implied_from_american, odds.cents):
        converted = convert(prices)
        assert np.isfinite(converted).tolist() == [True, *[False] * 6, True]
    assert np.isnan(odds.implied_from_decimal([1.0, 0.5, -2, np.nan, None])).all()
    assert np.isnan(odds.decimal_to_american([1.0, 0.0, np.inf])).all()


def test_cents_close_the_hole_around_even_money() -> None:
    assert odds.cents_distance([105, -120, -105], [-105, -135, 105]).tolist() == [10, 15, -10]
    assert odds.cents([-100])[0] == 0


def test_fractional_odds() -> None:
    assert odds.fractional_to_decimal([5, 1], [2, 1]).tolist() == [3.5, 2.0]
    assert np.isnan(odds.fractional_to_decimal([1, 0], [0, 2])).all()


def test_an_array_of_floats_is_not_copied() -> None:
    prices = np.array([1.0, 2.0])
    assert odds.as_floats(prices) is prices
