"""Whether the price of a bet was the book's own when it was placed. It is told, and the person's price stays as it is.

A book's quote counts where it was last confirmed within ``FRESH`` before the bet and is of the bet's line. A bet's
moment is told to the minute, so a quote that stood within a minute of it may be the one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.bets.graded_table import SEEN_SCHEMA
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Schema

FRESH: Final = timedelta(minutes=90)  # as in dbt's macro fresh_minutes
GRACE: Final = timedelta(minutes=1)

#: What the bet's book quoted around the moment of the bet, one row per bet × source × state of the market. Side 1 is
#: home or over; ``line`` is the home side's, or the total. ``until_at``: the next state, NULL for the last;
#: ``confirmed_at``: when the source last said anything of this market before the bet.
QUOTES_SCHEMA: Final[Schema] = {
    "bet_id": pl.String,
    "source": pl.String,
    "known_at": UTC_TIMESTAMP,
    "until_at": UTC_TIMESTAMP,
    "confirmed_at": UTC_TIMESTAMP,
    "line": pl.Float64,
    "price_1": pl.Int32,
    "price_2": pl.Int32,
    "hold": pl.Float64,
    "is_open": pl.Boolean,
}


def with_price_seen(bets: pl.DataFrame, quotes: pl.DataFrame) -> pl.DataFrame:
    """``bets`` with the columns of ``SEEN_SCHEMA``; their order stays.

    ``bets``: bet_id, placed_at, market, side, line, price, price_format, price_decimal, book, book_keys. Of several
    sources that quote the book the one that was confirmed last speaks, but a quote that is the bet's own comes first.
    """
    told = quotes.join(
        bets.select("bet_id", "placed_at", "market", "side", "price", "price_format", "price_decimal", taken="line"),
        on="bet_id",
        how="inner",
    )
    is_first = pl.col("side").is_in(["home", "over"])
    american = pl.when(is_first).then("price_1").otherwise("price_2")
    own_line = pl.when(pl.col("side") == "away").then(-pl.col("line")).otherwise("line")
    is_near = (pl.col("known_at") <= pl.col("placed_at") + GRACE) & (
        pl.col("until_at").is_null() | (pl.col("until_at") > pl.col("placed_at") - GRACE)
    )
    is_in_force = (pl.col("known_at") <= pl.col("placed_at")) & (
        pl.col("until_at").is_null() | (pl.col("until_at") > pl.col("placed_at"))
    )
    is_fresh = pl.col("placed_at") - pl.max_horizontal("confirmed_at", "known_at") <= FRESH
    of_line = (pl.col("market") == "moneyline") | ((own_line - pl.col("taken")).abs() < 1e-9)
    usable = told.with_columns(_american=american, _is_in_force=is_in_force).filter(
        is_near & is_fresh & pl.col("is_open") & pl.col("_american").is_not_null() & of_line.fill_null(value=False)
    )
    quoted = american_to_decimal(usable["_american"].cast(pl.Float64).to_numpy())
    gain = usable["price_decimal"].to_numpy() - quoted
    is_same = np.abs(gain) <= _tolerance(usable)
    chosen = (
        usable.with_columns(
            pl.Series("_is_same", is_same),
            pl.Series("_gain", gain),
        )
        .filter(pl.col("_is_same") | pl.col("_is_in_force"))
        .sort(
            "_is_same", "_is_in_force", "confirmed_at", "known_at", "source", descending=[True, True, True, True, False]
        )
        .unique("bet_id", keep="first", maintain_order=True)
        .select(
            "bet_id",
            price_seen=pl.when("_is_same")
            .then(pl.lit("as quoted"))
            .when(pl.col("_gain") > 0)
            .then(pl.lit("better than quoted"))
            .otherwise(pl.lit("worse than quoted")),
            seen_price_american="_american",
            seen_at="known_at",
            seen_source="source",
            book_hold="hold",
        )
    )
    return (
        bets.join(chosen, on="bet_id", how="left", maintain_order="left")
        .with_columns(
            price_seen=pl.col("price_seen").fill_null("not known"),
            price_seen_reason=pl.when(pl.col("price_seen").is_null()).then(_reason()),
        )
        .select(*bets.columns, *(pl.col(name).cast(kind) for name, kind in SEEN_SCHEMA.items()))
    )


def _tolerance(bets: pl.DataFrame) -> np.ndarray:
    """How far decimal odds may lie from the American ones that they stand for: -110 is 1.909, written 1.91 or 1.90."""
    digits = bets["price"].str.extract(r"[.,](\d+)$").str.len_chars().fill_null(0).to_numpy()
    rounded = np.where(digits >= 2, 10.0 ** -digits.astype(np.float64), 0.5 * 10.0 ** -digits.astype(np.float64))
    return np.where((bets["price_format"] == "decimal").to_numpy(), rounded, 0.0) + 1e-9


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("placed_at").is_null())
        .then(pl.lit("no time of the day at which the bet was placed"))
        .when(pl.col("book").is_null())
        .then(pl.lit("no sportsbook is named"))
        .when(pl.col("book_keys").list.len() == 0)
        .then(pl.format("{} is no sportsbook that the platform knows", "book"))
        .when(pl.col("game_key").is_null())
        .then(pl.lit("the bet is tied to no game"))
        .otherwise(
            pl.format(
                "no {} of {} at this line was known within 90 minutes before the bet",
                "market",
                "book",
            )
        )
    )
