"""The league's loopback server: every source under its own prefix (``/mlb_stats``, ``/odds_api``, …), and ``/clock``.

It answers everything as of the world's clock and never tells the future. The application, its clock and its process
are here; each source's routes are in ``serve_*``, the shapes of its answers in ``wire_*``.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dagster_mlb.settings import OFFICIAL_BASE_URLS
from dagster_mlb.simulator import (
    serve_action_network,
    serve_mlb_game,
    serve_mlb_schedule,
    serve_odds_feed,
    serve_odds_props,
    serve_open_meteo,
    serve_prizepicks,
    serve_savant,
    serve_sbd,
    serve_sbr,
    serve_vsin,
)
from dagster_mlb.simulator.faults import FaultPlan
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.odds_query import Credits
from dagster_mlb.simulator.world import Clock, ClockError, MovingWorld, World

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

# Each source's own routes; what a source says is as of the world's clock.
SOURCES = (
    serve_mlb_schedule,
    serve_mlb_game,
    serve_action_network,
    serve_vsin,
    serve_sbd,
    serve_sbr,
    serve_odds_feed,
    serve_odds_props,
    serve_savant,
    serve_prizepicks,
    serve_open_meteo,
)
MONTHLY_CREDITS = 5_000_000
START_TIMEOUT_SECONDS = 30.0
# Whose answer it is: on a taken port a stranger's server would answer for ours.
SERVER_PID = "x-league-server-pid"


def create_app(world: World, *, quota: int = MONTHLY_CREDITS, clock: str | float = "fixed") -> Starlette:
    """The ASGI application for a world. Any key is accepted but an empty one and those that start with ``invalid``.

    ``clock``: ``"fixed"`` (the world's now, always), ``"stepped"`` (``POST /clock {"now": "2025-07-15T18:00:00Z"}``
    goes forward; 409 backward) or a number, how many seconds pass per second (steps are taken too). Of ``state``:
    ``world``, as served, and ``odds_credits``.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.routing import Route

    served = with_clock(world, clock)

    async def tell(request: Request) -> Response:
        return json_answer({"now": _iso(served.now)}, headers={SERVER_PID: str(os.getpid())})

    async def step(request: Request) -> Response:
        try:
            to = datetime.fromisoformat(json.loads(await request.body())["now"])
        except (ValueError, KeyError, TypeError):
            return json_answer({"message": 'a step is {"now": "2025-07-15T18:00:00Z"}'}, 400)
        if not isinstance(served, MovingWorld):
            return json_answer({"message": "this world's clock stands still"}, 409)
        try:
            return json_answer({"now": _iso(served.clock.step(to))})
        except ClockError as error:
            return json_answer({"message": str(error)}, 409)

    async def not_found(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        if status != 404:
            return json_answer({"message": str(error)}, status)
        return json_answer(serve_mlb_schedule.refusal(10, "Object not found", served), 404)

    app = Starlette(
        routes=[
            Route("/clock", tell),
            Route("/clock", step, methods=["POST"]),
            *(route for source in SOURCES for route in source.routes(served)),
        ],
        exception_handlers={HTTPException: not_found},
        middleware=[Middleware(_OneMoment, world=served)] if isinstance(served, MovingWorld) else [],
    )
    app.state.world = served
    app.state.odds_credits = Credits(quota)
    return app


def base_urls(league_url: str) -> dict[str, str]:
    """The setting of every source's address → where the league (or a replay with its layout) answers for it."""
    return {
        f"{source}_base_url": f"{league_url}/{source.replace('open_meteo_', 'open_meteo/')}"
        for source in OFFICIAL_BASE_URLS
    }


def with_clock(world: World, clock: str | float) -> World:
    """The world with a clock as ``create_app`` knows them. Raises ``ValueError`` for any other."""
    if clock == "fixed":
        return world
    rate = 0.0 if clock == "stepped" else float(clock)
    return MovingWorld(world, Clock(world.now, rate))


class _OneMoment:
    """Each answer is of one moment, however fast the clock runs."""

    def __init__(self, app: ASGIApp, world: MovingWorld) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/clock":
            await self.app(scope, receive, send)
            return
        with self.world.pinned():
            await self.app(scope, receive, send)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --------------------------------------------------------------------------------------------- running it


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_league_server(
    world: World | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    clock: str | float = "fixed",
    faults: FaultPlan | None = None,
) -> Iterator[str]:
    """Serve a world (default: the demo's) in a process of its own; yields the base URL and stops it at the end.

    ``clock`` as in ``create_app``; ``faults`` as the server begins with them (``POST /faults`` changes them).

    >>> with run_league_server() as base_url:  # doctest: +SKIP
    ...     httpx.get(f"{base_url}/mlb_stats/api/v1/teams")

    Raises ``RuntimeError`` with the server's own words if it does not come up.
    """
    port = port or free_port(host)
    command = [sys.executable, "-m", "dagster_mlb.simulator", "--host", host, "--port", str(port)]
    command += ["--parent", str(os.getpid())]
    command += ["--clock", clock] if isinstance(clock, str) else ["--rate", str(clock)]
    if world is not None:
        command += ["--world", world.to_json()]
    if faults is not None:
        command += ["--faults", json.dumps(asdict(faults))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ))
    base_url = f"http://{host}:{port}"
    try:
        _wait_until_healthy(process, base_url)
        yield base_url
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _wait_until_healthy(process: subprocess.Popen[bytes], base_url: str) -> None:
    import httpx

    deadline = time.perf_counter() + START_TIMEOUT_SECONDS
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace")[-2000:] if process.stderr else ""
            raise RuntimeError(f"the league's server at {base_url} ended with code {process.returncode}: {said}")
        try:
            answer = httpx.get(f"{base_url}/clock", timeout=1)
            if answer.headers.get(SERVER_PID) == str(process.pid):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.03)
    raise RuntimeError(f"the league's server at {base_url} did not answer within {START_TIMEOUT_SECONDS:.0f} s")
