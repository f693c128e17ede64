"""What the platform writes down about asking: a row of operational.collection_log per attempt, and measurements.

The health of a source, its circuit breaker included, is ``health.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """Append every attempt of a batch; the last attempt of a request carries the load that it became.

    A *cached* attempt asked nobody: its load is the one that keeps the bytes.
    """
    with (
        conn.cursor() as cursor,
        cursor.copy(f"copy operational.collection_log ({_COLUMNS}) from stdin") as copy,
    ):
        for fetched, load in batch:
            for attempt in fetched.attempts:
                became = load if attempt is fetched.attempts[-1] else None
                outcome: str = attempt.outcome.value
                if attempt.outcome is Outcome.RECEIVED:
                    outcome = "repeat" if became and became.is_repeat else "stored"
                copy.write_row(
                    (
                        fetched.correlation_id,
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


def log_performance(
    conn: psycopg.Connection, component: str, values: Mapping[str, float], *, run_id: str, measured_at: datetime
) -> None:
    """Append measurements of one component to operational.performance_monitoring."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into operational.performance_monitoring (run_id, component, metric, value, measured_at) "
            "values (%s, %s, %s, %s, %s)",
            [(run_id, component, metric, value, measured_at) for metric, value in values.items()],
        )
