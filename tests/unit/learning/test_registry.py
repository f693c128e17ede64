"""A model is what made it, and refuses everything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from unit.learning.learning_worlds import training_rows

from dagster_mlb.learning.datasets import FEATURES, matrices
from dagster_mlb.learning.models import LightGBMOffset, Market, MarketLogistic
from dagster_mlb.learning.registry import (
    ModelMismatchError,
    ModelRecord,
    check_match,
    data_hash,
    make_record,
    predict_with,
)

ROWS = training_rows(500, seasons=(2018, 2019, 2020))
TRAIN, VALID, TEST = (ROWS.filter(pl.col("season") == season) for season in (2018, 2019, 2020))


@pytest.fixture(scope="module")
def record() -> ModelRecord:
    return make_record(MarketLogistic().fit(TRAIN, VALID), TRAIN, VALID)


def test_the_record_says_where_the_model_comes_from(record: ModelRecord) -> None:
    assert (record.decision, record.market_source, record.no_vig_method) == ("open", "sbr_archive", "odds_ratio")
    assert record.train_start == TRAIN["official_date"].min()
    assert record.train_end == VALID["official_date"].max()
    assert record.n_train == 500 and record.provenance == ("archive",)
    assert len(record.code_version) == 16


def test_the_same_fit_has_the_same_id_and_any_difference_another(record: ModelRecord) -> None:
    def id_of(model: MarketLogistic, train: pl.DataFrame = TRAIN) -> str:
        return make_record(model.fit(train, VALID), train, VALID).model_id

    assert id_of(MarketLogistic()) == record.model_id
    assert id_of(MarketLogistic(l2=10.0)) != record.model_id
    assert id_of(MarketLogistic(FEATURES[:3])) != record.model_id
    touched = TRAIN.with_columns(
        pl.when(pl.col("game_key") == TRAIN["game_key"][7]).then(0.5).otherwise("form_diff").alias("form_diff")
    )
    assert id_of(MarketLogistic(), touched) != record.model_id
    assert make_record(Market(), TRAIN, VALID).model_id != record.model_id


def test_a_single_flipped_label_changes_the_data_hash() -> None:
    flipped = TRAIN.with_columns(
        pl.when(pl.col("game_key") == TRAIN["game_key"][0])
        .then(~pl.col("home_win"))
        .otherwise("home_win")
        .alias("home_win")
    )
    assert data_hash(matrices(TRAIN)) != data_hash(matrices(flipped))
    assert data_hash(matrices(TRAIN)) == data_hash(matrices(TRAIN.clone()))


def test_a_registered_model_predicts_what_the_fitted_one_does() -> None:
    model = LightGBMOffset().fit(TRAIN, VALID)
    np.testing.assert_array_equal(predict_with(make_record(model, TRAIN, VALID), TEST), model.predict(TEST))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"market_source": "pinnacle"}, "market source.*sbr_archive.*pinnacle"),
        ({"no_vig_method": "power"}, "no-vig method.*odds_ratio.*power"),
        ({"decision": "close"}, "decision.*open.*close"),
    ],
)
def test_rows_of_another_price_or_moment_are_refused(record: ModelRecord, change: dict[str, str], told: str) -> None:
    other = TEST.with_columns(pl.lit(value).alias(name) for name, value in change.items())
    with pytest.raises(ModelMismatchError, match=told):
        predict_with(record, other)


def test_other_features_are_refused(record: ModelRecord) -> None:
    with pytest.raises(ModelMismatchError, match="features"):
        predict_with(record, TEST, feature_names=FEATURES[1:])


def test_games_of_the_training_window_are_refused(record: ModelRecord) -> None:
    with pytest.raises(ModelMismatchError, match="learned from games up to 2019"):
        predict_with(record, VALID)
    same_day = replace(
        record, train_end=TEST["official_date"].min() - timedelta(days=1)
    )  # the open is decided the day before
    with pytest.raises(ModelMismatchError, match="time"):
        predict_with(same_day, TEST)


def test_all_differences_are_told_at_once_with_what_to_do(record: ModelRecord) -> None:
    other = TEST.with_columns(pl.lit("power").alias("no_vig_method"), pl.lit("close").alias("decision"))
    with pytest.raises(ModelMismatchError, match=r"decision.*no-vig method.*train one"):
        check_match(record, other)


def test_a_model_of_the_open_scores_games_to_come_and_one_of_the_close_does_not(record: ModelRecord) -> None:
    current = TEST.with_columns(pl.lit("current").alias("decision"))
    check_match(record, current)
    with pytest.raises(ModelMismatchError, match="decision"):
        check_match(replace(record, decision="close"), current)


def test_a_model_is_of_one_decision() -> None:
    mixed = TRAIN.with_columns(
        pl.when(pl.col("game_key") % 2 == 0).then(pl.lit("close")).otherwise(pl.lit("open")).alias("decision")
    )
    with pytest.raises(ModelMismatchError, match="one decision"):
        make_record(Market(), mixed, VALID)
