"""A real HTTP server on loopback that misbehaves on demand, for the tests of the polite client and the collectors.

with LoopbackSource() as source:
    source.on("/odds", Reply(status=503), Reply(body=b"[]"))   # in this order; the last one stays
    ...
    assert len(source.asked) == 2
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it; ``at`` is of ``time.perf_counter``."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class Reply:
    """An answer, or a way of failing to give one."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    content_length: int | None = None  # what the head claims, where it lies
    chunks: Iterable[bytes] | None = None  # sent without a length, up to the end of the connection
    chunk_delay_s: float = 0.0
    delay_s: float = 0.0  # silence before the head
    is_dropped: bool = False  # the connection is closed without a word


Answerer = Callable[[Asked], Reply]


class LoopbackSource:
    """Serves in a thread of its own; ``base_url`` is known inside the ``with``."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._replies: dict[str, list[Reply] | Answerer] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *replies: Reply | Answerer) -> None:
        first = replies[0]
        self._replies[path] = [r for r in replies if isinstance(r, Reply)] if isinstance(first, Reply) else first

    def __enter__(self) -> LoopbackSource:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls), self._loop
        )
        self._server = starting.result(5)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _next_reply(self, asked: Asked) -> Reply:
        replies = self._replies.get(asked.path)
        if replies is None:
            return Reply(404, b'{"messageNumber":10,"message":"Object not found"}')
        if callable(replies):
            return replies(asked)
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request_line, *lines = head.split("\r\n")
        url = urlsplit(request_line.split(" ")[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}
        asked = Asked(url.path, dict(parse_qsl(url.query)), headers, time.perf_counter())
        self.asked.append(asked)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._write(writer, self._next_reply(asked))
        finally:
            self._at_once -= 1

    async def _write(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.is_dropped:
            return False
        length = len(reply.body) if reply.content_length is None else reply.content_length
        fields = {"content-type": reply.content_type, **reply.headers}
        if reply.chunks is None:
            if reply.status != 204:
                fields["content-length"] = str(length)
        else:
            fields["connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {reply.status} Said\r\n{head}\r\n".encode() + reply.body)
        await writer.drain()
        for chunk in reply.chunks or ():
            writer.write(chunk)
            await writer.drain()
            if reply.chunk_delay_s:
                await asyncio.sleep(reply.chunk_delay_s)
        return reply.chunks is None and length == len(reply.body)
