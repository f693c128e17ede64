"""dbt's connections to PostgreSQL, kept open from node to node: what belongs here is only that.

dbt opens a connection for every node and closes it behind it. Each costs a process of the server, a login and its cold
catalog caches: a tenth of the time that a day's slate takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def kept_open() -> Iterator[None]:
    """Within it, connections that dbt closes are handed to the node that opens one next; at its end all are closed.

    One dbt run at a time (dbt's own limit in one process). A connection is handed on without a transaction; the role
    that it was opened with stays.
    """
    import psycopg2
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    manager: Any = PostgresConnectionManager
    lock = threading.Lock()
    idle: list[Any] = []
    opened_by_dbt, closed_by_dbt = manager.__dict__["open"], manager.__dict__.get("_close_handle")
    open_anew, close_for_good = manager.open, manager._close_handle

    def open_or_reuse(cls: Any, connection: Any) -> Any:
        with lock:
            handle = idle.pop() if idle and connection.state != ConnectionState.OPEN else None
        if handle is None:
            connection = open_anew(connection)
            connection.handle.commit()  # or a rollback would take the role back
            return connection
        connection.handle, connection.state = handle, ConnectionState.OPEN
        return connection

    def keep(cls: Any, connection: Any) -> None:
        try:
            connection.handle.rollback()  # psycopg2 takes no notice of dbt's own COMMIT: it would begin no transaction
        except (psycopg2.Error, AttributeError):  # broken, or never opened
            close_for_good(connection)
            return
        with lock:
            idle.append(connection.handle)

    manager.open = classmethod(open_or_reuse)
    manager._close_handle = classmethod(keep)
    try:
        yield
    finally:
        manager.open = opened_by_dbt
        if closed_by_dbt is None:
            del manager._close_handle  # it is the base class's
        else:
            manager._close_handle = closed_by_dbt
        for handle in idle:
            handle.close()
