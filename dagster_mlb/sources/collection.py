"""Running a collection: ask everything of a plan, store what came, write down every attempt.

Which requests make a plan is ``collect.py``'s; how one of them is asked is ``http.py``'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import psycopg
from pydantic import SecretStr

from dagster_mlb.settings import Provenance, Settings
from dagster_mlb.sources.collection_log import log_attempts, update_health
from dagster_mlb.sources.http import Fetched, Outcome, PoliteClient, SourceError, SourcePolicy, SourceRequest
from dagster_mlb.sources.raw_responses import StoredLoad, store_many
from dagster_mlb.warehouse.connection import connect

# A batch is one transaction. It is written when it has this many responses or bytes, or when nothing came for a while,
# so that a crash loses seconds of asking, not a season.
BATCH_RESPONSES = 64
BATCH_BYTES = 16 * 1024 * 1024
BATCH_IDLE_S = 2.0


class Failure(NamedTuple):
    """A request that did not deliver: its redacted target, its outcome and why."""

    target: str
    outcome: str
    message: str


@dataclass
class CollectionResult:
    """What one collection brought. ``bytes`` counts whole bodies, repeats included."""

    source: str
    endpoint: str
    table: str
    provenance: Provenance
    requests: int = 0
    attempts: int = 0
    stored: int = 0
    repeats: int = 0
    bytes: int = 0
    failures: list[Failure] = field(default_factory=list)
    load_ids: list[int] = field(default_factory=list)
    credits_used: int | None = None
    credits_remaining: int | None = None
    first_observed_at: datetime | None = None
    last_observed_at: datetime | None = None
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        return not self.failures

    def raise_if_failed(self) -> None:
        """Raise SourceError naming what is missing; the answers that did come are stored already."""
        if not self.failures:
            return
        shown = "; ".join(f"{target} [{outcome}] {message}" for target, outcome, message in self.failures[:5])
        more = f"; and {len(self.failures) - 5} more (operational.collection_log)" if len(self.failures) > 5 else ""
        raise SourceError(
            f"{self.source}: {len(self.failures)} of {self.requests} {self.endpoint} requests failed: {shown}{more}"
        )


@dataclass(frozen=True)
class Plan:
    """Everything a collection is: which source, with which policy and secrets, what to ask, and where it goes."""

    policy: SourcePolicy
    base_url: str
    table: str
    requests: Sequence[SourceRequest]
    secret_params: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)


def collect(settings: Settings, plan: Plan, *, run_id: str) -> CollectionResult:
    """Ask everything of a plan. The database is opened first: no credit is spent on what could not be stored."""
    begun = time.perf_counter()
    source = plan.policy.source
    result = CollectionResult(
        source=source,
        endpoint=plan.requests[0].endpoint if plan.requests else "",
        table=plan.table,
        provenance=settings.provenance_of(source, plan.base_url),
        requests=len(plan.requests),
    )
    if plan.requests:
        client = PoliteClient(settings, plan.policy, plan.base_url, secret_params=plan.secret_params)
        with connect(settings, role="ingest") as conn:
            writer = _Writer(settings, conn, plan, result, run_id)
            try:
                asyncio.run(_ask_all(client, plan, writer))
            except BaseExceptionGroup as group:
                raise _first_cause(group) from None
            writer.finish()
    result.seconds = time.perf_counter() - begun
    return result


class _Writer:
    """Turns answers into rows: raw, log, and at the end the source's health. One transaction a batch."""

    def __init__(
        self, settings: Settings, conn: psycopg.Connection, plan: Plan, result: CollectionResult, run_id: str
    ) -> None:
        self._settings = settings
        self._conn = conn
        self._plan = plan
        self._result = result
        self._run_id = run_id
        self._outcomes: list[tuple[bool, str]] = []

    def write(self, batch: Sequence[Fetched]) -> None:
        now = self._settings.now()
        kept = [(fetched, fetched.record) for fetched in batch if fetched.record is not None]
        loads = store_many(
            self._conn,
            self._plan.table,
            [record for _, record in kept],
            run_id=self._run_id,
            capture=[fetched.request.capture for fetched, _ in kept],
            provenance=self._result.provenance,
            ingested_at=now,
        )
        load_of = {id(fetched): load for (fetched, _), load in zip(kept, loads, strict=True)}
        log_attempts(
            self._conn,
            self._plan.policy.source,
            [(fetched, load_of.get(id(fetched))) for fetched in batch],
            run_id=self._run_id,
            logged_at=now,
        )
        self._conn.commit()
        for fetched in batch:
            self._count(fetched, load_of.get(id(fetched)))

    def _count(self, fetched: Fetched, load: StoredLoad | None) -> None:
        result, record = self._result, fetched.record
        result.attempts += sum(attempt.outcome is not Outcome.REFUSED for attempt in fetched.attempts)
        if load is not None and record is not None:
            result.load_ids.append(load.load_id)
            result.repeats += load.is_repeat
            result.stored += not load.is_repeat
            result.bytes += record.byte_length
            result.first_observed_at = min(result.first_observed_at or record.observed_at, record.observed_at)
            result.last_observed_at = max(result.last_observed_at or record.observed_at, record.observed_at)
            used = _credits(record.headers, self._plan.policy.cost_header)
            remaining = _credits(record.headers, self._plan.policy.remaining_header)
            if used is not None:
                result.credits_used = (result.credits_used or 0) + used
            if remaining is not None:
                result.credits_remaining = (
                    remaining if result.credits_remaining is None else min(result.credits_remaining, remaining)
                )
        succeeded = fetched.outcome is Outcome.RECEIVED
        self._outcomes.append((succeeded, fetched.message))
        if not succeeded:
            result.failures.append(Failure(fetched.target, fetched.outcome.value, fetched.message))

    def finish(self) -> None:
        update_health(self._conn, self._plan.policy.source, self._outcomes, checked_at=self._settings.now())
        self._conn.commit()


def _credits(headers: Mapping[str, str], name: str | None) -> int | None:
    """What a header says of credits; None where the source does not count them or does not say."""
    try:
        return int(float(headers[name])) if name else None
    except (KeyError, ValueError, OverflowError):
        return None


def _first_cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _ask_all(client: PoliteClient, plan: Plan, writer: _Writer) -> None:
    """Workers ask, one writer stores; the queue between them is short, so memory does not grow with the season."""
    pending = iter(plan.requests)
    answers: asyncio.Queue[Fetched | None] = asyncio.Queue(maxsize=2 * client.concurrency)
    async with client, asyncio.TaskGroup() as tasks:
        tasks.create_task(_write_all(answers, writer))
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(client.concurrency, len(plan.requests))):
                workers.create_task(_work(client, pending, answers))
        await answers.put(None)


async def _work(client: PoliteClient, pending: Iterator[SourceRequest], answers: asyncio.Queue[Fetched | None]) -> None:
    for request in pending:
        fetched = await client.fetch(request)
        _watch_account(client, fetched)
        await answers.put(fetched)


def _watch_account(client: PoliteClient, fetched: Fetched) -> None:
    """Stop asking when the account is at its end: every further request would only be refused."""
    if fetched.record is not None and _credits(fetched.record.headers, client.policy.remaining_header) == 0:
        client.halt(f"no credits remain at {client.policy.source}; they return with the next month or a larger plan")
    if fetched.attempts[-1].http_status == 401:
        client.halt(f"{client.policy.source} refused the key: {fetched.message}")


async def _write_all(answers: asyncio.Queue[Fetched | None], writer: _Writer) -> None:
    batch: list[Fetched] = []
    size = 0
    is_open = True
    while is_open:
        is_due = False
        try:
            # Not wait_for: before Python 3.12 it can lose the item that arrives with the timeout.
            async with asyncio.timeout(BATCH_IDLE_S if batch else None):
                answer = await answers.get()
        except TimeoutError:
            is_due = True
        else:
            if answer is None:
                is_open = False
            else:
                batch.append(answer)
                size += len(answer.record.body) if answer.record is not None else 0
        if batch and (is_due or not is_open or len(batch) >= BATCH_RESPONSES or size >= BATCH_BYTES):
            await asyncio.to_thread(writer.write, batch)
            batch, size = [], 0
