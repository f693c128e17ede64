"""How a node of dbt becomes an asset: its key, group, owners and metadata. Small functions, one reason each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from dagster_mlb.defs.live_tables import LIVE_TABLES
from dagster_mlb.defs.raw_archives import ARCHIVE_DESCRIPTIONS

# Bookkeeping that most models read: an edge from it to everything would hide where the data comes from. Of the
# operational tables only these two are made by assets.
NOT_LINEAGE = {("raw_data", "archive_files"), ("raw_data", "parsed_loads")}
# Rows that a reader makes of bodies, stored together with them: in the graph they are the table of the bodies.
ROWS_OF: dict[tuple[str, ...], str] = {
    ("raw_data", "vsin_split_rows"): "vsin_splits",
    ("raw_data", "savant_pitch_rows"): "savant_pitches",
}
BOOKKEEPING_SCHEMA = "operational"
RAW_SCHEMA = "raw_data"
# On a check's spec: dbt's severity is "error", so a failure of it fails the step.
IS_GATE = "dagster_mlb/is_gate"
OPERATIONAL_ASSETS = {"record_accounting", "model_registry"}
# What every source is read with stands left of them all: a group of its own keeps the groups free of circles.
REFERENCE = {"int_team_aliases"}
# Folders of staging whose models stand with their raw tables; what all sources come to together is "staging".
GROUP_OF_FOLDER = {
    **{source: source for source in {table.source for table in LIVE_TABLES}},
    **dict.fromkeys(ARCHIVE_DESCRIPTIONS, "archives"),
}
OWNERS = {
    **dict.fromkeys(GROUP_OF_FOLDER.values(), "team:ingest"),
    "staging": "team:ingest",
    "reference": "team:ingest",
    "intermediate": "team:ingest",
    "games": "team:modelling",
    "market": "team:modelling",
    "features": "team:modelling",
    "performance": "team:betting",
}


def key_of(properties: Mapping[str, Any]) -> list[str]:
    """``[schema, table]``: the two words under which PostgreSQL knows it (a model's alias, not its file name)."""
    if properties["resource_type"] == "source":
        return [properties["schema"], properties["identifier"]]
    configured = properties.get("config", {})
    schema = configured.get("schema") or properties.get("schema")
    return [str(schema), properties.get("alias") or properties["name"]]


def group_of(properties: Mapping[str, Any]) -> str:
    """The folder that tells most: staging/<source>, curated/<games, market, …>, else ``meta.dagster.group`` or the
    layer."""
    folders = properties["fqn"][1:-1] if properties["resource_type"] != "source" else []
    if len(folders) > 1 and folders[0] == "staging" and folders[1] in GROUP_OF_FOLDER:
        return GROUP_OF_FOLDER[folders[1]]
    if properties["resource_type"] == "seed" or properties["name"] in REFERENCE:
        return "reference"
    told = (properties.get("config", {}).get("meta") or {}).get("dagster", {}).get("group")
    if told:
        return str(told)
    if properties["resource_type"] == "source":
        return str(properties["schema"])
    if not folders:
        return "staging"
    return str(folders[1]) if folders[0] == "curated" and len(folders) > 1 else str(folders[0])


def shown_deps(deps: Iterable[dg.AssetDep]) -> list[dg.AssetDep]:
    """The dependencies that the graph shows: without bookkeeping, rows as the table of their bodies, none twice."""
    shown: dict[dg.AssetKey, dg.AssetDep] = {}
    for dep in deps:
        bodies = ROWS_OF.get(tuple(dep.asset_key.path))
        if bodies is not None:
            key = dg.AssetKey([RAW_SCHEMA, bodies])
            shown.setdefault(key, dg.AssetDep(key))
        elif is_lineage(dep.asset_key):
            shown.setdefault(dep.asset_key, dep)
    return list(shown.values())


def is_lineage(key: dg.AssetKey) -> bool:
    """Whether the graph shows it."""
    schema, table = key.path
    if (schema, table) in ROWS_OF:
        return False
    return (schema != BOOKKEEPING_SCHEMA or table in OPERATIONAL_ASSETS) and (schema, table) not in NOT_LINEAGE


class Translator(DagsterDbtTranslator):
    """Asset keys are ``[schema, table]``; dbt's source tests become checks of the Python assets."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey(key_of(dbt_resource_props))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return group_of(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        return [OWNERS.get(group_of(dbt_resource_props), "team:modelling")]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The description alone: the SQL stands in dbt's own docs, and in the repository."""
        return dbt_resource_props.get("description") or f"dbt {dbt_resource_props['resource_type']}, not described yet."

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Columns with their types and descriptions; the name without the database, which differs by environment."""
        metadata = dict(super().get_metadata(dbt_resource_props))
        metadata["dagster/table_name"] = ".".join(key_of(dbt_resource_props))
        return metadata

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(deps=shown_deps(spec.deps))

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """A test of bookkeeping is no check of an asset (it still fails the run), nor does a check depend on it.

        A test of a raw table does not block in Dagster's sense: the raw assets that need that table would wait for dbt,
        and dbt be split into as many steps. It stops what is right of dbt all the same: its failure fails the step.
        """
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None or not is_lineage(spec.asset_key):
            return None
        return dg.AssetCheckSpec(
            spec.name,
            asset=spec.asset_key,
            description=spec.description,
            additional_deps=[dep for dep in shown_deps(spec.additional_deps or ()) if dep.asset_key != spec.asset_key],
            blocking=spec.blocking and spec.asset_key.path[0] != RAW_SCHEMA,
            metadata={**spec.metadata, IS_GATE: spec.blocking},
        )
