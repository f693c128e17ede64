"""The predictors: the offset does what it says, a planted signal is found, noise is not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from unit.learning.learning_worlds import training_rows

from dagster_mlb.learning.datasets import FEATURES, label_of, matrices, offset_of
from dagster_mlb.learning.models import (
    Elo,
    HomeRate,
    LightGBMOffset,
    Market,
    MarketLogistic,
    Predictor,
    default_predictors,
    fit_offset_logistic,
    load_predictor,
    row_log_loss,
    sigmoid,
)


def split(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    seasons = rows["season"].unique().sort().to_list()
    *early, valid, test = seasons
    return (
        rows.filter(pl.col("season").is_in(early)),
        rows.filter(pl.col("season") == valid),
        rows.filter(pl.col("season") == test),
    )


@pytest.fixture(scope="module")
def noise() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return split(training_rows(1500))


@pytest.fixture(scope="module")
def signal() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return split(training_rows(2000, signal=0.3))


def test_with_nothing_to_learn_boosting_stays_within_a_point_of_the_market() -> None:
    """Six worlds without information, not one that happens to be kind; one of them may be unlucky."""
    worst = []
    for seed in range(6):
        train, valid, test = split(training_rows(2400, seed=seed))
        model = LightGBMOffset().fit(train, valid)
        worst.append(np.abs(model.predict(test) - Market().predict(test)).max())
    assert sum(distance < 1e-2 for distance in worst) >= 5, worst


def test_without_any_features_worth_splitting_the_prediction_is_the_market(noise: tuple[pl.DataFrame, ...]) -> None:
    constant = [rows.with_columns(pl.lit(1.0).alias(name) for name in FEATURES) for rows in noise]
    model = LightGBMOffset().fit(constant[0], constant[1])
    np.testing.assert_allclose(model.predict(constant[2]), constant[2]["market_home_probability"].to_numpy(), atol=1e-2)


@pytest.mark.parametrize("make", [LightGBMOffset, MarketLogistic])
def test_a_planted_signal_is_found(
    make: type[LightGBMOffset] | type[MarketLogistic], signal: tuple[pl.DataFrame, ...]
) -> None:
    train, valid, test = signal
    model: Predictor = make().fit(train, valid)
    y = label_of(test)
    gain = row_log_loss(y, Market().predict(test)) - row_log_loss(y, model.predict(test))
    assert gain.mean() > 2 * gain.std() / np.sqrt(len(gain))
    correction = np.log(model.predict(test) / (1 - model.predict(test))) - offset_of(test)
    assert np.corrcoef(correction, test["form_diff"].to_numpy())[0, 1] > 0.8


def test_the_prediction_adds_the_offset_to_what_lightgbm_says(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = signal
    model = LightGBMOffset().fit(train, valid)
    assert model.trees and model.trees > 0
    raw = model.booster.predict(matrices(test).x, raw_score=True, num_iteration=model.trees)
    np.testing.assert_allclose(model.predict(test), sigmoid(offset_of(test) + raw), rtol=0, atol=1e-15)
    shifted = test.with_columns(pl.col("market_logit") + 1.0)
    np.testing.assert_allclose(model.raw(shifted), raw)  # the market is no feature


def test_a_wrong_sign_of_the_class_order_would_be_seen(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = signal
    p = LightGBMOffset().fit(train, valid).predict(test)
    assert np.corrcoef(p, label_of(test))[0, 1] > 0.15


def test_shuffled_labels_leave_nothing_to_find(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = signal
    shuffled = [
        rows.with_columns(pl.col("home_win").shuffle(seed=4), pl.lit(0.14).alias("market_logit"))
        for rows in (train, valid)
    ]
    p = LightGBMOffset().fit(*shuffled).predict(test.with_columns(pl.lit(0.14).alias("market_logit")))
    y = label_of(test)
    ranks = np.argsort(np.argsort(p + 1e-12 * np.arange(len(p))))
    auc = (ranks[y == 1].mean() - (y.sum() - 1) / 2) / (y == 0).sum()
    assert abs(auc - 0.5) < 0.04


def test_the_same_fit_twice_is_the_same_model(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, _ = signal
    for make in (LightGBMOffset, MarketLogistic):
        assert make().fit(train, valid).artifact() == make().fit(train, valid).artifact()


def test_every_predictor_survives_its_own_text(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = signal
    for predictor in default_predictors():
        predictor.fit(train, valid)
        again = load_predictor(predictor.name, predictor.artifact(), predictor.feature_names)
        np.testing.assert_array_equal(again.predict(test), predictor.predict(test))
    with pytest.raises(ValueError, match="lightgbm_offset"):
        load_predictor("oracle", "{}", ())


def test_a_model_of_no_tree_is_kept_and_restored_as_the_market(noise: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = noise
    model = LightGBMOffset(needed_gain=1e9).fit(train, valid)
    assert model.trees == 0
    again = LightGBMOffset().restore(model.artifact())
    np.testing.assert_array_equal(again.predict(test), Market().predict(test))


def test_the_baselines_say_what_they_are_called(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = signal
    rate = HomeRate().fit(train, valid).predict(test)
    assert np.unique(rate).tolist() == [label_of(pl.concat([train, valid])).mean()]
    np.testing.assert_array_equal(Elo().fit(train, valid).predict(test), test["elo_home_probability"].to_numpy())
    np.testing.assert_allclose(
        Market().fit(train, valid).predict(test), test["market_home_probability"].to_numpy(), atol=1e-12
    )


def test_a_game_without_ratings_gets_no_elo_prediction() -> None:
    rows = training_rows(3, seasons=(2021,)).with_columns(pl.lit(None, pl.Float64).alias("elo_home_probability"))
    assert np.isnan(Elo().predict(rows)).all()


def test_an_unfitted_model_says_so() -> None:
    rows = training_rows(3, seasons=(2021,))
    for model in (HomeRate(), MarketLogistic(), LightGBMOffset()):
        with pytest.raises(RuntimeError, match="has not been fitted"):
            model.predict(rows)
    for unfitted in (MarketLogistic(), LightGBMOffset()):
        with pytest.raises(RuntimeError, match="has not been fitted"):
            unfitted.artifact()


def test_reweighted_least_squares_finds_the_minimum_that_scipy_finds() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(400), rng.normal(size=(400, 3))])
    offset = rng.normal(0, 0.5, 400)
    y = (rng.random(400) < sigmoid(offset + x @ np.array([0.1, 0.5, -0.3, 0.0]))).astype(float)

    def objective(b: np.ndarray) -> float:
        eta = offset + x @ b
        return float(np.sum(np.logaddexp(0, eta) - y * eta) + 0.5 * 7.0 * b @ b)

    reference = minimize(objective, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(fit_offset_logistic(x, y, offset, 7.0), reference, atol=1e-5)


def test_a_missing_feature_adds_nothing_to_the_ridge(signal: tuple[pl.DataFrame, ...]) -> None:
    train, valid, test = signal
    model = MarketLogistic(("form_diff",)).fit(train, valid)
    assert model.coefficients is not None
    blank = test.with_columns(pl.lit(None, pl.Float64).alias("form_diff"))
    np.testing.assert_allclose(model.predict(blank), sigmoid(offset_of(test) + model.coefficients[0]))
