"""A better reader reads what raw keeps once more: rows are added, and the loads wait to be staged again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import ResponseRecord
from dagster_mlb.sources.parsing import ParsedBody, RowReader, copy_lines, parse_again, parse_loads
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.sources.vsin.parse import READER
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
BETTER = replace(READER, version=READER.version + 1, read=lambda body: ParsedBody([read_as(body.decode())]))


def read_as(team: str) -> tuple[str | None, ...]:
    return tuple(team if name == "team" else None for name in READER.columns)


def stored(conn: psycopg.Connection, *bodies: bytes) -> list[int]:
    records = [
        ResponseRecord(
            source="vsin",
            endpoint="splits",
            request_key="GET /betting-splits/",
            official_date=None,
            observed_at=NOW,
            http_status=200,
            content_type="text/html",
            body=body,
            content_hash=hashlib.sha256(body).hexdigest(),
            byte_length=len(body),
        )
        for body in bodies
    ]
    loads = store_many(
        conn, "vsin_splits", records, run_id="r", capture="captured", provenance="simulated", ingested_at=NOW
    )
    parse_loads(
        conn,
        READER,
        [(load.load_id, record.body) for load, record in zip(loads, records, strict=True) if not load.is_repeat],
        parsed_at=NOW,
    )
    for load in loads:
        conn.execute(
            "insert into operational.staged_loads (model, load_id, staged_at) values ('stg_vsin__rows', %s, %s)",
            [load.load_id, NOW],
        )
    return [load.load_id for load in loads]


def staged(conn: psycopg.Connection) -> set[int]:
    return {row[0] for row in conn.execute("select load_id from operational.staged_loads").fetchall()}


def versions(conn: psycopg.Connection, load_id: int) -> list[tuple[int, str | None]]:
    return conn.execute(
        "select parser_version, team from raw_data.vsin_split_rows where load_id = %s order by 1", [load_id]
    ).fetchall()


def test_a_better_reader_adds_rows_and_the_loads_are_staged_again_repeats_too(database: Settings) -> None:
    with connect(database) as conn:
        first, second, repeat = stored(conn, b"Reds", b"Cubs", b"Reds")
    assert sorted(parse_again(database, BETTER, batch=1)) == [first, second]
    with connect(database) as conn:
        assert versions(conn, first) == [(READER.version + 1, "Reds")]
        assert versions(conn, repeat) == []
        assert staged(conn) == set()
        # The problem that the first reading had is still there beside the new one.
        asked = "select parser_version, row_count from raw_data.parsed_loads where load_id = %s"
        readings = conn.execute(asked, [first])
        assert sorted(readings.fetchall()) == [(READER.version, 0), (READER.version + 1, 1)]


def test_what_was_read_by_this_version_is_left_alone(database: Settings) -> None:
    with connect(database) as conn:
        loads = stored(conn, b"Reds")
    assert parse_again(database, READER) == []
    with connect(database) as conn:
        assert staged(conn) == set(loads)


def test_a_reader_that_fails_costs_its_own_load(database: Settings) -> None:
    def read(body: bytes) -> ParsedBody:
        if body == b"Reds":
            raise ValueError("no such club")
        return ParsedBody([read_as("CUBS")])

    worse: RowReader = replace(BETTER, read=read)
    with connect(database) as conn:
        reds, cubs = stored(conn, b"Reds", b"Cubs")
    parse_again(database, worse)
    with connect(database) as conn:
        asked = "select problem from raw_data.parsed_loads where load_id = %s and parser_version = %s"
        told = conn.execute(asked, [reds, worse.version]).fetchone()
        assert told == ("ValueError: no such club",)
        assert versions(conn, cubs) == [(worse.version, "CUBS")]


ODD = ("tab\there", "line\nbreak", "return\rhere", "back\\slash", r"\N", r"\.", "nul\0here", "Muñoz", "plain")


@pytest.mark.parametrize("blank_is_missing", [False, True])
def test_a_cell_is_stored_as_it_was_cut_whatever_it_holds(database: Settings, blank_is_missing: bool) -> None:
    prepare(database)
    width = len(READER.columns)
    read_rows = [
        *((cell, *("",) * (width - 1)) for cell in ODD),
        ("x", *(None,) * (width - 1)),
        ("", *("y",) * (width - 1)),
    ]
    reader = replace(BETTER, read=lambda body: ParsedBody(read_rows), blank_is_missing=blank_is_missing)
    with connect(database, role="ingest") as conn:
        assert parse_loads(conn, reader, [(1, b"")], parsed_at=NOW) == len(read_rows)
        names = sql.SQL(", ").join(map(sql.Identifier, READER.columns))
        query = sql.SQL("select {} from raw_data.{} order by row_number").format(
            names, sql.Identifier(READER.rows_table)
        )
        found = conn.execute(query).fetchall()
    blank = None if blank_is_missing else ""
    expected = [
        tuple(blank if cell == "" else cell and cell.replace("\0", "\ufffd") for cell in row) for row in read_rows
    ]
    assert found == expected


def test_a_missing_cell_that_is_alone_in_its_row_is_missing() -> None:
    assert list(copy_lines([(None,), ("",), ("a",)], r"\N")) == [r"\N", "", "a"]
    assert list(copy_lines([(None,), ("",)], "")) == ["", ""]
