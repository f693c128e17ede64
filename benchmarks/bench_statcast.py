"""A day of Statcast, 4,500 pitches of 119 columns, from bytes to staged rows, beside pybaseball's parsing of the bytes.

Ours stores the body, cuts it into lines, loads them and stages them typed and judged: the answer's share of a run in
which a day stands already (dbt's own start-up is not counted, everything that the model does is: hooks, comments,
statistics). pybaseball's is what it does with an answer: pandas reads it, then dates are looked for column by column.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.figures import Figure, NotHereError, best_seconds
from dagster_mlb.settings import Settings

PITCHES = 4_500
BUDGET_SECONDS = 1.0
NOW = datetime(2025, 7, 16, 16, tzinfo=UTC)
MODEL = "stg_savant__pitches"


def measure() -> list[Figure]:
    try:
        import pandas as pd  # noqa: F401
    except ImportError:
        raise NotHereError("pandas is not installed: there is no peer to measure beside") from None
    warm, measured = bodies()
    peer = best_seconds(lambda: as_pybaseball_parses(measured))
    with scratch_warehouse() as settings:
        load(settings, warm)
        staged_in(settings)
        again = []
        for number in range(3):
            # Another body each time, so that none is a repeat.
            again.append(load(settings, measured + b"\n" * number) + staged_in(settings))
    return [
        Figure(
            name=f"Statcast: {PITCHES:,} pitches × 119 columns, bytes → staged",
            value=min(again),
            unit="s",
            floor=peer,
            floor_name="pybaseball's parsing alone",
            budget=BUDGET_SECONDS,
        )
    ]


def bodies() -> tuple[bytes, bytes]:
    """Two answers of the league's Savant, cut to the same number of pitches."""
    from dagster_mlb.simulator import wire_savant
    from dagster_mlb.simulator.schedule import SeasonPlan
    from dagster_mlb.simulator.world import World

    world = World(seed=3, plans=(SeasonPlan(2025, date(2025, 7, 7), date(2025, 7, 14)),), now=NOW)
    found = []
    for first, last in (((7, 8), (7, 9)), ((7, 11), (7, 12))):
        lines = wire_savant.pitches(world, date(2025, *first), date(2025, *last)).splitlines()
        if len(lines) <= PITCHES:
            raise NotHereError(f"the league threw only {len(lines) - 1} pitches in these two days")
        found.append(b"\n".join(lines[: PITCHES + 1]))
    return found[0], found[1]


def as_pybaseball_parses(body: bytes) -> object:
    """Its steps: pandas' own types, a copy, text columns that begin with a date turned into dates cell by cell."""
    import re

    import pandas as pd

    frame = pd.read_csv(io.StringIO(body.decode("utf-8"))).copy()
    for column in frame.columns[frame.dtypes.astype(str).isin(["object", "string", "str"])]:
        first = frame[column].first_valid_index()
        if first is not None and re.match(r"^\d{4}-\d{1,2}-\d{1,2}$", str(frame[column].loc[first])):
            frame[column] = frame[column].apply(pd.to_datetime, format="%Y-%m-%d")
            frame[column] = frame[column].convert_dtypes(convert_string=False)
    return frame.sort_values(["game_date", "game_pk", "at_bat_number", "pitch_number"], ascending=False)


def load(settings: Settings, body: bytes) -> float:
    """Seconds from an answer in memory to its lines in raw."""
    from dagster_mlb.sources.http import ResponseRecord
    from dagster_mlb.sources.parsing import parse_loads
    from dagster_mlb.sources.raw_responses import store
    from dagster_mlb.sources.savant.parse import READER
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        started = time.perf_counter()
        record = ResponseRecord(
            source="savant",
            endpoint="pitches",
            request_key=f"GET /statcast_search/csv?{len(body)}",
            official_date=None,
            observed_at=NOW,
            http_status=200,
            content_type="text/csv",
            body=body,
            content_hash=hashlib.sha256(body).hexdigest(),
            byte_length=len(body),
        )
        stored = store(
            connection,
            READER.raw_table,
            record,
            run_id="bench",
            capture="captured",
            provenance="simulated",
            ingested_at=NOW,
        )
        rows = parse_loads(connection, READER, [(stored.load_id, body)], parsed_at=NOW)
        connection.commit()
        seconds = time.perf_counter() - started
    if rows != PITCHES:
        raise RuntimeError(f"{rows} lines were read of {PITCHES}")
    return seconds


def staged_in(settings: Settings) -> float:
    """Seconds that the staging model takes for what is pending."""
    from dagster_mlb.warehouse.transform import (
        DBT_PROFILES_DIR,
        DBT_PROJECT_DIR,
        connection_in_environment,
        invoke,
        nodes_of,
    )

    arguments = ["build", "--select", MODEL if _is_built(settings) else f"+{MODEL}"]
    # With the clubs: a run's first hook wants a table with foreign keys among what is made.
    arguments += ["teams", "--exclude", "resource_type:test", "resource_type:unit_test"]
    folders = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROFILES_DIR)]
    with connection_in_environment(settings):
        outcome = invoke([*arguments, *folders, "--log-level", "none", "--quiet", "--no-write-json"])
    nodes = nodes_of(outcome)
    if not outcome.success:
        raise RuntimeError("; ".join(node.message for node in nodes if node.status == "error"))
    return next(node.seconds for node in nodes if node.unique_id.endswith(MODEL))


def _is_built(settings: Settings) -> bool:
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        found = connection.execute("select to_regclass(%s) is not null", [f"staging.{MODEL}"]).fetchone()
    return bool(found and found[0])


@contextmanager
def scratch_warehouse() -> Iterator[Settings]:
    """Settings of a server of its own, migrated; it is gone afterwards."""
    from dagster_mlb.warehouse.prepare import prepare
    from dagster_mlb.warehouse.server import EmbeddedServer

    folder = Path(tempfile.mkdtemp(prefix="mlb_bench_statcast_"))
    settings = Settings(environment="dev", data_dir=folder, database_url=None, fixed_now=NOW)
    try:
        prepare(settings)
        yield settings
    finally:
        EmbeddedServer(settings.postgres_dir).destroy()
        shutil.rmtree(folder, ignore_errors=True)
