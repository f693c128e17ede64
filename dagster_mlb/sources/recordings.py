"""Recordings: raw responses of a stretch of time in a folder, so that an awkward day becomes a test case.

``index.jsonl`` has a line per response (what was asked, when it was answered, which body), ``bodies/`` each body once
under its SHA-256. No secret is in it: a request's key never holds one. Written from raw_data, or by hand from a body
somebody else saved (``recording_of_file``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from psycopg import sql

from dagster_mlb.settings import Settings
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.warehouse.connection import connect

INDEX = "index.jsonl"
BODIES = "bodies"


class RecordingError(Exception):
    """A folder is no recording, or one cannot be written: the message says what is wrong and where."""


@dataclass(frozen=True)
class RecordedResponse:
    """One response. ``request_key`` as in raw_data; ``content_hash`` names the file under ``bodies/``. ``any_params``:
    it answers its path whatever is asked with it (a body whose request nobody wrote down)."""

    table: str
    request_key: str
    observed_at: datetime
    content_hash: str
    content_type: str | None
    http_status: int = 200
    official_date: date | None = None
    provenance: str = "live"
    any_params: bool = False

    @property
    def path(self) -> str:
        return self.request_key.removeprefix("GET ").partition("?")[0]

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.request_key.partition("?")[2], keep_blank_values=True))

    def to_json(self) -> str:
        told = asdict(self)
        told["observed_at"] = self.observed_at.astimezone(UTC).isoformat()
        told["official_date"] = self.official_date.isoformat() if self.official_date else None
        return json.dumps(told, sort_keys=True)

    @classmethod
    def from_json(cls, line: str) -> RecordedResponse:
        told = json.loads(line)
        told["observed_at"] = datetime.fromisoformat(told["observed_at"])
        told["official_date"] = date.fromisoformat(told["official_date"]) if told["official_date"] else None
        return cls(**told)


@dataclass(frozen=True)
class Recording:
    """A folder of responses, in the order in which they were observed."""

    folder: Path
    responses: Sequence[RecordedResponse]

    def body(self, response: RecordedResponse) -> bytes:
        """The bytes. Raises RecordingError where they are not those that the index names."""
        path = self.folder / BODIES / response.content_hash
        try:
            body = path.read_bytes()
        except OSError as error:
            raise RecordingError(f"{path}: the body of {response.request_key} cannot be read ({error})") from None
        if hashlib.sha256(body).hexdigest() != response.content_hash:
            raise RecordingError(f"{path}: these are not the bytes that the index names; record it again")
        return body


def read_recording(folder: Path) -> Recording:
    """The recording in a folder. Raises RecordingError for a folder that is none, naming the line."""
    index = folder / INDEX
    if not index.is_file():
        raise RecordingError(f"{folder} is no recording: it has no {INDEX} (`mlb record` writes one)")
    responses = []
    for number, line in enumerate(index.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            response = RecordedResponse.from_json(line)
        except (ValueError, TypeError, KeyError) as error:
            raise RecordingError(f"{index}, line {number}: {error}") from None
        if response.table not in ENDPOINTS:
            raise RecordingError(f"{index}, line {number}: raw_data.{response.table} holds no responses")
        responses.append(response)
    return Recording(folder, sorted(responses, key=lambda told: (told.observed_at, told.table, told.request_key)))


def record(
    settings: Settings,
    folder: Path,
    *,
    first: datetime | None = None,
    last: datetime | None = None,
    sources: Sequence[str] = (),
) -> Recording:
    """Write the responses that raw_data observed from ``first`` to ``last`` (aware, both included) into a folder.

    Whole bodies only: one that was cut at the size cap is left out. Raises RecordingError where the folder has a
    recording already, or nothing was observed.
    """
    if (folder / INDEX).exists():
        raise RecordingError(f"{folder} has a recording already: choose another folder, or take that one away")
    (folder / BODIES).mkdir(parents=True, exist_ok=True)
    responses = []
    with connect(settings) as connection:
        for endpoint in ENDPOINTS.values():
            if sources and endpoint.source not in sources:
                continue
            found = connection.execute(
                sql.SQL(
                    """
                    select raw.request_key, raw.observed_at, raw.content_hash, raw.content_type, raw.http_status,
                        raw.official_date, raw.provenance, coalesce(raw.body, kept.body)
                    from {table} as raw
                    left join {table} as kept on kept.load_id = raw.repeat_of
                    where not raw.is_truncated
                        and raw.observed_at >= coalesce(%s, '-infinity') and raw.observed_at <= coalesce(%s, 'infinity')
                    order by raw.load_id
                    """
                ).format(table=sql.Identifier("raw_data", endpoint.table)),
                [first, last],
            )
            for request_key, observed_at, _, content_type, status, official_date, provenance, body in found:
                content_hash = _keep(folder, body)
                responses.append(
                    RecordedResponse(
                        endpoint.table,
                        request_key,
                        observed_at,
                        content_hash,
                        content_type,
                        status,
                        official_date,
                        provenance,
                    )
                )
    if not responses:
        raise RecordingError("raw_data holds no response of this stretch of time: nothing was recorded")
    responses.sort(key=lambda told: (told.observed_at, told.table, told.request_key))
    (folder / INDEX).write_text("".join(f"{told.to_json()}\n" for told in responses), encoding="utf-8")
    return Recording(folder, responses)


def recording_of_bodies(
    folder: Path,
    bodies: Sequence[tuple[str, bytes]],
    *,
    observed_at: datetime,
    params: Mapping[str, str] | None = None,
) -> Recording:
    """A recording of (table, body) pairs that somebody else saved, as if observed at one moment (aware).

    The request is the endpoint's own example with ``params`` over it; the answer is given whatever is asked. Several
    bodies of one table are told apart by a second each.
    """
    from datetime import timedelta

    (folder / BODIES).mkdir(parents=True, exist_ok=True)
    responses = []
    for number, (table, body) in enumerate(bodies):
        endpoint = ENDPOINTS.get(table)
        if endpoint is None:
            raise RecordingError(f"{table} is no table of responses; those that are: {', '.join(sorted(ENDPOINTS))}")
        request = endpoint.request(params or {})
        responses.append(
            RecordedResponse(
                table,
                request.request_key,
                observed_at + timedelta(seconds=number),
                _keep(folder, body),
                endpoint.content_type,
                official_date=request.official_date,
                any_params=True,
            )
        )
    (folder / INDEX).write_text("".join(f"{told.to_json()}\n" for told in responses), encoding="utf-8")
    return Recording(folder, responses)


def moments(recording: Recording) -> Iterator[tuple[datetime, list[RecordedResponse]]]:
    """The responses by the moment at which they were observed, in time."""
    from itertools import groupby

    for moment, of_moment in groupby(recording.responses, key=lambda told: told.observed_at):
        yield moment, list(of_moment)


def _keep(folder: Path, body: bytes) -> str:
    name = hashlib.sha256(body).hexdigest()
    path = folder / BODIES / name
    if not path.exists():
        path.write_bytes(body)
    return name
