"""Open-Meteo: what is asked for which parks, and the models of its format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources.open_meteo import client, collect
from dagster_mlb.sources.open_meteo.ballparks import ballparks, parks_of_season
from dagster_mlb.sources.open_meteo.schemas import Error, places
from dagster_mlb.sources.wire import unknown_fields

PARKS = [ballparks()[venue_id] for venue_id in (3313, 19)]
ANSWER = {
    "latitude": 40.8125,
    "longitude": -73.9375,
    "generationtime_ms": 0.1,
    "utc_offset_seconds": 0,
    "timezone": "GMT",
    "timezone_abbreviation": "GMT",
    "elevation": 17.0,
    "hourly_units": {"time": "iso8601", "temperature_2m": "°F"},
    "hourly": {"time": ["2025-07-16T00:00"], "temperature_2m": [None]},
}


def test_several_parks_are_one_request_in_their_order_and_imperial_units() -> None:
    request = client.forecast_request(PARKS)
    assert request.params["latitude"] == "40.82919,39.75604"
    assert request.params["longitude"] == "-73.92648,-104.99414"
    assert {request.params[f"{name}_unit"] for name in ("temperature", "wind_speed", "precipitation")} == {
        "fahrenheit",
        "mph",
        "inch",
    }
    assert (request.params["timezone"], request.capture) == ("UTC", "captured")
    assert request.params["hourly"].split(",") == list(client.VARIABLES)
    assert "latitude=40.82919,39.75604" in request.request_key


@pytest.mark.parametrize(("kind", "path"), [("historical_forecast", "/v1/forecast"), ("archive", "/v1/archive")])
def test_past_days_are_always_a_backfill(kind: client.Kind, path: str) -> None:
    request = client.past_request(kind, PARKS, date(2025, 7, 1), date(2025, 7, 3))
    assert (request.path, request.capture, request.endpoint) == (path, "backfilled", kind)
    assert (request.params["start_date"], request.params["end_date"]) == ("2025-07-01", "2025-07-03")


def test_what_was_has_no_probability() -> None:
    asked = client.past_request("archive", PARKS, date(2025, 7, 1), date(2025, 7, 1)).params["hourly"]
    assert "precipitation_probability" not in asked
    assert "precipitation," in asked


def test_requests_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="no ballpark"):
        client.forecast_request([])
    with pytest.raises(ValueError, match="after the last day"):
        client.past_request("archive", PARKS, date(2025, 7, 2), date(2025, 7, 1))
    with pytest.raises(ValueError, match="no answer about past days"):
        client.past_request("forecast", PARKS, date(2025, 7, 1), date(2025, 7, 1))
    with pytest.raises(ValueError, match=r"venue id 999999: add it to seeds/ballparks\.csv"):
        collect.collect_forecast(Settings(environment="test"), [999999], run_id="run-1")


def test_each_host_is_a_source_of_its_own() -> None:
    assert {client.policy(kind).source for kind in client.TABLES} == {
        "open_meteo_forecast",
        "open_meteo_historical_forecast",
        "open_meteo_archive",
    }


def test_the_parks_of_a_season_are_those_of_its_clubs() -> None:
    seasons = {year: parks_of_season(year) for year in (2024, 2025, 2026)}
    assert {year: len(parks) for year, parks in seasons.items()} == {2024: 30, 2025: 31, 2026: 30}
    assert all(len({park.home_team_id for park in parks}) == 30 for parks in seasons.values())
    of_2024, of_2025, of_2026 = ({park.venue_id for park in parks} for parks in seasons.values())
    assert of_2024 - of_2025 == {10}  # Oakland
    assert of_2025 - of_2024 == {2529, 2523}  # Sacramento, Steinbrenner Field beside Tropicana Field
    assert of_2025 - of_2026 == {2523}


def test_a_roof_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    seed = Path(collect.__file__).parents[3] / "dbt_project" / "seeds" / "ballparks.csv"
    broken = tmp_path / "ballparks.csv"
    broken.write_text(seed.read_text(encoding="utf-8").replace(",dome,", ",tent,"), encoding="utf-8")
    with pytest.raises(ValueError, match="ballpark 12: roof 'tent'"):
        ballparks.__wrapped__(broken)


def test_long_ranges_and_many_parks_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = []
    monkeypatch.setattr(collect, "collect", lambda settings, plan, run_id: plans.append(plan))
    now = datetime(2025, 1, 20, 12, tzinfo=UTC)
    settings = Settings(environment="test", fixed_now=now)
    collect.collect_archive(settings, date(2024, 11, 20), date(2025, 1, 19), run_id="run-1")
    ranges = [(r.params["start_date"], r.params["end_date"]) for r in plans[0].requests]
    # Some thirty parks in two parts; never two seasons in one request; nothing that the reanalysis has not reached.
    assert ranges == [
        *[("2024-11-20", "2024-12-20")] * 2,
        *[("2024-12-21", "2024-12-31")] * 2,
        *[("2025-01-01", "2025-01-15")] * 2,
    ]
    collect.collect_historical_forecast(settings, date(2025, 1, 18), date(2025, 1, 19), [19], run_id="run-1")
    assert [r.params["latitude"] for r in plans[1].requests] == ["39.75604"]
    collect.collect_archive(settings, date(2025, 1, 16), date(2025, 1, 19), run_id="run-1")
    assert plans[2].requests == []


def test_one_place_and_several_are_read_alike_and_new_fields_are_seen() -> None:
    assert [place.latitude for place in places(ANSWER)] == [40.8125]
    two = places([ANSWER, ANSWER | {"location_id": 1}])
    assert list(unknown_fields(two)) == []
    drifted = places(ANSWER | {"model": "x", "hourly": ANSWER["hourly"] | {"dew_point_2m": [1.0]}})  # type: ignore[operator]
    assert list(unknown_fields(drifted)) == ["[].model", "[].hourly.dew_point_2m"]
    assert Error.model_validate({"error": True, "reason": "no"}).reason == "no"
