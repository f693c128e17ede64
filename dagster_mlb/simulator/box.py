"""Boxscores of the league: what batters and pitchers have done in a game so far, added up from its plays.

``lines_of`` gives a whole game's lines in a compact form and ``season_lines`` adds them up over a season; what they
look like on the wire is in ``wire_mlb_box.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.play_by_play import PlateAppearance, plate_appearances
from dagster_mlb.simulator.schedule import Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.rosters import Player
    from dagster_mlb.simulator.world import World

_STRIKES = frozenset("CSFX")
_NO_AT_BAT = frozenset({"walk", "hit_by_pitch", "sac_fly"})


@dataclass(slots=True)
class Batting:
    """A batter's line."""

    plate_appearances: int = 0
    at_bats: int = 0
    runs: int = 0
    hits: int = 0
    doubles: int = 0
    triples: int = 0
    home_runs: int = 0
    rbi: int = 0
    walks: int = 0
    strikeouts: int = 0
    hit_by_pitch: int = 0
    sac_flies: int = 0
    double_plays: int = 0
    ground_outs: int = 0
    air_outs: int = 0
    pitches: int = 0
    games: int = 0

    @property
    def total_bases(self) -> int:
        return self.hits + self.doubles + 2 * self.triples + 3 * self.home_runs


@dataclass(slots=True)
class Pitching:
    """A pitcher's line. Runs are charged to who let the runner on; a game's ``decision`` is W, L or S."""

    outs: int = 0
    batters_faced: int = 0
    at_bats: int = 0
    hits: int = 0
    doubles: int = 0
    triples: int = 0
    home_runs: int = 0
    runs: int = 0
    earned_runs: int = 0
    walks: int = 0
    strikeouts: int = 0
    hit_batsmen: int = 0
    ground_outs: int = 0
    air_outs: int = 0
    pitches: int = 0
    strikes: int = 0
    games: int = 0
    games_started: int = 0
    wins: int = 0
    losses: int = 0
    saves: int = 0
    decision: str | None = None


@dataclass(slots=True)
class SideBox:
    """One club's part. ``pitchers`` are in the order in which they came in."""

    batting: dict[int, Batting] = field(default_factory=dict)
    pitching: dict[int, Pitching] = field(default_factory=dict)

    @property
    def pitchers(self) -> list[int]:
        return list(self.pitching)


Box = tuple[SideBox, SideBox]  # home, away


def box_of(appearances: Iterable[PlateAppearance], *, is_final: bool) -> Box:
    """(home, away) from complete plate appearances; decisions only where the game is over."""
    sides: Box = (SideBox(), SideBox())
    played = list(appearances)
    for x in played:
        batting, fielding = (sides[1], sides[0]) if x.is_top else (sides[0], sides[1])
        _bat(batting.batting.setdefault(x.batter_id, Batting(games=1)), x)
        _pitch(fielding.pitching, x)
        for runner in x.runners:
            if runner.end != 4:
                continue
            batting.batting.setdefault(runner.player_id, Batting(games=1)).runs += 1
            charged = fielding.pitching.setdefault(runner.responsible_pitcher_id, Pitching(games=1))
            charged.runs += 1
            charged.earned_runs += runner.is_earned
    for side in sides:
        for number, line in enumerate(side.pitching.values()):
            line.games_started = int(number == 0)
    if is_final and played:
        _decide(sides, played)
    return sides


def _bat(line: Batting, x: PlateAppearance) -> None:
    line.plate_appearances += 1
    line.at_bats += x.event not in _NO_AT_BAT
    line.pitches += len(x.calls)
    line.rbi += x.rbi
    line.hits += x.is_hit
    line.doubles += x.event == "double"
    line.triples += x.event == "triple"
    line.home_runs += x.event == "home_run"
    line.walks += x.event == "walk"
    line.strikeouts += x.event == "strikeout"
    line.hit_by_pitch += x.event == "hit_by_pitch"
    line.sac_flies += x.event == "sac_fly"
    line.double_plays += x.event == "grounded_into_double_play"
    if x.outs_after > x.outs_before and x.trajectory is not None:
        line.ground_outs += x.trajectory == "ground_ball"
        line.air_outs += x.trajectory != "ground_ball"


def _pitch(lines: dict[int, Pitching], x: PlateAppearance) -> None:
    line = lines.setdefault(x.pitcher_id, Pitching(games=1))
    line.outs += x.outs_after - x.outs_before
    line.batters_faced += 1
    line.at_bats += x.event not in _NO_AT_BAT
    line.hits += x.is_hit
    line.doubles += x.event == "double"
    line.triples += x.event == "triple"
    line.home_runs += x.event == "home_run"
    line.walks += x.event == "walk"
    line.strikeouts += x.event == "strikeout"
    line.hit_batsmen += x.event == "hit_by_pitch"
    line.pitches += len(x.calls)
    line.strikes += sum(call in _STRIKES for call in x.calls)
    if x.outs_after > x.outs_before and x.trajectory is not None:
        line.ground_outs += x.trajectory == "ground_ball"
        line.air_outs += x.trajectory != "ground_ball"


def _decide(sides: Box, played: list[PlateAppearance]) -> None:
    """Winner, loser and save by the rules: who was pitching when the lead changed hands for good."""
    last = played[-1]
    winner = 0 if last.home_score > last.away_score else 1
    decisive = 0
    for index, x in enumerate(played):
        lead = (x.home_score_before - x.away_score_before) * (1 if winner == 0 else -1)
        if lead <= 0:
            decisive = index
    x = played[decisive]  # the play that put the winner ahead for good
    behind = abs(x.home_score_before - x.away_score_before)
    scored = [runner for runner in x.runners if runner.end == 4]
    loser = sides[1 - winner].pitching[scored[behind].responsible_pitcher_id]
    loser.decision, loser.losses = "L", 1

    winning = sides[winner]
    of_record = winning.pitchers[0]
    for y in played[: decisive + 1]:
        if y.is_top == (winner == 0):
            of_record = y.pitcher_id
    if of_record == winning.pitchers[0] and winning.pitching[of_record].outs < 15 and len(winning.pitchers) > 1:
        of_record = max(winning.pitchers[1:], key=lambda n: winning.pitching[n].outs - 3 * winning.pitching[n].runs)
    winning.pitching[of_record].decision, winning.pitching[of_record].wins = "W", 1
    closer = winning.pitchers[-1]
    if closer != of_record:
        entered = next(y for y in played if y.pitcher_id == closer)
        lead = (entered.home_score_before - entered.away_score_before) * (1 if winner == 0 else -1)
        line = winning.pitching[closer]
        if 0 < lead <= 3 or line.outs >= 9:
            line.decision, line.saves = "S", 1


# ------------------------------------------------------------------------------------------------ seasons


_lines: WeakKeyDictionary[League, dict[tuple[int, int], Box]] = WeakKeyDictionary()


def lines_of(world: World, season: Season, listing: Listing) -> Box:
    """The whole game's lines (truth): ask only for games that are over."""
    kept = _lines.setdefault(world.league, {})
    key = (season.plan.season, listing.number)
    if key not in kept:
        kept[key] = box_of(plate_appearances(world, season, listing), is_final=True)
    return kept[key]


def games_of(season: Season, player: Player, moment: float) -> Iterator[tuple[Listing, int]]:
    """The games a player may have been in that had ended by a moment, by date, each with his side (0 home, 1 away)."""
    for listings in season.by_date.values():
        for listing in listings:
            if not listing.is_played or player.club not in (listing.home, listing.away):
                continue
            side = 0 if listing.home == player.club else 1
            if season.ended[listing.number] > moment:
                continue
            if player.role == "starter" and season.starters[listing.number, side, 1] != player.number:
                continue
            yield listing, side


def season_lines(world: World, season: Season, player: Player, moment: float) -> tuple[Batting, Pitching]:
    """A player's season from games that had ended by a moment."""
    batting, pitching = Batting(), Pitching()
    for listing, side in games_of(season, player, moment):
        box = lines_of(world, season, listing)[side]
        if player.role == "hitter":
            _add(batting, box.batting.get(player.player_id))
        else:
            _add(pitching, box.pitching.get(player.player_id))
    return batting, pitching


def _add(total: Batting | Pitching, line: Batting | Pitching | None) -> None:
    if line is None:
        return
    for name in line.__slots__:
        if name != "decision":
            setattr(total, name, getattr(total, name) + getattr(line, name))
