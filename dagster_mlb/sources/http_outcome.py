"""What can become of a request: the taxonomy of outcomes and the pure functions that decide them.

No network and no clock here. ``http.py`` asks these functions and retries what they call transient.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import quote, quote_plus


class Outcome(StrEnum):
    """The fate of one attempt. Only ``TRANSIENT`` is worth asking again at once."""

    RECEIVED = "received"  # a readable answer
    EMPTY = "empty"  # 204, or no bytes where content is expected
    TRANSIENT = "transient"  # 408, 425, 429, 5xx, network errors, timeouts, bodies cut short
    PERMANENT = "permanent"  # any other 4xx, a redirect, a certificate nobody vouches for
    BLOCKED = "blocked"  # 403, or a page of HTML where data is expected: a bot wall
    MALFORMED = "malformed"  # an answer that is not what its kind promises; kept in raw all the same
    REFUSED = "refused"  # not asked: the source was given up on before this request's turn


class SourceError(RuntimeError):
    """A source did not deliver what was asked of it. The message names what is missing, never a secret."""


class SourceNotConfiguredError(SourceError):
    """A setting that the source needs is missing or unusable; nothing was asked."""


RETRYABLE_STATUSES = frozenset({408, 425, 429})

# Bodies up to this size are parsed to see that they are JSON; of larger ones only the ends are looked at,
# because staging parses every body anyway.
FULL_CHECK_BYTES = 32 * 1024

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\s]+")


class Redactor:
    """Replaces every spelling of the secrets in text and in bytes. Its ``repr`` shows none of them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {
            form for secret in secrets if secret for form in (secret, quote(secret, safe=""), quote_plus(secret))
        }
        # Longest first, so that a spelling that contains another is not left half.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Redactor({len(self._spellings)} spellings)"

    def text(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    def body(self, body: bytes) -> bytes:
        """The same number of bytes, with stars where a server echoed a secret back."""
        for spelling in self._spellings:
            needle = spelling.encode()
            if needle in body:
                body = body.replace(needle, b"*" * len(needle))
        return body


def outcome_of_status(status: int) -> Outcome:
    """What a status says, before its body is looked at."""
    if status == 204:
        return Outcome.EMPTY
    if 200 <= status < 300:
        return Outcome.RECEIVED
    if status in RETRYABLE_STATUSES or status >= 500:
        return Outcome.TRANSIENT
    if status == 403:
        return Outcome.BLOCKED
    return Outcome.PERMANENT


def outcome_of_json(content_type: str | None, body: bytes) -> tuple[Outcome, str]:
    """Whether a 2xx answer that should be JSON looks like it: (outcome, what is wrong)."""
    content = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not content:
        return Outcome.EMPTY, "the answer has no content"
    if content[:1] == b"<" or "html" in (content_type or "").lower():
        return Outcome.BLOCKED, f"a page of HTML where JSON is expected: {excerpt(content)}"
    if content[:1] not in (b"{", b"["):
        return Outcome.MALFORMED, f"no JSON document: it begins with {excerpt(content[:40])!r}"
    if content[-1:] != (b"}" if content[:1] == b"{" else b"]"):
        return Outcome.MALFORMED, f"the JSON document is not closed: it ends with {excerpt(content[-40:])!r}"
    if len(content) <= FULL_CHECK_BYTES:
        try:
            json.loads(content)
        except (ValueError, RecursionError) as error:
            return Outcome.MALFORMED, f"the JSON does not parse: {error}"
    return Outcome.RECEIVED, ""


def excerpt(body: bytes, limit: int = 200) -> str:
    """The beginning of a body on one printable line."""
    return _CONTROL_CHARACTERS.sub(" ", body[: limit * 4].decode("utf-8", "replace")).strip()[:limit]


def one_line(text: str) -> str:
    """Text without control characters (a NUL cannot be stored in PostgreSQL)."""
    return _CONTROL_CHARACTERS.sub(" ", text).strip()


def error_message(status: int, body: bytes) -> str:
    """A sentence about an error response; sources say why in ``message`` and ``error_code``."""
    said = excerpt(body)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        code = document.get("error_code")
        said = one_line(f"{document['message']}{f' ({code})' if code else ''}")[:300]
    return f"HTTP {status}{': ' + said if said else ''}"


def retry_after_seconds(header: str | None, *, answered_at: str | None, now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for, from its seconds or its date.

    A date is measured against the answer's own ``Date`` header, which is the same server's clock, else against ``now``.
    None where there is no header or it cannot be read.
    """
    if header is None:
        return None
    text = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    until = _http_date(text)
    if until is None:
        return None
    reference = _http_date(answered_at) if answered_at else None
    return max(0.0, (until - (reference or now)).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
