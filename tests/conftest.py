"""Fixtures that all tests share: one PostgreSQL server for the whole session, a fresh migrated database per test.

The server is the embedded one, unless ``MLB_DATABASE_URL`` names another (its login must be able to make databases).
Workers of pytest-xdist share it: whoever needs it first starts it, and the main process takes it away at the end.
"""

from __future__ import annotations

import fcntl
import gc
import itertools
import os
import shutil
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.warehouse.connection import database_name, open_connection, plain_url, with_database
from dagster_mlb.warehouse.migrate import migrate
from dagster_mlb.warehouse.server import MAINTENANCE_DATABASE, EmbeddedServer

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
_FOLDER = "MLB_TESTS_FOLDER"  # set by the main process, inherited by its workers
_KEPT = {_FOLDER, "MLB_REAL_DATA_DIR", "MLB_REAL_WIRE_DIR"}
_counter = itertools.count()

# How long an example takes says how busy the machine is, and nothing about what is tested.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(100_000, 50, 50)  # what the tests import stays: looking through it finds nothing
    if not hasattr(config, "workerinput"):
        _sweep_dead_sessions()
        os.environ[_FOLDER] = str(Path(tempfile.gettempdir(), f"mlb_tests_{os.getpid()}"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or _FOLDER not in os.environ:
        return
    folder = Path(os.environ.pop(_FOLDER))
    if url := os.environ.get("MLB_DATABASE_URL"):
        if folder.exists():
            _drop(plain_url(url), f"template_{folder.name}")
    elif folder.exists():
        EmbeddedServer(folder / "postgres").destroy()
    shutil.rmtree(folder, ignore_errors=True)


def _sweep_dead_sessions() -> None:
    """A killed test session leaves its server behind: the next one takes it away."""
    for folder in Path(tempfile.gettempdir()).glob("mlb_tests_*"):
        pid = folder.name.rpartition("_")[2]
        try:
            if folder.stat().st_uid != os.geteuid() or not pid.isdigit():
                continue
            os.kill(int(pid), 0)
        except ProcessLookupError:
            EmbeddedServer(folder / "postgres").destroy()
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


@contextmanager
def session_lock() -> Iterator[Path]:
    """The folder that all workers of this session share, held by one of them at a time."""
    folder = Path(os.environ[_FOLDER])
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with (folder / "lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session", autouse=True)
def _dbt_is_not_traced() -> Iterator[None]:
    """Coverage looks at this package. dbt in this process runs none of it, and to trace its every call costs half as
    much again as the call."""
    from dbt.cli.main import dbtRunner

    invoke = dbtRunner.invoke

    def untraced(self: dbtRunner, *args: Any, **kwargs: Any) -> Any:
        tracer, thread_tracer = sys.gettrace(), threading.gettrace()
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        try:
            return invoke(self, *args, **kwargs)
        finally:
            threading.settrace(thread_tracer)  # type: ignore[arg-type]
            sys.settrace(tracer)

    dbtRunner.invoke = untraced  # type: ignore[method-assign]
    yield
    dbtRunner.invoke = invoke  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _authorities_are_read_once() -> Iterator[None]:
    """Every client reads the file of authorities anew, a twentieth of a second for an address of this machine."""
    usual = ssl.create_default_context
    ssl.create_default_context = cache(usual)  # type: ignore[assignment]
    yield
    ssl.create_default_context = usual


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's shell reaches a test."""
    for name in [name for name in os.environ if name.startswith("MLB_") and name not in _KEPT]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server_url() -> str:
    """The address of the server's maintenance database; the login may make databases."""
    if url := os.environ.get("MLB_DATABASE_URL"):
        with session_lock():
            return plain_url(url)
    with session_lock() as folder:
        address = EmbeddedServer(folder / "postgres", fsync=False).start()
    return address.url(MAINTENANCE_DATABASE)


@pytest.fixture(scope="session")
def postgres_server(server_url: str) -> str:
    """The server with a migrated template database on it; returns the template's name."""
    with session_lock() as folder:
        template = f"template_{folder.name}"
        marker = folder / "template"
        if not marker.exists():
            _drop(server_url, template)
            with open_connection(server_url) as connection:
                connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(template)))
            migrate(Settings(environment="test", database_url=with_database(server_url, template)))
            marker.touch()
    return template


@pytest.fixture
def empty_database(server_url: str) -> Iterator[str]:
    """The address of a fresh database with nothing in it, not migrated."""
    with _fresh_database(server_url, "template0") as url:
        yield url


@pytest.fixture
def database(server_url: str, postgres_server: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh, migrated database (and one for Dagster, made when it is asked for); the clock stands."""
    with _fresh_database(server_url, postgres_server) as url:
        dagster_name = f"{database_name(url)}_dagster"
        dagster_url = with_database(url, dagster_name)
        yield Settings(
            environment="test", database_url=url, dagster_database_url=dagster_url, data_dir=tmp_path, fixed_now=NOW
        )
        _drop(server_url, dagster_name)


@contextmanager
def _fresh_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_counter)}"
    with open_connection(server) as connection:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield with_database(server, name)
    finally:
        _drop(server, name)


def _drop(server: str, name: str) -> None:
    """Not "with (force)": that wants the right to end an autovacuum worker; a plain drop asks it to go."""
    with open_connection(server) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = %s and usename = current_user and pid <> pg_backend_pid()",
            [name],
        )
        connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


@pytest.fixture
def connection(database: Settings) -> Iterator[psycopg.Connection]:
    """An autocommit connection to the test's database, as its owner."""
    with open_connection(plain_url(database.database_url or "")) as opened:
        yield opened


def _folder_or_skip(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable, PROJECT_ROOT.parent / "shared" / default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: name it with {variable}")
    return folder


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    """The folder of real seasons (tests that use it carry the mark ``real_data``)."""
    return _folder_or_skip("MLB_REAL_DATA_DIR", "data")


@pytest.fixture(scope="session")
def wire_dir() -> Path:
    """The folder of recorded responses (tests that use it carry the mark ``real_data``)."""
    return _folder_or_skip("MLB_REAL_WIRE_DIR", "wire")
