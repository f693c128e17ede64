"""Seasons: which one a day belongs to, and how many games a whole one has."""

from __future__ import annotations

from datetime import date

CLUBS = 30  # since 1998
FIRST_SEASON_OF_THIRTY = 1998

# Games a club was scheduled to play; every other season since 1998 has 162.
SHORTENED = {2020: 60}
USUAL_LENGTH = 162


def season_of(day: date) -> int:
    """The season of a day: it never leaves its calendar year (first game in March, last in November)."""
    return day.year


def regular_season_length(season: int) -> int:
    """Scheduled regular-season games of one club.

    >>> regular_season_length(2019), regular_season_length(2020)
    (162, 60)
    """
    if season < FIRST_SEASON_OF_THIRTY:
        raise ValueError(
            f"season {season}: lengths are known since {FIRST_SEASON_OF_THIRTY}, when there were thirty clubs"
        )
    return SHORTENED.get(season, USUAL_LENGTH)


def regular_season_games(season: int) -> int:
    """Scheduled regular-season games of the whole league (2,430 in a usual season); some are never made up."""
    return regular_season_length(season) * CLUBS // 2
