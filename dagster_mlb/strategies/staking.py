"""How much every bet stakes: flat, by Kelly one by one, or by Kelly for a whole slate together.

=============  ========================================================================================================
*flat*         ``unit`` on every bet; the caps, which are shares of a bankroll, are Kelly's
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

from collections import defaultdict
from typing import Any, Final

import numpy as np
import polars as pl

from dagster_mlb.market.kelly import GameOutcomes, ScoreBet, kelly, one_bet, slate_kelly
from dagster_mlb.market.levels import market_level, probability_at
from dagster_mlb.market.odds import FloatArray
from dagster_mlb.strategies.bankroll import IntArray, returns_of, stakes_over_time
from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Schema, Staking
from dagster_mlb.strategies.slate_outcomes import game_outcomes, grids_of

#: What staking adds. ``bankroll_share``: of the bankroll before the slate; ``stake_method``: how this bet was staked,
#: *none* where nothing is; ``stake_reason``: why it is nothing, less, or another method than asked for.
STAKE_SCHEMA: Final[Schema] = {
    "stake": pl.Float64,
    "bankroll_share": pl.Float64,
    "stake_method": pl.String,
    "stake_reason": pl.String,
}
_NO_GRID: Final = "its game has no score grid at the decision: the bets were staked as if independent"
_NO_SOLUTION: Final = "no stakes were found for the slate together: its bets were staked one by one"
_LEAST: Final = 1e-9  # shares below are none


def with_stakes(
    bets: pl.DataFrame, settlements: pl.DataFrame, staking: Staking, markets: pl.DataFrame | None = None
) -> pl.DataFrame:
    """``bets`` with ``STAKE_SCHEMA`` added; their order stays.

    ``bets``: ``fills.FILL_SCHEMA`` with bet_id. ``settlements``: ``settlement.settlement_history`` of them for a stake
    of 1. ``markets``: ``slate_outcomes.DECISION_MARKET_SCHEMA``, for slate Kelly.
    """
    placed = bets.with_row_index("_place").filter(pl.col("price_decimal").is_not_null())
    shares, method, why = _shares(placed, staking, markets)
    staked = stakes_over_time(
        placed["filled_at"].cast(UTC_TIMESTAMP).dt.epoch("us").to_numpy().astype(np.int64),
        placed["official_date"].cast(pl.Int32).to_numpy().astype(np.int64),
        shares,
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
            "_method": method,
            "_why": why,
        },
        schema_overrides={"_method": pl.String, "_why": pl.String},
    )
    is_none = pl.col("stake") <= _LEAST
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
    for part in _by_slate(slate_of, np.flatnonzero(~has_one)):
        result[part] = _moment_by_moment(wanted[part], moment[part], game[part], staking)
    return result


def _within_caps(wanted: FloatArray, slate: IntArray, game: IntArray, staking: Staking) -> FloatArray:
    """Games, then slates, scaled down to their caps; each slate is one moment."""
    if not len(wanted):
        return wanted
    _, game_of = np.unique(slate.astype(np.int64) * (np.int64(1) << 32) + _ranks(game), return_inverse=True)
    of_game = np.bincount(game_of, wanted)
    capped = wanted * np.minimum(1.0, staking.max_game / np.maximum(of_game, _LEAST))[game_of]
    of_slate = np.bincount(slate, capped)
    return capped * np.minimum(1.0, staking.max_slate / np.maximum(of_slate, _LEAST))[slate]


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


def _shares(
    bets: pl.DataFrame, staking: Staking, markets: pl.DataFrame | None
) -> tuple[FloatArray, list[str], list[str | None]]:
    """The share of each bet (flat: its units), how it came about, and why it is nothing or something else."""
    many = bets.height
    if staking.method == "flat":
        return np.ones(many), ["flat"] * many, [None] * many
    probability = probabilities_as_filled(bets)
    slate = bets["official_date"].cast(pl.Int32).to_numpy().astype(np.int64)
    moment = bets["filled_at"].cast(UTC_TIMESTAMP).dt.epoch("us").to_numpy().astype(np.int64)
    game, decimal = bets["game_key"].to_numpy(), bets["price_decimal"].to_numpy()
    why: list[str | None] = [None] * many
    if staking.method == "kelly":
        shares, method = kelly_shares(slate, moment, game, decimal, probability, staking), ["kelly"] * many
    else:
        shares, method = np.zeros(many), ["slate_kelly"] * many
        _, slate_of = np.unique(slate, return_inverse=True)
        has_one = np.flatnonzero(~np.isnan(probability))
        for rows in _by_slate(slate_of, has_one):
            _stake_slate(bets, rows, moment, probability, markets, staking, shares, method, why)
    alone = np.nan_to_num(kelly(probability, decimal), nan=0.0)
    for row in np.flatnonzero(shares <= _LEAST):
        if np.isnan(probability[row]):
            why[row] = "no stake: the strategy has no calibrated probability"
        elif alone[row] <= 0.0:
            why[row] = "no stake: worth nothing at the price that was got"
        else:
            why[row] = "no stake: the caps of its game or slate are reached"
    return shares, method, why


def _stake_slate(
    bets: pl.DataFrame,
    rows: IntArray,
    moment: IntArray,
    probability: FloatArray,
    markets: pl.DataFrame | None,
    staking: Staking,
    shares: FloatArray,
    method: list[str],
    why: list[str | None],
) -> None:
    """Slate Kelly for one slate, moment by moment; writes into ``shares``, ``method`` and ``why``."""
    keys = bets["game_key"].to_numpy()
    used: dict[int, float] = defaultdict(float)
    left = staking.max_slate
    for now in np.unique(moment[rows]):
        together = rows[moment[rows] == now]
        if left <= _LEAST:
            return
        groups, games, independent = _games_together(bets, together, probability, markets)
        try:
            found = slate_kelly(
                games,
                fraction=staking.fraction,
                max_bet=staking.max_bet,
                max_game=staking.max_game,
                max_slate=left,
            )
        except ArithmeticError:
            decimal = bets["price_decimal"].to_numpy()[together]
            alone = np.minimum(kelly(probability[together], decimal, fraction=staking.fraction), staking.max_bet)
            groups, found = [together], [alone]
            for row in together:
                method[row], why[row] = "kelly", _NO_SOLUTION
        for row in independent:
            why[row] = why[row] or _NO_GRID
        for group, stakes in zip(groups, found, strict=True):
            shares[group] = stakes
        # Bets of a game without a grid, and of one with bets at an earlier moment, still share the game's cap.
        total: dict[int, float] = defaultdict(float)
        for row in together:
            total[int(keys[row])] += float(shares[row])
        for row in together:
            key = int(keys[row])
            room = max(staking.max_game - used[key], 0.0)
            shares[row] *= min(1.0, room / total[key]) if total[key] > 0 else 0.0
        of_moment = float(shares[together].sum())
        if of_moment > left:
            shares[together] *= left / of_moment
        left -= float(shares[together].sum())
        for row in together:
            used[int(keys[row])] += float(shares[row])


def _games_together(
    bets: pl.DataFrame, rows: IntArray, probability: FloatArray, markets: pl.DataFrame | None
) -> tuple[list[IntArray], list[GameOutcomes], list[int]]:
    """The bets of a moment by game, with their joint outcomes; rows whose game has none stand alone and are named."""
    told = bets[rows.tolist()].select("game_key", "decision_at", "market", "side", "line", "price_decimal")
    by_game: dict[int, list[int]] = defaultdict(list)
    for place, key in enumerate(told["game_key"]):
        by_game[key].append(place)
    shared = [key for key, places in by_game.items() if len(places) > 1]
    grid_of: dict[int, int] = {}
    if shared and markets is not None:
        last = told.filter(pl.col("game_key").is_in(shared)).group_by("game_key").agg(pl.col("decision_at").min())
        known = markets.join(last, on=["game_key", "decision_at"], how="semi").sort("game_key")
        grid_of = {key: place for place, key in enumerate(known["game_key"])}
        grids = grids_of(known)
    groups: list[IntArray] = []
    games: list[GameOutcomes] = []
    independent: list[int] = []
    for key, places in by_game.items():
        own = rows[places]
        outcomes = None
        if len(places) > 1 and key in grid_of:
            score_bets = [_score_bet(told.row(place, named=True)) for place in places]
            outcomes = game_outcomes(grids, grid_of[key], score_bets, probability[own].tolist())
        if outcomes is not None:
            groups.append(own)
            games.append(outcomes)
            continue
        for place, row in zip(places, own, strict=True):
            groups.append(np.array([row]))
            games.append(one_bet(float(probability[row]), float(told["price_decimal"][place])))
        if len(places) > 1:
            independent += own.tolist()
    return groups, games, independent


def _score_bet(bet: dict[str, Any]) -> ScoreBet:
    market: Any = "run_line" if bet["market"] == "spread" else bet["market"]
    return ScoreBet(market, bet["side"], float(bet["price_decimal"]), float(bet["line"] or 0.0))


def _by_slate(slate: IntArray, rows: IntArray) -> list[IntArray]:
    """``rows`` of each slate."""
    if not rows.size:
        return []
    ordered = rows[np.argsort(slate[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(slate[ordered])) + 1
    return np.split(ordered, ends)


def _ranks(values: IntArray) -> IntArray:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
