"""Runs of the real graph on a real database: the league's days collected, transformed, learned from, and gated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from conftest import _fresh_database
from loopback_source import LoopbackSource, Reply

from dagster_mlb.definitions import build_defs
from dagster_mlb.defs import checks
from dagster_mlb.defs.in_process import RunFailedError, RunOutcome, run_job
from dagster_mlb.defs.instance import open_instance
from dagster_mlb.defs.live_tables import LIVE_TABLES
from dagster_mlb.defs.pooled_storage import dispose_pools
from dagster_mlb.settings import Settings
from dagster_mlb.simulator.demo import DEMO_WORLD
from dagster_mlb.simulator.server import MONTHLY_CREDITS, base_urls, run_league_server
from dagster_mlb.warehouse.connection import connect, with_database
from dagster_mlb.warehouse.held import hold

TODAY = date(2025, 7, 15)
PAST = (date(2025, 7, 12), date(2025, 7, 14))


@dataclass(frozen=True)
class Collected:
    """A warehouse after three past days and the daily run of today."""

    settings: Settings
    defs: dg.Definitions
    history: RunOutcome
    daily: RunOutcome


@pytest.fixture(scope="module")
def collected(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collected]:
    with _fresh_database(server_url, postgres_server) as url, run_league_server(DEMO_WORLD) as league:
        settings = Settings(
            environment="test",
            database_url=url,
            dagster_database_url=with_database(url, url.rpartition("/")[2] + "_dagster"),
            data_dir=tmp_path_factory.mktemp("dagster"),
            fixed_now=DEMO_WORLD.now,
            odds_api_key="league",
            odds_api_monthly_credits=MONTHLY_CREDITS,
            **base_urls(league),
        )
        defs = build_defs(settings=settings)
        history = run_job(settings, defs, "history", days=PAST)
        history.raise_if_failed()
        daily = run_job(settings, defs, "daily", day=TODAY)
        daily.raise_if_failed()
        yield Collected(settings, defs, history, daily)
        dispose_pools()


def materialized_days(settings: Settings, table: str) -> set[str]:
    with open_instance(settings) as instance:
        return set(instance.get_materialized_partitions(dg.AssetKey(["raw_data", table])))


def one(settings: Settings, query: str) -> Any:
    with connect(settings) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_range_of_days_is_one_run_and_every_day_of_it_is_materialized(collected: Collected) -> None:
    assert collected.history.steps == 3
    assert materialized_days(collected.settings, "odds_api_historical_odds") == {
        "2025-07-12",
        "2025-07-13",
        "2025-07-14",
    }
    assert one(collected.settings, "select count(*) from raw_data.odds_api_historical_odds") >= 3 * 2


def test_the_daily_run_asks_for_its_day_alone(collected: Collected) -> None:
    assert materialized_days(collected.settings, "odds_api_odds") == {"2025-07-15"}
    assert "2025-07-15" in materialized_days(collected.settings, "mlb_stats_schedule")


def test_the_daily_run_makes_every_table_right_of_raw(collected: Collected) -> None:
    graph = collected.defs.resolve_asset_graph()
    expected = {key.to_user_string() for key in graph.get_all_asset_keys() if key.path[0] != "raw_data"}

    assert expected <= set(collected.daily.metadata)
    assert collected.daily.skipped == ()


def test_a_materialization_tells_name_rows_and_columns_of_its_table(collected: Collected) -> None:
    told = collected.daily.metadata["raw_data/mlb_stats_schedule"]
    rows = one(collected.settings, "select count(*) from raw_data.mlb_stats_schedule")

    assert told["dagster/table_name"].endswith(".raw_data.mlb_stats_schedule")
    assert told["dagster/row_count"] == rows
    assert {"load_id", "observed_at", "body"} <= {column.name for column in told["dagster/column_schema"].columns}


def test_a_table_of_dbt_tells_its_rows_and_seconds(collected: Collected) -> None:
    told = collected.daily.metadata["curated/enhanced_games"]

    assert told["dagster/row_count"] == one(collected.settings, "select count(*) from curated.enhanced_games") > 0
    assert told["seconds"] >= 0


def test_the_gates_were_asked_and_passed(collected: Collected) -> None:
    assert collected.daily.checks_failed == ()
    with open_instance(collected.settings) as instance:
        records = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [
                dg.AssetCheckKey(dg.AssetKey(["operational", "record_accounting"]), "records_accounted_for"),
                dg.AssetCheckKey(dg.AssetKey(["curated", "enhanced_games"]), "foreign_keys_hold"),
                dg.AssetCheckKey(dg.AssetKey(["curated", "feature_vectors"]), "training_set_meets_expectations"),
                dg.AssetCheckKey(dg.AssetKey(["raw_data", "odds_api_odds"]), "no_simulated_rows"),
            ]
        )
    assert len(records) == 4
    assert {record.status.value for record in records.values()} == {"SUCCEEDED"}


def test_the_runs_are_where_the_ui_looks(collected: Collected) -> None:
    with open_instance(collected.settings) as instance:
        runs = {run.run_id: run for run in instance.get_runs()}

    assert runs[collected.daily.run_id].job_name == "daily"
    assert runs[collected.history.run_id].status == dg.DagsterRunStatus.SUCCESS


def test_a_single_day_is_a_run_too_and_repeats_are_told(collected: Collected) -> None:
    outcome = run_job(collected.settings, collected.defs, "history", day=date(2025, 7, 13))

    assert outcome.success
    assert outcome.materializations == 3
    assert outcome.metadata["raw_data/mlb_stats_schedule"]["answers stored"] == 0
    assert outcome.metadata["raw_data/mlb_stats_schedule"]["unchanged answers"] == 1


def test_some_models_alone_can_be_built_as_the_ui_does(collected: Collected) -> None:
    asset = dg.AssetKey(["staging", "int_team_aliases"])
    with open_instance(collected.settings) as instance:
        result = collected.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=[asset]
        )

    assert result.success
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [asset]


@pytest.mark.prove
def test_dbts_own_command_line_is_the_fallback(collected: Collected) -> None:
    settings = collected.settings.model_copy(update={"dbt_runner": "subprocess"})
    asset = dg.AssetKey(["staging", "teams"])
    with open_instance(settings) as instance:
        result = (
            build_defs(settings=settings)
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(instance=instance, asset_selection=[asset])
        )

    assert result.success
    assert asset in [event.asset_key for event in result.get_asset_materialization_events()]


def test_production_refuses_simulated_rows_and_nothing_right_of_them_runs(collected: Collected) -> None:
    production = collected.settings.model_copy(update={"environment": "production"})
    outcome = run_job(production, build_defs(settings=production), "daily", day=TODAY)

    assert not outcome.success
    assert "raw_data/mlb_stats_schedule: no_simulated_rows" in outcome.checks_failed
    assert not any(table.startswith(("staging", "curated")) for table in outcome.metadata)


def test_without_a_key_a_backfill_fails_and_names_the_setting(collected: Collected) -> None:
    wrong = collected.settings.model_copy(update={"odds_api_key": None})
    backfill = run_job(wrong, build_defs(settings=wrong), "history", day=date(2025, 7, 13))

    assert "MLB_ODDS_API_KEY" in backfill.failures["raw_data__odds_api_historical_odds"]
    assert "raw_data/mlb_stats_schedule" in backfill.metadata
    with pytest.raises(RunFailedError, match="odds_api_historical_odds"):
        backfill.raise_if_failed()


def test_every_source_was_asked_and_is_well(collected: Collected) -> None:
    for table in (table for table in LIVE_TABLES if not table.is_history):
        told = collected.daily.metadata[f"raw_data/{table.name}"]

        assert told["health"].startswith("healthy · circuit closed · reliability 100 %"), table.name
        assert told["requests"] > 0, table.name
        assert told["provenance"] == "simulated"
    assert collected.daily.checks_warned == ()
    assert collected.daily.metadata["operational/source_health"]["in trouble"] == "none"


@pytest.mark.prove  # a whole second run; what it costs without Dagster: test_faults_of_sources
def test_a_source_that_is_down_costs_its_own_rows_and_the_day_goes_on(collected: Collected) -> None:
    wall = Reply(status=403, body=b"<html><title>Access denied</title></html>", content_type="text/html")
    later = collected.settings.now() + timedelta(minutes=20)
    with LoopbackSource() as source:
        source.on("/betting-splits/", wall)
        settings = collected.settings.model_copy(update={"vsin_base_url": source.base_url, "fixed_now": later})
        outcome = run_job(settings, build_defs(settings=settings), "intraday", day=TODAY)

    assert outcome.success, outcome.failures
    assert len(outcome.checks_warned) == 2
    assert all("vsin" in check and "HTTP 403" in check for check in outcome.checks_warned)
    assert outcome.metadata["raw_data/vsin_splits"]["answers missing"] == 2
    assert outcome.metadata["operational/source_health"]["in trouble"] == "vsin"
    assert outcome.metadata["raw_data/sbd_odds"]["requests"] == 1
    assert "has news every 3600 s" in outcome.metadata["raw_data/open_meteo_forecast"]["nothing asked because"]
    assert {"staging/odds_ticks", "staging/betting_splits", "curated/moneylines"} <= set(outcome.metadata)
    assert "curated/predictions" not in outcome.metadata


def test_the_accounts_are_read_and_a_difference_is_told(collected: Collected) -> None:
    settings = collected.settings
    whole = checks.records_accounted_for(settings)
    with connect(settings) as connection:
        connection.execute("update operational.record_accounting set difference = 2 where raw_table like '%schedule'")
    try:
        lacking = checks.records_accounted_for(settings)
    finally:
        with connect(settings) as connection:
            connection.execute("update operational.record_accounting set difference = 0")

    assert whole.passed
    assert whole.metadata["records"].value > 1000
    assert not lacking.passed
    assert lacking.description == "raw_data.mlb_stats_schedule: +2 records"


def test_every_foreign_key_is_vouched_for_by_the_database(collected: Collected) -> None:
    result = checks.foreign_keys_hold(collected.settings)

    assert result.passed
    assert result.metadata["foreign keys"].value >= 10


def test_a_declared_foreign_key_that_is_not_there_fails_the_check(collected: Collected) -> None:
    with connect(collected.settings) as connection:
        connection.execute("alter table curated.moneylines rename constraint fk_moneylines_game_key to another_name")
    lacking = checks.foreign_keys_hold(collected.settings)
    with connect(collected.settings) as connection:
        connection.execute("alter table curated.moneylines rename constraint another_name to fk_moneylines_game_key")

    assert not lacking.passed
    assert lacking.description == "missing: curated.moneylines: fk_moneylines_game_key"


def test_without_a_single_foreign_key_the_check_fails(database: Settings) -> None:
    assert not checks.foreign_keys_hold(database).passed


def test_a_load_that_is_held_back_is_a_warning(database: Settings) -> None:
    assert checks.no_load_waits(database).passed
    with connect(database) as connection:
        hold(connection, 7, "sbr_archive", "short_season", "mlb.xlsx: 3 rows", database.now())

    result = checks.no_load_waits(database)

    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert "mlb.xlsx: 3 rows" in str(result.metadata["reasons"].value)


def test_an_archive_folder_is_loaded_by_season_and_bad_files_warn(database: Settings) -> None:
    folder = database.archive_folder
    folder.mkdir(parents=True)
    (folder / "mlb-odds-2016.xlsx").write_bytes(b"PK\x03\x04 cut short")
    outcome = run_job(database, build_defs(settings=database), "archives", seasons=(2015, 2016))

    assert outcome.success, outcome.failures
    assert outcome.steps == 5
    assert outcome.materializations == 10
    assert outcome.checks_warned == ("raw_data/sbr_archive: files_readable",)
    assert outcome.metadata["raw_data/sbr_archive"]["files refused"] == 1


def test_without_the_folder_of_archives_the_run_says_which_setting_names_it(database: Settings) -> None:
    outcome = run_job(database, build_defs(settings=database), "archives", seasons=(2016, 2016))

    assert "MLB_ARCHIVE_DIR" in outcome.failures["raw_data__sbr_archive"]


def test_a_record_that_is_not_accounted_for_stops_what_is_right_of_it_and_the_old_tables_stay(
    collected: Collected,
) -> None:
    """Last in the file: it leaves a file in raw that promises five records and has none."""
    ratings = "select md5(string_agg(ratings::text, '|' order by ratings::text)) from curated.team_ratings as ratings"
    before = one(collected.settings, ratings)
    with psycopg.connect(collected.settings.database_url.get_secret_value()) as connection:  # type: ignore[union-attr]
        connection.execute(
            """insert into raw_data.archive_files (archive, file_kind, file_name, observed_at, ingested_at,
                   content_hash, byte_length, record_count, body, provenance, run_id)
               values ('mlb_games', 'jsonl', 'lost.jsonl', %(at)s, %(at)s, 'lost', 1, 5, 'x', 'archive', 'test')""",
            {"at": collected.settings.now()},
        )

    outcome = run_job(collected.settings, collected.defs, "rebuild")

    assert not outcome.success
    assert "mlb_files_are_whole" in outcome.failures["dbt_upstream"]
    assert set(outcome.failures) == {"dbt_upstream"}
    assert not {"curated/enhanced_games", "curated/team_ratings", "curated/predictions"} & set(outcome.metadata)
    assert one(collected.settings, ratings) == before


def test_a_range_is_of_one_kind(tmp_path: Path) -> None:
    settings = Settings(environment="test", data_dir=tmp_path)

    with pytest.raises(ValueError, match="not several"):
        run_job(settings, dg.Definitions(), "daily", day=TODAY, days=PAST)


def test_a_run_that_went_through_raises_nothing() -> None:
    outcome = RunOutcome("id", "daily", True, 1.0, 1, 1, 1)

    outcome.raise_if_failed()
    with pytest.raises(RunFailedError, match="no step says why"):
        replace(outcome, success=False).raise_if_failed()
