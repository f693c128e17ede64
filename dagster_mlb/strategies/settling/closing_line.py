"""What each bet was worth at the close: EV-CLV against the benchmark's no-vig closing probability, in all markets.

EV-CLV = d · P(win) + P(push) − 1 with the decimal price d that was taken (``betting_domain`` §2.5). The market's no-vig
probability (odds ratio) is given no push; the chance of a push on a whole line comes from the game's run distribution
at its close (``closing_runs.py``) and is nothing on a half line. ``clv_method``:

==============  ======================================================================================================
*same_line*     the line taken is the closing line (a moneyline always is)
*repriced*      the line has moved: the line taken is priced on the run distribution, shifted in logit by what the
                closing market of that line says against it, so that it gives back the closing line and price
==============  ======================================================================================================

A bet without a value keeps NULL and the reason why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.market.clv import ev_clv_of_line, price_clv, probability_clv
from dagster_mlb.market.odds import FloatArray, american_to_decimal, cents_distance
from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, LeakageError, Schema
from dagster_mlb.strategies.settling.closing_runs import ClosingRuns

#: The benchmark's close, one row per game and market. ``line``: the home side's, or the total; ``probability_1``: of
#: home or over, no-vig, given no push; ``starts_at``: first pitch, NULL where nobody told it.
CLOSE_SCHEMA: Final[Schema] = {
    "game_key": pl.Int64,
    "market": pl.String,
    "line": pl.Float64,
    "probability_1": pl.Float64,
    "price_1": pl.Float64,  # American
    "price_2": pl.Float64,
    "source": pl.String,
    "book": pl.String,
    "close_at": UTC_TIMESTAMP,
    "age_minutes": pl.Float64,  # of the price, at first pitch; NULL for a label
    "starts_at": UTC_TIMESTAMP,
}
#: What a bet is told of its close, all from the side's own point of view.
VALUE_SCHEMA: Final[Schema] = {
    "close_probability": pl.Float64,  # of the line taken, given no push
    "push_probability": pl.Float64,
    "ev_clv": pl.Float64,
    "clv_method": pl.String,
    "beat_close": pl.Boolean,  # ev_clv above 0
    "is_circular_close": pl.Boolean,  # the close is of the book that was bet, whose own error cannot show
    "price_clv": pl.Float64,  # d / d_close - 1, on the same line
    "log_clv": pl.Float64,  # ln(1 + ev_clv)
    "probability_clv": pl.Float64,  # 1/d_close - 1/d, on the same line
    "cents_clv": pl.Float64,  # American cents across even money, on the same line
    "line_clv": pl.Float64,  # runs better than the closing line; NULL for a moneyline
    "close_line": pl.Float64,
    "close_price_american": pl.Float64,
    "close_source": pl.String,
    "close_book": pl.String,
    "close_at": UTC_TIMESTAMP,
    "missing_close_reason": pl.String,
}


def no_closes() -> pl.DataFrame:
    return pl.DataFrame(schema=CLOSE_SCHEMA)


def refuse_late_closes(closes: pl.DataFrame) -> None:
    """Raise ``ValueError`` for two closes of one game and market, ``LeakageError`` for one from after first pitch."""
    if closes.select("game_key", "market").is_duplicated().any():
        raise ValueError(
            "more than one benchmark close for a game and market: is_benchmark must be unique there in "
            "curated.moneylines, spreads and totals"
        )
    late = closes.filter(pl.col("close_at") > pl.col("starts_at"))
    if not late.is_empty():
        first = late.row(0, named=True)
        raise LeakageError(
            f"{late.height} benchmark closes are of after first pitch; first: game_key {first['game_key']}, "
            f"{first['market']}, {first['close_at']} after {first['starts_at']}: an in-play price is no close"
        )


def with_closing_value(
    bets: pl.DataFrame, closes: pl.DataFrame, now: datetime, runs: ClosingRuns | None = None
) -> pl.DataFrame:
    """``bets`` with the columns of ``VALUE_SCHEMA`` added; their order stays.

    ``bets`` needs game_key, market, side, line, price_decimal, source, book; a bet without a price was not filled and
    has no value. ``closes`` (``CLOSE_SCHEMA``): a close later than ``now`` has not happened. ``runs``: the
    distributions of ``closes``, where the caller keeps them from one list of bets to the next.
    """
    refuse_late_closes(closes)
    joined = _with_closes(bets, closes, now)
    is_valued = pl.col("_has_close") & pl.col("price_decimal").is_not_null()
    told = joined.select(
        "game_key",
        "market",
        is_valued=is_valued,
        is_same=pl.col("_same_line"),
        sign=pl.when(pl.col("side").is_in(["home", "over"])).then(1.0).otherwise(-1.0),
        line_1=pl.when(pl.col("side") == "away").then(-pl.col("line")).otherwise("line").cast(pl.Float64),
        close_1="_close_line_1",
        probability_1="_close_probability_1",
    )
    fair_1, push, why = _at_the_close(told, runs or ClosingRuns(closes.filter(pl.col("close_at") <= now)))
    is_first = told["sign"].to_numpy() > 0
    fair = np.where(is_first, fair_1, 1.0 - fair_1)
    decimal = _floats(joined["price_decimal"])
    value = ev_clv_of_line(decimal, fair * (1.0 - push), push)
    close_decimal = american_to_decimal(_floats(joined["_close_american"]))
    same = told["is_same"].fill_null(value=False).to_numpy() & told["is_valued"].to_numpy()
    cents = cents_distance(_american_of(joined, decimal), _floats(joined["_close_american"]))

    def on_same_line(values: FloatArray) -> pl.Series:
        return pl.Series(np.where(same, values, np.nan)).fill_nan(None)

    valued = joined.with_columns(
        pl.Series("_value", value).fill_nan(None),
        pl.Series("_fair", fair).fill_nan(None),
        pl.Series("_push", push).fill_nan(None),
        pl.Series("_why", why, dtype=pl.String),
        on_same_line(price_clv(decimal, close_decimal)).alias("_price_clv"),
        on_same_line(probability_clv(decimal, close_decimal)).alias("_probability_clv"),
        on_same_line(cents).alias("_cents"),
    )
    has_value = pl.col("_value").is_not_null()
    line_gain = pl.when(pl.col("side") == "over").then(-1.0).otherwise(1.0) * (pl.col("line") - pl.col("_close_line"))
    return valued.with_columns(
        close_probability=pl.when(has_value).then("_fair"),
        push_probability=pl.when(has_value).then("_push"),
        ev_clv="_value",
        clv_method=pl.when(has_value).then(
            pl.when(pl.col("_same_line")).then(pl.lit("same_line")).otherwise(pl.lit("repriced"))
        ),
        beat_close=pl.col("_value") > 0,
        is_circular_close=pl.when(has_value).then(
            (pl.col("_close_source") == pl.col("source")) & (pl.col("_close_book") == pl.col("book"))
        ),
        price_clv="_price_clv",
        log_clv=pl.col("_value").log1p(),
        probability_clv="_probability_clv",
        cents_clv="_cents",
        line_clv=pl.when(is_valued & (pl.col("market") != "moneyline")).then(line_gain),
        close_line=pl.when(pl.col("_has_close")).then("_close_line"),
        close_price_american=pl.when(pl.col("_has_close")).then("_close_american"),
        close_source=pl.when(pl.col("_has_close")).then("_close_source"),
        close_book=pl.when(pl.col("_has_close")).then("_close_book"),
        close_at=pl.when(pl.col("_has_close")).then("_close_at"),
        missing_close_reason=pl.when(~has_value).then(_missing_reason()),
    ).select(*bets.columns, *(pl.col(name).cast(kind) for name, kind in VALUE_SCHEMA.items()))


def _with_closes(bets: pl.DataFrame, closes: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Every bet with its market's close: ``_close_line_1``, ``_close_probability_1`` of side 1, the rest of its own."""
    happened = closes.select(
        "game_key",
        "market",
        pl.col("source").alias("_close_source"),
        pl.col("book").alias("_close_book"),
        pl.col("line").cast(pl.Float64).alias("_close_line_1"),
        pl.col("probability_1").alias("_close_probability_1"),
        pl.col("price_1", "price_2").cast(pl.Float64).name.prefix("_close_"),
        pl.col("close_at").alias("_close_at"),
    )
    is_first = pl.col("side").is_in(["home", "over"])
    is_past = (pl.col("_close_at") <= now).fill_null(value=False)
    own_line = pl.when(pl.col("side") == "away").then(-pl.col("_close_line_1")).otherwise("_close_line_1")
    return (
        bets.join(happened, on=["game_key", "market"], how="left", maintain_order="left")
        .with_columns(
            _is_past=is_past,
            _has_close=is_past & pl.col("_close_probability_1").is_not_null(),
            _close_line=own_line,
            _close_american=pl.when(is_first).then("_close_price_1").otherwise("_close_price_2"),
        )
        .with_columns(
            _same_line=(pl.col("market") == "moneyline")
            | ((pl.col("line") - pl.col("_close_line")).abs() < 1e-9).fill_null(value=False)
        )
    )


def _at_the_close(told: pl.DataFrame, runs: ClosingRuns) -> tuple[FloatArray, FloatArray, list[str | None]]:
    """Side 1's chance on the line taken given no push, the chance of a push, and why either is not known."""
    close_fair = _floats(told["probability_1"])
    line, close_line = _floats(told["line_1"]), _floats(told["close_1"])
    market, keys = told["market"].to_numpy(), told["game_key"].to_numpy()
    is_valued, is_same = told["is_valued"].to_numpy(), told["is_same"].fill_null(value=False).to_numpy()
    fair = np.where(is_valued & is_same, close_fair, np.nan)
    push = np.where(is_valued, 0.0, np.nan)
    why: list[str | None] = [None] * len(line)
    with np.errstate(invalid="ignore"):
        is_whole = np.mod(line, 1.0) == 0.0
    for name in ("spread", "total"):
        rows = np.flatnonzero(is_valued & (market == name) & (is_whole | ~is_same))
        if not rows.size:
            continue
        taken = runs.at(name, keys[rows], line[rows])
        at_close = runs.at(name, keys[rows], close_line[rows])
        with np.errstate(all="ignore"):
            shift = _logit(close_fair[rows]) - _logit(at_close.fair)
            repriced = 1.0 / (1.0 + np.exp(-_logit(taken.fair) - shift))
        fair[rows] = np.where(is_same[rows], close_fair[rows], repriced)
        push[rows] = taken.push
        lost = rows[np.isnan(fair[rows]) | np.isnan(push[rows])]
        for row, reason in zip(lost, runs.why_missing(keys[lost]), strict=True):
            need = "the chance of a push is not known" if is_same[row] else "the line moved and cannot be repriced"
            why[row] = f"{need}: {reason or 'the line lies outside the run distribution'}"
    return fair, push, why


def _missing_reason() -> pl.Expr:
    return (
        pl.when(pl.col("price_decimal").is_null())
        .then(pl.lit("the bet was not filled"))
        .when(pl.col("_close_book").is_null())
        .then(pl.lit("no book has a benchmark close for this market of the game"))
        .when(pl.col("_close_probability_1").is_null() & pl.col("_close_at").is_null())
        .then(pl.lit("the benchmark book has no close, or not yet"))
        .when(pl.col("_close_probability_1").is_null())
        .then(pl.lit("the benchmark's close lacks a side"))
        .when(pl.col("_close_at").is_null())
        .then(pl.lit("nobody knows when the close was"))
        .when(~pl.col("_is_past"))
        .then(pl.lit("the game has not begun"))
        .otherwise(pl.col("_why").fill_null("the close is no price that a bet can be valued at"))
    )


def _american_of(bets: pl.DataFrame, decimal: FloatArray) -> FloatArray:
    """American prices of the bets: the quoted ones where they are there, so that no rounding comes in."""
    if "price_american" in bets.columns:
        return _floats(bets["price_american"])
    from dagster_mlb.market.odds import decimal_to_american

    return decimal_to_american(decimal)


def _floats(values: pl.Series) -> FloatArray:
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _logit(p: FloatArray) -> FloatArray:
    return np.log(p) - np.log1p(-p)
