"""A season of the simulated league as every source that has events told it, day by day, and what the league itself
knows of each event: what the proof of identity is made on.

``collect_days`` steps the league's clock through a stretch of days and asks each source as it answered then: few
requests, small answers, but every event. ``Events`` holds the crosswalk against the league's truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

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
from dagster_mlb.sources.http_outcome import Outcome
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.sources.odds_api import client as odds_api
from dagster_mlb.sources.odds_api import events as odds_events
from dagster_mlb.sources.prizepicks import client as prizepicks
from dagster_mlb.sources.sbd import client as sbd
from dagster_mlb.sources.sbr import client as sbr
from dagster_mlb.sources.vsin import client as vsin
from dagster_mlb.sources.vsin.parse import READER
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare

# Hours UTC of a day: late morning in New York (everybody's whole slate), the afternoon (VSIN alone: of a doubleheader
# it tells no starts, but which game has begun), the evening, when day games are over and late ones are not on.
MORNING, AFTERNOON, EVENING = 15.5, 20.5, 23.5
# A board of PrizePicks has some 450 lines a game on the day itself, game after game: of every stretch of 400, 20.
LINES_ASKED, LINES_BETWEEN, LONGEST_BOARD = 20, 400, 9_000
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
                        # SportsBettingDime says 204 on a day without games; its own collector takes that for an answer.
                        if (result.table, failure.outcome) != (sbd.ODDS_TABLE, Outcome.EMPTY.value)
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
    ahead = days[1:] if hour == MORNING else [day]
    schedule = [mlb_stats.schedule_request(asked, capture="captured") for asked in days]
    secret = odds_api.secret_params(settings)
    plans = [
        Plan(mlb_stats.POLICY, settings.mlb_stats_base_url, mlb_stats.SCHEDULE_TABLE, schedule),
        Plan(
            odds_api.POLICY, settings.odds_api_base_url, odds_events.EVENTS_TABLE, [odds_events.events_request()],
            secret_params=secret,
        ),
        plan_scoreboard(settings, ahead, books=(1534, 30), periods=action_network.PERIODS[:1]),
        Plan(sbd.POLICY, settings.sbd_base_url, sbd.ODDS_TABLE, [sbd.odds_request(sbd.BOOKS[:2])]),
        pages,
        Plan(
            sbr.POLICY, settings.sbr_base_url, sbr.ODDS_TABLE,
            [sbr.odds_request(asked, "moneyline") for asked in ahead],
        ),
    ]  # fmt: skip
    if hour == MORNING:
        asked = [odds_api.odds_request(markets=("h2h",), bookmakers=("pinnacle",))]
        plans.append(
            Plan(odds_api.POLICY, settings.odds_api_base_url, odds_api.ODDS_TABLE, asked, secret_params=secret)
        )
    else:
        plans.append(plan_public_betting(settings, [day], books=(1534,)))
    longest = LONGEST_BOARD if hour == MORNING else LONGEST_BOARD // 2  # in the evening the late games come first
    lines = range(1, longest // LINES_ASKED, LINES_BETWEEN // LINES_ASKED)
    board = [prizepicks.projections_request(page, per_page=LINES_ASKED) for page in lines]
    plans.append(Plan(prizepicks.POLICY, settings.prizepicks_base_url, prizepicks.PROJECTIONS_TABLE, board))
    return plans


# What identity and the accounting need; the marts, and the tests of the tables, are not.
_NEEDED: Final = ("game_crosswalk", "unmatched_events", "validation_results", "record_accounting")


def stage_identity(settings: Settings) -> None:
    """Stage what waits in raw, up to the crosswalk and the accounting. Raises TransformError where a model fails."""
    folders = ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    wanted = ["--select", *(f"+{model}" for model in _NEEDED), "--exclude-resource-type", "test", "unit_test"]
    quietly = ["--log-level", "none", "--quiet", "--no-write-json"]
    with transform.connection_in_environment(settings) as database:
        manifest = transform.cached_manifest(database)
        outcome = transform.invoke(["build", *wanted, *folders, *quietly], manifest=manifest)
    transform.TransformResult("identity", 0.0, transform.nodes_of(outcome)).raise_if_failed()


# ---------------------------------------------------------------- the league's truth


def truth_of(world: World) -> dict[str, dict[str, Listing]]:
    """By source: every event that it ever names → the line of the schedule that it is, as of the world's clock."""
    return {
        "odds_api": wire_odds.odds_event_listing(world),
        "action_network": wire_action_network.event_listings(world),
        "sbd": wire_sbd.event_listings(world),
        "vsin": wire_vsin.event_listings(world),
        "sbr": wire_sbr.event_listings(world),
        "prizepicks": wire_prizepicks.event_listings(world),
    }


# What the bodies in raw name, read by nothing but a path: no model of staging has a say.
_NAMED: Final = (
    ("odds_api", "odds_api_events", "raw_data.json_of(body)", "$[*].id"),
    ("odds_api", "odds_api_odds", "raw_data.json_of(body)", "$[*].id"),
    ("action_network", "action_network_scoreboard", "raw_data.json_of(body)", "$.games[*].id"),
    ("action_network", "action_network_public_betting", "raw_data.json_of(body)", "$.games[*].id"),
    ("sbd", "sbd_odds", "raw_data.json_of(body)", "$.data[*].id"),
    (
        "sbr",
        "sbr_odds",
        "raw_data.next_data_of(body)",
        "$.props.pageProps.oddsTables[*].oddsTableModel.gameRows[*].gameView.gameId",
    ),
    ("prizepicks", "prizepicks_projections", "raw_data.json_of(body)", "$.data[*].attributes.game_id"),
)
_EVENTS_SQL: Final = """
with named as (
    {named}
    union
    select 'vsin', game_code from raw_data.vsin_split_rows where game_code <> ''
)

select named.source, named.event_id, ties.game_key, ties.rung, unmatched.reason
from named
left join staging.game_crosswalk as ties on ties.source = named.source and ties.event_id = named.event_id
left join staging.unmatched_events as unmatched
    on unmatched.source = named.source and unmatched.event_id = named.event_id
order by 1, 2
"""
_NAMED_SQL: Final = """
    select '{source}' as source, event #>> '{{}}' as event_id
    from raw_data.{table} cross join lateral jsonb_path_query({document}, 'lax {path}') as event
    where body is not null
"""


@dataclass(frozen=True)
class Events:
    """Every event that raw names, ``frame``: ``source``, ``event_id``, and the tie (``game_key``, ``rung``) or the
    ``reason`` why there is none; beside it the league's truth as of the last moment collected."""

    world: World
    truth: dict[str, dict[str, Listing]]
    frame: pl.DataFrame

    @classmethod
    def read(cls, world: World, settings: Settings) -> Events:
        """From a staged warehouse; the truth as of the clock of settings."""
        named = "union".join(
            _NAMED_SQL.format(source=source, table=table, document=document, path=path)
            for source, table, document, path in _NAMED
        )
        now = world.at(settings.now())
        return cls(now, truth_of(now), read_frame(settings, _EVENTS_SQL.format(named=named)))

    def listing(self, source: str, event: str) -> Listing:
        """What the league knows of an event."""
        return self.truth[source][event]

    def told(self) -> Iterator[tuple[str, str, int | None, str | None, str | None]]:
        """(source, event, game_key, rung, reason) of each event."""
        yield from self.frame.iter_rows()

    def tied_wrongly(self) -> list[str]:
        """Ties to another game than the event's, or of a line of the schedule that was not played."""
        return [
            f"{source} {event}: {listing.date} game {listing.game_pk} tied to {game_key} by {rung}"
            for source, event, game_key, rung, _ in self.told()
            if game_key is not None
            and (
                game_key != game_key_of(listing := self.listing(source, event))
                or not listing.is_played_as_of(self.world.moment)
            )
        ]

    def unexplained(self) -> list[str]:
        """Events that are neither tied nor listed as unmatched with a reason, or both."""
        return [
            f"{source} {event}: {self.listing(source, event)}"
            for source, event, game_key, _, reason in self.told()
            if (game_key is None) == (not reason)
        ]

    def untied(self) -> dict[str, set[str]]:
        """By source, the events that stayed open."""
        found: dict[str, set[str]] = {source: set() for source in SOURCES}
        for source, event, game_key, _, _ in self.told():
            if game_key is None:
                found[source].add(event)
        return found

    def never_played(self) -> dict[str, set[str]]:
        """By source, the named events whose line of the schedule was not played."""
        found: dict[str, set[str]] = {source: set() for source in SOURCES}
        for source, event, *_ in self.told():
            if not self.listing(source, event).is_played_as_of(self.world.moment):
                found[source].add(event)
        return found

    def of_kind(self, source: str, kind: str) -> set[int]:
        """Games (by gamePk) of a source's tied events that are of a kind: doubleheader, make-up or suspended."""
        is_kind = {
            "doubleheader": lambda x: x.double_header != "N",
            "make-up": lambda x: x.is_makeup,
            "suspended": lambda x: x.suspended_at < NEVER,
        }[kind]
        return {
            listing.game_pk
            for named, event, game_key, _, _ in self.told()
            if named == source and game_key is not None and is_kind(listing := self.listing(named, event))
        }

    def figures(self) -> str:
        """Events by source and by rung (or reason), as a table of text."""
        counted = (
            self.frame.with_columns(how=pl.coalesce("rung", "reason"), tied=pl.col("game_key").is_not_null())
            .group_by("source", "how", "tied")
            .len("events")
            .with_columns(share=pl.col("events") / pl.col("events").sum().over("source"))
            .sort("source", "tied", "events", descending=[False, True, True])
        )
        return "\n".join(
            f"{source:15} {'tied' if tied else 'open'} {events:6,} {share:7.2%}  {how}"
            for source, how, tied, events, share in counted.select(
                "source", "how", "tied", "events", "share"
            ).iter_rows()
        )


# ---------------------------------------------------------------- what staging made of the records

_ACCOUNTS_SQL: Final = """
select raw_table, records, staged, quarantined, repeats, out_of_scope, difference
from operational.record_accounting where records > 0 order by 1
"""
_QUARANTINE_SQL: Final = """
select raw_table, rule, count(distinct (load_id, record_number)) as records, min(reason) as reason
from staging.validation_results where scope = 'record' group by 1, 2 order by 1, 2
"""


def read_accounts(settings: Settings) -> pl.DataFrame:
    """Records of each raw table that has any, by what became of them."""
    return read_frame(settings, _ACCOUNTS_SQL)


def read_quarantine(settings: Settings) -> pl.DataFrame:
    """Quarantined records by table and rule, with an example's reason."""
    return read_frame(settings, _QUARANTINE_SQL)
