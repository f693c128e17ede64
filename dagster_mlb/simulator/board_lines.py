"""PrizePicks' lines: one standard per player and stat, goblins below it, demons above; no prices.

The board is set up like a book's props, with requotes and an opinion of its own. The standard line is the one nearest
to even; where none is near (a home run), only demons stand. Goblins and demons are to be taken for more alone. A line
that moves keeps its id. Lines disappear at the scheduled start.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.prices import shift
from dagster_mlb.simulator.prop_prices import HOURS, available, last_requote, noises, place_of
from dagster_mlb.simulator.props import fair_chances
from dagster_mlb.simulator.rosters import Player
from dagster_mlb.simulator.schedule import HOUR, Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Floats = NDArray[np.float64]
OddsType = Literal["standard", "goblin", "demon"]

SELLER: Final = "prizepicks"
# Our word → the board's.
STATS: Final = {
    "batter_hits": "Hits",
    "batter_total_bases": "Total Bases",
    "batter_home_runs": "Home Runs",
    "batter_rbis": "RBIs",
    "batter_runs_scored": "Runs",
    "batter_hits_runs_rbis": "Hits+Runs+RBIs",
    "batter_singles": "Singles",
    "batter_walks": "Walks",
    "batter_strikeouts": "Hitter Strikeouts",
    "hitter_fantasy_score": "Hitter Fantasy Score",
    "pitcher_strikeouts": "Pitcher Strikeouts",
    "pitcher_outs": "Pitching Outs",
    "pitcher_hits_allowed": "Hits Allowed",
    "pitcher_walks": "Walks Allowed",
    "pitcher_earned_runs": "Earned Runs Allowed",
}
_NAMES: Final = tuple(STATS)
_BATTERS_FROM: Final = 3  # the requote at which hitters come onto the board
_NOISE: Final = 0.08
_STANDARD: Final = (0.34, 0.66)
_GOBLINS, _DEMONS = 1, 2
_SUSPENDED: Final = 0.004
_PROMOTED: Final = 0.006
_KEPT: Final = 200  # (game, requote) kept at hand, per league


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One projection. ``others``: further players of a combo. ``opened_at`` and ``updated_at`` in epoch seconds.

    ``promo_line`` is the discounted line of a promotion. ``says_sides``: whether the board states the allowed wagers.
    """

    projection_id: str
    players: tuple[Player, ...]
    side: int
    stat: str
    line: float
    odds_type: OddsType
    opened_at: float
    updated_at: float
    is_suspended: bool = False
    promo_line: float | None = None
    says_sides: bool = True


_kept: WeakKeyDictionary[League, OrderedDict[tuple[int, int, int], list[BoardLine]]] = WeakKeyDictionary()


def board_lines(world: World, season: Season, listing: Listing, moment: float) -> list[BoardLine]:
    """The lines of a game on the board at a moment; none before it is put up, nor from its scheduled start on."""
    if not listing.is_played_as_of(moment) or moment >= listing.start:
        return []
    requote = last_requote(world, season, listing, SELLER, moment)
    if requote is None:
        return []
    kept = _kept.setdefault(world.league, OrderedDict())
    key = (season.plan.season, listing.number, requote.step)
    if key not in kept:
        kept[key] = _draw_lines(world, season, listing, requote.step, requote.at)
        if len(kept) > _KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    there = available(world, season, listing, moment)
    return [line for line in kept[key] if all(player.player_id in there for player in line.players)]


def _draw_lines(world: World, season: Season, listing: Listing, step: int, at: float) -> list[BoardLine]:
    noise = noises(world, season, listing, SELLER, step, len(_NAMES)) * _NOISE
    opened = listing.start - HOURS[0] * HOUR
    lines: list[BoardLine] = []
    starters: list[BoardLine] = []
    for one in fair_chances(world, season, listing, at):
        if one.player.role == "hitter" and step < _BATTERS_FROM:
            continue
        for place, stat in enumerate(_NAMES):
            if stat not in one.counts:
                continue
            scatter = float(noise[one.side, place_of(one.player), place])
            for line, odds_type, nth in _ladder(one.counts[stat], stat, scatter):
                draws = _uniforms(world, season, listing, one.player, stat, odds_type, nth)
                is_promoted = odds_type == "standard" and draws[1] < _PROMOTED and line > 1
                made = BoardLine(
                    projection_id=str(10**9 + int(draws[0] * 9 * 10**9)),
                    players=(one.player,),
                    side=one.side,
                    stat=stat,
                    line=line,
                    odds_type=odds_type,
                    opened_at=opened,
                    updated_at=at,
                    is_suspended=_uniforms(world, season, listing, one.player, stat, odds_type, 10 + step)[0]
                    < _SUSPENDED,
                    promo_line=line // 2 + 0.5 if is_promoted else None,
                    says_sides=odds_type != "standard" or draws[2] < 0.5,
                )
                lines.append(made)
                if stat == "pitcher_strikeouts" and odds_type == "standard":
                    starters.append(made)
    if len(starters) == 2:
        lines.append(_combo(starters[0], starters[1]))
    return lines


def _combo(one: BoardLine, other: BoardLine) -> BoardLine:
    """Both starters' strikeouts added up, in one line."""
    return BoardLine(
        projection_id=str(int(one.projection_id) + 10**10),
        players=(*one.players, *other.players),
        side=one.side,
        stat=one.stat,
        line=one.line + other.line + 0.5,
        odds_type="standard",
        opened_at=one.opened_at,
        updated_at=one.updated_at,
    )


def _ladder(counts: Floats, stat: str, scatter: float) -> list[tuple[float, OddsType, int]]:
    """(line, type, how many lines from the standard one) of one player's stat."""
    above = shift(np.clip(1 - np.cumsum(counts)[:-1], 1e-6, 1), np.full(len(counts) - 1, scatter))
    middle = int(np.abs(above - 0.5).argmin())
    rung = 4 if stat == "hitter_fantasy_score" else 1
    found: list[tuple[float, OddsType, int]] = []
    is_even = _STANDARD[0] <= above[middle] <= _STANDARD[1]
    if is_even:
        found.append((middle + 0.5, "standard", 0))
        for nth in range(1, _GOBLINS + 1):
            lower = middle - nth * rung
            if lower >= 0 and above[lower] < 0.97:
                found.append((lower + 0.5, "goblin", nth))
    for nth in range(1 if is_even else 0, _DEMONS + 1):
        higher = middle + nth * rung
        if higher < len(above) and 0.06 < above[higher] < 0.5:
            found.append((higher + 0.5, "demon", nth))
    return found


def _uniforms(
    world: World, season: Season, listing: Listing, player: Player, stat: str, odds_type: str, nth: int
) -> tuple[float, float, float]:
    """Three uniforms of a line of its own, the same at every requote: they are facts from the moment it is planned."""
    said = f"{world.seed}|{season.plan.season}|{listing.number}|{player.player_id}|{stat}|{odds_type}|{nth}"
    digest = hashlib.blake2b(said.encode(), digest_size=18).digest()
    first, second, third = (int.from_bytes(digest[i : i + 6]) / 2**48 for i in (0, 6, 12))
    return first, second, third
