"""The joint distribution of a game's score, and every market priced from it: moneyline, run line, totals, team totals,
first five innings and alternates, coherent with one another because they are sums over the same cells.

A game is played as it is played. Runs of a side in some innings are negative binomial, additive over innings. The away
side bats nine times, the home side eight, and a ninth time unless it leads: then the winning run ends the game. A tie
goes to extra innings, decided by the margins that such games end with. That is what two independent negative binomials
miss: they tie a tenth of all games and let the home side win by one in .10 of them, where .173 do.

The constants are those of :data:`CLASSIC`, measured given the closing market on SportsbookReview's seasons of 2010 to
2019 (24,532 games with innings; docs/decisions/0018). Nothing here knows a price: ``fit`` takes fair probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats

RUNS: Final = 40  # of a side, 0 to 39; what lies beyond (a millionth of a usual game) is left out and scaled away
MOST_LEFT_OUT: Final = 1e-3  # of a side's distribution
BLOCK: Final = 32  # games fitted at once: their grids stay in the processor's cache
_STEPS: Final = 25
_TOLERANCE: Final = 1e-10
_NUDGE: Final = 1e-5


@dataclass(frozen=True)
class Rules:
    """How games end. ``r_*``: dispersion over nine innings (variance ``mu + mu^2 / r``). ``ninth``: share of the home
    side's nine innings that falls into the ninth; ``first_five_*``: into the first five. ``ties``: games tied after
    nine, as a share of what independent sides would tie. Margins are shares of winning by 1, 2, 3 … runs;
    ``extra_runs``: of the loser's runs after the ninth, from 0 on. The home side wins extra innings with the chance
    ``sigmoid(extra_home + extra_slope * ln(mu_home / mu_away))``."""

    r_home: float
    r_away: float
    ninth: float
    ties: float
    walk_off: tuple[float, ...]
    extra_home_margin: tuple[float, ...]
    extra_away_margin: tuple[float, ...]
    extra_runs: tuple[float, ...]
    extra_home: float
    extra_slope: float
    first_five_home: float
    first_five_away: float


CLASSIC: Final = Rules(
    r_home=3.66,
    r_away=3.54,
    ninth=0.092,
    ties=0.875,
    walk_off=(0.867, 0.084, 0.038, 0.011),
    extra_home_margin=(0.8965, 0.063, 0.0252, 0.0153),
    extra_away_margin=(0.5415, 0.2616, 0.1023, 0.0541, 0.0183, 0.0145, 0.0058, 0.0019),
    extra_runs=(0.8551, 0.1078, 0.0274, 0.0079, 0.0018),
    extra_home=0.024,
    extra_slope=0.52,
    first_five_home=0.568,
    first_five_away=0.552,
)


class Chances(NamedTuple):
    """A bet's three ends; the three sum to 1. ``fair``: the chance to win given that it is not pushed."""

    win: FloatArray
    push: FloatArray
    lose: FloatArray

    @property
    def fair(self) -> FloatArray:
        return self.win / (self.win + self.lose)


@dataclass(frozen=True)
class ScoreGrid:
    """Probabilities of final scores, shape ``(games, RUNS, RUNS)``: axis 1 the home side's runs, axis 2 the away's.

    Lines may be scalars or one per game; a side's line is signed for that side (home -1.5: home wins by 2).
    """

    probability: FloatArray

    @property
    def home_wins(self) -> FloatArray:
        return self.run_line(0.0).win

    def margin(self) -> FloatArray:
        """Chances of home runs minus away runs, from ``-(RUNS - 1)`` to ``RUNS - 1``, shape ``(games, 2 RUNS - 1)``."""
        return self._sums(_maps()[0])

    def total(self) -> FloatArray:
        """Chances of 0, 1, … runs of both sides, shape ``(games, 2 RUNS - 1)``."""
        return self._sums(_maps()[1])

    def runs(self, side: str) -> FloatArray:
        """Chances of a side's own runs, ``home`` or ``away``, shape ``(games, RUNS)``."""
        return self.probability.sum(axis=2 if _is_home(side) else 1)

    def run_line(self, line: npt.ArrayLike, side: str = "home") -> Chances:
        """A side with its line: wins where its margin plus the line is above 0, pushes at 0. Line 0 is the moneyline
        (in the first five innings: with a tie as a push)."""
        margins = np.arange(1.0 - RUNS, RUNS)
        values = margins if _is_home(side) else margins[::-1]
        return _against(self.margin(), values, -as_floats(line))

    def over(self, line: npt.ArrayLike) -> Chances:
        """Over a total; swap win and lose for the under."""
        return _against(self.total(), np.arange(2 * RUNS - 1.0), as_floats(line))

    def team_over(self, side: str, line: npt.ArrayLike) -> Chances:
        """Over a side's own total."""
        return _against(self.runs(side), np.arange(float(RUNS)), as_floats(line))

    def _sums(self, cells: FloatArray) -> FloatArray:
        return self.probability.reshape(-1, RUNS * RUNS) @ cells


@dataclass(frozen=True)
class FittedGames:
    """Games whose means give back the market's moneyline and total. ``mu_*``: runs of a side in nine full innings.
    NaN (and so is their grid) where the market has no such game."""

    mu_home: FloatArray
    mu_away: FloatArray
    rules: Rules

    def full(self) -> ScoreGrid:
        """The final score."""
        return score_grid(self.mu_home, self.mu_away, self.rules)

    def first_five(self) -> ScoreGrid:
        """The score after five innings of the same games."""
        return first_five_grid(self.mu_home, self.mu_away, self.rules)


def score_grid(mu_home: npt.ArrayLike, mu_away: npt.ArrayLike, rules: Rules = CLASSIC) -> ScoreGrid:
    """The grid of games whose sides would score ``mu`` runs in nine full innings (arrays of one length, > 0)."""
    home, away = np.broadcast_arrays(np.atleast_1d(as_floats(mu_home)), np.atleast_1d(as_floats(mu_away)))
    with np.errstate(all="ignore"):
        return ScoreGrid(_play(home, away, rules))


def first_five_grid(mu_home: npt.ArrayLike, mu_away: npt.ArrayLike, rules: Rules = CLASSIC) -> ScoreGrid:
    """The score after five innings, ties included."""
    home, away = np.broadcast_arrays(np.atleast_1d(as_floats(mu_home)), np.atleast_1d(as_floats(mu_away)))
    with np.errstate(all="ignore"):
        h = _negative_binomial(home * rules.first_five_home, rules.r_home * rules.first_five_home)
        a = _negative_binomial(away * rules.first_five_away, rules.r_away * rules.first_five_away)
        return ScoreGrid(h[:, :, None] * a[:, None, :])


def fit(
    home_probability: npt.ArrayLike,
    total_line: npt.ArrayLike,
    over_probability: npt.ArrayLike = 0.5,
    rules: Rules = CLASSIC,
) -> FittedGames:
    """Games that give back a market: the fair chance of the home side, and that of the over given no push at a line.

    Newton's method on the logarithms of the two means. A market outside (0, 1), a line outside (2, 30), or one that no
    game gives back within the tolerance is NaN in its own place.
    """
    p, line, over = (
        np.atleast_1d(array).astype(np.float64)
        for array in np.broadcast_arrays(
            as_floats(home_probability), as_floats(total_line), as_floats(over_probability)
        )
    )
    with np.errstate(all="ignore"):
        blocks = [
            _fit_block(p[i : i + BLOCK], line[i : i + BLOCK], over[i : i + BLOCK], rules)
            for i in range(0, len(p), BLOCK)
        ]
        mu_home, mu_away = np.concatenate([np.empty((2, 0)), *blocks], axis=1)
        return FittedGames(mu_home, mu_away, rules)


def _fit_block(p: FloatArray, line: FloatArray, over: FloatArray, rules: Rules) -> FloatArray:
    """The two means of each game, shape ``(2, games)``."""
    valid = (p > 0.005) & (p < 0.995) & (line > 2.0) & (line < 30.0) & (over > 0.02) & (over < 0.98)
    wanted = np.stack([_logit(np.where(valid, p, 0.5)), _logit(np.where(valid, over, 0.5))])
    lines = np.where(valid, line, 8.5)
    z, level = wanted[0], np.log(lines / 8.5)
    # betting_domain §3.4: what closing markets said of the sides' runs.
    x = np.stack([1.463 + 0.847 * level + 0.260 * z, 1.524 + 0.898 * level - 0.273 * z])
    miss = np.full_like(wanted, np.inf)
    for _ in range(_STEPS):
        told = _told(x, lines, rules)
        miss = told - wanted
        if np.nanmax(np.abs(miss)) < _TOLERANCE:
            break
        slopes = [(_told(x + nudge, lines, rules) - told) / _NUDGE for nudge in _NUDGE * np.eye(2)[:, :, None]]
        (a, c), (b, d) = slopes[0], slopes[1]
        determinant = a * d - b * c
        step = np.stack([d * miss[0] - b * miss[1], a * miss[1] - c * miss[0]]) / determinant
        x -= np.clip(step, -0.5, 0.5)
    mu = np.exp(x)
    # A game that needs more runs than there are cells is given back by their end alone.
    held = np.stack(
        [_negative_binomial(mu[0], rules.r_home).sum(axis=1), _negative_binomial(mu[1], rules.r_away).sum(axis=1)]
    )
    solved = valid & (np.abs(miss).max(axis=0) < 1e-6) & (held.min(axis=0) > 1.0 - MOST_LEFT_OUT)
    return np.where(solved, mu, np.nan)


def _told(x: FloatArray, line: FloatArray, rules: Rules) -> FloatArray:
    """The logits that games of these log means give the home side and the over."""
    grid = ScoreGrid(_play(np.exp(x[0]), np.exp(x[1]), rules))
    return np.stack([_logit(grid.home_wins), _logit(grid.over(line).fair)])


def _play(mu_home: FloatArray, mu_away: FloatArray, rules: Rules) -> FloatArray:
    games = len(mu_home)
    rest = 1.0 - rules.ninth
    away = _negative_binomial(mu_away, np.float64(rules.r_away))
    eight = _negative_binomial(mu_home * rest, np.float64(rules.r_home * rest))
    ninth = _negative_binomial(mu_home * rules.ninth, np.float64(rules.r_home * rules.ninth))
    nine = _sum_of(eight, ninth)  # as if the ninth were always played to its end

    led = _maps()[2]
    grid = np.where(led, eight[:, :, None] * away[:, None, :], nine[:, :, None] * away[:, None, :])
    cells = np.arange(RUNS)
    tied = rules.ties * nine * away
    grid[:, cells, cells] = 0.0
    # The home side does not lead after eight and does after nine: the winning run ends it.
    walked_off = away * np.maximum(np.cumsum(eight, axis=1) - np.cumsum(nine, axis=1), 0.0)
    for margin, share in enumerate(rules.walk_off, start=1):
        grid[:, cells[margin:], cells[:-margin]] += share * walked_off[:, :-margin]
    home_share = 1.0 / (1.0 + np.exp(-rules.extra_home - rules.extra_slope * np.log(mu_home / mu_away)))[:, None]
    for runs, chance in enumerate(rules.extra_runs):
        level = np.zeros((games, RUNS))
        level[:, runs:] = chance * tied[:, : RUNS - runs]
        for margin, share in enumerate(rules.extra_home_margin, start=1):
            grid[:, cells[margin:], cells[:-margin]] += share * home_share * level[:, :-margin]
        for margin, share in enumerate(rules.extra_away_margin, start=1):
            grid[:, cells[:-margin], cells[margin:]] += share * (1.0 - home_share) * level[:, :-margin]
    return grid / grid.sum(axis=(1, 2), keepdims=True)


def _negative_binomial(mean: FloatArray, r: npt.ArrayLike) -> FloatArray:
    """Chances of 0 to RUNS - 1 runs, variance ``mean + mean^2 / r``; shape ``(games, RUNS)``."""
    size = as_floats(r)
    odds = mean / (mean + size)  # of one more run before the next end
    runs = np.arange(1, RUNS)
    steps = (size + runs - 1.0) / runs * odds[:, None]
    first = np.exp(size * np.log1p(-odds))
    return first[:, None] * np.concatenate([np.ones((len(mean), 1)), np.cumprod(steps, axis=1)], axis=1)


def _sum_of(first: FloatArray, second: FloatArray) -> FloatArray:
    """The distribution of the sum of two independent counts, game by game."""
    size = 2 * RUNS
    spectrum = np.fft.rfft(first, size, axis=1) * np.fft.rfft(second, size, axis=1)
    return np.maximum(np.fft.irfft(spectrum, size, axis=1)[:, :RUNS], 0.0)


def _against(chances: FloatArray, values: FloatArray, line: FloatArray) -> Chances:
    lines = np.broadcast_to(line, (len(chances),))[:, None]
    win = np.where(values > lines, chances, 0.0).sum(axis=1)
    push = np.where(values == lines, chances, 0.0).sum(axis=1)
    missing = np.isnan(lines[:, 0]) | np.isnan(chances.sum(axis=1))
    win, push = np.where(missing, np.nan, win), np.where(missing, np.nan, push)
    return Chances(win, push, 1.0 - win - push)


def _is_home(side: str) -> bool:
    if side not in ("home", "away"):
        raise ValueError(f"a side is 'home' or 'away', not {side!r}")
    return side == "home"


def _logit(p: FloatArray) -> FloatArray:
    return np.log(p) - np.log1p(-p)


@cache
def _maps() -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Which margin and which total each cell belongs to (0/1 matrices), and where the home side has more."""
    home, away = np.indices((RUNS, RUNS))
    every = np.arange(2 * RUNS - 1)
    margin = ((home - away).reshape(-1, 1) + RUNS - 1 == every).astype(np.float64)
    total = ((home + away).reshape(-1, 1) == every).astype(np.float64)
    return margin, total, home > away
