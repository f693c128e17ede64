"""The taxonomy of outcomes and the redaction of secrets, without a network."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dagster_mlb.sources.http_outcome import (
    Outcome,
    Redactor,
    error_message,
    outcome_of_body,
    outcome_of_status,
    retry_after_seconds,
)

NOON = datetime(2025, 7, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.RECEIVED),
        (204, Outcome.EMPTY),
        (301, Outcome.PERMANENT),
        (400, Outcome.PERMANENT),
        (401, Outcome.PERMANENT),
        (403, Outcome.BLOCKED),
        (404, Outcome.PERMANENT),
        (408, Outcome.TRANSIENT),
        (422, Outcome.PERMANENT),
        (425, Outcome.TRANSIENT),
        (429, Outcome.TRANSIENT),
        (500, Outcome.TRANSIENT),
        (503, Outcome.TRANSIENT),
    ],
)
def test_each_status_has_its_outcome(status: int, outcome: Outcome) -> None:
    assert outcome_of_status(status) is outcome


@pytest.mark.parametrize(
    ("content_type", "body", "outcome"),
    [
        ("application/json", b'{"a": 1}', Outcome.RECEIVED),
        ("application/json", b"\xef\xbb\xbf [1]\r\n", Outcome.RECEIVED),
        (None, b"[]", Outcome.RECEIVED),
        ("application/json", b"  \n", Outcome.EMPTY),
        ("application/json", b"<!doctype html><html>", Outcome.BLOCKED),
        ("text/html; charset=utf-8", b"{}", Outcome.BLOCKED),
        ("application/json", b"Service unavailable", Outcome.MALFORMED),
        ("application/json", b"null", Outcome.MALFORMED),
        ("application/json", b'{"a": [1, 2', Outcome.MALFORMED),
        ("application/json", b'{"a": }', Outcome.MALFORMED),
        ("application/json", b"[" * 20_000 + b"]" * 10_000, Outcome.MALFORMED),
        ("application/json", b"[" + b"9," * 50_000 + b"9]", Outcome.RECEIVED),
        ("application/json", b"[" + b"9," * 50_000, Outcome.MALFORMED),
    ],
)
def test_a_body_is_json_or_says_why_not(content_type: str | None, body: bytes, outcome: Outcome) -> None:
    found, message = outcome_of_body("json", content_type, body)
    assert found is outcome
    assert bool(message) == (outcome is not Outcome.RECEIVED)


@pytest.mark.parametrize(
    ("header", "answered_at", "seconds"),
    [
        ("7", None, 7.0),
        (" 1.5 ", None, 1.5),
        ("Tue, 15 Jul 2025 12:00:30 GMT", None, 30.0),
        # The server's own clock is an hour ahead of ours: its date is measured by its own.
        ("Tue, 15 Jul 2025 13:00:05 GMT", "Tue, 15 Jul 2025 13:00:00 GMT", 5.0),
        ("Tue, 15 Jul 2025 11:00:00 GMT", None, 0.0),
        ("soon", None, None),
        ("-5", None, None),
        (None, None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    header: str | None, answered_at: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, answered_at=answered_at, now=NOON) == seconds


def test_an_error_message_is_what_the_source_says_of_it() -> None:
    body = b'{"message": "Usage quota\\u0000 has been reached", "error_code": "OUT_OF_USAGE_CREDITS"}'
    assert error_message(401, body) == "HTTP 401: Usage quota has been reached (OUT_OF_USAGE_CREDITS)"
    assert error_message(502, b"Bad\ngateway\x00") == "HTTP 502: Bad gateway"
    assert error_message(500, b"") == "HTTP 500"


def test_a_secret_is_masked_in_every_spelling_and_the_body_keeps_its_length() -> None:
    redactor = Redactor(["k+y/1 2"])
    text = "apiKey=k+y/1 2 apiKey=k%2By%2F1%202 apiKey=k%2By%2F1+2"
    assert redactor.text(text) == "apiKey=*** apiKey=*** apiKey=***"
    body = b'{"you sent": "k+y/1 2"}'
    assert redactor.body(body) == b'{"you sent": "*******"}'
    assert "k+y" not in repr(redactor)


@pytest.mark.parametrize(
    "spelling",
    [
        "a/b%2BXq7%3D%c3%a9",
        "a%252Fb%252BXq7%253D%25C3%25A9",
        "a\\/b+Xq7=\\u00e9",
        "a&#47;b&#x2b;Xq7=&#233;",
        "a/b+Xq7=é",
    ],
)
def test_a_secret_is_masked_however_urls_json_and_html_escape_it(spelling: str) -> None:
    redactor = Redactor(["other", "a/b+Xq7=é"])
    assert redactor.text(f"key={spelling}&x=1") == "key=***&x=1"
    assert redactor.body(f"<{spelling}>".encode()) == b"<" + b"*" * len(spelling.encode()) + b">"
    assert redactor.text("a/b+Xq8=é") == "a/b+Xq8=é"
    assert redactor.body(b"a/b+Xq7") == b"a/b+Xq7"


def test_an_empty_secret_masks_nothing() -> None:
    assert Redactor([""]).text("as it was") == "as it was"


PAGE = b"<!DOCTYPE html><html><head><title>MLB Betting Splits</title></head><body><table></table></body></html>\n"


@pytest.mark.parametrize(
    ("expects", "content_type", "body", "outcome"),
    [
        ("html", "text/html", PAGE, Outcome.RECEIVED),
        ("html", "text/html", b"<tr><td>a fragment needs no end</td></tr>", Outcome.RECEIVED),
        ("html", None, b"\xef\xbb\xbf\r\n" + PAGE, Outcome.RECEIVED),
        ("html", "text/html", b" \r\n ", Outcome.EMPTY),
        ("html", "text/html", PAGE[:60], Outcome.MALFORMED),
        ("html", "application/json", b'{"error": "no page"}', Outcome.MALFORMED),
        ("html", "text/html", b"<html><head><title>Just a moment...</title></head></html>", Outcome.BLOCKED),
        ("html", "text/html", b"<html><script>window._cf_chl_opt={}</script></html>", Outcome.BLOCKED),
        (
            "html",
            "text/html",
            PAGE.replace(b"<table>", b"<script src=/cdn-cgi/challenge-platform/x></script><table>"),
            None,
        ),
        ("csv", "text/csv", b"pitch_type,game_date\nFF,2025-07-15", Outcome.RECEIVED),
        ("csv", "application/octet-stream", b'\xef\xbb\xbf"pitch_type"\n', Outcome.RECEIVED),
        ("csv", "text/csv", b"", Outcome.EMPTY),
        ("csv", "text/csv", PAGE, Outcome.BLOCKED),
        ("csv", "text/html", b"pitch_type", Outcome.BLOCKED),
        ("csv", "text/csv", b'{"message": "no"}', Outcome.MALFORMED),
    ],
)
def test_a_page_and_a_table_are_told_from_what_is_none(
    expects: str, content_type: str | None, body: bytes, outcome: Outcome | None
) -> None:
    found, message = outcome_of_body(expects, content_type, body)
    assert found is (outcome or Outcome.RECEIVED)
    assert bool(message) == (found is not Outcome.RECEIVED)
