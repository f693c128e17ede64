"""``curated.sharp_action_signals``: the shape of the table, what it is made of, and how it is made whole.

The table is detected anew from the whole past each time and replaced in one transaction, so a rerun on the same states
leaves the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import polars as pl

from dagster_mlb.market.frames import GAMES, SPLITS, STARTERS, STATES, UTC_TIMESTAMP
from dagster_mlb.market.levels import market_level
from dagster_mlb.signals.events import KINDS, detect
from dagster_mlb.signals.parameters import Parameters

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

log = logging.getLogger("dagster_mlb.signals")

SIGNALS_TABLE: Final = "curated.sharp_action_signals"
SIGNALS_DDL: Final = f"""
create table if not exists {SIGNALS_TABLE} (
    signal_id           text primary key,
    kind                text not null check (kind in ({", ".join(f"'{kind}'" for kind in KINDS)})),
    game_key            bigint not null,
    market              text not null check (market in ('moneyline', 'spread', 'total')),
    side                text not null check (side in ('home', 'away', 'over', 'under')),
    detected_at         timestamptz not null,
    season              int not null,
    official_date       date not null,
    hours_to_start      double precision not null,
    strength            double precision not null,
    strength_unit       text not null check (strength_unit in ('logit', 'points', 'share')),
    move                double precision,
    window_minutes      double precision,
    level               double precision,
    line                numeric(6, 2),
    probability         double precision check (probability between 0 and 1),
    n_books             int not null check (n_books >= 0),
    books               text[],
    originator          text,
    dispersion          double precision,
    tickets_pct         double precision check (tickets_pct between 0 and 100),
    money_pct           double precision check (money_pct between 0 and 100),
    splits_source       text,
    book                text,
    source              text,
    other_book          text,
    other_source        text,
    profit              double precision,
    supporting          text[] not null,
    contradicting       text[] not null,
    fill_source         text,
    fill_book           text,
    fill_line           numeric(6, 2),
    fill_price          int check (abs(fill_price) >= 100),
    fill_at             timestamptz check (fill_at >= detected_at),
    fill_missing_reason text check (fill_missing_reason in ('after_first_pitch', 'not_yet', 'no_open_price')),
    latency_seconds     int not null,
    parameters_hash     text not null,
    provenance          text not null,
    capture             text,
    load_id             bigint,
    check ((fill_price is null) = (fill_missing_reason is not null)),
    check ((fill_price is null) = (fill_at is null)),
    check ((kind = 'arbitrage') = (profit is not null))
)
"""
SIGNALS_INDEXES: Final = (
    "create index if not exists sharp_action_signals_by_game on curated.sharp_action_signals (game_key, detected_at)",
    "create index if not exists sharp_action_signals_by_kind on curated.sharp_action_signals (kind, official_date)",
)

_STATES_SQL = """
select game_key, market, source, book, known_at, line::float8 as line, price_1::int as price_1, price_2::int as price_2,
       probability_1, {level} as level, hold, unusable_because is null as is_open, label, moment_assumed, capture,
       provenance, load_id
from staging.int_market_states
where label is null and not moment_assumed
"""

_GAMES_SQL = """
select game_key, coalesce(first_pitch_at, scheduled_start_at) as starts_at, official_date, season, provenance,
       scheduled_start_at
from staging.games
"""

_SPLITS_SQL = """
select game_key, market, source, book, known_at, tickets_1, money_1, stated_at, capture, provenance, load_id
from staging.int_split_states
"""

_STARTERS_SQL = """
select game_key, side, known_at,
       coalesce(pitcher_id <> lag(pitcher_id) over (partition by game_key, side, source order by known_at), false)
           as changed
from staging.starters
"""


def read_states(
    settings: Settings, *, seasons: set[int] | None = None, games: Collection[int] | None = None
) -> pl.DataFrame:
    """``STATES`` of the warehouse that have a moment of their own; of ``seasons`` and ``games`` (keys) where given."""
    from dagster_mlb.warehouse.frames import read_frame

    has_level = "level" in _columns_of(settings, "staging.int_market_states")
    query = _STATES_SQL.format(level="level" if has_level else "null::float8")
    frame = read_frame(settings, query + _only(seasons, games))
    if not has_level:
        level = market_level(frame["market"].to_numpy(), frame["probability_1"].to_numpy(), frame["line"].to_numpy())
        frame = frame.with_columns(level=pl.Series(level).fill_nan(None))
    return frame.select(STATES.keys()).cast(STATES)  # type: ignore[arg-type]


def read_splits(
    settings: Settings, *, seasons: set[int] | None = None, games: Collection[int] | None = None
) -> pl.DataFrame:
    """``SPLITS`` of the warehouse; none where the table is not there yet."""
    from dagster_mlb.warehouse.frames import read_frame

    if not _columns_of(settings, "staging.int_split_states"):
        return pl.DataFrame(schema=SPLITS)
    frame = read_frame(settings, _SPLITS_SQL + _only(seasons, games, "where"))
    return frame.select(SPLITS.keys()).cast(SPLITS)  # type: ignore[arg-type]


def read_games(
    settings: Settings, *, seasons: set[int] | None = None, games: Collection[int] | None = None
) -> pl.DataFrame:
    """``GAMES`` of the warehouse, with ``scheduled_start_at`` beside."""
    from dagster_mlb.warehouse.frames import read_frame

    frame = read_frame(settings, _GAMES_SQL + _only(seasons, games, "where"))
    return frame.cast(GAMES | {"scheduled_start_at": UTC_TIMESTAMP})  # type: ignore[arg-type]


def read_starters(
    settings: Settings, *, seasons: set[int] | None = None, games: Collection[int] | None = None
) -> pl.DataFrame:
    """``STARTERS`` of the warehouse: changed is who replaces another of the same source."""
    from dagster_mlb.warehouse.frames import read_frame

    return read_frame(settings, _STARTERS_SQL + _only(seasons, games, "where")).cast(STARTERS)  # type: ignore[arg-type]


def publish_signals(settings: Settings, run_id: str, parameters: Parameters | None = None) -> pl.DataFrame:
    """Detect every event in the warehouse and replace the table; returns the events (``SIGNALS``)."""
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.frames import publish_frame

    signals = detect(
        read_states(settings),
        read_splits(settings),
        read_games(settings),
        parameters,
        read_starters(settings),
        now=settings.now(),
    )
    with connect(settings, role="transform") as conn:
        publish_frame(conn, SIGNALS_TABLE, signals, SIGNALS_DDL, SIGNALS_INDEXES)
    log.info("run %s: %d signals", run_id, signals.height)
    return signals


def _only(seasons: set[int] | None, games: Collection[int] | None, word: str = "and") -> str:
    """The condition that leaves games of ``seasons`` and ``games`` (keys), where they are given."""
    conditions = []
    if seasons is not None:
        of_seasons = f"select game_key from staging.games where season in ({_listed(seasons)})"
        conditions.append(f"game_key in ({of_seasons})")
    if games is not None:
        conditions.append(f"game_key in ({_listed(games)})")
    return f" {word} {' and '.join(conditions)}" if conditions else ""


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(str(int(number)) for number in sorted(numbers)) or "null"


def _columns_of(settings: Settings, table: str) -> set[str]:
    """The columns of a table, none where it is not there."""
    from dagster_mlb.warehouse.frames import read_frame

    query = "select attname::text as name from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
    return set(read_frame(settings, f"{query} and not attisdropped", [table])["name"])
