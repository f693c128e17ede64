"""What goes into the polite client and what comes out of it: values, without behaviour of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from urllib.parse import quote, urlencode

from dagster_mlb.sources.http_outcome import Outcome

Capture = Literal["captured", "backfilled"]
Expects = Literal["json", "html", "csv"]
# Which of two requests to one source goes first, across processes: a backfill never starves a close.
Priority = Literal["live", "props", "history"]
# What a source means by a body that looks right (a page that says "error"): None, or an outcome and what is wrong.
Judge = Callable[[bytes], tuple[Outcome, str] | None]


@dataclass(frozen=True)
class SourcePolicy:
    """How one source is treated. Seconds and bytes throughout."""

    source: str
    concurrency: int = 4
    min_interval_s: float = 0.1
    loopback_concurrency: int = 8
    loopback_min_interval_s: float = 0.0  # a server on this machine has no minimum interval, unless this sets one
    props_share: float = 0.8  # props and history together get at most this part of the rate
    history_share: float = 0.5  # history alone
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    total_timeout_s: float = 180.0  # of one attempt: a server that drips bytes never trips the read timeout
    max_attempts: int = 4
    backoff_initial_s: float = 0.5
    backoff_max_s: float = 20.0
    retry_after_cap_s: float = 60.0  # asked to stay away longer, the source is given up on for this run
    max_body_bytes: int = 64 * 1024 * 1024
    hard_limit_factor: int = 10  # beyond max_body_bytes the rest is counted and hashed up to this multiple
    budget_s: float | None = None  # of one collection: what is not asked by then is REFUSED
    budget_per_request_s: float = (
        0.0  # added to it for each request of the collection: a season takes longer than a day
    )
    give_up_after: int = 5  # requests in a row, runs included, that failed for the source's own reasons
    breaker_cooldown_s: float = 60.0  # then it is left alone for so long; doubled each time its probe fails
    breaker_cooldown_max_s: float = 1800.0
    expected_every_s: float | None = None  # how often it should have news; its freshness score is measured by it
    follow_redirects: Literal["never", "same_host"] = "never"  # same_host: a permanent one within scheme, host and port
    # auto: HTTP's caching rules, but not on loopback, with a standing clock or with secrets. See http_cache.py.
    cache: Literal["auto", "always", "never"] = "auto"
    judge: Judge | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # what this source wants to see, beside the client's own
    may_be_empty: bool = False  # a 204 is an honest answer of this source, on a day without games
    cost_header: str | None = None  # a source that counts credits: what this request cost
    remaining_header: str | None = None  # and what is left

    def for_requests(self, count: int) -> SourcePolicy:
        """The policy of a collection of so many requests: its time budget is that of all of them."""
        if self.budget_s is None or not self.budget_per_request_s:
            return self
        return replace(self, budget_s=self.budget_s + self.budget_per_request_s * count, budget_per_request_s=0.0)

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
    expects: Expects = "json"
    priority: Priority = "live"
    judge: Judge | None = field(default=None, compare=False, repr=False)  # instead of the policy's

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
    cache: Literal["fresh", "revalidated"] | None = (
        None  # the stored answer was fresh, or a 304 said that it still holds
    )


@dataclass(frozen=True)
class Fetched:
    """The end of one request: its last attempt decides. ``record`` is there for every 2xx answer with a body,
    readable or not, because raw keeps what the source said. ``correlation_id`` is the request's in every log."""

    request: SourceRequest
    attempts: tuple[Attempt, ...]
    outcome: Outcome
    message: str = ""
    record: ResponseRecord | None = field(default=None, repr=False)
    correlation_id: str = ""

    @property
    def target(self) -> str:
        return self.request.request_key
