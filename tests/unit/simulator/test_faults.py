"""The faults that the league (or a replay) can be told to have: each as the other side of a real socket sees it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from dagster_mlb.simulator.faults import KINDS, FaultPlan, Faults, OnDemandError

WHOLE = b'{"games":["one","two","three","\xc3\xa9"]}'


@contextmanager
def served(plan: FaultPlan) -> Iterator[str]:
    """A plain application behind the faults, on loopback."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def answer(request):
        return Response(WHOLE, headers={"content-type": "application/json; charset=utf-8"})

    app = Faults(Starlette(routes=[Route("/{source}/x", answer)]), plan)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


def only(kind: str, **more) -> FaultPlan:
    return FaultPlan(share=1.0, kinds=(kind,), latency_s=0.05, silence_s=5.0, **more)


@pytest.mark.parametrize(
    ("kind", "status"), [("rate_limited", 429), ("forbidden", 403), ("latency", 200), ("clock_skew", 200)]
)
def test_an_answer_with_its_status(kind: str, status: int) -> None:
    with served(only(kind)) as url:
        answer = httpx.get(f"{url}/mlb_stats/x")
    assert answer.status_code == status
    if kind == "rate_limited":
        assert answer.headers["retry-after"] == "1"
    if status == 200:
        assert answer.content == WHOLE
    if kind == "clock_skew":
        assert "2015" in answer.headers["date"]


def test_an_error_that_repeats_what_was_asked() -> None:
    with served(only("echo")) as url:
        answer = httpx.get(f"{url}/odds_api/x?apiKey=a%2Fb&regions=us")
    assert answer.status_code == 422
    assert "apiKey=a%2Fb" in answer.json()["message"] and ["apiKey", "a/b"] in answer.json()["query"]


def test_what_breaks_on_demand_is_no_line_of_the_servers_log() -> None:
    # The league's server writes into a pipe that nobody reads while it serves.
    written: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = written.append  # type: ignore[method-assign]
    with served(only("dropped")) as url:
        log = logging.getLogger("uvicorn.error")
        log.addHandler(handler)
        try:
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{url}/mlb_stats/x")
            log.critical("broken", exc_info=OnDemandError("on demand"))
            log.critical("broken", exc_info=ConnectionAbortedError("truly"))
        finally:
            log.removeHandler(handler)
    assert [str(record.exc_info[1]) for record in written if record.exc_info] == ["truly"]


def test_a_silence_may_come_after_the_headers() -> None:
    seeds = range(8)
    statuses = []
    for seed in seeds:
        with served(FaultPlan(share=1.0, kinds=("timeout",), silence_s=0.1, seed=seed)) as url:
            try:
                statuses.append(str(httpx.get(f"{url}/mlb_stats/x").status_code))
            except httpx.RemoteProtocolError:
                statuses.append("broken off")
    assert set(statuses) == {"broken off", "500"}


def test_server_errors_are_of_three_kinds() -> None:
    plan = only("server_error")
    drawn = {(500, 502, 503)[int(plan.draw("a", f"/a?{n}", 1)[1] * 3)] for n in range(40)}
    assert drawn == {500, 502, 503}
    with served(plan) as url:
        assert httpx.get(f"{url}/a/x").status_code in drawn


@pytest.mark.parametrize("kind", ["truncated", "garbage", "html", "wrong_charset"])
def test_a_body_that_is_not_what_was_asked_for(kind: str) -> None:
    with served(only(kind)) as url:
        answer = httpx.get(f"{url}/mlb_stats/x")
    assert answer.status_code == 200 and answer.content != WHOLE
    with pytest.raises(ValueError):
        answer.content.decode("utf-8")
        answer.json()


def test_a_connection_that_breaks_and_one_that_is_silent() -> None:
    with served(only("dropped")) as url, pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/mlb_stats/x")
    with served(only("timeout")) as url, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}/mlb_stats/x", timeout=0.2)


def test_a_hundred_megabytes() -> None:
    with served(only("huge")) as url, httpx.stream("GET", f"{url}/mlb_stats/x") as answer:
        first = next(answer.iter_raw(1_000_000))
    assert answer.status_code == 200 and len(first) == 1_000_000


def test_the_share_the_seed_and_the_source() -> None:
    plan = FaultPlan(share=0.3, seed=7)
    hits = [plan.draw("a", f"/a/{n}", 1) for n in range(2000)]
    assert 0.26 < sum(hit is not None for hit in hits) / len(hits) < 0.34
    assert {hit[0] for hit in hits if hit} == set(KINDS)
    assert hits == [FaultPlan(share=0.3, seed=7).draw("a", f"/a/{n}", 1) for n in range(2000)]
    assert len({plan.draw("a", "/a/1", nth) is None for nth in range(30)}) == 2, "a repeat is drawn anew"
    assert all(FaultPlan(share=1.0, sources=("b",)).draw("a", f"/a/{n}", 1) is None for n in range(50))


def test_the_plan_is_changed_while_it_serves_and_tells_what_it_did() -> None:
    with served(FaultPlan()) as url:
        assert httpx.get(f"{url}/sbd/x").content == WHOLE
        told = httpx.post(f"{url}/faults", json={"share": 1.0, "kinds": ["forbidden"], "sources": ["sbd"]}).json()
        assert told["asked"] == {} and told["share"] == 1.0
        assert httpx.get(f"{url}/sbd/x").status_code == 403
        assert httpx.get(f"{url}/vsin/x").status_code == 200
        told = httpx.get(f"{url}/faults").json()
        assert told["asked"] == {"sbd": 1, "vsin": 1} and told["faults"] == {"sbd/forbidden": 1}
        refused = httpx.post(f"{url}/faults", json={"kinds": ["boredom"]})
        assert refused.status_code == 422 and "boredom" in refused.text
    with pytest.raises(ValueError, match="no plan"):
        FaultPlan.from_json('{"speed": 3}')
    with pytest.raises(ValueError, match="between 0 and 1"):
        FaultPlan(share=2)
