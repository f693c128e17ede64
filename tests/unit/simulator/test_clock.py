"""A served world whose clock is stepped or runs: forward only, the same truth, one moment per answer."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import create_app, run_league_server, with_clock
from dagster_mlb.simulator.world import Clock, ClockError, MovingWorld, World

START = datetime(2025, 4, 18, 16, tzinfo=UTC)
LATER = datetime(2025, 4, 19, 5, tzinfo=UTC)
WORLD = World(seed=21, plans=(SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 25)),), now=START)
PATHS = (
    "/mlb_stats/api/v1/schedule?sportId=1&hydrate=linescore",
    "/odds_api/v4/sports/baseball_mlb/odds?apiKey=k&regions=us",
)


def step(client: TestClient, to: datetime | str) -> int:
    return client.post("/clock", json={"now": to if isinstance(to, str) else to.isoformat()}).status_code


def test_a_stepped_world_tells_what_a_world_of_that_moment_tells() -> None:
    client = TestClient(create_app(WORLD, clock="stepped"))
    for moment in (START, LATER, LATER + timedelta(days=1)):
        assert step(client, moment) == 200
        fixed = TestClient(create_app(WORLD.at(moment)))
        assert client.get("/clock").json() == fixed.get("/clock").json()
        for path in PATHS:
            assert client.get(path).content == fixed.get(path).content


def test_a_clock_goes_forward_only() -> None:
    client = TestClient(create_app(WORLD, clock="stepped"))
    assert step(client, LATER) == 200
    assert step(client, START) == 409
    assert client.get("/clock").json() == {"now": "2025-04-19T05:00:00Z"}
    assert step(client, "2025-04-20T00:00:00") == 409, "without a time zone"
    assert step(client, "soon") == 400
    assert client.post("/clock", content=b"[]").status_code == 400


def test_the_clock_of_a_fixed_world_stands_still() -> None:
    client = TestClient(create_app(WORLD))
    assert step(client, LATER) == 409
    assert client.get("/clock").json() == {"now": "2025-04-18T16:00:00Z"}
    assert client.delete("/clock").status_code == 405


def test_a_running_clock_runs_at_its_rate() -> None:
    clock = Clock(START, rate=36_000)
    time.sleep(0.05)
    passed = (clock.now() - START).total_seconds()
    assert 1500 <= passed < 36_000
    assert clock.now().microsecond == 0
    assert clock.step(LATER) == LATER <= clock.now()


def test_one_answer_is_of_one_moment() -> None:
    moving = with_clock(WORLD, 1_000_000)
    assert isinstance(moving, MovingWorld)
    with moving.pinned() as now:
        time.sleep(0.01)
        assert moving.now == now and moving.moment == now.timestamp()
    assert moving.now > now


def test_a_moving_world_is_a_world() -> None:
    moving = with_clock(WORLD, "stepped")
    assert isinstance(moving, World) and isinstance(moving, MovingWorld)
    assert moving.league is WORLD.league and moving.market is WORLD.market
    assert (moving.now, moving.moment, moving.today) == (START, START.timestamp(), date(2025, 4, 18))
    moving.clock.step(LATER)
    assert (moving.moment, moving.today) == (LATER.timestamp(), date(2025, 4, 19))
    still = moving.at(START)
    assert type(still) is World and still.now == START and still.league is WORLD.league
    assert World.from_json(moving.to_json()) == WORLD.at(LATER)


def test_clocks_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2025, 4, 1))  # noqa: DTZ001
    with pytest.raises(ClockError):
        Clock(START, rate=-1)
    with pytest.raises(ValueError, match="sometimes"):
        create_app(WORLD, clock="sometimes")


def test_a_league_in_a_process_of_its_own_takes_steps_and_runs() -> None:
    with run_league_server(WORLD, clock="stepped") as url, httpx.Client(base_url=url) as client:
        assert client.post("/clock", json={"now": "2025-04-19T05:00:00Z"}).json() == {"now": "2025-04-19T05:00:00Z"}
        told = client.get(f"{PATHS[0]}&date=2025-04-18").json()
        games = [g for d in told["dates"] for g in d["games"]]
        assert any(g["status"]["detailedState"] == "Final" for g in games)
    with run_league_server(WORLD, clock=36_000) as url:
        time.sleep(0.05)
        assert httpx.get(f"{url}/clock").json()["now"] > "2025-04-18T16:10:00Z"
