"""Runs the dbt project: its connection from our settings, in this process (a dbt of its own costs 5 s a call).

Which models are run together is decided here, once (`SELECTIONS`); what a model does stands in dbt_project.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.warehouse.connection import connect, database_url

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
DBT_PROFILES_DIR = PROJECT_ROOT / "dbt_profiles"
MANIFEST_PATH = DBT_PROJECT_DIR / "target" / "manifest.json"

# At most three: before Python's ratings, after them, and after the strategies.
SELECTIONS: dict[str, tuple[str, ...]] = {
    "upstream": ("--exclude", "tag:features", "tag:performance", "resource_type:unit_test"),
    "features": ("--select", "tag:features", "--exclude", "resource_type:unit_test"),
    "performance": ("--select", "tag:performance", "--exclude", "resource_type:unit_test"),
}

# Parts of `upstream` that a person waits for; no step of the graph is one of them.
PARTS: dict[str, tuple[str, ...]] = {
    "bets": ("--select", "int_team_aliases", "stg_bet_slips__bets+", "--exclude", "resource_type:unit_test"),
}

_ONE_AT_A_TIME = threading.Lock()  # dbtRunner is not safe twice at once in one process


class TransformError(RuntimeError):
    """dbt did not get through; the tables behind a failed gate still hold their last good rows."""


@dataclass(frozen=True)
class NodeOutcome:
    """One model, seed or test of a run."""

    unique_id: str
    resource_type: str
    status: str
    seconds: float
    failures: int
    message: str


@dataclass(frozen=True)
class TransformResult:
    """What a run of dbt did, node by node; ``seconds`` is its wall time."""

    selection: str
    seconds: float
    nodes: list[NodeOutcome] = field(default_factory=list)

    @property
    def failed(self) -> list[NodeOutcome]:
        return [node for node in self.nodes if node.status in ("error", "fail", "runtime error")]

    @property
    def tests_passed(self) -> int:
        return sum(node.resource_type == "test" and node.status == "pass" for node in self.nodes)

    def raise_if_failed(self) -> None:
        if self.failed:
            told = "\n".join(f"  {node.unique_id}: {node.status}: {node.message.strip()}" for node in self.failed[:10])
            raise TransformError(
                f"dbt selection {self.selection!r}: {len(self.failed)} of {len(self.nodes)} nodes failed:\n{told}"
            )


def connection_environment(settings: Settings) -> dict[str, str]:
    """The variables that dbt_profiles/profiles.yml reads, from the platform's own database URL."""
    parts = urlsplit(database_url(settings))
    return {
        "MLB_PG_HOST": parts.hostname or "127.0.0.1",
        "MLB_PG_PORT": str(parts.port or 5432),
        "MLB_PG_USER": unquote(parts.username or "postgres"),
        "DBT_ENV_SECRET_MLB_PG_PASSWORD": unquote(parts.password or ""),
        "MLB_PG_DATABASE": unquote(parts.path.lstrip("/")),
        "MLB_PG_ROLE": _transform_role(settings),
    }


def _transform_role(settings: Settings) -> str:
    with connect(settings) as connection:
        row = connection.execute(
            "select 1 from pg_roles where rolname = 'mlb_transform' and pg_has_role(current_user, oid, 'member')"
        ).fetchone()
    return "mlb_transform" if row else ""


@contextmanager
def connection_in_environment(settings: Settings) -> Iterator[str]:
    """Puts the connection into the environment for dbt and takes it out again; yields the database's name."""
    wanted = connection_environment(settings)
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield wanted["MLB_PG_DATABASE"]
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def dbt_arguments(command: str, selection: str, *, full_refresh: bool = False) -> list[str]:
    """The command line of one of our selections, or of a part of one."""
    arguments = [command, *(SELECTIONS | PARTS)[selection]]
    if full_refresh:
        arguments.append("--full-refresh")
    return [*arguments, "--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROFILES_DIR)]


def run_selection(settings: Settings, selection: str, *, full_refresh: bool = False) -> TransformResult:
    """`dbt build` of one selection. Raises nothing for failed nodes: see ``raise_if_failed``."""
    arguments = [
        *dbt_arguments("build", selection, full_refresh=full_refresh),
        "--log-level",
        "none",
        "--quiet",
        "--no-write-json",
    ]
    started = time.perf_counter()
    with connection_in_environment(settings) as database:
        outcome = invoke(arguments, manifest=cached_manifest(database))
    return TransformResult(selection, time.perf_counter() - started, nodes_of(outcome))


def invoke(arguments: Sequence[str], *, manifest: Manifest | None = None) -> dbtRunnerResult:
    """One dbt command in this process; returns dbt's own result. Raises TransformError where dbt could not start."""
    from dbt.cli.main import dbtRunner

    from dagster_mlb.warehouse.dbt_connections import kept_open

    with _ONE_AT_A_TIME, _seldom_collecting_garbage(), _flags_of_no_origin(), kept_open():
        outcome = dbtRunner(manifest=manifest).invoke(list(arguments))
    if outcome.exception is not None:
        raise TransformError(f"dbt {arguments[0]} could not run: {outcome.exception}")
    return outcome


@contextmanager
def _seldom_collecting_garbage() -> Iterator[None]:
    """dbt holds its whole project in memory and makes much that is short-lived: to look through all of it for cycles as
    often as Python does by itself costs a tenth of a run."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _flags_of_no_origin() -> Iterator[None]:
    """dbt's adapter asks of each of its behaviour flags which module made it, by the source lines of the whole stack:
    seconds a run in a process of thousands of modules, for a name that only a warning about the flag would print."""
    from dbt_common.behavior_flags import BehaviorFlagRendered

    usual = BehaviorFlagRendered.__dict__["_default_source"]
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters")  # type: ignore[method-assign]
    try:
        yield
    finally:
        BehaviorFlagRendered._default_source = usual  # type: ignore[method-assign]


def nodes_of(outcome: dbtRunnerResult) -> list[NodeOutcome]:
    return [
        NodeOutcome(
            unique_id=result.node.unique_id,
            resource_type=str(result.node.resource_type),
            status=str(result.status),
            seconds=float(result.execution_time or 0.0),
            failures=int(result.failures or 0),
            message=str(result.message or ""),
        )
        for result in getattr(outcome.result, "results", [])
        if hasattr(result, "node")
    ]


def cached_manifest(database: str) -> Manifest | None:
    """dbt's own parse of the project, kept by dbt in target/, pointed at ``database``; None where it is stale or
    missing (dbt then parses). A parse holds the name of the database it was made for, everything else is the same."""
    parsed = DBT_PROJECT_DIR / "target" / "partial_parse.msgpack"
    if not parsed.exists() or parsed.stat().st_mtime < newest_source_change():
        return None
    from dbt.contracts.graph.manifest import Manifest

    try:
        manifest = Manifest.from_msgpack(parsed.read_bytes())
    except Exception:  # a parse of another dbt version: dbt will write its own
        return None
    nodes: list[Any] = [*manifest.nodes.values(), *manifest.sources.values(), *manifest.unit_tests.values()]
    for node in nodes:
        made_for = getattr(node, "database", None)
        if made_for and made_for != database:
            node.database = database
            if getattr(node, "relation_name", None):
                node.relation_name = node.relation_name.replace(f'"{made_for}"', f'"{database}"', 1)
    manifest.build_parent_and_child_maps()
    manifest.build_flat_graph()  # what hooks see as `graph`
    return manifest


def newest_source_change() -> float:
    """When a file of the dbt project last changed (seconds since the epoch)."""
    folders = ("models", "macros", "seeds", "tests", "snapshots")
    files: list[Path] = [DBT_PROJECT_DIR / "dbt_project.yml", DBT_PROFILES_DIR / "profiles.yml"]
    for folder in folders:
        files.extend(path for path in (DBT_PROJECT_DIR / folder).rglob("*") if path.is_file())
    return max(path.stat().st_mtime for path in files)


def ensure_manifest(settings: Settings) -> Path:
    """A manifest that is as new as the project's files: parsed where it is not. Dagster reads it at import."""
    if not MANIFEST_PATH.exists() or MANIFEST_PATH.stat().st_mtime < newest_source_change():
        with connection_in_environment(settings):
            arguments = ["parse", "--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROFILES_DIR)]
            outcome = invoke([*arguments, "--log-level", "error", "--quiet"])
        if not outcome.success:
            raise TransformError("dbt parse failed: run `make lint` to see why")
    return MANIFEST_PATH
