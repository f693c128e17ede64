"""Players' props: 3,500 of them from the body of the response to staged rows, of both sources that have props.

The league's own answers (a few games' odds of The Odds API, a board of PrizePicks) are stored in raw and staged by
dbt's own SQL, on a server and a database of their own. The figure is the store plus what dbt says the models took,
hooks, indexes and statistics included; dbt's own fixed cost is shown apart. The peer: reading the bodies in Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

from benchmarks.figures import Figure, best_seconds
from dagster_mlb.settings import Settings, get_settings
from dagster_mlb.simulator import wire_odds, wire_odds_props, wire_prizepicks
from dagster_mlb.simulator.books import BOOKS
from dagster_mlb.simulator.http_answers import json_bytes
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.http import ResponseRecord
from dagster_mlb.sources.odds_api.props import PROP_MARKETS
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.server import EmbeddedServer
from dagster_mlb.warehouse.transform import (
    DBT_PROFILES_DIR,
    DBT_PROJECT_DIR,
    connection_in_environment,
    invoke,
    nodes_of,
)

PROPS = 3_500
BUDGET_SECONDS = 2.0
REPEATS = 3
NOW = datetime(2025, 5, 14, 20, tzinfo=UTC)


def measure() -> list[Figure]:
    world = World(7, (SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 31)),), NOW)
    figures = []
    with scratch_warehouse() as settings:
        staged(settings, "+player_props")
        for name, table, bodies, models in (
            ("The Odds API", "odds_api_event_odds", event_odds(world), ("stg_odds_api__props",)),
            (
                "PrizePicks",
                "prizepicks_projections",
                pages(world),
                ("stg_prizepicks__projections", "stg_prizepicks__props"),
            ),
        ):
            runs = [once(settings, table, bodies, models, nth) for nth in range(REPEATS)]
            peer = best_seconds(lambda answers=bodies: [json.loads(body) for body in answers], 3)
            props, seconds, whole = min(runs, key=lambda run: run[1])
            figures += [
                Figure(
                    f"{props:,} props of {name}, body → staged",
                    seconds,
                    "s",
                    peer,
                    "json.loads",
                    BUDGET_SECONDS,
                    digits=3,
                ),
                Figure("  with dbt's own fixed cost", whole, "s"),
            ]
    return figures


def once(
    settings: Settings, table: str, bodies: Sequence[bytes], models: Sequence[str], nth: int
) -> tuple[int, float, float]:
    """(props staged, seconds of store and models, seconds with dbt around them) for one collection of new answers."""
    records = [
        ResponseRecord(
            source=table.partition("_")[0],
            endpoint=table,
            request_key=f"GET /bench/{nth}/{place}?oddsFormat=american",
            official_date=None,
            observed_at=NOW,
            http_status=200,
            content_type="application/json",
            body=body,
            content_hash=hashlib.sha256(body).hexdigest(),
            byte_length=len(body),
        )
        for place, body in enumerate(bodies)
    ]
    started = time.perf_counter()
    with connect(settings, role="ingest") as connection:
        loads = store_many(
            connection, table, records, run_id="bench", capture="captured", provenance="simulated", ingested_at=NOW
        )
    stored = time.perf_counter() - started
    took = staged(settings, *models)
    whole = time.perf_counter() - started
    with connect(settings) as connection:
        statement = f"select count(*) from staging.{models[0]} where load_id = any(%s) and disposition = 'staged'"
        counted = connection.execute(statement, [[load.load_id for load in loads]]).fetchone()  # type: ignore[call-overload]
    return (counted[0] if counted else 0), stored + sum(took[model] for model in models), whole


def staged(settings: Settings, *selectors: str) -> dict[str, float]:
    """Build models without their tests: model → the seconds that dbt says it took."""
    # With the clubs: a run's first hook wants a table with foreign keys among what is made.
    arguments = ["build", "--select", "teams", *selectors, "--exclude", "resource_type:test", "resource_type:unit_test"]
    arguments += ["--project-dir", str(DBT_PROJECT_DIR)]
    quietly = ["--profiles-dir", str(DBT_PROFILES_DIR), "--log-level", "none", "--quiet", "--no-write-json"]
    with connection_in_environment(settings):
        outcome = invoke([*arguments, *quietly])
    if not outcome.success:
        raise RuntimeError(f"dbt failed: {[node.message for node in nodes_of(outcome) if node.status == 'error']}")
    return {node.unique_id.rpartition(".")[2]: node.seconds for node in nodes_of(outcome)}


def event_odds(world: World) -> list[bytes]:
    """Answers for as many games as hold the props that are measured."""
    asked = wire_odds_props.Asked(PROP_MARKETS, tuple(range(len(BOOKS))), is_american=True, unix=False)
    bodies: list[bytes] = []
    for season, listing in wire_odds.on_offer(world, world.moment):
        if sum(body.count(b'"price"') for body in bodies) >= PROPS:
            break
        bodies.append(wire_odds_props.event_odds(world, season, listing, asked, world.moment).body)
    return bodies


def pages(world: World) -> list[bytes]:
    """As many pages of the board, likewise."""
    wanted = -(-PROPS // wire_prizepicks.DEFAULT_PER_PAGE)
    boards = [wire_prizepicks.board(world, page=page) for page in range(1, wanted + 1)]
    return [json_bytes(board) for board in boards if board["data"]]


@contextmanager
def scratch_warehouse() -> Iterator[Settings]:
    """Settings of a server and a migrated database of their own, gone afterwards."""
    place = get_settings().data_dir / f"bench_{os.getpid()}"
    place.mkdir(parents=True)
    settings = Settings(environment="dev", data_dir=place, database_url=None, fixed_now=NOW)
    try:
        prepare(settings)
        yield settings
    finally:
        EmbeddedServer(settings.postgres_dir).destroy()
        shutil.rmtree(place, ignore_errors=True)
