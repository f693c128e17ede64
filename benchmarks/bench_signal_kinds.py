"""Signals: every kind of event over a week of the league, 21 books and hourly counts of bets, beside the board alone on
which all kinds are looked for."""

from __future__ import annotations

from datetime import UTC, date, datetime

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.signals.board import Board
from dagster_mlb.signals.events import detect
from dagster_mlb.simulator.market_frames import market_games_frame, splits_frame, starters_frame, states_frame
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World

BUDGET_MS = 1500.0


def measure() -> list[Figure]:
    plan = SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 7))
    world = World(7, (plan,), datetime(2025, 9, 1, tzinfo=UTC))
    states, splits = states_frame(world, 2025), splits_frame(world, 2025)
    games, starters = market_games_frame(world, 2025), starters_frame(world, 2025)
    board = 1000 * best_seconds(lambda: Board.of(states, games, stale_after_minutes=1440).path)
    found = 1000 * best_seconds(lambda: detect(states, splits, games, None, starters))
    name = f"every kind of event, {games.height} games of the league, {states.height:,} states"
    return [Figure(name, found, "ms", board, "the board and its consensus", BUDGET_MS, digits=0)]
