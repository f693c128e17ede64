"""The gate of loads: what cannot be what it says it is waits, its neighbours go on, a person releases it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from archive_factories import game_log_line, grid, mlb_game_line, sbr_season, workbook
from archive_world import SBR_HEADER, game_log_file, sbr_file, sbr_rows, season, tick_file, tick_lines, written
from command_line import mlb

from dagster_mlb.pipeline import load_archives, transform
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.held import HeldLoadError, gate_loads, hold, list_held, release
from dagster_mlb.warehouse.prepare import prepare

GAMES = season()
CHANGED = [[*row[:8], (row[8] + 1 if isinstance(row[8], int) else row[8]), *row[9:]] for row in sbr_rows(GAMES)]
SECOND_VERSION = workbook({"Sheet1": grid([SBR_HEADER, *CHANGED])})


def loaded(settings: Settings, folder: Path, **files: bytes) -> None:
    prepare(settings)
    written(folder, {name.replace("__", "."): body for name, body in files.items()})
    load_archive(settings, folder, run_id="test")


def test_good_loads_pass(database: Settings, tmp_path: Path) -> None:
    loaded(
        database,
        tmp_path,
        gl2016__txt=game_log_file(GAMES),
        odds_2016__xlsx=sbr_file(GAMES),
        ticks__csv=tick_file(tick_lines(GAMES, hours=(5,))),
        games__jsonl=(mlb_game_line() + "\n").encode(),
    )
    assert gate_loads(database, "test") == []


def test_a_sheet_without_a_header_beside_a_small_one_that_has_one_is_held(database: Settings, tmp_path: Path) -> None:
    rows = sbr_rows(GAMES)
    book = workbook({"Sheet1": grid([SBR_HEADER, *rows[:8]]), "Sheet2": grid(rows[8:])})
    loaded(database, tmp_path, odds_2016__xlsx=book)
    [held] = gate_loads(database, "test")
    assert (held.source, held.name, held.rule) == ("sbr_archive", "odds_2016.xlsx", "mostly_unreadable")
    assert held.reason.startswith("odds_2016.xlsx: 16 of 24 records have not the shape of sbr_archive")


def test_a_game_log_of_which_most_lines_are_cut_is_held_and_its_neighbour_is_not(
    database: Settings, tmp_path: Path
) -> None:
    cut = [game_log_line(), *[game_log_line(fields=120)] * 3]
    loaded(database, tmp_path, gl2015__txt=("\n".join(cut) + "\n").encode(), gl2016__txt=game_log_file(GAMES))
    assert [(held.name, held.rule) for held in gate_loads(database, "test")] == [("gl2015.txt", "mostly_unreadable")]


def test_lines_that_are_no_json_are_held_when_they_are_most(database: Settings, tmp_path: Path) -> None:
    few, most = [mlb_game_line(), mlb_game_line(2), "{"], [mlb_game_line(3), "{", "["]
    loaded(database, tmp_path, few__jsonl="\n".join(few).encode(), most__jsonl="\n".join(most).encode())
    assert [held.name for held in gate_loads(database, "test")] == ["most.jsonl"]


def test_a_season_of_four_games_is_held_and_one_of_five_is_not(database: Settings, tmp_path: Path) -> None:
    loaded(database, tmp_path, odds_2015__xlsx=sbr_season(4), odds_2014__xlsx=sbr_season(5))
    [held] = gate_loads(database, "test")
    assert (held.name, held.rule) == ("odds_2015.xlsx", "short_season")
    assert "season 2015 has 8 rows" in held.reason


def test_the_second_half_of_a_season_in_a_file_of_its_own_is_no_second_version(
    database: Settings, tmp_path: Path
) -> None:
    loaded(database, tmp_path, a_2016__xlsx=sbr_file(GAMES[:6]), b_2016__xlsx=sbr_file(GAMES[6:]))
    assert gate_loads(database, "test") == []


def test_a_held_load_is_told_once_raises_an_alert_and_is_not_judged_again_after_its_release(
    database: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    loaded(database, tmp_path, odds_2015__xlsx=sbr_season(4))
    [held] = gate_loads(database, "run-1")
    assert list_held(database) == [held]
    gate_loads(database, "run-2")
    alerts = "select severity, source, run_id, message, cleared_at is null from operational.alerts"
    [(severity, source, run_id, message, is_open)] = connection.execute(alerts).fetchall()
    assert (severity, source, run_id, is_open) == ("warning", "sbr_archive", "run-1", True)
    assert message == f"load {held.load_id} is held (short_season): {held.reason}"

    assert mlb(database, "loads", "held").lines("odds_2015.xlsx", "short_season")
    told = mlb(database, "loads", "release", str(held.load_id), "--by", "a person")
    assert told.text.strip() == f"Load {held.load_id} (odds_2015.xlsx) is released: the next run stages it."
    assert gate_loads(database, "run-3") == []
    assert list_held(database) == []
    assert [one.released_by for one in list_held(database, released=True)] == ["a person"]
    assert [row[4] for row in connection.execute(alerts).fetchall()] == [False]
    assert mlb(database, "loads", "held").text.strip() == "No load is held."
    assert mlb(database, "loads", "held", "--all").lines("odds_2015.xlsx", "short_season")


def test_a_load_that_does_not_wait_cannot_be_released(database: Settings, tmp_path: Path) -> None:
    with pytest.raises(HeldLoadError, match=r"Load 7 is not held \(no load waits\)"):
        release(database, 7, released_by="a person")
    loaded(database, tmp_path, odds_2015__xlsx=sbr_season(4))
    [held] = gate_loads(database, "test")
    with pytest.raises(HeldLoadError, match=rf"Load 7000 is not held \(loads {held.load_id} wait\)"):
        release(database, 7000, released_by="a person")


def test_a_load_that_is_staged_cannot_be_held_any_more(database: Settings, connection: psycopg.Connection) -> None:
    connection.execute("insert into operational.staged_loads values ('stg_mlb_games__games', 5, %s)", [database.now()])
    with connect(database) as conn, pytest.raises(HeldLoadError, match="Load 5 is staged already"):
        hold(conn, 5, "mlb_games", "by_hand", "a doubt", database.now())


@pytest.mark.prove
def test_another_version_of_a_season_waits_and_adds_its_records_when_released(
    database: Settings, tmp_path: Path
) -> None:
    first = written(tmp_path / "first", {"gl2016.txt": game_log_file(GAMES), "odds_2016.xlsx": sbr_file(GAMES)})
    load_archives(database, first)
    load_archives(database, written(tmp_path / "second", {"odds_2016_b.xlsx": SECOND_VERSION}))
    [held] = list_held(database)
    assert held.rule == "another_version"
    assert held.reason == (
        "odds_2016_b.xlsx: another version of season 2016 is loaded (load 2): release it to add its records, "
        "see the runbook"
    )
    accounts = """select records, staged, quarantined, held, difference from operational.record_accounting
                  where raw_table = 'raw_data.sbr_archive'"""
    assert read_frame(database, accounts).rows() == [(48, 24, 0, 24, 0)]

    release(database, held.load_id, released_by="a person")
    transform(database, run_id="test")
    assert read_frame(database, accounts).rows() == [(48, 48, 0, 0, 0)]
    assert read_frame(database, "select count(*) from curated.moneylines").rows() == [(12,)]


def test_status_and_sources_tell_what_waits(database: Settings, tmp_path: Path) -> None:
    loaded(database, tmp_path, odds_2015__xlsx=sbr_season(4), gl2016__txt=game_log_file(GAMES))
    gate_loads(database, "test")
    told = mlb(database, "status", "--checksums")
    assert told.lines("odds_2015.xlsx", "held")
    assert told.lines("gl2016.txt", "12", "pending")
    assert told.lines("1 loads wait to be staged, 1 are held (`mlb loads held`).")
    sources = mlb(database, "sources")
    assert sources.lines("sbr_archive", "stored")
    assert sources.lines("retrosheet_games", "stored")
