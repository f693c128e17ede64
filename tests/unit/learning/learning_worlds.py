"""Small seeded worlds for the learning tests: result versions and feature rows, in memory only."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

TEAMS = tuple(range(101, 131))


def result_versions(
    games: int = 300, *, seed: int = 7, corrections: float = 0.05, seasons: tuple[int, ...] = (2021, 2022)
) -> pl.DataFrame:
    """Versions of results: most games once, some corrected days (or a winter) later."""
    rng = np.random.default_rng(seed)
    rows = []
    per_season = games // len(seasons)
    for season in seasons:
        opening = date(season, 4, 1)
        for i in range(per_season):
            day = opening + timedelta(days=int(i * 180 / per_season))
            home, away = rng.choice(TEAMS, 2, replace=False)
            key = season * 100_000 + i
            known = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=1)
            runs = rng.poisson(4.4, 2)
            rows.append((key, 1, season, day, int(home), int(away), int(runs[0]), int(runs[1]), known, "archive"))
            if rng.random() < corrections:
                later = known + timedelta(days=int(rng.choice([1, 9, 300])), hours=5)
                fixed = rng.poisson(4.4, 2)
                rows.append((key, 2, season, day, int(home), int(away), int(fixed[0]), int(fixed[1]), later, "archive"))
    return pl.DataFrame(
        rows,
        schema={
            "game_key": pl.Int64,
            "version": pl.Int32,
            "season": pl.Int32,
            "official_date": pl.Date,
            "home_team_id": pl.Int32,
            "away_team_id": pl.Int32,
            "home_runs": pl.Int32,
            "away_runs": pl.Int32,
            "known_at": pl.Datetime("us", "UTC"),
            "provenance": pl.String,
        },
        orient="row",
    )


def training_rows(
    games_per_season: int = 600,
    *,
    seasons: tuple[int, ...] = (2018, 2019, 2020, 2021),
    decision: str = "open",
    signal: float = 0.0,
    seed: int = 11,
    provenance: str = "archive",
) -> pl.DataFrame:
    """Rows as ``read_training_frame`` gives them; the market knows the truth but for ``signal`` times the form
    difference.

    ``official_date`` runs from April to September; a result is known at noon UTC of the next day.
    """
    rng = np.random.default_rng(seed)
    n = games_per_season * len(seasons)
    season = np.repeat(np.array(seasons), games_per_season)
    day_of_season = np.tile((np.arange(games_per_season) * 180 // games_per_season), len(seasons))
    days = [date(int(s), 4, 1) + timedelta(days=int(d)) for s, d in zip(season, day_of_season, strict=True)]
    market_logit = rng.normal(0.14, 0.40, n)
    form = rng.normal(0.0, 1.0, n)
    truth = market_logit + signal * form
    p = 1 / (1 + np.exp(-truth))
    close_logit = truth + rng.normal(0, 0.02, n)
    home_win = rng.random(n) < p
    decided = [
        datetime(d.year, d.month, d.day, 16, tzinfo=UTC) - timedelta(days=1 if decision == "open" else 0) for d in days
    ]
    known = [datetime(d.year, d.month, d.day, 12, tzinfo=UTC) + timedelta(days=1) for d in days]
    elo_logit = 0.6 * market_logit + rng.normal(0, 0.15, n)
    elo_diff = elo_logit * 400 / np.log(10)
    return pl.DataFrame(
        {
            "game_key": np.arange(n, dtype=np.int64) + 1_000_000,
            "decision": [decision] * n,
            "decision_at": decided,
            "season": season.astype(np.int32),
            "official_date": days,
            "game_type": ["R"] * n,
            "is_regular": [True] * n,
            "provenance": [provenance] * n,
            "market_source": ["sbr_archive"] * n,
            "market_book": ["consensus"] * n,
            "no_vig_method": ["odds_ratio"] * n,
            "market_home_probability": 1 / (1 + np.exp(-market_logit)),
            "market_logit": market_logit,
            "market_hold": rng.uniform(0.02, 0.045, n),
            "elo_diff": elo_diff,
            "elo_home_probability": 1 / (1 + np.exp(-elo_logit)),
            "elo_logit": elo_logit,
            "form_diff": form,
            "rest_diff": rng.integers(-2, 3, n).astype(float),
            "park_runs_factor": rng.normal(1.0, 0.06, n),
            "starter_runs_diff": rng.normal(0, 0.5, n),
            "open_to_now_logit": rng.normal(0, 0.05, n),
            "book_dispersion": rng.uniform(0, 0.05, n),
            "is_doubleheader": rng.random(n) < 0.03,
            "season_day": day_of_season / 180.0,
            "home_win": home_win,
            "result_known_at": known,
            "close_home_probability": 1 / (1 + np.exp(-close_logit)),
        },
        schema_overrides={
            "decision_at": pl.Datetime("us", "UTC"),
            "result_known_at": pl.Datetime("us", "UTC"),
            "official_date": pl.Date,
        },
    )


def joined_rows(games: int) -> list[dict[str, object]]:
    """Final games as the warehouse's join gives them, one dictionary each, to be spoilt by a test."""
    rows = training_rows(games, seasons=(2021,)).to_dicts()
    for row in rows:
        row.update(status="final", home_runs=5 if row["home_win"] else 2, away_runs=3)
    return rows
