"""A person's bets (CSV) into raw_data.bet_slips, every cell as text: separator and headings are found out here.

What a cell means (prices, days, clubs) is for staging to say; nothing is dropped here but rows without any text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from dagster_mlb.sources.archive_file import (
    ArchiveFile,
    ArchiveFileRefusedError,
    LoadedRecords,
    copy_blocks,
    text_blocks,
)
from dagster_mlb.sources.archive_tables import read_records, split_line
from dagster_mlb.sources.bet_slips.schemas import COLUMNS, EXAMPLE, FIELDS, REQUIRED, TELLTALE

TABLE = "bet_slips"
SEPARATORS = (",", ";", "\t")
_RAW_COLUMNS = ("load_id", "row_number", *FIELDS, "other_columns", "malformed_line")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


@dataclass(frozen=True)
class Header:
    """The header line: its separator, its headings as written, and which of them is which column."""

    separator: str
    headings: tuple[str, ...]
    places: dict[str, int]  # column → place among the headings
    repeated: dict[str, tuple[str, ...]]  # column → the headings that mean it equally well

    @property
    def others(self) -> list[int]:
        """Places of the headings that are no column."""
        return sorted(set(range(len(self.headings))) - set(self.places.values()))


def read_header(first_line: str) -> Header:
    """The separator that stands most often; of several headings that mean one column the likeliest."""
    separator = max(SEPARATORS, key=lambda mark: len(split_line(first_line, mark) or []))
    headings = tuple(name.strip() for name in split_line(first_line, separator) or [first_line])
    spelled = [spelling(name) for name in headings]
    places: dict[str, int] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    for name, column in COLUMNS.items():
        for candidate in (name, *column.aliases):
            found = [place for place, text in enumerate(spelled) if text == candidate]
            if found:
                places[name] = found[0]
                if len(found) > 1:
                    repeated[name] = tuple(headings[place] for place in found)
                break
    return Header(separator, headings, places, repeated)


def spelling(heading: str) -> str:
    """``Placed At`` → ``placed_at``."""
    return re.sub(r"[^a-z0-9]+", "_", heading.lower()).strip("_")


def looks_like(first_line: str) -> bool:
    """A header that names a stake, a price and a side."""
    return set(read_header(first_line).places) >= TELLTALE


def load(conn: psycopg.Connection, file: ArchiveFile, file_kind: str, load_id: int) -> LoadedRecords:
    """Every row below the header that holds any text. Columns are found by their headings; others are kept beside."""
    refuse_unless_csv(file)
    header = read_header(file.first_line)
    refuse_unless_complete(header)
    remarks = []
    if others := [header.headings[place] for place in header.others if header.headings[place]]:
        remarks.append(f"columns kept but not read: {', '.join(others)}")
    count, malformed = 0, 0
    years: set[str] = set()

    def rows() -> Iterator[Sequence[str | None]]:
        nonlocal count, malformed
        for number, cells, line in read_rows(file, header):
            count += 1
            if cells is None:
                malformed += 1
                yield str(load_id), str(number), *[None] * (len(FIELDS) + 1), line
            else:
                years.update(_YEAR.findall(cells["date"] or ""))
                yield str(load_id), str(number), *(cells[name] for name in FIELDS), cells["other_columns"], None

    copy_blocks(conn, TABLE, _RAW_COLUMNS, text_blocks(rows()))
    if malformed:
        remarks.append(f"{malformed} malformed {'row' if malformed == 1 else 'rows'} kept as they stand")
    return LoadedRecords(count, int(years.pop()) if len(years) == 1 else None, remarks)


def read_rows(file: ArchiveFile, header: Header) -> Iterator[tuple[int, dict[str, str | None] | None, str]]:
    """(line number, cells by column, the line); cells are None where the line has another number of fields.

    Spreadsheets leave rows of empty cells behind: they are passed over.
    """
    for number, fields, line in read_records(file, len(header.headings), header.separator):
        if fields is None:
            if line.strip(f'{header.separator} \t\r"'):
                yield number, None, line
        elif any(cell.strip() for cell in fields):
            cells: dict[str, str | None] = dict.fromkeys(FIELDS)
            cells.update({name: fields[place] for name, place in header.places.items()})
            others = {header.headings[place]: fields[place] for place in header.others if fields[place].strip()}
            cells["other_columns"] = json.dumps(others, ensure_ascii=False) if others else None
            yield number, cells, line


def refuse_unless_csv(file: ArchiveFile) -> None:
    """A spreadsheet's own format is not read: its cells are not what it shows."""
    if not file.body:
        raise ArchiveFileRefusedError("empty", "the file is empty (0 bytes)", "Save it again.")
    if file.is_parquet or file.body.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ArchiveFileRefusedError("csv", "it is no text but a workbook", "Save it as CSV (UTF-8) and import that.")
    file.refuse_unless_utf8_like()
    if not file.first_line.strip():
        raise ArchiveFileRefusedError("empty", "there is nothing in it but blank lines", "Save it again.")


def refuse_unless_complete(header: Header) -> None:
    """A file without a required column is refused whole: no row of it could be used."""
    if missing := [name for name in REQUIRED if name not in header.places]:
        raise ArchiveFileRefusedError(
            "columns",
            f"required column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing",
            f"Its header has: {', '.join(header.headings)}. `mlb bets template FILE` writes an example.",
            row=1,
        )
    if header.repeated:
        told = "; ".join(f"{name} is told by {' and '.join(names)}" for name, names in header.repeated.items())
        raise ArchiveFileRefusedError("columns", f"a column stands more than once: {told}", "Keep one.", row=1)


def template() -> str:
    """An example file: the header and three bets."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(EXAMPLE)
    return text.getvalue()
