"""Skill that must not be there: with results dealt out anew there is none, and with older knowledge there is not more.

- **label shuffle**: results change places among games of one season that the market held for alike. What a strategy
  then returns is what its bets were worth at the close, and no model tells winners from losers.
- **time shift**: features and context of a day earlier. A model may lose less than it did, or a strategy be worth more,
  by luck alone; by more it has learned something from the wrong side of the decision.

Statistics and no proofs: each says how many standard errors it is off, and fails beyond ``LIMIT``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dagster_mlb.learning.evaluation import paired_difference
from dagster_mlb.learning.walk_forward import Scheme, walk_forward
from dagster_mlb.strategies.settling.settlement import RESULT_COLUMNS, latest_results, settle

LIMIT: Final = 4.5  # standard errors; of a hundred figures one in 1,500 runs is further off by luck
LEAST_BETS: Final = 100
GAMES_A_STRATUM: Final = 30
ROUNDS: Final = 10

Floats = NDArray[np.float64]
#: The bets that would be made if these were the results: strategy, game_key, market, side, line, price_decimal, ev_clv.
BetsOf = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Skill:
    """One figure beside what it may be. ``is_upper``: only more than expected is suspicious."""

    check: str
    subject: str
    figure: str
    n: int
    value: float
    expected: float
    error: float
    is_upper: bool = False

    @property
    def z(self) -> float:
        off = self.value - self.expected
        if self.error > 0:
            return off / self.error
        return math.copysign(math.inf, off) if abs(off) > 1e-12 else 0.0

    @property
    def passed(self) -> bool:
        return (self.z if self.is_upper else abs(self.z)) <= LIMIT


def strata_of(closes: pl.DataFrame) -> pl.DataFrame:
    """game_key, stratum: games of one season whose close held the home side for about as likely.

    ``closes``: game_key, season, home_probability.
    """
    ranked = closes.drop_nulls("home_probability").with_columns(
        _rank=pl.col("home_probability").rank("ordinal").over("season") - 1, _games=pl.len().over("season")
    )
    of_season = (pl.col("_games") // GAMES_A_STRATUM).clip(lower_bound=1)
    place = (pl.col("_rank") * of_season // pl.col("_games")).cast(pl.Int64)
    return ranked.select("game_key", stratum=pl.col("season").cast(pl.Int64) * 10_000 + place)


def shuffled_results(results: pl.DataFrame, strata: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Results (``settlement.RESULT_COLUMNS``, one row a game) whose scores change places within each stratum; games
    without one are left out.
    """
    told = results.join(strata, on="game_key", how="inner").sort("stratum", "game_key")
    order = np.lexsort((rng.random(told.height), told["stratum"].to_numpy()))
    scores = told[order.tolist()].select("home_runs", "away_runs", "innings")
    return told.select("game_key", "version", "known_at").hstack(scores).select(RESULT_COLUMNS)


def label_shuffle(
    bets_of: BetsOf,
    games: pl.DataFrame,
    results: pl.DataFrame,
    strata: pl.DataFrame,
    now: datetime,
    rng: np.random.Generator,
    *,
    rounds: int = ROUNDS,
) -> list[Skill]:
    """Per strategy: the return of a unit on each bet under shuffled results, beside what the close says of the bets.

    ``bets_of`` makes the bets anew of each dealing of the results; one that does not look at them gives the same ones.
    """
    known = latest_results(results, now).with_columns(known_at="result_known_at").select(RESULT_COLUMNS)
    returns: dict[str, list[tuple[float, float, float, int]]] = {}
    for _ in range(rounds):
        dealt = shuffled_results(known, strata, rng)
        bets = bets_of(dealt).join(dealt.select("game_key"), on="game_key", how="semi").with_columns(stake=pl.lit(1.0))
        settled = settle(bets, games, dealt, now).filter(pl.col("result").is_in(["win", "loss", "push"]))
        for (strategy,), rows in settled.group_by(["strategy"]):
            if rows.height >= LEAST_BETS:
                profit = rows["profit"].to_numpy()
                told = (float(profit.mean()), float(rows["ev_clv"].mean()), float(profit.std()), rows.height)  # type: ignore[arg-type]
                returns.setdefault(str(strategy), []).append(told)
    found = []
    for strategy, dealings in sorted(returns.items()):
        value, expected, spread, n = np.mean(dealings, axis=0).tolist()
        found.append(Skill("label shuffle", strategy, "ROI", round(n), value, expected, spread / math.sqrt(n)))
    return found


def auc(won: NDArray[np.bool_], probability: Floats) -> float:
    """The chance that a winner was held for likelier than a loser; equal ones count half (Mann-Whitney)."""
    from scipy.stats import rankdata

    winners, losers = int(won.sum()), int((~won).sum())
    if not winners or not losers:
        return math.nan
    ranks = rankdata(probability)
    return float((ranks[won].sum() - winners * (winners + 1) / 2) / (winners * losers))


def label_shuffle_of_predictions(
    predictions: pl.DataFrame, rng: np.random.Generator, *, rounds: int = ROUNDS
) -> list[Skill]:
    """Per model: the AUC of its predictions on labels shuffled within each season, beside one half.

    ``predictions``: model, season, home_win_probability, home_win.
    """
    found = []
    for (model,), rows in sorted(predictions.drop_nulls().group_by(["model"])):
        season = rows["season"].to_numpy()
        won, probability = rows["home_win"].to_numpy().astype(bool), rows["home_win_probability"].to_numpy()
        winners, losers = int(won.sum()), int((~won).sum())
        if min(winners, losers) < LEAST_BETS:
            continue
        areas = [auc(_shuffled_within(won, season, rng), probability) for _ in range(rounds)]
        error = math.sqrt((winners + losers + 1) / (12 * winners * losers))
        found.append(Skill("label shuffle", str(model), "AUC", rows.height, float(np.mean(areas)), 0.5, error))
    return found


def learned_from_shuffled_labels(
    rows: pl.DataFrame,
    rng: np.random.Generator,
    *,
    scheme: Scheme = "season",
    features: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
) -> list[Skill]:
    """The AUC of models that walk forward over labels shuffled within each season, on those labels, beside one half.

    ``rows``: as ``learning.datasets.read_training_frame`` gives them; ``features`` makes them anew of the dealt labels.
    """
    dealt = _shuffled_within(rows["home_win"].to_numpy(), rows["season"].to_numpy(), rng)
    walked = walk_forward(features(rows.with_columns(home_win=pl.Series(dealt))), scheme)
    found = []
    for (model,), scored in sorted(walked.scored.group_by(["model_name"])):
        won = scored["home_win"].to_numpy().astype(bool)
        error = math.sqrt((len(won) + 1) / (12 * won.sum() * (~won).sum()))
        area = auc(won, scored["home_win_probability"].to_numpy())
        found.append(Skill("labels shuffled before learning", str(model), "AUC", len(won), area, 0.5, error))
    return found


def time_shift_of_losses(model: str, live: Floats, lagged: Floats, days: NDArray) -> Skill | None:
    """How much less a model loses on features of a day earlier, game by game, clustered by day; None where too few."""
    if len(live) < LEAST_BETS:
        return None
    mean, error = paired_difference(live - lagged, days)
    return Skill("time shift", model, "log-loss saved", len(live), mean, 0.0, error or 0.0, is_upper=True)


def time_shift_of_values(strategy: str, live: Floats, lagged: Floats) -> Skill | None:
    """What a strategy's bets are worth at the close on a context of a day earlier; None where there are too few."""
    if min(len(live), len(lagged)) < LEAST_BETS:
        return None
    error = math.sqrt(live.var() / len(live) + lagged.var() / len(lagged))
    value, expected = float(lagged.mean()), float(live.mean())
    return Skill("time shift", strategy, "EV-CLV", len(lagged), value, expected, error, is_upper=True)


def failed(skills: Sequence[Skill]) -> list[str]:
    """One line for every figure that is too far off."""
    return [
        f"{one.check}: {one.figure} of {one.subject} is {one.value:+.4f} over {one.n:,}, {one.z:+.1f} standard errors "
        f"from {one.expected:+.4f}"
        for one in skills
        if not one.passed
    ]


def _shuffled_within(values: NDArray, group: NDArray, rng: np.random.Generator) -> NDArray:
    order = np.argsort(group, kind="stable")
    dealt = np.empty_like(values)
    dealt[order] = values[np.lexsort((rng.random(len(values)), group))]
    return dealt
