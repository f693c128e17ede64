"""Several sources side by side, and what processes share: the pace, the pauses and the circuit of a source."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from loopback_source import Asked, LoopbackSource, Reply
from pydantic import SecretStr

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.sources import collection_writer
from dagster_mlb.sources.collection import CollectionResult, Plan, collect, collect_many
from dagster_mlb.sources.health import read_health
from dagster_mlb.sources.http import SourceNotConfiguredError, SourcePolicy, SourceRequest
from dagster_mlb.sources.http_messages import Priority
from dagster_mlb.sources.parsing import ParsedBody, RowReader
from dagster_mlb.sources.rate_limits import Pace, SharedLimits
from dagster_mlb.warehouse.connection import connect

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
KEY = "k3y/of+the=house"


@pytest.fixture
def source() -> Iterator[LoopbackSource]:
    with LoopbackSource() as server:
        yield server


def policy_of(source: str = "sbr", **changes: Any) -> SourcePolicy:
    return replace(SourcePolicy(source, backoff_initial_s=0.01, backoff_max_s=0.02, max_attempts=1), **changes)


def plan_of(
    server: LoopbackSource,
    policy: SourcePolicy,
    number: int = 1,
    *,
    path: str = "/page",
    table: str = "sbr_odds",
    priority: Priority = "live",
    **changes: Any,
) -> Plan:
    requests = [SourceRequest("page", path, {"n": str(n)}, priority=priority) for n in range(number)]
    return Plan(policy, server.base_url, table, requests, **changes)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def page(asked: Asked) -> Reply:
    return Reply(body=f'{{"page": {asked.params["n"]}}}'.encode())


# ---------------------------------------------------------------- side by side


def test_plans_of_several_sources_run_side_by_side_and_each_has_its_result(
    database: Settings, source: LoopbackSource
) -> None:
    source.on("/page", lambda asked: replace(page(asked), delay_s=0.2))
    names = {"sbr": "sbr_odds", "sbd": "sbd_odds", "vsin": "vsin_splits", "savant": "savant_pitches"}
    plans = [plan_of(source, policy_of(name), 3, table=table) for name, table in names.items()]
    begun = time.perf_counter()
    results = collect_many(database, [*plans, replace(plans[0], requests=[])], run_id="run-1")
    assert time.perf_counter() - begun < 4 * 0.2
    assert [(r.source, r.table, r.stored) for r in results[:4]] == [(n, t, 3) for n, t in names.items()]
    assert results[4].requests == 0
    for table in names.values():
        assert rows(database, f"select count(*) from raw_data.{table}") == [(3,)]
    assert rows(database, "select count(*) from operational.source_health where status = 'healthy'") == [(4,)]


def test_a_source_that_hangs_delays_no_other_and_stops_at_its_own_limit(
    database: Settings, source: LoopbackSource
) -> None:
    source.on("/page", page)
    source.on("/hangs", Reply(delay_s=30))
    ill = plan_of(
        source, policy_of("vsin", budget_s=1.5, loopback_concurrency=2), 5, path="/hangs", table="vsin_splits"
    )
    hung, well = collect_many(database, [ill, plan_of(source, policy_of(), 20)], run_id="run-1")
    assert (well.stored, well.failures) == (20, [])
    assert well.seconds < 1.2
    assert 1.4 < hung.seconds < 3
    assert sorted({failure.outcome for failure in hung.failures}) == ["refused", "transient"]
    assert len(hung.failures) == 5
    assert sum("the time budget of 1.5 s for vsin is spent" in failure.message for failure in hung.failures) == 3


def test_plans_of_one_source_share_its_connections_and_its_health(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", lambda asked: replace(page(asked), delay_s=0.03))
    source.on("/history", lambda asked: replace(page(asked), delay_s=0.03))
    policy = policy_of(loopback_concurrency=2)
    one = plan_of(source, policy, 6)
    other = plan_of(source, policy, 6, path="/history", table="sbr_line_history", priority="history")
    results = collect_many(database, [one, other], run_id="run-1")
    assert [(r.stored, len(r.load_ids)) for r in results] == [(6, 6), (6, 6)]
    assert source.most_at_once == 2
    places = {path: [n for n, asked in enumerate(source.asked) if asked.path == path] for path in ("/page", "/history")}
    assert sum(places["/page"]) < sum(places["/history"])  # what is live went first
    assert places["/page"][-1] < 11
    assert rows(database, "select source, status from operational.source_health") == [("sbr", "healthy")]


def test_a_plan_that_breaks_loses_nothing_of_its_neighbours(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", page)
    broken = plan_of(source, policy_of("vsin"), table="no_such_table")
    with pytest.raises(ValueError, match="no_such_table holds no responses"):
        collect_many(database, [broken, plan_of(source, policy_of(), 5)], run_id="run-1")
    assert rows(database, "select count(*) from raw_data.sbr_odds") == [(5,)]


def test_an_address_that_is_none_is_told_before_anything_is_asked(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", page)
    with pytest.raises(SourceNotConfiguredError, match="MLB_VSIN_BASE_URL"):
        collect_many(
            database,
            [
                plan_of(source, policy_of()),
                Plan(policy_of("vsin"), "no address", "vsin_splits", [SourceRequest("page", "/page")]),
            ],
            run_id="run-1",
        )
    assert source.asked == []


def test_the_run_and_its_log_share_one_correlation_id(
    database: Settings, source: LoopbackSource, caplog: pytest.LogCaptureFixture
) -> None:
    source.on("/page", Reply(404))
    with caplog.at_level(logging.INFO, logger="dagster_mlb.sources"):
        collect(database, plan_of(source, policy_of()), run_id="run-5")
    [(correlation_id, run_id)] = rows(database, "select correlation_id, run_id from operational.collection_log")
    assert f"correlation_id={correlation_id} run_id={run_id} source=sbr" in caplog.text


# ---------------------------------------------------------------- the pace that processes share

WORKER = """
import sys
from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import Plan, collect
from dagster_mlb.sources.http import SourcePolicy, SourceRequest
url, base_url, interval, worker = sys.argv[1:]
policy = SourcePolicy("sbr", loopback_min_interval_s=float(interval), loopback_concurrency=4)
requests = [SourceRequest("page", "/page", {"n": f"{worker}-{n}"}) for n in range(8)]
settings = Settings(environment="test", database_url=url, fixed_now="2025-07-15T16:00:00Z")
print("ready", flush=True)
sys.stdin.readline()
result = collect(settings, Plan(policy, base_url, "sbr_odds", requests), run_id=worker)
sys.exit(0 if result.is_complete else 1)
"""


def test_four_processes_together_keep_to_the_rate_of_one_source(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", Reply(body=b"[]"))
    interval, late = 0.1, 0.2  # s; a busy machine is late, four paces of their own would be earlier still
    url = database.database_url
    assert url is not None
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url.get_secret_value(), source.base_url, str(interval), f"w{number}"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    for worker in workers:  # all at once: to wait for one here would be to let them go one after the other
        assert worker.stdin is not None
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0] * 4
    moments = sorted(asked.at for asked in source.asked)
    assert len(moments) == 32
    assert moments[-1] - moments[0] >= 31 * interval - late
    for first in range(32 - 10):
        assert moments[first + 10] - moments[first] >= 10 * interval - late
    assert moments[-1] - moments[0] < 31 * interval * 2.5  # and the rate is used


def test_a_backfill_of_another_process_leaves_live_its_part(database: Settings) -> None:
    async def both() -> tuple[float, int]:
        with (
            SharedLimits(connect(database, role="ingest", autocommit=True)) as one,
            SharedLimits(connect(database, role="ingest", autocommit=True)) as other,
        ):
            live, backfill = one.turns("sbr", Pace(0.02)), other.turns("sbr", Pace(0.02))
            given = 0

            async def fill() -> None:
                nonlocal given
                while True:
                    wait = await backfill.take("history")
                    given += wait is None
                    await asyncio.sleep(wait.seconds if wait else 0)

            filling = asyncio.create_task(fill())
            await asyncio.sleep(0.1)
            begun, taken = time.perf_counter(), 0
            while taken < 15:
                wait = await live.take("live")
                taken += wait is None
                await asyncio.sleep(wait.seconds if wait else 0)
            seconds = time.perf_counter() - begun
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)
            return seconds, given

    seconds, given = asyncio.run(both())
    assert seconds < 15 * 0.02 / 0.5 * 1.5  # half of the rate, and some time for the machine
    assert given > 0


def test_what_one_process_is_asked_to_wait_every_process_waits(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", Reply(429, headers={"retry-after": "1"}), Reply(body=b"[]"))
    policy = policy_of(loopback_min_interval_s=0.01)
    first = collect(database, plan_of(source, policy), run_id="run-1")
    assert [failure.outcome for failure in first.failures] == ["transient"]
    assert collect(database, plan_of(source, policy), run_id="run-2").is_complete
    assert source.asked[1].at - source.asked[0].at >= 0.99


def test_asked_to_stay_away_for_long_no_other_run_asks_either(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", Reply(429, headers={"retry-after": "3600"}))
    policy = policy_of(loopback_min_interval_s=0.01)
    collect(database, plan_of(source, policy), run_id="run-1")
    begun = time.perf_counter()
    second = collect(database, plan_of(source, policy), run_id="run-2")
    assert time.perf_counter() - begun < 2
    assert "asks to stay away for 3600 s" in second.failures[0].message
    assert len(source.asked) == 1


def test_the_clock_of_the_pace_is_the_servers_and_a_session_of_another_zone_reads_the_same(
    database: Settings,
) -> None:
    async def take() -> list[bool]:
        with (
            SharedLimits(connect(database, autocommit=True)) as one,
            SharedLimits(connect(database, autocommit=True)) as other,
        ):
            other.connection.execute("set time zone 'America/New_York'")
            turns = [limits.turns("sbr", Pace(30.0)) for limits in (one, other)]
            return [await turn.take("live") is None for turn in turns]

    assert asyncio.run(take()) == [True, False]


# ---------------------------------------------------------------- the circuit that runs share


def run_at(database: Settings, source: LoopbackSource, minutes: float, run_id: str, **changes: Any) -> CollectionResult:
    moment = NOW + timedelta(minutes=minutes)
    policy = policy_of(loopback_concurrency=1, give_up_after=3, expected_every_s=600, **changes)
    return collect(database.model_copy(update={"fixed_now": moment}), plan_of(source, policy, 4), run_id=run_id)


def test_a_source_that_stays_ill_is_probed_once_a_run_until_it_is_well(
    database: Settings, source: LoopbackSource
) -> None:
    source.on("/page", Reply(503))
    first = run_at(database, source, 0, "run-1")
    assert [failure.outcome for failure in first.failures] == ["transient"] * 3 + ["refused"]
    again = run_at(database, source, 0, "run-1")  # of the same run, on a clock that stands
    assert (
        "sbr's circuit is open since 2025-07-15 16:00:00 UTC: 3 requests in a row failed" in again.failures[0].message
    )
    assert len(source.asked) == 3
    run_at(database, source, 0, "run-2")
    assert len(source.asked) == 4
    states = "select breaker_state, times_opened, opened_by from operational.source_health"
    assert rows(database, states) == [("open", 2, "run-2")]
    source.on("/page", page)
    well = run_at(database, source, 5, "run-3")
    assert well.is_complete
    assert rows(database, states) == [("closed", 0, None)]


def test_failures_add_up_over_runs_that_ask_one_thing_each(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", Reply(403))
    policy = policy_of(give_up_after=3)
    for number in range(3):
        collect(database, plan_of(source, policy), run_id=f"run-{number}")
    assert rows(database, "select breaker_state, breaker_failures from operational.source_health") == [("open", 3)]


def test_scores_say_how_reliable_and_how_fresh_a_source_is(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", page)
    run_at(database, source, 0, "run-1")
    source.on("/page", lambda asked: Reply(200, b"{") if asked.params["n"] == "3" else page(asked))
    run_at(database, source, 1, "run-2")
    with connect(database) as conn:
        [health] = read_health(conn, NOW + timedelta(minutes=41))
    assert (health.source, health.status, health.breaker_state) == ("sbr", "degraded", "closed")
    assert health.reliability == pytest.approx(7 / 8, abs=0.03)
    assert health.freshness == pytest.approx(600 / 2400)
    assert rows(database, "select freshness, expected_every_s from operational.source_health") == [(1.0, 600.0)]


def test_a_source_that_was_never_asked_has_no_score_and_one_without_a_cadence_no_freshness(
    database: Settings, source: LoopbackSource
) -> None:
    source.on("/page", Reply(404))
    collect(database, plan_of(source, policy_of()), run_id="run-1")
    with connect(database) as conn:
        [health] = read_health(conn, NOW)
    assert (health.reliability, health.freshness, health.status) == (None, None, "down")


# ---------------------------------------------------------------- answers from the cache


def fresh_page(asked: Asked) -> Reply:
    return replace(page(asked), headers={"cache-control": "max-age=60"})


def test_an_answer_that_is_still_fresh_is_counted_and_is_no_new_row(database: Settings, source: LoopbackSource) -> None:
    source.on("/page", fresh_page)
    plan = plan_of(source, policy_of(cache="always", cost_header=None), 4)
    first = collect(database, plan, run_id="run-1")
    second = collect(database, plan, run_id="run-2")
    assert (first.stored, first.cached, first.cache_hit_rate) == (4, 0, 0.0)
    assert (second.stored, second.repeats, second.cached, second.attempts, second.cache_hit_rate) == (0, 0, 4, 0, 1.0)
    assert second.is_complete
    assert len(source.asked) == 4
    assert rows(database, "select count(*) from raw_data.sbr_odds") == [(4,)]
    logged = "select outcome, load_id from operational.collection_log where run_id = 'run-2' order by load_id"
    assert rows(database, logged) == [("cached", load_id) for load_id in sorted(first.load_ids)]
    measured = "select value from operational.performance_monitoring where metric = 'cache_hit_rate' order by run_id"
    assert rows(database, measured) == [(0.0,), (1.0,)]


def test_a_304_is_a_heartbeat_in_raw(database: Settings, source: LoopbackSource) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(304) if "if-none-match" in asked.headers else replace(page(asked), headers={"etag": '"v1"'})

    source.on("/page", answer)
    plan = plan_of(source, policy_of(cache="always"), 2)
    first = collect(database, plan, run_id="run-1")
    second = collect(database, plan, run_id="run-2")
    assert (second.stored, second.repeats, second.revalidated, second.cache_hit_rate) == (0, 2, 2, 1.0)
    found = "select repeat_of from raw_data.sbr_odds where body is null order by 1"
    assert rows(database, found) == [(load_id,) for load_id in sorted(first.load_ids)]
    logged = "select distinct outcome, http_status from operational.collection_log where run_id = 'run-2'"
    assert rows(database, logged) == [("repeat", 304)]


def test_what_the_cache_keeps_and_raw_does_not_is_stored(
    database: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.on("/page", fresh_page)
    plan = plan_of(source, policy_of(cache="always"), 2)
    with monkeypatch.context() as patch:  # the run dies between the answer and the row
        patch.setattr(collection_writer, "store_many", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("died")))
        with pytest.raises(RuntimeError, match="died"):
            collect(database, plan, run_id="run-1")
    assert rows(database, "select count(*) from raw_data.sbr_odds") == [(0,)]
    again = collect(database, plan, run_id="run-2")
    assert (again.cached, again.stored) == (2, 2)
    assert rows(database, "select count(*) from raw_data.sbr_odds where body is not null") == [(2,)]


# ---------------------------------------------------------------- keys and readers


def test_the_key_is_in_no_table_and_no_file(
    database: Settings, source: LoopbackSource, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f'{{"message": "{KEY}"}}'.encode()
    source.on("/page", Reply(403, echo, headers={"retry-after": "1"}))
    source.on("/odds", Reply(body=echo, headers={"cache-control": "max-age=600"}))
    policy = policy_of("odds_api", give_up_after=1, cache="always", loopback_min_interval_s=0.001)
    secrets = {"apiKey": SecretStr(KEY)}
    with caplog.at_level(logging.DEBUG):
        for path in ("/odds", "/page", "/page"):
            plan = plan_of(source, policy, 2, path=path, table="odds_api_odds", secret_params=secrets)
            collect(database, plan, run_id=f"run-{path}")
    assert all(asked.params["apiKey"] == KEY for asked in source.asked)
    texts = [caplog.text, *(str(record.__dict__) for record in caplog.records)]
    for table in ("source_health", "rate_limits", "collection_log", "performance_monitoring", "alerts"):
        texts += [str(row) for row in rows(database, f"select to_jsonb(t) from operational.{table} t")]
    texts += [
        str(row) for row in rows(database, "select to_jsonb(t), encode(body, 'escape') from raw_data.odds_api_odds t")
    ]
    files = b"".join(path.read_bytes() for path in database.data_dir.rglob("*") if path.is_file())
    assert len(texts) > 8
    for spelling in (KEY, "k3y%2Fof%2Bthe%3Dhouse", "k3y", KEY.encode().hex()):
        assert spelling not in "\n".join(texts)
        assert spelling.encode() not in files


def test_a_reader_reads_what_came_once(database: Settings, source: LoopbackSource) -> None:
    with connect(database) as conn:
        conn.execute("select raw_data.create_rows_table('page_rows', array['cell'])")
        conn.execute("grant select, insert on raw_data.page_rows to mlb_ingest")
    source.on("/page", page)
    reader = RowReader("sbr_odds", "page_rows", ("cell",), 1, lambda body: ParsedBody([(body.decode(),)]))
    for run_id in ("run-1", "run-2"):
        collect(database, plan_of(source, policy_of(), 2, reader=reader), run_id=run_id)
    assert rows(database, "select cell from raw_data.page_rows order by 1") == [('{"page": 0}',), ('{"page": 1}',)]
