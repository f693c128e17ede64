"""Reading records out of bodies that SQL cannot read (HTML, CSV): once, beside the body, in text columns.

A reader only cuts a document into text cells; what they mean is staging's. Its rows stand in a table of raw_data with
the reader's version, so a better reader adds rows and takes none away: staging takes the latest version of each load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

import psycopg
from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

Row = Sequence[str | None]

LINES_AT_ONCE: Final = 200
# What COPY's text format writes otherwise.
ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@dataclass(frozen=True)
class ParsedBody:
    """The rows of one body, in its order, and what could not be read of it (None: everything was)."""

    rows: Sequence[Row] = field(default_factory=tuple)
    problem: str | None = None


@dataclass(frozen=True)
class RowReader:
    """A reader of one raw table's bodies: ``read`` turns bytes into rows of ``columns`` for ``rows_table``.

    ``read`` may raise: the load is then written down as unreadable with the error's words, and no neighbour is lost.
    Raise ``version`` whenever its output changes. ``blank_is_missing``: an empty cell is stored as NULL, as None is.
    """

    raw_table: str
    rows_table: str
    columns: tuple[str, ...]
    version: int
    read: Callable[[bytes], ParsedBody]
    blank_is_missing: bool = False


def parse_loads(
    connection: psycopg.Connection, reader: RowReader, bodies: Sequence[tuple[int, bytes]], *, parsed_at: datetime
) -> int:
    """Read bodies (load_id, bytes) and write their rows in the caller's transaction. Returns the number of rows."""
    parsed: list[tuple[int, ParsedBody]] = []
    for load_id, body in bodies:
        try:
            parsed.append((load_id, reader.read(body)))
        except Exception as error:
            parsed.append((load_id, ParsedBody(problem=f"{type(error).__name__}: {error}"[:500])))
    columns = sql.SQL(", ").join(
        sql.Identifier(name) for name in ("load_id", "parser_version", "row_number", *reader.columns)
    )
    missing = "" if reader.blank_is_missing else r"\N"
    statement = sql.SQL("copy {} ({}) from stdin (null {})").format(
        sql.Identifier("raw_data", reader.rows_table), columns, sql.Literal(missing)
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for load_id, body_rows in parsed:
                lines = copy_lines(body_rows.rows, missing)
                numbered = (f"{load_id}\t{reader.version}\t{n}\t{line}" for n, line in enumerate(lines, start=1))
                while some := "\n".join(islice(numbered, LINES_AT_ONCE)):
                    copy.write(f"{some}\n")
        cursor.executemany(
            "insert into raw_data.parsed_loads (load_id, raw_table, parser_version, row_count, problem, parsed_at) "
            "values (%s, %s, %s, %s, %s, %s)",
            [
                (
                    load_id,
                    reader.raw_table,
                    reader.version,
                    len(body_rows.rows),
                    _storable(body_rows.problem) if body_rows.problem else None,
                    parsed_at,
                )
                for load_id, body_rows in parsed
            ],
        )
    return sum(len(body_rows.rows) for _, body_rows in parsed)


def copy_lines(rows: Iterable[Row], missing: str) -> Iterator[str]:
    """Rows in the text format of PostgreSQL's COPY, where ``missing`` stands for NULL, without the line's end.

    A row of plain text is joined as it is: cell by cell costs three times as much, and a day of pitches has half a
    million cells.
    """
    for row in rows:
        try:
            line = "\t".join(row)  # type: ignore[arg-type]
            is_plain = line.count("\t") == len(row) - 1 and not any(special in line for special in "\\\n\r\0")
        except TypeError:  # None is among the cells
            is_plain = False
        if not is_plain:
            line = "\t".join(missing if cell is None else _escaped(cell) for cell in row)
        yield line


def _escaped(cell: str) -> str:
    return _storable(cell).translate(ESCAPES)


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL."""
    return text.replace("\x00", "\ufffd")


def parse_again(settings: Settings, reader: RowReader, *, batch: int = 64) -> list[int]:
    """Read every stored body that this version of the reader has not read yet. Returns the loads that were read.

    Needs no network: everything right of raw can be made anew from raw alone. What was staged of these loads, and of
    the repeats of their bodies, is forgotten in the same transaction, so that the next run stages them once more.
    """
    from dagster_mlb.warehouse.quarantine import unstage

    table = sql.Identifier("raw_data", reader.raw_table)
    done: list[int] = []
    with connect(settings) as connection:
        while True:
            bodies = connection.execute(
                sql.SQL(
                    """
                    select raw.load_id, raw.body from {} as raw
                    where raw.body is not null and not exists (
                        select from raw_data.parsed_loads as parsed
                        where parsed.load_id = raw.load_id and parsed.parser_version >= %s
                    )
                    order by raw.load_id limit %s
                    """
                ).format(table),
                [reader.version, batch],
            ).fetchall()
            if not bodies:
                return done
            loads = [load_id for load_id, _ in bodies]
            parse_loads(connection, reader, bodies, parsed_at=settings.now())
            of_their_bodies = sql.SQL("select load_id from {} where repeat_of = any(%s)").format(table)
            repeats = [row[0] for row in connection.execute(of_their_bodies, [loads]).fetchall()]
            unstage(connection, [*loads, *repeats])
            connection.commit()
            done += loads
