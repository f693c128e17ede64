"""The Dagster instance: its home folder with a dagster.yaml, rendered from settings, without a secret in it.

The address of Dagster's database holds a password, so the file names an environment variable, and
``instance_environment`` gives its value to the processes that need it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import dagster_database_url

if TYPE_CHECKING:
    from dagster import DagsterInstance

DATABASE_URL_VARIABLE = "MLB_DAGSTER_PG_URL"
SOURCES_LOGGER = "dagster_mlb.sources"
# A range of partitions materialised in one step writes an event for each: these are written together.
EVENT_BATCH_SIZE = 500


def instance_config(settings: Settings) -> dict[str, Any]:
    """The content of dagster.yaml."""
    address = {"postgres_url": {"env": DATABASE_URL_VARIABLE}}
    if settings.dagster_storage == "pooled":
        storage: dict[str, Any] = {
            "custom": {
                "module": "dagster_mlb.defs.pooled_storage",
                "class": "PooledPostgresStorage",
                "config": address,
            }
        }
    else:
        storage = {"postgres": address}
    return {
        "storage": storage,
        # What the polite client says of each failed attempt stands in the run's own log, under the correlation id of
        # operational.collection_log.
        "python_logs": {"managed_python_loggers": [SOURCES_LOGGER], "python_log_level": "INFO"},
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 180,
            "max_runtime_seconds": 7200,
            # Without it a cancelled run holds its place in a pool for ever.
            "free_slots_after_run_end_seconds": 60,
        },
        # For crashed workers only; steps retry by themselves what is worth retrying.
        "run_retries": {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False},
        "concurrency": {
            # One at a time per source and for dbt: a source is asked politely, and two dbt runs share table names.
            "pools": {"granularity": "op", "default_limit": 1},
            "runs": {"max_concurrent_runs": 4},
        },
        "freshness": {"enabled": True},
        "retention": {
            "schedule": {"purge_after_days": 30},
            "sensor": {"purge_after_days": {"skipped": 7, "failure": 30, "success": 30}},
        },
    }


def instance_home(settings: Settings) -> Path:
    """The folder for DAGSTER_HOME, made where it is missing, its dagster.yaml written anew where settings changed."""
    import yaml  # type: ignore[import-untyped]

    home = settings.data_dir / "dagster_home" / settings.environment
    home.mkdir(parents=True, exist_ok=True)
    text = "# Written by the platform from its settings: changes made here are lost.\n"
    text += yaml.safe_dump(instance_config(settings), sort_keys=False)
    path = home / "dagster.yaml"
    if not path.exists() or path.read_text() != text:
        written = path.with_suffix(f".{os.getpid()}")
        written.write_text(text)
        written.replace(path)
    return home.resolve()


def instance_environment(settings: Settings) -> dict[str, str]:
    """What a Dagster process of this platform needs in its environment. It holds a password: never log it."""
    return {
        "DAGSTER_HOME": str(instance_home(settings)),
        "DAGSTER_EVENT_BATCH_SIZE": str(EVENT_BATCH_SIZE),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        DATABASE_URL_VARIABLE: dagster_database_url(settings),
    }


@contextmanager
def open_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """The instance that the web server shows too. The environment is as before when it is closed."""
    from dagster import DagsterInstance

    wanted = instance_environment(settings)
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with DagsterInstance.from_config(wanted["DAGSTER_HOME"]) as instance:
            yield instance
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
