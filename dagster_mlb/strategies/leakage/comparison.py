"""What stands compared with what was rebuilt: the rows that belong to a moment or to any before it, to the bit.

A float may differ in its last digits and be the same: sums of floats hang on the order of their terms, which is the
planner's. Columns in which that happened are told apart from those that differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.graph import HINDSIGHT, AsOfGraph
from dagster_mlb.warehouse.compiled import Relation

ROUNDING = 1e-9  # of probabilities, logits, minutes; absolute, relative above 1

#: What tells rows apart, as far as a table has it: to pair what stands with what was rebuilt.
_KEYS = (
    *("game_key", "decision", "decision_at", "market", "side", "slot", "team_id", "pitcher_id", "source", "book"),
    *("label", "known_at", "changed_at", "detected_at", "kind", "measure", "series_id", "seq", "version"),
)

Row = dict[str, Any]


class Comparison(NamedTuple):
    """``rows`` that stand; ``differences`` by column; ``rounded``: column → rows equal but for rounding."""

    rows: int
    differences: tuple[Difference, ...]
    rounded: Mapping[str, int]


class Standing(NamedTuple):
    """What stands in a table of the rows that belong to ``moment`` or earlier: how many, and a hash of all of them."""

    rows: int
    checksum: int


def standing(connection: psycopg.Connection, graph: AsOfGraph, relation: Relation, moment: datetime) -> Standing:
    return _checksum(connection, _rows_of(graph, relation, f'"{relation[0]}"."{relation[1]}"', moment))


def compare(
    connection: psycopg.Connection, graph: AsOfGraph, relation: Relation, table: str, moment: datetime, stands: Standing
) -> Comparison:
    """The rows of the table that stands against those of the rebuilt one (``table``)."""
    rebuilt = _rows_of(graph, relation, table, moment)
    if _checksum(connection, rebuilt) == stands:
        return Comparison(stands.rows, (), {})
    live = _rows_of(graph, relation, f'"{relation[0]}"."{relation[1]}"', moment)
    only_live, only_rebuilt = _alone(connection, live, rebuilt), _alone(connection, rebuilt, live)
    differences, rounded = row_differences(".".join(relation), only_live, only_rebuilt)
    meant = HINDSIGHT.get(graph.project.nodes[relation].name, {})
    return Comparison(stands.rows, tuple(one for one in differences if one.column not in meant), rounded)


def row_differences(
    output: str, standing_rows: Sequence[Row], rebuilt_rows: Sequence[Row]
) -> tuple[list[Difference], dict[str, int]]:
    """Rows that have no equal on the other side, paired by their key: what differs in which column, and the columns in
    which only rounding differs. The first example names the row's key.
    """
    columns = list((standing_rows or rebuilt_rows or [{}])[0])
    key = [name for name in _KEYS if name in columns]
    ours, theirs = _by_key(standing_rows, key), _by_key(rebuilt_rows, key)
    result = []
    for rows, others, told in (
        (ours, theirs, "stands, but not without the future"),
        (theirs, ours, "does not stand, but would without the future"),
    ):
        alone = [row for one, row in rows.items() if one not in others]
        if alone:
            result.append(Difference(output, "*", len(alone), f"{_named(alone[0], key)} {told}"))
    rounded: dict[str, int] = {}
    pairs = [(row, theirs[one]) for one, row in ours.items() if one in theirs]
    for column in columns:
        unequal = [(a, b) for a, b in pairs if not _same(a[column], b[column])]
        differing = [(a, b) for a, b in unequal if not _rounds(a[column], b[column])]
        if len(unequal) > len(differing):
            rounded[column] = len(unequal) - len(differing)
        if differing:
            a, b = differing[0]
            detail = f"{_named(a, key)}: {a[column]!r} stands, {b[column]!r} without the future"
            result.append(Difference(output, column, len(differing), detail))
    return result, rounded


def _rows_of(graph: AsOfGraph, relation: Relation, table: str, moment: datetime) -> str:
    """The rows of the judged games that belong to ``moment`` or earlier. What the clock moves is left out."""
    listed = ", ".join(f'"{column.name}"' for column in graph.columns[relation])
    conditions = [f"{graph.moments[relation]} <= timestamptz '{moment.isoformat()}'"]
    if graph.has(relation, "decision"):
        conditions.append("decision <> 'current'")
    if graph.has(relation, "game_key"):
        conditions.append("game_key in (select game_key from pg_temp.judged_games)")
    return f"select {listed} from {table} where {' and '.join(conditions)}"


def _checksum(connection: psycopg.Connection, rows: str) -> Standing:
    query = f"select count(*), coalesce(sum(hashtextextended(compared::text, 0)::numeric), 0) from ({rows}) as compared"
    count, checksum = connection.execute(query.encode()).fetchone() or (0, 0)
    return Standing(int(count), int(checksum))


def _alone(connection: psycopg.Connection, rows: str, others: str) -> list[Row]:
    """Rows of the first query that the second does not have."""
    from psycopg.rows import dict_row

    query = f"""
        select compared.* from ({rows}) as compared
        where compared::text not in (select other::text from ({others}) as other)
        order by compared::text
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode()).fetchall()


def _by_key(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple, Row]:
    """Rows under their key; where several share one, their order tells them apart."""
    found: dict[tuple, Row] = {}
    for row in rows:
        one: tuple = tuple(row[name] for name in key)
        while one in found:
            one = (*one, "again")
        found[one] = row
    return found


def _named(row: Row, key: Sequence[str]) -> str:
    return ", ".join(f"{name} {_shown(row[name])}" for name in key if row[name] is not None)


def _shown(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S%z}" if isinstance(value, datetime) else str(value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one.hex() == other.hex()
    return type(one) is type(other) and one == other


def _rounds(one: Any, other: Any) -> bool:
    if not (isinstance(one, float) and isinstance(other, float)) or not (math.isfinite(one) and math.isfinite(other)):
        return False
    return abs(one - other) <= ROUNDING * max(1.0, abs(one), abs(other))
