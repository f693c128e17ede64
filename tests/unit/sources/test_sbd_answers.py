"""SportsBettingDime: what is asked, its recorded answer against its schema, and that no games is an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Failure, Plan
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.sbd import collect
from dagster_mlb.sources.sbd.client import POLICY, odds_request
from dagster_mlb.sources.sbd.schemas import Odds
from dagster_mlb.sources.wire import unknown_fields


def test_the_slate_is_asked_with_american_prices_of_named_books() -> None:
    assert odds_request(["sr:book:17324", "sr:book:18149"]).request_key == (
        "GET /wp-json/adpt/v1/mlb-odds?books=sr:book:17324,sr:book:18149&format=us"
    )
    assert POLICY.headers["referer"].endswith("/mlb/public-betting-trends/")
    with pytest.raises(ValueError, match="no books"):
        odds_request([])


@pytest.mark.real_data
def test_the_recorded_answer_is_what_the_schema_says(wire_dir: Path) -> None:
    told = Odds.model_validate(json.loads((wire_dir / "sbd" / "mlb-odds_2026-09-27_trimmed.json").read_bytes()))
    assert list(unknown_fields(told)) == []
    assert told.data is not None
    (game,) = told.data
    assert game.markets is not None and game.markets.total is not None and game.markets.total.books is not None
    assert (game.markets.total.books[0].total, game.markets.total.books[0].opening_total) == ("7.5", 8.5)


def answered(*failures: Failure) -> object:
    def collected(settings: Settings, plan: Plan, run_id: str) -> CollectionResult:
        found = CollectionResult("sbd", "odds", plan.table, "simulated", requests=len(plan.requests))
        found.failures = list(failures)
        return found

    return collected


def test_no_games_is_an_answer_and_a_refusal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(environment="test")
    monkeypatch.setattr(collect, "collect", answered(Failure("GET /", "empty", "HTTP 204: the source has nothing")))
    assert collect.collect_odds(settings, run_id="r").is_complete
    monkeypatch.setattr(collect, "collect", answered(Failure("GET /", "blocked", "HTTP 403")))
    assert not collect.collect_odds(settings, run_id="r").is_complete


def test_production_asks_only_when_it_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "collect", answered())
    with pytest.raises(SourceNotConfiguredError, match="add sbd to MLB_ENABLED_SOURCES"):
        collect.collect_odds(Settings(environment="production"), run_id="r")
    assert collect.collect_odds(Settings(environment="production", enabled_sources="sbd"), run_id="r").requests == 1
