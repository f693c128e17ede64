"""Bets and money agree on one side by a wide margin."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import at_least, share
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import percent, this_side


class ConsensusParameters(StrategyParameters):
    min_money_pct: float = Field(default=80, description="Prior systems: 90 heavy, 80 mixed")
    min_tickets_pct: float = Field(default=60, description="Prior systems: 90 heavy, 60 mixed")
    min_voices: int = Field(default=1, description="Sources that tell the split")


class Consensus(Rule):
    """Follow: the side with at least ``min_money_pct`` of the money and ``min_tickets_pct`` of the bets. Fade: against
    all of them. Strength: mean of both in percent.

    Departs from the prior systems: their minimum of fifty bets is left out, for no source tells a count; 0 and 100 are
    dropped instead.
    """

    name = "consensus"
    Parameters = ConsensusParameters
    parameters: ConsensusParameters
    default_decision = "pregame"
    decisions = ("open", "pregame", "close", "current")

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        money, tickets = share("money"), share("tickets")
        return sides.filter(
            at_least("split_voices", asked.min_voices),
            money >= asked.min_money_pct,
            tickets >= asked.min_tickets_pct,
        ).with_columns(
            strength=(money + tickets) / 2,
            reason=pl.format("money {} and tickets {} on {}", percent(money), percent(tickets), this_side()),
        )
