"""What is told of the games beside the as-of frame: the prices that stood after a decision, for fills, and what became
of the games, for settlement and closing value. No strategy sees any of it.

Both are frames in memory: ``read`` takes them from the warehouse, a test or a notebook makes its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Schema
from dagster_mlb.strategies.settling.closing_runs import ClosingRuns
from dagster_mlb.strategies.settling.fills import STATE_COLUMNS, no_states

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

_STARTS_AT = "coalesce(first_pitch_at, scheduled_start_at)"
_GAMES_SQL = f"""
select game_key, season, official_date, status, is_doubleheader, {_STARTS_AT} as starts_at from curated.enhanced_games
"""
_RESULTS_SQL = (
    "select game_key, version, home_runs, away_runs, innings::float8 as innings, known_at from staging.game_results"
)
_CLOSE_OF_MARKET_SQL = """
select closes.game_key, '{market}' as market, {line} as line, close_{first}_probability as probability_1,
       close_{first}_price::float8 as price_1, close_{second}_price::float8 as price_2, source, book, close_at,
       close_age_minutes as age_minutes, {starts_at} as starts_at
from curated.{market}s as closes
inner join curated.enhanced_games as games on games.game_key = closes.game_key
where is_benchmark
"""
_CLOSES_SQL = " union all ".join(
    _CLOSE_OF_MARKET_SQL.format(market=market, line=line, first=first, second=second, starts_at=_STARTS_AT)
    for market, line, first, second in (
        ("moneyline", "null::float8", "home", "away"),
        ("spread", "close_home_line::float8", "home", "away"),
        ("total", "close_line::float8", "over", "under"),
    )
)
_STARTERS_SQL = "select game_key, side, known_at, source, source_rank, pitcher_id, pitcher_name from staging.starters"
_STATES_SQL = """
select game_key, market, source, book, known_at, line::float8 as line, price_1::int as price_1, price_2::int as price_2,
       unusable_because is null as is_open, unusable_because
from staging.int_market_states
where label is null and game_key = any(%s) and source = any(%s) and book = any(%s)
"""
STARTERS_SCHEMA: Final[Schema] = {
    "game_key": pl.Int64,
    "side": pl.String,
    "known_at": UTC_TIMESTAMP,
    "source": pl.String,
    "source_rank": pl.Int32,
    "pitcher_id": pl.String,
    "pitcher_name": pl.String,
}


@dataclass(frozen=True)
class History:
    """``states``: ``fills.STATE_COLUMNS``, moments only; ``games``: game_key, starts_at (first pitch, else the
    scheduled start).
    """

    states: pl.DataFrame
    games: pl.DataFrame

    @classmethod
    def none(cls) -> History:
        """For bets on labels alone: an archive's price is got as it was printed."""
        return cls(no_states(), pl.DataFrame(schema={"game_key": pl.Int64, "starts_at": UTC_TIMESTAMP}))

    @classmethod
    def read(cls, settings: Settings, bets: pl.DataFrame, games: pl.DataFrame) -> History:
        """The states of those games and books that have bets at a moment of their own; of labels nothing is read."""
        from dagster_mlb.warehouse.frames import read_frame

        asked = bets.filter(~pl.col("moment_assumed") & (pl.col("decision") != "close"))
        if asked.is_empty():
            return cls(no_states(), games)
        wanted = [asked[name].unique().sort().to_list() for name in ("game_key", "source", "book")]
        return cls(read_frame(settings, _STATES_SQL, wanted).select(*STATE_COLUMNS, "unusable_because"), games)


@dataclass(frozen=True)
class Outcomes:
    """What became of the games, as their functions ask for it: ``settlement.GAME_COLUMNS`` and ``RESULT_COLUMNS``,
    ``closing_line.CLOSE_SCHEMA``, ``listed_pitchers.STARTER_COLUMNS``.
    """

    games: pl.DataFrame
    results: pl.DataFrame
    closes: pl.DataFrame
    starters: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STARTERS_SCHEMA))
    _runs: dict[datetime, ClosingRuns] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, settings: Settings) -> Outcomes:
        from dagster_mlb.warehouse.frames import read_frame

        return cls(
            games=read_frame(settings, _GAMES_SQL),
            results=read_frame(settings, _RESULTS_SQL),
            closes=read_frame(settings, _CLOSES_SQL),
            starters=read_frame(settings, _STARTERS_SQL),
        )

    def closing_runs(self, now: datetime) -> ClosingRuns:
        """The run distributions at the closes that have happened; fitted once for all lists of bets."""
        if now not in self._runs:
            self._runs[now] = ClosingRuns(self.closes.filter(pl.col("close_at") <= now))
        return self._runs[now]
