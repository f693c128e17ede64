"""Both sides of every game at the open: what they returned and what their closing value had said.

The whole market is bet, so nothing is selected: the mean return is minus the hold, and a slope of return on EV-CLV
near one says that closing line value is worth its face.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.figures.summary import summarise
from dagster_mlb.strategies.history import Outcomes
from dagster_mlb.strategies.settling.closing_line import CLOSE_SCHEMA, with_closing_value
from dagster_mlb.strategies.settling.settlement import settle

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

_BOTH_SIDES_SQL = """
select game_key, season, official_date, source, book, open_home_price, open_away_price, open_at,
       close_home_price, close_away_price, close_home_probability, close_at
from curated.moneylines
where source = %s
"""


def both_sides_at_open(
    settings: Settings, seasons: set[int] | None = None, source: str = "sbr_archive"
) -> pl.DataFrame:
    """Both sides of every game at the source's opening price: what they returned and what their closing value said.

    See ``both_sides_table`` for the columns. Read from the warehouse as it stands at ``settings.now()``.
    """
    from dagster_mlb.warehouse.frames import read_frame

    moneylines = read_frame(settings, _BOTH_SIDES_SQL, [source])
    if seasons is not None:
        moneylines = moneylines.filter(pl.col("season").is_in(sorted(seasons)))
    return both_sides_table(moneylines, Outcomes.read(settings), settings.now())


def both_sides_table(moneylines: pl.DataFrame, outcomes: Outcomes, now: datetime) -> pl.DataFrame:
    """Per season and pooled (season NULL, last row): n, roi, roi_se, ev_clv, ev_clv_se, clv_slope, clv_slope_se,
    beat_close_rate.

    ``moneylines``: game_key, season, official_date, source, book, open_home_price, open_away_price, open_at,
    close_home_probability, close_at; one row per game. Games without all four prices are left out. The close is the
    source's own.
    """
    complete = moneylines.filter(
        pl.all_horizontal(pl.col("open_home_price", "open_away_price", "close_home_probability").is_not_null())
    )
    sides = [
        complete.select(
            "game_key",
            "season",
            "official_date",
            "source",
            "book",
            decision_at="open_at",
            market=pl.lit("moneyline"),
            side=pl.lit(side),
            line=pl.lit(None, dtype=pl.Float64),
            price_decimal=pl.Series(american_to_decimal(complete[f"open_{side}_price"].cast(pl.Float64).to_numpy())),
            stake=pl.lit(1.0),
        )
        for side in ("home", "away")
    ]
    told = complete.select(
        "game_key", "source", "book", "close_at", market=pl.lit("moneyline"), probability_1="close_home_probability"
    )
    unknown = {name: pl.lit(None, dtype=kind) for name, kind in CLOSE_SCHEMA.items() if name not in told.columns}
    closes = told.with_columns(**unknown).select(CLOSE_SCHEMA.keys())
    valued = with_closing_value(settle(pl.concat(sides), outcomes.games, outcomes.results, now), closes, now)
    figures = ["n", "roi", "roi_se", "ev_clv", "ev_clv_se", "clv_slope", "clv_slope_se", "beat_close_rate"]
    rows = []
    for season in [*sorted(valued["season"].unique()), None]:
        part = valued if season is None else valued.filter(pl.col("season") == season)
        summary = summarise(part).as_dict()
        rows.append({"season": season, **{name: summary[name] for name in figures}})
    return pl.DataFrame(rows, infer_schema_length=None)
