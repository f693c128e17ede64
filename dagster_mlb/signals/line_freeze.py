"""Line freeze: the tickets pile up on one side for hours and the price stays where it is.

Somebody takes the other side, or the book likes it. The event points there.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board, Floats, counted
from dagster_mlb.signals.crowd import Crowd
from dagster_mlb.signals.moments import HOUR, MINUTE, Ints
from dagster_mlb.signals.parameters import FreezeParameters
from dagster_mlb.signals.sightings import first_sightings, of_side, sentences, side_names, sightings, where


def freezes(board: Board, crowd: Crowd, parameters: FreezeParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen at a count: so many tickets on one side then and ``hours`` before, and in between the
    consensus level never ``delta`` away from where it is. ``strength``: points of the tickets above 50."""
    window = int(parameters.hours * HOUR)
    market, at = crowd.market, crowd.at
    shares, before = crowd.shares_at(market, at), crowd.shares_at(market, at - window)
    sign = np.where(shares.tickets > 50, -1, 1).astype(np.int64)
    with np.errstate(invalid="ignore"):
        crowded = of_side(shares.tickets, -sign) >= parameters.tickets
        crowded &= of_side(before.tickets, -sign) >= parameters.tickets
    found = np.flatnonzero(crowded)
    strayed, changes = _strayed(board, market[found], at[found], window)
    with np.errstate(invalid="ignore"):
        still = strayed < parameters.delta
    found, changes, strayed = found[still], changes[still], strayed[still]
    kept = first_sightings(
        market[found], sign[found], at[found], of_side(shares.tickets, -sign)[found], parameters.cooldown_hours
    )
    found, changes, strayed = found[kept], changes[kept], strayed[kept]
    market, at, sign, row = market[found], at[found], sign[found], shares.row[found]
    tickets = of_side(shares.tickets[found], -sign)
    moved = sign * (board.path.level_at(market, at) - board.path.level_at(market, at - window))
    supporting = [
        [f"{share:.0f} % of the tickets on {toward} for {parameters.hours:.0f} hours, the price within {far:.3f} logit"]
        for share, toward, far in zip(tickets, side_names(board, market, -sign), strayed, strict=True)
    ]
    contradicting = sentences(
        where(
            changes == 0,
            [f"no price changed in {parameters.hours:.0f} hours: nobody may be looking"] * len(at),
        ),
        where(shares.voices[found] == 1, ["one voice tells of it"] * len(at)),
    )
    return sightings(
        "line_freeze",
        "points",
        crowd.frame[row],
        market=market,
        at=at,
        sign=sign,
        strength=tickets - 50,
        move=moved,
        window_minutes=np.full(len(at), window / MINUTE),
        supporting=supporting,
        contradicting=contradicting,
    )


def _strayed(board: Board, market: Ints, at: Ints, window: int) -> tuple[Floats, Ints]:
    """How far the consensus level was at most, within the window, from where it stands at its end (NaN where it was not
    there throughout), and how often it changed."""
    path = board.path
    end, begin = path.moments.last(market, at), path.moments.last(market, at - window)
    whole = begin >= 0
    count = np.where(whole, end - begin + 1, 0)
    asked = np.repeat(np.arange(len(at)), count)
    away = np.abs(path.level[begin[asked] + counted(count)] - path.level[end[asked]])
    strayed = np.zeros(len(at))
    np.maximum.at(strayed, asked, np.where(np.isnan(away), np.inf, away))
    return np.where(whole, strayed, np.nan), np.where(whole, end - begin, 0)
