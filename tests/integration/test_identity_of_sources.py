"""Every event of every source is the right game or is listed with its reason, and nearly every record is staged.

A few weeks in the normal tests, a whole season with 80 doubleheaders, 40 postponements and 6 suspended games in
``make prove``: told by all sources over HTTP, day by day, and held against what the league knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from identity_world import (
    EVENING,
    SOURCES,
    Events,
    collect_days,
    collected_season,
    moment_of,
    read_accounts,
    read_quarantine,
    season_of,
    stage_identity,
)
from world import DAY, Server, World, days_between, game_key_of

from dagster_mlb.settings import Settings
from dagster_mlb.simulator.rain import count
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import run_selection

SPRING = season_of(2025, date(2025, 4, 1), date(2025, 4, 21), seed=8, doubleheaders=9, postponements=5, suspended=3)
SEASON = season_of(2025, date(2025, 3, 27), date(2025, 9, 28), seed=80, doubleheaders=80, postponements=40, suspended=6)
ACCEPTED = 0.98


@dataclass(frozen=True)
class Told:
    """A world as all sources told it, staged: its events, its records by table, and those quarantined by rule."""

    world: World
    events: Events
    accounts: pl.DataFrame
    quarantine: pl.DataFrame
    failures: list[str]

    def accepted(self) -> pl.DataFrame:
        """The share of its records that each table has staged, knows as repeats or as out of scope."""
        kept = pl.col("staged") + pl.col("repeats") + pl.col("out_of_scope")
        return self.accounts.select("raw_table", "records", "quarantined", share=kept / pl.col("records"))


def told_until(
    settings: Settings, league_url: str, world: World, first: date, last: date, stage: Callable[[Settings], None]
) -> Told:
    """Collect the days from first to last, stage, and read what became of it."""
    failures = collect_days(settings, league_url, days_between(first, last))
    now = Settings.model_validate(settings.model_dump() | {"fixed_now": moment_of(last, EVENING)})
    prepare(now)
    stage(now)
    return Told(world, Events.read(world, now), read_accounts(now), read_quarantine(now), failures)


def stage_everything(settings: Settings) -> None:
    """As production does: all that is right of raw and left of the models, with the tests of its tables."""
    run_selection(settings, "upstream").raise_if_failed()


@pytest.fixture(scope="module")
def spring(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    [plan] = SPRING.plans
    folder = tmp_path_factory.mktemp("spring")
    with collected_season(Server(server_url, postgres_server), folder, SPRING) as (settings, league_url):
        yield told_until(settings, league_url, SPRING, plan.opening, plan.closing, stage_identity)


def test_the_spring_has_everything_that_makes_identity_hard(spring: Told) -> None:
    """What follows would pass in a dry one."""
    assert not spring.failures
    counts = count(spring.world.league.season(2025).listings)
    assert (counts.doubleheaders, counts.postponements, counts.suspended) == (9, 5, 3)
    assert counts.traditional >= 2 and counts.split >= 2
    for source in SOURCES:
        assert spring.events.of_kind(source, "suspended"), source
        assert len(spring.events.of_kind(source, "make-up")) >= 3, source
        assert len(spring.events.of_kind(source, "doubleheader")) >= 14, source


def test_no_event_is_tied_to_a_wrong_game(spring: Told) -> None:
    assert not spring.events.tied_wrongly()


def test_the_proof_sees_a_doubleheader_that_is_turned_round(spring: Told) -> None:
    """Had the crosswalk its two games the other way round, the test above would say so."""
    told = spring.events
    pairs: dict[tuple[date, int], list[int]] = {}
    for event in told.frame.filter(pl.col("source") == "odds_api", pl.col("game_key").is_not_null())["event_id"]:
        listing = told.listing("odds_api", event)
        if listing.double_header != "N":
            pairs.setdefault((listing.date, listing.home), []).append(game_key_of(listing))
    one, other = next(keys for keys in pairs.values() if len(keys) == 2)
    turned = told.frame.with_columns(pl.col("game_key").replace({one: other, other: one}))
    assert len(replace(told, frame=turned).tied_wrongly()) == 2 * len(SOURCES)


def test_every_event_is_tied_or_listed_with_its_reason(spring: Told) -> None:
    assert not spring.events.unexplained()


def test_what_stays_open_was_never_played(spring: Told) -> None:
    assert spring.events.untied() == spring.events.never_played()
    reasons = spring.events.frame.filter(pl.col("game_key").is_null())["reason"]
    assert reasons.str.contains("postponed").all()


def test_no_game_has_two_events_of_a_source(spring: Told) -> None:
    tied = spring.events.frame.filter(pl.col("game_key").is_not_null())
    assert not tied.select("source", "game_key").is_duplicated().any()


def test_a_page_without_starts_tells_a_doubleheader_by_who_began_first(spring: Told) -> None:
    by_beginning = spring.events.frame.filter(pl.col("rung") == "begun_first")
    assert set(by_beginning["source"]) == {"vsin"}
    assert by_beginning.height == len(spring.events.of_kind("vsin", "doubleheader"))


def test_nearly_every_record_is_accepted_and_the_rest_has_its_rule(spring: Told) -> None:
    assert_accepted(spring)


def assert_accepted(told: Told) -> None:
    assert told.accounts["difference"].to_list() == [0] * told.accounts.height
    assert {"raw_data.vsin_splits", "raw_data.prizepicks_projections"} < set(told.accounts["raw_table"])
    short = told.accepted().filter(pl.col("share") < ACCEPTED)
    assert short.is_empty(), short
    by_table = dict(told.quarantine.group_by("raw_table").agg(pl.col("records").sum()).iter_rows())
    left = told.accounts.filter(pl.col("quarantined") > 0)
    assert by_table == dict(left.select("raw_table", "quarantined").iter_rows())
    assert told.quarantine["rule"].null_count() == told.quarantine["reason"].null_count() == 0


# ---------------------------------------------------------------- the whole season


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_season_of_all_sources(
    server_url: str, postgres_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In two stretches: what the crosswalk said in July held too, when half of the make-ups were still to come."""
    [plan] = SEASON.plans
    counts = count(SEASON.league.season(2025).listings)
    assert (counts.doubleheaders, counts.postponements, counts.suspended) == (80, 40, 6)
    half = date(2025, 7, 1)
    with collected_season(Server(server_url, postgres_server), tmp_path, SEASON) as (settings, league_url):
        for first, last in ((plan.opening - DAY, half), (half + DAY, plan.closing)):
            told = told_until(settings, league_url, SEASON, first, last, stage_everything)
            with capsys.disabled():
                print(f"\nAs of {last}:\n{told.events.figures()}\n{told.accepted()}\n{told.quarantine}")
            assert not told.failures
            assert not told.events.tied_wrongly()
            assert not told.events.unexplained()
            assert_accepted(told)
    open_events, never_played = told.events.untied(), told.events.never_played()
    for source in SOURCES:
        assert never_played[source] <= open_events[source], source
        played = {told.events.listing(source, event).game_pk for event in open_events[source] - never_played[source]}
        # Only what tells no start may leave a doubleheader open, and only a few.
        assert len(played) <= (8 if source == "vsin" else 0), source
        assert len(told.events.of_kind(source, "suspended")) == 6, source
        assert len(told.events.of_kind(source, "make-up")) == 40, source
