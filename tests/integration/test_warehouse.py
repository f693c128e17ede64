"""Connections, migrations, guards and the clock, on a real server."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.warehouse.connection import (
    connect,
    connections_kept,
    dagster_database_url,
    database_name,
    database_url,
    open_connection,
    with_database,
)
from dagster_mlb.warehouse.errors import WarehouseUnavailableError
from dagster_mlb.warehouse.migrate import WarehouseTooNewError, code_revisions, database_revision, migrate
from dagster_mlb.warehouse.prepare import prepare

RAW_TABLES = ["archive_files", "sbr_archive", "tick_archive", "retrosheet_games", "mlb_games", "mlb_stats_schedule"]


def settings_for(url: str) -> Settings:
    return Settings(environment="test", database_url=SecretStr(url))


def has_roles(connection: psycopg.Connection) -> bool:
    return connection.execute("select from pg_roles where rolname = 'mlb_ingest'").fetchone() is not None


def insert_tick(connection: psycopg.Connection) -> None:
    connection.execute("insert into raw_data.tick_archive (load_id, row_number, price) values (1, 2, '-110')")


# ---------------------------------------------------------------- connections


def test_a_connection_commits_on_success_and_rolls_back_on_an_error(database: Settings) -> None:
    with connect(database) as connection:
        insert_tick(connection)
    with pytest.raises(RuntimeError), connect(database) as connection:
        insert_tick(connection)
        raise RuntimeError("in the middle")
    with connect(database) as connection:
        assert connection.execute("select count(*) from raw_data.tick_archive").fetchone() == (1,)
    assert connection.closed


def test_a_connection_is_in_utc_and_keeps_its_role_after_a_rollback(database: Settings) -> None:
    with connect(database, role="ingest") as connection:
        connection.rollback()
        assert connection.execute("show timezone").fetchone() == ("UTC",)
        if has_roles(connection):
            assert connection.execute("select current_user").fetchone() == ("mlb_ingest",)


def test_a_role_that_the_server_does_not_have_leaves_the_login_as_it_is(database: Settings) -> None:
    with connect(database, role="no_such_role") as connection:  # type: ignore[arg-type]
        assert connection.execute("select current_user = session_user").fetchone() == (True,)


def test_a_kept_connection_serves_who_comes_next_and_nobody_else_meanwhile(database: Settings) -> None:
    with connections_kept():
        with connect(database, role="ingest") as first:
            process = first.info.backend_pid
            insert_tick(first)
            with connect(database, role="ingest") as beside:
                assert beside.info.backend_pid != process
        with connect(database, role="transform") as another_role:
            assert another_role.info.backend_pid not in (process, beside.info.backend_pid)
        with connect(database, role="ingest", autocommit=True) as again:
            assert again.info.backend_pid == process
            assert again.autocommit
            if has_roles(again):
                assert again.execute("select current_user").fetchone() == ("mlb_ingest",)
            assert again.execute("select count(*) from raw_data.tick_archive").fetchone() == (1,)
        assert not again.closed
    assert again.closed and beside.closed and another_role.closed
    with connect(database, role="ingest") as later:
        assert later.info.backend_pid != process
    assert later.closed


def test_a_kept_connection_keeps_nothing_that_was_not_committed_and_a_dead_one_is_replaced(database: Settings) -> None:
    with connections_kept():
        connection = connect(database, role="ingest")
        process = connection.info.backend_pid
        insert_tick(connection)
        connection.close()
        with connect(database, role="ingest") as connection:
            assert connection.info.backend_pid == process
            assert connection.execute("select count(*) from raw_data.tick_archive").fetchone() == (0,)
        with connect(database) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", [process])
        with connect(database, role="ingest") as connection:
            assert connection.info.backend_pid != process
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_database_that_is_down_gives_one_message_without_the_password() -> None:
    settings = settings_for("postgresql://somebody:s3cret%21word@127.0.0.1:9/games")
    with pytest.raises(WarehouseUnavailableError) as caught:
        connect(settings)
    message = str(caught.value)
    assert "127.0.0.1:9/games" in message
    assert "refused" in message
    assert "MLB_DATABASE_URL" in message
    assert "s3cret" not in message
    assert caught.value.__cause__ is None


def test_a_wrong_password_and_a_missing_database_say_so(database: Settings) -> None:
    url = database_url(database)
    missing = with_database(url, "no_such_database")
    with pytest.raises(WarehouseUnavailableError, match=r"no_such_database.*does not exist.*createdb"):
        open_connection(missing)


def test_dagster_gets_a_database_of_its_own_made_when_it_is_missing(database: Settings) -> None:
    url = dagster_database_url(database)
    assert database_name(url) != database_name(database_url(database))
    assert dagster_database_url(database) == url
    with open_connection(url) as connection:
        assert connection.execute("select current_database()").fetchone() == (database_name(url),)


def test_dagster_database_that_cannot_be_made_is_explained(database: Settings) -> None:
    nobody = database_url(database).replace("://", "://nobody_")
    broken = database.model_copy(update={"dagster_database_url": SecretStr(with_database(nobody, "dagster_x"))})
    with pytest.raises(WarehouseUnavailableError, match="dagster_x"):
        dagster_database_url(broken)


# ---------------------------------------------------------------- migrations


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    settings = settings_for(empty_database)
    assert migrate(settings) == code_revisions()[-1]
    with open_connection(empty_database) as connection:
        tables = connection.execute("select oid, relname from pg_class where relkind = 'r' order by oid").fetchall()
        assert migrate(settings) == code_revisions()[-1]
        again = connection.execute("select oid, relname from pg_class where relkind = 'r' order by oid").fetchall()
        assert database_revision(connection) == code_revisions()[-1]
    assert tables == again
    assert {name for _, name in tables} >= {"tick_archive", "collection_log", "trial_ledger", "schema_version"}


def test_a_migrated_database_is_recognised_without_loading_the_migration_library(database: Settings) -> None:
    program = (
        "import sys; from dagster_mlb.settings import Settings; from dagster_mlb.warehouse.prepare import prepare\n"
        "prepare(Settings(environment='test', database_url=sys.stdin.read())); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=database_url(database),
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_two_migrations_at_once_both_succeed(empty_database: str) -> None:
    program = (
        "import sys; from dagster_mlb.settings import Settings; from dagster_mlb.warehouse.migrate import migrate\n"
        "print(migrate(Settings(environment='test', database_url=sys.argv[1])))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == [code_revisions()[-1]] * 2


def test_a_failed_migration_leaves_nothing(empty_database: str) -> None:
    with open_connection(empty_database) as connection:
        connection.execute("create schema curated")  # in the way of the first revision
        with pytest.raises(Exception, match="curated"):
            migrate(settings_for(empty_database))
        assert database_revision(connection) is None
        assert connection.execute("select to_regnamespace('raw_data')").fetchone() == (None,)
        connection.execute("drop schema curated")
    assert migrate(settings_for(empty_database)) == code_revisions()[-1]


def test_a_database_newer_than_the_code_is_refused(database: Settings, connection: psycopg.Connection) -> None:
    connection.execute("update public.schema_version set version_num = '9999'")
    for action in (migrate, prepare):
        with pytest.raises(WarehouseTooNewError, match=r"9999.*update the code") as caught:
            action(database)
        assert caught.value.code_revision == code_revisions()[-1]
    assert connection.execute("select count(*) from operational.clock").fetchone() == (0,)


# ---------------------------------------------------------------- the clock


def test_prepare_sets_the_clock_of_the_settings_and_is_fast_when_repeated(database: Settings) -> None:
    prepare(database)
    later = database.model_copy(update={"fixed_now": datetime(2025, 8, 1, tzinfo=UTC)})
    started = time.process_time()
    prepare(later)
    assert time.process_time() - started < 0.1
    with connect(database) as connection:
        assert connection.execute("select now_at from operational.clock").fetchall() == [(later.now(),)]


# ---------------------------------------------------------------- guards


@pytest.mark.parametrize("table", RAW_TABLES)
def test_raw_data_refuses_change_even_to_its_owner(connection: psycopg.Connection, table: str) -> None:
    for statement in (f"truncate raw_data.{table}", f"truncate raw_data.{table} cascade"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement)  # type: ignore[call-overload]


def test_raw_rows_are_neither_updated_nor_deleted_even_by_the_owner(connection: psycopg.Connection) -> None:
    insert_tick(connection)
    for statement in ("update raw_data.tick_archive set price = '-105'", "delete from raw_data.tick_archive"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="law 2"):
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "action", ["update raw_data.{} set load_id = 1", "delete from raw_data.{}", "truncate raw_data.{}"]
)
def test_the_ingest_role_may_only_add_to_raw_data(database: Settings, action: str) -> None:
    with connect(database, role="ingest", autocommit=True) as connection:
        if not has_roles(connection):
            pytest.skip("this server's login may not make roles")
        insert_tick(connection)
        for table in RAW_TABLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"permission denied|must be owner"):
                connection.execute(action.format(table))  # type: ignore[call-overload]


def test_the_transform_role_reads_raw_data_and_writes_none(database: Settings) -> None:
    with connect(database, role="transform", autocommit=True) as connection:
        if not has_roles(connection):
            pytest.skip("this server's login may not make roles")
        assert connection.execute("select count(*) from raw_data.tick_archive").fetchone() == (0,)
        connection.execute("create table curated.made_by_transform (n int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            insert_tick(connection)


# ---------------------------------------------------------------- bytes to text and JSON


@pytest.mark.parametrize(
    ("body", "text", "document"),
    [
        (b'{"a": 1}', '{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', '{"a": 1}', {"a": 1}),  # a byte order mark
        ('{"name": "Peña"}'.encode(), '{"name": "Peña"}', {"name": "Peña"}),
        (b'{"a": "\xff", "b": "\xc3\xa9"}', None, {"a": "\ufffd", "b": "é"}),  # a byte that is no UTF-8
        (b'{"a": "\xe9' + b"x" * 90 + b'\xe9"}', None, {"a": "\ufffd" + "x" * 90 + "\ufffd"}),
        (b'{"a": "x\x00y"}', None, {"a": "x\ufffdy"}),  # a bare NUL
        (
            b'{"a": "\\ud83d", "b": "\\ud83d\\ude00"}',
            '{"a": "\\ud83d", "b": "\\ud83d\\ude00"}',
            {"a": "\ufffd", "b": "😀"},
        ),
        (
            b'{"a": NaN, "b": [-Infinity, 1e99999]}',
            '{"a": NaN, "b": [-Infinity, 1e99999]}',
            {"a": None, "b": [None, None]},
        ),
        ('{"a": "é"}'.encode("utf-16"), None, None),
        (b'{"a": "x\\u0000\\u0000y", "b": 2}', '{"a": "x\\u0000\\u0000y", "b": 2}', {"a": "x��y", "b": 2}),
        (b'{"a": "\\\\u0000"}', '{"a": "\\\\u0000"}', {"a": "\\u0000"}),  # a backslash, then the text u0000
        (b'{"a": "\\\\\\u0000"}', '{"a": "\\\\\\u0000"}', {"a": "\\�"}),
        (b"<html>503</html>", "<html>503</html>", None),
        (b'{"a": ', '{"a": ', None),
        (b"", "", None),
        (None, None, None),
    ],
)
def test_bytes_become_text_and_json_or_null_but_never_an_error(
    connection: psycopg.Connection, body: bytes | None, text: str | None, document: object
) -> None:
    query = "select raw_data.text_of(%s::bytea), raw_data.json_of(%s::bytea)"
    assert connection.execute(query, [body, body]).fetchone() == (text, document)


@pytest.mark.parametrize(
    ("body", "is_mended"),
    [
        (b'{"a": 1}', False),
        (b"null", False),
        (b'{"a": "x\\u0000"}', True),
        (b'{"a": NaN}', True),
        (b'{"a": "\xff"}', True),
        (b"<html>503</html>", False),
        (b"[" * 100_000, False),
        (b"", False),
        (None, False),
    ],
)
def test_a_reading_tells_whether_the_bytes_had_to_be_mended(
    connection: psycopg.Connection, body: bytes | None, is_mended: bool
) -> None:
    query = "select is_mended, document is not distinct from raw_data.json_of(%s::bytea), document is null from "
    told = connection.execute(query + "raw_data.json_reading(%s::bytea)", [body, body]).fetchone()
    is_none = body in (None, b"") or body[:1] == b"<" or body[:2] == b"[["
    assert told == (is_mended, True, is_none)


def test_guarded_casts_survive_a_server_that_runs_all_it_can_in_parallel(connection: psycopg.Connection) -> None:
    connection.execute("create table public.bodies as select '{\"a\": 1}'::bytea as body from generate_series(1, 2000)")
    connection.execute(
        "set debug_parallel_query = on; set parallel_setup_cost = 0; set min_parallel_table_scan_size = 0"
    )
    query = "select count(*) from public.bodies where raw_data.json_of(body) ->> 'a' = '1'"
    assert connection.execute(query).fetchone() == (2000,)


# ---------------------------------------------------------------- the command line


def test_the_commands_of_the_database_tell_what_they_did(
    database: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from dagster_mlb.cli import app
    from dagster_mlb.settings import get_settings

    def run(*arguments: str) -> tuple[int, str]:
        get_settings.cache_clear()
        result = CliRunner().invoke(app, ["db", *arguments])
        return result.exit_code, result.output

    try:
        monkeypatch.setenv("MLB_DATA_DIR", str(tmp_path))
        code, said = run("status")
        assert code == 1
        assert "not running" in said
        assert run("stop") == (0, "no embedded server was running\n")

        url = database_url(database)
        monkeypatch.setenv("MLB_DATABASE_URL", url)
        monkeypatch.setenv("MLB_DAGSTER_DATABASE_URL", dagster_database_url(database))
        assert run("url") == (0, f"{url}\n")
        assert run("migrate") == (0, f"revision {code_revisions()[-1]}\n")
        code, said = run("start")
        assert code == 0
        assert database_name(url) in said
        code, said = run("status")
        assert code == 0
        assert f"revision {code_revisions()[-1]}" in said

        monkeypatch.setenv("MLB_DATABASE_URL", "postgresql://somebody:s3cret@127.0.0.1:9/games")
        code, said = run("migrate")
        assert code == 1
        assert "127.0.0.1:9/games" in said
        assert "s3cret" not in said
    finally:
        get_settings.cache_clear()
