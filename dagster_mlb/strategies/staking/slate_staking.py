"""Kelly's shares for a whole slate together, moment by moment: bets of one game hang together as its score grid says.

Where a game has no grid at the decision its bets are staked as if independent, and say so; within the game's cap all
the same.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.market.kelly import GameOutcomes, ScoreBet, kelly, one_bet, slate_kelly
from dagster_mlb.market.odds import FloatArray
from dagster_mlb.strategies.protocol import Staking
from dagster_mlb.strategies.staking.bankroll import IntArray
from dagster_mlb.strategies.staking.kelly_shares import LEAST, by_slate
from dagster_mlb.strategies.staking.slate_outcomes import game_outcomes, grids_of, independent

MOST_INDEPENDENT: Final = 6  # bets of one game of which every combination is written out
NO_GRID: Final = "its game has no score grid at the decision: the bets were staked as if independent"
CONTRADICTION: Final = "the probabilities of its game's bets contradict one another: staked as if independent"
NO_SOLUTION: Final = "no stakes were found for the slate together: its bets were staked one by one"


class Shares(NamedTuple):
    """Per bet: the ``share`` of the bankroll before the slate, the ``method`` it came by, and ``why`` it is another
    method than asked for (None where it is the one).
    """

    share: FloatArray
    method: list[str]
    why: list[str | None]


class _Moment(NamedTuple):
    """The bets of one moment, game by game: their rows, their joint outcomes, and the rows that stand alone by need."""

    rows: list[IntArray]
    games: list[GameOutcomes]
    alone: dict[int, str]


def slate_shares(
    bets: pl.DataFrame,
    slate: IntArray,
    moment: IntArray,
    probability: FloatArray,
    staking: Staking,
    markets: pl.DataFrame | None = None,
) -> Shares:
    """Slate Kelly for every slate of ``bets`` (game_key, decision_at, market, side, line, price_decimal), within the
    caps; what a moment stakes, later ones of the slate no longer can.

    ``markets``: ``slate_outcomes.DECISION_MARKET_SCHEMA``. Bets without a probability (NaN) get nothing.
    """
    shares = Shares(np.zeros(bets.height), ["slate_kelly"] * bets.height, [None] * bets.height)
    for rows in by_slate(slate, np.flatnonzero(~np.isnan(probability))):
        left, used = staking.max_slate, defaultdict[int, float](float)
        for now in np.unique(moment[rows]):
            together = rows[moment[rows] == now]
            if left > LEAST:
                _stake_moment(bets, together, probability, markets, staking, left, shares)
                left -= _keep_within(bets["game_key"].to_numpy(), together, staking, left, used, shares.share)
    return shares


def _stake_moment(
    bets: pl.DataFrame,
    rows: IntArray,
    probability: FloatArray,
    markets: pl.DataFrame | None,
    staking: Staking,
    left: float,
    shares: Shares,
) -> None:
    asked = _games_together(bets, rows, probability, markets)
    try:
        found = slate_kelly(
            asked.games,
            fraction=staking.fraction,
            max_bet=staking.max_bet,
            max_game=staking.max_game,
            max_slate=left,
        )
    except ArithmeticError:
        decimal = bets["price_decimal"].to_numpy()[rows]
        shares.share[rows] = np.minimum(kelly(probability[rows], decimal, fraction=staking.fraction), staking.max_bet)
        for row in rows:
            shares.method[row], shares.why[row] = "kelly", NO_SOLUTION
        return
    for row, why in asked.alone.items():
        shares.why[row] = why
    for group, stakes in zip(asked.rows, found, strict=True):
        shares.share[group] = stakes


def _keep_within(
    game_keys: IntArray, rows: IntArray, staking: Staking, left: float, used: dict[int, float], share: FloatArray
) -> float:
    """Scale what a moment stakes to what its games and its slate have left; returns what it took of the slate."""
    total: dict[int, float] = defaultdict(float)
    for row in rows:
        total[int(game_keys[row])] += float(share[row])
    for row in rows:
        key = int(game_keys[row])
        if total[key] > 0.0:
            share[row] *= min(1.0, max(staking.max_game - used[key], 0.0) / total[key])
    of_moment = float(share[rows].sum())
    if of_moment > left:
        share[rows] *= left / of_moment
    for row in rows:
        used[int(game_keys[row])] += float(share[row])
    return float(share[rows].sum())


def _games_together(
    bets: pl.DataFrame, rows: IntArray, probability: FloatArray, markets: pl.DataFrame | None
) -> _Moment:
    told = bets[rows.tolist()].select("game_key", "decision_at", "market", "side", "line", "price_decimal")
    places_of: dict[int, list[int]] = defaultdict(list)
    for place, key in enumerate(told["game_key"]):
        places_of[key].append(place)
    shared = told.filter(pl.col("game_key").is_duplicated())
    grid_of: dict[int, int] = {}
    if markets is not None and not shared.is_empty():
        when = shared.group_by("game_key").agg(pl.col("decision_at").min())
        known = markets.join(when, on=["game_key", "decision_at"], how="semi").sort("game_key")
        grid_of = {key: place for place, key in enumerate(known["game_key"])}
        grids = grids_of(known)
    groups: list[IntArray] = []
    games: list[GameOutcomes] = []
    alone: dict[int, str] = {}
    for key, places in places_of.items():
        own = rows[places]
        outcomes = None
        if len(places) > 1 and key in grid_of:
            score_bets = [_score_bet(told.row(place, named=True)) for place in places]
            outcomes = game_outcomes(grids, grid_of[key], score_bets, probability[own].tolist())
        if outcomes is None:
            if len(places) > 1:
                has_grid = key in grid_of and not np.isnan(grids.probability[grid_of[key], 0, 0])
                alone |= dict.fromkeys(own.tolist(), CONTRADICTION if has_grid else NO_GRID)
            pairs = zip(probability[own], told["price_decimal"].gather(places), strict=True)
            singles = [one_bet(float(p), float(decimal)) for p, decimal in pairs]
            if len(singles) > MOST_INDEPENDENT:
                groups += [np.array([row]) for row in own]
                games += singles
                continue
            outcomes = independent(singles)
        groups.append(own)
        games.append(outcomes)
    return _Moment(groups, games, alone)


def _score_bet(bet: dict[str, Any]) -> ScoreBet:
    market: Any = "run_line" if bet["market"] == "spread" else bet["market"]
    return ScoreBet(market, bet["side"], float(bet["price_decimal"]), float(bet["line"] or 0.0))
