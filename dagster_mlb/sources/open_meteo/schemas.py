"""The wire format of Open-Meteo: hourly weather at places, and errors. Every leaf is optional.

What the names don't say: times are local **without an offset**, ``utc_offset_seconds`` gives it; the arrays of
``hourly`` are parallel to ``time`` and hold nulls where a model has no value; coordinates are those of the grid cell,
not those asked for; one place is an object, several are a list in the order asked, and from the second on each has a
``location_id``; wind direction is where the wind comes from. Before 2023 some names had fewer underscores.
"""

from __future__ import annotations

from dagster_mlb.sources.wire import WireModel

Numbers = list[float | None] | None


class HourlyUnits(WireModel):
    """Units as printed: °F, %, inch, mp/h, °, hPa, and ``wmo code``; ``time`` is iso8601."""

    time: str | None = None
    temperature_2m: str | None = None
    relative_humidity_2m: str | None = None
    precipitation_probability: str | None = None
    precipitation: str | None = None
    wind_speed_10m: str | None = None
    wind_direction_10m: str | None = None
    wind_gusts_10m: str | None = None
    surface_pressure: str | None = None
    cloud_cover: str | None = None
    weather_code: str | None = None


class Hourly(WireModel):
    """Parallel arrays; ``time`` as ``2024-10-25T00:00``."""

    time: list[str] | None = None
    temperature_2m: Numbers = None
    relative_humidity_2m: Numbers = None
    precipitation_probability: Numbers = None
    precipitation: Numbers = None
    wind_speed_10m: Numbers = None
    wind_direction_10m: Numbers = None
    wind_gusts_10m: Numbers = None
    surface_pressure: Numbers = None
    cloud_cover: Numbers = None
    weather_code: Numbers = None


class Place(WireModel):
    """One place's answer; ``elevation`` in metres."""

    latitude: float | None = None
    longitude: float | None = None
    location_id: int | None = None
    generationtime_ms: float | None = None
    utc_offset_seconds: int | None = None
    timezone: str | None = None
    timezone_abbreviation: str | None = None
    elevation: float | None = None
    hourly_units: HourlyUnits | None = None
    hourly: Hourly | None = None


class Error(WireModel):
    """400 for parameters, 429 for too many calls."""

    error: bool | None = None
    reason: str | None = None


def places(document: object) -> list[Place]:
    """The places of an answer, one or several."""
    return [Place.model_validate(item) for item in (document if isinstance(document, list) else [document])]
