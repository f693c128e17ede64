"""The league's weather, hour by hour: as it was, and as it was forecast at any moment.

An hour's weather is a climate (place, season, time of day) plus news about that hour, each piece known from its own
moment on: ten days before, five, three … one hour before. A forecast is the climate plus the news there is; so it
converges to what comes, is never biased, and never knows what a later draw decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator.parks import Park
from dagster_mlb.simulator.schedule import DAY, HOUR, utc
from dagster_mlb.simulator.streams import Streams

Floats = NDArray[np.float64]

# Domain of the streams' addresses (streams.py keeps those of the league itself).
WEATHER: Final = 71

# News: (hours before which it is known, hours between two knots, share of the variance). Between knots it is
# interpolated, so a lead is never shorter than its step: an hour would otherwise know the knot after it.
NEWS: Final = (
    (240, 24, 0.24),
    (120, 24, 0.28),
    (72, 24, 0.15),
    (48, 24, 0.12),
    (24, 24, 0.09),
    (12, 6, 0.05),
    (6, 6, 0.04),
    (3, 1, 0.02),
    (1, 1, 0.01),
)
# What the news is about: temperature (°F), wind to the east and to the north (mph), moisture, pressure (hPa).
SD: Final = np.array([8.0, 6.0, 6.0, 1.0, 5.0])
TEMPERATURE, EASTWARD, NORTHWARD, MOISTURE, PRESSURE = range(5)
RAIN_FROM: Final = 1.3  # moisture (standard normal) from which it rains
HEAT_PEAK_DAY: Final = 206
PREVAILING_EASTWARD: Final = 2.5


@dataclass(frozen=True)
class Hours:
    """Weather at whole hours from ``start`` (epoch seconds), one element per hour.

    °F, percent, inches of the hour, mph, degrees the wind comes **from**, hPa at the ground, WMO weather codes.
    """

    start: float
    temperature: Floats
    humidity: Floats
    precipitation_probability: Floats
    precipitation: Floats
    wind_speed: Floats
    wind_from: Floats
    wind_gusts: Floats
    pressure: Floats
    cloud_cover: Floats
    weather_code: NDArray[np.int64]


def as_it_was(streams: Streams, park: Park, start: float, hours: int) -> Hours:
    """The weather of ``hours`` hours from ``start`` (a whole hour), as it was or will have been: the truth."""
    return _weather(streams, park, start, hours, np.inf)


def as_forecast(streams: Streams, park: Park, start: float, hours: int, issued_at: float) -> Hours:
    """The same hours as a forecast of ``issued_at`` gives them; hours before that moment are as they were."""
    return _weather(streams, park, start, hours, issued_at)


def at_moment(streams: Streams, park: Park, moment: float) -> Hours:
    """The true weather of the hour that holds a moment (arrays of one)."""
    return as_it_was(streams, park, moment // HOUR * HOUR, 1)


def wind_out(park: Park, speed: float, wind_from: float) -> float:
    """The part of the wind that blows from home plate towards centre field, mph; negative: it blows in."""
    return float(-speed * np.cos(np.radians(wind_from - park.azimuth_deg)))


def _weather(streams: Streams, park: Park, start: float, hours: int, issued_at: float) -> Hours:
    if start % HOUR:
        raise ValueError(f"weather is told for whole hours, not from {utc(start).isoformat()}")
    at: Floats = start + np.arange(hours, dtype=np.float64) * HOUR
    news, unknown = _news(streams, park, at, issued_at)
    temperature = _climate(park, at) + news[:, TEMPERATURE]
    eastward = PREVAILING_EASTWARD + news[:, EASTWARD]
    northward = news[:, NORTHWARD]
    # The mean speed of a wind that is not known whole is larger than the speed of its mean.
    speed = np.sqrt(eastward**2 + northward**2 + 2 * unknown * SD[EASTWARD] ** 2)
    moisture = news[:, MOISTURE]
    spread = np.sqrt(np.maximum(unknown, 1e-9))
    probability = _normal_cdf((moisture - RAIN_FROM) / spread)
    precipitation = np.where(probability > 0.5, 0.04 * np.maximum(moisture - RAIN_FROM, 0.0) ** 1.5 + 0.002, 0.0)
    cloud = _normal_cdf(moisture + 0.2)
    station = 1013.25 * np.exp(-park.elevation_ft * 0.3048 / 8434.0)
    return Hours(
        start=start,
        temperature=temperature,
        humidity=np.clip(62 + 14 * moisture - 0.9 * news[:, TEMPERATURE] - _daily_swing(park, at), 8, 100),
        precipitation_probability=np.round(100 * probability),
        precipitation=precipitation,
        wind_speed=speed,
        wind_from=np.degrees(np.arctan2(-eastward, -northward)) % 360,
        wind_gusts=1.55 * speed + 2,
        pressure=station + news[:, PRESSURE],
        cloud_cover=np.round(100 * cloud),
        weather_code=_weather_code(cloud, precipitation, temperature),
    )


def _news(streams: Streams, park: Park, at: Floats, issued_at: float) -> tuple[Floats, Floats]:
    """(``(hours, 5)``: what the news out by ``issued_at`` adds to the climate, share of the variance to come)."""
    first_day = int(at[0] // DAY)
    days = int(at[-1] // DAY) - first_day + 2  # the day after too: an hour lies between two knots
    drawn = _draws(streams, park.venue_id, first_day, days)
    position = (at - first_day * DAY) / HOUR
    total = np.zeros((len(at), len(SD)))
    unknown = np.zeros(len(at))
    offset = 0
    for lead, step, share in NEWS:
        per_day = 24 // step
        knots = [each[:, offset : offset + per_day].reshape(days * per_day, len(SD)) for each in drawn]
        offset += per_day
        known_from: Floats = first_day * DAY + np.arange(days * per_day, dtype=np.float64) * step * HOUR - lead * HOUR
        values = streams.choose(known_from[:, None], (knots[0], knots[1]))
        is_out = (known_from <= issued_at).astype(float)
        before = (position // step).astype(int)
        weight = position / step - before
        after = np.minimum(before + 1, days * per_day - 1)
        # Interpolated and brought back to the variance that a knot has.
        scale = np.sqrt(share / (weight**2 + (1 - weight) ** 2))
        parts = ((1 - weight) * scale, weight * scale)
        for index, part in zip((before, after), parts, strict=True):
            total += (part * is_out[index])[:, None] * values[index]
            unknown += part**2 * (1 - is_out[index])
    return total * SD, unknown


def _draws(streams: Streams, venue_id: int, first_day: int, days: int) -> tuple[Floats, Floats]:
    """The world's knots and those of its other future, ``(days, knots, 5)`` each."""
    pairs = [_draws_of_day(streams, venue_id, first_day + day) for day in range(days)]
    return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])


@lru_cache(maxsize=20_000)
def _draws_of_day(streams: Streams, venue_id: int, day: int) -> tuple[Floats, Floats]:
    """Pure draws of an address, whatever the moment: kept, because every forecast reads them again."""
    knots = sum(24 // step for _, step, _ in NEWS)
    both = streams.normals([(WEATHER, venue_id, day)], knots * len(SD))
    one, other = (drawn.reshape(knots, len(SD)) for drawn in both)
    return one, other


def _climate(park: Park, at: Floats) -> Floats:
    """The mean temperature of an hour, °F: warmer in the south, steadier by the Pacific, cooler up high."""
    year_days = np.array([utc(moment).timetuple().tm_yday for moment in at])
    mean = 77 - 1.05 * (park.latitude - 25.8) - 3.3 * park.elevation_ft / 1000
    swing = 7 + 1.0 * (park.latitude - 25.8)
    if park.longitude < -115:
        swing *= 0.45
    return mean + swing * np.cos(2 * np.pi * (year_days - HEAT_PEAK_DAY) / 365.25) + _daily_swing(park, at)


def _daily_swing(park: Park, at: Floats) -> Floats:
    """°F around the day's mean; warmest at four in the afternoon by the sun."""
    solar_hour = (at % DAY) / HOUR + park.longitude / 15
    return 9.0 * np.cos(2 * np.pi * (solar_hour - 16) / 24)


def _weather_code(cloud: Floats, precipitation: Floats, temperature: Floats) -> NDArray[np.int64]:
    """WMO code 4677 as forecasts use it: clear to overcast, drizzle, rain, snow, thunder."""
    dry = np.select([cloud < 0.125, cloud < 0.375, cloud < 0.875], [0, 1, 2], 3)
    wet = np.select([precipitation < 0.02, precipitation < 0.08, precipitation < 0.2], [51, 61, 63], 65)
    wet = np.where((precipitation > 0.08) & (temperature > 76), 95, wet)
    wet = np.where(temperature < 33, 71, wet)
    return np.where(precipitation > 0, wet, dry).astype(np.int64)


def _normal_cdf(x: Floats) -> Floats:
    """P(standard normal ≤ x), to 8e-5 (a logistic with a cubic term): no library needed for a cloud."""
    clipped = np.clip(x, -8.0, 8.0)
    return 1 / (1 + np.exp(-1.5976 * clipped - 0.070565992 * clipped**3))
