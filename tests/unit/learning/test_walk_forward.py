"""Folds in time: what a model may have seen before it predicts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from unit.learning.learning_worlds import training_rows

from dagster_mlb.learning.models import Elo, HomeRate, Market, MarketLogistic, Predictor
from dagster_mlb.learning.walk_forward import (
    PREDICTION_SCHEMA,
    known_before,
    month_folds,
    season_folds,
    walk_forward,
)


def quick(names: tuple[str, ...]) -> list[Predictor]:
    return [Market(), HomeRate(), Elo(), MarketLogistic(names)]


def test_a_season_is_predicted_from_two_earlier_ones() -> None:
    folds = season_folds(training_rows(400, seasons=(2018, 2019, 2020, 2021)))
    assert [fold.name for fold in folds] == ["2020", "2021"]
    assert folds[1].train["season"].unique().sort().to_list() == [2018, 2019]
    assert folds[1].valid["season"].unique().to_list() == [2020]
    assert folds[1].test["season"].unique().to_list() == [2021]


def test_too_few_games_make_no_fold() -> None:
    assert season_folds(training_rows(100, seasons=(2018, 2019, 2020))) == []
    empty = walk_forward(training_rows(100, seasons=(2018, 2019, 2020)), "season", predictors=quick)
    assert empty.predictions.is_empty() and empty.records == []
    assert list(empty.predictions.columns) == list(PREDICTION_SCHEMA)


@pytest.mark.parametrize("decision", ["open", "close"])
@pytest.mark.parametrize("scheme", ["season", "month"])
def test_every_row_used_was_known_before_the_folds_first_decision(scheme: str, decision: str) -> None:
    rows = training_rows(900, seasons=(2019, 2020, 2021), decision=decision)
    folds = season_folds(rows) if scheme == "season" else month_folds(rows)
    assert folds
    for fold in folds:
        first = fold.test["decision_at"].min()
        for used in (fold.train, fold.valid):
            assert used["result_known_at"].max() < first
        assert fold.train["result_known_at"].max() < fold.valid["decision_at"].min()
        keys = [set(part["game_key"]) for part in (fold.train, fold.valid, fold.test)]
        assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def test_months_of_the_last_season_are_tested_in_turn() -> None:
    folds = month_folds(training_rows(900, seasons=(2019, 2020, 2021)))
    assert [fold.name for fold in folds] == [f"2021-0{month}" for month in range(4, 10)]
    assert folds[0].valid["official_date"].dt.year().unique().to_list() == [2020]
    assert sum(fold.test.height for fold in folds) == 900


def test_a_suspended_game_whose_result_came_late_is_purged() -> None:
    rows = training_rows(400, seasons=(2018, 2019, 2020))
    late = pl.col("game_key") == rows.filter(pl.col("season") == 2018)["game_key"][5]
    suspended = rows.with_columns(
        pl.when(late)
        .then(pl.col("result_known_at") + timedelta(days=800))
        .otherwise("result_known_at")
        .alias("result_known_at")
    )
    (fold,) = season_folds(suspended)
    assert fold.purged == season_folds(rows)[0].purged + 1
    assert fold.train.filter(late).is_empty()


def test_a_game_of_the_decisions_own_day_is_not_known_before_it() -> None:
    rows = training_rows(400, seasons=(2021,), decision="close")
    early = rows.with_columns(
        pl.col("decision_at") - timedelta(hours=30),
        (pl.col("decision_at") - timedelta(hours=29)).alias("result_known_at"),
    )
    day = rows["official_date"][200]
    known = known_before(early, rows.filter(pl.col("official_date") >= day))
    assert known["official_date"].max() < day


def test_predictions_do_not_change_when_the_future_does() -> None:
    rows = training_rows(500, seasons=(2018, 2019, 2020, 2021))
    poisoned = rows.with_columns(
        pl.when(pl.col("season") == 2021).then(~pl.col("home_win")).otherwise("home_win").alias("home_win"),
        pl.when(pl.col("season") == 2021).then(pl.col("form_diff") + 9).otherwise("form_diff").alias("form_diff"),
    )
    before = walk_forward(rows, "season", predictors=quick).predictions.filter(pl.col("fold") == "2020")
    after = walk_forward(poisoned, "season", predictors=quick).predictions.filter(pl.col("fold") == "2020")
    assert before.height and before.equals(after)


def test_predictions_are_rows_of_the_curated_table() -> None:
    rows = training_rows(500, seasons=(2018, 2019, 2020))
    blank = rows.with_columns(
        pl.when(pl.col("game_key") % 2 == 0).then("elo_home_probability").otherwise(None).alias("elo_home_probability")
    )
    walked = walk_forward(blank, "season", predictors=quick)
    assert dict(walked.predictions.schema) == {
        name: kind() if isinstance(kind, type) else kind for name, kind in PREDICTION_SCHEMA.items()
    }
    assert not walked.predictions.select("game_key", "decision", "model_name").is_duplicated().any()
    sizes = dict(walked.predictions["model_name"].value_counts().iter_rows())
    assert sizes["market"] == 500 and sizes["elo"] == 250  # no ratings, no row
    market = walked.predictions.filter(pl.col("model_name") == "market")
    np.testing.assert_allclose(market["home_win_probability"], market["market_home_probability"], atol=1e-12)
    assert {record.model_id for record in walked.records} == set(walked.predictions["model_id"])
    assert all(record.metrics["n_test"] in (500, 250) for record in walked.records)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="'season' or 'month'"):
        walk_forward(training_rows(10), "weekly")  # type: ignore[arg-type]
