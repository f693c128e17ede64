"""The embedded server against everything that happens to servers: killed, twice at once, port taken, odd folders."""

from __future__ import annotations

import itertools
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.warehouse import postmaster
from dagster_mlb.warehouse.connection import (
    connect,
    dagster_database_url,
    database_url,
    open_connection,
    with_database,
)
from dagster_mlb.warehouse.errors import WarehouseUnavailableError
from dagster_mlb.warehouse.postgres_user import FALLBACK_USERS, server_user
from dagster_mlb.warehouse.postmaster import find_postmaster
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.server import MAINTENANCE_DATABASE, EmbeddedServer, ServerAddress
from tests.conftest import session_lock

_numbers = itertools.count()


def answer(address: ServerAddress, query: str = "select 1") -> object:
    with psycopg.connect(address.url(MAINTENANCE_DATABASE), connect_timeout=5) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user can pass through (pytest's own are closed to others)."""
    with session_lock() as shared:
        folder = shared / f"own_{os.getpid()}_{next(_numbers)}"
        folder.mkdir()
        folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def long_home(open_folder: Path) -> Path:
    home = open_folder / "a folder with spaces" / ("x" * 80) / ("y" * 80) / "it's postgres"
    assert len(str(home)) > 150
    return home


@pytest.fixture(scope="module")
def shared_server(long_home: Path) -> Iterator[EmbeddedServer]:
    """One cluster for the tests of this file, in a folder with spaces and a path of more than 150 characters."""
    server = EmbeddedServer(long_home, fsync=False)
    yield server
    server.destroy()


@pytest.fixture
def server(shared_server: EmbeddedServer) -> EmbeddedServer:
    shared_server.start()
    return shared_server


@pytest.fixture
def stranger(server: EmbeddedServer) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's own OS user that has nothing to do with it."""
    user = server_user(server.home / "data")
    process = subprocess.Popen(["sleep", "60"], cwd="/", **({"user": user.uid} if user.switch else {}))
    yield process
    process.kill()
    process.wait()


def kill_postmaster(server: EmbeddedServer) -> None:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.perf_counter() + 10
    while server.status().running and time.perf_counter() < deadline:  # it dies when the kernel gets to it
        time.sleep(0.005)


def test_a_path_with_spaces_and_more_than_150_characters_works(server: EmbeddedServer) -> None:
    assert answer(server.start()) == 1
    assert server.status().running
    assert server.status().cluster == server.home / "data"
    assert server.status().note == ""


def test_starting_a_running_server_joins_it(server: EmbeddedServer) -> None:
    started = time.process_time()
    assert server.start() == EmbeddedServer(server.home).start()
    assert time.process_time() - started < 0.1


def test_the_password_is_private_and_needed(server: EmbeddedServer) -> None:
    address = server.start()
    assert stat.S_IMODE((server.home / "password").stat().st_mode) == 0o600
    assert address.password not in repr(address)
    for user in ("mlb", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=address.host, port=address.port, user=user, password="guess", dbname="postgres")


def test_the_login_of_the_platform_is_no_superuser_and_listens_on_loopback_alone(server: EmbeddedServer) -> None:
    address = server.start()
    assert answer(address, "show is_superuser") == "off"
    assert answer(address, "show listen_addresses") == "127.0.0.1"
    assert answer(address, "show timezone") == "UTC"


def test_parents_and_home_keep_their_permissions(open_folder: Path, server: EmbeddedServer) -> None:
    assert stat.S_IMODE(open_folder.stat().st_mode) == 0o755
    assert server.home.stat().st_uid == os.geteuid()
    assert stat.S_IMODE((server.home / "data").stat().st_mode) == 0o700


def test_a_server_whose_postmaster_was_killed_starts_again_at_once_with_its_data(server: EmbeddedServer) -> None:
    with psycopg.connect(server.start().url(MAINTENANCE_DATABASE), autocommit=True) as connection:
        connection.execute("create database survivor")
    before = server.status().pid
    kill_postmaster(server)
    assert answer(server.start(), "select count(*) from pg_database where datname = 'survivor'") == 1
    assert server.status().pid != before


def test_a_connection_asked_for_while_the_postmaster_dies_is_given(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_mlb.warehouse.connection.EmbeddedServer", partial(EmbeddedServer, fsync=False))
    settings = Settings(environment="test", data_dir=open_folder / "dying")
    server = EmbeddedServer(settings.postgres_dir, fsync=False)
    try:
        server.start()
        for number in range(2):
            with connect(settings) as connection:
                connection.execute("create table if not exists public.survivors (n int)")
                connection.execute("insert into public.survivors values (%s)", [number])
                connection.execute("set local synchronous_commit = on")
            pid = server.status().pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        with connect(settings) as connection:
            assert connection.execute("select count(*) from public.survivors").fetchone() == (2,)
    finally:
        server.destroy()


def test_the_embedded_server_holds_a_database_for_each_environment_and_for_dagster(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_mlb.warehouse.connection.EmbeddedServer", partial(EmbeddedServer, fsync=False))
    settings = Settings(environment="test", data_dir=open_folder / "names")
    try:
        prepare(settings)
        dagster = dagster_database_url(settings)
        outside = settings.model_copy(update={"database_url": SecretStr(database_url(settings)), "environment": "dev"})
        assert dagster_database_url(outside) == with_database(dagster, "dagster_dev")
        with connect(settings) as connection:
            names = {row[0] for row in connection.execute("select datname from pg_database")}
            assert names >= {"mlb_test", "dagster_test", "dagster_dev"}
            assert connection.execute("select count(*) from operational.clock").fetchone() == (1,)
        with open_connection(dagster) as connection:
            assert connection.execute("select current_database()").fetchone() == ("dagster_test",)
    finally:
        EmbeddedServer(settings.postgres_dir).destroy()


def test_a_session_that_outlives_its_killed_postmaster_does_not_block_the_next_start(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster, "ORPHAN_PATIENCE_SECONDS", 0.3)
    busy = psycopg.connect(server.start().url(MAINTENANCE_DATABASE), autocommit=True)
    busy.pgconn.send_query(b"select sum(length(md5(g::text))) from generate_series(1, 100000000) g")
    time.sleep(0.2)
    kill_postmaster(server)
    assert answer(server.start()) == 1
    busy.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_a_cluster_that_root_copied_back_is_given_to_the_server_s_user(server: EmbeddedServer) -> None:
    server.stop()
    for path in [server.home / "data", *(server.home / "data").rglob("*")]:
        os.chown(path, 0, 0)
    assert answer(server.start()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_a_cluster_that_was_closed_off_later_is_explained(open_folder: Path, server: EmbeddedServer) -> None:
    server.stop()
    open_folder.chmod(0o700)
    try:
        with pytest.raises(WarehouseUnavailableError, match="search permission"):
            server.start()
    finally:
        open_folder.chmod(0o755)


def test_a_stale_pid_of_another_process_is_not_believed_and_that_process_survives(
    server: EmbeddedServer, stranger: subprocess.Popen[bytes]
) -> None:
    pid_file = server.home / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill_postmaster(server)
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

    assert not server.status().running
    assert "pid file" in server.status().note
    assert server.stop() is False
    assert answer(server.start()) == 1
    assert stranger.poll() is None
    assert server.stop() is True
    assert stranger.poll() is None


@pytest.mark.parametrize("content", ["", "12", "not a number\n"])
def test_a_half_written_pid_file_of_a_dead_server_is_cleared(server: EmbeddedServer, content: str) -> None:
    kill_postmaster(server)
    (server.home / "data" / "postmaster.pid").write_text(content)
    assert answer(server.start()) == 1


def test_a_running_server_with_a_damaged_pid_file_is_found_and_stopped(server: EmbeddedServer) -> None:
    pid = server.status().pid
    (server.home / "data" / "postmaster.pid").write_text("")
    assert answer(server.start()) == 1
    assert server.status().pid == pid
    assert server.stop() is True
    assert not server.status().running


def test_a_taken_port_is_exchanged_for_another(server: EmbeddedServer) -> None:
    old = server.start().port
    server.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", old))
        squatter.listen()
        address = server.start()
        assert address.port != old
        assert answer(address) == 1
    assert json.loads((server.home / "server.json").read_text())["port"] == address.port
    server.stop()
    assert server.start().port == address.port


def test_a_port_taken_between_the_look_and_the_start_is_exchanged_too(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = server.start().port
    server.stop()
    monkeypatch.setattr("dagster_mlb.warehouse.postmaster._is_free", lambda port: True)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", old))
        squatter.listen()
        assert server.start().port != old


def test_a_server_that_cannot_start_says_why(server: EmbeddedServer) -> None:
    server.stop()
    conf = server.home / "data" / "postgresql.auto.conf"
    kept = conf.read_text()
    conf.write_text("shared_buffers = nonsense\n")
    try:
        with pytest.raises(WarehouseUnavailableError, match=r"did not start.*shared_buffers.*server\.log"):
            server.start()
    finally:
        conf.write_text(kept)


def test_a_lost_password_file_is_explained(server: EmbeddedServer) -> None:
    path = server.home / "password"
    kept = path.rename(path.with_name("kept"))
    try:
        with pytest.raises(WarehouseUnavailableError, match="password of the embedded server cannot be read"):
            server.start()
    finally:
        kept.rename(path)


def test_first_starts_at_once_from_several_processes_make_one_server(open_folder: Path) -> None:
    home = open_folder / "at once"
    (home / "data.new").mkdir(parents=True)  # what a killed initdb leaves
    (home / "data.new" / "PG_VERSION").write_text("18")
    program = (
        "import sys; from pathlib import Path; from dagster_mlb.warehouse.server import EmbeddedServer\n"
        "address = EmbeddedServer(Path(sys.argv[1]), fsync=False).start(); print(address.port, address.instance)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(home)], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        answers = {process.communicate(timeout=60)[0] for process in processes}
        assert len(answers) == 1
        assert answers != {""}
    finally:
        EmbeddedServer(home).destroy()


def test_status_before_the_first_start_makes_nothing(open_folder: Path) -> None:
    server = EmbeddedServer(open_folder / "nothing")
    assert not server.status().running
    assert "no database" in server.status().note
    assert not server.home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_a_project_in_a_closed_folder_keeps_its_data_where_the_server_can_reach_it(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / ".mlb" / "postgres", fsync=False)
    try:
        answer(server.start(), "select 1")
        status = server.status()
        assert closed not in status.cluster.parents
        assert str(status.cluster) in status.note
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

        shutil.rmtree(closed / ".mlb")  # a person deletes the data folder under the running server: a new beginning
        assert answer(server.start(), "select count(*) from pg_database where not datistemplate") == 1
        server.stop()
        shutil.rmtree(status.cluster)
        with pytest.raises(WarehouseUnavailableError, match=r"server\.json says.*is gone"):
            server.start()
        status.cluster.mkdir()
    finally:
        server.destroy()
    assert not status.cluster.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become a normal user")
def test_a_normal_user_starts_and_stops_a_server_and_meets_root_s_cluster_with_a_message(
    open_folder: Path, server: EmbeddedServer
) -> None:
    name = next((name for name in FALLBACK_USERS if name in {entry.pw_name for entry in pwd.getpwall()}), None)
    if name is None:
        pytest.skip("this machine has no second unprivileged user")
    home = open_folder / "of a user" / "postgres"
    home.parent.mkdir()
    os.chown(home.parent, pwd.getpwnam(name).pw_uid, -1)

    def as_user() -> str:
        mine = EmbeddedServer(home, fsync=False)
        first = answer(mine.start(), "select 'answered'")
        owner = (home / "data").owner()
        stopped = mine.stop()
        try:
            server.start()
            refused = "not refused"
        except WarehouseUnavailableError as error:
            refused = str(error)
        return f"{first} {owner} {stopped} {refused}"

    said = _run_as(pwd.getpwnam(name), as_user)
    assert said.startswith(f"answered {name} True")
    assert "MLB_DATA_DIR" in said
    EmbeddedServer(home).destroy()


def _run_as(user: pwd.struct_passwd, action: Callable[[], str]) -> str:
    """Run in a forked child that has become ``user`` (a fresh interpreter may lie where that user cannot go)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os.write(writing, action().encode())
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        content = said.read()
    os.waitpid(child, 0)
    return content


def test_find_postmaster_ignores_a_folder_without_a_server(tmp_path: Path) -> None:
    assert find_postmaster(tmp_path) is None
