"""Several books moved the same way within minutes: follow, at the best price that has not moved yet."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import FIVE_CENTS, is_asked, points_here, within
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import american, signed, this_side


class SteamParameters(StrategyParameters):
    book: str = "best"
    min_move: float = Field(
        default=FIVE_CENTS, description="Logit; prior systems, in cents: 5 moderate, 15 significant, 25 major"
    )
    max_hours_to_start: float | None = Field(default=None, description="Prior rules document: within 2")
    signal_kinds: tuple[Literal["steam", "jump"], ...] = ("steam",)


class Steam(Rule):
    """Follow: the side that the steam went to, at the moment of its detection and the best price after the latency.
    Fade: against it. Strength: logit moved.

    That at least three books moved within the window is the detector's to prove (``signals``). The prior systems took
    the difference *across books at one instant* and of American numbers, where +102 to −102 counts as 204 cents.
    """

    name = "steam"
    Parameters = SteamParameters
    parameters: SteamParameters
    default_decision = "signal"
    decisions = ("signal",)

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        move = pl.col("signal_move")
        return sides.filter(
            pl.col("signal_kind").is_not_null(),
            is_asked(asked.signal_kinds),
            points_here(),
            within(asked.max_hours_to_start),
            move >= asked.min_move,
        ).with_columns(
            strength=move,
            reason=pl.format(
                "{}: {} logit toward {}, {} still to be had at {}",
                "signal_kind",
                signed(move),
                this_side(),
                american(),
                "book",
            ),
        )
