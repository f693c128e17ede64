"""What the platform writes down about asking: a row of operational.collection_log per attempt, each source's health."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import psycopg

from dagster_mlb.sources.http import Fetched, Outcome
from dagster_mlb.sources.raw_responses import StoredLoad

_COLUMNS = (
    "correlation_id, run_id, source, target, attempt, outcome, http_status, byte_length, elapsed_ms, message, load_id, "
    "logged_at"
)


def log_attempts(
    conn: psycopg.Connection,
    source: str,
    batch: Iterable[tuple[Fetched, StoredLoad | None]],
    *,
    run_id: str,
    logged_at: datetime,
) -> None:
    """Append every attempt of a batch; the last attempt of a request carries the load that it became."""
    with (
        conn.cursor() as cursor,
        cursor.copy(f"copy operational.collection_log ({_COLUMNS}) from stdin") as copy,
    ):
        for fetched, load in batch:
            correlation_id = uuid.uuid4().hex
            for attempt in fetched.attempts:
                became = load if attempt is fetched.attempts[-1] else None
                outcome: str = attempt.outcome.value
                if attempt.outcome is Outcome.RECEIVED:
                    outcome = "repeat" if became and became.is_repeat else "stored"
                copy.write_row(
                    (
                        correlation_id,
                        run_id,
                        source,
                        fetched.target,
                        attempt.number,
                        outcome,
                        attempt.http_status,
                        attempt.byte_length,
                        attempt.elapsed_ms,
                        attempt.message or None,
                        became.load_id if became else None,
                        attempt.at or logged_at,
                    )
                )


def update_health(
    conn: psycopg.Connection, source: str, outcomes: Sequence[tuple[bool, str]], *, checked_at: datetime
) -> None:
    """Set a source's health after a collection.

    ``outcomes``: (succeeded, message) per request in the order in which they ended. *healthy*: all succeeded;
    *degraded*: some; *down*: none. ``consecutive_failures`` counts requests since the last success.
    """
    if not outcomes:
        return
    any_success = any(succeeded for succeeded, _ in outcomes)
    all_success = all(succeeded for succeeded, _ in outcomes)
    trailing = 0
    for succeeded, _ in reversed(outcomes):
        if succeeded:
            break
        trailing += 1
    last_message = next((message for succeeded, message in reversed(outcomes) if not succeeded), None)
    conn.execute(
        """
        insert into operational.source_health as health
            (source, status, last_success_at, last_failure_at, consecutive_failures, last_message, checked_at)
        values (%(source)s, %(status)s, %(success_at)s, %(failure_at)s, %(trailing)s, %(message)s, %(checked_at)s)
        on conflict (source) do update set
            status = excluded.status,
            last_success_at = coalesce(excluded.last_success_at, health.last_success_at),
            last_failure_at = coalesce(excluded.last_failure_at, health.last_failure_at),
            consecutive_failures = excluded.consecutive_failures
                + case when %(any_success)s then 0 else health.consecutive_failures end,
            last_message = coalesce(excluded.last_message, health.last_message),
            checked_at = excluded.checked_at
        """,
        {
            "source": source,
            "status": "healthy" if all_success else "degraded" if any_success else "down",
            "success_at": checked_at if any_success else None,
            "failure_at": None if all_success else checked_at,
            "trailing": trailing,
            "message": last_message,
            "checked_at": checked_at,
            "any_success": any_success,
        },
    )
