"""The embedded PostgreSQL server: made, started and stopped here, on loopback, with a generated password.

Only the *binaries* of the wheel are used. A home folder (``settings.postgres_dir``) holds ``data`` (the cluster, owned
by the OS user that runs the server), ``password`` (mode 600) and ``server.json`` (port, and where the cluster is). The
lock lies beside the home. The server outlives the process that started it: ``mlb db stop`` ends it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dagster_mlb.warehouse.errors import WarehouseUnavailableError
from dagster_mlb.warehouse.postgres_conf import server_conf
from dagster_mlb.warehouse.postgres_files import chown_tree, last_lines, log_of, log_since, make_folder, write_private
from dagster_mlb.warehouse.postgres_user import ServerUser, binaries, refuge, server_user
from dagster_mlb.warehouse.postmaster import HOST, Postmaster, answers, clear_the_way, find_postmaster, free_port

SUPERUSER = "postgres"
LOGIN = "mlb"  # what the platform connects as: no superuser, so it cannot switch the triggers of raw_data off wholesale
MAINTENANCE_DATABASE = "postgres"
START_TIMEOUT_SECONDS = 120
_PORT_ATTEMPTS = 8
_LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True)
class ServerAddress:
    """How to reach a server. ``repr`` hides the password."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    instance: str = ""  # the postmaster's pid: another one means another start

    def url(self, database: str) -> str:
        """``postgresql://user:password@host:port/database``; the generated password needs no quoting."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the server without touching it."""

    running: bool
    pid: int | None
    port: int | None
    cluster: Path
    os_user: str | None
    note: str


class EmbeddedServer:
    """The server of one home folder. Any number of processes may call ``start`` and ``stop`` at once."""

    def __init__(self, data_dir: Path, *, fsync: bool = True) -> None:
        self.home = data_dir.expanduser().resolve()
        self._fsync = fsync

    # ------------------------------------------------------------------ what people call

    def start(self) -> ServerAddress:
        """The address of the running server; makes the cluster and starts it where need be.

        0.6 s for a new cluster, 1 ms where it runs. Raises WarehouseUnavailableError with the end of the server's log.
        """
        cluster = self._cluster()
        found = find_postmaster(cluster) if cluster else None
        if found and found.ready and found.port:
            return self._address(found)
        with self._lock():
            try:
                user, cluster = self._prepared_cluster()
            except PermissionError as error:  # root without its powers (some containers), or somebody else's folder
                raise WarehouseUnavailableError(
                    f"The embedded database cannot be set up in {self.home}: {error}. Run as a normal user with a "
                    "folder of your own (MLB_DATA_DIR), or use a server (MLB_DATABASE_URL)."
                ) from None
            found = find_postmaster(cluster)
            if found is None:
                found = self._start(user, cluster)
            return self._address(self._wait_until_ready(cluster, found))

    def stop(self, *, mode: Literal["fast", "immediate"] = "fast") -> bool:
        """Stop the server (open sessions are ended, their work rolled back). False where none was running.

        ``immediate`` writes nothing more to the disk: for data that is about to be deleted.
        """
        with self._lock():
            cluster = self._cluster()
            found = find_postmaster(cluster) if cluster else None
            if cluster is None or found is None:
                return False
            if found.port:
                user = server_user(cluster)
                seconds = str(START_TIMEOUT_SECONDS)
                user.run([self._pg_ctl(user), "-D", str(cluster), "-m", mode, "-w", "-t", seconds, "-s", "stop"])
            else:  # its pid file is damaged, so pg_ctl cannot know it; we do
                os.kill(found.pid, signal.SIGINT)
            deadline = time.perf_counter() + START_TIMEOUT_SECONDS
            while find_postmaster(cluster):
                if time.perf_counter() > deadline:
                    raise WarehouseUnavailableError(
                        f"The embedded server (pid {found.pid}) does not stop; see {log_of(cluster)}"
                    )
                time.sleep(0.02)
            return True

    def status(self) -> ServerStatus:
        """Whether the server runs, where its data is, and what is unusual about it."""
        cluster = self._cluster()
        if cluster is None:
            return ServerStatus(False, None, None, self.home / "data", None, "no database has been made here yet")
        found = find_postmaster(cluster)
        notes = []
        if cluster.parent != self.home:
            notes.append(f"the data is in {cluster}, because the server's OS user cannot reach {self.home}")
        if found is None and (cluster / "postmaster.pid").exists():
            notes.append("a dead server left its pid file: the next start clears it")
        port = found.port if found and found.port else self._stored_port()
        user = server_user(cluster).name
        return ServerStatus(found is not None, found.pid if found else None, port, cluster, user, "; ".join(notes))

    def destroy(self) -> None:
        """Stop the server and delete its data, password and folders. There is no way back."""
        self.stop(mode="immediate")
        with self._lock():
            cluster = self._cluster()
            if cluster is not None and cluster.parent != self.home:
                shutil.rmtree(cluster.parent, ignore_errors=True)
            shutil.rmtree(self.home, ignore_errors=True)  # the lock stays: another process may wait for it

    # ------------------------------------------------------------------ the folders

    @property
    def _lock_file(self) -> Path:
        return self.home.with_name(f"{self.home.name}.lock")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            make_folder(self.home)
            handle = self._lock_file.open("a")
        except OSError as error:
            raise WarehouseUnavailableError(
                f"The embedded database cannot be kept in {self.home}: {error}. Choose a folder of your own with "
                "MLB_DATA_DIR, or a server with MLB_DATABASE_URL."
            ) from None
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _state(self) -> dict[str, object]:  # port, cluster
        try:
            state = json.loads((self.home / "server.json").read_text())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _stored_port(self) -> int | None:
        port = self._state().get("port")
        return port if isinstance(port, int) and port > 0 else None

    def _write_state(self, cluster: Path, port: int) -> None:
        content = json.dumps({"port": port, "cluster": str(cluster) if cluster.parent != self.home else "data"})
        write_private(self.home / "server.json", content, mode=0o644)

    def _cluster(self) -> Path | None:
        """The cluster folder where there is one."""
        inside = self.home / "data"
        if inside.exists():
            return inside
        elsewhere = self._state().get("cluster", "data")
        if elsewhere == "data":
            return None
        cluster = Path(str(elsewhere))
        if not cluster.exists():
            raise WarehouseUnavailableError(
                f"{self.home / 'server.json'} says that the database is in {cluster}, and that folder is gone. Restore "
                f"it, or delete {self.home} to begin anew (archives and sources fill it again)."
            )
        return cluster

    def _prepared_cluster(self) -> tuple[ServerUser, Path]:
        cluster = self._cluster()
        if cluster is not None:
            user = server_user(cluster)
            if user.switch and cluster.stat().st_uid == 0:  # a copy made by root
                chown_tree(cluster, user)
            if user.can_reach(cluster):
                return user, cluster
            raise WarehouseUnavailableError(
                f"The server runs as the user {user.name}, who cannot reach {cluster} any more: a folder above it lost "
                f"its search permission. Give it back (chmod +x), or move the project to where that user can go."
            )
        user = server_user(self.home / "data")
        place = self.home if user.can_reach(self.home) else refuge(self.home)
        return user, self._make_cluster(user, place)

    def _make_cluster(self, user: ServerUser, place: Path) -> Path:
        """initdb aside, then one rename: a killed initdb leaves nothing that looks like a cluster."""
        cluster, unfinished, password_file = place / "data", place / "data.new", place / "initdb.password"
        if cluster.exists():  # only in a refuge: its home was deleted, and its password with it
            stranded = find_postmaster(cluster)
            if stranded:
                os.kill(stranded.pid, signal.SIGQUIT)
            clear_the_way(cluster)
            shutil.rmtree(cluster)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        write_private(password_file, password)
        if user.switch:
            os.chown(unfinished, user.uid, user.gid)
            os.chown(password_file, user.uid, user.gid)
        folder = binaries(user)
        # The built-in C.UTF-8 sorts by code point on every platform and needs no locale of the operating system.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", f"--pwfile={password_file}"]
        unsafe = [] if self._fsync else ["--no-sync"]
        made = user.run([str(folder / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, *access, *locale, *unsafe])
        password_file.unlink()
        if made.returncode:
            raise WarehouseUnavailableError(f"The database could not be made in {place}: {last_lines(made.stderr)}")
        login = f"create role {LOGIN} login createdb createrole password '{password}'"
        done = user.run(
            [
                str(folder / "postgres"),
                "--single",
                *(["-F"] if unsafe else []),
                "-D",
                str(unfinished),
                MAINTENANCE_DATABASE,
            ],
            input=login,
        )
        if done.returncode or "ERROR" in done.stderr:
            raise WarehouseUnavailableError(f"The login of the platform could not be made: {last_lines(done.stderr)}")
        with (unfinished / "postgresql.conf").open("a") as conf:
            conf.write("include_if_exists = 'mlb.conf'\n")
        write_private(self.home / "password", password)
        unfinished.rename(cluster)
        self._write_state(cluster, 0)
        return cluster

    # ------------------------------------------------------------------ the process

    def _pg_ctl(self, user: ServerUser) -> str:
        return str(binaries(user) / "pg_ctl")

    def _start(self, user: ServerUser, cluster: Path) -> Postmaster:
        clear_the_way(cluster)
        log = log_of(cluster)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.unlink()
        stored = self._stored_port()
        skip: set[int] = set()
        for _ in range(_PORT_ATTEMPTS):
            port = free_port(cluster, first=stored, skip=skip)
            conf = cluster / "mlb.conf"
            write_private(conf, server_conf(port, fsync=self._fsync))
            if user.switch:
                os.chown(conf, user.uid, user.gid)
            self._write_state(cluster, port)
            seen = log.stat().st_size if log.exists() else 0
            seconds = str(START_TIMEOUT_SECONDS)
            started = user.run(
                [self._pg_ctl(user), "-D", str(cluster), "-l", str(log), "-w", "-t", seconds, "-s", "start"]
            )
            found = find_postmaster(cluster)
            if found:
                return found
            reason = log_since(log, seen) or started.stderr
            if "could not bind" not in reason and "TCP/IP sockets" not in reason:
                break
            skip.add(port)
        raise WarehouseUnavailableError(
            f"The embedded server did not start in {cluster}: {last_lines(reason)} (whole log: {log})"
        )

    def _wait_until_ready(self, cluster: Path, found: Postmaster) -> Postmaster:
        """A long crash recovery outlives pg_ctl's patience; a damaged pid file never gets ready by itself."""
        deadline = time.perf_counter() + START_TIMEOUT_SECONDS
        while time.perf_counter() < deadline:
            current = find_postmaster(cluster)
            if current is None:
                raise WarehouseUnavailableError(f"The embedded server ended while it started; see {log_of(cluster)}")
            if current.ready and current.port:
                return current
            port = self._stored_port()
            if current.port is None and port and answers(port):
                return Postmaster(current.pid, port, ready=True)
            time.sleep(0.05)
        raise WarehouseUnavailableError(
            f"The embedded server (pid {found.pid}) is still recovering after {START_TIMEOUT_SECONDS} s; it goes on: "
            f"try again later, and see {log_of(cluster)}"
        )

    def _address(self, found: Postmaster) -> ServerAddress:
        path = self.home / "password"
        try:
            password = path.read_text().strip()
        except OSError as error:
            raise WarehouseUnavailableError(
                f"The password of the embedded server cannot be read from {path} ({error.strerror}). Run the command "
                f"as the user who made the database, or restore the file; deleting {self.home} begins anew."
            ) from None
        return ServerAddress(HOST, found.port or 0, LOGIN, password, instance=str(found.pid))
