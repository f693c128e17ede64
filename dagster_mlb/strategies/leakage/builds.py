"""Ratings, signals and bets as builds on stores in memory: of what was known, for the moment they are asked for.

What a build gives back for a moment is everything that was final by then, and only that: events detected by it, bets
decided by it, fills of bets that had arrived by it. ``frames`` cuts and poisons the stores.
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
from dagster_mlb.strategies.fills import fill
from dagster_mlb.strategies.leakage.frames import Build, Store
from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import SIDE_KEY, Strategy, parameters_hash
from dagster_mlb.strategies.settlement import settlement_history
from dagster_mlb.strategies.sides import sides_of
from dagster_mlb.strategies.slate_outcomes import decision_markets
from dagster_mlb.strategies.staking import with_stakes

Detector = Callable[..., pl.DataFrame]

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
    begun = games.filter(pl.col("starts_at").is_not_null() & pl.col("starts_at").ne_missing("scheduled_start_at"))
    return begun.select("game_key", first_pitch_at="starts_at", known_at="starts_at")


def ratings(store: Store, moment: datetime) -> dict[str, pl.DataFrame]:
    """Ratings of the clubs from ``versions`` of results, as far as they stood by ``moment``."""
    return {"ratings": rate_worlds(store["versions"]).filter(pl.col("known_at") <= moment).sort(RATING_KEY)}


def signals_build(
    schedule: pl.DataFrame, parameters: Parameters | None = None, *, detector: Detector = detect
) -> Build:
    """Events of ``states``, ``splits``, ``starters`` and ``first_pitches`` (a store of frames of ``market.frames``).

    ``schedule``: the columns of GAMES and scheduled_start_at; ``starts_at`` in it is not believed. Gives *signals*, and
    *signal fills* of those whose latency was over.
    """
    parameters = parameters or Parameters()

    def build(store: Store, moment: datetime) -> dict[str, pl.DataFrame]:
        games = _games_of(schedule, store)
        found = detector(store["states"], store["splits"], games, parameters, store["starters"])
        arrived = pl.col("detected_at") + pl.duration(seconds=parameters.latency_seconds) <= moment
        return {
            "signals": found.filter(pl.col("detected_at") <= moment).drop(*FILLS),
            "signal fills": found.filter(arrived).select(*SIGNAL_KEY, *FILLS),
        }

    return build


def bets_build(strategies: Sequence[Strategy], games: pl.DataFrame, clock: datetime) -> Build:
    """Bets of ``offers`` (as-of frames, ``OFFER_SCHEMA``, known at their decision), ``states``, ``results`` and
    ``first_pitches``.

    ``games``: settlement's columns and scheduled_start_at. Gives *bets* as they were decided, *fills* of those that had
    arrived, and the *stakes* of those, of the bankroll as it was known.
    """

    def build(store: Store, moment: datetime) -> dict[str, pl.DataFrame]:
        offers, begun = store["offers"].drop("known_at"), _games_of(games, store)
        sides: dict[tuple, pl.DataFrame] = {}
        decided, arrived, staked = [], [], []
        for strategy in strategies:
            frame = offers.filter(pl.col("decision") == strategy.decision)
            asked = (strategy.decision, strategy.parameters.book, tuple(strategy.parameters.markets))
            if asked not in sides:
                sides[asked] = sides_of(frame, *asked[1:])
            bets = place(strategy, sides[asked])
            decided.append(_named(bets, strategy).filter(pl.col("decision_at") <= moment))
            filled = _filled(strategy, bets, store, begun)
            had = pl.col("decision_at") + pl.duration(seconds=pl.col("latency_seconds")) <= moment
            arrived.append(_named(filled, strategy).filter(had).drop("bet_id"))
            stakes = _staked(strategy, filled, frame, store, begun, clock)
            staked.append(
                _named(stakes, strategy).filter(had).select(*BET_KEY, "stake", "stake_method", "stake_reason")
            )
        return {"bets": pl.concat(decided), "fills": pl.concat(arrived), "stakes": pl.concat(staked)}

    return build


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
    of_a_unit = settlement_history(filled.with_columns(stake=1.0), games, store["results"], clock)
    staking = strategy.parameters.staking
    return with_stakes(filled, of_a_unit, staking, decision_markets(frame) if staking.method == "slate_kelly" else None)


def _named(bets: pl.DataFrame, strategy: Strategy) -> pl.DataFrame:
    return bets.with_columns(
        strategy=pl.lit(strategy.name),
        parameters_hash=pl.lit(parameters_hash(strategy)),
        form=pl.lit(strategy.parameters.form),
    )
