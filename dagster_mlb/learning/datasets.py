"""Training sets: features as of a decision, joined with what happened afterwards, and every game left out with a
reason.

``FEATURES`` is the list of model inputs, a subset of the columns of ``curated.feature_vectors``. The market's own
probability is no feature: it is the offset (``market_logit``) that a model corrects. The label (``home_win``), the
moment the result was known and the closing price come from other tables and are never among the features.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_mlb.learning.trials import content_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dagster_mlb.settings import Settings

FEATURES: tuple[str, ...] = (
    "elo_logit",
    "form_diff",
    "rest_diff",
    "park_runs_factor",
    "starter_runs_diff",
    "market_hold",
    "open_to_now_logit",
    "book_dispersion",
    "is_doubleheader",
    "season_day",
)

# What identifies a row, prices its offset and feeds the baselines; together with FEATURES all that is read of a
# vector.
VECTOR_COLUMNS: tuple[str, ...] = (
    "game_key",
    "decision",
    "decision_at",
    "season",
    "official_date",
    "game_type",
    "is_regular",
    "provenance",
    "market_source",
    "market_book",
    "no_vig_method",
    "market_home_probability",
    "market_logit",
    "elo_diff",
    "elo_home_probability",
)

# Known only after the decision: never in a design matrix.
OUTCOME_COLUMNS: tuple[str, ...] = ("home_win", "result_known_at", "close_home_probability")

REASONS: dict[str, str] = {
    "not_final": "the game has no final result (postponed, cancelled, suspended or not yet played)",
    "tie": "the game ended in a tie",
    "result_time_unknown": "nobody recorded when the result was known, so it cannot be purged",
    "no_market_price": "no two-sided price was known at the decision",
}

_TRAINING_SQL = """
with closes as (
    select distinct on (game_key) game_key, close_home_probability
    from curated.moneylines
    where is_benchmark
    order by game_key, source, book
)
select
    {vector_columns},
    games.status, games.home_runs, games.away_runs, games.home_win, games.result_known_at,
    closes.close_home_probability
from curated.feature_vectors as vectors
join curated.enhanced_games as games using (game_key)
left join closes using (game_key)
where vectors.decision = %s
order by vectors.decision_at, vectors.game_key
"""


@dataclass(frozen=True)
class DatasetReport:
    """What a training set holds and what it left out: ``excluded`` counts games by reason (see :data:`REASONS`)."""

    decision: str
    provenance: tuple[str, ...]
    vectors: int
    rows: int
    rows_by_season: dict[int, int]
    excluded: dict[str, int] = field(default_factory=dict)


class Matrices(NamedTuple):
    """Inputs of a fit: ``x`` float64 (n, k) with NaN for a missing feature, ``y`` 0/1, ``offset`` the market's
    logit."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]


class MixedProvenanceError(ValueError):
    """Rows of different provenance in one training set."""


def feature_hash(names: Sequence[str] = FEATURES) -> str:
    """Hash of the feature names in their order, 16 hex digits: a model and the rows it scores must agree on it."""
    return content_hash(list(names))


def read_training_frame(
    settings: Settings,
    decision: str,
    *,
    provenance: str | None = None,
    seasons: Sequence[int] | None = None,
) -> tuple[pl.DataFrame, DatasetReport]:
    """Read the training set of one decision from the warehouse, oldest decision first.

    Columns: :data:`VECTOR_COLUMNS`, :data:`FEATURES`, :data:`OUTCOME_COLUMNS`. Postseason games stay in
    (``is_regular`` says so). Raises :class:`MixedProvenanceError` where more than one provenance comes and none was
    asked for.
    """
    from dagster_mlb.warehouse.frames import read_frame

    names = dict.fromkeys((*VECTOR_COLUMNS, *FEATURES))
    sql = _TRAINING_SQL.format(vector_columns=", ".join(f"vectors.{name}" for name in names))
    rows = read_frame(settings, sql, [decision])
    if provenance is not None:
        rows = rows.filter(pl.col("provenance") == provenance)
    if seasons is not None:
        rows = rows.filter(pl.col("season").is_in(list(seasons)))
    return select_training_rows(rows, decision)


def select_training_rows(rows: pl.DataFrame, decision: str) -> tuple[pl.DataFrame, DatasetReport]:
    """Keep the rows a model can learn from; count the others by the first reason that applies."""
    found = tuple(sorted(rows["provenance"].unique().to_list()))
    if len(found) > 1:
        raise MixedProvenanceError(
            f"the rows of decision {decision!r} are of {', '.join(found)}; a model learns from one provenance: "
            f"pass provenance={found[0]!r} (or another of them)"
        )
    is_tie = (pl.col("status") == "final") & (pl.col("home_runs") == pl.col("away_runs"))
    reason = (
        pl.when(is_tie)
        .then(pl.lit("tie"))
        .when((pl.col("status") != "final") | pl.col("home_win").is_null())
        .then(pl.lit("not_final"))
        .when(pl.col("result_known_at").is_null())
        .then(pl.lit("result_time_unknown"))
        .when(pl.col("market_logit").is_null() | ~pl.col("market_logit").is_finite())
        .then(pl.lit("no_market_price"))
    )
    judged = rows.with_columns(reason.alias("reason"))
    kept = (
        judged.filter(pl.col("reason").is_null())
        .select(list(dict.fromkeys((*VECTOR_COLUMNS, *FEATURES, *OUTCOME_COLUMNS))))
        .sort("decision_at", "game_key")
    )
    excluded = judged.filter(pl.col("reason").is_not_null())["reason"].value_counts().sort("reason")
    per_season = kept["season"].value_counts().sort("season")
    return kept, DatasetReport(
        decision=decision,
        provenance=found,
        vectors=rows.height,
        rows=kept.height,
        rows_by_season=dict(zip(per_season["season"].to_list(), per_season["count"].to_list(), strict=True)),
        excluded=dict(zip(excluded["reason"].to_list(), excluded["count"].to_list(), strict=True)),
    )


def features_matrix(frame: pl.DataFrame, names: Sequence[str] = FEATURES) -> npt.NDArray[np.float64]:
    """The features of ``frame`` as float64 (n, k), booleans as 0/1, missing as NaN."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(
            f"the frame lacks the features {missing}; curated.feature_vectors must have every name in FEATURES"
        )
    leaks = set(names) & set(OUTCOME_COLUMNS)
    if leaks:
        raise ValueError(f"{sorted(leaks)} are known only after the decision and cannot be features")
    columns: list[Any] = [frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in names]
    return np.column_stack(columns) if columns else np.empty((frame.height, 0))


def matrices(frame: pl.DataFrame, names: Sequence[str] = FEATURES) -> Matrices:
    """Features, label and market logit of labelled rows."""
    return Matrices(features_matrix(frame, names), label_of(frame), offset_of(frame))


def label_of(frame: pl.DataFrame) -> npt.NDArray[np.float64]:
    """1.0 where the home team won, else 0.0."""
    return frame["home_win"].cast(pl.Float64).to_numpy()


def offset_of(frame: pl.DataFrame) -> npt.NDArray[np.float64]:
    """The market's logit at the decision: where every offset model starts from."""
    return frame["market_logit"].cast(pl.Float64).fill_null(np.nan).to_numpy()
