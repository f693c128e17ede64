"""The league's weather: forecasts that converge to what comes, know nothing of it before, and stay on this planet."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from dagster_mlb.simulator import parks, weather
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.schedule import DAY, HOUR, SeasonPlan
from dagster_mlb.simulator.streams import Streams
from dagster_mlb.simulator.world import World

NOON = datetime(2025, 7, 15, 12, tzinfo=UTC).timestamp()
STREAMS = Streams(7)
BRONX = parks.park(3313)


def fields(hours: weather.Hours) -> dict[str, np.ndarray]:
    return {name: getattr(hours, name) for name in weather.Hours.__dataclass_fields__ if name != "start"}


def same(one: weather.Hours, other: weather.Hours) -> bool:
    return all(np.array_equal(values, fields(other)[name]) for name, values in fields(one).items())


def errors(lead_hours: int, days: int = 80) -> np.ndarray:
    """°F by which forecasts of one hour every third day, so many hours ahead, miss (neighbouring days miss alike)."""
    at = [NOON + 3 * day * DAY for day in range(days)]
    told = [weather.as_forecast(STREAMS, BRONX, x, 1, x - lead_hours * HOUR).temperature[0] for x in at]
    was = [weather.as_it_was(STREAMS, BRONX, x, 1).temperature[0] for x in at]
    return np.array(was) - np.array(told)


def test_the_shorter_the_lead_the_smaller_the_error_and_none_is_biased() -> None:
    spread = {lead: errors(lead) for lead in (0, 3, 12, 24, 72, 240)}
    sizes = [float(np.std(spread[lead])) for lead in (0, 3, 12, 24, 72, 240)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0
    assert 0.3 < sizes[1] < 1.5
    assert 2 < sizes[3] < 5
    for found in spread.values():
        assert abs(found.mean()) <= 3 * found.std() / np.sqrt(len(found)) + 1e-9


def test_hours_that_are_over_are_told_as_they_were() -> None:
    assert same(
        weather.as_forecast(STREAMS, BRONX, NOON, 6, NOON + 5 * HOUR), weather.as_it_was(STREAMS, BRONX, NOON, 6)
    )


def test_it_does_not_depend_on_what_else_was_asked() -> None:
    long = weather.as_it_was(STREAMS, BRONX, NOON - 30 * HOUR, 90)
    short = weather.as_it_was(STREAMS, BRONX, NOON, 3)
    assert long.temperature[30:33] == pytest.approx(short.temperature, abs=1e-9)
    assert weather.at_moment(STREAMS, BRONX, NOON + 1800).wind_from == pytest.approx(short.wind_from[:1], abs=1e-9)


def test_a_forecast_knows_nothing_that_was_drawn_later() -> None:
    cut = NOON
    other = Streams(7, cut, 8)
    for issued in (cut - 3 * DAY, cut - HOUR, cut):
        one = weather.as_forecast(STREAMS, BRONX, NOON - DAY, 100, issued)
        assert same(one, weather.as_forecast(other, BRONX, NOON - DAY, 100, issued))
    later = NOON + 20 * DAY
    assert not same(weather.as_it_was(STREAMS, BRONX, later, 24), weather.as_it_was(other, BRONX, later, 24))


def test_only_whole_hours_have_weather() -> None:
    with pytest.raises(ValueError, match="whole hours"):
        weather.as_it_was(STREAMS, BRONX, NOON + 60, 1)


@pytest.mark.parametrize("venue_id", sorted(parks.ballparks()))
def test_every_park_has_weather_of_this_planet(venue_id: int) -> None:
    for month in (1, 4, 7, 10):
        start = datetime(2025, month, 1, tzinfo=UTC).timestamp()
        hours = weather.as_it_was(STREAMS, parks.park(venue_id), start, 240)
        assert (hours.temperature > -25).all()
        assert (hours.temperature < 125).all()
        for name in ("humidity", "precipitation_probability", "cloud_cover"):
            assert (getattr(hours, name) >= 0).all()
            assert (getattr(hours, name) <= 100).all()
        assert (hours.wind_speed >= 0).all()
        assert (hours.wind_gusts > hours.wind_speed).all()
        assert ((hours.wind_from >= 0) & (hours.wind_from < 360)).all()
        assert set(hours.weather_code.tolist()) <= {0, 1, 2, 3, 51, 61, 63, 65, 71, 95}
        assert ((hours.weather_code >= 51) == (hours.precipitation > 0)).all()


def test_summers_are_warmer_than_springs_and_miami_than_minneapolis() -> None:
    def mean(venue_id: int, month: int) -> float:
        start = datetime(2025, month, 1, tzinfo=UTC).timestamp()
        return float(weather.as_it_was(STREAMS, parks.park(venue_id), start, 28 * 24).temperature.mean())

    assert mean(3312, 7) > mean(3312, 4) + 10
    assert mean(4169, 4) > mean(3312, 4) + 10
    assert mean(4169, 7) - mean(4169, 4) < mean(3312, 7) - mean(3312, 4)
    pressure = {v: weather.as_it_was(STREAMS, parks.park(v), NOON, 240).pressure.mean() for v in (19, 3313)}
    assert pressure[19] < 860 < 1000 < pressure[3313]


def test_it_rains_as_often_as_was_forecast() -> None:
    """Hours with a forecast chance of p see rain in about a share p of them."""
    told, was = [], []
    for venue_id in (3313, 17, 2395, 4169):
        for day in range(0, 120, 2):
            start = NOON + day * DAY
            told.append(weather.as_forecast(STREAMS, parks.park(venue_id), start, 6, start - 18 * HOUR))
            was.append(weather.as_it_was(STREAMS, parks.park(venue_id), start, 6))
    chance = np.concatenate([x.precipitation_probability for x in told])
    wet = np.concatenate([x.precipitation for x in was]) > 0
    assert 0.03 < wet.mean() < 0.2
    assert abs(chance.mean() / 100 - wet.mean()) < 0.03
    assert wet[chance >= 50].mean() > 0.5 > 0.1 > wet[chance < 10].mean()


def test_wind_from_behind_the_plate_blows_out() -> None:
    """Yankee Stadium's centre field lies at 75 degrees: a wind from 255 blows straight out, one from 75 straight in."""
    assert weather.wind_out(BRONX, 10, 255) == pytest.approx(10)
    assert weather.wind_out(BRONX, 10, 75) == pytest.approx(-10)
    assert weather.wind_out(BRONX, 10, 165) == pytest.approx(0, abs=1e-9)


def test_each_club_has_its_park_in_every_season() -> None:
    world = World(
        seed=3, plans=(SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 3)),), now=datetime(2025, 4, 2, tzinfo=UTC)
    )
    for listing in world.league.season(2025).listings:
        assert parks.park_of_game(listing) == parks.park_of(listing.home, 2025)
    for year in (2024, 2025):
        assert all(
            parks.park_of(club, year).has_roof == CLUBS[club].has_roof
            for club in range(30)
            if CLUBS[club].club_id not in (136, 139)
        )
    assert parks.park_of(14, 2024).name == "Oakland Coliseum"
