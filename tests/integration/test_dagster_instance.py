"""Dagster's instance on PostgreSQL: rendered without a secret, pooled, and the stock storage one setting away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from dagster_mlb.defs import prepare_instance
from dagster_mlb.defs.instance import (
    DATABASE_URL_VARIABLE,
    instance_config,
    instance_environment,
    instance_home,
    open_instance,
)
from dagster_mlb.defs.pooled_storage import POOL_SIZE, dispose_pools, pooled_engine
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import dagster_database_url


@pytest.fixture(autouse=True)
def _no_pools_left() -> Iterator[None]:
    yield
    dispose_pools()


@dg.asset
def schedule() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"games": 15})


@dg.asset(deps=[schedule])
def ratings() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"clubs": 30})


def test_runs_and_materializations_are_there_for_the_next_process(database: Settings) -> None:
    with open_instance(database) as instance:
        run_id = dg.materialize([schedule, ratings], instance=instance).run_id
    dispose_pools()

    with open_instance(database) as instance:
        run = instance.get_run_by_id(run_id)
        latest = instance.get_latest_materialization_event(dg.AssetKey("schedule"))

    assert run is not None
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert latest is not None
    assert latest.asset_materialization is not None
    assert latest.asset_materialization.metadata["games"].value == 15


def test_a_run_opens_a_handful_of_connections_for_all_its_events(database: Settings) -> None:
    opened: list[object] = []
    engine = pooled_engine(dagster_database_url(database))
    event.listen(engine, "connect", lambda connection, record: opened.append(connection))

    with open_instance(database) as instance:
        result = dg.materialize([schedule, ratings], instance=instance)
        written = len(instance.all_logs(result.run_id))

    assert written > 15
    assert len(opened) <= POOL_SIZE


def test_all_three_storages_share_one_pool(database: Settings) -> None:
    with open_instance(database) as instance:
        parts = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
        engines = {part._engine for part in parts}  # type: ignore[union-attr]

    assert engines == {pooled_engine(dagster_database_url(database))}


def test_the_stock_storage_is_one_setting_away(database: Settings) -> None:
    stock = database.model_copy(update={"dagster_storage": "stock"})
    with open_instance(stock) as instance:
        result = dg.materialize([schedule], instance=instance)

        assert result.success
        assert isinstance(instance.event_log_storage._engine.pool, NullPool)  # type: ignore[attr-defined]


def test_dagster_yaml_names_a_variable_and_holds_no_password(database: Settings) -> None:
    text = (instance_home(database) / "dagster.yaml").read_text()
    url = dagster_database_url(database)

    assert url not in text
    assert "://" not in text
    assert DATABASE_URL_VARIABLE in text
    assert yaml.safe_load(text) == instance_config(database)


def test_the_home_is_written_again_only_where_it_changed(database: Settings) -> None:
    path = instance_home(database) / "dagster.yaml"
    before = path.stat().st_mtime_ns

    assert instance_home(database) / "dagster.yaml" == path
    assert path.stat().st_mtime_ns == before

    path.write_text("telemetry: {enabled: true}\n")
    instance_home(database)
    assert yaml.safe_load(path.read_text())["telemetry"] == {"enabled": False}


def test_every_environment_has_a_home_of_its_own(database: Settings, tmp_path: Path) -> None:
    homes = {
        instance_home(Settings(environment=name, data_dir=tmp_path))  # type: ignore[arg-type]
        for name in ("demo", "dev", "test", "production")
    }

    assert len(homes) == 4


def test_the_environment_is_as_before_when_the_instance_is_closed(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/somewhere/else")
    with open_instance(database):
        assert os.environ["DAGSTER_HOME"] == instance_environment(database)["DAGSTER_HOME"]

    assert os.environ["DAGSTER_HOME"] == "/somewhere/else"
    assert DATABASE_URL_VARIABLE not in os.environ


def test_a_deployment_is_prepared_by_one_command(
    database: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare_instance, "get_settings", lambda: database)
    prepare_instance.main()

    assert (database.data_dir / "dagster_home" / "test" / "dagster.yaml").exists()
    assert "DAGSTER_HOME is" in capsys.readouterr().out
