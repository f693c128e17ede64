"""Which moments are looked at: decisions that were made, of the latest days and of some drawn from all the others.

At a decision that many games share many rows stand on its very edge; halfway through a slate some games are over, some
go on and some can still be bet on; at the decision for a doubleheader's second game its first one is not over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import psycopg

_DECISIONS_SQL = """
select official_date, decision_at, count(*)
from staging.int_decision_points
where decision <> 'current' and official_date = any(%s)
group by official_date, decision_at
order by official_date, decision_at
"""
_DAYS_SQL = """
select distinct official_date from staging.int_decision_points where decision <> 'current' order by official_date
"""
# The last decision on a second game that came while the first game's result was not known.
_DOUBLEHEADERS_SQL = """
select distinct on (seconds.game_key) seconds.official_date, points.decision_at
from staging.games as seconds
inner join staging.games as firsts
    on firsts.official_date = seconds.official_date and firsts.home_team_id = seconds.home_team_id
    and firsts.away_team_id = seconds.away_team_id and firsts.game_number < seconds.game_number
inner join staging.game_results as results on results.game_key = firsts.game_key and results.version = 1
inner join staging.int_decision_points as points
    on points.game_key = seconds.game_key and points.decision in ('pregame', 'close')
    and points.decision_at < results.known_at
order by seconds.game_key, points.decision_at desc
"""


@dataclass(frozen=True, order=True)
class Moment:
    """A moment to look at, the baseball day around which, and why it."""

    at: datetime
    official_date: date
    why: str


def choose_moments(
    connection: psycopg.Connection,
    *,
    seed: int,
    past: int,
    doubleheaders: int = 0,
    latest: int = 2,
    a_day: int = 2,
) -> list[Moment]:
    """The moments of the latest day of decisions, of ``past`` other days drawn by ``seed``, and of ``doubleheaders``.

    ``latest``, ``a_day``: how many of the latest and of a drawn day, two or only the one in the middle of the slate.
    The same warehouse and seed give the same moments.
    """
    days = [row[0] for row in connection.execute(_DAYS_SQL)]
    if not days:
        return []
    rng = np.random.default_rng(seed)
    drawn = [days[n] for n in sorted(rng.choice(len(days) - 1, size=min(past, len(days) - 1), replace=False))]
    decisions: dict[date, list[tuple[datetime, int]]] = defaultdict(list)
    for day, at, games in connection.execute(_DECISIONS_SQL, [[*drawn, *days[-2:]]]):
        decisions[day].append((at, games))
    chosen = _of_a_slate(days[-1], decisions[days[-1]], "the latest day")
    if len(days) > 1 and len(chosen) < 2:  # of tomorrow only the open is there: today's slate too
        chosen += _of_a_slate(days[-2], decisions[days[-2]], "the latest day but one")[-1:]
    chosen = chosen[-latest:] if latest else []
    for day in drawn:
        chosen += _of_a_slate(day, decisions[day], "a drawn day")[-a_day:]
    if doubleheaders:
        found = connection.execute(_DOUBLEHEADERS_SQL).fetchall()
        for n in sorted(rng.choice(len(found), size=min(doubleheaders, len(found)), replace=False)) if found else []:
            chosen.append(Moment(found[n][1], found[n][0], "the second game of a doubleheader"))
    return sorted({moment.at: moment for moment in reversed(chosen)}.values())


def _of_a_slate(day: date, decisions: Sequence[tuple[datetime, int]], told: str) -> list[Moment]:
    """The decision that most games share, and the one in the middle of those that come after it."""
    if not decisions:
        return []
    shared = max(decisions, key=lambda one: (one[1], one[0]))[0]
    later = [at for at, _ in decisions if at > shared]
    chosen = [Moment(shared, day, f"{told}, the decision most games share")]
    if later:
        chosen.append(Moment(later[len(later) // 2], day, f"{told}, in the middle of the slate"))
    return chosen
