"""SportsbookReview's pages collected from the league over HTTP, into raw and staging: who is who, what is left over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_sbr
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.sbr.collect import collect_daily_odds, collect_line_histories, listed_games
from dagster_mlb.warehouse.frames import read_frame
from tests.integration.recordings.quote_bodies import (
    SBR_LINE_HISTORY_RECORDS,
    SBR_ODDS_RECORDS,
    rows,
    stage,
)
from tests.integration.world import Server, fresh_database

FIRST, LAST = date(2025, 7, 8), date(2025, 7, 16)
WORLD = World(
    seed=5,
    plans=(SeasonPlan(2025, FIRST, LAST, doubleheaders=3, postponements=3),),
    now=datetime(2025, 7, 16, 21, tzinfo=UTC),
)
TODAY = date(2025, 7, 16)


@pytest.fixture(scope="module")
def settings(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A database with every page of the world's days and every game's history, staged."""
    folder: Path = tmp_path_factory.mktemp("sbr")
    with fresh_database(Server(server_url, postgres_server), folder, WORLD.now) as empty:
        with run_league_server(WORLD) as league_url:
            collecting = empty.model_copy(update={"sbr_base_url": f"{league_url}/sbr"})
            daily = collect_daily_odds(collecting, FIRST, TODAY, run_id="daily")
            daily.raise_if_failed()
            assert daily.requests == 27
            days = [FIRST + timedelta(days=n) for n in range(9)]
            collect_line_histories(collecting, days, run_id="histories").raise_if_failed()
        stage(empty, "stg_sbr__quotes", "stg_sbr__history_quotes", "stg_sbr__games", "stg_sbr__picks")
        yield empty


def test_every_record_is_accounted_for_and_nearly_all_are_staged(settings: Settings) -> None:
    for model, table, count in (
        ("stg_sbr__quotes", "sbr_odds", SBR_ODDS_RECORDS),
        ("stg_sbr__history_quotes", "sbr_line_history", SBR_LINE_HISTORY_RECORDS),
    ):
        [told] = rows(
            settings,
            "select count(*)::int as records, count(*) filter (where rule is null)::int as staged "
            f"from staging.{model}",
        )
        [counted] = rows(
            settings, f"select sum(({count}))::int as n from raw_data.{table} as raw where raw.body is not null"
        )
        assert told["records"] == counted["n"] > 1000
        assert told["staged"] >= 0.98 * told["records"]
        rules = {row["rule"] for row in rows(settings, f"select distinct rule from staging.{model}")}
        assert rules <= {None, "no_price", "price_inside_100", "spread_of_zero"}
    games = rows(settings, "select count(*)::int as n from staging.stg_sbr__games where rule is not null")
    assert games == [{"n": 0}]


def test_every_event_is_the_game_that_the_league_knows(settings: Settings) -> None:
    told = read_frame(
        settings,
        "select distinct on (event_id) event_id, home_team_id, away_team_id, commence_at "
        "from staging.stg_sbr__games order by event_id, known_at desc, page",
    ).rows()
    truth = wire_sbr.event_listings(WORLD)
    assert {event for event, *_ in told} == {event for event, x in truth.items() if x.date <= TODAY}
    for event, home, away, start in told:
        listing = truth[event]
        assert (CLUBS[listing.home].club_id, CLUBS[listing.away].club_id) == (home, away)
        assert start.timestamp() == listing.start
    assert any(truth[event].is_makeup for event, *_ in told)


def test_today_s_pages_are_captured_and_older_ones_backfilled(settings: Settings) -> None:
    captures = read_frame(
        settings, "select official_date, capture from raw_data.sbr_odds group by 1, 2 order by 1"
    ).rows()
    assert [capture for _, capture in captures[-2:]] == ["captured", "captured"]
    assert {capture for _, capture in captures[:-2]} == {"backfilled"}
    assert listed_games(settings, date(2025, 3, 1)) == []
    [known] = rows(settings, "select bool_and(known_at >= observed_at) as holds from staging.stg_sbr__quotes")
    assert known["holds"]


def test_the_last_move_before_now_is_the_price_on_the_page(settings: Settings) -> None:
    compared = read_frame(
        settings,
        """
        with last_moves as (
            select distinct on (series_id) series_id, price_american, line
            from staging.stg_sbr__history_quotes
            where rule is null
            order by series_id, known_at desc, record_number desc
        )
        select count(*) as n, count(*) filter (
            where page.price_american = moves.price_american and page.line is not distinct from moves.line) as equal
        from staging.stg_sbr__quotes as page
        inner join last_moves as moves on moves.series_id = page.series_id
        where page.rule is null and page.label is null
        """,
    ).row(0)
    assert compared[0] > 500
    assert compared[1] >= 0.99 * compared[0]  # the rest: a last move without its price
