"""When the next request to a source may start: one pace per source, shared by every process and machine.

The algorithm is GCRA (pyrate-limiter's): a source's requests start at least an interval apart, whoever asks. Requests
of lower priority must also keep to a part of the rate, so a backfill never starves a close, in whatever process either
runs. Where its state lies: in this process (``LocalTurns``), or in operational.rate_limits (``SharedTurns``), on the
database server's clock, because machines' clocks differ.

pyrate-limiter has a PostgreSQL bucket of its own; measured with four processes and 20 requests a second allowed, it is
not used: it lets half of the rate through (9.9/s), 1 to 15 turns a process (its table lock refuses whoever comes
second), none at all to a session in another time zone (its times have none), and its user must be able to make tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import psycopg

from dagster_mlb.sources.http_messages import Priority, SourcePolicy

if TYPE_CHECKING:
    from pyrate_limiter import Rate

_UNITS = 1000  # a rate of 1,000 units in interval × 1,000 ms makes the emission interval exact to the microsecond


@dataclass(frozen=True)
class Wait:
    """How long to wait before asking for the turn again; ``is_asked``: the source itself wants to be left alone."""

    seconds: float
    is_asked: bool = False


class Turns(Protocol):
    """Who may start a request."""

    async def take(self, priority: Priority) -> Wait | None:
        """None: start now; the turn is spent. Else how long until it is worth asking again."""

    async def pause(self, seconds: float) -> None:
        """Nobody starts a request for so long (``Retry-After``)."""


@dataclass(frozen=True)
class Pace:
    """Seconds between two requests, and the parts of that rate that lower priorities may use (0 to 1)."""

    interval_s: float
    props_share: float = 0.8
    history_share: float = 0.5

    def __post_init__(self) -> None:
        if self.interval_s < 0 or not (0 < self.history_share <= 1 and 0 < self.props_share <= 1):
            raise ValueError(f"{self}: the interval is 0 or more, a share above 0 and at most 1")

    @classmethod
    def of(cls, policy: SourcePolicy, *, is_loopback: bool) -> Pace:
        interval = policy.loopback_min_interval_s if is_loopback else policy.min_interval_s
        return cls(interval, policy.props_share, policy.history_share)

    def rates(self, priority: Priority) -> list[Rate]:
        """The rates that a request must keep to: everyone's, that of props and history, that of history."""
        from pyrate_limiter import Rate

        shares: dict[Priority, tuple[float, ...]] = {
            "live": (1.0,),
            "props": (1.0, self.props_share),
            "history": (1.0, self.props_share, self.history_share),
        }
        return [Rate(_UNITS, max(1, round(self.interval_s * 1e6 / share)), burst=1) for share in shares[priority]]


def _step(pace: Pace, priority: Priority, arrivals: list[int], now_ms: int) -> tuple[list[int], Wait | None]:
    """The arrivals after this request, or unchanged with the wait that it needs. A higher priority leaves the arrivals
    of the lower ones as they are."""
    from pyrate_limiter import GCRA

    rates = pace.rates(priority)
    taken, decision = GCRA().step(rates, tuple(arrivals[: len(rates)]), now_ms, 1)
    if decision.allowed:
        return [*(int(arrival) for arrival in taken), *arrivals[len(rates) :]], None
    return arrivals, Wait((decision.retry_after_ms or 1) / 1000)


class LocalTurns:
    """Turns within this process."""

    def __init__(self, pace: Pace) -> None:
        from pyrate_limiter import MonotonicClock

        self._pace = pace
        self._clock = MonotonicClock()
        self._arrivals = [0, 0, 0]
        self._not_before_ms = 0

    async def take(self, priority: Priority) -> Wait | None:
        now = self._clock.now()
        if now < self._not_before_ms:
            return Wait((self._not_before_ms - now) / 1000, is_asked=True)
        if not self._pace.interval_s:
            return None
        self._arrivals, wait = _step(self._pace, priority, self._arrivals, now)
        return wait

    async def pause(self, seconds: float) -> None:
        self._not_before_ms = max(self._not_before_ms, self._clock.now() + round(seconds * 1000))


class _OneConnection:
    """What pyrate-limiter's clock calls a pool."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        yield self._connection


class SharedLimits:
    """The turns of any number of sources, kept in the warehouse: one connection, used by one thread at a time.

    ``connection`` must be in autocommit and is closed at the end. Use as a context manager.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        from pyrate_limiter import PostgresClock

        self.connection = connection
        self.clock = PostgresClock(cast(Any, _OneConnection(connection)))
        self.executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rate-limits")

    def __enter__(self) -> SharedLimits:
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.shutdown()
        self.connection.close()

    def turns(self, source: str, pace: Pace) -> SharedTurns:
        """The turns of one source at a pace. Call it before anything is asked."""
        self.connection.execute(
            "insert into operational.rate_limits (source, arrivals_us) values (%s, '{0,0,0}') on conflict do nothing",
            [source],
        )
        return SharedTurns(self, source, pace)


class SharedTurns:
    """Turns among all processes that use this database; without an interval only the pauses are shared."""

    def __init__(self, limits: SharedLimits, source: str, pace: Pace) -> None:
        self._limits = limits
        self._source = source
        self._pace = pace

    async def take(self, priority: Priority) -> Wait | None:
        return await asyncio.get_running_loop().run_in_executor(self._limits.executor, self._take, priority)

    async def pause(self, seconds: float) -> None:
        await asyncio.get_running_loop().run_in_executor(self._limits.executor, self._pause, seconds)

    def _take(self, priority: Priority) -> Wait | None:
        connection = self._limits.connection
        with connection.transaction():
            arrivals, not_before = connection.execute(
                "select arrivals_us, not_before_ms from operational.rate_limits where source = %s for update",
                [self._source],
            ).fetchone() or ([0, 0, 0], 0)
            now = int(self._limits.clock.now())  # read while the row is held: whoever comes later reads a later time
            if now < not_before:
                return Wait((not_before - now) / 1000, is_asked=True)
            if not self._pace.interval_s:
                return None
            arrivals, wait = _step(self._pace, priority, arrivals, now)
            if wait is None:
                connection.execute(
                    "update operational.rate_limits set arrivals_us = %s where source = %s", [arrivals, self._source]
                )
        return wait

    def _pause(self, seconds: float) -> None:
        until = int(self._limits.clock.now()) + round(seconds * 1000)
        self._limits.connection.execute(
            "update operational.rate_limits set not_before_ms = greatest(not_before_ms, %s) where source = %s",
            [until, self._source],
        )
