"""The baseball day and its moments, the changes of summer time included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.baseball.official_date import (
    assumed_result_moment,
    end_of_baseball_day,
    new_york_date,
    open_moment,
)

days = st.dates(date(1998, 1, 1), date(2035, 12, 31))


def test_a_late_game_in_the_west_belongs_to_the_day_it_began() -> None:
    assert new_york_date(datetime(2024, 7, 5, 2, 10, tzinfo=UTC)) == date(2024, 7, 4)
    assert new_york_date(datetime(2024, 7, 4, 21, 10, tzinfo=timezone(timedelta(hours=-7)))) == date(2024, 7, 5)


def test_a_moment_without_a_time_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        new_york_date(datetime(2024, 7, 5, 2, 10))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("official_date", "expected"),
    [
        (date(2016, 7, 4), datetime(2016, 7, 3, 16, tzinfo=UTC)),  # summer: New York is UTC - 4
        (date(2016, 11, 8), datetime(2016, 11, 7, 17, tzinfo=UTC)),  # winter: UTC - 5
        (date(2024, 3, 11), datetime(2024, 3, 10, 16, tzinfo=UTC)),  # noon of the day whose night had 23 hours
        (date(2024, 3, 10), datetime(2024, 3, 9, 17, tzinfo=UTC)),
        (date(2021, 11, 8), datetime(2021, 11, 7, 17, tzinfo=UTC)),  # and of the day that had 25
    ],
)
def test_the_open_stands_at_noon_in_new_york_of_the_day_before(official_date: date, expected: datetime) -> None:
    assert open_moment(official_date) == expected


@given(days)
def test_the_moments_of_a_day_stand_in_order(day: date) -> None:
    assert open_moment(day) < end_of_baseball_day(day) < assumed_result_moment(day)
    assert new_york_date(open_moment(day)) == day - timedelta(days=1)
    assert new_york_date(end_of_baseball_day(day)) == day
    assert new_york_date(end_of_baseball_day(day) + timedelta(seconds=1)) == day + timedelta(days=1)


@given(days)
def test_at_the_open_the_results_of_two_days_before_are_known_and_those_of_the_day_before_are_not(day: date) -> None:
    assert assumed_result_moment(day - timedelta(days=2)) <= open_moment(day)
    assert assumed_result_moment(day - timedelta(days=1)) > open_moment(day)
