"""Small markets for the tests of signals: a game at 23:05 UTC, books that quote levels, counts of bets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from dagster_mlb.market.frames import GAMES, SPLITS, STARTERS, STATES
from dagster_mlb.market.levels import market_level
from dagster_mlb.market.odds import decimal_to_american
from dagster_mlb.signals.events import SIGNALS, detect
from dagster_mlb.signals.parameters import Parameters

START = datetime(2025, 7, 15, 23, 5, tzinfo=UTC)
GAME = 1000000000777


def before(minutes: float, start: datetime = START) -> datetime:
    """So many minutes before first pitch."""
    return start - timedelta(minutes=minutes)


def quote(book: str, minutes: float, logit: float = 0.0, **changes: Any) -> dict[str, Any]:
    """One state: ``logit`` of side 1's chance on the line, ``minutes`` before first pitch. ``hold`` goes onto both
    prices alike; ``price_1``/``price_2`` say otherwise."""
    start = changes.pop("start", START)
    market, line, hold = changes.get("market", "moneyline"), changes.get("line"), changes.pop("hold", 0.025)
    p = 1 / (1 + np.exp(-logit))
    row = {
        "game_key": GAME,
        "market": market,
        "source": "feed",
        "book": book,
        "known_at": before(minutes, start),
        "line": line,
        "price_1": american(1 / (p / (1 - hold))),
        "price_2": american(1 / ((1 - p) / (1 - hold))),
        "probability_1": p,
        "level": float(market_level(market, p, np.nan if line is None else line)),
        "hold": hold,
        "is_open": True,
        "label": None,
        "moment_assumed": False,
        "capture": "captured",
        "provenance": "live",
        "load_id": 7,
    }
    return row | changes


def american(decimal: float) -> int:
    price = round(float(decimal_to_american(decimal)))
    return 100 if abs(price) <= 100 else price


def count(minutes: float, tickets: float | None, money: float | None = None, **changes: Any) -> dict[str, Any]:
    """One count of bets, percent on side 1."""
    moment = before(minutes)
    return {
        "game_key": GAME,
        "market": "moneyline",
        "source": "counts",
        "book": "",
        "known_at": moment,
        "tickets_1": tickets,
        "money_1": money,
        "stated_at": moment,
        "capture": "captured",
        "provenance": "live",
        "load_id": 9,
    } | changes


def game(game_key: int = GAME, start: datetime = START, **changes: Any) -> dict[str, Any]:
    return {
        "game_key": game_key,
        "starts_at": start,
        "official_date": start.date(),
        "season": start.year,
        "provenance": "live",
    } | changes


def states_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=STATES)


def splits_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SPLITS)


def games_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    extra = {"scheduled_start_at": pl.Datetime("us", "UTC")} if any("scheduled_start_at" in x for x in rows) else {}
    return pl.DataFrame(rows, schema=GAMES | extra)


def change_of_starter(minutes: float, *, changed: bool = True) -> pl.DataFrame:
    row = {"game_key": GAME, "side": "home", "known_at": before(minutes), "changed": changed}
    return pl.DataFrame([row], schema=STARTERS)


def seen(
    quotes: list[dict[str, Any]],
    counts: list[dict[str, Any]] | None = None,
    *,
    kind: str | None = None,
    games: list[dict[str, Any]] | None = None,
    starters: pl.DataFrame | None = None,
    now: datetime | None = None,
    **parameters: Any,
) -> pl.DataFrame:
    """The signals of a small market, of one kind where it is named; ``parameters`` of that kind, or of all."""
    own = {name: value for name, value in parameters.items() if name in Parameters.model_fields}
    of_kind = {name: value for name, value in parameters.items() if name not in own}
    chosen = Parameters.model_validate(own | ({kind: of_kind} if kind else of_kind))
    signals = detect(states_of(quotes), splits_of(counts or []), games_of(games or [game()]), chosen, starters, now=now)
    assert signals.schema == pl.Schema(SIGNALS)
    return signals if kind is None else signals.filter(pl.col("kind") == kind)


def minutes_to_start(signals: pl.DataFrame, start: datetime = START) -> list[float]:
    return [(start - moment).total_seconds() / 60 for moment in signals["detected_at"]]


def against(signals: pl.DataFrame) -> str:
    """Everything that was said against the events, in one text."""
    return "; ".join(signals["contradicting"].explode().drop_nulls())
