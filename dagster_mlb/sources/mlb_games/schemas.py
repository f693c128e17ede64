"""One line of an mlb_games file: a game as MLB published it after the fact."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field


class MlbGame(BaseModel):
    """The fields of a line. A line that breaks this is kept in raw and quarantined by staging."""

    game_pk: int = Field(description="MLB's gamePk; a postponed game keeps it")
    game_date: datetime = Field(description="scheduled start, UTC")
    official_date: date = Field(description="the baseball day in New York")
    home: str = Field(description="full name of the club")
    away: str = Field(description="full name of the club")
    home_score: int | None = Field(description="final runs")
    away_score: int | None = Field(description="final runs")
