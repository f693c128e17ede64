"""What several books say together of one side's chance: a weighted mean in logit, with how far apart they are.

Each book's margin is taken out first (``no_vig``), and all speak of the same line: prices of another line go through
the score grid before they come here. A quote weighs its book's weight (how early it is usually right), halved with
every ``half_life`` minutes since it was last confirmed. Source: betting_domain §2.4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dagster_mlb.market.odds import FloatArray, as_floats

HALF_LIFE_MINUTES = 30.0


class Consensus(NamedTuple):
    """Per market, shape of the input without its last axis. ``probability``: NaN where no book speaks.
    ``dispersion``: weighted standard deviation of the books' logits, 0 for one book. ``books``: how many speak.
    ``effective_books``: how many equally heavy ones would weigh the same, ``(sum w)^2 / sum w^2``."""

    probability: FloatArray
    dispersion: FloatArray
    books: npt.NDArray[np.int64]
    effective_books: FloatArray


def consensus(
    probability: npt.ArrayLike,
    *,
    weight: npt.ArrayLike = 1.0,
    age_minutes: npt.ArrayLike = 0.0,
    half_life: float = HALF_LIFE_MINUTES,
) -> Consensus:
    """The consensus of fair probabilities, books along the last axis; weights and ages broadcast to it.

    A book is silent where its probability is outside (0, 1) or missing, its weight is not positive, or its age is
    missing or negative (a quote from the future). Raises ValueError where ``half_life`` is not positive.

    >>> round(float(consensus([0.52, 0.56, 0.54]).probability), 4)
    0.54
    """
    if not half_life > 0:
        raise ValueError(f"half_life is in minutes, above 0: {half_life}")
    p, w, age = np.broadcast_arrays(as_floats(probability), as_floats(weight), as_floats(age_minutes))
    with np.errstate(all="ignore"):
        speaks = (p > 0.0) & (p < 1.0) & (w > 0.0) & np.isfinite(w) & (age >= 0.0)
        heavy = np.where(speaks, w * np.exp2(-age / half_life), 0.0)
        # However old all of them are, the freshest is the measure: nothing vanishes.
        heavy = heavy / heavy.max(axis=-1, keepdims=True, initial=0.0)
        logit = np.where(speaks, np.log(p) - np.log1p(-p), 0.0)
        total = heavy.sum(axis=-1)
        mean = (heavy * logit).sum(axis=-1) / total
        apart = (heavy * (logit - mean[..., None]) ** 2).sum(axis=-1) / total
        return Consensus(
            1.0 / (1.0 + np.exp(-mean)),
            np.sqrt(apart),
            speaks.sum(axis=-1),
            np.where(total > 0.0, total**2 / (heavy**2).sum(axis=-1), 0.0),
        )


def logit_gap(probability: npt.ArrayLike, other: npt.ArrayLike) -> FloatArray:
    """How far one opinion is above another, in logit (market makers against retail books, now against the open)."""
    p, q = as_floats(probability), as_floats(other)
    with np.errstate(all="ignore"):
        return np.where(
            (p > 0.0) & (p < 1.0) & (q > 0.0) & (q < 1.0),
            np.log(p) - np.log1p(-p) - np.log(q) + np.log1p(-q),
            np.nan,
        )
