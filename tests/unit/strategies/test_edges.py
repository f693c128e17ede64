"""Whether stronger bets are better ones, and whether stated probabilities are true."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from dagster_mlb.strategies.figures.edges import LADDER_SCHEMA, calibration, edge_ladder, monotonicity

RNG = np.random.default_rng(4)
SIZE = 4000


def told(skill: float) -> pl.DataFrame:
    """Bets whose strength is worth ``skill`` of EV-CLV a unit."""
    strength = RNG.uniform(0, 1, SIZE)
    value = skill * strength + RNG.normal(0, 0.05, SIZE)
    won = RNG.random(SIZE) < np.clip(0.5 + value / 2, 0, 1)
    return pl.DataFrame(
        {
            "official_date": [date(2019, 4, 1) + timedelta(days=int(day)) for day in np.arange(SIZE) // 20],
            "stake": np.ones(SIZE),
            "price_decimal": np.full(SIZE, 2.0),
            "result": np.where(won, "win", "loss"),
            "profit": np.where(won, 1.0, -1.0),
            "ev_clv": value,
            "strength": strength,
            "probability": 0.5 + strength / 20,
        }
    )


def test_the_rungs_hold_equal_numbers_and_rise_with_what_was_said():
    ladder = edge_ladder(told(0.3), "strength", bins=4)
    assert ladder.schema == pl.Schema(LADDER_SCHEMA)
    assert ladder["n"].to_list() == [1000] * 4
    assert (ladder["low"].to_list(), ladder["high"].to_list()) == (sorted(ladder["low"]), sorted(ladder["high"]))
    assert ladder["ev_clv"].to_list() == pytest.approx([0.3 / 8, 0.9 / 8, 1.5 / 8, 2.1 / 8], abs=0.01)
    assert monotonicity(ladder) == (1.0, 1.0)


def test_by_edge_it_is_the_strategy_s_own_probability_at_the_price_that_was_got():
    ladder = edge_ladder(told(0.3), "edge")
    assert ladder["low"][0] == pytest.approx(0.0, abs=0.001) and ladder["high"][-1] == pytest.approx(0.1, abs=0.001)


def test_what_is_worth_less_the_more_it_is_meant_falls():
    assert monotonicity(edge_ladder(told(-0.3), "strength")).ev_clv == -1.0


def test_equal_strengths_stay_together_and_missing_ones_are_left_out():
    bets = told(0.3).with_columns(strength=pl.when(pl.col("strength") > 0.5).then(2.0))
    ladder = edge_ladder(bets, "strength")
    assert ladder["n"].to_list() == [bets["strength"].count()]
    assert np.isnan(monotonicity(ladder).roi)
    assert edge_ladder(bets.with_columns(strength=pl.lit(None, pl.Float64)), "strength").is_empty()
    assert edge_ladder(bets.clear(), "edge").schema == pl.Schema(LADDER_SCHEMA)


def test_only_settled_bets_are_on_the_ladder():
    bets = told(0.3).with_columns(result=pl.lit("void"))
    assert edge_ladder(bets, "strength").is_empty()


def test_true_probabilities_have_a_slope_of_one_and_bold_ones_less():
    logit = RNG.normal(0, 1, 20_000)
    p = 1 / (1 + np.exp(-logit))
    won = RNG.random(20_000) < p
    true, bold = calibration(p, won), calibration(1 / (1 + np.exp(-2 * logit)), won)
    assert abs(true.slope.value - 1) < 4 * true.slope.se and true.slope.se < 0.03
    assert bold.slope.value == pytest.approx(true.slope.value / 2, rel=1e-6)
    assert true.log_loss < bold.log_loss and true.brier < bold.brier
    assert true.n == 20_000


def test_scores_are_the_textbook_s():
    scored = calibration(np.array([0.8, 0.4]), np.array([True, False]))
    assert scored.brier == pytest.approx((0.04 + 0.16) / 2)
    assert scored.log_loss == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)


def test_where_there_is_no_probability_nothing_is_said():
    nothing = calibration(np.array([np.nan, np.nan]), np.array([True, False]))
    assert nothing.n == 0 and np.isnan(nothing.brier)
    assert np.isnan(calibration(np.full(20, 0.6), np.arange(20) % 2 == 0).slope.value)
    assert np.isnan(calibration(RNG.uniform(0.4, 0.6, 20), np.ones(20, dtype=bool)).slope.value)
