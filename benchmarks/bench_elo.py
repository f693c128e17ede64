"""Elo over ten seasons of result versions, corrections included: seconds, games per second, target.

Run: python benchmarks/bench_elo.py
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from dagster_mlb.learning.ratings import rate

GAMES = 24_300
SEASONS = 10
TARGET_SECONDS = 0.5


def result_versions() -> pl.DataFrame:
    """Made-up results of thirty clubs, 3 % of them corrected days later."""
    rng = np.random.default_rng(20250715)
    teams = np.array([rng.choice(30, 2, replace=False) for _ in range(GAMES)]) + 101
    runs = rng.poisson(4.4, (GAMES, 2))
    season = 2010 + np.arange(GAMES) * SEASONS // GAMES
    days = [
        date(int(s), 4, 1) + timedelta(days=int(i) % (GAMES // SEASONS) * 180 // 2430) for i, s in enumerate(season)
    ]
    first = pl.DataFrame(
        {
            "game_key": np.arange(GAMES, dtype=np.int64),
            "version": np.ones(GAMES, dtype=np.int32),
            "season": season.astype(np.int32),
            "official_date": days,
            "home_team_id": teams[:, 0].astype(np.int32),
            "away_team_id": teams[:, 1].astype(np.int32),
            "home_runs": runs[:, 0].astype(np.int32),
            "away_runs": runs[:, 1].astype(np.int32),
            "known_at": [datetime(d.year, d.month, d.day, 12, tzinfo=UTC) + timedelta(days=1) for d in days],
            "provenance": ["archive"] * GAMES,
        }
    )
    corrected = first.filter(pl.Series(rng.random(GAMES) < 0.03)).with_columns(
        pl.lit(2, pl.Int32).alias("version"), pl.col("home_runs") + 1, pl.col("known_at") + timedelta(days=3)
    )
    return pl.concat([first, corrected])


def main() -> None:
    versions = result_versions()
    times = []
    for _ in range(3):
        started = time.perf_counter()
        rate(versions)
        times.append(time.perf_counter() - started)
    seconds = min(times)
    verdict = "" if seconds <= TARGET_SECONDS else "   above target"
    speed = versions.height / seconds
    print(f"elo: {versions.height:,} versions in {seconds:.2f} s, {speed:,.0f}/s (target {TARGET_SECONDS} s){verdict}")


if __name__ == "__main__":
    main()
