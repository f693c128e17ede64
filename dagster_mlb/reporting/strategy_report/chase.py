"""Chasing a move that is over: the side whose fair probability rose between open and close, bought at the close.

The same side at the open is shown too, as an *oracle*: it was chosen with the close in hand, so no one could have bet
it. It measures what the move was worth to whoever made it, and what a backtest reports that fills at the price from
before the move.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from dagster_mlb.strategies.figures.summary import summarise

#: Points of no-vig probability that make a move; the sentences are about the headline.
HEADLINE: Final = 0.02
THRESHOLDS: Final = (0.01, HEADLINE, 0.03)

SCHEMA: Final = {
    "threshold": pl.Float64,
    "bet": pl.String,  # follow, fade, oracle
    "moment": pl.String,  # whose price is paid
    "n": pl.Int64,
    "hold": pl.Float64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
    "ev_clv": pl.Float64,
    "ev_clv_se": pl.Float64,
}


def chase_table(sides: pl.DataFrame, thresholds: Sequence[float] = THRESHOLDS) -> pl.DataFrame:
    """Follow and fade at the close, and the oracle at the open, by threshold (``SCHEMA``).

    ``sides``: ``open_to_close.sides_of_archive``. *follow* backs the side that rose, *fade* the one that fell, each at
    its own price. At the close EV-CLV is circular: it is the hold of the price that was paid.
    """
    bets = (("follow", "close", 1.0), ("fade", "close", -1.0), ("oracle", "open", 1.0))
    rows = []
    for threshold in thresholds:
        for bet, moment, sign in bets:
            chosen = sides.filter((pl.col("moment") == moment) & (sign * pl.col("move") >= threshold))
            if chosen.is_empty():
                continue
            told = summarise(chosen)
            hold = chosen["hold"].mean()
            rows.append((threshold, bet, moment, told.n, hold, told.roi, told.roi_se, told.ev_clv, told.ev_clv_se))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
