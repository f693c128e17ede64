"""Totals at numbers that people like, with the public on one side and the money not with it."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import money_over_tickets, other_share
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number, other_side, percent, signed, this_side


class TotalSweetSpotsParameters(StrategyParameters):
    markets: tuple[Literal["total"], ...] = ("total",)
    numbers: tuple[float, ...] = Field(
        default=(7.5, 8.5, 9.5), min_length=1, description="Prior systems: these, and in places 8, 9 and 10"
    )
    min_public_pct: float = Field(default=65, description="Of the bets; prior systems: 65")
    min_differential: float = Field(
        default=0, description="Points of money over tickets against the public; prior systems: 10 is sharp, 0 is weak"
    )


class TotalSweetSpots(Rule):
    """Follow: against the public's side of a total that stands at one of ``numbers``, where the money is not with the
    public. Fade: with it. Strength: percent of the public.

    The numbers are the prior systems' and nothing in the distribution of runs speaks for them: the totals that matter
    are whole ones (8 pushes 8 %, 7 and 9 twelve), and these cannot push. Kept as a hypothesis.
    """

    name = "total_sweet_spots"
    Parameters = TotalSweetSpotsParameters
    parameters: TotalSweetSpotsParameters
    default_decision = "pregame"
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        public, points = other_share("tickets"), money_over_tickets()
        return sides.filter(
            pl.col("market") == "total",
            pl.col("line").is_in(asked.numbers),
            public >= asked.min_public_pct,
            points >= asked.min_differential,
        ).with_columns(
            strength=public,
            reason=pl.format(
                "the total stands at {}, tickets {} on {}, money over tickets {} points on {}",
                number(pl.col("line"), 2),
                percent(public),
                other_side(),
                signed(points, 1),
                this_side(),
            ),
        )
