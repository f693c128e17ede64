"""The truth of the simulated league: who is how strong, what is known when, and what happened.

A season is drawn once as arrays over its listings. A game's mean runs start from strengths that everybody knows at
the market's opening; news (line-ups, weather, a scratched starter) then moves them until first pitch, each move at
its own moment and worth nothing on average; the game is played half-inning by half-inning with the means as they
stand at first pitch. So the truth of a game is its closing mean runs, and no number ever depends on a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import streams as st
from dagster_mlb.simulator.clubs import CLUBS, club_in
from dagster_mlb.simulator.play import LISTING_DRAWS, first_pitches, play
from dagster_mlb.simulator.rain import build_schedule
from dagster_mlb.simulator.schedule import DAY, HOUR, NEW_YORK, Listing, SeasonPlan, epoch
from dagster_mlb.simulator.season import Season
from dagster_mlb.simulator.streams import column

__all__ = ["League", "Season", "starter_id", "starter_name"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# ln mean runs of nine full innings in a neutral park between average clubs.
HOME_BASE: Final = 1.484
AWAY_BASE: Final = 1.406
# Spread (sd) of ln runs: offence, defence with bullpen, starters (weighted by their share of the innings).
OFFENCE_SD: Final = 0.080
DEFENCE_SD: Final = 0.070
STARTER_SD: Final = 0.115
SPOT_STARTER_PENALTY: Final = 0.045
CARRY_OVER: Final = 0.65
DRIFT_PER_DAY: Final = 0.0025
# Known at the open, particular to a game: weather (both sides), match-up (difference).
WEATHER_SD: Final = 0.02
MATCH_UP_SD: Final = 0.035
# News between open and first pitch: difference and sum of the two ln means; calibrated to a move of 0.128 logit.
NEWS: Final = 10
NEWS_DIFFERENCE_SD: Final = 0.063
NEWS_SUM_SD: Final = 0.050
SCRATCHED: Final = 0.05
ROTATION: Final = 5
STARTERS: Final = 7


class League:
    """All seasons of one seed, drawn when first asked for and then kept.

    >>> League(7, [SeasonPlan(2025, date(2025, 3, 27), date(2025, 4, 6))]).season(2025).runs.shape[1]
    2
    """

    def __init__(
        self,
        seed: int,
        plans: Sequence[SeasonPlan],
        *,
        redrawn_after: datetime | None = None,
        later_seed: int | None = None,
    ) -> None:
        cut = redrawn_after.timestamp() if redrawn_after is not None else None
        self.streams = st.Streams(seed, cut, later_seed)
        self.seed = seed
        self.plans = {plan.season: plan for plan in sorted(plans, key=lambda plan: plan.season)}
        self._seasons: dict[int, Season] = {}
        self._strength: dict[int, tuple[Floats, Floats, Floats]] = {}

    def season(self, season: int) -> Season:
        """The season's truth. Raises ``KeyError`` for a season that the league does not play."""
        if season not in self._seasons:
            self._seasons[season] = _draw_season(self, self.plans[season])
        return self._seasons[season]

    def season_of(self, day: date) -> Season | None:
        """The season whose dates hold a day, if any."""
        plan = self.plans.get(day.year)
        if plan is None or not plan.opening <= day <= plan.closing:
            return None
        return self.season(day.year)

    def strengths(self, season: int) -> tuple[Floats, Floats, Floats]:
        """(offence ``(30, days)``, defence ``(30, days)``, starters ``(30, 7)``), all ln runs; for defence and starters
        more is worse. Day 0 is two days before the opening."""
        if season not in self._strength:
            self._strength[season] = self._draw_strengths(season)
        return self._strength[season]

    def _draw_strengths(self, season: int) -> tuple[Floats, Floats, Floats]:
        plan = self.plans[season]
        known = epoch(plan.opening - timedelta(days=3), 0, NEW_YORK)
        fresh = self.streams.at(known, st.CLUB_SEASON, season).standard_normal((len(CLUBS), 2 + STARTERS))
        before = [s for s in self.plans if s < season]
        carry = CARRY_OVER if before else 0.0
        new = np.sqrt(1 - carry**2)
        level = fresh * new * np.array([OFFENCE_SD, DEFENCE_SD] + [STARTER_SD] * STARTERS)
        if before:
            offence, defence, starters = self.strengths(before[-1])
            penalty = np.array([0.0] * ROTATION + [SPOT_STARTER_PENALTY] * (STARTERS - ROTATION))
            level += carry * np.column_stack([offence[:, -1], defence[:, -1], starters - penalty])
        level -= level.mean(0)
        level[:, 2 + ROTATION :] += SPOT_STARTER_PENALTY
        days = (plan.closing - plan.opening).days + 3
        daily = [
            self.streams.at(known + day * DAY, st.CLUB_SEASON, season, day).standard_normal((len(CLUBS), 2))
            for day in range(days)
        ]
        drift = np.stack(daily, axis=1).cumsum(1) * DRIFT_PER_DAY
        return level[:, 0, None] + drift[..., 0], level[:, 1, None] + drift[..., 1], level[:, 2:]


def starter_id(club: int, starter: int) -> int:
    """The person id of a club's starter: 900000 and up, where no real person is."""
    return 900_000 + club * 10 + starter


def starter_name(club: int, starter: int, season: int) -> str:
    """A name that nobody takes for a real pitcher's."""
    return f"Simulated Starter {club_in(club, season).abbreviation} {starter + 1}"


def _draw_season(league: League, plan: SeasonPlan) -> Season:
    streams = league.streams
    listings = build_schedule(plan, streams)
    addresses = [(st.LISTING, plan.season, x.number) for x in listings]
    u = streams.uniforms(addresses, LISTING_DRAWS)
    z = streams.normals([(*a, 1) for a in addresses], 2 + 2 * NEWS)
    start = np.array([x.start for x in listings])
    listed = np.array([x.listed_at for x in listings])
    midnight = np.array([epoch(x.date, 0, NEW_YORK) for x in listings])
    # D-1 between 09:30 and 10:30 New York; a make-up announced after that opens within the hour.
    opened = midnight - DAY + 9.5 * HOUR
    open_at = np.round(np.maximum(opened, listed + HOUR / 3) + streams.choose(opened, column(u, 0)) * 0.7 * HOUR)

    offence, defence, skill = league.strengths(plan.season)
    home = np.array([x.home for x in listings])
    away = np.array([x.away for x in listings])
    day = np.array([(x.date - plan.opening).days for x in listings])
    starters, announced_at, confirmed_at = _starters(listings, streams, u, start, open_at)
    weather = streams.choose(opened, column(z, 0)) * WEATHER_SD
    match_up = streams.choose(opened, column(z, 1)) * MATCH_UP_SD
    park = np.array([CLUBS[x.home].park_runs for x in listings])
    news_at, news_home, news_away = _news(streams, u, z, start, open_at)

    # A starter may be scratched: until he is confirmed the price holds the chance of his replacement.
    sides = []
    for side, club in enumerate((home, away)):
        expected = skill[club, starters[:, side, 0]]
        replacement = skill[club].mean(1)
        actual = np.where(starters[:, side, 1] != starters[:, side, 0], skill[club, starters[:, side, 1]], expected)
        before = expected + SCRATCHED * (replacement - expected)
        sides.append((before, actual - before))
    ln_home = HOME_BASE + park + offence[home, day] + defence[away, day] + sides[1][0] + weather + match_up / 2
    ln_away = AWAY_BASE + park + offence[away, day] + defence[home, day] + sides[0][0] + weather - match_up / 2
    zero = np.zeros(len(listings))
    news_at = np.column_stack([news_at, confirmed_at])
    news_home = np.column_stack([news_home, zero, sides[1][1]])
    news_away = np.column_stack([news_away, sides[0][1], zero])

    lost = np.array([x.made_up_as is not None for x in listings])
    first_pitch = np.where(lost, np.inf, first_pitches(streams, u, start))
    stopped_after = np.array([-1 if x.stopped_after is None else x.stopped_after for x in listings])
    resumed = np.array([np.nan if x.resumed_as is None else first_pitch[x.resumed_as] for x in listings])
    ln_close = ln_home + news_home.sum(1), ln_away + news_away.sum(1)
    games = play(streams, u, first_pitch, *ln_close, stopped_after, resumed)
    ended = games.half_ends.reshape(len(listings), -1).max(1) + 20
    crowd = 14_000 + 28_000 * streams.choose(first_pitch, column(u, 39)) ** 0.8
    season = Season(
        plan=plan,
        listings=listings,
        open_at=open_at,
        start=start,
        first_pitch=first_pitch,
        ended=ended,
        ln_home=ln_home,
        ln_away=ln_away,
        news_at=news_at,
        news_home=news_home,
        news_away=news_away,
        starters=starters,
        announced_at=announced_at,
        confirmed_at=confirmed_at,
        half_runs=games.half_runs,
        half_starts=games.half_starts,
        half_ends=games.half_ends,
        runs=games.runs,
        innings=games.innings,
        attendance=crowd.astype(np.int64),
    )
    for listing in listings:
        if listing.resumed_from is not None:
            _same_game(season, listing.number, listing.resumed_from)
    return season


def _same_game(season: Season, resumption: int, game: int) -> None:
    """Give a resumption's row what its game's has, but for its own start."""
    for field in fields(season):
        values = getattr(season, field.name)
        if isinstance(values, np.ndarray) and field.name not in ("start", "first_pitch"):
            values[resumption] = values[game]


def _starters(
    listings: list[Listing], streams: st.Streams, u: tuple[Floats, Floats], start: Floats, open_at: Floats
) -> tuple[Ints, Floats, Floats]:
    """Who is announced and who pitches, when he was announced and when confirmed (or replaced)."""
    n = len(listings)
    announced_at = np.empty((n, 2))
    confirmed_at = np.empty((n, 2))
    who = np.empty((n, 2, 2), dtype=np.int64)
    for side in range(2):
        rotation = np.array([x.club_game[side] % ROTATION for x in listings])
        spot = np.array([x.is_makeup and x.double_header != "N" for x in listings])
        rotation = np.where(spot, ROTATION, rotation)
        moment = start - 48 * HOUR
        early = streams.choose(moment, column(u, 1 + side))
        late = streams.choose(moment, column(u, 3 + side)) < 0.05
        announced_at[:, side] = np.where(late, start - (2 + 2 * early) * HOUR, start - (30 + 18 * early) * HOUR)
        span = np.maximum(start - 1.5 * HOUR - open_at, HOUR / 2)
        confirmed = open_at + span * (0.5 + 0.5 * streams.choose(open_at, column(u, 5 + side)))
        confirmed_at[:, side] = np.round(np.minimum(confirmed, start - HOUR))
        scratched = streams.choose(confirmed_at[:, side], column(u, 7 + side)) < SCRATCHED
        pick = streams.choose(confirmed_at[:, side], column(u, 9 + side)) * STARTERS
        who[:, side, 0] = rotation
        who[:, side, 1] = np.where(scratched, pick.astype(np.int64), rotation)
    return who, np.round(announced_at), confirmed_at


def _news(
    streams: st.Streams, u: tuple[Floats, Floats], z: tuple[Floats, Floats], start: Floats, open_at: Floats
) -> tuple[Floats, Floats, Floats]:
    """Moments of news, denser towards first pitch, and what each adds to ln mean home and away runs."""
    share = (np.arange(NEWS) + streams.choose(open_at[:, None], column(u, slice(11, 11 + NEWS)))) / NEWS
    at = np.round(open_at[:, None] + (start - 300 - open_at)[:, None] * (1 - (1 - share) ** 1.5))
    difference = streams.choose(at, column(z, slice(2, 2 + NEWS))) * NEWS_DIFFERENCE_SD / np.sqrt(NEWS)
    total = streams.choose(at, column(z, slice(2 + NEWS, 2 + 2 * NEWS))) * NEWS_SUM_SD / np.sqrt(NEWS)
    return at, total + difference / 2, total - difference / 2
