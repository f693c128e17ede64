"""The lists that bets come from: which load stands for a list, what it replaced, and bets that two lists tell.

A list goes by its file's name, and its newest load stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_mlb.settings import Settings
    from dagster_mlb.sources.archives import FileOutcome

ARCHIVE = "bet_slips"

#: Bets of two lists are one and the same where all of these are equal.
TOLD_ALIKE = (
    *(
        "placed_at",
        "placed_on",
        "official_date",
        "away_team_id",
        "home_team_id",
        "game_number",
        "market",
        "side",
        "line",
    ),
    *("price_decimal", "stake", "book"),
)


class BetImportError(Exception):
    """A list of bets cannot be imported: the message says why, and what to do."""


@dataclass(frozen=True)
class ListLoad:
    """A load of a list: its id and how many rows it holds."""

    load_id: int
    rows: int


def load_list(settings: Settings, path: Path, *, run_id: str, name: str | None = None) -> FileOutcome:
    """The file into raw, under its own name or ``name``; the same bytes once more are *unchanged*.

    Raises BetImportError where it cannot be read, ArchiveFolderError where it is not there.
    """
    from dagster_mlb.sources.archives import load_file

    if name is not None and ("/" in name or not name.strip()):
        raise BetImportError(f'"{name}" is no name for a list: a word or two without a slash.')
    outcome = load_file(settings, path, ARCHIVE, "csv", run_id=run_id, name=name)
    if outcome.outcome == "refused":
        raise BetImportError(outcome.message)
    if outcome.archive != ARCHIVE:
        raise BetImportError(f"{outcome.file_name}: {outcome.message}, as {outcome.archive}: it is no list of bets.")
    return outcome


def withdraw_list(settings: Settings, name: str, *, run_id: str) -> FileOutcome:
    """Takes a list's bets out of all figures: an empty list of its name, which says when. Raw keeps what it had.

    Raises BetImportError where no list of the name has bets.
    """
    import tempfile
    from pathlib import Path

    from dagster_mlb.sources.bet_slips.schemas import REQUIRED
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        lists = connection.execute(
            """select distinct on (file_name) file_name, record_count from raw_data.archive_files
               where archive = %s order by file_name, load_id desc""",
            [ARCHIVE],
        ).fetchall()
    standing = [file_name for file_name, rows in lists if rows]
    if name not in standing:
        raise BetImportError(f'No list is called "{name}": the lists are {", ".join(standing) or "none"}.')
    with tempfile.TemporaryDirectory(prefix="mlb-bets-") as folder:
        empty = Path(folder) / "withdrawn.csv"
        empty.write_text(
            f"{','.join(REQUIRED)},withdrawn at {settings.now().isoformat()} from {name}\n", encoding="utf-8"
        )
        return load_list(settings, empty, run_id=run_id, name=name)


def replaced_by(settings: Settings, load_id: int) -> ListLoad | None:
    """The load of the same list that stood before this one."""
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        row = connection.execute(
            """select older.load_id, older.record_count
               from raw_data.archive_files as newer
               inner join raw_data.archive_files as older
                   on older.archive = newer.archive and older.file_name = newer.file_name
                   and older.load_id < newer.load_id
               where newer.load_id = %s
               order by older.load_id desc limit 1""",
            [load_id],
        ).fetchone()
    return ListLoad(*row) if row else None


def stands_for(settings: Settings, load_id: int) -> int:
    """The load that stands for the list of ``load_id``: itself, or a newer one."""
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        row = connection.execute(
            """select max(newest.load_id)
               from raw_data.archive_files as told
               inner join raw_data.archive_files as newest
                   on newest.archive = told.archive and newest.file_name = told.file_name
               where told.load_id = %s""",
            [load_id],
        ).fetchone()
    return int(row[0]) if row and row[0] is not None else load_id


def rows_not_read(settings: Settings) -> int:
    """Rows in quarantine of the loads that stand for their lists."""
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        row = connection.execute(
            """select count(*) from staging.validation_results
               where raw_table = 'raw_data.bet_slips' and load_id in (
                   select max(load_id) from raw_data.archive_files where archive = %s group by file_name
               )""",
            [ARCHIVE],
        ).fetchone()
    return int(row[0]) if row else 0


def told_twice(graded: pl.DataFrame) -> pl.DataFrame:
    """Bets that several lists tell in the same words, all of which count: one row per bet, with ``lists``."""
    return (
        graded.group_by(TOLD_ALIKE, maintain_order=True)
        .agg(lists=pl.col("file_name").unique().sort(), bets=pl.len())
        .filter(pl.col("lists").list.len() > 1)
    )
