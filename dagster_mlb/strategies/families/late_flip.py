"""The money was on one side early and turns late: the early side is taken to be the one that knew."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import early_share, money_over_tickets, share, within
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number, percent, signed, this_side


class LateFlipParameters(StrategyParameters):
    measure: Literal["money", "differential"] = Field(
        default="money", description="Share of the money, or its points over the tickets"
    )
    min_early_pct: float = Field(default=60, description="Of the money, six hours before the start; prior systems: 60")
    min_change: float = Field(default=15, description="Points lost since; prior systems: 15")
    min_differential: float = Field(default=12, description="Early and, the other way, late; prior systems: 12")
    max_hours_to_start: float | None = Field(default=3, description="Prior systems: 3")


class LateFlip(Rule):
    """Follow: the early side. By *money*: it had ``min_early_pct`` of the money six hours before the start, has lost
    ``min_change`` points and with them the majority. By *differential*: it had ``min_differential`` points of money
    over tickets, and the other side has as many now. Fade: the late side. Strength: points that changed sides.

    Departs from the prior systems: a change that does not cross half is no flip. Both shares must be known, the early
    one as of then.
    """

    name = "late_flip"
    Parameters = LateFlipParameters
    parameters: LateFlipParameters
    default_decision = "pregame"
    decisions = ("pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        if asked.measure == "money":
            early, late = early_share("money"), share("money")
            flipped = (early >= asked.min_early_pct) & (late < 50) & (early - late >= asked.min_change)
            told = pl.format(
                "money {} on {} six hours before the start, {} now", percent(early), this_side(), percent(late)
            )
        else:
            early = (early_share("money") - early_share("tickets")).round(6)
            late = money_over_tickets()
            flipped = (early >= asked.min_differential) & (late <= -asked.min_differential)
            told = pl.format(
                "money over tickets {} points on {} six hours before the start, {} now",
                signed(early, 1),
                this_side(),
                signed(late, 1),
            )
        changed = early - late
        return sides.filter(within(asked.max_hours_to_start), flipped).with_columns(
            strength=changed, reason=pl.format("{}: {} points late", told, number(changed, 1))
        )
