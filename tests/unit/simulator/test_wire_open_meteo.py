"""The league's Open-Meteo: its three hosts answer the client's requests, refuse the rest, and never tell the future."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator import parks, weather
from dagster_mlb.simulator.schedule import HOUR, SeasonPlan
from dagster_mlb.simulator.server import create_app
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.open_meteo import client as open_meteo
from dagster_mlb.sources.open_meteo.schemas import places
from dagster_mlb.sources.wire import unknown_fields

NOW = datetime(2025, 5, 9, 16, 20, tzinfo=UTC)
WORLD = World(seed=9, plans=(SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 12)),), now=NOW)
PARKS = [parks.park(venue_id) for venue_id in (3313, 19, 12)]
PLACE = {"latitude": "40.83", "longitude": "-73.93", "hourly": "temperature_2m"}
FORECAST = "/open_meteo/forecast/v1/forecast"
HISTORICAL = "/open_meteo/historical_forecast/v1/forecast"
ARCHIVE = "/open_meteo/archive/v1/archive"


@pytest.fixture(scope="module")
def http() -> TestClient:
    return TestClient(create_app(WORLD))


def ask(http: TestClient, path: str, params: dict[str, str]) -> Any:
    answer = http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_several_places_are_a_list_in_the_order_asked_with_the_fields_of_the_format(http: TestClient) -> None:
    request = open_meteo.forecast_request(PARKS)
    told = ask(http, f"/open_meteo/forecast{request.path}", dict(request.params))
    assert [place.get("location_id") for place in told] == [None, 1, 2]
    assert [abs(place["latitude"] - park.latitude) < 0.05 for place, park in zip(told, PARKS, strict=True)] == [
        True
    ] * 3
    assert list(unknown_fields(places(told))) == []
    hourly = told[0]["hourly"]
    assert list(hourly) == ["time", *open_meteo.VARIABLES]
    assert {len(values) for values in hourly.values()} == {24 * open_meteo.FORECAST_DAYS}
    assert hourly["time"][0] == "2025-05-09T00:00"
    units = {"temperature_2m": "°F", "wind_speed_10m": "mp/h", "precipitation": "inch", "weather_code": "wmo code"}
    assert {name: told[0]["hourly_units"][name] for name in units} == units
    assert all(isinstance(code, int) for code in hourly["weather_code"])


def test_the_forecast_is_that_of_the_clock(http: TestClient) -> None:
    told = ask(http, FORECAST, PLACE | {"temperature_unit": "fahrenheit", "forecast_days": "2"})
    start = datetime(2025, 5, 9, tzinfo=UTC).timestamp()
    forecast = weather.as_forecast(WORLD.league.streams, PARKS[0], start, 48, NOW.timestamp())
    assert told["hourly"]["temperature_2m"] == pytest.approx(forecast.temperature, abs=0.051)
    later = TestClient(create_app(WORLD.at(datetime(2025, 5, 10, 4, tzinfo=UTC))))
    day = {"start_date": "2025-05-10", "end_date": "2025-05-10", "temperature_unit": "fahrenheit"}
    assert ask(http, FORECAST, PLACE | day)["hourly"] != ask(later, FORECAST, PLACE | day)["hourly"]


def test_celsius_kilometres_and_millimetres_are_the_defaults(http: TestClient) -> None:
    variables = {"hourly": "temperature_2m,wind_speed_10m,wind_gusts_10m,precipitation"}
    metric = ask(http, FORECAST, PLACE | variables)
    imperial_units = {"temperature_unit": "fahrenheit", "wind_speed_unit": "mph", "precipitation_unit": "inch"}
    imperial = ask(http, FORECAST, PLACE | variables | imperial_units)
    assert metric["hourly_units"] == {
        "time": "iso8601",
        "temperature_2m": "°C",
        "wind_speed_10m": "km/h",
        "wind_gusts_10m": "km/h",
        "precipitation": "mm",
    }
    for name, factor, offset, size in (
        ("temperature_2m", 1.8, 32, 0.15),
        ("wind_speed_10m", 0.621371, 0, 0.1),
        ("precipitation", 1 / 25.4, 0, 0.002),
    ):
        turned = [value * factor + offset for value in metric["hourly"][name]]
        assert imperial["hourly"][name] == pytest.approx(turned, abs=size)
    assert len(metric["hourly"]["time"]) == 7 * 24


def test_what_was_comes_five_days_late_as_null(http: TestClient) -> None:
    days = {"start_date": "2025-05-04", "end_date": "2025-05-05", "temperature_unit": "fahrenheit"}
    told = ask(http, ARCHIVE, PLACE | days)["hourly"]["temperature_2m"]
    reached = 17  # hours of 4 May up to 16:00
    assert told[reached:] == [None] * (48 - reached)
    start = datetime(2025, 5, 4, tzinfo=UTC).timestamp()
    assert told[:reached] == pytest.approx(
        weather.as_it_was(WORLD.league.streams, PARKS[0], start, reached).temperature, abs=0.051
    )
    told = ask(http, ARCHIVE, PLACE | days | {"hourly": "precipitation_probability"})["hourly"]
    assert set(told["precipitation_probability"]) == {None}


def test_the_historical_forecast_is_the_last_run_before_each_hour(http: TestClient) -> None:
    days = {"start_date": "2025-05-07", "end_date": "2025-05-07", "temperature_unit": "fahrenheit"}
    told = ask(http, HISTORICAL, PLACE | days)["hourly"]["temperature_2m"]
    start = datetime(2025, 5, 7, tzinfo=UTC).timestamp()
    for hour in (0, 5, 6, 23):
        run = start + hour // 6 * 6 * HOUR
        forecast = weather.as_forecast(WORLD.league.streams, PARKS[0], start + hour * HOUR, 1, run)
        assert told[hour] == pytest.approx(forecast.temperature[0], abs=0.051)


def test_a_future_drawn_otherwise_changes_no_answer() -> None:
    other = World(seed=9, plans=WORLD.plans, now=NOW, redrawn_after=NOW, later_seed=10)
    one, two = TestClient(create_app(WORLD)), TestClient(create_app(other))
    days = {"start_date": "2025-05-05", "end_date": "2025-05-12"}
    for path, params in ((FORECAST, {}), (HISTORICAL, days), (ARCHIVE, days | {"end_date": "2025-05-09"})):
        assert ask(one, path, PLACE | params) == ask(two, path, PLACE | params)


def test_local_times_have_no_offset_and_the_answer_states_it(http: TestClient) -> None:
    day = {"start_date": "2025-05-09", "end_date": "2025-05-09"}
    utc = ask(http, FORECAST, PLACE | day)
    local = ask(http, FORECAST, PLACE | day | {"timezone": "America/New_York"})
    auto = ask(http, FORECAST, PLACE | day | {"timezone": "auto"})
    assert (local["utc_offset_seconds"], local["timezone_abbreviation"]) == (-14400, "EDT")
    assert (utc["utc_offset_seconds"], utc["timezone"]) == (0, "GMT")
    assert local["hourly"] == auto["hourly"]
    assert local["hourly"]["time"][0] == "2025-05-09T00:00"
    assert local["hourly"]["temperature_2m"][0] == utc["hourly"]["temperature_2m"][4]


@pytest.mark.parametrize(
    ("path", "params", "reason"),
    [
        (FORECAST, {"latitude": ""}, "Value of type 'Double' required for key 'latitude'."),
        (FORECAST, {"longitude": "east"}, "Value of type 'Double' required for key 'longitude'."),
        (FORECAST, {"latitude": "91"}, "Latitude must be in range of -90 to 90°. Given: 91.0."),
        (FORECAST, {"latitude": "40,41"}, "same number of elements"),
        (FORECAST, {"hourly": "weather_codes"}, "from invalid String value weather_codes."),
        (FORECAST, {"timezone": "Mars"}, "Invalid timezone"),
        (FORECAST, {"timezone": "America/Nowhere"}, "Invalid timezone"),
        (FORECAST, {"wind_speed_unit": "knots"}, "from invalid String value knots."),
        (FORECAST, {"forecast_days": "17"}, "'forecast_days' is out of allowed range"),
        (FORECAST, {"past_days": "-1"}, "'past_days' is out of allowed range"),
        (FORECAST, {"start_date": "2025-05-01", "end_date": "2025-06-01"}, "'end_date' is out of allowed range"),
        (ARCHIVE, {}, "'start_date' and 'end_date' must be set"),
        (ARCHIVE, {"start_date": "2025-05-02", "end_date": "2025-05-01"}, "larger or equals"),
        (ARCHIVE, {"start_date": "05/02/2025", "end_date": "2025-05-01"}, "Invalid date format"),
        (ARCHIVE, {"start_date": "1939-12-31", "end_date": "2025-05-01"}, "'start_date' is out of allowed range"),
        (HISTORICAL, {"start_date": "2020-12-31", "end_date": "2025-05-01"}, "'start_date' is out of allowed range"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    http: TestClient, path: str, params: dict[str, str], reason: str
) -> None:
    answer = http.get(path, params=PLACE | params)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert reason in answer.json()["reason"]
