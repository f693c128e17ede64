"""Replaying a recording: a server that says again what was said, as of its clock, and the collection that asks it.

What was recorded goes the same way as what is live: polite client, raw_data, staging. Its provenance is *replayed*
(*simulated* where it was). The clock stands at the moment of each answer, so what was captured then is captured at
that moment, and what was asked for the past is backfilled: the staged rows are those of the original.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from dagster_mlb.settings import Settings
from dagster_mlb.simulator.faults import FaultPlan, Faults
from dagster_mlb.sources.catalog import ENDPOINTS, Endpoint
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.recordings import RecordedResponse, Recording, RecordingError, moments

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response


# Nobody is spared by waiting for a server of our own, and answers that were bad then are no reason to give up now.
_PATIENCE: Final[dict[str, Any]] = {
    "backoff_initial_s": 0.05,
    "backoff_max_s": 0.5,
    "budget_s": None,
    "give_up_after": 1_000_000_000,
}


@dataclass
class _Tape:
    """The answers to one request (or one path), in time."""

    at: list[datetime] = field(default_factory=list)
    responses: list[RecordedResponse] = field(default_factory=list)

    def as_of(self, moment: datetime, turn: int) -> RecordedResponse | None:
        """The latest answer at a moment; where it was asked several times in that moment, the one of that turn."""
        end = bisect_right(self.at, moment)
        begin = bisect_left(self.at, moment)
        if begin < end:
            return self.responses[min(begin + turn, end - 1)]
        return self.responses[end - 1] if end else None


class ReplayClock:
    """The moment at which the server stands, and which of several answers of that moment is given; the replaying
    collection moves both."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.turn = 0


def create_replay_app(recording: Recording, clock: ReplayClock) -> Starlette:
    """Answers ``/<base>/<path>?<parameters>`` with the latest body recorded at or before the clock, and 404 where
    nothing was recorded by then. Secrets in a query are not compared: a recording holds none."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    exact: dict[tuple[str, str, frozenset[tuple[str, str]]], _Tape] = defaultdict(_Tape)
    loose: dict[tuple[str, str], _Tape] = defaultdict(_Tape)
    for told in recording.responses:
        base, path = ENDPOINTS[told.table].base, unquote(told.path)
        tapes = [exact[base, path, frozenset(told.params.items())]]
        if told.any_params:  # a question that is known better is answered better
            tapes.append(loose[base, path])
        for tape in tapes:
            tape.at.append(told.observed_at)
            tape.responses.append(told)

    async def answer(request: Request) -> Response:
        base, path = request.path_params["base"], "/" + request.path_params["path"]
        asked = frozenset((name, value) for name, value in request.query_params.items() if name != "apiKey")
        tape = exact.get((base, path, asked)) or loose.get((base, path))
        told = tape.as_of(clock.now, clock.turn) if tape else None
        if told is None:
            return JSONResponse({"message": f"not recorded by {clock.now.isoformat()}"}, 404)
        content_type = (told.content_type or "").encode("latin-1", "ignore").decode("latin-1")
        return Response(recording.body(told), told.http_status, {"content-type": content_type} if content_type else {})

    async def now(request: Request) -> Response:
        return JSONResponse({"now": clock.now.astimezone(UTC).isoformat()})

    return Starlette(routes=[Route("/clock", now), Route("/{base}/{path:path}", answer)])


@contextmanager
def replay_server(recording: Recording, clock: ReplayClock, faults: FaultPlan | None = None) -> Iterator[str]:
    """Serve a recording from a thread of this process on loopback; yields the base URL."""
    import uvicorn

    app = create_replay_app(recording, clock)
    config = uvicorn.Config(
        Faults(app, faults) if faults else app,
        host="127.0.0.1",
        port=0,
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.perf_counter() + 15
    while not server.started:
        if time.perf_counter() > deadline or not thread.is_alive():
            raise RecordingError("the replay server did not start")
        time.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def replay(
    settings: Settings, recording: Recording, *, run_id: str, faults: FaultPlan | None = None
) -> list[CollectionResult]:
    """Ask everything of a recording again, each at its own moment, and store it. Returns a result per moment and table.

    The clock of ``settings`` does not matter: each answer is observed and written at the moment it was recorded at.
    An answer that is not what its endpoint promises (it was malformed then) is a failure of the result and stored all
    the same. The sources' health stays as it is. Raises RecordingError, before anything is asked, for an empty
    recording and for a body that is not there or not the one the index names.
    """
    if not recording.responses:
        raise RecordingError(f"{recording.folder} holds no response")
    for content in {told.content_hash: told for told in recording.responses}.values():
        recording.body(content)
    clock = ReplayClock(recording.responses[0].observed_at)
    results = []
    with replay_server(recording, clock, faults) as url:
        for moment, told in moments(recording):
            clock.now = moment
            for turn, of_turn in enumerate(_turns(told)):
                clock.turn = turn
                by_plan: dict[tuple[str, str], list[RecordedResponse]] = defaultdict(list)
                for response in of_turn:
                    by_plan[response.table, response.provenance].append(response)
                for (table, provenance), responses in by_plan.items():
                    endpoint = ENDPOINTS[table]
                    there = _settings_at(settings, url, endpoint, moment, provenance)
                    results.append(collect(there, _plan(there, endpoint, responses), run_id=run_id))
    return results


def _turns(told: Sequence[RecordedResponse]) -> list[list[RecordedResponse]]:
    """The answers of one moment in rounds, each of which asks a request once: repeats come as they came."""
    turns: list[list[RecordedResponse]] = []
    times: Counter[tuple[str, str]] = Counter()
    for response in told:
        turn = times[response.table, response.request_key]
        times[response.table, response.request_key] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(response)
    return turns


def _settings_at(settings: Settings, url: str, endpoint: Endpoint, moment: datetime, provenance: str) -> Settings:
    wanted = {
        f"{endpoint.base}_base_url": f"{url}/{endpoint.base}",
        "base_url_provenance": "simulated" if provenance == "simulated" else "replayed",
        "fixed_now": moment,
        "odds_api_key": "replay",
    }
    return Settings.model_validate(settings.model_dump() | wanted)


def _plan(settings: Settings, endpoint: Endpoint, responses: Sequence[RecordedResponse]) -> Plan:
    requests = [
        replace(
            endpoint.example,
            path=told.path,
            params=told.params,
            official_date=told.official_date,
            capture=told.capture,
            priority="history",
        )
        for told in responses
    ]
    return Plan(
        replace(endpoint.policy, **_PATIENCE),
        getattr(settings, f"{endpoint.base}_base_url"),
        endpoint.table,
        requests,
        reader=endpoint.reader,
        tells_health=False,
    )
