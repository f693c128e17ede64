"""Days and seasons as partitions, and what the daily schedule asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from dagster_mlb.definitions import build_defs
from dagster_mlb.defs.asking import CADENCE, LOOK, NO_LOOK, RESPECTED, crons, looks, reason_not_to_ask
from dagster_mlb.defs.jobs import LOOK_RAW
from dagster_mlb.defs.live_tables import LIVE_TABLES
from dagster_mlb.defs.partitions import SEASON_PARTITIONS, daily_partitions, days_of, official_today, unbroken_ranges
from dagster_mlb.settings import Settings

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> Settings:
    return Settings(environment="test", fixed_now=datetime.fromisoformat(text))


def tick(settings: Settings, moment: datetime, schedule: str = "daily_schedule") -> dg.RunRequest | str:
    """What a schedule asks for at a moment, or why it asks for nothing."""
    defs = build_defs(settings=settings)
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=defs.get_repository_def())
    data = defs.resolve_schedule_def(schedule).evaluate_tick(context)
    if not data.run_requests:
        return str(data.skip_message)
    [request] = data.run_requests
    return request


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

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-07-15"
    assert request.run_key == "daily-2025-07-15"
    assert request.tags[LOOK] == NO_LOOK, "the morning's run spends no credits: the plan's looks do"


def test_on_a_clock_that_stands_still_the_schedule_asks_for_its_day() -> None:
    request = tick(at("2025-07-15T16:00:00+00:00"), datetime(2026, 11, 20, 11, tzinfo=UTC))

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-07-15"


def test_prices_are_looked_at_when_the_months_plan_does() -> None:
    settings = Settings(environment="test")
    assert crons(looks(settings)) == ["0 12 * * *", "30 18 * * *"]
    request = tick(settings, datetime(2025, 7, 15, 18, 30, tzinfo=NEW_YORK), "odds_looks")

    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2025-07-15", "odds-2025-07-15-1830")
    assert request.tags[LOOK] == "18:30"


def test_a_longer_month_may_have_fewer_looks_and_its_tick_says_so() -> None:
    """540 credits are 19 a day in February and 17 in July: three looks at 6 credits each, and two."""
    settings = Settings(environment="test", odds_api_monthly_credits=540)
    assert len(looks(settings)) == 3

    assert isinstance(tick(settings, datetime(2025, 2, 15, 21, 30, tzinfo=NEW_YORK), "odds_looks"), dg.RunRequest)
    assert tick(settings, datetime(2025, 7, 15, 21, 30, tzinfo=NEW_YORK), "odds_looks") == (
        "the plan of July 2025 has no look at 21:30 New York"
    )


def test_without_credits_for_a_look_a_day_there_is_no_schedule_of_looks() -> None:
    defs = build_defs(settings=Settings(environment="test", odds_api_monthly_credits=20))

    assert {schedule.name for schedule in defs.schedules or ()} == {"daily_schedule", "intraday_schedule"}


def test_what_a_look_may_ask_is_what_the_plan_has_at_its_moment() -> None:
    rich = Settings(
        environment="test", odds_api_monthly_credits=20_000, fixed_now=datetime(2025, 7, 15, 16, tzinfo=UTC)
    )
    by_name = {table.name: table for table in LIVE_TABLES}

    def asked(look: str) -> set[str]:
        return {name for name in LOOK_RAW if reason_not_to_ask(rich, by_name[name], {LOOK: look}) is None}

    assert asked("18:30") == {"odds_api_odds", "odds_api_scores", "odds_api_events", "odds_api_event_odds"}
    assert asked("13:00") == {"odds_api_odds", "odds_api_events"}
    assert asked(NO_LOOK) == {"odds_api_events"}


def test_the_intraday_job_keeps_to_the_cadence_of_each_source() -> None:
    assert build_defs(settings=Settings(environment="test")).resolve_job_def("intraday").tags[CADENCE] == RESPECTED


def test_what_moves_costs_no_credits() -> None:
    assert all(table.paid_as is None for table in LIVE_TABLES if table.moves)


@pytest.mark.parametrize("schedule", ["daily_schedule", "odds_looks", "intraday_schedule"])
@pytest.mark.parametrize(
    ("environment", "status"), [("production", "RUNNING"), ("dev", "STOPPED"), ("demo", "STOPPED")]
)
def test_only_production_runs_by_itself(environment: str, status: str, schedule: str) -> None:
    settings = Settings(environment=environment)  # type: ignore[arg-type]

    assert build_defs(settings=settings).resolve_schedule_def(schedule).default_status.value == status
