"""Answers kept by HTTP's rules: what is fresh is not asked again, what is not is asked with a condition."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from loopback_source import Asked, LoopbackSource, Reply
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import Fetched, Outcome, PoliteClient, SourcePolicy, SourceRequest

POLICY = SourcePolicy("action_network", backoff_initial_s=0.01, backoff_max_s=0.02, cache="always")
BOARD = SourceRequest("scoreboard", "/board", {"date": "20250715"})
KEY = "s3cret/key+42"


@pytest.fixture
def source() -> Iterator[LoopbackSource]:
    with LoopbackSource() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(environment="test", data_dir=tmp_path)


def fetch(
    settings: Settings, base_url: str, *requests: SourceRequest, policy: SourcePolicy = POLICY, key: str | None = None
) -> list[Fetched]:
    """Each request in turn, through one client of its own: what is kept is kept on disk."""

    async def ask() -> list[Fetched]:
        secrets = {"apiKey": SecretStr(key)} if key else {}
        async with PoliteClient(settings, policy, base_url, secret_params=secrets) as client:
            return [await client.fetch(request) for request in requests]

    return asyncio.run(ask())


def kinds(fetched: list[Fetched]) -> list[tuple[Outcome, str | None]]:
    return [(one.outcome, one.attempts[-1].cache) for one in fetched]


def test_within_its_max_age_an_answer_is_not_asked_for_again_by_any_client(
    settings: Settings, source: LoopbackSource
) -> None:
    source.on("/board", Reply(body=b'{"games": []}', headers={"cache-control": "max-age=30, public"}))
    first = fetch(settings, source.base_url, BOARD, BOARD)
    again = fetch(settings, source.base_url, BOARD)
    assert kinds(first + again) == [(Outcome.RECEIVED, None), (Outcome.CACHED, "fresh"), (Outcome.CACHED, "fresh")]
    assert len(source.asked) == 1
    record = again[0].record
    assert record is not None
    assert record.body == b'{"games": []}'
    assert record.content_hash == first[0].record.content_hash  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "value", "condition"),
    [
        ("etag", '"v1"', "if-none-match"),
        ("last-modified", "Tue, 01 Jul 2025 12:00:00 GMT", "if-modified-since"),
    ],
)
def test_what_is_no_longer_fresh_is_asked_with_a_condition_and_304_brings_the_stored_bytes(
    settings: Settings, source: LoopbackSource, name: str, value: str, condition: str
) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get(condition) == value:
            return Reply(304, headers={name: value})
        return Reply(body=b'{"games": [1]}', headers={name: value, "cache-control": "max-age=0"})

    source.on("/board", answer)
    fetched = fetch(settings, source.base_url, BOARD, BOARD)
    assert kinds(fetched) == [(Outcome.RECEIVED, None), (Outcome.RECEIVED, "revalidated")]
    assert [one.attempts[-1].http_status for one in fetched] == [200, 304]
    assert [one.record.body for one in fetched if one.record] == [b'{"games": [1]}'] * 2
    assert [one.record.http_status for one in fetched if one.record] == [200, 200]


def test_nobody_guesses_from_the_age_of_a_page_how_long_it_will_hold(
    settings: Settings, source: LoopbackSource
) -> None:
    # HTTP would allow a tenth of its age: five weeks for a page of last year.
    headers = {
        "last-modified": "Mon, 01 Jul 2024 12:00:00 GMT",
        "date": format_datetime(datetime.now(UTC), usegmt=True),
    }
    source.on("/board", Reply(body=b"[1]", headers=headers), Reply(body=b"[2]", headers=headers))
    fetched = fetch(settings, source.base_url, BOARD, BOARD)
    assert [one.record.body for one in fetched if one.record] == [b"[1]", b"[2]"]
    assert len(source.asked) == 2


def test_what_must_not_be_stored_is_not(settings: Settings, source: LoopbackSource, tmp_path: Path) -> None:
    source.on("/board", Reply(body=b'["never kept"]', headers={"cache-control": "no-store", "etag": '"v1"'}))
    fetch(settings, source.base_url, BOARD, BOARD)
    assert len(source.asked) == 2
    assert "if-none-match" not in source.asked[1].headers
    assert b"never kept" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_an_answer_that_varies_is_used_for_the_same_headers_only(settings: Settings, source: LoopbackSource) -> None:
    headers = {"cache-control": "max-age=60", "vary": "Referer"}
    source.on("/board", lambda asked: Reply(body=f'["{asked.headers["referer"]}"]'.encode(), headers=headers))
    policies = [replace(POLICY, headers={"Referer": f"https://{name}.example/"}) for name in ("one", "other", "one")]
    bodies = [fetch(settings, source.base_url, BOARD, policy=policy)[0].record for policy in policies]
    assert [body.body for body in bodies if body] == [
        b'["https://one.example/"]',
        b'["https://other.example/"]',
        b'["https://one.example/"]',
    ]


def test_an_answer_that_turned_out_bad_is_forgotten_and_asked_for_again(
    settings: Settings, source: LoopbackSource
) -> None:
    fresh = {"cache-control": "max-age=600"}
    source.on("/board", Reply(body=b"<html>wall</html>", headers=fresh), Reply(body=b"[]", headers=fresh))
    fetched = fetch(settings, source.base_url, BOARD, BOARD, BOARD)
    assert [one.outcome for one in fetched] == [Outcome.BLOCKED, Outcome.RECEIVED, Outcome.CACHED]


def test_errors_are_not_kept_whatever_they_say_of_themselves(settings: Settings, source: LoopbackSource) -> None:
    fresh = {"cache-control": "max-age=600"}
    source.on("/board", Reply(503, headers=fresh), Reply(404, b"{}", headers=fresh), Reply(body=b"[]", headers=fresh))
    fetched = fetch(settings, source.base_url, BOARD, BOARD)
    assert [one.outcome for one in fetched] == [Outcome.PERMANENT, Outcome.RECEIVED]
    assert len(source.asked) == 3


def test_a_body_over_the_cap_is_not_kept(settings: Settings, source: LoopbackSource, tmp_path: Path) -> None:
    fresh = {"cache-control": "max-age=600"}
    source.on("/board", Reply(body=b"[" + b"7" * 50_000 + b"]", headers=fresh))
    policy = replace(POLICY, max_body_bytes=10_000)
    fetched = fetch(settings, source.base_url, BOARD, BOARD, policy=policy)
    assert [one.outcome for one in fetched] == [Outcome.MALFORMED] * 2
    assert len(source.asked) == 2
    assert b"7777777777" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_fresh_answer_takes_no_turn_of_the_sources_pace(settings: Settings, source: LoopbackSource) -> None:
    source.on("/board", Reply(body=b"[]", headers={"cache-control": "max-age=60"}))
    policy = replace(POLICY, loopback_min_interval_s=30.0, budget_s=5.0)
    fetched = fetch(settings, source.base_url, *[BOARD] * 5, policy=policy)
    assert [one.outcome for one in fetched[1:]] == [Outcome.CACHED] * 4


def test_a_request_with_a_key_leaves_no_trace_on_disk(
    settings: Settings, source: LoopbackSource, tmp_path: Path
) -> None:
    echo = f'["{KEY}"]'.encode()
    source.on("/board", Reply(body=echo, headers={"cache-control": "max-age=600", "etag": f'"{KEY}"'}))
    fetch(settings, source.base_url, BOARD, BOARD, key=KEY)
    assert len(source.asked) == 2  # nothing was kept, so nothing could be used
    source.on("/free", Reply(body=b"[]", headers={"cache-control": "max-age=600"}))
    fetch(settings, source.base_url, SourceRequest("free", "/free"))  # the store is there for who has no key
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"/free" in stored
    for spelling in (b"apiKey", b"s3cret", b"/board"):
        assert spelling not in stored


def test_a_store_that_cannot_be_read_is_as_good_as_none(
    settings: Settings, source: LoopbackSource, tmp_path: Path
) -> None:
    (tmp_path / "http_cache").mkdir()
    (tmp_path / "http_cache" / "action_network.db").write_bytes(b"this is no database" * 1000)
    source.on("/board", Reply(body=b"[]", headers={"cache-control": "max-age=600"}))
    fetched = fetch(settings, source.base_url, BOARD, BOARD)
    assert [one.outcome for one in fetched] == [Outcome.RECEIVED] * 2
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("cache", "address", "fixed", "key", "caches"),
    [
        ("auto", "https://api.example", False, None, True),
        ("auto", "https://api.example", True, None, False),  # a simulated moment must not miss its news
        ("auto", "http://127.0.0.1:9", False, None, False),
        ("auto", "https://api.example", False, KEY, False),
        ("always", "http://127.0.0.1:9", True, None, True),
        ("always", "https://api.example", False, KEY, False),
        ("never", "https://api.example", False, None, False),
    ],
)
def test_where_answers_are_kept(
    tmp_path: Path, cache: str, address: str, fixed: bool, key: str | None, caches: bool
) -> None:
    moment = datetime(2025, 7, 15, 16, tzinfo=UTC) if fixed else None
    settings = Settings(environment="test", data_dir=tmp_path, fixed_now=moment)
    policy = replace(POLICY, cache=cache)  # type: ignore[arg-type]
    client = PoliteClient(settings, policy, address, secret_params={"apiKey": SecretStr(key)} if key else None)
    assert client.caches is caches
