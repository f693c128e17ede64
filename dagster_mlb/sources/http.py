"""The one polite client: every request to a live source goes through ``PoliteClient``.

It knows nothing of any source. It keeps a source's pace (concurrency and interval), retries what is transient, honours
``Retry-After``, bounds every body, names every outcome, and never lets a secret out: not into a request key, a log
line, an exception or a record. What came back is a value (``Fetched``), so one failed request loses no other.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from types import TracebackType

import httpx
from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt
from tenacity.stop import stop_base
from tenacity.wait import wait_exponential_jitter

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_body import BodyCutShortError, BoundedBody, Decoder
from dagster_mlb.sources.http_messages import (
    Attempt,
    Capture,
    Fetched,
    ResponseRecord,
    SourcePolicy,
    SourceRequest,
)
from dagster_mlb.sources.http_outcome import (
    Outcome,
    Redactor,
    SourceError,
    SourceNotConfiguredError,
    error_message,
    one_line,
    outcome_of_json,
    outcome_of_status,
    retry_after_seconds,
)

__all__ = [
    "Attempt",
    "Capture",
    "Fetched",
    "Outcome",
    "PoliteClient",
    "ResponseRecord",
    "SourceError",
    "SourceNotConfiguredError",
    "SourcePolicy",
    "SourceRequest",
]

USER_AGENT = "dagster-mlb/0.1"


class _QuietBelowWarning(logging.Filter):
    """Drops what HTTP libraries say below WARNING, whatever level anyone sets: it contains URLs and header values."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


# hpack logs every header it adds to its table, `:path` with the query included.
_CHATTY_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack.hpack",
    "hpack.table",
)
for _name in _CHATTY_LOGGERS:
    if not any(isinstance(present, _QuietBelowWarning) for present in logging.getLogger(_name).filters):
        logging.getLogger(_name).addFilter(_QuietBelowWarning())


class _Pacer:
    """Starts at most one request per interval, and none during a pause that the source asked for."""

    def __init__(self, interval_s: float) -> None:
        self._interval = interval_s
        self._next = 0.0
        self._resume = 0.0

    def pause(self, seconds: float) -> None:
        self._resume = max(self._resume, time.perf_counter() + seconds)

    async def turn(self) -> None:
        # No await between reading and writing `_next`: one event loop needs no lock.
        now = time.perf_counter()
        start = max(now, self._next)
        self._next = start + self._interval
        if start > now:
            await asyncio.sleep(start - now)
        while (left := self._resume - time.perf_counter()) > 0:
            await asyncio.sleep(left)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _checked_base_url(source: str, base_url: str) -> httpx.URL:
    setting = f"MLB_{source.upper()}_BASE_URL"
    url: httpx.URL | None
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError):
        url = None
    if url is None or url.scheme not in ("http", "https") or not url.host:
        raise SourceNotConfiguredError(f"{setting} is no address: give it as https://host (and a path, if any)")
    if url.query or url.userinfo:
        raise SourceNotConfiguredError(f"{setting} must hold no user, password or query: an address is not secret")
    return url


class PoliteClient:
    """One source's HTTP connection pool, used as ``async with PoliteClient(settings, policy, base_url) as client``.

    ``secret_params`` are added to the query of each request and appear nowhere else.
    """

    def __init__(
        self,
        settings: Settings,
        policy: SourcePolicy,
        base_url: str,
        *,
        secret_params: Mapping[str, SecretStr] | None = None,
    ) -> None:
        url = _checked_base_url(policy.source, base_url)
        self._settings = settings
        self.policy = policy
        self._secret_params = dict(secret_params or {})
        self._redactor = Redactor(secret.get_secret_value() for secret in self._secret_params.values())
        self._base = str(url).rstrip("/")
        self._place = f"{url.host}:{url.port}" if url.port else url.host
        self.is_loopback = is_loopback(url.host)
        if self._secret_params and url.scheme != "https" and not self.is_loopback:
            raise SourceNotConfiguredError(
                f"MLB_{policy.source.upper()}_BASE_URL is plain http to {url.host}: "
                "the key would travel in the clear; use https"
            )
        self.concurrency = policy.loopback_concurrency if self.is_loopback else policy.concurrency
        self._pacer = _Pacer(0.0 if self.is_loopback else policy.min_interval_s)
        self._slots = asyncio.Semaphore(self.concurrency)
        self._http: httpx.AsyncClient | None = None
        self._failures_in_a_row = 0
        self.halted: str | None = None  # why nothing more is asked of this source in this run

    def __repr__(self) -> str:
        return f"PoliteClient({self.policy.source!r}, {self._place!r})"

    async def __aenter__(self) -> PoliteClient:
        policy = self.policy
        self._http = httpx.AsyncClient(
            http2=True,
            follow_redirects=False,
            trust_env=not self.is_loopback,  # a proxy of the environment is for the world outside
            timeout=httpx.Timeout(policy.read_timeout_s, connect=policy.connect_timeout_s, pool=None),
            limits=httpx.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency),
            headers={"user-agent": USER_AGENT, "accept": "application/json", "accept-encoding": "gzip"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def halt(self, reason: str) -> None:
        """Ask nothing more: requests whose turn has not come are REFUSED with this reason."""
        self.halted = self.halted or reason

    async def fetch(self, request: SourceRequest) -> Fetched:
        """Ask, and ask again while it is worth it. Never raises for what the source or the network does."""
        if self._http is None:
            raise RuntimeError("open the client first: async with PoliteClient(...) as client")
        tries: list[Attempt] = []
        begun = time.perf_counter()
        retrying = AsyncRetrying(
            retry=retry_if_result(lambda attempt: attempt.outcome is Outcome.TRANSIENT),
            stop=stop_after_attempt(self.policy.max_attempts) | _StopWhenHalted(self),
            wait=self._wait,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        last: Attempt = await retrying(self._try, request, tries)
        self._count_failure(last)
        record = last.record
        if record is not None:
            record = replace(record, attempts=len(tries), elapsed_ms=(time.perf_counter() - begun) * 1000)
        return Fetched(request, tuple(tries), last.outcome, last.message, record)

    # ------------------------------------------------------------ one attempt

    async def _try(self, request: SourceRequest, tries: list[Attempt]) -> Attempt:
        async with self._slots:
            if self.halted is None:
                await self._pacer.turn()
            begun = time.perf_counter()
            attempt = (
                Attempt(0, Outcome.REFUSED, f"not asked: {self.halted}") if self.halted else await self._ask(request)
            )
            attempt = replace(
                attempt,
                number=len(tries) + 1,
                message=self._redactor.text(one_line(attempt.message)),
                elapsed_ms=(time.perf_counter() - begun) * 1000,
                at=self._settings.now(),
            )
        if attempt.retry_after_s is not None:
            if attempt.retry_after_s <= self.policy.retry_after_cap_s:
                self._pacer.pause(attempt.retry_after_s)
            else:
                self.halt(f"{self.policy.source} asks to stay away for {attempt.retry_after_s:.0f} s; try again later")
        tries.append(attempt)
        return attempt

    async def _ask(self, request: SourceRequest) -> Attempt:
        """One request on the wire. Errors become values before any of them (they know the URL) can travel on."""
        policy = self.policy
        try:
            async with asyncio.timeout(policy.total_timeout_s):
                return await self._send(request)
        except TimeoutError:
            return Attempt(0, Outcome.TRANSIENT, f"{self._place}: no whole answer within {policy.total_timeout_s:g} s")
        except BodyCutShortError as error:
            return Attempt(0, Outcome.TRANSIENT, f"{self._place}: {error}")
        except httpx.ConnectTimeout:
            return Attempt(0, Outcome.TRANSIENT, f"{self._place}: no connection within {policy.connect_timeout_s:g} s")
        except httpx.TimeoutException:
            return Attempt(0, Outcome.TRANSIENT, f"{self._place}: silent for {policy.read_timeout_s:g} s")
        except httpx.ConnectError as error:
            if _is_certificate_error(error):
                return Attempt(0, Outcome.PERMANENT, f"{self._place}: its certificate is not trusted")
            return Attempt(0, Outcome.TRANSIENT, f"{self._place}: cannot connect ({error})")
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            return Attempt(0, Outcome.PERMANENT, f"{self._place}: the request cannot be sent ({error})")
        except (httpx.TransportError, OSError) as error:
            return Attempt(
                0, Outcome.TRANSIENT, f"{self._place}: the connection broke ({error or type(error).__name__})"
            )

    async def _send(self, request: SourceRequest) -> Attempt:
        assert self._http is not None
        async with self._http.stream(
            "GET",
            self._base + request.path,
            params={
                **request.params,
                **{name: value.get_secret_value() for name, value in self._secret_params.items()},
            },
        ) as response:
            body, is_decoded = await self._read(response)
        return self._judge(request, response, body, is_decoded)

    async def _read(self, response: httpx.Response) -> tuple[BoundedBody, bool]:
        cap = self.policy.max_body_bytes
        body = BoundedBody(cap, cap * self.policy.hard_limit_factor)
        decoder = Decoder(response.headers.get("content-encoding"))
        async for chunk in response.aiter_raw():
            for piece in decoder.pieces(chunk):
                body.feed(piece)
                if body.is_full:
                    return body, decoder.is_known
                if body.is_truncated:
                    await asyncio.sleep(0)  # a bomb takes its seconds; the neighbours go on
        decoder.check_finished()
        return body, decoder.is_known

    def _judge(self, request: SourceRequest, response: httpx.Response, body: BoundedBody, is_decoded: bool) -> Attempt:
        status = response.status_code
        received = body.kept()
        kept = self._redactor.body(received)
        outcome, message = outcome_of_status(status), ""
        retry_after = None
        if outcome is Outcome.RECEIVED:
            content_type = response.headers.get("content-type")
            if not is_decoded:
                encoding = response.headers.get("content-encoding", "")
                outcome, message = Outcome.MALFORMED, f"compressed as {encoding!r}, which was not offered"
            elif body.is_truncated:
                size = f"{'more than ' if body.is_full else ''}{body.length:,} bytes"
                outcome, message = Outcome.MALFORMED, f"{size}, over the cap of {body.cap:,}: kept its first bytes"
            else:
                outcome, message = outcome_of_json(content_type, kept)
        elif outcome is Outcome.EMPTY:
            message = "HTTP 204: the source has nothing"
        else:
            message = error_message(status, kept)
            if 300 <= status < 400:
                message = f"HTTP {status}: moved to {response.headers.get('location', 'an unnamed place')}"
            if outcome is Outcome.TRANSIENT:
                retry_after = retry_after_seconds(
                    response.headers.get("retry-after"),
                    answered_at=response.headers.get("date"),
                    now=self._settings.now(),
                )
        record = None
        if 200 <= status < 300 and body.length > 0 and outcome is not Outcome.EMPTY:
            content_hash = body.content_hash()
            if kept is not received and not body.is_truncated:
                content_hash = hashlib.sha256(kept).hexdigest()  # an echoed secret was masked: of what is kept
            record = self._record(request, response, body, kept, content_hash)
        return Attempt(0, outcome, message, status, body.length, retry_after_s=retry_after, record=record)

    def _record(
        self, request: SourceRequest, response: httpx.Response, body: BoundedBody, kept: bytes, content_hash: str
    ) -> ResponseRecord:
        content_type = response.headers.get("content-type")
        return ResponseRecord(
            source=self.policy.source,
            endpoint=request.endpoint,
            request_key=request.request_key,
            official_date=request.official_date,
            observed_at=self._settings.now(),
            http_status=response.status_code,
            content_type=self._redactor.text(one_line(content_type)) if content_type else None,
            body=kept,
            content_hash=content_hash,
            byte_length=body.length,
            is_truncated=body.is_truncated,
            headers={
                name: self._redactor.text(one_line(response.headers[name]))
                for name in self.policy.kept_headers
                if name in response.headers
            },
        )

    # ------------------------------------------------------------ when to go on

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next try: what the source asks for, else jittered exponential backoff."""
        attempt: Attempt | None = state.outcome.result() if state.outcome else None
        backoff = wait_exponential_jitter(
            initial=self.policy.backoff_initial_s,
            max=self.policy.backoff_max_s,
            jitter=self.policy.backoff_initial_s,
        )(state)
        if attempt is not None and attempt.retry_after_s is not None:
            # A little beyond what was asked, so that those who waited together do not return together.
            return attempt.retry_after_s + min(backoff, self.policy.backoff_initial_s) * 0.5
        return backoff

    def _count_failure(self, attempt: Attempt) -> None:
        if attempt.outcome in (Outcome.TRANSIENT, Outcome.BLOCKED):
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= self.policy.give_up_after:
                self.halt(f"{self._failures_in_a_row} requests in a row failed, the last with: {attempt.message}")
        elif attempt.outcome is not Outcome.REFUSED:
            self._failures_in_a_row = 0


class _StopWhenHalted(stop_base):
    """No further try of a source that was given up on."""

    def __init__(self, client: PoliteClient) -> None:
        self._client = client

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self._client.halted is not None


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
