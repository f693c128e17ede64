"""Small synthetic worlds for the tests of the report: an archive of labels whose close is true (or is not), one book's
ticks with jumps, and the inputs made of them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.odds import american_to_decimal, decimal_to_american
from dagster_mlb.reporting.strategy_report.inputs import SIGNAL_COLUMNS, Inputs
from dagster_mlb.reporting.strategy_report.rows import ROW_SCHEMA
from dagster_mlb.reporting.strategy_report.samples import LABELS, ONE_BOOK
from dagster_mlb.strategies.as_of import assemble_frame, assemble_signal_frame
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.protocol import CONTEXT_SCHEMA, UTC_TIMESTAMP
from dagster_mlb.strategies.settling.closing_line import CLOSE_SCHEMA

OPENING_DAY = date(2016, 4, 4)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
START = datetime(2016, 4, 4, 23, 5, tzinfo=UTC)


def sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


#: On the logit of each side: a hold of 3.6 %.
MARGIN = 0.075


def american(logit: np.ndarray, margin: float = MARGIN) -> np.ndarray:
    """The price of a side whose fair logit is ``logit``, with the margin on top."""
    prices = np.round(decimal_to_american(1 / sigmoid(logit + margin)))
    return np.where(np.abs(prices) < 100, 100, prices).astype(np.int64)


def archive(
    n_days: int = 150,
    per_day: int = 14,
    seed: int = 1,
    *,
    move: float = 0.128,
    margin: float = 0.075,
    goes_on: float = 0.0,
) -> tuple[pl.DataFrame, Outcomes]:
    """An archive of labels: opens scatter about the closes, and the closes are true. ``goes_on``: by how much of the
    move the truth lies beyond the close; above zero it pays to chase.
    """
    rng = np.random.default_rng(seed)
    size = n_days * per_day
    closing = rng.normal(0.14, 0.35, size)
    opening = closing + rng.normal(0.0, move, size)
    won = rng.random(size) < sigmoid(closing + goes_on * (closing - opening))
    days = [OPENING_DAY + timedelta(days=int(day)) for day in np.repeat(np.arange(n_days), per_day)]
    noons = [datetime(day.year, day.month, day.day, 16, tzinfo=UTC) - timedelta(days=1) for day in days]
    prices = {
        "open_home_price": american(opening),
        "open_away_price": american(-opening),
        "close_home_price": american(closing),
        "close_away_price": american(-closing),
    }
    holds, fair = {}, {}
    for moment in ("open", "close"):
        home, away = (prices[f"{moment}_{side}_price"].astype(float) for side in ("home", "away"))
        holds[f"{moment}_hold"] = 1 - 1 / (1 / american_to_decimal(home) + 1 / american_to_decimal(away))
        fair[f"{moment}_home_probability"] = no_vig_from_american(home, away)
    moneylines = pl.DataFrame(
        {
            "game_key": np.arange(1, size + 1),
            "season": [day.year for day in days],
            "official_date": days,
            "source": ["sbr_archive"] * size,
            "book": ["consensus"] * size,
            "provenance": ["archive"] * size,
            **{name: price.astype(float) for name, price in prices.items()},
            **holds,
            **fair,
            "open_at": noons,
            "close_at": [noon + timedelta(hours=31, minutes=5) for noon in noons],
            "moment_assumed": [True] * size,
            "home_win": won,
        },
        schema_overrides={"open_at": UTC_TIMESTAMP, "close_at": UTC_TIMESTAMP, "season": pl.Int32},
    )
    return moneylines, outcomes_of(moneylines)


def outcomes_of(moneylines: pl.DataFrame) -> Outcomes:
    """Final scores of 5:3 or 2:3, and the archive's close as the benchmark."""
    games = moneylines.select(
        "game_key",
        "season",
        "official_date",
        status=pl.lit("final"),
        is_doubleheader=pl.lit(value=False),
        starts_at="close_at",
    )
    results = moneylines.select(
        "game_key",
        version=pl.lit(1, dtype=pl.Int64),
        home_runs=pl.when("home_win").then(5).otherwise(2).cast(pl.Int64),
        away_runs=pl.lit(3, dtype=pl.Int64),
        innings=pl.lit(9.0),
        known_at=pl.col("close_at") + pl.duration(hours=13),
    )
    closes = moneylines.select(
        "game_key",
        "source",
        "book",
        "close_at",
        market=pl.lit("moneyline"),
        line=pl.lit(None, dtype=pl.Float64),
        probability_1="close_home_probability",
        price_1="close_home_price",
        price_2="close_away_price",
        age_minutes=pl.lit(None, dtype=pl.Float64),
        starts_at="close_at",
    ).select(CLOSE_SCHEMA.keys())
    return Outcomes(games, results, closes)


def frame_of(moneylines: pl.DataFrame, decision: str) -> pl.DataFrame:
    """The as-of frame of an archive's label; at the close the move since the open is known."""
    known = moneylines.select(
        "game_key",
        "season",
        "official_date",
        "source",
        "book",
        "provenance",
        "moment_assumed",
        decision=pl.lit(decision),
        decision_at=pl.col(f"{decision}_at"),
        market=pl.lit("moneyline"),
        line=pl.lit(None, dtype=pl.Float64),
        price_1=pl.col(f"{decision}_home_price").cast(pl.Int32),
        price_2=pl.col(f"{decision}_away_price").cast(pl.Int32),
        probability_1=f"{decision}_home_probability",
        hold=f"{decision}_hold",
        age_minutes=pl.lit(None, dtype=pl.Float64),
        price_known_at=pl.col(f"{decision}_at"),
        load_id=pl.lit(7, dtype=pl.Int64),
        capture=pl.lit("backfilled"),
        book_kind=pl.lit("consensus"),
        sharp_rank=pl.lit(6, dtype=pl.Int32),
        open_home_probability="open_home_probability",
    )
    now, before = pl.col("probability_1"), pl.col("open_home_probability")
    move = (now / (1 - now)).log() - (before / (1 - before)).log()
    told: dict[str, pl.Expr] = {"consensus_probability_1": now, "consensus_books": pl.lit(1)}
    if decision != "open":
        told["move"] = move
    context = known.select(
        "game_key",
        "market",
        "season",
        "official_date",
        context_decision_at="decision_at",
        home_team_id=pl.lit(147),
        away_team_id=pl.lit(111),
        home_team=pl.lit("NYY"),
        away_team=pl.lit("BOS"),
        hours_to_start=pl.lit(31.0 if decision == "open" else 0.0),
        benchmark_source="source",
        benchmark_book="book",
        **{name: told.get(name, pl.lit(None)).cast(kind) for name, kind in CONTEXT_SCHEMA.items()},
    )
    return assemble_frame(known.drop("season", "official_date", "open_home_probability"), context)


def tick(minutes: float, price_1: int, price_2: int, game_key: int = 1, **changes: Any) -> dict[str, Any]:
    """A state of the one book's moneyline, so many minutes before first pitch."""
    fair = no_vig_from_american(float(price_1), float(price_2)).item()
    return {
        "game_key": game_key,
        "market": "moneyline",
        "source": "pinnacle_archive",
        "book": "pinnacle",
        "known_at": START - timedelta(minutes=minutes),
        "line": None,
        "price_1": price_1,
        "price_2": price_2,
        "probability_1": fair,
        "hold": 1 - 1 / (1 / american_to_decimal(price_1).item() + 1 / american_to_decimal(price_2).item()),
        "is_open": True,
        "unusable_because": None,
        "provenance": "archive",
        "capture": "backfilled",
        "load_id": 3,
        "book_kind": "book",
        "sharp_rank": 1,
    } | changes


def ticks_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows),
        schema_overrides={
            "known_at": UTC_TIMESTAMP,
            "line": pl.Float64,
            "price_1": pl.Int32,
            "price_2": pl.Int32,
            "sharp_rank": pl.Int32,
            "unusable_because": pl.String,
        },
    )


def jump(minutes: float, side: str = "home", game_key: int = 1, **changes: Any) -> dict[str, Any]:
    """A jump of the one book, detected so many minutes before first pitch."""
    return {
        "signal_id": f"{game_key}-{side}-{minutes}",
        "kind": "jump",
        "game_key": game_key,
        "market": "moneyline",
        "side": side,
        "detected_at": START - timedelta(minutes=minutes),
        "strength": 0.1,
        "move": 0.1,
        "window_minutes": 30.0,
        "tickets_pct": None,
        "money_pct": None,
        "source": "pinnacle_archive",
        "book": "pinnacle",
        "provenance": "archive",
    } | changes


def jumps_of(*rows: dict[str, Any]) -> pl.DataFrame:
    overrides = {"detected_at": UTC_TIMESTAMP, "tickets_pct": pl.Float64, "money_pct": pl.Float64}
    return pl.DataFrame(list(rows), schema_overrides=overrides).select(SIGNAL_COLUMNS)


def a_jump_a_day(days: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One book's ticks of the first game of each of the archive's first days (14 games a day), each with a jump an hour
    before the start, at whose price it stays: ticks and jumps.
    """
    ticks, jumps = [], []
    for day in range(days):
        key, start = 14 * day + 1, START + timedelta(days=day)
        for minutes, price_1, price_2 in ((300, 120, -130), (60, -105 - day % 3, -105 + day % 3)):
            ticks.append(tick(0, price_1, price_2, key, known_at=start - timedelta(minutes=minutes)))
        jumps.append(jump(60, game_key=key, detected_at=start - timedelta(minutes=60)))
    return ticks_of(*ticks), jumps_of(*jumps)


def one_game(home_win: bool = True, game_key: int = 1) -> Outcomes:
    """A game of the first day that began at ``START``."""
    return outcomes_of(
        pl.DataFrame(
            {
                "game_key": [game_key],
                "season": [2016],
                "official_date": [OPENING_DAY],
                "source": ["pinnacle_archive"],
                "book": ["pinnacle"],
                "close_at": [START],
                "close_home_probability": [0.5],
                "close_home_price": [-105.0],
                "close_away_price": [-105.0],
                "home_win": [home_win],
            },
            schema_overrides={"close_at": UTC_TIMESTAMP, "season": pl.Int32},
        )
    )


def inputs_of(moneylines: pl.DataFrame, outcomes: Outcomes, **changes: Any) -> Inputs:
    """Inputs of an archive of labels alone."""
    values: dict[str, Any] = {
        "now": NOW,
        "environment": "test",
        "samples": [LABELS],
        "frames": {decision: frame_of(moneylines, decision) for decision in ("open", "close")},
        "outcomes": outcomes,
        "history": History.none(),
        "moneylines": moneylines,
        "states": ticks_of(tick(60, -110, -110)).clear(),
    }
    return Inputs(**(values | changes))


def with_ticks(inputs: Inputs, states: pl.DataFrame, signals: pl.DataFrame) -> Inputs:
    """The same with one book's ticks, and the frame of its signals."""
    games = inputs.outcomes.games.select(
        "game_key",
        "season",
        "official_date",
        home_team_id=pl.lit(147),
        away_team_id=pl.lit(111),
        home_team=pl.lit("NYY"),
        away_team=pl.lit("BOS"),
        scheduled_start_at="starts_at",
    )
    frame = assemble_signal_frame(signals, states, games)
    return Inputs(
        **{
            **vars(inputs),
            "samples": [*inputs.samples, ONE_BOOK],
            "frames": {**inputs.frames, "signal": frame},
            "history": History(states, inputs.outcomes.games.select("game_key", "starts_at")),
            "signals": signals,
            "states": states,
        }
    )


def row(strategy: str = "dogs", **changes: Any) -> dict[str, Any]:
    """A strategy's row that loses the hold."""
    return (
        dict.fromkeys(ROW_SCHEMA)
        | {
            "sample": "labels",
            "provenance": "archive",
            "decision": "open",
            "market": "moneyline",
            "strategy": strategy,
            "family": strategy,
            "form": "follow",
            "book": "benchmark",
            "is_null": False,
            "n": 1000,
            "n_void": 0,
            "n_pending": 0,
            "n_unfilled": 0,
            "turnover": 1000.0,
            "roi": -0.03,
            "roi_se": 0.01,
            "roi_low": -0.05,
            "roi_high": -0.01,
            "ev_clv": -0.036,
            "ev_clv_se": 0.001,
            "clv_coverage": 1.0,
            "circular_share": 1.0,
            "beat_close_rate": 0.24,
            "minus_hold": -0.036,
            "p_no_skill": 0.4,
            "p_deflated": 0.9,
            "longest_losing_run": 9,
            "max_drawdown": 60.0,
        }
        | changes
    )


def rows_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ROW_SCHEMA)
