"""Retrosheet's game logs and gameinfo files into raw_data.retrosheet_games, every field as text.

The information used here was obtained free of charge from and is copyrighted by Retrosheet. Interested parties may
contact Retrosheet at www.retrosheet.org.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg

from dagster_mlb.sources.archive_file import (
    ArchiveFile,
    ArchiveFileRefusedError,
    LoadedRecords,
    array_literal,
    copy_blocks,
    text_blocks,
)
from dagster_mlb.sources.archive_tables import column_names, read_records, refuse_repeated, split_line, text_frame
from dagster_mlb.sources.retrosheet_games.schemas import (
    GAME_LOG_FIELD_COUNT,
    REQUIRED_GAMEINFO_FIELDS,
    RETROSHEET_GAMEINFO_FIELDS,
)

TABLE = "retrosheet_games"
Row = tuple[int, Sequence[str | None]]


def looks_like_game_log(first_line: str) -> bool:
    """161 comma-separated fields, the first of them a date without dashes."""
    fields = split_line(first_line) or []
    return len(fields) == GAME_LOG_FIELD_COUNT and len(fields[0]) == 8 and fields[0].isdigit()


def looks_like_gameinfo(columns: Sequence[str]) -> bool:
    return "gid" in columns and len(set(columns) & set(RETROSHEET_GAMEINFO_FIELDS)) >= 4


def load(conn: psycopg.Connection, file: ArchiveFile, file_kind: str, load_id: int) -> LoadedRecords:
    """Game logs: the fields in order. Gameinfo: RETROSHEET_GAMEINFO_FIELDS in order, NULL where the file has none."""
    remarks: list[str] = []
    if file_kind == "game_log":
        rows: Iterator[Row] = read_game_log(file)
        day_at = 0
    else:
        rows = read_gameinfo(file, remarks)
        day_at = RETROSHEET_GAMEINFO_FIELDS.index("date")
    count = 0
    years: set[str] = set()

    def lines() -> Iterator[tuple[str, ...]]:
        nonlocal count
        for number, cells in rows:
            count += 1
            if len(cells) > day_at and (day := cells[day_at]):
                years.add(day[:4])
            yield str(load_id), str(number), file_kind, array_literal(cells)

    copy_blocks(conn, TABLE, ("load_id", "row_number", "file_kind", "cells"), text_blocks(lines()))
    seasons = [int(year) for year in years if year.isdigit()]
    return LoadedRecords(count, seasons[0] if len(seasons) == 1 else None, remarks)


def read_game_log(file: ArchiveFile) -> Iterator[Row]:
    """(line number, fields). A line of another number of fields is passed on as it is: staging quarantines it."""
    if not looks_like_game_log(file.first_line):
        raise ArchiveFileRefusedError(
            "columns",
            f"a game log has {GAME_LOG_FIELD_COUNT} comma-separated fields, the first of them the date (yyyymmdd)",
            "Check that it is a Retrosheet game log.",
            row=1,
        )
    for number, line in file.lines():
        if line.strip():
            yield number, split_line(line) or [line]


def read_gameinfo(file: ArchiveFile, remarks: list[str]) -> Iterator[Row]:
    """(row number, cells in the order of RETROSHEET_GAMEINFO_FIELDS). A malformed line stands whole in ``gid``."""
    columns = column_names(file)
    if missing := [name for name in REQUIRED_GAMEINFO_FIELDS if name not in columns]:
        raise ArchiveFileRefusedError(
            "columns", f"column {', '.join(missing)} is missing", "Check that it is a Retrosheet gameinfo file.", row=1
        )
    refuse_repeated(columns, RETROSHEET_GAMEINFO_FIELDS)
    if unknown := [name for name in columns if name not in RETROSHEET_GAMEINFO_FIELDS]:
        remarks.append(f"columns not read: {', '.join(unknown)}")
    if file.is_parquet:
        frame = text_frame(file, RETROSHEET_GAMEINFO_FIELDS, day_format="%Y%m%d")
        yield from enumerate(frame.iter_rows(), 1)
        return
    places = [columns.index(name) if name in columns else None for name in RETROSHEET_GAMEINFO_FIELDS]
    for number, fields, raw in read_records(file, len(columns)):
        if fields is None:
            yield number, [raw, *[None] * (len(RETROSHEET_GAMEINFO_FIELDS) - 1)]
        else:
            yield number, [None if place is None else fields[place] for place in places]
