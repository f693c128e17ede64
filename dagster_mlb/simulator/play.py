"""A game as it is played: first pitch, half-inning after half-inning with its moments, and the final score."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.streams import column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INNINGS: Final = 24
HALF_INNING_SECONDS: Final = 525.0
# Uniforms that a listing has: 0–39 for what is around the game, then luck and pace of every half-inning.
LISTING_DRAWS: Final = 40 + 4 * INNINGS


class Played(NamedTuple):
    """Games as they were played, ``(n, …)``: ``half_runs`` ``(n, 24, 2)`` [inning, away|home] with −1 where not batted,
    ``half_starts`` and ``half_ends`` the moments of each (−∞ where not batted), ``runs`` final [home, away]."""

    half_runs: Ints
    half_starts: Floats
    half_ends: Floats
    runs: Ints
    innings: Ints


def first_pitches(streams: st.Streams, u: tuple[Floats, Floats], start: Floats) -> Floats:
    """Actual first pitch: a few minutes after the schedule, sometimes after a long rain delay; odd seconds."""
    draw = streams.choose(start, column(u, 30))
    wait = streams.choose(start, column(u, 31))
    delay = np.where(draw < 0.015, 2400 + 4200 * wait, 20 + 520 * wait**1.5)
    return np.round(start + delay)


def natural_ends(streams: st.Streams, u: tuple[Floats, Floats], first_pitch: Floats) -> Floats:
    """When each of 48 half-innings ends if nothing interrupts the game, ``(n, 48)``."""
    pace = streams.choose(first_pitch[:, None], column(u, slice(40 + 2 * INNINGS, 40 + 4 * INNINGS)))
    whole = (0.9 + 0.2 * streams.choose(first_pitch, column(u, 32)))[:, None]
    ends: Floats = first_pitch[:, None] + np.round(HALF_INNING_SECONDS * whole * (0.55 + 0.9 * pace)).cumsum(1)
    return ends


def play(
    streams: st.Streams,
    u: tuple[Floats, Floats],
    first_pitch: Floats,
    ln_home: Floats,
    ln_away: Floats,
    stopped_after: Ints,
    resumed: Floats,
) -> Played:
    """Play every listing. A game with ``stopped_after`` ≥ 0 half-innings goes on at ``resumed``."""
    n = len(first_pitch)
    ends = natural_ends(streams, u, first_pitch)
    starts = np.column_stack([first_pitch, ends[:, :-1]])
    for row in np.flatnonzero(stopped_after >= 0):
        pause = resumed[row] - starts[row, stopped_after[row]]
        starts[row, stopped_after[row] :] += pause
        ends[row, stopped_after[row] :] += pause
    luck = streams.choose(starts, column(u, slice(40, 40 + 2 * INNINGS)))
    mean = np.exp(np.column_stack([ln_away, ln_home])) / 9
    size = np.array([scoring.AWAY_SIZE, scoring.HOME_SIZE]) / 9
    half_runs = np.full((n, INNINGS, 2), -1, dtype=np.int64)
    score = np.zeros((n, 2), dtype=np.int64)
    alive = np.ones(n, dtype=bool)
    innings = np.zeros(n, dtype=np.int64)
    tables = [_cumulative(mean[:, side], size[side]) for side in range(2)]
    extra = [_cumulative(mean[:, side] * scoring.EXTRA_RUNS, scoring.EXTRA_SIZE) for side in range(2)]
    tied_ninth = _cumulative(mean[:, 1] * scoring.TIED_NINTH, float(size[1]))
    walk_off = scoring.WALK_OFF_EXTRA.cumsum()
    for inning in range(INNINGS):
        innings[alive] = inning + 1
        for side in range(2):
            draw = luck[:, 2 * inning + side]
            batting = alive & ~((side == 1) & (inning >= 8) & (score[:, 1] > score[:, 0]))
            table = tables[side] if inning < 9 else extra[side]
            if side == 1 and inning == 8:
                table = np.where((score[:, 0] == score[:, 1])[:, None], tied_ninth, table)
            drawn = (draw[:, None] > table).sum(1)
            if side == 1 and inning >= 8:
                needed = score[:, 0] - score[:, 1] + 1
                if inning == INNINGS - 1:
                    drawn = np.where(drawn == needed - 1, needed, drawn)
                # The same draw, its place within the walk-off's share, says how many more came home.
                below = np.take_along_axis(table, np.clip(needed - 1, 0, table.shape[1] - 1)[:, None], 1)[:, 0]
                place = np.clip((draw - below) / np.maximum(1 - below, 1e-12), 0, 1 - 1e-12)
                drawn = np.where(drawn >= needed, needed + np.searchsorted(walk_off, place, side="right"), drawn)
            half_runs[batting, inning, side] = drawn[batting]
            score[batting, side] += drawn[batting]
        if inning >= 8:
            alive &= score[:, 0] == score[:, 1]
    half_starts, half_ends = (
        np.where(half_runs >= 0, moments.reshape(n, INNINGS, 2), -np.inf) for moments in (starts, ends)
    )
    return Played(half_runs, half_starts, half_ends, score[:, ::-1].copy(), innings)


def _cumulative(mean: Floats, size: float) -> Floats:
    return scoring.negative_binomial(mean, size, 16).cumsum(1)
