"""One checksum per table of staging and curated, over its business columns: equal tables have equal checksums, whatever
the order of loads, reruns and crashes by which they came about (law 8).

Left out are the columns that say how a row came in and not what it says: ``EXCLUDED_COLUMNS``. Rows are summed, so
their order in the table does not matter; fractions are taken to 9 digits, because sums of floats depend on the order
in which the server reads the rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

EXCLUDED_COLUMNS = re.compile(
    r"(.*_)?load_id|(.*_)?record_number|(.*_)?run_id|(.*_)?ingested_at|(.*_)?staged_at|trained_at|created_at"
)
SCHEMAS = ("staging", "curated")
_FLOATS = ("double precision", "real", "numeric")


@dataclass(frozen=True)
class TableChecksum:
    """``columns`` are the business columns that the checksum is over."""

    rows: int
    checksum: str
    columns: tuple[str, ...]


def table_checksums(settings: Settings) -> dict[str, TableChecksum]:
    """``schema.table`` → rows and checksum, of every table of staging and curated. Some 10 s for twelve seasons."""
    found: dict[str, TableChecksum] = {}
    with connect(settings) as conn:
        tables = conn.execute(
            """select nspname::text, relname::text,
                   array_agg(attname::text order by attname),
                   array_agg(format_type(atttypid, null) order by attname)
               from pg_class
               inner join pg_namespace on pg_namespace.oid = relnamespace
               inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
               where relkind in ('r', 'p') and nspname = any(%s)
               group by nspname, relname
               order by nspname, relname""",
            [list(SCHEMAS)],
        ).fetchall()
        for schema, table, names, types in tables:
            kept = [
                (name, kind) for name, kind in zip(names, types, strict=True) if not EXCLUDED_COLUMNS.fullmatch(name)
            ]
            columns = sql.SQL(", ").join(_column(name, kind) for name, kind in kept)
            query = sql.SQL(
                "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)::numeric), 0)::text from {}"
            ).format(columns, sql.Identifier(schema, table))
            rows, checksum = conn.execute(query).fetchone()  # type: ignore[misc]
            found[f"{schema}.{table}"] = TableChecksum(rows, checksum, tuple(name for name, _ in kept))
    return found


def differences(one: dict[str, TableChecksum], other: dict[str, TableChecksum]) -> dict[str, str]:
    """The tables that differ, each with what differs; empty where all are equal."""
    told = {}
    for table in sorted({*one, *other}):
        left, right = one.get(table), other.get(table)
        if left is None or right is None:
            told[table] = "is there only once"
        elif left != right:
            told[table] = f"{left.rows} rows, checksum {left.checksum} | {right.rows} rows, checksum {right.checksum}"
    return told


def _column(name: str, kind: str) -> sql.Composable:
    column = sql.Identifier(name)
    if kind not in _FLOATS:
        return column
    return sql.SQL("case when abs({0}) < 1e15 then round({0}::numeric, 9) end, {0} is null").format(column)
