"""Recordings: raw responses of a stretch of time in a folder, so that an awkward day becomes a test case.

``index.jsonl`` has a line per response (what was asked, when it was answered, which body), ``bodies/`` each body once
under its SHA-256. No secret is in it: a request's key never holds one. Written from raw_data, or by hand from a body
somebody else saved (``recording_of_bodies``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qsl

from psycopg import sql

from dagster_mlb.settings import Provenance, Settings
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.http_messages import Capture
from dagster_mlb.warehouse.connection import connect

INDEX = "index.jsonl"
BODIES = "bodies"


_HASH = re.compile(r"[0-9a-f]{64}")


class RecordingError(Exception):
    """A folder is no recording, or one cannot be written: the message says what is wrong and where."""


def no_table(name: str) -> str:
    """What is said to somebody who names a table that holds no responses."""
    return f"{name} is no table of responses; those that are: {', '.join(sorted(ENDPOINTS))}"


@dataclass(frozen=True)
class RecordedResponse:
    """One response. ``request_key`` as in raw_data; ``content_hash`` names the file under ``bodies/``. ``any_params``:
    it answers its path whatever is asked with it (a body whose request nobody wrote down). ``capture``: whether it was
    news when it was asked for; it is again on a clock that stands at ``observed_at``."""

    table: str
    request_key: str
    observed_at: datetime
    content_hash: str
    content_type: str | None
    http_status: int = 200
    official_date: date | None = None
    provenance: Provenance = "live"
    any_params: bool = False
    capture: Capture = "captured"

    def __post_init__(self) -> None:
        if self.table not in ENDPOINTS:
            raise ValueError(no_table(self.table))
        if self.observed_at.tzinfo is None:
            raise ValueError(f"observed_at {self.observed_at.isoformat()} has no zone: write 2025-07-15T16:00:00Z")
        if not _HASH.fullmatch(self.content_hash):
            raise ValueError(f"content_hash {self.content_hash!r} is no SHA-256 in hexadecimal digits")
        if not self.request_key.startswith("GET /"):
            raise ValueError(f"the request {self.request_key!r} is no address: write GET /path?name=value")
        if self.capture not in get_args(Capture) or self.provenance not in get_args(Provenance):
            raise ValueError(f"capture {self.capture!r} or provenance {self.provenance!r} is none that there is")

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
        if not isinstance(told, dict):
            raise ValueError("a line is a JSON object with table, request_key, observed_at, content_hash, ...")
        told["observed_at"] = datetime.fromisoformat(told["observed_at"])
        told["official_date"] = date.fromisoformat(told["official_date"]) if told.get("official_date") else None
        return cls(**told)


@dataclass(frozen=True)
class Recording:
    """A folder of responses, in the order in which they were observed. ``left_out``: how many were cut at the size cap
    when they were collected, so that nobody has them whole."""

    folder: Path
    responses: Sequence[RecordedResponse]
    left_out: int = 0

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
            responses.append(RecordedResponse.from_json(line))
        except KeyError as error:
            raise RecordingError(f"{index}, line {number}: no {error}") from None
        except (ValueError, TypeError) as error:
            raise RecordingError(f"{index}, line {number}: {error}") from None
    return Recording(folder, in_order(responses))


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
    if unknown := set(sources) - (known := {endpoint.source for endpoint in ENDPOINTS.values()}):
        raise RecordingError(
            f"no source is called {', '.join(sorted(unknown))}; those that are: {', '.join(sorted(known))}"
        )
    _begin(folder)
    responses = []
    left_out = 0
    with connect(settings) as connection:
        for endpoint in ENDPOINTS.values():
            if sources and endpoint.source not in sources:
                continue
            found = connection.execute(
                _OBSERVED_SQL.format(table=sql.Identifier("raw_data", endpoint.table)), [first, last]
            )
            for is_truncated, body, *told in found:
                if is_truncated:
                    left_out += 1
                    continue
                request_key, observed_at, content_type, status, official_date, provenance, capture = told
                responses.append(
                    RecordedResponse(
                        endpoint.table,
                        request_key,
                        observed_at,
                        _keep(folder, body),
                        content_type,
                        status,
                        official_date,
                        provenance,
                        capture=capture,
                    )
                )
    if not responses:
        raise RecordingError("raw_data holds no response of this stretch of time: nothing was recorded")
    return _written(folder, responses, left_out)


_OBSERVED_SQL = sql.SQL(
    """
    select coalesce(kept.is_truncated, raw.is_truncated), coalesce(raw.body, kept.body), raw.request_key,
        raw.observed_at, raw.content_type, raw.http_status, raw.official_date, raw.provenance, raw.capture
    from {table} as raw
    left join {table} as kept on kept.load_id = raw.repeat_of
    where raw.observed_at between coalesce(%s::timestamptz, '-infinity') and coalesce(%s::timestamptz, 'infinity')
    order by raw.load_id
    """
)


@dataclass(frozen=True)
class SavedBody:
    """A body that somebody else saved, and what they know of its request. ``path`` and ``params`` None: not known.
    ``observed_at`` aware: the moment it was answered at."""

    table: str
    body: bytes
    observed_at: datetime
    path: str | None = None
    params: Mapping[str, str] | None = None
    official_date: date | None = None


def recording_of_bodies(folder: Path, bodies: Sequence[SavedBody]) -> Recording:
    """A recording of bodies that somebody else saved, written into ``folder``; each is given whatever its path is asked
    with. Raises RecordingError for an unknown table and a moment without a zone.

    What is not known of a request is the endpoint's ``unaddressed``. Bodies that say the same of table, request and
    moment follow each other by a microsecond, so that none stands for another.
    """
    _begin(folder)
    taken: set[tuple[str, str, datetime]] = set()
    responses = []
    for saved in bodies:
        endpoint = ENDPOINTS.get(saved.table)
        if endpoint is None:
            raise RecordingError(
                f"{saved.table} is no table of responses; those that are: {', '.join(sorted(ENDPOINTS))}"
            )
        request = endpoint.unaddressed
        request = replace(
            request,
            path=request.path if saved.path is None else saved.path,
            params=request.params if saved.params is None else saved.params,
        )
        at = saved.observed_at
        while (key := (saved.table, request.request_key, at)) in taken:
            at += timedelta(microseconds=1)
        taken.add(key)
        try:
            responses.append(
                RecordedResponse(
                    saved.table,
                    request.request_key,
                    at,
                    _keep(folder, saved.body),
                    endpoint.content_type_of(saved.body),
                    official_date=saved.official_date,
                    any_params=True,
                    capture=request.capture,
                )
            )
        except ValueError as error:
            raise RecordingError(f"an answer of {saved.table}: {error}") from None
    return _written(folder, responses)


def in_order(responses: Iterable[RecordedResponse]) -> list[RecordedResponse]:
    """By moment, table and request; those that agree in all three stay as they stand: so they were stored."""
    return sorted(responses, key=lambda told: (told.observed_at, told.table, told.request_key))


def moments(recording: Recording) -> Iterator[tuple[datetime, list[RecordedResponse]]]:
    """The responses by the moment at which they were observed, in time."""
    for moment, of_moment in groupby(recording.responses, key=lambda told: told.observed_at):
        yield moment, list(of_moment)


def _begin(folder: Path) -> None:
    if (folder / INDEX).exists():
        raise RecordingError(f"{folder} has a recording already: choose another folder, or take that one away")
    try:
        (folder / BODIES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{folder} cannot be a recording's folder ({error})") from None


def _written(folder: Path, responses: Iterable[RecordedResponse], left_out: int = 0) -> Recording:
    recording = Recording(folder, in_order(responses), left_out)
    (folder / INDEX).write_text("".join(f"{told.to_json()}\n" for told in recording.responses), encoding="utf-8")
    return recording


def _keep(folder: Path, body: bytes) -> str:
    name = hashlib.sha256(body).hexdigest()
    path = folder / BODIES / name
    if not path.exists():
        path.write_bytes(body)
    return name
