"""No-vig: two-way markets per second, each method, validated, beside its floor (one bare division per market).

Run: python benchmarks/bench_no_vig.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dagster_mlb.market.no_vig import METHODS, no_vig

MARKETS = 2_000_000
TARGET = 5.0  # million markets a second
REPEATS = 5


def best_seconds(work: Callable[[], object]) -> float:
    """The fastest of a few runs: what the work costs when nothing else disturbs it."""
    work()  # the first call imports
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    rng = np.random.default_rng(20250715)
    fair = 1.0 / (1.0 + np.exp(-rng.normal(0.15, 0.42, MARKETS)))
    total = rng.uniform(1.01, 1.06, MARKETS)
    home, away = np.clip(fair * total, 0.01, 0.985), np.clip((1.0 - fair) * total, 0.01, 0.985)
    out = np.empty(MARKETS)
    floor = MARKETS / best_seconds(lambda: np.divide(home, away, out=out)) / 1e6
    print(f"{'method':<16}{'M markets/s':>12}{'target':>8}{'floor':>8}")
    for method in METHODS:
        speed = MARKETS / best_seconds(lambda method=method: no_vig(home, away, method)) / 1e6  # type: ignore[misc]
        print(f"{method:<16}{speed:>12.1f}{TARGET:>8.1f}{floor:>8.0f}{'' if speed >= TARGET else '   below target'}")


if __name__ == "__main__":
    main()
