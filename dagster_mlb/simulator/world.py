"""A world: a league, its market and the moment at which people look at it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from dagster_mlb.simulator.league import League
from dagster_mlb.simulator.prices import Market
from dagster_mlb.simulator.schedule import NEW_YORK, SeasonPlan


@dataclass(frozen=True)
class World:
    """A seeded league seen at ``now`` (aware). Two worlds of one seed differ only in what they may tell yet.

    ``redrawn_after`` with ``later_seed`` draws everything that becomes known after a moment from another seed: the
    future changes, the past does not (for proofs that the future is never told).
    """

    seed: int
    plans: tuple[SeasonPlan, ...]
    now: datetime
    redrawn_after: datetime | None = None
    later_seed: int | None = None
    _drawn: list[tuple[League, Market]] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("a world's clock needs a time zone, for example datetime(2025, 7, 15, 16, tzinfo=UTC)")

    @property
    def league(self) -> League:
        """The truth. Statistical proofs may read it; the server tells only what ``now`` allows."""
        return self._pair[0]

    @property
    def market(self) -> Market:
        """The books' quotes, past and future."""
        return self._pair[1]

    @property
    def _pair(self) -> tuple[League, Market]:
        if not self._drawn:
            league = League(self.seed, self.plans, redrawn_after=self.redrawn_after, later_seed=self.later_seed)
            self._drawn.append((league, Market(league)))
        return self._drawn[0]

    @cached_property
    def moment(self) -> float:
        """``now`` in epoch seconds."""
        return self.now.timestamp()

    @cached_property
    def today(self) -> date:
        """The baseball day in New York."""
        return self.now.astimezone(NEW_YORK).date()

    def at(self, now: datetime) -> World:
        """The same world (and the same drawn seasons) at another moment."""
        return replace(self, now=now.astimezone(UTC), _drawn=self._drawn)

    def dates(self, first: date, last: date) -> Sequence[date]:
        """Every date from first to last."""
        return [first + timedelta(days=i) for i in range((last - first).days + 1)]

    def to_json(self) -> str:
        """The world's definition in one line, for another process."""
        return json.dumps(
            {
                "seed": self.seed,
                "now": self.now.isoformat(),
                "plans": [[p.season, p.opening.isoformat(), p.closing.isoformat()] for p in self.plans],
                "redrawn_after": self.redrawn_after.isoformat() if self.redrawn_after else None,
                "later_seed": self.later_seed,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> World:
        """The inverse of ``to_json``."""
        told = json.loads(text)
        return cls(
            seed=told["seed"],
            plans=tuple(SeasonPlan(s, date.fromisoformat(a), date.fromisoformat(b)) for s, a, b in told["plans"]),
            now=datetime.fromisoformat(told["now"]),
            redrawn_after=datetime.fromisoformat(told["redrawn_after"]) if told["redrawn_after"] else None,
            later_seed=told["later_seed"],
        )
