"""Steam: several books move the same way within a short time, a market maker among them.

An event is seen when the book that completes the number changes its price. Whether the others stand where they moved to
is judged at that very moment: a book that went back, or took its price down, is none of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board, Floats, counted
from dagster_mlb.signals.moments import MINUTE, Bools, Ints, picked
from dagster_mlb.signals.moves import ROUNDING, Moves, changes
from dagster_mlb.signals.parameters import SteamParameters
from dagster_mlb.signals.sightings import first_sightings, lists_of, sentences, side_names, sightings, where


class _Movers(NamedTuple):
    """Books that have moved, one row per question and book: how far, and since when they stand there."""

    asked: Ints
    book: Ints
    moved: Floats
    since: Ints
    is_sharp: Bools


def steam(board: Board, moves: Moves, parameters: SteamParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen at the change by which ``books`` books have moved ``delta`` one way."""
    window = int(parameters.window_minutes * MINUTE)
    change, _ = changes(moves, window)
    enough = np.diff(board.first_voice) >= parameters.books
    found = np.flatnonzero((np.abs(change) >= parameters.delta - ROUNDING) & enough[moves.market])
    sign = np.sign(change[found]).astype(np.int64)
    movers = _movers(board, moves, parameters, moves.market[found], sign, moves.at[found])
    n = len(found)
    together = np.bincount(movers.asked, minlength=n)
    sharp = np.bincount(movers.asked, movers.is_sharp, n)
    size = np.bincount(movers.asked, movers.moved, n) / np.maximum(together, 1)
    enough_moved = (together >= parameters.books) & (sharp >= parameters.sharp_books)
    if parameters.longest_silence_minutes is not None:
        enough_moved &= _one_look(board, moves, movers, moves.at[found]) <= parameters.longest_silence_minutes * MINUTE
    completed = np.flatnonzero(enough_moved)
    kept = completed[
        first_sightings(
            moves.market[found[completed]],
            sign[completed],
            moves.at[found[completed]],
            size[completed],
            parameters.cooldown_hours,
        )
    ]
    return _told(board, moves, parameters, found[kept], sign[kept])


def _told(board: Board, moves: Moves, parameters: SteamParameters, found: Ints, sign: Ints) -> pl.DataFrame:
    market, at = moves.market[found], moves.at[found]
    movers = _movers(board, moves, parameters, market, sign, at)
    n = len(found)
    # The first to move leads the list; of those that moved at once the sharper (heavier) one.
    weight = board.weight[moves.row[movers.book]]
    order = np.lexsort((movers.book, -weight, movers.since, movers.asked))
    asked, since, moved, is_sharp = picked(order, movers.asked, movers.since, movers.moved, movers.is_sharp)
    names = lists_of(asked, board.frame["book"][moves.row[movers.book[order]]].to_list(), n)
    together = np.bincount(asked, minlength=n)
    size = np.bincount(asked, moved, n) / np.maximum(together, 1)
    first = np.searchsorted(asked, np.arange(n))
    minutes = (at - since[first]) / MINUTE
    quoted = board.said_at(market, at).voices
    look = _one_look(board, moves, movers, at)
    side = side_names(board, market, sign)
    supporting = sentences(
        [
            f"{len(books)} books moved {move:.3f} logit toward {toward} within {span:.0f} minutes: {', '.join(books)}"
            for books, move, toward, span in zip(names, size, side, minutes, strict=True)
        ],
        where(is_sharp[first], [f"{books[0]}, a market maker, moved first" for books in names]),
    )
    contradicting = sentences(
        where(
            look > parameters.window_minutes * MINUTE,
            [
                f"all were seen in one look, {span:.0f} minutes after the last: when they moved nobody knows"
                for span in look / MINUTE
            ],
        ),
        where(~is_sharp[first], [f"{books[0]}, who moved first, is no market maker" for books in names]),
        where(
            together * 2 < quoted,
            [f"{len(books)} of {voices} books have moved" for books, voices in zip(names, quoted, strict=True)],
        ),
    )
    return sightings(
        "steam",
        "logit",
        board.frame[moves.row[found]],
        market=market,
        at=at,
        sign=sign,
        strength=size,
        move=size,
        window_minutes=np.full(n, parameters.window_minutes),
        books=names,
        originator=[books[0] for books in names],
        supporting=supporting,
        contradicting=contradicting,
    )


def _one_look(board: Board, moves: Moves, movers: _Movers, at: Ints) -> Ints:
    """Per question, where all its movers were seen moving at the very moment, how long their sources had been silent
    before (the shortest of the silences); 0 where they came one after the other."""
    silence = np.full(len(at), np.iinfo(np.int64).max)
    told = np.where(movers.since == at[movers.asked], board.silence_before(moves.row[movers.book]), 0)
    np.minimum.at(silence, movers.asked, told)
    return np.where(np.bincount(movers.asked, minlength=len(at)) > 0, silence, 0)


def _movers(board: Board, moves: Moves, parameters: SteamParameters, market: Ints, sign: Ints, at: Ints) -> _Movers:
    """The books that at a moment stand ``delta`` from where they stood a window before, and came there less than
    ``together_minutes`` ago. Of a book's several sources the one that saw it first."""
    window, together = int(parameters.window_minutes * MINUTE), int(parameters.together_minutes * MINUTE)
    series_of = np.unique(moves.series)
    series_market = moves.market[np.searchsorted(moves.series, series_of)]
    edges = np.searchsorted(series_market, np.arange(len(board.name) + 1))
    count = np.diff(edges)[market]
    asked = np.repeat(np.arange(len(market)), count)
    series = series_of[edges[market][asked] + counted(count)] if len(asked) else asked
    moment = at[asked]
    now = moves.moments.last(series, moment)
    then = moves.reference(series, moment, window)
    stands = (now >= 0) & (then >= 0)
    asked, moment, now, then = picked(stands, asked, moment, now, then)
    distance = sign[asked] * (moves.level[now] - moves.level[then])
    moved = (distance >= parameters.delta - ROUNDING) & (moves.closed_at[now] > moment)
    asked, moment, now, then, distance = picked(moved, asked, moment, now, then, distance)
    since = moves.at[_beginning(moves, parameters.delta, sign[asked], now, then)]
    recent = moment - since <= together
    asked, now, distance, since = picked(recent, asked, now, distance, since)
    voice = board.voice[moves.row[now]]
    order = np.lexsort((since, voice, asked))
    one = np.ones(len(order), dtype=bool)
    one[1:] = (asked[order][1:] != asked[order][:-1]) | (voice[order][1:] != voice[order][:-1])
    order = order[one]
    return _Movers(asked[order], now[order], distance[order], since[order], board.is_sharp[moves.row[now[order]]])


def _beginning(moves: Moves, delta: float, sign: Ints, now: Ints, then: Ints) -> Ints:
    """The first of the states, one after the other up to ``now``, that all stand ``delta`` away from ``then``."""
    begin = now.copy()
    active = np.arange(len(begin))
    while len(active):
        before = begin[active] - 1
        further = before > then[active]
        before = np.maximum(before, 0)
        further &= sign[active] * (moves.level[before] - moves.level[then[active]]) >= delta - ROUNDING
        active = active[further]
        begin[active] -= 1
    return begin
