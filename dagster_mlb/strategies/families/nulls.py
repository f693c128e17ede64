"""Strategies without skill: random side, favourite, underdog, home side, over.

They say what the market charges. A strategy that knows something must beat the random side, whose expected return
is minus the hold, not zero.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl

from dagster_mlb.strategies.protocol import Market, Rule, StrategyParameters
from dagster_mlb.strategies.sides import MOMENT

#: Each market of a game has a coin of its own; the moneyline's is the seed's.
_COIN_OF: Final[dict[str, int]] = {"moneyline": 0, "spread": 1, "total": 2}


class RandomSideParameters(StrategyParameters):
    markets: tuple[Market, ...] = ("moneyline", "spread", "total")
    seed: int = 20100404


class RandomSide(Rule):
    """One side of every game and market by a seeded hash of the game's key: the same games give the same bets, in any
    order, on any machine.
    """

    name = "random_side"
    Parameters = RandomSideParameters
    parameters: RandomSideParameters
    is_null = True

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        keys = sides["game_key"].to_numpy()
        is_first = pl.col("side").is_in(["home", "over"])
        coins = [
            (pl.col("market") == market)
            & (is_first == pl.Series(coin_by_key(keys, self.parameters.seed + number), dtype=pl.Boolean))
            for market, number in _COIN_OF.items()
        ]
        return sides.filter(pl.any_horizontal(coins)).with_columns(reason=pl.lit("a coin decided the side"))


class Favourite(Rule):
    """The side at the shorter price; no bet where both prices are equal."""

    name = "favourite"
    is_null = True

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        price = pl.col("price_decimal")
        return (
            _unequal(sides).filter(price == price.min().over(MOMENT)).with_columns(reason=pl.lit("the shorter price"))
        )


class Underdog(Rule):
    """The side at the longer price; no bet where both prices are equal."""

    name = "underdog"
    is_null = True

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        price = pl.col("price_decimal")
        return _unequal(sides).filter(price == price.max().over(MOMENT)).with_columns(reason=pl.lit("the longer price"))


class HomeSide(Rule):
    """The home side of every game."""

    name = "home_side"
    is_null = True

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        return sides.filter(pl.col("side") == "home").with_columns(reason=pl.lit("the home side"))


class OverParameters(StrategyParameters):
    markets: tuple[Literal["total"], ...] = ("total",)


class Over(Rule):
    """The over of every total."""

    name = "over"
    Parameters = OverParameters
    parameters: OverParameters
    is_null = True

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        return sides.filter(pl.col("side") == "over").with_columns(reason=pl.lit("the over"))


def _unequal(sides: pl.DataFrame) -> pl.DataFrame:
    price = pl.col("price_decimal")
    return sides.filter(price.min().over(MOMENT) < price.max().over(MOMENT))


def coin_by_key(game_keys: np.ndarray, seed: int) -> np.ndarray:
    """A fair coin per key: the top bit of SplitMix64 (Steele, Lea, Flood 2014) of key and seed. Array of bool."""
    with np.errstate(over="ignore"):
        z = game_keys.astype(np.int64).view(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(63)).astype(bool)
