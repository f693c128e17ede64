"""How much of a result is luck: worlds in which the closing prices were right, and p-values seen as some of many."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.strategies.figures.estimates import SEED

SIMULATIONS = 1000
EULER = 0.5772156649015329
_CHUNK = 1 << 22  # random numbers held at once


class NullWorlds(NamedTuple):
    """What exactly these bets earn where the close is true. ``p``: how often at least as much as they did; never
    exactly 0. ``mean``, ``sd``: of the profit over the worlds, in units. NaN without bets.
    """

    p: float
    mean: float
    sd: float


def no_skill_p_value(bets: pl.DataFrame, *, simulations: int = SIMULATIONS, seed: int = SEED) -> float:
    """How often pure luck earns at least as much on exactly these bets, if the closing probabilities are true.

    One-sided; NaN without bets. See ``null_worlds``.
    """
    return null_worlds(bets, simulations=simulations, seed=seed).p


def null_worlds(bets: pl.DataFrame, *, simulations: int = SIMULATIONS, seed: int = SEED) -> NullWorlds:
    """The same bets in worlds drawn at the closing probabilities.

    Of each game two numbers are drawn: where its margin falls among all margins, and where its total does. Every bet is
    won, pushed or lost by its own line at that place, so that both sides of a game, the moneyline and the run lines,
    and one total beside another are never won against each other. Columns: game_key, side, stake, price_decimal,
    close_probability (of the side at its line, given no push), result, profit; market (else moneylines) and
    push_probability (else 0) where they are there. A moneyline that was pushed has no such world and is left out.
    """
    told = bets.select(
        "game_key",
        "side",
        *(pl.col(name).cast(pl.Float64) for name in ("stake", "price_decimal", "close_probability", "profit")),
        "result",
        market=pl.col("market") if "market" in bets.columns else pl.lit("moneyline"),
        push=pl.col("push_probability").fill_null(0.0) if "push_probability" in bets.columns else pl.lit(0.0),
    ).filter((pl.col("result") != "push") | (pl.col("market") != "moneyline"))
    if told.is_empty():
        return NullWorlds(math.nan, math.nan, math.nan)
    base, steps = _steps(told)
    actual = float(told["profit"].sum())
    thresholds, swings = steps["threshold"].to_numpy().astype(np.float32), steps["swing"].to_numpy()
    draw = steps["draw"].to_numpy()
    draws = int(draw[-1]) + 1
    is_own = draws == len(draw)  # every draw decides one step: nothing to look up
    rng = np.random.default_rng(seed)
    found = np.empty(simulations)
    step = max(1, _CHUNK // len(draw))
    for start in range(0, simulations, step):
        size = min(step, simulations - start)
        place = rng.random((size, draws), dtype=np.float32)
        above = (place if is_own else place[:, draw]) >= thresholds
        found[start : start + size] = base + above.astype(np.float32) @ swings.astype(np.float32)
    p = (1 + int((found >= actual - 1e-6 * max(1.0, abs(actual))).sum())) / (1 + simulations)
    return NullWorlds(p, float(found.mean()), float(found.std(ddof=1)))


def _steps(told: pl.DataFrame) -> tuple[float, pl.DataFrame]:
    """Profit as a function of the draws: a base, and what it changes by where a draw is at least a threshold.

    Side 1 (home, over) wins at the upper end: lost, then pushed, then won; side 2 the other way round.
    """
    is_first = pl.col("side").is_in(["home", "over"])
    gain, loss = pl.col("stake") * (pl.col("price_decimal") - 1), -pl.col("stake")
    win = pl.col("close_probability") * (1 - pl.col("push"))
    lose = 1 - win - pl.col("push")
    lower = pl.when(is_first).then(lose).otherwise(win)  # where the push begins
    edges = told.select(
        "game_key",
        of_total=pl.col("market") == "total",
        base=pl.when(is_first).then(loss).otherwise(gain),
        lower=lower,
        upper=lower + pl.col("push"),
        to_push=pl.when(is_first).then(-loss).otherwise(-gain),
        from_push=pl.when(is_first).then(gain).otherwise(loss),
    )
    both = pl.concat(
        [
            edges.select("game_key", "of_total", threshold="lower", swing="to_push"),
            edges.select("game_key", "of_total", threshold="upper", swing="from_push"),
        ]
    )
    merged = (
        both.with_columns(pl.col("threshold").round(12))
        .group_by("game_key", "of_total", "threshold")
        .agg(pl.col("swing").sum())
        .sort("game_key", "of_total", "threshold")
        .with_columns(draw=pl.struct("game_key", "of_total").rle_id())
    )
    return float(edges["base"].sum()), merged


def expected_best_z(trials: int) -> float:
    """The z that the best of so many trials without skill has on average (Bailey & López de Prado 2014); 0 for one.

    >>> [round(expected_best_z(n), 2) for n in (1, 10, 100, 1000)]
    [0.0, 1.57, 2.53, 3.26]
    """
    if trials < 2:
        return 0.0
    quantile = NormalDist().inv_cdf
    return (1 - EULER) * quantile(1 - 1 / trials) + EULER * quantile(1 - 1 / (trials * math.e))


def deflated_p_value(p: float | None, trials: int) -> float | None:
    """A p-value seen as what it is: that of one of many trials, of which the best one is looked at.

    ``1 - Phi(z - E[max z of the trials])``; never below ``p``. None (or NaN) stays what it is.
    """
    if p is None or math.isnan(p):
        return p
    normal = NormalDist()
    z = normal.inv_cdf(1 - min(max(p, 1e-12), 1 - 1e-12))
    return max(p, 1 - normal.cdf(z - expected_best_z(trials)))
