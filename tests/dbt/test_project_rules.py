"""The rules of the dbt project, read off its manifest: who may read whom, what has a key, what people see described."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.dbt.project_manifest import project_manifest

Manifest = dict[str, Any]
Node = dict[str, Any]

LAYERS = ("staging", "intermediate", "operational", "curated")
# Sources of `curated` are made by Python between dbt's selections.
MADE_BY_PYTHON = {
    *("team_ratings", "predictions", "model_performance", "sharp_action_signals", "strategy_results"),
    *("bet_settlements", "graded_bets"),
}
NAMES = {
    "staging": re.compile(r"^(stg_[a-z0-9_]+__[a-z0-9_]+|[a-z][a-z0-9_]*)$"),
    "intermediate": re.compile(r"^int_[a-z0-9_]+$"),
    "operational": re.compile(r"^[a-z][a-z0-9_]*$"),
    "curated": re.compile(r"^(curated__)?[a-z][a-z0-9_]*$"),
}
# Words that say nothing (given table names excepted).
EMPTY_WORDS = re.compile(r"(utils|helpers|manager|processor|unified|_v\d+$|_final$|_new$)")
STAR = re.compile(r"(\bselect|,)\s*(\w+\.)?\*")
COLUMN = re.compile(r"^[a-z][a-z0-9_]*$")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return project_manifest()


def models(manifest: Manifest) -> Iterator[Node]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            yield node


def layer_of(node: Node) -> str:
    return node["path"].replace("\\", "/").split("/")[0]


def parents(manifest: Manifest, node: Node) -> list[Node]:
    everything = manifest["nodes"] | manifest["sources"]
    return [everything[name] for name in node["depends_on"]["nodes"]]


def checks_of(manifest: Manifest, node: Node) -> list[Node]:
    return [
        test
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test" and test.get("attached_node") == node["unique_id"]
    ]


def hooks(node: Node) -> str:
    config = node["config"]
    return " ".join(hook["sql"] for hook in [*config.get("pre-hook", []), *config.get("post-hook", [])])


def has_key(manifest: Manifest, node: Node) -> bool:
    """A unique index, a primary key, or a test of uniqueness."""
    if any(index.get("unique") for index in node["config"].get("indexes") or []):
        return True
    if re.search(r"primary key|unique index", hooks(node)):
        return True
    named = [*node.get("constraints", []), *(c for column in node["columns"].values() for c in column["constraints"])]
    if any(constraint["type"] in ("primary_key", "unique") for constraint in named):
        return True
    return any("unique" in (test.get("test_metadata") or {}).get("name", "") for test in checks_of(manifest, node))


def final_select(node: Node) -> str:
    """What stands after the last CTE: the select whose columns the table gets."""
    code = re.sub(r"\{#.*?#\}", "", node["raw_code"], flags=re.DOTALL)
    code = re.sub(r"--[^\n]*", "", code)
    depth, start = 0, 0
    for match in re.finditer(r"[()]|\bselect\b", code):
        if match.group() == "(":
            depth += 1
        elif match.group() == ")":
            depth -= 1
        elif depth == 0:
            start = match.start()
    return code[start:]


def test_every_model_stands_in_a_layer(manifest: Manifest) -> None:
    assert {layer_of(node) for node in models(manifest)} <= set(LAYERS)


def test_only_staging_reads_raw(manifest: Manifest) -> None:
    """Of raw, intermediate models may read the register of files; operational ones count from the documents."""
    breaches = []
    for node in models(manifest):
        for parent in parents(manifest, node):
            if parent["resource_type"] != "source" or parent["schema"] != "raw_data":
                continue
            register = layer_of(node) == "intermediate" and parent["name"] == "archive_files"
            if layer_of(node) not in ("staging", "operational") and not register:
                breaches.append(f"{node['name']} reads raw_data.{parent['name']}")
    assert breaches == []


def test_a_source_in_raw_data_has_its_staging_model(manifest: Manifest) -> None:
    for node in models(manifest):
        if node["name"].startswith("stg_"):
            kinds = {(parent["resource_type"], parent["schema"]) for parent in parents(manifest, node)}
            staged = any(parent["name"].startswith("stg_") for parent in parents(manifest, node))
            assert ("source", "raw_data") in kinds or staged, f"{node['name']} reads no raw table"
            assert node["name"].split("__")[0] == f"stg_{node['path'].split('/')[1]}", f"{node['path']}: wrong folder"


def test_no_layer_reads_from_its_right(manifest: Manifest) -> None:
    rank = {"staging": 0, "intermediate": 0, "operational": 1, "curated": 1}
    breaches = []
    for node in models(manifest):
        for parent in parents(manifest, node):
            if parent["resource_type"] == "model" and rank[layer_of(parent)] > rank[layer_of(node)]:
                breaches.append(f"{node['name']} reads {parent['name']}")
            if parent["resource_type"] == "source" and parent["schema"] == "curated" and layer_of(node) != "curated":
                breaches.append(f"{node['name']} reads {parent['name']}")
    assert breaches == []


def test_python_makes_only_the_tables_that_are_known_for_it(manifest: Manifest) -> None:
    made = {source["name"] for source in manifest["sources"].values() if source["schema"] == "curated"}
    assert made <= MADE_BY_PYTHON
    assert made.isdisjoint(node["alias"] for node in models(manifest) if layer_of(node) == "curated")


def test_right_of_a_gate_there_are_tables(manifest: Manifest) -> None:
    """A view would show what no gate has seen; only between two tables of staging may one stand."""
    views = [
        node["name"]
        for node in models(manifest)
        if node["config"]["materialized"] not in ("table", "incremental") and layer_of(node) != "intermediate"
    ]
    assert views == []


def test_curated_reaches_people_in_the_schema_curated(manifest: Manifest) -> None:
    for node in models(manifest):
        if layer_of(node) == "curated":
            assert node["schema"] == "curated", node["name"]
        else:
            assert node["schema"] == {"intermediate": "staging"}.get(layer_of(node), layer_of(node)), node["name"]


def test_every_table_that_people_rely_on_has_a_key(manifest: Manifest) -> None:
    """Curated, operational and the unified tables of staging. (A record of stg_* is known by its place in raw.)"""
    without = [
        node["name"]
        for node in models(manifest)
        if (layer_of(node) in ("curated", "operational") or "/unified/" in node["path"]) and not has_key(manifest, node)
    ]
    assert sorted(without) == []


def test_every_curated_table_keeps_a_contract(manifest: Manifest) -> None:
    without = [node["name"] for node in models(manifest) if layer_of(node) == "curated" and not contract(node)]
    assert without == []


def contract(node: Node) -> bool:
    return bool(node["config"]["contract"]["enforced"] and node["columns"])


def test_whatever_people_see_is_described(manifest: Manifest) -> None:
    """Every curated table and column, the unified staging tables, the seeds, the sources, and what Python makes."""
    missing = []
    seen = [
        *(node for node in models(manifest) if layer_of(node) == "curated" or "/unified/" in node["path"]),
        *(node for node in manifest["nodes"].values() if node["resource_type"] == "seed"),
        *manifest["sources"].values(),
    ]
    for node in seen:
        if not node["description"].strip():
            missing.append(node["name"])
        if node["resource_type"] == "model" and not node["columns"]:
            missing.append(f"{node['name']}.*")
        missing += [
            f"{node['name']}.{name}" for name, column in node["columns"].items() if not column["description"].strip()
        ]
    assert missing == []


def test_no_description_is_an_empty_phrase(manifest: Manifest) -> None:
    """A description that only repeats the column's name tells nothing."""
    idle = []
    for node in [*models(manifest), *manifest["sources"].values()]:
        for name, column in node["columns"].items():
            words = re.sub(r"[^a-z0-9]+", " ", column["description"].lower()).strip()
            if words and words in (name.replace("_", " "), f"the {name.replace('_', ' ')}"):
                idle.append(f"{node['name']}.{name}")
    assert idle == []


def test_the_columns_of_a_curated_table_are_spelt_out(manifest: Manifest) -> None:
    stars = [
        node["name"] for node in models(manifest) if layer_of(node) == "curated" and STAR.search(final_select(node))
    ]
    assert stars == []


def test_names_are_nouns_of_the_field(manifest: Manifest) -> None:
    for node in models(manifest):
        assert NAMES[layer_of(node)].match(node["name"]), node["name"]
        assert not EMPTY_WORDS.search(node["name"]), node["name"]
        assert all(COLUMN.match(column) for column in node["columns"]), node["name"]


def test_every_test_blocks_but_those_that_watch_for_drift(manifest: Manifest) -> None:
    """A gate that only warns is none. What may warn is a share or a mean that tells of drift, and it says so itself."""
    soft = [
        test["name"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and test["config"]["severity"].lower() != "error"
        and not test["config"]["meta"].get("drift")
    ]
    assert soft == []


def test_incremental_tables_remember_their_loads(manifest: Manifest) -> None:
    """Law 8: by load id, never by a timestamp."""
    for node in models(manifest):
        if node["config"]["materialized"] == "incremental" and node["name"].startswith("stg_"):
            assert "remember_staged_loads" in hooks(node), node["name"]
            assert re.search(r"freeze_(pending_loads|loads_staged_by)\(", hooks(node)), node["name"]
            assert not re.search(r"max\(\s*\w*_at\s*\)", node["raw_code"]), f"{node['name']}: a watermark"


def test_no_model_is_forgotten_by_the_selections(manifest: Manifest) -> None:
    """A tag that no selection runs would leave its model out of every run."""
    tags = {tag for node in models(manifest) for tag in node["config"]["tags"]}
    assert tags <= {"features", "performance"}


@pytest.mark.parametrize(
    ("code", "star"),
    [
        ("with a as (select * from b)\nselect x, y from a", False),
        ("with a as (select x from b)\nselect * from a", True),
        ("with a as (select x from b)\nselect a.*, 1 as one from a", True),
        ("with a as (select x from b)\nselect count(*) as n, a.x * 2 from a", False),
    ],
)
def test_the_rule_on_stars_sees_the_last_select_only(code: str, star: bool) -> None:
    assert bool(STAR.search(final_select({"raw_code": code}))) is star


def test_the_manifest_holds_no_password(manifest: Manifest) -> None:
    assert "password" not in json.dumps(manifest["metadata"])
