"""Settling bets: bets per second through the rules (pushes, voids, versions of results), beside a bare join."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.strategies.settling.settlement import settle

GAMES = 24_300
BETS = 1_000_000
BUDGET = 1.0  # million bets a second
NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)


def measure() -> list[Figure]:
    rng = np.random.default_rng(20250715)
    days = [date(2010 + i * 10 // GAMES, 4, 1) + timedelta(days=i % 180) for i in range(GAMES)]
    keys = np.arange(GAMES, dtype=np.int64)
    games = pl.DataFrame(
        {
            "game_key": keys,
            "season": [day.year for day in days],
            "official_date": days,
            "status": ["final"] * GAMES,
            "is_doubleheader": [False] * GAMES,
        }
    )
    results = pl.DataFrame(
        {
            "game_key": keys,
            "version": np.ones(GAMES, dtype=np.int32),
            "home_runs": rng.poisson(4.5, GAMES).astype(np.int32),
            "away_runs": rng.poisson(4.4, GAMES).astype(np.int32),
            "innings": np.full(GAMES, 9.0),
            "known_at": [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=1) for day in days],
        }
    ).with_columns(pl.col("known_at").cast(pl.Datetime("us", "UTC")))
    market = rng.choice(["moneyline", "spread", "total"], BETS)
    bets = pl.DataFrame(
        {
            "game_key": rng.integers(0, GAMES, BETS),
            "market": market,
            "side": np.where(
                market == "total", rng.choice(["over", "under"], BETS), rng.choice(["home", "away"], BETS)
            ),
            "line": np.where(market == "moneyline", np.nan, np.where(market == "total", 8.5, -1.5)),
            "price_decimal": rng.uniform(1.4, 3.2, BETS),
            "stake": np.ones(BETS),
        }
    ).with_columns(pl.col("line").fill_nan(None))
    floor = BETS / best_seconds(lambda: bets.join(results, on="game_key", how="left"), 3) / 1e6
    speed = BETS / best_seconds(lambda: settle(bets, games, results, NOW), 3) / 1e6
    return [Figure("settlement", speed, "M bets/s", floor, "bare join", BUDGET, more_is_better=True)]
