"""The calendar of a season: series, start times and scheduled doubleheaders. What the rain moves is in ``rain``.

A *listing* is one line of MLB's schedule: a game on a date. A postponed game has two listings with the same
``game_pk``: the day it was not played and the day it was made up; a suspended one too: the day it began and the day
it was resumed. Nothing here knows how strong a club is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.clubs import CLUBS

NEW_YORK = ZoneInfo("America/New_York")
HOUR, DAY = 3600.0, 86400.0
NEVER = float("inf")
ALWAYS = float("-inf")

SCHEDULED_DOUBLEHEADER = 0.004


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """One season to simulate: first and last date with games.

    ``doubleheaders`` (pairs of games, both kinds), ``postponements`` and ``suspended`` (games stopped and resumed on
    a later date) force exactly so many; ``None`` leaves them to chance. A forced count looks at the whole season, so
    such a plan is not for proofs with ``redrawn_after``. A count that does not fit raises ``ValueError`` when the
    season is drawn.

    >>> SeasonPlan(2025, date(2025, 3, 27), date(2025, 9, 28), doubleheaders=80, postponements=40, suspended=6).forced
    {'doubleheaders': 80, 'postponements': 40, 'suspended': 6}
    """

    season: int
    opening: date
    closing: date
    doubleheaders: int | None = None
    postponements: int | None = None
    suspended: int | None = None

    @property
    def forced(self) -> dict[str, int]:
        """The counts that are not left to chance."""
        counts = {
            "doubleheaders": self.doubleheaders,
            "postponements": self.postponements,
            "suspended": self.suspended,
        }
        return {name: count for name, count in counts.items() if count is not None}


@dataclass(slots=True)
class Listing:
    """One line of the schedule. Moments are epoch seconds (UTC); clubs are indices into ``CLUBS``.

    What changes with time carries the moment from which it shows: ``listed_at`` (the line exists),
    ``paired_at`` (it became part of a doubleheader: until then ``N``, game 1), ``postponed_at``, ``stopped_at`` (rain
    interrupts play after ``stopped_after`` half-innings) and ``suspended_at`` (it will not go on today). The line on
    which a suspended game goes on is its *resumption*: another line of the same game, never a game of its own.
    """

    number: int
    season: int
    game_pk: int
    date: date
    home: int
    away: int
    start: float
    series_game: int
    series_length: int
    club_game: tuple[int, int]
    double_header: str = "N"
    game_number: int = 1
    paired_at: float = ALWAYS
    listed_at: float = ALWAYS
    postponed_at: float = NEVER
    made_up_as: int | None = None
    made_up_from: int | None = None
    stopped_at: float = NEVER
    stopped_after: int | None = None
    suspended_at: float = NEVER
    resumed_as: int | None = None
    resumed_from: int | None = None

    @property
    def is_makeup(self) -> bool:
        return self.made_up_from is not None

    @property
    def is_resumption(self) -> bool:
        """Whether a game that began on another date goes on here."""
        return self.resumed_from is not None

    @property
    def is_played(self) -> bool:
        """Whether this is the line of a game that is played: its only one, its make-up, or (suspended) its first."""
        return self.made_up_as is None and self.resumed_from is None

    def is_played_as_of(self, moment: float) -> bool:
        """Whether, as far as was known at a moment, the game is or will be begun on this date."""
        return self.resumed_from is None and self.listed_at <= moment < self.postponed_at

    def doubleheader_as_of(self, moment: float) -> tuple[str, int]:
        """(``doubleHeader``, ``gameNumber``) as the schedule showed them at a moment."""
        return (self.double_header, self.game_number) if moment >= self.paired_at else ("N", 1)


def epoch(day: date, hour: float, zone: ZoneInfo) -> float:
    """The moment of a local wall-clock hour (may exceed 24) on a day."""
    midnight = datetime.combine(day, time(), zone)
    return (midnight.replace(tzinfo=None) + timedelta(hours=hour)).replace(tzinfo=zone).timestamp()


def utc(moment: float) -> datetime:
    """An epoch moment as an aware UTC datetime."""
    return datetime.fromtimestamp(moment, UTC)


# ------------------------------------------------------------------------------------------------ the calendar


def _blocks(plan: SeasonPlan) -> list[list[date]]:
    """The season cut into midweek (Monday–Thursday) and weekend (Friday–Sunday) blocks."""
    blocks: list[list[date]] = []
    day = plan.opening
    while day <= plan.closing:
        last = day + timedelta(days=(3 - day.weekday()) if day.weekday() < 4 else (6 - day.weekday()))
        last = min(last, plan.closing)
        blocks.append([day + timedelta(days=i) for i in range((last - day).days + 1)])
        day = last + timedelta(days=1)
    return blocks


def calendar(plan: SeasonPlan, streams: st.Streams) -> list[Listing]:
    """Every listing as the season was planned, in order of number. Forced doubleheaders are not among them yet."""
    doubleheader = SCHEDULED_DOUBLEHEADER if plan.doubleheaders is None else 0.0
    rng = streams.generator(st.CALENDAR, plan.season)
    count = len(CLUBS)
    home_games, played, last_opponent = [0] * count, [0] * count, [-1] * count
    listings: list[Listing] = []
    for days in _blocks(plan):
        pairs = _pairs(rng, last_opponent)
        opening_day = days[0] == plan.opening
        for home, away in pairs:
            if home_games[home] - home_games[away] + rng.normal(0, 1.5) > 0:
                home, away = away, home
            series = _series_days(rng, days) if not opening_day else days
            extra = rng.random() < doubleheader * len(series)
            doubled = series[int(rng.integers(len(series)))] if extra else None
            length = len(series) + (doubled is not None)
            game = 0
            for day in series:
                starts = [_start(rng, home, day, getaway=day == series[-1] and len(days) > 3)]
                pairing = "N"
                if day == doubled:
                    starts, pairing = [split_start(home, day), night_start(home, day)], "S"
                for number, start in enumerate(starts, 1):
                    game += 1
                    index = len(listings)
                    listings.append(
                        Listing(
                            number=index,
                            season=plan.season,
                            game_pk=9_000_000 + (plan.season - 2000) * 10_000 + index,
                            date=day,
                            home=home,
                            away=away,
                            start=start,
                            series_game=game,
                            series_length=length,
                            club_game=(played[home], played[away]),
                            double_header=pairing,
                            game_number=number,
                        )
                    )
                    played[home] += 1
                    played[away] += 1
                    home_games[home] += 1
    return listings


def _pairs(rng: st.np.random.Generator, last_opponent: list[int]) -> list[tuple[int, int]]:
    """A random matching of all clubs that repeats no pair of the block before."""
    order = [int(i) for i in rng.permutation(len(CLUBS))]
    for k in range(0, len(order), 2):
        if last_opponent[order[k]] == order[k + 1]:
            swap = (k + 2) % len(order)
            order[k + 1], order[swap] = order[swap], order[k + 1]
    pairs = [(order[k], order[k + 1]) for k in range(0, len(order), 2)]
    for a, b in pairs:
        last_opponent[a], last_opponent[b] = b, a
    return pairs


def _series_days(rng: st.np.random.Generator, days: list[date]) -> list[date]:
    """Weekends are played through; midweek has off-days on Monday or Thursday for most pairs."""
    if len(days) < 4:
        return days
    first, last = [(0, 3), (0, 4), (1, 4), (1, 3), (2, 4)][int(rng.choice(5, p=[0.36, 0.16, 0.36, 0.08, 0.04]))]
    return days[first:last]


def _clock(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60


def night_start(home: int, day: date) -> float:
    """When the club begins its night games."""
    return epoch(day, _clock(CLUBS[home].night_start), ZoneInfo(CLUBS[home].time_zone))


def split_start(home: int, day: date) -> float:
    """When the first game of a split doubleheader begins."""
    return epoch(day, 13 + 5 / 60, ZoneInfo(CLUBS[home].time_zone))


def _start(rng: st.np.random.Generator, home: int, day: date, *, getaway: bool) -> float:
    """A start as the club usually has it: nights in the week, afternoons on Sundays and many getaway days."""
    zone = ZoneInfo(CLUBS[home].time_zone)
    draw, weekday = rng.random(), day.weekday()
    hour = _clock(CLUBS[home].night_start)
    if weekday == 6:
        hour = 13 + 35 / 60 if draw > 0.08 else 13 + 10 / 60
    elif weekday == 5:
        hour = 13 + 5 / 60 if draw < 0.22 else 16 + 5 / 60 if draw < 0.6 else hour
    elif (weekday < 5 and CLUBS[home].abbreviation == "CHC" and draw < 0.6) or (getaway and draw < 0.45):
        hour = 13 + 20 / 60 if CLUBS[home].abbreviation == "CHC" else 12 + 40 / 60 + (draw * 100 % 6) // 1 * 5 / 60
    elif day.weekday() < 5 and draw > 0.93 and zone.key == "America/Los_Angeles":
        hour = 19 + 10 / 60
    return round(epoch(day, hour, zone) / 60) * 60.0
