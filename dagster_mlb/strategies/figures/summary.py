"""What a list of settled bets says, in one summary: returns on turnover, closing line value, luck, bad stretches,
calibration, and what is missing.

The figures themselves are made in ``estimates.py`` (errors by date), ``luck.py`` (the null hypothesis that the closing
price was right), ``drawdowns.py`` and ``edges.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl

from dagster_mlb.strategies.figures.drawdowns import drawdown, expected_max_drawdown, longest_losing_run, max_drawdown
from dagster_mlb.strategies.figures.edges import Calibration, calibration, edge_ladder, monotonicity
from dagster_mlb.strategies.figures.estimates import (
    RESAMPLES,
    SEED,
    Estimate,
    Interval,
    clustered_mean,
    clustered_slope,
    return_on_turnover,
    roi_interval,
    wilson_interval,
)
from dagster_mlb.strategies.figures.luck import (
    SIMULATIONS,
    deflated_p_value,
    expected_best_z,
    no_skill_p_value,
)

__all__ = [
    "RESAMPLES",
    "SEED",
    "SIMULATIONS",
    "BetSummary",
    "Estimate",
    "Interval",
    "clustered_mean",
    "clustered_slope",
    "deflated_p_value",
    "expected_best_z",
    "longest_losing_run",
    "max_drawdown",
    "no_skill_p_value",
    "return_on_turnover",
    "roi_interval",
    "summarise",
]


@dataclass(frozen=True)
class BetSummary:
    """What one list of bets comes to. Rates are fractions, ROI and EV-CLV per unit staked, drawdown and profit in
    units; None where nothing can be said.
    """

    n: int  # won, lost or pushed
    n_void: int
    n_pending: int
    wins: int
    turnover: float
    profit: float
    roi: float | None
    roi_se: float | None
    roi_low: float | None  # of 95 in 100 draws of the dates
    roi_high: float | None
    n_clv: int
    clv_coverage: float | None
    ev_clv: float | None
    ev_clv_se: float | None
    beat_close_rate: float | None
    clv_slope: float | None  # of return on EV-CLV
    clv_slope_se: float | None
    p_no_skill: float | None
    longest_losing_run: int
    max_drawdown: float
    circular_share: float | None
    n_unfilled: int = 0
    n_moved: int = 0  # filled at another price or line than the one on the screen
    win_rate: float | None = None  # of those won or lost
    win_rate_low: float | None = None  # Wilson's interval
    win_rate_high: float | None = None
    break_even_rate: float | None = None  # mean of 1/d of the same bets
    mean_price: float | None = None
    profit_factor: float | None = None  # what was won over what was lost
    roi_no_skill: float | None = None  # what the same stakes return where the close is true
    max_drawdown_share: float | None = None  # of the bankroll's peak
    expected_max_drawdown: float | None = None  # of as many such days in any order
    days_under_water: int = 0  # the longest time below a peak
    line_clv: float | None = None  # runs
    n_own: int = 0  # won or lost with a probability of the strategy's own
    brier: float | None = None
    log_loss: float | None = None
    calibration_slope: float | None = None
    calibration_slope_se: float | None = None
    close_brier: float | None = None  # the close's on the bets that have one
    close_log_loss: float | None = None
    close_calibration_slope: float | None = None
    close_calibration_slope_se: float | None = None
    edge_measure: str | None = None  # what the bets are ranked by: edge, strength
    edge_ev_clv_rank: float | None = None  # Spearman over the edge ladder
    edge_roi_rank: float | None = None
    missing_closes: Mapping[str, int] = field(default_factory=dict)
    unfilled: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Every figure by name, flat; reasons with their counts as one text (None where there are none)."""
        told = asdict(self)
        return {**told, **{name: counts_text(told[name]) for name in ("missing_closes", "unfilled")}}


def counts_text(counts: Mapping[str, int]) -> str | None:
    """``12 the game has not begun; 3 …``, most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{number:,} {reason}" for reason, number in ordered) or None


def summarise(bets: pl.DataFrame, *, seed: int = SEED, bankroll: float = 100.0) -> BetSummary:
    """The summary of settled bets.

    Columns: game_key, official_date, side, stake, price_decimal, result, profit, ev_clv, beat_close,
    close_probability, is_circular_close, decision_at; and, where they are there, market, push_probability, line_clv,
    probability, strength, fill_kind, unfilled_reason, stake_reason, missing_close_reason. Voids, pending and unfilled
    bets are counted and left out; so are bets without a close, of what needs one. ``bankroll``: units at the start.
    """
    played = bets.filter(pl.col("result").is_in(["win", "loss", "push"])).sort(
        [name for name in ("decision_at", "game_key", "market", "side", "line") if name in bets.columns]
    )
    with_close = played.filter(pl.col("ev_clv").is_not_null())
    dates, profit, stake = _dates(played), _floats(played, "profit"), _floats(played, "stake")
    close_dates, clv = _dates(with_close), _floats(with_close, "ev_clv")
    roi = return_on_turnover(profit, stake, dates)
    interval = roi_interval(profit, stake, dates, seed=seed)
    mean_clv = clustered_mean(clv, close_dates)
    slope = clustered_slope(_floats(with_close, "profit") / _floats(with_close, "stake"), clv, close_dates)
    falls = drawdown(profit, dates, bankroll)
    decided = played.filter(pl.col("result") != "push")
    wins = decided.filter(pl.col("result") == "win").height
    wilson = wilson_interval(wins, decided.height)
    own, close = _calibrations(decided)
    measure, ranks = _edge_ranks(played)
    lost = float(-profit[profit < 0].sum())
    return BetSummary(
        n=played.height,
        n_void=_count(bets, "void"),
        n_pending=_count(bets, "pending"),
        wins=wins,
        turnover=float(stake.sum()),
        profit=float(profit.sum()),
        roi=_finite(roi.value),
        roi_se=_finite(roi.se),
        roi_low=_finite(interval.low),
        roi_high=_finite(interval.high),
        n_clv=with_close.height,
        clv_coverage=with_close.height / played.height if played.height else None,
        ev_clv=_finite(mean_clv.value),
        ev_clv_se=_finite(mean_clv.se),
        beat_close_rate=float((clv > 0).mean()) if clv.size else None,
        clv_slope=_finite(slope.value),
        clv_slope_se=_finite(slope.se),
        p_no_skill=_finite(no_skill_p_value(with_close, seed=seed)),
        longest_losing_run=longest_losing_run(played["result"]),
        max_drawdown=falls.units,
        circular_share=_mean_or_none(with_close["is_circular_close"]),
        n_unfilled=_count(bets, "unfilled"),
        n_moved=played.filter(pl.col("fill_kind") == "moved").height if "fill_kind" in played.columns else 0,
        win_rate=wins / decided.height if decided.height else None,
        win_rate_low=_finite(wilson.low),
        win_rate_high=_finite(wilson.high),
        break_even_rate=_mean_or_none(1 / decided["price_decimal"]),
        mean_price=_mean_or_none(played["price_decimal"]),
        profit_factor=float(profit[profit > 0].sum()) / lost if lost > 0 else None,
        roi_no_skill=float(_floats(with_close, "stake") @ clv / with_close["stake"].sum()) if clv.size else None,
        max_drawdown_share=falls.share if played.height else None,
        expected_max_drawdown=_finite(expected_max_drawdown(profit, dates, seed=seed)),
        days_under_water=falls.days,
        line_clv=_mean_or_none(played["line_clv"]) if "line_clv" in played.columns else None,
        n_own=own.n,
        brier=_finite(own.brier),
        log_loss=_finite(own.log_loss),
        calibration_slope=_finite(own.slope.value),
        calibration_slope_se=_finite(own.slope.se),
        close_brier=_finite(close.brier),
        close_log_loss=_finite(close.log_loss),
        close_calibration_slope=_finite(close.slope.value),
        close_calibration_slope_se=_finite(close.slope.se),
        edge_measure=measure,
        edge_ev_clv_rank=_finite(ranks[0]),
        edge_roi_rank=_finite(ranks[1]),
        missing_closes=_counts(played, "missing_close_reason"),
        unfilled=_counts(bets.filter(pl.col("result") == "unfilled"), "unfilled_reason", "stake_reason"),
    )


def _calibrations(decided: pl.DataFrame) -> tuple[Calibration, Calibration]:
    """Of the strategy's own probabilities, and of the close's, on the bets that were won or lost."""
    won = (decided["result"] == "win").to_numpy()
    nothing = np.full(decided.height, np.nan)
    own = _floats(decided, "probability") if "probability" in decided.columns else nothing
    return calibration(own, won), calibration(_floats(decided, "close_probability"), won)


def _edge_ranks(played: pl.DataFrame) -> tuple[str | None, tuple[float, float]]:
    """By the strategy's own edge where it says a probability, else by strength."""
    for measure, column in (("edge", "probability"), ("strength", "strength")):
        if column in played.columns and played[column].null_count() < played.height:
            return measure, tuple(monotonicity(edge_ladder(played, measure)))  # type: ignore[arg-type, return-value]
    return None, (np.nan, np.nan)


def _count(bets: pl.DataFrame, result: str) -> int:
    return bets.filter(pl.col("result") == result).height


def _counts(bets: pl.DataFrame, *columns: str) -> dict[str, int]:
    """How often each reason is given, by the first of the columns that says one."""
    there = [name for name in columns if name in bets.columns]
    if not there:
        return {}
    reasons = bets.select(reason=pl.coalesce(there)).drop_nulls()["reason"]
    return dict(reasons.value_counts().sort("count", "reason", descending=[True, False]).iter_rows())


def _dates(bets: pl.DataFrame) -> np.ndarray:
    return bets["official_date"].cast(pl.Int32).to_numpy()


def _floats(bets: pl.DataFrame, column: str) -> np.ndarray:
    return bets[column].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _mean_or_none(values: pl.Series) -> float | None:
    mean = values.cast(pl.Float64).mean()
    return float(mean) if isinstance(mean, int | float) else None
