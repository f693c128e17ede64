"""Weather from Open-Meteo's answers to typed hours and to games: units, zones, nulls, known_at, the wind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import parks, weather
from dagster_mlb.simulator.schedule import HOUR, SeasonPlan, utc
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.collect import collect_schedule
from dagster_mlb.sources.open_meteo import client
from dagster_mlb.sources.open_meteo.collect import collect_archive, collect_forecast, collect_historical_forecast
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.staged_bodies import put, rows, stage
from tests.integration.world import Server, fresh_database

NOW = datetime(2025, 5, 9, 14, 20, tzinfo=UTC)
WORLD = World(seed=9, plans=(SeasonPlan(2025, date(2025, 4, 28), date(2025, 5, 12)),), now=NOW)
HOURS = "staging.stg_open_meteo__hours"
BRONX = {"latitude": "40.82919", "longitude": "-73.92648"}
IMPERIAL = {
    "time": "iso8601",
    "temperature_2m": "°F",
    "relative_humidity_2m": "%",
    "precipitation": "inch",
    "wind_speed_10m": "mp/h",
    "wind_direction_10m": "°",
    "surface_pressure": "hPa",
    "weather_code": "wmo code",
}


def place(hourly: Any, units: dict[str, str] | None = None, **others: Any) -> dict[str, Any]:
    return {
        "latitude": 40.8125,
        "longitude": -73.9375,
        "utc_offset_seconds": 0,
        "hourly_units": IMPERIAL if units is None else units,
        "hourly": hourly,
    } | others


def put_forecast(settings: Settings, document: Any, params: dict[str, str] | None = None) -> int:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return put(settings, "open_meteo_forecast", body, path="/v1/forecast", params=BRONX if params is None else params)


def test_hours_are_typed_whatever_the_answers_form(database: Settings) -> None:
    told = {
        "one place": place(
            {
                "time": ["2025-05-09T18:00", "2025-05-09T19:00", "2025-05-09T20:00"],
                "temperature_2m": [71.5, None, 69],
                "relative_humidity_2m": [50, None],  # shorter than the hours
                "wind_speed_10m": [8.1, None, 7.0, 99.0],  # longer
                "weather_code": [3, None, 61],
            }
        ),
        "metric, in New York's time, with the names of 2022": place(
            {
                "time": ["2025-05-09T14:00"],
                "temperature_2m": [20.0],
                "windspeed_10m": [10.0],
                "precipitation": [2.54],
                "relativehumidity_2m": [40],
            },
            units={"temperature_2m": "°C", "windspeed_10m": "km/h", "precipitation": "mm", "relativehumidity_2m": "%"},
            utc_offset_seconds=-14400,
        ),
        "kelvin": place({"time": ["2025-05-09T18:00"], "temperature_2m": [295.0]}, units={"temperature_2m": "K"}),
        "no units": place({"time": ["2025-05-09T18:00"], "temperature_2m": [70.0]}, units={}),
        "words": place({"time": ["2025-05-09T18:00", "noon"], "temperature_2m": ["warm", 70.0]}),
        "no offset": place({"time": ["2025-05-09T18:00"], "temperature_2m": [70.0]}, utc_offset_seconds=None),
        "too hot": place({"time": ["2025-05-09T18:00"], "temperature_2m": [700.0]}),
        "beyond any unit": place(
            {"time": ["2025-05-09T18:00"], "temperature_2m": [1e308], "weather_code": [1e12]},
            units={"temperature_2m": "°C", "weather_code": "wmo code"},
        ),
        "no hours": place({"temperature_2m": [70.0]}),
        "an error that came with status 200": {"error": True, "reason": "Daily API request limit exceeded."},
        "no JSON": b"<html>",
        "a number": 5,
        "nothing": [],
    }
    prepare(database)
    loads = {name: put_forecast(database, document) for name, document in told.items()}
    stage(database, "+stg_open_meteo__hours")
    found = rows(database, f"select load_id, record_number, disposition, rule, reason from {HOURS} order by 1, 2")
    names = {load: name for name, load in loads.items()}
    assert [(names[load], number, disposition, rule) for load, number, disposition, rule, _ in found] == [
        ("one place", 1, "staged", None),
        ("one place", 2, "out_of_scope", "no_values"),
        ("one place", 3, "staged", None),
        ("metric, in New York's time, with the names of 2022", 1, "staged", None),
        ("kelvin", 1, "quarantined", "unit_not_known"),
        ("no units", 1, "quarantined", "unit_not_known"),
        ("words", 1, "quarantined", "invalid_value"),
        ("words", 2, "quarantined", "invalid_time"),
        ("no offset", 1, "quarantined", "missing_offset"),
        ("too hot", 1, "quarantined", "value_out_of_range"),
        ("beyond any unit", 1, "quarantined", "invalid_value"),
        ("no hours", 1, "quarantined", "no_hours"),
        ("an error that came with status 200", 1, "quarantined", "no_hours"),
        ("no JSON", 1, "quarantined", "unreadable"),
        ("a number", 1, "quarantined", "no_hours"),
    ]
    reasons = {names[load]: reason for load, _, _, _, reason in found}
    assert reasons["kelvin"] == "temperature_2m in K"
    assert reasons["no units"] == "temperature_2m without a unit"
    assert reasons["an error that came with status 200"] == "Daily API request limit exceeded."
    values = f"""select venue_id, kind, valid_at, round(temperature_f::numeric, 3), humidity_pct,
                        round(wind_speed_mph::numeric, 3), round(precipitation_in::numeric, 3), weather_code, known_at
                 from {HOURS} where load_id = %s and disposition = 'staged' order by record_number"""
    seen = NOW.replace(year=2025, month=7, day=15, hour=16, minute=0, second=1)  # the clock of the database's settings
    six = datetime(2025, 5, 9, 18, tzinfo=UTC)
    assert [list(map(_plain, row)) for row in rows(database, values, [loads["one place"]])] == [
        [3313, "forecast", six, 71.5, 50.0, 8.1, None, 3, seen],
        [3313, "forecast", six + timedelta(hours=2), 69.0, None, 7.0, None, 61, seen],
    ]
    [metric] = rows(database, values, [loads["metric, in New York's time, with the names of 2022"]])
    assert list(map(_plain, metric)) == [3313, "forecast", six, 68.0, 40.0, 6.214, 0.1, None, seen]
    assert _counted(database) == len(found)


def _plain(value: Any) -> Any:
    return float(value) if type(value).__name__ == "Decimal" else value


def _counted(settings: Settings) -> int:
    """The records of all forecasts, counted from the documents by two paths: hours, and places without any."""
    [(count,)] = rows(
        settings,
        """
        select sum(case when document is null then 1 else
            (select count(*) from jsonb_path_query(document, 'lax $[*] ? (1 == 1).hourly.time[*]'))
            + (select count(*) from jsonb_path_query(document, 'lax $[*] ? (1 == 1) ? (!exists(@.hourly.time[*]))'))
            end)
        from (select raw_data.json_of(body) as document from raw_data.open_meteo_forecast) as bodies
        """,
    )
    return int(count)


def test_places_are_tied_to_the_park_that_was_asked_for(database: Settings) -> None:
    hour = {"time": ["2025-05-09T18:00"], "temperature_2m": [70.0]}
    prepare(database)
    asked = {"latitude": "39.75604,52.52", "longitude": "-104.99414,13.41"}
    put_forecast(database, [place(hour, latitude=0, longitude=0), place(hour, latitude=0, longitude=0)], asked)
    put_forecast(database, place(hour), {"places": "not named in the request"})
    put_forecast(database, place(hour, latitude=None), {"places": "nowhere"})
    stage(database, "+stg_open_meteo__hours")
    assert rows(
        database, f"select venue_id, latitude, longitude, rule from {HOURS} order by load_id, record_number"
    ) == [
        (19, 39.75604, -104.99414, None),
        (None, 52.52, 13.41, None),
        (3313, 40.8125, -73.9375, None),
        (None, None, -73.9375, "missing_place"),
    ]


def test_a_place_that_was_left_out_moves_no_other_to_its_park(database: Settings) -> None:
    """Denver, the Bronx and Queens were asked for; an answer of fewer, or in another order, is told by its own grid."""
    hour = {"time": ["2025-05-09T18:00"], "temperature_2m": [70.0]}
    prepare(database)
    asked = {"latitude": "39.75604,40.82919,40.75754", "longitude": "-104.99414,-73.92648,-73.84559"}
    denver = place(hour, latitude=39.75, longitude=-105.0)
    new_york, nowhere = place(hour), place(hour, latitude=-39.75, longitude=105.0)
    for answer in ([denver, new_york, new_york], [new_york, new_york], [new_york, denver], [nowhere, new_york]):
        put_forecast(database, answer, asked)
    stage(database, "+stg_open_meteo__hours")
    found = rows(database, f"select load_id, venue_id, rule from {HOURS} order by load_id, record_number")
    told: dict[int, list[tuple[int, str | None]]] = {}
    for load, venue, rule in found:
        told.setdefault(load, []).append((venue, rule))
    assert list(told.values()) == [
        [(19, None), (3313, None), (3289, None)],
        # Two parks of one city are one place of the grid: the first cannot be told from the second.
        [(3313, None), (3313, "hour_twice")],
        [(3313, None), (19, None)],
        [(19, None), (3313, None)],
    ]


# ---------------------------------------------------------------- the league's, up to the games


@pytest.fixture(scope="module")
def league(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Schedule, forecast of now, forecasts of then and the archive of the league, staged and tied to games."""
    folder = tmp_path_factory.mktemp("weather")
    with fresh_database(Server(server_url, postgres_server), folder, NOW) as empty, run_league_server(WORLD) as url:
        addresses = {f"open_meteo_{kind}_base_url": f"{url}/open_meteo/{kind}" for kind in client.TABLES}
        wanted = addresses | {"mlb_stats_base_url": f"{url}/mlb_stats"}
        settings = Settings.model_validate(empty.model_dump() | wanted)
        prepare(settings)
        for result in (
            collect_schedule(settings, date(2025, 4, 28), date(2025, 5, 12), run_id="run-1"),
            collect_forecast(settings, run_id="run-1"),
            collect_historical_forecast(settings, date(2025, 5, 1), date(2025, 5, 8), run_id="run-1"),
            collect_archive(settings, date(2025, 4, 28), date(2025, 5, 9), run_id="run-1"),
        ):
            result.raise_if_failed()
        stage(settings, "+weather")
        yield settings


def test_every_hour_of_the_league_is_accounted_for(league: Settings) -> None:
    counts = rows(
        league, f"select kind, disposition, rule, count(*), count(distinct venue_id) from {HOURS} group by 1, 2, 3"
    )
    assert sorted(counts, key=str) == [
        ("archive", "out_of_scope", "no_values", 31 * 9, 31),  # 4 May from 15:00 on
        ("archive", "staged", None, 31 * (6 * 24 + 15), 31),
        ("forecast", "staged", None, 31 * 72, 31),
        ("historical_forecast", "staged", None, 31 * 8 * 24, 31),
    ]
    assert _counted(league) == 31 * 72


def test_a_games_weather_is_that_of_its_park_and_hour(league: Settings) -> None:
    """Against the league's truth: the forecast of the hour of the scheduled first pitch, and the wind out."""
    season = WORLD.league.season(2025)
    games = {1_000_000_000_000 + x.game_pk: x for x in season.listings if x.is_played_as_of(NOW.timestamp())}
    found = rows(
        league,
        """select game_key, venue_id, first_hour_at, temperature_f, wind_speed_mph, wind_direction_deg, wind_out_mph,
                  roof, is_roofed, known_at, hours_told, game_precipitation_in
           from staging.weather where source = 'open_meteo_forecast'""",
    )
    coming = {key: game for key, game in games.items() if NOW.timestamp() < game.start < NOW.timestamp() + 2 * 86400}
    assert set(coming) <= {row[0] for row in found}
    assert len(coming) > 15
    roofed = {"open": False, "retractable": True, "dome": True}
    for key, venue_id, first_hour, temperature, speed, direction, out, roof, is_roofed, known_at, hours, rain in found:
        park = parks.park_of_game(games[key])
        assert (venue_id, roof, is_roofed, known_at) == (park.venue_id, park.roof, roofed[park.roof], NOW)
        assert first_hour == utc(games[key].start // HOUR * HOUR)
        truth = weather.as_forecast(WORLD.league.streams, park, first_hour.timestamp(), 4, NOW.timestamp())
        assert temperature == pytest.approx(truth.temperature[0], abs=0.051)
        if park.roof == "dome":
            assert out is None
        else:
            assert out == pytest.approx(weather.wind_out(park, speed, direction), abs=1e-9)
        if hours == 4:
            assert rain == pytest.approx(truth.precipitation.sum(), abs=0.003)


def test_wind_from_behind_the_plate_blows_out_and_from_the_right_to_the_left(league: Settings) -> None:
    """Of many games at parks that lie all ways: the sign of both parts by where the wind comes from."""
    told = rows(
        league,
        """select wind_direction_deg - azimuth_deg as from_centre_field, wind_out_mph, wind_to_right_mph
           from staging.weather join staging.int_game_parks using (game_key)
           where weather.roof <> 'dome' and wind_speed_mph > 1""",
    )
    assert len(told) > 100
    turned = [(float(angle) % 360, out, right) for angle, out, right in told]
    from_behind = [out for angle, out, _ in turned if 120 < angle < 240]
    from_centre = [out for angle, out, _ in turned if angle < 60 or angle > 300]
    from_right = [right for angle, _, right in turned if 30 < angle < 150]
    assert min(len(from_behind), len(from_centre), len(from_right)) > 10
    assert min(from_behind) > 0 > max(from_centre)
    assert max(from_right) < 0


def test_nothing_backfilled_is_known_before_its_time(league: Settings) -> None:
    assert rows(
        league,
        """select source, count(*) > 10, max(hours_told), bool_and(capture = 'backfilled'),
                  min(known_at - first_hour_at - (hours_told - 1) * interval '1 hour'),
                  max(known_at - first_hour_at - (hours_told - 1) * interval '1 hour')
           from staging.weather where source <> 'open_meteo_forecast' group by 1 order by 1""",
    ) == [
        ("open_meteo_archive", True, 4, True, timedelta(days=5), timedelta(days=5)),
        ("open_meteo_historical_forecast", True, 1, True, timedelta(0), timedelta(0)),
    ]


def test_a_game_that_moves_takes_its_weather_anew_and_a_rerun_changes_nothing(league: Settings) -> None:
    before = rows(league, "select * from staging.weather order by game_key, source, known_at")
    stage(league, "weather")
    assert rows(league, "select * from staging.weather order by game_key, source, known_at") == before
    game_key, first_hour = rows(
        league,
        """select game_key, first_hour_at from staging.weather
           where source = 'open_meteo_forecast' and hours_told = 4 order by game_key limit 1""",
    )[0]
    moved = "update staging.games set scheduled_start_at = scheduled_start_at + interval '1 hour' where game_key = %s"
    assert rows(league, moved + " returning game_key", [game_key]) == [(game_key,)]
    stage(league, "int_game_parks", "weather")
    assert rows(
        league,
        """select first_hour_at, temperature_f = (
               select temperature_f from staging.stg_open_meteo__hours as hours
               where hours.venue_id = weather.venue_id and hours.valid_at = first_hour_at and kind = 'forecast')
           from staging.weather where game_key = %s and source = 'open_meteo_forecast'""",
        [game_key],
    ) == [(first_hour + timedelta(hours=1), True)]
    # Where no source tells of its new hour, what was told of the old one does not stay.
    away = "update staging.games set scheduled_start_at = scheduled_start_at + interval '90 days' where game_key = %s"
    rows(league, away + " returning game_key", [game_key])
    stage(league, "int_game_parks", "weather")
    after = rows(league, "select * from staging.weather order by game_key, source, known_at")
    assert after == [row for row in before if row[0] != game_key]
