"""The models between stores and decisions built once more, by dbt's own SQL, on stores that a moment was done to.

Everything is a temporary table of one transaction: nothing that stands is touched, and nothing is left. What belongs to
events is narrowed to the games of a few days; what is history (results, ratings, starters) is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import psycopg
from psycopg import sql

from dagster_mlb.strategies.leakage.graph import KNOWN_AT, AsOfGraph, Column, StaleTableError
from dagster_mlb.warehouse.compiled import Relation, with_relations

Mutation = Literal["truncation", "poisoning", "lag"]
#: Those that must change nothing; a *lag* makes every row known a day later than it was, and may cost skill.
MUTATIONS: tuple[Mutation, ...] = ("truncation", "poisoning")

#: What a row is of, and when: noise there would move it to another market or another moment.
KEPT = frozenset(
    {
        *("game_key", "series_id", "event_id", "team_id", "source", "book", "market", "period", "side", "measure"),
        *("alternate_line", "label", "known_at", "observed_at", "seq", "version", "disposition", "rule"),
        *("load_id", "record_number", "capture", "provenance", "season", "official_date"),
    }
)
_INTEGERS, _FLOATS, _TEXTS = {"smallint", "integer", "bigint"}, {"real", "double precision"}, {"text"}
#: A model that has one of these is a history of a club or a person: of all their games, not of the window's alone.
_HISTORIES = ("team_id", "pitcher_id", "player_id", "person_id")
#: Of whom a history is needed: those who are in the window's games. Of the others (and of all clubs) it is made whole.
_OF_THE_WINDOW = {
    "pitcher_id": "select distinct pitcher_id from staging.starters as of_window "
    "where game_key in (select game_key from pg_temp.window_games)",
}
_CLOCK = "operational.clock"
#: What a game's row says of its own course is known from then on, whatever else the row says.
_FIRST_PITCH = "first_pitch_at"

_KNOWN_FROM = "known_from"  # when a row of a narrowed store is known; not a column of the store itself

# When an archive's label is taken to have stood, said here once more: a label has no moment of its own, and a graph
# that gave it another one would be believed if it were asked.
_LABELS_SQL = """
create temporary table window_labels on commit drop as
select series.series_id, labels.label,
    case labels.label
        when 'open' then ((games.official_date - 1 + time '12:00') at time zone 'America/New_York')
        else coalesce(
            games.first_pitch_at,
            games.scheduled_start_at,
            (games.official_date + time '23:59:59') at time zone 'America/New_York'
        )
    end as known_at
from window_series as series
inner join staging.games as games on games.game_key = series.game_key
cross join (values ('open'), ('close')) as labels (label)
"""
_WINDOW_SQL = (
    """
    create temporary table window_games on commit drop as
    select game_key from staging.games where official_date between %(first)s and %(last)s
    """,
    """
    create temporary table window_events on commit drop as
    select ties.source, ties.event_id, ties.game_key
    from staging.game_crosswalk as ties
    inner join window_games as games on games.game_key = ties.game_key
    """,
    "analyze window_events",
    """
    create temporary table window_series on commit drop as
    select series.series_id, events.game_key
    from staging.odds_series as series
    inner join window_events as events on events.source = series.source and events.event_id = series.event_id
    """,
    _LABELS_SQL,
    "analyze window_games, window_series, window_labels",
)


# Without games that were to begin and had not: their close waits for first pitch, as does which prices were before it.
_JUDGED_SQL = """
create temporary table judged_games on commit drop as
select games.game_key
from window_games
inner join staging.games as games on games.game_key = window_games.game_key
where not coalesce(games.scheduled_start_at <= %(moment)s and games.first_pitch_at > %(moment)s, false)
"""


@dataclass(frozen=True)
class Window:
    """The games of a few days, with what belongs to their events set apart: relation → temporary table."""

    connection: psycopg.Connection
    graph: AsOfGraph
    narrowed: Mapping[Relation, str] = field(default_factory=dict)


@contextmanager
def window(connection: psycopg.Connection, graph: AsOfGraph, first: date, last: date) -> Iterator[Window]:
    """The games with ``first`` <= official_date <= ``last``; gone with the block. Within a transaction."""
    with connection.transaction(force_rollback=True):
        for statement in _WINDOW_SQL:
            connection.execute(statement, {"first": first, "last": last} if "%(first)s" in statement else None)
        narrowed = {}
        for relation in (*graph.stores, *graph.others):
            condition = _narrowing(graph, relation)
            if condition is not None:
                narrowed[relation] = _set_apart(connection, graph, relation, condition)
        yield Window(connection, graph, narrowed)


@contextmanager
def judged(games: Window, moment: datetime) -> Iterator[None]:
    """Within it ``judged_games`` are the games of the window whose rows of ``moment`` and before are final."""
    with games.connection.transaction(force_rollback=True):
        games.connection.execute(_JUDGED_SQL, {"moment": moment})
        games.connection.execute("analyze judged_games")
        yield


@contextmanager
def rebuilt(
    games: Window, mutation: Mutation, moment: datetime, seed: int, clock: datetime
) -> Iterator[dict[Relation, str]]:
    """The models built on stores that were cut, or poisoned, at ``moment`` (a *lag* has none): relation → temporary
    table. Gone with the block.

    Cut stores stand in a world whose clock stopped at ``moment``, the others at ``clock``. Raises StaleTableError where
    a table that stands has other columns than its model.
    """
    connection, graph = games.connection, games.graph
    with connection.transaction(force_rollback=True):
        names = {relation: f'pg_temp."{name}"' for relation, name in games.narrowed.items()}
        for relation in graph.stores:
            names[relation] = _mutated(games, relation, mutation, moment, seed)
        for relation in graph.others:
            if graph.has(relation, _FIRST_PITCH) and mutation != "lag":
                names[relation] = _not_begun(games, relation, mutation, moment, seed)
        now = moment if mutation == "truncation" else clock
        connection.execute("create temporary table clock on commit drop as select %s::timestamptz as now_at", [now])
        for relation in graph.rebuilt:
            try:
                names[relation] = _build(connection, graph, relation, names)
            except (psycopg.errors.UndefinedColumn, psycopg.errors.DatatypeMismatch) as error:
                told = str(error).splitlines()[0]
                raise StaleTableError(
                    f"{'.'.join(relation)} and its model have different columns ({told}): run `mlb transform`"
                ) from error
        yield names


def _narrowing(graph: AsOfGraph, relation: Relation) -> str | None:
    """The condition under which a row belongs to an event of the window; None where rows belong to no event."""
    if graph.has(relation, "series_id"):
        # An array: the planner takes the index, where a join would read years of quotes for the few of some days.
        return "store.series_id = any(array(select series_id from pg_temp.window_series))"
    if graph.has(relation, "source", "event_id"):
        return "(store.source, store.event_id) in (select source, event_id from pg_temp.window_events)"
    return None


def _set_apart(connection: psycopg.Connection, graph: AsOfGraph, relation: Relation, condition: str) -> str:
    """A temporary table of the window's rows, each with the moment from which it is known."""
    name = f"window_of_{graph.name_of(relation)}"
    known_from, labels = "", ""
    if graph.has(relation, KNOWN_AT):
        known_from = f", store.known_at as {_KNOWN_FROM}"
        if graph.has(relation, "series_id", "label", "observed_at"):
            known_from = (
                f", case when labels.label is null then store.known_at else labels.known_at end as {_KNOWN_FROM}"
            )
            labels = (
                "left join pg_temp.window_labels as labels on labels.series_id = store.series_id "
                "and labels.label = store.label and store.observed_at is null"
            )
    text = f'select store.*{known_from} from "{relation[0]}"."{relation[1]}" as store {labels} where {condition}'
    _create(connection, name, text)
    for key in (("series_id",), ("source", "event_id")):
        if graph.has(relation, *key):
            _index(connection, name, key)
            break
    connection.execute(sql.SQL("analyze pg_temp.{}").format(sql.Identifier(name)))
    return name


def _mutated(games: Window, relation: Relation, mutation: Mutation, moment: datetime, seed: int) -> str:
    """A view of a store in which the future was taken away, or noise was put into it, or all of it came a day later."""
    columns = games.graph.columns[relation]
    name = games.graph.name_of(relation)
    if relation in games.narrowed:
        source, known = f'pg_temp."{games.narrowed[relation]}"', f"store.{_KNOWN_FROM}"
    else:
        source, known = f'"{relation[0]}"."{relation[1]}"', f"store.{KNOWN_AT}"
    at = f"timestamptz '{moment.isoformat()}'"
    if mutation == "truncation":
        listed = ", ".join(f'store."{column.name}"' for column in columns)
        text = f"select {listed} from {source} as store where {known} <= {at}"
    elif mutation == "lag":
        later = f"store.{KNOWN_AT} + interval '1 day' as {KNOWN_AT}"
        listed = ", ".join(later if column.name == KNOWN_AT else f'store."{column.name}"' for column in columns)
        text = f"select {listed} from {source} as store"
    else:
        noise = f"(hashtextextended(store::text, {seed}) & 1023)::int"
        listed = ", ".join(_noisy(column, noise, f"{known} <= {at}") for column in columns)
        text = f"select {listed} from {source} as store"
    games.connection.execute(f'create temporary view "{name}" as {text}'.encode())
    return f'pg_temp."{name}"'


def _not_begun(games: Window, relation: Relation, mutation: Mutation, moment: datetime, seed: int) -> str:
    """A view of the games in which first pitches after ``moment`` are not known, or are other ones."""
    own, key = f'store."{_FIRST_PITCH}"', 'store."game_key"'
    noise = f"(hashtextextended({key}::text, {seed}) & 63)::int"
    later = "null" if mutation == "truncation" else f"{own} + (1 + {noise}) * interval '1 minute'"
    told = f"case when {own} <= timestamptz '{moment.isoformat()}' then {own} else {later} end"
    listed = ", ".join(
        f'{told} as "{column.name}"' if column.name == _FIRST_PITCH else f'store."{column.name}"'
        for column in games.graph.columns[relation]
    )
    name = games.graph.name_of(relation)
    text = f'create temporary view "{name}" as select {listed} from "{relation[0]}"."{relation[1]}" as store'
    games.connection.execute(text.encode())
    return f'pg_temp."{name}"'


def _noisy(column: Column, noise: str, is_known: str) -> str:
    """The column as it is where the row was known, other where it was not; NULL stays NULL."""
    own = f'store."{column.name}"'
    base = column.type.split("(")[0]
    if column.is_key or column.name in KEPT:
        return own
    if base in _INTEGERS:  # a price stays one
        other = f"{own} + (case when {own} < 0 then -1 else 1 end) * (1 + {noise} % 40)"
    elif base == "numeric":
        other = f"{own} + (1 + {noise} % 7) * 0.5"
    elif base in _FLOATS:
        other = f"{own} * (0.5 + {noise} / 1024.0::float8) + 0.25"
    elif base in _TEXTS or base.startswith("character"):
        other = f"{own} || '~'"
    elif base == "boolean":
        other = f"not {own}"
    elif base == "date":
        other = f"{own} + (1 + {noise} % 5)"
    elif base == "timestamp with time zone":
        other = f"{own} + (1 + {noise}) * interval '1 minute'"
    else:
        return own
    return f'case when {is_known} then {own} else ({other})::{column.type} end as "{column.name}"'


def _build(connection: psycopg.Connection, graph: AsOfGraph, relation: Relation, names: Mapping[Relation, str]) -> str:
    """One model as a temporary table, its columns typed as in the table that stands; a view stays one."""
    node, name = graph.project.nodes[relation], graph.name_of(relation)
    text = with_relations(node.sql, names).replace(_CLOCK, "pg_temp.clock")
    if node.materialized == "view":
        connection.execute(f'create temporary view "{name}" as {text}'.encode())
        return f'pg_temp."{name}"'
    listed = ", ".join(f'built."{column.name}"::{column.type} as "{column.name}"' for column in graph.columns[relation])
    query = f"select {listed} from (\n{text}\n) as built"
    history = next((name for name in _HISTORIES if graph.has(relation, name)), None)
    if history in _OF_THE_WINDOW:
        # An array: as a join it would not reach below the windows of the history's own query.
        query += f" where built.{history} = any(array({_OF_THE_WINDOW[history]}))"
    elif history is None and graph.has(relation, "game_key"):
        query += " where built.game_key in (select game_key from pg_temp.window_games)"
    _create(connection, name, query)
    for columns in node.indexes:
        _index(connection, name, columns)
    connection.execute(sql.SQL("analyze pg_temp.{}").format(sql.Identifier(name)))
    return f'pg_temp."{name}"'


def _create(connection: psycopg.Connection, name: str, query: str) -> None:
    # No parameters: a percent sign of the model's own stays one.
    connection.execute(f'create temporary table "{name}" on commit drop as {query}'.encode())


def _index(connection: psycopg.Connection, name: str, columns: Sequence[str]) -> None:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    connection.execute(sql.SQL("create index on pg_temp.{} ({})").format(sql.Identifier(name), listed))
