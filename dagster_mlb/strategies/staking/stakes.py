"""How much every bet stakes: flat, for equal payouts, by Kelly one by one, or by Kelly for a whole slate together.

=============  ========================================================================================================
*flat*         ``unit`` on every bet; the caps, which are shares of a bankroll, are Kelly's
*equal_payout* ``unit`` over all bets of one decision on a market, each in proportion to 1/d (betting_domain §2.7): the
               two legs of an arbitrage pay the same. A leg whose other found no price stands alone, and says so
*kelly*        the fraction of what Kelly stakes on the bet by itself
*slate_kelly*  all bets of a moment staked together: those of one game win and lose together as its score grid says
               (``slate_outcomes.py``). Where a game has no grid its bets are staked as if independent, and say so
=============  ========================================================================================================

Kelly needs a calibrated probability, at the line and price that the bet got: of a line that moved in between it is
shifted by the market's level. It is the probability to win given no push, so that pushes change no single bet's stake.

What is staked at one moment shares what the caps leave: of the game and of the slate (one baseball day), as shares of
the bankroll before the slate. A later moment of the same slate gets what earlier ones left, and no moment knows what
later ones will bet. The bankroll itself is the matter of ``bankroll.py``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.market.kelly import kelly
from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Schema, Staking
from dagster_mlb.strategies.staking.bankroll import returns_of, stakes_over_time
from dagster_mlb.strategies.staking.kelly_shares import LEAST, kelly_shares, probabilities_as_filled
from dagster_mlb.strategies.staking.slate_staking import Shares, slate_shares

#: What staking adds. ``bankroll_share``: of the bankroll before the slate; ``stake_method``: how this bet was staked,
#: *none* where nothing is; ``stake_reason``: why it is nothing, less, or another method than asked for.
STAKE_SCHEMA: Final[Schema] = {
    "stake": pl.Float64,
    "bankroll_share": pl.Float64,
    "stake_method": pl.String,
    "stake_reason": pl.String,
}


def with_stakes(
    bets: pl.DataFrame, settlements: pl.DataFrame, staking: Staking, markets: pl.DataFrame | None = None
) -> pl.DataFrame:
    """``bets`` with ``STAKE_SCHEMA`` added; their order stays.

    ``bets``: ``fills.FILL_SCHEMA`` with bet_id. ``settlements``: ``settlement.settlement_history`` of them for a stake
    of 1. ``markets``: ``slate_outcomes.DECISION_MARKET_SCHEMA``, for slate Kelly.
    """
    placed = bets.with_row_index("_place").filter(pl.col("price_decimal").is_not_null())
    shares = _shares(placed, staking, markets)
    staked = stakes_over_time(
        placed["filled_at"].cast(UTC_TIMESTAMP).dt.epoch("us").to_numpy().astype(np.int64),
        placed["official_date"].cast(pl.Int32).to_numpy().astype(np.int64),
        shares.share,
        returns_of(placed["bet_id"], settlements),
        staking,
    )
    with np.errstate(all="ignore"):
        of_bankroll = np.where(staked.bankroll > 0.0, staked.stake / staked.bankroll, np.nan)
    told = pl.DataFrame(
        {
            "_place": placed["_place"],
            "stake": staked.stake,
            "_share": np.where(of_bankroll <= 1.0, of_bankroll, np.nan),
            "_scale": staked.scale,
            "_method": shares.method,
            "_why": shares.why,
        },
        schema_overrides={"_method": pl.String, "_why": pl.String},
    )
    is_none = pl.col("stake") <= LEAST
    return (
        bets.with_row_index("_place")
        .join(told, on="_place", how="left", maintain_order="left")
        .with_columns(stake=pl.when(is_none).then(0.0).otherwise("stake").fill_null(0.0))
        .with_columns(
            bankroll_share=pl.when(pl.col("stake") > 0).then(pl.col("_share").fill_nan(None)),
            stake_method=pl.when(pl.col("stake") > 0).then("_method").otherwise(pl.lit("none")),
            stake_reason=pl.when(pl.col("price_decimal").is_null())
            .then(None)
            .when(pl.col("_scale") == 0)
            .then(pl.lit("no stake: the bankroll is too far below its peak"))
            .when((pl.col("stake") == 0) & pl.col("_why").is_null())
            .then(pl.lit("no stake: there is no bankroll left"))
            .when((pl.col("_scale") < 1) & pl.col("_why").is_null())
            .then(pl.lit("halved: the bankroll is below its peak"))
            .otherwise("_why"),
        )
        .select(*bets.columns, *(pl.col(name).cast(kind) for name, kind in STAKE_SCHEMA.items()))
    )


def _shares(bets: pl.DataFrame, staking: Staking, markets: pl.DataFrame | None) -> Shares:
    """The share of each bet (flat: its units), how it came about, and why it is nothing or something else."""
    many = bets.height
    if staking.method == "flat":
        return Shares(np.ones(many), ["flat"] * many, [None] * many)
    if staking.method == "equal_payout":
        return _equal_payouts(bets)
    probability = probabilities_as_filled(bets)
    slate = bets["official_date"].cast(pl.Int32).to_numpy().astype(np.int64)
    moment = bets["filled_at"].cast(UTC_TIMESTAMP).dt.epoch("us").to_numpy().astype(np.int64)
    game, decimal = bets["game_key"].to_numpy(), bets["price_decimal"].to_numpy()
    if staking.method == "kelly":
        shares = Shares(
            kelly_shares(slate, moment, game, decimal, probability, staking), ["kelly"] * many, [None] * many
        )
    else:
        shares = slate_shares(bets, slate, moment, probability, staking, markets)
    alone = np.nan_to_num(kelly(probability, decimal), nan=0.0)
    for row in np.flatnonzero(shares.share <= LEAST):
        if np.isnan(probability[row]):
            shares.why[row] = "no stake: the strategy has no calibrated probability"
        elif alone[row] <= 0.0:
            shares.why[row] = "no stake: worth nothing at the price that was got"
        else:
            shares.why[row] = "no stake: the caps of its game or slate are reached, or its game's other bets are better"
    return shares


ALONE: Final = "the other leg found no price: this one stands alone"


def _equal_payouts(bets: pl.DataFrame) -> Shares:
    """What each bet takes of a unit so that all bets of a decision on a market pay the same."""
    decision = ["game_key", "market", "decision_at", "signal_id"]
    told = bets.select(
        share=(1 / pl.col("price_decimal")) / (1 / pl.col("price_decimal")).sum().over(decision),
        is_alone=pl.len().over(decision) == 1,
    )
    why: list[str | None] = [ALONE if alone else None for alone in told["is_alone"]]
    return Shares(told["share"].to_numpy().astype(np.float64), ["equal_payout"] * bets.height, why)
