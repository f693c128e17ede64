"""The live graph asked whether it knows its future: what was decided by a moment is built once more without what came
after it, by the SQL that made it, and compared with what stands.

Read-only but for temporary tables of transactions that are rolled back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import psycopg

from dagster_mlb.strategies.leakage.behaviour import PARTS, check_behaviour
from dagster_mlb.strategies.leakage.comparison import compare, standing
from dagster_mlb.strategies.leakage.graph import AsOfGraph, as_of_graph
from dagster_mlb.strategies.leakage.moments import Moment, choose_moments
from dagster_mlb.strategies.leakage.rebuild import MUTATIONS, Mutation, Window, judged, rebuilt, window
from dagster_mlb.strategies.leakage.report import LeakageReport, TableReport
from dagster_mlb.strategies.protocol import Strategy
from dagster_mlb.warehouse.compiled import Project, compiled_project
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

LivePart = Literal["tables", "ratings", "signals", "bets"]
ALL_PARTS: tuple[LivePart, ...] = ("tables", *PARTS)

SEED = 20260401
DAY = timedelta(days=1)
#: Days of games looked at around a moment: those before it, for what they still decide, and the next, already open.
DAYS_BEFORE, DAYS_AFTER = 1, 1
_AT_ONCE = 2


def check_live_graph(
    settings: Settings,
    moments: Sequence[Moment] | None = None,
    *,
    parts: Sequence[LivePart] = ALL_PARTS,
    past: int = 3,
    doubleheaders: int = 1,
    latest: int = 2,
    a_day: int = 2,
    seed: int = SEED,
    mutations: Sequence[Mutation] = MUTATIONS,
    project: Project | None = None,
    strategies: Sequence[Strategy] | None = None,
) -> LeakageReport:
    """What stands between stores and decisions at ``moments`` (else as ``choose_moments`` does).

    ``parts``: *tables* are dbt's, the others what Python makes of them. ``project``: other SQL than dbt's own;
    ``strategies``: others than the catalog's. Raises ``StaleTableError`` where a table is not its model's,
    ``TransformError`` where dbt cannot compile.
    """
    started = time.perf_counter()
    project = project or compiled_project(settings)
    with connect(settings) as connection:
        graph = as_of_graph(connection, project)
        if moments is None and graph.rebuilt:
            moments = choose_moments(
                connection, seed=seed, past=past, doubleheaders=doubleheaders, latest=latest, a_day=a_day
            )
    chosen = sorted(moments or ())
    tasks: list[Callable[[], list[TableReport]]] = []
    for day, same in groupby(chosen, key=lambda moment: moment.official_date):
        of_day, span = list(same), (day - DAYS_BEFORE * DAY, day + DAYS_AFTER * DAY)
        if "tables" in parts:
            tasks.append(partial(_check_tables, settings, graph, of_day, span, mutations, seed))
        frames = [part for part in PARTS if part in parts and part != "ratings"]
        if frames:
            tasks.append(
                partial(check_behaviour, settings, of_day, span, seed=seed, parts=frames, strategies=strategies)
            )
    if "ratings" in parts and chosen:  # of all clubs and years: once
        day = chosen[-1].official_date
        tasks.append(partial(check_behaviour, settings, chosen[-1:], (day, day), seed=seed, parts=["ratings"]))
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        found = list(workers.map(lambda task: task(), tasks))
    reports = [report for of_task in found for report in of_task]
    return LeakageReport(tuple(chosen), tuple(reports), seed, time.perf_counter() - started)


def _check_tables(
    settings: Settings,
    graph: AsOfGraph,
    moments: Sequence[Moment],
    span: tuple[date, date],
    mutations: Sequence[Mutation],
    seed: int,
) -> list[TableReport]:
    with connect(settings, role="transform") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.transaction(force_rollback=True), window(connection, graph, *span) as games:
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
