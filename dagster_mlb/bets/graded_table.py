"""``curated.graded_bets``: one row per bet that a person placed, with what became of it. The shape of the table alone.

What is the person's own comes first and is never altered; then the game, the result at the person's price, the value
at the close (as in ``curated.strategy_results``), and whether that price was the book's own when the bet was placed.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Schema
from dagster_mlb.strategies.results_table import VALUE_COLUMNS
from dagster_mlb.strategies.settling.closing_line import VALUE_SCHEMA

GRADED_TABLE = "curated.graded_bets"
GRADED_DDL = f"""
create table if not exists curated.graded_bets (
    bet_id                text primary key,
    file_name             text not null,
    record_number         int not null,
    placed_at             timestamptz,
    placed_on             date,
    official_date         date not null,
    stated_start_at       timestamptz,
    away_team_id          int not null,
    home_team_id          int not null,
    away_team             text not null,
    home_team             text not null,
    game_number           int,
    market                text not null check (market in ('moneyline', 'spread', 'total')),
    side                  text not null check (side in ('home', 'away', 'over', 'under')),
    line                  numeric(6, 2),
    price                 text not null,
    price_format          text not null check (price_format in ('american', 'decimal')),
    price_decimal         double precision not null check (price_decimal > 1),
    price_american        int not null check (abs(price_american) >= 100),
    stake                 double precision not null check (stake > 0),
    book                  text,
    ref                   text,
    tag                   text,
    note                  text,
    other_columns         text,
    game_key              bigint,
    rung                  text,
    season                int not null,
    is_in_play            boolean,
    result                text check (result in ('win', 'loss', 'push', 'void', 'pending')),
    profit                double precision,
    settled_at            timestamptz,
    settlement_reason     text,
    ungraded_reason       text,
{VALUE_COLUMNS}    price_seen            text not null
        check (price_seen in ('as quoted', 'better than quoted', 'worse than quoted', 'not known')),
    price_seen_reason     text,
    seen_price_american   int,
    seen_at               timestamptz,
    seen_source           text,
    hold                  double precision,
    hold_of               text check (hold_of in ('book', 'close')),
    provenance            text not null,
    load_id               bigint not null,
    check ((result is null) = (ungraded_reason is not null)),
    check ((profit is null) = (result is null or result = 'pending')),
    check ((ev_clv is null) = (missing_close_reason is not null)),
    check ((price_seen = 'not known') = (price_seen_reason is not null)),
    check ((hold is null) = (hold_of is null))
)
"""
GRADED_INDEXES = (
    "create index if not exists graded_bets_by_day on curated.graded_bets (official_date)",
    "create index if not exists graded_bets_by_game on curated.graded_bets (game_key)",
)
GRADED_COLUMNS = [found for found in re.findall(r"^ {4}(\w+)", GRADED_DDL, re.MULTILINE) if found != "check"]

#: A bet as it stands in ``staging.bets``, with its clubs' abbreviations.
BETS_SCHEMA: Final[Schema] = {
    "bet_id": pl.String,
    "file_name": pl.String,
    "record_number": pl.Int32,
    "placed_at": UTC_TIMESTAMP,
    "placed_on": pl.Date,
    "official_date": pl.Date,
    "stated_start_at": UTC_TIMESTAMP,
    "away_team_id": pl.Int32,
    "home_team_id": pl.Int32,
    "away_team": pl.String,
    "home_team": pl.String,
    "game_number": pl.Int32,
    "market": pl.String,
    "side": pl.String,
    "line": pl.Float64,  # signed for the side
    "price": pl.String,
    "price_format": pl.String,
    "price_decimal": pl.Float64,
    "price_american": pl.Int32,
    "stake": pl.Float64,
    "book": pl.String,
    "book_keys": pl.List(pl.String),
    "ref": pl.String,
    "tag": pl.String,
    "note": pl.String,
    "other_columns": pl.String,
    "game_key": pl.Int64,
    "rung": pl.String,
    "called_off": pl.String,
    "untied_reason": pl.String,
    "provenance": pl.String,
    "load_id": pl.Int64,
}
#: Games that bets are tied to: when each began, actually and as scheduled.
STARTS_SCHEMA: Final[Schema] = {
    "game_key": pl.Int64,
    "first_pitch_at": UTC_TIMESTAMP,
    "scheduled_start_at": UTC_TIMESTAMP,
}
SEEN_SCHEMA: Final[Schema] = {
    "price_seen": pl.String,
    "price_seen_reason": pl.String,
    "seen_price_american": pl.Int32,
    "seen_at": UTC_TIMESTAMP,
    "seen_source": pl.String,
    "book_hold": pl.Float64,
}
GRADED_SCHEMA: Final[Schema] = {
    **{name: kind for name, kind in BETS_SCHEMA.items() if name in GRADED_COLUMNS},
    **VALUE_SCHEMA,
    **{name: kind for name, kind in SEEN_SCHEMA.items() if name in GRADED_COLUMNS},
    "season": pl.Int32,
    "is_in_play": pl.Boolean,
    "result": pl.String,
    "profit": pl.Float64,
    "settled_at": UTC_TIMESTAMP,
    "settlement_reason": pl.String,
    "ungraded_reason": pl.String,
    "hold": pl.Float64,
    "hold_of": pl.String,
}
