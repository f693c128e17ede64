"""Label shuffle and time shift on the live warehouse: of the bets and predictions that stand, on older features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import psycopg

from dagster_mlb.learning import registry
from dagster_mlb.learning.datasets import FEATURES, VECTOR_COLUMNS
from dagster_mlb.learning.models import load_predictor, row_log_loss
from dagster_mlb.strategies.as_of import as_of_frame
from dagster_mlb.strategies.leakage.graph import as_of_graph
from dagster_mlb.strategies.leakage.rebuild import rebuilt, window
from dagster_mlb.strategies.leakage.skill import (
    ROUNDS,
    Skill,
    label_shuffle,
    label_shuffle_of_predictions,
    strata_of,
    time_shift_of_losses,
    time_shift_of_values,
)
from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import CONTEXT_SCHEMA, Strategy
from dagster_mlb.strategies.sides import sides_of
from dagster_mlb.warehouse.compiled import Relation, compiled_project
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

SHIFTED_DAYS: Final = 45
FEATURE_VECTORS: Final = ("curated", "feature_vectors")
CONTEXT: Final = ("curated", "betting_lines_enhanced")
_FIXED: Final = ("open", "pregame", "close")  # decisions that have a context

_GAMES_SQL: Final = "select game_key, season, official_date, status, is_doubleheader from curated.enhanced_games"
_RESULTS_SQL: Final = """
select game_key, version, home_runs, away_runs, innings::float8 as innings, known_at from staging.game_results
"""
_CLOSES_SQL: Final = """
select game_key, season, close_home_probability as home_probability from curated.moneylines where is_benchmark
"""
_BETS_SQL: Final = """
select strategy || ', ' || form || ', ' || decision as strategy, game_key, market, side, line::float8 as line,
    price_decimal, ev_clv, official_date
from curated.strategy_results
where market = 'moneyline' and ev_clv is not null and price_decimal is not null and decision <> 'current'
"""
_PREDICTIONS_SQL: Final = """
select predictions.model_name || ', ' || predictions.decision as model, predictions.model_id, predictions.game_key,
    predictions.decision, games.season, games.official_date, predictions.home_win_probability, games.home_win
from curated.predictions as predictions
inner join curated.enhanced_games as games on games.game_key = predictions.game_key
where games.home_win is not null and predictions.decision <> 'current'
"""


def check_skill(
    settings: Settings,
    *,
    seed: int,
    strategies: Sequence[Strategy] | None = None,
    days: int = SHIFTED_DAYS,
    rounds: int = ROUNDS,
) -> list[Skill]:
    """Every figure that there is enough of. ``days``: how many of the latest ones with results are shifted; ``rounds``:
    how often results are dealt; ``strategies``: whose context is shifted, the catalog's where none are named.
    """
    from dagster_mlb.warehouse.frames import readers_kept

    with readers_kept():
        return _check_skill(settings, np.random.default_rng(seed), strategies, days, rounds)


def _check_skill(
    settings: Settings, rng: np.random.Generator, strategies: Sequence[Strategy] | None, days: int, rounds: int
) -> list[Skill]:
    from dagster_mlb.warehouse.frames import read_frame

    found: list[Skill] = []
    if _is_there(settings, "curated.strategy_results"):
        bets, games = read_frame(settings, _BETS_SQL), read_frame(settings, _GAMES_SQL)
        results, closes = read_frame(settings, _RESULTS_SQL), read_frame(settings, _CLOSES_SQL)
        found += label_shuffle(lambda _: bets, games, results, strata_of(closes), settings.now(), rng, rounds=rounds)
    if _is_there(settings, "curated.predictions"):
        predictions = read_frame(settings, _PREDICTIONS_SQL)
        found += label_shuffle_of_predictions(predictions, rng, rounds=rounds)
        found += time_shift(settings, predictions, strategies=strategies, days=days)
    return found


def time_shift(
    settings: Settings, predictions: pl.DataFrame, *, strategies: Sequence[Strategy] | None = None, days: int
) -> list[Skill]:
    """Models on features, and strategies on context, that knew everything a day later; of the latest games predicted.

    ``predictions``: model, model_id, game_key, decision, official_date, home_win_probability, home_win.
    """
    dates = predictions["official_date"].unique().sort().tail(days)
    if dates.is_empty():
        return []
    first, last = dates[0], dates[-1]
    shifts_context = strategies is None or bool(strategies)
    lagged = lagged_frames(settings, first, last, (FEATURE_VECTORS, CONTEXT) if shifts_context else (FEATURE_VECTORS,))
    recent = predictions.filter(pl.col("official_date").is_between(first, last))
    found = _models(settings, recent, lagged[FEATURE_VECTORS]) if FEATURE_VECTORS in lagged else []
    if CONTEXT in lagged:
        found += _strategies(settings, lagged[CONTEXT], strategies)
    return found


def lagged_frames(
    settings: Settings, first: date, last: date, wanted: Sequence[Relation]
) -> dict[Relation, pl.DataFrame]:
    """Features and context as they would have been, had everything been known a day later."""
    columns = {
        FEATURE_VECTORS: dict.fromkeys((*VECTOR_COLUMNS, *FEATURES)),
        CONTEXT: dict.fromkeys(("game_key", "decision", "market", *CONTEXT_SCHEMA)),
    }
    project = compiled_project(settings)
    with connect(settings, role="transform") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with (
            connection.transaction(force_rollback=True),
            window(connection, as_of_graph(connection, project).only(*wanted), first, last) as games,
            rebuilt(games, "lag", settings.now(), 0, settings.now()) as tables,
        ):
            return {
                relation: _read(connection, f"select {', '.join(columns[relation])} from {tables[relation]}")
                for relation in wanted
                if relation in tables
            }


def _models(settings: Settings, predictions: pl.DataFrame, lagged: pl.DataFrame) -> list[Skill]:
    rows = predictions.join(lagged.drop("season", "official_date"), on=["game_key", "decision"], how="inner")
    rows = rows.filter(pl.col("market_logit").is_not_null() & pl.col("home_win_probability").is_not_null())
    losses: dict[str, list[tuple[Any, Any, Any]]] = {}
    for (model, model_id), part in rows.group_by(["model", "model_id"], maintain_order=True):
        record = registry.load(settings, str(model_id))
        shifted = load_predictor(record.name, record.artifact, record.feature_names).predict(part)
        won, known = part["home_win"].cast(pl.Float64).to_numpy(), np.isfinite(shifted)
        live = row_log_loss(won, part["home_win_probability"].to_numpy())
        days = part["official_date"].cast(pl.Int32).to_numpy()
        told = (live[known], row_log_loss(won[known], shifted[known]), days[known])
        losses.setdefault(str(model), []).append(told)
    found = [
        time_shift_of_losses(model, *(np.concatenate([part[k] for part in parts]) for k in range(3)))
        for model, parts in sorted(losses.items())
    ]
    return [one for one in found if one is not None]


def _strategies(settings: Settings, lagged: pl.DataFrame, strategies: Sequence[Strategy] | None) -> list[Skill]:
    from dagster_mlb.strategies.catalog import configured_strategies
    from dagster_mlb.warehouse.frames import read_frame

    chosen = strategies or [configured.strategy for configured in configured_strategies(settings.strategies_file)]
    keys = lagged["game_key"].unique().to_list()
    closes = read_frame(settings, f"{_CLOSES_SQL} and game_key = any(%s)", [keys]).select(
        "game_key", "home_probability"
    )
    context = lagged.cast(CONTEXT_SCHEMA)  # type: ignore[arg-type]
    frames: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}
    for decision in dict.fromkeys(one.decision for one in chosen if one.decision in _FIXED):
        live = as_of_frame(settings, decision, games=keys)
        names = live.columns
        shifted = (
            live.drop(*CONTEXT_SCHEMA).join(context, on=["game_key", "decision", "market"], how="left").select(names)
        )
        frames[decision] = (live, shifted)
    found = []
    for strategy in chosen:
        if strategy.decision in frames:
            own, older = (_values(strategy, frame, closes) for frame in frames[strategy.decision])
            subject = f"{strategy.name}, {strategy.parameters.form}, {strategy.decision}"
            found.append(time_shift_of_values(subject, own, older))
    return [one for one in found if one is not None]


def _values(strategy: Strategy, offers: pl.DataFrame, closes: pl.DataFrame) -> np.ndarray:
    """EV-CLV of the moneylines that a strategy bets of these offers."""
    parameters = strategy.parameters
    bets = place(strategy, sides_of(offers, parameters.book, tuple(parameters.markets)))
    told = bets.filter(pl.col("market") == "moneyline").join(closes, on="game_key", how="inner")
    chance = pl.when(pl.col("side") == "home").then("home_probability").otherwise(1 - pl.col("home_probability"))
    worth = told.select(pl.col("price_decimal") * chance - 1).to_series().drop_nulls().to_numpy()
    return worth[np.isfinite(worth)]


def _read(connection: psycopg.Connection, query: str) -> pl.DataFrame:
    """The rows of a query in this very transaction; numbers of SQL's own kind as floats."""
    cursor = connection.execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    rows = cursor.fetchall()
    columns: Mapping[str, list[Any]] = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    frame = pl.DataFrame(columns, strict=False)
    return frame.with_columns(pl.col(name).cast(pl.Float64) for name, kind in frame.schema.items() if kind.is_decimal())


def _is_there(settings: Settings, table: str) -> bool:
    from dagster_mlb.warehouse.frames import read_frame

    return bool(read_frame(settings, f"select to_regclass('{table}') is not null as there")["there"][0])
