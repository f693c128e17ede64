"""`make up`: the servers come up together on loopback, show the location, and go down together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dagster_mlb.defs import serve
from dagster_mlb.defs.pooled_storage import dispose_pools
from dagster_mlb.defs.serve import Child, ChildEndedError, PortTakenError, children, refuse_taken_port, running
from dagster_mlb.settings import Settings

LOCATIONS = """{workspaceOrError{... on Workspace{locationEntries{
    name locationOrLoadError{__typename ... on PythonError{message causes{message}}}
}}}}"""
LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def settings(database: Settings) -> Iterator[Settings]:
    docs = database.data_dir / "docs"
    docs.mkdir()
    (docs / "index.html").write_text("<title>docs</title>")
    yield database.model_copy(update={"webserver_port": free_port(), "docs_port": free_port()})
    dispose_pools()


def living_members(session: int) -> list[str]:
    """Processes of a session that are no zombies, by their command."""
    living = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, of_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of_session) == session and state != "Z":
                living.append((folder / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return living


def test_ui_daemon_and_docs_come_up_together_and_go_down_together(settings: Settings) -> None:
    environment = {
        "MLB_ENVIRONMENT": "test",
        "MLB_DATA_DIR": str(settings.data_dir),
        "MLB_FIXED_NOW": settings.now().isoformat(),
    }
    with running(settings, environment=environment) as (addresses, processes):
        answer = httpx.post(f"{addresses.ui}/graphql", json={"query": LOCATIONS}, timeout=30, trust_env=False).json()
        docs = httpx.get(addresses.docs, timeout=5, trust_env=False)

        [location] = answer["data"]["workspaceOrError"]["locationEntries"]
        assert location["name"] == "dagster_mlb"
        assert location["locationOrLoadError"] == {"__typename": "RepositoryLocation"}
        assert "<title>docs</title>" in docs.text
        assert set(processes) == {"webserver", "daemon", "docs"}
        assert all(process.poll() is None for process in processes.values())

    deadline = time.perf_counter() + 5  # a killed grandchild needs a moment to be gone
    while any(living_members(process.pid) for process in processes.values()):
        assert time.perf_counter() < deadline, [living_members(process.pid) for process in processes.values()]
        time.sleep(0.05)


@pytest.fixture
def quick_servers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two tiny servers instead of Dagster's."""

    def tiny(of: Settings, docs: Path) -> list[Child]:
        command = (sys.executable, "-c", LISTEN)
        return [
            Child("webserver", (*command, str(of.webserver_port)), of.webserver_port),
            Child("docs", (*command, str(of.docs_port)), of.docs_port),
        ]

    monkeypatch.setattr(serve, "children", tiny)
    return settings


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_servers_and_the_handlers_are_as_before(
    quick_servers: Settings, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    told: list[serve.Addresses] = []

    def ready(addresses: serve.Addresses) -> None:
        told.append(addresses)
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()

    serve.serve(quick_servers, on_ready=ready)

    assert told[0].ui == f"http://127.0.0.1:{quick_servers.webserver_port}"
    assert signal.getsignal(number) == before
    refuse_taken_port(quick_servers.webserver_port)


def test_a_server_that_ends_by_itself_is_told_with_the_end_of_its_log(
    quick_servers: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Child("daemon", (sys.executable, "-c", "print('no such table: runs'); raise SystemExit(3)"))
    monkeypatch.setattr(serve, "children", lambda of, docs: [broken])

    with pytest.raises(ChildEndedError, match=r"(?s)daemon ended with code 3.*no such table: runs"):
        serve.serve(quick_servers)


def test_a_server_that_does_not_answer_is_given_up_on(quick_servers: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Child("webserver", (sys.executable, "-c", "import time; time.sleep(60)"), quick_servers.webserver_port)
    monkeypatch.setattr(serve, "children", lambda of, docs: [silent])
    monkeypatch.setattr(serve, "START_TIMEOUT_SECONDS", 0.3)

    with pytest.raises(ChildEndedError, match="webserver did not answer"), running(quick_servers):
        raise AssertionError("it never answered")


def test_a_taken_port_is_told_before_anything_starts(settings: Settings) -> None:
    taken = f"{settings.webserver_port} is taken.*MLB_WEBSERVER_PORT"
    with socket.create_server(("127.0.0.1", settings.webserver_port)), pytest.raises(PortTakenError, match=taken):
        serve.serve(settings)
    refuse_taken_port(settings.webserver_port)


def test_a_server_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "STOP_TIMEOUT_SECONDS", 0.3)
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()

    started = time.perf_counter()
    serve.stop([process])
    process.stdout.close()

    assert process.returncode == -signal.SIGKILL
    assert time.perf_counter() - started < 5


def test_everything_listens_on_loopback_alone(settings: Settings) -> None:
    commands = {child.name: child.command for child in children(settings, settings.data_dir)}

    assert commands["webserver"][1:5] == ("-h", "127.0.0.1", "-p", str(settings.webserver_port))
    assert commands["docs"][commands["docs"].index("--bind") + 1] == "127.0.0.1"
