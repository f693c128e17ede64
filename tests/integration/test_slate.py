"""All sources side by side: who is asked, what is said of those that are not, and of what may be missing unseen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator.server import base_urls, free_port
from dagster_mlb.sources import daily
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.collection import CollectionResult
from dagster_mlb.sources.collection_plan import Failure
from dagster_mlb.sources.http_outcome import SourceNotConfiguredError
from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError
from dagster_mlb.sources.slate import ASKED_BY, TABLES, TableCollected, collect_slate
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.slate_world import policies

DAY = date(2025, 7, 15)


def answered(settings: Settings, table: str, *failures: Failure) -> CollectionResult:
    source = ENDPOINTS[table].source
    return CollectionResult(source, table, table, "simulated", requests=1, failures=list(failures))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each endpoint's function is to do, by table; default: one whole answer. Nothing is asked of anybody."""
    plan: dict[str, Any] = {}

    def of(table: str) -> daily.Collector:
        def collect(settings: Settings, days: Any, run_id: str) -> list[CollectionResult]:
            told = plan.get(table, [answered(settings, table)])
            if isinstance(told, Exception):
                raise told
            return told

        return collect

    for tables in TABLES.values():
        for table in tables:
            monkeypatch.setattr(daily, table, of(table))
    return plan


def by_table(told: list[TableCollected]) -> dict[str, TableCollected]:
    return {row.table: row for row in told}


def test_every_table_that_a_day_asks_has_a_row(asked: dict[str, Any], database: Settings) -> None:
    told = collect_slate(database, [DAY], run_id="x")
    assert [row.table for row in told] == [table for tables in TABLES.values() for table in tables]
    assert all(row.is_complete and row.not_asked is None for row in told)
    history = {"odds_api_historical_odds", "open_meteo_historical_forecast"}
    assert {row.table for row in told} | history == set(ENDPOINTS)
    for table, teller in ASKED_BY.items():
        order = next(tables for tables in TABLES.values() if table in tables)
        assert order.index(teller) < order.index(table)


def test_some_sources_alone_and_none_by_a_wrong_name(asked: dict[str, Any], database: Settings) -> None:
    assert {row.source for row in collect_slate(database, [DAY], run_id="x", sources=["sbd", "vsin"])} == {
        "sbd",
        "vsin",
    }
    with pytest.raises(ValueError, match="no source is called espn; those that are: mlb_stats, odds_api"):
        collect_slate(database, [DAY], run_id="x", sources=["espn"])


def test_what_production_has_not_switched_on_is_not_asked(asked: dict[str, Any], database: Settings) -> None:
    production = database.model_copy(update={"environment": "production", "enabled_sources": "sbd"})
    told = collect_slate(production, [DAY], run_id="x")
    off = {row.source for row in told if row.not_asked}
    assert off == {"action_network", "vsin", "sbr", "savant", "prizepicks"}
    assert all("MLB_ENABLED_SOURCES" in (row.not_asked or "") and row.is_complete for row in told if row.source in off)


def test_what_may_be_missing_unseen_is_said(asked: dict[str, Any], database: Settings) -> None:
    asked["mlb_stats_schedule"] = [
        answered(database, "mlb_stats_schedule", Failure("GET /api/v1/schedule", "transient", "silent for 30 s"))
    ]
    asked["odds_api_events"] = SourceNotConfiguredError("The Odds API needs a key: set MLB_ODDS_API_KEY")
    asked["odds_api_event_odds"] = []
    told = by_table(collect_slate(database, [DAY], run_id="x", sources=["mlb_stats", "odds_api"]))

    assert told["mlb_stats_schedule"].missing == ["GET /api/v1/schedule [transient] silent for 30 s"]
    for table in ("mlb_stats_boxscore", "mlb_stats_live_feed", "mlb_stats_venues"):
        assert told[table].missing == [
            "what to ask is read from mlb_stats_schedule, which is not complete: there may be more than was asked"
        ]
    assert told["mlb_stats_teams"].is_complete and told["odds_api_odds"].is_complete
    assert told["odds_api_events"].missing == ["The Odds API needs a key: set MLB_ODDS_API_KEY"]
    assert "odds_api_events" in (told["odds_api_event_odds"].uncertain or "")
    assert told["odds_api_event_odds"].not_asked == "nothing to ask of these days"


def test_credits_that_are_spent_are_said_and_nothing_else_stops(asked: dict[str, Any], database: Settings) -> None:
    asked["odds_api_odds"] = CreditsExhaustedError("no credits are left for July")
    told = by_table(collect_slate(database, [DAY], run_id="x", sources=["odds_api"]))
    assert told["odds_api_odds"].missing == ["no credits are left for July"]
    assert told["odds_api_scores"].is_complete


def test_a_fault_of_the_program_is_raised_when_the_others_have_ended(asked: dict[str, Any], database: Settings) -> None:
    asked["vsin_splits"] = ZeroDivisionError("a fault of ours")
    with pytest.raises(ZeroDivisionError):
        collect_slate(database, [DAY], run_id="x", sources=["vsin", "sbd"])


def test_a_day_on_which_nobody_answers_names_every_request(database: Settings) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    wanted = {**base_urls(nobody), "odds_api_key": "k", "odds_api_monthly_credits": 5_000_000}
    settings = Settings.model_validate(database.model_dump() | wanted)
    prepare(settings)
    with policies(backoff_initial_s=0.01, backoff_max_s=0.02):
        told = collect_slate(settings, run_id="nobody")
    failed = {(result.source, f.target) for row in told for result in row.results for f in result.failures}
    with connect(settings) as connection:
        logged = set(connection.execute("select distinct source, target from operational.collection_log").fetchall())
        [stored] = connection.execute("select count(*) from raw_data.mlb_stats_schedule").fetchall()
    unsent = {pair for pair in failed if "&page=2&" in pair[1]}  # how many pages there are is told by the first
    assert failed - unsent == logged and len(logged) > 20
    assert stored == (0,)
    assert {row.table for row in told if row.is_complete} == set()


def test_the_newest_schedule_that_can_be_read_tells_the_games(database: Settings) -> None:
    from dagster_mlb.sources.mlb_stats.stored_schedule import stored_games
    from tests.integration.staged_bodies import put

    game = '{"gamePk": 1, "officialDate": "2025-07-15", "status": {"statusCode": "S"}, "venue": {"id": 3}}'
    whole = f'{{"dates": [{{"games": [{game}]}}]}}'.encode()
    for body in (whole, b'{"dates": [{"games": [{"gamePk"', b"\xff\xfe{"):
        put(database, "mlb_stats_schedule", body, path="/api/v1/schedule", params={"date": "2025-07-15"})
    with connect(database) as connection:
        connection.execute("alter table raw_data.mlb_stats_schedule disable trigger user")
        connection.execute("update raw_data.mlb_stats_schedule set official_date = '2025-07-15'")
    assert [(game.game_pk, game.venue_id) for game in stored_games(database, [DAY])] == [(1, 3)]
