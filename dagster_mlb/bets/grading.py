"""A person's bets, graded as the strategies' are: the same settlement and value at the close, at their own prices.

``grade_bets`` reads ``staging.bets`` and publishes ``curated.graded_bets``; ``grade`` is the same on frames. A bet that
is tied to no game has no result, and the reason why; one on a day whose game was called off is void. What was placed
after first pitch is settled, marked, and kept out of closing value: no close is its measure.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dagster_mlb.bets.graded_table import (
    BETS_SCHEMA,
    GRADED_COLUMNS,
    GRADED_DDL,
    GRADED_INDEXES,
    GRADED_SCHEMA,
    GRADED_TABLE,
    STARTS_SCHEMA,
)
from dagster_mlb.bets.seen_prices import QUOTES_SCHEMA, with_price_seen
from dagster_mlb.market.odds import implied_from_american
from dagster_mlb.strategies.history import Outcomes
from dagster_mlb.strategies.settling.closing_line import VALUE_SCHEMA, with_closing_value
from dagster_mlb.strategies.settling.settlement import GAME_COLUMNS, settle

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

_BETS_SQL = """
select bets.bet_id, bets.file_name, bets.record_number, bets.placed_at, bets.placed_on, bets.official_date,
    bets.stated_start_at, bets.away_team_id, bets.home_team_id, away.abbreviation as away_team,
    home.abbreviation as home_team, bets.game_number, bets.market, bets.side, bets.line, bets.price, bets.price_format,
    bets.price_decimal, bets.price_american, bets.stake, bets.book, bets.book_keys, bets.ref, bets.tag, bets.note,
    bets.other_columns, bets.game_key, bets.rung, bets.called_off, bets.untied_reason, bets.load_id,
    coalesce(games.provenance, bets.provenance) as provenance
from staging.bets as bets
inner join staging.teams as away on away.team_id = bets.away_team_id
inner join staging.teams as home on home.team_id = bets.home_team_id
left join curated.enhanced_games as games on games.game_key = bets.game_key
order by bets.official_date, bets.file_name, bets.record_number
"""
_STARTS_SQL = """
select game_key, first_pitch_at, scheduled_start_at
from curated.enhanced_games
where game_key in (select game_key from staging.bets)
"""
# Each bet's book as every source told it around the bet: the states that stood within a minute of it, and when the
# source last confirmed its price of this market. A label stands for no moment, so it is no quote.
_QUOTES_SQL = """
with asked as (
    select bets.bet_id, bets.game_key, bets.market, bets.placed_at, book.book
    from staging.bets as bets
    cross join lateral unnest(bets.book_keys) as book (book)
    where bets.game_key is not null and bets.placed_at is not null
),
states as (
    select
        asked.bet_id, asked.placed_at, states.source, states.known_at, states.line, states.price_1, states.price_2,
        states.hold, states.unusable_because is null as is_open,
        lead(states.known_at) over (
            partition by asked.bet_id, states.source, states.book order by states.known_at
        ) as until_at
    from asked
    inner join staging.int_market_states as states
        on states.game_key = asked.game_key and states.market = asked.market and states.book = asked.book
    where states.label is null
),
confirmed as (
    select asked.bet_id, series.source, max(quotes.known_at) as confirmed_at
    from asked
    inner join staging.game_crosswalk as ties on ties.game_key = asked.game_key
    inner join staging.odds_series as series
        on series.source = ties.source and series.event_id = ties.event_id and series.book = asked.book
        and series.market = asked.market and series.period = 'game' and series.alternate_line = ''
    inner join staging.int_quotes as quotes on quotes.series_id = series.series_id
    where quotes.label is null and quotes.known_at <= asked.placed_at
    group by asked.bet_id, series.source
)
select
    states.bet_id, states.source, states.known_at, states.until_at, confirmed.confirmed_at, states.line,
    states.price_1::int as price_1, states.price_2::int as price_2, states.hold, states.is_open
from states
left join confirmed on confirmed.bet_id = states.bet_id and confirmed.source = states.source
where
    states.known_at <= states.placed_at + interval '1 minute'
    and (states.until_at is null or states.until_at > states.placed_at - interval '1 minute')
"""


def grade_bets(settings: Settings) -> pl.DataFrame:
    """Grade every bet that stands and publish ``curated.graded_bets`` whole; returns its rows.

    Without bets the table is there and empty. Before the first transformation nothing is done.
    """
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.frames import publish_frame, read_frame

    graded = pl.DataFrame(schema=GRADED_SCHEMA).select(GRADED_COLUMNS)
    if not read_frame(settings, "select to_regclass('staging.bets') is not null as there")["there"][0]:
        return graded
    bets = read_frame(settings, _BETS_SQL).cast(BETS_SCHEMA)  # type: ignore[arg-type]
    if not bets.is_empty():
        starts = read_frame(settings, _STARTS_SQL).cast(STARTS_SCHEMA)  # type: ignore[arg-type]
        quotes = read_frame(settings, _QUOTES_SQL).cast(QUOTES_SCHEMA)  # type: ignore[arg-type]
        graded = grade(bets, Outcomes.read(settings), starts, quotes, settings.now())
    with connect(settings, role="transform") as connection:
        publish_frame(connection, GRADED_TABLE, graded, GRADED_DDL, GRADED_INDEXES)
    return graded


def grade(
    bets: pl.DataFrame, outcomes: Outcomes, starts: pl.DataFrame, quotes: pl.DataFrame, now: datetime
) -> pl.DataFrame:
    """The rows of ``curated.graded_bets``, in the order of ``bets``.

    ``bets`` (``BETS_SCHEMA``), ``starts`` (``STARTS_SCHEMA``) of the games they are tied to, ``quotes``
    (``QUOTES_SCHEMA``) of their books; ``outcomes`` as the strategies' are settled and valued by.
    """
    placed = with_price_seen(_with_in_play(bets, starts), quotes).with_row_index("_place")
    settled = _settled(placed, outcomes, now)
    valued = _valued(settled, outcomes, now)
    return (
        _with_hold(valued, outcomes.closes)
        .sort("_place")
        .with_columns(season=pl.col("official_date").dt.year())
        .select(GRADED_COLUMNS)
        .cast(GRADED_SCHEMA)  # type: ignore[arg-type]
    )


def _with_in_play(bets: pl.DataFrame, starts: pl.DataFrame) -> pl.DataFrame:
    """``is_in_play`` and ``_start_at``. NULL where neither the moments nor the days tell whether the game had begun."""
    start = pl.coalesce("first_pitch_at", "scheduled_start_at", "stated_start_at")
    return (
        bets.join(starts, on="game_key", how="left", maintain_order="left")
        .with_columns(_start_at=start)
        .with_columns(
            is_in_play=pl.when(pl.col("placed_at").is_not_null() & pl.col("_start_at").is_not_null())
            .then(pl.col("placed_at") >= pl.col("_start_at"))
            .when(pl.col("placed_on") < pl.col("official_date"))
            .then(pl.lit(value=False))
            .when(pl.col("placed_on") > pl.col("official_date"))
            .then(pl.lit(value=True))
        )
        .select(*bets.columns, "_start_at", "is_in_play")
    )


def _settled(bets: pl.DataFrame, outcomes: Outcomes, now: datetime) -> pl.DataFrame:
    """Settled where there is a game, or the schedule says that it was called off; else ``ungraded_reason``."""
    is_gradable = pl.col("_game_key").is_not_null() | pl.col("called_off").is_not_null()
    # A game that was called off and played on another day is no game of this day: it stands in by a key of its own.
    keyed = bets.with_columns(_game_key="game_key").with_columns(
        game_key=pl.coalesce("game_key", -1 - pl.col("_place").cast(pl.Int64))
    )
    called_off = keyed.filter(pl.col("_game_key").is_null() & pl.col("called_off").is_not_null()).select(
        "game_key",
        season=pl.col("official_date").dt.year(),
        official_date="official_date",
        status="called_off",
        is_doubleheader=pl.lit(value=False),
    )
    games = outcomes.games.select(GAME_COLUMNS)
    with_called_off = pl.concat([games, called_off.cast(dict(games.schema))])  # type: ignore[arg-type]
    graded = settle(keyed.filter(is_gradable), with_called_off, outcomes.results, now)
    ungraded = keyed.filter(~is_gradable).with_columns(ungraded_reason="untied_reason")
    return pl.concat([graded, ungraded], how="diagonal").with_columns(game_key="_game_key").drop("_game_key")


def _valued(bets: pl.DataFrame, outcomes: Outcomes, now: datetime) -> pl.DataFrame:
    """The columns of ``VALUE_SCHEMA``: of bets on a game that were placed before it began."""
    is_measured = pl.col("game_key").is_not_null() & ~pl.col("is_in_play").fill_null(value=True)
    placed = bets.filter(is_measured).with_columns(source=pl.lit(""))
    measured = with_closing_value(placed, outcomes.closes, now, outcomes.closing_runs(now))
    is_circular = pl.col("book_keys").list.contains(pl.col("close_book"))
    measured = measured.with_columns(is_circular_close=pl.when(pl.col("ev_clv").is_not_null()).then(is_circular))
    others = bets.filter(~is_measured).with_columns(missing_close_reason=_unmeasured_reason())
    both = pl.concat([measured.drop("source"), others], how="diagonal")
    return both.with_columns(pl.col(name).cast(kind) for name, kind in VALUE_SCHEMA.items())


def _unmeasured_reason() -> pl.Expr:
    return (
        pl.when(pl.col("game_key").is_null())
        .then(pl.lit("the bet is tied to no game"))
        .when(pl.col("is_in_play"))
        .then(pl.lit("placed in play, after first pitch: no close is its measure"))
        .when(pl.col("placed_on").is_null())
        .then(pl.lit("when the bet was placed is not told: it may have been in play"))
        .when(pl.col("placed_at").is_null())
        .then(pl.lit("placed on the day of the game, at a time that is not told: it may have been in play"))
        .otherwise(pl.lit("nobody tells when the game began: the bet may have been in play"))
    )


def _with_hold(bets: pl.DataFrame, closes: pl.DataFrame) -> pl.DataFrame:
    """``hold``, what a random side at these prices is expected to lose: the bet's book's when it was placed, else the
    benchmark's at the close; ``hold_of`` says whose.
    """
    implied = [implied_from_american(closes[name].cast(pl.Float64).to_numpy()) for name in ("price_1", "price_2")]
    at_close = closes.select("game_key", "market", pl.Series("_close_hold", 1.0 - 1.0 / np.sum(implied, axis=0)))
    joined = bets.join(at_close.fill_nan(None), on=["game_key", "market"], how="left", maintain_order="left")
    is_measured = pl.col("close_at").is_not_null()  # a close that has not come is not looked at
    close_hold = pl.when(is_measured).then("_close_hold")
    return joined.with_columns(
        hold=pl.coalesce("book_hold", close_hold),
        hold_of=pl.when(pl.col("book_hold").is_not_null())
        .then(pl.lit("book"))
        .when(close_hold.is_not_null())
        .then(pl.lit("close")),
    )
