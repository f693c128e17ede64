"""Bets where the model's probability makes the quoted price worth more than a threshold."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number


class ModelEdgeParameters(StrategyParameters):
    markets: tuple[Literal["moneyline"], ...] = ("moneyline",)
    threshold: float = Field(default=0.02, description="Smallest expected profit per unit staked, by the model")


class ModelEdge(Rule):
    """Follow: the side with model probability × decimal price − 1 above the threshold. No prediction, no pick. Fade:
    the side against it. Strength: the edge. The one family with a probability of its own, which is the model's,
    calibrated.
    """

    name = "model_edge"
    Parameters = ModelEdgeParameters
    parameters: ModelEdgeParameters
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        probability, price = pl.col("model_probability"), pl.col("price_decimal")
        edge = probability * price - 1
        return sides.filter(edge > self.parameters.threshold).with_columns(
            own_probability=probability,
            strength=edge,
            reason=pl.format(
                "model {} × {} − 1 = {} > {}",
                number(probability, 4),
                number(price, 4),
                number(edge, 4),
                pl.lit(self.parameters.threshold),
            ),
        )
