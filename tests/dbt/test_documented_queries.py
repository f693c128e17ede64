"""The queries in docs/queries.md ask tables and columns that exist."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dagster_mlb.settings import PROJECT_ROOT
from tests.dbt.project_manifest import project_manifest

QUERIES = [
    query
    for block in re.findall(r"```sql\n(.*?)```", (PROJECT_ROOT / "docs" / "queries.md").read_text(), re.DOTALL)
    for query in block.split(";\n")
    if query.strip()
]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return project_manifest()


def test_the_questions_are_numbered_and_each_has_its_query() -> None:
    headings = re.findall(r"^## (\d+)\.", (PROJECT_ROOT / "docs" / "queries.md").read_text(), re.MULTILINE)
    assert headings == [str(number) for number in range(1, 22)]
    assert len(QUERIES) >= len(headings)


def tables_of_the_migrations() -> set[str]:
    """The tables that dbt knows nothing of: nobody's source, made by a migration."""
    files = (PROJECT_ROOT / "dagster_mlb" / "warehouse" / "migrations" / "versions").glob("*.sql")
    return {name for path in files for name in re.findall(r"^create table (operational\.\w+)", path.read_text(), re.M)}


# A "::" in a name would be taken for the end of the module's, and the parse done again.
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: re.sub(r"\W+", " ", query)[:60])
def test_a_documented_query_asks_tables_that_exist(manifest: dict[str, Any], query: str) -> None:
    known = {
        f"{node['schema']}.{node.get('alias') or node['name']}"
        for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
        if node["resource_type"] in ("model", "seed", "source")
    } | tables_of_the_migrations()
    asked = set(re.findall(r"\b(?:from|join)\s+((?:curated|staging|operational|raw_data)\.\w+)", query))
    assert asked
    assert asked <= known
