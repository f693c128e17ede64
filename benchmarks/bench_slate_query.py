"""Today's slate as people ask for it, with as many ticks stored as a decade leaves (MLB_BENCH_TICKS, ten million).

The warehouse holds the demo's day of fifteen games from every source, staged into the marts, and ten million ticks of
years gone by. Two questions, two hundred times each on one connection: the slate from the marts (benchmark, best
prices, consensus, move, tickets and money of every game and market), and every open price of today's games from the
ticks themselves. The floor is a question that reads nothing.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.bench_staging import NOW, STORED, fill, scratch_warehouse, stage
from benchmarks.figures import Figure
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare

BUDGET_MS = 20.0
TIMES = 200

SLATE = """
select home_team, away_team, scheduled_start_at, market, benchmark_book, benchmark_line, benchmark_price_1,
    benchmark_price_2, best_price_1, best_book_1, best_price_2, best_book_2, consensus_line, consensus_probability_1,
    consensus_books, move, late_move, tickets_1, money_1
from curated.betting_lines_enhanced
where decision = 'current' and official_date = %s
order by scheduled_start_at, game_key, market
"""

PRICES = """
select games.game_key, series.source, series.book, series.market, series.side, ticks.line, ticks.price_american,
    ticks.known_at
from staging.games as games
inner join staging.game_crosswalk as ties on ties.game_key = games.game_key
inner join staging.odds_series as series on series.source = ties.source and series.event_id = ties.event_id
cross join lateral (
    select line, price_american, status, known_at
    from staging.odds_ticks as ticks
    where ticks.series_id = series.series_id
    order by known_at desc, seq desc
    limit 1
) as ticks
where games.official_date = %s and series.period = 'game' and series.alternate_line = '' and ticks.status = 'open'
"""


def measure() -> list[Figure]:
    from dagster_mlb.pipeline import demo_settings
    from dagster_mlb.simulator.demo import DEMO_WORLD
    from dagster_mlb.simulator.server import run_league_server
    from dagster_mlb.sources.slate import collect_slate

    with run_league_server(DEMO_WORLD) as url, scratch_warehouse(NOW) as settings:
        demo = demo_settings(settings, url)
        prepare(demo)
        collect_slate(demo, run_id="bench")
        stage(demo, "+betting_lines_enhanced")
        stage(demo, "stg_raw__record_counts", "+int_series_accounts")
        fill(demo, STORED)
        day = DEMO_WORLD.today
        slate, floor, rows = quantile_ms(demo, SLATE, day)
        prices, _, many = quantile_ms(demo, PRICES, day)
    return [
        Figure(
            f"today's slate from the marts, {rows} rows, {STORED:,} ticks stored, p95",
            slate,
            "ms",
            floor,
            "a question that reads nothing",
            BUDGET_MS,
        ),
        Figure(f"every open price of today's games from the ticks, {many:,} rows, p95", prices, "ms"),
    ]


def quantile_ms(settings: Settings, query: str, day: object) -> tuple[float, float, int]:
    """The 95th percentile of a query and of the floor, milliseconds, and how many rows it gives."""
    with connect(settings) as connection:
        rows = connection.execute(query, [day]).fetchall()  # type: ignore[call-overload]
        if not rows:
            raise RuntimeError(f"the slate of {day} is empty: nothing was measured")
        asked, nothing = np.empty(TIMES), np.empty(TIMES)
        for nth in range(TIMES):
            started = time.perf_counter()
            connection.execute(query, [day]).fetchall()  # type: ignore[call-overload]
            asked[nth] = time.perf_counter() - started
            started = time.perf_counter()
            connection.execute("select 1").fetchall()
            nothing[nth] = time.perf_counter() - started
    return float(np.quantile(asked, 0.95) * 1e3), float(np.quantile(nothing, 0.95) * 1e3), len(rows)
