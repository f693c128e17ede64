"""Arbitrages: the best prices of both sides, at two books on one line, cost less than they are sure to pay.

The event points to the side that is the better bet by itself, at the book that is out of line.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.market.pairs import cover
from dagster_mlb.signals.board import Board, Floats, where_new
from dagster_mlb.signals.book_conflict import doubts
from dagster_mlb.signals.moments import MINUTE, Ints, picked
from dagster_mlb.signals.parameters import ArbitrageParameters
from dagster_mlb.signals.sightings import first_sightings, sentences, side_names, sightings, where

#: Prices that have not changed for so much longer than the other are told of.
APART_MINUTES = 60.0


def arbitrages(board: Board, parameters: ArbitrageParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen at the price that completes the pair; ``profit`` (and ``strength``) is the return on the
    whole stake, whatever happens."""
    market, at, first, second = _pairs(board)
    found = cover(np.column_stack([board.decimal_1[first], board.decimal_2[second]]))
    # Which other moments are asked hangs on prices to come (``_pairs``): a pair is seen when one of its prices is new.
    completes = (board.at[first] == at) | (board.at[second] == at)
    pays = (found.profit > parameters.profit) & completes
    market, at, first, second, profit = picked(pays, market, at, first, second, found.profit)
    sharp = board.sharp_path.level_at(market, at)
    level = np.where(np.isfinite(sharp), sharp, board.path.level_at(market, at))
    fair = board.chance_on(first, level)
    sign = np.where(board.decimal_1[first] * fair >= board.decimal_2[second] * (1 - fair), 1, -1).astype(np.int64)
    kept = first_sightings(market, sign, at, profit, parameters.cooldown_hours)
    market, at, first, second, profit, sign, level = picked(kept, market, at, first, second, profit, sign, level)
    own, other = np.where(sign > 0, first, second), np.where(sign > 0, second, first)
    return _told(board, market, at, sign, own, other, profit, level)


def _told(
    board: Board, market: Ints, at: Ints, sign: Ints, own: Ints, other: Ints, profit: Floats, level: Floats
) -> pl.DataFrame:
    fair = board.chance_on(own, level)
    words, others = board.frame[own], board.frame[other]
    price = np.where(sign > 0, words["price_1"].to_numpy(), words["price_2"].to_numpy())
    other_price = np.where(sign > 0, others["price_2"].to_numpy(), others["price_1"].to_numpy())
    decimal = np.where(sign > 0, board.decimal_1[own], board.decimal_2[own])
    share = 1 / decimal * (1 + profit)
    value = decimal * np.where(sign > 0, fair, 1 - fair) - 1
    apart = np.abs(board.at[own] - board.at[other]) / MINUTE
    supporting = [
        [
            f"{a:+d} on {side} at {book} and {b:+d} on {other_side} at {other_book} return {p:.2%} whatever happens, "
            f"{s:.0%} of the stake on {side}",
            f"{side} alone is worth {v:+.1%}",
        ]
        for a, side, book, b, other_side, other_book, p, s, v in zip(
            price,
            side_names(board, market, sign),
            words["book"],
            other_price,
            side_names(board, market, -sign),
            others["book"],
            profit,
            share,
            value,
            strict=True,
        )
    ]
    contradicting = sentences(
        doubts(board, market, at, own, sign, board.sharp_path.level_at(market, at)),
        where(
            apart > APART_MINUTES,
            [f"one of the prices is {minutes:.0f} minutes older than the other" for minutes in apart],
        ),
    )
    later = np.where(board.at[own] >= board.at[other], own, other)
    return sightings(
        "arbitrage",
        "share",
        board.frame[later],
        market=market,
        at=at,
        sign=sign,
        strength=profit,
        window_minutes=apart,
        books=[[a, b] for a, b in zip(words["book"], others["book"], strict=True)],
        book=words["book"],
        source=words["source"],
        other_book=others["book"],
        other_source=others["source"],
        profit=profit,
        line=board.line[own],
        probability=fair,
        level=level,
        supporting=supporting,
        contradicting=contradicting,
    )


def _pairs(board: Board) -> tuple[Ints, Ints, Ints, Ints]:
    """Where an arbitrage may be: market, moment, and the rows with the best price of either side on one line.

    Only moments of a price that, with the best ever quoted against it on its line, would cost less than one; that
    spares most of the work and decides nothing.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        q_1, q_2 = 1 / board.decimal_1, 1 / board.decimal_2
        # A book whose own two prices are an arbitrage has made an error, and is no half of one.
        offered = np.flatnonzero(board.is_open & board.can_be_bet & (q_1 + q_2 >= 1))
    line = np.where(np.isnan(board.line[offered]), 0.0, board.line[offered])
    order = np.lexsort((line, board.market[offered]))
    group = np.empty(len(offered), dtype=np.int64)
    group[order] = np.cumsum(where_new(board.market[offered][order], line[order])) - 1
    groups = int(group.max(initial=-1)) + 1
    least_1, least_2 = np.full(groups, np.inf), np.full(groups, np.inf)
    np.minimum.at(least_1, group, q_1[offered])
    np.minimum.at(least_2, group, q_2[offered])
    may = (q_1[offered] + least_2[group] < 1) | (q_2[offered] + least_1[group] < 1)
    market, at = board.market[offered[may]], board.at[offered[may]]
    order = np.lexsort((at, market))
    order = order[where_new(market[order], at[order])]
    market, at = market[order], at[order]
    asked, row = board.voices_at(market, at)
    legs = board.can_be_bet[row] & (q_1[row] + q_2[row] >= 1)
    asked, row = asked[legs], row[legs]
    line = np.where(np.isnan(board.line[row]), 0.0, board.line[row])
    best = []
    for decimal in (board.decimal_1, board.decimal_2):
        order = np.lexsort((row, -decimal[row], line, asked))
        best.append(order[where_new(asked[order], line[order])])
    first, second = row[best[0]], row[best[1]]
    question = asked[best[0]]
    return market[question], at[question], first, second
