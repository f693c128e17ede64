"""The public is on one side and the market moves to the other, or will not move at all."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import (
    FIVE_CENTS,
    Measure,
    Window,
    at_least,
    is_asked,
    moved,
    other_share,
    points_here,
)
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import other_side, percent, signed, since, this_side


class ReverseLineMovementParameters(StrategyParameters):
    measure: Measure = Field(default="tickets", description="What counts as the public")
    min_public_pct: float = Field(default=60, description="Prior systems: 55 weak, 65 moderate, 75 strong")
    min_move: float = Field(
        default=FIVE_CENTS, gt=0, description="Logit against the public; prior systems: five cents, .01 of probability"
    )
    window: Window = Field(default="episode", description="A move across a change of starter is news and no opinion")
    min_books: int = Field(default=2, description="Books in the consensus that moved")
    signal_kinds: tuple[str, ...] = ("reverse_line_movement",)


class ReverseLineMovement(Rule):
    """Follow: against a side with at least ``min_public_pct`` of the bets that the market has moved away from by at
    least ``min_move``. Fade: with the public. Strength: points of the public over half times the logit moved.

    Departs from the prior systems, which disagree with each other: their SQL tests whether the printed number of a
    moneyline or run line rose, which is a move *with* the money, and their detector calls moves with the public
    reverse. Here a move is of the no-vig level, so its direction means the same in every market, and half a run of the
    line is .18 to .20 logit and passes by itself.
    """

    name = "reverse_line_movement"
    Parameters = ReverseLineMovementParameters
    parameters: ReverseLineMovementParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        public, move = other_share(asked.measure), moved(asked.window)
        return sides.filter(
            is_asked(asked.signal_kinds),
            points_here(),
            at_least("consensus_books", asked.min_books),
            public >= asked.min_public_pct,
            move >= asked.min_move,
        ).with_columns(
            strength=(public - 50) * move,
            reason=pl.format(
                "{} {} on {} while the market moved {} logit against it {}: {}",
                pl.lit(asked.measure),
                percent(public),
                other_side(),
                signed(-move),
                since(asked.window),
                this_side(),
            ),
        )


class LineFreezeParameters(StrategyParameters):
    measure: Measure = "tickets"
    min_public_pct: float = Field(default=75, description="betting_domain §2.6: tickets of at least 75")
    max_move: float = Field(default=0.02, gt=0, description="Logit either way that still is no move: two cents")
    window: Window = "episode"
    min_books: int = 2
    signal_kinds: tuple[str, ...] = ("line_freeze",)


class LineFreeze(Rule):
    """Follow: against a side that has most of the bets and whose price has not moved, as if the books were content to
    take them. Fade: with the public. Strength: points of the public over half. The prior systems have no such rule.
    """

    name = "line_freeze"
    Parameters = LineFreezeParameters
    parameters: LineFreezeParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        public, move = other_share(asked.measure), moved(asked.window)
        return sides.filter(
            is_asked(asked.signal_kinds),
            points_here(),
            at_least("consensus_books", asked.min_books),
            public >= asked.min_public_pct,
            move.abs() <= asked.max_move,
        ).with_columns(
            strength=public - 50,
            reason=pl.format(
                "{} {} on {} and the market moved only {} logit {}: {}",
                pl.lit(asked.measure),
                percent(public),
                other_side(),
                signed(-move),
                since(asked.window),
                this_side(),
            ),
        )
