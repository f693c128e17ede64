"""Renders a model of the dbt project to plain SQL over temporary tables, without dbt: what it selects can then be asked
of a small world of a test's own, on the real PostgreSQL, many times a second."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
import psycopg

from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR

MACROS = ("casts.sql", "clock.sql", "odds.sql", "market_mart.sql")


@cache
def model_sql(name: str) -> str:
    """The model's SELECT; what it refers to goes by its bare name."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals["ref"] = str
    environment.globals["config"] = lambda **_: ""
    (path,) = DBT_PROJECT_DIR.glob(f"models/**/{name}.sql")
    source = "\n".join((DBT_PROJECT_DIR / "macros" / macros).read_text() for macros in MACROS) + path.read_text()
    return environment.from_string(source).render()


def build(connection: psycopg.Connection[Any], *names: str) -> None:
    """Makes each model anew as a temporary table, in order."""
    connection.execute("set enable_nestloop = off")
    for name in names:
        connection.execute(f"drop table if exists {name}")  # type: ignore[arg-type]
        connection.execute(f"create temp table {name} as {model_sql(name)}".replace("%", "%%"), ())  # type: ignore[arg-type]
        connection.execute(f"analyze {name}")  # type: ignore[arg-type]


def rows_of(connection: psycopg.Connection[Any], query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)  # type: ignore[arg-type]
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
