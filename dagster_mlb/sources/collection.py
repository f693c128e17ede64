"""Running a collection: ask everything of a plan, store what came, write down every attempt.

Which requests make a plan is ``collect.py``'s; how one of them is asked is ``http.py``'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import httpx

from dagster_mlb.settings import Settings
from dagster_mlb.sources.breaker import Admission
from dagster_mlb.sources.collection_plan import CollectionResult, Failure, Plan
from dagster_mlb.sources.collection_writer import AnswerWriter, credits_in
from dagster_mlb.sources.health import Ended, enter, leave
from dagster_mlb.sources.http import Fetched, PoliteClient, SourceRequest, is_loopback
from dagster_mlb.sources.http_slots import ORDER
from dagster_mlb.sources.rate_limits import Pace, SharedLimits
from dagster_mlb.sources.writer_pool import WriterPool
from dagster_mlb.warehouse.connection import connect

__all__ = ["CollectionResult", "Failure", "Plan", "collect", "collect_many"]

# A batch is one transaction. It is written when it has this many responses or bytes, or when nothing came for a while,
# so that a crash loses seconds of asking, not a season.
BATCH_RESPONSES = 64
BATCH_BYTES = 16 * 1024 * 1024
BATCH_IDLE_S = 2.0
MAX_WRITERS = 4  # database connections of one collection, whatever the number of its plans


def collect(settings: Settings, plan: Plan, *, run_id: str) -> CollectionResult:
    """Ask everything of a plan. The database is opened first: no credit is spent on what could not be stored."""
    return collect_many(settings, [plan], run_id=run_id)[0]


def collect_many(settings: Settings, plans: Sequence[Plan], *, run_id: str) -> list[CollectionResult]:
    """Ask everything of several plans side by side; the results have the order of ``plans``.

    Plans of one source share its connections, pace and circuit. A source that is slow or down delays no other: each is
    stored as it comes, and stops at its own policy's ``budget_s``. Raises SourceNotConfiguredError before anything is
    asked; what fails in the database or in the program is raised when all plans have come to their end.
    """
    begun = time.perf_counter()
    results = [_new_result(settings, plan) for plan in plans]
    work = [(plan, result) for plan, result in zip(plans, results, strict=True) if plan.requests]
    if not work:
        return results
    for plan, _ in work:  # an address or a key that is wrong is told before the database is touched
        PoliteClient(settings, plan.policy, plan.base_url, secret_params=plan.secret_params)
    with ExitStack() as stack:
        lanes = _lanes(work)
        writers = stack.enter_context(WriterPool(settings, min(MAX_WRITERS, len(work))))
        limits = None
        if any(lane.is_paced for lane in lanes):
            limits = stack.enter_context(SharedLimits(connect(settings, role="ingest", autocommit=True)))
        for lane in lanes:
            lane.open(settings, writers, limits, run_id, begun)
        asyncio.run(_run(lanes))
    return results


def _new_result(settings: Settings, plan: Plan) -> CollectionResult:
    return CollectionResult(
        source=plan.policy.source,
        endpoint=plan.requests[0].endpoint if plan.requests else "",
        table=plan.table,
        provenance=settings.provenance_of(plan.policy.source, plan.base_url),
        requests=len(plan.requests),
    )


def _lanes(work: Sequence[tuple[Plan, CollectionResult]]) -> list[_Lane]:
    """Plans that may share a client stand in one lane."""
    lanes: list[_Lane] = []
    for plan, result in work:
        first = next((lane for lane in lanes if lane.takes(plan)), None)
        if first is None:
            lanes.append(_Lane([(plan, result)]))
        else:
            first.work.append((plan, result))
    return lanes


class _Lane:
    """One source's part of a collection: a client, its plans, and the source's health before and after."""

    def __init__(self, work: list[tuple[Plan, CollectionResult]]) -> None:
        self.work = work
        self.plan = work[0][0]

    def takes(self, plan: Plan) -> bool:
        mine = self.plan
        return (mine.policy, mine.base_url, mine.secret_params, mine.tells_health) == (
            *(plan.policy, plan.base_url, plan.secret_params, plan.tells_health),
        )

    @property
    def is_paced(self) -> bool:
        """Whether the pace is shared with other processes: not with a server on this machine, which has none."""
        host = httpx.URL(self.plan.base_url).host
        return not is_loopback(host) or self.plan.policy.loopback_min_interval_s > 0

    def open(
        self, settings: Settings, writers: WriterPool, limits: SharedLimits | None, run_id: str, begun: float
    ) -> None:
        """Ask the circuit breaker; make the client and the writers."""
        policy = self.plan.policy.for_requests(sum(len(plan.requests) for plan, _ in self.work))
        self._settings, self._writers, self._run_id, self._begun = settings, writers, run_id, begun
        self._admission = Admission()
        if self.plan.tells_health:
            with writers.connection() as conn:
                self._admission = enter(
                    conn, policy, now=settings.now(), run_id=run_id, clock_stands=settings.fixed_now is not None
                )
        host = httpx.URL(self.plan.base_url).host
        pace = Pace.of(policy, is_loopback=is_loopback(host))
        self._client = PoliteClient(
            settings,
            policy,
            self.plan.base_url,
            secret_params=self.plan.secret_params,
            turns=limits.turns(policy.source, pace) if limits is not None and self.is_paced else None,
            admission=self._admission,
            run_id=run_id,
        )
        self._ended: list[Ended] = []

    async def run(self) -> None:
        async with self._client:
            outcomes = await asyncio.gather(*(self._run_plan(*one) for one in self.work), return_exceptions=True)
        if self.plan.tells_health:
            await self._writers.run(self._leave)
        _raise_first(outcomes)

    async def _run_plan(self, plan: Plan, result: CollectionResult) -> None:
        writer = AnswerWriter(self._settings, self._writers, plan, result, self._run_id, self._ended)
        try:
            await _ask_all(self._client, plan, writer)
        except BaseExceptionGroup as group:
            raise _first_cause(group) from None
        finally:
            result.seconds = time.perf_counter() - self._begun
        await self._writers.run(writer.finish)

    def _leave(self) -> None:
        with self._writers.connection() as conn:
            leave(
                conn,
                self.plan.policy,
                self._admission,
                self._client.run_end,
                self._ended,
                now=self._settings.now(),
                run_id=self._run_id,
            )


async def _run(lanes: Sequence[_Lane]) -> None:
    _raise_first(await asyncio.gather(*(lane.run() for lane in lanes), return_exceptions=True))


def _raise_first(outcomes: Sequence[BaseException | None]) -> None:
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def _first_cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _ask_all(client: PoliteClient, plan: Plan, writer: AnswerWriter) -> None:
    """Workers ask, one writer stores; the queue between them is short, so memory does not grow with the season."""
    writer.result.caches = client.caches
    pending = iter(sorted(plan.requests, key=lambda request: ORDER[request.priority]))  # within one: in their order
    answers: asyncio.Queue[Fetched | None] = asyncio.Queue(maxsize=2 * client.concurrency)
    async with asyncio.TaskGroup() as tasks:
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
    if fetched.record is not None and credits_in(fetched.record.headers, client.policy.remaining_header) == 0:
        client.halt(f"no credits remain at {client.policy.source}; they return with the next month or a larger plan")
    if fetched.attempts[-1].http_status == 401:
        client.halt(f"{client.policy.source} refused the key: {fetched.message}")


async def _write_all(answers: asyncio.Queue[Fetched | None], writer: AnswerWriter) -> None:
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
            await writer.writers.run(writer.write, batch)
            batch, size = [], 0
