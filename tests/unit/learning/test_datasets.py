"""The training set: who is in it, who is not and why, and that the future is in no column a model sees."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from unit.learning.learning_worlds import joined_rows, training_rows

from dagster_mlb.learning import datasets
from dagster_mlb.learning.datasets import (
    FEATURES,
    OUTCOME_COLUMNS,
    MixedProvenanceError,
    feature_hash,
    features_matrix,
    matrices,
    select_training_rows,
)


def test_every_game_left_out_has_a_reason_and_all_are_counted() -> None:
    rows = joined_rows(8)
    rows[0].update(status="postponed", home_win=None, home_runs=None, away_runs=None)
    rows[1].update(home_runs=3, away_runs=3, home_win=None)
    rows[2].update(result_known_at=None)
    rows[3].update(market_logit=None)
    rows[4].update(status="in_progress", home_win=None)
    rows[5].update(market_logit=float("nan"))
    kept, report = select_training_rows(pl.DataFrame(rows, infer_schema_length=None), "open")
    assert kept.height == report.rows == 2
    assert report.excluded == {"not_final": 2, "tie": 1, "result_time_unknown": 1, "no_market_price": 2}
    assert report.vectors == report.rows + sum(report.excluded.values()) == 8
    assert report.rows_by_season == {2021: 2}
    assert set(report.excluded) <= set(datasets.REASONS)


def test_the_postseason_stays_in() -> None:
    rows = joined_rows(3)
    rows[0].update(is_regular=False, game_type="P")
    kept, _ = select_training_rows(pl.DataFrame(rows, infer_schema_length=None), "open")
    assert kept["is_regular"].to_list().count(False) == 1


def test_rows_of_two_provenances_are_never_mixed() -> None:
    rows = joined_rows(3)
    rows[0].update(provenance="simulated")
    with pytest.raises(MixedProvenanceError, match="archive, simulated"):
        select_training_rows(pl.DataFrame(rows, infer_schema_length=None), "open")


def test_rows_come_oldest_decision_first_whatever_the_order_of_the_store() -> None:
    rows = pl.DataFrame(joined_rows(6), infer_schema_length=None)
    there, _ = select_training_rows(rows, "open")
    back, _ = select_training_rows(rows.reverse(), "open")
    assert there.equals(back)
    assert there["decision_at"].is_sorted()


def test_matrices_hold_missing_as_nan_and_booleans_as_numbers() -> None:
    rows = training_rows(10, seasons=(2021,)).with_columns(pl.lit(None, pl.Float64).alias("starter_runs_diff"))
    data = matrices(rows)
    assert data.x.shape == (10, len(FEATURES))
    assert np.isnan(data.x[:, FEATURES.index("starter_runs_diff")]).all()
    assert set(np.unique(data.x[:, FEATURES.index("is_doubleheader")])) <= {0.0, 1.0}
    assert data.y.tolist() == [float(win) for win in rows["home_win"]]
    np.testing.assert_array_equal(data.offset, rows["market_logit"].to_numpy())


def test_no_feature_is_known_only_afterwards() -> None:
    assert not set(FEATURES) & set(OUTCOME_COLUMNS)
    assert "market_logit" not in FEATURES
    with pytest.raises(ValueError, match="only after the decision"):
        features_matrix(training_rows(5, seasons=(2021,)), ("elo_logit", "close_home_probability"))


def test_a_missing_feature_is_named() -> None:
    with pytest.raises(ValueError, match="form_diff"):
        features_matrix(training_rows(5, seasons=(2021,)).drop("form_diff"))


def test_the_feature_hash_knows_names_and_order() -> None:
    assert feature_hash() == feature_hash(list(FEATURES))
    assert feature_hash() != feature_hash(FEATURES[::-1])
    assert feature_hash() != feature_hash(FEATURES[:-1])
