"""Which archive a file is of: by its name where it cannot be one, by its content where it can.

The folder that it lies in says nothing.
"""

from __future__ import annotations

import re

from dagster_mlb.sources.archive_file import ArchiveFile, ArchiveFileRefusedError
from dagster_mlb.sources.archive_tables import column_names
from dagster_mlb.sources.bet_slips import parse as bet_slips
from dagster_mlb.sources.mlb_games import parse as mlb_games
from dagster_mlb.sources.retrosheet_games import parse as retrosheet_games
from dagster_mlb.sources.tick_archive import parse as tick_archive

_DATA_NAME = re.compile(r"\.(xlsx|xlsm|xls|csv|parquet|jsonl|ndjson|txt)(\.gz)?$", re.IGNORECASE)
_GAME_LOG_NAME = re.compile(r"^gl[^/]*\d{2,4}[^/]*\.txt(\.gz)?$", re.IGNORECASE)
_WORKBOOK_NAME = re.compile(r"\.xls[xm]?$", re.IGNORECASE)
_JSON_LINES_NAME = re.compile(r"\.(jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_WORKBOOK_MAGICS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def reason_to_ignore(name: str) -> str | None:
    """Why a file of this name is no archive; None where its content must be asked."""
    if name.startswith((".", "~$")):
        return "a hidden file"
    if name.lower().startswith("readme"):
        return "a text about the folder"
    if name.lower().endswith((".json", ".json.gz")):
        return "JSON payloads are the business of live sources"
    if name.lower().endswith(".zip"):
        return "a zip is not looked into: unpack it"
    if not _DATA_NAME.search(name):
        return "no archive has files of such a name (.xlsx, .csv, .parquet, .jsonl, gl….txt, also with .gz)"
    return None


def archive_by_name(name: str) -> str:
    """The archive that a file seems to be of, for messages about a file whose content cannot be asked."""
    if _WORKBOOK_NAME.search(name):
        return "sbr_archive"
    if _JSON_LINES_NAME.search(name):
        return "mlb_games"
    if _GAME_LOG_NAME.search(name) or "gameinfo" in name.lower():
        return "retrosheet_games"
    return "tick_archive"


def recognise(file: ArchiveFile) -> tuple[str, str] | None:
    """(archive, file kind); None for a text that is no archive.

    Raises ArchiveFileRefusedError where a file that is named like an archive is empty, damaged, or has other columns.
    """
    if not file.body:
        raise ArchiveFileRefusedError("empty", "the file is empty (0 bytes)", "Fetch it again.")
    if _WORKBOOK_NAME.search(file.name) or file.body.startswith(_WORKBOOK_MAGICS):
        return "sbr_archive", "xlsx"
    if not file.is_parquet:
        file.refuse_unless_utf8_like()
        if not file.first_line.strip():
            _read_through(file)
            raise ArchiveFileRefusedError("empty", "there is nothing in it but blank lines", "Fetch it again.")
        if retrosheet_games.looks_like_game_log(file.first_line) or _GAME_LOG_NAME.search(file.name):
            return "retrosheet_games", "game_log"
        if file.name.lower().endswith((".txt", ".txt.gz")):
            return None
        if mlb_games.looks_like(file.first_line) or _JSON_LINES_NAME.search(file.name):
            return "mlb_games", "jsonl"
        if bet_slips.looks_like(file.first_line):  # before the ticks, whose columns a bet has too
            return "bet_slips", "csv"
    columns = column_names(file)
    if retrosheet_games.looks_like_gameinfo(columns):
        return "retrosheet_games", "gameinfo"
    if tick_archive.looks_like(columns):
        return "tick_archive", "parquet" if file.is_parquet else "csv"
    separated = next((mark for mark in ";\t|" if file.first_line.count(mark) > file.first_line.count(",")), None)
    raise ArchiveFileRefusedError(
        "columns",
        f"its columns are those of no archive: {', '.join(columns)[:200]}",
        "Save it separated by commas."
        if separated and not file.is_parquet
        else "A tick archive has the columns source, book, away_team, home_team, market, side, price and a time.",
        row=1,
    )


def _read_through(file: ArchiveFile) -> None:
    """A damaged gzip raises here what is wrong with it."""
    with file.open() as stream:
        while stream.read(1 << 20):
            pass
