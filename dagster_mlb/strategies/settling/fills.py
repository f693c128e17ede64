"""What a bet got: the price that stood at its book when the bet arrived there, some seconds after the decision.

A bet is decided at the price on the screen and filled at the first one obtainable: the state of its source and book at
``decision_at + latency``, if that is before first pitch and the market was open. Nothing known later can change a fill.

============  =========================================================================================================
*label*       an archive's open or close: the only price there is, got as it was printed
*standing*    the price of the screen still stood
*moved*       it had changed in between: the bet is at the new price, and on the new line
*unfilled*    there was nothing to get; ``unfilled_reason`` says why
============  =========================================================================================================

A decision at the *close* is the last price itself: seconds later the game has begun. It is got as it stood, and is a
benchmark rather than a bet that could have been made. Where the moment of arrival is still to come (today's slate) the
price that stands now is taken; a later run says what it became.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from dagster_mlb.market.frames import STATES
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.protocol import BET_SCHEMA, UTC_TIMESTAMP, Schema

#: What a fill reads of a state (``market/frames.STATES``) and of a game.
STATE_COLUMNS: Final = ("game_key", "market", "source", "book", "known_at", "line", "price_1", "price_2", "is_open")
FILL_SCHEMA: Final[Schema] = {
    **BET_SCHEMA,  # line and prices are what was got, NULL where nothing was
    "quoted_line": pl.Float64,  # on the screen
    "quoted_price_american": pl.Int32,
    "filled_at": UTC_TIMESTAMP,
    "fill_kind": pl.String,
    "unfilled_reason": pl.String,
    "latency_seconds": pl.Int32,
}
_QUOTE: Final = ("game_key", "market", "source", "book")


def no_states() -> pl.DataFrame:
    return pl.DataFrame(schema={name: STATES[name] for name in STATE_COLUMNS})


def fill(
    bets: pl.DataFrame,
    states: pl.DataFrame,
    games: pl.DataFrame,
    latency_seconds: int,
    *,
    worst_slip: float | None = None,
    shortest_price: int | None = None,
) -> pl.DataFrame:
    """``bets`` (``BET_SCHEMA``) with what they got (``FILL_SCHEMA``), in their order.

    ``states``: ``STATE_COLUMNS`` of moments, labels left out (where there is a column ``label``, its rows are);
    ``unusable_because``, where it is there, says why a state is not open. ``games``: game_key, starts_at.
    ``worst_slip``: the largest share of the decimal price that may be lost in between; a line that moved against the
    bet is more than any. ``shortest_price``: as in the strategy's parameters, for the price that is got.
    """
    if latency_seconds < 0:
        raise ValueError(f"a bet cannot arrive before it is decided: latency_seconds={latency_seconds}")
    asked = bets.select(BET_SCHEMA.keys()).with_columns(
        latency_seconds=pl.lit(latency_seconds, dtype=pl.Int32),
        _place=pl.int_range(pl.len()),
        _arrives_at=(pl.col("decision_at") + pl.duration(seconds=latency_seconds)).cast(UTC_TIMESTAMP),
    )
    met = _standing(asked, states).join(
        games.select("game_key", pl.col("starts_at").cast(UTC_TIMESTAMP)), on="game_key", how="left"
    )
    return (
        met.with_columns(_reason=_unfilled_reason(worst_slip, shortest_price))
        .with_columns(_is_missed=pl.col("_reason").is_not_null())
        .with_columns(_kind=_fill_kind())
        .sort("_place")
        .select(
            *(name for name in BET_SCHEMA if name not in ("line", "price_american", "price_decimal")),
            line=pl.when(~pl.col("_is_missed")).then("_line"),
            price_american=pl.when(~pl.col("_is_missed")).then("_american"),
            price_decimal=pl.when(~pl.col("_is_missed")).then("_decimal"),
            quoted_line="line",
            quoted_price_american="price_american",
            filled_at=pl.when(~pl.col("_is_missed")).then(
                pl.when(_is_taken_as_it_stood()).then("decision_at").otherwise("_arrives_at")
            ),
            fill_kind="_kind",
            unfilled_reason="_reason",
            latency_seconds="latency_seconds",
        )
        .select(FILL_SCHEMA.keys())
        .cast(FILL_SCHEMA)  # type: ignore[arg-type]
    )


def _standing(asked: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Every bet with the last state of its book by the moment it arrives, seen from its side: ``_line``, ``_american``,
    ``_decimal``, ``_known_at``, ``_is_open``, ``_closed_because``. What is taken as it stood keeps its own price.
    """
    at_a_moment = asked.filter(~_is_taken_as_it_stood())
    # Only what the bets' own books said of their markets: sorting a season of every book takes longer than the rest.
    moments = states.join(at_a_moment.select(_QUOTE).unique(), on=_QUOTE, how="semi")
    if "label" in states.columns:
        moments = moments.filter(pl.col("label").is_null())
    told = moments.select(
        *_QUOTE,
        pl.col("known_at").cast(UTC_TIMESTAMP).alias("_known_at"),
        _state_line=pl.col("line").cast(pl.Float64),
        _price_1=pl.col("price_1").cast(pl.Int32),
        _price_2=pl.col("price_2").cast(pl.Int32),
        _is_open="is_open",
        _closed_because=pl.col("unusable_because") if "unusable_because" in states.columns else pl.lit(None, pl.String),
    )
    met = asked.sort("_arrives_at").join_asof(
        told.sort("_known_at"),
        left_on="_arrives_at",
        right_on="_known_at",
        by=_QUOTE,
        strategy="backward",
        check_sortedness=False,
        coalesce=False,
    )
    is_first = pl.col("side").is_in(["home", "over"])
    turned = pl.when(pl.col("side") == "away").then(-pl.col("_state_line")).otherwise("_state_line")
    as_it_stood = _is_taken_as_it_stood()
    seen = met.with_columns(
        _line=pl.when(as_it_stood).then("line").when(pl.col("market") != "moneyline").then(turned),
        _american=pl.when(as_it_stood)
        .then("price_american")
        .when(is_first)
        .then("_price_1")
        .otherwise("_price_2")
        .cast(pl.Int32),
    )
    decimal = pl.Series(american_to_decimal(seen["_american"].cast(pl.Float64).to_numpy())).fill_nan(None)
    return seen.with_columns(decimal.alias("_decimal"))


def _is_taken_as_it_stood() -> pl.Expr:
    return pl.col("moment_assumed").fill_null(value=False) | (pl.col("decision") == "close")


def _unfilled_reason(worst_slip: float | None, shortest_price: int | None) -> pl.Expr:
    """Why a bet got nothing, NULL where it got something. The first that holds is said."""
    begins = pl.col("starts_at")
    line_lost = (
        pl.when(pl.col("side") == "over")
        .then(pl.col("_line") - pl.col("line"))
        .otherwise(pl.col("line") - pl.col("_line"))
    )
    reasons = (
        pl.when(_is_taken_as_it_stood())
        .then(pl.lit(None, dtype=pl.String))
        .when(begins.is_null())
        .then(pl.lit("nobody knows when the game began"))
        .when(pl.col("_arrives_at") >= begins)
        .then(pl.lit("first pitch came first"))
        .when(pl.col("_known_at").is_null())
        .then(pl.lit("no price of this book is known at that moment"))
        .when(~pl.col("_is_open").fill_null(value=False))
        .then(
            pl.col("_closed_because")
            .replace_strict(
                {
                    "suspended": "the market was suspended",
                    "one_sided": "the book no longer quoted both sides",
                    "lines_apart": "the book's two sides stood on different lines",
                    "booksum_out_of_range": "the book's two prices did not belong together",
                },
                default=None,
                return_dtype=pl.String,
            )
            .fill_null("the market was not open")
        )
        .when(pl.col("_decimal").is_null())
        .then(pl.lit("the book no longer quoted"))
    )
    if shortest_price is not None:
        shortest = american_to_decimal(shortest_price).item()
        reasons = reasons.when(pl.col("_decimal") < shortest - 1e-12).then(
            pl.lit("the price had become shorter than the shortest one allowed")
        )
    if worst_slip is not None:
        reasons = reasons.when(line_lost > 1e-9).then(pl.lit("the line had moved against the bet"))
        reasons = reasons.when(pl.col("_decimal") < pl.col("price_decimal") * (1 - worst_slip) - 1e-12).then(
            pl.lit("the price had slipped by more than the strategy allows")
        )
    return reasons.otherwise(pl.lit(None, dtype=pl.String))


def _fill_kind() -> pl.Expr:
    same = pl.col("_american").eq_missing(pl.col("price_american")) & pl.col("_line").eq_missing(pl.col("line"))
    return (
        pl.when(pl.col("_is_missed"))
        .then(pl.lit("unfilled"))
        .when(pl.col("moment_assumed").fill_null(value=False))
        .then(pl.lit("label"))
        .when(same)
        .then(pl.lit("standing"))
        .otherwise(pl.lit("moved"))
    )
