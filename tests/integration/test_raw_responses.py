"""Responses in raw_data: each body once, each time it was said a row."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, date, datetime

import psycopg
import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import ResponseRecord
from dagster_mlb.sources.raw_responses import StoredLoad, store, store_many
from dagster_mlb.warehouse.connection import connect

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)


def response(body: bytes, request_key: str = "GET /odds") -> ResponseRecord:
    return ResponseRecord(
        source="odds_api",
        endpoint="odds",
        request_key=request_key,
        official_date=date(2025, 7, 15),
        observed_at=NOW,
        http_status=200,
        content_type="application/json",
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        byte_length=len(body),
    )


def keep(conn: psycopg.Connection, *records: ResponseRecord, provenance: str = "simulated") -> list[StoredLoad]:
    return store_many(
        conn,
        "odds_api_odds",
        records,
        run_id="r",
        capture="captured",
        provenance=provenance,
        ingested_at=NOW,  # type: ignore[arg-type]
    )


def test_the_same_body_twice_in_a_batch_is_one_body_and_one_repeat(database: Settings) -> None:
    with connect(database, role="ingest") as conn:
        loads = keep(conn, response(b"[1]"), response(b"[2]"), response(b"[1]"))
        found = conn.execute("select load_id, body, repeat_of from raw_data.odds_api_odds order by 1").fetchall()
    assert [load.is_repeat for load in loads] == [False, False, True]
    first, second, third = (load.load_id for load in loads)
    assert found == [(first, b"[1]", None), (second, b"[2]", None), (third, None, first)]


def test_the_same_body_of_another_request_is_kept_again(database: Settings) -> None:
    with connect(database, role="ingest") as conn:
        loads = keep(conn, response(b"[]", "GET /odds?date=1"), response(b"[]", "GET /odds?date=2"))
    assert [load.is_repeat for load in loads] == [False, False]


def test_a_repeat_of_a_repeat_points_to_the_bytes(database: Settings) -> None:
    with connect(database, role="ingest") as conn:
        [first] = keep(conn, response(b"[]"))
        keep(conn, response(b"[]"))
        keep(conn, response(b"[]"))
        pointers = conn.execute("select distinct repeat_of from raw_data.odds_api_odds where body is null").fetchall()
    assert pointers == [(first.load_id,)]


def test_a_live_answer_is_not_hung_on_a_simulated_one(database: Settings) -> None:
    with connect(database, role="ingest") as conn:
        keep(conn, response(b"[]"))
        [live] = keep(conn, response(b"[]"), provenance="live")
    assert not live.is_repeat


def test_bytes_that_no_text_could_hold_come_back_as_they_were(database: Settings) -> None:
    body = bytes(range(256)) * 3 + b"\\N\\x00\t\n"
    with connect(database, role="ingest") as conn:
        load = store(
            conn,
            "odds_api_odds",
            response(body),
            run_id="r",
            capture="backfilled",
            provenance="replayed",
            ingested_at=NOW,
        )
        query = "select body, provenance, capture, official_date from raw_data.odds_api_odds where load_id = %s"
        found = conn.execute(query, [load.load_id]).fetchone()
    assert found == (body, "replayed", "backfilled", date(2025, 7, 15))


def test_two_writers_at_once_keep_one_body(database: Settings) -> None:
    with connect(database, role="ingest") as first:
        keep(first, response(b"[]"))
        second_loads: list[StoredLoad] = []

        def write() -> None:
            with connect(database, role="ingest") as second:
                second_loads.extend(keep(second, response(b"[]")))

        thread = threading.Thread(target=write)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # it waits its turn
        first.commit()
        thread.join(10)
    assert [load.is_repeat for load in second_loads] == [True]


def test_a_batch_that_fails_leaves_nothing(database: Settings) -> None:
    wrong = response(b"[2]")
    object.__setattr__(wrong, "source", None)
    with pytest.raises(psycopg.errors.NotNullViolation), connect(database, role="ingest") as conn:
        keep(conn, response(b"[1]"), wrong)
    with connect(database) as conn:
        assert conn.execute("select count(*) from raw_data.odds_api_odds").fetchone() == (0,)


def test_nothing_to_store_is_nothing_done(database: Settings) -> None:
    with connect(database, role="ingest") as conn:
        assert keep(conn) == []


def test_a_table_that_holds_no_responses_is_refused(database: Settings) -> None:
    with connect(database, role="ingest") as conn, pytest.raises(ValueError, match="holds no responses"):
        store_many(conn, "archive_files", [], run_id="r", capture="captured", provenance="simulated", ingested_at=NOW)


def test_captures_must_be_as_many_as_records(database: Settings) -> None:
    with connect(database, role="ingest") as conn, pytest.raises(ValueError, match="2 records but 1 captures"):
        store_many(
            conn,
            "odds_api_odds",
            [response(b"[]"), response(b"{}")],
            run_id="r",
            capture=["captured"],
            provenance="simulated",
            ingested_at=NOW,
        )
