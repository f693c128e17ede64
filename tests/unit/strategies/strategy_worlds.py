"""Small worlds for the tests of strategies: games with prices, results, closes, and the frames that come of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.odds import decimal_to_american
from dagster_mlb.strategies.as_of import assemble_frame
from dagster_mlb.strategies.backtest import Outcomes

FIRST_DAY = date(2019, 4, 1)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def noon_before(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC) - timedelta(days=1)


def offer(game_key: int = 1, **changes: Any) -> dict[str, Any]:
    """One quoted moneyline at the open; prices American."""
    day = changes.pop("official_date", FIRST_DAY)
    row = {
        "game_key": game_key,
        "decision": "open",
        "decision_at": noon_before(day),
        "source": "sbr_archive",
        "book": "consensus",
        "home_price": -150,
        "away_price": 130,
        "hold": 0.03361,
        "age_minutes": None,
        "price_known_at": noon_before(day),
        "load_id": 7,
        "provenance": "archive",
        "capture": "backfilled",
        "moment_assumed": True,
    } | changes
    if "market_home_probability" not in row:
        fair = no_vig_from_american(row["home_price"] or np.nan, row["away_price"] or np.nan).item()
        row["market_home_probability"] = None if np.isnan(fair) else fair
    return row


OFFER_SCHEMA = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "decision_at": pl.Datetime("us", "UTC"),
    "source": pl.String,
    "book": pl.String,
    "home_price": pl.Int32,
    "away_price": pl.Int32,
    "hold": pl.Float64,
    "age_minutes": pl.Float64,
    "price_known_at": pl.Datetime("us", "UTC"),
    "load_id": pl.Int64,
    "provenance": pl.String,
    "capture": pl.String,
    "moment_assumed": pl.Boolean,
    "market_home_probability": pl.Float64,
}


def offers_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=OFFER_SCHEMA)


def games_of(
    offers: pl.DataFrame, *, market_source: str = "sbr_archive", market_book: str = "consensus", day: date = FIRST_DAY
) -> pl.DataFrame:
    keys = offers.group_by("game_key").agg(pl.col("decision_at").first()).sort("game_key")
    return keys.select(
        "game_key",
        feature_decision_at="decision_at",
        official_date=pl.lit(day),
        season=pl.lit(day.year, dtype=pl.Int32),
        home_team_id=pl.lit(147),
        away_team_id=pl.lit(111),
        home_team=pl.lit("NYY"),
        away_team=pl.lit("BOS"),
        market_source=pl.lit(market_source),
        market_book=pl.lit(market_book),
    )


def predictions_of(probabilities: dict[int, float], known_at: datetime | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "game_key": list(probabilities),
            "model_home_probability": list(probabilities.values()),
            "prediction_known_at": [known_at or noon_before(FIRST_DAY)] * len(probabilities),
        },
        schema_overrides={"game_key": pl.Int64, "prediction_known_at": pl.Datetime("us", "UTC")},
    )


def frame_of(
    rows: list[dict[str, Any]], probabilities: dict[int, float] | None = None, *, market_book: str = "consensus"
) -> pl.DataFrame:
    """The as-of frame of these offers, all of one day."""
    offers = offers_of(rows)
    return assemble_frame(
        offers, games_of(offers, market_book=market_book), predictions_of(probabilities) if probabilities else None
    )


def bet(game_key: int = 1, **changes: Any) -> dict[str, Any]:
    """One bet as settlement sees it: a moneyline on the home side at 2.30 unless told otherwise."""
    return {
        "game_key": game_key,
        "market": "moneyline",
        "side": "home",
        "line": None,
        "price_decimal": 2.30,
        "stake": 1.0,
        "source": "sbr_archive",
        "book": "consensus",
    } | changes


def bets_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides={"line": pl.Float64, "game_key": pl.Int64})


def game_row(game_key: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "game_key": game_key,
        "season": 2019,
        "official_date": FIRST_DAY,
        "status": "final",
        "is_doubleheader": False,
    } | changes


def result_row(
    game_key: int = 1, home_runs: int | None = 5, away_runs: int | None = 3, **changes: Any
) -> dict[str, Any]:
    return {
        "game_key": game_key,
        "version": 1,
        "home_runs": home_runs,
        "away_runs": away_runs,
        "innings": None,
        "known_at": datetime(2019, 4, 2, 12, tzinfo=UTC),
    } | changes


def results_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {
        "game_key": pl.Int64,
        "version": pl.Int64,
        "home_runs": pl.Int64,
        "away_runs": pl.Int64,
        "innings": pl.Float64,
        "known_at": pl.Datetime("us", "UTC"),
    }
    return pl.DataFrame(rows, schema=schema)


def efficient_seasons(
    n_days: int = 400, per_day: int = 15, seed: int = 1, *, move: float = 0.128, hold: float = 0.036
) -> tuple[pl.DataFrame, Outcomes]:
    """Games whose closing price is true and around which the open scatters: market marts and what became of the games.

    ``move``: standard deviation of open minus close in logit; ``hold``: of both prices.
    """
    rng = np.random.default_rng(seed)
    size = n_days * per_day
    truth = rng.normal(0.14, 0.35, size)
    opening = truth + rng.normal(0.0, move, size)
    close = 1 / (1 + np.exp(-truth))
    home_won = rng.random(size) < close
    days = [FIRST_DAY + timedelta(days=int(day)) for day in np.repeat(np.arange(n_days), per_day)]
    margin = np.log1p(hold) * 1.0

    def american(logit: np.ndarray) -> np.ndarray:
        implied = 1 / (1 + np.exp(-(logit + 2 * margin)))
        return np.round(decimal_to_american(1 / implied)).astype(np.int64)

    keys = np.arange(1, size + 1)
    moneylines = pl.DataFrame(
        {
            "game_key": keys,
            "season": [day.year for day in days],
            "official_date": days,
            "source": ["sbr_archive"] * size,
            "book": ["consensus"] * size,
            "open_home_price": american(opening),
            "open_away_price": american(-opening),
            "open_at": [noon_before(day) for day in days],
            "close_home_probability": close,
            "close_at": [noon_before(day) + timedelta(hours=31) for day in days],
        }
    )
    games = pl.DataFrame(
        [game_row(int(key), official_date=day, season=day.year) for key, day in zip(keys, days, strict=True)]
    )
    results = results_of(
        [
            result_row(int(key), 5 if won else 2, 3, known_at=noon_before(day) + timedelta(hours=44))
            for key, day, won in zip(keys, days, home_won, strict=True)
        ]
    )
    return moneylines, Outcomes(games, results, moneylines)
