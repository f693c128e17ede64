"""The fair price: what an outcome is worth given the news so far, and how a book turns that into American prices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator.league import NEWS, NEWS_DIFFERENCE_SD, NEWS_SUM_SD
from dagster_mlb.simulator.schedule import Listing
from dagster_mlb.simulator.season import Season

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fair_outcomes(season: Season, index: Ints, moment: Floats) -> Floats:
    """P(home), P(home by ≥ 2), P(away by ≥ 2), P(total ≤ 0 … 60) given the news up to a moment.

    ``index`` (listing numbers) and ``moment`` broadcast; the outcomes come on a new last axis. What the news still
    to come may do is averaged over (two points per direction: exact to the third moment), so the price is a
    martingale in probability and not only in logit.
    """
    return expected(scoring.score_grid().outcomes, season, index, moment)


def expected(values: Floats, season: Season, index: Ints, moment: Floats) -> Floats:
    """What ``values`` on the grid of mean runs (``runs.score_grid().axis``, both ways) are worth given the news up to
    a moment, the news still to come averaged over. Shapes as in ``fair_outcomes``."""
    known = season.news_at[index] <= moment[..., None]
    ln_home = season.ln_home[index] + (season.news_home[index] * known).sum(-1)
    ln_away = season.ln_away[index] + (season.news_away[index] * known).sum(-1)
    left = (NEWS - known[..., :NEWS].sum(-1)) / NEWS
    difference, total = NEWS_DIFFERENCE_SD * np.sqrt(left) / 2, NEWS_SUM_SD * np.sqrt(left)
    sums = np.zeros((*ln_home.shape, values.shape[-1]))
    for d, s in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        sums += scoring.look_up(values, ln_home + d * difference + s * total, ln_away - d * difference + s * total)
    return sums / 4


def american(probability: Floats) -> Ints:
    """The American price whose implied probability is nearest; never inside (−100, 100)."""
    q = np.clip(probability, 0.02, 0.98)
    price = np.where(q > 0.5, -100 * q / (1 - q), 100 * (1 - q) / q)
    return np.where(np.abs(np.round(price)) <= 100, 100, np.round(price)).astype(np.int64)


def two_way_prices(probability: Floats, hold: Floats) -> tuple[Ints, Ints]:
    """(price of the side, price of the other) with a hold put on in odds ratio: logit q = ±logit p + c."""
    p = np.clip(probability, 0.03, 0.97)
    logit = np.log(p / (1 - p))
    booksum = 1 / (1 - hold)
    c = (booksum - 1) / (2 * p * (1 - p))
    for _ in range(2):
        q1, q2 = 1 / (1 + np.exp(-logit - c)), 1 / (1 + np.exp(logit - c))
        c = c - (q1 + q2 - booksum) / (q1 * (1 - q1) + q2 * (1 - q2))
    return american(1 / (1 + np.exp(-logit - c))), american(1 / (1 + np.exp(logit - c)))


def shift(probability: Floats, logit: Floats) -> Floats:
    """A probability moved by so much in logit."""
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return 1 / (1 + np.exp(-(np.log(p / (1 - p)) + logit)))


def in_play_home_probability(season: Season, listing: Listing, moment: float) -> float:
    """A rough live price from the score by innings at a moment: normal margin, sd 4.3 runs over nine innings."""
    number = listing.number
    ended = (season.half_ends[number] <= moment) & (season.half_runs[number] >= 0)
    halves = int(ended.sum())
    lead = int((season.half_runs[number] * ended * np.array([-1, 1])).sum())
    left = max(18 - halves, 1) / 18
    p = float(fair_outcomes(season, np.array([number]), np.array([season.start[number]]))[0, 0])
    expected = 2.42 * np.log(p / (1 - p)) * left
    return float(1 / (1 + np.exp(-1.7 * (lead + expected) / (4.3 * np.sqrt(left)))))
