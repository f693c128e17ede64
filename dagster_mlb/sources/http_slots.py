"""How many requests of one client run at once, and who goes first when there are more: a slot that falls free is given
to the highest priority that waits, within it to whoever came first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dagster_mlb.sources.http_messages import Priority

ORDER: dict[Priority, int] = {"live": 0, "props": 1, "history": 2}


class Slots:
    """Used as ``async with slots.held("live")``."""

    def __init__(self, number: int) -> None:
        if number < 1:
            raise ValueError(f"{number} slots: nothing could ever be asked")
        self._free = number
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    @asynccontextmanager
    async def held(self, priority: Priority) -> AsyncIterator[None]:
        await self._acquire(priority)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, priority: Priority) -> None:
        if self._free:
            self._free -= 1
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (ORDER[priority], next(self._numbers), given))
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._release()  # given in the moment of giving up
            raise

    def _release(self) -> None:
        while self._waiting:
            given = heapq.heappop(self._waiting)[2]
            if not given.done():
                given.set_result(None)  # the slot goes from hand to hand
                return
        self._free += 1
