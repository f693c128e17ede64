"""Staging: a slate of every source, and a day of 100,000 ticks beside as many as a decade leaves.

The slate: the demo's day of fifteen games, every endpoint of every source, collected over HTTP from the league on
loopback (drawn before, so that the source itself costs nothing) and staged by dbt, into a warehouse that has the day
before (Baseball Savant is asked for a week every day: six days of it are repeats). The ticks: answers of The Odds API
whose every price changed, staged into a warehouse with no ticks and into one that holds ten million (MLB_BENCH_TICKS).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from benchmarks.figures import Figure
from dagster_mlb.settings import Settings, get_settings
from dagster_mlb.sources.http import ResponseRecord
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.server import EmbeddedServer

SLATE_BUDGET = 6.0
SLOWER_ALLOWED = 1.2
STORED = int(os.environ.get("MLB_BENCH_TICKS", "10000000"))
DAY_TICKS = 100_000
TICKS_A_SERIES = 100
NOW = datetime(2025, 7, 20, 12, tzinfo=UTC)
OUTCOMES = 15 * 16 * 6  # games, books, sides of three markets
STAGED_BY = (
    "stg_odds_api__quotes stg_raw__record_counts odds_series odds_ticks int_event_statements int_series_accounts "
    "int_dispositions"
)


def measure() -> list[Figure]:
    slate = list(slate_figures())
    with scratch_warehouse(NOW) as settings:
        stage(settings, "+path:models/staging", "+int_series_accounts", "+int_dispositions")
        empty = min(day_of_ticks(settings, nth) for nth in range(3))
        fill(settings, STORED)
        full = min(day_of_ticks(settings, nth) for nth in range(3, 6))
    return [
        *slate,
        Figure(
            f"a day of {DAY_TICKS:,} ticks staged, {STORED:,} stored",
            full,
            "s",
            empty,
            "the same with none stored",
            SLOWER_ALLOWED * empty,
        ),
    ]


def slate_figures() -> Iterator[Figure]:
    from dagster_mlb.pipeline import demo_settings
    from dagster_mlb.simulator.demo import DEMO_WORLD
    from dagster_mlb.simulator.server import run_league_server
    from dagster_mlb.sources.slate import collect_slate

    yesterday = replace(DEMO_WORLD, now=DEMO_WORLD.now - timedelta(days=1))
    with run_league_server(yesterday) as before, run_league_server(DEMO_WORLD) as url:
        with scratch_warehouse(NOW) as settings:
            demo = demo_settings(settings, url)
            prepare(demo)
            collect_slate(demo, run_id="drawn before")
        with scratch_warehouse(NOW) as settings:
            earlier, demo = demo_settings(settings, before), demo_settings(settings, url)
            prepare(earlier)
            collect_slate(earlier, run_id="the day before")
            stage(earlier, "+path:models/staging")
            prepare(demo)
            started = time.perf_counter()
            rows = collect_slate(demo, run_id="bench")
            collected = time.perf_counter() - started
            stage(demo, "+path:models/staging")
            whole = time.perf_counter() - started
    missing = [failure for row in rows for failure in row.failures]
    if missing:
        raise RuntimeError(f"{len(missing)} requests failed, for example {missing[0]}")
    requests = sum(result.requests for row in rows for result in row.results)
    yield Figure(f"a slate of every source, {requests} requests, collected and staged", whole, "s", budget=SLATE_BUDGET)
    yield Figure("  of it collected", collected, "s")


def day_of_ticks(settings: Settings, nth: int) -> float:
    """Seconds of dbt for answers that hold ``DAY_TICKS`` changed prices."""
    snapshots = -(-DAY_TICKS // OUTCOMES)
    at = NOW - timedelta(days=1) + timedelta(hours=nth)
    records = []
    for place in range(snapshots):
        body = document(nth, nth * snapshots + place)
        records.append(
            ResponseRecord(
                source="odds_api",
                endpoint="odds",
                request_key="GET /v4/sports/baseball_mlb/odds?oddsFormat=american",
                official_date=None,
                observed_at=at + timedelta(seconds=30 * place),
                http_status=200,
                content_type="application/json",
                body=body,
                content_hash=hashlib.sha256(body).hexdigest(),
                byte_length=len(body),
            )
        )
    with connect(settings, role="ingest") as connection:
        store_many(
            connection,
            "odds_api_odds",
            records,
            run_id="bench",
            capture="captured",
            provenance="simulated",
            ingested_at=at + timedelta(hours=1),
        )
    return stage(settings, STAGED_BY)


def document(day: int, turn: int) -> bytes:
    """The prices of a day's own games, every one another than the turn before."""
    clubs = ("Boston Red Sox", "New York Yankees")
    price = 101 + turn % 97
    markets = [
        {"key": "h2h", "outcomes": [{"name": clubs[0], "price": price}, {"name": clubs[1], "price": -price - 20}]},
        {
            "key": "spreads",
            "outcomes": [
                {"name": clubs[0], "price": price, "point": 1.5},
                {"name": clubs[1], "price": -price - 20, "point": -1.5},
            ],
        },
        {
            "key": "totals",
            "outcomes": [
                {"name": "Over", "price": price, "point": 8.5},
                {"name": "Under", "price": -price - 20, "point": 8.5},
            ],
        },
    ]
    events = [
        {
            "id": hashlib.md5(f"bench {day} {game}".encode()).hexdigest(),
            "commence_time": "2025-07-20T23:05:00Z",
            "home_team": clubs[0],
            "away_team": clubs[1],
            "bookmakers": [{"key": f"book_{book}", "markets": markets} for book in range(16)],
        }
        for game in range(15)
    ]
    return json.dumps(events).encode()


def fill(settings: Settings, ticks: int) -> None:
    """Ticks of years gone by, with the quotes and the series that they are of, written by SQL alone."""
    series = ticks // TICKS_A_SERIES
    quotes = f"""
        insert into staging.stg_odds_api__quotes (load_id, record_number, series_id, source, event_id, book, market,
            period, side, alternate_line, line, price_american, status, known_at, observed_at, capture, provenance,
            away_team_id, home_team_id, official_date, commence_at, disposition)
        select -(tick + {TICKS_A_SERIES} * (series / {OUTCOMES})), series, series,
            'odds_api', 'old ' || series / 96, 'book_' || series % 16, 'moneyline', 'game',
            'home', '', null, 100 + (series + tick) % 150, 'open', moment, moment, 'captured', 'simulated', 110, 111,
            moment::date, moment, 'staged'
        from generate_series(1, {series}) as series
        cross join generate_series(1, {TICKS_A_SERIES}) as tick
        cross join lateral (
            select timestamptz '2015-04-01Z' + series * interval '30 min' + tick * interval '1 min'
        ) as t (moment)
    """
    with connect(settings) as connection:
        connection.execute(quotes)  # type: ignore[call-overload]
        connection.execute(
            "insert into staging.odds_series (series_id, source, event_id, book, market, period, side, alternate_line) "
            "select distinct series_id, source, event_id, book, market || series_id, period, side, alternate_line "
            "from staging.stg_odds_api__quotes where load_id < 0"
        )
        connection.execute(
            "insert into staging.odds_ticks (series_id, known_at, seq, observed_at, label, line, price_american, "
            "price_decimal, status, is_main, capture, provenance, load_id, record_number) "
            "select series_id, known_at, 1, observed_at, null, line, price_american, 2, status, true, capture, "
            "provenance, load_id, record_number from staging.stg_odds_api__quotes where load_id < 0"
        )
        connection.execute(
            "insert into staging.int_series_accounts (series_id, raw_table, quotes, repeats, ticks) "
            "select series_id, 'raw_data.odds_api_odds', 0, 0, 0 from staging.odds_series where event_id like 'old %'"
        )
        connection.commit()
        for table in ("stg_odds_api__quotes", "odds_series", "odds_ticks", "int_series_accounts"):
            connection.execute(f"analyze staging.{table}")  # type: ignore[call-overload]


def stage(settings: Settings, *selectors: str) -> float:
    """Seconds of dbt, its own fixed cost included, for some models without their tests."""
    transform.SELECTIONS["bench"] = (
        *("--select", *" ".join(selectors).split()),
        *("--exclude", "resource_type:test", "resource_type:unit_test"),
    )
    result = transform.run_selection(settings, "bench")
    result.raise_if_failed()
    return result.seconds


@contextmanager
def scratch_warehouse(now: datetime) -> Iterator[Settings]:
    """Settings of a server and a migrated database of their own, gone afterwards."""
    place = get_settings().data_dir / f"bench_{os.getpid()}"
    place.mkdir(parents=True)
    settings = Settings(environment="dev", data_dir=place, database_url=None, fixed_now=now)
    try:
        prepare(settings)
        yield settings
    finally:
        EmbeddedServer(settings.postgres_dir).destroy()
        shutil.rmtree(place, ignore_errors=True)
