"""What every command and every run asks for first: a warehouse that is there, migrated, and knows what time it is."""

from __future__ import annotations

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.migrate import migrate

_SET_CLOCK = """
    insert into operational.clock (now_at) values (%s)
    on conflict (is_singleton) do update set now_at = excluded.now_at
"""


def prepare(settings: Settings) -> None:
    """Server up, database there, migrated, and ``operational.clock`` at ``settings.now()`` (UTC).

    Idempotent; some 10 ms where nothing is to be done. Raises WarehouseUnavailableError or WarehouseTooNewError.
    """
    migrate(settings)
    with connect(settings) as connection:
        connection.execute(_SET_CLOCK, [settings.now()])
