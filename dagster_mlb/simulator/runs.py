"""How runs are scored: the half-inning, and from it everything that follows exactly.

A half-inning's runs are negative binomial, so nine of them are too (r about 4, as measured in MLB). The home side
does not bat in the ninth when it is ahead, a walk-off ends the game at once, and ties are played off with a runner on
second. ``ScoreGrid`` holds the exact distribution of the final score on a grid of the two sides' mean runs: what the
books price (moneyline, ±1.5, totals) and what ``league.play`` draws are the same mathematics.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Size of nine innings together (variance = mean + mean² / r), conditional on the means; measured 4.16 and 3.48.
HOME_SIZE: Final = 3.6
AWAY_SIZE: Final = 3.6
# A tied bottom of the ninth is played for one run: a little more scoring, fewer extra innings.
TIED_NINTH: Final = 1.9
# Extra innings begin with a runner on second.
EXTRA_RUNS: Final = 2.15
EXTRA_SIZE: Final = 0.95
# Runs beyond the winning one in a walk-off: a home run counts for everyone on base.
WALK_OFF_EXTRA: Final = np.array([0.69, 0.16, 0.10, 0.05])

MAX_RUNS: Final = 40
MAX_TOTAL: Final = 60
_HALF: Final = 13


def negative_binomial(mean: Floats, size: float, count: int) -> Floats:
    """Probabilities of 0 … count−1 runs, along a new last axis."""
    mean = np.asarray(mean, dtype=float)
    step = mean / (size + mean)
    out = np.empty((*mean.shape, count))
    out[..., 0] = (size / (size + mean)) ** size
    for k in range(count - 1):
        out[..., k + 1] = out[..., k] * (k + size) / (k + 1) * step
    return out


class ScoreGrid(NamedTuple):
    """Exact outcome probabilities over ``axis × axis`` of (ln mean home runs, ln mean away runs).

    ``outcomes[i, j]`` = P(home wins), P(home by ≥ 2), P(away by ≥ 2), then P(total ≤ k) for k = 0 … 60;
    ``moments[i, j]`` = mean home, mean away, P(extra innings), P(one-run game).
    """

    axis: Floats
    outcomes: Floats
    moments: Floats


def final_scores(home_mean: Floats, away_mean: Floats) -> tuple[Floats, Floats]:
    """The joint distribution of the final score, ``(n, 41, 41)`` [home, away], and P(extra innings), ``(n,)``.

    The means are of nine full innings for both sides, before the rules cut the home side's ninth.
    """
    n, k = len(home_mean), MAX_RUNS + 1
    away = negative_binomial(away_mean, AWAY_SIZE, k)
    home8 = negative_binomial(home_mean * 8 / 9, HOME_SIZE * 8 / 9, k)
    joint = np.tril(home8[:, :, None] * away[:, None, :], k=-1)
    tied = np.zeros((n, k))
    for deficit in range(k):
        entering = home8[:, : k - deficit] * away[:, deficit:]
        mean = home_mean / 9 * (TIED_NINTH if deficit == 0 else 1.0)
        ninth = negative_binomial(mean, HOME_SIZE / 9, _HALF)
        score = np.arange(deficit, k)
        for runs in range(min(deficit, _HALF)):
            joint[:, score - deficit + runs, score] += entering * ninth[:, runs, None]
        if deficit < _HALF:
            tied[:, deficit:] += entering * ninth[:, deficit, None]
            walk_off = entering * (1 - ninth[:, : deficit + 1].sum(1))[:, None]
            for extra, share in enumerate(WALK_OFF_EXTRA):
                kept = score + 1 + extra <= MAX_RUNS
                joint[:, score[kept] + 1 + extra, score[kept]] += walk_off[:, kept] * share
    extra_innings = _extra_innings(home_mean, away_mean)
    size = extra_innings.shape[1]
    for base in range(min(k, k - size)):
        joint[:, base : base + size, base : base + size] += tied[:, base, None, None] * extra_innings
    return joint, tied.sum(1)


def _extra_innings(home_mean: Floats, away_mean: Floats) -> Floats:
    """Distribution of the runs added after a tie, ``(n, 20, 20)`` [home, away]."""
    n, half, size = len(home_mean), 9, 20
    home = negative_binomial(home_mean / 9 * EXTRA_RUNS, EXTRA_SIZE, half)
    away = negative_binomial(away_mean / 9 * EXTRA_RUNS, EXTRA_SIZE, half)
    decided = np.zeros((n, half + 4, half))
    for a in range(half):
        decided[:, :a, a] += home[:, :a] * away[:, a, None]
        walk_off = away[:, a] * (1 - home[:, : a + 1].sum(1))
        for extra, share in enumerate(WALK_OFF_EXTRA):
            decided[:, a + 1 + extra, a] += walk_off * share
    still_tied = home * away
    reached = np.zeros((n, size))
    reached[:, 0] = 1.0
    total = reached.copy()
    for _ in range(7):
        following = np.zeros_like(reached)
        for runs in range(half):
            following[:, runs:] += reached[:, : size - runs] * still_tied[:, runs, None]
        reached = following
        total += reached
    out = np.zeros((n, size, size))
    for base in range(size):
        h, a = min(half + 4, size - base), min(half, size - base)
        out[:, base : base + h, base : base + a] += total[:, base, None, None] * decided[:, :h, :a]
    return out / out.sum((1, 2))[:, None, None]


@lru_cache(maxsize=1)
def score_grid() -> ScoreGrid:
    """The grid for mean runs between 1.9 and 11, built once per process."""
    axis = np.linspace(np.log(1.9), np.log(11.0), 19)
    home, away = (np.exp(m.ravel()) for m in np.meshgrid(axis, axis, indexing="ij"))
    joint, extra = final_scores(home, away)
    joint /= joint.sum((1, 2))[:, None, None]
    runs = np.arange(MAX_RUNS + 1)
    margin = runs[:, None] - runs[None, :]
    total = np.minimum(runs[:, None] + runs[None, :], MAX_TOTAL)
    by_total = np.stack([joint[:, total == t].sum(1) for t in range(MAX_TOTAL + 1)], axis=1)
    outcomes = np.column_stack(
        [
            joint[:, margin > 0].sum(1),
            joint[:, margin >= 2].sum(1),
            joint[:, margin <= -2].sum(1),
            by_total.cumsum(1),
        ]
    )
    moments = np.column_stack(
        [
            (joint.sum(2) * runs).sum(1),
            (joint.sum(1) * runs).sum(1),
            extra,
            joint[:, np.abs(margin) == 1].sum(1),
        ]
    )
    shape = (len(axis), len(axis), -1)
    return ScoreGrid(axis, outcomes.reshape(shape), moments.reshape(shape))


def look_up(values: Floats, ln_home: Floats, ln_away: Floats) -> Floats:
    """Bilinear interpolation of a grid's ``values`` at any shape of means; the result has one more axis."""
    axis = score_grid().axis
    step = axis[1] - axis[0]
    x = np.clip((ln_home - axis[0]) / step, 0, len(axis) - 1.001)
    y = np.clip((ln_away - axis[0]) / step, 0, len(axis) - 1.001)
    i, j = x.astype(int), y.astype(int)
    u, v = (x - i)[..., None], (y - j)[..., None]
    low = values[i, j] * (1 - v) + values[i, j + 1] * v
    high = values[i + 1, j] * (1 - v) + values[i + 1, j + 1] * v
    return low * (1 - u) + high * u
