"""What The Odds API is asked in a month, given its credits, and in words what is therefore not captured.

Pure: a plan follows from the settings and the month's length alone. The ledger that keeps to it is ``credits.py``.
Times are New York's wall clock. Free questions (events) are no part of a plan: they may be asked at any time.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from dagster_mlb.settings import Settings
from dagster_mlb.sources.odds_api.client import MARKETS

# The most games of a usual day: what is asked per game is planned for so many.
GAMES_A_DAY: Final = 15
PROP_MARKETS: Final = 6
FIRST_FIVE_MARKETS: Final = 3
HISTORICAL_FACTOR: Final = 10
SCORES: Final = 2

# Moments of /odds in the order of their worth: before most first pitches, the day's first look (tomorrow's opening
# prices too), before the west coast, before the afternoon's games, then what lies between.
MOMENTS: Final = (
    time(18, 30),
    time(12, 0),
    time(21, 30),
    time(15, 30),
    time(9, 0),
    time(16, 30),
    time(19, 30),
    time(13, 0),
    time(20, 30),
    time(10, 30),
    time(17, 30),
    time(14, 30),
)


@dataclass(frozen=True)
class PlannedPoll:
    """One question asked every day. ``credits`` is the most that it costs a day."""

    endpoint: str
    at: tuple[time, ...]
    what: str
    markets: tuple[str, ...]
    regions: tuple[str, ...]
    credits: int


@dataclass(frozen=True)
class CreditPlan:
    """A month of polls. ``kept_back``: credits that no poll is planned for, left for repeats and for asking by hand."""

    month: date
    granted: int
    days: int
    polls: tuple[PlannedPoll, ...]
    not_captured: tuple[str, ...]

    @property
    def credits_a_day(self) -> int:
        return sum(poll.credits for poll in self.polls)

    @property
    def planned(self) -> int:
        return self.credits_a_day * self.days

    @property
    def kept_back(self) -> int:
        return self.granted - self.planned

    @property
    def odds(self) -> PlannedPoll | None:
        """The daily question for every game's prices, if the month allows one."""
        return next((poll for poll in self.polls if poll.endpoint == "odds"), None)

    def has(self, endpoint: str) -> bool:
        return any(poll.endpoint == endpoint for poll in self.polls)

    def describe(self) -> list[str]:
        """The plan in sentences: what is asked when, what is kept back, what is not captured."""
        asked = [
            f"{poll.what}, daily at {_clock(poll.at)} New York: {poll.credits} credits a day" for poll in self.polls
        ]
        return [
            f"{self.granted} credits in {self.month:%B %Y}, {self.planned} planned, {self.kept_back} kept back",
            *(asked or ["nothing is polled: the credits do not reach for one question a day"]),
            "events are asked as often as wanted: they are free",
            *(f"not captured: {words}" for words in self.not_captured),
        ]


def credit_plan(settings: Settings, today: date) -> CreditPlan:
    """What is polled when in the month of ``today``: the most valuable questions first, as far as the credits reach."""
    days = calendar.monthrange(today.year, today.month)[1]
    budget = settings.odds_api_monthly_credits // days
    regions = settings.odds_api_region_list
    polls: list[PlannedPoll] = []

    markets, asked_regions = _affordable(budget, regions)
    cost = len(markets) * len(asked_regions)
    moments: tuple[time, ...] = ()
    if cost:
        # Two looks a day come before players' props, props before a denser day.
        moments = MOMENTS[: min(2, budget // cost)]
        left = budget - cost * len(moments)
        props = PROP_MARKETS * GAMES_A_DAY
        first_five = FIRST_FIVE_MARKETS * len(asked_regions) * GAMES_A_DAY
        extras: list[PlannedPoll] = []
        if left >= props:
            extras.append(
                _extra("event_odds", "players' props of each game", ("props",), regions[:1] or ("us",), props)
            )
            left -= props
        if extras and left >= first_five:
            words = "prices of the first five innings of each game"
            extras.append(_extra("first_five", words, ("first_five",), asked_regions, first_five))
            left -= first_five
        if extras and left >= SCORES:
            extras.append(_extra("scores", "scores of the last days, a second opinion", (), (), SCORES))
            left -= SCORES
        moments += MOMENTS[len(moments) : len(moments) + left // cost]
        polls.append(
            PlannedPoll(
                endpoint="odds",
                at=tuple(sorted(moments)),
                what=f"{', '.join(markets)} of the books of {', '.join(asked_regions)} for every game",
                markets=markets,
                regions=asked_regions,
                credits=cost * len(moments),
            )
        )
        polls += extras
    return CreditPlan(
        month=today.replace(day=1),
        granted=settings.odds_api_monthly_credits,
        days=days,
        polls=tuple(polls),
        not_captured=tuple(_not_captured(polls, tuple(sorted(moments)), markets, asked_regions, regions)),
    )


def _affordable(budget: int, regions: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The richest question that one day's credits allow once: all markets and regions, fewer markets, one region."""
    for markets, asked in (
        (MARKETS, regions),
        (MARKETS[:1], regions),
        (MARKETS, regions[:1]),
        (MARKETS[:1], regions[:1]),
    ):
        if asked and len(markets) * len(asked) <= budget:
            return tuple(markets), asked
    return (), ()


def _extra(endpoint: str, what: str, markets: tuple[str, ...], regions: tuple[str, ...], cost: int) -> PlannedPoll:
    return PlannedPoll(endpoint, (MOMENTS[0],), what, markets, regions, cost)


def _not_captured(
    polls: Sequence[PlannedPoll],
    moments: tuple[time, ...],
    markets: tuple[str, ...],
    asked: tuple[str, ...],
    regions: tuple[str, ...],
) -> list[str]:
    if not moments:
        words = ["every price of this source"]
    else:
        words = [f"moves between {_clock(moments)} New York, and closes of games that begin long after the last look"]
        if moments[0] > time(13, 0):
            words.append(f"games that begin before {moments[0]:%H:%M} New York on their day")
    if moments and tuple(markets) != MARKETS:
        words.append(f"markets other than {', '.join(markets)}")
    if moments and asked != regions:
        words.append(f"the books of {', '.join(region for region in regions if region not in asked)}")
    endpoints = {poll.endpoint for poll in polls}
    if "event_odds" not in endpoints:
        words.append(f"players' props ({PROP_MARKETS * GAMES_A_DAY} credits for one look at a slate)")
    if "first_five" not in endpoints:
        words.append("first five innings, team totals and alternate lines")
    if "scores" not in endpoints:
        words.append("scores: the MLB Stats API tells them for free")
    words.append(f"historical snapshots ({HISTORICAL_FACTOR} times the price of the same question asked now)")
    return words


def _clock(moments: Sequence[time]) -> str:
    return ", ".join(f"{moment:%H:%M}" for moment in moments)
