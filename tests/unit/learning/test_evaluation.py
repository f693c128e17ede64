"""Scores against hand-made references."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from unit.learning.learning_worlds import training_rows

from dagster_mlb.learning import evaluation as ev
from dagster_mlb.learning.models import Elo, HomeRate, Market, Predictor
from dagster_mlb.learning.walk_forward import walk_forward

Y = np.array([1.0, 0.0, 1.0, 1.0])
P = np.array([0.8, 0.3, 0.5, 0.4])


def test_scores_by_hand() -> None:
    assert ev.log_loss(Y, P) == pytest.approx(-(np.log(0.8) + np.log(0.7) + np.log(0.5) + np.log(0.4)) / 4)
    assert ev.brier(Y, P) == pytest.approx((0.04 + 0.09 + 0.25 + 0.36) / 4)
    assert ev.accuracy(Y, P) == pytest.approx((1 + 1 + 0.5 + 0) / 4)


def test_the_calibration_line_is_the_maximum_of_the_likelihood_with_its_curvature() -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(0.1, 0.6, 3000)
    p = 1 / (1 + np.exp(-x))
    y = (rng.random(3000) < 1 / (1 + np.exp(-(0.2 + 0.7 * x)))).astype(float)

    def objective(b: np.ndarray) -> float:
        eta = b[0] + b[1] * x
        return float(np.sum(np.logaddexp(0, eta) - y * eta))

    reference = minimize(objective, np.zeros(2), method="BFGS", options={"gtol": 1e-7})
    line = ev.calibration_line(y, p)
    assert line is not None
    assert (line.intercept, line.slope) == pytest.approx(tuple(reference.x), abs=1e-5)
    w = 1 / (1 + np.exp(-(line.intercept + line.slope * x)))
    w = w * (1 - w)
    information = np.array([[w.sum(), (w * x).sum()], [(w * x).sum(), (w * x * x).sum()]])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert (line.intercept_se, line.slope_se) == pytest.approx(tuple(errors), rel=1e-6)
    assert abs(line.slope - 0.7) < 4 * line.slope_se


def test_without_spread_or_games_or_both_outcomes_there_is_no_line() -> None:
    y = np.tile([0.0, 1.0], 50)
    assert ev.calibration_line(y, np.full(100, 0.54)) is None
    assert ev.calibration_line(y[:20], np.linspace(0.3, 0.7, 20)) is None
    assert ev.calibration_line(np.ones(100), np.linspace(0.3, 0.7, 100)) is None
    assert ev.calibration_line((np.arange(100) > 49).astype(float), np.linspace(0.1, 0.9, 100)) is None  # separated


def test_the_clustered_error_by_hand() -> None:
    difference = np.array([1.0, 3.0, -2.0, 0.0])
    mean, error = ev.paired_difference(difference, np.array(["a", "a", "b", "b"]))
    assert mean == 0.5
    # cluster sums of d - mean: (0.5 + 2.5), (-2.5 - 0.5) -> sqrt(2/1 * (9 + 9)) / 4
    assert error == pytest.approx(np.sqrt(2 * 18) / 4)


def test_with_one_game_a_day_the_clustered_error_is_the_ordinary_one() -> None:
    difference = np.random.default_rng(2).normal(size=500)
    _, error = ev.paired_difference(difference, np.arange(500))
    assert error == pytest.approx(difference.std(ddof=1) / np.sqrt(500))


def test_one_day_alone_has_no_error() -> None:
    assert ev.paired_difference(np.array([1.0, 2.0]), np.array([1, 1])) == (1.5, None)


def test_days_that_move_together_widen_the_error() -> None:
    rng = np.random.default_rng(3)
    daily = np.repeat(rng.normal(size=50), 10)
    _, clustered = ev.paired_difference(daily, np.repeat(np.arange(50), 10))
    _, naive = ev.paired_difference(daily, np.arange(500))
    assert clustered is not None and naive is not None and clustered > 2.5 * naive


def test_the_reliability_table_counts_every_game_once_and_judges_by_the_binomial() -> None:
    rng = np.random.default_rng(4)
    p = rng.uniform(0.3, 0.7, 1000)
    y = (rng.random(1000) < p).astype(float)
    table = ev.reliability_table(y, p)
    assert table["n"].sum() == 1000 and table.height == 10
    assert table["mean_predicted"].is_sorted()
    first = np.sort(p)[:100]
    assert table["standard_error"][0] == pytest.approx(np.sqrt((first * (1 - first)).sum()) / 100)
    assert table["z"].abs().max() < 4
    assert ev.reliability_table(np.array([]), np.array([])).is_empty()


def quick(names: tuple[str, ...]) -> list[Predictor]:
    return [Market(), HomeRate(), Elo()]


def test_performance_has_a_pooled_row_and_one_per_season_and_the_market_beside_itself() -> None:
    scored = walk_forward(training_rows(400), "season", predictors=quick).scored
    table = ev.performance(scored)
    assert table["period"].unique().sort().to_list() == ["2020", "2021", "all"]
    market = table.filter(pl.col("model_name") == "market")
    assert market["log_loss_difference"].abs().max() < 1e-12
    assert market["log_loss"].to_list() == pytest.approx(market["market_log_loss"].to_list())
    assert table.filter(pl.col("model_name") == "home_rate")["calibration_slope"].is_null().all()
    pooled = table.filter((pl.col("model_name") == "elo") & (pl.col("period") == "all")).to_dicts()[0]
    games = scored.filter(pl.col("model_name") == "elo")
    y, p = games["home_win"].cast(pl.Float64).to_numpy(), games["home_win_probability"].to_numpy()
    assert pooled["n"] == 800 and pooled["log_loss"] == pytest.approx(ev.log_loss(y, p))
    assert pooled["log_loss_difference"] == pytest.approx(pooled["log_loss"] - pooled["market_log_loss"])
    assert pooled["close_log_loss"] is not None
    assert dict(table.schema) == {
        name: kind() if isinstance(kind, type) else kind for name, kind in ev.PERFORMANCE_SCHEMA.items()
    }


def test_performance_by_month() -> None:
    scored = walk_forward(training_rows(900, seasons=(2019, 2020, 2021)), "month", predictors=quick).scored
    assert "2021-05" in ev.performance(scored, by="month")["period"].to_list()


def test_a_close_that_is_known_for_too_few_games_is_no_score() -> None:
    scored = walk_forward(training_rows(400), "season", predictors=quick).scored
    sparse = scored.with_columns(
        pl.when(pl.col("game_key") % 10 == 0)
        .then(None)
        .otherwise("close_home_probability")
        .alias("close_home_probability")
    )
    assert ev.performance(sparse)["close_log_loss"].is_null().all()
    assert ev.performance(scored.drop("close_home_probability"))["close_log_loss"].is_null().all()
