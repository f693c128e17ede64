"""The way to the database: addresses and connections, whether the server is embedded or somebody's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.errors import WarehouseUnavailableError
from dagster_mlb.warehouse.server import MAINTENANCE_DATABASE, EmbeddedServer, ServerAddress

Role = Literal["ingest", "transform"]
CONNECT_TIMEOUT_SECONDS = 10
_EMBEDDED_ATTEMPTS = 4

# Databases that this process has seen exist, by server start: a fresh server is asked again.
_seen: set[tuple[str, int, str, str]] = set()


def database_url(settings: Settings) -> str:
    """``postgresql://…`` of the platform's database, for psycopg, SQLAlchemy, dbt and ADBC alike. It holds a password.

    Without ``MLB_DATABASE_URL`` it starts the embedded server and makes the database where need be (1 ms when it runs).
    """
    if settings.database_url is not None:
        return plain_url(settings.database_url)
    address = EmbeddedServer(settings.postgres_dir).start()
    _ensure_embedded(address, settings.database_name)
    return address.url(settings.database_name)


def dagster_database_url(settings: Settings) -> str:
    """The address of Dagster's own storage: the one that is set, else a database of its own beside the platform's.

    The database is made where it is missing and the login may make it.
    """
    if settings.dagster_database_url is not None:
        url = plain_url(settings.dagster_database_url)
    elif settings.database_url is not None:
        url = with_database(plain_url(settings.database_url), settings.dagster_database_name)
    else:
        address = EmbeddedServer(settings.postgres_dir).start()
        _ensure_embedded(address, settings.dagster_database_name)
        return address.url(settings.dagster_database_name)
    parts = urlsplit(url)
    key = (parts.hostname or "", parts.port or 5432, "", database_name(url))
    if key not in _seen:
        _ensure_beside(url, near=plain_url(settings.database_url) if settings.database_url else None)
        _seen.add(key)
    return url


def connect(settings: Settings, *, role: Role | None = None, autocommit: bool = False) -> psycopg.Connection:
    """A connection in UTC: as a context manager it commits on success, rolls back on an error, and closes.

    ``role`` takes on ``mlb_ingest`` or ``mlb_transform`` where the server has that role and the login holds it.
    Within ``connections_kept`` it may be one that was used before. Raises WarehouseUnavailableError (host, port,
    database, what to do) where nobody answers.
    """
    if _keepers and (kept := _keepers[-1].hand_out(settings, role)) is not None:
        kept.autocommit = autocommit
        return kept
    connection = _open(settings)
    if _keepers and isinstance(connection, _Connection):
        connection.keeper, connection.kind = _keepers[-1], _kind(settings, role)
    connection.execute("set time zone 'UTC'")
    if role is not None:
        held = "select rolname from pg_roles where rolname = %s and pg_has_role(current_user, oid, 'SET')"
        found = connection.execute(held, [f"mlb_{role}"]).fetchone()
        if found:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(found[0])))
    connection.autocommit = autocommit
    return connection


@contextmanager
def connections_kept() -> Iterator[None]:
    """Within it, in every thread, connections that are closed wait for whoever connects next; at its end all close.

    For many short visits side by side: a connection costs a login and a process of the server, some 7 ms.
    """
    keeper = _Keeper()
    _keepers.append(keeper)
    try:
        yield
    finally:
        _keepers.remove(keeper)
        keeper.close()


class _Connection(psycopg.Connection):
    """One that may have a keeper."""

    keeper: _Keeper | None = None
    kind: tuple[str, ...] = ()

    def close(self) -> None:
        if self.keeper is None or not self.keeper.take_back(self):
            super().close()


class _Keeper:
    """Idle connections, by what they are connected to and as whom."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, ...], list[_Connection]] | None = {}

    def hand_out(self, settings: Settings, role: Role | None) -> _Connection | None:
        while True:
            with self._lock:
                idle = self._idle.get(_kind(settings, role)) if self._idle is not None else None
                connection = idle.pop() if idle else None
            if connection is None:
                return None
            try:
                connection.execute("select")  # or the server has gone meanwhile
                connection.rollback()
                return connection
            except psycopg.Error:
                connection.keeper = None
                connection.close()

    def take_back(self, connection: _Connection) -> bool:
        if connection.closed:
            return False
        try:
            connection.rollback()
        except psycopg.Error:
            return False
        with self._lock:
            if self._idle is None:
                return False
            self._idle.setdefault(connection.kind, []).append(connection)
            return True

    def close(self) -> None:
        with self._lock:
            kept, self._idle = self._idle or {}, None
        for connections in kept.values():
            for connection in connections:
                connection.close()


_keepers: list[_Keeper] = []


def _kind(settings: Settings, role: Role | None) -> tuple[str, ...]:
    where = plain_url(settings.database_url) if settings.database_url is not None else str(settings.postgres_dir)
    return (where, settings.database_name, role or "")


def _open(settings: Settings) -> psycopg.Connection:
    """The embedded server may be dying or stopping as we come; then it is started again."""
    for _ in range(_EMBEDDED_ATTEMPTS - 1):
        try:
            return open_connection(database_url(settings))
        except WarehouseUnavailableError:
            if settings.database_url is not None:
                raise
            time.sleep(0.2)
    return open_connection(database_url(settings))


def open_connection(url: str) -> psycopg.Connection:
    """An autocommit connection to ``url``; failures become one clear message without the password."""
    try:
        return _Connection.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS, application_name="dagster_mlb"
        )
    except psycopg.Error as error:
        raise WarehouseUnavailableError(_unavailable(url, str(error))) from None


def plain_url(url: SecretStr | str) -> str:
    """The address with the scheme ``postgresql://``, whatever driver it named. Raises where it is no such address."""
    text = url.get_secret_value() if isinstance(url, SecretStr) else url
    scheme, separator, rest = text.strip().partition("://")
    if separator and scheme.split("+")[0] in {"postgresql", "postgres"}:
        return f"postgresql://{rest}"
    raise WarehouseUnavailableError(
        "MLB_DATABASE_URL (or MLB_DAGSTER_DATABASE_URL) is not an address of a PostgreSQL server: it should read "
        "postgresql://user:password@host:port/database"
    )


def with_database(url: str, database: str) -> str:
    """The same server and login with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database)}"))


def database_name(url: str) -> str:
    """The database that an address names; empty where it names none."""
    return unquote(urlsplit(url).path.lstrip("/"))


def place_of(url: str) -> str:
    """``host:port/database`` of an address, for messages: no user, no password."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}/{database_name(url) or '(no database)'}"
    except ValueError:
        return "(the address cannot be read: is the port a number, are special characters of the password quoted?)"


def _unavailable(url: str, reason: str) -> str:
    if "does not exist" in reason and "database" in reason:
        advice = "Make the database (createdb), or correct MLB_DATABASE_URL."
    elif "password authentication" in reason or "no password" in reason or "pg_hba" in reason:
        advice = "Correct user and password in MLB_DATABASE_URL."
    else:
        advice = (
            "Start that server, or correct MLB_DATABASE_URL, or unset it to use the embedded server (`mlb db start`)."
        )
    return f"The database {place_of(url)} cannot be reached: {_redacted(url, reason)}. {advice}"


def _redacted(url: str, reason: str) -> str:
    """The line of a driver's message that tells most, with nothing in it that the address keeps secret."""
    lines = [line.strip().removeprefix("connection failed: ") for line in reason.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "failed: " in line]
    said = (telling or lines or ["no reason given"])[0].rstrip(".")
    try:
        password = urlsplit(url).password
    except ValueError:
        return "the address cannot be read"
    for secret in {password, unquote(password)} if password else set():
        said = said.replace(secret, "****")
    return said if url not in said and "://" not in said else "the address cannot be read"


def _ensure_embedded(address: ServerAddress, database: str) -> None:
    key = (address.host, address.port, address.instance, database)
    if key not in _seen:
        with open_connection(address.url(MAINTENANCE_DATABASE)) as connection:
            _create_database(connection, database)
        _seen.add(key)


def _ensure_beside(url: str, near: str | None) -> None:
    """Make the database of ``url`` through a database that is there already."""
    try:
        open_connection(url).close()
        return
    except WarehouseUnavailableError as error:
        if "does not exist" not in str(error):
            raise
    database = database_name(url)
    parts = urlsplit(url)
    same_server = near is not None and urlsplit(near)[:2] == parts[:2]
    through = near if same_server and near else with_database(url, MAINTENANCE_DATABASE)
    try:
        with open_connection(through) as connection:
            _create_database(connection, database)
    except (psycopg.Error, WarehouseUnavailableError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WarehouseUnavailableError(
            f"Dagster's database {place_of(url)} does not exist and could not be made ({_redacted(url, reason)}). "
            "Make it (createdb), or name another with MLB_DAGSTER_DATABASE_URL."
        ) from None


def _create_database(connection: psycopg.Connection, database: str) -> None:
    if connection.execute("select from pg_database where datname = %s", [database]).fetchone() is not None:
        return
    try:
        connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(database)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return  # another process was faster
