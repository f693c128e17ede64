"""A small simulated league and its way into a database: what the proofs about leakage and identity are made on.

``league_database`` collects a world over HTTP from the league's own server into a fresh database and builds
everything right of raw. What is asked for does not depend on how the world went: the days of its plans and a fixed
grid of moments, none after its clock. What the league itself knows (``game_key_of``, ``moved_after``) is beside it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql

from dagster_mlb.pipeline import transform
from dagster_mlb.settings import Settings
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.schedule import NEVER, Listing, SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.collect import OddsMoment, collect_historical_odds, collect_odds, collect_schedule
from dagster_mlb.sources.collection import Plan, collect
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.warehouse import transform as transform_of_dbt
from dagster_mlb.warehouse.connection import database_name, open_connection, plain_url, with_database
from dagster_mlb.warehouse.prepare import prepare

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
HOURS = (12.0, 15.0, 18.5, 21.5)  # New York, every day: the open of tomorrow, and late prices of most games of today
BOOKS = ("pinnacle", "draftkings", "fanduel")
_counter = itertools.count()


class Server(NamedTuple):
    """Where fresh databases are made: the maintenance database's address and the name of a migrated template."""

    url: str
    template: str


@contextmanager
def fresh_database(server: Server, folder: Path, now: datetime, *, like: Settings | None = None) -> Iterator[Settings]:
    """Settings of a new migrated database, or of a copy of ``like``'s (nobody may be connected to it)."""
    name = f"test_world_{os.getpid()}_{next(_counter)}"
    template = database_name(_url(like)) if like is not None else server.template
    with open_connection(server.url) as connection:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield Settings(
            environment="test", database_url=with_database(server.url, name), data_dir=folder / name, fixed_now=now
        )
    finally:
        with open_connection(server.url) as connection:
            # Not "with (force)": that needs the right to end an autovacuum worker; a plain drop asks it to go.
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def _url(settings: Settings) -> str:
    assert settings.database_url is not None
    return plain_url(settings.database_url)


def at_the_league(settings: Settings, world: World, league_url: str) -> Settings:
    """The same database, on the world's clock and at the league's addresses."""
    wanted = {
        "mlb_stats_base_url": f"{league_url}/mlb_stats",
        "odds_api_base_url": f"{league_url}/odds_api",
        "odds_api_key": "test",
        "fixed_now": world.now,
    }
    return Settings.model_validate(settings.model_dump() | wanted)


def moments_of(plan: SeasonPlan, until: datetime, hours: Sequence[float] = HOURS) -> list[OddsMoment]:
    """When prices are asked for, not after ``until``: every day of the plan and the day before it, at ``hours``.

    Each asks for the games that begin from ten hours before to the end of the next baseball day.
    """
    wanted = []
    for day in days_between(plan.opening - DAY, plan.closing):
        for hour in hours:
            at = new_york(day, hour)
            if at <= until:
                wanted.append(OddsMoment(at, at - timedelta(hours=10), new_york(day + DAY, 29)))
    return wanted


def new_york(day: date, hour: float) -> datetime:
    """A wall-clock hour (may exceed 24) in New York, in UTC."""
    local = datetime.combine(day, time()) + timedelta(hours=hour)
    return local.replace(tzinfo=NEW_YORK).astimezone(UTC)


def game_key_of(listing: Listing) -> int:
    """The key of a listing's game: the spine is MLB's, so code 1 before the gamePk."""
    return 1_000_000_000_000 + listing.game_pk


def listings_of(world: World) -> Iterator[tuple[Season, Listing]]:
    """Every listing of every season of the league's truth, future ones included."""
    for plan in world.plans:
        season = world.league.season(plan.season)
        for listing in season.listings:
            yield season, listing


def moved_after(world: World, moment: datetime) -> set[int]:
    """Games whose postponement was announced after a moment: what they were before is not in the schedule of today."""
    return {game_key_of(x) for _, x in listings_of(world) if moment.timestamp() < x.postponed_at < NEVER}


def paired_after(world: World, moment: datetime) -> set[int]:
    """Games as first listed that a make-up announced after a moment turned into half of a doubleheader."""
    return {game_key_of(x) for _, x in listings_of(world) if moment.timestamp() < x.paired_at and not x.is_makeup}


def waiting_at(world: World, moment: datetime) -> set[int]:
    """Games whose start had come and whose first pitch had not."""
    now = moment.timestamp()
    return {game_key_of(x) for s, x in listings_of(world) if x.is_played and x.start <= now < s.first_pitch[x.number]}


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def collect_afterwards(
    settings: Settings, world: World, *, hours: Sequence[float] = HOURS, books: Sequence[str] = BOOKS
) -> None:
    """The whole world up to its clock in one go, every answer a backfill: facts are known from their own time."""
    collect_calendars(settings, world)
    for plan in world.plans:
        moments = moments_of(plan, world.now, hours)
        collect_historical_odds(settings, moments, run_id="world", bookmakers=books).raise_if_failed()


def collect_calendars(settings: Settings, world: World) -> None:
    """Every day of every season, days to come included, as it was listed at the world's clock: all of it backfilled."""
    for plan in world.plans:
        requests = [
            mlb_stats.schedule_request(day, capture="backfilled") for day in days_between(plan.opening, plan.closing)
        ]
        schedule = Plan(mlb_stats.POLICY, settings.mlb_stats_base_url, mlb_stats.SCHEDULE_TABLE, requests)
        collect(settings, schedule, run_id="world").raise_if_failed()


def collect_today(settings: Settings, world: World, *, books: Sequence[str] = BOOKS) -> None:
    """What a daily run asks: yesterday's, today's and tomorrow's schedule and the prices of now, all captured."""
    collect_schedule(settings, world.today - DAY, world.today + DAY, run_id="daily").raise_if_failed()
    collect_odds(settings, run_id="daily", bookmakers=books).raise_if_failed()


@contextmanager
def league_database(server: Server, folder: Path, world: World, **asked: Sequence) -> Iterator[Settings]:
    """A database that holds the world as collected at its clock, built up to the features."""
    with fresh_database(server, folder, world.now) as empty, run_league_server(world) as league_url:
        settings = at_the_league(empty, world, league_url)
        prepare(settings)
        collect_afterwards(settings, world, **asked)
        transform(settings, run_id="world")
        yield settings


@contextmanager
def untested() -> Iterator[None]:
    """dbt without its tests, for worlds that ask for something else than gates: a fifth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        for name, arguments in transform_of_dbt.SELECTIONS.items():
            patch.setitem(transform_of_dbt.SELECTIONS, name, (*arguments, "resource_type:test"))
        yield
