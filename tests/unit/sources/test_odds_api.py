"""What is asked of The Odds API, and whether its recorded answers are what its schemas say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.odds_api import schemas
from dagster_mlb.sources.odds_api.client import (
    OddsMoment,
    historical_odds_request,
    odds_request,
    scores_request,
    secret_params,
)
from dagster_mlb.sources.wire import unknown_fields


def test_odds_are_asked_in_american_format_for_the_featured_markets() -> None:
    assert odds_request().request_key == (
        "GET /v4/sports/baseball_mlb/odds?dateFormat=iso&markets=h2h,spreads,totals&oddsFormat=american&regions=us"
    )
    assert odds_request().capture == "captured"


def test_named_bookmakers_take_the_place_of_regions() -> None:
    request = odds_request(bookmakers=["pinnacle", "fanduel"])
    assert request.params["bookmakers"] == "pinnacle,fanduel"
    assert "regions" not in request.params


def test_historical_odds_are_asked_for_a_moment_in_utc_and_are_always_a_backfill() -> None:
    noon_in_new_york = datetime(2024, 7, 4, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-4)))
    request = historical_odds_request(noon_in_new_york)
    assert request.params["date"] == "2024-07-04T16:00:00Z"
    assert request.request_key.startswith("GET /v4/historical/sports/baseball_mlb/odds?date=2024-07-04T16:00:00Z&")
    assert request.capture == "backfilled"


def test_historical_odds_can_be_narrowed_to_the_games_of_a_range() -> None:
    noon, night = datetime(2024, 7, 4, 16, tzinfo=UTC), datetime(2024, 7, 5, 4, tzinfo=UTC)
    params = historical_odds_request(OddsMoment(noon, noon, night)).params
    assert (params["commenceTimeFrom"], params["commenceTimeTo"]) == ("2024-07-04T16:00:00Z", "2024-07-05T04:00:00Z")
    assert "commenceTimeTo" not in historical_odds_request(OddsMoment(noon, noon)).params


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        historical_odds_request(datetime(2024, 7, 4, 12))  # noqa: DTZ001


def test_scores_reach_back_one_to_three_days() -> None:
    assert scores_request(None).request_key == "GET /v4/sports/baseball_mlb/scores?dateFormat=iso"
    assert scores_request(3).params["daysFrom"] == "3"
    for days in (0, 4, -1):
        with pytest.raises(ValueError, match="1 to 3 days"):
            scores_request(days)


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_without_a_key_the_setting_is_named(key: str | None) -> None:
    settings = Settings(environment="test", odds_api_key=SecretStr(key) if key is not None else None)
    with pytest.raises(SourceNotConfiguredError, match="MLB_ODDS_API_KEY"):
        secret_params(settings)


def test_the_key_is_taken_without_the_line_end_of_the_file_it_came_from() -> None:
    params = secret_params(Settings(environment="test", odds_api_key=SecretStr("abc123\n")))
    assert params["apiKey"].get_secret_value() == "abc123"
    assert "abc123" not in repr(params)


def test_scores_and_historical_odds_are_read_as_documented() -> None:
    [event] = schemas.SCORES.validate_python(
        [
            {
                "id": "a" * 32,
                "commence_time": "2025-07-15T23:05:00Z",
                "completed": True,
                "scores": [{"name": "New York Yankees", "score": "5"}],
                "last_update": None,
            }
        ]
    )
    assert event.scores is not None
    assert event.scores[0].score == "5"
    snapshot = schemas.HistoricalOdds.model_validate(
        {"timestamp": "2024-07-04T15:55:38Z", "previous_timestamp": None, "next_timestamp": None, "data": []}
    )
    assert snapshot.timestamp == datetime(2024, 7, 4, 15, 55, 38, tzinfo=UTC)
    assert schemas.Error.model_validate({"message": "m", "error_code": "INVALID_KEY"}).error_code == "INVALID_KEY"


@pytest.mark.real_data
def test_recorded_odds_hold_nothing_the_schemas_do_not_know(wire_dir: Path) -> None:
    files = sorted((wire_dir / "odds_api").glob("odds_*.json"))
    assert files
    for path in files:
        events = schemas.ODDS.validate_python(json.loads(path.read_bytes()))
        assert events
        assert sorted(set(unknown_fields(events))) == [], path.name
        for event in events:
            assert event.id is not None
            assert len(event.id) == 32
            for book in event.bookmakers or []:
                for market in book.markets or []:
                    has_line = {outcome.point is not None for outcome in market.outcomes or []}
                    assert has_line == {market.key != "h2h"}
