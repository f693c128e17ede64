"""A node of dbt as an asset: its key, group, owner and what it depends on."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster_dbt.utils import select_unique_ids

from dagster_mlb.defs import dbt_models
from dagster_mlb.defs.dbt_models import dbt_model_assets, load_manifest, selection_strings
from dagster_mlb.defs.dbt_translator import IS_GATE, Translator, group_of, is_lineage, key_of, shown_deps
from dagster_mlb.warehouse import transform


def model(**changes: Any) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": "curated__moneylines",
        "alias": "moneylines",
        "schema": "curated",
        "fqn": ["dagster_mlb", "curated", "market", "curated__moneylines"],
        "config": {"schema": "curated", "meta": {}},
        "description": "",
        "columns": {},
        **changes,
    }


def test_the_key_is_schema_and_alias_not_the_file_name() -> None:
    assert key_of(model()) == ["curated", "moneylines"]


def test_a_source_has_the_key_of_its_table() -> None:
    source = {"resource_type": "source", "schema": "raw_data", "name": "odds", "identifier": "odds_api_odds"}

    assert key_of(source) == ["raw_data", "odds_api_odds"]


def test_the_group_is_the_source_the_folder_of_curated_and_else_the_layer() -> None:
    assert group_of(model()) == "market"
    assert group_of(model(fqn=["dagster_mlb", "staging", "odds_api", "stg"])) == "odds_api"
    assert group_of(model(fqn=["dagster_mlb", "staging", "tick_archive", "stg"])) == "archives"
    assert group_of(model(fqn=["dagster_mlb", "staging", "unified", "games"])) == "staging"
    assert group_of(model(fqn=["dagster_mlb", "teams"])) == "staging"


def test_what_every_source_is_read_with_is_the_group_left_of_them_all() -> None:
    assert group_of(model(resource_type="seed", name="teams", fqn=["dagster_mlb", "teams"])) == "reference"
    assert group_of(model(name="int_team_aliases", fqn=["dagster_mlb", "intermediate", "x"])) == "reference"


def test_a_group_told_in_the_model_wins() -> None:
    assert group_of(model(config={"meta": {"dagster": {"group": "signals"}}})) == "signals"


def test_bookkeeping_is_no_lineage() -> None:
    assert not is_lineage(dg.AssetKey(["operational", "clock"]))
    assert not is_lineage(dg.AssetKey(["raw_data", "archive_files"]))
    assert is_lineage(dg.AssetKey(["raw_data", "sbr_archive"]))
    assert is_lineage(dg.AssetKey(["operational", "record_accounting"]))


def test_rows_of_a_reader_are_shown_as_the_table_of_their_bodies() -> None:
    deps = [dg.AssetDep(["raw_data", name]) for name in ("vsin_splits", "vsin_split_rows", "parsed_loads")]

    assert [dep.asset_key.path for dep in shown_deps(deps)] == [["raw_data", "vsin_splits"]]
    assert [dep.asset_key.path for dep in shown_deps(deps[1:2])] == [["raw_data", "vsin_splits"]]


def test_a_failing_test_of_a_raw_table_is_a_gate_that_no_raw_table_waits_for() -> None:
    specs = [spec for definition in dbt_model_assets(load_manifest()) for spec in definition.check_specs]
    of_raw = [spec for spec in specs if spec.asset_key.path[0] == "raw_data"]

    assert of_raw
    assert not any(spec.blocking for spec in of_raw)
    assert all(spec.metadata[IS_GATE] for spec in of_raw)
    assert all(spec.metadata[IS_GATE] == spec.blocking for spec in specs if spec not in of_raw)


def test_a_model_without_a_description_says_so() -> None:
    assert Translator().get_description(model()) == "dbt model, not described yet."
    assert Translator().get_description(model(description="Prices.")) == "Prices."


def test_a_name_in_the_metadata_holds_no_database() -> None:
    properties = model(database="mlb_dev", relation_name='"mlb_dev"."curated"."moneylines"')

    assert Translator().get_metadata(properties)["dagster/table_name"] == "curated.moneylines"


def test_selections_are_told_to_dagster_as_dbt_takes_them() -> None:
    assert selection_strings("upstream") == (None, "tag:features tag:performance resource_type:unit_test")
    select, exclude = selection_strings("features")
    assert select == "tag:features"
    assert "resource_type:unit_test" in (exclude or "")


def test_the_three_selections_share_no_model_and_leave_none_out() -> None:
    manifest = load_manifest()
    keys = [key for definition in dbt_model_assets(manifest) for key in definition.keys]
    tables = [
        unique_id
        for unique_id, properties in manifest["nodes"].items()
        if properties["resource_type"] in ("model", "seed", "snapshot")
        and properties["config"]["materialized"] != "ephemeral"
    ]

    assert len(keys) == len(set(keys)) == len(tables)


def test_a_manifest_that_cannot_be_made_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def broken(arguments: list[str]) -> None:
        raise transform.TransformError("dbt parse could not run: models/x.sql has a syntax error")

    monkeypatch.setattr(transform, "MANIFEST_PATH", tmp_path / "target" / "manifest.json")
    monkeypatch.setattr(transform, "invoke", broken)

    with pytest.raises(dbt_models.ManifestMissingError, match=r"syntax error\nRun `mlb dbt parse`"):
        load_manifest()


def test_a_missing_manifest_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "target" / "manifest.json"
    asked: list[list[str]] = []

    class Parsed:
        success = True

    def parse(arguments: list[str]) -> Parsed:
        asked.append(arguments)
        path.write_text('{"nodes": {}}')
        return Parsed()

    monkeypatch.setattr(transform, "MANIFEST_PATH", path)
    monkeypatch.setattr(transform, "invoke", parse)

    assert load_manifest() == load_manifest() == {"nodes": {}}
    assert len(asked) == 1


def test_a_manifest_that_is_being_written_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_text('{"nodes": {')

    class Refused:
        success = False

    monkeypatch.setattr(transform, "MANIFEST_PATH", path)
    monkeypatch.setattr(transform, "invoke", lambda arguments: Refused())

    with pytest.raises(dbt_models.ManifestMissingError, match="cannot parse"):
        load_manifest()


def test_no_selection_runs_a_test_of_tables_that_are_made_after_it() -> None:
    manifest = load_manifest()
    made_by: dict[str, int] = {}
    tests: dict[str, int] = {}
    for rank, selection in enumerate(transform.SELECTIONS):
        select, exclude = selection_strings(selection)
        for unique_id in select_unique_ids(
            select=select or "fqn:*", exclude=exclude or "", selector="", project=None, manifest_json=manifest
        ):
            kind = unique_id.partition(".")[0]
            if kind == "test":
                tests.setdefault(unique_id, rank)
            elif kind != "unit_test":
                made_by[unique_id] = rank
    for unique_id, source in manifest["sources"].items():
        if source["schema"] == "curated":
            made_by[unique_id] = 1 if "features" in source["tags"] else 2

    too_early = {
        manifest["nodes"][test]["name"]: parent
        for test, rank in tests.items()
        for parent in manifest["parent_map"][test]
        if made_by.get(parent, 0) > rank
    }
    assert too_early == {}, "give these tests the tag of the later selection"
