"""The embedded server's parts that need no server: configuration, OS user, folders, ports, revisions."""

from __future__ import annotations

import os
import pwd
import re
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from dagster_mlb.warehouse import postgres_user, postmaster
from dagster_mlb.warehouse.errors import WarehouseUnavailableError
from dagster_mlb.warehouse.migrate import MIGRATIONS, code_revisions
from dagster_mlb.warehouse.postgres_conf import machine_memory, server_conf, shared_memory
from dagster_mlb.warehouse.postgres_files import last_lines, log_since, make_folder, write_private
from dagster_mlb.warehouse.postgres_user import ServerUser, binaries, refuge, server_user
from dagster_mlb.warehouse.postmaster import answers, clear_the_way, find_postmaster, free_port
from dagster_mlb.warehouse.server import EmbeddedServer

GIB = 1024**3
NOBODY = ServerUser("nobody", 65534, 65534, switch=True)
OURSELVES = ServerUser("me", os.geteuid(), os.getegid(), switch=False)


def value(conf: str, name: str) -> str:
    found = re.search(rf"^{name} = (.*)$", conf, re.MULTILINE)
    assert found, f"{name} is not set"
    return found.group(1)


# ---------------------------------------------------------------- configuration


def test_a_machine_of_four_gigabytes_gets_the_measured_configuration() -> None:
    conf = server_conf(20_001, memory_bytes=4 * GIB, shm_bytes=2 * GIB)
    assert value(conf, "port") == "20001"
    assert value(conf, "listen_addresses") == "'127.0.0.1'"
    assert value(conf, "shared_buffers") == "512MB"
    assert value(conf, "max_connections") == "200"
    assert value(conf, "jit") == "off"
    assert value(conf, "dynamic_shared_memory_type") == "posix"
    assert "fsync" not in conf


def test_a_small_machine_gets_less_memory() -> None:
    assert value(server_conf(1, memory_bytes=2 * GIB, shm_bytes=2 * GIB), "shared_buffers") == "256MB"
    assert value(server_conf(1, memory_bytes=GIB // 4, shm_bytes=2 * GIB), "shared_buffers") == "64MB"


@pytest.mark.parametrize("shm_bytes", [0, 64 * 1024**2])
def test_a_tiny_shared_memory_is_replaced_by_files(shm_bytes: int) -> None:
    assert value(server_conf(1, shm_bytes=shm_bytes), "dynamic_shared_memory_type") == "mmap"


def test_a_server_for_tests_does_not_wait_for_the_disk() -> None:
    assert value(server_conf(1, fsync=False), "fsync") == "off"


def test_the_machine_is_measured() -> None:
    assert 64 * 1024**2 < machine_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert shared_memory() >= 0


# ---------------------------------------------------------------- OS user and folders


def test_a_folder_behind_a_closed_one_cannot_be_reached_by_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert not NOBODY.can_reach(tmp_path / "project" / "postgres")
    assert NOBODY.can_reach(Path("/usr/share/nothing/here"))
    assert OURSELVES.can_reach(tmp_path)


def test_a_folder_of_the_user_or_its_group_can_be_reached(tmp_path: Path) -> None:
    folder = Path("/") / "usr"
    owner = folder.stat()
    assert ServerUser(pwd.getpwuid(owner.st_uid).pw_name, owner.st_uid, owner.st_gid, switch=True).can_reach(folder)
    assert ServerUser("no such user", 4_000_000, owner.st_gid, switch=True).can_reach(folder)


@pytest.mark.parametrize("name", ['a "quoted" one', "cost$", "back`tick"])
def test_a_folder_whose_name_a_shell_would_read_is_avoided(tmp_path: Path, name: str) -> None:
    assert not OURSELVES.can_reach(tmp_path / name)


def test_a_normal_user_is_itself_and_refuses_another_user_s_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    user = server_user(tmp_path / "none yet")
    assert (user.uid, user.name, user.switch) == (4_000_000, "4000000", False)
    with pytest.raises(WarehouseUnavailableError, match=r"belongs to the user .*MLB_DATA_DIR"):
        server_user(tmp_path)


def test_root_runs_the_server_as_an_unprivileged_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres_user, "SERVER_USER", "no_such_user_here")
    monkeypatch.setattr(postgres_user.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres_user, "FALLBACK_USERS", ("nobody",))
    user = server_user(tmp_path / "none yet")
    assert (user.name, user.switch) == ("nobody", True)
    monkeypatch.setattr(postgres_user, "FALLBACK_USERS", ("no_such_user_either",))
    with pytest.raises(WarehouseUnavailableError, match="no unprivileged user"):
        server_user(tmp_path / "none yet")


def test_a_missing_server_user_is_made_by_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres_user, "SERVER_USER", "no_such_user_here")
    monkeypatch.setattr(postgres_user.shutil, "which", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(postgres_user.subprocess, "run", lambda command, **_: asked.append(command))
    monkeypatch.setattr(postgres_user, "FALLBACK_USERS", ("nobody",))
    server_user(tmp_path / "none yet")
    assert asked[0][0] == "useradd"
    assert asked[0][-1] == "no_such_user_here"


def test_the_binaries_are_found_and_copied_where_the_user_cannot_reach_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (binaries(OURSELVES) / "pg_ctl").exists()
    monkeypatch.setattr(postgres_user, "refuge", lambda folder: tmp_path / "refuge")
    monkeypatch.setattr(ServerUser, "can_reach", lambda self, folder: False)
    for _ in range(2):
        copied = binaries(NOBODY)
        assert copied.is_relative_to(tmp_path)
        said = subprocess.run([copied / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        assert " 18." in said


def test_missing_binaries_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_user, "WHEEL", "no_such_package_here")
    with pytest.raises(WarehouseUnavailableError, match="not installed"):
        binaries(OURSELVES)


def test_a_refuge_is_the_same_for_the_same_folder_and_open_to_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(postgres_user, "REFUGES", (tmp_path / "file" / "not here", tmp_path / "here"))
    place = refuge(Path("/some/project"))
    assert place == refuge(Path("/some/project"))
    assert place != refuge(Path("/another/project"))
    assert place.parent.name.startswith("here")
    assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_no_refuge_anywhere_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(f"read-only: {self}")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WarehouseUnavailableError, match="No folder can hold"):
        refuge(tmp_path)


def test_a_home_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseUnavailableError, match="cannot be kept in"):
        EmbeddedServer(tmp_path / "file" / "postgres").start()


def test_root_without_its_powers_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError("chown: Operation not permitted")

    monkeypatch.setattr(EmbeddedServer, "_make_cluster", refuse)
    monkeypatch.setattr(ServerUser, "can_reach", lambda self, folder: True)
    with pytest.raises(WarehouseUnavailableError, match=r"Operation not permitted.*MLB_DATABASE_URL"):
        EmbeddedServer(tmp_path / "postgres").start()


def test_new_folders_let_others_pass_and_old_ones_stay_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    before = os.umask(0o077)
    try:
        make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o755
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_private_file_is_private_and_replaced_in_one_step(tmp_path: Path) -> None:
    for content in ("one", "two"):
        write_private(tmp_path / "password", content)
        assert (tmp_path / "password").read_text() == content
        assert stat.S_IMODE((tmp_path / "password").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    assert log_since(tmp_path / "none", 0) == ""
    (tmp_path / "log").write_text("old\nnew\n")
    assert log_since(tmp_path / "log", 4) == "new\n"
    assert last_lines("a\n b\nc\n", 2) == "b | c"


# ---------------------------------------------------------------- processes and ports


def test_a_process_that_is_no_postgres_is_never_taken_for_the_server(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n0\n5432\n\n\n\nready\n")
    assert find_postmaster(tmp_path) is None
    clear_the_way(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_without_proc_the_processes_are_asked_of_ps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = f"  77 /bin/postgres -D {tmp_path}\n  78 /bin/postgres -D /elsewhere\n  79 vi notes\n"
    commands = {"77": f"/bin/postgres -D {tmp_path}", "78": "/bin/postgres -D /elsewhere"}
    monkeypatch.setattr(postmaster, "_PROC", tmp_path / "no proc here")
    monkeypatch.setattr(postmaster, "_ps", lambda *args: commands[args[-1]] if "-p" in args else listing)
    found = find_postmaster(tmp_path)
    assert found is not None
    assert found.pid == 77


def test_ps_itself_is_asked_in_a_way_it_understands() -> None:
    assert str(os.getpid()) in postmaster._ps("-axo", "pid=,command=")


def test_the_stored_port_is_kept_while_it_is_free() -> None:
    port = free_port(Path("/a"), first=None, skip=set())
    assert free_port(Path("/b"), first=port, skip=set()) == port
    assert free_port(Path("/a"), first=None, skip={port}) != port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert answers(port)
        assert free_port(Path("/b"), first=port, skip=set()) != port


def test_no_free_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postmaster, "_is_free", lambda port: False)
    with pytest.raises(WarehouseUnavailableError, match="No free port"):
        free_port(Path("/a"), first=1, skip=set())


# ---------------------------------------------------------------- revisions


def test_every_revision_has_its_statements_and_follows_the_one_before() -> None:
    revisions = code_revisions()
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
    for previous, revision in zip([None, *revisions], revisions, strict=False):
        (script,) = (MIGRATIONS / "versions").glob(f"r{revision}_*.py")
        content = script.read_text()
        assert f'revision = "{revision}"' in content
        assert f"down_revision = {previous!r}".replace("'", '"') in content
        assert list((MIGRATIONS / "versions").glob(f"{revision}_*.sql"))
