"""Elo over ten seasons of result versions, corrections included, beside the bare loop: two exponentials a game."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.learning.ratings import rate

GAMES = 24_300
SEASONS = 10
BUDGET_SECONDS = 0.5


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


def bare_loop(teams: list[tuple[int, int]], margins: list[int]) -> list[float]:
    """Elo without versions, moments or checks: what the recursion itself costs in Python."""
    ratings = [1500.0] * 131
    for (home, away), margin in zip(teams, margins, strict=True):
        difference = ratings[home] + 24.0 - ratings[away]
        expected = 1.0 / (1.0 + 10.0 ** (-difference / 400.0))
        change = 4.0 * math.log(abs(margin) + 1.0) * ((margin > 0) - expected)
        ratings[home] += change
        ratings[away] -= change
    return ratings


def measure() -> list[Figure]:
    versions = result_versions()
    teams = list(versions.select("home_team_id", "away_team_id").iter_rows())
    margins = (versions["home_runs"] - versions["away_runs"]).to_list()
    floor = best_seconds(lambda: bare_loop(teams, margins), 3)
    seconds = best_seconds(lambda: rate(versions), 3)
    return [Figure(f"Elo, {versions.height:,} result versions", seconds, "s", floor, "bare loop", BUDGET_SECONDS)]
