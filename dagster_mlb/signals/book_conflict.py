"""Book conflicts: a retail book's price is worth more than it costs if the market makers are right, or stands far away
from theirs.

Seen when either side changes. A price that good is often not there any more; what speaks against it stands beside it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.market.pairs import suspicion
from dagster_mlb.signals.board import Board, Floats
from dagster_mlb.signals.moments import MINUTE, Bools, Ints, picked
from dagster_mlb.signals.moves import ROUNDING
from dagster_mlb.signals.parameters import ConflictParameters
from dagster_mlb.signals.sightings import first_sightings, lists_of, sentences, side_names, sightings, where

#: What ``market.pairs.suspicion`` says, in words.
SUSPICIONS = {
    "too_good": "worth {value:.1%} against the market makers: rather an error than an offer",
    "left_behind": "unchanged for {age:.0f} minutes while the market makers moved {moved:.3f} logit: may be gone",
}


def book_conflicts(board: Board, parameters: ConflictParameters) -> pl.DataFrame:
    """``SIGHTINGS`` of the side with the value: a retail book's open price, not older than the board allows, whose
    expected return against the market makers' consensus is at least ``value``, or whose level is ``delta`` away from
    it. At least one market maker is on the same line. ``strength``: expected return of a unit staked, as a share;
    ``move``: how far the book's level is behind theirs."""
    market, at, row, sharp = _confronted(board)
    fair = board.chance_on(row, sharp)
    behind = sharp - board.level[row]
    sign = np.where(behind >= 0, 1, -1).astype(np.int64)
    value = np.where(sign > 0, board.decimal_1[row] * fair, board.decimal_2[row] * (1 - fair)) - 1
    conflict = (value >= parameters.value) | (np.abs(behind) >= parameters.delta - ROUNDING)
    found = np.flatnonzero(conflict)
    found = found[_on_the_line(board, *picked(found, market, at, row))]
    found = found[first_sightings(market[found], sign[found], at[found], value[found], parameters.cooldown_hours)]
    return _told(board, *picked(found, market, at, row, sharp, sign, value, np.abs(behind)))


def _told(
    board: Board, market: Ints, at: Ints, row: Ints, sharp: Floats, sign: Ints, value: Floats, behind: Floats
) -> pl.DataFrame:
    fair = board.chance_on(row, sharp)
    words = board.frame[row]
    makers = makers_of(board, market, at)
    side = side_names(board, market, sign)
    supporting = sentences(
        [
            f"{book} pays {price:+d} on {toward}, where {', '.join(names)} say {chance:.1%}: worth {v:+.1%}"
            for book, price, toward, names, chance, v in zip(
                words["book"],
                np.where(sign > 0, words["price_1"].to_numpy(), words["price_2"].to_numpy()),
                side,
                makers,
                np.where(sign > 0, fair, 1 - fair),
                value,
                strict=True,
            )
        ],
        [f"its level is {gap:.3f} logit behind theirs" for gap in behind],
    )
    contradicting = sentences(
        doubts(board, market, at, row, sign, sharp),
        where(value < 0, [f"it costs more than it is worth: {v:+.1%}" for v in value]),
        where(
            np.array([len(names) for names in makers], dtype=int) == 1,
            [f"{names[0] if names else ''} is the only market maker quoted" for names in makers],
        ),
    )
    return sightings(
        "book_conflict",
        "share",
        words,
        market=market,
        at=at,
        sign=sign,
        strength=value,
        move=behind,
        window_minutes=(at - board.at[row]) / MINUTE,
        books=[[book, *names] for book, names in zip(words["book"], makers, strict=True)],
        originator=[names[0] if names else None for names in makers],
        book=words["book"],
        source=words["source"],
        line=board.line[row],
        probability=fair,
        level=sharp,
        supporting=supporting,
        contradicting=contradicting,
    )


def doubts(board: Board, market: Ints, at: Ints, row: Ints, sign: Ints, sharp: Floats) -> list[str | None]:
    """What speaks against a price still being there (``market.pairs.suspicion``), in words. The age is that since its
    last change: when it was last seen, the board does not know."""
    then = board.sharp_path.level_at(market, board.at[row])
    fair, fair_then = board.chance_on(row, sharp), board.chance_on(row, then)
    decimal = np.where(sign > 0, board.decimal_1[row], board.decimal_2[row])
    chance, chance_then = (np.where(sign > 0, p, 1 - p) for p in (fair, fair_then))
    age = (at - board.at[row]) / MINUTE
    why = suspicion(decimal, chance, age_minutes=age, fair_when_confirmed=chance_then)
    value, moved = decimal * chance - 1, np.abs(sharp - then)
    return [
        SUSPICIONS[reason].format(value=v, age=a, moved=m) if reason else None
        for reason, v, a, m in zip(why.tolist(), value, age, moved, strict=True)
    ]


def makers_of(board: Board, market: Ints, at: Ints) -> list[list[str]]:
    """The market makers that are open, the heaviest first."""
    asked, row = board.voices_at(market, at)
    asked, row = asked[board.is_sharp[row]], row[board.is_sharp[row]]
    order = np.lexsort((row, -board.weight[row], asked))
    return lists_of(asked[order], board.frame["book"][row[order]].to_list(), len(market))


def _confronted(board: Board) -> tuple[Ints, Ints, Ints, Floats]:
    """Every retail price beside what the market makers said, whenever either changed: market, moment, row, level."""
    retail = board.can_be_bet & ~board.is_sharp
    path = board.sharp_path
    own = np.flatnonzero(retail & board.is_open)
    speaks = np.flatnonzero(np.isfinite(path.level))
    asked, row = board.voices_at(path.market[speaks], path.at[speaks])
    asked, row = asked[retail[row]], row[retail[row]]
    market = np.concatenate([board.market[own], path.market[speaks[asked]]])
    at = np.concatenate([board.at[own], path.at[speaks[asked]]])
    rows = np.concatenate([own, row])
    level = np.concatenate([path.level_at(board.market[own], board.at[own]), path.level[speaks[asked]]])
    told = np.isfinite(level)
    return market[told], at[told], rows[told], level[told]


def _on_the_line(board: Board, market: Ints, at: Ints, row: Ints) -> Bools:
    """Whether a market maker quotes the very line."""
    asked, voice = board.voices_at(market, at)
    line, own = board.line[voice], board.line[row[asked]]
    same = board.is_sharp[voice] & ((line == own) | (np.isnan(line) & np.isnan(own)))
    return np.bincount(asked[same], minlength=len(market)) > 0
