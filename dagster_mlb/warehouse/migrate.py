"""Forward-only migrations of raw_data and operational (staging and curated belong to dbt and to publish_frame).

A revision is a pair ``migrations/versions/r<number>_<name>.py`` and ``<number>_<name>.sql``; numbers have four digits
and grow by one. ``public.schema_version`` holds the number the database stands at.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import database_url, open_connection, place_of
from dagster_mlb.warehouse.errors import WarehouseTooNewError

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
VERSION_SCHEMA = "public"
VERSION_TABLE = "schema_version"
_ADVISORY_LOCK = 6_251_876_001  # any number, the same for all who migrate one database


def code_revisions() -> list[str]:
    """The revisions that this code knows, oldest first, from the names of the files."""
    return sorted(path.name[1:5] for path in (MIGRATIONS / "versions").glob("r[0-9][0-9][0-9][0-9]_*.py"))


def database_revision(connection: psycopg.Connection) -> str | None:
    """The revision that the database stands at; None for one that was never migrated. ``connection`` in autocommit."""
    try:
        query = sql.SQL("select version_num from {}").format(sql.Identifier(VERSION_SCHEMA, VERSION_TABLE))
        row = connection.execute(query).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return str(row[0]) if row else None


def migrate(settings: Settings) -> str:
    """Bring the database to the newest revision and return it. Idempotent; any number of processes may do it at once.

    Costs one query where nothing is to be done. Raises WarehouseTooNewError where the database is ahead of the code.
    """
    url = database_url(settings)
    with open_connection(url) as connection:
        if _is_current(connection, url):
            return code_revisions()[-1]
        _upgrade(connection, url)
    return code_revisions()[-1]


def _is_current(connection: psycopg.Connection, url: str) -> bool:
    known = code_revisions()
    stands_at = database_revision(connection)
    if stands_at is not None and stands_at not in known:
        raise WarehouseTooNewError(stands_at, known[-1], place_of(url))
    return stands_at == known[-1]


def _upgrade(waiting: psycopg.Connection, url: str) -> None:
    """All missing revisions in one transaction: they all stand, or none. ``waiting`` holds the lock meanwhile."""
    import alembic.command
    import alembic.config
    import sqlalchemy

    waiting.execute("select pg_advisory_lock(%s)", [_ADVISORY_LOCK])
    try:
        if _is_current(waiting, url):  # somebody else did it while we waited
            return
        config = alembic.config.Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        engine = sqlalchemy.create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=sqlalchemy.pool.NullPool
        )
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")
    finally:
        waiting.execute("select pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
