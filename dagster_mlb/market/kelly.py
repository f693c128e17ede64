"""How much to stake: Kelly for one bet, with pushes, fractional, and for a whole slate at once.

A slate's bets are staked together: those of one game win and lose together (its score grid says how), games are
independent. The expected logarithm over all of them is not enumerated and not simulated. With ``log(1 + x) =
∫ e^-t (1 - e^-tx) / t dt`` (Frullani) the expectation over independent games is a product under one integral, which
Gauss-Laguerre nodes give to rounding: the work grows with the number of games, not with the number of their outcomes
together.

Sources: Kelly (1956); betting_domain §2.8. A probability that is not calibrated makes stakes that are not Kelly's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats
from dagster_mlb.market.score_grid import RUNS, ScoreGrid

NODES: Final = 64
# Stakes of everything at once stay below the bankroll: losing all of it has a logarithm of minus infinity.
MOST: Final = 0.9
SCALE: Final = 100.0  # growth is thousandths, the solver's tolerances are absolute


class GameOutcomes(NamedTuple):
    """What may become of the bets of one game: ``probability`` of each outcome (sums to 1), shape ``(s,)``, and
    ``returns``, the net return per unit of each bet there (b won, 0 pushed, -1 lost), shape ``(s, bets)``."""

    probability: FloatArray
    returns: FloatArray


class ScoreBet(NamedTuple):
    """A bet that the final score decides. ``market``: moneyline, run_line, total or team_total; ``side``: home, away,
    over or under; ``line``: signed for the side; ``team``: whose runs a team total counts."""

    market: Literal["moneyline", "run_line", "total", "team_total"]
    side: Literal["home", "away", "over", "under"]
    decimal: float
    line: float = 0.0
    team: Literal["home", "away"] = "home"


def kelly(
    win: npt.ArrayLike, decimal: npt.ArrayLike, push: npt.ArrayLike = 0.0, *, fraction: float = 1.0
) -> FloatArray:
    """The share of the bankroll to stake on one bet: ``(w b - l) / (b (w + l))``, 0 where the bet is worth nothing.

    ``win`` and ``push`` are chances, ``l = 1 - win - push``. NaN where there is no such price or no such chance.

    >>> kelly([0.55, 0.46, 0.70], [1.909091, 2.3, 1.5]).round(6).tolist()
    [0.055, 0.044615, 0.1]
    """
    w, d, u = np.broadcast_arrays(as_floats(win), as_floats(decimal), as_floats(push))
    with np.errstate(all="ignore"):
        lose = 1.0 - w - u
        valid = (d > 1.0) & np.isfinite(d) & (w >= 0.0) & (u >= 0.0) & (lose >= -1e-12)
        b = d - 1.0
        decided = w + lose
        full = np.where(decided > 0.0, (w * b - lose) / (b * decided), 0.0)
        return np.where(valid, fraction * np.maximum(full, 0.0), np.nan)


def one_bet(win: float, decimal: float, push: float = 0.0) -> GameOutcomes:
    """The outcomes of a bet that is alone in its game."""
    return GameOutcomes(
        np.array([win, push, 1.0 - win - push]),
        np.array([[decimal - 1.0], [0.0], [-1.0]]),
    )


def score_outcomes(grid: ScoreGrid, game: int, bets: Sequence[ScoreBet]) -> GameOutcomes:
    """The joint outcomes of one game's bets, from its score grid; equal outcomes are one. Raises ValueError where a bet
    names a side that its market does not have."""
    code = np.zeros(RUNS * RUNS, dtype=np.int64)
    for bet in bets:
        code = 3 * code + np.sign(_ahead(bet)).astype(np.int64) + 1
    found, where = np.unique(code, return_inverse=True)
    chances: FloatArray = np.bincount(where, grid.probability[game].ravel()).astype(np.float64)
    found, chances = found[chances > 0.0], chances[chances > 0.0]
    results = np.stack([found // 3 ** (len(bets) - 1 - place) % 3 for place in range(len(bets))], axis=1)
    payoffs = np.array([[-1.0, 0.0, bet.decimal - 1.0] for bet in bets])
    return GameOutcomes(chances, np.take_along_axis(payoffs.T, results, axis=0))


def expected_growth(games: Sequence[GameOutcomes], stakes: Sequence[npt.ArrayLike]) -> float:
    """Expected logarithm of the bankroll's growth with these stakes (one array per game, shares of the bankroll)."""
    flat = [np.atleast_1d(as_floats(stake)) for stake in stakes]
    if [len(stake) for stake in flat] != [game.returns.shape[1] for game in games]:
        raise ValueError("a stake for every bet of every game, and no other")
    return _growth(_together(games), np.concatenate([np.zeros(0), *flat]))[0]


def slate_kelly(
    games: Sequence[GameOutcomes],
    *,
    fraction: float = 1.0,
    max_bet: float = 1.0,
    max_game: float = 1.0,
    max_slate: float = MOST,
) -> list[FloatArray]:
    """Stakes that make a whole slate grow fastest: an array per game, shares of the bankroll before it.

    The caps (of one bet, of one game's bets, of all together; ``max_slate`` at most .9) hold for what is returned:
    the full stakes are solved for within the caps divided by ``fraction``, then scaled by it. Raises ValueError for
    chances that do not sum to 1 and caps that are no shares, ArithmeticError where no stakes are found.
    """
    if not (0.0 < fraction <= 1.0 and max_bet > 0.0 and max_game > 0.0 and 0.0 < max_slate <= MOST):
        raise ValueError(
            f"fraction is in (0, 1], caps are positive and max_slate at most {MOST}: "
            f"fraction={fraction}, max_bet={max_bet}, max_game={max_game}, max_slate={max_slate}"
        )
    for place, game in enumerate(games):
        if abs(float(game.probability.sum()) - 1.0) > 1e-6 or (game.probability < -1e-12).any():
            raise ValueError(f"the chances of game {place} are no distribution: they sum to {game.probability.sum()}")
    counts = [game.returns.shape[1] for game in games]
    ends = np.cumsum([0, *counts])
    if not ends[-1]:
        return [np.zeros(0) for _ in games]
    per_bet, per_game = min(max_bet / fraction, MOST), min(max_game / fraction, MOST)
    all_bets = min(max_slate / fraction, MOST)
    # A bet that is worth nothing by itself may still hedge another of its game; alone in its game it is left out.
    worth = np.concatenate([game.probability @ game.returns for game in games])
    alone = np.repeat(np.array(counts) == 1, counts)
    highest = np.where(alone & (worth <= 0.0), 0.0, per_bet)
    limits = np.zeros((len(games) + 1, ends[-1]))
    for place in range(len(games)):
        limits[place, ends[place] : ends[place + 1]] = 1.0
    limits[-1] = 1.0
    stakes = _maximise(games, ends, highest, limits, np.array([per_game] * len(games) + [all_bets]))
    return [fraction * stakes[ends[place] : ends[place + 1]] for place in range(len(games))]


def _maximise(
    games: Sequence[GameOutcomes],
    ends: npt.NDArray[np.int64],
    highest: FloatArray,
    limits: FloatArray,
    caps: FloatArray,
) -> FloatArray:
    from scipy.optimize import minimize

    slate = _together(games)

    def loss(f: FloatArray) -> tuple[float, FloatArray]:
        growth, gradient = _growth(slate, f)
        return -SCALE * growth, -SCALE * gradient

    with np.errstate(over="ignore", invalid="ignore"):  # the solver may look beyond the caps, where all is lost
        found = minimize(
            loss,
            np.minimum(highest, 1e-3 / len(highest)),
            jac=True,
            method="SLSQP",
            bounds=np.stack([np.zeros_like(highest), highest], axis=1),
            constraints=[{"type": "ineq", "fun": lambda f: caps - limits @ f, "jac": lambda f: -limits}],
            options={"maxiter": 300, "ftol": 1e-12},
        )
    # 8: no step is better any more than rounding, which is where an optimum is.
    found_one = found.get("success", False) or found.get("status") == 8
    if not (found_one and np.isfinite(found.x).all() and (limits @ found.x <= caps + 1e-6).all()):
        raise ArithmeticError(
            f"no stakes were found for these {len(highest)} bets of {len(games)} games "
            f"({found.get('message', 'no word')}): look for bets that cannot lose or prices that are none, "
            "and lower the caps"
        )
    return np.clip(found.x, 0.0, highest)


class _Slate(NamedTuple):
    """All games side by side: chances ``(games, outcomes)``, returns ``(games, outcomes, bets)``, filled up with zeros;
    ``place``: where in ``(games, bets)`` each bet stands."""

    chances: FloatArray
    returns: FloatArray
    place: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def _together(games: Sequence[GameOutcomes]) -> _Slate:
    outcomes = max((game.returns.shape[0] for game in games), default=0)
    bets = max((game.returns.shape[1] for game in games), default=0)
    chances, returns = np.zeros((len(games), outcomes)), np.zeros((len(games), outcomes, bets))
    for place, game in enumerate(games):
        rows, columns = game.returns.shape
        chances[place, :rows], returns[place, :rows, :columns] = game.probability, game.returns
    counts = [game.returns.shape[1] for game in games]
    own = [np.arange(count) for count in counts]
    return _Slate(
        chances, returns, (np.repeat(np.arange(len(games)), counts), np.concatenate([np.zeros(0, int), *own]))
    )


def _growth(slate: _Slate, stakes: FloatArray) -> tuple[float, FloatArray]:
    """Expected growth and its slope in each stake: ``E e^-tX`` of a game at every node, multiplied over the games."""
    if not len(stakes):
        return 0.0, stakes
    t, weights = _nodes()
    table = np.zeros(slate.returns.shape[::2])
    table[slate.place] = stakes
    change = np.einsum("gsk,gk->gs", slate.returns, table)
    # What cannot happen must not be the largest: beside a sure profit it would leave nothing of what can.
    exponents = np.where(slate.chances > 0.0, -t[:, None, None] * change, -np.inf)
    top = exponents.max(axis=2, keepdims=True)  # nothing overflows at the farthest nodes
    shares = np.exp(exponents - top) * slate.chances
    mass = shares.sum(axis=2)
    product = (np.log(mass) + top[:, :, 0]).sum(axis=1)
    growth = weights @ (-np.expm1(product) / t)
    # Of each outcome, summed over the nodes: then once over the outcomes of its game.
    pull = np.einsum("t,tgs->gs", weights * np.exp(product), shares / mass[:, :, None])
    return float(growth), np.einsum("gs,gsk->gk", pull, slate.returns)[slate.place]


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    return np.polynomial.laguerre.laggauss(NODES)


def _ahead(bet: ScoreBet) -> FloatArray:
    """By how much each cell of a grid is on the bet's side of its line: won above 0, pushed at 0."""
    home, away = (axis.ravel().astype(np.float64) for axis in np.indices((RUNS, RUNS)))
    if bet.market in ("moneyline", "run_line") and bet.side in ("home", "away"):
        line = bet.line if bet.market == "run_line" else 0.0
        return (home - away if bet.side == "home" else away - home) + line
    if bet.market in ("total", "team_total") and bet.side in ("over", "under"):
        runs = home + away if bet.market == "total" else home if bet.team == "home" else away
        return runs - bet.line if bet.side == "over" else bet.line - runs
    raise ValueError(f"a {bet.market} has no side {bet.side!r}")
