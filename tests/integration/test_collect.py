"""Collecting over real HTTP into a real database: what came, what failed, and what was written down about it."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from loopback_source import Answerer, Asked, LoopbackSource, Reply
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources import collection, collection_writer
from dagster_mlb.sources.collect import (
    collect_historical_odds,
    collect_odds,
    collect_schedule,
    collect_scores,
    collect_teams,
)
from dagster_mlb.sources.collection_writer import AnswerWriter
from dagster_mlb.sources.http import SourceError, SourceNotConfiguredError
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.sources.odds_api import client as odds_api
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.errors import WarehouseUnavailableError

SCHEDULE = "/mlb_stats/api/v1/schedule"
TEAMS = "/mlb_stats/api/v1/teams"
ODDS = "/odds_api/v4/sports/baseball_mlb/odds"
SCORES = "/odds_api/v4/sports/baseball_mlb/scores"
HISTORICAL = "/odds_api/v4/historical/sports/baseball_mlb/odds"
KEY = "k3y/of+the=house"

TODAY = date(2025, 7, 15)  # in New York, at the moment at which the fixture's clock stands


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackSource]:
    """The league's server; both sources retry without waiting long."""
    for client in (mlb_stats, odds_api):
        monkeypatch.setattr(client, "POLICY", replace(client.POLICY, backoff_initial_s=0.01, backoff_max_s=0.02))
    with LoopbackSource() as server:
        yield server


@pytest.fixture
def settings(database: Settings, source: LoopbackSource) -> Settings:
    return database.model_copy(
        update={
            "mlb_stats_base_url": f"{source.base_url}/mlb_stats",
            "odds_api_base_url": f"{source.base_url}/odds_api",
            "odds_api_key": SecretStr(KEY),
        }
    )


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def schedule_of_the_day(asked: Asked) -> Reply:
    return Reply(body=f'{{"dates": [{{"date": "{asked.params["date"]}"}}]}}'.encode())


def days_that(fail: dict[date, Reply]) -> Answerer:
    by_text = {day.isoformat(): reply for day, reply in fail.items()}
    return lambda asked: by_text.get(asked.params["date"]) or schedule_of_the_day(asked)


# ---------------------------------------------------------------- what stands in raw


def test_each_day_of_a_schedule_is_one_response_with_its_date_and_its_bytes(
    settings: Settings, source: LoopbackSource
) -> None:
    source.on(SCHEDULE, schedule_of_the_day)
    result = collect_schedule(settings, date(2025, 4, 1), date(2025, 4, 3), run_id="run-1")
    assert (result.requests, result.stored, result.repeats, result.failures) == (3, 3, 0, [])
    assert result.provenance == "simulated"
    assert result.first_observed_at == result.last_observed_at == settings.now()
    found = rows(
        settings,
        """select official_date, body, byte_length, http_status, content_type, provenance, capture, run_id,
                  observed_at, ingested_at, source, endpoint, content_hash = encode(sha256(body), 'hex')
           from raw_data.mlb_stats_schedule order by official_date""",
    )
    body = b'{"dates": [{"date": "2025-04-02"}]}'
    now = settings.now()
    assert found[1] == (
        *(date(2025, 4, 2), body, len(body), 200, "application/json", "simulated", "backfilled", "run-1"),
        *(now, now, "mlb_stats", "schedule", True),
    )
    assert sorted(result.load_ids) == [
        row[0] for row in rows(settings, "select load_id from raw_data.mlb_stats_schedule order by 1")
    ]
    assert result.bytes == 3 * len(body)


def test_a_day_is_captured_while_it_is_news_and_backfilled_later(settings: Settings, source: LoopbackSource) -> None:
    source.on(SCHEDULE, schedule_of_the_day)
    collect_schedule(settings, TODAY - timedelta(days=2), TODAY + timedelta(days=1), run_id="run-1")
    found = rows(settings, "select official_date - '2025-07-15', capture from raw_data.mlb_stats_schedule order by 1")
    assert found == [(-2, "backfilled"), (-1, "captured"), (0, "captured"), (1, "captured")]


def test_the_baseball_day_ends_in_new_york_and_not_in_utc(settings: Settings, source: LoopbackSource) -> None:
    source.on(SCHEDULE, schedule_of_the_day)
    late = settings.model_copy(update={"fixed_now": datetime(2025, 7, 16, 3, 59, tzinfo=UTC)})
    collect_schedule(late, TODAY - timedelta(days=1), TODAY - timedelta(days=1), run_id="run-1")
    assert rows(settings, "select capture from raw_data.mlb_stats_schedule") == [("captured",)]


def test_what_is_said_again_is_a_heartbeat_that_points_to_the_bytes(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(body=b"[1]"), Reply(body=b"[1]"), Reply(body=b"[2]"), Reply(body=b"[1]"))
    results = [collect_odds(settings, run_id=f"run-{n}") for n in range(4)]
    assert [(result.stored, result.repeats) for result in results] == [(1, 0), (0, 1), (1, 0), (0, 1)]
    found = rows(settings, "select body, repeat_of, capture from raw_data.odds_api_odds order by load_id")
    first = results[0].load_ids[0]
    assert found == [
        (b"[1]", None, "captured"),
        (None, first, "captured"),
        (b"[2]", None, "captured"),
        (None, first, "captured"),
    ]
    outcomes = rows(settings, "select outcome from operational.collection_log order by attempt_id")
    assert [outcome for (outcome,) in outcomes] == ["stored", "repeat", "stored", "repeat"]


def test_teams_of_a_past_season_are_a_backfill_and_those_of_this_one_news(
    settings: Settings, source: LoopbackSource
) -> None:
    source.on(TEAMS, Reply(body=b'{"teams": []}'))
    collect_teams(settings, 2024, run_id="run-1")
    collect_teams(settings, 2025, run_id="run-1")
    found = rows(settings, "select request_key, capture, official_date from raw_data.mlb_stats_teams order by load_id")
    assert found == [
        ("GET /api/v1/teams?season=2024&sportId=1", "backfilled", None),
        ("GET /api/v1/teams?season=2025&sportId=1", "captured", None),
    ]


def test_historical_odds_are_asked_once_per_moment_and_backfilled(settings: Settings, source: LoopbackSource) -> None:
    source.on(HISTORICAL, lambda asked: Reply(body=f'{{"timestamp": "{asked.params["date"]}"}}'.encode()))
    moment = datetime(2025, 6, 1, 16, tzinfo=UTC)
    result = collect_historical_odds(settings, [moment, moment + timedelta(hours=6), moment], run_id="run-1")
    assert result.requests == result.stored == 2
    assert rows(settings, "select distinct capture from raw_data.odds_api_historical_odds") == [("backfilled",)]


def test_scores_are_news(settings: Settings, source: LoopbackSource) -> None:
    source.on(SCORES, Reply(body=b"[]"))
    result = collect_scores(settings, 3, run_id="run-1")
    assert (result.stored, result.table) == (1, "odds_api_scores")
    assert source.asked[0].params["daysFrom"] == "3"
    assert rows(settings, "select capture from raw_data.odds_api_scores") == [("captured",)]


def test_a_season_goes_to_raw_in_batches_and_is_complete(
    settings: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.on(SCHEDULE, schedule_of_the_day)
    monkeypatch.setattr(collection, "BATCH_BYTES", 1000)
    result = collect_schedule(settings, date(2024, 3, 20), date(2024, 10, 31), run_id="run-1")
    assert result.stored == result.requests == 226
    assert rows(settings, "select count(distinct official_date) from raw_data.mlb_stats_schedule") == [(226,)]
    again = collect_schedule(settings, date(2024, 3, 20), date(2024, 10, 31), run_id="run-2")
    assert (again.stored, again.repeats) == (0, 226)


def test_a_slow_source_does_not_keep_what_came_from_the_database(
    settings: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "BATCH_IDLE_S", 0.05)
    stored_meanwhile: list[int] = []

    def answer(asked: Asked) -> Reply:
        if asked.params["date"] == "2025-04-02":
            return Reply(body=b"{}", delay_s=0.6)
        return schedule_of_the_day(asked)

    source.on(SCHEDULE, answer)
    write = AnswerWriter.write

    def counting(self: AnswerWriter, batch: Any) -> None:
        write(self, batch)
        stored_meanwhile.append(len(batch))

    monkeypatch.setattr(AnswerWriter, "write", counting)
    collect_schedule(settings, date(2025, 4, 1), date(2025, 4, 3), run_id="run-1")
    assert stored_meanwhile == [2, 1]


# ---------------------------------------------------------------- what failed


def test_one_failed_day_loses_none_of_the_others_and_is_named(settings: Settings, source: LoopbackSource) -> None:
    bad = date(2025, 4, 2)
    source.on(SCHEDULE, days_that({bad: Reply(404, b'{"messageNumber":10,"message":"Object not found"}')}))
    result = collect_schedule(settings, date(2025, 4, 1), date(2025, 4, 4), run_id="run-1")
    assert (result.requests, result.stored) == (4, 3)
    with pytest.raises(SourceError, match=r"1 of 4 schedule requests failed: GET .*date=2025-04-02.*Object not found"):
        result.raise_if_failed()
    # An error is no content: it stands in the log and not among the responses.
    assert rows(settings, "select count(*) from raw_data.mlb_stats_schedule") == [(3,)]
    assert rows(
        settings,
        "select outcome, http_status, load_id, message from operational.collection_log where outcome <> 'stored'",
    ) == [("permanent", 404, None, "HTTP 404: Object not found")]
    assert rows(settings, "select status from operational.source_health") == [("degraded",)]


def test_a_complete_collection_raises_nothing(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(body=b"[]"))
    result = collect_odds(settings, run_id="run-1")
    assert result.is_complete
    result.raise_if_failed()


def test_every_attempt_is_written_down(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(503), Reply(is_dropped=True), Reply(body=b"[]"))
    result = collect_odds(settings, run_id="run-7")
    assert (result.attempts, result.stored) == (3, 1)
    found = rows(
        settings,
        """select attempt, outcome, http_status, load_id is not null, count(*) over (partition by correlation_id),
                  run_id, logged_at
           from operational.collection_log order by attempt""",
    )
    assert [row[:5] for row in found] == [
        (1, "transient", 503, False, 3),
        (2, "transient", None, False, 3),
        (3, "stored", 200, True, 3),
    ]
    assert {row[5:] for row in found} == {("run-7", settings.now())}


@pytest.mark.parametrize(
    ("reply", "outcome", "bodies"),
    [
        (Reply(204), "empty", 0),
        (Reply(200, b""), "empty", 0),
        (Reply(403, b"<html>", content_type="text/html"), "blocked", 0),
        (Reply(200, b"<html>", content_type="text/html"), "blocked", 1),
        (Reply(200, b'{"cut'), "malformed", 1),
        (Reply(200, b"nul \x00 and \xff"), "malformed", 1),
        (Reply(422, b'{"message": "Invalid markets", "error_code": "INVALID_MARKET"}'), "permanent", 0),
        (Reply(500), "transient", 0),
    ],
)
def test_each_way_of_failing_is_a_failure_by_its_name(
    settings: Settings, source: LoopbackSource, reply: Reply, outcome: str, bodies: int
) -> None:
    source.on(ODDS, reply)
    result = collect_odds(settings, run_id="run-1")
    assert [failure.outcome for failure in result.failures] == [outcome]
    assert rows(settings, "select count(*) from raw_data.odds_api_odds where body is not null") == [(bodies,)]
    assert rows(
        settings,
        "select outcome, load_id is not null from operational.collection_log order by attempt_id desc limit 1",
    ) == [(outcome, bool(bodies))]
    assert rows(settings, "select status from operational.source_health") == [("down",)]


def test_a_body_over_the_cap_is_stored_as_its_beginning_its_length_and_its_hash(
    settings: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(odds_api, "POLICY", replace(odds_api.POLICY, max_body_bytes=1000))
    bomb = gzip.compress(b"[" + b" " * 4998 + b"]", mtime=0)
    source.on(ODDS, Reply(body=bomb, headers={"content-encoding": "gzip"}))
    result = collect_odds(settings, run_id="run-1")
    assert [failure.outcome for failure in result.failures] == ["malformed"]
    found = rows(
        settings,
        """select is_truncated, length(body), byte_length,
                  content_hash = encode(sha256(('[' || repeat(' ', 4998) || ']')::bytea), 'hex')
           from raw_data.odds_api_odds""",
    )
    assert found == [(True, 1000, 5000, True)]


def test_health_remembers_the_last_success_and_counts_failures_since(
    settings: Settings, source: LoopbackSource
) -> None:
    source.on(ODDS, Reply(body=b"[]"), Reply(404), Reply(404), Reply(body=b"[]"))
    seen = []
    for hour in range(4):
        moment = datetime(2025, 7, 15, 16 + hour, tzinfo=UTC)
        collect_odds(settings.model_copy(update={"fixed_now": moment}), run_id="run-1")
        seen += rows(
            settings,
            """select status, consecutive_failures, extract(hour from last_success_at)::int,
                      extract(hour from last_failure_at)::int from operational.source_health""",
        )
    assert seen == [("healthy", 0, 16, None), ("down", 1, 16, 17), ("down", 2, 16, 18), ("healthy", 0, 19, 18)]


def test_a_source_that_is_down_is_given_up_on_and_the_rest_is_not_asked(
    settings: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlb_stats, "POLICY", replace(mlb_stats.POLICY, loopback_concurrency=1, max_attempts=1))
    source.on(SCHEDULE, Reply(503))
    result = collect_schedule(settings, date(2025, 4, 1), date(2025, 4, 30), run_id="run-1")
    assert len(source.asked) == 5
    assert sorted({failure.outcome for failure in result.failures}) == ["refused", "transient"]
    assert len(result.failures) == 30
    with pytest.raises(SourceError, match=r"30 of 30 .* and 25 more \(operational.collection_log\)"):
        result.raise_if_failed()


# ---------------------------------------------------------------- credits and keys


def test_credits_are_summed_and_an_empty_account_ends_the_asking(settings: Settings, source: LoopbackSource) -> None:
    left = iter([60, 30, 0])

    def answer(asked: Asked) -> Reply:
        headers = {"x-requests-last": "30", "x-requests-remaining": str(next(left))}
        return Reply(body=f'{{"timestamp": "{asked.params["date"]}"}}'.encode(), headers=headers)

    source.on(HISTORICAL, answer)
    one_at_a_time = replace(odds_api.POLICY, loopback_concurrency=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(odds_api, "POLICY", one_at_a_time)
        moments = [datetime(2025, 6, day, 16, tzinfo=UTC) for day in range(1, 6)]
        result = collect_historical_odds(settings, moments, run_id="run-1")
    assert (result.stored, result.credits_used, result.credits_remaining) == (3, 90, 0)
    assert len(source.asked) == 3
    assert [(failure.outcome, "no credits remain" in failure.message) for failure in result.failures] == [
        ("refused", True),
        ("refused", True),
    ]


def test_a_refused_key_is_not_tried_again(
    settings: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(odds_api, "POLICY", replace(odds_api.POLICY, loopback_concurrency=1))
    source.on(
        HISTORICAL, Reply(401, b'{"message": "Usage quota has been reached", "error_code": "OUT_OF_USAGE_CREDITS"}')
    )
    moments = [datetime(2025, 6, day, 16, tzinfo=UTC) for day in range(1, 6)]
    result = collect_historical_odds(settings, moments, run_id="run-1")
    assert len(source.asked) == 1
    assert [failure.outcome for failure in result.failures] == ["permanent"] + ["refused"] * 4
    assert "OUT_OF_USAGE_CREDITS" in result.failures[-1].message


def test_headers_that_count_nothing_leave_the_credits_unknown(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(body=b"[]", headers={"x-requests-last": "many"}))
    result = collect_odds(settings, run_id="run-1")
    assert (result.credits_used, result.credits_remaining) == (None, None)


def test_without_a_key_nothing_is_asked(settings: Settings, source: LoopbackSource) -> None:
    keyless = settings.model_copy(update={"odds_api_key": None})
    with pytest.raises(SourceNotConfiguredError, match="MLB_ODDS_API_KEY"):
        collect_odds(keyless, run_id="run-1")
    assert source.asked == []


def test_the_key_stands_in_no_table_no_log_and_no_error(
    settings: Settings, source: LoopbackSource, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f'{{"message": "{KEY} is not a key", "url": "/odds?apiKey={KEY}"}}'.encode()
    source.on(ODDS, Reply(401, echo))
    source.on(SCORES, Reply(200, echo, headers={"x-requests-remaining": KEY}))
    source.on(HISTORICAL, Reply(is_dropped=True))
    with caplog.at_level(logging.DEBUG):
        results = [
            collect_odds(settings, run_id="run-1"),
            collect_scores(settings, run_id="run-1"),
            collect_historical_odds(settings, [datetime(2025, 6, 1, tzinfo=UTC)], run_id="run-1"),
        ]
    texts = [caplog.text, repr(results), repr(settings)]
    for result in results:
        if not result.is_complete:
            with pytest.raises(SourceError) as failed:
                result.raise_if_failed()
            texts.append(str(failed.value) + repr(failed.value))
    tables = ["raw_data.odds_api_odds", "raw_data.odds_api_scores", "raw_data.odds_api_historical_odds"]
    for table in [*tables, "operational.collection_log", "operational.source_health"]:
        texts += [str(row) for row in rows(settings, f"select to_jsonb(t) from {table} t")]
    texts += [str(row) for row in rows(settings, "select convert_from(body, 'UTF8') from raw_data.odds_api_scores")]
    assert all(asked.params["apiKey"] == KEY for asked in source.asked)
    assert len(texts) >= 9
    for spelling in (KEY, "k3y%2Fof%2Bthe%3Dhouse", "k3y"):
        assert spelling not in "\n".join(texts)
    hexed = KEY.encode().hex()
    assert hexed not in "\n".join(texts)


# ---------------------------------------------------------------- before and around the asking


def test_a_range_that_ends_before_it_begins_is_refused(settings: Settings, source: LoopbackSource) -> None:
    with pytest.raises(ValueError, match="after its last day"):
        collect_schedule(settings, date(2025, 4, 2), date(2025, 4, 1), run_id="run-1")


def test_no_moments_are_no_requests(settings: Settings, source: LoopbackSource) -> None:
    result = collect_historical_odds(settings, [], run_id="run-1")
    assert (result.requests, result.stored, result.failures) == (0, 0, [])
    assert rows(settings, "select * from operational.source_health") == []


def test_where_the_database_is_down_nothing_is_asked(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(body=b"[]"))
    down = settings.model_copy(update={"database_url": SecretStr("postgresql://mlb@127.0.0.1:9/none")})
    with pytest.raises(WarehouseUnavailableError):
        collect_odds(down, run_id="run-1")
    assert source.asked == []


def test_a_database_that_fails_in_the_middle_fails_the_collection_and_keeps_what_was_written(
    settings: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.on(SCHEDULE, schedule_of_the_day)
    monkeypatch.setattr(collection, "BATCH_RESPONSES", 10)
    store_many = collection_writer.store_many
    batches: list[int] = []

    def failing_third(conn: psycopg.Connection, table: str, records: Any, **how: Any) -> Any:
        batches.append(len(records))
        if len(batches) == 3:
            conn.close()
        return store_many(conn, table, records, **how)

    monkeypatch.setattr(collection_writer, "store_many", failing_third)
    with pytest.raises(psycopg.OperationalError):
        collect_schedule(settings, date(2025, 4, 1), date(2025, 6, 30), run_id="run-1")
    assert rows(settings, "select count(*) from raw_data.mlb_stats_schedule") == [(20,)]
    assert rows(settings, "select count(*) from operational.collection_log") == [(20,)]
