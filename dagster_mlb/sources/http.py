"""The one polite client: every request to a live source goes through ``PoliteClient``.

It knows nothing of any source. It keeps a source's pace (concurrency and interval), retries what is transient, honours
``Retry-After``, bounds every body, names every outcome, and never lets a secret out: not into a request key, a log
line, an exception or a record. What came back is a value (``Fetched``), so one failed request loses no other.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt
from tenacity.stop import stop_base
from tenacity.wait import wait_exponential_jitter

from dagster_mlb.settings import Settings
from dagster_mlb.sources.breaker import ILL, Admission, RunEnd
from dagster_mlb.sources.http_address import checked_base_url, is_loopback, quiet_the_libraries
from dagster_mlb.sources.http_cache import cache_path
from dagster_mlb.sources.http_messages import (
    Attempt,
    Capture,
    Expects,
    Fetched,
    Judge,
    Priority,
    ResponseRecord,
    SourcePolicy,
    SourceRequest,
)
from dagster_mlb.sources.http_outcome import (
    Outcome,
    Redactor,
    SourceError,
    SourceNotConfiguredError,
    one_line,
)
from dagster_mlb.sources.http_slots import ORDER, Slots
from dagster_mlb.sources.http_wire import Wire
from dagster_mlb.sources.rate_limits import LocalTurns, Pace, Turns

__all__ = [
    "Attempt",
    "Capture",
    "Expects",
    "Fetched",
    "Judge",
    "Outcome",
    "PoliteClient",
    "Priority",
    "ResponseRecord",
    "SourceError",
    "SourceNotConfiguredError",
    "SourcePolicy",
    "SourceRequest",
    "is_loopback",
]

log = logging.getLogger("dagster_mlb.sources")
log.addHandler(logging.NullHandler())  # a program that configures no logging is not written over
quiet_the_libraries()


class PoliteClient:
    """One source's HTTP connection pool, used as ``async with PoliteClient(settings, policy, base_url) as client``.

    ``secret_params`` are added to the query of each request and appear nowhere else. ``turns`` are the source's rate
    limit, by default of this client alone; ``admission`` is what the source's circuit breaker lets this run ask.
    """

    def __init__(
        self,
        settings: Settings,
        policy: SourcePolicy,
        base_url: str,
        *,
        secret_params: Mapping[str, SecretStr] | None = None,
        turns: Turns | None = None,
        admission: Admission | None = None,
        run_id: str = "",
    ) -> None:
        url = checked_base_url(policy.source, base_url)
        self._settings = settings
        self.policy = policy
        self._run_id = run_id
        self._secret_params = dict(secret_params or {})
        self._redactor = Redactor(secret.get_secret_value() for secret in self._secret_params.values())
        self._place = f"{url.host}:{url.port}" if url.port else url.host
        self.is_loopback = is_loopback(url.host)
        if self._secret_params and url.scheme != "https" and not self.is_loopback:
            raise SourceNotConfiguredError(
                f"MLB_{policy.source.upper()}_BASE_URL is plain http to {url.host}: "
                "the key would travel in the clear; use https"
            )
        self.concurrency = policy.loopback_concurrency if self.is_loopback else policy.concurrency
        self._turns = turns or LocalTurns(Pace.of(policy, is_loopback=self.is_loopback))
        self._slots = Slots(self.concurrency)
        self._queues: dict[Priority, asyncio.Lock] = {name: asyncio.Lock() for name in ORDER}
        self._wire = Wire(
            settings,
            policy,
            url,
            self._secret_params,
            self._redactor,
            is_loopback=self.is_loopback,
            concurrency=self.concurrency,
            cache=cache_path(settings.data_dir, policy.source) if self.caches else None,
        )
        self._deadline: float | None = None
        self.halted: str | None = None  # why nothing more is asked of this source in this run
        self._halting = asyncio.Event()
        self._admission = admission or Admission()
        self._failures_in_a_row = self._admission.failures_in_a_row
        self._gave_up = False
        self._probe_turn = asyncio.Lock()
        self._probe: Outcome | None = None

    def __repr__(self) -> str:
        return f"PoliteClient({self.policy.source!r}, {self._place!r})"

    @property
    def caches(self) -> bool:
        """Whether answers are kept and asked for with a condition."""
        if self._secret_params or self.policy.cache == "never":
            return False
        return self.policy.cache == "always" or not (self.is_loopback or self._settings.fixed_now)

    @property
    def run_end(self) -> RunEnd:
        """How the asking ended, for the circuit breaker."""
        return RunEnd(self._failures_in_a_row, self._gave_up, self._probe)

    async def __aenter__(self) -> PoliteClient:
        policy = self.policy
        await self._wire.open()
        if policy.budget_s is not None:
            self._deadline = time.perf_counter() + policy.budget_s
            reason = f"the time budget of {policy.budget_s:g} s for {policy.source} is spent"
            self._budget = asyncio.get_running_loop().call_later(policy.budget_s, self.halt, reason)
        if self._admission.kind == "nothing":
            self.halt(self._admission.message)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._deadline is not None:
            self._budget.cancel()
        await self._wire.close()

    def halt(self, reason: str) -> None:
        """Ask nothing more: requests whose turn has not come are REFUSED with this reason."""
        if self.halted is None:
            self.halted = self._redactor.text(one_line(reason))
            self._halting.set()
            log.warning("source=%s run_id=%s nothing more is asked: %s", self.policy.source, self._run_id, self.halted)

    async def fetch(self, request: SourceRequest) -> Fetched:
        """Ask, and ask again while it is worth it. Never raises for what the source or the network does."""
        if not self._wire.is_open:
            raise RuntimeError("open the client first: async with PoliteClient(...) as client")
        if self._admission.kind == "probe" and self._probe is None:
            async with self._probe_turn:
                if self._probe is None:
                    return await self._fetch_probe(request)
        return await self._fetch(request, self.policy.max_attempts)

    async def _fetch_probe(self, request: SourceRequest) -> Fetched:
        """One attempt that shows whether the source is back; everyone else waits for it."""
        fetched = await self._fetch(request, 1)
        if fetched.outcome is not Outcome.CACHED:
            self._probe = fetched.outcome
        if self._probe in ILL:
            self.halt(f"{self.policy.source}'s circuit stays open: its probe ended with: {fetched.message}")
        return fetched

    async def _fetch(self, request: SourceRequest, max_attempts: int) -> Fetched:
        correlation_id = uuid.uuid4().hex
        tries: list[Attempt] = []
        begun = time.perf_counter()

        async def attempt() -> Attempt:
            tried = await self._try(request, len(tries) + 1)
            tries.append(tried)
            self._log_attempt(request, tried, correlation_id)
            return tried

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda tried: tried.outcome is Outcome.TRANSIENT),
            stop=stop_after_attempt(max_attempts) | _StopWhenHalted(self),
            wait=self._wait,
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        last: Attempt = await retrying(attempt)
        self._count_failure(last)
        record = last.record
        if record is not None:
            record = replace(record, attempts=len(tries), elapsed_ms=(time.perf_counter() - begun) * 1000)
        return Fetched(request, tuple(tries), last.outcome, last.message, record, correlation_id)

    def _log_attempt(self, request: SourceRequest, attempt: Attempt, correlation_id: str) -> None:
        if attempt.outcome in (Outcome.RECEIVED, Outcome.CACHED, Outcome.REFUSED):
            return
        log.log(
            logging.INFO if attempt.outcome in (Outcome.TRANSIENT, Outcome.EMPTY) else logging.WARNING,
            "correlation_id=%s run_id=%s source=%s attempt=%d outcome=%s status=%s target=%r: %s",
            correlation_id,
            self._run_id,
            self.policy.source,
            attempt.number,
            attempt.outcome.value,
            attempt.http_status,
            request.request_key,
            attempt.message,
        )

    # ------------------------------------------------------------ one attempt

    async def _try(self, request: SourceRequest, number: int) -> Attempt:
        async with self._slots.held(request.priority):
            begun = time.perf_counter()
            attempt = await self._wire.from_cache(request) if self.halted is None else None
            if attempt is None:
                await self._turn(request.priority)
                begun = time.perf_counter()
                attempt = (
                    Attempt(0, Outcome.REFUSED, f"not asked: {self.halted}")
                    if self.halted
                    else await self._ask(request)
                )
            attempt = replace(
                attempt,
                number=number,
                message=self._redactor.text(one_line(attempt.message)),
                elapsed_ms=(time.perf_counter() - begun) * 1000,
                at=self._settings.now(),
            )
        if attempt.retry_after_s is not None:
            await self._turns.pause(attempt.retry_after_s)
            if attempt.retry_after_s > self.policy.retry_after_cap_s:
                self._stay_away(attempt.retry_after_s)
        return attempt

    async def _turn(self, priority: Priority) -> None:
        """Wait for the source's pace. Of each priority one request at a time asks for the turn, in their order."""
        async with self._queues[priority]:
            while self.halted is None:
                wait = await self._turns.take(priority)
                if wait is None:
                    return
                if wait.is_asked and wait.seconds > self.policy.retry_after_cap_s:
                    self._stay_away(wait.seconds)
                else:
                    await self._sleep(wait.seconds)

    def _stay_away(self, seconds: float) -> None:
        self.halt(f"{self.policy.source} asks to stay away for {seconds:.0f} s; try again later")

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless everything is halted meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._halting.wait()

    async def _ask(self, request: SourceRequest) -> Attempt:
        left = self._deadline - time.perf_counter() if self._deadline is not None else self.policy.total_timeout_s
        within = f"{self.policy.total_timeout_s:g} s" if left >= self.policy.total_timeout_s else "the time budget"
        return await self._wire.ask(
            request,
            within=(min(self.policy.total_timeout_s, left), within),
            next_turn=lambda: self._turn(request.priority),
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
        if self._deadline is not None and time.perf_counter() >= self._deadline:
            return  # it was our time that was up
        if attempt.outcome in ILL:
            self._failures_in_a_row += 1
            is_probe = self._admission.kind == "probe" and self._probe is None  # it halts with words of its own
            if self._failures_in_a_row >= self.policy.give_up_after and self.halted is None and not is_probe:
                self._gave_up = True
                self.halt(f"{self._failures_in_a_row} requests in a row failed, the last with: {attempt.message}")
        elif attempt.outcome not in (Outcome.REFUSED, Outcome.CACHED):
            self._failures_in_a_row = 0


class _StopWhenHalted(stop_base):
    """No further try of a source that was given up on."""

    def __init__(self, client: PoliteClient) -> None:
        self._client = client

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self._client.halted is not None
