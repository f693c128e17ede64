"""The public is on the favourite: the underdog's price is taken to be too long."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.evidence import Measure, money_over_tickets, other_share
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import american, number, other_side, percent, this_side


class UnderdogValueParameters(StrategyParameters):
    markets: tuple[Literal["moneyline"], ...] = ("moneyline",)
    shortest_dog: int = Field(default=120, ge=100, description="American; prior systems: +120")
    longest_dog: int = Field(default=300, ge=100, description="American; prior systems: +300")
    measure: Measure = Field(default="tickets", description="Of the public on the favourite")
    min_public_pct: float = Field(default=65, description="Prior systems: 75 high, 65 value, 60 moderate")
    min_differential: float | None = Field(
        default=None, description="Points of money over tickets on the underdog; prior systems: 10 confirms"
    )


class UnderdogValue(Rule):
    """Follow: the underdog at +120 to +300 where at least ``min_public_pct`` of the bets are on the favourite. Fade:
    the favourite. Strength: percent of the public.

    The prior SQL counts bets and their processor money; bets are the default. Which side is the underdog is said by the
    price that is bet, not by home and away.
    """

    name = "underdog_value"
    Parameters = UnderdogValueParameters
    parameters: UnderdogValueParameters
    default_decision = "pregame"
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        public = other_share(asked.measure)
        # Decimal, because American numbers of both signs do not stand in order.
        shortest, longest = (american_to_decimal(price).item() for price in (asked.shortest_dog, asked.longest_dog))
        chosen = sides.filter(
            pl.col("price_decimal").is_between(shortest - 1e-9, longest + 1e-9), public >= asked.min_public_pct
        )
        told = pl.format(
            "{} at {} with {} {} on {}", this_side(), american(), pl.lit(asked.measure), percent(public), other_side()
        )
        if asked.min_differential is None:
            return chosen.with_columns(strength=public, reason=told)
        points = money_over_tickets()
        return chosen.filter(points >= asked.min_differential).with_columns(
            strength=public,
            reason=pl.format("{}, money over tickets {} points on the underdog", told, number(points, 1)),
        )
