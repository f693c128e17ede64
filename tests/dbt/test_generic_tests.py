"""The tests of the dbt project have tests of their own: each finds the failures planted for it, and no others.

A generic test is rendered through jinja2 alone and run on a relation written out as VALUES, on the real PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jinja2
import psycopg
import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import open_connection, plain_url
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR

GENERIC = DBT_PROJECT_DIR / "tests" / "generic"


class CompilerError(Exception):
    """Stands for dbt's own."""


class Exceptions:
    @staticmethod
    def raise_compiler_error(message: str) -> None:
        raise CompilerError(message)


@cache
def generic_tests() -> dict[str, Any]:
    """Every generic test of the project, by name, with the macros that they use."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals["exceptions"] = Exceptions()
    environment.globals["ref"] = str
    macros = [(DBT_PROJECT_DIR / "macros" / name).read_text() for name in ("clock.sql", "odds.sql")]
    tests = [path.read_text() for path in sorted(GENERIC.glob("*.sql"))]
    source = re.sub(r"{%(-?) test ", r"{%\1 macro ", "\n".join([*macros, *tests])).replace("endtest", "endmacro")
    return vars(environment.from_string(source).module)


def relation(columns: str, *rows: str) -> str:
    """``relation("a, b", "1, 2", "3, null")`` → a subquery that stands for a table."""
    return f"(select * from (values {', '.join(f'({row})' for row in rows)}) as given ({columns}))"


def found(connection: psycopg.Connection, name: str, model: str, **arguments: Any) -> list[tuple[Any, ...]]:
    return connection.execute(generic_tests()[name](model, **arguments).replace("%", "%%"), ()).fetchall()


@pytest.fixture(scope="module")
def server(server_url: str) -> Iterator[psycopg.Connection]:
    """Any database will do: nothing is written."""
    with open_connection(server_url) as opened:
        yield opened


BOOKS = "(values (1, timestamptz '2024-06-01 17:05Z', timestamptz '2024-06-01 17:00Z'), (2, null, null))"
GAMES = f"(select * from {BOOKS} as g (game_key, first_pitch_at, scheduled_start_at))"
DOUBLEHEADER = relation("game_key, is_doubleheader", "1, true", "2, true", "3, false")
EVENTS = relation(
    "source, event_id, commence_at",
    "'s', 'noon', timestamptz '2024-06-01 17:05Z'",
    "'s', 'noon again', timestamptz '2024-06-01 17:10Z'",
    "'s', 'night', timestamptz '2024-06-01 23:05Z'",
)

LADDERS = relation(
    "series_id, source, event_id, book, market, period, side, alternate_line",
    *(f"{10 + n}, 'right', 'e', 'b', 'total', 'game', 'over', '{line}'" for n, line in enumerate(("", "8.5", "9.5"))),
    *(
        f"{20 + n}, 'right', 'e', 'b', 'spread', 'game', 'home', '{line}'"
        for n, line in enumerate(("-2.5", "-1.5", "1.5"))
    ),
    *(f"{30 + n}, 'turned', 'e', 'b', 'total', 'game', 'under', '{line}'" for n, line in enumerate(("", "8.5", "9.5"))),
    *(f"{40 + n}, 'slips', 'e', 'b', 'total', 'game', 'over', '{line}'" for n, line in enumerate(("", "8.5", "9.5"))),
    *(f"{50 + n}, 'main only', 'e', 'b{n}', 'total', 'game', 'over', ''" for n in range(3)),
)


def ladder_ticks() -> str:
    """Ticks of four sources: one in order, one with over and under turned, one with a slip, one without alternates."""
    prices = {
        10: (-120, 100, 130),
        20: (300, 150, -200),
        30: (-120, 100, 130),  # an under that pays more the higher the total
        40: (-120, 130, 110),  # the middle one and the last
        50: (-110, 100, -120),
    }
    lines = {10: (7.5, 8.5, 9.5), 20: (-2.5, -1.5, 1.5), 30: (7.5, 8.5, 9.5), 40: (7.5, 8.5, 9.5), 50: (8, 9, 10)}
    rows = [
        f"{first + n}, 1, {lines[first][n]}, {price}, 'open', null::text"
        for first, of_ladder in prices.items()
        for n, price in enumerate(of_ladder)
    ]
    # Another moment's price, a taken-down one and a label stand on no ladder.
    rows += [
        "11, 2, 8.5, -900, 'open', null",
        "12, 1, 9.6, -900, 'suspended', null",
        "12, 1, 9.7, -900, 'open', 'open'",
    ]
    return relation("series_id, known_at, line, price_american, status, label", *rows)


CASES: dict[str, tuple[str, dict[str, Any], int]] = {
    "not_null_columns": (
        relation("a, b", "1, 2", "null, 2", "1, null::int", "null, null"),
        {"columns": ["a", "b"]},
        3,
    ),
    "not_null_columns of some rows": (
        relation("a, kind", "null::int, 'judged'", "null, 'left alone'"),
        {"columns": ["a"], "rows_where": "kind = 'judged'"},
        1,
    ),
    "unique_combination_of_columns": (
        relation("a, b", "1, 1", "1, 2", "1, 2", "2, 2", "2, 2", "2, 2"),
        {"columns": ["a", "b"]},
        2,
    ),
    "accepted_range": (
        relation("x", "-0.1", "0", "0.5", "1", "1.1", "null"),
        {"column": "x", "min_value": 0, "max_value": 1},
        2,
    ),
    "accepted_range from below only": (relation("x", "-5", "5", "500"), {"column": "x", "min_value": 0}, 1),
    "expression_is_true": (
        relation("home, away", "1, 2", "3, 3", "null::int, 3"),
        {"expression": "home <> away"},
        1,
    ),
    "no_future_rows": (
        relation("known_at, decision_at", "1, 2", "2, 2", "3, 2", "null, 2"),
        {"known_at": "known_at", "moment": "decision_at"},
        1,
    ),
    "foreign_key_holds": (
        relation("team_id", "1", "2", "7", "7", "null"),
        {"column": "team_id", "to": relation("id", "1", "2"), "field": "id"},
        1,
    ),
    "booksum_in_range": (
        # Even odds; a fair pair; both sides favourites by far; both sides underdogs; one side missing.
        relation("a, b", "-110, -110", "100, -100", "-300, -300", "150, 150", "-110, null"),
        {"price_1": "a", "price_2": "b"},
        2,
    ),
    "booksum_in_range of several pairs": (
        # The open is out of range; the close is; both are; neither is; there is no close.
        relation(
            "a, b, c, d",
            *("-300, -300, -110, -110", "-110, -110, 150, 150", "-300, -300, 150, 150"),
            *("-110, -110, 100, -120", "-110, -110, null, null"),
        ),
        {"pairs": [["a", "b"], ["c", "d"]]},
        3,
    ),
    "reason_shares_at_most": (
        relation(
            "source, why",
            *["'well', null"] * 19,
            "'well', 'one_sided'",
            *["'one-sided', null"] * 15,
            *["'one-sided', 'one_sided'"] * 5,
            *["'apart', null"] * 19,
            "'apart', 'lines_apart'",
            *["'down', 'suspended'"] * 20,
            *["'small', 'one_sided'"] * 5,
        ),
        {"because": "why", "max_shares": {"one_sided": 0.1, "lines_apart": 0.01}, "min_rows": 20},
        2,
    ),
    "alternates_in_order": (
        ladder_ticks(),
        {"series": LADDERS, "max_share": 0.0, "min_pairs": 2},
        2,
    ),
    "alternates_in_order but for a few": (
        ladder_ticks(),
        {"series": LADDERS, "max_share": 0.5, "min_pairs": 2},
        1,
    ),
    "both_sides_together": (
        relation("event, side", "1, 'home'", "1, 'away'", "2, 'home'", "3, 'home'", "3, 'home'", "4, 'away'"),
        {"group_by": ["event"]},
        3,
    ),
    "before_first_pitch": (
        relation(
            "game_key, close_at, moment_assumed",
            "1, timestamptz '2024-06-01 17:04:59Z', false",
            "1, timestamptz '2024-06-01 17:05Z', true",  # a label stands at first pitch
            "1, timestamptz '2024-06-01 17:05Z', false",
            "1, timestamptz '2024-06-01 17:06Z', true",
            "2, timestamptz '2024-06-01 23:00Z', false",  # no start known: nothing to judge
        ),
        {"moment": "close_at", "games": GAMES},
        2,
    ),
    "one_benchmark_per_game": (
        relation(
            "game_key, close_price, is_benchmark",
            *("1, -110, true", "1, -112, false"),
            *("2, -110, true", "2, -112, true"),
            *("3, -110, false", "4, null::int, false"),
        ),
        {"close_price": "close_price"},
        2,
    ),
    "closing_log_loss_in_range": (
        relation(
            "season, p, home_win, is_benchmark",
            *("2019, 0.5, true, true", "2019, 0.5, false, true"),  # .693
            *("2020, 0.9, true, true", "2020, 0.9, true, true"),  # .105: too good to be true
            *("2021, 0.9, true, true", "2021, 0.9, true, false", "2021, 0.9, null, true"),  # too few
        ),
        {"probability": "p", "outcome": "home_win", "min_value": 0.65, "max_value": 0.7, "min_games": 2},
        1,
    ),
    "doubleheader_games_distinct": (
        relation(
            "official_date, home_team_id, away_team_id, game_number, is_doubleheader",
            *("1, 1, 2, 1, true", "1, 1, 2, 2, true"),
            *("2, 1, 2, 1, true", "2, 1, 2, 1, true"),  # one number twice
            *("3, 1, 2, 1, true", "4, 1, 2, 1, false"),  # alone, and called a doubleheader
            *("5, 1, 2, 1, true", "5, 1, 2, 2, false"),
        ),
        {},
        3,
    ),
    "doubleheader_not_crossed": (
        relation(
            "source, event_id, game_key",
            *("'s', 'noon', 1", "'s', 'noon again', 1", "'s', 'noon', 2", "'s', 'night', 2", "'s', 'noon', 3"),
            "'s', 'night', 3",
        ),
        {"games": DOUBLEHEADER, "events": EVENTS},
        1,
    ),
    "versions_in_order": (
        relation(
            "game_key, version, known_at, away_runs, home_runs",
            *("1, 1, 10, 3, 4", "1, 2, 20, 3, 5", "1, 3, 30, 3, 4"),
            *("2, 1, 10, 3, 4", "2, 3, 20, 3, 5"),  # a gap
            *("3, 1, 20, 3, 4", "3, 2, 10, 3, 5"),  # known before its predecessor
            *("4, 1, 10, 3, 4", "4, 2, 20, 3, 4"),  # changes nothing
        ),
        {},
        3,
    ),
    "share_at_most": (
        relation("source", *["'good'"] * 2, *["'bad'"] * 3, *["'small'"] * 2),
        {
            "total": relation("source", *["'good'"] * 100, *["'bad'"] * 100, *["'small'"] * 5),
            "max_share": 0.02,
        },
        1,
    ),
    "row_counts_add_up": (
        relation(
            "records, staged, quarantined, repeats, out_of_scope, held",
            "10, 5, 1, 2, 1, 1",
            "10, 5, 1, 2, 1, 0",
            "10, 5, 1, 4, 1, 0",
            "10, 12, 0, -2, 0, 0",
        ),
        {},
        3,
    ),
    "every_quoted_series_ticks": (
        relation("series_id", "1", "2"),
        {"quotes": [relation("series_id", "1", "1", "3", "null"), relation("series_id", "2", "3", "4")]},
        2,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_generic_test_finds_what_is_planted_and_nothing_else(server: psycopg.Connection, case: str) -> None:
    model, arguments, planted = CASES[case]
    assert len(found(server, case.split()[0], model, **arguments)) == planted


def test_the_broken_columns_are_named(server: psycopg.Connection) -> None:
    rows = found(server, "not_null_columns", relation("a, b, c", "null::int, 2, null::int"), columns=["a", "b", "c"])
    assert rows[0][0] == ["a", "c"]


def test_a_range_without_an_end_is_refused() -> None:
    with pytest.raises(CompilerError, match="min_value, max_value or both"):
        generic_tests()["accepted_range"]("anything", column="x")


def test_every_generic_test_is_tested() -> None:
    written = {name for path in GENERIC.glob("*.sql") for name in re.findall(r"{%-? test (\w+)\(", path.read_text())}
    of_the_warehouse = {"final_games_have_results", "files_are_whole", "no_load_staged_ahead"}
    assert written == {case.split()[0] for case in CASES} | of_the_warehouse


def store_file(connection: psycopg.Connection, archive: str, name: str, records: int, content_hash: str) -> int:
    row = connection.execute(
        "insert into raw_data.archive_files (archive, file_kind, file_name, observed_at, ingested_at, content_hash,"
        " byte_length, record_count, body, provenance, run_id)"
        " values (%s, 'csv', %s, '2025-01-01Z', '2025-01-01Z', %s, 1, %s, 'x', 'archive', 'test') returning load_id",
        [archive, name, content_hash, records],
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_file_is_whole_or_found(connection: psycopg.Connection) -> None:
    """Four files, three broken: one without rows, one with a cut hash, one with its folder in the name."""
    loads = [
        store_file(connection, "mlb_games", "whole.jsonl", 1, "a" * 64),
        store_file(connection, "mlb_games", "without_rows.jsonl", 1, "b" * 64),
        store_file(connection, "mlb_games", "cut_hash.jsonl", 0, "c" * 8),
        store_file(connection, "mlb_games", "folder/named.jsonl", 0, "d" * 64),
        store_file(connection, "tick_archive", "of_another_archive.csv", 1, "e" * 64),
    ]
    held = relation("load_id", str(loads[0]))
    assert {row[0] for row in found(connection, "files_are_whole", held, archive="mlb_games")} == set(loads[1:4])


def test_a_load_that_a_model_took_too_early_is_found(connection: psycopg.Connection) -> None:
    """Staged by both: fine. By the reader alone: its quotes would be lost. By the first alone: its reader missed it."""
    both, ahead, behind, also_both = (
        store_file(connection, "tick_archive", f"{n}.csv", 0, f"{n:064d}") for n in range(4)
    )
    staged = [("quotes", load) for load in (both, also_both, behind)]
    staged += [("ticks", load) for load in (both, also_both, ahead)]
    connection.cursor().executemany(
        "insert into operational.staged_loads (model, load_id, staged_at) values (%s, %s, '2025-01-01Z')", staged
    )
    chain = [[["quotes"], "ticks"], [["nobody"], "unread"]]
    assert {row[2] for row in found(connection, "no_load_staged_ahead", "unused", chain=chain)} == {ahead, behind}


def test_a_final_game_waits_two_days_for_its_result(database: Settings) -> None:
    """The clock stands at 2025-07-15: yesterday's final may still be without a result, last week's may not."""
    prepare(database)
    games = relation(
        "game_key, status, official_date",
        "1, 'final', date '2025-07-14'",
        "2, 'final', date '2025-07-08'",
        "3, 'final', date '2025-07-08'",
        "4, 'postponed', date '2025-07-08'",
    )
    with open_connection(plain_url(database.database_url or "")) as connection:
        rows = found(connection, "final_games_have_results", games, results=relation("game_key", "3"))
    assert [row[0] for row in rows] == [2]
