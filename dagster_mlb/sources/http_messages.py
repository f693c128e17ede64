"""What goes into the polite client and what comes out of it: values, without behaviour of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from urllib.parse import quote, urlencode

from dagster_mlb.sources.http_outcome import Outcome

Capture = Literal["captured", "backfilled"]


@dataclass(frozen=True)
class SourcePolicy:
    """How one source is treated. Seconds and bytes throughout."""

    source: str
    concurrency: int = 4
    min_interval_s: float = 0.1
    loopback_concurrency: int = 8  # a server on this machine has no minimum interval either
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    total_timeout_s: float = 180.0  # of one attempt: a server that drips bytes never trips the read timeout
    max_attempts: int = 4
    backoff_initial_s: float = 0.5
    backoff_max_s: float = 20.0
    retry_after_cap_s: float = 60.0  # asked to stay away longer, the source is given up on for this run
    max_body_bytes: int = 64 * 1024 * 1024
    hard_limit_factor: int = 10  # beyond max_body_bytes the rest is counted and hashed up to this multiple
    give_up_after: int = 5  # requests in a row that failed for the source's own reasons
    cost_header: str | None = None  # a source that counts credits: what this request cost
    remaining_header: str | None = None  # and what is left

    @property
    def kept_headers(self) -> tuple[str, ...]:
        """The response headers that a record keeps."""
        return tuple(name for name in (self.cost_header, self.remaining_header) if name)


@dataclass(frozen=True)
class SourceRequest:
    """One thing to ask for. ``params`` hold no secrets: those belong to the client."""

    endpoint: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    official_date: date | None = None
    capture: Capture = "captured"

    @property
    def request_key(self) -> str:
        """Method, path and sorted parameters: the identity of the request in raw_data."""
        query = urlencode(sorted(self.params.items()), safe=",:", quote_via=quote)
        return f"GET {self.path}{'?' + query if query else ''}"


@dataclass(frozen=True)
class ResponseRecord:
    """What a source said, with the identity of the question. ``body`` is decoded of its transport compression only.

    Where ``is_truncated``, ``body`` holds the first bytes; ``byte_length`` and ``content_hash`` (sha256, hex) are of
    everything that was read.
    """

    source: str
    endpoint: str
    request_key: str
    official_date: date | None
    observed_at: datetime
    http_status: int
    content_type: str | None
    body: bytes = field(repr=False)
    content_hash: str
    byte_length: int
    is_truncated: bool = False
    attempts: int = 1
    elapsed_ms: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One try of a request: what became of it, and what was wrong."""

    number: int
    outcome: Outcome
    message: str = ""
    http_status: int | None = None
    byte_length: int | None = None
    elapsed_ms: float = 0.0
    retry_after_s: float | None = None
    at: datetime | None = None
    record: ResponseRecord | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Fetched:
    """The end of one request: its last attempt decides. ``record`` is there for every 2xx answer with a body,
    readable or not, because raw keeps what the source said."""

    request: SourceRequest
    attempts: tuple[Attempt, ...]
    outcome: Outcome
    message: str = ""
    record: ResponseRecord | None = field(default=None, repr=False)

    @property
    def target(self) -> str:
        return self.request.request_key
