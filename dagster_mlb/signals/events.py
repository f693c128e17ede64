"""``detect``: what happened in the markets, as events with the moment at which they could be seen.

An event at *t* rests on rows known by *t* alone: a table cut at any later moment has the same events up to it, bit for
bit, the pauses between them included. What is known only later is its fill (the price after the latency), which a cut
before that moment leaves out.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from dagster_mlb.market.frames import STARTERS, UTC_TIMESTAMP, Schema
from dagster_mlb.signals.arbitrage import arbitrages
from dagster_mlb.signals.board import Board
from dagster_mlb.signals.book_conflict import book_conflicts
from dagster_mlb.signals.crowd import Crowd
from dagster_mlb.signals.fills import fills
from dagster_mlb.signals.jump import jumps
from dagster_mlb.signals.late_move import late_moves
from dagster_mlb.signals.line_freeze import freezes
from dagster_mlb.signals.moments import HOUR, MINUTE, Ints, Moments
from dagster_mlb.signals.moves import moves_of
from dagster_mlb.signals.parameters import Parameters
from dagster_mlb.signals.reverse_line_movement import reverse_line_movements
from dagster_mlb.signals.sharp_public_divergence import divergences
from dagster_mlb.signals.sightings import of_side, side_names
from dagster_mlb.signals.steam import steam

KINDS: Final = (
    *("steam", "jump", "reverse_line_movement", "sharp_public_divergence"),
    *("line_freeze", "late_move", "book_conflict", "arbitrage"),
)
#: Kinds in which a price moved: of these the crowd and the news have something to say.
MOVEMENTS: Final = ("steam", "jump", "late_move")

#: One row an event. Everything is of ``side``, the side it points to: level, line, probability, move, shares.
SIGNALS: Final[Schema] = {
    "signal_id": pl.String,
    "kind": pl.String,
    "game_key": pl.Int64,
    "market": pl.String,
    "side": pl.String,
    "detected_at": UTC_TIMESTAMP,
    "season": pl.Int32,
    "official_date": pl.Date,
    "hours_to_start": pl.Float64,  # to the scheduled start
    "strength": pl.Float64,
    "strength_unit": pl.String,  # logit, points (of percent), share (of the stake)
    "move": pl.Float64,  # logit toward the side, over the window
    "window_minutes": pl.Float64,
    "level": pl.Float64,  # of the books' consensus; of the market makers' for conflicts and arbitrages
    "line": pl.Float64,
    "probability": pl.Float64,
    "n_books": pl.Int32,
    "books": pl.List(pl.String),  # that it rests on, the first mover first
    "originator": pl.String,
    "dispersion": pl.Float64,  # of all open books' levels
    "tickets_pct": pl.Float64,
    "money_pct": pl.Float64,
    "splits_source": pl.String,
    "book": pl.String,  # whose price it is about; NULL where it is about no one's
    "source": pl.String,
    "other_book": pl.String,
    "other_source": pl.String,
    "profit": pl.Float64,
    "supporting": pl.List(pl.String),
    "contradicting": pl.List(pl.String),
    "fill_source": pl.String,
    "fill_book": pl.String,
    "fill_line": pl.Float64,
    "fill_price": pl.Int32,
    "fill_at": UTC_TIMESTAMP,
    "fill_missing_reason": pl.String,
    "latency_seconds": pl.Int32,
    "parameters_hash": pl.String,
    "provenance": pl.String,
    "capture": pl.String,
    "load_id": pl.Int64,
}


def no_signals() -> pl.DataFrame:
    return pl.DataFrame(schema=SIGNALS)


def detect(
    states: pl.DataFrame,
    splits: pl.DataFrame,
    games: pl.DataFrame,
    parameters: Parameters | None = None,
    starters: pl.DataFrame | None = None,
    *,
    now: datetime | None = None,
) -> pl.DataFrame:
    """Every event of every kind (``SIGNALS``), ordered by moment, game, market, kind and side.

    ``states``, ``splits``, ``games``, ``starters``: frames of ``market.frames``, rows in any order; ``games`` may hold
    ``scheduled_start_at`` beside. Only states without a label and with a moment of their own take part. Prices whose
    moment is after ``now`` are no fills yet; without ``now`` the frames are taken for the whole past.
    """
    parameters = parameters or Parameters()
    board = Board.of(states, games, stale_after_minutes=parameters.stale_after_minutes)
    if not len(board):
        return no_signals()
    crowd = Crowd.of(splits, board, max_age_minutes=parameters.splits_max_age_minutes)
    moves = moves_of(board)
    seen = pl.concat(
        [
            steam(board, moves, parameters.steam),
            jumps(board, moves, parameters.jump),
            reverse_line_movements(board, crowd, parameters.reverse_line_movement),
            divergences(board, crowd, parameters.sharp_public_divergence),
            freezes(board, crowd, parameters.line_freeze),
            late_moves(board, parameters.late_move),
            book_conflicts(board, parameters.book_conflict),
            arbitrages(board, parameters.arbitrage),
        ]
    )
    return _signals(board, crowd, seen, parameters, starters, now)


def _signals(
    board: Board,
    crowd: Crowd,
    seen: pl.DataFrame,
    parameters: Parameters,
    starters: pl.DataFrame | None,
    now: datetime | None,
) -> pl.DataFrame:
    market, at, sign = (seen[name].to_numpy() for name in ("market", "at", "sign"))
    said, shares = board.said_at(market, at), crowd.shares_at(market, at)
    is_total = board.name[market] == "total"
    tickets, money = of_side(shares.tickets, sign), of_side(shares.money, sign)
    level, line, chance = (
        np.where(np.isnan(told), general, told)
        for told, general in (
            (seen["level"].cast(pl.Float64).to_numpy(), said.level),
            (seen["line"].cast(pl.Float64).to_numpy(), said.line),
            (seen["probability"].cast(pl.Float64).to_numpy(), said.probability),
        )
    )
    games = board.markets[market]
    side = pl.Series("side", side_names(board, market, sign).tolist(), dtype=pl.String)
    detected_at = pl.Series(at).cast(UTC_TIMESTAMP)
    is_move = np.isin(seen["kind"].to_numpy().astype(str), MOVEMENTS)
    told = {
        "tickets_pct": tickets,
        "money_pct": money,
        "dispersion": said.dispersion,
        "hours_to_start": (board.scheduled_at[market] - at) / HOUR,
        "level": sign * level,
        "line": np.where(is_total, line, sign * line),
        "probability": np.where(sign > 0, chance, 1 - chance),
    }
    frame = seen.with_columns(
        *(pl.Series(name, values).fill_nan(None) for name, values in told.items()),
        *(games[name] for name in ("game_key", "season", "official_date", "provenance")),
        games["market"],
        side,
        detected_at=detected_at,
        signal_id=_ids(seen["kind"], games["game_key"], games["market"], side, detected_at),
        n_books=pl.col("books").list.len().fill_null(pl.Series(said.voices)),
        splits_source=crowd.sources_at(market, at),
        supporting=pl.concat_list("supporting", _crowd_agrees(tickets, is_move)).list.drop_nulls(),
        contradicting=pl.concat_list(
            "contradicting", _crowd_leads(tickets, is_move), _news(board, market, at, is_move, starters, parameters)
        ).list.drop_nulls(),
        latency_seconds=pl.lit(parameters.latency_seconds),
        parameters_hash=pl.lit(parameters.hash()),
    )
    bought = fills(board, market, at, sign, latency_seconds=parameters.latency_seconds, now=now)
    return (
        pl.concat([frame, bought], how="horizontal")
        .select(SIGNALS.keys())
        .cast(SIGNALS)  # type: ignore[arg-type]
        .sort("detected_at", "game_key", "market", "kind", "side")
    )


def _ids(kind: pl.Series, game: pl.Series, market: pl.Series, side: pl.Series, at: pl.Series) -> pl.Series:
    """32 hexadecimal digits of sha256 over kind|game_key|market|side|detected_at (ISO, UTC, microseconds)."""
    moments = at.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    words = zip(kind, game, market, side, moments, strict=True)
    return pl.Series(
        [hashlib.sha256("|".join(map(str, told)).encode()).hexdigest()[:32] for told in words], dtype=pl.String
    )


def _crowd_agrees(tickets: np.ndarray, is_move: np.ndarray) -> pl.Series:
    """Of a move away from the crowd: money that knows something is what else moves a price."""
    with np.errstate(invalid="ignore"):
        holds = is_move & (tickets < 45)
    return _sentence(holds, [f"{share:.0f} % of the tickets: the crowd did not move it" for share in tickets])


def _crowd_leads(tickets: np.ndarray, is_move: np.ndarray) -> pl.Series:
    """Of a move with the crowd."""
    with np.errstate(invalid="ignore"):
        holds = is_move & (tickets >= 65)
    return _sentence(holds, [f"{share:.0f} % of the tickets: the crowd may be what moves it" for share in tickets])


def _news(
    board: Board,
    market: Ints,
    at: Ints,
    is_move: np.ndarray,
    starters: pl.DataFrame | None,
    parameters: Parameters,
) -> pl.Series:
    """Of a move soon after a change of starter, as far as it was known."""
    changed = (starters if starters is not None else pl.DataFrame(schema=STARTERS)).filter(pl.col("changed"))
    changed = changed.select("game_key", "known_at").drop_nulls().sort("game_key", "known_at")
    game = changed["game_key"].to_numpy()
    known = changed["known_at"].dt.timestamp("us").to_numpy()
    keys = np.unique(game)
    asked = board.markets["game_key"].to_numpy()[market]
    place = np.searchsorted(keys, asked)
    has = np.append(keys, -1)[place] == asked
    last = Moments.of(np.searchsorted(keys, game), known).last(np.where(has, place, -1), at)
    minutes = (at - np.append(known, 0)[last]) / MINUTE
    holds = is_move & (last >= 0) & (minutes <= parameters.news_minutes)
    return _sentence(holds, [f"news: a starter changed {span:.0f} minutes before" for span in minutes])


def _sentence(holds: np.ndarray, texts: list[str]) -> pl.Series:
    told = [text if told else None for told, text in zip(holds.tolist(), texts, strict=True)]
    return pl.Series(told, dtype=pl.String)
