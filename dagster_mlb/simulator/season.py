"""A season's truth as arrays over its listings, and what follows from them as of a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.schedule import Listing, SeasonPlan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Season:
    """A season's truth as arrays over listings (first axis: ``Listing.number``). Moments are epoch seconds.

    ``ln_home``/``ln_away``: ln mean runs as known at the open. ``news_at`` ``(n, 12)`` are the moments of news (the
    last two: the home and the away starter confirmed or replaced) and ``news_home``/``news_away`` what each adds.
    ``starters`` ``(n, 2, 2)`` [home|away, announced|final] are starter numbers, with ``announced_at`` and
    ``confirmed_at`` ``(n, 2)``. ``half_runs`` ``(n, 24, 2)`` [inning, away|home], −1 where not batted;
    ``half_starts`` and ``half_ends`` the moments at which each began and ended. A rained-out listing has no first
    pitch (∞). A resumption's row is its game's, but for its own ``start`` and ``first_pitch`` (when play goes on).
    """

    plan: SeasonPlan
    listings: list[Listing]
    open_at: Floats
    start: Floats
    first_pitch: Floats
    ended: Floats
    ln_home: Floats
    ln_away: Floats
    news_at: Floats
    news_home: Floats
    news_away: Floats
    starters: Ints
    announced_at: Floats
    confirmed_at: Floats
    half_runs: Ints
    half_ends: Floats
    runs: Ints
    innings: Ints
    attendance: Ints
    half_starts: Floats

    @cached_property
    def played(self) -> NDArray[np.bool_]:
        return np.array([listing.is_played for listing in self.listings])

    @cached_property
    def by_date(self) -> dict[date, list[Listing]]:
        """The listings of each date, by start, then game number."""
        days: dict[date, list[Listing]] = {}
        for listing in sorted(self.listings, key=lambda x: (x.date, x.start, x.game_pk)):
            days.setdefault(listing.date, []).append(listing)
        return days

    @cached_property
    def by_game_pk(self) -> dict[int, list[Listing]]:
        """Every line of a game, in order of number: one, or two where it was postponed or suspended."""
        games: dict[int, list[Listing]] = {}
        for listing in self.listings:
            games.setdefault(listing.game_pk, []).append(listing)
        return games

    def game_of(self, listing: Listing) -> Listing:
        """The line that the game began on: the listing itself, or what a resumption resumes."""
        return listing if listing.resumed_from is None else self.listings[listing.resumed_from]

    def resumed_at(self, listing: Listing) -> float:
        """When play of a suspended game goes on; ∞ for a game that was not suspended."""
        return np.inf if listing.resumed_as is None else float(self.first_pitch[listing.resumed_as])

    def is_interrupted(self, listing: Listing, moment: float) -> bool:
        """Whether a game has been stopped by rain at a moment and does not go on yet (that day or at all)."""
        game = self.game_of(listing)
        return game.stopped_at <= moment < self.resumed_at(game)

    def is_suspended(self, listing: Listing, moment: float) -> bool:
        """Whether a game is known at a moment to go on only on another date, and has not yet."""
        game = self.game_of(listing)
        return game.suspended_at <= moment < self.resumed_at(game)

    def is_in_play(self, listing: Listing, moment: float) -> bool:
        """Whether a game is going on at a moment: begun, not over, not interrupted."""
        game = self.game_of(listing)
        begun = bool(self.first_pitch[game.number] <= moment < self.ended[game.number])
        return begun and not self.is_interrupted(game, moment)

    def score_at(self, number: int, moment: float) -> tuple[int, int]:
        """(home, away) runs of the half-innings that had ended by a moment."""
        ended = (self.half_runs[number] >= 0) & (self.half_ends[number] <= moment)
        away, home = (self.half_runs[number] * ended).sum(0)
        return int(home), int(away)

    def runs_after(self, innings: int) -> Ints:
        """Runs [home, away] after so many full innings, ``(n, 2)``: what a bet on the first five (5) or the first
        inning (1) is settled on. Every game is played that far; of a rained-out listing they mean nothing."""
        totals: Ints = self.half_runs[:, :innings].clip(min=0).sum(1)[:, ::-1]
        return totals

    @cached_property
    def true_home_probability(self) -> Floats:
        """P(home wins) given everything that is known at first pitch."""
        ln_home = self.ln_home + self.news_home.sum(1)
        ln_away = self.ln_away + self.news_away.sum(1)
        return scoring.look_up(scoring.score_grid().outcomes[..., :1], ln_home, ln_away)[:, 0]

    @cached_property
    def results_by_club(self) -> list[tuple[Floats, Ints]]:
        """Per club: the moments its games ended, sorted, and its cumulative wins."""
        clubs = []
        index = np.flatnonzero(self.played)
        home = np.array([x.home for x in self.listings])[index]
        away = np.array([x.away for x in self.listings])[index]
        home_won = self.runs[index, 0] > self.runs[index, 1]
        for club in range(len(CLUBS)):
            mine = (home == club) | (away == club)
            ended = self.ended[index][mine]
            won = np.where(home[mine] == club, home_won[mine], ~home_won[mine])
            order = np.argsort(ended, kind="stable")
            clubs.append((ended[order], won[order].cumsum()))
        return clubs

    def record(self, club: int, moment: float) -> tuple[int, int]:
        """(wins, losses) of a club from games that had ended by a moment."""
        ended, wins = self.results_by_club[club]
        games = int(np.searchsorted(ended, moment, side="right"))
        won = int(wins[games - 1]) if games else 0
        return won, games - won
