"""Who plays: the active roster, the injured list, and the line-ups as they are posted. The men are in ``players.py``.

A club has 13 hitters, five starters and eight relievers, and a few of each in reserve; who is on the injured list is
replaced from there. Everything is drawn per seed at the moment at which it becomes known, and asked as of a moment.
How the games went is in ``play_by_play.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import inf, log
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from dagster_mlb.simulator.league import ROTATION, League, Season
from dagster_mlb.simulator.players import ALL_HITTERS, HITTERS, RELIEVERS, Player, club_players, player_of, starter_of
from dagster_mlb.simulator.schedule import DAY, HOUR, NEW_YORK, Listing, epoch

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

__all__ = [
    "Injury",
    "Player",
    "active",
    "bullpen",
    "club_players",
    "injured",
    "injuries",
    "lineup",
    "lineup_posted_at",
    "player_of",
    "scratches",
    "starter_of",
]

# Domains of stream addresses (``streams.py`` has the league's own).
INJURIES: Final = 41
LINEUPS: Final = 42

INJURIES_PER_DAY: Final = 0.09  # per club: about 17 placements a season
LINEUP_SCRATCHED: Final = 0.06  # share of posted line-ups that lose a man before first pitch

_FILLED_FIRST: Final = ("C", "SS", "CF", "2B", "3B", "1B", "LF", "RF", "DH")
_BODY: Final = ("hamstring strain", "oblique strain", "elbow inflammation", "shoulder inflammation", "wrist sprain")


@dataclass(frozen=True, slots=True)
class Injury:
    """A stay on the injured list, in epoch seconds; ``activated_at`` is infinite where the season ends first."""

    number: int
    player: Player
    replacement: Player
    days: int
    what: str
    placed_at: float
    retroactive_to: date
    activated_at: float


@dataclass(frozen=True, slots=True)
class _Scratch:
    at: float
    slot: int
    player: Player


@dataclass(frozen=True, slots=True)
class _Posting:
    """A line-up as first posted, and who fell out of it before the game, in order of time."""

    posted_at: float
    players: tuple[Player, ...]
    scratches: tuple[_Scratch, ...]


class _Drawn:
    """What has been drawn of one league so far; all of it is truth, none depends on a clock."""

    def __init__(self) -> None:
        self.injuries: dict[tuple[int, int], list[Injury]] = {}
        self.postings: dict[tuple[int, int, int], _Posting] = {}


_drawn: WeakKeyDictionary[League, _Drawn] = WeakKeyDictionary()


def _drawn_of(league: League) -> _Drawn:
    known = _drawn.get(league)
    if known is None:
        known = _drawn[league] = _Drawn()
    return known


# ------------------------------------------------------------------------------------------------ the injured list


def injuries(world: World, season: Season, club: int) -> list[Injury]:
    """Every stay on the injured list in a club's season, future ones included, by moment of placement."""
    drawn = _drawn_of(world.league)
    key = (season.plan.season, club)
    if key not in drawn.injuries:
        drawn.injuries[key] = _draw_injuries(world, season, club)
    return drawn.injuries[key]


def injured(world: World, season: Season, club: int, moment: float) -> list[Injury]:
    """Who is on a club's injured list at a moment."""
    return [x for x in injuries(world, season, club) if x.placed_at <= moment < x.activated_at]


def _draw_injuries(world: World, season: Season, club: int) -> list[Injury]:
    plan, streams = season.plan, world.league.streams
    everybody = club_players(world, plan.season, club)
    found: list[Injury] = []
    for day in range((plan.closing - plan.opening).days + 1):
        on = plan.opening + timedelta(days=day)
        morning = epoch(on, 9, NEW_YORK)
        happens, hour, who, length, what, back, severe = streams.at(morning, INJURIES, plan.season, club, day).random(7)
        if happens >= INJURIES_PER_DAY:
            continue
        away = {x.player.player_id for x in found if x.activated_at > morning}
        called_up = {x.replacement.player_id for x in found if x.activated_at > morning}
        healthy = [
            p
            for p in everybody
            if p.player_id not in away
            and ((p.role == "hitter" and p.number < HITTERS) or (p.role == "reliever" and p.number < RELIEVERS))
        ]
        player = healthy[int(who * len(healthy))]
        reserves = [
            p
            for p in everybody
            if p.role == player.role
            and p.number >= (HITTERS if p.role == "hitter" else RELIEVERS)
            and p.player_id not in called_up
        ]
        if not reserves:
            continue
        plays = {player.position, *player.also_plays}
        reserves.sort(key=lambda p: (not plays & {p.position, *p.also_plays}, p.number))
        days = 60 if severe < 0.08 else 10 if player.role == "hitter" else 15
        placed_at = round(morning + 3 * HOUR * hour)
        retroactive = on - timedelta(days=int(back * 4))
        out = days + int(-18 * log(1 - length))
        returns = epoch(retroactive + timedelta(days=out), 12.5, NEW_YORK)
        side = "Right" if what < 0.6 else "Left"
        found.append(
            Injury(
                number=len(found),
                player=player,
                replacement=reserves[0],
                days=days,
                what=f"{side} {_BODY[int(what * 1000) % len(_BODY)]}",
                placed_at=placed_at,
                retroactive_to=retroactive,
                activated_at=max(returns, placed_at + DAY) if returns < epoch(plan.closing, 24, NEW_YORK) else inf,
            )
        )
    return found


def active(world: World, season: Season, club: int, moment: float) -> list[Player]:
    """The 26 on the active roster at a moment: 13 hitters, five starters, eight relievers."""
    replaced = {x.player.player_id: x.replacement for x in injured(world, season, club, moment)}
    regulars = [
        p
        for p in club_players(world, season.plan.season, club)
        if p.number < {"hitter": HITTERS, "starter": ROTATION, "reliever": RELIEVERS}[p.role]
    ]
    return [replaced.get(p.player_id, p) for p in regulars]


def bullpen(world: World, season: Season, club: int, moment: float) -> list[Player]:
    """The active relievers at a moment; the first is the closer."""
    return [p for p in active(world, season, club, moment) if p.role == "reliever"]


# ------------------------------------------------------------------------------------------------ line-ups


def lineup(world: World, season: Season, listing: Listing, side: int, moment: float) -> list[Player] | None:
    """The nine of a side (0 home, 1 away) in batting order, as known at a moment; None where not posted (yet).

    Posted two to four hours before the scheduled start. Who is scratched after that is replaced in his place.
    """
    listing = season.game_of(listing)
    posting = _posting(world, season, listing, side)
    if moment < posting.posted_at or not listing.is_played_as_of(moment):
        return None
    players = list(posting.players)
    for scratch in posting.scratches:
        if scratch.at <= moment:
            players[scratch.slot] = scratch.player
    return players


def lineup_posted_at(world: World, season: Season, listing: Listing, side: int) -> float:
    """When a side's line-up is posted (truth, in epoch seconds)."""
    return _posting(world, season, season.game_of(listing), side).posted_at


def scratches(world: World, season: Season, listing: Listing, side: int) -> list[tuple[float, Player, Player]]:
    """(moment, who fell out, who came in) of a posted line-up before first pitch (truth)."""
    posting = _posting(world, season, season.game_of(listing), side)
    players, told = list(posting.players), []
    for scratch in posting.scratches:
        told.append((scratch.at, players[scratch.slot], scratch.player))
        players[scratch.slot] = scratch.player
    return told


def _posting(world: World, season: Season, listing: Listing, side: int) -> _Posting:
    drawn = _drawn_of(world.league)
    key = (season.plan.season, listing.number, side)
    if key not in drawn.postings:
        drawn.postings[key] = _draw_posting(world, season, listing, side)
    return drawn.postings[key]


def _draw_posting(world: World, season: Season, listing: Listing, side: int) -> _Posting:
    club = (listing.home, listing.away)[side]
    earliest = listing.start - 4 * HOUR
    rng = world.league.streams.at(earliest, LINEUPS, season.plan.season, listing.number, side)
    when, scratched, at, slot = rng.random(4).tolist()
    rest = rng.random(ALL_HITTERS).tolist()
    form = rng.standard_normal(ALL_HITTERS).tolist()
    posted_at = round(max(earliest + 2 * HOUR * when, listing.listed_at))
    hitters = [p for p in active(world, season, club, posted_at) if p.role == "hitter"]
    tired = {p.player_id for p in hitters if rest[p.number] < (0.25 if p.position == "C" else 0.08)}
    nine = _fill([p for p in hitters if p.player_id not in tired], [p for p in hitters if p.player_id in tired])
    # The order: the best bats first, with a little of the manager's mood.
    nine.sort(key=lambda p: -(p.contact + 0.4 * p.power + 0.04 * form[p.number]))
    falls: list[_Scratch] = []
    latest = max(listing.start - HOUR / 4, posted_at)
    newly_hurt = [x for x in injured(world, season, club, listing.start) if x.placed_at > posted_at]
    busy = {p.player_id for p in nine} | {x.player.player_id for x in newly_hurt}
    bench = [p for p in hitters if p.player_id not in busy]
    if scratched < LINEUP_SCRATCHED and bench:
        falls.append(_replacement(round(posted_at + at * (latest - posted_at)), int(slot * 9), nine, bench))
    for injury in newly_hurt:
        for place, player in enumerate(nine):
            if player.player_id == injury.player.player_id and place not in {x.slot for x in falls} and bench:
                falls.append(_replacement(injury.placed_at, place, nine, bench))
    return _Posting(posted_at, tuple(nine), tuple(sorted(falls, key=lambda x: x.at)))


def _replacement(at: float, slot: int, nine: Sequence[Player], bench: list[Player]) -> _Scratch:
    """The bench's best fit for a man's position; he leaves the bench."""
    position = nine[slot].position
    bench.sort(key=lambda p: (position != p.position, position not in p.also_plays, p.number))
    return _Scratch(at, slot, replace(bench.pop(0), position=position))


def _fill(rested: list[Player], tired: list[Player]) -> list[Player]:
    """Nine players, each at a position: his own first, then where he also plays, then whoever is left."""
    left, nine = list(rested), []
    missing: list[str] = []
    for position in _FILLED_FIRST:
        fits = [p for p in left if p.position == position] or [p for p in left if position in p.also_plays]
        fits = fits or [p for p in tired if position in (p.position, *p.also_plays)]
        if not fits:
            missing.append(position)
            continue
        nine.append(replace(fits[0], position=position))
        (left if fits[0] in left else tired).remove(fits[0])
    for position, player in zip(missing, [*left, *tired], strict=False):
        nine.append(replace(player, position=position))
    return nine
