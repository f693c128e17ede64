"""The dbt project as assets: three groups of models that run together, in this process or by dbt's command line.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

import fcntl
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets
from dagster_dbt.asset_utils import get_subset_selection_for_context

from dagster_mlb.defs.dbt_events import DbtNodes, dagster_events
from dagster_mlb.defs.dbt_translator import Translator
from dagster_mlb.defs.table_metadata import table_metadata
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.held import gate_loads


class DbtRun(dg.Config):
    """How dbt runs: ``full_refresh`` rebuilds incremental tables from raw, whole."""

    full_refresh: bool = False


class ManifestMissingError(RuntimeError):
    """dbt's manifest is not there, or older than the project's files, and could not be made."""


def load_manifest() -> Mapping[str, Any]:
    """dbt's manifest, parsed anew first where it is missing or older than a file of the project (some 4 s, once).

    Neither a database nor a setting is needed. Raises ManifestMissingError with dbt's own words.
    """
    path = transform.MANIFEST_PATH
    manifest = _fresh(path)
    if manifest is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / "parse.lock").open("a") as lock:  # web server and daemon load at the same time
            fcntl.flock(lock, fcntl.LOCK_EX)
            manifest = _fresh(path)
            if manifest is None:
                _parse()
                manifest = json.loads(path.read_bytes())
    return manifest


def _fresh(path: Path) -> Mapping[str, Any] | None:
    """None also where another process is just writing it."""
    if not path.exists() or path.stat().st_mtime < transform.newest_source_change():
        return None
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def _parse() -> None:
    folders = ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    try:
        outcome = transform.invoke(["parse", *folders, "--log-level", "error", "--quiet"])
    except transform.TransformError as error:
        raise ManifestMissingError(f"{error}\nRun `mlb dbt parse` to see what is wrong in dbt_project.") from error
    if not outcome.success:
        raise ManifestMissingError("dbt cannot parse its project: run `mlb dbt parse` to see why.")


def dbt_model_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """One definition per selection of ``warehouse/transform.py``: upstream, features, performance."""
    translator = Translator()  # one for all: it remembers the specs it has made
    return [
        _assets_of(selection, manifest, translator)
        for selection in transform.SELECTIONS
        if _has_models(manifest, selection)
    ]


def source_checks(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetCheckKey]:
    """dbt's tests of raw tables: checks of Python's assets that a step of dbt carries out."""
    return [
        spec.key for definition in assets for spec in definition.check_specs if spec.asset_key.path[0] == "raw_data"
    ]


def upstream_keys(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetKey]:
    """The tables that dbt makes of raw alone, staging to market marts: what an intraday run makes anew."""
    return sorted(key for definition in assets if definition.op.name == "dbt_upstream" for key in definition.keys)


def _has_models(manifest: Mapping[str, Any], selection: str) -> bool:
    """A selection by tag may be empty while the project grows; Dagster would refuse a step without assets."""
    select, _ = selection_strings(selection)
    if select is None:
        return True
    tag = select.removeprefix("tag:")
    return any(tag in node.get("tags", []) for node in manifest["nodes"].values() if node["resource_type"] == "model")


def selection_strings(selection: str) -> tuple[str | None, str | None]:
    """``--select`` and ``--exclude`` of a selection, each as the one string that dagster-dbt takes."""
    parts: dict[str, list[str]] = {"--select": [], "--exclude": []}
    current: list[str] = []
    for argument in transform.SELECTIONS[selection]:
        if argument in parts:
            current = parts[argument]
        else:
            current.append(argument)
    return " ".join(parts["--select"]) or None, " ".join(parts["--exclude"]) or None


def _assets_of(selection: str, manifest: Mapping[str, Any], translator: Translator) -> dg.AssetsDefinition:
    select, exclude = selection_strings(selection)

    @dbt_assets(
        manifest=manifest,
        name=f"dbt_{selection}",
        select=select or "fqn:*",
        exclude=exclude,
        dagster_dbt_translator=translator,
        pool="dbt",
    )
    def build(context: dg.AssetExecutionContext, config: DbtRun, settings: dg.ResourceParam[Settings]) -> Iterator[Any]:
        if selection == "upstream":
            gate_loads(settings, context.run_id)  # what fails waits; the check no_load_waits tells of it
        if settings.dbt_runner == "subprocess":
            yield from _by_command_line(context, settings, exclude, full_refresh=config.full_refresh)
            return
        if is_whole(context):
            outcomes = transform.run_selection(settings, selection, full_refresh=config.full_refresh).nodes
        else:
            chosen, indirect = get_subset_selection_for_context(
                context,
                manifest,
                select=select,
                exclude=exclude,
                selector=None,
                dagster_dbt_translator=translator,
                current_dbt_indirect_selection_env=None,
            )
            outcomes = run_subset(settings, chosen, exclude, indirect, full_refresh=config.full_refresh)
        nodes = DbtNodes.of(context.assets_def)
        keys = [nodes.assets[one.unique_id].path for one in outcomes if one.unique_id in nodes.assets]
        yield from dagster_events(
            outcomes,
            nodes,
            selected_checks=context.selected_asset_check_keys,
            table_metadata=table_metadata(settings, keys, columns=False),
        )

    return build


def is_whole(context: dg.AssetExecutionContext) -> bool:
    """Whether every table of the step is to be built: then every test runs too, also those of sources that are no
    part of this run (Dagster would call that a subset, and a subset is parsed anew)."""
    return set(context.selected_asset_keys) == set(context.assets_def.node_keys_by_output_name.values())


def run_subset(
    settings: Settings,
    chosen: list[str],
    exclude: str | None,
    indirect_selection: str | None,
    *,
    full_refresh: bool = False,
) -> list[transform.NodeOutcome]:
    """Some models of a selection, as chosen in the UI (``chosen``: dbt's own arguments).

    ``exclude`` still holds: tests of tables that a later selection makes stay out.
    """
    command = ["build", *chosen, *(["--exclude", exclude] if exclude else [])]
    if indirect_selection is not None:
        command += ["--indirect-selection", indirect_selection]
    if full_refresh:
        command.append("--full-refresh")
    folders = ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    with transform.connection_in_environment(settings):
        return transform.nodes_of(
            transform.invoke([*command, *folders, "--no-write-json", "--log-level", "none", "--quiet"])
        )


def _by_command_line(
    context: dg.AssetExecutionContext, settings: Settings, exclude: str | None, *, full_refresh: bool
) -> Iterator[Any]:
    """dagster-dbt's own way: results appear as they come, and a crash of dbt is not ours; 5 s slower."""
    executable = Path(sys.executable).with_name("dbt")
    dbt = DbtCliResource(
        project_dir=str(transform.DBT_PROJECT_DIR),
        profiles_dir=str(transform.DBT_PROFILES_DIR),
        dbt_executable=str(executable) if executable.exists() else "dbt",
    )
    command = ["build", *(["--exclude", exclude] if exclude else [])]
    if full_refresh:
        command.append("--full-refresh")
    with transform.connection_in_environment(settings):
        yield from dbt.cli(command, context=context).stream()
