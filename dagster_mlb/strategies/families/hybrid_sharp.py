"""Large bets and the market's move say the same."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import (
    FIVE_CENTS,
    Window,
    at_least,
    is_asked,
    money_over_tickets,
    moved,
    points_here,
)
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import signed, since, this_side


class HybridSharpParameters(StrategyParameters):
    min_move: float = Field(
        default=FIVE_CENTS, gt=0, description="Logit; prior systems, in cents: 5 moderate, 10 strong confirmation"
    )
    min_differential: float = Field(default=10, gt=0, description="Points; prior systems: 10 moderate, 15 strong")
    window: Window = "episode"
    min_books: int = Field(default=2, description="Books in the consensus; prior systems: 3 for its bonus")
    signal_kinds: tuple[str, ...] = ("sharp_public_divergence", "reverse_line_movement")


class HybridSharp(Rule):
    """Follow: the side that the market moved toward by ``min_move`` and that has ``min_differential`` points of money
    over tickets. Fade: the other side. Strength: by how many times the weaker of the two is above its threshold.

    Departs from the prior systems: their "correlation" of one move and one split is a weighted sum, and no correlation;
    the variants without a move or without a split are ``sharp_action`` and ``line_movement``.
    """

    name = "hybrid_sharp"
    Parameters = HybridSharpParameters
    parameters: HybridSharpParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        move, points = moved(asked.window), money_over_tickets()
        return sides.filter(
            is_asked(asked.signal_kinds),
            points_here(),
            at_least("consensus_books", asked.min_books),
            move >= asked.min_move,
            points >= asked.min_differential,
        ).with_columns(
            strength=pl.min_horizontal(move / asked.min_move, points / asked.min_differential),
            reason=pl.format(
                "the market moved {} logit toward {} {}, and its money is {} points over its tickets",
                signed(move),
                this_side(),
                since(asked.window),
                signed(points, 1),
            ),
        )
