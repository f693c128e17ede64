"""Bets where the model's probability makes the quoted price worth more than a threshold."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.offers import as_bets, side_offers
from dagster_mlb.strategies.protocol import Decision, StrategyParameters


class ModelEdgeParameters(StrategyParameters):
    threshold: float = Field(default=0.02, description="Smallest expected profit per unit staked, by the model")


@dataclass(frozen=True)
class ModelEdge:
    """The side with model probability × decimal price − 1 above the threshold; the better one where both are. No
    prediction, no bet.
    """

    parameters: ModelEdgeParameters = field(default_factory=ModelEdgeParameters)
    decision: Decision = "open"
    name: str = "model_edge"
    version: str = "1"

    def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
        edge = pl.col("edge")
        chosen = (
            side_offers(frame, self.parameters.book)
            .with_columns(edge=pl.col("model_probability") * pl.col("price_decimal") - 1)
            .filter(edge > self.parameters.threshold)
            .sort(["game_key", "edge", "side"], descending=[False, True, False])
            .unique("game_key", keep="first", maintain_order=True)
        )
        reason = pl.format(
            "model {} × {} − 1 = {} > {}",
            pl.col("model_probability").round(4),
            pl.col("price_decimal").round(4),
            edge.round(4),
            pl.lit(self.parameters.threshold),
        )
        return as_bets(
            chosen, stake=self.parameters.stake, reason=reason, probability=pl.col("model_probability"), strength=edge
        )
