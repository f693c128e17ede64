"""Walk-forward: every prediction is made by a model whose every training and validation row was known before.

Two schemes, both with train < valid < test in time:

- ``season``: for test season Y the model trains on seasons <= Y-2, stops on Y-1 and predicts Y (so the first two
seasons
  are never predicted). What the validation season says is used for stopping only; it is not refitted on it.
- ``month``: inside the last season, for test month M it stops on the month before (more where that has too few games),
  trains on everything earlier, and predicts M.

**Purge.** A row may be used for a fold only if its result was known, and its baseball day was over, before the
fold's first decision; a training row also before the first validation decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import polars as pl

from dagster_mlb.learning.datasets import FEATURES, label_of
from dagster_mlb.learning.models import Predictor, default_predictors, row_log_loss
from dagster_mlb.learning.registry import ModelRecord, make_record

Scheme = Literal["season", "month"]
NEW_YORK = "America/New_York"
MIN_TRAIN_ROWS = 300
MIN_VALID_ROWS = 150

PREDICTION_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "model_name": pl.String,
    "model_id": pl.String,
    "fold": pl.String,
    "predicted_for": pl.Date,
    "home_win_probability": pl.Float64,
    "market_home_probability": pl.Float64,
    "feature_hash": pl.String,
    "provenance": pl.String,
    "known_at": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Fold:
    """One step: rows to learn from, rows to stop on, rows to predict; ``purged`` rows were not yet known."""

    name: str
    train: pl.DataFrame
    valid: pl.DataFrame
    test: pl.DataFrame
    purged: int


@dataclass(frozen=True)
class WalkForward:
    """``predictions``: rows of curated.predictions; ``scored``: the same with what happened, for the evaluation."""

    predictions: pl.DataFrame
    scored: pl.DataFrame
    records: list[ModelRecord]
    folds: list[Fold]


def known_before(rows: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The rows whose result was known, and whose day was over in New York, before the first of ``decisions``."""
    first = decisions["decision_at"].min()
    day = pl.lit(first).dt.convert_time_zone(NEW_YORK).dt.date()
    return rows.filter((pl.col("result_known_at") < first) & (pl.col("official_date") < day))


def make_fold(name: str, train: pl.DataFrame, valid: pl.DataFrame, test: pl.DataFrame) -> Fold | None:
    """The purged fold, or None where too little is left to learn from or to stop on."""
    if test.is_empty() or train.is_empty() or valid.is_empty():
        return None
    kept_valid = known_before(valid, test)
    kept_train = known_before(known_before(train, valid), test)
    if kept_train.height < MIN_TRAIN_ROWS or kept_valid.height < MIN_VALID_ROWS:
        return None
    purged = train.height - kept_train.height + valid.height - kept_valid.height
    return Fold(name, kept_train, kept_valid, test, purged)


def season_folds(frame: pl.DataFrame) -> list[Fold]:
    """One fold for each season that has two earlier ones with enough games."""
    seasons = frame["season"].unique().sort().to_list()
    folds = [
        make_fold(
            str(test),
            frame.filter(pl.col("season") < valid),
            frame.filter(pl.col("season") == valid),
            frame.filter(pl.col("season") == test),
        )
        for valid, test in pairwise(seasons[1:])
    ]
    return [fold for fold in folds if fold is not None]


def month_folds(frame: pl.DataFrame) -> list[Fold]:
    """One fold for each month of the last season that has enough games before it."""
    rows = frame.with_columns(pl.col("official_date").dt.truncate("1mo").alias("month"))
    counts = rows.group_by("month").len().sort("month")
    months, sizes = counts["month"].to_list(), counts["len"].to_list()
    last_season = frame["season"].max()
    tested = set(rows.filter(pl.col("season") == last_season)["month"].to_list())
    folds = []
    for at, month in enumerate(months):
        if month not in tested:
            continue
        first_valid, games = at, 0
        # A little more than needed, for what the purge takes.
        while first_valid > 0 and games < 1.2 * MIN_VALID_ROWS:
            first_valid -= 1
            games += sizes[first_valid]
        folds.append(
            make_fold(
                month.strftime("%Y-%m"),
                rows.filter(pl.col("month") < months[first_valid]).drop("month"),
                rows.filter((pl.col("month") >= months[first_valid]) & (pl.col("month") < month)).drop("month"),
                rows.filter(pl.col("month") == month).drop("month"),
            )
        )
    return [fold for fold in folds if fold is not None]


FOLDS: dict[Scheme, Callable[[pl.DataFrame], list[Fold]]] = {"season": season_folds, "month": month_folds}


def walk_forward(
    frame: pl.DataFrame,
    scheme: Scheme,
    *,
    feature_names: Sequence[str] = FEATURES,
    predictors: Callable[[tuple[str, ...]], list[Predictor]] = default_predictors,
) -> WalkForward:
    """Fit and predict fold by fold.

    Args:
        frame: one decision, one provenance, as ``read_training_frame`` gives it.
        predictors: makes unfitted predictors; called once per fold.

    A predictor that has nothing to say of a game (Elo without ratings) gives no row for it.
    """
    if scheme not in FOLDS:
        raise ValueError(f"unknown walk-forward scheme {scheme!r}; use 'season' or 'month'")
    folds = FOLDS[scheme](frame)
    names = tuple(feature_names)
    scored, records = [], []
    for fold in folds:
        for predictor in predictors(names):
            predictor.fit(fold.train, fold.valid)
            record = make_record(predictor, fold.train, fold.valid, all_features=names)
            rows = score(record, predictor.predict(fold.test), fold.test, fold.name)
            records.append(replace(record, metrics={**record.metrics, **_fold_metrics(fold, rows)}))
            scored.append(rows)
    together = pl.concat(scored) if scored else score_schema(frame)
    return WalkForward(
        predictions=together.select(pl.col(name).cast(dtype) for name, dtype in PREDICTION_SCHEMA.items()),
        scored=together,
        records=records,
        folds=folds,
    )


def _fold_metrics(fold: Fold, rows: pl.DataFrame) -> dict[str, Any]:
    """What the registry keeps of a fold besides the model: how many games it predicted, and how well."""
    y, p = label_of(rows), rows["home_win_probability"].to_numpy()
    test_log_loss = float(np.mean(row_log_loss(y, p))) if rows.height else None
    return {"fold": fold.name, "n_test": rows.height, "test_log_loss": test_log_loss, "purged": fold.purged}


def score(record: ModelRecord, probability: np.ndarray, rows: pl.DataFrame, fold: str) -> pl.DataFrame:
    """Predictions as rows of curated.predictions, with the outcome beside them where ``rows`` has it."""
    outcome = [name for name in ("home_win", "close_home_probability") if name in rows.columns]
    return (
        rows.select(
            "game_key",
            "decision",
            "season",
            pl.col("official_date").alias("predicted_for"),
            "market_home_probability",
            "provenance",
            pl.col("decision_at").alias("known_at"),
            *outcome,
        )
        .with_columns(
            pl.lit(record.name).alias("model_name"),
            pl.lit(record.model_id).alias("model_id"),
            pl.lit(fold).alias("fold"),
            pl.lit(record.feature_hash).alias("feature_hash"),
            pl.Series("home_win_probability", probability, dtype=pl.Float64),
        )
        .filter(pl.col("home_win_probability").is_finite())
    )


def score_schema(frame: pl.DataFrame) -> pl.DataFrame:
    """No predictions, with the columns that predictions have."""
    empty = frame.clear()
    return empty.select(
        "game_key", "decision", "season", "market_home_probability", "provenance",
        pl.col("official_date").alias("predicted_for"), pl.col("decision_at").alias("known_at"),
        *[name for name in ("home_win", "close_home_probability") if name in frame.columns],
        *[pl.lit(None, pl.String).alias(name) for name in ("model_name", "model_id", "fold", "feature_hash")],
        pl.lit(None, pl.Float64).alias("home_win_probability"),
    )  # fmt: skip
