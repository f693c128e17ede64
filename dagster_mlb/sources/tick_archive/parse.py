"""Tick archive files into raw_data.tick_archive, as text: a plain CSV streams into COPY, any other file is read first.

``row_number`` is the line of the file on which the record begins (the header is line 1); in Parquet, which has no
lines, the 1-based number of the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg

from dagster_mlb.sources.archive_file import (
    REPLACEMENT,
    ArchiveFile,
    ArchiveFileRefusedError,
    LoadedRecords,
    copy_blocks,
    text_blocks,
)
from dagster_mlb.sources.archive_tables import column_names, read_records, refuse_repeated, text_frame
from dagster_mlb.sources.tick_archive.schemas import FIELDS, MALFORMED_ROW_COLUMN, REQUIRED, REQUIRED_ONE_OF

TABLE = "tick_archive"
CHUNK_BYTES = 1 << 20
PARQUET_SLICE_ROWS = 100_000


class NotPlainError(Exception):
    """The file has quotes, or carriage returns inside its lines: it needs the tolerant reader."""


def looks_like(columns: Sequence[str]) -> bool:
    return len(set(columns) & set(FIELDS)) >= 5


def load(conn: psycopg.Connection, file: ArchiveFile, file_kind: str, load_id: int) -> LoadedRecords:
    """Every record below the header. Columns are found by name; others are left out and named in a remark."""
    columns = column_names(file)
    refuse_unless_complete(columns)
    refuse_repeated(columns, FIELDS)
    remarks = []
    unknown = [name for name in columns if name not in FIELDS]
    if unknown:
        remarks.append(f"columns not read: {', '.join(unknown)}")
    if absent := [name for name in FIELDS if name not in columns]:
        remarks.append(f"columns absent, read as empty: {', '.join(absent)}")
    years = file.years_in_name
    season = years[0] if len(years) == 1 else None
    if file_kind == "parquet":
        return LoadedRecords(_load_parquet(conn, file, load_id), season, remarks)
    count: int | None = None
    malformed = 0
    if not unknown:
        plain = PlainCsv(file, columns, load_id)
        try:
            with conn.transaction():
                names = ("load_id", "row_number", *columns)
                count = copy_blocks(conn, TABLE, names, plain.blocks(), block_format="csv")
            malformed = plain.malformed
        except (NotPlainError, psycopg.DataError):
            pass  # the savepoint took back what had been copied
    if count is None:
        count, malformed = _load_tolerantly(conn, file, columns, load_id)
    if malformed:
        remarks.append(f"{malformed} malformed {'row' if malformed == 1 else 'rows'} kept as they stand")
    return LoadedRecords(count, season, remarks)


def refuse_unless_complete(columns: Sequence[str]) -> None:
    """A file without a required column is refused whole: no row of it could be used."""
    missing = [name for name in REQUIRED if name not in columns]
    missing += [" or ".join(pair) for pair in REQUIRED_ONE_OF if not set(pair) & set(columns)]
    if missing:
        raise ArchiveFileRefusedError(
            "columns",
            f"required column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing",
            f"Its header has: {', '.join(columns)}. Add what is missing and load it again.",
            row=1,
        )


class PlainCsv:
    """A CSV file without quotes: its own bytes go to COPY, with load id and line number put before each line.

    Only what is counted in a whole block at once is looked at (measured: the 1.37 M lines of Pinnacle's 2016 cost 0.3 s
    above a bare COPY): a block with the wrong number of commas is gone through line by line.
    """

    def __init__(self, file: ArchiveFile, columns: Sequence[str], load_id: int) -> None:
        self.file, self.columns, self.load_id = file, columns, load_id
        self.malformed = 0

    def blocks(self) -> Iterator[bytes]:
        """Without the header and blank lines. Raises NotPlainError where a line end need not end a record."""
        load_id = self.load_id
        number = 1
        at_header = True
        for data in self._whole_lines():
            lines = data.split(b"\n")
            if not lines[-1]:
                lines.pop()
            while lines and at_header:
                at_header = not lines.pop(0).removeprefix(b"\xef\xbb\xbf")
                number += 1
                data = b"\n".join(lines)
            if b'"' in data or b"\r" in data:
                raise NotPlainError(self.file.name)
            if data.count(b",") != (len(self.columns) - 1) * len(lines):
                lines = [self._mended(line) for line in lines]
            yield b"".join([b"%d,%d,%b\n" % (load_id, at, line) for at, line in enumerate(lines, number) if line])
            number += len(lines)

    def _whole_lines(self) -> Iterator[bytes]:
        rest = b""
        with self.file.open() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                whole, mark, tail = chunk.rpartition(b"\n")
                if not mark:
                    rest += chunk
                    continue
                yield _clean(rest + whole + mark)
                rest = tail
        if rest:
            yield _clean(rest)

    def _mended(self, line: bytes) -> bytes:
        """A line with the wrong number of fields becomes a row that holds it whole in one column."""
        if line.count(b",") == len(self.columns) - 1 or not line.strip():
            return line.strip() and line
        if MALFORMED_ROW_COLUMN not in self.columns:
            raise NotPlainError(self.file.name)
        self.malformed += 1
        place = self.columns.index(MALFORMED_ROW_COLUMN)
        return b"," * place + b'"' + line + b'"' + b"," * (len(self.columns) - 1 - place)


def _clean(data: bytes) -> bytes:
    """Unix line ends; bytes that are no UTF-8, and NULs, as U+FFFD. ``data`` ends at a line end."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
    return data.replace(b"\0", REPLACEMENT.encode()) if b"\0" in data else data


def _load_tolerantly(
    conn: psycopg.Connection, file: ArchiveFile, columns: Sequence[str], load_id: int
) -> tuple[int, int]:
    places = [columns.index(name) if name in columns else None for name in FIELDS]
    malformed = 0

    def rows() -> Iterator[Sequence[str | None]]:
        nonlocal malformed
        for number, fields, raw in read_records(file, len(columns)):
            if fields is None:
                malformed += 1
                yield str(load_id), str(number), *(raw if name == MALFORMED_ROW_COLUMN else None for name in FIELDS)
            else:
                yield str(load_id), str(number), *[None if place is None else fields[place] for place in places]

    return copy_blocks(conn, TABLE, ("load_id", "row_number", *FIELDS), text_blocks(rows())), malformed


def _load_parquet(conn: psycopg.Connection, file: ArchiveFile, load_id: int) -> int:
    import polars as pl

    frame = text_frame(file, FIELDS)

    def blocks() -> Iterator[bytes]:
        for start in range(0, frame.height, PARQUET_SLICE_ROWS):
            part = frame.slice(start, PARQUET_SLICE_ROWS).with_row_index("row_number", offset=start + 1)
            text = part.select(pl.lit(load_id).alias("load_id"), "row_number", *FIELDS).write_csv(include_header=False)
            yield text.encode()

    return copy_blocks(conn, TABLE, ("load_id", "row_number", *FIELDS), blocks(), block_format="csv")
