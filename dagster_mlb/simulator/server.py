"""The league's loopback server: the MLB Stats API under ``/mlb_stats`` and The Odds API under ``/odds_api``.

It answers everything as of the world's clock and never tells the future. Routes, quota headers and the server's
own process are here; what may be asked is in ``odds_query``, the shapes of the answers in ``wire_mlb`` and
``wire_odds``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from dagster_mlb.simulator import wire_mlb, wire_odds
from dagster_mlb.simulator.clubs import CLUB_INDEX
from dagster_mlb.simulator.odds_query import OddsApiError, check_key, common, historical_date, odds_request
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MONTHLY_CREDITS = 5_000_000
START_TIMEOUT_SECONDS = 30.0
# Whose answer it is: on a taken port a stranger's server would answer for ours.
SERVER_PID = "x-league-server-pid"


def create_app(world: World, *, quota: int = MONTHLY_CREDITS) -> Starlette:
    """The ASGI application for a world. Any key is accepted but an empty one and those that start with ``invalid``."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import Response
    from starlette.routing import Route

    used = 0

    def answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Response(body, status, headers, media_type="application/json; charset=utf-8")

    def spend(cost: int) -> dict[str, str]:
        nonlocal used
        used += cost
        return {
            "x-requests-remaining": str(max(quota - used, 0)),
            "x-requests-used": str(used),
            "x-requests-last": str(cost),
        }

    async def clock(request: Request) -> Response:
        return answer(wire_odds.dumps({"now": _iso(world.now)}), headers={SERVER_PID: str(os.getpid())})

    async def schedule(request: Request) -> Response:
        query = request.query_params
        try:
            first, last = _dates(query, world)
        except ValueError as error:
            return answer(wire_odds.dumps(_mlb_error(11, str(error), world)), 400)
        if query.get("sportId", "1") != "1":
            first, last = date(1, 1, 1), date(1, 1, 1)
        hydrate = wire_mlb.hydrations(query.get("hydrate", ""))
        return answer(wire_odds.dumps(wire_mlb.schedule(world, first, last, hydrate)))

    async def teams(request: Request) -> Response:
        season = request.query_params.get("season", str(world.today.year))
        club_id = request.path_params.get("club_id")
        if not season.isdigit():
            return answer(wire_odds.dumps(_mlb_error(11, f"Invalid season: {season}", world)), 400)
        if club_id is not None and club_id not in CLUB_INDEX:
            return answer(wire_odds.dumps(_mlb_error(10, "Object not found", world)), 404)
        return answer(wire_odds.dumps(wire_mlb.teams(int(season), club_id)))

    async def feed(request: Request) -> Response:
        kind = request.path_params["kind"]
        history = request.path_params.get("history") is not None
        try:
            check_key(request.query_params, used, quota)
            if request.path_params["sport"] != "baseball_mlb":
                raise OddsApiError(404, "UNKNOWN_SPORT", "Unknown sport")
            return answer(*_feed(world, request.query_params, kind, history, spend))
        except OddsApiError as error:
            return answer(wire_odds.dumps(error.body), error.status, spend(0))

    async def live_feed(request: Request) -> Response:
        return await feed(request)

    async def past_feed(request: Request) -> Response:
        request.path_params["history"] = "historical"
        return await feed(request)

    async def not_found(request: Request, error: Exception) -> Response:
        return answer(wire_odds.dumps(_mlb_error(10, "Object not found", world)), 404)

    sports = "/v4/sports/{sport}/{kind}"
    return Starlette(
        routes=[
            Route("/clock", clock),
            Route("/mlb_stats/api/v1/schedule", schedule),
            Route("/mlb_stats/api/v1/teams", teams),
            Route("/mlb_stats/api/v1/teams/{club_id:int}", teams),
            Route(f"/odds_api{sports}", live_feed),
            Route("/odds_api/v4/historical/sports/{sport}/{kind}", past_feed),
        ],
        exception_handlers={HTTPException: not_found},
    )


def _feed(
    world: World, query: Mapping[str, str], kind: str, history: bool, spend: Any
) -> tuple[bytes, int, dict[str, str]]:
    """Body, status and quota headers of one endpoint of the odds feed."""
    if kind == "odds":
        request, cost = odds_request(query)
        if history:
            body = wire_odds.historical(world, request, historical_date(query))
            return body, 200, spend(10 * cost)
        body = wire_odds.odds(world, request, world.moment)
        return body, 200, spend(cost if body != b"[]" else 0)
    if kind == "events" and not history:
        return wire_odds.events(world, wire_odds.Request(**common(query))), 200, spend(0)
    if kind == "scores" and not history:
        text = query.get("daysFrom")
        if text is not None and text not in ("1", "2", "3"):
            raise OddsApiError(
                422, "INVALID_SCORES_DAYS_FROM", "Invalid daysFrom parameter. Must be an integer from 1 to 3"
            )
        days = int(text) if text else None
        body = wire_odds.scores(world, wire_odds.Request(**common(query)), days)
        return body, 200, spend(2 if days else 1)
    raise OddsApiError(404, "NOT_FOUND", "Not found")


def _dates(query: Mapping[str, str], world: World) -> tuple[date, date]:
    """First and last date of a schedule request; ``YYYY-MM-DD`` or ``MM/DD/YYYY``. Without dates: today."""

    def parse(name: str) -> date:
        text = query[name]
        try:
            if "/" in text:
                month, day, year = (int(part) for part in text.split("/"))
                return date(year, month, day)
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"Invalid Request with value: {text}") from None

    if "date" in query:
        return parse("date"), parse("date")
    if "startDate" in query and "endDate" in query:
        return parse("startDate"), parse("endDate")
    if "startDate" in query or "endDate" in query:
        raise ValueError("startDate and endDate are required together")
    return world.today, world.today


def _mlb_error(number: int, message: str, world: World) -> dict[str, Any]:
    return {"messageNumber": number, "message": message, "timestamp": _iso(world.now), "traceId": None}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --------------------------------------------------------------------------------------------- running it


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_league_server(world: World | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve a world (default: the demo's) in a process of its own; yields the base URL and stops it at the end.

    >>> with run_league_server() as base_url:  # doctest: +SKIP
    ...     httpx.get(f"{base_url}/mlb_stats/api/v1/teams")

    Raises ``RuntimeError`` with the server's own words if it does not come up.
    """
    port = port or free_port(host)
    command = [sys.executable, "-m", "dagster_mlb.simulator", "--host", host, "--port", str(port)]
    command += ["--parent", str(os.getpid())]
    if world is not None:
        command += ["--world", world.to_json()]
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
