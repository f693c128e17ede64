"""Retrosheet's game logs and gameinfo files, and mlb_games lines, as records."""

from __future__ import annotations

import io

import polars as pl
import pytest
from archive_factories import game_log_line, mlb_game_line
from pydantic import ValidationError

from dagster_mlb.sources.archive_file import ArchiveFile, ArchiveFileRefusedError
from dagster_mlb.sources.mlb_games.schemas import MlbGame
from dagster_mlb.sources.retrosheet_games.parse import looks_like_game_log, read_game_log, read_gameinfo
from dagster_mlb.sources.retrosheet_games.schemas import REQUIRED_GAMEINFO_FIELDS, RETROSHEET_GAMEINFO_FIELDS

INFO_CSV = b"hometeam,gid,visteam,date,number,vruns,hruns,oscorer\nPHI,PHI200904050,ATL,20090405,0,4,1,someone\n"


def test_a_game_logs_fields_come_in_order_with_their_line_number():
    file = ArchiveFile("gl2016.txt", f"{game_log_line('20160403')}\n\n{game_log_line('20160404')}\n".encode())
    rows = list(read_game_log(file))
    assert [(number, cells[0], len(cells)) for number, cells in rows] == [(1, "20160403", 161), (3, "20160404", 161)]


def test_a_game_log_line_that_was_cut_is_passed_on_for_staging_to_quarantine():
    file = ArchiveFile("gl2016.txt", f'{game_log_line()}\n"20160404","0"\n"20160405,1'.encode())
    assert [cells for _, cells in read_game_log(file)][1:] == [["20160404", "0"], ['"20160405,1']]


def test_a_game_log_without_161_fields_is_refused():
    with pytest.raises(ArchiveFileRefusedError, match="161 comma-separated fields"):
        list(read_game_log(ArchiveFile("gl2016.txt", game_log_line(fields=160).encode())))
    assert not looks_like_game_log(game_log_line("April 3"))


def test_gameinfo_columns_are_put_in_the_order_that_sql_reads_them_by():
    remarks: list[str] = []
    ((number, cells),) = read_gameinfo(ArchiveFile("gameinfo.csv", INFO_CSV), remarks)
    assert number == 2
    assert dict(zip(RETROSHEET_GAMEINFO_FIELDS, cells, strict=True)) == dict.fromkeys(RETROSHEET_GAMEINFO_FIELDS) | {
        "gid": "PHI200904050",
        "hometeam": "PHI",
        "visteam": "ATL",
        "date": "20090405",
        "number": "0",
        "vruns": "4",
        "hruns": "1",
    }
    assert remarks == ["columns not read: oscorer"]


def test_gameinfo_parquet_has_whole_numbers_without_a_decimal_point():
    buffer = io.BytesIO()
    columns = {name: ["x"] for name in REQUIRED_GAMEINFO_FIELDS} | {"number": [1.0], "date": [20090405]}
    pl.DataFrame(columns | {"usedh": [False], "innings": [None]}).write_parquet(buffer)
    ((number, cells),) = read_gameinfo(ArchiveFile("gameinfo.parquet", buffer.getvalue()), [])
    shown = dict(zip(RETROSHEET_GAMEINFO_FIELDS, cells, strict=True))
    assert number == 1
    assert (shown["number"], shown["date"], shown["innings"], shown["usedh"]) == ("1", "20090405", None, "false")


def test_a_malformed_gameinfo_line_stands_whole_in_its_first_cell():
    rows = list(read_gameinfo(ArchiveFile("gameinfo.csv", INFO_CSV + b"PHI,PHI2009\n"), []))
    assert rows[1] == (3, ["PHI,PHI2009", *[None] * (len(RETROSHEET_GAMEINFO_FIELDS) - 1)])


def test_gameinfo_without_a_score_is_refused_and_names_the_columns():
    with pytest.raises(ArchiveFileRefusedError, match="column vruns, hruns is missing"):
        list(read_gameinfo(ArchiveFile("gameinfo.csv", b"gid,visteam,hometeam,date,number\n"), []))


def test_the_order_of_gameinfo_fields_never_changes():
    assert [RETROSHEET_GAMEINFO_FIELDS.index(name) + 1 for name in ("gid", "date", "temp", "hruns", "season")] == [
        *(1, 5, 15, 25, 28)
    ]


def test_an_mlb_games_line_is_a_game():
    game = MlbGame.model_validate_json(mlb_game_line(day="2021-04-01"))
    assert (game.official_date.isoformat(), game.home_score) == ("2021-04-01", 2)
    with pytest.raises(ValidationError):
        MlbGame.model_validate_json('{"game_pk": "none"}')
