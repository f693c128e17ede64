"""A season of the simulated league, its signals followed, and every bet valued by the truth: for proofs of power.

Each signal is followed at the price that a follower got a minute later (the best one of all books). What that was worth
is known exactly: the chance of the outcome at first pitch, when nothing more can become known. It is also valued the
way real money has to be, at the close of the sharpest book.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.market.levels import probability_at
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.signals.board import Board
from dagster_mlb.signals.events import detect
from dagster_mlb.signals.fills import fills
from dagster_mlb.signals.parameters import Parameters
from dagster_mlb.simulator.market_frames import (
    fair_chances,
    market_games_frame,
    splits_frame,
    starters_frame,
    states_frame,
)
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World

SEASON = 2025
PLAN = SeasonPlan(SEASON, date(2025, 4, 1), date(2025, 4, 7))  # some hundred games
PARAMETERS = Parameters()
BENCHMARK = "pinnacle"
#: Kinds that are as often seen for one side as for the other, so that at their moments nothing is known of a side that
#: was chosen without them. Not so where counts of bets take part (tickets lean to favourites and overs), nor where
#: value is asked for (the same gap is worth more on the longer odds).
EVEN_HANDED = ("steam", "jump", "late_move")
NULLS = ("random", "home", "over", "favourite", "underdog")
OPPOSITE = {"home": "away", "away": "home", "over": "under", "under": "over"}
ENOUGH = 5  # bets of a kind in a season


class Figure(NamedTuple):
    """Mean return of a unit staked, how many standard errors it is from nothing (clustered by game), and how many
    bets; NaN where they are too few."""

    mean: float
    z: float
    n: int


class Proof(NamedTuple):
    """What one season says. ``worth``: each kind's bets, at the truth; ``at_benchmark``: at the sharpest close;
    ``tells``: half of what its side is worth more than the other side, both at their best prices: what the event knows,
    whatever it costs; ``nulls``: bets to win a unit, on sides chosen by nothing, beyond what their price says they
    cost."""

    worth: dict[str, Figure]
    at_benchmark: dict[str, Figure]
    tells: dict[str, Figure]
    nulls: dict[str, Figure]
    signals: pl.DataFrame


def season_of(seed: int, *, prompt_books: bool = False) -> tuple[World, pl.DataFrame, pl.DataFrame]:
    """(world, states, signals) of one seed."""
    world = World(seed, (PLAN,), datetime(2025, 9, 1, tzinfo=UTC), prompt_books=prompt_books)
    states, games = states_frame(world, SEASON), market_games_frame(world, SEASON)
    signals = detect(states, splits_frame(world, SEASON), games, PARAMETERS, starters_frame(world, SEASON))
    return world, states, signals


def prove(seed: int, *, prompt_books: bool = False) -> Proof:
    world, states, signals = season_of(seed, prompt_books=prompt_books)
    games = market_games_frame(world, SEASON)
    board = Board.of(states, games, stale_after_minutes=PARAMETERS.stale_after_minutes)
    bets = signals.filter(pl.col("fill_price").is_not_null()).select(
        *("kind", "game_key", "market", "side", "detected_at", "fill_book", "fill_at"),
        line="fill_line",
        price="fill_price",
    )
    other = opposite_bets(board, bets)
    worth, other_worth = at_the_truth(world, bets), at_the_truth(world, other)
    kinds = bets["kind"].to_numpy().astype(str)
    key = bets["game_key"].to_numpy()

    def by_kind(values: np.ndarray) -> dict[str, Figure]:
        return {kind: figure(values[kinds == kind], key[kinds == kind]) for kind in np.unique(kinds)}

    return Proof(
        by_kind(worth),
        by_kind(at_the_benchmark(states, bets)),
        by_kind((worth - other_worth) / 2),
        null_figures(world, states, bets.filter(pl.col("kind").is_in(EVEN_HANDED)), seed),
        signals,
    )


def figure(values: np.ndarray, games: np.ndarray) -> Figure:
    """Bets of one game share its outcome: the standard error is of games, not of bets."""
    there = np.isfinite(values)
    values, games = values[there], games[there]
    n = len(values)
    if n < ENOUGH:
        return Figure(np.nan, np.nan, n)
    mean = float(values.mean())
    _, number = np.unique(games, return_inverse=True)
    of_games = np.bincount(number, values - mean)
    count = len(of_games)
    if count < ENOUGH:
        return Figure(mean, np.nan, n)
    error = np.sqrt((of_games**2).sum() * count / (count - 1)) / n
    return Figure(mean, mean / error, n)


def at_the_truth(world: World, bets: pl.DataFrame) -> np.ndarray:
    """Expected return of a unit staked, given everything that is known at first pitch."""
    valued = fair_chances(world, SEASON, bets)
    decimal = american_to_decimal(bets["price"].cast(pl.Float64).to_numpy())
    return decimal * valued["fair_win"].to_numpy() + valued["fair_push"].to_numpy() - 1


def at_the_benchmark(states: pl.DataFrame, bets: pl.DataFrame) -> np.ndarray:
    """Expected return if the sharpest book's last price before first pitch is right; pushes left out."""
    close = (
        states.filter(pl.col("is_open"), pl.col("book") == BENCHMARK)
        .sort("known_at")
        .group_by("game_key", "market")
        .agg(closing_level=pl.col("level").last())
    )
    valued = bets.join(close, on=["game_key", "market"], how="left", maintain_order="left")
    first = is_first(valued)
    line = valued["line"].cast(pl.Float64).to_numpy()
    own_line = np.where(valued["market"].to_numpy().astype(str) == "spread", np.where(first, line, -line), line)
    level = valued["closing_level"].cast(pl.Float64).to_numpy()
    chance = probability_at(valued["market"].to_numpy().astype(str), level, own_line)
    decimal = american_to_decimal(valued["price"].cast(pl.Float64).to_numpy())
    return decimal * np.where(first, chance, 1 - chance) - 1


def opposite_bets(board: Board, bets: pl.DataFrame) -> pl.DataFrame:
    """The other side of every bet at the same moment, at its own best price."""
    numbers = board.markets.select("game_key", "market").with_row_index("number")
    market = bets.join(numbers, on=["game_key", "market"], how="left", maintain_order="left")["number"]
    found = fills(
        board,
        market.to_numpy().astype(np.int64),
        bets["detected_at"].dt.timestamp("us").to_numpy(),
        np.where(is_first(bets), -1, 1),
        latency_seconds=PARAMETERS.latency_seconds,
    )
    return bets.with_columns(
        pl.col("side").replace_strict(OPPOSITE), line=found["fill_line"], price=found["fill_price"]
    )


def null_figures(world: World, states: pl.DataFrame, bets: pl.DataFrame, seed: int) -> dict[str, Figure]:
    """Sides chosen by nothing that has to do with the moment, at the same moments and books: what a bet to win one unit
    returns beyond what it costs if its own book is right (its hold, as it falls on the side). That is the true chance
    less the book's own: nothing on average, exactly. (Of a unit staked it would not be: where a book is off, the odds
    of the side that it underrates are the longer ones.)"""
    quoted = with_their_books(states, bets)
    opened = (
        states.filter(pl.col("is_open"), pl.col("market") == "moneyline", pl.col("book") == BENCHMARK)
        .sort("known_at")
        .group_by("game_key")
        .agg(opening_level=pl.col("level").first())
    )
    quoted = quoted.join(opened, on="game_key", how="left", maintain_order="left")
    total = quoted["market"].to_numpy().astype(str) == "total"
    favourite = quoted["opening_level"].to_numpy() > 0
    coin = np.random.default_rng(seed).random(len(quoted)) < 0.5
    first = {"random": coin, "home": True, "over": True, "favourite": favourite, "underdog": ~favourite}
    taken = {"random": total | ~total, "home": ~total, "over": total, "favourite": ~total, "underdog": ~total}
    return {name: _null(world, quoted.filter(pl.Series(taken[name])), _of(first[name], taken[name])) for name in NULLS}


def _of(first: np.ndarray | bool, taken: np.ndarray) -> np.ndarray:
    return np.broadcast_to(first, taken.shape)[taken]


def _null(world: World, quoted: pl.DataFrame, first: np.ndarray) -> Figure:
    market = quoted["market"].to_numpy().astype(str)
    line = quoted["own_line"].to_numpy()
    bets = quoted.with_columns(
        side=pl.Series(
            np.where(market == "total", np.where(first, "over", "under"), np.where(first, "home", "away")).tolist()
        ),
        line=pl.Series(np.where((market == "spread") & ~first, -line, line)),
    )
    own = np.where(first, bets["probability_1"].to_numpy(), 1 - bets["probability_1"].to_numpy())
    valued = fair_chances(world, SEASON, bets)
    beyond = valued["fair_win"].to_numpy() - (1 - valued["fair_push"].to_numpy()) * own
    return figure(beyond, bets["game_key"].to_numpy())


def with_their_books(states: pl.DataFrame, bets: pl.DataFrame) -> pl.DataFrame:
    """The bets with what their book said when they were filled: its line and its own chance of side 1."""
    return (
        bets.drop("line")
        .sort("fill_at")
        .join_asof(
            states.select("game_key", "market", "book", "known_at", "probability_1", own_line="line").sort("known_at"),
            left_on="fill_at",
            right_on="known_at",
            by_left=["game_key", "market", "fill_book"],
            by_right=["game_key", "market", "book"],
            check_sortedness=False,
        )
        .with_columns(pl.col("own_line").fill_null(0.0))
    )


def is_first(bets: pl.DataFrame) -> np.ndarray:
    """Whether the side is home or over."""
    return bets["side"].is_in(["home", "over"]).to_numpy()
