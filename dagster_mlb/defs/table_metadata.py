"""What the database says of a table, as metadata of a materialization: name, exact row count, columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

_COLUMNS_SQL = """
select table_schema, table_name, column_name, data_type, is_nullable = 'YES',
    col_description(format('%%I.%%I', table_schema, table_name)::regclass, ordinal_position)
from information_schema.columns
where (table_schema, table_name) in (select * from unnest(%s::text[], %s::text[]))
order by table_schema, table_name, ordinal_position
"""


def table_metadata(settings: Settings, keys: Iterable[Sequence[str]], *, columns: bool = True) -> dict[tuple, dict]:
    """``(schema, table)`` → ``dagster/table_name``, ``dagster/row_count`` and ``dagster/column_schema``.

    Tables that are not there are left out. One connection and two queries, whatever the number of tables.
    """
    from psycopg import sql

    wanted = list(dict.fromkeys((key[0], key[1]) for key in keys))
    if not wanted:
        return {}
    found: dict[tuple, dict[str, Any]] = {}
    with connect(settings) as connection:
        database = connection.info.dbname
        described: dict[tuple, list[dg.TableColumn]] = {}
        schemas, tables = [key[0] for key in wanted], [key[1] for key in wanted]
        for schema, table, name, kind, nullable, comment in connection.execute(_COLUMNS_SQL, [schemas, tables]):
            column = dg.TableColumn(name, kind, comment, dg.TableColumnConstraints(nullable=nullable))
            described.setdefault((schema, table), []).append(column)
        there = [key for key in wanted if key in described]
        if there:
            counting = sql.SQL(" union all ").join(
                sql.SQL("select {}::text, {}::text, count(*) from {}").format(*key, sql.Identifier(*key))
                for key in there
            )
            for schema, table, count in connection.execute(counting):
                found[schema, table] = {
                    "dagster/table_name": f"{database}.{schema}.{table}",
                    "dagster/row_count": count,
                }
                if columns:
                    found[schema, table]["dagster/column_schema"] = dg.TableSchema(described[schema, table])
    return found


def one_table(settings: Settings, schema: str, table: str) -> dict[str, Any]:
    """The metadata of one table; empty where it is not there."""
    return table_metadata(settings, [(schema, table)]).get((schema, table), {})
