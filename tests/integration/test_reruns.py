"""Loading everything twice, in another order, file by file, or after kill -9 in the middle gives identical tables."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from archive_world import season_files, written
from conftest import NOW
from psycopg.errors import UndefinedTable
from world import Server, fresh_database

from dagster_mlb.pipeline import load_archives, transform
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.warehouse.checksums import TableChecksum, differences, table_checksums
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare

# A loader that stops after each file, and inside the first tick file with its rows copied, until a line comes in.
LOADER = """
import sys
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.sources.tick_archive import parse

def wait(told):
    print(told, flush=True)
    sys.stdin.readline()

copy_blocks = parse.copy_blocks
def copy_and_wait(*args, **kwargs):
    copied = copy_blocks(*args, **kwargs)
    wait("inside")
    return copied
parse.copy_blocks = copy_and_wait
load_archive(Settings(), sys.argv[1], run_id="killed", on_file=lambda file: wait(file.file_name))
"""
TRANSFORMER = """
from dagster_mlb.pipeline import transform
from dagster_mlb.settings import Settings
transform(Settings(), run_id="killed")
"""


@dataclass(frozen=True)
class Loaded:
    """A warehouse that holds the whole season, its folder of files, and what its tables hold."""

    settings: Settings
    folder: Path
    checksums: dict[str, TableChecksum]


@pytest.fixture(scope="module")
def server(server_url: str, postgres_server: str) -> Server:
    return Server(server_url, postgres_server)


@pytest.fixture(scope="module")
def all_at_once(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = written(tmp_path_factory.mktemp("season"), season_files())
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as settings:
        load_archives(settings, folder)
        yield Loaded(settings, folder, table_checksums(settings))


def load_in_batches(settings: Settings, batches: Sequence[Sequence[Path]]) -> None:
    """Each batch file by file into raw, then through to curated, before the next one comes."""
    prepare(settings)
    for batch in batches:
        for path in batch:
            load_archive(settings, path, run_id="batch")
        transform(settings, run_id="batch")


def assert_sound(settings: Settings) -> None:
    """Every record is accounted for, and every foreign key is there and validated."""
    with connect(settings) as conn:
        accounts = conn.execute("select raw_table, records, difference from operational.record_accounting").fetchall()
        broken = conn.execute(
            "select conname from pg_constraint where contype = 'f' and not convalidated "
            "and connamespace::regnamespace::text in ('staging', 'curated')"
        ).fetchall()
        keys = conn.execute(
            "select conname from pg_constraint where contype = 'f' and connamespace::regnamespace::text in "
            "('staging', 'curated')"
        ).fetchall()
    assert {table for table, records, _ in accounts if records} >= {
        f"raw_data.{archive}" for archive in ("sbr_archive", "tick_archive", "retrosheet_games", "mlb_games")
    }
    assert [(table, difference) for table, _, difference in accounts if difference] == []
    assert broken == []
    assert len(keys) >= 12


def test_the_season_is_whole(all_at_once: Loaded) -> None:
    assert_sound(all_at_once.settings)
    rows = {table: sums.rows for table, sums in all_at_once.checksums.items()}
    assert rows["curated.enhanced_games"] == 12
    assert rows["curated.moneylines"] == 24
    assert rows["staging.unmatched_events"] == 0


def test_loading_everything_twice_changes_nothing(all_at_once: Loaded) -> None:
    again = load_archives(all_at_once.settings, all_at_once.folder)
    assert {file.outcome for file in again.files} == {"unchanged"}
    assert again.was_needless
    transform(all_at_once.settings, run_id="again")
    assert differences(table_checksums(all_at_once.settings), all_at_once.checksums) == {}


@pytest.mark.prove
def test_another_order_in_two_runs_gives_the_same_tables(all_at_once: Loaded, server: Server, tmp_path: Path) -> None:
    """Ticks before their games, late ticks before early ones, and the source that becomes the spine last."""
    log, sheet, mlb, early, late = sorted(all_at_once.folder.iterdir())
    with fresh_database(server, tmp_path, NOW) as settings:
        load_in_batches(settings, [[late, sheet, log], [early, mlb]])
        assert_sound(settings)
        assert differences(table_checksums(settings), all_at_once.checksums) == {}


def test_kill_9_between_files_and_inside_a_file_leaves_no_trace(
    all_at_once: Loaded, server: Server, tmp_path: Path
) -> None:
    with fresh_database(server, tmp_path, NOW) as settings:
        prepare(settings)
        assert killed_loader(settings, all_at_once.folder, until="gl2016.txt") == ["gl2016.txt"]
        assert stored_files(settings) == ["gl2016.txt"]

        told = killed_loader(settings, all_at_once.folder, until="inside")
        assert told == ["gl2016.txt", "mlb-odds-2016.xlsx", "mlb_games_2016.jsonl", "inside"]
        assert stored_files(settings) == ["gl2016.txt", "mlb-odds-2016.xlsx", "mlb_games_2016.jsonl"]
        assert rows_of(settings, "raw_data.tick_archive") == 0

        load_archives(settings, all_at_once.folder)
        assert_sound(settings)
        assert differences(table_checksums(settings), all_at_once.checksums) == {}


@pytest.mark.prove
def test_kill_9_in_a_transformation_leaves_no_trace(all_at_once: Loaded, server: Server, tmp_path: Path) -> None:
    with fresh_database(server, tmp_path, NOW) as settings:
        prepare(settings)
        assert killed_loader(settings, all_at_once.folder, until="inside")[-1] == "inside"
        killed_transformation(settings, once="staging.stg_sbr_archive__rows")
        assert "curated.moneylines" not in table_checksums(settings)

        load_archives(settings, all_at_once.folder)
        assert_sound(settings)
        assert differences(table_checksums(settings), all_at_once.checksums) == {}


def test_the_checksums_see_a_changed_price_and_pass_over_load_ids(all_at_once: Loaded) -> None:
    """The proof of the proof: what is excluded may change, a business column may not."""
    settings = all_at_once.settings
    with connect(settings) as conn:
        conn.execute("update staging.odds_ticks set load_id = load_id + 1000, record_number = record_number + 1")
    assert differences(table_checksums(settings), all_at_once.checksums) == {}
    with connect(settings) as conn:
        conn.execute("update staging.odds_ticks set price_american = price_american + 1 where label = 'close'")
    assert list(differences(table_checksums(settings), all_at_once.checksums)) == ["staging.odds_ticks"]


@pytest.mark.prove
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(12))
def test_any_order_in_any_number_of_runs_gives_the_same_tables(
    seed: int, server: Server, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, all_at_once: Loaded
) -> None:
    chance = random.Random(seed)
    paths = sorted(all_at_once.folder.iterdir())
    chance.shuffle(paths)
    cuts = sorted({0, len(paths), *(chance.randrange(1, len(paths)) for _ in range(chance.randrange(5)))})
    with fresh_database(server, tmp_path, NOW) as settings:
        load_in_batches(settings, [paths[a:b] for a, b in itertools.pairwise(cuts)])
        assert_sound(settings)
        assert differences(table_checksums(settings), all_at_once.checksums) == {}, [path.name for path in paths]


def in_a_process(settings: Settings, code: str, *arguments: str) -> subprocess.Popen[str]:
    assert settings.database_url is not None
    variables = {
        "MLB_ENVIRONMENT": "test",
        "MLB_DATABASE_URL": settings.database_url.get_secret_value(),
        "MLB_DATA_DIR": str(settings.data_dir),
        "MLB_FIXED_NOW": NOW.isoformat(),
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_loader(settings: Settings, folder: Path, *, until: str) -> list[str]:
    """Lets a loader go on from stop to stop until it tells ``until``, then kills it; returns all that it told."""
    told: list[str] = []
    with in_a_process(settings, LOADER, str(folder)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while until not in told:
            line = process.stdout.readline()
            assert line, f"the loader ended by itself after {told}"
            told.append(line.strip())
            if until not in told:
                process.stdin.write("\n")
                process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    return told


def killed_transformation(settings: Settings, *, once: str) -> None:
    """Kills a run of dbt as soon as one of its tables is there, most are not, and waits for its sessions to end."""
    with in_a_process(settings, TRANSFORMER) as process:
        deadline = time.monotonic() + 120
        while rows_of(settings, once) is None:
            assert process.poll() is None, "the transformation ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    with connect(settings) as conn:
        conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def stored_files(settings: Settings) -> list[str]:
    with connect(settings) as conn:
        return [name for (name,) in conn.execute("select file_name from raw_data.archive_files order by load_id")]


def rows_of(settings: Settings, table: str) -> int | None:
    """None where the table is not there."""
    with connect(settings) as conn:
        try:
            found = conn.execute(f"select count(*) from {table}").fetchone()
        except UndefinedTable:
            return None
    return found[0] if found else None
