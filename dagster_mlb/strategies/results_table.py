"""``curated.strategy_results``: one row per bet, with what became of it, and ``curated.bet_settlements``: every
settlement of it that ever stood. The shape of the tables and nothing else.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Schema

#: The columns of ``closing_line.VALUE_SCHEMA``, as every table of bets has them.
VALUE_COLUMNS = """\
    close_probability     double precision check (close_probability between 0 and 1),
    push_probability      double precision check (push_probability between 0 and 1),
    ev_clv                double precision,
    clv_method            text check (clv_method in ('same_line', 'repriced')),
    beat_close            boolean,
    is_circular_close     boolean,
    price_clv             double precision,
    log_clv               double precision,
    probability_clv       double precision,
    cents_clv             double precision,
    line_clv              double precision,
    close_line            numeric(6, 2),
    close_price_american  double precision,
    close_source          text,
    close_book            text,
    close_at              timestamptz,
    missing_close_reason  text,
"""

RESULTS_TABLE = "curated.strategy_results"
RESULTS_DDL = f"""
create table if not exists curated.strategy_results (
    bet_id                text primary key,
    strategy              text not null,
    strategy_version      text not null,
    parameters_hash       text not null,
    form                  text not null check (form in ('follow', 'fade')),
    is_shadow             boolean not null,
    decision              text not null,
    game_key              bigint not null,
    season                int not null,
    official_date         date not null,
    market                text not null check (market in ('moneyline', 'spread', 'total')),
    side                  text not null check (side in ('home', 'away', 'over', 'under')),
    source                text not null,
    book                  text not null,
    signal_id             text,
    decision_at           timestamptz not null,
    hours_to_start        double precision,
    quoted_line           numeric(6, 2),
    quoted_price_american int not null check (abs(quoted_price_american) >= 100),
    latency_seconds       int not null check (latency_seconds >= 0),
    filled_at             timestamptz,
    fill_kind             text not null check (fill_kind in ('label', 'standing', 'moved', 'unfilled')),
    unfilled_reason       text,
    line                  numeric(6, 2),
    price_american        int check (abs(price_american) >= 100),
    price_decimal         double precision check (price_decimal > 1),
    probability           double precision check (probability between 0 and 1),
    strength              double precision,
    reason                text not null,
    stake                 double precision not null check (stake >= 0),
    bankroll_share        double precision check (bankroll_share between 0 and 1),
    stake_method          text not null
        check (stake_method in ('flat', 'equal_payout', 'kelly', 'slate_kelly', 'none')),
    stake_reason          text,
    result                text not null
        check (result in ('win', 'loss', 'push', 'void', 'pending', 'unfilled')),
    profit                double precision,
    settlement_reason     text,
    settled_at            timestamptz,
{VALUE_COLUMNS}    trial_hash            text not null,
    provenance            text not null,
    capture               text,
    moment_assumed        boolean not null,
    load_id               bigint,
    check ((fill_kind = 'unfilled') = (unfilled_reason is not null)),
    check ((fill_kind = 'unfilled') = (price_american is null)),
    check ((price_american is null) = (filled_at is null)),
    check ((result = 'unfilled') = (stake = 0)),
    check ((profit is null) = (result in ('pending', 'unfilled'))),
    check ((ev_clv is null) = (missing_close_reason is not null)),
    check ((ev_clv is null) = (clv_method is null))
)
"""
RESULTS_INDEXES = (
    "create index if not exists strategy_results_by_strategy "
    "on curated.strategy_results (strategy, decision, official_date)",
    "create index if not exists strategy_results_by_game on curated.strategy_results (game_key)",
)

SETTLEMENTS_TABLE = "curated.bet_settlements"
SETTLEMENTS_DDL = """
create table if not exists curated.bet_settlements (
    bet_id            text not null,
    version           int not null check (version >= 0),
    game_key          bigint not null,
    result            text not null check (result in ('win', 'loss', 'push', 'void')),
    profit            double precision not null,
    settled_at        timestamptz not null,
    superseded_at     timestamptz check (superseded_at > settled_at),
    home_runs         int,
    away_runs         int,
    settlement_reason text,
    primary key (bet_id, version),
    check ((version = 0) = (home_runs is null))
)
"""


_TYPES: Final[Schema] = {
    "text": pl.String,
    "boolean": pl.Boolean,
    "int": pl.Int32,
    "bigint": pl.Int64,
    "double": pl.Float64,
    "numeric": pl.Float64,
    "date": pl.Date,
    "timestamptz": UTC_TIMESTAMP,
}


def _schema(ddl: str) -> Schema:
    """The columns of a table as a frame has them."""
    columns = re.findall(r"^ {4}(\w+) +(\w+)", ddl, re.MULTILINE)
    return {name: _TYPES[kind] for name, kind in columns if name not in ("check", "primary")}


RESULTS_SCHEMA: Final[Schema] = _schema(RESULTS_DDL)
RESULTS_COLUMNS = list(RESULTS_SCHEMA)
SETTLEMENTS_SCHEMA: Final[Schema] = _schema(SETTLEMENTS_DDL)
