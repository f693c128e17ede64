"""What each bet was worth at the close: EV-CLV against the benchmark's no-vig closing probability.

EV-CLV = decimal price taken × closing no-vig probability of that side − 1 (``betting_domain`` §2.5; the probability
by the odds ratio). A bet without a close keeps NULL and the reason why.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dagster_mlb.market.clv import ev_clv

#: The benchmark's close, one row per game_key.
CLOSE_COLUMNS = ["game_key", "source", "book", "close_home_probability", "close_at"]


def with_closing_value(bets: pl.DataFrame, closes: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """``bets`` with close_probability, ev_clv, beat_close, is_circular_close and missing_close_reason added.

    ``closes`` (``CLOSE_COLUMNS``): at most one row per game; a close later than ``now`` has not happened.
    *Circular*: the close is of the very book that was bet, whose own error cannot show. ``beat_close`` is false
    where EV-CLV is exactly zero.
    """
    happened = closes.select(
        "game_key",
        pl.col("source").alias("_close_source"),
        pl.col("book").alias("_close_book"),
        pl.col("close_home_probability").alias("_close_home"),
        pl.col("close_at").alias("_close_at"),
    )
    if happened["game_key"].is_duplicated().any():
        raise ValueError(
            "more than one benchmark close for a game: curated.moneylines.is_benchmark must be unique by game"
        )
    is_moneyline = pl.col("market") == "moneyline"
    is_past = (pl.col("_close_at") <= now).fill_null(value=False)
    has_close = is_moneyline & is_past & pl.col("_close_home").is_not_null()
    side_probability = (
        pl.when(pl.col("side") == "home").then(pl.col("_close_home")).otherwise(1 - pl.col("_close_home"))
    )
    joined = bets.join(happened, on="game_key", how="left", maintain_order="left").with_columns(
        close_probability=pl.when(has_close).then(side_probability),
        is_circular_close=pl.when(has_close).then(
            (pl.col("_close_source") == pl.col("source")) & (pl.col("_close_book") == pl.col("book"))
        ),
        missing_close_reason=pl.when(has_close)
        .then(None)
        .when(~is_moneyline)
        .then(pl.lit("only moneylines have a closing probability so far"))
        .when(pl.col("_close_book").is_null())
        .then(pl.lit("no book has a benchmark close for this game"))
        .when(pl.col("_close_home").is_null() & pl.col("_close_at").is_null())
        .then(pl.lit("the benchmark book has no close, or not yet"))
        .when(pl.col("_close_home").is_null())
        .then(pl.lit("the benchmark's close lacks a side"))
        .when(pl.col("_close_at").is_null())
        .then(pl.lit("nobody knows when the close was"))
        .otherwise(pl.lit("the game has not begun")),
    )
    value = pl.Series("ev_clv", ev_clv(joined["price_decimal"].to_numpy(), joined["close_probability"].to_numpy()))
    joined = joined.with_columns(value.fill_nan(None))
    return joined.with_columns(beat_close=pl.col("ev_clv") > 0).select(
        *bets.columns, "close_probability", "ev_clv", "beat_close", "is_circular_close", "missing_close_reason"
    )
