"""A world: a league, its market and the moment at which people look at it; and one whose moment moves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from dagster_mlb.simulator.league import League
from dagster_mlb.simulator.prices import Market
from dagster_mlb.simulator.schedule import NEW_YORK, SeasonPlan


@dataclass(frozen=True)
class World:
    """A seeded league seen at ``now`` (aware). Two worlds of one seed differ only in what they may tell yet.

    ``redrawn_after`` with ``later_seed`` draws everything that becomes known after a moment from another seed: the
    future changes, the past does not (for proofs that the future is never told). ``prompt_books``: a control in which
    no book errs or lags (for proofs that there is then nothing to find).
    """

    seed: int
    plans: tuple[SeasonPlan, ...]
    now: datetime
    redrawn_after: datetime | None = None
    later_seed: int | None = None
    _drawn: list[tuple[League, Market]] = field(default_factory=list, repr=False, compare=False)
    prompt_books: bool = False

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
            self._drawn.append((league, Market(league, prompt_books=self.prompt_books)))
        return self._drawn[0]

    @property
    def moment(self) -> float:
        """``now`` in epoch seconds."""
        return self.now.timestamp()

    @property
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
                "plans": [
                    [p.season, p.opening.isoformat(), p.closing.isoformat(), *([p.forced] if p.forced else [])]
                    for p in self.plans
                ],
                "redrawn_after": self.redrawn_after.isoformat() if self.redrawn_after else None,
                "later_seed": self.later_seed,
                "prompt_books": self.prompt_books,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> World:
        """The inverse of ``to_json``."""
        told = json.loads(text)
        return cls(
            seed=told["seed"],
            plans=tuple(
                SeasonPlan(season, date.fromisoformat(first), date.fromisoformat(last), **(forced[0] if forced else {}))
                for season, first, last, *forced in told["plans"]
            ),
            now=datetime.fromisoformat(told["now"]),
            redrawn_after=datetime.fromisoformat(told["redrawn_after"]) if told["redrawn_after"] else None,
            later_seed=told["later_seed"],
            prompt_books=told.get("prompt_books", False),
        )


class ClockError(ValueError):
    """A clock was asked to go where it can't: backward, or anywhere at all if it stands still."""


class Clock:
    """The clock of a served world: it is stepped, or runs ``rate`` times as fast as real time. Whole seconds.

    >>> clock = Clock(datetime(2025, 7, 15, 16, tzinfo=UTC))
    >>> clock.step(datetime(2025, 7, 15, 18, tzinfo=UTC)).hour
    18
    """

    def __init__(self, start: datetime, rate: float = 0.0) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock's start needs a time zone")
        if rate < 0:
            raise ClockError("a clock does not run backward: its rate is 0 (stepped) or more")
        self.rate = rate
        self._start, self._since = start.astimezone(UTC), time.perf_counter()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Start (or last step) + elapsed × rate, in whole seconds."""
        elapsed = (time.perf_counter() - self._since) * self.rate
        return self._start + timedelta(seconds=int(elapsed))

    def step(self, to: datetime) -> datetime:
        """Go forward to a moment and on from there; returns it. Raises ``ClockError`` if it has passed."""
        if to.tzinfo is None:
            raise ClockError("a moment needs a time zone, for example 2025-07-15T16:00:00Z")
        with self._lock:
            if to < self.now():
                raise ClockError(f"the clock is at {self.now().isoformat()} and never goes backward")
            self._start, self._since = to.astimezone(UTC), time.perf_counter()
        return self._start


class MovingWorld(World):
    """A world whose ``now`` is its clock's. Everything else (league, market, moment, today) is as of that moment.

    ``at`` gives an ordinary world. Within ``pinned()`` now stands still, so that one answer is of one moment.
    """

    def __init__(self, world: World, clock: Clock) -> None:
        for name in ("seed", "plans", "redrawn_after", "later_seed", "_drawn", "prompt_books"):
            object.__setattr__(self, name, getattr(world, name))
        object.__setattr__(self, "clock", clock)
        object.__setattr__(self, "_pin", ContextVar[datetime | None]("pinned_now", default=None))

    clock: Clock
    _pin: ContextVar[datetime | None]

    @property
    def now(self) -> datetime:
        """The clock's moment, or the one that is pinned."""
        return self._pin.get() or self.clock.now()

    def at(self, now: datetime) -> World:
        """The same world (and the same drawn seasons), standing still at another moment."""
        return World(
            self.seed,
            self.plans,
            now.astimezone(UTC),
            self.redrawn_after,
            self.later_seed,
            self._drawn,
            self.prompt_books,
        )

    @contextmanager
    def pinned(self) -> Iterator[datetime]:
        """Hold ``now`` for what runs inside (this task or thread only)."""
        now = self.clock.now()
        token = self._pin.set(now)
        try:
            yield now
        finally:
            self._pin.reset(token)
