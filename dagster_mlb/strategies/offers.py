"""From the as-of frame to the offers a strategy chooses among: one row per game and side, at one book or the best
price.

Only selection among quoted prices happens here; what to bet is the families' business.
"""

from __future__ import annotations

import polars as pl

from dagster_mlb.strategies.protocol import BET_SCHEMA

_CARRIED = ["game_key", "decision", "source", "book"]


def side_offers(frame: pl.DataFrame, book: str = "benchmark") -> pl.DataFrame:
    """Both sides of each game that can be bet under the rule ``book``, one row per game and side, ordered by both.

    Columns: game_key, decision, side (*home*, *away*), source, book, price_american, price_decimal,
    market_probability and model_probability of that side. ``book`` is *benchmark* (the frame's sharpest book with
    both sides quoted, one per game), *best* (the highest price over books, each side for itself; among equals the
    sharper book) or the name of one book.
    """
    quoted = frame.filter(pl.col("home_price").is_not_null() & pl.col("away_price").is_not_null())
    by_sharpness = quoted.sort(
        ["game_key", "is_benchmark", "age_minutes", "source", "book"],
        descending=[False, True, False, False, False],
        nulls_last=True,
    )
    match book:
        case "benchmark":
            chosen = by_sharpness.unique("game_key", keep="first", maintain_order=True)
            return _both_sides(chosen, chosen)
        case "best":
            home = by_sharpness.sort("home_price_decimal", descending=True, maintain_order=True)
            away = by_sharpness.sort("away_price_decimal", descending=True, maintain_order=True)
            return _both_sides(
                home.unique("game_key", keep="first", maintain_order=True),
                away.unique("game_key", keep="first", maintain_order=True),
            )
        case _:
            chosen = by_sharpness.filter(pl.col("book") == book)
            chosen = chosen.unique("game_key", keep="first", maintain_order=True)
            return _both_sides(chosen, chosen)


def _both_sides(home: pl.DataFrame, away: pl.DataFrame) -> pl.DataFrame:
    home_side = home.select(
        *_CARRIED,
        side=pl.lit("home"),
        price_american="home_price",
        price_decimal="home_price_decimal",
        market_probability="market_home_probability",
        model_probability="model_home_probability",
    )
    away_side = away.select(
        *_CARRIED,
        side=pl.lit("away"),
        price_american="away_price",
        price_decimal="away_price_decimal",
        market_probability=1 - pl.col("market_home_probability"),
        model_probability=1 - pl.col("model_home_probability"),
    )
    return pl.concat([home_side, away_side]).sort("game_key", "side")


def as_bets(
    offers: pl.DataFrame,
    *,
    stake: float,
    reason: pl.Expr,
    probability: pl.Expr | None = None,
    strength: pl.Expr | None = None,
) -> pl.DataFrame:
    """Chosen offers as moneyline bets (``BET_SCHEMA``), one per row, all of the same stake."""
    missing = pl.lit(None, dtype=pl.Float64)
    return offers.select(
        "game_key",
        "decision",
        market=pl.lit("moneyline"),
        side="side",
        source="source",
        book="book",
        line=missing,
        price_american="price_american",
        price_decimal="price_decimal",
        stake=pl.lit(stake),
        probability=missing if probability is None else probability,
        strength=missing if strength is None else strength,
        reason=reason,
    ).cast(BET_SCHEMA)  # type: ignore[arg-type]
