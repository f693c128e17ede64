"""The graph as Dagster loads it: what is in it, and that loading it is quick and light."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_mlb.definitions import build_defs
from dagster_mlb.defs.live_tables import LIVE_SOURCES, LIVE_TABLES
from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.sources.catalog import ENDPOINTS

SNAPSHOT = Path(__file__).with_name("graph.json")
HEAVY = {
    *("great_expectations", "lightgbm", "matplotlib", "scipy", "fastexcel", "alembic", "uvicorn", "starlette"),
    *("pandas", "sklearn", "httpx", "selectolax"),
}
IMPORT_BUDGET = 0.6  # of what Dagster and dagster-dbt cost by themselves: machines differ, ratios less
JOBS = ("daily", "odds_look", "intraday", "history", "archives", "rebuild")
SCHEDULES = ("daily_schedule", "odds_looks", "intraday_schedule")

_IMPORTING = """
import json, sys, time
began = time.process_time()  # of this process: the machine may be busy
import dagster, dagster_dbt
started = time.process_time()
import dagster_mlb.definitions
share = (time.process_time() - started) / (started - began)
print(json.dumps({"share": share, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(settings=Settings(environment="test", fixed_now=datetime(2025, 7, 15, 16, tzinfo=UTC)))


def test_definitions_are_loadable(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_dagster_itself_validates_the_workspace(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"]
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "All code locations passed validation" in done.stdout + done.stderr


def test_importing_the_location_is_within_its_budget_and_loads_nothing_heavy() -> None:
    first = _import_in_a_fresh_process()

    assert not HEAVY & set(first["modules"])
    again = (_import_in_a_fresh_process() for _ in range(2))  # where something else had the machine just then
    assert first["share"] <= IMPORT_BUDGET or min(run["share"] for run in again) <= IMPORT_BUDGET


def _import_in_a_fresh_process() -> dict[str, Any]:
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _IMPORTING],
        cwd=PROJECT_ROOT,
        env=untraced,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_the_graph_is_the_one_that_was_reviewed(defs: dg.Definitions) -> None:
    found = json.dumps(describe(defs), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found)

    assert found.splitlines() == SNAPSHOT.read_text().splitlines(), (
        "the graph differs from tests/definitions/graph.json; if the change is meant, run this test with "
        "UPDATE_SNAPSHOTS=1 and review the difference"
    )


def describe(defs: dg.Definitions) -> dict[str, Any]:
    """What a reviewer wants to see change: keys, groups, dependencies, checks, jobs, schedules."""
    graph = defs.resolve_asset_graph()
    assets = {}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assets[key.to_user_string()] = {
            "group": node.group_name,
            "kinds": sorted(node.kinds),
            "owners": sorted(node.owners),
            "partitions": type(node.partitions_def).__name__ if node.partitions_def else None,
            "after": sorted(parent.to_user_string() for parent in node.parent_keys),
            "checks": sorted(
                f"{check.name}{' (blocks)' if graph.get(check).blocking else ''}" for check in node.check_keys
            ),
        }
    return {
        "assets": assets,
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for job in (defs.resolve_job_def(name) for name in JOBS)
        },
        "schedules": {
            schedule.name: {
                "job": schedule.job_name,
                "cron": schedule.cron_schedule,
                "timezone": schedule.execution_timezone,
                "default": schedule.default_status.value,
            }
            for schedule in (defs.resolve_schedule_def(name) for name in SCHEDULES)
        },
    }


def test_every_key_is_a_schema_and_a_table(defs: dg.Definitions) -> None:
    keys = defs.resolve_asset_graph().get_all_asset_keys()

    assert {key.path[0] for key in keys} == {"raw_data", "staging", "curated", "operational"}
    assert all(len(key.path) == 2 for key in keys)


def test_nothing_is_read_that_no_asset_makes(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()

    assert [key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).is_external] == []


def test_every_asset_has_a_group_an_owner_a_kind_and_a_description(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    poor = [
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if not (graph.get(key).owners and graph.get(key).kinds and graph.get(key).description)
        or graph.get(key).group_name in (None, "default")
    ]

    assert poor == []


def test_layers_depend_only_on_what_is_left_of_them(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    order = {"raw_data": 0, "staging": 1, "curated": 2, "operational": 2}
    backwards = [
        f"{key.to_user_string()} reads {parent.to_user_string()}"
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if order[parent.path[0]] > order[key.path[0]] or (key.path[0] == "curated" and parent.path[0] == "raw_data")
    ]

    assert backwards == []


def test_the_sources_groups_stand_left_of_what_all_of_them_come_to(defs: dg.Definitions) -> None:
    """The UI draws folded groups by their edges: a circle between them would put a source in the middle."""
    graph = defs.resolve_asset_graph()
    groups = {table.source for table in LIVE_TABLES} | {"archives"}
    backwards = {
        (str(graph.get(parent).group_name), str(graph.get(key).group_name))
        for key in graph.get_all_asset_keys()
        if graph.get(key).group_name in groups
        for parent in graph.get(key).parent_keys
        if graph.get(parent).group_name not in {*groups, "reference"}
    }

    assert backwards == set()


def test_the_gates_block_what_is_right_of_them(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}

    assert {
        "records_accounted_for",
        "foreign_keys_hold",
        "training_set_meets_expectations",
        "features_know_no_future",
        "signals_know_no_future",
        "bets_know_no_future",
        "no_simulated_rows",
    } <= blocking
    assert "files_readable" not in blocking


def test_pools_hold_one_step_of_a_source_and_one_dbt_at_a_time(defs: dg.Definitions) -> None:
    pools = {
        definition.op.name: definition.op.pool
        for definition in defs.resolve_asset_graph().assets_defs
        if definition.is_executable and definition.op.pool
    }

    assert {pool for name, pool in pools.items() if name.startswith("dbt_")} == {"dbt"}
    assert pools["raw_data__mlb_stats_schedule"] == "mlb_stats"
    assert pools["raw_data__odds_api_odds"] == "odds_api"
    assert pools["raw_data__sbr_archive"] == "archives"


def test_every_source_is_a_group_and_every_raw_table_of_it_tells_its_health(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for table in LIVE_TABLES:
        key = dg.AssetKey(["raw_data", table.name])
        health = graph.get(dg.AssetCheckKey(key, "source_health"))

        assert graph.get(key).group_name == table.source
        assert not health.blocking

    of_all = graph.get(dg.AssetKey(["operational", "source_health"]))
    assert {check.name for check in of_all.check_keys} == set(LIVE_SOURCES)


def test_every_live_table_can_be_asked_for(defs: dg.Definitions) -> None:
    assert {table.name for table in LIVE_TABLES} == set(ENDPOINTS)
    assert all(table.health_of == ENDPOINTS[table.name].source for table in LIVE_TABLES)
    assert all(callable(table.collect) for table in LIVE_TABLES)


def test_raw_tables_do_not_wait_for_dbt(defs: dg.Definitions) -> None:
    """A blocking check of dbt on a raw table that another one needs would cut dbt into as many steps."""
    for job in ("daily", "odds_look", "intraday"):
        steps = [node.name for node in defs.resolve_job_def(job).graph.nodes if node.name.startswith("dbt_upstream")]

        assert steps == ["dbt_upstream"]
