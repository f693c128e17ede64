"""The errors of the warehouse, each a message for the person who runs the platform: what, where, what to do."""

from __future__ import annotations


class WarehouseUnavailableError(RuntimeError):
    """No database can be reached or started. The message names host, port and database, never a password."""


class WarehouseTooNewError(RuntimeError):
    """The database was migrated by a newer version of the code than this one."""

    def __init__(self, database_revision: str, code_revision: str, database: str) -> None:
        self.database_revision = database_revision
        self.code_revision = code_revision
        super().__init__(
            f"Database {database} stands at revision {database_revision}, which this code does not know (it "
            f"knows up to {code_revision}). Migrations only go forward: update the code, or restore a backup "
            f"made at revision {code_revision} or before, or use another database (MLB_DATABASE_URL, MLB_ENVIRONMENT)."
        )
