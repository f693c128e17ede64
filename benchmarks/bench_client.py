"""The polite client against a server whose every answer takes 200 ms: 500 requests, ten at once.

The server is a process of its own. Beside the ideal (latency × requests / concurrency) stands bare httpx, in the same
run: the same requests with nothing of ours. Without latency: what one request costs, again beside bare httpx. And what
it costs to be admitted by the pace that all processes share (one row in PostgreSQL).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from benchmarks.figures import Figure
from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.sources.http import Outcome, PoliteClient, SourcePolicy, SourceRequest

REQUESTS = 500
CONCURRENCY = 10
LATENCY_S = 0.2
BUDGET = 1.1  # times the ideal
ADMISSIONS = 500

SETTINGS = Settings(environment="test", fixed_now=datetime(2025, 7, 15, 16, tzinfo=UTC))
POLICY = SourcePolicy("mlb_stats", loopback_concurrency=CONCURRENCY)

_SERVER = """
import sys
sys.path.insert(0, "tests")
from loopback_source import LoopbackSource, Reply
with LoopbackSource() as source:
    source.on("/page", Reply(body=b'{"games": []}', delay_s=float(sys.argv[1])))
    print(source.base_url, flush=True)
    sys.stdin.read()
"""


def measure() -> list[Figure]:
    ideal = LATENCY_S * REQUESTS / CONCURRENCY
    with server(LATENCY_S) as base_url:
        ours, bare = seconds_of_ours(base_url), seconds_of_bare_httpx(base_url)
    with server(0.0) as base_url:
        costs = [(seconds_of_ours(base_url), seconds_of_bare_httpx(base_url)) for _ in range(3)]
    cost, bare_cost = (min(times) * 1000 / REQUESTS for times in zip(*costs, strict=True))
    return [
        Figure(
            f"{REQUESTS} requests of {LATENCY_S * 1000:.0f} ms, {CONCURRENCY} at once",
            ours,
            "s",
            ideal,
            "ideal",
            BUDGET * ideal,
        ),
        Figure("  beside bare httpx", ours, "s", bare, "bare httpx"),
        Figure("  one request without latency", cost, "ms", bare_cost, "bare httpx"),
        Figure("  one turn of the pace that processes share", milliseconds_of_a_turn(), "ms"),
    ]


@contextmanager
def server(latency_s: float) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(latency_s)],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)


def seconds_of_ours(base_url: str) -> float:
    async def ask() -> None:
        async with PoliteClient(SETTINGS, POLICY, base_url) as client:
            requests = [SourceRequest("page", "/page", {"n": str(number)}) for number in range(REQUESTS)]
            fetched = await asyncio.gather(*(client.fetch(request) for request in requests))
        if any(one.outcome is not Outcome.RECEIVED for one in fetched):
            raise RuntimeError("not every request was answered")

    started = time.perf_counter()
    asyncio.run(ask())
    return time.perf_counter() - started


def seconds_of_bare_httpx(base_url: str) -> float:
    async def ask() -> None:
        slots = asyncio.Semaphore(CONCURRENCY)
        limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
        async with httpx.AsyncClient(http2=True, trust_env=False, limits=limits) as client:

            async def one(number: int) -> None:
                async with slots:
                    await client.get(f"{base_url}/page", params={"n": str(number)})

            await asyncio.gather(*(one(number) for number in range(REQUESTS)))

    started = time.perf_counter()
    asyncio.run(ask())
    return time.perf_counter() - started


def milliseconds_of_a_turn() -> float:
    from benchmarks.bench_archive import scratch_warehouse
    from dagster_mlb.sources.rate_limits import Pace, SharedLimits
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.migrate import migrate

    async def take(limits: SharedLimits) -> float:
        turns = limits.turns("mlb_stats", Pace(1e-6))
        started = time.perf_counter()
        for _ in range(ADMISSIONS):
            await turns.take("live")
        return (time.perf_counter() - started) * 1000 / ADMISSIONS

    with scratch_warehouse([]) as (settings, _):
        migrate(settings)
        with SharedLimits(connect(settings, role="ingest", autocommit=True)) as limits:
            return asyncio.run(take(limits))
