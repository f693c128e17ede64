"""The wire format of The Odds API v4: odds, scores, historical odds, errors. Every leaf is optional.

What the names don't say: live and upcoming games come together; ``commence_time`` moves by minutes while the id stays;
a doubleheader is two ids and a make-up game a new one; the order of ``outcomes`` is neither home nor away;
``bookmakers`` may be empty and a book may lack markets; prices are whole in American and fractions in
decimal format.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter

from dagster_mlb.sources.wire import WireModel


class Outcome(WireModel):
    """One side. ``name``: a team (h2h, spreads) or Over/Under (totals); ``point`` is the line, absent in h2h."""

    name: str | None = None
    price: float | None = None
    point: float | None = None
    description: str | None = None
    link: str | None = None
    sid: str | None = None
    bet_limit: float | None = None


class Market(WireModel):
    """``last_update`` is absent in payloads before 2023."""

    key: str | None = None
    last_update: datetime | None = None
    outcomes: list[Outcome] | None = None
    link: str | None = None
    sid: str | None = None


class Bookmaker(WireModel):
    key: str | None = None
    title: str | None = None
    last_update: datetime | None = None
    markets: list[Market] | None = None
    link: str | None = None
    sid: str | None = None


class Event(WireModel):
    """A game with its prices; ``id`` is 32 hexadecimal digits and the source's own."""

    id: str | None = None
    sport_key: str | None = None
    sport_title: str | None = None
    commence_time: datetime | None = None
    home_team: str | None = None
    away_team: str | None = None
    bookmakers: list[Bookmaker] | None = None


class Score(WireModel):
    """Runs of one team, as text."""

    name: str | None = None
    score: str | None = None


class ScoredEvent(WireModel):
    """``scores`` is null before the start."""

    id: str | None = None
    sport_key: str | None = None
    sport_title: str | None = None
    commence_time: datetime | None = None
    completed: bool | None = None
    home_team: str | None = None
    away_team: str | None = None
    scores: list[Score] | None = None
    last_update: datetime | None = None


class HistoricalOdds(WireModel):
    """The snapshot at or before the moment that was asked for; its neighbours by time, null at the ends."""

    timestamp: datetime | None = None
    previous_timestamp: datetime | None = None
    next_timestamp: datetime | None = None
    data: list[Event] | None = None


class Error(WireModel):
    """401 for keys and credits, 404 for unknown sports and events, 422 for parameters, 429 for pace."""

    message: str | None = None
    error_code: str | None = None
    details_url: str | None = None


# The answers to /odds and /scores are lists.
ODDS = TypeAdapter(list[Event])
SCORES = TypeAdapter(list[ScoredEvent])
