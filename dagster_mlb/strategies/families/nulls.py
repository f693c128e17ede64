"""Strategies without skill: random side, favourite, underdog, home side.

They say what the market charges. A strategy that knows something must beat the random side, whose expected return
is minus the hold, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from dagster_mlb.strategies.offers import as_bets, side_offers
from dagster_mlb.strategies.protocol import Decision, StrategyParameters


class RandomSideParameters(StrategyParameters):
    seed: int = 20100404


@dataclass(frozen=True)
class RandomSide:
    """One side of every game by a seeded hash of its key: the same games give the same bets, in any order, on any
    machine.
    """

    parameters: RandomSideParameters = field(default_factory=RandomSideParameters)
    decision: Decision = "open"
    name: str = "random_side"
    version: str = "1"

    def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
        offers = side_offers(frame, self.parameters.book)
        is_home = coin_by_key(offers["game_key"].to_numpy(), self.parameters.seed)
        chosen = offers.filter((pl.col("side") == "home") == pl.Series(is_home))
        return as_bets(chosen, stake=self.parameters.stake, reason=pl.lit("a coin decided the side"))


@dataclass(frozen=True)
class Favourite:
    """The side at the shorter price; no bet where both prices are equal."""

    parameters: StrategyParameters = field(default_factory=StrategyParameters)
    decision: Decision = "open"
    name: str = "favourite"
    version: str = "1"

    def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
        return _by_price(frame, self.parameters, shorter=True)


@dataclass(frozen=True)
class Underdog:
    """The side at the longer price; no bet where both prices are equal."""

    parameters: StrategyParameters = field(default_factory=StrategyParameters)
    decision: Decision = "open"
    name: str = "underdog"
    version: str = "1"

    def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
        return _by_price(frame, self.parameters, shorter=False)


@dataclass(frozen=True)
class HomeSide:
    """The home side of every game."""

    parameters: StrategyParameters = field(default_factory=StrategyParameters)
    decision: Decision = "open"
    name: str = "home_side"
    version: str = "1"

    def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
        chosen = side_offers(frame, self.parameters.book).filter(pl.col("side") == "home")
        return as_bets(chosen, stake=self.parameters.stake, reason=pl.lit("the home side"))


def _by_price(frame: pl.DataFrame, parameters: StrategyParameters, *, shorter: bool) -> pl.DataFrame:
    offers = side_offers(frame, parameters.book)
    price = pl.col("price_decimal")
    edge_of_game = price.min() if shorter else price.max()
    chosen = offers.filter(
        (price == edge_of_game.over("game_key")) & (price.min().over("game_key") < price.max().over("game_key"))
    )
    return as_bets(
        chosen, stake=parameters.stake, reason=pl.lit("the shorter price" if shorter else "the longer price")
    )


def coin_by_key(game_keys: np.ndarray, seed: int) -> np.ndarray:
    """A fair coin per key: the top bit of SplitMix64 (Steele, Lea, Flood 2014) of key and seed. Array of bool."""
    with np.errstate(over="ignore"):
        z = game_keys.astype(np.int64).view(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(63)).astype(bool)
