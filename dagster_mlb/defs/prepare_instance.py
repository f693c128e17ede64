"""``python -m dagster_mlb.defs.prepare_instance``: what must be there before web server and daemon start elsewhere.

The warehouse migrated, Dagster's database made, dagster.yaml written into the data folder.
"""

from __future__ import annotations

from dagster_mlb.defs.instance import instance_home
from dagster_mlb.settings import get_settings
from dagster_mlb.warehouse.connection import dagster_database_url
from dagster_mlb.warehouse.prepare import prepare


def main() -> None:
    settings = get_settings()
    prepare(settings)
    dagster_database_url(settings)
    print(f"prepared; DAGSTER_HOME is {instance_home(settings)}")


if __name__ == "__main__":
    main()
