"""The as-of frame: what could be bet at a decision, and what was known then. The same for a backtest and for today's
slate.

``assemble_frame`` (fixed decisions) and ``assemble_signal_frame`` (a decision at each signal's detection) are the whole
of the logic, on frames in memory; ``as_of_frame`` and ``signal_frame`` read those frames from the warehouse.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_mlb.strategies.protocol import (
    CONTEXT_SCHEMA,
    OFFER_SCHEMA,
    SIGNAL_SCHEMA,
    UTC_TIMESTAMP,
    Decision,
    LeakageError,
    refuse_future_rows,
    refuse_other_columns,
)

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

#: The model whose predictions the frame carries unless another is asked for.
DEFAULT_MODEL = "lightgbm_offset"

_OFFERS_SQL = """
select p.game_key, p.decision, p.decision_at, p.market, p.source, p.book, p.line::float8 as line,
       p.home_price as price_1, p.away_price as price_2, p.home_probability as probability_1, p.hold, p.age_minutes,
       p.price_known_at, p.load_id, p.provenance, p.capture, p.moment_assumed, coalesce(b.kind, 'book') as book_kind,
       coalesce(b.sharp_rank, 99)::int as sharp_rank
from curated.decision_prices as p
left join staging.sportsbooks as b on b.book = p.book
where p.decision = %s
"""

_CONTEXT_SQL = f"""
select game_key, market, decision_at as context_decision_at, season, official_date, home_team_id, away_team_id,
       home_team, away_team, hours_to_start, benchmark_source, benchmark_book, {", ".join(CONTEXT_SCHEMA)}
from curated.betting_lines_enhanced
where decision = %s
"""

_PREDICTIONS_SQL = """
select game_key, home_win_probability as model_probability_1, known_at as prediction_known_at
from curated.predictions
where decision = %s and model_name = %s
"""

_SIGNALS_SQL = """
select signal_id, kind, game_key, market, side, detected_at, strength, move, tickets_pct, money_pct, source, book
from curated.sharp_action_signals
"""

_GAMES_SQL = """
select game_key, season, official_date, home_team_id, away_team_id, home_team, away_team, scheduled_start_at
from curated.enhanced_games
"""

#: Prices while they stood, of the games that have signals; labels have no moment of their own.
STATES_SQL = """
select s.game_key, s.source, s.book, s.market, s.known_at, s.line::float8 as line, s.price_1, s.price_2,
       s.probability_1, s.hold, s.unusable_because is null as is_open, s.provenance, s.capture, s.load_id,
       coalesce(b.kind, 'book') as book_kind, coalesce(b.sharp_rank, 99)::int as sharp_rank
from staging.int_market_states as s
left join staging.sportsbooks as b on b.book = s.book
where s.label is null
"""


def as_of_frame(
    settings: Settings,
    decision: Decision,
    *,
    seasons: set[int] | None = None,
    games: Collection[int] | None = None,
    model_name: str = DEFAULT_MODEL,
) -> pl.DataFrame:
    """The frame (``OFFER_SCHEMA``) of all games at ``decision``, of ``seasons`` and ``games`` (keys) where given; at
    *signal* the frame of every signal's own moment.

    Without any predictions yet the model's probability is NULL throughout. Raises ``LeakageError`` where a table
    holds for this decision something that was known only later.
    """
    from dagster_mlb.warehouse.frames import read_frame

    if decision == "signal":
        return signal_frame(settings, seasons=seasons, games=games)
    of_games, keys = _of_games(games)
    offers = read_frame(settings, f"{_OFFERS_SQL} and {of_games}", [decision, *keys])
    context = read_frame(settings, f"{_CONTEXT_SQL} and {of_games}", [decision, *keys])
    if seasons is not None:
        context = context.filter(pl.col("season").is_in(sorted(seasons)))
        offers = offers.join(context.select("game_key").unique(), on="game_key", how="semi")
    predictions = None
    if _is_there(settings, "curated.predictions"):
        predictions = read_frame(settings, f"{_PREDICTIONS_SQL} and {of_games}", [decision, model_name, *keys])
    return assemble_frame(offers, context, predictions)


def signal_frame(
    settings: Settings, *, seasons: set[int] | None = None, games: Collection[int] | None = None
) -> pl.DataFrame:
    """The frame of every signal that stands in ``curated.sharp_action_signals``; empty where there are none."""
    from dagster_mlb.warehouse.frames import read_frame

    if not _is_there(settings, "curated.sharp_action_signals"):
        return pl.DataFrame(schema=OFFER_SCHEMA)
    of_games, keys = _of_games(games)
    signals = read_frame(settings, f"{_SIGNALS_SQL} where {of_games}", keys)
    played = read_frame(settings, f"{_GAMES_SQL} where {of_games}", keys)
    if seasons is not None:
        played = played.filter(pl.col("season").is_in(sorted(seasons)))
        signals = signals.join(played.select("game_key"), on="game_key", how="semi")
    with_signals = signals["game_key"].unique().sort().to_list()
    states = read_frame(settings, f"{STATES_SQL} and s.game_key = any(%s)", [with_signals])
    return assemble_signal_frame(signals, states, played)


def assemble_frame(
    offers: pl.DataFrame, context: pl.DataFrame, predictions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Offers ⋈ context ⋈ predictions of one decision, guarded, ordered by game_key, market, source and book.

    ``offers``: game_key, decision, decision_at, market, source, book, line, price_1, price_2 (American), probability_1,
    hold, age_minutes, price_known_at, load_id, provenance, capture, moment_assumed, book_kind, sharp_rank.
    ``context``: game_key, market, context_decision_at, season, official_date, the clubs, hours_to_start,
    benchmark_source, benchmark_book and the columns of ``CONTEXT_SCHEMA``, one row per game and market.
    ``predictions``: game_key, model_probability_1, prediction_known_at, one row per game, of the moneyline.
    """
    if predictions is None:
        predictions = pl.DataFrame(
            schema={"game_key": pl.Int64, "model_probability_1": pl.Float64, "prediction_known_at": UTC_TIMESTAMP}
        )
    if predictions["game_key"].is_duplicated().any():
        raise ValueError("two predictions of one model for one game and decision: curated.predictions lost its key")
    joined = offers.join(context, on=["game_key", "market"], how="inner").join(
        predictions.with_columns(market=pl.lit("moneyline")), on=["game_key", "market"], how="left"
    )
    _refuse_other_moment(joined)
    refuse_future_rows(joined, "price_known_at", "price")
    refuse_future_rows(joined.filter(pl.col("model_probability_1").is_not_null()), "prediction_known_at", "prediction")
    frame = joined.with_columns(
        is_benchmark=(
            (pl.col("source") == pl.col("benchmark_source")) & (pl.col("book") == pl.col("benchmark_book"))
        ).fill_null(value=False),
        **{name: pl.lit(None, dtype=kind) for name, kind in SIGNAL_SCHEMA.items()},
    )
    return _finished(frame)


def assemble_signal_frame(signals: pl.DataFrame, states: pl.DataFrame, games: pl.DataFrame) -> pl.DataFrame:
    """Every signal with what each book offered at the moment of its detection: the last state known by then, where it
    was open. What else is known of the market then is what the signal itself says.

    ``signals``: signal_id, kind, game_key, market, side, detected_at, strength, move, tickets_pct, money_pct, source,
    book. ``states``: game_key, source, book, market, known_at, line, price_1, price_2, probability_1, hold, is_open,
    book_kind, sharp_rank, provenance, capture, load_id. ``games``: game_key, season, official_date, the clubs,
    scheduled_start_at.
    """
    books = ["game_key", "market", "source", "book"]
    told = signals.select(
        "game_key",
        "market",
        "signal_id",
        decision_at="detected_at",
        signal_kind="kind",
        signal_side="side",
        signal_strength="strength",
        signal_move="move",
        signal_tickets_pct="tickets_pct",
        signal_money_pct="money_pct",
        signal_source="source",
        signal_book="book",
    )
    asked = told.join(states.select(books).unique(), on=["game_key", "market"], how="inner").sort("decision_at")
    standing = (
        asked.join_asof(
            states.with_columns(price_known_at="known_at").sort("known_at"),
            left_on="decision_at",
            right_on="known_at",
            by=books,
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("is_open").fill_null(value=False))
        .join(games, on="game_key", how="inner")
    )
    refuse_future_rows(standing, "price_known_at", "price")
    minutes = (pl.col("decision_at") - pl.col("price_known_at")).dt.total_seconds() / 60
    frame = standing.with_columns(
        decision=pl.lit("signal"),
        hours_to_start=(pl.col("scheduled_start_at") - pl.col("decision_at")).dt.total_seconds() / 3600,
        # Prices are stored where they change: how long ago this one was last seen is not known here.
        age_minutes=minutes,
        is_benchmark=pl.col("sharp_rank") == pl.col("sharp_rank").min().over("signal_id"),
        moment_assumed=pl.lit(value=False),
        model_probability_1=pl.lit(None, dtype=pl.Float64),
        **{name: pl.lit(None, dtype=kind) for name, kind in CONTEXT_SCHEMA.items()},
    )
    return _finished(frame)


def _finished(frame: pl.DataFrame) -> pl.DataFrame:
    finished = (
        frame.select(OFFER_SCHEMA.keys())
        .cast(OFFER_SCHEMA)  # type: ignore[arg-type]
        .sort("game_key", "decision_at", "market", "signal_id", "source", "book")
    )
    refuse_other_columns(finished)
    return finished


def _refuse_other_moment(joined: pl.DataFrame) -> None:
    """Context and prices of one game must be of the same moment; else one of them may know more than the other."""
    apart = joined.filter(pl.col("context_decision_at") > pl.col("decision_at"))
    if not apart.is_empty():
        first = apart.row(0, named=True)
        raise LeakageError(
            f"betting_lines_enhanced of game_key {first['game_key']} are of {first['context_decision_at']}, after the "
            f"decision at {first['decision_at']}: rebuild betting_lines_enhanced and decision_prices together"
        )


def _of_games(games: Collection[int] | None) -> tuple[str, list[Any]]:
    """A condition on game_key, and its parameters."""
    return ("true", []) if games is None else ("game_key = any(%s)", [sorted(games)])


def _is_there(settings: Settings, table: str) -> bool:
    from dagster_mlb.warehouse.frames import read_frame

    return bool(read_frame(settings, f"select to_regclass('{table}') is not null as there")["there"][0])
