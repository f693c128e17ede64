"""Late moves: the consensus moves in the last hour before the scheduled start.

Judged when it happens. In a delayed game the last hour lasts until first pitch.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board
from dagster_mlb.signals.moments import MINUTE
from dagster_mlb.signals.moves import ROUNDING
from dagster_mlb.signals.parameters import LateMoveParameters
from dagster_mlb.signals.sightings import first_sightings, lists_of, sentences, side_names, sightings, where


def late_moves(board: Board, parameters: LateMoveParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen at the change that carries the consensus level ``delta`` away from where it stood
    ``minutes`` before the scheduled start."""
    path = board.path
    begins = board.scheduled_at - int(parameters.minutes * MINUTE)
    late = np.flatnonzero(path.at > begins[path.market])
    reference = path.level_at(path.market[late], begins[path.market[late]])
    moved = path.level[late] - reference
    with np.errstate(invalid="ignore"):
        far = np.abs(moved) >= parameters.delta - ROUNDING
    found, moved = late[far], moved[far]
    sign = np.sign(moved).astype(np.int64)
    kept = first_sightings(path.market[found], sign, path.at[found], np.abs(moved), parameters.cooldown_hours)
    found, sign, moved = found[kept], sign[kept], np.abs(moved[kept])
    market, at = path.market[found], path.at[found]
    opened = path.opened(len(board.name))
    early = sign * (path.level_at(market, begins[market]) - path.level[opened[market]])
    makers = board.sharp_path
    sharp = sign * (makers.level_at(market, at) - makers.level_at(market, begins[market])) + 0.0  # never minus nothing
    asked, row = board.voices_at(market, at)
    names = lists_of(asked, board.frame["book"][row].to_list(), len(found))
    side = side_names(board, market, sign)
    left = (board.scheduled_at[market] - at) / MINUTE
    supporting = sentences(
        [
            f"the consensus of {len(books)} books moved {move:.3f} logit toward {toward}, {minutes:.0f} minutes to go"
            for books, move, toward, minutes in zip(names, moved, side, left, strict=True)
        ],
        where(early > 0.01, [f"it goes on: {move:.3f} that way before the last hour" for move in early]),
        where(sharp >= moved, [f"market makers moved {move:.3f}" for move in sharp]),
    )
    contradicting = sentences(
        where(early < -0.01, [f"it takes back an earlier move of {-move:.3f}" for move in early]),
        where(
            sharp < parameters.delta / 2, [f"market makers moved {move:.3f}: the others moved alone" for move in sharp]
        ),
        where(np.bincount(asked, minlength=len(found)) == 1, ["one book is quoted"] * len(found)),
    )
    return sightings(
        "late_move",
        "logit",
        board.frame[path.row[found]],
        market=market,
        at=at,
        sign=sign,
        strength=moved,
        move=moved,
        window_minutes=(at - begins[market]) / MINUTE,
        books=names,
        supporting=supporting,
        contradicting=contradicting,
    )
