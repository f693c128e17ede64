"""Clubs of large markets are bet for their name: against them where the public is on them, with the small ones."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import other_share, share
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import other_side, percent, this_side

#: NYY, LAD, BOS, CHC, NYM, SF and TB, MIA, OAK (now ATH), PIT, KC, CIN, by MLB's ids: the prior systems' lists.
LARGE_MARKETS: Final = (147, 119, 111, 112, 121, 137)
SMALL_MARKETS: Final = (139, 146, 133, 134, 118, 113)


class TeamBiasParameters(StrategyParameters):
    markets: tuple[Literal["moneyline", "spread"], ...] = ("moneyline",)
    pattern: Literal["fade_large", "back_small"] = "fade_large"
    large: tuple[int, ...] = Field(default=LARGE_MARKETS, description="Clubs, by MLB's id")
    small: tuple[int, ...] = Field(default=SMALL_MARKETS, description="Clubs, by MLB's id")
    min_large_pct: float = Field(default=58, description="Of the bets on the large club; prior systems: 58")
    max_small_pct: float = Field(default=42, description="Of the bets on the small club; prior systems: 42")


class TeamBias(Rule):
    """Follow, *fade_large*: against a club of a large market that has ``min_large_pct`` of this game's bets, unless the
    other is one too. Follow, *back_small*: a club of a small market that has at most ``max_small_pct`` of them, unless
    the other is one too. Fade: the other side. Strength: percent of the bets on the other side.

    Departs from the prior systems, which chose their darlings by the mean ticket share and win rate of the very games
    they then bet: in sample by construction. A club's mean share up to the decision would be honest, but one day's
    frame does not hold it; so the fixed lists and the bets of this game decide.
    """

    name = "team_bias"
    Parameters = TeamBiasParameters
    parameters: TeamBiasParameters
    default_decision = "pregame"
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        own, opponent = pl.col("team_id"), pl.col("opponent_id")
        if asked.pattern == "fade_large":
            is_biased = (
                opponent.is_in(asked.large) & ~own.is_in(asked.large) & (other_share("tickets") >= asked.min_large_pct)
            )
            told = pl.format("tickets {} on {}, a large market", percent(other_share("tickets")), other_side())
        else:
            is_biased = (
                own.is_in(asked.small) & ~opponent.is_in(asked.small) & (share("tickets") <= asked.max_small_pct)
            )
            told = pl.format("tickets {} on {}, a small market", percent(share("tickets")), this_side())
        return sides.filter(is_biased).with_columns(
            strength=other_share("tickets"), reason=pl.format("{}: {}", told, this_side())
        )
