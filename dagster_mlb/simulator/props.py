"""What the league's players may do in a game, as of a moment: the truth that props are about.

Known at a moment is who is announced and posted by then, and the news in the mean runs; nothing looks ahead. How
often whom does what is in ``prop_rates``; what books and PrizePicks make of it in ``prop_prices``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.prices import fair_outcomes
from dagster_mlb.simulator.prop_rates import batter_counts, starter_counts
from dagster_mlb.simulator.rosters import Player
from dagster_mlb.simulator.schedule import Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlayerChances:
    """One player in one game: ``counts[stat][n]`` is P(count = n) as of the moment asked. ``side`` 0 home, 1 away."""

    player: Player
    side: int
    counts: dict[str, Floats]

    def over(self, stat: str, line: float) -> float:
        """P(count > line | count ≠ line): a whole line may push."""
        counts = self.counts[stat]
        least = int(np.floor(line)) + 1
        more = float(counts[least:].sum())
        less = float(counts[: int(np.ceil(line))].sum())
        return more / (more + less)


def announced_starter(season: Season, listing: Listing, side: int, moment: float) -> int | None:
    """The number of a side's starter as known at a moment; None before anybody was announced."""
    number = listing.number
    if moment < season.announced_at[number, side]:
        return None
    known = 1 if moment >= season.confirmed_at[number, side] else 0
    return int(season.starters[number, side, known])


def expected_nine(world: World, season: Season, listing: Listing, side: int, moment: float) -> list[Player]:
    """The posted line-up in batting order, else the regulars in the order in which they usually bat."""
    posted = rosters.lineup(world, season, listing, side, moment)
    if posted is not None:
        return posted
    club = (listing.home, listing.away)[side]
    hitters = [p for p in rosters.active(world, season, club, moment) if p.role == "hitter"]
    return sorted(hitters[:9], key=lambda p: -(p.contact + 0.4 * p.power))


def fair_chances(world: World, season: Season, listing: Listing, moment: float) -> list[PlayerChances]:
    """Everybody whom a prop may be about as of a moment: eighteen batters and the announced starters."""
    number = listing.number
    known = season.news_at[number] <= moment
    runs = np.exp(
        [
            season.ln_home[number] + (season.news_home[number] * known).sum(),
            season.ln_away[number] + (season.news_away[number] * known).sum(),
        ]
    )
    nines = [expected_nine(world, season, listing, side, moment) for side in (0, 1)]
    starters: list[Player | None] = []
    pens: list[Floats] = []
    for side, club in enumerate((listing.home, listing.away)):
        who = announced_starter(season, listing, side, moment)
        starters.append(rosters.starter_of(world, season.plan.season, club, who) if who is not None else None)
        pens.append(_skills(rosters.bullpen(world, season, club, moment)).mean(0))
    found: list[PlayerChances] = []
    for side in (0, 1):
        facing = starters[1 - side]
        against = _skills([facing])[0] if facing is not None else np.zeros(4)
        counts = batter_counts(_skills(nines[side]), against, pens[1 - side], float(runs[side]), is_home=side == 0)
        for slot, player in enumerate(nines[side]):
            told = {stat: values[slot] for stat, values in counts.items()}
            found.append(PlayerChances(player, side, told))
    win = float(fair_outcomes(season, np.array([number]), np.array([moment]))[0, 0])
    for side, starter in enumerate(starters):
        if starter is not None:
            lineup = _skills(nines[1 - side]).mean(0)
            wins = win if side == 0 else 1 - win
            counts = starter_counts(_skills([starter])[0], lineup, float(runs[1 - side]), wins)
            found.append(PlayerChances(starter, side, counts))
    return found


def _skills(players: Sequence[Player]) -> Floats:
    """``(n, 4)`` logarithms of strikeouts, walks, power and contact."""
    return np.log([[p.strikeouts, p.walks, p.power, p.contact] for p in players])
