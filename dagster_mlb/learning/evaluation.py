"""How good the predictions were: proper scores, calibration, and differences to the market with honest errors.

Models are compared **paired on the same games**: a season's own log-loss moves by .005 with luck, the paired
difference by a tenth of that. Its standard error is clustered by baseball day, as games of a day are not
independent (weather, a slate's prices). Scores are in nats per game; lower is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_mlb.learning.models import row_log_loss, sigmoid

FloatArray = npt.NDArray[np.float64]

PERFORMANCE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "model_name": pl.String,
    "decision": pl.String,
    "period": pl.String,
    "provenance": pl.String,
    "n": pl.Int64,
    "log_loss": pl.Float64,
    "brier": pl.Float64,
    "accuracy": pl.Float64,
    "calibration_slope": pl.Float64,
    "calibration_slope_se": pl.Float64,
    "calibration_intercept": pl.Float64,
    "market_log_loss": pl.Float64,
    "log_loss_difference": pl.Float64,
    "difference_se": pl.Float64,
    "close_log_loss": pl.Float64,
}

# Below this many games a slope is noise; a model that says the same of every game has none at all.
MIN_GAMES_FOR_SLOPE = 50
MIN_LOGIT_SPREAD = 0.02
# A closing score over fewer of the games than this would be of another sample.
MIN_CLOSE_COVERAGE = 0.98


@dataclass(frozen=True)
class CalibrationLine:
    """logit P(home win) = intercept + slope * logit p; perfect is (0, 1). Under-confident models have a slope above
    1."""

    slope: float
    slope_se: float
    intercept: float
    intercept_se: float


def log_loss(y: FloatArray, p: FloatArray) -> float:
    """Mean of -ln p(what happened), nats per game."""
    return float(np.mean(row_log_loss(y, p)))


def brier(y: FloatArray, p: FloatArray) -> float:
    """Mean squared distance between probability and outcome."""
    return float(np.mean((p - y) ** 2))


def accuracy(y: FloatArray, p: FloatArray) -> float:
    """Share of games whose favourite won; an even game counts half."""
    return float(np.mean(np.where(p == 0.5, 0.5, (p > 0.5) == (y > 0.5))))


def calibration_line(y: FloatArray, p: FloatArray) -> CalibrationLine | None:
    """Logistic regression of the outcome on logit p (Cox), by iteratively reweighted least squares, errors from the
    Hessian.

    None where it cannot be told: too few games, one outcome only, or the same probability for all.
    """
    clipped = np.clip(p, 1e-9, 1 - 1e-9)
    x = np.log(clipped / (1 - clipped))
    if len(y) < MIN_GAMES_FOR_SLOPE or y.min() == y.max() or np.std(x) < MIN_LOGIT_SPREAD:
        return None
    design = np.column_stack([np.ones_like(x), x])
    beta = np.array([0.0, 1.0])
    for _ in range(50):
        fitted = sigmoid(design @ beta)
        hessian = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(hessian, design.T @ (y - fitted))
        beta = beta + np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < 1e-10:
            break
    else:
        return None  # separated: no finite maximum
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    return CalibrationLine(float(beta[1]), float(errors[1]), float(beta[0]), float(errors[0]))


def paired_difference(difference: FloatArray, clusters: npt.NDArray[Any]) -> tuple[float, float | None]:
    """Mean of per-game differences and its standard error, clustered: sqrt(G/(G-1) sum_g (sum_i (d_i - mean))^2) / n.

    The error is None with fewer than two clusters.
    """
    mean = float(np.mean(difference))
    _, cluster_of = np.unique(clusters, return_inverse=True)
    sums = np.bincount(cluster_of.ravel(), weights=difference - mean)
    groups = len(sums)
    if groups < 2:
        return mean, None
    return mean, float(np.sqrt(groups / (groups - 1) * np.sum(sums**2)) / len(difference))


def reliability_table(y: FloatArray, p: FloatArray, bins: int = 10) -> pl.DataFrame:
    """Deciles of the predicted probability: bin, n, mean_predicted, home_win_rate, standard_error, z.

    ``standard_error`` is the binomial one if the predictions were right, ``z`` the distance in those units.
    """
    order = np.argsort(p, kind="stable")
    rows = []
    for number, members in enumerate(np.array_split(order, min(bins, max(len(order), 1)))):
        if not len(members):
            continue
        expected, observed = float(p[members].mean()), float(y[members].mean())
        error = float(np.sqrt(np.sum(p[members] * (1 - p[members]))) / len(members))
        rows.append(
            (number + 1, len(members), expected, observed, error, (observed - expected) / error if error else None)
        )
    return pl.DataFrame(
        rows,
        schema={
            "bin": pl.Int64,
            "n": pl.Int64,
            "mean_predicted": pl.Float64,
            "home_win_rate": pl.Float64,
            "standard_error": pl.Float64,
            "z": pl.Float64,
        },
        orient="row",
    )


def performance(scored: pl.DataFrame, *, by: Literal["season", "month"] = "season") -> pl.DataFrame:
    """Rows of ``curated.model_performance``: each model x decision x provenance, pooled ('all') and per period.

    Args:
        scored: model_name, decision, provenance, season, predicted_for, home_win, home_win_probability,
            market_home_probability; ``close_home_probability`` where it is known. One row per game and model.
        by: whether a period is a season ('2016') or a month ('2016-07').
    """
    label = pl.col("season").cast(pl.String) if by == "season" else pl.col("predicted_for").dt.strftime("%Y-%m")
    labelled = scored.filter(pl.col("home_win").is_not_null()).with_columns(label.alias("period"))
    rows: list[dict[str, Any]] = []
    keys = ["model_name", "decision", "provenance"]
    for (name, decision, provenance), games in labelled.group_by(keys, maintain_order=True):
        identity = {"model_name": name, "decision": decision, "provenance": provenance}
        rows.append({**identity, "period": "all", **measure(games)})
        for (period,), part in games.sort("period").group_by("period", maintain_order=True):
            rows.append({**identity, "period": period, **measure(part)})
    return pl.DataFrame(rows, schema=PERFORMANCE_SCHEMA)


def measure(games: pl.DataFrame) -> dict[str, Any]:
    """The figures of one model on one set of games; what cannot be told is None."""
    y = games["home_win"].cast(pl.Float64).to_numpy()
    p = games["home_win_probability"].to_numpy()
    market = games["market_home_probability"].to_numpy()
    line = calibration_line(y, p)
    difference, error = paired_difference(
        row_log_loss(y, p) - row_log_loss(y, market), games["predicted_for"].to_numpy()
    )
    return {
        "n": games.height,
        "log_loss": log_loss(y, p),
        "brier": brier(y, p),
        "accuracy": accuracy(y, p),
        "calibration_slope": line.slope if line else None,
        "calibration_slope_se": line.slope_se if line else None,
        "calibration_intercept": line.intercept if line else None,
        "market_log_loss": log_loss(y, market),
        "log_loss_difference": difference,
        "difference_se": error,
        "close_log_loss": _close_log_loss(games, y),
    }


def _close_log_loss(games: pl.DataFrame, y: FloatArray) -> float | None:
    if "close_home_probability" not in games.columns:
        return None
    close = games["close_home_probability"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = np.isfinite(close)
    if known.mean() < MIN_CLOSE_COVERAGE:
        return None
    return log_loss(y[known], close[known])
