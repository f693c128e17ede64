"""The bankroll over time: what is there to stake from, given what is out and what has come back.

A stake is out from its fill until the result of its game is known, and what is out is no bankroll. All bets of a slate
(one baseball day) are shares of the same bankroll: the one before its first bet. Money moves at two kinds of moments,
fills and settlements; a settlement of a correction moves the difference. Nothing settled after a moment is in the
bankroll of that moment.

The recursion runs over moments and not over bets: bets that are filled at one moment and settled before the same later
one move together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_mlb.market.odds import FloatArray
from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Staking

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Returns:
    """What comes back, per unit of stake: at ``at`` (µs) of ``bet`` (its place in the list) ``factor``; ``is_first``:
    the stake itself is no longer out. Later ones are corrections."""

    bet: IntArray
    at: IntArray
    factor: FloatArray
    is_first: npt.NDArray[np.bool_]


class Stakes(NamedTuple):
    """Per bet: the ``stake``; the ``bankroll`` that its share is of; the ``scale`` of the drawdown rules (1, .5, 0)."""

    stake: FloatArray
    bankroll: FloatArray
    scale: FloatArray


def stakes_over_time(
    filled_at: IntArray, slate: IntArray, share: FloatArray, returns: Returns, rules: Staking
) -> Stakes:
    """The stake of every bet, in the bets' own order.

    ``filled_at`` (µs), ``slate`` (any number a slate), ``share``: units where ``rules.method`` is flat or equal_payout,
    else shares of the bankroll before the slate. What a moment stakes is never more than what is not out (flat stakes
    may be).
    """
    if not len(share):
        return Stakes(*(np.zeros(0) for _ in range(3)))
    moments, moment = np.unique(filled_at, return_inverse=True)
    many = len(moments)
    # Bets of one moment are of one slate, or of several: each such group is staked by itself.
    pair = _codes(moment, slate)
    groups, first_of, group = np.unique(pair, return_index=True, return_inverse=True)
    group_moment, group_slate = moment[first_of].tolist(), slate[first_of].tolist()
    placed = np.bincount(group, share, len(groups)).tolist()
    # A settlement counts from the first moment that is not before it, and never at the bet's own.
    heard = np.maximum(np.searchsorted(moments, returns.at), moment[returns.bet] + 1)
    known = heard < many
    source, target = group[returns.bet[known]], heard[known]
    code = target * len(groups) + source
    pairs, where = np.unique(code, return_inverse=True)
    back = np.bincount(where, (share[returns.bet] * returns.factor)[known], len(pairs)).tolist()
    freed = np.bincount(where, (share[returns.bet] * returns.is_first)[known], len(pairs)).tolist()
    ends = np.searchsorted(pairs // len(groups), np.arange(many + 1)).tolist()
    sources = (pairs % len(groups)).tolist()

    free, out, peak = rules.bankroll, 0.0, rules.bankroll
    is_flat = rules.method in ("flat", "equal_payout")
    amounts, bankrolls, scales = [0.0] * len(groups), [0.0] * len(groups), [1.0] * len(groups)
    before: dict[int, tuple[float, float]] = {}  # of each slate: the bankroll and the scale it began with
    at_group = 0
    for now in range(many):
        for item in range(ends[now], ends[now + 1]):
            amount = amounts[sources[item]]
            free += amount * back[item]
            out -= amount * freed[item]
        peak = max(peak, free + out)
        available = max(free, 0.0)
        while at_group < len(groups) and group_moment[at_group] == now:
            of_slate = group_slate[at_group]
            if of_slate not in before:
                before[of_slate] = (available, _scale(1.0 - (free + out) / peak, rules))
            bankroll, scale = before[of_slate]
            amount = scale * (rules.unit if is_flat else bankroll)
            if not is_flat and amount * placed[at_group] > max(free, 0.0):
                amount = max(free, 0.0) / placed[at_group]
            amounts[at_group], bankrolls[at_group], scales[at_group] = amount, bankroll, scale
            free -= amount * placed[at_group]
            out += amount * placed[at_group]
            at_group += 1
    return Stakes(np.array(amounts)[group] * share, np.array(bankrolls)[group], np.array(scales)[group])


def _scale(drawdown: float, rules: Staking) -> float:
    if rules.stop_after is not None and drawdown >= rules.stop_after:
        return 0.0
    return 0.5 if rules.halve_after is not None and drawdown >= rules.halve_after else 1.0


def _codes(moment: IntArray, slate: IntArray) -> IntArray:
    """One number for each moment and slate, ordered by moment."""
    _, place = np.unique(slate, return_inverse=True)
    return moment.astype(np.int64) * (int(place.max()) + 1) + place


def returns_of(bet_ids: pl.Series, settlements: pl.DataFrame) -> Returns:
    """What comes back of bets of one unit: ``settlements`` as ``settlement.settlement_history`` has them for a stake
    of 1.
    """
    places = pl.DataFrame({"bet_id": bet_ids, "_bet": np.arange(len(bet_ids))})
    told = (
        settlements.join(places, on="bet_id", how="inner")
        .sort("_bet", "settled_at")
        .with_columns(_before=pl.col("profit").shift(1).over("_bet"))
        .select(
            "_bet",
            pl.col("settled_at").cast(UTC_TIMESTAMP).dt.epoch("us").alias("_at"),
            _is_first=pl.col("_before").is_null(),
            _factor=pl.when(pl.col("_before").is_null())
            .then(1.0 + pl.col("profit"))
            .otherwise(pl.col("profit") - pl.col("_before")),
        )
    )
    return Returns(
        told["_bet"].to_numpy().astype(np.int64),
        told["_at"].to_numpy().astype(np.int64),
        told["_factor"].to_numpy().astype(np.float64),
        told["_is_first"].to_numpy().astype(np.bool_),
    )


def bankroll_path(bets: pl.DataFrame, bankroll: float = 100.0, settlements: pl.DataFrame | None = None) -> pl.DataFrame:
    """The bankroll at every moment at which money moved, in order of time.

    ``bets``: filled_at, stake, profit, settled_at, and bet_id where ``settlements`` (rows of ``settlement_history``
    with these stakes) are given: then a correction moves the money again when it became known. Bets without a fill are
    left out. Columns: at, placed, returned (stakes and what they won), free (not out), out (at cost), bankroll (both),
    peak (the highest so far, the start included), drawdown (share of the peak).
    """
    filled = bets.filter(pl.col("filled_at").is_not_null() & (pl.col("stake") > 0))
    if settlements is None:
        back = filled.filter(pl.col("settled_at").is_not_null()).select(
            at="settled_at", returned=pl.col("stake") + pl.col("profit"), freed="stake"
        )
    else:
        stakes = filled.select("bet_id", _stake="stake")
        before = pl.col("profit").shift(1).over("bet_id")
        back = (
            settlements.join(stakes, on="bet_id", how="inner")
            .sort("bet_id", "settled_at")
            .select(
                at="settled_at",
                returned=pl.when(before.is_null())
                .then(pl.col("_stake") + pl.col("profit"))
                .otherwise(pl.col("profit") - before),
                freed=pl.when(before.is_null()).then("_stake").otherwise(0.0),
            )
        )
    moves = pl.concat(
        [
            filled.select(
                pl.col("filled_at").cast(UTC_TIMESTAMP).alias("at"), placed="stake", returned=0.0, freed=0.0
            ).cast({"placed": pl.Float64}),
            back.select(pl.col("at").cast(UTC_TIMESTAMP), pl.lit(0.0).alias("placed"), "returned", "freed"),
        ]
    )
    at_moments = moves.group_by("at").agg(pl.col("placed", "returned", "freed").sum()).sort("at")
    return (
        at_moments.with_columns(
            free=bankroll + (pl.col("returned") - pl.col("placed")).cum_sum(),
            out=(pl.col("placed") - pl.col("freed")).cum_sum(),
        )
        .with_columns(bankroll=pl.col("free") + pl.col("out"))
        .with_columns(peak=pl.max_horizontal(pl.col("bankroll").cum_max(), pl.lit(bankroll)))
        .with_columns(drawdown=1 - pl.col("bankroll") / pl.col("peak"))
        .select("at", "placed", "returned", "free", "out", "bankroll", "peak", "drawdown")
    )
