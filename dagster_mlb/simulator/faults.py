"""Faults on demand: what goes wrong at real sources, put between the league's answers and whoever asks.

An ASGI layer around the league's (or a replay's) application. A plan says which share of the answers is faulty, of
which kinds and at which sources; which answers that hits is drawn from the plan's seed and the request, so a run can be
repeated. Repeats of one request are drawn anew: what fails now may work in a moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

BOT_WALL: Final = b"<!DOCTYPE html><html><head><title>Access denied</title></head><body>Are you a robot?</body></html>"
HUGE_BYTES: Final = 100 * 1024 * 1024
KINDS: Final = (
    "latency",  # the answer comes, late
    "rate_limited",  # 429 with Retry-After
    "forbidden",  # 403 with a page for robots
    "server_error",  # 500, 502 or 503
    "timeout",  # silence, of every second one after its headers
    "dropped",  # the connection breaks inside the body
    "truncated",  # 200, but the document stops half-way
    "garbage",  # 200 with bytes that mean nothing
    "html",  # 200 with a page where data was asked for
    "wrong_charset",  # 200, the text in another encoding than it says
    "huge",  # 200 and a hundred megabytes
    "clock_skew",  # a Date header hours from the truth
    "echo",  # 422 that repeats what was asked, a key in the query included
)
# A fault that the next try may not meet again, against those that bytes or walls make of the answer itself.
PASSING: Final = ("latency", "rate_limited", "server_error", "timeout", "dropped")


class OnDemandError(ConnectionAbortedError):
    """How a connection is broken: the server closes it when its application fails. Not worth a line in its log."""


class _NotOnDemand(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], OnDemandError))


@dataclass(frozen=True)
class FaultPlan:
    """Which answers go wrong. ``share`` of all (0 to 1); ``kinds`` drawn evenly; ``sources``: first parts of the path,
    empty for all; ``latency_s``, ``silence_s`` and ``retry_after_s`` in seconds."""

    share: float = 0.0
    kinds: tuple[str, ...] = KINDS
    sources: tuple[str, ...] = ()
    seed: int = 0
    latency_s: float = 0.25
    silence_s: float = 30.0
    retry_after_s: int = 1

    def __post_init__(self) -> None:
        unknown = set(self.kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"unknown faults {', '.join(sorted(unknown))}; known: {', '.join(KINDS)}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"a share of {self.share} is not between 0 and 1")

    def draw(self, source: str, request: str, nth: int) -> tuple[str, float] | None:
        """(kind, a uniform of its own) of the n-th time that a request is made, or None where the answer is whole."""
        if not self.kinds or (self.sources and source not in self.sources):
            return None
        digest = hashlib.sha256(f"{self.seed}|{request}|{nth}".encode()).digest()
        hit, which, rest = (int.from_bytes(digest[at : at + 6]) / 2**48 for at in (0, 6, 12))
        return (self.kinds[int(which * len(self.kinds))], rest) if hit < self.share else None

    @classmethod
    def from_json(cls, text: str) -> FaultPlan:
        """A plan from ``{"share": 0.3, "kinds": [...], ...}``. Raises ValueError for what is no plan."""
        try:
            told = json.loads(text)
            wanted: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
            return cls(**wanted)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"no plan of faults: {error}") from None


@dataclass
class Faults:
    """The layer. ``GET /faults`` tells what was done, ``POST /faults`` changes the plan; both are never faulty.

    ``asked`` and ``done`` count requests by source, and faults by (source, kind).
    """

    app: App
    plan: FaultPlan = field(default_factory=FaultPlan)
    asked: Counter[str] = field(default_factory=Counter)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    _times: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        log = logging.getLogger("uvicorn.error")
        if not any(isinstance(there, _NotOnDemand) for there in log.filters):
            log.addFilter(_NotOnDemand())

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ("/clock", "/"):
            await self.app(scope, receive, send)
            return
        if scope["path"] == "/faults":
            await self._control(scope, receive, send)
            return
        source = scope["path"].lstrip("/").split("/", 1)[0]
        request = f"{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"
        self.asked[source] += 1
        self._times[request] += 1
        drawn = self.plan.draw(source, request, self._times[request])
        if drawn is None:
            await self.app(scope, receive, send)
            return
        kind, uniform = drawn
        self.done[source, kind] += 1
        await self._faulty(kind, uniform, scope, receive, send)

    async def _faulty(
        self, kind: str, uniform: float, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        plan = self.plan
        if kind == "latency":
            await asyncio.sleep(plan.latency_s * (0.5 + uniform))
            await self.app(scope, receive, send)
        elif kind == "rate_limited":
            wait = (b"retry-after", str(plan.retry_after_s).encode())
            await _answer(send, 429, b'{"message":"Too many requests"}', b"application/json", [wait])
        elif kind == "forbidden":
            await _answer(send, 403, BOT_WALL, b"text/html; charset=utf-8")
        elif kind == "server_error":
            await _answer(send, (500, 502, 503)[int(uniform * 3)], b"upstream error", b"text/plain")
        elif kind == "echo":
            asked = f"{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"
            said = json.dumps({"message": f"cannot answer {asked}", "query": parse_qsl(asked.partition("?")[2])})
            await _answer(send, 422, said.encode(), b"application/json")
        elif kind == "html":
            await _answer(send, 200, BOT_WALL, b"text/html; charset=utf-8")
        elif kind == "garbage":
            noise = hashlib.shake_256(str(uniform).encode()).digest(4096)
            await _answer(send, 200, noise, b"application/json")
        elif kind == "huge":
            await _huge(send)
        elif kind == "timeout":
            # Then the connection is left: the client's own limit ends it before.
            if uniform < 0.5:
                promised = [(b"content-type", b"application/json"), (b"content-length", b"65536")]
                await send({"type": "http.response.start", "status": 200, "headers": promised})
                await send({"type": "http.response.body", "body": b"{", "more_body": True})
            if not await _is_left(receive, plan.silence_s):
                raise OnDemandError("silence on demand")
        else:
            await self._rewritten(kind, uniform, scope, receive, send)

    async def _rewritten(
        self, kind: str, uniform: float, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Faults that need the true answer first."""
        status, headers, body = await _whole_answer(self.app, scope, receive)
        if kind == "clock_skew":
            hours = 1 + int(uniform * 12)
            skewed = f"Thu, 01 Jan 2015 {hours:02d}:00:00 GMT".encode()
            await _send_whole(send, status, [*headers, (b"date", skewed)], body)
        elif kind == "wrong_charset":
            await _send_whole(send, status, headers, body.decode("utf-8", "replace").encode("utf-16"))
        elif kind == "truncated":
            await _send_whole(send, status, headers, body[: int(len(body) * (0.2 + 0.6 * uniform))])
        else:
            promised = [*headers, (b"content-length", str(len(body) + 1).encode())]
            await send({"type": "http.response.start", "status": status, "headers": promised})
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise OnDemandError("a dropped connection on demand")

    async def _control(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            try:
                self.plan = FaultPlan.from_json(body.decode())
            except ValueError as error:
                await _answer(send, 422, json.dumps({"message": str(error)}).encode(), b"application/json")
                return
            self.asked.clear()
            self.done.clear()
            self._times.clear()
        told = {
            "share": self.plan.share,
            "kinds": list(self.plan.kinds),
            "sources": list(self.plan.sources),
            "asked": dict(self.asked),
            "faults": {f"{source}/{kind}": count for (source, kind), count in sorted(self.done.items())},
        }
        await _answer(send, 200, json.dumps(told).encode(), b"application/json")


async def _answer(
    send: Send, status: int, body: bytes, content_type: bytes, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    await _send_whole(send, status, [(b"content-type", content_type), *(more or [])], body)


async def _send_whole(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    kept = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": body})


async def _huge(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    piece = b'"' + b"x" * (1024 * 1024 - 2) + b'"'
    for _ in range(HUGE_BYTES // len(piece)):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _is_left(receive: Receive, seconds: float) -> bool:
    """Wait, but not longer than the other side does; whether it has gone."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _whole_answer(
    app: App, scope: MutableMapping[str, Any], receive: Receive
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    status, headers, pieces = 200, [], []

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, keep)
    return status, headers, b"".join(pieces)
