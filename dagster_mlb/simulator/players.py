"""The players of every club: who they are and how good. Drawn per seed, the same from season to season.

Who of them is active, injured or in the line-up is in ``rosters.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import exp
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakKeyDictionary

from dagster_mlb.simulator.clubs import CLUBS, club_in
from dagster_mlb.simulator.league import STARTERS, League, starter_id, starter_name

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Role = Literal["starter", "reliever", "hitter"]

PLAYERS: Final = 40  # domain of stream addresses

HITTERS, RELIEVERS = 13, 8  # on the active roster, beside five starters
FIRST_PLAYER_ID: Final = 910_000  # hitters and relievers; starters keep ``league.starter_id``
_CLUB_SPAN, _RELIEVER_BASE = 100, 50

# (position, where else he plays); the last six are in reserve.
_HITTERS: Final = (
    ("C", ()),
    ("1B", ("DH",)),
    ("2B", ("SS",)),
    ("3B", ("1B",)),
    ("SS", ("2B", "3B")),
    ("LF", ("RF",)),
    ("CF", ("LF", "RF")),
    ("RF", ("LF",)),
    ("DH", ("1B", "LF")),
    ("C", ("1B",)),
    ("2B", ("SS", "3B")),
    ("LF", ("CF", "RF")),
    ("1B", ("3B", "LF")),
    ("C", ()),
    ("SS", ("2B", "3B")),
    ("CF", ("LF", "RF")),
    ("3B", ("1B", "2B")),
    ("RF", ("LF", "DH")),
    ("1B", ("DH", "LF")),
)
ALL_HITTERS: Final = len(_HITTERS)
_RESERVE_RELIEVERS: Final = 5


@dataclass(frozen=True, slots=True)
class Player:
    """One player in one season. In a line-up ``position`` is where he plays that day.

    ``strikeouts``, ``walks``, ``power``, ``contact`` multiply the league's rates of those events: a hitter's own, or
    what a pitcher allows. ``number`` counts within the club's hitters, starters or relievers.
    """

    player_id: int
    name: str
    club: int
    role: Role
    number: int
    position: str
    also_plays: tuple[str, ...]
    bats: str
    throws: str
    jersey: int
    birth_date: date
    strikeouts: float
    walks: float
    power: float
    contact: float


_drawn: WeakKeyDictionary[League, dict[tuple[int, int], tuple[Player, ...]]] = WeakKeyDictionary()


def club_players(world: World, year: int, club: int) -> tuple[Player, ...]:
    """Everybody a club may field in a season: 19 hitters, 7 starters, 13 relievers, reserves included."""
    drawn = _drawn.setdefault(world.league, {})
    if (year, club) not in drawn:
        drawn[year, club] = tuple(_draw_players(world.league, year, club))
    return drawn[year, club]


def player_of(world: World, year: int, player_id: int) -> Player | None:
    """The player with an id; None where nobody has it."""
    if FIRST_PLAYER_ID <= player_id < FIRST_PLAYER_ID + _CLUB_SPAN * len(CLUBS):
        club = (player_id - FIRST_PLAYER_ID) // _CLUB_SPAN
    elif starter_id(0, 0) <= player_id < starter_id(len(CLUBS), 0):
        club = (player_id - starter_id(0, 0)) // 10
    else:
        return None
    return next((p for p in club_players(world, year, club) if p.player_id == player_id), None)


def starter_of(world: World, year: int, club: int, number: int) -> Player:
    """A club's starter by his number in the league's truth (0 to 6)."""
    return club_players(world, year, club)[ALL_HITTERS + number]


def _draw_players(league: League, year: int, club: int) -> list[Player]:
    # A man stays who he is from season to season; only his club's abbreviation changes his name.
    rng = league.streams.generator(PLAYERS, club)
    abbreviation = club_in(club, year).abbreviation
    jerseys = [int(n) for n in rng.permutation(98)[: ALL_HITTERS + STARTERS + RELIEVERS + _RESERVE_RELIEVERS] + 1]
    players: list[Player] = []

    def add(role: Role, number: int, player_id: int, name: str, position: str, also: tuple[str, ...]) -> None:
        throws_left, bats, age, *skill = rng.random(3).tolist() + rng.standard_normal(4).tolist()
        pitches = role != "hitter"
        left = throws_left < (0.27 if pitches else 0.12)
        side = "S" if bats > 0.9 else "L" if bats > 0.62 else "R"
        sd = 0.16 if pitches else 0.22
        players.append(
            Player(
                player_id=player_id,
                name=name,
                club=club,
                role=role,
                number=number,
                position=position,
                also_plays=also,
                bats=side if not pitches else "L" if left else "R",
                throws="L" if left and position not in ("C", "2B", "3B", "SS") else "R",
                jersey=jerseys[len(players)],
                birth_date=date(1988, 1, 1) + timedelta(days=int(age * 4600)),
                strikeouts=exp(sd * skill[0]),
                walks=exp(sd * skill[1]),
                power=exp(sd * 1.3 * skill[2]),
                contact=exp(sd * 0.4 * skill[3]),
            )
        )

    base = FIRST_PLAYER_ID + club * _CLUB_SPAN
    for number, (position, also) in enumerate(_HITTERS):
        add("hitter", number, base + number, f"Simulated Hitter {abbreviation} {number + 1}", position, also)
    for number in range(STARTERS):
        add("starter", number, starter_id(club, number), starter_name(club, number, year), "P", ())
    for number in range(RELIEVERS + _RESERVE_RELIEVERS):
        name = f"Simulated Reliever {abbreviation} {number + 1}"
        add("reliever", number, base + _RELIEVER_BASE + number, name, "P", ())
    return players
