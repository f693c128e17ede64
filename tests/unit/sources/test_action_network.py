"""What is asked of Action Network, and whether its recorded answers are what its schemas say."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.sources.action_network import client, collect, schemas
from dagster_mlb.sources.action_network.books import BOOKS, DEFAULT_BOOKS
from dagster_mlb.sources.action_network.collect import Event
from dagster_mlb.sources.action_network.teams import TEAM_IDS
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.wire import unknown_fields

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"
DAY = date(2026, 8, 8)
NIGHT = datetime(2026, 8, 9, 3, 30, tzinfo=UTC)  # half past eleven in New York


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(environment="test", data_dir=tmp_path, fixed_now=NIGHT)


def seed(name: str) -> list[dict[str, str]]:
    rows = csv.DictReader((SEEDS / f"{name}.csv").read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["source"] == "action_network"]


# ---------------------------------------------------------------- requests


def test_a_slate_is_asked_with_lists_that_have_no_spaces() -> None:
    asked = client.scoreboard_request(DAY, capture="captured", books=[74, 122])
    assert asked.request_key == (
        "GET /web/v2/scoreboard/mlb?bookIds=74,122&date=20260808&periods=event,firstfiveinnings,firstinning"
    )
    assert asked.official_date == DAY
    assert " " not in "".join(client.scoreboard_request(DAY, capture="captured").params.values())


def test_public_betting_and_v1_are_asked_for_the_whole_game() -> None:
    public = client.public_betting_request(DAY, capture="captured", books=[15])
    assert public.request_key == "GET /web/v2/scoreboard/publicbetting/mlb?bookIds=15&date=20260808&periods=event"
    v1 = client.scoreboard_v1_request(DAY, capture="captured", books=[15])
    assert v1.request_key == "GET /web/v1/scoreboard/mlb?bookIds=15&date=20260808&period=game"
    assert client.books_request().request_key == "GET /web/v1/books"


def test_line_moves_are_asked_by_event_after_everything_that_is_live() -> None:
    asked = client.market_history_request("292748", capture="captured", books=[1534], periods=["event"])
    assert asked.request_key == "GET /web/v2/markets/event/292748/history?bookIds=1534&periods=event"
    assert (asked.priority, client.scoreboard_request(DAY, capture="captured").priority) == ("history", "live")


@pytest.mark.parametrize("event_id", ["", "12a", "1/../../books", "-1"])
def test_an_event_that_is_no_id_is_refused(event_id: str) -> None:
    with pytest.raises(ValueError, match="no id of Action Network"):
        client.market_history_request(event_id, capture="captured")


def test_an_empty_list_of_books_is_refused() -> None:
    with pytest.raises(ValueError, match="no books are asked for"):
        client.scoreboard_request(DAY, capture="captured", books=[])


def test_it_is_asked_like_a_browser_and_at_most_twice_a_second() -> None:
    headers = client.POLICY.headers
    assert headers["user-agent"].startswith("Mozilla/5.0")
    assert headers["origin"] == "https://www.actionnetwork.com"
    assert headers["referer"] == "https://www.actionnetwork.com/"
    assert client.POLICY.min_interval_s >= 0.5
    assert client.CADENCE_S == 30


# ---------------------------------------------------------------- plans


def test_a_slate_of_today_is_captured_and_an_older_one_is_backfilled(settings: Settings) -> None:
    plan = collect.plan_scoreboard(settings, [date(2026, 8, 7), DAY, date(2026, 8, 9)])
    assert [request.capture for request in plan.requests] == ["backfilled", "captured", "captured"]
    assert (plan.table, plan.base_url) == ("action_network_scoreboard", "https://api.actionnetwork.com")
    tables = [
        collect.plan_public_betting(settings, [DAY]).table,
        collect.plan_scoreboard_v1(settings, [DAY]).table,
        collect.plan_books(settings).table,
    ]
    assert tables == ["action_network_public_betting", "action_network_scoreboard_v1", "action_network_books"]


def test_line_moves_are_not_asked_of_games_older_than_two_weeks(settings: Settings) -> None:
    events = [Event("1", date(2026, 7, 24)), Event("2", date(2026, 7, 25)), Event("3", DAY), Event("3", DAY)]
    plan = collect.plan_market_history(settings, events)
    assert [(request.path, request.capture, request.official_date) for request in plan.requests] == [
        ("/web/v2/markets/event/2/history", "backfilled", date(2026, 7, 25)),
        ("/web/v2/markets/event/3/history", "captured", DAY),
    ]


@pytest.mark.parametrize(
    "asking",
    [
        lambda settings: collect.collect_scoreboard(settings, [DAY], run_id="test"),
        lambda settings: collect.collect_public_betting(settings, [DAY], run_id="test"),
        lambda settings: collect.collect_scoreboard_v1(settings, [DAY], run_id="test"),
        lambda settings: collect.collect_market_history(settings, [Event("1", DAY)], run_id="test"),
        lambda settings: collect.collect_books(settings, run_id="test"),
    ],
)
def test_production_asks_nothing_until_the_source_is_switched_on(tmp_path: Path, asking: object) -> None:
    settings = Settings(environment="production", data_dir=tmp_path, fixed_now=NIGHT)
    with pytest.raises(SourceNotConfiguredError, match="add action_network to MLB_ENABLED_SOURCES"):
        asking(settings)  # type: ignore[operator]
    enabled = settings.model_copy(update={"enabled_sources": "action_network"})
    assert len(collect.plan_scoreboard(enabled, [DAY]).requests) == 1


# ---------------------------------------------------------------- identities


def test_the_seeds_are_the_tables_that_python_has() -> None:
    assert {int(row["source_team_id"]): int(row["team_id"]) for row in seed("source_team_ids")} == TEAM_IDS
    assert [
        (int(row["source_book_id"]), row["display_name"], row["book"], int(row["preference"]))
        for row in seed("source_books")
    ] == [(entry.book_id, entry.display_name, entry.book, entry.preference) for entry in BOOKS]


def test_thirty_clubs_have_thirty_ids() -> None:
    assert sorted(TEAM_IDS) == list(range(187, 217))
    assert len(set(TEAM_IDS.values())) == 30
    assert (TEAM_IDS[191], TEAM_IDS[201], TEAM_IDS[205]) == (147, 133, 109)


def test_each_book_is_asked_in_one_state_and_speaks_with_one_voice() -> None:
    known = {entry.book_id: entry for entry in BOOKS}
    asked = [known[book_id] for book_id in DEFAULT_BOOKS]
    assert len({entry.book for entry in asked}) == len(asked) == 10
    assert all(entry.preference == 1 and not entry.only_in_v1 for entry in asked)
    voices = Counter((entry.book, entry.preference) for entry in BOOKS if entry.book != "consensus")
    assert max(voices.values()) == 1


def test_the_consensus_and_its_opening_are_no_sportsbooks() -> None:
    assert {entry.book_id: entry.book for entry in BOOKS if entry.book == "consensus"} == {
        15: "consensus",
        30: "consensus",
    }


# ---------------------------------------------------------------- schemas


def unknown_of_outcomes(outcomes: list) -> set[str]:
    return {path for outcome in outcomes for path in unknown_fields(outcome)}


@pytest.mark.real_data
def test_the_recorded_scoreboard_has_no_unknown_field(wire_dir: Path) -> None:
    body = (wire_dir / "action_network" / "v2_scoreboard_mlb_2026-08-08_trimmed.json").read_bytes()
    scoreboard = schemas.SCOREBOARD.validate_json(body)
    assert list(unknown_fields(scoreboard)) == []
    [game] = scoreboard.games or []
    outcomes = game.outcomes()
    assert (len(outcomes), unknown_of_outcomes(outcomes)) == (54, set())
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"Outcome": 32, "OpeningOutcome": 22}
    # The first club listed is the home club, and nobody promised it.
    assert (game.home_team_id, game.away_team_id, [team.id for team in game.teams or []]) == (191, 215, [191, 215])


@pytest.mark.real_data
def test_the_recorded_fragments_have_no_unknown_field(wire_dir: Path) -> None:
    folder = wire_dir / "action_network"
    markets = json.loads((folder / "v2_markets_firstinning_3way_snippet.json").read_bytes())
    game = schemas.Game.model_validate({"markets": markets})
    assert (len(game.outcomes()), unknown_of_outcomes(game.outcomes())) == (3, set())
    moves = schemas.MARKET_HISTORY.validate_json((folder / "markets_event_history_snippet.json").read_bytes())
    assert (len(moves.outcomes()), unknown_of_outcomes(moves.outcomes())) == (2, set())
    assert [len(outcome.history or []) for outcome in moves.outcomes()] == [1, 1]


def test_a_new_field_is_told() -> None:
    row = schemas.OddsRow.model_validate({"ml_home": -120, "ml_middle": 5})
    assert list(unknown_fields(row)) == ["ml_middle"]
