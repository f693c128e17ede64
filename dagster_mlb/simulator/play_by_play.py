"""Every game of the league, plate appearance by plate appearance and pitch by pitch, as it really goes.

The truth of a game is its runs per half-inning and the moments at which the halves end (``league.py``); here they are
filled in so that runs, outs, bases, score and moments agree with it exactly. A half-inning is drawn at its first
moment, so that what has happened never depends on what comes. ``plays`` is truth: whoever serves it must cut it at the
world's clock (``ended_at``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from dagster_mlb.simulator import half_innings as half
from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.pitching_staff import Staff
from dagster_mlb.simulator.play_words import description_of, trajectory_of
from dagster_mlb.simulator.rosters import Player
from dagster_mlb.simulator.schedule import Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

PLAYS: Final = 43  # domain of stream addresses

KEPT_GAMES: Final = 96  # games whose plays are kept at hand, per league
_BREAK_SECONDS: Final = 125.0
_HITS: Final = frozenset({"single", "double", "triple", "home_run"})

# MLB's call codes, and what Savant calls them.
CALLS: Final = {
    "B": "ball",
    "C": "called_strike",
    "S": "swinging_strike",
    "F": "foul",
    "H": "hit_by_pitch",
    "X": "hit_into_play",  # out
    "D": "hit_into_play",  # nobody scored
    "E": "hit_into_play",  # somebody scored
}


@dataclass(frozen=True, slots=True)
class Pitch:
    """One pitch; ``balls``, ``strikes`` are before it, speed in mph, plate coordinates in feet, ``at`` epoch seconds.

    ``launch_speed`` (mph), ``launch_angle`` (degrees), ``distance`` (feet) and ``spray`` (degrees, left field below 0)
    are there where the ball was put in play.
    """

    number: int
    type_code: str
    call: str
    balls: int
    strikes: int
    speed: float
    plate_x: float
    plate_z: float
    zone: int
    at: float
    spin: int
    extension: float
    launch_speed: float | None = None
    launch_angle: float | None = None
    distance: float | None = None
    spray: float | None = None

    @property
    def description_code(self) -> str:
        """B ball, S strike (called, swinging, foul), X in play."""
        return "B" if self.call in "BH" else "S" if self.call in "CSF" else "X"

    @property
    def description(self) -> str:
        """Savant's word: ball, called_strike, swinging_strike, foul, hit_by_pitch, hit_into_play."""
        return CALLS[self.call]


@dataclass(frozen=True, slots=True)
class Runner:
    """What one man did in a play: ``start`` 0 the batter, 1–3 a base; ``end`` 1–3, 4 home, −1 out."""

    player_id: int
    start: int
    end: int
    is_earned: bool
    responsible_pitcher_id: int


@dataclass(frozen=True, slots=True)
class PlateAppearance:
    """One plate appearance. ``event`` is MLB's eventType (strikeout, walk, single, field_out, …), also Savant's.

    ``bases_before`` are the ids on first, second and third (None: nobody). ``calls`` are the pitches' calls in order.
    ``trajectory``: ground_ball, line_drive, fly_ball, popup; None where nothing was put in play.
    """

    at_bat_number: int
    inning: int
    is_top: bool
    batter_id: int
    batter_name: str
    batting_slot: int
    stand: str
    pitcher_id: int
    pitcher_name: str
    throws: str
    event: str
    trajectory: str | None
    description: str
    outs_before: int
    outs_after: int
    runs: int
    rbi: int
    bases_before: tuple[int | None, int | None, int | None]
    bases_after: tuple[int | None, int | None, int | None]
    runners: tuple[Runner, ...]
    home_score_before: int
    away_score_before: int
    home_score: int
    away_score: int
    started_at: float
    ended_at: float
    calls: str
    pitches: tuple[Pitch, ...] = ()

    @property
    def is_hit(self) -> bool:
        return self.event in _HITS

    @property
    def is_scoring(self) -> bool:
        return self.runs > 0


class _Kept:
    """Plays of one league that were asked for lately: without pitches, and with them."""

    def __init__(self) -> None:
        self.bare: OrderedDict[tuple[int, int], list[PlateAppearance]] = OrderedDict()
        self.whole: OrderedDict[tuple[int, int], list[PlateAppearance]] = OrderedDict()


_kept: WeakKeyDictionary[League, _Kept] = WeakKeyDictionary()


def plays(world: World, season: Season, listing: Listing) -> list[PlateAppearance]:
    """All plate appearances of a listing's game with their pitches, future ones included; none where it is not played.

    Both lines of a suspended game have the same ones.
    """
    from dagster_mlb.simulator.pitches import with_pitches

    listing = season.game_of(listing)
    kept = _kept_of(world.league).whole
    key = (season.plan.season, listing.number)
    if key not in kept:
        kept[key] = with_pitches(world, season, listing, plate_appearances(world, season, listing))
        if len(kept) > KEPT_GAMES:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def plate_appearances(world: World, season: Season, listing: Listing) -> list[PlateAppearance]:
    """As ``plays`` without the pitches' own measures (five times faster): their calls are there."""
    listing = season.game_of(listing)
    kept = _kept_of(world.league).bare
    key = (season.plan.season, listing.number)
    if key not in kept:
        kept[key] = _Game(world, season, listing).played() if np.isfinite(season.first_pitch[listing.number]) else []
        if len(kept) > KEPT_GAMES:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _kept_of(league: League) -> _Kept:
    known = _kept.get(league)
    if known is None:
        known = _kept[league] = _Kept()
    return known


def half_spans(season: Season, number: int) -> Iterator[tuple[int, int, float, float]]:
    """(inning index, side batting: 0 away 1 home, begin, end) of every half that was played."""
    for inning, side in np.argwhere(season.half_runs[number] >= 0).tolist():
        yield (
            inning,
            side,
            float(season.half_starts[number, inning, side]),
            float(season.half_ends[number, inning, side]),
        )


@dataclass(slots=True)
class _OnBase:
    player: Player
    is_earned: bool
    pitcher_id: int


class _Game:
    """The state of a game while it is played: line-ups, pitchers, score."""

    def __init__(self, world: World, season: Season, listing: Listing) -> None:
        self.world, self.season, self.listing = world, season, listing
        first = float(season.first_pitch[listing.number])
        self.orders: list[list[Player]] = []
        self.staffs: list[Staff] = []
        for side, club in enumerate((listing.home, listing.away)):
            order = rosters.lineup(world, season, listing, side, first)
            if order is None:
                raise ValueError(f"listing {listing.number} is played without a line-up")
            self.orders.append(order)
            starter = rosters.starter_of(world, season.plan.season, club, int(season.starters[listing.number, side, 1]))
            relievers = rosters.bullpen(world, season, club, first)
            self.staffs.append(Staff(starter, relievers, listing.club_game[side]))
        self.next_up = [0, 0]
        self.score = [0, 0]  # home, away
        self.found: list[PlateAppearance] = []

    def played(self) -> list[PlateAppearance]:
        for inning, side, begin, end in half_spans(self.season, self.listing.number):
            self._half(inning, side, begin, end)
        return self.found

    def _half(self, inning: int, side: int, begin: float, end: float) -> None:
        """One half-inning; ``side`` 0: the away club bats."""
        season, number = self.season, self.listing.number
        batting, fielding = (1, 0) if side == 0 else (0, 1)  # as in ``score``
        runs = int(season.half_runs[number, inning, side])
        rng = self.world.league.streams.at(begin, PLAYS, season.plan.season, number, inning, side)
        uniforms = iter(rng.random(40 * (runs + 8)).tolist())
        order, staff = self.orders[batting], self.staffs[fielding]
        needed = self.score[1] - self.score[0] + 1 if side == 1 and inning >= 8 else None
        wins_it = needed is not None and runs >= needed
        ahead = half.walk_off_chances(needed, runs) if wins_it and needed is not None else half.chances(runs)
        staff.begin_half(inning, self.score[fielding] - self.score[batting], next(uniforms))

        bases: list[_OnBase | None] = [None, None, None]
        if inning >= 9:
            runner = order[(self.next_up[batting] - 1) % 9]
            bases[1] = _OnBase(runner, False, staff.pitcher.player_id)
        outs = scored = 0
        drafts: list[tuple[PlateAppearance, int]] = []
        while outs < 3 and not (wins_it and scored >= (needed or 0)):
            staff.before_batter(outs, next(uniforms))
            slot = self.next_up[batting]
            batter, pitcher = order[slot], staff.pitcher
            self.next_up[batting] = (slot + 1) % 9
            occupied = sum(1 << i for i, man in enumerate(bases) if man is not None)
            options = half.outcomes(outs, occupied)
            chances = []
            for x in options:
                over = outs + x.outs >= 3
                if wins_it and needed is not None:
                    wins = scored + x.runs >= needed
                    won = 1.0 if wins and half.wins_with(x, scored, needed) == runs else 0.0
                    chances.append(won if wins or over else ahead[scored + x.runs, outs + x.outs, x.bases])
                else:
                    left = runs - scored - x.runs
                    ends = 1.0 if left == 0 else 0.0
                    chances.append(0.0 if left < 0 else ends if over else ahead[left, outs + x.outs, x.bases])
            drawn, rest = half.draw_outcome(options, _weights(batter, pitcher), chances, next(uniforms))
            brought = drawn.runs
            if wins_it and needed is not None and drawn.event != "home_run":
                brought = min(brought, needed - scored)
            appearance = self._appearance(
                inning, side, slot, batter, pitcher, drawn, brought, rest, outs, bases, uniforms
            )
            drafts.append((appearance, len(appearance.calls)))
            staff.faced(len(appearance.calls), drawn.outs, brought)
            self.score[batting] += brought
            scored += brought
            outs += drawn.outs
        self._tell_time(drafts, begin, end)

    def _appearance(
        self,
        inning: int,
        side: int,
        slot: int,
        batter: Player,
        pitcher: Player,
        drawn: half.Outcome,
        brought: int,
        rest: float,
        outs: int,
        bases: list[_OnBase | None],
        uniforms: Iterator[float],
    ) -> PlateAppearance:
        """The draft of one plate appearance (its moments come later); moves the runners in ``bases``."""
        before = _ids(bases)
        men: dict[int, _OnBase] = {i + 1: man for i, man in enumerate(bases) if man is not None}
        men[0] = _OnBase(batter, drawn.event != "field_error", pitcher.player_id)
        after: list[_OnBase | None] = [None, None, None]
        runners, home = [], 0
        for start, end in drawn.moves:
            man = men[start]
            if end == 4:
                home += 1
                if home > brought:  # the game was won before he came home
                    end = 3
            if 1 <= end <= 3:
                after[end - 1] = man
            earned = man.is_earned and drawn.event != "field_error"
            runners.append(Runner(man.player.player_id, start, end, earned, man.pitcher_id))
        bases[:] = after
        trajectory = trajectory_of(drawn, rest)
        home_score, away_score = self.score
        gained = (0, brought) if side == 0 else (brought, 0)
        return PlateAppearance(
            at_bat_number=len(self.found) + 1,
            inning=inning + 1,
            is_top=side == 0,
            batter_id=batter.player_id,
            batter_name=batter.name,
            batting_slot=slot + 1,
            stand=("L" if pitcher.throws == "R" else "R") if batter.bats == "S" else batter.bats,
            pitcher_id=pitcher.player_id,
            pitcher_name=pitcher.name,
            throws=pitcher.throws,
            event=drawn.event,
            trajectory=trajectory,
            description=description_of(batter.name, drawn.event, trajectory, brought),
            outs_before=outs,
            outs_after=outs + drawn.outs,
            runs=brought,
            rbi=0 if drawn.event in ("field_error", "grounded_into_double_play") else brought,
            bases_before=before,
            bases_after=_ids(after),
            runners=tuple(runners),
            home_score_before=home_score,
            away_score_before=away_score,
            home_score=home_score + gained[0],
            away_score=away_score + gained[1],
            started_at=0.0,
            ended_at=0.0,
            calls=half.pitch_calls(drawn.event, uniforms),
        )

    def _tell_time(self, drafts: list[tuple[PlateAppearance, int]], begin: float, end: float) -> None:
        """Spread the appearances over the half, after the break: each takes its pitches and a little; milliseconds."""
        pause = min(_BREAK_SECONDS, 0.25 * (end - begin)) if self.found else 1.0
        weights = [pitches + 1.6 for _, pitches in drafts]
        each = (end - begin - pause) / sum(weights)
        at = begin + pause
        for position, (draft, _) in enumerate(drafts):
            last = position == len(drafts) - 1
            until = end if last else round(at + weights[position] * each, 3)
            number = len(self.found) + 1
            self.found.append(replace(draft, at_bat_number=number, started_at=round(at, 3), ended_at=until))
            at = until


def _ids(bases: list[_OnBase | None]) -> tuple[int | None, int | None, int | None]:
    first, second, third = (man.player.player_id if man is not None else None for man in bases)
    return first, second, third


def _weights(batter: Player, pitcher: Player) -> dict[str, float]:
    power, contact = batter.power * pitcher.power, batter.contact * pitcher.contact
    return {
        "strikeout": batter.strikeouts * pitcher.strikeouts,
        "walk": batter.walks * pitcher.walks,
        "hit_by_pitch": 1.0,
        "single": contact,
        "double": contact * power**0.5,
        "triple": contact,
        "home_run": power,
        "field_error": 1.0,
        "ground": 1.0,
        "air": 1.0,
    }
