"""The graph of dbt's models as values: what a model is made of, in which order, and its SQL pointed elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_mlb.warehouse import compiled, transform
from dagster_mlb.warehouse.compiled import Node, Project, with_relations


def project(**parents: str) -> Project:
    """Models by name, each with the names of what it is made of."""
    nodes = {
        ("s", name): Node(name, ("s", name), "intermediate", "table", tuple(("s", one) for one in made_of.split()))
        for name, made_of in parents.items()
    }
    return Project(nodes)


CHAIN = project(ticks="", states="ticks", prices="states points", points="ticks", features="prices form", form="")


def names(relations: object) -> list[str]:
    return [relation[1] for relation in relations]  # type: ignore[attr-defined]


def test_ancestors_are_everything_left_of_a_model() -> None:
    assert set(names(CHAIN.ancestors([("s", "prices")]))) == {"states", "points", "ticks"}
    assert CHAIN.ancestors([("s", "ticks")]) == set()


def test_the_order_has_every_model_after_what_it_is_made_of() -> None:
    ordered = names(CHAIN.in_order(CHAIN.nodes))
    for name, node in CHAIN.nodes.items():
        assert all(ordered.index(parent[1]) < ordered.index(name[1]) for parent in node.parents)
    assert names(CHAIN.in_order([("s", "features"), ("s", "states")])) == ["features", "states"]


def test_models_that_need_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="need each other"):
        project(a="b", b="a").in_order([("s", "a"), ("s", "b")])


def test_relations_are_read_elsewhere_and_others_where_they_stand() -> None:
    sql = 'select t.x from "s"."ticks" as t join "s"."games" as g on g.k = t.k where t.y = \'"s"."ticks\''
    assert with_relations(sql, {("s", "ticks"): "pg_temp.ticks"}) == (
        'select t.x from pg_temp.ticks as t join "s"."games" as g on g.k = t.k where t.y = \'"s"."ticks\''
    )


def test_a_model_is_found_by_its_name_and_its_query_exchanged() -> None:
    other = CHAIN.with_sql("states", "select 1")
    assert other.node("states").sql == "select 1" and CHAIN.node("states").sql == ""
    with pytest.raises(KeyError, match="no model statez"):
        CHAIN.node("statez")


def test_what_was_compiled_is_kept_for_these_very_files(tmp_path: Path) -> None:
    kept = tmp_path / "compiled.json"
    compiled._write(kept, "digest", CHAIN)
    assert compiled._read(kept, "digest") == CHAIN
    assert compiled._read(kept, "another digest") is None
    kept.write_text("{")
    assert compiled._read(kept, "digest") is None
    assert compiled._read(tmp_path / "nothing.json", "digest") is None


def test_the_digest_is_of_the_content_of_models_and_macros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("models", "macros"):
        (tmp_path / folder).mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: x")
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1")
    monkeypatch.setattr(transform, "DBT_PROJECT_DIR", tmp_path)
    before = compiled.project_digest()
    model.write_text("select 2")
    assert compiled.project_digest() != before
    model.write_text("select 1")
    assert compiled.project_digest() == before
