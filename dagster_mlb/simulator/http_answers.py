"""Answers over HTTP: JSON bytes, cache headers and the conditional request, for every part of the league's server.

What an answer says is in ``wire_*``; which source sends which headers is known where its routes are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

JSON = "application/json; charset=utf-8"


def json_bytes(value: Any) -> bytes:
    """Compact JSON, the same bytes whether or not orjson is installed."""
    try:
        import orjson
    except ImportError:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return orjson.dumps(value)


def json_answer(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None, max_age: int | None = None
) -> Response:
    """A value as JSON. With ``max_age`` (seconds) it may be cached and asked for conditionally: see ``answer``.

    >>> json_answer({"books": []}, max_age=30).headers["cache-control"]
    'max-age=30, public'
    """
    return answer(json_bytes(value), status, headers, max_age)


def answer(
    body: bytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    max_age: int | None = None,
    media_type: str = JSON,
) -> Response:
    """Bytes as an answer (``media_type`` for HTML and CSV).

    With ``max_age`` it carries ``cache-control: max-age=…, public`` (a ``cache-control`` among ``headers`` wins) and a
    strong ``etag`` of its body; asked again with that tag in ``if-none-match`` it is a 304 without a body.
    """
    given = {name.lower(): value for name, value in (headers or {}).items()}
    if max_age is not None and status == 200:
        tag = hashlib.blake2b(body, digest_size=12).hexdigest()
        given = {"cache-control": f"max-age={max_age}, public", "etag": f'"{tag}"'} | given
    made: Response = _answer_class()(body, status, given, media_type=media_type)
    return made


def cached(response: Response, max_age: int) -> Response:
    """A finished answer (its body in memory) with the cache headers of ``answer``; other headers are kept.

    An answer that is not 200 comes back as it is: errors are not cached.
    """
    if response.status_code != 200:
        return response
    kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
    media_type = response.headers.get("content-type", JSON)
    return answer(bytes(response.body), 200, kept, max_age, media_type)


def is_known(if_none_match: str | None, tag: str | None) -> bool:
    """Whether an ``if-none-match`` names the tag (weakly, as RFC 9110 has it for GET), or anything (``*``)."""
    if not if_none_match or not tag:
        return False
    told = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in told or tag.removeprefix("W/") in told


@lru_cache(maxsize=1)
def _answer_class() -> type[Response]:
    from starlette.datastructures import Headers
    from starlette.responses import Response

    class Answer(Response):
        """A response that answers 304 by itself where the client already has the body."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            asked = Headers(scope=scope).get("if-none-match")
            if self.status_code == 200 and is_known(asked, self.headers.get("etag")):
                kept = {k: v for k, v in self.headers.items() if k not in ("content-length", "content-type")}
                await Response(status_code=304, headers=kept)(scope, receive, send)
                return
            await super().__call__(scope, receive, send)

    return Answer
