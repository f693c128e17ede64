"""Retail prices against the sharp book's, where several books were seen at once: what each charges, and what its prices
are worth at the sharp book's no-vig price of the same snapshot and at another archive's close.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.market.clv import ev_clv
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.figures.estimates import clustered_mean
from dagster_mlb.strategies.figures.summary import summarise
from dagster_mlb.strategies.settling.settlement import settle

if TYPE_CHECKING:
    from dagster_mlb.strategies.history import Outcomes

SHARP: Final = "pinnacle"
BEST: Final = "the best of them"
SCHEMA: Final = {
    "book": pl.String,
    "n": pl.Int64,  # sides
    "hold": pl.Float64,
    "ev_sharp": pl.Float64,  # at the sharp book's no-vig price of the same snapshot
    "ev_sharp_se": pl.Float64,
    "ev_clv": pl.Float64,  # at another archive's close
    "ev_clv_se": pl.Float64,
    "n_clv": pl.Int64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
    "better_share": pl.Float64,  # of sides that pay more than the sharp book's no-vig price asks
}


def retail_table(offers: pl.DataFrame, closes: pl.DataFrame, outcomes: Outcomes, now: datetime) -> pl.DataFrame:
    """Both sides of every moneyline at each book's last price, and at the best of all that were quoted with the sharp
    one (``SCHEMA``).

    ``offers``: ``OFFER_SCHEMA`` of one decision; games without the sharp book are left out. ``closes``: game_key,
    close_home_probability of another archive.
    """
    quoted = offers.filter(
        (pl.col("market") == "moneyline") & pl.col("price_1").is_not_null() & pl.col("price_2").is_not_null()
    )
    sharp = quoted.filter(pl.col("book") == SHARP).select("game_key", _sharp="probability_1")
    beside = quoted.join(sharp, on="game_key", how="inner").join(
        closes.select("game_key", _close="close_home_probability"), on="game_key", how="left"
    )
    sides = pl.concat([_side(beside, "home"), _side(beside, "away")])
    best = sides.sort("price_decimal", descending=True, maintain_order=True).unique(
        ["game_key", "side"], keep="first", maintain_order=True
    )
    settled = settle(
        pl.concat([sides, best.with_columns(book=pl.lit(BEST), hold=pl.lit(None, dtype=pl.Float64))]),
        outcomes.games,
        outcomes.results,
        now,
    )
    rows = [_told(str(book), part) for (book,), part in settled.group_by("book", maintain_order=True) if part.height]
    return pl.DataFrame(rows, schema=SCHEMA).sort(
        pl.col("book").replace_strict({SHARP: 0, BEST: 2}, default=1, return_dtype=pl.Int8), "book"
    )


def _side(beside: pl.DataFrame, side: str) -> pl.DataFrame:
    def chance(name: str) -> pl.Expr:
        return (pl.col(name) if side == "home" else 1 - pl.col(name)).cast(pl.Float64)

    decimal = american_to_decimal(beside["price_1" if side == "home" else "price_2"].cast(pl.Float64).to_numpy())
    told = beside.select(
        *("game_key", "season", "official_date", "source", "book", "decision_at", "market", "hold"),
        side=pl.lit(side),
        line=pl.lit(None, dtype=pl.Float64),
        stake=pl.lit(1.0),
        sharp=chance("_sharp"),
        close_probability=chance("_close"),
        is_circular_close=pl.lit(value=False),
    ).with_columns(pl.Series("price_decimal", decimal))
    return told.with_columns(
        pl.Series("ev_sharp", ev_clv(decimal, told["sharp"].to_numpy())).fill_nan(None),
        pl.Series("ev_clv", ev_clv(decimal, told["close_probability"].to_numpy())).fill_nan(None),
    ).with_columns(beat_close=pl.col("ev_clv") > 0)


def _told(book: str, sides: pl.DataFrame) -> Mapping[str, Any]:
    summary = summarise(sides)
    value = clustered_mean(sides["ev_sharp"].to_numpy(), sides["official_date"].cast(pl.Int32).to_numpy())
    return {
        "book": book,
        "n": sides.height,
        "hold": sides["hold"].mean(),
        "ev_sharp": value.value,
        "ev_sharp_se": value.se,
        "ev_clv": summary.ev_clv,
        "ev_clv_se": summary.ev_clv_se,
        "n_clv": summary.n_clv,
        "roi": summary.roi,
        "roi_se": summary.roi_se,
        "better_share": float((sides["ev_sharp"] > 0).mean() or 0.0),  # type: ignore[arg-type]
    }
