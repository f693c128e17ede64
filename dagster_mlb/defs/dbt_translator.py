"""How a node of dbt becomes an asset: its key, group, owners and metadata. Small functions, one reason each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

# Bookkeeping that most models read: an edge from it to everything would hide where the data comes from. Of the
# operational tables only these two are made by assets.
NOT_LINEAGE = {("raw_data", "archive_files")}
BOOKKEEPING_SCHEMA = "operational"
OPERATIONAL_ASSETS = {"record_accounting", "model_registry"}
OWNERS = {
    "staging": "team:ingest",
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
    """The folder that tells most: curated/<games, market, …>, else the layer; ``meta.dagster.group`` overrules."""
    told = (properties.get("config", {}).get("meta") or {}).get("dagster", {}).get("group")
    if told:
        return str(told)
    if properties["resource_type"] == "source":
        return str(properties["schema"])
    folders = properties["fqn"][1:-1]
    if not folders:
        return "staging"
    return str(folders[1]) if folders[0] == "curated" and len(folders) > 1 else str(folders[0])


def is_lineage(key: dg.AssetKey) -> bool:
    """Whether the graph shows it."""
    schema, table = key.path
    return (schema != BOOKKEEPING_SCHEMA or table in OPERATIONAL_ASSETS) and (schema, table) not in NOT_LINEAGE


class Translator(DagsterDbtTranslator):
    """Asset keys are ``[schema, table]``; dbt's source tests become blocking checks of the Python assets."""

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
        kept = [dep for dep in spec.deps if is_lineage(dep.asset_key)]
        return spec if len(kept) == len(list(spec.deps)) else spec.replace_attributes(deps=kept)

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """A test of bookkeeping is no check of an asset (it still fails the run), nor does a check depend on it."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None or not is_lineage(spec.asset_key):
            return None
        kept = [dep for dep in spec.additional_deps or () if is_lineage(dep.asset_key)]
        if len(kept) == len(list(spec.additional_deps or ())):
            return spec
        return dg.AssetCheckSpec(
            spec.name,
            asset=spec.asset_key,
            description=spec.description,
            additional_deps=kept,
            blocking=spec.blocking,
            metadata=spec.metadata,
        )
