"""The report's pictures. Each takes the frame of its section and gives an SVG, or nothing where there is nothing to draw.

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
SMALL: Final = (2.9, 1.75)
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
    labels = drawn["label"].to_list()
    at = np.arange(drawn.height)[::-1]
    with drawing(WIDE, 0.75 + 0.235 * drawn.height, f"forest {title}") as figure:
        axes = figure.subplots()
        axes.axvline(0, color="#9aa5ad", lw=1)
        for place, row in zip(at, drawn.iter_rows(named=True), strict=True):
            colour = SIMULATED if "simulated" in row["provenance"] else STRATEGY
            axes.errorbar(row["roi"], place, xerr=2 * row["roi_se"], fmt="o", ms=4.2, lw=1.4, capsize=2, color=colour)
            if row["minus_hold"] is not None:
                axes.plot(row["minus_hold"], place, marker="|", ms=11, mew=2.4, color=MARKET)
        axes.set_yticks(at, labels)
        axes.set_ylim(-0.7, drawn.height - 0.3)
        reach = float((drawn["roi"].abs() + 2 * drawn["roi_se"]).max() or 0.0) * 1.08
        low = float((drawn["roi"] - 2 * drawn["roi_se"]).min() or 0.0)
        axes.set_xlim(min(low * 1.08, -0.01), max(0.012, min(reach, float((drawn["roi"] + 2 * drawn["roi_se"]).max() or 0) * 1.3)))
        axes.plot([], [], marker="|", ms=10, mew=2.4, ls="", color=MARKET, label="minus the hold of its own prices")
        axes.plot([], [], marker="o", ms=4.2, ls="", color=STRATEGY, label="return ± two errors")
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8, borderaxespad=0.1)
        axes.grid(axis="x", color=GRID, lw=0.7)
        in_percent(axes, "x")
        plain(axes)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        return as_svg(figure, title)


def chased(chase: pl.DataFrame, sample: str) -> str:
    """Follow and fade at the close, and the oracle at the open, by size of the move."""
    drawn = chase.drop_nulls("roi_se")
    if drawn.is_empty():
        return ""
    thresholds = sorted(drawn["threshold"].unique())
    looks: dict[str, tuple[str, str, dict[str, Any], float]] = {
        "follow": ("at the close: the side that rose", STRATEGY, {}, -0.18),
        "fade": ("at the close: against it", MARKET, {}, 0.0),
        "oracle": ("ORACLE: the side that rose, at the open, chosen by its close", ORACLE, {"mfc": "white", "mew": 1.8}, 0.18),
    }
    with drawing(WIDE, 3.5, "chased") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=1)
        closing = drawn.filter(pl.col("moment") == "close")
        if closing.height:
            hold = float((closing["hold"] * closing["n"]).sum() / closing["n"].sum())
            axes.axhline(-hold, color=MARKET, lw=1.1, ls=(0, (5, 3)))
            axes.text(len(thresholds) - 0.52, -hold, "minus the hold", ha="right", va="bottom", fontsize=8, color=MARKET)
        for bet, (label, colour, look, nudge) in looks.items():
            rows = drawn.filter(pl.col("bet") == bet).sort("threshold")
            x = [thresholds.index(threshold) + nudge for threshold in rows["threshold"]]
            y, error = rows["roi"].to_numpy(), 2 * rows["roi_se"].to_numpy()
            axes.errorbar(x, y, error, fmt="o", ms=6, lw=1.5, capsize=3, color=colour, label=label, **look)
            for place, value in zip(x, y, strict=True):
                axes.annotate(
                    percent(value, signed=True), (place, value), (7, 0), textcoords="offset points", va="center", fontsize=8, color=colour
                )  # fmt: skip
        axes.set_xticks(range(len(thresholds)), [f"moved {100 * value:g} points or more" for value in thresholds])
        axes.set_xlim(-0.5, len(thresholds) - 0.45)
        axes.set_ylabel("return on turnover (bars: two errors)")
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, 1.16), borderaxespad=0)
        in_percent(axes, "y")
        axes.grid(axis="y", color=GRID, lw=0.7)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.25 * (high - low))
        plain(axes)
        return as_svg(figure, f"Return of chasing a finished move, {sample}")


def latency(table: pl.DataFrame, sample: str) -> str:
    """EV-CLV of the price before a jump, at its detection and after."""
    drawn = table.drop_nulls("ev_clv_se")
    if drawn.height < 2:
        return ""
    labels = [_in_two_lines(moment_in_words(row)) for row in drawn.iter_rows(named=True)]
    after = drawn.filter(pl.col("moment") != "before")
    hold = float((after["hold"] * after["n"]).sum() / after["n"].sum())
    with drawing(WIDE, 3.2, "latency") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=1)
        axes.axhline(-hold, color=MARKET, lw=1.1, ls=(0, (5, 3)))
        axes.text(drawn.height - 0.55, -hold, f"minus the hold ({percent(-hold, signed=True)})", ha="right", va="bottom", fontsize=8, color=MARKET)
        for at, row in enumerate(drawn.iter_rows(named=True)):
            is_oracle = row["moment"] == "before"
            colour = ORACLE if is_oracle else STRATEGY
            look = {"mfc": "white", "mew": 1.8} if is_oracle else {}
            axes.errorbar(at - 0.05, row["ev_clv"], 2 * row["ev_clv_se"], fmt="o", ms=6.5, lw=1.6, capsize=3, color=colour, **look)
            axes.annotate(percent(row["ev_clv"], signed=True), (at - 0.05, row["ev_clv"]), (8, 0), textcoords="offset points", va="center", fontsize=8.5, color=colour)
            if row["ev_clv_other_se"] is not None:
                axes.errorbar(at - 0.14, row["ev_clv_other"], 2 * row["ev_clv_other_se"], fmt="s", ms=3.6, lw=1, capsize=2, color=MUTED)
        axes.plot([], [], "o", ms=6, color=ORACLE, mfc="white", mew=1.8, label="ORACLE: a price no one could have any more")
        axes.plot([], [], "o", ms=6, color=STRATEGY, label="what a bet could get, at the book's own close")
        if drawn["ev_clv_other_se"].drop_nulls().len():
            axes.plot([], [], "s", ms=4, color=MUTED, label="the same at another archive's close")
        axes.set_xticks(range(drawn.height), labels)
        axes.set_xlim(-0.5, drawn.height - 0.45)
        axes.set_ylabel("mean EV-CLV (bars: two errors)")
        axes.legend(frameon=False, fontsize=8, loc="upper right")
        in_percent(axes, "y", 1)
        axes.grid(axis="y", color=GRID, lw=0.7)
        plain(axes)
        return as_svg(figure, f"EV-CLV of one book's jumps by latency, {sample}")


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
        axes.set(xlim=(low, high), ylim=(low, high), xlabel="closing probability of the home side", ylabel="share of home wins")
        axes.set_aspect("equal")
        axes.grid(color=GRID, lw=0.7)
        in_percent(axes, "x")
        in_percent(axes, "y")
        plain(axes, title)
        return as_svg(figure, f"Reliability of closing prices, {title}")


def ladder(steps: pl.DataFrame, title: str) -> str:
    """EV-CLV and return by what the strategy itself expected. ``steps``: edge, n, ev_clv, ev_clv_se, roi, roi_se."""
    drawn = steps.drop_nulls("edge")
    if drawn.height < 2:
        return ""
    at = np.arange(drawn.height)
    with drawing(*SMALL, f"ladder {title}") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=0.9)
        for column, colour, nudge, size in (("roi", GRID, 0.0, 3.5), ("ev_clv", STRATEGY, 0.0, 4.0)):
            part = drawn.select(column, f"{column}_se").with_columns(_at=pl.Series(at)).drop_nulls()
            if part.is_empty():
                continue
            shade = "#b9c3cb" if column == "roi" else colour
            axes.errorbar(part["_at"] + nudge, part[column], 2 * part[f"{column}_se"], fmt="o", ms=size, lw=1.2, capsize=2, color=shade)
        axes.set_xticks(at, [percent(edge, 1) for edge in drawn["edge"]], fontsize=7)
        in_percent(axes, "y")
        plain(axes, title)
        axes.grid(axis="y", color=GRID, lw=0.6)
        return as_svg(figure, f"EV-CLV and return by expected edge, {title}")


def equity(curve: pl.DataFrame, title: str, told: str, *, is_simulated: bool = False) -> str:
    """Units won so far on flat stakes, and how far below the peak. ``curve``: official_date, equity, peak."""
    if curve.height < 2:
        return ""
    shown = curve if curve.height <= MOST_POINTS else curve.gather(np.linspace(0, curve.height - 1, MOST_POINTS).astype(int))
    days = shown["official_date"].to_numpy()
    with drawing(*SMALL, f"equity {title} {told}") as figure:
        axes = figure.subplots()
        axes.axhline(0, color="#9aa5ad", lw=0.9)
        axes.fill_between(days, shown["equity"].to_numpy(), shown["peak"].to_numpy(), color=LOSS, lw=0)
        axes.plot(days, shown["equity"].to_numpy(), color=SIMULATED if is_simulated else STRATEGY, lw=1.2)
        plain(axes, title)
        axes.text(0.0, -0.32, told, transform=axes.transAxes, fontsize=7.5, color=MUTED)
        axes.grid(axis="y", color=GRID, lw=0.6)
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(maxticks=5)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        axes.tick_params(labelsize=7)
        return as_svg(figure, f"Units won on flat stakes, {title}, {told}")
