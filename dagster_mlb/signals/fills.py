"""What a follower gets: the best open price for the side some seconds after an event was seen.

Line shopping over the books that can be bet, before first pitch. Prices on other lines are compared by what they are
worth at the books' consensus of that moment. Where there is none, a word says why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.market.frames import UTC_TIMESTAMP, Schema
from dagster_mlb.signals.board import Board, where_new
from dagster_mlb.signals.moments import SECOND, Ints

FILLS: Final[Schema] = {
    "fill_source": pl.String,
    "fill_book": pl.String,
    "fill_line": pl.Float64,  # of the side
    "fill_price": pl.Int32,
    "fill_at": UTC_TIMESTAMP,
    "fill_missing_reason": pl.String,  # after_first_pitch, not_yet, no_open_price
}


def fills(
    board: Board, market: Ints, at: Ints, sign: Ints, *, latency_seconds: int, now: datetime | None = None
) -> pl.DataFrame:
    """``FILLS`` of sides (+1: home or over) of markets at ``at`` + latency. Moments after ``now`` have not come yet."""
    moment = at + latency_seconds * SECOND
    asked, row = board.voices_at(market, moment)
    bettable = board.can_be_bet[row]
    asked, row = asked[bettable], row[bettable]
    first = sign[asked] > 0
    chance = board.chance_on(row, board.path.level_at(market, moment)[asked])
    worth = np.where(first, board.decimal_1[row] * chance, board.decimal_2[row] * (1 - chance))
    # Of equals the sharper book's, then by name (the order of the board).
    order = np.lexsort((row, -board.weight[row], -worth, asked))
    order = order[where_new(asked[order])]
    asked, row = asked[order], row[order]
    best = np.full(len(market), -1)
    best[asked] = row
    late, early = moment >= board.starts_at[market], np.zeros(len(market), dtype=bool)
    if now is not None:
        early = moment > int(now.timestamp() * SECOND)
    there = (best >= 0) & ~late & ~early
    words = board.frame[np.where(there, best, 0)] if len(board) else board.frame.clear(len(market))
    total = board.name[market] == "total"
    line = board.line[best] if len(board) else np.empty(0)
    why = np.where(early, "not_yet", np.where(late, "after_first_pitch", "no_open_price"))
    return words.select(
        fill_source=pl.when(pl.Series(there)).then("source"),
        fill_book=pl.when(pl.Series(there)).then("book"),
        fill_line=pl.when(pl.Series(there)).then(pl.Series(np.where(total, line, sign * line)).fill_nan(None)),
        fill_price=pl.when(pl.Series(there)).then(pl.when(pl.Series(sign > 0)).then("price_1").otherwise("price_2")),
        fill_at=pl.when(pl.Series(there)).then(pl.Series(moment).cast(UTC_TIMESTAMP)),
        fill_missing_reason=pl.when(~pl.Series(there)).then(pl.Series(why.tolist(), dtype=pl.String)),
    ).cast(FILLS)  # type: ignore[arg-type]
