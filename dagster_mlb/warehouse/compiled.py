"""The SQL of dbt's models as dbt compiles it, and how the models hang together: for whoever runs it on other rows.

Compiled once for a state of the project (its files' hash) and kept beside dbt's own parse; relations are named without
their database, so that the same text serves every one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse import transform

Relation = tuple[str, str]  # schema, table

_FORMAT = 1  # of the file; another one is not read
_RELATION = re.compile(r'"(\w+)"\."(\w+)"')


@dataclass(frozen=True)
class Node:
    """A model, seed or source of the project. ``layer``: staging, intermediate, operational, curated; of what dbt does
    not make: seed, source. ``indexes`` are the columns that a model's table is indexed by. ``sql`` is empty where dbt
    makes the table in another way than by one query, or not at all.
    """

    name: str
    relation: Relation
    layer: str
    materialized: str = ""
    parents: tuple[Relation, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    sql: str = ""


@dataclass(frozen=True)
class Project:
    """Every relation of the dbt project."""

    nodes: Mapping[Relation, Node]

    def node(self, name: str) -> Node:
        """The model of that name. Raises ``KeyError``."""
        for node in self.nodes.values():
            if node.name == name:
                return node
        raise KeyError(f"the dbt project has no model {name}")

    def with_sql(self, name: str, sql: str) -> Project:
        """The project with another query under one model's name."""
        node = self.node(name)
        return Project({**self.nodes, node.relation: replace(node, sql=sql)})

    def ancestors(self, relations: Iterable[Relation]) -> set[Relation]:
        """Everything that these are made of, however far left; without themselves where nothing leads back to them."""
        found: set[Relation] = set()
        waiting = [parent for relation in relations for parent in self.parents(relation)]
        while waiting:
            relation = waiting.pop()
            if relation not in found:
                found.add(relation)
                waiting.extend(self.parents(relation))
        return found

    def parents(self, relation: Relation) -> tuple[Relation, ...]:
        node = self.nodes.get(relation)
        return node.parents if node else ()

    def in_order(self, relations: Collection[Relation]) -> list[Relation]:
        """These, each after all that it is made of; names decide among those that could come next."""
        ordered: list[Relation] = []
        waiting = sorted(relations)
        while waiting:
            ready = [one for one in waiting if not any(parent in waiting for parent in self.parents(one))]
            if not ready:
                raise ValueError(f"models that need each other: {waiting}")
            ordered += ready
            waiting = [one for one in waiting if one not in ready]
        return ordered


def with_relations(sql: str, renamed: Mapping[Relation, str]) -> str:
    """``sql`` (as a ``Node`` has it) reading from other relations where ``renamed`` knows them."""
    return _RELATION.sub(lambda found: renamed.get((found[1], found[2]), found[0]), sql)


def compiled_project(settings: Settings) -> Project:
    """The project with the compiled SQL of everything right of staging.

    Read from a file in dbt's target folder where that is of these very files (some 10 ms), else compiled (dbt in this
    process, some 0.5 s, a parse of 4 s before it where there is none). Raises ``transform.TransformError``.
    """
    digest = project_digest()
    kept = transform.DBT_PROJECT_DIR / "target" / "compiled_models.json"
    project = _read(kept, digest)
    if project is None:
        project = _compile(settings)
        _write(kept, digest, project)
    return project


def project_digest() -> str:
    """Hash of every file that says what the models are."""
    digest = hashlib.sha256(str(_FORMAT).encode())
    folders = [transform.DBT_PROJECT_DIR / name for name in ("models", "macros")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [transform.DBT_PROJECT_DIR / "dbt_project.yml"]
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _compile(settings: Settings) -> Project:
    manifest = json.loads(transform.ensure_manifest(settings).read_bytes())
    nodes = _nodes(manifest)
    wanted = [node.name for node in nodes.values() if node.layer in ("intermediate", "curated")]
    arguments = ["compile", "--select", *wanted, "--exclude", "resource_type:test", "resource_type:unit_test"]
    # A model that is built piece by piece is compiled whole: as if its table were not there.
    arguments += ["--full-refresh", "--no-introspect", "--no-populate-cache", "--no-write-json"]
    arguments += ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    with transform.connection_in_environment(settings) as database:
        cached = transform.cached_manifest(database)
        outcome = transform.invoke([*arguments, "--log-level", "none", "--quiet"], manifest=cached)
    results = getattr(outcome.result, "results", None) or []
    if not outcome.success or not results:
        told = "; ".join(f"{one.node.name}: {one.message}" for one in results if str(one.status) == "error")
        raise transform.TransformError(f"dbt cannot compile its models: {told or 'run `mlb dbt parse` to see why'}")
    for result in results:
        relation = (result.node.schema, result.node.alias)
        text = (result.node.compiled_code or "").replace(f'"{result.node.database}".', "")
        nodes[relation] = replace(nodes[relation], sql=text)
    return Project(nodes)


def _nodes(manifest: Mapping[str, Any]) -> dict[Relation, Node]:
    told: dict[str, Any] = {
        key: node
        for key, node in [*manifest["nodes"].items(), *manifest["sources"].items()]
        if node["resource_type"] in ("model", "seed", "source")
    }
    relations = {key: (node["schema"], node.get("alias") or node["identifier"]) for key, node in told.items()}
    nodes = {}
    for key, node in told.items():
        is_model = node["resource_type"] == "model"
        config = node.get("config", {})
        nodes[relations[key]] = Node(
            name=node["name"],
            relation=relations[key],
            layer=node["fqn"][1] if is_model else node["resource_type"],
            materialized=str(config.get("materialized") or "") if is_model else "",
            parents=tuple(
                relations[parent] for parent in node.get("depends_on", {}).get("nodes", []) if parent in told
            ),
            indexes=tuple(tuple(index["columns"]) for index in config.get("indexes") or []) if is_model else (),
        )
    return nodes


def _read(path: Path, digest: str) -> Project | None:
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if kept.get("digest") != digest:
        return None
    nodes = [
        Node(
            name=one["name"],
            relation=(one["relation"][0], one["relation"][1]),
            layer=one["layer"],
            materialized=one["materialized"],
            parents=tuple((schema, table) for schema, table in one["parents"]),
            indexes=tuple(tuple(columns) for columns in one["indexes"]),
            sql=one["sql"],
        )
        for one in kept["nodes"]
    ]
    return Project({node.relation: node for node in nodes})


def _write(path: Path, digest: str, project: Project) -> None:
    """Whole or not at all: another process may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"digest": digest, "nodes": [asdict(node) for node in project.nodes.values()]}))
    fresh.replace(path)
