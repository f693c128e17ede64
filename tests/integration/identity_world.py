"""A season of the simulated league as every source that has events told it, day by day, and what the league itself
knows of each event: what the proof of identity is made on.

``collect_days`` steps the league's clock through a stretch of days and asks each source as it answered then: few
requests, small answers, but every event. ``Events`` holds the crosswalk against the league's truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import polars as pl
from world import DAY, Server, fresh_database, game_key_of

from dagster_mlb.pipeline import demo_settings
from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_action_network, wire_odds, wire_prizepicks, wire_sbd, wire_sbr, wire_vsin
from dagster_mlb.simulator.faults import FaultPlan
from dagster_mlb.simulator.schedule import NEVER, Listing, SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network import client as action_network
from dagster_mlb.sources.action_network.collect import plan_public_betting, plan_scoreboard
from dagster_mlb.sources.collection import Plan, collect_many
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.sources.odds_api import client as odds_api
from dagster_mlb.sources.odds_api import events as odds_events
from dagster_mlb.sources.prizepicks import client as prizepicks
from dagster_mlb.sources.sbd import client as sbd
from dagster_mlb.sources.sbr import client as sbr
from dagster_mlb.sources.vsin import client as vsin
from dagster_mlb.sources.vsin.parse import READER
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare

# Hours UTC of a day: late morning in New York (everybody's whole slate), the afternoon (VSIN alone: of a doubleheader
# it tells no starts, but which game has begun), the evening, after most rain-outs of the day were told.
MORNING, AFTERNOON, EVENING = 15.5, 20.5, 23.5
# A board of PrizePicks has some 450 lines a game on the day itself, game after game: of every stretch of 400, 20.
LINES_ASKED, LINES_BETWEEN, LONGEST_BOARD = 20, 400, 10_000
SOURCES = ("odds_api", "action_network", "sbd", "vsin", "sbr", "prizepicks")


def season_of(
    year: int, opening: date, closing: date, *, seed: int, doubleheaders: int, postponements: int, suspended: int
) -> World:
    """A world with exactly so many of each, its clock a day before the first game."""
    plan = SeasonPlan(
        year, opening, closing, doubleheaders=doubleheaders, postponements=postponements, suspended=suspended
    )
    return World(seed, (plan,), datetime(opening.year, opening.month, opening.day, 12, tzinfo=UTC) - DAY)


# ---------------------------------------------------------------- collecting


@contextmanager
def collected_season(
    server: Server, folder: Path, world: World, *, faults: FaultPlan | None = None
) -> Iterator[tuple[Settings, str]]:
    """A fresh database and the league's address, its clock stepped from the world's; nothing is collected yet."""
    with (
        fresh_database(server, folder, world.now) as empty,
        run_league_server(world, clock="stepped", faults=faults) as league_url,
    ):
        settings = demo_settings(empty, league_url)
        prepare(settings)
        yield settings, league_url


def collect_days(settings: Settings, league_url: str, days: Sequence[date]) -> list[str]:
    """Ask every source of each day at its moments; returns what failed. The clock is left at the last moment."""
    failures = []
    with httpx.Client(trust_env=False) as clock:
        for day in days:
            for hour in (MORNING, AFTERNOON, EVENING):
                at = moment_of(day, hour)
                clock.post(f"{league_url}/clock", json={"now": at.isoformat()}).raise_for_status()
                now = Settings.model_validate(settings.model_dump() | {"fixed_now": at})
                for result in collect_many(now, _plans(now, day, hour), run_id=f"{day} {hour}"):
                    failures += [
                        f"{at} {result.table} {failure.target} [{failure.outcome}] {failure.message}"
                        for failure in result.failures
                    ]
    return failures


def moment_of(day: date, hour: float) -> datetime:
    """An hour of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def _plans(settings: Settings, day: date, hour: float) -> list[Plan]:
    pages = Plan(
        vsin.POLICY, settings.vsin_base_url, vsin.SPLITS_TABLE, [vsin.splits_request(b) for b in vsin.BOOKS],
        reader=READER,
    )  # fmt: skip
    if hour == AFTERNOON:
        return [pages]
    days = [day - DAY, day, day + DAY]
    schedule = [mlb_stats.schedule_request(asked, capture="captured") for asked in days]
    secret = odds_api.secret_params(settings)
    plans = [
        Plan(mlb_stats.POLICY, settings.mlb_stats_base_url, mlb_stats.SCHEDULE_TABLE, schedule),
        Plan(
            odds_api.POLICY, settings.odds_api_base_url, odds_events.EVENTS_TABLE, [odds_events.events_request()],
            secret_params=secret,
        ),
        replace(
            plan_scoreboard(settings, days[1:], books=(1534, 30), periods=action_network.PERIODS[:1]),
        ),
        Plan(sbd.POLICY, settings.sbd_base_url, sbd.ODDS_TABLE, [sbd.odds_request(sbd.BOOKS[:2])]),
        pages,
        Plan(
            sbr.POLICY, settings.sbr_base_url, sbr.ODDS_TABLE,
            [sbr.odds_request(asked, "moneyline") for asked in days[1:]],
        ),
    ]  # fmt: skip
    if hour == MORNING:
        asked = [odds_api.odds_request(markets=("h2h",), bookmakers=("pinnacle",))]
        plans.append(
            Plan(odds_api.POLICY, settings.odds_api_base_url, odds_api.ODDS_TABLE, asked, secret_params=secret)
        )
        lines = range(1, LONGEST_BOARD // LINES_ASKED, LINES_BETWEEN // LINES_ASKED)
        board = [prizepicks.projections_request(page, per_page=LINES_ASKED) for page in lines]
    else:
        plans.append(plan_public_betting(settings, [day], books=(1534,)))
        board = [prizepicks.projections_request(1, per_page=LINES_ASKED)]
    plans.append(Plan(prizepicks.POLICY, settings.prizepicks_base_url, prizepicks.PROJECTIONS_TABLE, board))
    return plans
