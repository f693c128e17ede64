"""Baseball Savant: what is asked, and how its CSV is cut into cells whatever its age and whatever went wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.savant import client, parse
from dagster_mlb.sources.savant.collect import collect_pitches
from dagster_mlb.sources.savant.schemas import COLUMNS, CORE_COLUMNS, KEY, REPEATED_COLUMNS, ROW_COLUMNS

HEADER = ",".join(f'"{name}"' for name in COLUMNS)


def line(**cells: str) -> str:
    return ",".join(cells.get(name, "") for name in COLUMNS)


def cell(row: object, name: str) -> str | None:
    """As it is stored: an empty cell is NULL."""
    return row[ROW_COLUMNS.index(name)] or None  # type: ignore[index]


def body(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines]).encode()


# ---------------------------------------------------------------- what is asked


def test_a_day_is_asked_with_both_ends_the_same_and_the_whole_form() -> None:
    request = client.day_request(date(2025, 7, 14), capture="captured")
    assert request.params["game_date_gt"] == request.params["game_date_lt"] == "2025-07-14"
    assert (request.params["all"], request.params["type"], request.params["player_type"]) == (
        *("true", "details"),
        "pitcher",
    )
    assert request.params["hfGT"] == "R|PO|S|"
    assert request.params["team"] == request.params["hfPT"] == ""
    assert (request.expects, request.official_date, request.priority) == ("csv", date(2025, 7, 14), "history")


def test_a_game_is_asked_by_its_id_alone() -> None:
    assert client.game_request(777001, capture="backfilled").params == {
        "all": "true",
        "type": "details",
        "game_pk": "777001",
    }


def test_a_cut_day_is_asked_club_by_club_under_the_names_of_its_season() -> None:
    teams = [request.params["team"] for request in client.team_requests(date(2025, 7, 14), capture="captured")]
    before = [request.params["team"] for request in client.team_requests(date(2024, 7, 14), capture="captured")]
    assert len(set(teams)) == 30
    assert set(before) - set(teams) == {"OAK"}
    assert len({r.request_key for r in client.team_requests(date(2025, 7, 14), capture="captured")}) == 30


def test_seven_days_are_pulled_again_and_today_is_not() -> None:
    days = client.days_to_pull(date(2025, 7, 16))
    assert days == [date(2025, 7, day) for day in range(9, 16)]


def test_one_request_a_second_one_at_a_time() -> None:
    assert (client.POLICY.min_interval_s, client.POLICY.concurrency) == (1.0, 1)


def test_in_production_it_is_off_and_says_how_to_switch_it_on() -> None:
    with pytest.raises(SourceNotConfiguredError, match="MLB_ENABLED_SOURCES"):
        collect_pitches(Settings(environment="production"), run_id="run-1")


# ---------------------------------------------------------------- reading


def test_cells_are_found_by_name_and_missing_ones_are_none() -> None:
    parsed = parse.read(body(line(game_pk="7", at_bat_number="1", pitch_number="2", release_speed='"null"', zone="4")))
    (row,) = parsed.rows
    assert parsed.problem is None
    assert [cell(row, name) for name in (*KEY, "zone")] == ["7", "1", "2", "4"]
    assert cell(row, "release_speed") is None
    assert cell(row, "events") is None
    assert len(row) == len(ROW_COLUMNS)


def test_the_order_of_the_columns_does_not_matter() -> None:
    parsed = parse.read(b"pitch_number,game_pk,zone,at_bat_number\n2,7,4,1\n")
    assert [cell(parsed.rows[0], name) for name in (*KEY, "zone")] == ["7", "1", "2", "4"]
    assert parsed.problem is not None
    assert parsed.problem.startswith("columns missing: pitch_type, game_date")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_names_keep_their_accents_in_every_encoding(encoding: str) -> None:
    pitch = line(game_pk="7", at_bat_number="1", pitch_number="2", player_name='"Díaz, Yandy"')
    text = f"{HEADER}\r\n{pitch}\r\n"
    (row,) = parse.read(text.encode(encoding)).rows
    assert cell(row, "player_name") == "Díaz, Yandy"
    assert cell(row, "pitch_type") is None


def test_a_name_that_stands_twice_is_kept_twice() -> None:
    header = "game_pk,at_bat_number,pitch_number,pitcher,fielder_2,pitcher,fielder_2,pitcher"
    (row,) = parse.read(f"{header}\n7,1,2,11,22,33,44,55\n".encode()).rows
    assert [cell(row, name) for name in ("pitcher", "fielder_2", *REPEATED_COLUMNS)] == ["11", "22", "33", "44"]
    assert json.loads(cell(row, "extra") or "") == {"pitcher_2": "55"}


def test_a_column_that_nobody_knows_is_kept_and_told_of() -> None:
    lines = [line(game_pk="7", at_bat_number="1", pitch_number=str(n)) + f",{n},null" for n in (1, 2)]
    parsed = parse.read(body(*lines, header=HEADER + ",grip_pressure,mood"))
    assert [json.loads(cell(row, "extra") or "") for row in parsed.rows] == [
        {"grip_pressure": "1", "mood": None},
        {"grip_pressure": "2", "mood": None},
    ]
    assert parsed.problem == "columns not known, kept in extra: grip_pressure, mood"


def test_an_unknown_cell_with_a_nul_still_makes_json_for_the_database() -> None:
    parsed = parse.read(
        body(line(game_pk="7", at_bat_number="1", pitch_number="1") + ",a\x00b", header=HEADER + ",new")
    )
    assert json.loads(cell(parsed.rows[0], "extra") or "") == {"new": "a�b"}


def test_a_line_that_does_not_fit_spoils_no_neighbour() -> None:
    good = line(game_pk="7", at_bat_number="1", pitch_number="1")
    parsed = parse.read(body(good, "7,1", "", good.replace("7", "8", 1)))
    assert [cell(row, "line_problem") for row in parsed.rows] == [None, "2 cells where the header names 119: 7,1", None]
    assert cell(parsed.rows[1], "game_pk") is None


def test_a_quote_that_is_never_closed_swallows_no_line_below() -> None:
    lines = [line(game_pk=str(n), at_bat_number="1", pitch_number="1", des='"a pitch"') for n in range(1, 5)]
    lines[1] = lines[1].replace('"a pitch"', '"a pitch')
    parsed = parse.read(body(*lines))
    assert [cell(row, "game_pk") for row in parsed.rows] == ["1", None, "3", "4"]
    assert (cell(parsed.rows[1], "line_problem") or "").startswith("16 cells where the header names 119")


def test_a_cell_may_hold_ends_of_lines() -> None:
    two = [line(game_pk="7", at_bat_number="1", pitch_number=str(n), des='"first\r\nsecond\nthird"') for n in (1, 2)]
    parsed = parse.read(body(*two))
    assert [cell(row, "des") for row in parsed.rows] == ["first\r\nsecond\nthird"] * 2


def test_a_cell_as_long_as_a_body_is_read() -> None:
    parsed = parse.read(body(line(game_pk="7", at_bat_number="1", pitch_number="1", des="x" * 300_000)))
    assert len(cell(parsed.rows[0], "des") or "") == 300_000


def test_a_header_alone_is_an_empty_day_and_no_problem() -> None:
    parsed = parse.read(body())
    assert (list(parsed.rows), parsed.problem) == ([], None)


def test_so_many_rows_are_taken_as_cut() -> None:
    lines = [f"{n},1,1" for n in range(parse.ROW_CAP)]
    header = ",".join([*KEY, *(name for name in CORE_COLUMNS if name not in KEY)])
    padding = "," * (len(CORE_COLUMNS) - 3)
    parsed = parse.read("\n".join([header, *(text + padding for text in lines)]).encode())
    assert len(parsed.rows) == parse.ROW_CAP
    assert parsed.problem == "25000 rows: the search cuts its answers at 25000, this one is not whole"
    whole = parse.read("\n".join([header, *(text + padding for text in lines[1:])]).encode())
    assert (len(whole.rows), whole.problem) == (parse.ROW_CAP - 1, None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'"error"\n"Error: Query Timeout"\n', "the search failed: Error: Query Timeout"),
        (b"<!DOCTYPE html>\n<html></html>", "a page of HTML where CSV is expected: <!DOCTYPE html>"),
        (b"", "the answer is empty: not even a header"),
        (b'{"a": 1}', "no pitches: the header lacks game_pk, at_bat_number, pitch_number"),
        (b"err\x00or\nno\n", "no pitches: the header lacks game_pk, at_bat_number, pitch_number"),
        (b'"error"\nno\x00\n', "the search failed: no\ufffd"),
        (b"game_pk,zone\n1,2\n", "no pitches: the header lacks at_bat_number, pitch_number"),
    ],
)
def test_what_holds_no_pitches_says_why(answer: bytes, said: str) -> None:
    parsed = parse.read(answer)
    assert (list(parsed.rows), parsed.problem) == ([], said)


def test_the_error_column_is_told_from_data() -> None:
    assert parse.error_of(b'\xef\xbb\xbf"error"\r\n"Error: Query Timeout"') == "Error: Query Timeout"
    assert parse.error_of(b"error") == "error"
    assert parse.error_of(body()) is None
    assert parse.error_of(b"") is None


# ---------------------------------------------------------------- the format and its table


def test_the_rows_table_has_the_columns_that_the_reader_cuts() -> None:
    path = PROJECT_ROOT / "dagster_mlb" / "warehouse" / "migrations" / "versions" / "0002_savant.sql"
    text = path.read_text(encoding="utf-8")
    named = text[text.index("array[") : text.index("]")].removeprefix("array[")
    assert tuple(name.strip().strip("'") for name in named.split(",")) == ROW_COLUMNS
    assert parse.READER.columns == ROW_COLUMNS


def test_no_column_is_named_twice() -> None:
    assert len(set(ROW_COLUMNS)) == len(ROW_COLUMNS)
    assert (len(CORE_COLUMNS), len(COLUMNS)) == (87, 119)


@pytest.mark.real_data
def test_the_columns_are_those_of_2026(wire_dir: Path) -> None:
    told = (wire_dir / "statcast" / "columns_2026_order.txt").read_text(encoding="utf-8").split()
    assert tuple(told) == COLUMNS


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    [
        "pybaseball_single_game_request_raw_2020-09-03.csv",
        "pybaseball_small_request_raw_2020-09-03_head400.csv",
        "pybaseball_statcast_batter_raw.csv",
    ],
)
def test_the_recordings_hold_no_column_that_is_not_known(wire_dir: Path, name: str) -> None:
    parsed = parse.read((wire_dir / "statcast" / name).read_bytes())
    assert parsed.problem is None
    assert {cell(row, "line_problem") for row in parsed.rows} == {None}
    assert {cell(row, "extra") for row in parsed.rows} == {None}
    assert all(cell(row, "pitcher") == cell(row, "pitcher_1") for row in parsed.rows)
