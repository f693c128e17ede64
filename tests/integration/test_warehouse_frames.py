"""Frames and rows in and out of the warehouse: nothing is lost, and tables are published whole or not at all."""

from __future__ import annotations

import io
import math
import struct
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.copy import copy_csv_stream, copy_frame, copy_rows
from dagster_mlb.warehouse.frames import publish_frame, read_frame, readers_kept

RATINGS = "create table if not exists curated.team_ratings (game_key bigint primary key, rating float8 not null)"


def ratings(*values: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"game_key": range(len(values)), "rating": values}, schema={"game_key": pl.Int64, "rating": pl.Float64}
    )


def published(database: Settings) -> list[float]:
    return read_frame(database, "select rating from curated.team_ratings order by game_key")["rating"].to_list()


# ---------------------------------------------------------------- COPY


def test_a_frame_comes_back_as_it_went_in(database: Settings, connection: psycopg.Connection) -> None:
    frame = pl.DataFrame(
        {
            "name": ["Peña, Jr.", "", None, r"\N", 'say "hey"\nline'],
            "price": [-110, None, 2**40, 0, 1],
            "probability": [0.1 + 0.2, None, -0.0, 1e-310, 2 / 3],
            "won": [True, None, False, True, False],
            "played_on": [date(2019, 4, 1), None, date(1871, 5, 4), date(2020, 2, 29), date(2021, 1, 1)],
            "known_at": [datetime(2019, 4, 1, 23, 5, 0, 123456, tzinfo=UTC), None, None, None, None],
            "starts": [clock_time(19, 5), None, None, None, None],
            "books": [["pinnacle", 'b"q', "a\\b", "x,y", None, "", "NULL"], None, [], ["{}"], ["one"]],
            "innings": [[1, None], None, [], [9], [10]],
            "body": [b"\x00\xff", None, b"", b"a", b"b"],
            "age": [timedelta(minutes=3, microseconds=5), None, timedelta(0), timedelta(days=-1), timedelta(hours=1)],
        }
    )
    connection.execute(
        "create table public.everything (name text, price bigint, probability float8, won bool, played_on date, "
        "known_at timestamptz, starts time, books text[], innings bigint[], body bytea, age interval)"
    )
    assert copy_frame(connection, "public.everything", frame) == 5
    assert read_frame(database, "select * from public.everything").equals(frame)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=200))
def test_floats_keep_every_bit(connection: psycopg.Connection, values: list[float]) -> None:
    connection.execute("create temp table if not exists floats (position int, x float8)")
    connection.execute("truncate floats")
    copy_frame(connection, "floats", pl.DataFrame({"position": range(len(values)), "x": values}))
    back = [row[0] for row in connection.execute("select x from floats order by position")]
    assert [struct.pack("d", x) for x in back] == [struct.pack("d", x) for x in values]


def test_moments_of_any_zone_arrive_as_the_same_moment_in_utc(connection: psycopg.Connection) -> None:
    noon = datetime(2019, 7, 1, 12, tzinfo=ZoneInfo("America/New_York"))
    frame = pl.DataFrame({"at": [noon], "plain": [noon.astimezone(UTC).replace(tzinfo=None)]}).with_columns(
        pl.col("at").dt.convert_time_zone("America/New_York"), many=pl.concat_list("at")
    )
    connection.execute("create temp table moments (at timestamptz, plain timestamptz, many timestamptz[])")
    copy_frame(connection, "moments", frame)
    utc = noon.astimezone(UTC)
    assert connection.execute("select * from moments").fetchone() == (utc, utc, [utc])


def test_structs_become_json_and_categories_text(connection: psycopg.Connection) -> None:
    frame = pl.DataFrame({"side": ["home"], "details": [{"book": "b", "n": 1}], "nothing": [None]}).with_columns(
        pl.col("side").cast(pl.Categorical)
    )
    connection.execute("create temp table mixed (side text, details jsonb, nothing float8)")
    copy_frame(connection, "mixed", frame)
    assert connection.execute("select * from mixed").fetchone() == ("home", {"book": "b", "n": 1}, None)


def test_an_empty_frame_loads_no_rows(connection: psycopg.Connection) -> None:
    connection.execute("create temp table ratings (game_key bigint, rating float8)")
    assert copy_frame(connection, "ratings", ratings()) == 0


@pytest.mark.parametrize("values", [[[[1]]], [[{"a": 1}]], [object()]])
def test_a_type_that_no_column_can_hold_is_named(connection: psycopg.Connection, values: list[object]) -> None:
    frame = pl.DataFrame({"odd": pl.Series(values, dtype=pl.Object if type(values[0]) is object else None)})
    with pytest.raises(TypeError, match=r"Column odd for public\.somewhere"):
        copy_frame(connection, "public.somewhere", frame)


def test_rows_are_copied_with_nulls_arrays_and_bytes(connection: psycopg.Connection) -> None:
    rows = ([7, "2019", number, False, ["a", None, "tab\t"]] for number in range(3))
    columns = ["load_id", "sheet", "row_number", "is_header", "cells"]
    assert copy_rows(connection, "raw_data.sbr_archive", columns, rows) == 3
    found = connection.execute("select row_number, cells from raw_data.sbr_archive order by 1").fetchall()
    assert found[2] == (2, ["a", None, "tab\t"])


def test_a_csv_stream_goes_in_unread(connection: psycopg.Connection) -> None:
    stream = io.BytesIO('load_id,row_number,line\n1,2,"{""a"": 1}"\n1,3,é\n'.encode())
    columns = ["load_id", "row_number", "line"]
    assert copy_csv_stream(connection, "raw_data.mlb_games", columns, stream, header=True) == 2
    assert connection.execute("select line from raw_data.mlb_games order by 1").fetchall() == [('{"a": 1}',), ("é",)]


def test_a_load_that_breaks_in_the_middle_leaves_no_row(database: Settings, connection: psycopg.Connection) -> None:
    stream = io.BytesIO(b"1,2,a\n1,not a number,b\n")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation), connect(database) as writing:
        copy_csv_stream(writing, "raw_data.mlb_games", ["load_id", "row_number", "line"], stream)
    assert connection.execute("select count(*) from raw_data.mlb_games").fetchone() == (0,)


# ---------------------------------------------------------------- reading


def test_types_arrive_as_polars_calls_them(database: Settings) -> None:
    frame = read_frame(
        database,
        """select 1.50::numeric(6,2) as line, 'NaN'::numeric as odd, array[1.5]::numeric[] as lines,
                  '2019-04-01 12:00+02'::timestamptz as at, '{"a": 1}'::jsonb as details, 'ab'::name as name,
                  array['ab']::name[] as names, 5::oid as oid, null as nothing, null::float8 as missing;""",
    )
    assert dict(frame.schema) == {
        "line": pl.Float64,
        "odd": pl.Float64,
        "lines": pl.List(pl.Float64),
        "at": pl.Datetime("us", "UTC"),
        "details": pl.String,
        "name": pl.String,
        "names": pl.List(pl.String),
        "oid": pl.Int64,
        "nothing": pl.String,
        "missing": pl.Float64,
    }
    row = frame.row(0, named=True)
    assert row["line"] == 1.5
    assert math.isnan(row["odd"])
    assert row["at"] == datetime(2019, 4, 1, 10, tzinfo=UTC)
    assert row["missing"] is None


def test_parameters_are_bound_by_position_or_name_and_a_bare_query_keeps_its_percent_signs(database: Settings) -> None:
    assert read_frame(database, "select %s as name, %s::date as day", ["O'Neill", date(2020, 1, 1)]).row(0) == (
        "O'Neill",
        date(2020, 1, 1),
    )
    assert (
        read_frame(database, "select g from generate_series(1, 9) g where g = any(%(keys)s)", {"keys": [2, 3]}).height
        == 2
    )
    assert read_frame(database, "select 'x' like '%x%' as found").item() is True


def test_an_ordered_query_keeps_its_order_and_an_empty_one_its_columns(database: Settings) -> None:
    query = "select g as n from generate_series(1, 1000) g order by (g * 7919) %% 1000 limit %s"
    expected = sorted(range(1, 1001), key=lambda g: g * 7919 % 1000)
    assert read_frame(database, query, [1000])["n"].to_list() == expected
    empty = read_frame(database, "select now_at, 1.5 as x from operational.clock where false")
    assert empty.schema == {"now_at": pl.Datetime("us", "UTC"), "x": pl.Float64}


def test_a_bad_query_fails_as_the_server_says_it(database: Settings) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable, match="no_such_table"):
        read_frame(database, "select * from curated.no_such_table")
    with pytest.raises(psycopg.ProgrammingError, match="returns columns"):
        read_frame(database, "create temp table t (n int)")


def test_ten_seasons_of_features_are_read_in_time(database: Settings, connection: psycopg.Connection) -> None:
    columns = ", ".join(f"g * {position} / 7.0::float8 as f{position}" for position in range(60))
    connection.execute(f"create table curated.wide as select {columns} from generate_series(1, 24300) g")  # type: ignore[call-overload]
    timings = []
    for _ in range(3):
        started = time.process_time()  # our own work: other processes may keep the machine busy
        assert read_frame(database, "select * from curated.wide").shape == (24_300, 60)
        timings.append(time.process_time() - started)
    assert min(timings) < 0.5


# ---------------------------------------------------------------- publishing


def test_publishing_replaces_all_rows_and_repeats_without_a_change(database: Settings) -> None:
    for values in [(1500.0, 1510.0, 1490.0), (1500.5,), (1500.5,)]:
        with connect(database) as connection:
            count = publish_frame(connection, "curated.team_ratings", ratings(*values), RATINGS, ["rating"])
        assert count == len(values)
        assert published(database) == list(values)
    with connect(database) as connection:
        indexes = connection.execute("select count(*) from pg_indexes where tablename = 'team_ratings'").fetchone()
    assert indexes == (2,)


def test_a_publication_that_fails_leaves_the_old_rows(database: Settings, connection: psycopg.Connection) -> None:
    publish_frame(connection, "curated.team_ratings", ratings(1500.0, 1510.0), RATINGS)
    broken = ratings(1.0, 2.0).with_columns(game_key=pl.lit(1, pl.Int64))  # the key twice
    with pytest.raises(psycopg.errors.UniqueViolation):
        publish_frame(connection, "curated.team_ratings", broken, RATINGS)
    assert published(database) == [1500.0, 1510.0]


def test_a_table_of_an_older_shape_is_made_anew(database: Settings, connection: psycopg.Connection) -> None:
    connection.execute("create table curated.team_ratings (game_key bigint, elo float8)")
    statement = "create index if not exists team_ratings_by_rating on curated.team_ratings (rating)"
    publish_frame(connection, "curated.team_ratings", ratings(1500.0), RATINGS, [statement])
    assert published(database) == [1500.0]


def test_a_table_whose_check_has_changed_is_made_anew(database: Settings, connection: psycopg.Connection) -> None:
    publish_frame(connection, "curated.team_ratings", ratings(1500.0), RATINGS)
    stricter = RATINGS.replace("rating float8", "rating float8 check (rating < 1501)")
    assert stricter != RATINGS
    publish_frame(connection, "curated.team_ratings", ratings(1500.0), stricter)
    with pytest.raises(psycopg.errors.CheckViolation):
        publish_frame(connection, "curated.team_ratings", ratings(1502.0), stricter)
    assert published(database) == [1500.0]
    publish_frame(connection, "curated.team_ratings", ratings(1502.0), RATINGS)
    assert published(database) == [1502.0]


def test_what_the_owner_publishes_the_transform_role_may_rewrite(database: Settings) -> None:
    with connect(database) as connection:
        publish_frame(connection, "curated.team_ratings", ratings(1500.0), RATINGS)
    with connect(database, role="transform") as connection:
        assert connection.execute("select count(*) from curated.team_ratings").fetchone() == (1,)
        connection.execute("delete from curated.team_ratings")


# ---------------------------------------------------------------- many frames, one after the other


def test_the_server_s_types_are_listed_once(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import adbc_driver_postgresql

    listed: list[str] = []
    connect_anew = adbc_driver_postgresql.connect

    def counted(uri: str) -> object:
        listed.append(uri)
        return connect_anew(uri)

    monkeypatch.setattr(adbc_driver_postgresql, "connect", counted)
    for n in (1, 2, 3):
        assert read_frame(database, "select %s::int as n", [n])["n"].to_list() == [n]
    assert len(listed) == 1


def backends(connection: psycopg.Connection) -> int:
    said = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    return int((connection.execute(said).fetchone() or (0,))[0])


def test_kept_readers_read_what_is_there_and_hold_nothing(database: Settings, connection: psycopg.Connection) -> None:
    connection.execute("create table public.told (number int)")
    connection.execute("insert into public.told values (1)")
    with readers_kept():
        for n in (1, 2):
            assert read_frame(database, "select count(*)::int as n from public.told")["n"].to_list() == [n]
            with readers_kept():  # within another: the same ones
                read_frame(database, "select number from public.told where number = %s", [n])
            connection.execute("set lock_timeout = '1s'; alter table public.told add column if not exists more int")
            connection.execute("insert into public.told values (2)")
        with pytest.raises(psycopg.Error):
            read_frame(database, "select nothing from public.told")
        assert read_frame(database, "select 1 as one")["one"].to_list() == [1]
        assert backends(connection) == 2
    deadline = time.monotonic() + 5
    while backends(connection) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert backends(connection) == 0
