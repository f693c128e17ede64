"""Whether stronger bets are better bets, and whether stated probabilities are true ones."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.strategies.figures.estimates import Estimate, clustered_mean, return_on_turnover, spearman

Measure = Literal["edge", "strength"]
BINS: Final = 5
LADDER_SCHEMA: Final = {
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "mean": pl.Float64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
    "n_clv": pl.Int64,
    "ev_clv": pl.Float64,
    "ev_clv_se": pl.Float64,
}


class Calibration(NamedTuple):
    """How stated probabilities did on ``n`` bets that were won or lost. ``slope``: of the outcome's logit on theirs; 1
    is calibrated, below it they say too much. NaN where nothing can be said.
    """

    n: int
    brier: float
    log_loss: float
    slope: Estimate


class Monotonicity(NamedTuple):
    """Spearman's rank correlation over the rungs of a ladder, from -1 to 1; NaN for fewer than three rungs."""

    ev_clv: float
    roi: float


def edge_ladder(bets: pl.DataFrame, by: Measure, bins: int = BINS) -> pl.DataFrame:
    """Bets in ``bins`` of about equal number by what the strategy said of them, weakest first (``LADDER_SCHEMA``).

    ``by``: *edge* (own probability × price − 1) or *strength*, in the strategy's own unit. Settled bets with
    official_date, stake, profit, result, price_decimal, ev_clv and probability or strength; those without it are left
    out, and equal values stay together.
    """
    measure = pl.col("probability") * pl.col("price_decimal") - 1 if by == "edge" else pl.col("strength")
    told = (
        bets.filter(pl.col("result").is_in(["win", "loss", "push"]))
        .with_columns(_by=measure.cast(pl.Float64))
        .filter(pl.col("_by").is_not_null() & pl.col("_by").is_finite())
    )
    if told.is_empty():
        return pl.DataFrame(schema=LADDER_SCHEMA)
    edges = np.unique(np.quantile(told["_by"].to_numpy(), np.linspace(0, 1, bins + 1)))
    rung = np.clip(np.searchsorted(edges, told["_by"].to_numpy(), side="right") - 1, 0, max(len(edges) - 2, 0))
    rows: list[dict[str, Any]] = []
    for part in told.with_columns(pl.Series("_rung", rung)).partition_by("_rung", maintain_order=False):
        dates = part["official_date"].cast(pl.Int32).to_numpy()
        roi = return_on_turnover(part["profit"].to_numpy(), part["stake"].to_numpy(), dates)
        closed = part.filter(pl.col("ev_clv").is_not_null())
        clv = clustered_mean(closed["ev_clv"].to_numpy(), closed["official_date"].cast(pl.Int32).to_numpy())
        rows.append(
            {
                "low": part["_by"].min(),
                "high": part["_by"].max(),
                "n": part.height,
                "mean": part["_by"].mean(),
                "roi": roi.value,
                "roi_se": roi.se,
                "n_clv": closed.height,
                "ev_clv": clv.value,
                "ev_clv_se": clv.se,
            }
        )
    return pl.DataFrame(rows, schema=LADDER_SCHEMA).fill_nan(None).sort("low")


def monotonicity(ladder: pl.DataFrame) -> Monotonicity:
    """Whether EV-CLV and ROI rise with the rungs of ``edge_ladder``."""
    told = []
    for figure in ("ev_clv", "roi"):
        known = ladder.filter(pl.col(figure).is_not_null())
        told.append(spearman(known["mean"].to_numpy(), known[figure].to_numpy()))
    return Monotonicity(*told)


def calibration(probability: np.ndarray, won: np.ndarray) -> Calibration:
    """Brier score, log-loss and slope of ``probability`` (to win, of bets that were won or lost) on ``won`` (0, 1)."""
    known = np.isfinite(probability) & (probability > 0) & (probability < 1)
    p, y = probability[known], won[known].astype(np.float64)
    if not p.size:
        return Calibration(0, np.nan, np.nan, Estimate(np.nan, np.nan))
    brier = float(np.mean((p - y) ** 2))
    log_loss = float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)))
    return Calibration(p.size, brier, log_loss, _logistic_slope(np.log(p) - np.log1p(-p), y))


def _logistic_slope(x: np.ndarray, y: np.ndarray) -> Estimate:
    """Slope of a logistic regression with intercept, by Newton's method (its own standard error)."""
    if y.size < 10 or np.ptp(x) < 1e-9 or y.min() == y.max():
        return Estimate(np.nan, np.nan)
    design = np.stack([np.ones_like(x), x], axis=1)
    beta = np.array([0.0, 1.0])
    for _ in range(50):
        with np.errstate(over="ignore"):
            fitted = 1 / (1 + np.exp(-design @ beta))
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12:
            return Estimate(np.nan, np.nan)
        step = np.linalg.solve(information, design.T @ (y - fitted))
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            return Estimate(float(beta[1]), float(np.sqrt(np.linalg.inv(information)[1, 1])))
    return Estimate(np.nan, np.nan)
