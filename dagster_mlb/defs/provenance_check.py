"""The gate against generated data: where the environment is production, no simulated row may stand in raw."""

from collections.abc import Sequence

import dagster as dg

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

NAME = "no_simulated_rows"
ARCHIVES_SQL = "select load_id from raw_data.archive_files where archive = %s and provenance = 'simulated' limit 5"


def simulated_rows_spec(key: Sequence[str]) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        NAME,
        asset=list(key),
        blocking=True,
        description="In production every row must come from a real source; elsewhere this only says what is there.",
    )


def no_simulated_rows(settings: Settings, key: Sequence[str], *, archive: str | None = None) -> dg.AssetCheckResult:
    """Looks through one raw table, or through the files of one archive. Fails in production alone."""
    from psycopg import sql

    with connect(settings) as connection:
        if archive is not None:
            found = connection.execute(ARCHIVES_SQL, [archive]).fetchall()
        else:
            query = sql.SQL("select load_id from {} where provenance = 'simulated' limit 5")
            found = connection.execute(query.format(sql.Identifier(*key))).fetchall()
    loads = [row[0] for row in found]
    return dg.AssetCheckResult(
        check_name=NAME,
        asset_key=list(key),
        passed=not (loads and settings.environment == "production"),
        metadata={
            "environment": settings.environment,
            "simulated loads, for example": ", ".join(map(str, loads)) or "none",
        },
    )
