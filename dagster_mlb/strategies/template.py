"""A strategy of one's own: underdogs that the market has come to like. Change it, and name the columns it reads."""

import polars as pl

from dagster_mlb.strategies.protocol import Rule, StrategyParameters


class LikedDogsParameters(StrategyParameters):
    shortest_dog: int = 120  # American
    min_move: float = 0.045  # logit since the open: about five cents


class LikedDogs(Rule):
    name = "liked_dogs"
    default_decision = "pregame"
    Parameters = LikedDogsParameters
    parameters: LikedDogsParameters

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        """The sides to bet and why. What may be read of a side stands in SIDE_SCHEMA
        (dagster_mlb/strategies/protocol)."""
        is_dog = pl.col("price_american") >= self.parameters.shortest_dog
        is_liked = pl.col("move") >= self.parameters.min_move  # where no move is known, there is no pick
        reason = pl.format("{} at +{}, moved {} logit its way", "team", "price_american", pl.col("move").round(3))
        return sides.filter(is_dog & is_liked).with_columns(strength="move", reason=reason)
