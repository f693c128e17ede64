"""From picks to bets: what a strategy chose becomes a bet at the line and price that stood on the screen.

Line, price, book and provenance are read from the sides again and never from the picks, so a strategy cannot bet at a
price that nobody quoted. What every strategy may ask for is done here and only here: the other side, a shortest price,
so many bets of one market.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.protocol import (
    BET_SCHEMA,
    PICK_COLUMNS,
    SIDE_KEY,
    PickError,
    Strategy,
    StrategyParameters,
    no_bets,
)
from dagster_mlb.strategies.sides import opposite_sides

#: Among bets of one decision and strength, which comes first.
_TIES: Final = ("side", "source", "book", "signal_id")
_ON_SCREEN: Final = tuple(name for name in BET_SCHEMA if name not in ("probability", "strength", "reason"))


def place(strategy: Strategy, sides: pl.DataFrame) -> pl.DataFrame:
    """The bets (``BET_SCHEMA``) that ``strategy`` makes of ``sides`` (``SIDE_SCHEMA``), ordered by decision and game.

    A fade is the side against each pick at that side's own price, without a probability. Of one game and market at
    most ``bets_per_market`` are placed, the earliest decisions first, then the strongest; one that is not filled later
    counts all the same. Raises ``PickError`` for a pick that is no row of ``sides``, is there twice, gives no reason,
    or says a probability outside (0, 1).
    """
    if sides.is_empty():
        return no_bets()
    picks = _checked(strategy, strategy.picks(sides), sides)
    if strategy.parameters.form == "fade":
        picks = _faded(picks, sides)
    # The price is what stands in the sides, whatever the strategy made of its copy.
    told = sides.select(list(dict.fromkeys((*SIDE_KEY, *_ON_SCREEN)))).join(
        picks.select(*SIDE_KEY, *PICK_COLUMNS), on=SIDE_KEY, how="inner", nulls_equal=True
    )
    placed = told.rename({"own_probability": "probability"}).select(BET_SCHEMA.keys()).cast(BET_SCHEMA)  # type: ignore[arg-type]
    return _limited(placed, strategy.parameters)


def _checked(strategy: Strategy, picks: object, sides: pl.DataFrame) -> pl.DataFrame:
    """The picks with all of ``PICK_COLUMNS``, every one proven a row of ``sides``."""
    if not isinstance(picks, pl.DataFrame):
        raise PickError(
            f"{strategy.name}.picks gave back {type(picks).__name__}: give back rows of the sides it was shown"
        )
    missing = [name for name in (*SIDE_KEY, "reason") if name not in picks.columns]
    if missing:
        raise PickError(f"the picks of {strategy.name} lack {', '.join(missing)}: add columns to the sides, drop none")
    try:
        told = picks.select(
            *(pl.col(name).cast(sides.schema[name]) for name in SIDE_KEY),
            *(
                pl.col(name).cast(kind) if name in picks.columns else pl.lit(None, dtype=kind).alias(name)
                for name, kind in PICK_COLUMNS.items()
            ),
        )
    except pl.exceptions.PolarsError as error:
        raise PickError(f"the picks of {strategy.name} have columns of another type than the sides: {error}") from error
    _refuse(
        strategy, told.filter(pl.col("reason").fill_null("").str.strip_chars() == ""), "no reason: say why it is bet"
    )
    probability, strength = pl.col("own_probability"), pl.col("strength")
    is_chance = probability.is_null() | ((probability > 0) & (probability < 1) & probability.is_not_nan())
    _refuse(
        strategy,
        told.filter(~is_chance),
        "an own_probability outside (0, 1): give a calibrated one or NULL, never a strength",
    )
    _refuse(strategy, told.filter(~strength.is_finite().fill_null(value=True)), "a strength that is no number")
    _refuse(
        strategy,
        told.join(sides.select(SIDE_KEY), on=SIDE_KEY, how="anti", nulls_equal=True),
        "a side that it was not shown: pick rows of the sides and leave their keys as they are",
    )
    _refuse(
        strategy,
        told.filter(told.select(SIDE_KEY).is_duplicated()),
        "the same side twice: pick each row at most once",
    )
    return told


def _refuse(strategy: Strategy, bad: pl.DataFrame, what: str) -> None:
    if bad.is_empty():
        return
    first = bad.row(0, named=True)
    raise PickError(
        f"{bad.height} picks of {strategy.name} have {what}; first: game_key {first['game_key']}, {first['market']} "
        f"{first['side']} at {first['book']} ({first['source']}), decision_at {first['decision_at']}"
    )


def _faded(picks: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    """The side against every pick. What was said of the one is no probability of the other's price."""
    return (
        opposite_sides(picks, sides)
        .sort("strength", descending=True, nulls_last=True, maintain_order=True)
        .unique(SIDE_KEY, keep="first", maintain_order=True)
        .with_columns(own_probability=pl.lit(None, dtype=pl.Float64), reason="faded: " + pl.col("reason"))
    )


def _limited(bets: pl.DataFrame, parameters: StrategyParameters) -> pl.DataFrame:
    """Without too short prices, and at most ``bets_per_market`` of one game and market."""
    if parameters.shortest_price is not None:
        # American prices are not compared: there is a hole around even money.
        shortest = american_to_decimal(parameters.shortest_price).item()
        bets = bets.filter(pl.col("price_decimal") >= shortest - 1e-12)
    ordered = bets.sort(
        ["game_key", "market", "decision_at", "strength", *_TIES],
        descending=[False, False, False, True, *[False] * len(_TIES)],
        nulls_last=True,
    )
    place_in_line = pl.int_range(pl.len()).over("game_key", "market")
    return ordered.filter(place_in_line < parameters.bets_per_market).sort(
        "decision_at", "game_key", "market", *_TIES, nulls_last=True
    )
