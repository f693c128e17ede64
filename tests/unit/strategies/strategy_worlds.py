"""Small worlds for the tests of strategies: games with prices, states, results, closes, and the frames made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from dagster_mlb.market.frames import STATES
from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.odds import american_to_decimal, decimal_to_american
from dagster_mlb.strategies.as_of import assemble_frame
from dagster_mlb.strategies.history import STARTERS_SCHEMA, History, Outcomes
from dagster_mlb.strategies.protocol import BET_SCHEMA, CONTEXT_SCHEMA, UTC_TIMESTAMP
from dagster_mlb.strategies.settling.closing_line import CLOSE_SCHEMA

FIRST_DAY = date(2019, 4, 1)
FIRST_PITCH = datetime(2019, 4, 1, 23, 5, tzinfo=UTC)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_LINES = {"moneyline": None, "spread": -1.5, "total": 8.5}


def noon_before(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC) - timedelta(days=1)


def offer(game_key: int = 1, market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    """One quoted market at the open, of an archive's label; prices American."""
    day = changes.pop("official_date", FIRST_DAY)
    row = {
        "game_key": game_key,
        "decision": "open",
        "decision_at": noon_before(day),
        "market": market,
        "source": "sbr_archive",
        "book": "consensus",
        "line": _LINES[market],
        "price_1": -150,
        "price_2": 130,
        "hold": 0.03361,
        "age_minutes": None,
        "price_known_at": noon_before(day),
        "load_id": 7,
        "provenance": "archive",
        "capture": "backfilled",
        "moment_assumed": True,
        "book_kind": "consensus",
        "sharp_rank": 6,
    } | changes
    if "probability_1" not in row:
        fair = no_vig_from_american(row["price_1"] or np.nan, row["price_2"] or np.nan).item()
        row["probability_1"] = None if np.isnan(fair) else fair
    return row


def offers_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    whole = {
        "game_key": pl.Int64,
        "load_id": pl.Int64,
        "price_1": pl.Int32,
        "price_2": pl.Int32,
        "sharp_rank": pl.Int32,
    }
    numbers = dict.fromkeys(("line", "hold", "age_minutes", "probability_1"), pl.Float64)
    moments = dict.fromkeys(("decision_at", "price_known_at"), UTC_TIMESTAMP)
    if not rows:
        return offers_of([offer()]).clear()
    return pl.DataFrame(rows, schema_overrides=whole | numbers | moments)


def context_of(
    offers: pl.DataFrame,
    *,
    benchmark_source: str = "sbr_archive",
    benchmark_book: str = "consensus",
    day: date = FIRST_DAY,
    **known: Any,
) -> pl.DataFrame:
    """What is known of each game and market beside its offers: nothing but ``known``."""
    markets = offers.group_by("game_key", "market").agg(pl.col("decision_at").first()).sort("game_key", "market")
    return markets.select(
        "game_key",
        "market",
        context_decision_at="decision_at",
        official_date=pl.lit(day),
        season=pl.lit(day.year, dtype=pl.Int32),
        home_team_id=pl.lit(147),
        away_team_id=pl.lit(111),
        home_team=pl.lit("NYY"),
        away_team=pl.lit("BOS"),
        hours_to_start=pl.lit(31.0),
        benchmark_source=pl.lit(benchmark_source),
        benchmark_book=pl.lit(benchmark_book),
        **{name: pl.lit(known.get(name), dtype=kind) for name, kind in CONTEXT_SCHEMA.items()},
    )


def predictions_of(probabilities: dict[int, float], known_at: datetime | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "game_key": list(probabilities),
            "model_probability_1": list(probabilities.values()),
            "prediction_known_at": [known_at or noon_before(FIRST_DAY)] * len(probabilities),
        },
        schema_overrides={"game_key": pl.Int64, "prediction_known_at": UTC_TIMESTAMP},
    )


def frame_of(
    rows: list[dict[str, Any]],
    probabilities: dict[int, float] | None = None,
    *,
    benchmark_book: str = "consensus",
    day: date = FIRST_DAY,
) -> pl.DataFrame:
    """The as-of frame of these offers, all of one day."""
    offers = offers_of(rows)
    known_at = offers["decision_at"].max()
    context = context_of(offers, benchmark_book=benchmark_book, day=day)
    return assemble_frame(offers, context, predictions_of(probabilities, known_at) if probabilities else None)


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
    numbers = {"line": pl.Float64, "game_key": pl.Int64, "price_decimal": pl.Float64, "stake": pl.Float64}
    moments = {name: UTC_TIMESTAMP for name in ("decision_at", "filled_at", "settled_at") if rows and name in rows[0]}
    return pl.DataFrame(rows, schema_overrides=numbers | moments)


def placed(game_key: int = 1, market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    """One bet as it was placed (``BET_SCHEMA``): an hour before first pitch, at a price of its own moment."""
    side = changes.get("side", "over" if market == "total" else "home")
    row = dict.fromkeys(BET_SCHEMA) | {
        "game_key": game_key,
        "decision": "pregame",
        "decision_at": FIRST_PITCH - HOUR,
        "official_date": FIRST_DAY,
        "season": 2019,
        "hours_to_start": 1.0,
        "market": market,
        "side": side,
        "source": "odds_api",
        "book": "pinnacle",
        "line": {"moneyline": None, "spread": 1.5 if side == "away" else -1.5, "total": 8.5}[market],
        "price_american": 130,
        "reason": "told to",
        "load_id": 7,
        "provenance": "simulated",
        "capture": "captured",
        "moment_assumed": False,
    }
    row |= changes
    return row | {"price_decimal": float(american_to_decimal(row["price_american"]))}


def placed_bets(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=BET_SCHEMA)


def state(known_at: datetime, price_1: int | None = 130, price_2: int | None = -150, **changes: Any) -> dict[str, Any]:
    """What one book stood at from ``known_at`` on."""
    return (
        dict.fromkeys(STATES)
        | {
            "game_key": 1,
            "market": "moneyline",
            "source": "odds_api",
            "book": "pinnacle",
            "known_at": known_at,
            "line": None,
            "price_1": price_1,
            "price_2": price_2,
            "is_open": True,
        }
        | changes
    )


def states_of(*rows: dict[str, Any]) -> pl.DataFrame:
    reasons = [row.pop("unusable_because", None) for row in rows]
    frame = pl.DataFrame(list(rows), schema=STATES)
    return frame.with_columns(pl.Series("unusable_because", reasons, dtype=pl.String))


def starts_of(*game_keys: int, at: datetime | None = FIRST_PITCH) -> pl.DataFrame:
    return pl.DataFrame(
        {"game_key": list(game_keys), "starts_at": [at] * len(game_keys)},
        schema={"game_key": pl.Int64, "starts_at": UTC_TIMESTAMP},
    )


def game_row(game_key: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "game_key": game_key,
        "season": 2019,
        "official_date": FIRST_DAY,
        "status": "final",
        "is_doubleheader": False,
    } | changes


def games_of(*game_keys: int, **changes: Any) -> pl.DataFrame:
    return pl.DataFrame([game_row(key, **changes) for key in game_keys])


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


def starter(side: str, pitcher: str, known_at: datetime, game_key: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "game_key": game_key,
        "side": side,
        "known_at": known_at,
        "source": "mlb_stats",
        "source_rank": 1,
        "pitcher_id": f"mlb:{pitcher}",
        "pitcher_name": pitcher,
    } | changes


def starters_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=STARTERS_SCHEMA)


def close(game_key: int = 1, market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    """The benchmark's close of a game's market: .55 for side 1."""
    return (
        dict.fromkeys(CLOSE_SCHEMA)
        | {
            "game_key": game_key,
            "market": market,
            "line": _LINES[market],
            "probability_1": 0.55,
            "price_1": -130.0,
            "price_2": 115.0,
            "source": "tick_archive",
            "book": "pinnacle",
            "close_at": FIRST_PITCH,
            "starts_at": FIRST_PITCH,
        }
        | changes
    )


def closes_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CLOSE_SCHEMA)


def outcomes_of(
    games: pl.DataFrame, results: list[dict[str, Any]], *closes: dict[str, Any], starters: pl.DataFrame | None = None
) -> Outcomes:
    return Outcomes(games, results_of(results), closes_of(*closes), starters if starters is not None else starters_of())


def history_of(*states: dict[str, Any], games: pl.DataFrame) -> History:
    return History(states_of(*states), games)


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
    closes = moneylines.select(
        "game_key",
        "source",
        "book",
        "close_at",
        market=pl.lit("moneyline"),
        probability_1="close_home_probability",
        **{
            name: pl.lit(None, CLOSE_SCHEMA[name])
            for name in ("line", "price_1", "price_2", "age_minutes", "starts_at")
        },
    ).select(CLOSE_SCHEMA.keys())
    return moneylines, Outcomes(games, results, closes)
