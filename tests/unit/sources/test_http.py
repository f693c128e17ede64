"""The polite client against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from loopback_http2 import Http2Source, server_context
from loopback_source import LoopbackSource, Reply
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources import http_wire
from dagster_mlb.sources.breaker import Admission, RunEnd
from dagster_mlb.sources.http import (
    Expects,
    Fetched,
    Outcome,
    PoliteClient,
    SourceNotConfiguredError,
    SourcePolicy,
    SourceRequest,
    is_loopback,
)
from dagster_mlb.sources.rate_limits import LocalTurns, Pace

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
SETTINGS = Settings(environment="test", fixed_now=NOW)
KEY = "s3cret/key+42"
QUICK = SourcePolicy(
    source="odds_api",
    connect_timeout_s=1.0,
    read_timeout_s=0.3,
    total_timeout_s=5.0,
    backoff_initial_s=0.01,
    backoff_max_s=0.05,
    retry_after_cap_s=2.0,
    max_body_bytes=1024 * 1024,
    remaining_header="x-requests-remaining",
)
ODDS = SourceRequest("odds", "/odds", {"regions": "us", "markets": "h2h,spreads"})


@pytest.fixture
def source() -> Iterator[LoopbackSource]:
    with LoopbackSource() as server:
        yield server


def fetch(base_url: str, *requests: SourceRequest, policy: SourcePolicy = QUICK, key: str = KEY) -> list[Fetched]:
    """Each request in turn, through one client."""

    async def ask() -> list[Fetched]:
        async with PoliteClient(SETTINGS, policy, base_url, secret_params={"apiKey": SecretStr(key)}) as client:
            return [await client.fetch(request) for request in requests]

    return asyncio.run(ask())


def fetch_together(base_url: str, requests: list[SourceRequest], policy: SourcePolicy = QUICK) -> list[Fetched]:
    async def ask() -> list[Fetched]:
        async with PoliteClient(SETTINGS, policy, base_url) as client:
            return list(await asyncio.gather(*(client.fetch(request) for request in requests)))

    return asyncio.run(ask())


# ---------------------------------------------------------------- what is asked and what comes back


def test_an_answer_is_kept_byte_for_byte_with_the_identity_of_its_question(source: LoopbackSource) -> None:
    body = b'{ "a": 1, "a": 2, "text": "\\u0000" }\n'
    source.on("/odds", Reply(body=body, headers={"x-requests-remaining": "417", "set-cookie": "no"}))
    [fetched] = fetch(source.base_url, ODDS)
    record = fetched.record
    assert fetched.outcome is Outcome.RECEIVED
    assert record is not None
    assert record.body == body
    assert record.content_hash == hashlib.sha256(body).hexdigest()
    assert record.byte_length == len(body)
    assert record.request_key == "GET /odds?markets=h2h,spreads&regions=us"
    assert record.observed_at == NOW
    assert (record.http_status, record.content_type, record.attempts) == (200, "application/json", 1)
    assert record.headers == {"x-requests-remaining": "417"}
    assert source.asked[0].params == {"markets": "h2h,spreads", "regions": "us", "apiKey": KEY}


def test_the_identity_of_a_request_does_not_depend_on_the_base_url_or_on_the_order_of_parameters(
    source: LoopbackSource,
) -> None:
    source.on("/odds_api/odds", Reply(body=b"[]"))
    swapped = SourceRequest("odds", "/odds", {"markets": "h2h,spreads", "regions": "us"})
    [fetched] = fetch(source.base_url + "/odds_api/", ODDS)
    assert fetched.record is not None
    assert fetched.record.request_key == swapped.request_key


def test_compressed_answers_are_undone_and_hashed_as_what_they_say(source: LoopbackSource) -> None:
    body = b'{"games": [1, 2, 3]}'
    source.on("/odds", Reply(body=gzip.compress(body, mtime=0), headers={"content-encoding": "gzip"}))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.record is not None
    assert fetched.record.body == body
    assert fetched.record.content_hash == hashlib.sha256(body).hexdigest()


# ---------------------------------------------------------------- what is worth asking again


def test_two_times_503_and_then_an_answer_is_an_answer(source: LoopbackSource) -> None:
    source.on("/odds", Reply(503), Reply(503), Reply(body=b"[]"))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.RECEIVED
    assert [attempt.outcome for attempt in fetched.attempts] == ["transient", "transient", "received"]
    assert [attempt.number for attempt in fetched.attempts] == [1, 2, 3]
    assert fetched.record is not None
    assert fetched.record.attempts == 3


def test_a_source_that_stays_ill_is_asked_a_bounded_number_of_times(source: LoopbackSource) -> None:
    source.on("/odds", Reply(500, b'{"messageNumber":1,"message":"Internal error occurred"}'))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.TRANSIENT
    assert fetched.message == "HTTP 500: Internal error occurred"
    assert fetched.record is None
    assert len(source.asked) == QUICK.max_attempts


@pytest.mark.parametrize(
    "first",
    [
        Reply(is_dropped=True),
        Reply(body=b'{"half": ', content_length=500),
        Reply(body=gzip.compress(b"[]" * 500, mtime=0)[:20], headers={"content-encoding": "gzip"}),
        Reply(delay_s=0.6, body=b"[]"),
        Reply(408),
        Reply(425),
    ],
    ids=["dropped", "shorter than its length", "gzip without its end", "silent too long", "408", "425"],
)
def test_what_breaks_on_the_way_is_asked_again(source: LoopbackSource, first: Reply) -> None:
    source.on("/odds", first, Reply(body=b"[]"))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.RECEIVED
    assert fetched.attempts[0].outcome is Outcome.TRANSIENT
    assert fetched.attempts[0].message
    assert len(source.asked) == 2


def test_a_server_that_drips_bytes_does_not_hold_the_client_for_ever(source: LoopbackSource) -> None:
    source.on("/odds", Reply(chunks=[b" "] * 100, chunk_delay_s=0.1))
    policy = replace(QUICK, total_timeout_s=0.4, max_attempts=1)
    begun = time.perf_counter()
    [fetched] = fetch(source.base_url, ODDS, policy=policy)
    assert fetched.outcome is Outcome.TRANSIENT
    assert "no whole answer within 0.4 s" in fetched.message
    assert time.perf_counter() - begun < 3


def test_a_server_that_is_not_there_is_transient_and_named(source: LoopbackSource) -> None:
    with LoopbackSource() as gone:
        address = gone.base_url
    [fetched] = fetch(address, ODDS)
    assert fetched.outcome is Outcome.TRANSIENT
    assert address.removeprefix("http://") in fetched.message


@pytest.mark.parametrize(("status", "message"), [(400, "bad"), (401, "bad"), (404, "bad"), (422, "bad")])
def test_what_is_refused_for_good_is_asked_once(source: LoopbackSource, status: int, message: str) -> None:
    source.on("/odds", Reply(status, b'{"message": "bad"}'))
    [fetched] = fetch(source.base_url, ODDS)
    assert (fetched.outcome, fetched.message) == (Outcome.PERMANENT, f"HTTP {status}: {message}")
    assert fetched.record is None
    assert len(source.asked) == 1


def test_a_redirect_is_not_followed_and_its_address_shows_no_key(source: LoopbackSource) -> None:
    source.on("/odds", Reply(302, headers={"location": f"https://elsewhere.example/?apiKey={KEY}"}))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.PERMANENT
    assert fetched.message == "HTTP 302: moved to https://elsewhere.example/?apiKey=***"


def test_a_certificate_that_nobody_vouches_for_is_not_asked_twice(tmp_path: Path) -> None:
    with LoopbackSource(server_context(tmp_path, alpn=("http/1.1",))) as source:
        [fetched] = fetch(source.base_url, ODDS)
        assert fetched.outcome is Outcome.PERMANENT
        assert "certificate is not trusted" in fetched.message
        assert len(fetched.attempts) == 1
        assert source.asked == []


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's context whose certificate the client trusts."""
    context = server_context(tmp_path)
    client_side = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    monkeypatch.setattr(http_wire, "tls_context", lambda trust_env: client_side)
    yield context


def test_http_2_carries_many_requests_at_once_over_one_connection(trusted: ssl.SSLContext) -> None:
    with Http2Source(trusted, delay_s=0.1) as source:
        requests = [SourceRequest("odds", f"/odds/{number}") for number in range(8)]
        fetched = fetch_together(source.base_url, requests, replace(QUICK, loopback_concurrency=8))
    assert [one.outcome for one in fetched] == [Outcome.RECEIVED] * 8
    assert [one.record.body for one in fetched if one.record] == [f'["/odds/{n}"]'.encode() for n in range(8)]
    assert (source.versions, source.connections, source.most_at_once) == ({"h2"}, 1, 8)


def test_the_key_travels_over_http_2_and_is_in_no_log(
    trusted: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    with Http2Source(trusted) as source, caplog.at_level(logging.DEBUG):
        for chatty in ("hpack.hpack", "hpack.table", "httpcore.http2"):
            caplog.set_level(logging.DEBUG, logger=chatty)
        fetch(source.base_url, ODDS)
    assert "apiKey=s3cret%2Fkey%2B42" in source.paths[0]
    assert "s3cret" not in caplog.text


# ---------------------------------------------------------------- redirects

MOVED = replace(QUICK, follow_redirects="same_host")


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_within_the_host_is_followed_where_the_policy_allows(
    source: LoopbackSource, status: int
) -> None:
    source.on("/odds", Reply(status, headers={"location": "/odds/?regions=us"}))
    source.on("/odds/", Reply(body=b"[1]"))
    [fetched] = fetch(source.base_url, ODDS, policy=MOVED)
    assert fetched.outcome is Outcome.RECEIVED
    assert fetched.record is not None
    assert (fetched.record.body, fetched.record.request_key) == (b"[1]", ODDS.request_key)
    assert source.asked[1].params == {"regions": "us", "apiKey": KEY}
    [refused] = fetch(source.base_url, ODDS)
    assert refused.message == f"HTTP {status}: moved to /odds/?regions=us"


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (302, "/odds/"),
        (301, "https://elsewhere.example/odds/"),
        (301, "http://127.0.0.1:1/odds/"),
        (301, "//elsewhere.example/odds"),
        (301, "ftp://127.0.0.1/odds"),
        (301, "http://["),
        (301, ""),
    ],
)
def test_no_other_redirect_is_followed(source: LoopbackSource, status: int, location: str) -> None:
    source.on("/odds", Reply(status, headers={"location": location}))
    [fetched] = fetch(source.base_url, ODDS, policy=MOVED)
    assert fetched.outcome is Outcome.PERMANENT
    assert len(source.asked) == 1


def test_redirects_that_lead_in_a_circle_come_to_an_end(source: LoopbackSource) -> None:
    source.on("/odds", Reply(301, headers={"location": "/other"}))
    source.on("/other", Reply(301, headers={"location": "/odds"}))
    [fetched] = fetch(source.base_url, ODDS, policy=MOVED)
    assert fetched.outcome is Outcome.PERMANENT
    assert len(source.asked) == 4


# ---------------------------------------------------------------- what is expected


@pytest.mark.parametrize(
    ("expects", "accept", "body", "content_type"),
    [
        ("json", "application/json", b"{}", "application/json"),
        ("html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1", b"<html></html>", "text/html"),
        ("csv", "text/csv,application/csv;q=0.9,*/*;q=0.1", b"a,b\n1,2\n", "text/csv"),
    ],
)
def test_each_kind_of_answer_is_asked_for_and_judged_as_what_it_is(
    source: LoopbackSource, expects: Expects, accept: str, body: bytes, content_type: str
) -> None:
    source.on("/page", Reply(body=body, content_type=content_type))
    [fetched] = fetch(source.base_url, SourceRequest("page", "/page", expects=expects))
    assert (fetched.outcome, source.asked[0].headers["accept"]) == (Outcome.RECEIVED, accept)
    wrong = "json" if expects != "json" else "html"
    [fetched] = fetch(source.base_url, SourceRequest("page", "/page", expects=wrong))
    assert fetched.outcome in (Outcome.BLOCKED, Outcome.MALFORMED)


def test_the_headers_of_a_policy_are_sent_but_no_encoding_that_cannot_be_undone(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]"))
    headers = {"User-Agent": "Mozilla/5.0", "Referer": "https://www.example/", "Accept-Encoding": "br, zstd"}
    fetch(source.base_url, ODDS, policy=replace(QUICK, headers=headers))
    sent = source.asked[0].headers
    assert (sent["user-agent"], sent["referer"]) == ("Mozilla/5.0", "https://www.example/")
    assert sent["accept-encoding"] == "gzip"


def error_column(body: bytes) -> tuple[Outcome, str] | None:
    """A table whose only column is `error` says what went wrong at the source."""
    header, _, rest = body.partition(b"\n")
    return (Outcome.TRANSIENT, rest.decode().strip()) if header.strip() == b"error" else None


def test_what_a_source_means_by_a_body_is_its_own_judges_to_say(source: LoopbackSource) -> None:
    source.on("/csv", Reply(body=b"error\nQuery timed out\n", content_type="text/csv"), Reply(body=b"pitch_type\nFF\n"))
    request = SourceRequest("csv", "/csv", expects="csv", judge=error_column)
    [fetched] = fetch(source.base_url, request)
    assert [(a.outcome, a.message) for a in fetched.attempts] == [("transient", "Query timed out"), ("received", "")]
    source.on("/csv", Reply(body=b"error\nQuery timed out\n"))
    [fetched] = fetch(source.base_url, replace(request, judge=None), policy=replace(QUICK, judge=error_column))
    assert (fetched.outcome, fetched.message) == (Outcome.TRANSIENT, "Query timed out")
    assert fetched.record is not None  # raw keeps what the source said


def test_a_judge_that_cannot_read_a_body_loses_no_neighbour(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[1]"))

    def judge(body: bytes) -> tuple[Outcome, str] | None:
        raise KeyError("column")

    [fetched] = fetch(source.base_url, replace(ODDS, judge=judge))
    assert (fetched.outcome, fetched.message) == (Outcome.MALFORMED, "cannot be judged: KeyError: 'column'")


# ---------------------------------------------------------------- Retry-After


def test_retry_after_in_seconds_is_waited_out(source: LoopbackSource) -> None:
    source.on("/odds", Reply(429, headers={"retry-after": "1"}), Reply(body=b"[]"))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.RECEIVED
    assert 1.0 <= source.asked[1].at - source.asked[0].at < 1.8


def test_retry_after_as_a_date_is_measured_by_the_servers_own_clock(source: LoopbackSource) -> None:
    said = datetime(2031, 1, 1, tzinfo=UTC)
    headers = {
        "date": format_datetime(said, usegmt=True),
        "retry-after": format_datetime(said.replace(second=1), usegmt=True),
    }
    source.on("/odds", Reply(503, headers=headers), Reply(body=b"[]"))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.RECEIVED
    assert 1.0 <= source.asked[1].at - source.asked[0].at < 1.8


def test_asked_to_stay_away_for_long_the_client_stays_away(source: LoopbackSource) -> None:
    source.on("/odds", Reply(429, headers={"retry-after": "3600"}))
    first, second = fetch(source.base_url, ODDS, ODDS)
    assert first.outcome is Outcome.TRANSIENT
    assert second.outcome is Outcome.REFUSED
    assert "stay away for 3600 s" in second.message
    assert len(source.asked) == 1


def test_one_429_holds_back_every_other_request_to_the_source(source: LoopbackSource) -> None:
    source.on("/odds", Reply(429, headers={"retry-after": "1"}), Reply(body=b"[]"))
    source.on("/other", Reply(body=b"[]"))

    async def ask() -> None:
        async with PoliteClient(SETTINGS, QUICK, source.base_url) as client:
            limited = asyncio.create_task(client.fetch(ODDS))
            async with asyncio.timeout(3):
                while await client._turns.take("live") is None:
                    await asyncio.sleep(0.01)
            await client.fetch(SourceRequest("other", "/other"))
            await limited

    asyncio.run(ask())
    asked_other = next(asked.at for asked in source.asked if asked.path == "/other")
    assert asked_other - source.asked[0].at >= 0.95


# ---------------------------------------------------------------- what is not what it should be


def test_nothing_where_content_is_expected_is_empty(source: LoopbackSource) -> None:
    source.on("/nothing", Reply(204))
    source.on("/zero", Reply(200, b""))
    nothing, zero = fetch(source.base_url, SourceRequest("odds", "/nothing"), SourceRequest("odds", "/zero"))
    assert (nothing.outcome, nothing.record) == (Outcome.EMPTY, None)
    assert (zero.outcome, zero.record) == (Outcome.EMPTY, None)
    assert len(source.asked) == 2


def test_a_bot_wall_is_blocked_whatever_status_it_wears(source: LoopbackSource) -> None:
    wall = b"<html><title>Just a moment...</title></html>"
    source.on("/forbidden", Reply(403, wall, content_type="text/html"))
    source.on("/polite", Reply(200, wall, content_type="text/html"))
    forbidden, polite = fetch(source.base_url, SourceRequest("odds", "/forbidden"), SourceRequest("odds", "/polite"))
    assert forbidden.outcome is polite.outcome is Outcome.BLOCKED
    assert "Just a moment" in forbidden.message
    assert "Just a moment" in polite.message
    # Only a 2xx is something the source said; its bytes are kept.
    assert forbidden.record is None
    assert polite.record is not None
    assert polite.record.body == wall


def test_what_is_no_json_is_reported_and_kept(source: LoopbackSource) -> None:
    source.on("/odds", Reply(200, b'{"games": [1,'))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.MALFORMED
    assert "not closed" in fetched.message
    assert fetched.record is not None
    assert fetched.record.body == b'{"games": [1,'
    assert len(source.asked) == 1


def test_an_encoding_that_was_not_offered_is_malformed_and_kept_as_it_came(source: LoopbackSource) -> None:
    source.on("/odds", Reply(200, b"\x0b\x01\x80[]\x03", headers={"content-encoding": "br"}))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.MALFORMED
    assert fetched.record is not None
    assert fetched.record.body == b"\x0b\x01\x80[]\x03"


# ---------------------------------------------------------------- size


def test_a_body_over_the_cap_leaves_its_beginning_its_length_and_its_hash(source: LoopbackSource) -> None:
    megabyte = bytes(range(256)) * 4096
    source.on("/odds", Reply(chunks=[megabyte] * 80))
    policy = replace(QUICK, max_body_bytes=64 * 1024 * 1024, read_timeout_s=5, total_timeout_s=60)
    [fetched] = fetch(source.base_url, ODDS, policy=policy)
    record = fetched.record
    assert fetched.outcome is Outcome.MALFORMED
    assert "over the cap of 67,108,864" in fetched.message
    assert record is not None
    assert record.is_truncated
    assert record.byte_length == 80 * 1024 * 1024
    assert len(record.body) == 64 * 1024 * 1024
    assert record.body[:512] == megabyte[:512]
    assert record.content_hash == hashlib.sha256(megabyte * 80).hexdigest()


def test_beyond_the_hard_limit_nothing_more_is_read(source: LoopbackSource) -> None:
    source.on("/odds", Reply(chunks=(b"x" * 65536 for _ in range(1600))))  # 100 MB against a limit of 10
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.record is not None
    assert fetched.record.is_truncated
    assert 10 * 2**20 <= fetched.record.byte_length < 12 * 2**20
    assert len(fetched.record.body) == 2**20
    assert "more than" in fetched.message


def test_a_gzip_bomb_counts_as_what_it_becomes(source: LoopbackSource) -> None:
    bomb = gzip.compress(b"[" + b"0" * (100 * 2**20), mtime=0)
    assert len(bomb) < 200_000
    source.on("/odds", Reply(body=bomb, headers={"content-encoding": "gzip"}))
    [fetched] = fetch(source.base_url, ODDS)
    assert fetched.outcome is Outcome.MALFORMED
    assert fetched.record is not None
    assert fetched.record.is_truncated
    assert fetched.record.byte_length < 12 * 2**20
    assert len(fetched.record.body) == 2**20


# ---------------------------------------------------------------- pace


def test_no_more_requests_run_at_once_than_the_policy_allows(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]", delay_s=0.05))
    fetch_together(source.base_url, [ODDS] * 12, replace(QUICK, loopback_concurrency=3))
    assert source.most_at_once == 3
    assert len(source.asked) == 12


def test_a_source_outside_keeps_its_interval_and_this_machine_has_none(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]"))

    async def ask(is_outside: bool) -> float:
        policy = replace(QUICK, min_interval_s=0.1)
        turns = LocalTurns(Pace.of(policy, is_loopback=not is_outside))
        async with PoliteClient(SETTINGS, policy, source.base_url, turns=turns) as client:
            begun = time.perf_counter()
            await asyncio.gather(*(client.fetch(ODDS) for _ in range(5)))
            return time.perf_counter() - begun

    assert asyncio.run(ask(is_outside=True)) >= 0.4
    assert asyncio.run(ask(is_outside=False)) < 0.4


def test_only_loopback_is_this_machine() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.3.2.1", "::1", "[::1]"))
    assert not any(is_loopback(host) for host in ("statsapi.mlb.com", "10.0.0.1", "localhost.example", "0.0.0.0"))


def test_after_five_failures_in_a_row_the_source_is_left_alone(source: LoopbackSource) -> None:
    source.on("/odds", Reply(503))
    outcomes = fetch(source.base_url, *[ODDS] * 8, policy=replace(QUICK, max_attempts=2, give_up_after=5))
    assert [fetched.outcome for fetched in outcomes] == [Outcome.TRANSIENT] * 5 + [Outcome.REFUSED] * 3
    assert "5 requests in a row failed" in outcomes[-1].message
    assert len(source.asked) == 10


def test_an_answer_in_between_lets_the_count_of_failures_begin_anew(source: LoopbackSource) -> None:
    source.on("/odds", Reply(503))
    source.on("/good", Reply(body=b"[]"))
    good = SourceRequest("odds", "/good")
    policy = replace(QUICK, max_attempts=1, give_up_after=2)
    outcomes = fetch(source.base_url, ODDS, good, ODDS, good, ODDS, policy=policy)
    assert Outcome.REFUSED not in [fetched.outcome for fetched in outcomes]


def test_a_time_budget_ends_the_asking_and_what_runs(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]", delay_s=0.2))
    policy = replace(QUICK, budget_s=0.5, loopback_concurrency=1)
    begun = time.perf_counter()
    fetched = fetch_together(source.base_url, [ODDS] * 6, policy)
    assert time.perf_counter() - begun < 1.5
    outcomes = [one.outcome for one in fetched]
    assert outcomes == [Outcome.RECEIVED] * 2 + [Outcome.TRANSIENT] + [Outcome.REFUSED] * 3
    assert "no whole answer within the time budget" in fetched[2].message
    assert fetched[-1].message == "not asked: the time budget of 0.5 s for odds_api is spent"


@pytest.mark.parametrize("headers", [{"retry-after": "2"}, {}], ids=["Retry-After", "backoff"])
def test_a_time_budget_does_not_wait_for_a_source_that_asks_for_patience(
    source: LoopbackSource, headers: dict[str, str]
) -> None:
    source.on("/odds", Reply(503, headers=headers))
    policy = replace(QUICK, budget_s=0.3, backoff_initial_s=2.0, backoff_max_s=5.0)
    begun = time.perf_counter()
    [fetched] = fetch(source.base_url, ODDS, policy=policy)
    assert time.perf_counter() - begun < 1.5
    assert fetched.outcome in (Outcome.TRANSIENT, Outcome.REFUSED)


def test_what_is_more_urgent_is_asked_first(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]", delay_s=0.01))
    wanted = [replace(ODDS, params={"n": p}, priority=p) for p in ("history", "history", "props", "live")]
    fetch_together(source.base_url, wanted, replace(QUICK, loopback_concurrency=1))
    assert [asked.params["n"] for asked in source.asked] == ["history", "live", "props", "history"]


async def bare_httpx(base_url: str, number: int) -> None:
    """The same requests without anything of ours: what this machine can do at this moment."""
    slots = asyncio.Semaphore(10)
    async with httpx.AsyncClient(http2=True, trust_env=False, timeout=5) as client:

        async def one() -> None:
            async with slots:
                await client.get(f"{base_url}/odds")

        await asyncio.gather(*(one() for _ in range(number)))


def test_many_requests_take_what_the_latency_of_the_source_makes_them_take(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]", delay_s=0.2))
    ideal = 40 * 0.2 / 10
    policy = replace(QUICK, loopback_concurrency=10, read_timeout_s=5)
    taken: list[float] = []
    floor = ideal
    while not taken or (len(taken) < 4 and min(taken) > 1.1 * floor):  # a busy machine disturbs one run or the other
        begun = time.perf_counter()
        fetch_together(source.base_url, [ODDS] * 40, policy)
        taken.append(time.perf_counter() - begun)
        if taken[-1] > 1.1 * ideal:
            begun = time.perf_counter()
            asyncio.run(bare_httpx(source.base_url, 40))
            floor = max(floor, time.perf_counter() - begun)
    assert min(taken) <= 1.1 * floor


# ---------------------------------------------------------------- the circuit


def admitted(base_url: str, admission: Admission, number: int = 4) -> tuple[list[Fetched], RunEnd]:
    async def ask() -> tuple[list[Fetched], RunEnd]:
        async with PoliteClient(SETTINGS, QUICK, base_url, admission=admission) as client:
            return list(await asyncio.gather(*(client.fetch(ODDS) for _ in range(number)))), client.run_end

    return asyncio.run(ask())


def test_where_the_circuit_is_open_nothing_is_asked(source: LoopbackSource) -> None:
    fetched, end = admitted(source.base_url, Admission("nothing", 5, "the circuit is open"))
    assert {(one.outcome, one.message) for one in fetched} == {(Outcome.REFUSED, "not asked: the circuit is open")}
    assert source.asked == []
    assert not end.gave_up


def test_a_probe_that_is_answered_lets_the_rest_be_asked(source: LoopbackSource) -> None:
    source.on("/odds", Reply(body=b"[]", delay_s=0.1))
    fetched, end = admitted(source.base_url, Admission("probe", 5))
    assert [one.outcome for one in fetched] == [Outcome.RECEIVED] * 4
    assert (end.probe, end.failures_in_a_row) == (Outcome.RECEIVED, 0)
    assert source.asked[1].at - source.asked[0].at >= 0.09  # alone


def test_a_probe_that_fails_is_the_only_request(source: LoopbackSource) -> None:
    source.on("/odds", Reply(503))
    fetched, end = admitted(source.base_url, Admission("probe", 5))
    assert [one.outcome for one in fetched] == [Outcome.TRANSIENT] + [Outcome.REFUSED] * 3
    assert "its probe ended with: HTTP 503" in fetched[-1].message
    assert len(source.asked) == 1
    assert end.probe is Outcome.TRANSIENT


def test_failures_of_earlier_runs_count(source: LoopbackSource) -> None:
    source.on("/odds", Reply(503))
    _, end = admitted(source.base_url, Admission("all", 4), number=1)
    assert end == RunEnd(failures_in_a_row=5, gave_up=True)


# ---------------------------------------------------------------- the run's log


def test_each_failed_attempt_is_one_line_with_its_correlation_id(
    source: LoopbackSource, caplog: pytest.LogCaptureFixture
) -> None:
    source.on("/odds", Reply(503), Reply(404, b'{"message": "no such sport"}'))
    source.on("/good", Reply(body=b"[]"))

    async def ask() -> Fetched:
        async with PoliteClient(SETTINGS, QUICK, source.base_url, run_id="run-7") as client:
            await client.fetch(SourceRequest("odds", "/good"))
            return await client.fetch(ODDS)

    with caplog.at_level(logging.INFO, logger="dagster_mlb.sources"):
        fetched = asyncio.run(ask())
    said = f"correlation_id={fetched.correlation_id} run_id=run-7 source=odds_api"
    target = "target='GET /odds?markets=h2h,spreads&regions=us'"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", f"{said} attempt=1 outcome=transient status=503 {target}: HTTP 503"),
        ("WARNING", f"{said} attempt=2 outcome=permanent status=404 {target}: HTTP 404: no such sport"),
    ]


# ---------------------------------------------------------------- secrets


def test_the_key_is_found_nowhere(
    source: LoopbackSource, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    echo = f'{{"message": "key {KEY} is not valid"}}'.encode()
    source.on("/refused", Reply(401, echo))
    source.on("/echo", Reply(200, echo))
    source.on("/dropped", Reply(is_dropped=True))
    source.on("/short", Reply(body=b"[", content_length=9))
    paths = ("/refused", "/echo", "/dropped", "/short")
    with caplog.at_level(logging.DEBUG):
        for chatty in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "hpack.hpack"):
            caplog.set_level(logging.DEBUG, logger=chatty)
        outcomes = fetch(source.base_url, *(SourceRequest("odds", path) for path in paths))
    assert all(asked.params["apiKey"] == KEY for asked in source.asked)  # it was sent
    shown = capsys.readouterr()
    everything = "\n".join(
        [caplog.text, *(str(r.__dict__) for r in caplog.records), shown.out, shown.err, repr(outcomes), str(outcomes)]
        + [str(f.record.body) + repr(f.record.headers) for f in outcomes if f.record]
        + [a.message for f in outcomes for a in f.attempts]
    )
    for spelling in (KEY, "s3cret", "s3cret%2Fkey%2B42"):
        assert spelling not in everything
    echoed = outcomes[1].record
    assert echoed is not None
    assert len(echoed.body) == len(echo)
    assert echoed.content_hash == hashlib.sha256(echoed.body).hexdigest()


@pytest.mark.parametrize("name", ["httpx", "httpcore.http2", "hpack.hpack", "hpack.table"])
def test_what_http_libraries_say_of_urls_and_headers_is_dropped(name: str, caplog: pytest.LogCaptureFixture) -> None:
    # hpack says each header that it adds to its table, the path with its query among them.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger=name):
        logging.getLogger(name).debug("Adding (b':path', b'/odds?apiKey=%s')", KEY)
        logging.getLogger(name).warning("something is wrong")
    assert [record.getMessage() for record in caplog.records] == ["something is wrong"]


def test_a_client_shows_its_source_and_place_but_no_key(source: LoopbackSource) -> None:
    client = PoliteClient(SETTINGS, QUICK, source.base_url, secret_params={"apiKey": SecretStr(KEY)})
    assert repr(client) == f"PoliteClient('odds_api', '127.0.0.1:{source.port}')"
    assert KEY not in str(vars(client))


def test_a_key_is_not_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(SourceNotConfiguredError, match=r"plain http to odds\.example"):
        PoliteClient(SETTINGS, QUICK, "http://odds.example", secret_params={"apiKey": SecretStr(KEY)})


@pytest.mark.parametrize("base_url", ["", "statsapi.mlb.com", "ftp://host", "https://", "http://[::bad"])
def test_an_address_that_is_none_is_refused_with_the_name_of_its_setting(base_url: str) -> None:
    with pytest.raises(SourceNotConfiguredError, match="MLB_ODDS_API_BASE_URL"):
        PoliteClient(SETTINGS, QUICK, base_url)


@pytest.mark.parametrize("base_url", [f"https://user:{KEY}@host", f"https://host?apiKey={KEY}"])
def test_an_address_with_a_secret_in_it_is_refused_without_showing_it(base_url: str) -> None:
    with pytest.raises(SourceNotConfiguredError) as refused:
        PoliteClient(SETTINGS, QUICK, base_url)
    assert KEY not in str(refused.value)
    assert refused.value.__context__ is None


def test_a_client_that_was_not_opened_says_how(source: LoopbackSource) -> None:
    client = PoliteClient(SETTINGS, QUICK, source.base_url)
    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(client.fetch(ODDS))
