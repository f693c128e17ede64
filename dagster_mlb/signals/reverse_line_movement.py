"""Reverse line movement: the price goes against the side that holds most of the tickets.

Tickets and price are of one moment: the splits are the last that were known then, never a later or final count. The
event points to the side that the price went toward.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board
from dagster_mlb.signals.crowd import Crowd
from dagster_mlb.signals.moments import MINUTE, Bools, Ints, picked
from dagster_mlb.signals.moves import ROUNDING
from dagster_mlb.signals.parameters import ReverseLineMovementParameters
from dagster_mlb.signals.sightings import (
    TIERS,
    first_sightings,
    lists_of,
    of_side,
    sentences,
    side_names,
    sightings,
    tier_of,
    where,
)


def reverse_line_movements(board: Board, crowd: Crowd, parameters: ReverseLineMovementParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen when a count or a price makes it true: ``tickets`` on one side, the consensus level ``delta``
    toward the other since the market's open, and so many ``books`` that far from it."""
    path = board.path
    opened = path.opened(len(board.name))
    market, at, last_row = _moments(board, crowd)
    start = path.level[opened[market]]
    moved = path.level_at(market, at) - start
    with np.errstate(invalid="ignore"):
        far = (opened[market] >= 0) & (np.abs(moved) >= parameters.delta - ROUNDING)
    market, at, moved, start, last_row = picked(far, market, at, moved, start, last_row)
    sign = np.sign(moved).astype(np.int64)
    against = of_side(crowd.shares_at(market, at).tickets, -sign)
    tier = tier_of(against, parameters.tickets)
    found = np.flatnonzero(tier >= 0)
    names, _ = _beyond(board, market[found], at[found], sign[found], start[found], parameters.delta)
    found = found[np.array([len(books) >= parameters.books for books in names], dtype=bool)]
    size = np.abs(moved)
    found = found[
        first_sightings(market[found], sign[found], at[found], size[found], parameters.cooldown_hours, tier[found])
    ]
    market, at, sign, moved, start, tier, against, last_row = picked(
        found, market, at, sign, size, start, tier, against, last_row
    )
    shares = crowd.shares_at(market, at)
    ends = of_side(shares.lowest, -sign), of_side(shares.highest, -sign)
    lowest, highest = np.minimum(*ends), np.maximum(*ends)
    names, all_voices = _beyond(board, market, at, sign, start, parameters.delta)
    sharp = sign * (board.sharp_path.level_at(market, at) - start) + 0.0  # never minus nothing
    crowded = side_names(board, market, -sign)
    supporting = sentences(
        [
            f"{TIERS[t]}: {share:.0f} % of the tickets on {toward}, and the price {move:.3f} logit against it"
            for t, share, toward, move in zip(tier, against, crowded, moved, strict=True)
        ],
        [f"{len(books)} books stand that far from the open: {', '.join(books)}" for books in names],
        where(sharp >= moved, [f"market makers moved {move:.3f}" for move in sharp]),
    )
    contradicting = sentences(
        where(
            sharp < parameters.delta / 2,
            [f"market makers moved {move:.3f}: the others moved alone" for move in sharp],
        ),
        where(
            (shares.voices > 1) & (lowest < parameters.tickets[0]),
            [f"the counts disagree: {low:.0f} to {high:.0f} %" for low, high in zip(lowest, highest, strict=True)],
        ),
        where(
            np.array([len(books) for books in names], dtype=int) * 2 < all_voices,
            [f"{len(books)} of {voices} books moved so far" for books, voices in zip(names, all_voices, strict=True)],
        ),
    )
    return sightings(
        "reverse_line_movement",
        "logit",
        board.frame[last_row],
        market=market,
        at=at,
        sign=sign,
        strength=moved,
        move=moved,
        window_minutes=(at - path.at[opened[market]]) / MINUTE,
        books=names,
        supporting=supporting,
        contradicting=contradicting,
    )


def _moments(board: Board, crowd: Crowd) -> tuple[Ints, Ints, Ints]:
    """Markets and moments at which a price changed or a count was told, and the board's last row by then."""
    path = board.path
    market = np.concatenate([path.market, crowd.market])
    at = np.concatenate([path.at, crowd.at])
    found = path.moments.last(market, at)
    there: Bools = found >= 0
    market, at, found = market[there], at[there], found[there]
    order = np.lexsort((at, market))
    one = np.ones(len(order), dtype=bool)
    one[1:] = (market[order][1:] != market[order][:-1]) | (at[order][1:] != at[order][:-1])
    order = order[one]
    return market[order], at[order], path.row[found[order]]


def _beyond(
    board: Board, market: Ints, at: Ints, sign: Ints, start: np.ndarray, delta: float
) -> tuple[list[list[str]], Ints]:
    """Per event the books that stand ``delta`` from the open, and how many are quoted."""
    asked, row = board.voices_at(market, at)
    beyond = sign[asked] * (board.level[row] - start[asked]) >= delta - ROUNDING
    names = lists_of(asked[beyond], board.frame["book"][row[beyond]].to_list(), len(market))
    return names, np.bincount(asked, minlength=len(market))
