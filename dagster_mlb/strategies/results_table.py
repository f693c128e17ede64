"""``curated.strategy_results``: one row per bet, with what became of it. The shape of the table and nothing else."""

from __future__ import annotations

RESULTS_TABLE = "curated.strategy_results"
RESULTS_DDL = """
create table if not exists curated.strategy_results (
    bet_id               text primary key,
    strategy             text not null,
    strategy_version     text not null,
    parameters_hash      text not null,
    decision             text not null,
    game_key             bigint not null,
    season               int not null,
    official_date        date not null,
    market               text not null check (market in ('moneyline', 'spread', 'total')),
    side                 text not null check (side in ('home', 'away', 'over', 'under')),
    source               text not null,
    book                 text not null,
    line                 numeric(6, 2),
    price_american       int not null check (abs(price_american) >= 100),
    price_decimal        double precision not null check (price_decimal > 1),
    stake                double precision not null check (stake > 0),
    decision_at          timestamptz not null,
    filled_at            timestamptz not null,
    probability          double precision check (probability between 0 and 1),
    strength             double precision,
    reason               text not null,
    result               text not null check (result in ('win', 'loss', 'push', 'void', 'pending')),
    profit               double precision,
    settlement_reason    text,
    close_probability    double precision check (close_probability between 0 and 1),
    ev_clv               double precision,
    beat_close           boolean,
    is_circular_close    boolean,
    missing_close_reason text,
    trial_hash           text not null,
    provenance           text not null,
    capture              text,
    load_id              bigint,
    settled_at           timestamptz,
    check ((profit is null) = (result = 'pending')),
    check ((ev_clv is null) = (missing_close_reason is not null))
)
"""
RESULTS_INDEXES = (
    "create index if not exists strategy_results_by_strategy "
    "on curated.strategy_results (strategy, decision, official_date)",
    "create index if not exists strategy_results_by_game on curated.strategy_results (game_key)",
)
RESULTS_COLUMNS = [
    line.split()[0]
    for line in RESULTS_DDL.splitlines()
    if line.startswith("    ") and not line.strip().startswith("check")
]
