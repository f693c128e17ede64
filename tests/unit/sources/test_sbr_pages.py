"""What is asked of SportsbookReview, and whether its recorded page is what the schemas say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import Outcome, SourceNotConfiguredError
from dagster_mlb.sources.sbr import schemas
from dagster_mlb.sources.sbr.client import MARKETS, POLICY, judge_page, line_history_request, odds_request
from dagster_mlb.sources.sbr.collect import collect_daily_odds, collect_line_histories
from dagster_mlb.sources.wire import unknown_fields

DAY = date(2025, 8, 27)


def test_each_market_of_a_day_has_its_own_page() -> None:
    assert [odds_request(DAY, market).request_key for market in MARKETS] == [
        "GET /betting-odds/mlb-baseball/?date=2025-08-27",
        "GET /betting-odds/mlb-baseball/pointspread/full-game/?date=2025-08-27",
        "GET /betting-odds/mlb-baseball/totals/full-game/?date=2025-08-27",
    ]
    request = odds_request(DAY, "total", period="first_five", capture="backfilled")
    assert request.path == "/betting-odds/mlb-baseball/totals/1st-half/"
    assert (request.capture, request.priority, request.expects) == ("backfilled", "history", "html")
    assert odds_request(DAY, "total").priority == "live"


def test_a_line_history_is_asked_with_its_slash_and_is_always_a_backfill() -> None:
    request = line_history_request("343244", day=DAY)
    assert request.request_key == "GET /betting-odds/mlb-baseball/line-history/343244/"
    assert (request.capture, request.priority, request.official_date) == ("backfilled", "history", DAY)


@pytest.mark.parametrize("game_id", ["", "12/34", "abc", "-1", "٣"])
def test_what_is_no_game_is_not_asked_for(game_id: str) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        line_history_request(game_id)


def test_pages_are_asked_one_at_a_time_and_slowly() -> None:
    assert POLICY.concurrency == 1
    assert POLICY.min_interval_s >= 0.5


def test_a_page_without_its_data_is_a_wall() -> None:
    assert judge_page(b'<script id="__NEXT_DATA__">{}</script>') is None
    outcome, message = judge_page(b"<html>Just a moment...</html>") or (None, "")
    assert outcome is Outcome.BLOCKED
    assert "__NEXT_DATA__" in message


def test_production_asks_only_where_the_source_was_switched_on() -> None:
    settings = Settings(environment="production")
    with pytest.raises(SourceNotConfiguredError, match="MLB_ENABLED_SOURCES"):
        collect_daily_odds(settings, DAY, DAY, run_id="test")
    with pytest.raises(SourceNotConfiguredError, match="add sbr to"):
        collect_line_histories(settings, [DAY], run_id="test")
    with pytest.raises(ValueError, match="after the last day"):
        collect_daily_odds(settings, DAY, date(2025, 8, 26), run_id="test")


def test_a_page_without_its_document_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="__NEXT_DATA__"):
        schemas.read_page(b"<html><body>Just a moment...</body></html>")


def test_a_daily_page_is_read_with_views_that_are_null() -> None:
    body = (
        b'<html><script id="__NEXT_DATA__" type="application/json">{"props": {"pageProps": {"oddsTables": [{"league": '
        b'"MLB", "oddsTableModel": {"sportsbooks": [], "gameRows": [{"gameView": {"gameId": 7}, "oddsViews": [null, '
        b'{"sportsbook": "fanduel", "currentLine": {"homeOdds": 2147483647}}]}]}}]}}}</script></html>'
    )
    page = schemas.read_page(body)
    assert list(unknown_fields(page)) == []
    [table] = page.props.page_props.odds_tables  # type: ignore[union-attr, misc]
    [row] = table.odds_table_model.game_rows  # type: ignore[union-attr, misc]
    assert row.odds_views is not None
    none, view = row.odds_views
    assert none is None
    assert view is not None
    assert view.current_line is not None
    assert view.current_line.home_odds == schemas.NO_PRICE


@pytest.mark.real_data
def test_the_recorded_line_history_holds_nothing_the_schemas_do_not_know(wire_dir: Path) -> None:
    page = schemas.Page.model_validate_json((wire_dir / "sbr" / "line_history_343244.json").read_bytes())
    assert sorted(set(unknown_fields(page))) == []
    model = page.props.page_props.line_history_model  # type: ignore[union-attr]
    assert model is not None
    assert model.line_history is not None
    views = model.line_history.odds_views or []
    assert [view.sportsbook for view in views if view] == ["betmgm", "bet365"]
    first, second = views[0].money_line_history  # type: ignore[union-attr, misc]
    assert first.odds_date == second.odds_date
    assert (first.away_odds, second.away_odds) == (220, 225)
