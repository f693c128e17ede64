"""How often a batter and a starter do what a prop is about: the mathematics of counts, without a league or a clock.

A batter's count is the sum over his plate appearances (how many is a distribution of its own, by place in the order) of
what one of them brings; a starter's follows from the batters that he faces. The rates are those of the league's games
as they are played (``play_by_play``), fitted to 4,000 of them: own skill, the other side's, the club's expected runs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator.runs import negative_binomial

Floats = NDArray[np.float64]

# In The Odds API's words. Nobody steals a base in this league, so nobody offers a line on it.
BATTER_STATS: Final = (
    "batter_hits",
    "batter_total_bases",
    "batter_home_runs",
    "batter_rbis",
    "batter_runs_scored",
    "batter_hits_runs_rbis",
    "batter_singles",
    "batter_doubles",
    "batter_triples",
    "batter_walks",
    "batter_strikeouts",
    "hitter_fantasy_score",
)
PITCHER_STATS: Final = (
    "pitcher_strikeouts",
    "pitcher_outs",
    "pitcher_hits_allowed",
    "pitcher_walks",
    "pitcher_earned_runs",
    "pitcher_record_a_win",
)

AVERAGE_RUNS: Final = 4.32
# How a plate appearance ends: base rate, then powers of (strikeouts, walks, power, contact) of the batter and again of
# the pitcher, and of the club's expected runs over the average. A walk is a hit batsman too.
_ENDS: Final = ("strikeout", "walk", "single", "double", "triple", "home_run", "out")
_RATES: Final = np.array([0.2221, 0.0952, 0.1373, 0.0432, 0.0040, 0.0314, 0.4591])
_POWERS: Final = np.array(
    [
        [0.74, -0.07, -0.03, -0.10],
        [-0.17, 0.75, -0.08, -0.27],
        [-0.16, -0.13, -0.12, 0.62],
        [-0.10, -0.14, 0.35, 0.50],
        [0.00, 0.00, -0.25, 0.00],
        [0.00, -0.10, 0.60, -0.35],
        [-0.26, -0.06, -0.02, -0.11],
    ]
)
_RUNS_POWER: Final = np.array([-0.13, 0.17, 0.24, 0.40, 0.27, 0.61, -0.13])
_WALKS_OF_FREE_PASSES: Final = 0.887
_BY_STARTER: Final = 0.60  # share of plate appearances that the starter sees

# (end, runs batted in, whether the batter scores later) → share of the end.
_BROUGHT: Final[dict[str, dict[tuple[int, int], float]]] = {
    "strikeout": {(0, 0): 0.9974, (0, 1): 0.0026},
    "walk": {(0, 0): 0.7461, (0, 1): 0.2337, (1, 0): 0.0157, (1, 1): 0.0045},
    "single": {(0, 0): 0.5902, (0, 1): 0.1956, (1, 0): 0.1450, (1, 1): 0.0385, (2, 0): 0.0228, (2, 1): 0.0079},
    "double": {
        (0, 0): 0.3998,
        (0, 1): 0.2915,
        (1, 0): 0.1532,
        (1, 1): 0.0795,
        (2, 0): 0.0412,
        (2, 1): 0.0272,
        (3, 0): 0.0052,
        (3, 1): 0.0024,
    },
    "triple": {
        (0, 0): 0.2146,
        (0, 1): 0.3556,
        (1, 0): 0.1514,
        (1, 1): 0.1292,
        (2, 0): 0.0646,
        (2, 1): 0.0590,
        (3, 0): 0.0146,
        (3, 1): 0.0110,
    },
    "home_run": {(1, 1): 0.5853, (2, 1): 0.2719, (3, 1): 0.1203, (4, 1): 0.0225},
    "out": {(0, 0): 0.9741, (0, 1): 0.0111, (1, 0): 0.0148},
}
_BROUGHT_POWER: Final = 0.75  # of expected runs, for each run batted in or scored beyond the least
_CELLS: Final = tuple((end, rbi, run) for end, cells in _BROUGHT.items() for rbi, run in cells)
_CELL_END: Final = np.array([_ENDS.index(end) for end, _, _ in _CELLS])
_CELL_SHARE: Final = np.array([share for cells in _BROUGHT.values() for share in cells.values()])
_CELL_RUNS: Final = np.array([rbi + run - (2 if end == "home_run" else 0) for end, rbi, run in _CELLS])
_BASES: Final = {"single": 1, "double": 2, "triple": 3, "home_run": 4}
_FANTASY: Final = {"walk": 2, "single": 3, "double": 5, "triple": 8, "home_run": 10}

# Plate appearances of a club: at least this many, the rest negative binomial.
_FEWEST_APPEARANCES: Final = 24
_APPEARANCES_SIZE: Final = 33.0
_MOST_APPEARANCES: Final = 8  # of one batter

# A starter's batters faced and outs (from nothing to nine innings), and what he allows to average sides.
# fmt: off
_FACED: Final = np.array([
    0, 0, 0, 0, 0, 0, 0, 0, 1, 6, 18, 15, 8, 22, 32, 78, 142, 267, 362, 573, 822, 1047, 1168, 1186, 1133, 988, 801, 571,
    358, 197, 122, 54, 20, 5, 3, 2,
], dtype=float)
_OUTS: Final = np.array([
    1, 10, 22, 12, 17, 26, 22, 31, 52, 566, 32, 58, 1158, 34, 123, 3260, 42, 142, 3025, 17, 69, 1104, 2, 12, 163, 1, 1,
    1,
], dtype=float)
# fmt: on
_OUTS_RUNS_POWER: Final = -0.184
_EARNED: Final = 0.96
_EARNED_RUNS_SIZE: Final = 4.6
_ROUNDS: Final = 64  # length of a count's distribution; fantasy points need more
_FANTASY_ROUNDS: Final = 256


# ------------------------------------------------------------------------------------------------ batters


def batter_counts(batters: Floats, starter: Floats, pen: Floats, runs: float, *, is_home: bool) -> dict[str, Floats]:
    """stat → ``(batters, counts)`` for a batting order. Skills are logarithms ``(…, 4)``, ``runs`` the club's mean."""
    relative = np.log(runs / AVERAGE_RUNS)
    ends = np.zeros((len(batters), len(_ENDS)))
    for pitcher, share in ((starter, _BY_STARTER), (pen, 1 - _BY_STARTER)):
        rates = _RATES * np.exp((batters + pitcher) @ _POWERS.T + relative * _RUNS_POWER)
        ends += share * rates / rates.sum(1, keepdims=True)
    brought = _CELL_SHARE * np.exp(_BROUGHT_POWER * relative * _CELL_RUNS)
    brought /= np.bincount(_CELL_END, brought)[_CELL_END]
    cells = ends[:, _CELL_END] * brought
    appearances = _appearances(34.6 + 0.92 * runs + (-0.84 if is_home else 0.84), len(batters))
    counts: dict[str, Floats] = {}
    for stats, rounds in ((BATTER_STATS[:-1], _ROUNDS), (BATTER_STATS[-1:], _FANTASY_ROUNDS)):
        spectrum = np.fft.rfft(np.einsum("bc,scv->bsv", cells, _values(rounds)), axis=-1)
        total = np.zeros_like(spectrum)
        power = np.ones_like(spectrum)
        for n in range(1, _MOST_APPEARANCES):
            power = power * spectrum
            total += appearances[:, n, None, None] * power
        total += appearances[:, 0, None, None]
        values = np.clip(np.fft.irfft(total, rounds, axis=-1), 0, None)
        values /= values.sum(-1, keepdims=True)
        counts |= {stat: values[:, place] for place, stat in enumerate(stats)}
    return counts


@lru_cache(maxsize=2)
def _values(rounds: int) -> Floats:
    """``(stats, cells, rounds)``: the share of each cell that counts for so much."""
    stats = BATTER_STATS[-1:] if rounds == _FANTASY_ROUNDS else BATTER_STATS[:-1]
    table = np.zeros((len(stats), len(_CELLS), rounds))
    for place, stat in enumerate(stats):
        for cell, (end, rbi, run) in enumerate(_CELLS):
            if stat == "batter_walks" and end == "walk":
                table[place, cell, 1] = _WALKS_OF_FREE_PASSES
                table[place, cell, 0] = 1 - _WALKS_OF_FREE_PASSES
            else:
                table[place, cell, _worth(stat, end, rbi, run)] = 1
    return table


def _worth(stat: str, end: str, rbi: int, run: int) -> int:
    """What one plate appearance adds to a count."""
    hit = int(end in _BASES)
    return {
        "batter_hits": hit,
        "batter_total_bases": _BASES.get(end, 0),
        "batter_home_runs": int(end == "home_run"),
        "batter_rbis": rbi,
        "batter_runs_scored": run,
        "batter_hits_runs_rbis": hit + run + rbi,
        "batter_singles": int(end == "single"),
        "batter_doubles": int(end == "double"),
        "batter_triples": int(end == "triple"),
        "batter_walks": int(end == "walk"),
        "batter_strikeouts": int(end == "strikeout"),
        "hitter_fantasy_score": _FANTASY.get(end, 0) + 2 * run + 2 * rbi,
    }[stat]


def _appearances(mean: float, batters: int) -> Floats:
    """``(batters, 8)``: P(so many plate appearances) by place in the order, for a club that is to have ``mean``."""
    beyond = negative_binomial(np.array(mean - _FEWEST_APPEARANCES), _APPEARANCES_SIZE, 48)
    club = _FEWEST_APPEARANCES + np.arange(48)
    own = np.minimum(-(-(club[None, :] - np.arange(batters)[:, None]) // 9), _MOST_APPEARANCES - 1)
    shares = np.zeros((batters, _MOST_APPEARANCES))
    np.add.at(shares, (np.arange(batters)[:, None], own), np.broadcast_to(beyond, own.shape))
    return shares / shares.sum(1, keepdims=True)


# ------------------------------------------------------------------------------------------------ starters


def starter_counts(starter: Floats, lineup: Floats, runs: float, wins: float) -> dict[str, Floats]:
    """stat → counts of a starter. ``lineup``: mean skills of who bats, ``runs`` their club's mean, ``wins``: P(his own
    club wins). A win is a count of 0 or 1."""
    relative = float(np.log(runs / AVERAGE_RUNS))
    both = starter + lineup
    faced = _FACED / _FACED.sum()
    mean_faced = float(faced @ np.arange(len(faced)))

    def of_faced(mean: float, powers: list[float]) -> Floats:
        share = min(mean * float(np.exp(both @ powers)) / mean_faced, 0.9)
        turn = np.exp(-2j * np.pi * np.arange(_ROUNDS // 2 + 1) / _ROUNDS)
        spectrum = np.polyval(faced[::-1].astype(complex), 1 - share + share * turn)
        counts = np.clip(np.fft.irfft(spectrum, _ROUNDS), 0, None)
        return counts / counts.sum()

    earned = _EARNED * 2.52 * np.exp(0.84 * relative)
    earned_runs = negative_binomial(np.array(earned), _EARNED_RUNS_SIZE, 20)
    win = float(np.clip(0.63 * wins - 0.008, 0.02, 0.6))
    return {
        "pitcher_strikeouts": of_faced(4.99 * np.exp(-0.185 * relative), [0.65, -0.09, 0.0, -0.03]),
        "pitcher_outs": _tilted_outs(relative),
        "pitcher_hits_allowed": of_faced(5.03 * np.exp(0.26 * relative), [-0.12, -0.17, 0.0, 0.50]),
        "pitcher_walks": of_faced(1.88 * np.exp(0.15 * relative), [-0.20, 0.86, -0.03, -0.30]),
        "pitcher_earned_runs": earned_runs / earned_runs.sum(),
        "pitcher_record_a_win": np.array([1 - win, win]),
    }


def _tilted_outs(relative: float) -> Floats:
    """Outs of a starter whose opponents' expected runs are so much (logarithm) above the average."""
    outs = np.arange(len(_OUTS))
    base = _OUTS / _OUTS.sum()
    mean = float(base @ outs)
    spread = float(base @ (outs - mean) ** 2)
    tilt = mean * (np.exp(_OUTS_RUNS_POWER * relative) - 1) / spread
    tilted = base * np.exp(tilt * (outs - mean))
    return np.asarray(tilted / tilted.sum())
