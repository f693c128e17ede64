"""Loads a folder of archive files into raw_data: which file is which, once only, each in one transaction of its own.

A file is recognised by its content and its name, never by the folder it lies in. The formats are in the sources'
own rooms (``sbr_archive``, ``tick_archive``, ``retrosheet_games``, ``mlb_games``, ``bet_slips``).
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg

from dagster_mlb.settings import Provenance, Settings
from dagster_mlb.sources.archive_file import (
    LARGEST_FILE_BYTES,
    ArchiveFile,
    ArchiveFileRefusedError,
    LoadedRecords,
    years_in_name,
)
from dagster_mlb.sources.archive_recognition import archive_by_name, reason_to_ignore, recognise
from dagster_mlb.sources.bet_slips import parse as bet_slips
from dagster_mlb.sources.mlb_games import parse as mlb_games
from dagster_mlb.sources.retrosheet_games import parse as retrosheet_games
from dagster_mlb.sources.sbr_archive import parse as sbr_archive
from dagster_mlb.sources.tick_archive import parse as tick_archive
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.errors import WarehouseUnavailableError

ARCHIVES: tuple[str, ...] = ("sbr_archive", "tick_archive", "retrosheet_games", "mlb_games", "bet_slips")
Outcome = Literal["stored", "unchanged", "refused", "ignored"]

_LOADERS: dict[str, Callable[[psycopg.Connection, ArchiveFile, str, int], LoadedRecords]] = {
    "sbr_archive": sbr_archive.load,
    "tick_archive": tick_archive.load,
    "retrosheet_games": retrosheet_games.load,
    "mlb_games": mlb_games.load,
    "bet_slips": bet_slips.load,
}
_LOG_OUTCOMES = {"stored": "stored", "unchanged": "repeat", "refused": "refused"}


class ArchiveFolderError(Exception):
    """The folder of archives is not there, or is no folder."""


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file. ``season`` is None for files of many seasons; ``records`` leaves headers out."""

    archive: str | None
    file_kind: str | None
    file_name: str
    season: int | None
    outcome: Outcome
    records: int
    message: str
    load_id: int | None
    seconds: float


def load_archive(
    settings: Settings,
    folder: Path | str,
    *,
    run_id: str,
    archives: set[str] | None = None,
    seasons: set[int] | None = None,
    on_file: Callable[[FileOutcome], None] | None = None,
    provenance: Provenance = "archive",
) -> list[FileOutcome]:
    """Loads every archive file below ``folder`` (or the one file that it names) and says what became of each.

    A file whose bytes are in the warehouse already is *unchanged*; one that cannot be read is *refused* and its
    neighbours are loaded; what is no archive is *ignored*. Stored, unchanged and refused files stand in
    operational.collection_log. Killed at any moment, it leaves nothing of the file that it was loading.

    ``archives`` and ``seasons`` narrow the load; files outside are passed over without an outcome. A file of several
    seasons is taken whole when a wanted season may be in it.

    Raises ArchiveFolderError where there is no such folder, WarehouseUnavailableError where there is no database.
    """
    if unknown := sorted((archives or set()) - set(ARCHIVES)):
        raise ValueError(f"unknown archive {', '.join(unknown)}: the archives are {', '.join(ARCHIVES)}")
    paths = _files_below(Path(folder).expanduser())
    outcomes: list[FileOutcome] = []
    with _loading(settings, run_id, provenance, archives, seasons) as loading:
        for path in paths:
            if (outcome := loading.take(path)) is not None:
                outcomes.append(outcome)
                if on_file is not None:
                    on_file(outcome)
    return outcomes


def load_file(
    settings: Settings, path: Path | str, archive: str, file_kind: str, *, run_id: str, name: str | None = None
) -> FileOutcome:
    """Loads one file that a person named as one of ``archive``: it is not asked what it is. Else as ``load_archive``.

    ``name`` is the name to keep it under, where that is not the file's own. Raises ArchiveFolderError where there is no
    such file.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ArchiveFolderError(f"There is no file {path}.")
    with _loading(settings, run_id, "archive", None, None) as loading:
        outcome = loading.take(path, known_as=(archive, file_kind), name=name)
    assert outcome is not None  # nothing narrows the load
    return outcome


@contextmanager
def _loading(
    settings: Settings, run_id: str, provenance: Provenance, archives: set[str] | None, seasons: set[int] | None
) -> Iterator[_Loading]:
    """A connection to load by. Raises WarehouseUnavailableError where the database goes away meanwhile."""
    with connect(settings, role="ingest", autocommit=True) as conn:
        loading: _Loading | None = None
        try:
            loading = _Loading(conn, settings, run_id, provenance, archives, seasons)
            yield loading
        except psycopg.OperationalError as error:
            if not conn.broken:
                raise
            at = f"{loading.at} was loaded" if loading and loading.at else "the list of stored files was read"
            raise WarehouseUnavailableError(
                f"The database went away while {at}: nothing of that file is stored, the files "
                "before it are. Start the database and load the folder again."
            ) from error


def seasons_in(folder: Path | str) -> list[int]:
    """The seasons that a folder's files offer, sorted: told by the names of the files alone, none is opened."""
    return sorted(
        {
            year
            for path in _files_below(Path(folder))
            if reason_to_ignore(path.name) is None
            for year in years_in_name(path.name)
        }
    )


class _Loading:
    """One load: its connection, what it was asked for, and the hashes that were in the warehouse at its start."""

    def __init__(
        self,
        conn: psycopg.Connection,
        settings: Settings,
        run_id: str,
        provenance: Provenance,
        archives: set[str] | None,
        seasons: set[int] | None,
    ) -> None:
        self.conn, self.settings, self.run_id, self.provenance = conn, settings, run_id, provenance
        self.archives, self.seasons = archives, seasons
        self.at = ""  # the file that is being loaded
        self.known = {row[0]: row[1:] for row in conn.execute(_STORED_FILES)}

    def take(
        self, path: Path, *, known_as: tuple[str, str] | None = None, name: str | None = None
    ) -> FileOutcome | None:
        """None: the file is outside what was asked for. ``known_as``: archive and kind, where nobody need ask."""
        started = time.perf_counter()
        name = name or _shown(path)
        self.at = name
        if known_as is None and (reason := reason_to_ignore(name)):
            return FileOutcome(None, None, name, None, "ignored", 0, f"{name}: {reason}", None, 0.0)
        if self.seasons and (years := years_in_name(name)) and not self.seasons & set(years):
            return None
        archive, kind = known_as or (archive_by_name(name), None)
        byte_length = None
        try:
            body = _read(path)
            file, byte_length = ArchiveFile(name, body), len(body)
            if stored := self.known.get(file.content_hash):
                if self.archives and stored[0] not in self.archives:
                    return None
                return self._log(_unchanged(name, stored, started), byte_length)
            recognised = known_as or recognise(file)
            if recognised is None:
                return FileOutcome(None, None, name, None, "ignored", 0, f"{name}: no archive format", None, 0.0)
            archive, kind = recognised
            if self.archives and archive not in self.archives:
                return None
            with self.conn.transaction():
                return self._log(self._store(file, archive, kind, started), byte_length)
        except _NotWantedSeasonError:
            return None
        except _DAMAGED as error:
            if self.archives and archive not in self.archives:
                return None
            message = _refusal(error).told(name)
            seconds = time.perf_counter() - started
            return self._log(FileOutcome(archive, kind, name, None, "refused", 0, message, None, seconds), byte_length)

    def _store(self, file: ArchiveFile, archive: str, kind: str, started: float) -> FileOutcome:
        """Inside one transaction: records, then file. A load of the same bytes beside this one is waited for."""
        execute = self.conn.execute
        execute("select pg_advisory_xact_lock(%s)", [int.from_bytes(bytes.fromhex(file.content_hash)[:8], signed=True)])
        if stored := execute(f"{_STORED_FILES} where content_hash = %s", [file.content_hash]).fetchone():
            self.known[file.content_hash] = stored[1:]
            return _unchanged(file.name, stored[1:], started)
        load_id = execute("select nextval('raw_data.load_id_seq')").fetchone()[0]  # type: ignore[index]
        loaded = _LOADERS[archive](self.conn, file, kind, load_id)
        if self.seasons and loaded.season is not None and loaded.season not in self.seasons:
            raise _NotWantedSeasonError
        now = self.settings.now()
        execute(
            """insert into raw_data.archive_files (
                   load_id, archive, file_kind, file_name, season, observed_at, ingested_at,
                   content_hash, byte_length, record_count, body, provenance, run_id
               ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %b, %s, %s)""",
            (
                *(load_id, archive, kind, file.name, loaded.season, now, now),
                *(file.content_hash, len(file.body), loaded.count, file.body, self.provenance, self.run_id),
            ),
        )
        self.known[file.content_hash] = (archive, kind, file.name, loaded.season, load_id)
        message = "; ".join([*loaded.remarks, *([] if loaded.count else ["the file has no records"])])
        seconds = time.perf_counter() - started
        return FileOutcome(archive, kind, file.name, loaded.season, "stored", loaded.count, message, load_id, seconds)

    def _log(self, outcome: FileOutcome, byte_length: int | None) -> FileOutcome:
        source, logged = outcome.archive or "archives", _LOG_OUTCOMES[outcome.outcome]
        self.conn.execute(
            """insert into operational.collection_log (
                   correlation_id, run_id, source, target, outcome,
                   byte_length, elapsed_ms, message, load_id, logged_at
               ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            (
                *(self.run_id, self.run_id, source, outcome.file_name, logged, byte_length),
                *(outcome.seconds * 1000, outcome.message or None, outcome.load_id, self.settings.now()),
            ),
        )
        return outcome


class _NotWantedSeasonError(Exception):
    """The content showed a season that was not asked for; the transaction takes back what was copied."""


_STORED_FILES = "select content_hash, archive, file_kind, file_name, season, load_id from raw_data.archive_files"
_DAMAGED = (ArchiveFileRefusedError, OSError, EOFError, zlib.error, psycopg.DataError)


def _files_below(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        raise ArchiveFolderError(f"The folder of archives {folder} {what}. Name a folder that holds archive files.")
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _shown(path: Path) -> str:
    """The file's name as text that a database takes, also where its bytes are no UTF-8."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _read(path: Path) -> bytes:
    if not path.is_file():  # a pipe would wait for ever
        raise ArchiveFileRefusedError(
            "file", "it is no regular file, or a link that points nowhere", "Put the file itself there."
        )
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ArchiveFileRefusedError("size", "it is larger than 1 GB", "Compress it (gzip) or split it by season.")
    return path.read_bytes()


def _unchanged(name: str, stored: tuple, started: float) -> FileOutcome:
    archive, kind, stored_name, season, load_id = stored
    message = f"the same bytes are stored as load {load_id}" + (f" ({stored_name})" if stored_name != name else "")
    return FileOutcome(archive, kind, name, season, "unchanged", 0, message, load_id, time.perf_counter() - started)


def _refusal(error: Exception) -> ArchiveFileRefusedError:
    if isinstance(error, ArchiveFileRefusedError):
        return error
    if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
        return ArchiveFileRefusedError("gzip", f"the gzip is damaged or truncated ({error})", "Fetch it again.")
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return ArchiveFileRefusedError("file", f"it cannot be read ({reason})", "Mend that and load it again.")
    reason = str(error).strip().splitlines()[0]
    return ArchiveFileRefusedError(
        "database", f"the database refuses its content ({reason})", "Please report this file."
    )
