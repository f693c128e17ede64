"""When the large bets came: at the end, when the limits are highest, or from the beginning without a change."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import early_share, money_over_tickets
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number, signed, this_side


class TimingParameters(StrategyParameters):
    pattern: Literal["late", "persistent"] = "late"
    min_differential: float = Field(default=8, description="Points of money over tickets; prior systems: 8")
    closing_differential: float = Field(default=6, description="The same in the last hour; prior systems: 6")
    last_differential: float = Field(default=5, description="The same in the last half hour; prior systems: 5")
    max_hours_to_start: float = Field(default=2, gt=0, description="For *late*; prior systems: late is within 2")


class Timing(Rule):
    """Follow, *late*: the side with money over tickets within ``max_hours_to_start`` of the start, by fewer points the
    later it is. Follow, *persistent*: the side that had ``min_differential`` points six hours before the start and has
    them still. Fade: the other side. Strength: points, of *persistent* the fewer.

    Departs from the prior systems: their multipliers for the hour of the day, the weekend and large markets are left
    out, for none was measured. Their "early" is twelve hours before, here it is six, the earliest that the frame holds.
    """

    name = "timing"
    Parameters = TimingParameters
    parameters: TimingParameters
    default_decision = "pregame"
    decisions = ("pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        points, hours = money_over_tickets(), pl.col("hours_to_start")
        if asked.pattern == "persistent":
            early = (early_share("money") - early_share("tickets")).round(6)
            return sides.filter(early >= asked.min_differential, points >= asked.min_differential).with_columns(
                strength=pl.min_horizontal(early, points),
                reason=pl.format(
                    "money over tickets {} points on {} six hours before the start and {} still",
                    signed(early, 1),
                    this_side(),
                    signed(points, 1),
                ),
            )
        enough = (
            pl.when(hours <= 0.5)
            .then(asked.last_differential)
            .when(hours <= 1)
            .then(asked.closing_differential)
            .otherwise(asked.min_differential)
        )
        return sides.filter(hours <= asked.max_hours_to_start, points >= enough).with_columns(
            strength=points,
            reason=pl.format(
                "money over tickets {} points on {} {} hours before the start, at least {}",
                signed(points, 1),
                this_side(),
                number(hours, 2),
                number(enough.cast(pl.Float64), 1),
            ),
        )
