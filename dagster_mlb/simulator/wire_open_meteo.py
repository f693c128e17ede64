"""Open-Meteo's JSON of the league's weather: places on a grid, parallel hourly arrays, nulls where nothing is known.

The forecast is that of the world's clock; the historical forecast strings together the first hours of each run (every
six hours); the archive is what was, five days late. A place is the nearest ballpark's weather: the league has no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import weather
from dagster_mlb.simulator.parks import Park
from dagster_mlb.simulator.schedule import DAY, HOUR, utc
from dagster_mlb.simulator.streams import Streams
from dagster_mlb.simulator.weather import Hours
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.open_meteo.ballparks import ballparks

ARCHIVE_LAG: Final = 5 * DAY
RUN_EVERY: Final = 6 * HOUR
GRID: Final = 0.0625  # degrees


@dataclass(frozen=True)
class Query:
    """A validated request. Days are local to ``zone``, both included; one place per coordinate."""

    latitudes: Sequence[float]
    longitudes: Sequence[float]
    variables: Sequence[str]
    first: date
    last: date
    zone: ZoneInfo
    fahrenheit: bool
    wind_unit: str
    inch: bool


# name → (unit, decimals, values)
_PLAIN: Final[dict[str, tuple[str, int, Callable[[Hours], NDArray[Any]]]]] = {
    "relative_humidity_2m": ("%", 0, lambda hours: hours.humidity),
    "precipitation_probability": ("%", 0, lambda hours: hours.precipitation_probability),
    "wind_direction_10m": ("°", 0, lambda hours: hours.wind_from),
    "surface_pressure": ("hPa", 1, lambda hours: hours.pressure),
    "cloud_cover": ("%", 0, lambda hours: hours.cloud_cover),
    "weather_code": ("wmo code", 0, lambda hours: hours.weather_code),
}
WIND_UNITS: Final = {"kmh": ("km/h", 1.609344), "ms": ("m/s", 0.44704), "mph": ("mp/h", 1.0), "kn": ("kn", 0.868976)}
VARIABLES: Final = frozenset({*_PLAIN, "temperature_2m", "precipitation", "wind_speed_10m", "wind_gusts_10m"})


def answer(world: World, query: Query, kind: str) -> Any:
    """The document: an object for one place, a list for several."""
    found = [
        _place(world, query, kind, latitude, longitude, number)
        for number, (latitude, longitude) in enumerate(zip(query.latitudes, query.longitudes, strict=True))
    ]
    return found[0] if len(found) == 1 else found


def nearest_park(latitude: float, longitude: float) -> Park:
    """The park next to a coordinate, however far."""
    shrink = np.cos(np.radians(latitude))
    return min(
        ballparks().values(),
        key=lambda park: (park.latitude - latitude) ** 2 + ((park.longitude - longitude) * shrink) ** 2,
    )


def _place(world: World, query: Query, kind: str, latitude: float, longitude: float, number: int) -> dict[str, Any]:
    park = nearest_park(latitude, longitude)
    midnight = datetime(query.first.year, query.first.month, query.first.day, tzinfo=query.zone)
    offset = int((midnight.utcoffset() or timedelta()).total_seconds())
    start = midnight.timestamp()
    count = 24 * ((query.last - query.first).days + 1)
    hours, is_known = _hours(world, park, start, count, kind)
    units: dict[str, str] = {"time": "iso8601"}
    # All times are told at the offset that the answer states, also past a change of the clocks.
    told: dict[str, Any] = {
        "time": [utc(start + offset + hour * HOUR).strftime("%Y-%m-%dT%H:%M") for hour in range(count)]
    }
    for name in query.variables:
        units[name], values = _values(name, hours, query, kind)
        told[name] = [value if known else None for value, known in zip(values, is_known.tolist(), strict=True)]
    place: dict[str, Any] = {"latitude": _on_grid(latitude), "longitude": _on_grid(longitude)}
    if number:
        place["location_id"] = number
    return place | {
        # Milliseconds that the answer took: never twice the same, which makes every answer news.
        "generationtime_ms": round(0.05 + (world.moment * 0.618 + number * 0.37) % 0.9, 6),
        "utc_offset_seconds": offset,
        "timezone": "GMT" if query.zone.key == "UTC" else query.zone.key,
        "timezone_abbreviation": "GMT" if query.zone.key == "UTC" else midnight.tzname(),
        "elevation": round(park.elevation_ft * 0.3048),
        "hourly_units": units,
        "hourly": told,
    }


def _hours(world: World, park: Park, start: float, count: int, kind: str) -> tuple[Hours, NDArray[np.bool_]]:
    """The hours asked for and which of them the service has."""
    streams: Streams = world.league.streams
    at = start + np.arange(count) * HOUR
    if kind == "archive":
        return weather.as_forecast(streams, park, start, count, world.moment), at <= world.moment - ARCHIVE_LAG
    if kind == "forecast":
        return weather.as_forecast(streams, park, start, count, world.moment), np.ones(count, dtype=bool)
    return _first_hours_of_runs(streams, park, start, count, world.moment), at <= world.moment + 16 * DAY


def _first_hours_of_runs(streams: Streams, park: Park, start: float, count: int, moment: float) -> Hours:
    """Each hour as the last run at or before it had it; runs to come are the last one there is."""
    parts: list[Hours] = []
    at = start
    end = start + count * HOUR
    while at < end:
        run = at // RUN_EVERY * RUN_EVERY
        until = min(end, run + RUN_EVERY)
        issued = min(run, moment)
        parts.append(weather.as_forecast(streams, park, at, round((until - at) / HOUR), issued))
        at = until
    names = [name for name in Hours.__dataclass_fields__ if name != "start"]
    return Hours(start=start, **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _values(name: str, hours: Hours, query: Query, kind: str) -> tuple[str, list[float | int | None]]:
    """(unit, values) of a variable in the units asked for."""
    if name in _PLAIN:
        unit, decimals, take = _PLAIN[name]
        values = take(hours)
    elif name == "temperature_2m":
        unit, decimals = ("°F", 1) if query.fahrenheit else ("°C", 1)
        values = hours.temperature if query.fahrenheit else (hours.temperature - 32) / 1.8
    elif name == "precipitation":
        unit, decimals = ("inch", 3) if query.inch else ("mm", 2)
        values = hours.precipitation * (1.0 if query.inch else 25.4)
    else:
        unit, factor = WIND_UNITS[query.wind_unit]
        decimals = 1
        values = (hours.wind_speed if name == "wind_speed_10m" else hours.wind_gusts) * factor
    if kind == "archive" and name == "precipitation_probability":
        return unit, [None] * len(values)  # what was, has no probability
    rounded = np.round(values, decimals)
    return unit, (rounded.astype(int) if decimals == 0 else rounded).tolist()


def _on_grid(degrees: float) -> float:
    return round(round(degrees / GRID) * GRID, 6)
