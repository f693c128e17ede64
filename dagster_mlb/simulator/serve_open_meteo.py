"""Routes of Open-Meteo, under ``/open_meteo``: one host of the source each, told apart by the first part of the path.

``/open_meteo/forecast/v1/forecast``, ``/open_meteo/historical_forecast/v1/forecast`` and
``/open_meteo/archive/v1/archive``. What is asked wrongly is refused with 400 and a reason, as the service does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dagster_mlb.simulator import wire_open_meteo
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.wire_open_meteo import Query
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

MAX_FORECAST_DAYS, MAX_PAST_DAYS = 16, 92
EARLIEST = {"forecast": 0, "historical_forecast": 2021, "archive": 1940}


class RefusedError(Exception):
    """A request that the service does not answer; the message is its reason."""


def routes(world: World) -> list[BaseRoute]:
    """The three hosts' routes."""
    from starlette.routing import Route

    def endpoint(kind: str) -> Any:
        async def hourly(request: Request) -> Response:
            try:
                document, status = wire_open_meteo.answer(world, parse(request.query_params, kind, world), kind), 200
            except RefusedError as refused:
                document, status = {"error": True, "reason": str(refused)}, 400
            return json_answer(document, status)

        return hourly

    return [
        Route("/open_meteo/forecast/v1/forecast", endpoint("forecast")),
        Route("/open_meteo/historical_forecast/v1/forecast", endpoint("historical_forecast")),
        Route("/open_meteo/archive/v1/archive", endpoint("archive")),
    ]


def parse(query: Mapping[str, str], kind: str, world: World) -> Query:
    """The request, checked. Raises RefusedError with the reason."""
    latitudes, longitudes = _degrees(query, "latitude", 90), _degrees(query, "longitude", 180)
    if len(latitudes) != len(longitudes):
        raise RefusedError("Parameter 'latitude' and 'longitude' must have the same number of elements")
    variables = [name for name in query.get("hourly", "").split(",") if name]
    for name in variables:
        if name not in wire_open_meteo.VARIABLES:
            raise RefusedError(
                "Data corrupted at path ''. Cannot initialize SurfacePressureAndHeightVariable<VariableAndPreviousDay, "
                f"ForecastPressureVariable, ForecastHeightVariable> from invalid String value {name}."
            )
    zone = _zone(query.get("timezone", "GMT"), latitudes[0], longitudes[0])
    wind_unit = _choice(query, "wind_speed_unit", "kmh", tuple(wire_open_meteo.WIND_UNITS))
    first, last = _days(query, kind, world, zone)
    return Query(
        latitudes=latitudes,
        longitudes=longitudes,
        variables=variables,
        first=first,
        last=last,
        zone=zone,
        fahrenheit=_choice(query, "temperature_unit", "celsius", ("celsius", "fahrenheit")) == "fahrenheit",
        wind_unit=wind_unit,
        inch=_choice(query, "precipitation_unit", "mm", ("mm", "inch")) == "inch",
    )


def _degrees(query: Mapping[str, str], name: str, limit: int) -> list[float]:
    if not query.get(name):
        raise RefusedError(f"Value of type 'Double' required for key '{name}'.")
    try:
        values = [float(part) for part in query[name].split(",")]
    except ValueError:
        raise RefusedError(f"Value of type 'Double' required for key '{name}'.") from None
    for value in values:
        if not -limit <= value <= limit:
            raise RefusedError(f"{name.capitalize()} must be in range of -{limit} to {limit}°. Given: {value}.")
    return values


def _zone(name: str, latitude: float, longitude: float) -> ZoneInfo:
    if name in ("GMT", "UTC"):
        return ZoneInfo("UTC")
    if name == "auto":
        return ZoneInfo(wire_open_meteo.nearest_park(latitude, longitude).time_zone)
    if not re.fullmatch(r"[A-Za-z]+(/[A-Za-z_+\-0-9]+){1,2}", name):
        raise RefusedError("Invalid timezone")
    try:
        return ZoneInfo(name)
    except KeyError:
        raise RefusedError("Invalid timezone") from None


def _choice(query: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = query.get(name, default)
    if value not in choices:
        raise RefusedError(f"Data corrupted at path ''. Cannot initialize {name} from invalid String value {value}.")
    return value


def _days(query: Mapping[str, str], kind: str, world: World, zone: ZoneInfo) -> tuple[date, date]:
    today = world.now.astimezone(zone).date()
    if "start_date" in query or "end_date" in query:
        first, last = _date(query, "start_date"), _date(query, "end_date")
        if last < first:
            raise RefusedError("End-date must be larger or equals than start-date")
    elif kind == "archive":
        raise RefusedError("Parameter 'start_date' and 'end_date' must be set")
    else:
        past = _count(query, "past_days", 0, MAX_PAST_DAYS)
        first = today - timedelta(days=past)
        last = today + timedelta(days=_count(query, "forecast_days", 7, MAX_FORECAST_DAYS) - 1)
    earliest = today - timedelta(days=MAX_PAST_DAYS) if kind == "forecast" else date(EARLIEST[kind], 1, 1)
    utc_today = world.now.astimezone(UTC).date()
    latest = utc_today if kind == "archive" else utc_today + timedelta(days=MAX_FORECAST_DAYS - 1)
    for name, day in (("start_date", first), ("end_date", last)):
        if not earliest <= day <= latest:
            raise RefusedError(f"Parameter '{name}' is out of allowed range from {earliest} to {latest}")
    return first, last


def _date(query: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(query.get(name, ""))
    except ValueError:
        raise RefusedError("Invalid date format. Make sure to use 'YYYY-MM-DD'") from None


def _count(query: Mapping[str, str], name: str, default: int, limit: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or int(text) > limit or (name == "forecast_days" and int(text) < 1):
        raise RefusedError(f"Parameter '{name}' is out of allowed range from 0 to {limit}")
    return int(text)
