"""What is left of a price after it jumped: the value at the close of the price before the jump, at its detection, and
after so many seconds.

For jumps of *one* book, from its own ticks. That is not steam, which is several books moving together; where only one
book's ticks are stored, steam cannot be seen. The price before the jump is an *oracle*: whoever saw the jump could not
have it any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.market.clv import ev_clv
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.figures.summary import summarise
from dagster_mlb.strategies.settling.settlement import settle

if TYPE_CHECKING:
    from dagster_mlb.strategies.backtest import Outcomes

#: Seconds from detection to fill.
LATENCIES: Final = (0, 60, 300, 900)

SCHEMA: Final = {
    "moment": pl.String,  # before, or the seconds after detection
    "latency": pl.Int64,  # NULL: before the jump
    "n": pl.Int64,
    "not_filled": pl.Int64,  # no price any more: the game had begun, or the market was closed
    "hold": pl.Float64,
    "ev_clv": pl.Float64,
    "ev_clv_se": pl.Float64,
    "ev_clv_other": pl.Float64,  # against another source's close of the same games
    "ev_clv_other_se": pl.Float64,
    "n_other": pl.Int64,
    "roi": pl.Float64,
    "roi_se": pl.Float64,
    "beat_close_rate": pl.Float64,
}
_BOOK = ("game_key", "source", "book")


def latency_table(
    jumps: pl.DataFrame,
    states: pl.DataFrame,
    outcomes: Outcomes,
    now: datetime,
    *,
    other_closes: pl.DataFrame | None = None,
    latencies: Sequence[int] = LATENCIES,
) -> pl.DataFrame:
    """One row per moment (``SCHEMA``): a unit on the side that each jump points to, at the price that stood then.

    ``jumps``: game_key, side, detected_at, window_minutes, source, book, of moneylines. ``states``: game_key, source,
    book, known_at, price_1, price_2, probability_1, hold, is_open, starts_at, of moneylines; nothing from ``starts_at``
    on is looked at. ``outcomes.games`` needs season and official_date. The close is the same book's last open
    price: circular, so the return by results and, where ``other_closes`` (game_key, close_home_probability) is given,
    the value at another source's close stand beside it.
    """
    standing = states.filter(pl.col("known_at") < pl.col("starts_at")).sort("known_at")
    if jumps.is_empty() or standing.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    closes = standing.filter("is_open").group_by(_BOOK).agg(close_home_probability=pl.col("probability_1").last())
    moments: list[tuple[str, int | None, pl.Expr]] = [
        ("before", None, pl.col("detected_at") - pl.duration(minutes=pl.col("window_minutes")))
    ]
    moments += [
        ("detection" if not seconds else "after", seconds, pl.col("detected_at") + pl.duration(seconds=seconds))
        for seconds in latencies
    ]
    told = jumps.select(*_BOOK, "side", "detected_at", "window_minutes")
    rows = []
    for moment, latency, asked_at in moments:
        priced = _price_at(told.with_columns(asked_at=asked_at), standing)
        filled = priced.filter(pl.col("is_open").fill_null(value=False) & (pl.col("asked_at") < pl.col("starts_at")))
        valued = _valued(filled, closes, other_closes, outcomes, now)
        of_other = valued.drop_nulls("ev_clv_other").with_columns(ev_clv=pl.col("ev_clv_other"))
        own, other = summarise(valued), summarise(of_other)
        rows.append(
            {
                "moment": moment,
                "latency": latency,
                "n": own.n,
                "not_filled": told.height - filled.height,
                "hold": valued["hold"].mean(),
                "ev_clv": own.ev_clv,
                "ev_clv_se": own.ev_clv_se,
                "ev_clv_other": other.ev_clv,
                "ev_clv_other_se": other.ev_clv_se,
                "n_other": other.n_clv,
                "roi": own.roi,
                "roi_se": own.roi_se,
                "beat_close_rate": own.beat_close_rate,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def moment_in_words(row: Mapping[str, Any]) -> str:
    """Whose price a row of ``latency_table`` is about."""
    if row["moment"] == "before":
        return "ORACLE: before the jump"
    return "at its detection" if row["latency"] == 0 else f"{row['latency']:,} s later"


def _price_at(asked: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """``asked`` with the state of its own book that stood at ``asked_at``; NULL where none was known by then."""
    return asked.sort("asked_at").join_asof(
        standing.select(*_BOOK, "known_at", "price_1", "price_2", "hold", "is_open", "starts_at"),
        left_on="asked_at",
        right_on="known_at",
        by=list(_BOOK),
        strategy="backward",
        check_sortedness=False,
    )


def _valued(
    filled: pl.DataFrame,
    closes: pl.DataFrame,
    other_closes: pl.DataFrame | None,
    outcomes: Outcomes,
    now: datetime,
) -> pl.DataFrame:
    """The fills as settled unit bets with their closing value at either close."""
    if other_closes is None:
        other_closes = pl.DataFrame(schema={"game_key": pl.Int64, "close_home_probability": pl.Float64})
    is_home = pl.col("side") == "home"
    bets = (
        filled.join(closes, on=_BOOK, how="left")
        .join(other_closes.select("game_key", _other="close_home_probability"), on="game_key", how="left")
        .join(outcomes.games.select("game_key", "season", "official_date"), on="game_key", how="inner")
        .select(
            "game_key",
            "season",
            "official_date",
            "source",
            "book",
            "side",
            "hold",
            decision_at="asked_at",
            market=pl.lit("moneyline"),
            line=pl.lit(None, dtype=pl.Float64),
            american=pl.when(is_home).then("price_1").otherwise("price_2"),
            stake=pl.lit(1.0),
            close_probability=_of_side("close_home_probability"),
            _other=_of_side("_other"),
        )
    )
    decimal = american_to_decimal(bets["american"].cast(pl.Float64).to_numpy())
    valued = bets.with_columns(
        pl.Series("price_decimal", decimal),
        pl.Series("ev_clv", ev_clv(decimal, bets["close_probability"].to_numpy())).fill_nan(None),
        pl.Series("ev_clv_other", ev_clv(decimal, bets["_other"].cast(pl.Float64).to_numpy())).fill_nan(None),
        is_circular_close=pl.lit(value=True),
    )
    settled = settle(valued, outcomes.games, outcomes.results, now)
    return settled.with_columns(beat_close=pl.col("ev_clv") > 0)


def _of_side(home: str) -> pl.Expr:
    return pl.when(pl.col("side") == "home").then(pl.col(home)).otherwise(1 - pl.col(home)).cast(pl.Float64)
