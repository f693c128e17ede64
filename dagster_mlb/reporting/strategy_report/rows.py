"""One row per strategy, sample, decision and market: the same columns in the same place for all of them.

``row_of`` makes it from settled bets, ``beside_the_null`` sets the random side of the same sample, decision and market
next to each, ``deflated`` its p-value as one of many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from dagster_mlb.reporting.strategy_report.samples import SAMPLES
from dagster_mlb.strategies.figures.summary import BetSummary, deflated_p_value

NULL: Final = "random_side"

#: What a row is about.
IDENTITY: Final = {
    "sample": pl.String,
    "provenance": pl.String,
    "decision": pl.String,
    "market": pl.String,
    "strategy": pl.String,
    "family": pl.String,
    "form": pl.String,  # follow or fade
    "book": pl.String,  # whose price: benchmark, best, each, or one by name
    "is_null": pl.Boolean,  # without skill by construction
}
#: What it says. Rates are fractions; ROI and EV-CLV per unit staked; turnover and drawdown in units.
FIGURES: Final = {
    "n": pl.Int64,
    "n_void": pl.Int64,
    "n_pending": pl.Int64,
    "n_unfilled": pl.Int64,
    "turnover": pl.Float64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
    "roi_low": pl.Float64,
    "roi_high": pl.Float64,
    "ev_clv": pl.Float64,
    "ev_clv_se": pl.Float64,
    "clv_coverage": pl.Float64,
    "missing_closes": pl.String,  # how many, and why
    "circular_share": pl.Float64,
    "beat_close_rate": pl.Float64,
    "minus_hold": pl.Float64,  # of the very prices that were paid
    "p_no_skill": pl.Float64,
    "longest_losing_run": pl.Int64,
    "max_drawdown": pl.Float64,
    "assumed_share": pl.Float64,  # of bets at a label's assumed moment
}
#: What stands beside it.
BESIDE: Final = {
    "null_n": pl.Int64,
    "null_roi": pl.Float64,
    "null_ev_clv": pl.Float64,
    "null_beat_close_rate": pl.Float64,
    "p_deflated": pl.Float64,
}
ROW_SCHEMA: Final = {**IDENTITY, **FIGURES, **BESIDE}


def no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema=ROW_SCHEMA)


def row_of(bets: pl.DataFrame, summary: BetSummary, identity: Mapping[str, Any]) -> dict[str, Any]:
    """The row of settled bets of one market: ``IDENTITY`` as it is given, and the ``FIGURES``.

    ``summary`` is of ``bets``, which need result, stake, hold (of the price that was paid; NULL where it is not known)
    and moment_assumed.
    """
    told = summary.as_dict()
    played = bets.filter(pl.col("result").is_in(["win", "loss", "push"]))
    figures = {name: told[name] for name in FIGURES if name in told}
    return {
        **identity,
        **figures,
        "minus_hold": _minus_hold(played),
        "assumed_share": _share(played, "moment_assumed"),
    }


def beside_the_null(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the random side of the same sample, decision and market beside each; NULL where none was bet."""
    where = ["sample", "decision", "market"]
    # Of several random sides (other books, other parameters) the one at the benchmark's price comes first.
    nulls = (
        rows.filter((pl.col("family") == NULL) & (pl.col("n") > 0))
        .with_columns(_first=pl.col("book") != "benchmark")
        .sort([*where, "_first", "strategy"])
        .unique(where, keep="first", maintain_order=True)
        .select(*where, null_n="n", null_roi="roi", null_ev_clv="ev_clv", null_beat_close_rate="beat_close_rate")
    )
    told = rows.drop([name for name in nulls.columns if name not in where], strict=False)
    return told.join(nulls, on=where, how="left", maintain_order="left")


def deflated(rows: pl.DataFrame, trials: int) -> pl.DataFrame:
    """``rows`` with ``p_deflated``: each p-value as one of ``trials``, of which one looks at the best."""
    told = [deflated_p_value(p, trials) for p in rows["p_no_skill"]]
    return rows.with_columns(pl.Series("p_deflated", told, dtype=pl.Float64))


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sample by sample, decision by decision; the random side first, the other rules without skill next."""
    samples = {sample.key: place for place, sample in enumerate(SAMPLES)}
    decisions = {"open": 0, "pregame": 1, "close": 2, "signal": 3, "current": 4}
    place = pl.when(pl.col("family") == NULL).then(0).when("is_null").then(1).otherwise(2)
    return (
        rows.with_columns(
            _sample=pl.col("sample").replace_strict(samples, default=99, return_dtype=pl.Int8),
            _decision=pl.col("decision").replace_strict(decisions, default=9, return_dtype=pl.Int8),
            _place=place,
        )
        .sort("_sample", "_decision", "market", "_place", "family", "strategy", "form", maintain_order=True)
        .drop("_sample", "_decision", "_place")
    )


def _minus_hold(played: pl.DataFrame) -> float | None:
    """Mean of minus the hold, by stake."""
    known = played.filter(pl.col("hold").is_not_null())
    if not known["stake"].sum():
        return None
    return -float(np.average(known["hold"].to_numpy(), weights=known["stake"].to_numpy()))


def _share(played: pl.DataFrame, flag: str) -> float | None:
    share = played[flag].cast(pl.Float64).mean()
    return float(share) if isinstance(share, int | float) else None
