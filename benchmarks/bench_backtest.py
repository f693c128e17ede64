"""Backtests: a million bets by day, staked flat and by quarter Kelly on the bankroll that is not out, beside
penaltyblog's Backtest; fills; and ten thousand resamples of five thousand bets beside their plain fancy index.
"""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from benchmarks.figures import Figure, NotHereError, best_seconds
from dagster_mlb.strategies.figures.estimates import roi_interval
from dagster_mlb.strategies.protocol import BET_SCHEMA, Staking
from dagster_mlb.strategies.settling.fills import fill
from dagster_mlb.strategies.staking.bankroll import IntArray, Returns, stakes_over_time
from dagster_mlb.strategies.staking.kelly_shares import kelly_shares

BETS, PER_DAY = 1_000_000, 15
OF_PEER = 3_000  # its loop is slow, and the slower the longer
RESAMPLES, SAMPLE = 10_000, 5_000
BUDGET = 1.0  # million bets a second
DAY_US = 86_400_000_000
FLAT, KELLY = Staking(), Staking(method="kelly", fraction=0.25, max_slate=0.15)


def measure() -> list[Figure]:
    rng = np.random.default_rng(20250715)
    day = np.arange(BETS, dtype=np.int64) // PER_DAY
    p = rng.uniform(0.42, 0.60, BETS)
    decimal = rng.uniform(0.97, 1.04, BETS) / p
    won = rng.random(BETS) < p
    # Placed at noon of the day before, known on the morning after: two days are always out.
    placed, known = day * DAY_US, (day + 1) * DAY_US + DAY_US * 5 // 6
    returns = Returns(np.arange(BETS), known, np.where(won, decimal, 0.0), np.ones(BETS, dtype=bool))
    game = np.arange(BETS, dtype=np.int64)

    def flat() -> None:
        stakes_over_time(placed, day, np.ones(BETS), returns, FLAT)

    def kelly() -> None:
        shares = kelly_shares(day, placed, game, decimal, p, KELLY)
        stakes_over_time(placed, day, shares, returns, KELLY)

    peer = penaltyblog_speed(day, decimal, p, won)
    return [
        Figure(
            f"{name}, by day",
            BETS / best_seconds(work, 3) / 1e6,
            "M bets/s",
            peer,
            f"penaltyblog's Backtest, {OF_PEER:,} bets",
            BUDGET,
            more_is_better=True,
            digits=4,
        )
        for name, work in (("flat stakes and bankroll", flat), ("quarter Kelly within its caps", kelly))
    ] + [fills_figure(rng), bootstrap_figure(rng)]


def penaltyblog_speed(day: IntArray, decimal: np.ndarray, p: np.ndarray, won: np.ndarray) -> float:
    """Million bets a second of the peer: quarter Kelly, one bet after the other."""
    try:
        import pandas as pd
        from penaltyblog.backtest import Backtest
    except ImportError as missing:
        raise NotHereError("penaltyblog is not installed (pip install -e '.[dev]')") from missing

    first = date(2010, 4, 1)
    bets = pd.DataFrame(
        {
            "date": [first + timedelta(days=int(one)) for one in day[:OF_PEER]],
            "decimal": decimal[:OF_PEER],
            "p": p[:OF_PEER],
            "won": won[:OF_PEER],
        }
    )

    def bet(context: Any) -> None:
        game = context.fixture
        share = 0.25 * max((game["p"] * game["decimal"] - 1.0) / (game["decimal"] - 1.0), 0.0)
        stake = context.account.current_bankroll * share
        context.account.place_bet(odds=game["decimal"], stake=stake, outcome=int(game["won"]))

    def run() -> None:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            Backtest(bets, str(first), str(bets["date"].iloc[-1])).start(bankroll=100.0, logic=bet)

    return OF_PEER / best_seconds(run, 2) / 1e6


def fills_figure(rng: np.random.Generator) -> Figure:
    """A season's bets at four books against the states of their moneylines, beside a bare as-of join of the same."""
    games, bets, changes = 2_430, 200_000, 60
    start = datetime(2025, 4, 1, 23, tzinfo=UTC)
    books = np.array(["pinnacle", "fanduel", "draftkings", "betmgm"])
    size = games * len(books) * changes
    minutes = rng.integers(1, 1_400, size)
    states = pl.DataFrame(
        {
            "game_key": np.repeat(np.arange(games), len(books) * changes),
            "market": ["moneyline"] * size,
            "source": ["odds_api"] * size,
            "book": np.tile(np.repeat(books, changes), games),
            "known_at": pl.Series([start] * size).dt.cast_time_unit("us")
            - pl.Series(minutes * 60_000_000).cast(pl.Duration("us")),
            "line": pl.Series([None] * size, dtype=pl.Float64),
            "price_1": rng.integers(100, 160, size).astype(np.int32),
            "price_2": -rng.integers(110, 170, size).astype(np.int32),
            "is_open": np.ones(size, dtype=bool),
        }
    )
    decided = pl.Series([start] * bets).dt.cast_time_unit("us") - pl.Series(
        rng.integers(5, 1_300, bets) * 60_000_000
    ).cast(pl.Duration("us"))
    usual = {name: pl.lit(None, dtype=kind).alias(name) for name, kind in BET_SCHEMA.items()}
    told = {
        "game_key": rng.integers(0, games, bets),
        "decision": ["pregame"] * bets,
        "decision_at": decided,
        "market": ["moneyline"] * bets,
        "side": rng.choice(["home", "away"], bets),
        "source": ["odds_api"] * bets,
        "book": rng.choice(books, bets),
        "price_american": np.full(bets, 130, dtype=np.int32),
        "price_decimal": np.full(bets, 2.3),
        "moment_assumed": np.zeros(bets, dtype=bool),
    }
    placed = pl.DataFrame(told).with_columns(*(usual[name] for name in BET_SCHEMA if name not in told))
    placed = placed.select(BET_SCHEMA.keys()).cast(BET_SCHEMA)  # type: ignore[arg-type]
    starts = pl.DataFrame({"game_key": np.arange(games), "starts_at": [start] * games}).cast(
        {"starts_at": pl.Datetime("us", "UTC")}
    )
    by = ["game_key", "market", "source", "book"]

    def bare() -> None:
        placed.sort("decision_at").join_asof(
            states.sort("known_at"), left_on="decision_at", right_on="known_at", by=by, check_sortedness=False
        )

    floor = bets / best_seconds(bare, 3) / 1e6
    speed = bets / best_seconds(lambda: fill(placed, states, starts, 60), 3) / 1e6
    return Figure("fills after the latency", speed, "M bets/s", floor, "bare as-of join", more_is_better=True)


def bootstrap_figure(rng: np.random.Generator) -> Figure:
    profit = np.where(rng.random(SAMPLE) < 0.5, 0.95, -1.0)
    stake, block = np.ones(SAMPLE), np.arange(SAMPLE)  # every bet a date of its own: the most there can be to draw

    def plain() -> None:
        for _ in range(RESAMPLES):
            picks = rng.integers(0, SAMPLE, SAMPLE)
            profit[picks].sum() / stake[picks].sum()

    floor = best_seconds(plain, 1)
    value = best_seconds(lambda: roi_interval(profit, stake, block, resamples=RESAMPLES), 3)
    return Figure(f"bootstrap, {RESAMPLES:,} resamples of {SAMPLE:,} bets", value, "s", floor, "plain fancy index", 1.0)
