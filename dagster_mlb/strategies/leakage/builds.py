"""Ratings, signals and bets as functions of stores in memory: what ``frames`` cuts and poisons.

Every row that they make says from when on it is final (``FINAL_AT``): an event when it was detected, a bet when it was
decided, its fill when it had arrived. Nothing that comes after that moment may change the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import polars as pl

from dagster_mlb.learning.run import rate_worlds
from dagster_mlb.market.frames import UTC_TIMESTAMP
from dagster_mlb.signals.events import detect
from dagster_mlb.signals.fills import FILLS
from dagster_mlb.signals.parameters import Parameters
from dagster_mlb.strategies.leakage.frames import Build, Store
from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import SIDE_KEY, Strategy, parameters_hash
from dagster_mlb.strategies.settling.fills import fill
from dagster_mlb.strategies.settling.settlement import settlement_history
from dagster_mlb.strategies.sides import sides_of
from dagster_mlb.strategies.staking.slate_outcomes import decision_markets
from dagster_mlb.strategies.staking.stakes import STAKE_SCHEMA, with_stakes

Detector = Callable[..., pl.DataFrame]
Outputs = Mapping[str, pl.DataFrame]
Maker = Callable[[Store], Outputs]

FINAL_AT: Final = "final_at"

#: What tells the rows of the outputs apart.
RATING_KEY: Final = ("game_key", "team_id", "version")
SIGNAL_KEY: Final = ("game_key", "market", "kind", "detected_at", "side")
STRATEGY_KEY: Final = ("strategy", "parameters_hash", "form", "decision")
BET_KEY: Final = (*STRATEGY_KEY, *(name for name in SIDE_KEY))
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ratings": RATING_KEY,
    "signals": SIGNAL_KEY,
    "signal fills": SIGNAL_KEY,
    "bets": BET_KEY,
    "fills": BET_KEY,
    "stakes": BET_KEY,
}
#: Columns that say what a row is of; the others may be shuffled.
SHUFFLE_KEPT: Final = (
    *("decision", "decision_at", "market", "source", "book", "side", "season", "official_date", "provenance"),
    *("book_kind", "sharp_rank", "home_team", "away_team", "is_benchmark", "signal_kind", "signal_side", "version"),
    *("label", "moment_assumed", "capture", "price_known_at"),
)
SHUFFLE_WITHIN: Final = ("market",)


def first_pitches(games: pl.DataFrame) -> pl.DataFrame:
    """The store of when games began: game_key, first_pitch_at, known_at. ``games``: starts_at, scheduled_start_at."""
    begun = games.filter(
        pl.col("starts_at").is_not_null() & pl.col("starts_at").ne_missing(pl.col("scheduled_start_at"))
    )
    return begun.select("game_key", first_pitch_at="starts_at", known_at="starts_at")


def as_of(make: Maker) -> Build:
    """The build that gives, for a moment, the rows that were final by then."""
    return lambda store, moment: final_by(make(store), moment)


def final_by(outputs: Outputs, moment: datetime) -> dict[str, pl.DataFrame]:
    return {name: frame.filter(pl.col(FINAL_AT) <= moment).drop(FINAL_AT) for name, frame in outputs.items()}


def ratings(store: Store) -> dict[str, pl.DataFrame]:
    """Ratings of the clubs from ``versions`` of results."""
    return {"ratings": rate_worlds(store["versions"]).sort(RATING_KEY).with_columns(pl.col("known_at").alias(FINAL_AT))}


def signals_of(schedule: pl.DataFrame, parameters: Parameters | None = None, *, detector: Detector = detect) -> Maker:
    """Events of ``states``, ``splits``, ``starters`` and ``first_pitches`` (a store of frames of ``market.frames``).

    ``schedule``: the columns of GAMES and scheduled_start_at; ``starts_at`` in it is not believed. Gives *signals*, and
    *signal fills* of those whose latency was over.
    """
    parameters = parameters or Parameters()

    def make(store: Store) -> dict[str, pl.DataFrame]:
        games = _games_of(schedule, store)
        return split_fills(detector(store["states"], store["splits"], games, parameters, store["starters"]))

    return make


def split_fills(signals: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Signals (``SIGNALS``) as they were detected, and their fills, which come after the latency."""
    arrives = pl.col("detected_at") + pl.duration(seconds=pl.col("latency_seconds"))
    return {
        "signals": signals.drop(*FILLS).with_columns(pl.col("detected_at").alias(FINAL_AT)),
        "signal fills": signals.select(*SIGNAL_KEY, *FILLS, arrives.alias(FINAL_AT)),
    }


def bets_of(strategies: Sequence[Strategy], games: pl.DataFrame, clock: datetime) -> Maker:
    """Bets of ``offers`` (as-of frames, ``OFFER_SCHEMA``, known at their decision), ``states``, ``results`` and
    ``first_pitches``.

    ``games``: settlement's columns and scheduled_start_at. Gives *bets* as they were decided, and *fills* and *stakes*
    of those that had arrived: at the prices that stood then, of the bankroll as it was known.
    """

    def make(store: Store) -> dict[str, pl.DataFrame]:
        offers, begun = store["offers"].drop("known_at"), _games_of(games, store)
        frames = {one.decision: offers.filter(pl.col("decision") == one.decision) for one in strategies}
        sides: dict[tuple, pl.DataFrame] = {}
        decided, arrived, staked = [], [], []
        for strategy in strategies:
            frame = frames[strategy.decision]
            asked = (strategy.decision, strategy.parameters.book, tuple(strategy.parameters.markets))
            if asked not in sides:
                sides[asked] = sides_of(frame, *asked[1:])
            bets = place(strategy, sides[asked])
            filled = _filled(strategy, bets, store, begun)
            decided.append(_named(bets, strategy))
            arrived.append(_named(filled, strategy).drop("bet_id"))
            staked.append(_named(_staked(strategy, filled, frame, store, begun, clock), strategy))
        arrives = pl.col("decision_at") + pl.duration(seconds=pl.col("latency_seconds"))
        return {
            "bets": pl.concat(decided).with_columns(pl.col("decision_at").alias(FINAL_AT)),
            "fills": pl.concat(arrived).with_columns(arrives.alias(FINAL_AT)),
            "stakes": pl.concat(staked).select(*BET_KEY, *STAKE_SCHEMA, arrives.alias(FINAL_AT)),
        }

    return make


def _games_of(schedule: pl.DataFrame, store: Store) -> pl.DataFrame:
    """The games with ``starts_at``: their first pitch where it is known, else the scheduled start."""
    known = store["first_pitches"].select("game_key", _first_pitch_at="first_pitch_at")
    starts = pl.coalesce("_first_pitch_at", "scheduled_start_at").cast(UTC_TIMESTAMP)
    return schedule.join(known, on="game_key", how="left").with_columns(starts_at=starts).drop("_first_pitch_at")


def _filled(strategy: Strategy, bets: pl.DataFrame, store: Store, games: pl.DataFrame) -> pl.DataFrame:
    parameters = strategy.parameters
    filled = fill(
        bets,
        store["states"],
        games,
        parameters.latency_seconds,
        worst_slip=parameters.worst_slip,
        shortest_price=parameters.shortest_price,
    )
    key = pl.concat_str(*(pl.col(name).cast(pl.String).fill_null("") for name in SIDE_KEY), separator="|")
    return filled.with_columns(bet_id=key)


def _staked(
    strategy: Strategy, filled: pl.DataFrame, frame: pl.DataFrame, store: Store, games: pl.DataFrame, clock: datetime
) -> pl.DataFrame:
    staking = strategy.parameters.staking
    # Flat stakes without rules about drawdown ask nothing of what came back.
    asks = staking.method != "flat" or staking.halve_after is not None or staking.stop_after is not None
    of_a_unit = settlement_history(
        (filled if asks else filled.clear()).with_columns(stake=1.0), games, store["results"], clock
    )
    return with_stakes(filled, of_a_unit, staking, decision_markets(frame) if staking.method == "slate_kelly" else None)


def _named(bets: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    return bets.with_columns(
        strategy=pl.lit(strategy.name),
        parameters_hash=pl.lit(parameters_hash(strategy)),
        form=pl.lit(strategy.parameters.form),
    )
