"""The quarantine for people: what stands in it and why, new aliases of clubs, and staging its loads once more.

Records are judged in dbt (``staging.validation_results``); nothing here decides what is good or bad.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR, run_selection


class QuarantineError(Exception):
    """The quarantine cannot be listed or retried: the message says why."""


class AliasError(Exception):
    """An alias cannot be taught: which club it means already, or that there is no such club."""


@dataclass(frozen=True)
class QuarantineCount:
    """How many records (or markets, or cells: ``scope``) one rule keeps out of one source's data, with one reason."""

    source: str
    rule: str
    scope: str
    records: int
    example: str


@dataclass(frozen=True)
class QuarantinedRecord:
    """One quarantined record: in which file (or response) it stands, at which row, which rule it breaks, and why."""

    source: str
    load_id: int
    name: str | None
    record_number: int
    scope: str
    rule: str
    reason: str


@dataclass(frozen=True)
class Quarantine:
    """``counts`` cover all that was asked for, ``records`` the first of them."""

    counts: list[QuarantineCount]
    records: list[QuarantinedRecord]

    @property
    def total(self) -> int:
        return sum(count.records for count in self.counts)


@dataclass(frozen=True)
class Retry:
    """What staging ``loads`` once more changed: the counts by rule before and after."""

    loads: list[int]
    before: list[QuarantineCount]
    after: list[QuarantineCount]


@dataclass(frozen=True)
class TeamAlias:
    """A spelling of a club as it is compared: upper case, no dots, single spaces."""

    alias: str
    team_id: int
    club: str
    is_seed: bool


# The one way to write an alias: dbt's macro club_alias.
NORMALISED = r"upper(regexp_replace(replace(trim(%s), '.', ''), '\s+', ' ', 'g'))"

_FILTER = """
    (%(source)s::text is null or quarantined.source = %(source)s)
    and (%(rule)s::text is null or quarantined.rule = %(rule)s)
    and (%(load_id)s::bigint is null or quarantined.load_id = %(load_id)s)
"""
_COUNTS = f"""
    select source, rule, scope, count(*) as records, min(reason) as example
    from staging.validation_results as quarantined
    where {_FILTER}
    group by source, rule, scope
    order by records desc, source, rule
"""
_RECORDS = f"""
    select
        quarantined.source, quarantined.load_id,
        coalesce(files.file_name, quarantined.raw_table || ' response') as name,
        quarantined.record_number, quarantined.scope, quarantined.rule, quarantined.reason
    from staging.validation_results as quarantined
    left join raw_data.archive_files as files on files.load_id = quarantined.load_id
    where {_FILTER}
    order by quarantined.source, quarantined.load_id, quarantined.record_number, quarantined.rule
    limit %(limit)s
"""


def list_quarantine(
    settings: Settings,
    *,
    source: str | None = None,
    rule: str | None = None,
    load_id: int | None = None,
    limit: int | None = 50,
) -> Quarantine:
    """What stands in quarantine, narrowed by source, rule and load; ``limit`` None lists every record.

    Raises QuarantineError before the first staging run.
    """
    wanted = {"source": source, "rule": rule, "load_id": load_id, "limit": limit}
    with connect(settings) as conn:
        counts = _counts(conn, wanted)
        with conn.cursor(row_factory=class_row(QuarantinedRecord)) as cursor:
            return Quarantine(counts, cursor.execute(_RECORDS, wanted).fetchall())


def retry(
    settings: Settings,
    *,
    source: str | None = None,
    rule: str | None = None,
    load_id: int | None = None,
    transform: Callable[[], object] | None = None,
) -> Retry:
    """Stages once more the loads that hold quarantined records (narrowed as in ``list_quarantine``), and no others.

    A load that is named is staged again in any case: after an alias was taken back it may hold rows staged by it.
    ``transform`` runs what stands right of raw (default: dbt's upstream selection; the command passes the whole way).
    Staging replaces a load's rows by its id, so that a retry that mends nothing changes nothing. If the
    transformation fails, the loads stay pending and the next run stages them.
    """
    wanted = {"source": source, "rule": rule, "load_id": load_id}
    with connect(settings) as conn:
        before = _counts(conn, wanted)
        if load_id is not None and not _is_load(conn, load_id):
            raise QuarantineError(f"Load {load_id} was never staged: `mlb status` shows the newest loads.")
        found = conn.execute(
            f"select distinct load_id from staging.validation_results as quarantined where {_FILTER} order by load_id",
            wanted,
        ).fetchall()
    loads = [load_id] if load_id is not None else [row[0] for row in found]
    if not loads:
        return Retry([], before, before)
    with connect(settings, role="transform") as conn:
        unstage(conn, loads)
    if transform is None:
        run_selection(settings, "upstream").raise_if_failed()
    else:
        transform()
    with connect(settings) as conn:
        return Retry(loads, before, _counts(conn, wanted))


def unstage(conn: psycopg.Connection, loads: Sequence[int]) -> None:
    """Marks loads as not staged; the next run stages them again. Their ticks are taken away with those of every load
    that shares a series with them, because a mended record may belong to another series than before."""
    ids = list(loads)
    conn.execute("delete from operational.staged_loads where load_id = any(%s)", [ids])
    tables = ("int_quotes", "odds_ticks", "int_series_accounts")
    there = conn.execute("select count(to_regclass('staging.' || t)) from unnest(%s::text[]) as t", [list(tables)])
    if there.fetchone() != (len(tables),):
        return
    conn.execute(
        """create temporary table touched_series on commit drop as
           select distinct series_id from staging.int_quotes where load_id = any(%s)""",
        [ids],
    )
    conn.execute(
        """delete from operational.staged_loads
           where model in ('odds_series', 'odds_ticks', 'int_series_accounts') and load_id in (
               select load_id from staging.int_quotes where series_id in (select series_id from touched_series)
           )"""
    )
    conn.execute("delete from staging.odds_ticks where series_id in (select series_id from touched_series)")
    conn.execute("delete from staging.int_series_accounts where series_id in (select series_id from touched_series)")
    conn.execute("delete from staging.odds_series where series_id in (select series_id from touched_series)")


def add_alias(settings: Settings, alias: str, club: str) -> TeamAlias:
    """Teaches the platform a spelling of a club (id, abbreviation or name); staged with the next run or retry.

    Raises AliasError for an unknown club, an empty alias, and one that means another club already. Teaching the same
    alias twice is a no-op.
    """
    team_id = _team_id(club)
    with connect(settings) as conn:
        row = conn.execute(f"select {NORMALISED}", [alias]).fetchone()
        normalised = row[0] if row else ""
        if not normalised:
            raise AliasError("An alias needs at least one character other than dots and spaces.")
        known = {known.alias: known for known in _seed_aliases()}.get(normalised)
        taught = conn.execute("select team_id from operational.team_aliases where alias = %s", [normalised]).fetchone()
        meant = known.team_id if known else taught[0] if taught else None
        if meant is not None and meant != team_id:
            where = "the platform came with it" if known else "it was taught so (`mlb alias remove` takes it back)"
            raise AliasError(
                f'"{normalised}" means {_club_name(meant)} ({meant}) already, {where}; it cannot also mean '
                f"{_club_name(team_id)} ({team_id})."
            )
        if meant is None:
            conn.execute(
                "insert into operational.team_aliases (alias, team_id, added_at) values (%s, %s, %s)",
                [normalised, team_id, settings.now()],
            )
    return TeamAlias(normalised, team_id, _club_name(team_id), is_seed=known is not None)


def remove_alias(settings: Settings, alias: str) -> TeamAlias:
    """Takes back an alias that was taught; what was staged by it stays until its loads are staged again.

    Raises AliasError for one that was not taught.
    """
    with connect(settings) as conn:
        row = conn.execute(
            f"delete from operational.team_aliases where alias = {NORMALISED} returning alias, team_id", [alias]
        ).fetchone()
    if row is None:
        raise AliasError(f'"{alias}" was never taught: `mlb alias list` shows what was.')
    return TeamAlias(row[0], row[1], _club_name(row[1]), is_seed=False)


def list_aliases(settings: Settings, *, seeds: bool = False) -> list[TeamAlias]:
    """The aliases that people taught, sorted; with ``seeds`` also those that the platform came with."""
    with connect(settings) as conn:
        rows = conn.execute("select alias, team_id from operational.team_aliases order by alias").fetchall()
    taught = [TeamAlias(alias, team_id, _club_name(team_id), is_seed=False) for alias, team_id in rows]
    return sorted([*taught, *(_seed_aliases() if seeds else [])], key=lambda known: (known.alias, known.is_seed))


def _counts(conn: psycopg.Connection, wanted: dict) -> list[QuarantineCount]:
    if conn.execute("select to_regclass('staging.validation_results')").fetchone() == (None,):
        raise QuarantineError("Nothing has been staged yet, so there is no quarantine: load an archive or run the job.")
    with conn.cursor(row_factory=class_row(QuarantineCount)) as cursor:
        return cursor.execute(_COUNTS, wanted).fetchall()


def _is_load(conn: psycopg.Connection, load_id: int) -> bool:
    return conn.execute("select from operational.staged_loads where load_id = %s", [load_id]).fetchone() is not None


def _seed(name: str) -> list[dict[str, str]]:
    with (DBT_PROJECT_DIR / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _seed_aliases() -> list[TeamAlias]:
    clubs = {int(team["team_id"]): team["name"] for team in _seed("teams")}
    return [
        TeamAlias(row["alias"], int(row["team_id"]), clubs[int(row["team_id"])], is_seed=True)
        for row in _seed("team_aliases")
    ]


def _team_id(club: str) -> int:
    wanted = club.strip().casefold()
    for team in _seed("teams"):
        if wanted in {team[name].casefold() for name in ("team_id", "abbreviation", "name", "nickname")}:
            return int(team["team_id"])
    known = {row["alias"].casefold(): int(row["team_id"]) for row in _seed("team_aliases")}
    if wanted in known:
        return known[wanted]
    listed = ", ".join(f"{team['abbreviation']} {team['team_id']}" for team in _seed("teams"))
    raise AliasError(f'"{club}" is none of the thirty clubs: {listed}.')


def _club_name(team_id: int) -> str:
    return next((team["name"] for team in _seed("teams") if int(team["team_id"]) == team_id), str(team_id))
