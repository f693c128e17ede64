"""Both sides of every game of an archive with labels, at its opening and its closing price: what they returned and what
their closing value had said.

The whole market is bet, so nothing is selected: the mean return is what the archive charges, and the slope of return on
EV-CLV says whether closing line value is worth its face.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from dagster_mlb.market.clv import ev_clv
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.figures.summary import return_on_turnover, summarise
from dagster_mlb.strategies.settling.settlement import settle

if TYPE_CHECKING:
    from dagster_mlb.strategies.backtest import Outcomes

#: Columns that are read of ``curated.moneylines``, of sources with labels.
MONEYLINE_COLUMNS: Final = (
    *("game_key", "season", "official_date", "source", "book", "provenance"),
    *("open_home_price", "open_away_price", "open_at", "open_hold", "open_home_probability"),
    *("close_home_price", "close_away_price", "close_at", "close_hold", "close_home_probability"),
)
#: Edges of the bins of EV-CLV (betting_domain §2.5).
EV_CLV_EDGES: Final = (-0.15, -0.10, -0.06, -0.03, -0.015, 0.0, 0.015, 0.03, 0.06, 0.10)

BIN_SCHEMA: Final = {
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "ev_clv": pl.Float64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
}


def sides_of_archive(moneylines: pl.DataFrame, outcomes: Outcomes, now: datetime) -> pl.DataFrame:
    """Both sides of every game at both moments, settled: one row per game × side × ``moment`` (open, close), a unit on
    each.

    ``moneylines``: ``MONEYLINE_COLUMNS``. Games that lack one of their four prices are left out, so that open and close
    are of the same games. ``move`` is the change of the side's no-vig probability from open to close; ``ev_clv`` is
    against the archive's own close, at the close itself it is the hold that the price carries. Also: price_decimal,
    hold, close_probability, beat_close, is_circular_close, result, profit.
    """
    complete = moneylines.filter(pl.all_horizontal(pl.col(MONEYLINE_COLUMNS).is_not_null()))
    parts = [_side(complete, moment, side) for moment in ("open", "close") for side in ("home", "away")]
    sides = settle(pl.concat(parts), outcomes.games, outcomes.results, now)
    value = pl.Series("ev_clv", ev_clv(sides["price_decimal"].to_numpy(), sides["close_probability"].to_numpy()))
    return sides.with_columns(value.fill_nan(None), is_circular_close=pl.lit(value=True)).with_columns(
        beat_close=pl.col("ev_clv") > 0
    )


def _side(complete: pl.DataFrame, moment: str, side: str) -> pl.DataFrame:
    def chance(when: str) -> pl.Expr:
        home = pl.col(f"{when}_home_probability")
        return home if side == "home" else 1 - home

    return complete.select(
        "game_key",
        "season",
        "official_date",
        "source",
        "book",
        "provenance",
        moment=pl.lit(moment),
        decision_at=f"{moment}_at",
        market=pl.lit("moneyline"),
        side=pl.lit(side),
        line=pl.lit(None, dtype=pl.Float64),
        price_decimal=pl.Series(american_to_decimal(complete[f"{moment}_{side}_price"].cast(pl.Float64).to_numpy())),
        stake=pl.lit(1.0),
        hold=pl.col(f"{moment}_hold"),
        close_probability=chance("close"),
        move=chance("close") - chance("open"),
    )


def value_by_season(sides: pl.DataFrame) -> pl.DataFrame:
    """Both sides at the open, per season and pooled (season NULL, last row): season, n, hold, and of ``BetSummary``
    roi, roi_se, ev_clv, ev_clv_se, clv_slope, clv_slope_se, beat_close_rate. Empty where there are no sides.
    """
    opening = sides.filter(pl.col("moment") == "open")
    figures = ("n", "roi", "roi_se", "ev_clv", "ev_clv_se", "clv_slope", "clv_slope_se", "beat_close_rate")
    rows = []
    for season in [*opening["season"].unique().sort(), None] if opening.height else []:
        part = opening if season is None else opening.filter(pl.col("season") == season)
        told = summarise(part).as_dict()
        rows.append({"season": season, "hold": part["hold"].mean(), **{name: told[name] for name in figures}})
    return pl.DataFrame(rows, infer_schema_length=None)


def value_by_bin(sides: pl.DataFrame, edges: Sequence[float] = EV_CLV_EDGES) -> pl.DataFrame:
    """Return by bin of EV-CLV, at the open (``BIN_SCHEMA``): the outer bins reach to infinity; errors by date."""
    played = sides.filter((pl.col("moment") == "open") & pl.col("result").is_in(["win", "loss", "push"]))
    bounds = [-np.inf, *edges, np.inf]
    rows = []
    for low, high in pairwise(bounds):
        part = played.filter((pl.col("ev_clv") >= low) & (pl.col("ev_clv") < high))
        if part.is_empty():
            continue
        roi = return_on_turnover(
            part["profit"].to_numpy(), part["stake"].to_numpy(), part["official_date"].cast(pl.Int32).to_numpy()
        )
        rows.append((low, high, part.height, part["ev_clv"].mean(), roi.value, roi.se))
    return pl.DataFrame(rows, schema=BIN_SCHEMA, orient="row").fill_nan(None)
