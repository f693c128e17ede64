"""What the platform remembers of a source's health: operational.source_health, circuit breaker and scores included.

``enter`` before a run asks, ``leave`` after it: each one short transaction that holds the source's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from dagster_mlb.sources.breaker import Admission, Circuit, RunEnd, admit, after_run
from dagster_mlb.sources.http_messages import SourcePolicy
from dagster_mlb.sources.http_outcome import Outcome

# A request counts this much of the one after it: half of the weight lies on the last 34.
DECAY = 0.98
GOOD = frozenset({Outcome.RECEIVED})
# An unanswerable question (404), an honest nothing (204), a cached answer and a request that was not sent say nothing.
BAD = frozenset({Outcome.TRANSIENT, Outcome.BLOCKED, Outcome.MALFORMED})
SUCCEEDED = frozenset({Outcome.RECEIVED, Outcome.CACHED})


class Ended(NamedTuple):
    """How one request of a run ended."""

    outcome: Outcome
    message: str = ""


@dataclass(frozen=True)
class SourceHealth:
    """A row of operational.source_health. ``freshness`` is as of the moment that ``read_health`` was given."""

    source: str
    status: str
    last_success_at: datetime | None
    last_failure_at: datetime | None
    consecutive_failures: int
    last_message: str | None
    checked_at: datetime
    breaker_state: str
    opened_at: datetime | None
    next_probe_at: datetime | None
    reliability: float | None
    expected_every_s: float | None
    freshness: float | None


def scored(good: float, weight: float, outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """The decayed sums of good and of all telling requests after these; good / all is the reliability."""
    for outcome in outcomes:
        if outcome in GOOD or outcome in BAD:
            good, weight = good * DECAY + (outcome in GOOD), weight * DECAY + 1
    return good, weight


def freshness(last_success_at: datetime | None, every_s: float | None, now: datetime) -> float | None:
    """1 while the last success is no older than the cadence, then cadence / age; None where either is unknown."""
    if last_success_at is None or not every_s:
        return None
    age = (now - last_success_at).total_seconds()
    return 1.0 if age <= every_s else every_s / age


def read_health(conn: psycopg.Connection, now: datetime) -> list[SourceHealth]:
    """Every source that was ever asked, by name, with its freshness at ``now``."""
    with conn.cursor(row_factory=class_row(SourceHealth)) as cursor:
        return cursor.execute(
            """
            select source, status, last_success_at, last_failure_at, consecutive_failures, last_message, checked_at,
                breaker_state, opened_at, next_probe_at, reliability, expected_every_s,
                case when extract(epoch from %(now)s - last_success_at) <= expected_every_s then 1.0
                     else expected_every_s / extract(epoch from %(now)s - last_success_at) end::float8 as freshness
            from operational.source_health order by source
            """,
            {"now": now},
        ).fetchall()


def enter(
    conn: psycopg.Connection, policy: SourcePolicy, *, now: datetime, run_id: str, clock_stands: bool
) -> Admission:
    """Whether this run may ask the source, in a transaction of its own; a probe is taken here."""
    with conn.transaction():
        circuit = _locked_circuit(conn, policy.source)
        admission, after = admit(circuit, policy, now=now, run_id=run_id, clock_stands=clock_stands)
        if after != circuit:
            _write_circuit(conn, policy.source, after)
    return admission


def leave(
    conn: psycopg.Connection,
    policy: SourcePolicy,
    admission: Admission,
    end: RunEnd,
    outcomes: Sequence[Ended],
    *,
    now: datetime,
    run_id: str,
) -> None:
    """Write down how a run's asking ended, in a transaction of its own. ``outcomes`` in the order of their ending.

    *healthy*: all succeeded; *degraded*: some; *down*: none. ``consecutive_failures`` counts requests since the last
    success; what came from the cache is no success of the source's and no failure.
    """
    told = [ended for ended in outcomes if ended.outcome is not Outcome.CACHED]
    with conn.transaction():
        circuit = _locked_circuit(conn, policy.source)
        if told:
            _write_status(conn, policy, told, now)
        after = after_run(circuit, policy, admission, end, now=now, run_id=run_id)
        if after != circuit:
            _write_circuit(conn, policy.source, after)


def _locked_circuit(conn: psycopg.Connection, source: str) -> Circuit:
    # A row that is not there yet cannot be locked.
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"source_health.{source}"])
    with conn.cursor(row_factory=class_row(Circuit)) as cursor:
        found = cursor.execute(
            """
            select breaker_state as state, breaker_failures as failures_in_a_row, times_opened, opened_at, opened_by,
                next_probe_at
            from operational.source_health where source = %s
            """,
            [source],
        ).fetchone()
    return found or Circuit()


def _write_circuit(conn: psycopg.Connection, source: str, circuit: Circuit) -> None:
    conn.execute(
        """
        update operational.source_health set
            breaker_state = %(state)s, breaker_failures = %(failures_in_a_row)s, times_opened = %(times_opened)s,
            opened_at = %(opened_at)s, opened_by = %(opened_by)s, next_probe_at = %(next_probe_at)s
        where source = %(source)s
        """,
        {"source": source, **vars(circuit)},
    )


def _write_status(conn: psycopg.Connection, policy: SourcePolicy, ended: Sequence[Ended], now: datetime) -> None:
    succeeded = [end.outcome in SUCCEEDED or (policy.may_be_empty and end.outcome is Outcome.EMPTY) for end in ended]
    trailing = next((n for n, is_good in enumerate(reversed(succeeded)) if is_good), len(succeeded))
    messages = [end.message for end, is_good in zip(ended, succeeded, strict=True) if not is_good]
    row = conn.execute(
        "select good_weight, scored_weight, last_success_at from operational.source_health where source = %s",
        [policy.source],
    ).fetchone() or (0.0, 0.0, None)
    good, weight = scored(row[0], row[1], [end.outcome for end in ended])
    last_success_at = now if any(succeeded) else row[2]
    conn.execute(
        """
        insert into operational.source_health as health (
            source, status, last_success_at, last_failure_at, consecutive_failures, last_message, checked_at,
            good_weight, scored_weight, expected_every_s, freshness
        )
        values (
            %(source)s, %(status)s, %(success_at)s, %(failure_at)s, %(trailing)s, %(message)s, %(now)s,
            %(good)s, %(weight)s, %(every)s, %(freshness)s
        )
        on conflict (source) do update set
            status = excluded.status,
            last_success_at = excluded.last_success_at,
            last_failure_at = coalesce(excluded.last_failure_at, health.last_failure_at),
            consecutive_failures = excluded.consecutive_failures
                + case when %(any_success)s then 0 else health.consecutive_failures end,
            last_message = coalesce(excluded.last_message, health.last_message),
            checked_at = excluded.checked_at,
            good_weight = excluded.good_weight,
            scored_weight = excluded.scored_weight,
            expected_every_s = excluded.expected_every_s,
            freshness = excluded.freshness
        """,
        {
            "source": policy.source,
            "status": "healthy" if all(succeeded) else "degraded" if any(succeeded) else "down",
            "success_at": last_success_at,
            "failure_at": None if all(succeeded) else now,
            "trailing": trailing,
            "message": messages[-1] if messages else None,
            "now": now,
            "good": good,
            "weight": weight,
            "every": policy.expected_every_s,
            "freshness": freshness(last_success_at, policy.expected_every_s, now),
            "any_success": any(succeeded),
        },
    )
