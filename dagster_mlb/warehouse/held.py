"""The gate of loads (law 9): a load that cannot be what it says it is waits for a person; its neighbours go on.

Checked once, before a load is staged for the first time, and cheaply: by the shape of its records, not by their values.

    mostly_unreadable   more than half of a file's records have not the shape of its format (rows of a sheet without
                        a header, lines with another number of fields, lines that are no JSON)
    short_season        a season sheet with fewer than 10 rows
    another_version     a season sheet of a season that is loaded already, more than half of its rows the same games

A response whose body is no JSON is not held: it is one quarantined record (law 7). What is held counts as *held* in
``operational.record_accounting``; the tables right of staging do not see it until ``release``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

SHORTEST_SEASON_ROWS = 10
LARGEST_UNREADABLE_SHARE = 0.5


class HeldLoadError(Exception):
    """A load cannot be held or released: the message says why and what stands there."""


@dataclass(frozen=True)
class HeldLoad:
    """A load that waits (``released_at`` None) or waited. ``name``: the file, or the source's endpoint."""

    load_id: int
    source: str
    name: str | None
    rule: str
    reason: str
    held_at: datetime
    released_at: datetime | None
    released_by: str | None


# Loads of archives that no model has staged and nobody has judged yet.
_FRESH = """
fresh as (
    select load_id, archive, file_kind, file_name, season, record_count
    from raw_data.archive_files as files
    where not exists (select from operational.staged_loads as done where done.load_id = files.load_id)
        and not exists (select from operational.held_loads as held where held.load_id = files.load_id)
)
"""

_UNREADABLE = f"""
with {_FRESH},
headed as (
    select distinct load_id, sheet from raw_data.sbr_archive
    where is_header and load_id in (select load_id from fresh)
),
unreadable as (
    select rows.load_id, count(*) filter (where headed.sheet is null) as unreadable, count(*) as records
    from raw_data.sbr_archive as rows
    left join headed on headed.load_id = rows.load_id and headed.sheet = rows.sheet
    where not rows.is_header and rows.load_id in (select load_id from fresh where archive = 'sbr_archive')
    group by rows.load_id
    union all
    select load_id, count(*) filter (where source is null and market is null and event_ref is not null), count(*)
    from raw_data.tick_archive
    where load_id in (select load_id from fresh where archive = 'tick_archive')
    group by load_id
    union all
    select load_id, count(*) filter (where file_kind = 'game_log' and cardinality(cells) <> 161), count(*)
    from raw_data.retrosheet_games
    where load_id in (select load_id from fresh where archive = 'retrosheet_games')
    group by load_id
    union all
    select load_id, count(*) filter (where not pg_input_is_valid(line, 'jsonb')), count(*)
    from raw_data.mlb_games
    where load_id in (select load_id from fresh where archive = 'mlb_games')
    group by load_id
)
select fresh.load_id, fresh.archive, fresh.file_name, unreadable.unreadable, unreadable.records
from unreadable
inner join fresh on fresh.load_id = unreadable.load_id
where unreadable.unreadable > {LARGEST_UNREADABLE_SHARE} * unreadable.records
order by fresh.load_id
"""

_SHORT = f"""
with {_FRESH}
select load_id, file_name, season, record_count from fresh
where archive = 'sbr_archive' and record_count < {SHORTEST_SEASON_ROWS}
order by load_id
"""

# The identity of a sheet's row is its first four cells (date, rotation, side, club), wherever the table begins.
_VERSIONS = f"""
with {_FRESH},
rows as (
    select
        rows.load_id,
        files.season,
        array_to_string((array_remove(rows.cells, null))[1:4], '|') as game_row
    from raw_data.sbr_archive as rows
    inner join raw_data.archive_files as files on files.load_id = rows.load_id
    where
        not rows.is_header
        and files.season in (select season from fresh where archive = 'sbr_archive')
        and not exists (
            select from operational.held_loads as held where held.load_id = rows.load_id and held.released_at is null
        )
)
select fresh.load_id, fresh.file_name, fresh.season, min(older.load_id) as older_load_id
from fresh
inner join rows as newer on newer.load_id = fresh.load_id
inner join rows as older
    on older.season = newer.season and older.game_row = newer.game_row and older.load_id < newer.load_id
where fresh.archive = 'sbr_archive'
group by fresh.load_id, fresh.file_name, fresh.season, fresh.record_count
having count(distinct newer.game_row) > 0.5 * fresh.record_count
order by fresh.load_id
"""


def gate_loads(settings: Settings, run_id: str) -> list[HeldLoad]:
    """Judges the loads that nothing has staged yet and holds those that fail, each with an alert. Returns those.

    Called before every staging run; a load that was released is not judged again.
    """
    now = settings.now()
    with connect(settings) as conn:
        for load_id, archive, name, unreadable, records in conn.execute(_UNREADABLE).fetchall():
            reason = (
                f"{name}: {unreadable} of {records} records have not the shape of {archive}; release it to stage "
                "the rest, the unreadable ones go to quarantine"
            )
            hold(conn, load_id, archive, "mostly_unreadable", reason, now, run_id=run_id)
        for load_id, name, season, rows in conn.execute(_SHORT).fetchall():
            if not _is_held(conn, load_id):
                reason = f"{name}: season {season} has {rows} rows, a season has thousands; release it if that is all"
                hold(conn, load_id, "sbr_archive", "short_season", reason, now, run_id=run_id)
        for load_id, name, season, older in conn.execute(_VERSIONS).fetchall():
            reason = (
                f"{name}: another version of season {season} is loaded (load {older}): release it to add its records, "
                "see the runbook"
            )
            hold(conn, load_id, "sbr_archive", "another_version", reason, now, run_id=run_id)
        return [held for held in _held(conn, "held.released_at is null") if held.held_at == now]


def hold(
    conn: psycopg.Connection,
    load_id: int,
    source: str,
    rule: str,
    reason: str,
    now: datetime,
    *,
    run_id: str | None = None,
) -> None:
    """Keeps a load out of staging until it is released, and raises an alert.

    Raises HeldLoadError for one that is staged already: its rows would be counted twice.
    """
    if (
        conn.execute("select from operational.staged_loads where load_id = %s limit 1", [load_id]).fetchone()
        is not None
    ):
        raise HeldLoadError(f"Load {load_id} is staged already, so it cannot be held back any more.")
    inserted = conn.execute(
        """insert into operational.held_loads (load_id, source, rule, reason, held_at) values (%s, %s, %s, %s, %s)
           on conflict (load_id) do nothing returning load_id""",
        [load_id, source, rule, reason, now],
    ).fetchone()
    if inserted is not None:
        conn.execute(
            """insert into operational.alerts (severity, source, message, run_id, raised_at)
               values ('warning', %s, %s, %s, %s)""",
            [source, _alert(load_id, rule, reason), run_id, now],
        )


def release(settings: Settings, load_id: int, *, released_by: str) -> HeldLoad:
    """Lets a held load into staging with the next run, and clears its alert. Raises HeldLoadError where none waits."""
    now = settings.now()
    with connect(settings) as conn:
        found = _held(conn, "held.load_id = %s", load_id)
        if not found or found[0].released_at is not None:
            waiting = [str(held.load_id) for held in _held(conn, "held.released_at is null")]
            listed = f"loads {', '.join(waiting)} wait" if waiting else "no load waits"
            raise HeldLoadError(f"Load {load_id} is not held ({listed}): see `mlb loads held`.")
        conn.execute(
            "update operational.held_loads set released_at = %s, released_by = %s where load_id = %s",
            [now, released_by, load_id],
        )
        conn.execute(
            "update operational.alerts set cleared_at = %s where message = %s and cleared_at is null",
            [now, _alert(load_id, found[0].rule, found[0].reason)],
        )
        return _held(conn, "held.load_id = %s", load_id)[0]


def list_held(settings: Settings, *, released: bool = False) -> list[HeldLoad]:
    """The loads that wait, oldest first; with ``released`` also those that waited once."""
    with connect(settings) as conn:
        return _held(conn, "true" if released else "held.released_at is null")


def _is_held(conn: psycopg.Connection, load_id: int) -> bool:
    return conn.execute("select from operational.held_loads where load_id = %s", [load_id]).fetchone() is not None


def _held(conn: psycopg.Connection, condition: str, *values: int) -> list[HeldLoad]:
    query = f"""
        select held.load_id, held.source, files.file_name as name, held.rule, held.reason, held.held_at,
            held.released_at, held.released_by
        from operational.held_loads as held
        left join raw_data.archive_files as files on files.load_id = held.load_id
        where {condition}
        order by held.held_at, held.load_id"""
    with conn.cursor(row_factory=class_row(HeldLoad)) as cursor:
        return cursor.execute(query, values).fetchall()


def _alert(load_id: int, rule: str, reason: str) -> str:
    return f"load {load_id} is held ({rule}): {reason}"
