"""Answers of Baseball Savant put into raw and read, as if they had been collected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import Capture
from dagster_mlb.sources.parsing import parse_loads
from dagster_mlb.sources.savant.parse import READER
from dagster_mlb.warehouse.connection import connect
from tests.integration.staged_bodies import put, rows


def put_pitches(
    settings: Settings,
    body: bytes,
    *,
    params: Mapping[str, str],
    observed_at: datetime | None = None,
    capture: Capture = "captured",
) -> int:
    """Store one answer and, where it is no repeat, its lines. Returns its load."""
    load_id = put(
        settings,
        READER.raw_table,
        body,
        path="/statcast_search/csv",
        params=params,
        observed_at=observed_at,
        capture=capture,
    )
    [(has_body,)] = rows(settings, "select body is not null from raw_data.savant_pitches where load_id = %s", [load_id])
    if has_body:
        with connect(settings) as connection:
            parse_loads(connection, READER, [(load_id, body)], parsed_at=settings.now())
    return load_id
