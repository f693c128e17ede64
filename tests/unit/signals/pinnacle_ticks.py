"""Pinnacle's season of 2016 from its tick archive, without a warehouse: both sides of each snapshot together, repeats
left out. The numbers of the archive's events stand for the games' keys."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from dagster_mlb.market.frames import GAMES, STATES
from dagster_mlb.market.levels import market_level
from dagster_mlb.market.no_vig import hold, no_vig
from dagster_mlb.market.odds import implied_from_american

TICKS = "ticks/pinnacle_2016.csv.gz"
_COLUMNS = ["event_ref", "official_date", "commence_time", "market", "side", "line", "price", "observed_at"]


def pinnacle_2016(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(``STATES``, ``GAMES``)."""
    rows = read_ticks(path).with_columns(pl.col("observed_at", "commence_time").str.to_datetime(time_zone="UTC"))
    key = ["event_ref", "market", "observed_at"]
    first = pl.col("side").is_in(["home", "over"])
    one, two = (rows.filter(which).unique(key, keep="last", maintain_order=True) for which in (first, ~first))
    both = one.join(two.select(*key, price_2="price"), on=key).sort(key)
    told = pl.struct("line", "price", "price_2")
    both = both.filter((told != told.shift()).fill_null(value=True).over("event_ref", "market"))
    q_1, q_2 = (implied_from_american(both[name].cast(pl.Float64).to_numpy()) for name in ("price", "price_2"))
    p = no_vig(q_1, q_2)
    line = both["line"].to_numpy().astype(float)
    states = both.select(
        game_key="event_ref",
        market="market",
        source=pl.lit("pinnacle_archive"),
        book=pl.lit("pinnacle"),
        known_at="observed_at",
        line="line",
        price_1="price",
        price_2="price_2",
        probability_1=pl.Series(p).fill_nan(None),
        level=pl.Series(market_level(both["market"].to_numpy().astype(str), p, line)).fill_nan(None),
        hold=pl.Series(hold(q_1, q_2)).fill_nan(None),
        is_open=pl.Series((q_1 + q_2 > 0.97) & (q_1 + q_2 < 1.15)),
        label=pl.lit(None),
        moment_assumed=pl.lit(value=False),
        capture=pl.lit("backfilled"),
        provenance=pl.lit("archive"),
        load_id=pl.lit(1),
    )
    games = rows.group_by(game_key="event_ref").agg(
        starts_at=pl.col("commence_time").last(),
        official_date=pl.col("official_date").last().str.to_date(),
        season=pl.lit(2016),
        provenance=pl.lit("archive"),
    )
    return states.cast(STATES), games.cast(GAMES)  # type: ignore[arg-type]


def read_ticks(path: Path) -> pl.DataFrame:
    kinds = {"event_ref": pl.Int64, "line": pl.Float64, "price": pl.Int32}
    return pl.read_csv(path, columns=_COLUMNS, schema_overrides=kinds)
