"""Bodies put into raw and staged by the models that read them: what the tests of SBR and The Odds API stand on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.sources.http_messages import Capture, ResponseRecord, SourceRequest
from dagster_mlb.sources.raw_responses import store
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare

# How many records a body holds, counted by another path than the models': what record accounting compares them with.
_DAILY_VIEWS = "$.props.pageProps.oddsTables[*].oddsTableModel.gameRows[*].oddsViews[*]"
_HISTORY_VIEWS = "$.props.pageProps.lineHistoryModel.lineHistory.oddsViews[*]"


def _two_sides_each(table: str, kind: str, views: str, fields: tuple[str, ...]) -> str:
    """Two records for each element of the fields that is not null; a page without its table is one record."""
    paths = (f"lax {views}.{field}[*] ? (@ != null)" for field in fields)
    sums = " + ".join(f"(select count(*) from jsonb_path_query(page.d, '{path}'))" for path in paths)
    return (
        f"select case when jsonb_typeof(page.d #> '{table}') is distinct from '{kind}' then 1 else 2 * ({sums}) end "
        "from (select raw_data.next_data_of(raw.body) as d offset 0) as page"
    )


SBR_ODDS_RECORDS = _two_sides_each(
    "{props,pageProps,oddsTables}", "array", _DAILY_VIEWS, ("openingLine", "currentLine")
)
SBR_LINE_HISTORY_RECORDS = _two_sides_each(
    "{props,pageProps,lineHistoryModel,lineHistory}",
    "object",
    _HISTORY_VIEWS,
    ("moneyLineHistory", "spreadHistory", "totalHistory"),
)
EVENT_ODDS_RECORDS = """
    select case
        when body.d is null then 1
        else (select count(*) from jsonb_path_query(body.d, case
            when jsonb_typeof(body.d) = 'object' and body.d ? 'data'
                then 'lax $.data[*].bookmakers[*].markets[*].outcomes[*]'::jsonpath
            else 'lax $[*].bookmakers[*].markets[*].outcomes[*]'::jsonpath
        end))
    end
    from (select raw_data.json_of(raw.body) as d offset 0) as body
"""

RECORDINGS = PROJECT_ROOT / "tests" / "recordings"


def manifest(source: str) -> list[dict[str, Any]]:
    """The entries of ``tests/recordings/<source>.json``."""
    return json.loads((RECORDINGS / f"{source}.json").read_text(encoding="utf-8"))


def keep(
    settings: Settings,
    table: str,
    path: str,
    body: bytes,
    *,
    at: datetime,
    params: Mapping[str, str] | None = None,
    capture: Capture = "captured",
) -> int:
    """Store one answer to ``path`` as it came at a moment; returns its load_id."""
    request = SourceRequest(endpoint=table, path=path, params=params or {}, capture=capture)
    record = ResponseRecord(
        source=table.split("_")[0],
        endpoint=table,
        request_key=request.request_key,
        official_date=None,
        observed_at=at,
        http_status=200,
        content_type=None,
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        byte_length=len(body),
    )
    with connect(settings) as connection:
        return store(
            connection, table, record, run_id="test", capture=capture, provenance="replayed", ingested_at=at
        ).load_id


def stage(settings: Settings, *models: str) -> None:
    """Build some staging models, what they stand on, and their tests. Raises TransformError where one fails."""
    prepare(settings)
    folders = ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    # The clubs go along: foreign keys point at them, and the hooks of a run want to see one.
    selected = ["--select", *(f"+{model}" for model in models), "teams", "--exclude", "resource_type:unit_test"]
    quietly = ["--indirect-selection", "cautious", "--log-level", "none", "--quiet", "--no-write-json"]
    with transform.connection_in_environment(settings) as database:
        parsed = transform.cached_manifest(database)
        if parsed is not None:
            parsed.build_flat_graph()  # the hooks of a run look their tables up in it
        outcome = transform.invoke(["build", *selected, *folders, *quietly], manifest=parsed)
    transform.TransformResult("staging", 0.0, transform.nodes_of(outcome)).raise_if_failed()
    assert outcome.success


def rows(settings: Settings, query: str, *values: object) -> list[dict[str, Any]]:
    with connect(settings) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()  # type: ignore[arg-type]


def records_of(settings: Settings, table: str, load_id: int, count: str) -> int:
    """What a counting expression over ``raw.body`` says of a load: the left side of the accounting."""
    [row] = rows(settings, f"select ({count})::int as n from raw_data.{table} as raw where load_id = %s", load_id)
    return int(row["n"])


def dispositions(settings: Settings, model: str, load_id: int) -> dict[str, int]:
    """How many records of a load were staged, quarantined and left out of scope."""
    counted = rows(
        settings,
        f"select disposition, count(*)::int as n from staging.{model} where load_id = %s group by 1",
        load_id,
    )
    return {"staged": 0, "quarantined": 0, "out_of_scope": 0} | {row["disposition"]: row["n"] for row in counted}
