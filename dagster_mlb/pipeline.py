"""The whole way from raw to people, without Dagster: what `mlb archive load`, `mlb learn` and the benchmarks call.

The asset graph (dagster_mlb/defs) calls the same functions of the same rooms; nothing is computed here.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from dagster_mlb.bets.lists import ListLoad
    from dagster_mlb.defs.serve import Addresses
    from dagster_mlb.sources.archives import FileOutcome
    from dagster_mlb.warehouse.quarantine import QuarantinedRecord
    from dagster_mlb.warehouse.transform import TransformResult

Result = TypeVar("Result")


@dataclass
class StepTimes:
    """Wall seconds of each step, in the order they ran."""

    seconds: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str, work: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        result = work()
        self.seconds[name] = time.perf_counter() - started
        return result

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


@dataclass
class ArchiveLoad:
    """What `mlb archive load` did."""

    files: list[FileOutcome]
    transforms: list[TransformResult]
    times: StepTimes
    was_needless: bool

    @property
    def refused(self) -> list[FileOutcome]:
        return [file for file in self.files if file.outcome == "refused"]


def load_archives(
    settings: Settings,
    folder: Path,
    *,
    run_id: str = "archive-load",
    on_file: Callable[[FileOutcome], None] | None = None,
) -> ArchiveLoad:
    """Archive files of ``folder`` → raw → staging → curated, features included.

    A second load of unchanged files changes nothing and runs nothing. Raises TransformError where a gate fails (the
    tables right of it keep their last good rows), ArchiveFolderError where there is no such folder.
    """
    from dagster_mlb.sources.archives import load_archive
    from dagster_mlb.warehouse.prepare import prepare

    times = StepTimes()
    times.measure("warehouse", lambda: prepare(settings))
    files = times.measure("files to raw", lambda: load_archive(settings, folder, run_id=run_id, on_file=on_file))
    if is_up_to_date(settings):
        return ArchiveLoad(files, [], times, was_needless=True)
    return ArchiveLoad(files, transform(settings, run_id=run_id, times=times), times, was_needless=False)


def transform(
    settings: Settings, *, run_id: str, times: StepTimes | None = None, full_refresh: bool = False
) -> list[TransformResult]:
    """Raw → staging → market marts → ratings → features; a person's bets graded anew. Raises TransformError at the
    first failed gate.

    ``full_refresh``: every table is made anew from all of raw.
    """
    from dagster_mlb.bets.grading import grade_bets
    from dagster_mlb.learning.run import rate_teams
    from dagster_mlb.warehouse.held import gate_loads

    times = times or StepTimes()
    times.measure("load gate", lambda: gate_loads(settings, run_id))
    upstream = times.measure("staging and markets", lambda: run_to_the_end(settings, "upstream", full_refresh))
    times.measure("ratings", lambda: rate_teams(settings, run_id=run_id))
    features = times.measure("features", lambda: run_to_the_end(settings, "features"))
    times.measure("bets graded", lambda: grade_bets(settings))
    return [upstream, features]


def run_to_the_end(settings: Settings, selection: str, full_refresh: bool = False) -> TransformResult:
    """One dbt selection; remembers that it ran through with this project, or raises TransformError."""
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.transform import run_selection

    result = run_selection(settings, selection, full_refresh=full_refresh)
    result.raise_if_failed()
    with connect(settings) as connection:
        connection.execute(
            "insert into operational.transformations (selection, project_hash, seconds, finished_at) "
            "values (%s, %s, %s, %s) "
            "on conflict (selection) do update set project_hash = excluded.project_hash, seconds = excluded.seconds, "
            "finished_at = excluded.finished_at",
            [selection, project_hash(), result.seconds, settings.now()],
        )
    return result


def is_up_to_date(settings: Settings, *, but_for: str | None = None) -> bool:
    """Whether no load waits to be staged (but those of one archive) and the dbt project is the one that last ran
    through."""
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        pending = connection.execute(pending_loads_sql(but_for)).fetchone()
        done = connection.execute(
            "select count(*) from operational.transformations "
            "where selection in ('upstream', 'features') and project_hash = %s",
            [project_hash()],
        ).fetchone()
    return pending == (0,) and done == (2,)


def pending_loads_sql(but_for: str | None = None) -> str:
    """Counts the loads of raw that some model has yet to stage: those that stg_raw__record_counts, which every load
    passes last, has not seen. Held loads wait for a person and do not count; nor do those of archive ``but_for``."""
    from dagster_mlb.sources.raw_responses import RESPONSE_TABLES

    files = f"select load_id from raw_data.archive_files where archive is distinct from '{but_for or ''}'"
    loads = " union all ".join([files, *(f"select load_id from raw_data.{table}" for table in sorted(RESPONSE_TABLES))])
    return f"""
        select count(*) from ({loads}) as loads
        where
            not exists (
                select from operational.staged_loads as done
                where done.model = 'stg_raw__record_counts' and done.load_id = loads.load_id
            )
            and not exists (
                select from operational.held_loads as held
                where held.load_id = loads.load_id and held.released_at is null
            )
    """


def project_hash() -> str:
    """Hash of everything that decides what the transformations make: the dbt project and the rating code."""
    from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR

    digest = hashlib.sha256()
    folders = [DBT_PROJECT_DIR / name for name in ("models", "macros", "seeds")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files.append(Path(__file__).parent / "learning" / "ratings.py")
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_archives_and_report(settings: Settings, folder: Path, console: Console) -> int:
    """`mlb archive load`: loads, prints every file, the season table, what was quarantined. Returns the exit code: 1
    where a file was refused."""
    from dagster_mlb.reporting.archive_differences import differences_table, read_differences, read_untied, untied_table
    from dagster_mlb.reporting.in_play import in_play_lines, read_in_play
    from dagster_mlb.reporting.season_report import read_season_table
    from dagster_mlb.reporting.terminal import seasons_table

    def tell(file: FileOutcome) -> None:
        mark = {"stored": "[green]stored[/]", "unchanged": "unchanged"}.get(file.outcome)
        if file.outcome == "refused":
            console.print(f"  [red]refused[/]  {file.message}")
        elif mark:
            console.print(f"  {mark}  {file.file_name}: {file.records:,} records, {file.seconds:.1f} s {file.message}")

    loaded = load_archives(settings, folder, on_file=tell)
    if loaded.was_needless:
        console.print("Nothing new: every load is staged and the transformations are the ones that last ran.")
    console.print(seasons_table(read_season_table(settings)), width=110)
    differing, untied = read_differences(settings), read_untied(settings)
    if len(differing):
        console.print(differences_table(differing), width=110)
    if len(untied):
        console.print(untied_table(untied), width=110)
    for line in in_play_lines(read_in_play(settings)):
        console.print(line, highlight=False)
    for name, seconds in loaded.times.seconds.items():
        console.print(f"  {seconds:6.1f} s  {name}")
    console.print(f"  {loaded.times.total:6.1f} s  in all")
    console.print("Next: `mlb quarantine list` for what was not staged, `mlb learn` for models and predictions,")
    console.print("`mlb report` for what every strategy earned.")
    return 1 if loaded.refused else 0


@dataclass
class BetImport:
    """What `mlb bets import` did. ``replaced``: the load that stood for the list before; ``stands_for``: the load that
    does now, another one than the file's where a newer list of its name is there; ``refused``: the file's rows in
    quarantine. ``graded``: all bets that stand, ``of_list``: those of this list."""

    file: FileOutcome
    replaced: ListLoad | None
    stands_for: int
    refused: list[QuarantinedRecord]
    graded: pl.DataFrame
    of_list: pl.DataFrame
    times: StepTimes
    was_needless: bool


def import_bets(settings: Settings, path: Path, *, name: str | None = None, run_id: str = "bets-import") -> BetImport:
    """A person's list of bets → raw → staging → graded. The same file once more changes nothing.

    Where nothing but lists of bets waits, only what they touch is transformed. Raises BetImportError and
    ArchiveFolderError as ``bets.lists.load_list`` does, TransformError where a gate fails.
    """
    from dagster_mlb.bets.grading import grade_bets
    from dagster_mlb.bets.lists import ARCHIVE, load_list, replaced_by, stands_for
    from dagster_mlb.bets.summary import read_all
    from dagster_mlb.warehouse.prepare import prepare
    from dagster_mlb.warehouse.quarantine import list_quarantine

    times = StepTimes()
    times.measure("warehouse", lambda: prepare(settings))
    file = times.measure("file to raw", lambda: load_list(settings, path, run_id=run_id, name=name))
    assert file.load_id is not None  # a refused file has raised
    needless = is_up_to_date(settings)
    if needless:
        times.measure("bets graded", lambda: grade_bets(settings))  # the same rows, unless a run broke off before it
    else:
        transform_what_waits(settings, run_id=run_id, times=times)
    graded = read_all(settings)
    return BetImport(
        file=file,
        replaced=replaced_by(settings, file.load_id),
        stands_for=stands_for(settings, file.load_id),
        refused=list_quarantine(settings, source=ARCHIVE, load_id=file.load_id, limit=None).records,
        graded=graded,
        of_list=graded.filter(graded["load_id"] == file.load_id),
        times=times,
        was_needless=needless,
    )


def transform_what_waits(settings: Settings, *, run_id: str, times: StepTimes | None = None) -> None:
    """All of ``transform``; where nothing but lists of bets waits to be staged, only what they touch."""
    from dagster_mlb.bets.grading import grade_bets
    from dagster_mlb.bets.lists import ARCHIVE
    from dagster_mlb.warehouse.held import gate_loads

    times = times or StepTimes()
    if not is_up_to_date(settings, but_for=ARCHIVE):
        transform(settings, run_id=run_id, times=times)
        return
    gate_loads(settings, run_id)
    times.measure("staging", lambda: run_to_the_end(settings, "bets"))
    times.measure("bets graded", lambda: grade_bets(settings))


def withdraw_bets(settings: Settings, name: str, *, run_id: str = "bets-withdraw") -> None:
    """A list's bets leave all figures; raw keeps them. Raises BetImportError where there is no such list."""
    from dagster_mlb.bets.lists import withdraw_list
    from dagster_mlb.warehouse.prepare import prepare

    prepare(settings)
    withdraw_list(settings, name, run_id=run_id)
    transform_what_waits(settings, run_id=run_id)


def learn(settings: Settings, *, run_id: str, scheme: str = "season") -> StepTimes:
    """Models, predictions, strategies and their figures, from the features that stand in the warehouse."""
    from dagster_mlb.learning.run import predict_current, train_and_predict
    from dagster_mlb.signals.table import publish_signals
    from dagster_mlb.strategies.backtest import run_strategies

    times = StepTimes()
    times.measure("models", lambda: train_and_predict(settings, run_id=run_id, scheme=scheme))  # type: ignore[arg-type]
    times.measure("today's slate", lambda: predict_current(settings, run_id=run_id))
    times.measure("signals", lambda: publish_signals(settings, run_id))
    times.measure("strategies", lambda: run_strategies(settings, run_id=run_id))
    times.measure("figures", lambda: run_to_the_end(settings, "performance"))
    return times


def learn_and_report(settings: Settings, console: Console) -> None:
    """`mlb learn`: trains, predicts, bets on paper, and prints how good it was beside the market and the nulls."""
    from dagster_mlb.reporting.run_summary import read_run_summary
    from dagster_mlb.reporting.terminal import print_summary
    from dagster_mlb.warehouse.prepare import prepare

    prepare(settings)
    times = learn(settings, run_id="learn")
    print_summary(read_run_summary(settings, title="Models and strategies", seconds=times.total), console=console)


def demo_settings(settings: Settings, league_url: str) -> Settings:
    """The demo's settings: the simulated league's addresses and its clock, everything else as it was set."""
    import httpx

    from dagster_mlb.simulator.server import MONTHLY_CREDITS, base_urls

    now = httpx.get(f"{league_url}/clock", timeout=10, trust_env=False).raise_for_status().json()["now"]
    wanted = {
        "environment": "demo",
        **base_urls(league_url),
        "odds_api_key": "demo",
        "odds_api_monthly_credits": MONTHLY_CREDITS,
        "base_url_provenance": "simulated",
        "fixed_now": now,
    }
    return Settings.model_validate(settings.model_dump() | wanted)


def serve_demo(settings: Settings, on_ready: Callable[[Addresses], None]) -> None:
    """`make up` in the demo: the servers, and the league beside them so that backfills have whom to ask."""
    from dagster_mlb.defs.serve import serve
    from dagster_mlb.simulator.demo import DEMO_WORLD
    from dagster_mlb.simulator.server import base_urls, run_league_server

    with run_league_server(DEMO_WORLD) as league_url:
        demo_world = demo_settings(settings, league_url)
        of_children = {
            "MLB_ENVIRONMENT": "demo",
            "MLB_DATA_DIR": str(demo_world.data_dir),
            "MLB_FIXED_NOW": demo_world.now().isoformat(),
            **{f"MLB_{name.upper()}": url for name, url in base_urls(league_url).items()},
            "MLB_ODDS_API_KEY": "demo",
            "MLB_ODDS_API_MONTHLY_CREDITS": str(demo_world.odds_api_monthly_credits),
        }
        serve(demo_world, on_ready=on_ready, environment=of_children)


def demo(settings: Settings, console: Console) -> int:
    """`make demo`: three seasons of the simulated league through the whole asset graph, over real HTTP.

    Two kinds of Dagster runs: `history` for the days gone by, a range in one run for each season, and `daily` for the
    league's today, which goes on to the right of raw. Returns the exit code.
    """
    from itertools import groupby

    from dagster_mlb.definitions import build_defs
    from dagster_mlb.defs.in_process import RunFailedError, run_job
    from dagster_mlb.reporting.run_summary import read_run_summary
    from dagster_mlb.reporting.terminal import print_summary
    from dagster_mlb.simulator.demo import DEMO_WORLD, collection_plan
    from dagster_mlb.simulator.server import run_league_server
    from dagster_mlb.warehouse.prepare import prepare

    started = time.perf_counter()
    with run_league_server(DEMO_WORLD) as league_url:
        demo_world = demo_settings(settings, league_url)
        console.print(
            f"The simulated league answers at {league_url}; its clock stands at {demo_world.now():%Y-%m-%d %H:%M} UTC."
        )
        prepare(demo_world)
        definitions = build_defs(settings=demo_world)
        today = DEMO_WORLD.today
        days = [day.official_date for day in collection_plan(DEMO_WORLD) if day.official_date < today]
        outcomes = []
        try:
            for season, of_season in groupby(days, key=lambda day: day.year):
                span = list(of_season)
                outcome = run_job(demo_world, definitions, "history", days=(span[0], span[-1]))
                outcome.raise_if_failed()
                outcomes.append(outcome)
                console.print(f"  {outcome.seconds:5.1f} s  history of {season}: {span[0]} to {span[-1]} collected")
            outcome = run_job(demo_world, definitions, "daily", day=today)
            outcomes.append(outcome)
            outcome.raise_if_failed()
            console.print(
                f"  {outcome.seconds:5.1f} s  today, {today}: collected, staged, rated, predicted, bet on paper"
            )
            for warning in outcome.checks_warned:
                console.print(f"  [yellow]warning[/]  {warning}", highlight=False)
        except RunFailedError as error:
            console.print(f"[red]{error}[/]")
            return 1
    summary = read_run_summary(
        demo_world,
        title="Demo: the simulated league, three seasons",
        seconds=time.perf_counter() - started,
        checks=(sum(o.checks_passed for o in outcomes), sum(len(o.checks_failed) for o in outcomes)),
        failed_checks=[check for o in outcomes for check in o.checks_failed],
        next_steps={
            "the asset graph, runs and plots": "make up",
            "where a number comes from": _trace_example(demo_world),
            "what every strategy earned": "MLB_ENVIRONMENT=demo .venv/bin/mlb report",
            "every table and column": "make docs",
            "real seasons": ".venv/bin/mlb archive load <folder>",
        },
    )
    print_summary(summary, console=console)
    return 0


def _trace_example(settings: Settings) -> str:
    """A command that works: the benchmark price of the latest finished game."""
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as connection:
        row = connection.execute(
            "select game_key, source, book from curated.moneylines where is_benchmark order by game_key desc limit 1"
        ).fetchone()
    key = " ".join(str(part) for part in row) if row else "<game_key> <source> <book>"
    return f"MLB_ENVIRONMENT={settings.environment} .venv/bin/mlb trace curated.moneylines {key}"
