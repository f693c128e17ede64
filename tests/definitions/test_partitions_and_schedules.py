"""Days and seasons as partitions, and what the daily schedule asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from dagster_mlb.definitions import build_defs
from dagster_mlb.defs.partitions import SEASON_PARTITIONS, daily_partitions, days_of, official_today, unbroken_ranges
from dagster_mlb.settings import Settings

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> Settings:
    return Settings(environment="test", fixed_now=datetime.fromisoformat(text))


def tick(settings: Settings, moment: datetime) -> dg.RunRequest:
    defs = build_defs(settings=settings)
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=defs.get_repository_def())
    requests = defs.resolve_schedule_def("daily_schedule").evaluate_tick(context).run_requests
    assert requests is not None
    assert len(requests) == 1
    return requests[0]


def test_the_official_day_is_new_yorks() -> None:
    assert official_today(at("2025-07-16T03:59:00+00:00")) == date(2025, 7, 15)
    assert official_today(at("2025-07-16T04:00:00+00:00")) == date(2025, 7, 16)


def test_todays_partition_is_there_from_midnight_and_tomorrows_is_not() -> None:
    keys = daily_partitions(at("2025-07-15T16:00:00+00:00")).get_partition_keys()

    assert keys[0] == "2023-01-01"
    assert keys[-1] == "2025-07-15"


def test_on_the_running_clock_todays_partition_is_there_too() -> None:
    partitions = daily_partitions(Settings(environment="test"))
    now = datetime(2025, 7, 15, 0, 30, tzinfo=NEW_YORK)

    assert partitions.get_partition_keys(current_time=now)[-1] == "2025-07-15"


def test_seasons_reach_from_2009_to_2027() -> None:
    assert SEASON_PARTITIONS.get_partition_keys()[0] == "2009"
    assert SEASON_PARTITIONS.get_partition_keys()[-1] == "2027"


def test_days_become_unbroken_ranges() -> None:
    days = days_of(["2025-07-04", "2025-07-01", "2025-07-02"])

    assert unbroken_ranges(days) == [(date(2025, 7, 1), date(2025, 7, 2)), (date(2025, 7, 4), date(2025, 7, 4))]
    assert unbroken_ranges([]) == []


def test_the_schedule_asks_for_the_official_day_of_its_tick() -> None:
    request = tick(Settings(environment="test"), datetime(2025, 7, 15, 6, tzinfo=NEW_YORK))

    assert request.partition_key == "2025-07-15"
    assert request.run_key == "daily-2025-07-15"


def test_on_a_clock_that_stands_still_the_schedule_asks_for_its_day() -> None:
    request = tick(at("2025-07-15T16:00:00+00:00"), datetime(2026, 11, 20, 11, tzinfo=UTC))

    assert request.partition_key == "2025-07-15"


@pytest.mark.parametrize(
    ("environment", "status"), [("production", "RUNNING"), ("dev", "STOPPED"), ("demo", "STOPPED")]
)
def test_only_production_runs_every_day_by_itself(environment: str, status: str) -> None:
    settings = Settings(environment=environment)  # type: ignore[arg-type]
    schedule = build_defs(settings=settings).resolve_schedule_def("daily_schedule")

    assert schedule.default_status.value == status
