"""What an answer is worth: status, body and headers of a response become an ``Attempt`` and the record for raw."""

from __future__ import annotations

import hashlib

import httpx

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_body import BoundedBody
from dagster_mlb.sources.http_messages import Attempt, ResponseRecord, SourcePolicy, SourceRequest
from dagster_mlb.sources.http_outcome import (
    Outcome,
    Redactor,
    error_message,
    one_line,
    outcome_of_body,
    outcome_of_status,
    retry_after_seconds,
)


class Judgement:
    """Judges the answers to one client's requests; nothing that it returns holds a secret."""

    def __init__(self, settings: Settings, policy: SourcePolicy, redactor: Redactor) -> None:
        self._settings = settings
        self._policy = policy
        self._redactor = redactor

    def attempt(
        self, request: SourceRequest, response: httpx.Response, body: BoundedBody, *, is_decoded: bool
    ) -> Attempt:
        """The attempt that this answer ends; its message is not redacted yet."""
        status = response.status_code
        received = body.kept()
        kept = self._redactor.body(received)
        outcome, message = outcome_of_status(status), ""
        retry_after = None
        if outcome is Outcome.RECEIVED:
            outcome, message = self._outcome_of_body(request, response, body, kept, is_decoded)
        elif outcome is Outcome.EMPTY:
            message = "HTTP 204: the source has nothing"
        else:
            message = error_message(status, kept)
            if 300 <= status < 400:
                message = f"HTTP {status}: moved to {response.headers.get('location', 'an unnamed place')}"
            if outcome is Outcome.TRANSIENT:
                retry_after = retry_after_seconds(
                    response.headers.get("retry-after"),
                    answered_at=response.headers.get("date"),
                    now=self._settings.now(),
                )
        record = None
        if 200 <= status < 300 and body.length > 0 and outcome is not Outcome.EMPTY:
            content_hash = body.content_hash()
            if kept is not received and not body.is_truncated:
                content_hash = hashlib.sha256(kept).hexdigest()  # an echoed secret was masked: of what is kept
            record = self._record(request, response, body, kept, content_hash)
        return Attempt(0, outcome, message, status, body.length, retry_after_s=retry_after, record=record)

    def _outcome_of_body(
        self, request: SourceRequest, response: httpx.Response, body: BoundedBody, kept: bytes, is_decoded: bool
    ) -> tuple[Outcome, str]:
        """What an answer of status 2xx is worth: (outcome, what is wrong)."""
        if not is_decoded:
            encoding = response.headers.get("content-encoding", "")
            return Outcome.MALFORMED, f"compressed as {encoding!r}, which was not offered"
        if body.is_truncated:
            size = f"{'more than ' if body.is_full else ''}{body.length:,} bytes"
            return Outcome.MALFORMED, f"{size}, over the cap of {body.cap:,}: kept its first bytes"
        outcome, message = outcome_of_body(request.expects, response.headers.get("content-type"), kept)
        judge = request.judge or self._policy.judge
        if outcome is Outcome.RECEIVED and judge is not None:
            try:
                return judge(kept) or (outcome, message)
            except Exception as error:  # whatever bytes came, no neighbour is lost
                return Outcome.MALFORMED, f"cannot be judged: {type(error).__name__}: {error}"
        return outcome, message

    def _record(
        self, request: SourceRequest, response: httpx.Response, body: BoundedBody, kept: bytes, content_hash: str
    ) -> ResponseRecord:
        content_type = response.headers.get("content-type")
        return ResponseRecord(
            source=self._policy.source,
            endpoint=request.endpoint,
            request_key=request.request_key,
            official_date=request.official_date,
            observed_at=self._settings.now(),
            http_status=response.status_code,
            content_type=self._redactor.text(one_line(content_type)) if content_type else None,
            body=kept,
            content_hash=content_hash,
            byte_length=body.length,
            is_truncated=body.is_truncated,
            headers={
                name: self._redactor.text(one_line(response.headers[name]))
                for name in self._policy.kept_headers
                if name in response.headers
            },
        )
