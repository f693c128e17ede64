"""Jumps: one book's level moves far within a short time.

What a single stream of prices can show of sharp money. Real steam needs several books (``steam``), and every event says
so of itself.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board
from dagster_mlb.signals.moments import MINUTE
from dagster_mlb.signals.moves import ROUNDING, Moves, changes
from dagster_mlb.signals.parameters import JumpParameters
from dagster_mlb.signals.sightings import first_sightings, sentences, side_names, sightings, where


def jumps(board: Board, moves: Moves, parameters: JumpParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen at the change that carries a level ``delta`` away from where it stood ``window_minutes``
    before (where the book opened, if that was later)."""
    window = int(parameters.window_minutes * MINUTE)
    change, reference = changes(moves, window)
    heard = board.is_sharp[moves.row] | (not parameters.sharp_only)
    found = np.flatnonzero((np.abs(change) >= parameters.delta - ROUNDING) & heard)
    sign = np.sign(change[found]).astype(np.int64)
    kept = first_sightings(moves.market[found], sign, moves.at[found], np.abs(change[found]), parameters.cooldown_hours)
    found, sign = found[kept], sign[kept]
    market, at, size = moves.market[found], moves.at[found], np.abs(change[found])
    minutes = np.minimum(window, at - moves.at[reference[found]]) / MINUTE
    rows = board.frame[moves.row[found]]
    book = rows["book"].to_list()
    before, now = board.path.level_at(market, at - window), board.path.level_at(market, at)
    others = board.said_at(market, at).voices - 1
    side = side_names(board, market, sign)
    young = at - moves.at[moves.first[found]] < window
    silence = board.silence_before(moves.row[found])
    supporting = [
        f"{name} moved {moved:.3f} logit toward {toward} within {span:.0f} minutes"
        for name, moved, toward, span in zip(book, size, side, minutes, strict=True)
    ]
    contradicting = sentences(
        ["one book moved: steam needs several"] * len(found),
        where(others <= 0, ["no other book is quoted"] * len(found)),
        where(
            (others > 0) & (sign * (now - before) < parameters.delta / 2),
            [
                f"the consensus of {n + 1} books moved {s * (b - a):.3f} meanwhile"
                for n, s, a, b in zip(others, sign, before, now, strict=True)
            ],
        ),
        where(
            silence > window,
            [
                f"nothing was told of the game for {span:.0f} minutes: when it moved nobody knows"
                for span in silence / MINUTE
            ],
        ),
        where(young, [f"{name} had opened less than {parameters.window_minutes:.0f} minutes before" for name in book]),
    )
    return sightings(
        "jump",
        "logit",
        rows,
        market=market,
        at=at,
        sign=sign,
        strength=size,
        move=size,
        window_minutes=minutes,
        books=[[name] for name in book],
        originator=book,
        book=book,
        source=rows["source"],
        supporting=[[text] for text in supporting],
        contradicting=contradicting,
    )
