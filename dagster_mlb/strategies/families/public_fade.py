"""Against the public where it is heavily on one side."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import Measure, at_least, other_share
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import number, other_side, percent, this_side


class PublicFadeParameters(StrategyParameters):
    measure: Measure = Field(default="tickets", description="What counts as the public; the prior systems: money")
    min_public_pct: float = Field(default=75, description="Mean over the voices; prior systems: 85 heavy, 75 moderate")
    min_voice_pct: float = Field(default=70, description="Of every single voice; prior systems: 70")
    min_voices: int = Field(default=3, description="Prior systems: 2 where it is heavy, 3 where it is moderate")


class PublicFade(Rule):
    """Follow (the family's own idea): against the side with at least ``min_public_pct`` of the bets as the mean of at
    least ``min_voices`` voices, none of them below ``min_voice_pct``. Fade: with the public. Strength: percent of the
    public.

    Departs from the prior systems, which call a share of the *money* the public and in another file sharp: the number
    of bets is the public here, and ``measure = "money"`` is theirs.
    """

    name = "public_fade"
    Parameters = PublicFadeParameters
    parameters: PublicFadeParameters
    default_decision = "pregame"
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        public = other_share(asked.measure)
        lowest_voice = 100 - pl.col(f"{asked.measure}_max")
        return sides.filter(
            at_least("split_voices", asked.min_voices),
            public >= asked.min_public_pct,
            lowest_voice >= asked.min_voice_pct,
        ).with_columns(
            strength=public,
            reason=pl.format(
                "{} {} on {}, {} voices, none below {}: {}",
                pl.lit(asked.measure),
                percent(public),
                other_side(),
                "split_voices",
                number(lowest_voice, 1),
                this_side(),
            ),
        )
