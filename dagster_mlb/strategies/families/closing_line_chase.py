"""At the close, the side that has become likelier since the open: what chasing the closing line is worth."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import log_odds, moved
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number, this_side


class ClosingLineChaseParameters(StrategyParameters):
    min_rise: float = Field(default=0.02, gt=0, description="Of the fair probability since the open")


class ClosingLineChase(Rule):
    """Follow: at the close, the side whose fair probability has risen by ``min_rise`` since the open, both at today's
    line. Fade: the side that has fallen. Strength: the rise in points of probability.

    No prior system has it: it asks whether the move goes on past the close. Bought at the close, its closing line value
    is minus the hold by construction and says nothing; only the results can. Measured on 2010–2021 closes: the move
    has no coefficient beyond noise (+0.05 ± 0.10).
    """

    name = "closing_line_chase"
    Parameters = ClosingLineChaseParameters
    parameters: ClosingLineChaseParameters
    default_decision = "close"
    decisions = ("close",)

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        before = log_odds("probability") - moved("open")
        rise = pl.col("probability") - 1 / (1 + (-before).exp())
        return sides.filter(rise >= self.parameters.min_rise).with_columns(
            strength=100 * rise,
            reason=pl.format(
                "{} is at {} %, {} points likelier than at the open",
                this_side(),
                number(100 * pl.col("probability"), 1),
                number(100 * rise, 2),
            ),
        )
