"""What is asked of the MLB Stats API about games, people and places, when it is news, and what recordings hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources.mlb_stats import client, schemas, schemas_game, schemas_people
from dagster_mlb.sources.mlb_stats import collect as plans
from dagster_mlb.sources.mlb_stats.collect import AskedGame
from dagster_mlb.sources.wire import WireModel, unknown_fields

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
TODAY, LONG_AGO = date(2025, 7, 15), date(2025, 5, 1)


@pytest.fixture
def settings() -> Settings:
    return Settings(environment="test", fixed_now=NOW, mlb_stats_base_url="http://127.0.0.1:1/mlb_stats")


def test_a_game_is_asked_by_its_pk() -> None:
    asked = client.live_feed_request(744914, official_date=TODAY, capture="captured")
    assert asked.request_key == "GET /api/v1.1/game/744914/feed/live"
    assert asked.priority == "live"
    then = client.live_feed_request(1, capture="backfilled", timecode=NOW)
    assert then.request_key == "GET /api/v1.1/game/1/feed/live?timecode=20250715_160000"
    assert then.priority == "history"
    assert client.boxscore_request(7, capture="captured").request_key == "GET /api/v1/game/7/boxscore"
    assert client.linescore_request(7, capture="captured").request_key == "GET /api/v1/game/7/linescore"


def test_people_are_asked_in_groups_with_what_is_wanted_beside_them() -> None:
    asked = client.people_request([3, 1, 3], capture="captured", season=2025)
    assert asked.params == {
        "personIds": "1,3",
        "hydrate": "stats(group=[pitching,hitting],type=[season],season=2025)",
    }
    assert client.people_request([5], capture="captured").params == {"personIds": "5"}
    with pytest.raises(ValueError, match="1 to 100 at a time, not 0"):
        client.people_request([], capture="captured")
    one = client.person_stats_request(5, capture="captured", stats=("season", "gameLog"), groups=("pitching",))
    assert one.request_key == "GET /api/v1/people/5/stats?group=pitching&stats=season,gameLog"


def test_line_ups_moves_and_venues() -> None:
    assert client.lineups_request(TODAY, capture="captured").request_key == (
        "GET /api/v1/schedule?date=2025-07-15&hydrate=lineups&sportId=1"
    )
    moves = client.transactions_request(LONG_AGO, TODAY, capture="backfilled")
    assert moves.params == {"startDate": "2025-05-01", "endDate": "2025-07-15", "sportId": "1"}
    assert moves.official_date is None
    assert client.transactions_request(TODAY, TODAY, capture="captured").official_date == TODAY
    venues = client.venues_request([3, 1], season=2025, capture="captured")
    assert venues.params == {"venueIds": "1,3", "hydrate": "location,fieldInfo,timezone", "season": "2025"}
    with pytest.raises(ValueError, match="none is named"):
        client.venues_request([], capture="captured")


def test_what_is_older_than_yesterday_is_no_news(settings: Settings) -> None:
    games = [AskedGame(1, TODAY), AskedGame(2, date(2025, 7, 14)), AskedGame(3, date(2025, 7, 13)), AskedGame(1, TODAY)]
    for plan in (plans.plan_live_feeds, plans.plan_boxscores, plans.plan_linescores):
        made = plan(settings, games)
        assert [r.capture for r in made.requests] == ["captured", "captured", "backfilled"]
        assert [r.official_date for r in made.requests] == [day for _, day in games[:3]]
        assert made.base_url == settings.mlb_stats_base_url
    lineups = plans.plan_lineups(settings, [TODAY, LONG_AGO, TODAY])
    assert [(r.official_date, r.capture) for r in lineups.requests] == [(LONG_AGO, "backfilled"), (TODAY, "captured")]


def test_moves_of_days_that_are_news_are_asked_day_by_day(settings: Settings) -> None:
    plan = plans.plan_transactions(settings, LONG_AGO, TODAY)
    assert [(r.params["startDate"], r.params["endDate"], r.capture) for r in plan.requests] == [
        ("2025-05-01", "2025-05-31", "backfilled"),
        ("2025-06-01", "2025-06-30", "backfilled"),
        ("2025-07-01", "2025-07-13", "backfilled"),
        ("2025-07-14", "2025-07-14", "captured"),
        ("2025-07-15", "2025-07-15", "captured"),
    ]
    with pytest.raises(ValueError, match="after the last"):
        plans.plan_transactions(settings, TODAY, LONG_AGO)


def test_people_are_asked_a_hundred_at_a_time(settings: Settings) -> None:
    plan = plans.plan_people(settings, range(250), 2025)
    assert [len(r.params["personIds"].split(",")) for r in plan.requests] == [100, 100, 50]
    assert plans.plan_people(settings, []).requests == []
    stats = plans.plan_person_stats(settings, [2, 1, 2], 2024)
    assert [(r.path, r.capture) for r in stats.requests] == [
        ("/api/v1/people/1/stats", "backfilled"),
        ("/api/v1/people/2/stats", "backfilled"),
    ]
    assert plans.plan_venues(settings, []).requests == []
    assert plans.plan_venues(settings, [1], 2025).requests[0].capture == "captured"


@pytest.mark.parametrize(
    ("ask", "table"),
    [
        (lambda s: plans.collect_live_feeds(s, [], run_id="r"), "mlb_stats_live_feed"),
        (lambda s: plans.collect_boxscores(s, [], run_id="r"), "mlb_stats_boxscore"),
        (lambda s: plans.collect_linescores(s, [], run_id="r"), "mlb_stats_linescore"),
        (lambda s: plans.collect_lineups(s, [], run_id="r"), "mlb_stats_lineups"),
        (lambda s: plans.collect_people(s, [], run_id="r"), "mlb_stats_people"),
        (lambda s: plans.collect_person_stats(s, [], 2025, run_id="r"), "mlb_stats_people_stats"),
        (lambda s: plans.collect_venues(s, [], run_id="r"), "mlb_stats_venues"),
    ],
)
def test_nothing_to_ask_needs_no_network_and_no_database(settings: Settings, ask: Any, table: str) -> None:
    result = ask(settings)
    assert (result.table, result.requests, result.is_complete) == (table, 0, True)


def fields_unknown(value: Any) -> Iterator[str]:
    """``unknown_fields``, and those of objects that stand under ids of people."""
    yield from unknown_fields(value)
    if isinstance(value, WireModel):
        for name in type(value).model_fields:
            yield from fields_unknown(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from fields_unknown(item)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("pattern", "model"),
    [
        ("dsm_livefeed.json", schemas_game.LiveFeed),
        ("pe_liveGame*.json", schemas_game.LiveFeed),
        ("dsm_malformed_play_events.json", schemas_game.Play),
        ("*_boxscore*.json", schemas_game.Boxscore),
        ("*_linescore*.json", schemas.Linescore),
        ("pe_person_*.json", schemas_people.People),
        ("zs_person.json", schemas_people.People),
        ("dsm_people_*.json", schemas_people.People),
        ("zs_person_stats_*.json", schemas_people.PersonStats),
        ("*_venue*.json", schemas_people.Venues),
    ],
)
def test_recorded_answers_hold_nothing_the_schemas_do_not_know(
    wire_dir: Path, pattern: str, model: type[WireModel]
) -> None:
    files = sorted((wire_dir / "mlb_stats_api").glob(pattern))
    assert files
    for path in files:
        body = json.loads(path.read_bytes())
        body = body["response"] if path.name.startswith("pe_") else body
        assert sorted(set(fields_unknown(model.model_validate(body)))) == [], path.name
