"""Alembic's entry: runs the revisions on the connection that ``warehouse.migrate`` hands over. Never offline."""

from __future__ import annotations

from alembic import context

from dagster_mlb.warehouse.migrate import VERSION_SCHEMA, VERSION_TABLE

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("Run migrations with `mlb db migrate`: the alembic command has no connection of its own here.")
context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema=VERSION_SCHEMA)
context.run_migrations()
