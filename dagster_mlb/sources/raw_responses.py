"""Writing responses to raw_data, append-only: the bytes once, and a heartbeat for each time they were said again.

A response whose request and content already stand in its table is inserted with ``body`` NULL and ``repeat_of``: that
it was still so at that moment is a fact of its own. Nothing here parses a body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from dagster_mlb.settings import Provenance
from dagster_mlb.sources.http import Capture, ResponseRecord

RESPONSE_TABLES = frozenset(
    {
        "mlb_stats_schedule",
        "mlb_stats_teams",
        "mlb_stats_live_feed",
        "mlb_stats_boxscore",
        "mlb_stats_linescore",
        "mlb_stats_people",
        "mlb_stats_people_stats",
        "mlb_stats_lineups",
        "mlb_stats_transactions",
        "mlb_stats_venues",
        "action_network_scoreboard",
        "action_network_scoreboard_v1",
        "action_network_public_betting",
        "action_network_market_history",
        "action_network_books",
        "vsin_splits",
        "sbd_odds",
        "sbr_odds",
        "sbr_line_history",
        "odds_api_odds",
        "odds_api_scores",
        "odds_api_historical_odds",
        "odds_api_events",
        "odds_api_event_odds",
        "savant_pitches",
        "prizepicks_projections",
        "open_meteo_forecast",
        "open_meteo_historical_forecast",
        "open_meteo_archive",
    }
)

# (column, PostgreSQL type) in the order of the COPY.
_COLUMNS = (
    ("load_id", "int8"),
    ("source", "text"),
    ("endpoint", "text"),
    ("request_key", "text"),
    ("official_date", "date"),
    ("observed_at", "timestamptz"),
    ("ingested_at", "timestamptz"),
    ("http_status", "int4"),
    ("content_type", "text"),
    ("content_hash", "text"),
    ("byte_length", "int8"),
    ("is_truncated", "bool"),
    ("body", "bytea"),
    ("repeat_of", "int8"),
    ("provenance", "text"),
    ("capture", "text"),
    ("run_id", "text"),
)


@dataclass(frozen=True)
class StoredLoad:
    """Where a response stands in raw_data; a repeat has no body of its own."""

    load_id: int
    is_repeat: bool


def store(
    conn: psycopg.Connection,
    table: str,
    record: ResponseRecord,
    *,
    run_id: str,
    capture: Capture,
    provenance: Provenance,
    ingested_at: datetime,
) -> StoredLoad:
    """Insert one response into ``raw_data.<table>``; the caller commits."""
    return store_many(
        conn, table, [record], run_id=run_id, capture=capture, provenance=provenance, ingested_at=ingested_at
    )[0]


def store_many(
    conn: psycopg.Connection,
    table: str,
    records: Sequence[ResponseRecord],
    *,
    run_id: str,
    capture: Capture | Sequence[Capture],
    provenance: Provenance,
    ingested_at: datetime,
) -> list[StoredLoad]:
    """Insert responses in the caller's transaction: four statements, whatever their number.

    ``capture`` is one for all or one each. The result has the order of ``records``. The same body twice in the batch is
    one body and one repeat; two writers at once cannot both keep it, because the table's writers take turns.
    """
    if table not in RESPONSE_TABLES:
        raise ValueError(f"raw_data.{table} holds no responses; those that do: {', '.join(sorted(RESPONSE_TABLES))}")
    if not records:
        return []
    captures = [capture] * len(records) if isinstance(capture, str) else list(capture)
    if len(captures) != len(records):
        raise ValueError(f"{len(records)} records but {len(captures)} captures")

    name = sql.Identifier("raw_data", table)
    with conn.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"raw_data.{table}"])
        cursor.execute("select raw_data.ensure_month(%s, %s)", [table, ingested_at])
        known = _known_bodies(cursor, name, records, provenance)
        cursor.execute(
            "select nextval('raw_data.load_id_seq') from generate_series(1, %s)", [len(records)], prepare=False
        )
        load_ids = [row[0] for row in cursor.fetchall()]

        loads: list[StoredLoad] = []
        columns = sql.SQL(", ").join(sql.Identifier(column) for column, _ in _COLUMNS)
        statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(name, columns)
        with cursor.copy(statement) as copy:
            copy.set_types([type_name for _, type_name in _COLUMNS])
            for load_id, record, how in zip(load_ids, records, captures, strict=True):
                identity = (record.request_key, record.content_hash)
                repeat_of = known.setdefault(identity, load_id)
                is_repeat = repeat_of != load_id
                copy.write_row(
                    (
                        load_id,
                        record.source,
                        record.endpoint,
                        record.request_key,
                        record.official_date,
                        record.observed_at,
                        ingested_at,
                        record.http_status,
                        record.content_type,
                        record.content_hash,
                        record.byte_length,
                        record.is_truncated,
                        None if is_repeat else record.body,
                        repeat_of if is_repeat else None,
                        provenance,
                        how,
                        run_id,
                    )
                )
                loads.append(StoredLoad(load_id, is_repeat))
    return loads


def find_bodies(
    conn: psycopg.Connection, table: str, records: Sequence[ResponseRecord], *, provenance: Provenance
) -> list[int | None]:
    """For each record the load that keeps its body already, None where the body is new; nothing is written."""
    if table not in RESPONSE_TABLES:
        raise ValueError(f"raw_data.{table} holds no responses; those that do: {', '.join(sorted(RESPONSE_TABLES))}")
    with conn.cursor() as cursor:
        known = _known_bodies(cursor, sql.Identifier("raw_data", table), records, provenance) if records else {}
    return [known.get((record.request_key, record.content_hash)) for record in records]


def _known_bodies(
    cursor: psycopg.Cursor, name: sql.Identifier, records: Sequence[ResponseRecord], provenance: Provenance
) -> dict[tuple[str, str], int]:
    """(request_key, content_hash) → load_id of the oldest row that keeps that body.

    Only rows of the same provenance: a live answer is never hung on a simulated one, even where the bytes agree.
    """
    cursor.execute(
        sql.SQL(
            """
            select kept.request_key, kept.content_hash, min(kept.load_id)
            from {} as kept
            join unnest(%s::text[], %s::text[]) as asked (request_key, content_hash) using (request_key, content_hash)
            where kept.body is not null and kept.provenance = %s
            group by kept.request_key, kept.content_hash
            """
        ).format(name),
        [[record.request_key for record in records], [record.content_hash for record in records], provenance],
    )
    return {(request_key, content_hash): load_id for request_key, content_hash, load_id in cursor.fetchall()}
