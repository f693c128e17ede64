"""What is asked of The Odds API about one game, and what it may cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dagster_mlb.sources.odds_api.props import (
    ALL_PROP_MARKETS,
    PROP_MARKETS,
    event_odds_request,
    historical_event_odds_request,
    most_credits,
)

EVENT = "0a" * 16


def test_an_event_is_asked_for_its_props_in_american_format_behind_live_prices() -> None:
    request = event_odds_request(EVENT, markets=["pitcher_strikeouts", "batter_hits_alternate"])
    assert request.request_key == (
        f"GET /v4/sports/baseball_mlb/events/{EVENT}/odds"
        "?dateFormat=iso&markets=pitcher_strikeouts,batter_hits_alternate&oddsFormat=american&regions=us"
    )
    assert (request.capture, request.priority) == ("captured", "props")


def test_a_past_moment_is_asked_in_utc_and_is_a_backfill_behind_everything() -> None:
    noon_in_new_york = datetime(2024, 7, 4, 12, tzinfo=timezone(timedelta(hours=-4)))
    request = historical_event_odds_request(EVENT, noon_in_new_york, bookmakers=["fanduel"])
    assert request.path == f"/v4/historical/sports/baseball_mlb/events/{EVENT}/odds"
    assert request.params["date"] == "2024-07-04T16:00:00Z"
    assert request.params["bookmakers"] == "fanduel"
    assert "regions" not in request.params
    assert (request.capture, request.priority) == ("backfilled", "history")


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        event_odds_request("../odds")
    with pytest.raises(ValueError, match="no market"):
        event_odds_request(EVENT, markets=[])
    with pytest.raises(ValueError, match="no time zone"):
        historical_event_odds_request(EVENT, datetime(2024, 7, 4, 12))  # noqa: DTZ001
    assert historical_event_odds_request(EVENT, datetime(2024, 7, 4, 12, tzinfo=UTC)).params["markets"]


def test_an_event_costs_at_most_its_markets_in_each_region_and_its_past_ten_times_that() -> None:
    assert most_credits() == len(PROP_MARKETS) == 6
    assert most_credits(["batter_hits", "batter_hits"], ["us", "eu"]) == 2
    assert most_credits(["batter_hits"], ["us"], [f"book{n}" for n in range(11)]) == 2
    assert most_credits(["batter_hits"], is_historical=True) == 10
    assert set(PROP_MARKETS) <= set(ALL_PROP_MARKETS)
