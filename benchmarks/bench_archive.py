"""Ten real seasons, raw → curated, from nothing; then once more unchanged; then the training matrix.

Eleven season sheets of SBR, Retrosheet and Pinnacle 2016 go through `mlb archive load` in a fresh process, on a server
and a database of their own. The floor, in the same run and on the same server: a bare COPY of the same raw rows from
files, and the same compiled SQL run by psycopg, with the indexes and `analyze`, without dbt, hooks, tests or Dagster.
"""

from __future__ import annotations

import graphlib
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, NotHereError
from dagster_mlb.settings import PROJECT_ROOT, Settings

FILES = (
    "sbr/mlb-odds-*.xlsx",
    "results/gl*.txt.gz",
    "results/retrosheet_gameinfo*.parquet",
    "ticks/pinnacle_2016.csv.gz",
)
RAW = ("archive_files", "sbr_archive", "tick_archive", "retrosheet_games", "mlb_games")
DECISION = "open"
FIXED_COST_ALLOWED = 20.0

_LOAD = """
import json, resource, sys, time
started = time.perf_counter()
from pathlib import Path
from dagster_mlb.pipeline import load_archives
from dagster_mlb.settings import get_settings
settings = get_settings()
imported = time.perf_counter() - started
loaded = load_archives(settings, Path(sys.argv[1]))
print(json.dumps({
    "imports": imported, "steps": loaded.times.seconds, "needless": loaded.was_needless,
    "refused": [file.message for file in loaded.refused], "records": sum(file.records for file in loaded.files),
    "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
}))
"""


def measure() -> list[Figure]:
    data = Path(os.environ.get("MLB_REAL_DATA_DIR", PROJECT_ROOT.parent / "shared" / "data")).resolve()
    files = [path for pattern in FILES for path in sorted(data.glob(pattern))]
    if not files:
        raise NotHereError(f"no season archives in {data}: name the folder with MLB_REAL_DATA_DIR")
    with scratch_warehouse(files) as (settings, folder):
        loading, first = timed_load(settings, folder)
        compiled = compiled_models()
        floor = Floor(settings)
        floor.run(compiled)
        again, second = timed_load(settings, folder)
        if not second["needless"]:
            raise RuntimeError("a second load of unchanged files did work")
        hashing = seconds_to_hash(files)
        read, bare_read = seconds_to_read_the_matrix(settings)
    fixed = first["imports"] + first["steps"]["warehouse"]
    features_floor = sum(seconds for name, seconds in floor.of_model.items() if "features" in compiled[name]["tags"])
    built = first["steps"]["ratings"] + first["steps"]["features"]
    records = f"{first['records']:,} records"
    return [
        Figure(f"archives, raw → curated, {records}", loading, "s", floor.total, "COPY + compiled SQL", 90.0, digits=1),
        Figure(
            "  beyond 2 × floor (fixed cost allowed)", max(loading - 2 * floor.total, 0), "s", budget=FIXED_COST_ALLOWED
        ),
        Figure("  of it: imports, server, migrations", fixed, "s"),
        *(Figure(f"  of it: {name}", value, "s") for name, value in first["steps"].items() if name != "warehouse"),
        Figure("  of the floor: COPY", floor.copied, "s"),
        Figure("  peak memory of our Python", first["rss"], "GiB", budget=1.5),
        Figure("second load, unchanged files", again, "s", hashing, "hashing the files", 10.0),
        Figure("training matrix built (ratings, features)", built, "s", features_floor, "compiled SQL", 10.0),
        Figure("training matrix read", read, "s", bare_read, "the rows by COPY", 0.5, digits=3),
    ]


@contextmanager
def scratch_warehouse(files: list[Path]) -> Iterator[tuple[Settings, Path]]:
    """Settings of a server of its own, and a folder with links to the files; both are gone afterwards."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.server import EmbeddedServer

    place = get_settings().data_dir / f"bench_{os.getpid()}"
    folder = place / "archives"
    folder.mkdir(parents=True)
    settings = Settings(environment="dev", data_dir=place, database_url=None, archive_dir=folder)
    try:
        for path in files:
            (folder / path.name).symlink_to(path)
        yield settings, folder
    finally:
        EmbeddedServer(settings.postgres_dir).destroy()
        shutil.rmtree(place, ignore_errors=True)


def timed_load(settings: Settings, folder: Path) -> tuple[float, dict[str, Any]]:
    """Wall seconds of a fresh process that loads the folder, its start included, and what it says of itself."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")}
    environment |= {"MLB_ENVIRONMENT": settings.environment, "MLB_DATA_DIR": str(settings.data_dir)}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(folder)], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"the load failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if told["refused"]:
        raise RuntimeError(f"files were refused: {told['refused']}")
    return seconds, told


def compiled_models() -> dict[str, dict[str, Any]]:
    """The models of the load in an order in which they can run, each with its compiled SQL and indexes."""
    from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR

    target = DBT_PROJECT_DIR / "target"
    manifest = json.loads((target / "manifest.json").read_text())
    models = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and "performance" not in node["config"]["tags"]
    }
    order = graphlib.TopologicalSorter(
        {name: [parent for parent in node["depends_on"]["nodes"] if parent in models] for name, node in models.items()}
    ).static_order()
    return {
        name: {
            "schema": models[name]["schema"],
            "table": models[name]["alias"],
            "identifier": models[name]["alias"],
            "kind": models[name]["config"]["materialized"],
            "indexes": models[name]["config"].get("indexes") or [],
            "tags": models[name]["config"]["tags"],
            "freezes": "freeze_" in json.dumps(models[name]["config"].get("pre-hook", [])),
            "sql": (target / "compiled" / "dagster_mlb" / models[name]["original_file_path"]).read_text(),
        }
        for name in order
    }


# What the models' hooks find before they run, for the archives' rows.
_TOUCHED = {
    "series_id": "select distinct series_id from staging.stg_tick_archive__quotes where rule is null",
    "game_pk": "select distinct game_pk from staging.stg_savant__pitches",
}


class Floor:
    """The same raw rows and the same SQL with nothing around them, in a second database of the same server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.copied = 0.0
        self.of_model: dict[str, float] = {}

    @property
    def total(self) -> float:
        return self.copied + sum(self.of_model.values())

    def run(self, models: dict[str, dict[str, Any]]) -> None:
        from dagster_mlb.warehouse.connection import database_url, open_connection, with_database
        from dagster_mlb.warehouse.migrate import migrate

        source = database_url(self.settings)
        target = with_database(source, "floor")
        with open_connection(source) as connection:
            connection.execute("create database floor")
        migrate(Settings(environment="dev", data_dir=self.settings.data_dir, database_url=target))
        with open_connection(source) as loaded, open_connection(target) as bare:
            bare.execute("create schema if not exists staging; create schema if not exists curated")
            self.copy_raw(loaded, bare)
            self.copy_what_is_given(loaded, bare)
            for name, model in models.items():
                started = time.perf_counter()
                self.make(bare, model)
                self.of_model[name] = time.perf_counter() - started

    def copy_raw(self, loaded: Any, bare: Any) -> None:
        """COPY from files on disk; writing those files is not counted."""
        for table in RAW:
            path = self.settings.data_dir / f"{table}.copy"
            with path.open("wb") as file, loaded.cursor().copy(f"copy raw_data.{table} to stdout") as rows:
                file.writelines(rows)
            started = time.perf_counter()
            with path.open("rb") as file, bare.cursor().copy(f"copy raw_data.{table} from stdin") as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
            bare.execute(f"analyze raw_data.{table}")
            self.copied += time.perf_counter() - started
            path.unlink()

    def copy_what_is_given(self, loaded: Any, bare: Any) -> None:
        """Seeds and what Python makes: not part of the floor."""
        from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR

        seeds = [("staging", path.stem) for path in sorted((DBT_PROJECT_DIR / "seeds").glob("*.csv"))]
        for schema, table in [*seeds, ("curated", "team_ratings"), ("operational", "clock")]:
            columns = loaded.execute(
                "select string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) "
                "from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
                [f"{schema}.{table}"],
            ).fetchone()[0]
            bare.execute(f"create table if not exists {schema}.{table} ({columns})")
            with (
                loaded.cursor().copy(f"copy {schema}.{table} to stdout") as rows,
                bare.cursor().copy(f"copy {schema}.{table} from stdin") as copy,
            ):
                for block in rows:
                    copy.write(block)
            wanted = "select indexdef from pg_indexes where schemaname = %s and tablename = %s"
            for (definition,) in loaded.execute(wanted, [schema, table]).fetchall():
                bare.execute(definition.replace(" INDEX ", " INDEX IF NOT EXISTS ", 1))
            bare.execute(f"analyze {schema}.{table}")

    def make(self, bare: Any, model: dict[str, Any]) -> None:
        name = f"{model['schema']}.{model['table']}"
        sql = model["sql"].replace(f'"{self.settings.database_name}".', "")
        if model["freezes"]:
            bare.execute(
                "insert into operational.pending_loads (model, load_id) select %s, load_id from raw_data.archive_files",
                [model["identifier"]],
            )
        bare.execute("drop table if exists touched_keys")
        for key, quotes in _TOUCHED.items():
            if f"touched_keys.{key}" in sql:
                bare.execute(f"create temporary table touched_keys as {quotes}; analyze touched_keys")
        bare.execute(f"create {'view' if model['kind'] == 'view' else 'table'} {name} as {sql.rstrip().rstrip(';')}")
        if model["kind"] == "view":
            return
        for index in model["indexes"]:
            unique = "unique" if index.get("unique") else ""
            bare.execute(f"create {unique} index on {name} ({', '.join(index['columns'])})")
        bare.execute(f"analyze {name}")


def seconds_to_hash(files: list[Path]) -> float:
    started = time.perf_counter()
    for path in files:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return time.perf_counter() - started


def seconds_to_read_the_matrix(settings: Settings) -> tuple[float, float]:
    """Median of the read that a training begins with, and of COPY bringing the same number of rows and columns."""
    from dagster_mlb.learning.datasets import FEATURES, matrices, read_training_frame
    from dagster_mlb.warehouse.connection import database_url, open_connection

    columns = ", ".join(("game_key", "decision_at", "season", "market_logit", *FEATURES))
    bare = (
        f"copy (select {columns} from curated.feature_vectors where decision = '{DECISION}') to stdout (format binary)"
    )
    reads, copies = [], []
    with open_connection(database_url(settings)) as connection:
        for _ in range(6):
            started = time.perf_counter()
            frame, _report = read_training_frame(settings, DECISION)
            matrices(frame)
            reads.append(time.perf_counter() - started)
            started = time.perf_counter()
            with connection.cursor().copy(bare) as rows:
                for _block in rows:
                    pass
            copies.append(time.perf_counter() - started)
    return statistics.median(reads[1:]), statistics.median(copies[1:])
