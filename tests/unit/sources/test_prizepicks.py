"""What is asked of PrizePicks, and whether its recorded board is what its schemas say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from dagster_mlb.sources.prizepicks.client import POLICY, projections_request
from dagster_mlb.sources.prizepicks.schemas import Board, NewPlayer, Projection
from dagster_mlb.sources.wire import unknown_fields


def test_a_board_is_asked_page_by_page_behind_live_prices() -> None:
    request = projections_request(3)
    assert request.request_key == ("GET /projections?game_mode=pickem&league_id=2&page=3&per_page=250&single_stat=true")
    assert (request.endpoint, request.capture, request.priority) == ("projections", "captured", "props")
    assert projections_request(league_id=7, per_page=50).params["league_id"] == "7"


@pytest.mark.parametrize("how", [{"page": 0}, {"page": 1, "per_page": 0}])
def test_pages_are_counted_from_one(how: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        projections_request(**how)


def test_it_is_asked_slowly_one_at_a_time_and_as_a_browser() -> None:
    assert POLICY.min_interval_s >= 2
    assert POLICY.concurrency == 1
    assert POLICY.headers["user-agent"].startswith("Mozilla/5.0")
    assert POLICY.headers["origin"] == POLICY.headers["referer"].rstrip("/") == "https://app.prizepicks.com"


def test_every_field_may_be_absent_and_a_resource_is_read_by_its_type() -> None:
    board = Board.model_validate(
        {"data": [{}], "included": [{}, {"type": "new_player", "attributes": {"combo": True}}]}
    )
    assert board.data == [Projection()]
    assert isinstance(board.included[1] if board.included else None, NewPlayer)


@pytest.mark.parametrize("value", ["over", ["over", "under"], None])
def test_the_sides_are_a_word_or_a_list(value: object) -> None:
    board = Board.model_validate({"data": [{"attributes": {"allowed_wager_types": value}}]})
    assert board.data is not None
    assert board.data[0].attributes is not None
    assert board.data[0].attributes.allowed_wager_types == value


def test_what_nobody_knows_is_named_by_its_path() -> None:
    body = {
        "data": [{"attributes": {"multiplier": 1.5}, "relationships": {"odds": {"data": None}}}],
        "included": [{"type": "referee", "id": "1", "attributes": {"name": "x"}}],
    }
    assert sorted(unknown_fields(Board.model_validate(body))) == [
        "data[].attributes.multiplier",
        "data[].relationships.odds",
        "included[].attributes",
    ]


def test_a_field_of_another_type_is_seen() -> None:
    with pytest.raises(ValidationError, match="line_score"):
        Board.model_validate({"data": [{"attributes": {"line_score": "six and a half"}}]})


@pytest.mark.real_data
def test_the_recorded_board_holds_nothing_the_schemas_do_not_know(wire_dir: Path) -> None:
    files = sorted((wire_dir / "prizepicks").glob("*.json"))
    assert files
    for path in files:
        board = Board.model_validate(json.loads(path.read_bytes()))
        assert sorted(set(unknown_fields(board))) == [], path.name
        assert board.data is not None
        assert len(board.data) == 37
        assert board.meta is not None
        assert board.meta.total_pages == 1
