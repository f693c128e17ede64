"""Pictures of the evaluation, as PNG bytes: shown on the asset's page and in the reports."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from dagster_mlb.learning.evaluation import reliability_table

TITLES = {
    "market": "Market",
    "home_rate": "Home rate",
    "elo": "Elo",
    "market_logistic": "Market + ridge logistic",
    "lightgbm_offset": "Market + LightGBM",
}
INK, GRID, MODEL, MARKET = "#22303c", "#dfe4e8", "#c8553d", "#2f6690"


def calibration_png(scored: pl.DataFrame, performance: pl.DataFrame, *, model: str, decision: str) -> bytes:
    """Two panels: reliability of model and market by decile; the paired log-loss difference to the market per period.

    Args:
        scored: rows as ``walk_forward`` gives them; performance: rows as ``evaluation.performance`` gives them.

    Raises ValueError where there is no prediction of ``model`` at ``decision``.
    """
    games = scored.filter(
        (pl.col("model_name") == model) & (pl.col("decision") == decision) & pl.col("home_win").is_not_null()
    )
    if games.is_empty():
        raise ValueError(f"no scored prediction of {model!r} at decision {decision!r}: nothing to draw")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.2), dpi=110, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _reliability(left, games, model)
    _differences(
        right, performance.filter((pl.col("model_name") == model) & (pl.col("decision") == decision)).sort("period")
    )
    figure.suptitle(
        f"{TITLES.get(model, model)}, decision: {decision} · {games.height:,} games out of sample",
        x=0.01,
        ha="left",
        fontsize=12,
        fontweight="bold",
        color=INK,
    )
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _plain(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#9aa5ad")
    axes.tick_params(colors=INK, labelsize=8)
    axes.set_axisbelow(True)


def _reliability(axes: Any, games: pl.DataFrame, model: str) -> None:
    y = games["home_win"].cast(pl.Float64).to_numpy()
    low, high = 1.0, 0.0
    series: tuple[tuple[str, str, str, float], ...] = (
        ("market_home_probability", MARKET, "market", -0.002),
        ("home_win_probability", MODEL, TITLES.get(model, model), 0.002),
    )
    if model == "market":
        series = series[:1]
    for column, colour, label, nudge in series:
        table = reliability_table(y, games[column].to_numpy())
        x, observed = table["mean_predicted"].to_numpy(), table["home_win_rate"].to_numpy()
        error = table["standard_error"].to_numpy()
        axes.errorbar(
            x + nudge, observed, yerror(error), fmt="o", ms=4.5, lw=1.2, capsize=2, color=colour, label=label, alpha=0.9
        )
        low = min(low, float(x.min()), float((observed - 1.96 * error).min()))
        high = max(high, float(x.max()), float((observed + 1.96 * error).max()))
    limits = (max(0.0, low - 0.03), min(1.0, high + 0.03))
    axes.plot(limits, limits, color="#9aa5ad", lw=1, ls="--", zorder=0)
    axes.set(xlim=limits, ylim=limits, xlabel="predicted probability of a home win", ylabel="share of home wins")
    axes.set_aspect("equal")
    axes.grid(color=GRID, lw=0.6)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.xaxis.label.set_size(8.5)
    axes.yaxis.label.set_size(8.5)
    _plain(axes, "Reliability by decile (bars: 95 %)")


def yerror(standard_error: np.ndarray) -> np.ndarray:
    """Half the length of a 95 % interval."""
    return 1.96 * standard_error


def _differences(axes: Any, rows: pl.DataFrame) -> None:
    periods = [*rows.filter(pl.col("period") != "all")["period"].to_list(), "all"]
    by_period = {row["period"]: row for row in rows.to_dicts()}
    axes.axhline(0, color=MARKET, lw=1.2, zorder=1)
    for at, period in enumerate(periods):
        row = by_period.get(period)
        if row is None:
            continue
        colour = INK if period == "all" else MODEL
        error = 1.96 * (row["difference_se"] or 0.0) * 1000
        axes.errorbar(
            at, row["log_loss_difference"] * 1000, error, fmt="D" if period == "all" else "o",
            ms=6 if period == "all" else 4.5, lw=1.4, capsize=3, color=colour, zorder=3,
        )  # fmt: skip
    if len(periods) > 1:
        axes.axvspan(len(periods) - 1.5, len(periods) - 0.4, color="#f3f5f6", lw=0, zorder=0)
    crowded = len(periods) > 9
    axes.set_xticks(range(len(periods)), periods, rotation=45 if crowded else 0, ha="right" if crowded else "center")
    axes.set_xlim(-0.6, len(periods) - 0.4)
    if all(abs(row["log_loss_difference"]) < 1e-9 for row in by_period.values()):
        axes.set_ylim(-1, 1)
        axes.text(
            0.5, 0.56, "no correction in any period: the model is the market",
            transform=axes.transAxes, ha="center", fontsize=9, color=INK,
        )  # fmt: skip
    reach = 1.12 * max(abs(value) for value in axes.get_ylim())
    axes.set_ylim(-reach, reach)
    for height, side, words in ((0.985, "top", "▲ worse"), (0.015, "bottom", "▼ better")):
        axes.text(
            0.012,
            height,
            f"{words} than the market",
            transform=axes.transAxes,
            ha="left",
            va=side,
            fontsize=8,
            color="#7b8790",
        )
    axes.set_ylabel("log-loss minus the market's (nats × 1000)", fontsize=8.5)
    axes.grid(axis="y", color=GRID, lw=0.6)
    _plain(axes, "Paired difference to the market (bars: 95 %, by date)")
