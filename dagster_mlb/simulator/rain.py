"""What the rain does to a season: postponed games with their make-ups, suspended games with their resumptions.

Everything is decided in the order in which it is announced, so the past never depends on what is decided later. A
plan with forced counts (``SeasonPlan.forced``) is drawn until exactly so many came out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.play import LISTING_DRAWS, first_pitches, natural_ends
from dagster_mlb.simulator.schedule import (
    ALWAYS,
    HOUR,
    NEVER,
    Listing,
    SeasonPlan,
    calendar,
    night_start,
    split_start,
)

# Share of open-air games that are rained out, by month; roofed parks never.
RAIN_OUT: Final = {3: 0.030, 4: 0.028, 5: 0.020}
RAIN_OUT_SUMMER: Final = 0.013
# Share of open-air games that are stopped and cannot go on that day: about five in a season.
SUSPENDED: Final = 0.0027
# Stopped after so many half-innings at least, and so many kinds of it: the third to the bottom of the fifth.
FEWEST_HALVES: Final = 4
HALVES: Final = 6
RESUMED_BEFORE: Final = 3 * HOUR


@dataclass(frozen=True, slots=True)
class SeasonCounts:
    """What happened to a season: pairs of games on one day (of both kinds, and each), games moved, games suspended."""

    doubleheaders: int
    traditional: int
    split: int
    postponements: int
    suspended: int


def count(listings: Sequence[Listing]) -> SeasonCounts:
    """The counts that a plan may force, as the listings have them."""
    second = [x.double_header for x in listings if x.is_played and x.double_header != "N" and x.game_number == 2]
    return SeasonCounts(
        doubleheaders=len(second),
        traditional=second.count("Y"),
        split=second.count("S"),
        postponements=sum(x.postponed_at < NEVER for x in listings),
        suspended=sum(x.suspended_at < NEVER for x in listings),
    )


def build_schedule(plan: SeasonPlan, streams: st.Streams) -> list[Listing]:
    """Every listing of the season, in order of number: the calendar first, then make-ups and resumptions.

    Raises ``ValueError`` where a forced count does not fit into the season.
    """
    planned = calendar(plan, streams)
    fates = _fates(plan, streams, planned)
    if not plan.forced:
        listings = [replace(listing) for listing in planned]
        _rain(plan, streams, listings, [x for x in fates if x.postponed < 1], [x for x in fates if x.suspended < 1])
        return listings
    listings = _forced_rain(plan, streams, planned, fates)
    if plan.doubleheaders is not None:
        _schedule_doubleheaders(plan, streams, listings, plan.doubleheaders)
    return listings


@dataclass(frozen=True, slots=True)
class _Fate:
    """What may befall one open-air game; ``postponed`` and ``suspended`` happen below 1 (draw / share)."""

    number: int
    announced: float
    pairing: str
    postponed: float
    suspended: float
    halves: int
    waits: tuple[float, float]


def _fates(plan: SeasonPlan, streams: st.Streams, planned: Sequence[Listing]) -> list[_Fate]:
    fates = []
    for listing in planned:
        if CLUBS[listing.home].has_roof or listing.double_header != "N":
            continue
        earliest = listing.start - 6 * HOUR
        rng = streams.at(earliest, st.POSTPONEMENT, plan.season, listing.number)
        rained, delay, split, stopped, halves, *waits = (float(draw) for draw in rng.random(7))
        fates.append(
            _Fate(
                number=listing.number,
                announced=round(earliest + delay * 6.5 * HOUR),
                pairing="S" if split < 0.55 else "Y",
                postponed=rained / RAIN_OUT.get(listing.date.month, RAIN_OUT_SUMMER),
                suspended=stopped / SUSPENDED,
                halves=FEWEST_HALVES + int(halves * HALVES),
                waits=(waits[0], waits[1]),
            )
        )
    return fates


def _rain(
    plan: SeasonPlan,
    streams: st.Streams,
    listings: list[Listing],
    postponed: Sequence[_Fate],
    suspended: Sequence[_Fate],
    most: tuple[float, float] = (NEVER, NEVER),
) -> tuple[int, int]:
    """Postpone and suspend in the order of announcement, at most so many; returns how many of each it became."""
    queue: list[tuple[float, int, Callable[[], bool]]] = []
    done = [0, 0]
    for fate in postponed:
        lost = listings[fate.number]
        queue.append((fate.announced, 0, _moving(plan, listings, lost, fate)))
    for fate in suspended:
        stopped, told = _stop(streams, listings[fate.number], fate)
        queue.append((told, 1, _stopping(plan, listings, listings[fate.number], fate, stopped, told)))
    for _, kind, decide in sorted(queue, key=lambda entry: entry[:2]):
        if done[kind] < most[kind]:
            done[kind] += decide()
    return done[0], done[1]


def _moving(plan: SeasonPlan, listings: list[Listing], lost: Listing, fate: _Fate) -> Callable[[], bool]:
    return lambda: _make_up(plan, listings, lost, fate.announced, fate.pairing)


def _stopping(
    plan: SeasonPlan, listings: list[Listing], game: Listing, fate: _Fate, stopped: float, told: float
) -> Callable[[], bool]:
    return lambda: _resume(plan, listings, game, fate, stopped, told)


# ----------------------------------------------------------------------------------------- where games can go


def _days(plan: SeasonPlan, listings: Sequence[Listing], lost: Listing) -> tuple[list[date], list[date], list[date]]:
    """Dates after a game: beside one game of the same two clubs within its series, common off-days, beside later ones.

    Nothing else is on for either club there, and neither game of such a date has been moved.
    """
    by_date: dict[date, list[Listing]] = {}
    clubs = {lost.home, lost.away}
    for listing in listings:
        if (listing.is_played or listing.is_resumption) and clubs & {listing.home, listing.away}:
            by_date.setdefault(listing.date, []).append(listing)
    horizon = [lost.date + timedelta(days=i) for i in range(1, (plan.closing - lost.date).days + 1)]

    def together(day: date) -> bool:
        games = by_date.get(day, [])
        return (
            len(games) == 1
            and (games[0].home, games[0].away) == (lost.home, lost.away)
            and games[0].double_header == "N"
            and games[0].postponed_at == NEVER
        )

    in_series = [d for d in horizon[:3] if together(d)]
    return in_series, [d for d in horizon if d not in by_date], [d for d in horizon if together(d)]


def _on(listings: Sequence[Listing], lost: Listing, day: date) -> Listing | None:
    clubs = (lost.home, lost.away)
    return next((x for x in listings if x.date == day and (x.home, x.away) == clubs and x.is_played), None)


def _is_settled(listings: Sequence[Listing], game: Listing) -> bool:
    """Whether a game can't be moved any more: part of a doubleheader, moved once, stopped, or a resumption's day."""
    beside = any(x.is_resumption and x.date == game.date and x.home == game.home for x in listings[game.number :])
    return game.paired_at != ALWAYS or game.is_makeup or game.stopped_at < NEVER or game.postponed_at < NEVER or beside


def _make_up(plan: SeasonPlan, listings: list[Listing], lost: Listing, announced: float, pairing: str) -> bool:
    """Move a game: to a doubleheader later in the series, else to a common off-day, else to the next series there."""
    if _is_settled(listings, lost):
        return False
    in_series, day_off, later = _days(plan, listings, lost)
    choice = next(iter(in_series or day_off or later), None)
    if choice is None:
        return False
    partner = _on(listings, lost, choice)
    start, number, paired_at = night_start(lost.home, choice), 1, ALWAYS
    if partner is not None:
        start, number = beside(partner, pairing)
        partner.double_header, partner.game_number, partner.paired_at = pairing, 3 - number, announced
        paired_at = announced
    made_up = replace(
        lost,
        number=len(listings),
        date=choice,
        start=start,
        double_header=pairing if partner else "N",
        game_number=number,
        paired_at=paired_at,
        listed_at=announced,
        made_up_from=lost.number,
    )
    lost.postponed_at, lost.made_up_as = announced, made_up.number
    listings.append(made_up)
    return True


def beside(partner: Listing, pairing: str) -> tuple[float, int]:
    """Start and game number of another game beside one that was already scheduled (whose start stays)."""
    night = night_start(partner.home, partner.date)
    if partner.start < night - 2 * HOUR:  # the scheduled game is in the afternoon: the other follows it
        return (partner.start + 3.25 * HOUR, 2) if pairing == "Y" else (max(night, partner.start + 4.5 * HOUR), 2)
    return (partner.start - 3.25 * HOUR, 1) if pairing == "Y" else (split_start(partner.home, partner.date), 1)


def _stop(streams: st.Streams, game: Listing, fate: _Fate) -> tuple[float, float]:
    """When play stops (after a half-inning) and when it is announced that it won't go on today."""
    start = st.np.array([game.start])
    drawn = streams.uniforms([(st.LISTING, game.season, game.number)], LISTING_DRAWS)
    ends = natural_ends(streams, drawn, first_pitches(streams, drawn, start))[0]
    stopped = float(ends[fate.halves - 1]) + 60 + round(240 * fate.waits[0])
    return stopped, stopped + round((0.6 + 0.9 * fate.waits[1]) * HOUR)


def _resume(plan: SeasonPlan, listings: list[Listing], game: Listing, fate: _Fate, stopped: float, told: float) -> bool:
    """Suspend a game: it goes on before the regular game of a day later in the series, else of the next series there,
    else on a common off-day. Where there is no such day it isn't stopped."""
    if _is_settled(listings, game):
        return False
    in_series, day_off, later = _days(plan, listings, game)
    choice = next(iter(in_series or later or day_off), None)
    if choice is None:
        return False
    partner = _on(listings, game, choice)
    start = partner.start - RESUMED_BEFORE if partner else night_start(game.home, choice)
    resumption = replace(
        game,
        number=len(listings),
        date=choice,
        start=start,
        listed_at=told + round(HOUR * (0.3 + fate.waits[0])),
        resumed_from=game.number,
    )
    game.stopped_at, game.stopped_after, game.suspended_at = stopped, fate.halves, told
    game.resumed_as = resumption.number
    listings.append(resumption)
    return True


# ------------------------------------------------------------------------------------------- forced counts


def _forced_rain(
    plan: SeasonPlan, streams: st.Streams, planned: Sequence[Listing], fates: Sequence[_Fate]
) -> list[Listing]:
    """The season with exactly the postponements and suspended games that the plan forces: the likeliest ones first,
    further ones where some found no day to go to."""
    wet, stormy = (sorted(fates, key=key) for key in (lambda x: x.postponed, lambda x: x.suspended))
    postponed, suspended = plan.postponements, plan.suspended
    tried = [
        sum(x.postponed < 1 for x in fates) if postponed is None else postponed,
        sum(x.suspended < 1 for x in fates) if suspended is None else suspended,
    ]
    most = (NEVER if postponed is None else postponed, NEVER if suspended is None else suspended)
    while True:
        listings = [replace(listing) for listing in planned]
        done = _rain(plan, streams, listings, wet[: tried[0]], stormy[: tried[1]], most)
        wanted = zip((postponed, suspended), done, strict=True)
        missing = [0 if of_kind is None else of_kind - made for of_kind, made in wanted]
        if not any(missing):
            return listings
        for kind, name in ((0, "postponements"), (1, "suspended games")):
            if missing[kind] and tried[kind] >= len(fates):
                forced = done[kind] + missing[kind]
                raise ValueError(f"{forced} {name} do not fit into {plan.season}: {done[kind]} found a day to go to")
            tried[kind] += missing[kind]


def _schedule_doubleheaders(plan: SeasonPlan, streams: st.Streams, listings: list[Listing], wanted: int) -> None:
    """Add scheduled doubleheaders (a second game beside one that was planned alone) up to the forced count."""
    missing = wanted - count(listings).doubleheaders
    if missing < 0:
        raise ValueError(
            f"{wanted} doubleheaders in {plan.season} are too few: its make-ups alone are {wanted - missing}"
        )
    on_day: dict[tuple[date, int], int] = {}
    for x in listings:
        for club in (x.home, x.away):
            on_day[x.date, club] = on_day.get((x.date, club), 0) + 1
    alone = [
        x
        for x in listings
        if x.is_played
        and not x.is_makeup
        and x.stopped_at == NEVER
        and on_day[x.date, x.home] == on_day[x.date, x.away] == 1
    ]
    rng = streams.generator(st.CALENDAR, plan.season, 1)
    if missing > len(alone):
        raise ValueError(f"{wanted} doubleheaders do not fit into {plan.season}: {wanted - missing + len(alone)} would")
    chosen = [alone[int(i)] for i in rng.permutation(len(alone))[:missing]]
    for place, partner in enumerate(chosen):
        pairing = "SY"[place % 2]
        start, number = beside(partner, pairing)
        game = replace(
            partner,
            number=len(listings),
            game_pk=9_000_000 + (plan.season - 2000) * 10_000 + len(listings),
            start=start,
            double_header=pairing,
            game_number=number,
        )
        partner.double_header, partner.game_number = pairing, 3 - number
        listings.append(game)
    _renumber(listings)


def _renumber(listings: Sequence[Listing]) -> None:
    """Count series and clubs' games anew. A club meets another again after four days at the earliest."""
    planned = sorted((x for x in listings if not x.is_makeup and not x.is_resumption), key=lambda x: (x.date, x.start))
    played = [0] * len(CLUBS)
    series: dict[tuple[int, int], list[Listing]] = {}
    for x in planned:
        x.club_game = (played[x.home], played[x.away])
        played[x.home] += 1
        played[x.away] += 1
        current = series.setdefault((x.home, x.away), [])
        if current and (x.date - current[-1].date).days > 3:
            current.clear()
        current.append(x)
        for place, member in enumerate(current, 1):
            member.series_game, member.series_length = place, len(current)
    for x in listings:
        origin = x.made_up_from if x.made_up_from is not None else x.resumed_from
        if origin is not None:
            first = listings[origin]
            x.series_game, x.series_length, x.club_game = first.series_game, first.series_length, first.club_game
