"""The live graph asked whether it knows its future: what was decided by a moment is built once more without what came
after it, by the SQL that made it, and compared with what stands.

Read-only but for temporary tables of transactions that are rolled back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import psycopg

from dagster_mlb.strategies.leakage.comparison import compare, standing
from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.graph import AsOfGraph, as_of_graph
from dagster_mlb.strategies.leakage.moments import Moment, choose_moments
from dagster_mlb.strategies.leakage.rebuild import MUTATIONS, Mutation, Window, judged, rebuilt, window
from dagster_mlb.warehouse.compiled import Project, compiled_project
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

SEED = 20260401
DAY = timedelta(days=1)
#: Days of games looked at around a moment: those before it, for what they still decide, and the next, already open.
DAYS_BEFORE, DAYS_AFTER = 1, 1
_AT_ONCE = 2


@dataclass(frozen=True)
class TableReport:
    """One table at one moment after one mutation."""

    table: str
    mutation: str
    moment: Moment
    rows: int
    differences: tuple[Difference, ...]
    rounded: Mapping[str, int]


@dataclass(frozen=True)
class LeakageReport:
    """What was looked at, with which seed, and what was found; ``seconds`` in all."""

    moments: tuple[Moment, ...]
    tables: tuple[TableReport, ...]
    seed: int
    seconds: float

    @property
    def leaks(self) -> tuple[TableReport, ...]:
        return tuple(table for table in self.tables if table.differences)

    @property
    def passed(self) -> bool:
        return not self.leaks

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def told(self) -> list[str]:
        """One line per table, column and mutation in which the future stands."""
        return [
            f"{difference} after {one.mutation} at {one.moment.at:%Y-%m-%d %H:%M} UTC ({one.moment.why})"
            for one in self.leaks
            for difference in one.differences
        ]


def check_live_graph(
    settings: Settings,
    moments: Sequence[Moment] | None = None,
    *,
    past: int = 3,
    doubleheaders: int = 1,
    seed: int = SEED,
    mutations: Sequence[Mutation] = MUTATIONS,
    project: Project | None = None,
) -> LeakageReport:
    """Every table between stores and decisions at ``moments`` (else chosen: the latest day's, ``past`` drawn days',
    ``doubleheaders``). ``project``: other SQL than dbt's own.

    Raises ``StaleTableError`` where a table is not its model's, ``TransformError`` where dbt cannot compile.
    """
    started = time.perf_counter()
    project = project or compiled_project(settings)
    with connect(settings) as connection:
        graph = as_of_graph(connection, project)
        if moments is None:
            moments = (
                choose_moments(connection, seed=seed, past=past, doubleheaders=doubleheaders) if graph.rebuilt else []
            )
    days = [list(same) for _, same in groupby(sorted(moments), key=lambda moment: moment.official_date)]
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        found = workers.map(lambda same: _check_days(settings, graph, same, mutations, seed), days)
        tables = [table for of_days in found for table in of_days]
    return LeakageReport(tuple(sorted(moments)), tuple(tables), seed, time.perf_counter() - started)


def _check_days(
    settings: Settings, graph: AsOfGraph, moments: Sequence[Moment], mutations: Sequence[Mutation], seed: int
) -> list[TableReport]:
    day = moments[0].official_date
    with connect(settings, role="transform") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with (
            connection.transaction(force_rollback=True),
            window(connection, graph, day - DAYS_BEFORE * DAY, day + DAYS_AFTER * DAY) as games,
        ):
            return [
                report for moment in moments for report in _check_moment(games, moment, mutations, seed, settings.now())
            ]


def _check_moment(
    games: Window, moment: Moment, mutations: Sequence[Mutation], seed: int, clock: datetime
) -> list[TableReport]:
    connection, graph = games.connection, games.graph
    reports = []
    with judged(games, moment.at):
        stands = {relation: standing(connection, graph, relation, moment.at) for relation in graph.moments}
        for mutation in mutations:
            with rebuilt(games, mutation, moment.at, seed, clock) as tables:
                for relation, rows in stands.items():
                    found = compare(connection, graph, relation, tables[relation], moment.at, rows)
                    reports.append(TableReport(".".join(relation), mutation, moment, *found))
    return reports
