"""Recordings as folders: what is written is read back, and what is wrong with one is said so that it can be mended."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator.replay import ReplayClock, _turns, replay, replay_server
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.recordings import (
    BODIES,
    INDEX,
    RecordedResponse,
    Recording,
    RecordingError,
    SavedBody,
    moments,
    read_recording,
    recording_of_bodies,
)

NOON = datetime(2025, 7, 15, 16, tzinfo=UTC)
ODDS = b'[{"id": "x"}]'


def written(folder: Path, *bodies: SavedBody) -> Recording:
    return recording_of_bodies(folder, bodies or [SavedBody("odds_api_odds", ODDS, NOON)])


def changed_index(folder: Path, **changes: Any) -> None:
    """The recording's first line with other fields; None takes one away."""
    index = folder / INDEX
    told = json.loads(index.read_text(encoding="utf-8").splitlines()[0]) | changes
    line = json.dumps({name: value for name, value in told.items() if value is not None})
    index.write_text(f"{line}\n", encoding="utf-8")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    made = written(
        tmp_path,
        SavedBody("odds_api_odds", ODDS, NOON),
        SavedBody("vsin_splits", b"<html>", NOON, path="/betting-splits/", params={"source": "CIRCA", "q": ""}),
        SavedBody("savant_pitches", b"a,b\n", NOON - timedelta(days=1), official_date=date(2025, 7, 13)),
    )
    there = read_recording(tmp_path)

    assert there.responses == made.responses
    assert [told.table for told in there.responses] == ["savant_pitches", "odds_api_odds", "vsin_splits"]
    assert [there.body(told) for told in there.responses] == [b"a,b\n", ODDS, b"<html>"]
    pitches, odds, splits = there.responses
    assert (splits.path, splits.params) == ("/betting-splits/", {"q": "", "source": "CIRCA"})
    assert (pitches.official_date, pitches.content_type) == (date(2025, 7, 13), "text/csv")
    assert (odds.capture, odds.any_params, odds.content_type) == ("captured", True, "application/json")
    assert [len(told) for _, told in moments(there)] == [1, 2]


def test_a_body_that_two_answers_share_is_kept_once(tmp_path: Path) -> None:
    twice = [SavedBody("odds_api_odds", ODDS, NOON + timedelta(minutes=n)) for n in (0, 5)]
    assert len(written(tmp_path, *twice).responses) == 2
    assert [path.name for path in (tmp_path / BODIES).iterdir()] == [hashlib.sha256(ODDS).hexdigest()]


def test_bodies_of_one_question_and_moment_follow_each_other(tmp_path: Path) -> None:
    made = written(tmp_path, *(SavedBody("odds_api_odds", body, NOON) for body in (b"[1]", b"[2]", b"[3]")))
    assert [(told.observed_at - NOON).microseconds for told in made.responses] == [0, 1, 2]
    assert [made.body(told) for told in made.responses] == [b"[1]", b"[2]", b"[3]"]


def test_an_answer_of_which_nobody_knows_the_question_claims_no_day_game_or_person() -> None:
    for endpoint in ENDPOINTS.values():
        request = endpoint.unaddressed
        assert "2025" not in request.request_key and request.official_date is None, endpoint.table
        assert not {"personIds", "venueIds", "latitude", "team", "season"} & set(request.params), endpoint.table
        assert "/1/" not in request.path and "0" * 32 not in request.path, endpoint.table
    assert ENDPOINTS["action_network_market_history"].unaddressed.path == "/web/v2/markets/event/unknown/history"
    assert ENDPOINTS["odds_api_odds"].unaddressed.params["oddsFormat"] == "american"


def test_a_page_saved_as_its_document_alone_is_served_as_json() -> None:
    lines = ENDPOINTS["sbr_line_history"]
    assert lines.content_type_of(b'\xef\xbb\xbf {"props": {}}') == "application/json"
    assert lines.content_type_of(b"<html>") == "text/html; charset=utf-8"
    assert ENDPOINTS["odds_api_odds"].content_type_of(b"gone") == "application/json"


# ---------------------------------------------------------------- what is wrong with one


def test_a_folder_that_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"is no recording: it has no index\.jsonl \(`mlb record` writes one\)"):
        read_recording(tmp_path)
    with pytest.raises(RecordingError, match="is no recording"):
        read_recording(tmp_path / "nowhere")


def test_a_folder_that_has_a_recording_is_not_written_over(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(RecordingError, match="has a recording already: choose another folder"):
        written(tmp_path)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RecordingError, match="cannot be a recording's folder"):
        written(tmp_path / "file")


def test_a_body_with_another_hash_and_one_that_is_gone(tmp_path: Path) -> None:
    recording = written(tmp_path)
    [told] = recording.responses
    (tmp_path / BODIES / told.content_hash).write_bytes(b"[]")
    with pytest.raises(RecordingError, match="these are not the bytes that the index names; record it again"):
        recording.body(told)
    with pytest.raises(RecordingError, match="these are not the bytes"):  # before any server is up or asked
        replay(Settings(environment="test", data_dir=tmp_path), recording, run_id="x")
    (tmp_path / BODIES / told.content_hash).unlink()
    with pytest.raises(RecordingError, match=r"the body of GET /v4/sports/baseball_mlb/odds.* cannot be read"):
        recording.body(told)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"table": "odds_api_prices"},
            "odds_api_prices is no table of responses; those that are: action_network_books",
        ),
        ({"observed_at": "2025-07-15T16:00:00"}, "has no zone: write 2025-07-15T16:00:00Z"),
        ({"observed_at": "noon"}, "Invalid isoformat"),
        ({"observed_at": None}, "no 'observed_at'"),
        ({"request_key": "odds"}, "the request 'odds' is no address: write GET /path"),
        ({"content_hash": "../../secret"}, "is no SHA-256"),
        ({"capture": "imagined"}, "capture 'imagined'"),
        ({"provenance": "rumour"}, "provenance 'rumour'"),
        ({"speed": 3}, "speed"),
    ],
)
def test_a_line_of_the_index_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    written(tmp_path)
    changed_index(tmp_path, **changes)
    with pytest.raises(RecordingError) as refused:
        read_recording(tmp_path)
    assert f"{INDEX}, line 1: " in str(refused.value) and told in str(refused.value)


@pytest.mark.parametrize("line", ["", "[]", "{", '"x"'])
def test_a_line_that_is_no_json_object_is_named(tmp_path: Path, line: str) -> None:
    written(tmp_path)
    with (tmp_path / INDEX).open("a", encoding="utf-8") as index:
        index.write(f"{line}\n")
    with pytest.raises(RecordingError, match="line 2: "):
        read_recording(tmp_path)


def test_an_unknown_table_and_a_moment_without_a_zone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="prices is no table of responses; those that are: action_network_books, "):
        written(tmp_path / "a", SavedBody("prices", b"[]", NOON))
    with pytest.raises(RecordingError, match="an answer of odds_api_odds: observed_at 2025-07-15T16:00:00 has no zone"):
        written(tmp_path / "b", SavedBody("odds_api_odds", b"[]", NOON.replace(tzinfo=None)))
    with pytest.raises(RecordingError, match="is no address"):
        written(tmp_path / "c", SavedBody("odds_api_odds", b"[]", NOON, path="v4/odds"))


def test_an_empty_recording_is_not_replayed(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no response"):
        replay(Settings(environment="test", data_dir=tmp_path), Recording(tmp_path, []), run_id="x")


# ---------------------------------------------------------------- served again


def recorded(folder: Path, body: bytes, at: datetime, request_key: str, **more: Any) -> RecordedResponse:
    name = hashlib.sha256(body).hexdigest()
    (folder / BODIES).mkdir(exist_ok=True)
    (folder / BODIES / name).write_bytes(body)
    return RecordedResponse(
        "odds_api_odds", request_key, at, name, more.pop("content_type", "application/json"), **more
    )


def test_the_server_says_what_was_said_by_its_clock(tmp_path: Path) -> None:
    later = NOON + timedelta(minutes=5)
    recording = Recording(
        tmp_path,
        [
            recorded(tmp_path, b"[1]", NOON, "GET /v4/odds?markets=h2h%2Cspreads&regions=us"),
            recorded(tmp_path, b"[2]", later, "GET /v4/odds?markets=h2h%2Cspreads&regions=us", http_status=206),
            recorded(tmp_path, b"[3]", NOON, "GET /v4/a%20path//x", any_params=True, content_type="text/✓"),
        ],
    )
    clock = ReplayClock(NOON - timedelta(seconds=1))
    with replay_server(recording, clock) as url:
        base = f"{url}/odds_api/v4"
        asked = {"regions": "us", "markets": "h2h,spreads", "apiKey": "anything"}
        assert httpx.get(f"{base}/odds", params=asked).status_code == 404
        clock.now = NOON + timedelta(seconds=1)
        assert httpx.get(f"{base}/odds", params=asked).content == b"[1]"
        assert httpx.get(f"{base}/odds", params=asked | {"regions": "eu"}).status_code == 404
        assert httpx.get(f"{base}/a path//x?whatever=1").content == b"[3]"
        clock.now = later
        answer = httpx.get(f"{base}/odds", params=asked)
        assert (answer.status_code, answer.content) == (206, b"[2]")
        assert httpx.get(f"{url}/clock").json() == {"now": "2025-07-15T16:05:00+00:00"}


def test_a_body_of_whatever_parameters_is_not_given_for_another_whose_parameters_are_known(tmp_path: Path) -> None:
    told = [
        SavedBody("odds_api_odds", body, NOON, path="/v4/odds", params=params)
        for body, params in ((b"[1]", {"regions": "us"}), (b"[2]", {"regions": "eu"}))
    ]
    with replay_server(recording_of_bodies(tmp_path, told), ReplayClock(NOON)) as url:
        for region, body in (("us", b"[1]"), ("eu", b"[2]")):
            assert httpx.get(f"{url}/odds_api/v4/odds?regions={region}").content == body
        assert httpx.get(f"{url}/odds_api/v4/odds?regions=au").content in (b"[1]", b"[2]")


def test_several_answers_of_one_moment_are_given_turn_by_turn(tmp_path: Path) -> None:
    told = [recorded(tmp_path, body, NOON, "GET /v4/odds") for body in (b"[1]", b"[2]")]
    other = recorded(tmp_path, b"[9]", NOON, "GET /v4/scores")
    recording = Recording(tmp_path, [*told, other])
    assert _turns(recording.responses) == [[told[0], other], [told[1]]]
    clock = ReplayClock(NOON)
    with replay_server(recording, clock) as url:
        given = []
        for turn in (0, 1, 0, 5):
            clock.turn = turn
            given.append(httpx.get(f"{url}/odds_api/v4/odds").content)
        assert given == [b"[1]", b"[2]", b"[1]", b"[2]"]
        clock.now += timedelta(seconds=1)
        assert httpx.get(f"{url}/odds_api/v4/odds").content == b"[2]"


def test_a_response_keeps_everything_as_a_line_of_json(tmp_path: Path) -> None:
    told = recorded(tmp_path, b"[]", NOON, "GET /v4/odds", official_date=date(2025, 7, 15), capture="backfilled")
    assert RecordedResponse.from_json(told.to_json()) == told
    assert RecordedResponse.from_json(replace(told, official_date=None).to_json()).official_date is None
