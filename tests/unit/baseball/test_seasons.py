"""Seasons and their lengths."""

from __future__ import annotations

from datetime import date

import pytest

from dagster_mlb.baseball.seasons import regular_season_games, regular_season_length, season_of


def test_a_season_is_its_calendar_year() -> None:
    assert season_of(date(2019, 3, 20)) == season_of(date(2019, 11, 1)) == 2019


def test_a_usual_season_has_2430_games_and_2020_had_900() -> None:
    assert (regular_season_games(2019), regular_season_games(2020)) == (2430, 900)
    assert regular_season_length(2021) == 162


def test_a_season_before_there_were_thirty_clubs_has_no_length_here() -> None:
    with pytest.raises(ValueError, match="season 1994"):
        regular_season_games(1994)
