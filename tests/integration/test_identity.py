"""Every event of the odds feed is the right game or none: doubleheaders, make-ups and delays of a wet spring.

The league knows which event is which game. What the crosswalk says is held against that, event by event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from world import (
    DAY,
    Server,
    World,
    at_the_league,
    collect_today,
    fresh_database,
    game_key_of,
    league_database,
    listings_of,
)

from dagster_mlb.pipeline import transform
from dagster_mlb.settings import Settings
from dagster_mlb.simulator.schedule import NEVER, Listing, SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.wire_odds import event_id
from dagster_mlb.sources.collect import collect_scores
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare

# Seven doubleheaders, five rain-outs; on 10 April the first of two games waits so long that its first pitch comes
# nearer to the second game's start than to its own.
WET_SPRING = World(
    seed=1915,
    plans=(SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 13)),),
    now=datetime(2025, 4, 13, 3, tzinfo=UTC),
)
HOURS = (12.0, 14.0, 15.5, 17.0, 18.5, 20.0, 21.5)

_TIES_SQL = """
select events.event_id, ties.game_key, ties.rung, unmatched.reason
from (select distinct event_id from staging.stg_odds_api__quotes where disposition = 'staged') as events
left join staging.game_crosswalk as ties on ties.source = 'odds_api' and ties.event_id = events.event_id
left join staging.unmatched_events as unmatched
    on unmatched.source = 'odds_api' and unmatched.event_id = events.event_id
"""


@dataclass(frozen=True)
class Truth:
    """A world, its database, and of each event of the feed what the league knows and what the crosswalk says."""

    world: World
    settings: Settings
    events: dict[str, Listing]
    ties: pl.DataFrame

    def tied_wrongly(self) -> list[str]:
        tied = self.ties.filter(pl.col("game_key").is_not_null())
        return [
            f"{event}: {self.events[event].date} {self.events[event].game_pk} tied to {game_key} by {rung}"
            for event, game_key, rung in tied.select("event_id", "game_key", "rung").iter_rows()
            if game_key != game_key_of(self.events[event]) or not self.events[event].is_played_as_of(self.world.moment)
        ]

    def open_events(self) -> set[str]:
        return set(self.ties.filter(pl.col("game_key").is_null())["event_id"])


def truth_of(world: World, settings: Settings) -> Truth:
    events = {event_id(world.seed, listing): listing for _, listing in listings_of(world)}
    return Truth(world, settings, events, read_frame(settings, _TIES_SQL))


@pytest.fixture(scope="module")
def spring(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Truth]:
    folder = tmp_path_factory.mktemp("identity")
    with league_database(Server(server_url, postgres_server), folder, WET_SPRING, hours=HOURS) as settings:
        yield truth_of(WET_SPRING, settings)


def test_the_spring_is_wet(spring: Truth) -> None:
    """What follows would pass in a dry one."""
    seen = [spring.events[event] for event in spring.ties["event_id"]]
    assert len(seen) > 150
    assert sum(x.postponed_at < NEVER for x in seen) >= 3
    assert sum(x.double_header != "N" and x.is_played for x in seen) >= 10
    delayed = pl.concat([_delays(spring)]).filter(pl.col("hours") > 1.7)
    assert delayed.height == 1


def _delays(truth: Truth) -> pl.DataFrame:
    """Hours that first games of doubleheaders waited."""
    rows = [
        (x.game_pk, (season.first_pitch[x.number] - x.start) / 3600)
        for season, x in listings_of(truth.world)
        if x.is_played and x.double_header != "N" and x.game_number == 1
    ]
    return pl.DataFrame(rows, schema=["game_pk", "hours"], orient="row")


def test_no_event_is_tied_to_a_wrong_game(spring: Truth) -> None:
    assert not spring.tied_wrongly()


def test_what_is_not_tied_was_never_played(spring: Truth) -> None:
    still_open = spring.open_events()
    lost = {event for event in spring.ties["event_id"] if spring.events[event].postponed_at <= spring.world.moment}
    assert still_open == lost
    reasons = spring.ties.filter(pl.col("event_id").is_in(sorted(still_open)))["reason"]
    assert reasons.null_count() == 0 and reasons.str.contains("postponed").all()


def test_no_game_has_two_events_of_the_feed(spring: Truth) -> None:
    games = spring.ties["game_key"].drop_nulls()
    assert games.is_unique().all()


def test_both_games_of_a_doubleheader_have_prices_of_their_own(spring: Truth) -> None:
    keys = {game_key_of(x) for _, x in listings_of(spring.world) if x.double_header != "N" and x.is_played}
    marts = read_frame(
        spring.settings,
        "select game_key, open_home_price, close_home_price, home_win from curated.moneylines where book = 'pinnacle'",
    ).filter(pl.col("game_key").is_in(sorted(keys)))
    begun = read_frame(
        spring.settings, "select game_key from curated.enhanced_games where is_doubleheader and status = 'final'"
    )
    assert marts["game_key"].is_unique().all()
    assert set(begun["game_key"]) <= set(marts["game_key"])


def test_every_record_is_accounted_for(spring: Truth) -> None:
    accounted = read_frame(spring.settings, "select * from operational.record_accounting")
    assert {"odds_api", "mlb_stats"} <= set(accounted["source"]) and accounted["records"].sum() > 10_000
    assert accounted.filter(pl.col("difference") != 0).is_empty()


def test_all_foreign_keys_are_there_and_valid(spring: Truth) -> None:
    keys = read_frame(
        spring.settings,
        "select conname::text as name, convalidated as valid from pg_constraint "
        "where contype = 'f' and connamespace::regnamespace::text in ('staging', 'curated')",
    )
    assert keys.height >= 12 and keys["valid"].all()
    with connect(spring.settings) as connection:  # a constraint can stand unproven; count the orphans too
        for child in (
            "staging.game_crosswalk",
            "staging.game_results",
            "curated.moneylines",
            "curated.feature_vectors",
        ):
            orphans = connection.execute(
                f"select count(*) from {child} as child where not exists "
                "(select from staging.games as games where games.game_key = child.game_key)"
            ).fetchone()
            assert orphans == (0,), child


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [378, 7757, 993])
def test_other_springs_tie_as_well(server_url: str, postgres_server: str, tmp_path: Path, seed: int) -> None:
    plans = (SeasonPlan(2025, date(2025, 3, 27), date(2025, 5, 4)),)
    world = World(seed=seed, plans=plans, now=datetime(2025, 5, 4, 3, tzinfo=UTC))
    with league_database(
        Server(server_url, postgres_server), tmp_path, world, hours=HOURS, books=("pinnacle",)
    ) as there:
        truth = truth_of(world, there)
    assert not truth.tied_wrongly()
    assert truth.open_events() == {
        event for event in truth.ties["event_id"] if truth.events[event].postponed_at <= world.moment
    }


@pytest.mark.prove
def test_a_game_moved_to_a_day_not_asked_for_has_no_start_of_its_old_day(
    server_url: str, postgres_server: str, tmp_path: Path
) -> None:
    """The listing of a postponed game names the new official date beside the old start."""
    lost = min(
        (x for _, x in listings_of(WET_SPRING) if x.postponed_at < NEVER and _made_up(x).date > x.date + DAY),
        key=lambda x: x.date,
    )
    world = WET_SPRING.at(datetime.fromtimestamp(lost.start + 7200, UTC))
    with fresh_database(Server(server_url, postgres_server), tmp_path, world.now) as empty:
        with run_league_server(world) as league_url:
            settings = at_the_league(empty, world, league_url)
            prepare(settings)
            collect_today(settings, world)
            collect_scores(settings, run_id="daily").raise_if_failed()
        transform(settings, run_id="daily")
        game = read_frame(
            settings,
            "select official_date, scheduled_start_at from staging.games where game_key = %s",
            [game_key_of(lost)],
        ).row(0, named=True)
    assert game["official_date"] == _made_up(lost).date
    assert game["scheduled_start_at"] is None or game["scheduled_start_at"].date() >= _made_up(lost).date


def _made_up(lost: Listing) -> Listing:
    assert lost.made_up_as is not None
    return WET_SPRING.league.season(lost.season).listings[lost.made_up_as]
