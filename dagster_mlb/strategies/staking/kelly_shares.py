"""Kelly's shares of the bankroll for bets one by one, within the caps of a bet, a game and a slate.

What is staked at one moment shares what the caps leave: of the game and of the slate (one baseball day), as shares of
the bankroll before the slate. A later moment of the same slate gets what earlier ones left, and no moment knows what
later ones will bet.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.market.kelly import kelly
from dagster_mlb.market.levels import market_level, probability_at
from dagster_mlb.market.odds import FloatArray
from dagster_mlb.strategies.protocol import Staking
from dagster_mlb.strategies.staking.bankroll import IntArray

LEAST: Final = 1e-9  # shares below are none


def probabilities_as_filled(bets: pl.DataFrame) -> FloatArray:
    """The strategy's probability of each bet at the line that it got; NaN where it has none.

    ``bets``: market, side, probability (of the quoted line), quoted_line, line.
    """
    told = bets.select(
        "market",
        p=pl.col("probability").cast(pl.Float64).fill_null(np.nan),
        first=pl.col("side").is_in(["home", "over"]),
        quoted=pl.when(pl.col("side") == "away")
        .then(-pl.col("quoted_line"))
        .otherwise("quoted_line")
        .fill_null(np.nan),
        got=pl.when(pl.col("side") == "away").then(-pl.col("line")).otherwise("line").fill_null(np.nan),
    )
    p, first = told["p"].to_numpy(), told["first"].to_numpy()
    quoted, got, market = told["quoted"].to_numpy(), told["got"].to_numpy(), told["market"].to_numpy().astype(str)
    moved = (market != "moneyline") & (quoted != got)
    if not moved.any():
        return p
    level = market_level(market, np.where(first, p, 1.0 - p), quoted)
    shifted = probability_at(market, level, got)
    return np.where(moved, np.where(first, shifted, 1.0 - shifted), p)


def kelly_shares(
    slate: IntArray, moment: IntArray, game: IntArray, decimal: FloatArray, probability: FloatArray, staking: Staking
) -> FloatArray:
    """Independent fractional Kelly within the caps, as shares of the bankroll before the slate.

    Slates with one moment are scaled as arrays; one with several goes moment by moment.
    """
    wanted = np.minimum(np.nan_to_num(kelly(probability, decimal, fraction=staking.fraction), nan=0.0), staking.max_bet)
    _, slate_of = np.unique(slate, return_inverse=True)
    size = int(slate_of.max()) + 1 if len(slate_of) else 0
    first = np.full(size, np.iinfo(np.int64).max)
    last = np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(first, slate_of, moment)
    np.maximum.at(last, slate_of, moment)
    has_one = (first == last)[slate_of] if size else np.zeros(0, dtype=bool)
    result = np.zeros(len(wanted))
    rows = np.flatnonzero(has_one)
    result[rows] = _within_caps(wanted[rows], slate_of[rows], game[rows], staking)
    for part in by_slate(slate_of, np.flatnonzero(~has_one)):
        result[part] = _moment_by_moment(wanted[part], moment[part], game[part], staking)
    return result


def _within_caps(wanted: FloatArray, slate: IntArray, game: IntArray, staking: Staking) -> FloatArray:
    """Games, then slates, scaled down to their caps; each slate is one moment."""
    if not len(wanted):
        return wanted
    _, game_of = np.unique(slate.astype(np.int64) * (np.int64(1) << 32) + _ranks(game), return_inverse=True)
    of_game = np.bincount(game_of, wanted)
    capped = wanted * np.minimum(1.0, staking.max_game / np.maximum(of_game, LEAST))[game_of]
    of_slate = np.bincount(slate, capped)
    return capped * np.minimum(1.0, staking.max_slate / np.maximum(of_slate, LEAST))[slate]


def _moment_by_moment(wanted: FloatArray, moment: IntArray, game: IntArray, staking: Staking) -> FloatArray:
    """The same for one slate with several moments: each shares what the earlier ones left of the caps."""
    result = np.zeros(len(wanted))
    used: dict[int, float] = defaultdict(float)
    left = staking.max_slate
    for now in np.unique(moment):
        rows = np.flatnonzero(moment == now)
        of_game: dict[int, float] = defaultdict(float)
        for row in rows:
            of_game[int(game[row])] += float(wanted[row])
        room = {
            key: min(1.0, max(staking.max_game - used[key], 0.0) / total) if total > 0 else 0.0
            for key, total in of_game.items()
        }
        capped = np.array([wanted[row] * room[int(game[row])] for row in rows])
        total = float(capped.sum())
        capped *= min(1.0, max(left, 0.0) / total) if total > 0 else 0.0
        result[rows] = capped
        left -= float(capped.sum())
        for row, share in zip(rows, capped, strict=True):
            used[int(game[row])] += float(share)
    return result


def by_slate(slate: IntArray, rows: IntArray) -> list[IntArray]:
    """``rows`` of each slate."""
    if not rows.size:
        return []
    ordered = rows[np.argsort(slate[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(slate[ordered])) + 1
    return np.split(ordered, ends)


def _ranks(values: IntArray) -> IntArray:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
