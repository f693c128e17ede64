"""The report's pictures. Each takes the frame of its section and gives an SVG, or nothing where nothing is to be drawn.

What could not be bet is drawn in its own colour, hollow, and says ORACLE; what is simulated says so.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from dagster_mlb.reporting.numerals import count, percent, plus_minus
from dagster_mlb.reporting.strategy_report.jumps import moment_in_words
from dagster_mlb.reporting.strategy_report.svg import (
    GRID,
    INK,
    LOSS,
    MARKET,
    MUTED,
    ORACLE,
    SIMULATED,
    STRATEGY,
    as_svg,
    drawing,
    in_percent,
    plain,
)

WIDE: Final = 6.4  # inches; an inch is a hundred pixels on a wide screen
SMALL: Final = (2.9, 1.9)
MOST_POINTS: Final = 260  # of a curve


def value_at_close(bins: pl.DataFrame, by_season: pl.DataFrame, sample: str) -> str:
    """Return against EV-CLV, by bin, with the line on which they are equal."""
    drawn = bins.drop_nulls("roi_se")
    if drawn.height < 2:
        return ""
    pooled = by_season.row(-1, named=True)
    x, y, error = (drawn[name].to_numpy() for name in ("ev_clv", "roi", "roi_se"))
    with drawing(WIDE, 4.1, "value_at_close") as figure:
        axes = figure.subplots()
        low, high = min(x.min(), (y - 2 * error).min()) - 0.01, max(x.max(), (y + 2 * error).max()) + 0.01
        axes.axhline(0, color=GRID, lw=1)
        axes.axvline(0, color=GRID, lw=1)
        axes.plot((low, high), (low, high), color=MARKET, lw=1.2, ls=(0, (5, 3)), label="return = EV-CLV")
        size = 10 + 70 * np.sqrt(drawn["n"].to_numpy() / drawn["n"].max())
        axes.errorbar(x, y, 2 * error, fmt="none", ecolor=STRATEGY, elinewidth=1.3, capsize=2.5)
        axes.scatter(x, y, s=size, color=STRATEGY, zorder=3, label="bets at the open, by bin (bars: two errors)")
        axes.set(xlim=(x.min() - 0.02, x.max() + 0.02), ylim=(low, high))
        axes.set(xlabel="EV-CLV of the bin: what the closing price said", ylabel="return on turnover: what came back")
        slope = plus_minus(pooled["clv_slope"], pooled["clv_slope_se"], 2)
        axes.text(
            0.985, 0.04, f"slope {slope}\n{count(pooled['n'])} sides", transform=axes.transAxes, ha="right", color=INK
        )  # fmt: skip
        axes.legend(frameon=False, loc="upper left", fontsize=8)
        in_percent(axes, "x")
        in_percent(axes, "y")
        plain(axes, sample)
        return as_svg(figure, "Return on turnover against EV-CLV, by bin, with the line of equality")


def forest(rows: pl.DataFrame, title: str) -> str:
    """ROI with two errors per row, each beside minus its own hold. ``rows``: ``label`` and ``ROW_SCHEMA``."""
    drawn = rows.drop_nulls(["roi", "roi_se"])
    if drawn.is_empty():
        return ""
    at = np.arange(drawn.height)[::-1]
    low = float((drawn["roi"] - 2 * drawn["roi_se"]).min() or 0.0)  # type: ignore[arg-type]
    high = float((drawn["roi"] + 2 * drawn["roi_se"]).max() or 0.0)  # type: ignore[arg-type]
    with drawing(4.7, 0.62 + 0.205 * drawn.height, f"forest {title}") as figure:
        axes = figure.subplots()
        axes.axvline(0, color="#9aa5ad", lw=1)
        for place, row in zip(at, drawn.iter_rows(named=True), strict=True):
            colour = SIMULATED if "simulated" in row["provenance"] else STRATEGY
            axes.errorbar(row["roi"], place, xerr=2 * row["roi_se"], fmt="o", ms=4, lw=1.4, capsize=2, color=colour)
            if row["minus_hold"] is not None:
                axes.plot(row["minus_hold"], place, marker="|", ms=10, mew=2.4, color=MARKET)
        axes.set_yticks(at, drawn["label"].to_list())
        axes.set_ylim(-0.7, drawn.height - 0.3)
        axes.set_xlim(min(1.06 * low, -0.01), max(1.06 * high, 0.01))
        axes.grid(axis="x", color=GRID, lw=0.7)
        in_percent(axes, "x")
        plain(axes, title)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        return as_svg(figure, f"Return with two errors beside minus the hold: {title}")


def chased(chase: pl.DataFrame, sample: str) -> str:
    """Follow and fade at the close, and the oracle at the open, by size of the move."""
    drawn = chase.drop_nulls("roi_se")
    if drawn.is_empty():
        return ""
    thresholds = sorted(drawn["threshold"].unique())
    looks: dict[str, tuple[str, str, dict[str, Any], float]] = {
        "follow": ("at the close: the side that rose", STRATEGY, {}, -0.18),
        "fade": ("at the close: against it", MARKET, {}, 0.0),
        "oracle": (
            "ORACLE: the side that rose, at the open, chosen by its close",
            ORACLE,
            {"mfc": "white", "mew": 1.8},
            0.18,
        ),
    }
    with drawing(WIDE, 3.5, "chased") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=1)
        closing = drawn.filter(pl.col("moment") == "close")
        if closing.height:
            hold = _mean_hold(closing)
            axes.axhline(-hold, color=MARKET, lw=1.1, ls=(0, (5, 3)))
            _on_the_line(axes, -hold, "minus the hold", below=True)
        for bet, (label, colour, look, nudge) in looks.items():
            rows = drawn.filter(pl.col("bet") == bet).sort("threshold")
            x = [thresholds.index(threshold) + nudge for threshold in rows["threshold"]]
            y, error = rows["roi"].to_numpy(), 2 * rows["roi_se"].to_numpy()
            axes.errorbar(x, y, error, fmt="o", ms=6, lw=1.5, capsize=3, color=colour, label=label, **look)
            for place, value in zip(x, y, strict=True):
                _beside(axes, (place, value), colour)
        axes.set_xticks(range(len(thresholds)), [f"moved ≥ {_points(value)}" for value in thresholds])
        axes.set_xlim(-0.5, len(thresholds) - 0.4)
        axes.set_ylabel("return on turnover (bars: two errors)")
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.28 * (high - low))
        axes.legend(frameon=False, fontsize=8, loc="upper left", borderaxespad=0.2)
        in_percent(axes, "y")
        axes.grid(axis="y", color=GRID, lw=0.7)
        plain(axes)
        return as_svg(figure, f"Return of chasing a finished move, {sample}")


def latency(table: pl.DataFrame, sample: str) -> str:
    """EV-CLV of the price before a jump, at its detection and after."""
    drawn = table.drop_nulls("ev_clv_se")
    if drawn.height < 2:
        return ""
    labels = [_in_two_lines(moment_in_words(row)) for row in drawn.iter_rows(named=True)]
    after = drawn.filter(pl.col("moment") != "before")
    hold = _mean_hold(after)
    with drawing(WIDE, 3.2, "latency") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=1)
        axes.axhline(-hold, color=MARKET, lw=1.1, ls=(0, (5, 3)))
        _on_the_line(axes, -hold, f"minus the hold ({percent(-hold, signed=True)})")
        for at, row in enumerate(drawn.iter_rows(named=True)):
            is_oracle = row["moment"] == "before"
            colour = ORACLE if is_oracle else STRATEGY
            look: dict[str, Any] = {"mfc": "white", "mew": 1.8} if is_oracle else {}
            axes.errorbar(
                at - 0.05, row["ev_clv"], 2 * row["ev_clv_se"], fmt="o", ms=6.5, lw=1.6, capsize=3, color=colour, **look
            )
            _beside(axes, (at - 0.05, row["ev_clv"]), colour)
            if row["ev_clv_other_se"] is not None:
                axes.errorbar(
                    at - 0.14,
                    row["ev_clv_other"],
                    2 * row["ev_clv_other_se"],
                    fmt="s",
                    ms=3.6,
                    lw=1,
                    capsize=2,
                    color=MUTED,
                )
        axes.plot(
            [], [], "o", ms=6, color=ORACLE, mfc="white", mew=1.8, label="ORACLE: a price no one could have any more"
        )
        axes.plot([], [], "o", ms=6, color=STRATEGY, label="what a bet could get, at the book's own close")
        if drawn["ev_clv_other_se"].drop_nulls().len():
            axes.plot([], [], "s", ms=4, color=MUTED, label="the same at another archive's close")
        axes.set_xticks(range(drawn.height), labels)
        axes.set_xlim(-0.5, drawn.height - 0.45)
        axes.set_ylabel("mean EV-CLV (bars: two errors)")
        axes.legend(frameon=False, fontsize=8, loc="upper right")
        in_percent(axes, "y")
        axes.grid(axis="y", color=GRID, lw=0.7)
        plain(axes)
        return as_svg(figure, f"EV-CLV of one book's jumps by latency, {sample}")


def retail(table: pl.DataFrame, sample: str) -> str:
    """What each book's prices are worth at the sharp book's, and at another archive's close."""
    drawn = table.drop_nulls("ev_sharp_se")
    if drawn.height < 2:
        return ""
    at = np.arange(drawn.height)[::-1]
    with drawing(WIDE, 0.9 + 0.32 * drawn.height, "retail") as figure:
        axes = figure.subplots()
        axes.axvline(0, color="#9aa5ad", lw=1)
        for column, colour, nudge, label in (
            ("ev_sharp", STRATEGY, 0.13, "at the sharp book's no-vig price of the same snapshot"),
            ("ev_clv", MUTED, -0.17, "at another archive's close"),
        ):
            part = drawn.with_columns(pl.Series("_at", at)).drop_nulls(f"{column}_se")
            if part.height:
                x, y, error = (part[name].to_numpy() for name in (column, "_at", f"{column}_se"))
                axes.errorbar(
                    x, y + nudge, xerr=2 * error, fmt="o", ms=4.5, lw=1.4, capsize=2, color=colour, label=label
                )
        axes.set_yticks(at, drawn["book"].to_list())
        axes.set_ylim(-0.6, drawn.height - 0.1)
        axes.set_xlabel("mean worth of a side, both sides of every game (bars: two errors)")
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, 1.22), ncols=2, borderaxespad=0)
        axes.grid(axis="x", color=GRID, lw=0.7)
        in_percent(axes, "x")
        plain(axes)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        return as_svg(figure, f"Worth of each book's prices at the sharp book's, {sample}")


def _on_the_line(axes: Any, height: float, words: str, *, below: bool = False) -> None:
    """What a level line is, at its left end."""
    axes.annotate(
        words,
        (-0.48, height),
        (0, -3 if below else 3),
        textcoords="offset points",
        va="top" if below else "bottom",
        fontsize=8,
        color=MARKET,
    )


def _mean_hold(table: pl.DataFrame) -> float:
    return float(np.average(table["hold"].to_numpy(), weights=table["n"].to_numpy()))


def _beside(axes: Any, point: tuple[float, float], colour: str) -> None:
    """The figure of a point, to its right."""
    axes.annotate(
        percent(point[1], signed=True),
        point,
        (8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )


def _points(value: float) -> str:
    return f"{100 * value:g} point{'' if value == 0.01 else 's'}"


def _in_two_lines(words: str) -> str:
    half, _, rest = words.removeprefix("ORACLE: ").rpartition(" ")
    return f"{half}\n{rest}"


def seasons(table: pl.DataFrame) -> str:
    """Log-loss of the open and the close, season by season."""
    if table.height < 2:
        return ""
    drawn = table.sort("season")
    at = np.arange(drawn.height)
    with drawing(WIDE, 2.6, "seasons") as figure:
        axes = figure.subplots()
        opening, closing = drawn["log_loss_open"].to_numpy(), drawn["log_loss_close"].to_numpy()
        axes.vlines(at, closing, opening, color=GRID, lw=3)
        axes.plot(at, opening, "o", ms=5, color=STRATEGY, label="opening price")
        axes.plot(at, closing, "o", ms=5, color=MARKET, label="closing price")
        axes.set_xticks(at, [str(season) for season in drawn["season"]])
        axes.set_ylabel("log-loss, nats a game")
        axes.legend(frameon=False, ncols=2, fontsize=8, loc="lower left")
        axes.grid(axis="y", color=GRID, lw=0.7)
        plain(axes)
        return as_svg(figure, "Log-loss of opening and closing prices by season")


def reliability(table: pl.DataFrame, title: str) -> str:
    """Deciles of the closing probability against what happened. ``table``: ``evaluation.reliability_table``."""
    if table.is_empty():
        return ""
    x, y, error = (table[name].to_numpy() for name in ("mean_predicted", "home_win_rate", "standard_error"))
    with drawing(4.2, 3.9, f"reliability {title}") as figure:
        axes = figure.subplots()
        low, high = min(x.min(), (y - 2 * error).min()) - 0.02, max(x.max(), (y + 2 * error).max()) + 0.02
        axes.plot((low, high), (low, high), color="#9aa5ad", lw=1, ls=(0, (5, 3)))
        axes.errorbar(x, y, 2 * error, fmt="o", ms=4.5, lw=1.3, capsize=2.5, color=MARKET)
        axes.set(
            xlim=(low, high),
            ylim=(low, high),
            xlabel="closing probability of the home side",
            ylabel="share of home wins",
        )
        axes.set_aspect("equal")
        axes.grid(color=GRID, lw=0.7)
        in_percent(axes, "x", signed=False)
        in_percent(axes, "y", signed=False)
        plain(axes, title)
        return as_svg(figure, f"Reliability of closing prices, {title}")


def ladder(rungs: pl.DataFrame, title: str, told: str) -> str:
    """EV-CLV and return by what the strategy said of its bets, weakest first. ``rungs``: mean, ev_clv, roi, each with
    its error.
    """
    if rungs.height < 2:
        return ""
    at = pl.Series("_at", np.arange(rungs.height))
    with drawing(*SMALL, f"ladder {title} {told}") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=0.9)
        for column, colour, size in (("roi", "#b9c3cb", 3.5), ("ev_clv", STRATEGY, 4.0)):
            part = rungs.with_columns(at).drop_nulls([column, f"{column}_se"])
            if part.height:
                x, y, error = (part[name].to_numpy() for name in ("_at", column, f"{column}_se"))
                axes.errorbar(x, y, 2 * error, fmt="o", ms=size, lw=1.2, capsize=2, color=colour)
        axes.set_xticks(at.to_numpy(), [f"{mean:.3g}" for mean in rungs["mean"]], fontsize=7)
        in_percent(axes, "y")
        plain(axes, title)
        axes.text(0.0, -0.24, told, transform=axes.transAxes, fontsize=7.5, va="top", color=MUTED, linespacing=1.35)
        axes.grid(axis="y", color=GRID, lw=0.6)
        axes.tick_params(labelsize=7)
        return as_svg(figure, f"EV-CLV and return by strength, {title}, {told}")


def equity(curve: pl.DataFrame, title: str, told: str, *, is_simulated: bool = False) -> str:
    """Units won so far on flat stakes, and how far below the peak. ``curve``: official_date, equity, peak."""
    if curve.height < 2:
        return ""
    shown = (
        curve
        if curve.height <= MOST_POINTS
        else curve.gather(np.linspace(0, curve.height - 1, MOST_POINTS).astype(int))
    )
    days = shown["official_date"].to_numpy()
    with drawing(*SMALL, f"equity {title} {told}") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=0.9)
        axes.fill_between(days, shown["equity"].to_numpy(), shown["peak"].to_numpy(), color=LOSS, lw=0)
        axes.plot(days, shown["equity"].to_numpy(), color=SIMULATED if is_simulated else STRATEGY, lw=1.2)
        plain(axes, title)
        axes.text(0.0, -0.24, told, transform=axes.transAxes, fontsize=7.5, va="top", color=MUTED, linespacing=1.35)
        axes.grid(axis="y", color=GRID, lw=0.6)
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=3, maxticks=9)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        axes.tick_params(labelsize=7)
        return as_svg(figure, f"Units won on flat stakes, {title}, {told}")
