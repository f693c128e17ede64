"""SportsbookReview's season workbooks (two rows a game) into raw_data.sbr_archive: cells as the sheet shows them.

What the cells mean (sides, dates, prices, typing errors) is for staging to say; nothing is dropped here but rows in
which every cell is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from dagster_mlb.sources.archive_file import (
    ArchiveFile,
    ArchiveFileRefusedError,
    LoadedRecords,
    array_literal,
    copy_blocks,
    refusing,
    text_blocks,
    years_in_name,
)
from dagster_mlb.sources.sbr_archive.schemas import HEADER_LABELS

TABLE = "sbr_archive"
_FULL_DATE = re.compile(r"((?:19|20)\d\d)-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet: ``row_number`` as a spreadsheet program shows it, cells as text, None where empty."""

    sheet: str
    row_number: int
    is_header: bool
    cells: tuple[str | None, ...]


def load(conn: psycopg.Connection, file: ArchiveFile, file_kind: str, load_id: int) -> LoadedRecords:
    """Every row of every sheet that has rows; a row with the columns' names carries ``is_header``."""
    rows = read_rows(file.body)
    season = season_of(file.name, rows)
    lines = (
        (str(load_id), row.sheet, str(row.row_number), str(row.is_header), array_literal(row.cells)) for row in rows
    )
    copy_blocks(conn, TABLE, ("load_id", "sheet", "row_number", "is_header", "cells"), text_blocks(lines))
    return LoadedRecords(sum(not row.is_header for row in rows), season)


def read_rows(body: bytes) -> list[SheetRow]:
    """The rows of a workbook. Refuses a damaged workbook and one that has no header row of the archive."""
    rows = [row for name, cells in _sheets(body) for row in _rows_of_sheet(name, cells)]
    if not any(row.is_header for row in rows):
        raise ArchiveFileRefusedError(
            "columns",
            "no row of any sheet has the columns Date, Rot, VH and Team, so it is no SportsbookReview season",
            "Check that it is the season archive as published.",
        )
    return rows


def season_of(name: str, rows: list[SheetRow]) -> int:
    """The season: the year in the file's name, else in a sheet's name, else of dates that are written with a year."""
    first_cells = (cell for row in rows if not row.is_header for cell in row.cells[:1] if cell)
    in_dates = {int(found[1]) for cell in first_cells if (found := _FULL_DATE.match(cell))}
    in_sheets = {year for row in rows for year in years_in_name(row.sheet)}
    for years in (set(years_in_name(name)), in_sheets, in_dates):
        if len(years) == 1:
            return years.pop()
    raise ArchiveFileRefusedError(
        "season",
        "its season is not known: the dates have no year, and neither the file's name nor a sheet's name has just one",
        "Rename the file so that it holds the season, for example mlb-odds-2019.xlsx.",
    )


def _sheets(body: bytes) -> list[tuple[str, list[tuple[str | None, ...]]]]:
    import fastexcel

    with refusing("workbook", "it cannot be read as a workbook", "It may be truncated: fetch it again."):
        workbook = fastexcel.read_excel(body)
        # skip_rows=0 keeps empty rows above the used range: the list index + 1 is the row number that people see.
        return [
            (name, workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars().rows())
            for name in workbook.sheet_names
        ]


def _rows_of_sheet(sheet: str, cells: list[tuple[str | None, ...]]) -> Iterator[SheetRow]:
    for number, row in enumerate(cells, 1):
        if any(row):
            yield SheetRow(sheet, number, _is_header(row), row)


def _is_header(row: tuple[str | None, ...]) -> bool:
    labels = "\0".join([cell or "" for cell in row]).lower()
    return "team" in labels and {label.strip() for label in labels.split("\0")} >= HEADER_LABELS
