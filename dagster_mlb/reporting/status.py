"""What the warehouse holds and how its sources fare: read for ``mlb status``, ``mlb sources`` and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from psycopg.rows import class_row

from dagster_mlb.reporting.run_summary import rows_per_table
from dagster_mlb.settings import Settings
from dagster_mlb.sources.health import read_health
from dagster_mlb.sources.raw_responses import RESPONSE_TABLES
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from rich.table import Table

_RESPONSES = " ".join(
    f"""union all
    select load_id, source, endpoint, ingested_at, provenance, null from raw_data.{table}"""
    for table in sorted(RESPONSE_TABLES)
)
# Every load of raw_data: archive files and responses, under the source that they are of.
_LOADS = f"""
loads as (
    select load_id, archive as source, file_name as name, ingested_at, provenance, record_count as records
    from raw_data.archive_files
    {_RESPONSES}
)
"""
_STATE = """
case
    when exists (
        select from operational.held_loads as held where held.load_id = loads.load_id and held.released_at is null
    ) then 'held'
    when not exists (select from operational.staged_loads as done where done.load_id = loads.load_id) then 'pending'
    else 'staged'
end
"""


@dataclass(frozen=True)
class Load:
    """One load in raw; ``state``: staged, pending (the next run stages it) or held."""

    load_id: int
    source: str
    name: str
    ingested_at: datetime
    provenance: str
    records: int | None
    state: str


@dataclass(frozen=True)
class SourceState:
    """How a source fares; of an archive nobody keeps a health, only what was loaded last.

    ``reliability``: 0 to 1, of the telling requests, the latest counting most. ``freshness``: 1 while the last success
    is no older than the source's own cadence, then cadence / age; None where no cadence is known.
    """

    source: str
    status: str | None
    breaker_state: str | None
    reliability: float | None
    freshness: float | None
    loads: int
    last_load_at: datetime | None
    last_attempt_at: datetime | None
    last_outcome: str | None
    last_message: str | None


@dataclass(frozen=True)
class WarehouseStatus:
    """``layers``: schema, table, rows. ``newest``: the last loads. ``pending`` and ``held``: how many wait."""

    layers: pl.DataFrame
    newest: list[Load]
    pending: int
    held: int


def read_status(settings: Settings, *, newest: int = 10) -> WarehouseStatus:
    """Rows of every table, the newest loads, and how many loads wait."""
    query = f"""
        with {_LOADS}
        select load_id, source, name, ingested_at, provenance, records, {_STATE} as state
        from loads order by load_id desc"""
    with connect(settings) as conn, conn.cursor(row_factory=class_row(Load)) as cursor:
        loads = cursor.execute(query).fetchall()
    counts = {state: sum(load.state == state for load in loads) for state in ("pending", "held")}
    return WarehouseStatus(rows_per_table(settings), loads[:newest], **counts)


def read_sources(settings: Settings) -> list[SourceState]:
    """Every source that was ever asked or loaded: its health, its loads, its last attempt and what became of it."""
    query = f"""
        with {_LOADS},
        last_attempts as (
            select distinct on (source) source, logged_at, outcome, message
            from operational.collection_log order by source, logged_at desc, attempt_id desc
        ),
        counted as (select source, count(*) as loads, max(ingested_at) as last_load_at from loads group by source),
        sources as (
            select source from counted
            union select source from last_attempts
            union select source from operational.source_health
        )
        select sources.source, health.status, health.breaker_state, health.reliability, null::float8 as freshness,
            coalesce(counted.loads, 0) as loads, counted.last_load_at,
            attempts.logged_at as last_attempt_at, attempts.outcome as last_outcome,
            coalesce(attempts.message, health.last_message) as last_message
        from sources
        left join counted on counted.source = sources.source
        left join last_attempts as attempts on attempts.source = sources.source
        left join operational.source_health as health on health.source = sources.source
        order by sources.source"""
    with connect(settings) as conn, conn.cursor(row_factory=class_row(SourceState)) as cursor:
        found = cursor.execute(query).fetchall()
        fresh = {health.source: health.freshness for health in read_health(conn, settings.now())}
    return [
        replace(
            state, freshness=fresh.get(state.source), status=state.status if settings.may_ask(state.source) else "off"
        )
        for state in found
    ]


def plain_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table for the terminal; a heading that starts with ``>`` stands to the right, a missing value is ``–``."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold cyan", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) else str(value)
