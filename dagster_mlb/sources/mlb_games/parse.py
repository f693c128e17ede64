"""mlb_games files (one JSON object a line) into raw_data.mlb_games: each line as it stands."""

from __future__ import annotations

import re

import psycopg

from dagster_mlb.sources.archive_file import (
    ArchiveFile,
    ArchiveFileRefusedError,
    LoadedRecords,
    copy_blocks,
    text_blocks,
)

TABLE = "mlb_games"
_YEAR_OF_DAY = re.compile(r'"official_date"\s*:\s*"(\d{4})-')


def looks_like(first_line: str) -> bool:
    """A JSON object that names a game."""
    return first_line.lstrip().startswith("{") and '"game_pk"' in first_line


def load(conn: psycopg.Connection, file: ArchiveFile, file_kind: str, load_id: int) -> LoadedRecords:
    """Every line that is not blank, with its line number; whether it is JSON is for staging to judge."""
    lines = [(str(load_id), str(number), line) for number, line in file.lines() if line.strip()]
    years = {int(found[1]) for *_, line in lines if (found := _YEAR_OF_DAY.search(line))}
    if not years:
        raise ArchiveFileRefusedError(
            "columns", "no line is a JSON object with game_pk and official_date", "Check that it is an mlb_games file."
        )
    copy_blocks(conn, TABLE, ("load_id", "row_number", "line"), text_blocks(lines))
    return LoadedRecords(len(lines), years.pop() if len(years) == 1 else None)
