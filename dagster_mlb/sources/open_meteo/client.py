"""What is asked of Open-Meteo: the weather at ballparks, as forecast now, as forecast then, and as it was.

Three hosts, one form. Several parks are one request with one coordinate each, in the order of the parks; the answer is
a list in that order (one park: an object). No key; free use is limited by the day (10,000 calls, each place counted).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from dagster_mlb.sources.http import SourcePolicy, SourceRequest
from dagster_mlb.sources.open_meteo.ballparks import Ballpark

Kind = Literal["forecast", "historical_forecast", "archive"]

TABLES: Final[dict[Kind, str]] = {
    "forecast": "open_meteo_forecast",
    "historical_forecast": "open_meteo_historical_forecast",
    "archive": "open_meteo_archive",
}
_PATHS: Final[dict[Kind, str]] = {
    "forecast": "/v1/forecast",
    "historical_forecast": "/v1/forecast",
    "archive": "/v1/archive",
}

VARIABLES: Final = (
    "temperature_2m",
    "relative_humidity_2m",
    "precipitation_probability",
    "precipitation",
    "wind_speed_10m",
    "wind_direction_10m",
    "wind_gusts_10m",
    "surface_pressure",
    "cloud_cover",
    "weather_code",
)
ARCHIVE_LAG_DAYS: Final = 5  # the reanalysis is that far behind
FORECAST_DAYS: Final = 3  # today, tomorrow and the day after, UTC


# The forecast's models run by the hour, the reanalysis by the day; what was forecast once does not change.
NEWS_EVERY_S: Final[dict[Kind, float | None]] = {"forecast": 3600.0, "historical_forecast": None, "archive": 86400.0}


def policy(kind: Kind) -> SourcePolicy:
    """Each host is a source of its own: its address, its health."""
    return SourcePolicy(
        source=f"open_meteo_{kind}",
        concurrency=2,
        min_interval_s=0.2,
        budget_s=90.0,
        budget_per_request_s=10.0,
        expected_every_s=NEWS_EVERY_S[kind],
    )


def forecast_request(parks: Sequence[Ballpark]) -> SourceRequest:
    """The forecast of now for the next days, hour by hour."""
    return SourceRequest(
        endpoint="forecast",
        path=_PATHS["forecast"],
        params=_params("forecast", parks) | {"forecast_days": str(FORECAST_DAYS)},
        capture="captured",
        priority="props",
    )


def past_request(kind: Kind, parks: Sequence[Ballpark], first: date, last: date) -> SourceRequest:
    """The hours of past days (UTC, both included) from ``historical_forecast`` or ``archive``: always backfilled."""
    if kind == "forecast":
        raise ValueError("the forecast of now is no answer about past days: ask historical_forecast or archive")
    if first > last:
        raise ValueError(f"the first day {first} is after the last day {last}")
    return SourceRequest(
        endpoint=kind,
        path=_PATHS[kind],
        params=_params(kind, parks) | {"start_date": first.isoformat(), "end_date": last.isoformat()},
        capture="backfilled",
        priority="history",
    )


def _params(kind: Kind, parks: Sequence[Ballpark]) -> dict[str, str]:
    if not parks:
        raise ValueError("no ballpark to ask the weather for")
    # What was, has no probability.
    variables = [name for name in VARIABLES if not (kind == "archive" and name == "precipitation_probability")]
    return {
        "latitude": ",".join(f"{park.latitude:.5f}" for park in parks),
        "longitude": ",".join(f"{park.longitude:.5f}" for park in parks),
        "hourly": ",".join(variables),
        "temperature_unit": "fahrenheit",
        "wind_speed_unit": "mph",
        "precipitation_unit": "inch",
        "timezone": "UTC",
    }
