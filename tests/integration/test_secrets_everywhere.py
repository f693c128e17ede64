"""A key is nowhere: not in a log line, a row of a table of either database, an event of Dagster's, or a file. A day is
collected with it, faults and echoes included, and everything that was written is searched; planted keys are found."""

from __future__ import annotations

import base64
import logging
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import dagster as dg
import psycopg
import pytest
from command_line import environment_of, mlb
from loopback_source import LoopbackSource, Reply
from psycopg import sql

from dagster_mlb.definitions import build_defs
from dagster_mlb.defs.in_process import run_job
from dagster_mlb.defs.instance import open_instance
from dagster_mlb.defs.pooled_storage import dispose_pools
from dagster_mlb.settings import Settings
from dagster_mlb.simulator.server import base_urls, run_league_server
from dagster_mlb.sources.odds_api.within_plan import collect_odds_within_plan, collect_scores_within_plan
from dagster_mlb.sources.slate import collect_slate
from dagster_mlb.warehouse.connection import database_name, open_connection, plain_url, with_database
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR, run_selection
from tests.integration.slate_world import NOON, WORLD, at_the_slate, policies, set_faults, told_faults
from tests.integration.staged_bodies import stage
from tests.integration.world import Server, fresh_database

CORE = "Xq7Zw2Lk9Vt4"
KEY = f"a/b+{CORE}=?&é"  # every way of writing it in a URL differs from every other
ECHOES = ("echo", "dropped", "truncated", "server_error", "forbidden")
ODDS, SCORES = "/v4/sports/baseball_mlb/odds", "/v4/sports/baseball_mlb/scores"


def spellings(secret: str) -> list[bytes]:
    """A secret as it may stand in text, URLs, JSON, hexadecimal and base64."""
    plain = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        secret.encode("unicode_escape").decode(),
    }
    needles = {text.encode() for text in plain} | {secret.encode("utf-16-le")}
    needles |= {secret.encode().hex().encode(), base64.b64encode(secret.encode()).rstrip(b"=")}
    return sorted(needles)


NEEDLES = sorted({*spellings(KEY), *spellings(CORE)})


def found_in(content: bytes) -> bool:
    return any(needle in content for needle in NEEDLES)


def unpacked(content: bytes) -> Iterator[bytes]:
    """The bytes, and what they are when they are compressed."""
    yield content
    for bits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
        try:
            yield zlib.decompress(content, bits)
        except zlib.error:
            continue


def tables_with_it(url: str) -> list[str]:
    """Tables and columns of a database in which a spelling stands; bytes are looked into."""
    hits = []
    with open_connection(plain_url(url)) as connection:
        tables = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') "
            "order by 1, 2"
        ).fetchall()
        assert len(tables) > 5
        for schema, table in tables:
            name = sql.Identifier(schema, table)
            if any(found_in(piece) for piece in copied(connection, name)):
                hits.append(f"{schema}.{table}")
            for column in bytes_columns(connection, schema, table):
                values = connection.execute(sql.SQL("select {} from {}").format(sql.Identifier(column), name))
                if any(found_in(form) for (value,) in values if value for form in unpacked(bytes(value))):
                    hits.append(f"{schema}.{table}.{column}")
    return hits


def copied(connection: psycopg.Connection, name: sql.Identifier) -> Iterator[bytes]:
    """A table as pg_dump writes it, in pieces that overlap."""
    tail = b""
    with connection.cursor().copy(sql.SQL("copy {} to stdout").format(name)) as lines:
        for line in lines:
            yield tail + bytes(line)
            tail = bytes(line)[-200:]


def bytes_columns(connection: psycopg.Connection, schema: str, table: str) -> list[str]:
    query = (
        "select column_name from information_schema.columns "
        "where table_schema = %s and table_name = %s and data_type = 'bytea'"
    )
    return [row[0] for row in connection.execute(query, [schema, table])]


def files_with_it(folders: Iterable[Path], since: float = 0.0) -> list[str]:
    """Files in which a spelling stands, of those written since a moment (of the file system)."""
    files = [
        path for folder in folders for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime >= since
    ]
    return [str(path) for path in files if any(found_in(form) for form in unpacked(path.read_bytes()))]


class Everything(logging.Handler):
    """Every record of every logger, with all that is in it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.__dict__}")

    @property
    def text(self) -> bytes:
        return "\n".join(self.lines).encode("utf-8", "replace")


@contextmanager
def everything_logged() -> Iterator[Everything]:
    """All loggers at DEBUG into one handler, those that do not pass on included."""
    handler = Everything()
    root = logging.getLogger()
    names = [name for name, there in logging.root.manager.loggerDict.items() if isinstance(there, logging.Logger)]
    loggers = [root, *(logging.getLogger(name) for name in names)]
    before = [(logger, logger.level) for logger in loggers]
    ears = [logger for logger in loggers if logger is root or not logger.propagate]
    try:
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        for logger in ears:
            logger.addHandler(handler)
        yield handler
    finally:
        for logger in ears:
            logger.removeHandler(handler)
        for logger, level in before:
            logger.setLevel(level)


@dataclass
class Used:
    """What was written while the key was used."""

    settings: Settings
    since: float
    logged: Everything
    said: list[str] = field(default_factory=list)
    asked: int = 0
    echoed: int = 0

    @property
    def dagster_url(self) -> str:
        assert self.settings.dagster_database_url is not None
        return self.settings.dagster_database_url.get_secret_value()

    @property
    def database_url(self) -> str:
        assert self.settings.database_url is not None
        return self.settings.database_url.get_secret_value()


@contextmanager
def used(server: Server, folder: Path, since: float) -> Iterator[tuple[Used, str]]:
    """A database, Dagster's beside it, the league, and every log."""
    with (
        fresh_database(server, folder, NOON) as empty,
        run_league_server(WORLD) as league,
        policies(backoff_initial_s=0.02, backoff_max_s=0.2),
        everything_logged() as logged,
    ):
        assert empty.database_url is not None
        name = f"{database_name(plain_url(empty.database_url))}_dagster"
        dagster_url = with_database(server.url, name)
        settings = at_the_slate(empty, league, NOON, odds_api_key=KEY, dagster_database_url=dagster_url)
        prepare(settings)
        try:
            yield Used(settings, since, logged), league
        finally:
            dispose_pools()
            with open_connection(server.url) as connection:
                # Without force: that wants the right to end an autovacuum worker; a plain drop asks it to go.
                connection.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                    "where datname = %s and usename = current_user",
                    [name],
                )
                connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def collect_with_faults(it: Used, league: str) -> None:
    """The sources side by side, those of the key faulty; then answers of status 200 and 401 that echo the key."""
    set_faults(league, share=0.6, kinds=ECHOES, sources=["odds_api"], seed=3, silence_s=0.2)
    told = collect_slate(it.settings, run_id="faulty", sources=["odds_api", "mlb_stats", "sbd"])
    it.said += [repr(told), *(missing for row in told for missing in row.missing)]
    counted = told_faults(league)
    it.asked, it.echoed = counted["asked"]["odds_api"], counted["faults"]["odds_api/echo"]
    set_faults(league)
    told = collect_slate(it.settings, run_id="whole", sources=["odds_api", "mlb_stats"])
    assert [missing for row in told for missing in row.missing] == []

    echo = f'{{"message": "{KEY} is not a key", "url": "/odds?apiKey={quote(KEY)}"}}'.encode()
    with LoopbackSource() as source:
        source.on(ODDS, Reply(401, echo))
        source.on(SCORES, Reply(200, b"[" + echo + b"]", headers={"x-requests-remaining": KEY}))
        there = it.settings.model_copy(update={"odds_api_base_url": source.base_url})
        for collect in (collect_odds_within_plan, collect_scores_within_plan):
            result = collect(there, run_id="echo")
            it.said.append(repr(result))
        assert all(asked.params["apiKey"] == KEY for asked in source.asked)


@pytest.fixture(scope="module")
def it(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "begun").touch()
    since = (folder / "begun").stat().st_mtime
    with used(Server(server_url, postgres_server), folder, since) as (it, league):
        collect_with_faults(it, league)
        stage(it.settings, "+stg_odds_api__quotes", "+stg_odds_api__scores", "+stg_odds_api__props")
        addresses = {f"MLB_{name.upper()}": url for name, url in base_urls(league).items()}
        it.said.append(mlb(it.settings, "collect", "--source", "odds_api", MLB_ODDS_API_KEY=KEY, **addresses).text)
        set_faults(league, share=0.5, kinds=ECHOES, sources=["odds_api"], seed=5)
        defs = build_defs(settings=it.settings)
        assets = [dg.AssetKey(["raw_data", f"odds_api_{name}"]) for name in ("odds", "scores", "events", "event_odds")]
        with open_instance(it.settings) as instance:
            result = defs.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=instance, asset_selection=assets, partition_key="2025-07-15", raise_on_error=False
            )
            it.said += [str(event) for event in result.all_events]
        yield it


def test_the_key_was_used_and_echoed(it: Used) -> None:
    assert it.asked >= 4 and it.echoed >= 1
    with open_connection(plain_url(it.database_url)) as connection:
        [(attempts, refused)] = connection.execute(
            "select count(*), count(*) filter (where http_status in (401, 422)) from operational.collection_log "
            "where source = 'odds_api'"
        ).fetchall()
    assert attempts > it.asked and refused >= 2
    assert any("odds_api" in line for line in it.logged.lines)
    assert len(it.said) > 30


def test_no_log_line_and_no_message_has_the_key(it: Used) -> None:
    assert len(it.logged.lines) > 500, "all loggers are heard at DEBUG"
    assert [line for line in it.logged.lines if found_in(line.encode("utf-8", "replace"))] == []
    assert [said for said in it.said if found_in(said.encode("utf-8", "replace"))] == []


def test_no_table_has_the_key(it: Used) -> None:
    assert tables_with_it(it.database_url) == []


def test_dagsters_event_log_has_no_key(it: Used) -> None:
    with open_connection(plain_url(it.dagster_url)) as connection:
        assert connection.execute("select count(*) > 30 from event_logs").fetchone() == (True,)
    assert tables_with_it(it.dagster_url) == []


def test_no_file_has_the_key(it: Used) -> None:
    folders = [it.settings.data_dir, DBT_PROJECT_DIR / "target", DBT_PROJECT_DIR / "logs"]
    assert any(path.is_file() for path in it.settings.data_dir.rglob("*"))
    assert files_with_it(folders, it.since) == []


def test_a_planted_key_is_found(it: Used, tmp_path: Path) -> None:
    for url, of in ((it.database_url, "collection_log"), (it.dagster_url, "event_logs")):
        with open_connection(plain_url(url)) as connection:
            connection.execute("create table public.planted_text (said text)")
            connection.execute("create table public.planted_bytes (body bytea)")
            connection.execute("insert into public.planted_text values (%s)", [f"{of}?apiKey={quote_plus(KEY)}"])
            connection.execute("insert into public.planted_bytes values (%s)", [zlib.compress(KEY.encode())])
        try:
            assert tables_with_it(url) == ["public.planted_bytes.body", "public.planted_text"]
        finally:
            with open_connection(plain_url(url)) as connection:
                connection.execute("drop table public.planted_text, public.planted_bytes")
    (tmp_path / "deep").mkdir()
    for number, needle in enumerate(NEEDLES):
        (tmp_path / "deep" / f"{number}.bin").write_bytes(b"before" + needle + b"after")
    assert len(files_with_it([tmp_path])) == len(NEEDLES) >= 8
    with everything_logged() as logged:
        logging.getLogger("httpx.planted").info("GET /odds?apiKey=%s", quote(KEY, safe=""))
    assert found_in(logged.text)


def test_settings_show_no_key_and_reach_no_child_by_name(it: Used) -> None:
    assert not found_in(repr(it.settings).encode()) and not found_in(str(it.settings.model_dump()).encode())
    assert not any(found_in(value.encode()) for value in environment_of(it.settings).values())


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_whole_daily_run_of_dagster_leaves_no_key(server_url: str, postgres_server: str, tmp_path: Path) -> None:
    """All sources, dbt, models: the daily job on a clean league and a collection with echoes before it."""
    (tmp_path / "begun").touch()
    since = (tmp_path / "begun").stat().st_mtime
    with used(Server(server_url, postgres_server), tmp_path, since) as (it, league):
        collect_with_faults(it, league)
        assert run_selection(it.settings, "upstream").failed == []
        outcome = run_job(it.settings, build_defs(settings=it.settings), "daily", day=WORLD.today)
        assert "raw_data/odds_api_odds" in outcome.metadata
        test_no_log_line_and_no_message_has_the_key(it)
        test_no_table_has_the_key(it)
        test_dagsters_event_log_has_no_key(it)
        test_no_file_has_the_key(it)


def test_the_moment_of_a_file_is_the_file_systems(tmp_path: Path) -> None:
    """``since`` is compared with what the file system writes, so a file of before is not searched and a new one is."""
    (tmp_path / "old").write_text(KEY, encoding="utf-8")
    since = (tmp_path / "old").stat().st_mtime + 0.01
    time.sleep(0.05)
    (tmp_path / "new").write_text(KEY, encoding="utf-8")
    assert files_with_it([tmp_path], since) == [str(tmp_path / "new")]
