"""The Great Expectations suite sees what is wrong with a training set."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from unit.learning.learning_worlds import training_rows

from dagster_mlb.learning.expectations import failures, validate_training_set

ROWS = training_rows(300, seasons=(2020, 2021))


def spoilt(name: str, value: object) -> pl.DataFrame:
    return ROWS.with_columns(
        pl.when(pl.col("game_key") == ROWS["game_key"][3])
        .then(pl.lit(value))
        .otherwise(pl.col(name))
        .cast(ROWS.schema[name])
        .alias(name)
    )


def test_a_sound_training_set_passes_whole() -> None:
    outcomes = validate_training_set(ROWS)
    assert failures(outcomes) == []
    assert len(outcomes) >= 20


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (spoilt("market_home_probability", 1.0), "market_home_probability"),
        (spoilt("market_hold", 0.3), "market_hold"),
        (spoilt("market_logit", None), "market_logit"),
        (spoilt("home_win", None), "home_win"),
        (spoilt("elo_diff", 450.0), "elo_diff"),
        (pl.concat([ROWS, ROWS[:1]]), "game_key+decision"),
        (ROWS.with_columns(pl.col("decision_at") + timedelta(days=3)), "hours_to_result"),
        (ROWS.with_columns(pl.lit(0.7).alias("form_diff")), "form_diff"),
        (ROWS.with_columns((pl.col("game_key") % 4 > 0).alias("home_win")), "home_win"),
    ],
    ids=[
        "probability",
        "hold",
        "no_price",
        "no_label",
        "elo",
        "twice",
        "known_before",
        "constant",
        "too_many_home_wins",
    ],
)
def test_each_fault_is_named(rows: pl.DataFrame, named: str) -> None:
    told = failures(validate_training_set(rows))
    assert told and all(f"({named})" in line for line in told)


def test_a_feature_that_nobody_knows_yet_is_not_called_constant() -> None:
    unknown = ROWS.with_columns(pl.lit(None, pl.Float64).alias("book_dispersion"))
    assert failures(validate_training_set(unknown)) == []


def test_at_the_open_nothing_has_moved_and_that_is_no_fault() -> None:
    still = ROWS.with_columns(pl.lit(0.0).alias("open_to_now_logit"))
    assert failures(validate_training_set(still)) == []
    at_close = still.with_columns(pl.lit("close").alias("decision"))
    assert "open_to_now_logit" in failures(validate_training_set(at_close))[0]


def test_a_small_sample_is_not_judged_by_its_mean() -> None:
    few = training_rows(40, seasons=(2021,)).with_columns(pl.lit(True).alias("home_win"))
    assert not any("mean" in outcome.expectation for outcome in validate_training_set(few))
