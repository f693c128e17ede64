"""One archive file as bytes and text, the way its refusal is told, and the COPY that its records go through.

What a particular format means is in the source's own ``parse.py``; which files are loaded is in ``archives.py``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import IO, Literal

import psycopg
from psycopg import sql

HEAD_BYTES = 256 * 1024
BLOCK_ROWS = 5_000
# One bytea holds a little less than 1 GiB.
LARGEST_FILE_BYTES = 1_000_000_000
REPLACEMENT = "\ufffd"
PARQUET_MAGIC = b"PAR1"
GZIP_MAGIC = b"\x1f\x8b"
_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


class ArchiveFileRefusedError(Exception):
    """A file that cannot be loaded: which rule it breaks, at which row, and what to do about it."""

    def __init__(self, rule: str, what: str, advice: str, *, row: int | None = None) -> None:
        self.rule, self.what, self.advice, self.row = rule, what, advice, row
        super().__init__(self.told(""))

    def told(self, file_name: str) -> str:
        """One message: file, row, what was wrong, the rule, what to do."""
        where = ", ".join(part for part in (file_name, f"row {self.row}" if self.row is not None else "") if part)
        message = f"{where + ': ' if where else ''}{self.what} (rule {self.rule}). {self.advice}"
        return message.replace("\0", REPLACEMENT)


@contextmanager
def refusing(rule: str, what: str, advice: str) -> Iterator[None]:
    """Whatever a format's library raises over a damaged file, panics of its Rust core included, is a refusal."""
    try:
        yield
    except ArchiveFileRefusedError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ArchiveFileRefusedError(rule, f"{what} ({reason})", advice) from error


@dataclass(frozen=True)
class ArchiveFile:
    """A file's name (without its folder) and its bytes as received."""

    name: str
    body: bytes = field(repr=False)

    @cached_property
    def content_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def is_gzip(self) -> bool:
        return self.body.startswith(GZIP_MAGIC)

    @property
    def is_parquet(self) -> bool:
        return self.body.startswith(PARQUET_MAGIC)

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the content, unpacked; of a damaged gzip as many as can be had."""
        if not self.is_gzip:
            return self.body[:HEAD_BYTES]
        try:
            return zlib.decompressobj(wbits=31).decompress(self.body[:HEAD_BYTES], HEAD_BYTES)
        except zlib.error:
            return b""

    @cached_property
    def first_line(self) -> str:
        """The first line that is not blank, as text."""
        text = self.head.decode("utf-8-sig", "replace").lstrip("\r\n")
        return re.split(r"[\r\n]", text, maxsplit=1)[0]

    @property
    def years_in_name(self) -> tuple[int, ...]:
        """The seasons that the file's name speaks of: one year, or the whole range between the first and the last."""
        return years_in_name(self.name)

    def open(self) -> IO[bytes]:
        """The unpacked content as a stream. A truncated gzip raises EOFError while it is read."""
        stream = io.BytesIO(self.body)
        return gzip.GzipFile(fileobj=stream) if self.is_gzip else stream  # type: ignore[return-value]

    def lines(self) -> Iterator[tuple[int, str]]:
        """(1-based line number, line without its end). Bytes that are no UTF-8, and NULs, become U+FFFD."""
        with self.open() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace") as text:
            for number, line in enumerate(text, 1):
                yield number, line.rstrip("\n").replace("\0", REPLACEMENT)

    def refuse_unless_utf8_like(self) -> None:
        """Text formats are UTF-8; two-byte encodings would come out as noise in every field."""
        if self.head.startswith(_UTF16_MARKS) or self.head[:200].count(0) > len(self.head[:200]) // 4:
            raise ArchiveFileRefusedError(
                "encoding",
                "its text is encoded as UTF-16 (or it is no text at all)",
                "Save it as UTF-8 and load it again.",
            )


@dataclass
class LoadedRecords:
    """What a source's ``load`` did: data records without headers, the season where there is one, remarks for people."""

    count: int
    season: int | None = None
    remarks: list[str] = field(default_factory=list)


def years_in_name(name: str) -> tuple[int, ...]:
    """``consensus_2018_2024.csv`` → (2018, …, 2024); ``gl2016.txt`` → (2016,); no year → ()."""
    years = [int(year) for year in _YEAR.findall(name)]
    return tuple(range(min(years), max(years) + 1)) if years else ()


def array_literal(cells: Sequence[str | None]) -> str:
    """PostgreSQL's text form of a text[]; an empty cell is NULL. The cells hold no NUL character."""
    if not cells:
        return "{}"
    joined = "\0".join([cell or "" for cell in cells])
    if '"' in joined or "\\" in joined:
        escaped = (cell.replace("\\", "\\\\").replace('"', '\\"') if cell else None for cell in cells)
        return "{" + ",".join("NULL" if cell is None else f'"{cell}"' for cell in escaped) + "}"
    return ('{"' + joined.replace("\0", '","') + '"}').replace('""', "NULL")


def text_blocks(rows: Iterable[Sequence[str | None]]) -> Iterator[bytes]:
    """Rows as blocks in COPY's text format, in which nothing between two tabs is NULL."""
    rows = iter(rows)
    while block := "".join(map(_text_line, islice(rows, BLOCK_ROWS))):
        yield block.encode("utf-8", "replace")


def _text_line(row: Sequence[str | None]) -> str:
    line = "\t".join([cell or "" for cell in row])
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(row):
        line = "\t".join([cell.translate(_COPY_ESCAPES) if cell else "" for cell in row])
    return line + "\n"


def copy_blocks(
    conn: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    blocks: Iterable[bytes],
    *,
    block_format: Literal["text", "csv"] = "text",
) -> int:
    """COPY blocks into raw_data.<table>; returns the number of rows. The empty field is NULL (in CSV quoted or not)."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    options = sql.SQL("format csv, force_null ({})").format(names) if block_format == "csv" else sql.SQL("null ''")
    command = sql.SQL("copy {} ({}) from stdin (encoding 'utf8', {})").format(
        sql.Identifier("raw_data", table), names, options
    )
    with conn.cursor() as cursor:
        with cursor.copy(command) as copy:
            for block in blocks:
                copy.write(block)
        return cursor.rowcount
