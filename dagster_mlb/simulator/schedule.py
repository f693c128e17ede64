"""The calendar of a season: series, start times, doubleheaders, and what the rain moves.

A *listing* is one line of MLB's schedule: a game on a date. A postponed game has two listings with the same
``game_pk``: the day it was not played and the day it was made up. Nothing here knows how strong a club is.
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

# Share of open-air games that are rained out, by month; roofed parks never.
RAIN_OUT = {3: 0.030, 4: 0.028, 5: 0.020}
RAIN_OUT_SUMMER = 0.013
SCHEDULED_DOUBLEHEADER = 0.004


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """One season to simulate: first and last date with games."""

    season: int
    opening: date
    closing: date


@dataclass(slots=True)
class Listing:
    """One line of the schedule. Moments are epoch seconds (UTC); clubs are indices into ``CLUBS``.

    What changes with time carries the moment from which it shows: ``listed_at`` (the line exists),
    ``paired_at`` (it became part of a doubleheader: until then ``N``, game 1), ``postponed_at``.
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

    @property
    def is_makeup(self) -> bool:
        return self.made_up_from is not None

    @property
    def is_played(self) -> bool:
        return self.made_up_as is None

    def is_played_as_of(self, moment: float) -> bool:
        """Whether, as far as was known at a moment, the game is or will be played on this date."""
        return self.listed_at <= moment < self.postponed_at

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


def build_schedule(plan: SeasonPlan, streams: st.Streams) -> list[Listing]:
    """Every listing of the season, in order of number: the calendar first, then the make-up dates."""
    listings = _calendar(plan, streams)
    _rain(plan, streams, listings)
    return listings


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


def _calendar(plan: SeasonPlan, streams: st.Streams) -> list[Listing]:
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
            extra = rng.random() < SCHEDULED_DOUBLEHEADER * len(series)
            doubled = series[int(rng.integers(len(series)))] if extra else None
            length = len(series) + (doubled is not None)
            game = 0
            for day in series:
                starts = [_start(rng, home, day, getaway=day == series[-1] and len(days) > 3)]
                pairing = "N"
                if day == doubled:
                    starts, pairing = [_split_start(home, day), _night(home, day)], "S"
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


def _night(home: int, day: date) -> float:
    return epoch(day, _clock(CLUBS[home].night_start), ZoneInfo(CLUBS[home].time_zone))


def _split_start(home: int, day: date) -> float:
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


# ------------------------------------------------------------------------------------------------ the rain


def _rain(plan: SeasonPlan, streams: st.Streams, listings: list[Listing]) -> None:
    """Postpone games and list their make-ups, in the order in which it was announced (so the past never depends on
    what is decided later)."""
    decisions = []
    for listing in list(listings):
        if CLUBS[listing.home].has_roof or listing.double_header != "N":
            continue
        share = RAIN_OUT.get(listing.date.month, RAIN_OUT_SUMMER)
        earliest = listing.start - 6 * HOUR
        rng = streams.at(earliest, st.POSTPONEMENT, plan.season, listing.number)
        rained, delay, split = rng.random(3)
        if rained < share:
            decisions.append((round(earliest + delay * 6.5 * HOUR), listing.number, split < 0.55))
    for announced, number, split in sorted(decisions):
        _make_up(plan, listings, listings[number], announced, "S" if split else "Y")


def _make_up(plan: SeasonPlan, listings: list[Listing], lost: Listing, announced: float, pairing: str) -> None:
    """Move a game: to a doubleheader later in the series, else to a common off-day, else to the next series there."""
    if lost.paired_at != ALWAYS or lost.is_makeup:
        return
    by_date: dict[date, list[Listing]] = {}
    for listing in listings:
        if listing.is_played and {listing.home, listing.away} & {lost.home, lost.away}:
            by_date.setdefault(listing.date, []).append(listing)
    horizon = [lost.date + timedelta(days=i) for i in range(1, (plan.closing - lost.date).days + 1)]

    def together(day: date) -> Listing | None:
        games = by_date.get(day, [])
        if len(games) == 1 and (games[0].home, games[0].away) == (lost.home, lost.away):
            return games[0] if games[0].double_header == "N" and games[0].postponed_at == NEVER else None
        return None

    in_series = [d for d in horizon[:3] if together(d)]
    day_off = [d for d in horizon if d not in by_date]
    later = [d for d in horizon if together(d)]
    choice = next(iter(in_series or day_off or later), None)
    if choice is None:
        return
    partner = together(choice)
    start, number, paired_at = _night(lost.home, choice), 1, ALWAYS
    if partner is not None:
        start, number = _beside(partner, pairing)
        partner.double_header, partner.game_number, partner.paired_at = pairing, 3 - number, announced
        paired_at = announced
    made_up = Listing(
        number=len(listings),
        season=lost.season,
        game_pk=lost.game_pk,
        date=choice,
        home=lost.home,
        away=lost.away,
        start=start,
        series_game=lost.series_game,
        series_length=lost.series_length,
        club_game=lost.club_game,
        double_header=pairing if partner else "N",
        game_number=number,
        paired_at=paired_at,
        listed_at=announced,
        made_up_from=lost.number,
    )
    lost.postponed_at, lost.made_up_as = announced, made_up.number
    listings.append(made_up)


def _beside(partner: Listing, pairing: str) -> tuple[float, int]:
    """Start and game number of the make-up beside the game that was already scheduled (whose start stays)."""
    night = _night(partner.home, partner.date)
    if partner.start < night - 2 * HOUR:  # the scheduled game is in the afternoon: the make-up follows it
        return (partner.start + 3.25 * HOUR, 2) if pairing == "Y" else (max(night, partner.start + 4.5 * HOUR), 2)
    return (partner.start - 3.25 * HOUR, 1) if pairing == "Y" else (_split_start(partner.home, partner.date), 1)
