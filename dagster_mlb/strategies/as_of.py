"""The as-of frame: what could be bet at a decision, and what was known then. The same for a backtest and for
today's slate.

``assemble_frame`` is the whole of the logic, on frames in memory; ``as_of_frame`` reads those frames from the
warehouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.protocol import (
    AS_OF_SCHEMA,
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
select p.game_key, p.decision, p.decision_at, p.source, p.book, p.home_price, p.away_price,
       p.home_probability as market_home_probability, p.hold, p.age_minutes, p.price_known_at, p.load_id, p.provenance,
       p.capture, p.moment_assumed
from curated.decision_prices as p
where p.decision = %s and p.market = 'moneyline'
"""

_GAMES_SQL = """
select f.game_key, f.decision_at as feature_decision_at, f.official_date, f.season, f.home_team_id, f.away_team_id,
       e.home_team, e.away_team, f.market_source, f.market_book
from curated.feature_vectors as f
inner join curated.enhanced_games as e using (game_key)
where f.decision = %s
"""

_PREDICTIONS_SQL = """
select game_key, home_win_probability as model_home_probability, known_at as prediction_known_at
from curated.predictions
where decision = %s and model_name = %s
"""


def as_of_frame(
    settings: Settings,
    decision: Decision,
    *,
    seasons: set[int] | None = None,
    model_name: str = DEFAULT_MODEL,
) -> pl.DataFrame:
    """The frame (``AS_OF_SCHEMA``) of all games at ``decision``, of ``seasons`` where given.

    Without any predictions yet the model's probability is NULL throughout. Raises ``LeakageError`` where a table
    holds for this decision something that was known only later.
    """
    from dagster_mlb.warehouse.frames import read_frame

    offers = read_frame(settings, _OFFERS_SQL, [decision])
    games = read_frame(settings, _GAMES_SQL, [decision])
    if seasons is not None:
        games = games.filter(pl.col("season").is_in(sorted(seasons)))
        offers = offers.join(games.select("game_key"), on="game_key", how="semi")
    there = read_frame(settings, "select to_regclass('curated.predictions') is not null as there")["there"][0]
    predictions = read_frame(settings, _PREDICTIONS_SQL, [decision, model_name]) if there else None
    return assemble_frame(offers, games, predictions)


def assemble_frame(offers: pl.DataFrame, games: pl.DataFrame, predictions: pl.DataFrame | None = None) -> pl.DataFrame:
    """Offers ⋈ games ⋈ predictions of one decision, guarded, ordered by game_key, source and book.

    ``offers``: game_key, decision, decision_at, source, book, home_price, away_price (American),
    market_home_probability, hold, age_minutes, price_known_at, load_id, provenance, capture, moment_assumed.
    ``games``: game_key, feature_decision_at, official_date, season, home_team_id, away_team_id, home_team,
    away_team, market_source, market_book. ``predictions``: game_key, model_home_probability, prediction_known_at,
    one row per game.
    """
    if predictions is None:
        predictions = pl.DataFrame(
            schema={
                "game_key": pl.Int64,
                "model_home_probability": pl.Float64,
                "prediction_known_at": pl.Datetime("us", "UTC"),
            }
        )
    if predictions["game_key"].is_duplicated().any():
        raise ValueError("two predictions of one model for one game and decision: curated.predictions lost its key")
    joined = offers.join(games, on="game_key", how="inner").join(predictions, on="game_key", how="left")
    _refuse_other_moment(joined)
    refuse_future_rows(joined, "price_known_at", "price")
    refuse_future_rows(
        joined.filter(pl.col("model_home_probability").is_not_null()), "prediction_known_at", "prediction"
    )
    frame = joined.with_columns(
        is_benchmark=(
            (pl.col("source") == pl.col("market_source")) & (pl.col("book") == pl.col("market_book"))
        ).fill_null(value=False),
        home_price_decimal=_decimal(joined["home_price"]),
        away_price_decimal=_decimal(joined["away_price"]),
    )
    frame = frame.select(AS_OF_SCHEMA.keys()).cast(AS_OF_SCHEMA).sort("game_key", "source", "book")  # type: ignore[arg-type]
    refuse_other_columns(frame)
    return frame


def _refuse_other_moment(joined: pl.DataFrame) -> None:
    """Features and prices of one game must be of the same moment; else one of them may know more than the other."""
    apart = joined.filter(pl.col("feature_decision_at") > pl.col("decision_at"))
    if not apart.is_empty():
        first = apart.row(0, named=True)
        raise LeakageError(
            f"feature_vectors of game_key {first['game_key']} are of {first['feature_decision_at']}, after the "
            f"decision at {first['decision_at']}: rebuild feature_vectors and decision_prices together"
        )


def _decimal(american: pl.Series) -> pl.Series:
    return pl.Series(american_to_decimal(american.cast(pl.Float64).to_numpy())).fill_nan(None)
