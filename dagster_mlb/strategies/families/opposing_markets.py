"""The larger bets are on one club in the moneyline and on the other in the run line of the same game."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field, field_validator

from dagster_mlb.strategies.evidence import money_over_tickets
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import signed, this_side

_GAME_SIDE = ("game_key", "decision_at", "side")


class OpposingMarketsParameters(StrategyParameters):
    markets: tuple[Literal["moneyline", "spread"], ...] = ("moneyline", "spread")
    prefer: Literal["stronger", "weaker", "moneyline", "spread"] = Field(
        default="stronger", description="Which market is believed; the prior systems test all four"
    )
    min_differential: float = Field(default=5, gt=0, description="Points in each market; prior systems: 5 is weak")

    @field_validator("markets")
    @classmethod
    def _both(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if set(value) != {"moneyline", "spread"}:
            raise ValueError("it compares moneyline and spread: both are needed")
        return value


class OpposingMarkets(Rule):
    """Follow: in the market that is preferred, the side with money over tickets, where the other market has them on the
    other club; both by at least ``min_differential`` points. Fade: that market's other side. Strength: points of both
    together.

    As the prior systems' SQL has it, but over the mean of the voices and not book by book, and with a minimum.
    """

    name = "opposing_markets"
    Parameters = OpposingMarketsParameters
    parameters: OpposingMarketsParameters
    default_decision = "pregame"
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        points, elsewhere = pl.col("_points"), pl.col("_elsewhere")
        told = sides.with_columns(_points=money_over_tickets())
        others = told.select(
            *_GAME_SIDE,
            market=pl.col("market").replace_strict({"moneyline": "spread", "spread": "moneyline"}, default=None),
            _elsewhere="_points",
        ).unique([*_GAME_SIDE, "market"])
        preferred = {
            "stronger": points > -elsewhere,
            "weaker": points < -elsewhere,
            "moneyline": pl.col("market") == "moneyline",
            "spread": pl.col("market") == "spread",
        }[asked.prefer]
        return (
            told.join(others, on=[*_GAME_SIDE, "market"], how="inner")
            .filter(points >= asked.min_differential, elsewhere <= -asked.min_differential, preferred)
            .with_columns(
                strength=points - elsewhere,
                reason=pl.format(
                    "money over tickets {} points on {} in the {}, {} in the other market; {} is believed",
                    signed(points, 1),
                    this_side(),
                    "market",
                    signed(elsewhere, 1),
                    pl.lit(f"the {asked.prefer} one" if asked.prefer in ("stronger", "weaker") else asked.prefer),
                ),
            )
            .drop("_points", "_elsewhere")
        )
