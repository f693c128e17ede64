"""Frames out of the warehouse and into curated: reading by ADBC (Arrow), publishing whole tables in one transaction."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import database_url, open_connection
from dagster_mlb.warehouse.copy import copy_frame, table_identifier

_UTC = "options=-c%20TimeZone%3DUTC"

# Types that arrive in polars as themselves; of the rest, what is listed next is cast and anything else becomes text.
_PLAIN_ELEMENTS = {
    *("bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar"),
    *("date", "timestamp", "timestamptz"),
}
_PLAIN = _PLAIN_ELEMENTS | {f"_{kind}" for kind in _PLAIN_ELEMENTS} | {"bpchar", "time", "bytea"}
_CASTS = {"numeric": "float8", "_numeric": "float8[]", "oid": "int8"}


def read_frame(settings: Settings, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
    """The rows of a query as a frame. ``params`` as in psycopg (``%s``, ``%(name)s``); without them it is sent as is.

    numeric → Float64, timestamptz → Datetime in UTC, date → Date, text[] → List(String), interval → Duration,
    types that polars does not know → String. 24,300 rows × 60 numbers take some 0.1 s.
    Raises psycopg's error for a bad query, WarehouseUnavailableError without a database.
    """
    with _reader(database_url(settings)) as (connection, arrow):
        text = _bound(connection, query, params)
        columns = _describe(connection, text)
        selected = sql.SQL(", ").join(_selected(name, kind) for name, kind in columns)
        whole = sql.SQL("select {} from ({}) as query").format(selected, sql.SQL(text))
        with arrow.cursor() as cursor:
            cursor.execute(whole.as_string(connection))
            frame = cursor.fetch_polars()
    return frame.with_columns(pl.col(name).cast(pl.Duration("us")) for name, kind in columns if kind == "interval")


@contextmanager
def readers_kept() -> Iterator[None]:
    """Within it, in this thread, ``read_frame`` asks on the connections that it has.

    For many small frames one after the other. At the end all are closed.
    """
    if getattr(_kept, "readers", None) is not None:
        yield
        return
    _kept.readers = {}
    try:
        yield
    finally:
        readers, _kept.readers = _kept.readers, None
        for connection, arrow in readers.values():
            arrow.close()
            connection.close()


_kept = threading.local()


@contextmanager
def _reader(url: str) -> Iterator[tuple[psycopg.Connection, Any]]:
    """A connection that describes a query and one that fetches it as Arrow, in UTC; no transaction is left open."""
    readers = getattr(_kept, "readers", None)
    if readers is None:
        with open_connection(url) as connection, _arrow(url) as arrow:
            yield connection, arrow
        return
    if url not in readers:
        readers[url] = (open_connection(url), _arrow(url))
    connection, arrow = readers[url]
    try:
        yield connection, arrow
    finally:
        arrow.rollback()  # or what was read would stay locked


def _arrow(url: str) -> Any:
    import adbc_driver_manager
    from adbc_driver_manager.dbapi import Connection

    connection = adbc_driver_manager.AdbcConnection(_arrow_database(url))
    try:
        return Connection(_Lasting(), connection)  # type: ignore[arg-type]
    except Exception:
        connection.close()
        raise


@lru_cache(maxsize=16)
def _arrow_database(url: str) -> Any:
    """The driver's list of the server's types, which takes ten times as long to make as a connection. It holds no
    connection itself, and types made later need no place in it: what is not plain is cast (``_selected``)."""
    import adbc_driver_postgresql

    return adbc_driver_postgresql.connect(f"{url}{'&' if '?' in url else '?'}{_UTC}")


class _Lasting:
    """What a connection closes at its end in place of the database, which others use too."""

    def close(self) -> None:
        """Nothing: the list lasts."""


def publish_frame(
    conn: psycopg.Connection, table: str, frame: pl.DataFrame, ddl: str, indexes: Iterable[str] = ()
) -> int:
    """Replace all rows of a table that Python makes, in one transaction: readers see the old rows or the new ones.

    ``ddl`` is the whole ``create table`` statement, run where the table is missing or was made by another statement
    (its comment tells: a changed type or check makes the table anew). ``indexes`` are column lists
    (``"season, official_date"``) or whole ``create index if not exists`` statements. On an error the old rows stay.
    Returns the number of rows.
    """
    name = table_identifier(table)
    shape = f"made by the statement {hashlib.sha256(' '.join(ddl.split()).encode()).hexdigest()[:16]}"
    with conn.transaction():
        present = _columns_of(conn, table)
        if present and (set(present) != set(frame.columns) or _comment_of(conn, table) != shape):
            conn.execute(sql.SQL("drop table {}").format(name))
            present = []
        if present:
            conn.execute(sql.SQL("truncate {}").format(name))
        else:
            conn.execute(ddl)
            conn.execute(sql.SQL("comment on table {} is {}").format(name, sql.Literal(shape)))
        written = copy_frame(conn, table, frame)
        for index in indexes:
            if index.lstrip().lower().startswith("create"):
                conn.execute(index)
            elif not present:
                conn.execute(sql.SQL("create index on {} ({})").format(name, sql.SQL(index)))
        if not present and conn.execute("select from pg_roles where rolname = 'mlb_transform'").fetchone() is not None:
            conn.execute(sql.SQL("grant all on {} to mlb_transform").format(name))
        conn.execute(sql.SQL("analyze {}").format(name))
    return written


def _columns_of(conn: psycopg.Connection, table: str) -> list[str]:
    query = "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
    return [row[0] for row in conn.execute(query, [table_identifier(table).as_string(conn)])]


def _comment_of(conn: psycopg.Connection, table: str) -> str | None:
    row = conn.execute(
        "select obj_description(to_regclass(%s), 'pg_class')", [table_identifier(table).as_string(conn)]
    ).fetchone()
    return row[0] if row else None


def _bound(connection: psycopg.Connection, query: str, params: Sequence[Any] | Mapping[str, Any] | None) -> str:
    """The query with its values written in by the driver, without its last semicolon."""
    text = query.strip().rstrip(";")
    if params is None:
        return text
    return psycopg.ClientCursor(connection).mogrify(text, params)


def _describe(connection: psycopg.Connection, text: str) -> list[tuple[str, str]]:
    """Name and type of each column, asked of the server without running the query."""
    encoded = text.encode()
    prepared = connection.pgconn.prepare(b"", encoded)
    if prepared.status != psycopg.pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(prepared, encoding="utf-8")
    described = connection.pgconn.describe_prepared(b"")
    if described.nfields == 0:
        raise psycopg.ProgrammingError("read_frame needs a query that returns columns")
    oids = [described.ftype(index) for index in range(described.nfields)]
    kinds: dict[int, str] = dict(
        connection.execute("select oid, typname from pg_type where oid = any(%s)", [oids]).fetchall()
    )
    return [((described.fname(index) or b"").decode(), kinds[oid]) for index, oid in enumerate(oids)]


def _selected(name: str, kind: str) -> sql.Composable:
    column = sql.Identifier(name)
    if kind == "interval":
        return sql.SQL("(extract(epoch from {0}) * 1000000)::int8 as {0}").format(column)
    if kind in _PLAIN:
        return column
    cast = sql.SQL(_CASTS.get(kind, "text[]" if kind.startswith("_") else "text"))
    return sql.SQL("{0}::{1} as {0}").format(column, cast)
