"""Bodies put into raw_data as if they had been collected, and the models that stage them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from dagster_mlb.settings import OFFICIAL_BASE_URLS, Settings
from dagster_mlb.sources.http import Capture, ResponseRecord
from dagster_mlb.sources.raw_responses import store
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import (
    DBT_PROFILES_DIR,
    DBT_PROJECT_DIR,
    TransformResult,
    cached_manifest,
    connection_in_environment,
    invoke,
    nodes_of,
)


def put(
    settings: Settings,
    table: str,
    body: bytes,
    *,
    path: str,
    params: Mapping[str, str] | None = None,
    observed_at: datetime | None = None,
    capture: Capture = "captured",
) -> int:
    """Store one answer, observed a second before it is written. Returns its load."""
    query = urlencode(sorted((params or {}).items()), safe=",:", quote_via=quote)
    at = observed_at or settings.now()
    record = ResponseRecord(
        source=next(source for source in OFFICIAL_BASE_URLS if table.startswith(source)),
        endpoint=table,
        request_key=f"GET {path}{'?' + query if query else ''}",
        official_date=None,
        observed_at=at,
        http_status=200,
        content_type="application/json",
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        byte_length=len(body),
    )
    with connect(settings) as connection:
        return store(
            connection,
            table,
            record,
            run_id="test",
            capture=capture,
            provenance="simulated",
            ingested_at=at + timedelta(seconds=1),
        ).load_id


def stage(settings: Settings, *selectors: str, full_refresh: bool = False) -> TransformResult:
    """`dbt build` of models with what they need and their tests; raises where one fails."""
    prepare(settings)
    arguments = ["build", "--select", *selectors, "--indirect-selection", "cautious"]
    arguments += ["--exclude", "resource_type:unit_test", *(["--full-refresh"] if full_refresh else [])]
    folders = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROFILES_DIR)]
    quietly = ["--log-level", "none", "--quiet", "--no-write-json"]
    with connection_in_environment(settings) as database:
        outcome = invoke([*arguments, *folders, *quietly], manifest=cached_manifest(database))
    result = TransformResult(" ".join(selectors), 0.0, nodes_of(outcome))
    result.raise_if_failed()
    return result


def rows(settings: Settings, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connect(settings) as connection:
        return connection.execute(query, parameters).fetchall()  # type: ignore[call-overload, no-any-return]
