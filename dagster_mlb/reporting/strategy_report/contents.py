"""Everything that the report shows, as plain values and frames: made by ``build.py``, shown by ``page.py`` and
``terminal.py``. An empty frame is a section without data, which says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from dagster_mlb.reporting import four_books
from dagster_mlb.reporting.strategy_report import books, chase, jumps
from dagster_mlb.reporting.strategy_report.findings import Finding
from dagster_mlb.reporting.strategy_report.open_to_close import BIN_SCHEMA
from dagster_mlb.reporting.strategy_report.rows import no_rows
from dagster_mlb.reporting.strategy_report.samples import OWN, Sample

ABSENT_SCHEMA: Final = {
    "sample": pl.String,
    "decision": pl.String,
    "strategy": pl.String,
    "form": pl.String,
    "reason": pl.String,
}
CURVE_SCHEMA: Final = {
    "sample": pl.String,
    "provenance": pl.String,
    "decision": pl.String,
    "market": pl.String,
    "strategy": pl.String,
    "form": pl.String,
    "official_date": pl.Date,
    "equity": pl.Float64,
    "peak": pl.Float64,
}
LADDER_SCHEMA: Final = {
    "sample": pl.String,
    "provenance": pl.String,
    "decision": pl.String,
    "strategy": pl.String,
    "form": pl.String,
    "measure": pl.String,  # edge: own probability × price − 1; strength: in the strategy's own unit
    "rung": pl.Int64,
    "mean": pl.Float64,
    "n": pl.Int64,
    "ev_clv": pl.Float64,
    "ev_clv_se": pl.Float64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
}
CALIBRATION_SCHEMA: Final = {
    "sample": pl.String,
    "provenance": pl.String,
    "decision": pl.String,
    "strategy": pl.String,
    "n": pl.Int64,  # bets won or lost with a probability of the strategy's own
    "log_loss": pl.Float64,
    "close_log_loss": pl.Float64,  # the close's on those bets that have one
    "slope": pl.Float64,  # of the outcome's logit on the strategy's: below 1 it says too much
    "slope_se": pl.Float64,
}
LEDGER_SCHEMA: Final = {"kind": pl.String, "trials": pl.Int64, "with_bets": pl.Int64, "runs": pl.Int64}
EVENT_SCHEMA: Final = {"kind": pl.String, "sample": pl.String, "provenance": pl.String, "n": pl.Int64}


@dataclass(frozen=True)
class InPlay:
    """Two-sided quotes of the snapshots of several books: how many were at or after the start, how many of those stand
    in a market all the same (a later start is known), and how many may be of another game of the same clubs.
    """

    quotes: int
    late: int
    used: int = 0
    doubtful: int = 0


@dataclass(frozen=True)
class Contents:
    """One report."""

    made_at: str
    environment: str
    asked_seasons: str
    title: str = "What the strategies earned"
    samples: Sequence[Sample] = ()
    coverage: pl.DataFrame = field(default_factory=pl.DataFrame)  # sample, decision, market, games, offers, seasons, …
    findings: Sequence[Finding] = ()
    seasons: pl.DataFrame = field(default_factory=pl.DataFrame)  # season_report.season_table
    value_by_season: pl.DataFrame = field(default_factory=pl.DataFrame)
    value_by_bin: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BIN_SCHEMA))
    chase: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=chase.SCHEMA))
    latency: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=jumps.SCHEMA))
    events: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EVENT_SCHEMA))
    retail: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=books.SCHEMA))
    in_play: InPlay | None = None
    book_scores: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=four_books.SCHEMA))
    rows: pl.DataFrame = field(default_factory=no_rows)
    absent: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ABSENT_SCHEMA))
    ladders: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LADDER_SCHEMA))
    calibration: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CALIBRATION_SCHEMA))
    reliability: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # sample -> evaluation.reliability_table
    curves: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CURVE_SCHEMA))
    ledger: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LEDGER_SCHEMA))
    trials: int = 0
    bets: pl.DataFrame = field(default_factory=pl.DataFrame)  # own.BET_COLUMNS: the first bets, where one run is shown
    seconds: Mapping[str, float] = field(default_factory=dict)  # by step

    @classmethod
    def nothing(cls) -> Contents:
        """Every section empty."""
        return cls(made_at="", environment="", asked_seasons="")

    @property
    def is_of_one_run(self) -> bool:
        """A single backtest: sections without figures are left out."""
        return self.samples == (OWN,)
