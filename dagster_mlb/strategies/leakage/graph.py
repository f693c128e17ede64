"""Which tables lie between what is known and what is decided by it, read off the dbt graph: no list to keep.

A *store* is a table left of that part of the graph whose rows say since when they are known (``known_at``): ticks,
quotes, splits, results, starters, ratings. *Rebuilt* is every model right of staging that stands between the stores and
a table whose rows belong to a moment. A model that lands there is rebuilt without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import psycopg
from psycopg import sql

from dagster_mlb.warehouse.compiled import Node, Project, Relation

#: The column that says which moment a row belongs to; of several the first. What a row holds is known by then.
MOMENT_COLUMNS = ("decision_at", "detected_at", "known_at", "changed_at")
KNOWN_AT = "known_at"

#: What is known with hindsight and meant to be: model → column → why nothing is decided by it. The column ``*`` stands
#: for rows that only one side has; the values of the others are compared all the same.
HINDSIGHT: Mapping[str, Mapping[str, str]] = {
    "int_decision_points": {
        "close_at": "the moment of the game's last decision beside each of its decisions: a date in a calendar",
    },
    "int_main_lines": {
        "*": "holds rows only for markets that ever had two lines; where it has none, the one line is meant",
    },
}

#: Models right of staging that say of which game something is, judged by all that a source ever told, as ties of events
#: to games are: taken as they stand.
AS_LISTED: Mapping[str, str] = {
    "int_doubtful_days": "which game an archive's prices of a day are of, where it names games by their clubs alone",
}

_COLUMNS_SQL = """
select
    schemas.nspname,
    tables.relname,
    columns.attname,
    format_type(columns.atttypid, columns.atttypmod),
    exists (
        select from pg_index as keys
        where keys.indrelid = tables.oid and keys.indisunique and columns.attnum = any(keys.indkey)
    )
from pg_attribute as columns
inner join pg_class as tables on tables.oid = columns.attrelid
inner join pg_namespace as schemas on schemas.oid = tables.relnamespace
where
    (schemas.nspname, tables.relname) in (select * from unnest(%s::text[], %s::text[]))
    and columns.attnum > 0
    and not columns.attisdropped
order by 1, 2, columns.attnum
"""


class Column(NamedTuple):
    """A column of a table as the database has it. ``is_key``: part of a unique index."""

    name: str
    type: str
    is_key: bool


Columns = Mapping[Relation, tuple[Column, ...]]


@dataclass(frozen=True)
class AsOfGraph:
    """The part of the graph between the stores and the decisions.

    ``rebuilt`` in the order in which they can be built; ``moments`` the column of those whose rows belong to a moment;
    ``stores`` what of their parents is cut; ``others`` what of them says nothing about time (games, seeds).
    """

    project: Project
    columns: Columns
    rebuilt: tuple[Relation, ...]
    moments: Mapping[Relation, str]
    stores: tuple[Relation, ...]
    others: tuple[Relation, ...]

    def only(self, *wanted: Relation) -> AsOfGraph:
        """What these need, and no more of it."""
        needed = {*wanted, *self.project.ancestors(wanted)}
        return replace(
            self,
            rebuilt=tuple(one for one in self.rebuilt if one in needed),
            moments={one: column for one, column in self.moments.items() if one in needed},
            stores=tuple(one for one in self.stores if one in needed),
            others=tuple(one for one in self.others if one in needed),
        )

    def name_of(self, relation: Relation) -> str:
        """A name for a stand-in: the table's own, by which a query may call its columns, where no other has it too."""
        twins = [one for one in (*self.rebuilt, *self.stores, *self.others) if one[1] == relation[1]]
        return relation[1] if len(twins) < 2 else "_".join(relation)

    def has(self, relation: Relation, *names: str) -> bool:
        return {column.name for column in self.columns[relation]} >= set(names)


class StaleTableError(RuntimeError):
    """A table was made by another version of its model, or of what its model is made of: it cannot be compared."""


def as_of_graph(connection: psycopg.Connection, project: Project) -> AsOfGraph:
    """The graph as far as its tables are there; what has not been made yet is left out.

    Raises ``StaleTableError`` for a table that stands while one that it is made of does not.
    """
    columns = columns_of(connection, project)
    left_of_staging = project.ancestors(node.relation for node in project.nodes.values() if node.layer == "staging")
    right = {node.relation for node in project.nodes.values() if _can_be_rebuilt(node)} - left_of_staging
    made = {one for one in right if one in columns}
    moments = {one: _moment_column(columns[one]) for one in made}
    judged = [
        one
        for one, moment in moments.items()
        if moment is not None
        and project.nodes[one].materialized != "view"
        and any(_is_store(columns, need) for need in _left_edge(project, one, right))
    ]
    judged = _worth_building(connection, project, judged, columns)
    rebuilt = (set(judged) | _inner(project, judged, right)) & made
    for one in sorted(rebuilt):
        if missing := [need for need in project.parents(one) if need not in columns]:
            raise StaleTableError(
                f"{'.'.join(one)} stands, but {', '.join(map('.'.join, missing))}, that it is made of, does not: "
                "run `mlb transform`"
            )
    edge = {need for one in rebuilt for need in project.parents(one)} - rebuilt
    stores = sorted(one for one in edge if _is_store(columns, one))
    return AsOfGraph(
        project=project,
        columns=columns,
        rebuilt=tuple(project.in_order(rebuilt)),
        moments={one: str(moments[one]) for one in project.in_order(judged)},
        stores=tuple(stores),
        others=tuple(sorted(one for one in edge if one in columns and one not in stores)),
    )


def columns_of(connection: psycopg.Connection, project: Project) -> Columns:
    """The columns of every table of the project that the database has, in their order."""
    schemas, tables = [one[0] for one in project.nodes], [one[1] for one in project.nodes]
    found: dict[Relation, list[Column]] = {}
    for schema, table, name, kind, is_key in connection.execute(_COLUMNS_SQL, [schemas, tables]):
        found.setdefault((schema, table), []).append(Column(name, kind, is_key))
    return {relation: tuple(columns) for relation, columns in found.items()}


def _worth_building(
    connection: psycopg.Connection, project: Project, judged: list[Relation], columns: Columns
) -> list[Relation]:
    """Without what nothing else is made of and whose rows the clock moves, every one: there is nothing to compare."""
    needed = project.ancestors(judged)  # of others that are judged
    return [one for one in judged if one in needed or _stands_still(connection, one, columns[one])]


def _stands_still(connection: psycopg.Connection, relation: Relation, columns: tuple[Column, ...]) -> bool:
    if all(column.name != "decision" for column in columns):
        return True
    query = sql.SQL("select exists (select from {} where decision <> 'current')").format(sql.Identifier(*relation))
    return bool((connection.execute(query).fetchone() or (False,))[0])


def _moment_column(columns: tuple[Column, ...]) -> str | None:
    names = {column.name for column in columns}
    return next((name for name in MOMENT_COLUMNS if name in names), None)


def _is_store(columns: Columns, relation: Relation) -> bool:
    return any(column.name == KNOWN_AT for column in columns.get(relation, ()))


def _can_be_rebuilt(node: Node) -> bool:
    """One query, from nothing: a model that is built load by load is not."""
    is_right = node.layer in ("intermediate", "curated") and node.name not in AS_LISTED
    return is_right and bool(node.sql) and node.materialized != "incremental"


def _inner(project: Project, relations: Iterable[Relation], right: set[Relation]) -> set[Relation]:
    """What these are made of within ``right``: no further than to what is not there."""
    found: set[Relation] = set()
    waiting = list(relations)
    while waiting:
        needed = [one for one in project.parents(waiting.pop()) if one in right and one not in found]
        found.update(needed)
        waiting += needed
    return found


def _left_edge(project: Project, relation: Relation, right: set[Relation]) -> set[Relation]:
    """What a model right of staging is made of in the end: the nearest tables that are not right of staging."""
    inner = {relation} | _inner(project, [relation], right)
    return {need for one in inner for need in project.parents(one)} - inner
