"""``mlb trace``: from any row of curated (or staging) back through crosswalk, ticks and loads to the raw bytes.

    step = trace(settings, "curated.moneylines", ["2201604031180", "sbr_archive", "consensus"])

What a table rests on stands in ``trace_lineage``, the loads and their records in ``trace_raw``, the tree in
``trace_tree``. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from dagster_mlb.reporting.trace_lineage import ROADS_OF_ROWS, Lineage
from dagster_mlb.reporting.trace_markets import MARKET_ROADS
from dagster_mlb.reporting.trace_raw import RawReader
from dagster_mlb.reporting.trace_tree import TraceStep, rendered
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

__all__ = ["TraceError", "TraceStep", "key_columns", "raw_body", "rendered", "trace", "traceable_tables"]

# The grain of tables that have no unique index in the database: what tells their rows apart.
_DECLARED_KEYS: dict[str, tuple[str, ...]] = {
    "curated.archive_benchmark": ("event_id",),
    "curated.decision_prices": ("game_key", "decision", "market", "source", "book"),
    "curated.feature_vectors": ("game_key", "decision"),
    "curated.moneylines": ("game_key", "source", "book"),
    "curated.prediction_inputs": ("game_key", "decision"),
    "curated.betting_lines_enhanced": ("game_key", "decision", "market"),
    "curated.market_consensus": ("game_key", "decision", "market"),
    "curated.profitability_metrics": (
        *("strategy", "form", "is_shadow", "decision", "market", "provenance"),
        *("period_kind", "period", "cut_by", "cut_value"),
    ),
    "curated.spreads": ("game_key", "source", "book"),
    "curated.totals": ("game_key", "source", "book"),
}
ROADS = ROADS_OF_ROWS | MARKET_ROADS
_RECORD_KEY = ("load_id", "record_number")


class TraceError(Exception):
    """The table or the key cannot be traced: the message says which tables, which key columns, or what is missing."""


def traceable_tables() -> list[str]:
    """Every table whose rows can be traced, ``schema.table``, sorted."""
    return sorted(ROADS)


def trace(settings: Settings, table: str, key: Sequence[str]) -> TraceStep:
    """The row of ``table`` under ``key`` (its key columns in order, as text), and below it all that it rests on.

    ``table`` may leave out its schema (curated before staging). Raises TraceError for an unknown table, a wrong number
    of key values, a value of the wrong type and a row that is not there; WarehouseUnavailableError without a database.
    """
    name = _table_name(table)
    with connect(settings) as conn:
        columns = _existing_key(conn, name)
        if len(key) != len(columns):
            wanted = " ".join(f"<{column}>" for column in columns)
            raise TraceError(
                f"{name} is keyed by {len(columns)} values, {len(key)} were given: mlb trace {name} {wanted}"
            )
        row = _row(conn, name, columns, key)
        steps = tuple(ROADS[name](Lineage(conn), row))
    facts = {column: value for column, value in row.items() if value is not None}
    return TraceStep(f"{name} {' '.join(key)}", facts, steps)


def key_columns(settings: Settings, table: str) -> list[str]:
    """The columns that ``mlb trace`` wants for a table, in order."""
    name = _table_name(table)
    with connect(settings) as conn:
        return _existing_key(conn, name)


def raw_body(settings: Settings, load_id: int) -> bytes:
    """The bytes of a load as they came (of a repeat: those that it repeats). Raises LookupError for an unknown load."""
    with connect(settings) as conn:
        return RawReader(conn).body(load_id)


def _table_name(table: str) -> str:
    names = [table.lower()] if "." in table else [f"{schema}.{table.lower()}" for schema in ("curated", "staging")]
    for name in names:
        if name in ROADS:
            return name
    listed = "\n  ".join(traceable_tables())
    raise TraceError(f"{table} is no table that can be traced. These can:\n  {listed}")


def _existing_key(conn: psycopg.Connection, table: str) -> list[str]:
    if conn.execute("select to_regclass(%s)", [table]).fetchone() == (None,):
        raise TraceError(f"{table} is not in the warehouse yet: load something and run the job first (`mlb demo`).")
    if table.startswith("staging.stg_") or table == "staging.validation_results":
        return list(_RECORD_KEY)
    if table in _DECLARED_KEYS:
        return list(_DECLARED_KEYS[table])
    found = conn.execute(
        """select array_agg(a.attname::text order by k.position)
           from pg_index as i
           cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, position)
           inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
           where i.indrelid = to_regclass(%s) and i.indisunique and i.indpred is null and i.indexprs is null
           group by i.indexrelid, i.indisprimary, i.indnkeyatts
           order by i.indisprimary desc, i.indnkeyatts limit 1""",
        [table],
    ).fetchone()
    if found is None:
        raise TraceError(f"{table} has no unique key in the database, so no row of it can be named.")
    return list(found[0])


def _row(conn: psycopg.Connection, table: str, columns: Sequence[str], key: Sequence[str]) -> dict[str, Any]:
    types: dict[str, str] = dict(
        conn.execute(
            """select attname::text, format_type(atttypid, null) from pg_attribute
               where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped""",
            [table],
        ).fetchall()
    )
    for column, value in zip(columns, key, strict=True):
        if conn.execute("select pg_input_is_valid(%s, %s)", [value, types[column]]).fetchone() == (False,):
            raise TraceError(f"{column} of {table} is of type {types[column]}, and {value!r} is none.")
    conditions = sql.SQL(" and ").join(
        sql.SQL("{} = %s::{}").format(sql.Identifier(column), sql.SQL(types[column])) for column in columns
    )
    query = sql.SQL("select * from {} where {} limit 1").format(sql.Identifier(*table.split(".")), conditions)
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, list(key)).fetchone()
    if row is None:
        named = ", ".join(f"{column} {value}" for column, value in zip(columns, key, strict=True))
        raise TraceError(f"{table} has no row with {named}.")
    return row
