"""What can become of a request: the taxonomy of outcomes and the pure functions that decide them.

No network and no clock here. ``http.py`` asks these functions and retries what they call transient.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum


class Outcome(StrEnum):
    """The fate of one attempt. Only ``TRANSIENT`` is worth asking again at once."""

    RECEIVED = "received"  # a readable answer
    CACHED = "cached"  # not asked: the answer of an earlier request is still fresh by HTTP's rules
    EMPTY = "empty"  # 204, or no bytes where content is expected
    TRANSIENT = "transient"  # 408, 425, 429, 5xx, network errors, timeouts, bodies cut short
    PERMANENT = "permanent"  # any other 4xx, a redirect, a certificate nobody vouches for
    BLOCKED = "blocked"  # 403, a page of HTML where data is expected, or the page of a bot wall
    MALFORMED = "malformed"  # an answer that is not what its kind promises; kept in raw all the same
    REFUSED = "refused"  # not asked: the source was given up on, or the time was up, before this request's turn


class SourceError(RuntimeError):
    """A source did not deliver what was asked of it. The message names what is missing, never a secret."""


class SourceNotConfiguredError(SourceError):
    """A setting that the source needs is missing or unusable; nothing was asked."""


RETRYABLE_STATUSES = frozenset({408, 425, 429})

# Bodies up to this size are parsed to see that they are JSON; of larger ones only the ends are looked at,
# because staging parses every body anyway.
FULL_CHECK_BYTES = 32 * 1024

# What the walls of content networks write into a page of status 200. Their scripts also stand in good pages, so it is
# the title, or the challenge's own settings, that tells.
_BOT_WALL = re.compile(
    rb"<title>\s*(just a moment|attention required|access denied|access to this page has been denied|pardon our "
    rb"interruption|are you a robot|robot or human)|_cf_chl_opt",
    re.IGNORECASE,
)
_WHOLE_PAGE = re.compile(rb"<(!doctype html|html)\b", re.IGNORECASE)

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\s]+")


class Redactor:
    """Replaces the secrets in text and in bytes, however a URL, JSON or HTML spells them. Its ``repr`` shows none."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first, so that a secret that contains another is not left half.
        known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        pattern = "|".join("".join(map(_spellings, secret)) for secret in known)
        self._text = re.compile(pattern) if known else None
        self._bytes = re.compile(pattern.encode("utf-8")) if known else None
        # Its longest run of letters and digits is the same in every spelling, and quickly seen not to be in a body.
        self._cores = [max(_PLAIN.findall(secret), key=len, default="").encode() for secret in known]

    def __repr__(self) -> str:
        return f"Redactor({len(self._cores)} secrets)"

    def text(self, text: str) -> str:
        return self._text.sub("***", text) if self._text else text

    def body(self, body: bytes) -> bytes:
        """The same number of bytes, with stars where a server echoed a secret back."""
        if self._bytes is None or not any(core in body for core in self._cores):
            return body
        return self._bytes.sub(lambda found: b"*" * len(found[0]), body)


_PLAIN = re.compile(r"[A-Za-z0-9]+")


def _spellings(character: str) -> str:
    """A pattern of one character of a secret: as it is, and as URLs (once or twice), JSON and HTML escape it."""
    if _PLAIN.fullmatch(character):
        return character
    percent = "".join(f"%{byte:02x}" for byte in character.encode())
    units = character.encode("utf-16-be")
    forms = {
        *(character, f"\\{character}", percent, percent.replace("%", "%25"), html.escape(character)),
        *(f"&#{ord(character)};", f"&#x{ord(character):x};"),
        "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)),
        *("+" if character == " " else ""),
    }
    return f"(?i:{'|'.join(re.escape(form) for form in sorted(forms, key=len, reverse=True))})"


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


def outcome_of_body(expects: str, content_type: str | None, body: bytes) -> tuple[Outcome, str]:
    """Whether a 2xx answer looks like the ``json``, ``html`` or ``csv`` that is expected: (outcome, what is wrong)."""
    content = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not content:
        return Outcome.EMPTY, "the answer has no content"
    if expects == "html":
        return _outcome_of_html(content)
    if content[:1] == b"<" or "html" in (content_type or "").lower():
        return Outcome.BLOCKED, f"a page of HTML where {expects.upper()} is expected: {excerpt(content)}"
    return _outcome_of_csv(content) if expects == "csv" else _outcome_of_json(content)


def _outcome_of_json(content: bytes) -> tuple[Outcome, str]:
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


def _outcome_of_html(content: bytes) -> tuple[Outcome, str]:
    if content[:1] != b"<":
        return Outcome.MALFORMED, f"no page of HTML: it begins with {excerpt(content[:40])!r}"
    if _BOT_WALL.search(content[:FULL_CHECK_BYTES]):
        return Outcome.BLOCKED, f"the page of a bot wall: {excerpt(content)}"
    if _WHOLE_PAGE.match(content) and b"</html" not in content[-FULL_CHECK_BYTES:].lower():
        return Outcome.MALFORMED, f"the page is not closed: it ends with {excerpt(content[-40:])!r}"
    return Outcome.RECEIVED, ""


def _outcome_of_csv(content: bytes) -> tuple[Outcome, str]:
    if content[:1] in (b"{", b"["):
        return Outcome.MALFORMED, f"no CSV: it begins with {excerpt(content[:40])!r}"
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
