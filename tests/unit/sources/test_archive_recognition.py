"""A file is recognised by its content and its name."""

from __future__ import annotations

import gzip
import io

import polars as pl
import pytest
from archive_factories import game_log_line, mlb_game_line, sbr_season, tick_line, ticks

from dagster_mlb.sources.archive_file import ArchiveFile, ArchiveFileRefusedError
from dagster_mlb.sources.archive_recognition import archive_by_name, reason_to_ignore, recognise
from dagster_mlb.sources.archives import ArchiveFolderError, seasons_in


def parquet(**columns: list) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


TICK_COLUMNS = {name: ["x"] for name in ("source", "book", "away_team", "home_team", "market", "side", "price")}
GAMEINFO = {"gid": ["PHI200904050"], "visteam": ["ATL"], "hometeam": ["PHI"], "date": [20090405], "number": [0]}


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("mlb-odds-2019.xlsx", sbr_season(), ("sbr_archive", "xlsx")),
        ("season.csv", sbr_season(), ("sbr_archive", "xlsx")),
        ("any.csv", ticks(tick_line()), ("tick_archive", "csv")),
        ("any.CSV.GZ", gzip.compress(ticks(tick_line()), mtime=0), ("tick_archive", "csv")),
        ("any.csv", gzip.compress(ticks(tick_line()), mtime=0), ("tick_archive", "csv")),
        ("any.parquet", parquet(**TICK_COLUMNS), ("tick_archive", "parquet")),
        ("any.parquet", parquet(**GAMEINFO), ("retrosheet_games", "gameinfo")),
        ("any.csv", b"gid,visteam,hometeam,date,number\n", ("retrosheet_games", "gameinfo")),
        ("gl2016.txt", game_log_line().encode(), ("retrosheet_games", "game_log")),
        ("season.txt.gz", gzip.compress(game_log_line().encode(), mtime=0), ("retrosheet_games", "game_log")),
        ("games.csv", game_log_line().encode(), ("retrosheet_games", "game_log")),
        ("mlb_games_2021.jsonl", mlb_game_line().encode(), ("mlb_games", "jsonl")),
        ("bets.csv", b"date,away_team,home_team,market,side,line,price,book,stake\n", ("bet_slips", "csv")),
        ("bets.csv", b"\xef\xbb\xbfDate;Away;Home;Bet Type;Pick;Odds;Risk\n", ("bet_slips", "csv")),
        ("LICENSE.txt", b"Permission is hereby granted", None),
    ],
)
def test_content_decides_which_archive_a_file_is_of(name, body, expected):
    assert recognise(ArchiveFile(name, body)) == expected


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("empty.csv", b"", "empty .0 bytes."),
        ("blank.csv.gz", gzip.compress(b"\n\n", mtime=0), "nothing in it but blank lines"),
        ("wide.csv", "source,book,price".encode("utf-16"), "UTF-16"),
        ("semicolons.csv", b"source;book;away_team;home_team;market;side;price\n", "Save it separated by commas"),
        ("other.csv", b"name,age\n", "columns are those of no archive: name, age"),
        ("other.parquet", parquet(name=["x"]), "columns are those of no archive: name"),
        ("cut.parquet", parquet(**TICK_COLUMNS)[:-30], "cannot be read as Parquet"),
    ],
)
def test_a_file_named_like_an_archive_that_is_none_is_refused(name, body, message):
    with pytest.raises(ArchiveFileRefusedError, match=message):
        recognise(ArchiveFile(name, body))


def test_a_truncated_gzip_without_a_line_raises_what_is_wrong_with_it():
    with pytest.raises(EOFError):
        recognise(ArchiveFile("cut.csv.gz", gzip.compress(ticks(tick_line()), mtime=0)[:12]))


@pytest.mark.parametrize(
    "name", [".DS_Store", "~$mlb-odds-2019.xlsx", "README.md", "readme.txt", "odds.json", "gl2016.zip", "kept.sealed"]
)
def test_names_that_cannot_be_archives_are_ignored_with_a_reason(name):
    assert reason_to_ignore(name)


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        ("a.xls", "sbr_archive"),
        ("a.jsonl.gz", "mlb_games"),
        ("gl2019.txt", "retrosheet_games"),
        ("gameinfo.csv", "retrosheet_games"),
        ("a.csv", "tick_archive"),
    ],
)
def test_a_damaged_file_is_counted_to_the_archive_that_its_name_speaks_of(name, archive):
    assert archive_by_name(name) == archive


def test_the_seasons_of_a_folder_are_told_by_the_names_of_its_files(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("mlb-odds-2010.xlsx", "deep/consensus_2018_2020.csv.gz", "splits_2025-06-13.json", "README_1999.md"):
        (tmp_path / name).touch()
    assert seasons_in(tmp_path) == [2010, 2018, 2019, 2020]


def test_a_folder_that_does_not_exist_is_told_by_name(tmp_path):
    with pytest.raises(ArchiveFolderError, match=r"nowhere does not exist\. Name a folder"):
        seasons_in(tmp_path / "nowhere")
