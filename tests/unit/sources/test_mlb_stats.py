"""What is asked of the MLB Stats API, and whether its recorded answers are what its schemas say."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dagster_mlb.sources.mlb_stats import schemas
from dagster_mlb.sources.mlb_stats.client import POLICY, schedule_request, teams_request
from dagster_mlb.sources.wire import WireModel, unknown_fields


def recorded(path: Path) -> Any:
    """The body of a recording; those named pe_* stand in an envelope."""
    document = json.loads(path.read_bytes())
    return document["response"] if path.name.startswith("pe_") else document


def test_a_schedule_is_asked_by_official_date_with_what_staging_needs() -> None:
    request = schedule_request(date(2025, 7, 4), capture="backfilled")
    assert request.request_key == (
        "GET /api/v1/schedule?date=2025-07-04&hydrate=team,linescore,probablePitcher,venue,gameInfo&sportId=1"
    )
    assert request.official_date == date(2025, 7, 4)
    assert (request.endpoint, request.capture) == ("schedule", "backfilled")


def test_teams_are_asked_by_season_and_belong_to_no_day() -> None:
    request = teams_request(2024, capture="backfilled")
    assert request.request_key == "GET /api/v1/teams?season=2024&sportId=1"
    assert request.official_date is None


def test_the_source_is_asked_at_most_ten_times_a_second() -> None:
    assert POLICY.min_interval_s >= 0.1
    assert POLICY.concurrency <= 4


def test_every_field_of_a_game_may_be_absent() -> None:
    schedule = schemas.Schedule.model_validate({"dates": [{"games": [{"teams": {"home": {}}}]}]})
    assert schedule.dates is not None
    assert schedule.dates[0].games is not None
    assert schedule.dates[0].games[0].game_pk is None


def test_a_field_nobody_knows_is_named_by_its_path() -> None:
    body = {"dates": [{"games": [{"gamePk": 1, "robotUmpire": True, "teams": {"home": {"mascot": "x"}}}]}]}
    schedule = schemas.Schedule.model_validate(body)
    assert sorted(unknown_fields(schedule)) == ["dates[].games[].robotUmpire", "dates[].games[].teams.home.mascot"]


def test_a_field_of_another_type_is_seen() -> None:
    with pytest.raises(ValidationError, match="gamePk"):
        schemas.Game.model_validate({"gamePk": "not a number"})


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("pattern", "model"),
    [
        ("*_schedule_*.json", schemas.Schedule),
        ("dsm_schedule*.json", schemas.Schedule),
        ("*_teams*.json", schemas.Teams),
        ("dsm_linescore.json", schemas.Linescore),
        ("zs_error_*.json", schemas.Error),
    ],
)
def test_recorded_answers_hold_nothing_the_schemas_do_not_know(
    wire_dir: Path, pattern: str, model: type[WireModel]
) -> None:
    files = sorted((wire_dir / "mlb_stats_api").glob(pattern))
    assert files
    for path in files:
        assert sorted(set(unknown_fields(model.model_validate(recorded(path))))) == [], path.name


@pytest.mark.real_data
def test_a_recorded_postponement_is_read_as_what_it_is(wire_dir: Path) -> None:
    body = recorded(wire_dir / "mlb_stats_api" / "zs_schedule_2022-04-07.json")
    schedule = schemas.Schedule.model_validate(body)
    games = [game for day in schedule.dates or [] for game in day.games or []]
    [moved] = [game for game in games if game.game_pk == 661333]
    assert moved.status is not None
    assert (moved.status.status_code, moved.status.abstract_game_state) == ("DI", "Final")
    assert moved.official_date == date(2022, 4, 8)
    assert moved.reschedule_date == datetime(2022, 4, 8, 17, 5, tzinfo=UTC)
    assert moved.teams is not None
    assert moved.teams.home is not None
    assert moved.teams.home.score is None
