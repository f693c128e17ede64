"""`make up`: the web server, the daemon and dbt's docs as children of one process, on loopback, stopped together.

Children are started from Python with a session of their own: a server started by a shell's ``&`` inherits an ignored
SIGINT, and Dagster then ignores SIGTERM too.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dagster_mlb.defs.instance import instance_environment
from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.prepare import prepare

LOOPBACK = "127.0.0.1"
WORKSPACE = PROJECT_ROOT / "workspace.yaml"
START_TIMEOUT_SECONDS = 90.0
STOP_TIMEOUT_SECONDS = 10.0


class PortTakenError(RuntimeError):
    """Somebody else listens where we would."""


class ChildEndedError(RuntimeError):
    """One of the servers ended by itself."""


@dataclass(frozen=True)
class Child:
    """A server of ours: its command, and the port it answers on (None: none)."""

    name: str
    command: tuple[str, ...]
    port: int | None = None


@dataclass(frozen=True)
class Addresses:
    """Where people look."""

    ui: str
    docs: str
    logs: Path


def children(settings: Settings, docs: Path) -> list[Child]:
    """The three servers; the daemon runs schedules, sensors and backfills."""
    binary = Path(sys.executable).parent
    workspace = ("-w", str(WORKSPACE))
    return [
        Child(
            "webserver",
            (
                *(str(binary / "dagster-webserver"), "-h", LOOPBACK, "-p", str(settings.webserver_port)),
                *workspace,
            ),
            settings.webserver_port,
        ),
        Child("daemon", (str(binary / "dagster-daemon"), "run", *workspace)),
        Child(
            "docs",
            (
                *(sys.executable, "-m", "http.server", str(settings.docs_port)),
                *("--bind", LOOPBACK, "--directory", str(docs)),
            ),
            settings.docs_port,
        ),
    ]


def build_docs(settings: Settings) -> Path:
    """dbt's docs as one self-contained page; returns its folder. Needs the warehouse (it reads the catalog)."""
    folder = settings.data_dir / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    folders = ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    with transform.connection_in_environment(settings):
        outcome = transform.invoke(["docs", "generate", "--static", *folders, "--log-level", "error", "--quiet"])
    page = transform.DBT_PROJECT_DIR / "target" / "static_index.html"
    if not outcome.success or not page.exists():
        raise transform.TransformError("dbt could not generate its docs: run `mlb dbt parse` to see why")
    shutil.copyfile(page, folder / "index.html")
    return folder


def serve(
    settings: Settings,
    *,
    on_ready: Callable[[Addresses], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Starts the three servers, calls ``on_ready`` when they answer, and waits for Ctrl-C or SIGTERM; then stops them.

    ``environment`` are settings for the children beside our own. Raises PortTakenError before anything is started,
    ChildEndedError when a server ends by itself (its log is named).
    """
    with running(settings, environment=environment) as (addresses, processes):
        if on_ready is not None:
            on_ready(addresses)
        with _until_signal() as stopped:
            while not stopped():
                _raise_if_ended(processes, addresses.logs)
                time.sleep(0.3)


@contextmanager
def running(
    settings: Settings, *, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Addresses, dict[str, subprocess.Popen[bytes]]]]:
    """The servers, answering; stopped at the end, whatever happens inside."""
    for port in (settings.webserver_port, settings.docs_port):
        refuse_taken_port(port)
    prepare(settings)
    transform.ensure_manifest(settings)
    docs = settings.data_dir / "docs"
    if not (docs / "index.html").exists():
        docs = build_docs(settings)
    logs = settings.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, **instance_environment(settings), **(environment or {})}
    addresses = Addresses(
        ui=f"http://{LOOPBACK}:{settings.webserver_port}", docs=f"http://{LOOPBACK}:{settings.docs_port}", logs=logs
    )
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for child in children(settings, docs):
            with (logs / f"{child.name}.log").open("wb") as log:
                processes[child.name] = subprocess.Popen(
                    child.command,
                    cwd=PROJECT_ROOT,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        _wait_until_answering(children(settings, docs), processes, logs)
        yield addresses, processes
    finally:
        stop(processes.values())


def refuse_taken_port(port: int) -> None:
    """PortTakenError where somebody listens on it (two code servers on one port do not collide, they mix)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise PortTakenError(
                f"port {port} is taken: is `make up` running already? "
                "Other ports: MLB_WEBSERVER_PORT and MLB_DOCS_PORT."
            ) from None


def stop(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """SIGTERM to each server's whole session, and SIGKILL to what is left after ten seconds."""
    alive = [process for process in processes if process.poll() is None]
    for process in alive:
        _signal(process, signal.SIGTERM)
    deadline = time.perf_counter() + STOP_TIMEOUT_SECONDS
    for process in alive:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.1, deadline - time.perf_counter()))
    for process in alive:
        _signal(process, signal.SIGKILL)  # grandchildren too: code servers outlive a killed parent
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _wait_until_answering(
    wanted: Sequence[Child], processes: Mapping[str, subprocess.Popen[bytes]], logs: Path
) -> None:
    deadline = time.perf_counter() + START_TIMEOUT_SECONDS
    waiting = {child.name: child.port for child in wanted if child.port is not None}
    while waiting:
        _raise_if_ended(processes, logs)
        for name, port in list(waiting.items()):
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex((LOOPBACK, port)) == 0:
                    del waiting[name]
        if waiting and time.perf_counter() > deadline:
            raise ChildEndedError(
                f"{', '.join(waiting)} did not answer within {START_TIMEOUT_SECONDS:.0f} s: see {logs}"
            )
        time.sleep(0.1)


def _raise_if_ended(processes: Mapping[str, subprocess.Popen[bytes]], logs: Path) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = logs / f"{name}.log"
            said = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise ChildEndedError(f"the {name} ended with code {process.returncode}; its log {log} ends:\n{said}")


@contextmanager
def _until_signal() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came; the handlers that were there before are put back."""
    came: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
