"""The market moved: follow it, or bet on its return."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import TEN_CENTS, Window, at_least, is_asked, moved, points_here, within
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import signed, since, this_side


class LineMovementParameters(StrategyParameters):
    min_move: float = Field(
        default=TEN_CENTS, gt=0, description="Logit; prior systems, in cents: 1 small, 5 medium, 10 big"
    )
    window: Window = "open"
    min_books: int | None = Field(
        default=None, description="Books in the consensus; prior systems: 2 for a significant move"
    )
    max_reversals: int | None = Field(default=None, description="No more changes of direction than these")
    max_hours_to_start: float | None = Field(default=None, description="Prior systems: a late move is within 3")
    signal_kinds: tuple[str, ...] = ("jump",)


class LineMovement(Rule):
    """Follow: the side that the market moved toward by at least ``min_move``. Fade: the other, for a return. Strength:
    logit moved.

    The prior processor always fades while their SQL tests both and they subtract American numbers, so a price that
    crosses even money jumps by 200. Here it is one distance in logit for all three markets, the line included.
    """

    name = "line_movement"
    Parameters = LineMovementParameters
    parameters: LineMovementParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        move = moved(asked.window)
        steady = pl.lit(value=True) if asked.max_reversals is None else pl.col("reversals") <= asked.max_reversals
        return sides.filter(
            is_asked(asked.signal_kinds),
            points_here(),
            at_least("consensus_books", asked.min_books),
            within(asked.max_hours_to_start),
            steady,
            move >= asked.min_move,
        ).with_columns(
            strength=move,
            reason=pl.format("the market moved {} logit toward {} {}", signed(move), this_side(), since(asked.window)),
        )
