"""The league's server as a process of its own: it comes up, speaks both formats, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime

import httpx
import pytest

from dagster_mlb.simulator import __main__ as command
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import free_port, run_league_server
from dagster_mlb.simulator.world import World

WORLD = World(
    seed=9, plans=(SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 12)),), now=datetime(2025, 5, 9, 16, tzinfo=UTC)
)


def test_it_serves_a_world_of_ones_own_and_stops() -> None:
    with run_league_server(WORLD) as base_url, httpx.Client(base_url=base_url) as client:
        assert client.get("/clock").json() == {"now": "2025-05-09T16:00:00Z"}
        schedule = client.get("/mlb_stats/api/v1/schedule", params={"sportId": 1, "date": "2025-05-08"})
        assert schedule.json()["totalGames"] > 0
        query = {"apiKey": "any", "regions": "us,eu", "date": "2025-05-08T16:00:00Z"}
        odds = client.get("/odds_api/v4/historical/sports/baseball_mlb/odds", params=query)
        assert len(odds.json()["data"]) > 5
        assert odds.headers["content-type"].startswith("application/json")
        assert int(odds.headers["x-requests-used"]) == 20
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{base_url}/clock", timeout=1)


def test_it_says_why_it_did_not_come_up() -> None:
    with run_league_server(WORLD) as taken:
        port = int(taken.rpartition(":")[2])
        with pytest.raises(RuntimeError, match="ended with code"), run_league_server(WORLD, port=port):
            pass


def test_it_ends_when_the_process_that_started_it_is_killed() -> None:
    script = (
        "import time\n"
        "from dagster_mlb.simulator.server import run_league_server\n"
        "with run_league_server() as url:\n"
        "    print(url, flush=True)\n"
        "    time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    base_url = starter.stdout.readline().strip()
    assert httpx.get(f"{base_url}/clock").status_code == 200
    starter.kill()
    starter.wait()
    starter.stdout.close()
    deadline = time.perf_counter() + 10
    while time.perf_counter() < deadline:
        try:
            httpx.get(f"{base_url}/clock", timeout=1)
        except httpx.TransportError:
            return
        time.sleep(0.1)
    pytest.fail("the server outlived the process that started it")


def test_the_command_serves_what_it_was_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    served = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **options: served.update(options, app=app))
    port = free_port()
    command.main(["--port", str(port), "--world", WORLD.to_json()])
    assert served["port"] == port
    assert served["host"] == "127.0.0.1"
    command.main([])
    assert served["port"] == 3080
