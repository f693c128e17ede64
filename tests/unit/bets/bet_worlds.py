"""A person's bets and what became of their games, as frames: one game of 1 July 2024 unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from dagster_mlb.bets.graded_table import BETS_SCHEMA, STARTS_SCHEMA
from dagster_mlb.bets.grading import grade
from dagster_mlb.bets.seen_prices import QUOTES_SCHEMA
from dagster_mlb.strategies.history import Outcomes
from dagster_mlb.strategies.settling.closing_line import CLOSE_SCHEMA

DAY = date(2024, 7, 1)
START = datetime(2024, 7, 1, 23, 5, tzinfo=UTC)
PLACED = START - timedelta(hours=4)
LATER = datetime(2024, 7, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GAME = 1


def bet(**changed: Any) -> dict[str, Any]:
    """A moneyline on the home side at -110 and 50 units, four hours before the game."""
    row = {
        "bet_id": "a", "file_name": "bets.csv", "record_number": 2, "placed_at": PLACED, "placed_on": DAY,
        "official_date": DAY, "stated_start_at": None, "away_team_id": 111, "home_team_id": 147, "away_team": "BOS",
        "home_team": "NYY", "game_number": None, "market": "moneyline", "side": "home", "line": None, "price": "-110",
        "price_format": "american", "price_decimal": 1 + 100 / 110, "price_american": -110, "stake": 50.0,
        "book": "FanDuel", "book_keys": ["fanduel"], "ref": None, "tag": None, "note": None, "other_columns": None,
        "game_key": GAME, "rung": "official_date", "called_off": None, "untied_reason": None, "provenance": "archive",
        "load_id": 7,
    }  # fmt: skip
    return row | changed


def untied(reason: str = "a doubleheader", **changed: Any) -> dict[str, Any]:
    return bet(game_key=None, rung=None, untied_reason=reason, **changed)


def decimal_bet(price: str, **changed: Any) -> dict[str, Any]:
    return bet(price=price, price_format="decimal", price_decimal=float(price), **changed)


def bets_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=BETS_SCHEMA)


def quote(**changed: Any) -> dict[str, Any]:
    """FanDuel's moneyline as it stood when the bet was placed: -120 at home, +102 away."""
    row = {
        "bet_id": "a", "source": "odds_api", "known_at": PLACED - 30 * MINUTE, "until_at": None,
        "confirmed_at": PLACED - 5 * MINUTE, "line": None, "price_1": -120, "price_2": 102, "hold": 0.04,
        "is_open": True,
    }  # fmt: skip
    return row | changed


def quotes_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=QUOTES_SCHEMA)


def closes() -> pl.DataFrame:
    """Pinnacle's close of each market; side 1 of the moneyline at .55."""
    of_game = {"game_key": GAME, "source": "odds_api", "book": "pinnacle", "close_at": START, "starts_at": START}
    rows = [
        {"market": "moneyline", "line": None, "probability_1": 0.55, "price_1": -125.0, "price_2": 115.0},
        {"market": "spread", "line": -1.5, "probability_1": 0.38, "price_1": 155.0, "price_2": -170.0},
        {"market": "total", "line": 8.5, "probability_1": 0.50, "price_1": -105.0, "price_2": -105.0},
    ]
    return pl.DataFrame([of_game | row | {"age_minutes": 1.0} for row in rows], schema=CLOSE_SCHEMA)


def outcomes(home_runs: int | None = 5, away_runs: int | None = 3) -> Outcomes:
    """The game and how it ended; without runs no result is known."""
    results = [(GAME, 1, home_runs, away_runs, 9.0, START + timedelta(hours=3))] if home_runs is not None else []
    return Outcomes(
        games=pl.DataFrame(
            {
                "game_key": [GAME],
                "season": [2024],
                "official_date": [DAY],
                "status": ["final"],
                "is_doubleheader": [False],
            },
            schema_overrides={"season": pl.Int32},
        ),
        results=pl.DataFrame(
            results,
            schema={
                "game_key": pl.Int64,
                "version": pl.Int32,
                "home_runs": pl.Int32,
                "away_runs": pl.Int32,
                "innings": pl.Float64,
                "known_at": pl.Datetime("us", "UTC"),
            },
            orient="row",
        ),
        closes=closes(),
    )


def starts(first_pitch_at: datetime | None = START, scheduled_start_at: datetime | None = START) -> pl.DataFrame:
    rows = [{"game_key": GAME, "first_pitch_at": first_pitch_at, "scheduled_start_at": scheduled_start_at}]
    return pl.DataFrame(rows, schema=STARTS_SCHEMA)


def graded(
    *rows: dict[str, Any],
    quotes: pl.DataFrame | None = None,
    of: Outcomes | None = None,
    begun: pl.DataFrame | None = None,
    now: datetime = LATER,
) -> list[dict[str, Any]]:
    """The rows of ``curated.graded_bets`` that these bets come to."""
    return graded_frame(*rows, quotes=quotes, of=of, begun=begun, now=now).to_dicts()


def graded_frame(
    *rows: dict[str, Any],
    quotes: pl.DataFrame | None = None,
    of: Outcomes | None = None,
    begun: pl.DataFrame | None = None,
    now: datetime = LATER,
) -> pl.DataFrame:
    asked = quotes if quotes is not None else quotes_of()
    return grade(bets_of(*rows), of or outcomes(), begun if begun is not None else starts(), asked, now)
