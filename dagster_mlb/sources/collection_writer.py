"""A plan's answers become rows: raw, the records that a reader finds, the log of attempts. One transaction a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import psycopg

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection_log import log_attempts, log_performance
from dagster_mlb.sources.collection_plan import CollectionResult, Failure, Plan
from dagster_mlb.sources.health import SUCCEEDED, Ended
from dagster_mlb.sources.http import Fetched, Outcome
from dagster_mlb.sources.parsing import parse_loads
from dagster_mlb.sources.raw_responses import StoredLoad, find_bodies, store_many
from dagster_mlb.sources.writer_pool import WriterPool


class AnswerWriter:
    """Stores and counts the answers of one plan; ``ended`` grows with how each request of the source ended."""

    def __init__(
        self,
        settings: Settings,
        writers: WriterPool,
        plan: Plan,
        result: CollectionResult,
        run_id: str,
        ended: list[Ended],
    ) -> None:
        self._settings = settings
        self.writers = writers
        self._plan = plan
        self.result = result
        self._run_id = run_id
        self._ended = ended

    def write(self, batch: Sequence[Fetched]) -> None:
        now = self._settings.now()
        with self.writers.connection() as conn:
            load_of = self._store(conn, batch, now)
            log_attempts(
                conn,
                self._plan.policy.source,
                [(fetched, load_of.get(fetched.correlation_id)) for fetched in batch],
                run_id=self._run_id,
                logged_at=now,
            )
            conn.commit()
        for fetched in batch:
            self._count(fetched, load_of.get(fetched.correlation_id))

    def _store(self, conn: psycopg.Connection, batch: Sequence[Fetched], now: datetime) -> dict[str, StoredLoad]:
        """Loads by correlation id. What came from the cache is stored only where raw does not keep it: the answer may
        have come to another database, or to a run that died before it could write."""
        table, provenance = self._plan.table, self.result.provenance
        cached = [
            (fetched, fetched.record) for fetched in batch if fetched.outcome is Outcome.CACHED and fetched.record
        ]
        found = find_bodies(conn, table, [record for _, record in cached], provenance=provenance)
        load_of = {
            fetched.correlation_id: StoredLoad(load_id, is_repeat=True)
            for (fetched, _), load_id in zip(cached, found, strict=True)
            if load_id is not None
        }
        kept = [
            (fetched, fetched.record) for fetched in batch if fetched.record and fetched.correlation_id not in load_of
        ]
        loads = store_many(
            conn,
            table,
            [record for _, record in kept],
            run_id=self._run_id,
            capture=[fetched.request.capture for fetched, _ in kept],
            provenance=provenance,
            ingested_at=now,
        )
        if (reader := self._plan.reader) is not None:
            bodies = [
                (load.load_id, record.body) for (_, record), load in zip(kept, loads, strict=True) if not load.is_repeat
            ]
            parse_loads(conn, reader, bodies, parsed_at=now)
        return load_of | {fetched.correlation_id: load for (fetched, _), load in zip(kept, loads, strict=True)}

    def _count(self, fetched: Fetched, load: StoredLoad | None) -> None:
        result, record = self.result, fetched.record
        result.attempts += sum(attempt.outcome not in (Outcome.REFUSED, Outcome.CACHED) for attempt in fetched.attempts)
        is_cached = fetched.outcome is Outcome.CACHED
        result.cached += is_cached
        result.revalidated += fetched.attempts[-1].cache == "revalidated"
        if load is not None and record is not None and not (is_cached and load.is_repeat):
            result.load_ids.append(load.load_id)
            result.repeats += load.is_repeat
            result.stored += not load.is_repeat
            result.bytes += record.byte_length
            result.first_observed_at = min(result.first_observed_at or record.observed_at, record.observed_at)
            result.last_observed_at = max(result.last_observed_at or record.observed_at, record.observed_at)
            self._countcredits_in(record.headers)
        self._ended.append(Ended(fetched.outcome, fetched.message))
        if fetched.outcome not in SUCCEEDED:
            result.failures.append(Failure(fetched.target, fetched.outcome.value, fetched.message))

    def _countcredits_in(self, headers: Mapping[str, str]) -> None:
        result, policy = self.result, self._plan.policy
        used, remaining = credits_in(headers, policy.cost_header), credits_in(headers, policy.remaining_header)
        if used is not None:
            result.credits_used = (result.credits_used or 0) + used
        if remaining is not None:
            known = result.credits_remaining
            result.credits_remaining = remaining if known is None else min(known, remaining)

    def finish(self) -> None:
        """Measurements of the whole plan."""
        result = self.result
        if result.cache_hit_rate is None:
            return
        with self.writers.connection() as conn:
            log_performance(
                conn,
                f"collect {result.source} {result.endpoint}",
                {"seconds": result.seconds, "requests": result.requests, "cache_hit_rate": result.cache_hit_rate},
                run_id=self._run_id,
                measured_at=self._settings.now(),
            )
            conn.commit()


def credits_in(headers: Mapping[str, str], name: str | None) -> int | None:
    """What a header says of credits; None where the source does not count them or does not say."""
    try:
        return int(float(headers[name])) if name else None
    except (KeyError, ValueError, OverflowError):
        return None
