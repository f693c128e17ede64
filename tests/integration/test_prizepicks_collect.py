"""Collecting PrizePicks' board over HTTP: all of its pages, or exactly what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from loopback_source import Answerer, Asked, LoopbackSource, Reply
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.prizepicks import client
from dagster_mlb.sources.prizepicks.collect import MOST_PAGES, collect_projections
from tests.integration.staged_bodies import rows

PATH = "/prizepicks/projections"


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackSource]:
    monkeypatch.setattr(client, "POLICY", replace(client.POLICY, backoff_initial_s=0.01, backoff_max_s=0.02))
    with LoopbackSource() as server:
        yield server


@pytest.fixture
def settings(database: Settings, source: LoopbackSource) -> Settings:
    return database.model_copy(update={"prizepicks_base_url": f"{source.base_url}/prizepicks"})


def board_of(pages: object, lines: int = 1, failing: dict[str, Reply] | None = None) -> Answerer:
    def answer(asked: Asked) -> Reply:
        if failing and asked.params["page"] in failing:
            return failing[asked.params["page"]]
        data = [{"id": f"{asked.params['page']}-{n}"} for n in range(lines)]
        return Reply(body=json.dumps({"data": data, "meta": {"total_pages": pages}}).encode())

    return answer


def pages_stored(settings: Settings) -> list[str]:
    found = rows(
        settings,
        """select substring(request_key from 'page=(\\d+)&') from raw_data.prizepicks_projections
           where provenance = 'simulated' and capture = 'captured' order by 1""",
    )
    return [page for (page,) in found]


def test_the_first_page_says_how_many_there_are_and_all_are_asked(settings: Settings, source: LoopbackSource) -> None:
    source.on(PATH, board_of(3))
    result = collect_projections(settings, run_id="run-1")
    assert (result.is_complete, result.requests, result.stored, len(result.load_ids)) == (True, 3, 3, 3)
    assert pages_stored(settings) == ["1", "2", "3"]
    headers = source.asked[0].headers
    assert headers["user-agent"].startswith("Mozilla/5.0")
    assert headers["referer"] == "https://app.prizepicks.com/"
    # Unchanged pages are heartbeats, and the first of them still tells how many there are.
    again = collect_projections(settings, run_id="run-2")
    assert (again.is_complete, again.requests, again.repeats) == (True, 3, 3)


def test_a_board_of_one_page_is_asked_once(settings: Settings, source: LoopbackSource) -> None:
    source.on(PATH, board_of(1))
    assert collect_projections(settings, run_id="run-1", league_id=7).requests == 1
    assert source.asked[0].params["league_id"] == "7"


def test_a_page_behind_the_bot_wall_is_named_and_the_others_stand(settings: Settings, source: LoopbackSource) -> None:
    wall = Reply(403, b"<html>Are you a robot?</html>", content_type="text/html")
    source.on(PATH, board_of(3, failing={"2": wall}))
    result = collect_projections(settings, run_id="run-1")
    assert [(f.outcome, "page=2&" in f.target) for f in result.failures] == [("blocked", True)]
    assert pages_stored(settings) == ["1", "3"]


def test_without_the_first_page_nothing_more_is_asked(settings: Settings, source: LoopbackSource) -> None:
    source.on(PATH, Reply(403, b"<html>", content_type="text/html"))
    result = collect_projections(settings, run_id="run-1")
    assert [failure.outcome for failure in result.failures] == ["blocked", "refused"]
    assert "page=2" in result.failures[1].target and "the first page says how many" in result.failures[1].message
    assert {asked.params["page"] for asked in source.asked} == {"1"}


@pytest.mark.parametrize("pages", [None, "many"])
def test_a_full_page_that_does_not_say_how_many_there_are_is_not_complete(
    settings: Settings, source: LoopbackSource, pages: object
) -> None:
    source.on(PATH, board_of(pages, lines=client.PER_PAGE))
    result = collect_projections(settings, run_id="run-1")
    assert [failure.message for failure in result.failures] == [
        "the first page is full, or cannot be read, and does not say how many there are"
    ]


def test_a_page_that_is_not_full_is_the_only_one(settings: Settings, source: LoopbackSource) -> None:
    source.on(PATH, board_of(None, lines=client.PER_PAGE - 1))
    assert collect_projections(settings, run_id="run-1").is_complete


def test_a_board_of_thousands_of_pages_is_not_believed(settings: Settings, source: LoopbackSource) -> None:
    source.on(PATH, board_of(5000))
    result = collect_projections(settings, run_id="run-1")
    assert result.requests == MOST_PAGES
    assert [failure.message for failure in result.failures] == [
        "the board says it has 5000 pages; more than 60 are not asked for"
    ]


def test_production_asks_only_once_it_is_switched_on(settings: Settings, source: LoopbackSource) -> None:
    source.on(PATH, board_of(1))
    production = settings.model_dump() | {"environment": "production", "database_url": settings.database_url}
    with pytest.raises(SourceNotConfiguredError, match="add prizepicks to MLB_ENABLED_SOURCES"):
        collect_projections(Settings.model_validate(production), run_id="run-1")
    assert source.asked == []
    switched_on = Settings.model_validate(
        production | {"enabled_sources": "prizepicks", "odds_api_key": SecretStr("k")}
    )
    assert collect_projections(switched_on, run_id="run-1").is_complete
