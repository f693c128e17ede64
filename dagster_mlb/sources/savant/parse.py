"""Reading Baseball Savant's CSV: lines into text cells by the header's names, whatever their order and number.

A cell's meaning is staging's. Here a missing cell (empty, or the word ``null``) becomes an empty one, which is stored
as NULL; a column that nobody knows is kept as JSON, and a line that does not fit its header says so and spoils no
other.
"""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Final, NamedTuple

from dagster_mlb.sources.parsing import ParsedBody, RowReader
from dagster_mlb.sources.savant.schemas import COLUMNS, CORE_COLUMNS, KEY, REPEATED_COLUMNS, ROW_COLUMNS

# The search has cut its answers at 40,000, 30,000 and 25,000 rows, and says nothing when it does.
ROW_CAP: Final = 25_000
MISSING_WORD: Final = "null"  # beside an empty cell
LONGEST_CELL: Final = 64 * 1024 * 1024  # a cell as long as a body may be is no reason to lose the other lines
_LIMIT = threading.Lock()


@contextmanager
def _long_cells() -> Iterator[None]:
    """The csv module's limit is the whole process's: raised while a body is read, then put back."""
    with _LIMIT:
        before = csv.field_size_limit(LONGEST_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)


class Drift(NamedTuple):
    """How a header differs from the format that is known: names nobody knows, and core names that are not there."""

    unknown: tuple[str, ...]
    missing: tuple[str, ...]


def read(body: bytes) -> ParsedBody:
    """The lines of an answer as cells in the order of ``ROW_COLUMNS``; no rows and no problem: a day without games.

    ``problem`` says why there are no rows (an error of the search, a page of HTML, no key columns), or what is odd
    about those there are (unknown columns, an answer that was cut).
    """
    with _long_cells():
        text = decode(body)
        lines = _lines(text)
        header = _header(next(lines, []))
        if refusal := _refusal(header, lines):
            return ParsedBody(problem=_tellable(refusal))
        rows = list(_rows(header, lines, may_miss=MISSING_WORD in text))
    found = drift(header)
    remarks = []
    if len(rows) >= ROW_CAP:
        remarks.append(f"{len(rows)} rows: the search cuts its answers at {ROW_CAP}, this one is not whole")
    if found.unknown:
        remarks.append(f"columns not known, kept in extra: {', '.join(found.unknown)}")
    if found.missing:
        remarks.append(f"columns missing: {', '.join(found.missing)}")
    return ParsedBody(rows=rows, problem=_tellable("; ".join(remarks)) or None)


def decode(body: bytes) -> str:
    """The text of a body: UTF-8 with or without a byte order mark, else Windows-1252 (a name keeps its accents)."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def error_of(body: bytes) -> str | None:
    """What the search says went wrong, where its answer is one: status 200 and a single column named ``error``.

    >>> error_of(b"error\\nError: Query Timeout or other database error.")
    'Error: Query Timeout or other database error.'
    """
    lines = csv.reader(io.StringIO(decode(body[:4096]), newline=""))
    if [name.strip().lower() for name in next(lines, [])] != ["error"]:
        return None
    return " ".join(cell for line in lines for cell in line).strip() or "error"


def flaw_of(body: bytes) -> str | None:
    """What is wrong with an answer as a whole, seen at its ends: no columns of pitches, or a last line that was cut.

    >>> flaw_of(b"\\xff\\xfep\\x00i\\x00")
    'no CSV of pitches: the header lacks game_pk, at_bat_number, pitch_number'
    """
    first, _, rest = body.partition(b"\n")
    header = _header(next(csv.reader(io.StringIO(decode(first[:65536]), newline="")), []))
    if lacking := [name for name in KEY if name not in header]:
        return f"no CSV of pitches: the header lacks {', '.join(lacking)}"
    last = rest.rstrip(b"\r\n").rpartition(b"\n")[2]
    cells = next(csv.reader(io.StringIO(decode(last[:65536]), newline="")), [])
    if cells and len(cells) < len(header):
        return f"the answer stops inside a line: {len(cells)} cells of {len(header)}"
    return None


def drift(header: Sequence[str]) -> Drift:
    """The difference between a header (names as ``read`` calls them) and the known columns."""
    known = frozenset((*COLUMNS, *REPEATED_COLUMNS))
    there = frozenset(header)
    return Drift(
        unknown=tuple(name for name in header if name not in known),
        missing=tuple(name for name in CORE_COLUMNS if name not in there),
    )


def _lines(text: str) -> Iterator[list[str]]:
    """The cells of the header and of every line. A cell may hold ends of lines; a quote that is never closed may not
    swallow the lines below: its own line is then read alone."""
    lines = io.StringIO(text, newline="").readlines()
    at, width = 0, 0
    while at < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(at, len(lines))))
        start = at
        for cells in reader:
            end = start + reader.line_num
            if end - at > 1 and (len(cells) != width or any(len(_alone(line)) == width for line in lines[at:end])):
                cells, end = _alone(lines[at]), at + 1
            width = width or len(cells)
            yield cells
            at = end
            if at < start + reader.line_num:
                break


def _alone(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _header(names: Sequence[str]) -> list[str]:
    """The names of a header line, each once: the n-th repetition of a name is called name_n."""
    seen: dict[str, int] = {}
    unique = []
    for name in (name.strip() for name in names):
        count = seen.get(name, 0)
        seen[name] = count + 1
        unique.append(f"{name}_{count}" if count else name)
    return unique


def _refusal(header: Sequence[str], lines: Iterator[list[str]]) -> str | None:
    """Why an answer holds no pitches at all; None where its header is one of pitches."""
    if not header:
        return "the answer is empty: not even a header"
    if all(name in header for name in KEY):
        return None
    first = header[0]
    if [name.lower() for name in header] == ["error"]:
        said = next(lines, [])
        return f"the search failed: {said[0] if said else 'error'}"[:300]
    if first.startswith("<"):
        return f"a page of HTML where CSV is expected: {' '.join(first.split())[:80]}"
    return f"no pitches: the header lacks {', '.join(name for name in KEY if name not in header)}"


def _rows(header: Sequence[str], lines: Iterator[list[str]], *, may_miss: bool) -> Iterator[tuple[str, ...]]:
    """``may_miss``: the word for a missing cell stands somewhere (to look into every cell takes as long as to cut)."""
    width = len(header)
    place = {name: index for index, name in enumerate(header)}
    # A line is followed by one more cell, always empty, where the columns that this header lacks are taken from.
    pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(
        *(place.get(name, width) for name in (*COLUMNS, *REPEATED_COLUMNS))
    )
    unknown = [(name, place[name]) for name in drift(header).unknown]
    blank = ("",) * (len(ROW_COLUMNS) - 1)
    for line in lines:
        if len(line) != width:
            if any(line):
                yield (*blank, f"{len(line)} cells where the header names {width}: {','.join(line)[:80]}")
            continue
        if may_miss and MISSING_WORD in line:
            line = ["" if cell == MISSING_WORD else cell for cell in line]
        line.append("")
        extra = _json({name: line[index] or None for name, index in unknown}) if unknown else ""
        yield (*pick(line), extra, "")


def _tellable(problem: str) -> str:
    """A sentence that PostgreSQL takes, of bounded length."""
    return problem.replace("\x00", "\ufffd")[:500]


def _json(cells: dict[str, str | None]) -> str:
    """As JSON that PostgreSQL takes: it has no NUL."""
    return json.dumps(cells).replace("\\u0000", "\\ufffd")


READER = RowReader(
    raw_table="savant_pitches",
    rows_table="savant_pitch_rows",
    columns=ROW_COLUMNS,
    version=1,
    read=read,
    blank_is_missing=True,
)
