"""The few database connections that all plans of a collection write through, each in a thread of its own."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import psycopg

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

P = ParamSpec("P")
T = TypeVar("T")


class WriterPool:
    """At most ``size`` connections as the role *ingest*, the first opened at once, the others when they are needed.

    with WriterPool(settings, 4) as pool:
        await pool.run(write_a_batch, batch)      # in a thread; inside: with pool.connection() as conn
    """

    def __init__(self, settings: Settings, size: int) -> None:
        self._settings = settings
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix="writer")
        self._idle: queue.LifoQueue[psycopg.Connection] = queue.LifoQueue()

    def __enter__(self) -> WriterPool:
        self._idle.put(connect(self._settings, role="ingest"))
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        while not self._idle.empty():
            self._idle.get().close()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection of nobody else's meanwhile: what is not committed is rolled back, a broken one is dropped."""
        try:
            conn = self._idle.get_nowait()
        except queue.Empty:
            conn = connect(self._settings, role="ingest")
        try:
            yield conn
        finally:
            if not conn.closed:
                conn.rollback()
            if conn.closed:
                conn.close()
            else:
                self._idle.put(conn)
