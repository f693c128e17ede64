"""Runs of raw assets against a source that misbehaves: what is recorded, what goes on, and what the run's log says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from loopback_source import LoopbackSource, Reply

from dagster_mlb.definitions import build_defs
from dagster_mlb.defs.in_process import run_job
from dagster_mlb.defs.instance import open_instance
from dagster_mlb.defs.pooled_storage import dispose_pools
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

TODAY = "2025-07-15"
VSIN, SBD = dg.AssetKey(["raw_data", "vsin_splits"]), dg.AssetKey(["raw_data", "sbd_odds"])
HEALTH = dg.AssetKey(["operational", "source_health"])
TEAMS = "/mlb_stats/api/v1/teams"
SCHEDULE = "/mlb_stats/api/v1/schedule"
WALL = Reply(status=403, body=b"<html><title>Access denied</title></html>", content_type="text/html")


@pytest.fixture
def source() -> Iterator[LoopbackSource]:
    with LoopbackSource() as served:
        yield served
    dispose_pools()


def at(database: Settings, source: LoopbackSource) -> Settings:
    names = ("vsin", "sbd", "mlb_stats", "odds_api")
    return database.model_copy(update={f"{name}_base_url": f"{source.base_url}/{name}" for name in names})


def materialize(settings: Settings, instance: dg.DagsterInstance, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
    job = build_defs(settings=settings).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance, asset_selection=list(keys), partition_key=TODAY, raise_on_error=False
    )


def checks_of(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    return {(one.asset_key.path[-1], one.check_name): one for one in result.get_asset_check_evaluations()}


def metadata_of(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, object]:
    [made] = [event for event in result.get_asset_materialization_events() if event.asset_key == key]
    return {name: value.value for name, value in made.step_materialization_data.materialization.metadata.items()}


def test_a_source_behind_a_wall_is_recorded_and_its_neighbours_go_on(
    database: Settings, source: LoopbackSource
) -> None:
    source.on("/vsin/betting-splits/", WALL)
    source.on("/sbd/wp-json/adpt/v1/mlb-odds", Reply(body=b"[]"))
    settings = at(database, source)

    with open_instance(settings) as instance:
        result = materialize(settings, instance, VSIN, SBD, HEALTH)
        lines = [entry.message for entry in instance.all_logs(result.run_id)]

    assert result.success
    checks = checks_of(result)
    walled = checks["vsin_splits", "source_health"]
    assert (walled.passed, walled.severity, walled.blocking) == (False, dg.AssetCheckSeverity.WARN, False)
    assert "source=DK" in str(walled.description)
    assert "HTTP 403" in str(walled.description)
    assert checks["sbd_odds", "source_health"].passed
    assert not checks["source_health", "vsin"].passed
    assert checks["source_health", "sbd"].passed

    told = metadata_of(result, VSIN)
    assert (told["answers stored"], told["answers missing"]) == (0, 2)
    assert str(told["health"]).startswith("down · circuit closed · reliability 0.0 % · freshness –")
    assert "| vsin | down |" in str(metadata_of(result, HEALTH)["health"])

    with connect(settings) as connection:
        correlated = [
            row[0]
            for row in connection.execute(
                "select correlation_id from operational.collection_log where source = 'vsin' and run_id = %s",
                [result.run_id],
            )
        ]
    assert len(correlated) >= 2
    for correlation_id in correlated:
        assert any(f"correlation_id={correlation_id}" in line for line in lines), "the run's log names the attempt"


def test_attempts_that_another_one_mended_stand_in_the_runs_log_too(database: Settings, source: LoopbackSource) -> None:
    source.on(SCHEDULE, Reply(status=503), Reply(body=b'{"dates": []}'))
    source.on(TEAMS, Reply(body=b'{"teams": []}'))
    settings = at(database, source)
    with open_instance(settings) as instance:
        defs = build_defs(settings=settings)
        outcome = run_job(settings, defs, "history", days=(date(2025, 7, 13), date(2025, 7, 14)))
        lines = [entry.message for entry in instance.all_logs(outcome.run_id)]

    assert outcome.success, outcome.failures
    with connect(settings) as connection:
        failed = connection.execute(
            "select correlation_id from operational.collection_log where outcome = 'transient'"
        ).fetchall()
    assert failed
    assert all(any(f"correlation_id={row[0]}" in line for line in lines) for row in failed)


def test_a_source_that_comes_back_between_two_tries_is_whole(database: Settings, source: LoopbackSource) -> None:
    down = [Reply(status=503, headers={"retry-after": "0"})] * 3
    source.on("/sbd/wp-json/adpt/v1/mlb-odds", *down, Reply(body=b"[]"))
    settings = at(database, source)

    with open_instance(settings) as instance:
        result = materialize(settings, instance, SBD)

    assert result.success
    assert metadata_of(result, SBD)["answers stored"] == 1
    assert [event.step_key for event in result.all_events if event.event_type_value == "STEP_RESTARTED"]


def test_a_backfill_that_lacks_a_day_fails_and_says_which(database: Settings, source: LoopbackSource) -> None:
    source.on(SCHEDULE, Reply(status=404))
    source.on(TEAMS, Reply(body=b'{"teams": []}'))
    settings = at(database, source)

    outcome = run_job(settings, build_defs(settings=settings), "history", day=date(2025, 7, 13))

    assert not outcome.success
    assert "date=2025-07-13" in outcome.failures["raw_data__mlb_stats_schedule"]
    assert "raw_data/mlb_stats_teams" in outcome.metadata


def test_in_production_what_is_off_is_a_recorded_absence_and_asks_nobody(
    database: Settings, source: LoopbackSource
) -> None:
    settings = at(database, source).model_copy(update={"environment": "production", "enabled_sources": "sbd"})
    source.on("/sbd/wp-json/adpt/v1/mlb-odds", Reply(body=b"[]"))

    with open_instance(settings) as instance:
        result = materialize(settings, instance, VSIN, SBD)

    told = metadata_of(result, VSIN)
    assert told["requests"] == 0
    assert str(told["nothing asked because"]) == (
        "vsin is unofficial and off in production: name it in MLB_ENABLED_SOURCES (now: sbd)"
    )
    assert str(told["health"]).startswith("off")
    assert checks_of(result)["vsin_splits", "source_health"].passed
    assert {asked.path.split("/")[1] for asked in source.asked} == {"sbd"}


def test_the_plan_of_credits_stands_beside_the_prices_in_words(database: Settings, source: LoopbackSource) -> None:
    settings = at(database, source)
    odds = dg.AssetKey(["raw_data", "odds_api_odds"])

    with open_instance(settings) as instance:
        result = materialize(settings, instance, odds)

    told = metadata_of(result, odds)
    assert "MLB_ODDS_API_KEY" in str(told["nothing asked because"])
    assert "- 500 credits in July 2025, 372 planned, 128 kept back" in str(told["credits plan"])
    assert "not captured: players' props" in str(told["credits plan"])
    check = checks_of(result)["odds_api_odds", "source_health"]
    assert not check.passed
    assert "MLB_ODDS_API_KEY" in str(check.description)
    assert source.asked == []


def test_every_ten_minutes_what_moves_is_asked_unless_a_run_is_not_over(database: Settings) -> None:
    settings = Settings(environment="test")  # its clock runs
    defs = build_defs(settings=settings)
    schedule, job = defs.resolve_schedule_def("intraday_schedule"), defs.resolve_job_def("intraday")
    moment = datetime(2025, 7, 15, 23, 50, tzinfo=ZoneInfo("America/New_York"))

    with open_instance(database) as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=moment, repository_def=defs.get_repository_def()
        )
        first = schedule.evaluate_tick(context)
        running = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        second = schedule.evaluate_tick(context)
    dispose_pools()

    assert first.run_requests is not None
    [request] = first.run_requests
    assert (request.partition_key, request.run_key) == ("2025-07-15", "intraday-2025-07-15T23:50")
    assert not second.run_requests
    assert running.run_id in str(second.skip_message)
