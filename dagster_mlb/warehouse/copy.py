"""Bulk load by COPY: rows, polars frames and CSV streams into a table, nothing else. A load is all or nothing."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import polars as pl
import psycopg
from psycopg import sql

NULL_MARKER = r"\N"  # unquoted it is NULL; the text \N is written in quotes
_ROWS_PER_BLOCK = 100_000
_BYTES_PER_BLOCK = 1 << 20


def table_identifier(table: str) -> sql.Identifier:
    """``schema.table`` as a quoted identifier."""
    return sql.Identifier(*table.split("."))


def copy_rows(conn: psycopg.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Load Python rows (one value per column; None is NULL) and return how many arrived."""
    with conn.cursor() as cursor:
        with cursor.copy(_statement(table, columns)) as copy:
            for row in rows:
                copy.write_row(row)
        return cursor.rowcount


def copy_frame(conn: psycopg.Connection, table: str, frame: pl.DataFrame) -> int:
    """Load a frame into the table's columns of the same names and return the number of rows.

    Floats keep every bit; times with a zone arrive as the same moment, times without one as UTC; lists become arrays,
    structs JSON, null NULL. Raises TypeError for a type that PostgreSQL cannot be given (objects, nested lists).
    """
    if not frame.columns:
        raise ValueError(f"A frame without columns cannot be loaded into {table}")
    texts = [_column(name, dtype, table).alias(name) for name, dtype in frame.schema.items()]
    statement = _statement(table, frame.columns, sql.SQL(" with (format csv, null {})").format(NULL_MARKER))
    with conn.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in frame.iter_slices(_ROWS_PER_BLOCK):
                written = io.BytesIO()
                block.select(texts).write_csv(
                    written, include_header=False, null_value=NULL_MARKER, quote_style="non_numeric"
                )
                copy.write(written.getbuffer())
        return cursor.rowcount


def copy_csv_stream(
    conn: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    stream: BinaryIO,
    *,
    header: bool = False,
    null: str = "",
) -> int:
    """Load CSV bytes (UTF-8) as they come, without reading them in Python, and return the number of rows.

    ``header``: the first line is skipped. ``null``: the unquoted text that means NULL (the default: an empty field).
    """
    options = sql.SQL(" with (format csv, header {}, null {}, encoding 'UTF8')").format(header, null)
    with conn.cursor() as cursor:
        with cursor.copy(_statement(table, columns, options)) as copy:
            while block := stream.read(_BYTES_PER_BLOCK):
                copy.write(block)
        return cursor.rowcount


def _statement(table: str, columns: Sequence[str], options: sql.Composable | None = None) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("copy {} ({}) from stdin{}").format(table_identifier(table), names, options or sql.SQL(""))


def _column(name: str, dtype: pl.DataType, table: str) -> pl.Expr:
    """A column in the form in which COPY reads it back exactly."""
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return _moment(column, dtype)
    if isinstance(dtype, pl.Duration):
        return pl.format("{} microseconds", column.dt.total_microseconds())
    if isinstance(dtype, pl.Binary):
        return pl.format("\\x{}", column.bin.encode("hex"))
    if isinstance(dtype, pl.Struct):
        return column.struct.json_encode()
    if isinstance(dtype, (pl.List, pl.Array)):
        values = column if isinstance(dtype, pl.List) else column.arr.to_list()
        items = values.list.eval(_item(pl.element(), dtype.inner, name, table).fill_null("NULL"))
        return pl.concat_str(pl.lit("{"), items.list.join(","), pl.lit("}"))
    if isinstance(dtype, (pl.Categorical, pl.Enum, pl.Null)):
        return column.cast(pl.String)
    if isinstance(dtype, pl.Object):
        raise TypeError(f"Column {name} for {table} holds Python objects: give it a type before loading")
    return column


def _item(element: pl.Expr, inner: Any, name: str, table: str) -> pl.Expr:
    """An element of an array literal: numbers bare, everything else quoted with backslashes."""
    if isinstance(inner, (pl.List, pl.Array, pl.Struct, pl.Binary, pl.Object, pl.Duration)):
        raise TypeError(f"Column {name} for {table} holds lists of {inner}: only lists of plain values can be loaded")
    if isinstance(inner, pl.Datetime):
        element = _moment(element, inner)
    text = element.cast(pl.String)
    if inner.is_numeric() or isinstance(inner, pl.Boolean):
        return text
    escaped = text.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return pl.format('"{}"', escaped)


def _moment(column: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    if dtype.time_zone is None:
        return column.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
    return column.dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%d %H:%M:%S%.6f+00")
