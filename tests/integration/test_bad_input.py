"""Bad input, all in one folder: each gets one clear message naming file, row and rule, and the good rows load."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from archive_factories import grid, tick_line, workbook
from archive_world import (
    CLUBS,
    SBR_HEADER,
    game_log_file,
    sbr_file,
    sbr_rows,
    season,
    tick_file,
    tick_lines,
    written,
)
from command_line import Told, mlb
from conftest import NOW
from world import Server, fresh_database

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.frames import read_frame

GAMES = season()
UNKNOWN_CODE_ROWS = [12, 13]  # of the sheet: the home club's code is unknown, so its visitor waits too
TEXT_PRICE_ROW = 4
NO_PRICE = b"source,book,event_ref,official_date,away_team,home_team,market,side,line\na,b,c,2016-05-02,d,e,f,g,h\n"


@dataclass(frozen=True)
class World:
    settings: Settings
    told: Told  # what `mlb archive load` wrote

    def rows(self, query: str) -> list[tuple]:
        return read_frame(self.settings, query).rows()


def bad_files() -> dict[str, bytes]:
    rows = sbr_rows(GAMES)
    text_price = list(rows[TEXT_PRICE_ROW - 2])
    text_price[8] = "closed"
    rows[TEXT_PRICE_ROW - 2] = text_price
    unknown = list(rows[UNKNOWN_CODE_ROWS[1] - 2])
    unknown[3] = "HOW"
    rows[UNKNOWN_CODE_ROWS[1] - 2] = unknown

    nobody = replace(GAMES[0], index=99, away=CLUBS[2], home=CLUBS[1], start=GAMES[0].start + timedelta(hours=2))
    lines = [
        *tick_lines(GAMES[:2], hours=(6, 3)),
        tick_line(event_ref="e0", price="even money"),
        *tick_lines([nobody], hours=(4,)),
    ]
    whole_sheet = sbr_file([replace(game, index=game.index) for game in GAMES])
    return {
        "gl2016.txt": game_log_file(GAMES),
        "mlb-odds-2016.xlsx": workbook({"Sheet1": grid([SBR_HEADER, *rows])}),
        "mlb-odds-2017.xlsx": whole_sheet[: len(whole_sheet) // 2],
        "ticks_2016.csv": tick_file(lines),
        "ticks_without_a_price_2016.csv": NO_PRICE,
        "ticks_empty_2016.csv": b"",
        "mlb-odds-2018.xlsx": random.Random(0).randbytes(500),
    }


@pytest.fixture(scope="module")
def world(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = written(tmp_path_factory.mktemp("bad"), bad_files())
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as settings:
        yield World(settings, mlb(settings, "archive", "load", str(folder)))


@pytest.mark.parametrize(
    ("file_name", "rule", "what"),
    [
        ("mlb-odds-2017.xlsx", "rule workbook", "cannot be read as a workbook"),
        ("mlb-odds-2018.xlsx", "rule workbook", "cannot be read as a workbook"),
        ("ticks_without_a_price_2016.csv", "rule columns", "price"),
        ("ticks_empty_2016.csv", "rule", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_message(
    world: World, file_name: str, rule: str, what: str
) -> None:
    [message] = {line for line in world.told.lines(file_name, rule) if line.startswith(f"refused {file_name}")}
    assert what in message
    assert world.told.code == 1


def test_the_good_files_and_their_good_rows_are_staged(world: World) -> None:
    assert world.rows("select file_name from raw_data.archive_files order by file_name") == [
        ("gl2016.txt",),
        ("mlb-odds-2016.xlsx",),
        ("ticks_2016.csv",),
    ]
    counts = """select raw_table, records, staged, quarantined, difference from operational.record_accounting
                where records > 0 order by raw_table"""
    assert world.rows(counts) == [
        ("raw_data.retrosheet_games", 12, 12, 0, 0),
        ("raw_data.sbr_archive", 24, 22, 2, 0),
        ("raw_data.tick_archive", 11, 10, 1, 0),
    ]
    assert world.rows("select count(*) from curated.moneylines where source = 'sbr_archive'") == [(11,)]


def test_text_in_a_price_costs_that_price_and_nothing_else(world: World) -> None:
    listed = mlb(world.settings, "quarantine", "list")
    assert listed.code == 0
    assert listed.lines("ticks_2016.csv", " 10 ", "record", "invalid_price", 'price "even money" is no number')
    assert listed.lines("mlb-odds-2016.xlsx", f" {TEXT_PRICE_ROW} ", "field", "invalid_cell", "Close=CLOSED")
    kept = """select m.open_home_price, m.close_home_price from curated.moneylines as m
              join staging.game_crosswalk as t using (game_key)
              where t.source = 'sbr_archive' and m.source = 'sbr_archive' and t.event_id like '2016-05-02:%'
              order by t.event_id desc"""
    opens_and_closes = world.rows(kept)
    assert len(opens_and_closes) == 2
    assert all(opened is not None for opened, _ in opens_and_closes)
    assert sum(closed is None for _, closed in opens_and_closes) == 1


def test_a_game_that_nobody_knows_is_listed_and_kept_out_of_the_marts(world: World) -> None:
    [(reason,)] = world.rows("select reason from staging.unmatched_events where source = 'test_archive'")
    assert "no known game of these clubs on this day" in reason
    assert world.rows("select count(*) from curated.moneylines where source = 'test_archive'") == [(2,)]


def test_an_unknown_club_is_taught_and_exactly_its_rows_are_staged(world: World) -> None:
    staged = "select record_number from staging.stg_sbr_archive__rows where disposition = 'staged' order by 1"
    before = {row for (row,) in world.rows(staged)}
    listed = mlb(world.settings, "quarantine", "list", "--rule", "unknown_team")
    [line] = listed.lines("mlb-odds-2016.xlsx", 'team code "HOW" is unknown: teach it with `mlb alias add`')
    assert f" {UNKNOWN_CODE_ROWS[1]} " in line
    untouched = world.rows("select load_id, staged_at from operational.staged_loads where load_id <> 2 order by 1, 2")

    club = next(game for game in GAMES if game.index == (UNKNOWN_CODE_ROWS[0] - 2) // 2).home
    taught = mlb(world.settings, "alias", "add", "how", club.name)
    assert taught.lines('"HOW" is', club.name)
    retried = mlb(world.settings, "quarantine", "retry", "--rule", "unknown_team")
    assert retried.code == 0
    assert retried.lines("1 were in quarantine, 0 are now.")

    assert {row for (row,) in world.rows(staged)} - before == set(UNKNOWN_CODE_ROWS)
    assert world.rows("select count(*) from curated.moneylines where source = 'sbr_archive'") == [(12,)]
    assert untouched == world.rows(
        "select load_id, staged_at from operational.staged_loads where load_id <> 2 order by 1, 2"
    )
    assert world.rows("select sum(abs(difference)) from operational.record_accounting") == [(0,)]
    assert mlb(world.settings, "alias", "list").lines("HOW", club.name, "taught")


def test_a_folder_that_does_not_exist_is_told(database: Settings, tmp_path: Path) -> None:
    told = mlb(database, "archive", "load", str(tmp_path / "no folder here"))
    assert told.code == 1
    assert told.text.strip() == (
        f"The folder of archives {tmp_path / 'no folder here'} does not exist. Name a folder that holds archive files."
    )


def test_an_empty_folder_changes_nothing(database: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = mlb(database, "archive", "load", str(tmp_path / "empty"))
    assert (told.code, "Traceback" in told.text) == (0, False)


@pytest.mark.parametrize(
    "command",
    [
        ("archive", "load", "."),
        ("status",),
        ("sources",),
        ("quarantine", "list"),
        ("quarantine", "retry"),
        ("trace", "curated.moneylines", "1", "2", "3"),
        ("alias", "list"),
        ("loads", "held"),
    ],
    ids=" ".join,
)
def test_a_database_that_is_down_is_told_with_its_address_and_without_its_password(command: tuple[str, ...]) -> None:
    told = mlb(None, *command, MLB_DATABASE_URL="postgresql://mlb:hunter2@127.0.0.1:9/mlb")
    assert told.code == 1
    [message] = told.text.strip().splitlines()
    assert message.startswith("The database 127.0.0.1:9/mlb cannot be reached")
    assert "Start that server, or correct MLB_DATABASE_URL" in message
    assert "hunter2" not in message
