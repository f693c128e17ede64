"""Who pitches when: a starter until he has thrown enough, then the bullpen by turns, the closer with a small lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dagster_mlb.simulator.rosters import Player

STARTER_PITCHES: Final = 92  # on average; he leaves between innings some pitches earlier
_INNING_OUTS = 3


class Staff:
    """One club's pitchers in one game; ``pitcher`` is on the mound.

    Relievers take turns by the club's game number, so that nobody pitches day after day; the first one closes.
    """

    def __init__(self, starter: Player, relievers: Sequence[Player], game_number: int) -> None:
        self.pitcher = starter
        self.used = [starter]
        closer, *others = relievers
        shift = 3 * game_number % max(len(others), 1)
        self._closer: Player | None = closer
        self._waiting = [*others[shift:], *others[:shift]]
        self._pitches = self._outs = self._runs = self._batters = 0
        self._limit: float | None = None

    def begin_half(self, inning: int, lead: int, uniform: float) -> None:
        """Before a half-inning; ``inning`` counts from 0, ``lead`` is the club's own."""
        if self._limit is None:
            self._limit = STARTER_PITCHES + 22 * (uniform - 0.5)
        if inning >= 8 and 0 <= lead <= 3 and self._closer is not None:
            self._bring(self._closer)
            self._closer = None
        elif self._is_starter:
            if self._pitches >= self._limit - 14 or (self._runs >= 5 and inning >= 3):
                self._bring_next()
        elif self._outs >= _INNING_OUTS or self._pitches >= 26:
            self._bring_next()

    def before_batter(self, outs: int, uniform: float) -> None:
        """In the middle of a half: a tired or beaten pitcher goes. A reliever faces three men first."""
        limit = self._limit or STARTER_PITCHES
        if self._is_starter:
            if self._pitches >= limit + 4 or (self._runs >= 7 and uniform < 0.5):
                self._bring_next()
        elif self._batters >= 3 and (self._pitches >= 34 or self._runs >= 4) and uniform < 0.8:
            self._bring_next()

    def faced(self, pitches: int, outs: int, runs: int) -> None:
        """After a plate appearance."""
        self._pitches += pitches
        self._outs += outs
        self._runs += runs
        self._batters += 1

    @property
    def _is_starter(self) -> bool:
        return len(self.used) == 1

    def _bring_next(self) -> None:
        if self._waiting:
            self._bring(self._waiting.pop(0))
        elif self._closer is not None:
            self._bring(self._closer)
            self._closer = None

    def _bring(self, pitcher: Player) -> None:
        self.pitcher = pitcher
        self.used.append(pitcher)
        self._pitches = self._outs = self._runs = self._batters = 0
