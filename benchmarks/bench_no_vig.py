"""No-vig: two-way markets per second, each method, validated, beside one bare division per market."""

from __future__ import annotations

import numpy as np

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.market.no_vig import METHODS, no_vig

MARKETS = 2_000_000
BUDGET = 5.0  # million markets a second


def measure() -> list[Figure]:
    rng = np.random.default_rng(20250715)
    fair = 1.0 / (1.0 + np.exp(-rng.normal(0.15, 0.42, MARKETS)))
    total = rng.uniform(1.01, 1.06, MARKETS)
    home, away = np.clip(fair * total, 0.01, 0.985), np.clip((1.0 - fair) * total, 0.01, 0.985)
    out = np.empty(MARKETS)
    floor = MARKETS / best_seconds(lambda: np.divide(home, away, out=out)) / 1e6
    figures = []
    for method in METHODS:
        speed = MARKETS / best_seconds(lambda method=method: no_vig(home, away, method)) / 1e6  # type: ignore[misc]
        figures.append(
            Figure(
                f"no-vig, {method}", speed, "M markets/s", floor, "one division", BUDGET, more_is_better=True, digits=1
            )
        )
    return figures
