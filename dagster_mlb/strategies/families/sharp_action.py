"""The money is on one side and the number of bets is not: who bets more at a time is taken to know more."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import at_least, is_asked, money_over_tickets, share, within
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number, percent, this_side


class SharpActionParameters(StrategyParameters):
    min_differential: float = Field(
        default=15,
        description="Points of money over tickets; prior systems: 5 weak, 10 moderate, 15 strong, 20 premium",
    )
    min_money_pct: float = Field(default=55, description="Prior systems: concentration of at least 55 %")
    min_voices: int = Field(default=1, description="Sources that tell the split")
    max_hours_to_start: float | None = Field(default=None, description="Prior rules document: late sharp within 2")
    signal_kinds: tuple[str, ...] = ("sharp_public_divergence",)


class SharpAction(Rule):
    """Follow: the side whose share of the money is at least ``min_differential`` points above its share of the bets and
    that has ``min_money_pct`` of the money. Fade: the side with the many small bets.

    Departs from the prior systems: no volume (no source tells it), no product of weights called a confidence, and the
    strength is the points themselves. A split of 0 or 100 is a handful of bets and no evidence.
    """

    name = "sharp_action"
    Parameters = SharpActionParameters
    parameters: SharpActionParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        points = money_over_tickets()
        return sides.filter(
            is_asked(asked.signal_kinds),
            at_least("split_voices", asked.min_voices),
            within(asked.max_hours_to_start),
            points >= asked.min_differential,
            share("money") >= asked.min_money_pct,
        ).with_columns(
            strength=points,
            reason=pl.format(
                "money {} against tickets {} on {}: {} points, at least {}",
                percent(share("money")),
                percent(share("tickets")),
                this_side(),
                number(points, 1),
                pl.lit(f"{asked.min_differential:g}"),
            ),
        )
