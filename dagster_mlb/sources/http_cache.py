"""Answers kept on disk by HTTP's own rules (hishel): what is still fresh is not asked again, what is not is asked
with a condition, and a 304 then says that the stored bytes still hold.

Where the cache is on (``policy.cache``):

- ``auto``: outside loopback and on a running clock. Freshness is measured in the machine's time; on a standing or
  simulated clock it would hide the news of a later moment, and the league tells what it is asked.
- Never for a request with secrets, whatever the policy: the store keeps addresses and bodies, which may echo a key.

Stricter than HTTP asks: an answer that does not itself say how long it is fresh is never taken for fresh (no guessing
from Last-Modified), only answers of status 200 are kept, and what turned out unreadable is forgotten.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from hishel import AsyncBaseStorage

MAX_STORE_BYTES = 256 * 1024 * 1024


def cache_path(data_dir: Path, source: str) -> Path:
    return data_dir / "http_cache" / f"{source}.db"


class HttpCache:
    """One source's store; ``client`` is an httpx client that uses it. Closed with the client."""

    def __init__(self, path: Path, *, max_body_bytes: int) -> None:
        from hishel import CacheOptions

        path.parent.mkdir(parents=True, exist_ok=True)
        self._options = CacheOptions(shared=False, allow_stale=False)
        self._storage = _new_storage(path, max_body_bytes)

    def client(self, **arguments: Any) -> httpx.AsyncClient:
        from hishel.httpx import AsyncCacheClient

        return AsyncCacheClient(storage=self._storage, rfc=self._options, **arguments)

    def mark(self, request: httpx.Request) -> None:
        """Give a request its key in the store."""
        request.extensions["caching"] = {"key": _key(request)}

    async def fresh(self, request: httpx.Request) -> httpx.Response | None:
        """The stored answer, where HTTP's rules let it be used without asking. The network is not touched."""
        from hishel import FromCache, Headers, IdleClient, Request

        grouped: dict[str, list[str]] = {}
        for name, value in request.headers.multi_items():
            grouped.setdefault(name, []).append(value)
        asked = Request(method=request.method, url=str(request.url), headers=Headers(grouped))
        state = IdleClient(options=self._options).next(asked, await self._storage.get_entries(_key(request)))
        if not isinstance(state, FromCache):
            return None
        stored = state.entry.response
        body = b"".join([chunk async for chunk in stored.stream])  # type: ignore[union-attr]
        headers = [(name.encode(), value.encode()) for name, value in stored.headers.items()]
        return httpx.Response(stored.status_code, headers=headers, stream=httpx.ByteStream(body), request=request)

    async def forget(self, request: httpx.Request) -> None:
        """Remove every stored answer to a request."""
        for entry in await self._storage.get_entries(_key(request)):
            await self._storage.remove_entry(entry.id)


def was_revalidated(response: httpx.Response) -> bool:
    """Whether the answer is the stored one and a 304 has just confirmed it."""
    status = response.extensions.get("caching", {})
    return bool(status.get("from_cache") and status.get("revalidated"))


def was_fresh(response: httpx.Response) -> bool:
    """Whether the answer is the stored one and nobody was asked (another process has stored it meanwhile)."""
    status = response.extensions.get("caching", {})
    return bool(status.get("from_cache") and not status.get("revalidated"))


def _key(request: httpx.Request) -> str:
    return hashlib.sha256(f"{request.method} {request.url}".encode()).hexdigest()


def _new_storage(path: Path, max_body_bytes: int) -> AsyncBaseStorage:
    from hishel import AsyncSqliteStorage, Entry, Headers, Request, Response

    class Storage(AsyncSqliteStorage):
        """Keeps answers of status 200, and lets none be fresh that does not say so itself."""

        async def create_entry(
            self, request: Request, response: Response, key: str, *, ttl: float | None = None, tti: float | None = None
        ) -> Entry:
            if response.status_code != 200:
                return Entry(id=uuid.uuid4(), request=request, response=response)
            kept = replace(response, headers=Headers(_with_explicit_freshness(response.headers)))
            return await super().create_entry(request, kept, key, ttl=ttl, tti=tti)

    return Storage(database_path=path, max_stream_size=max_body_bytes, max_size=MAX_STORE_BYTES)


def _with_explicit_freshness(headers: Any) -> dict[str, str]:
    """The headers to store: with ``no-cache`` (ask each time, with a condition) where they give no lifetime."""
    kept = {name: headers[name] for name in headers if name != "set-cookie"}
    control = kept.get("cache-control", "").lower()
    if "max-age" not in control and "expires" not in kept:
        kept["cache-control"] = f"{control}, no-cache" if control else "no-cache"
    return kept
