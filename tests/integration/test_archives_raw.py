"""A folder of archive files into raw_data: once only, whole or not at all, and no file harms its neighbours."""

from __future__ import annotations

import gzip
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from archive_factories import TICK_HEADER, game_log_line, mlb_game_line, sbr_season, tick_line, ticks
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources import archives
from dagster_mlb.sources.archives import ArchiveFolderError, FileOutcome, load_archive
from dagster_mlb.sources.tick_archive.schemas import FIELDS
from dagster_mlb.warehouse.errors import WarehouseUnavailableError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One good file of every kind, in folders whose names say nothing."""
    root = tmp_path / "archives"
    gameinfo = b"gid,visteam,hometeam,date,number,vruns,hruns\nPHI200904050,ATL,PHI,20090405,0,4,1\n"
    for name, body in {
        "a/mlb-odds-2019.xlsx": sbr_season(2),
        "a/ticks_2016.csv.gz": gzip.compress(ticks(tick_line(), tick_line(side="home", price="102")), mtime=0),
        "b/gl2016.txt": f"{game_log_line()}\n".encode(),
        "b/gameinfo.csv": gameinfo,
        "b/mlb_games_2021.jsonl": f"{mlb_game_line()}\n{mlb_game_line(1)}\n".encode(),
        "README.md": b"about",
        "payload.json": b"{}",
    }.items():
        write(root / name, body)
    return root


def write(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def by_name(outcomes: list[FileOutcome]) -> dict[str, FileOutcome]:
    return {outcome.file_name: outcome for outcome in outcomes}


def counts(connection: psycopg.Connection) -> dict[str, int]:
    tables = ("archive_files", "sbr_archive", "tick_archive", "retrosheet_games", "mlb_games")
    return {table: connection.execute(f"select count(*) from raw_data.{table}").fetchone()[0] for table in tables}


def test_every_kind_of_file_is_stored_with_its_bytes_and_its_records(database, connection, folder):
    outcomes = by_name(load_archive(database, folder, run_id="run"))
    assert {name: (o.archive, o.file_kind, o.season, o.outcome, o.records) for name, o in outcomes.items()} == {
        "README.md": (None, None, None, "ignored", 0),
        "payload.json": (None, None, None, "ignored", 0),
        "mlb-odds-2019.xlsx": ("sbr_archive", "xlsx", 2019, "stored", 4),
        "ticks_2016.csv.gz": ("tick_archive", "csv", 2016, "stored", 2),
        "gl2016.txt": ("retrosheet_games", "game_log", 2016, "stored", 1),
        "gameinfo.csv": ("retrosheet_games", "gameinfo", 2009, "stored", 1),
        "mlb_games_2021.jsonl": ("mlb_games", "jsonl", 2021, "stored", 2),
    }
    files = "select file_name, body, byte_length, provenance, capture, observed_at = ingested_at, ingested_at, run_id"
    for name, body, length, *rest in connection.execute(f"{files} from raw_data.archive_files"):
        received = next(folder.rglob(name)).read_bytes()
        assert (body, length) == (received, len(received))
        assert rest == ["archive", "backfilled", True, database.now(), "run"]
    assert counts(connection) == {
        "archive_files": 5,
        "sbr_archive": 5,
        "tick_archive": 2,
        "retrosheet_games": 2,
        "mlb_games": 2,
    }


def test_records_hold_what_the_files_say(database, connection, folder):
    load_archive(database, folder, run_id="run")
    sheet = connection.execute(
        "select sheet, row_number, is_header, cells from raw_data.sbr_archive order by 2"
    ).fetchall()
    assert sheet[0][:3] == ("Sheet1", 1, True)
    assert sheet[2] == ("Sheet1", 3, False, ["404", "902", "H", "BOS", "JBECKETT-R", "9", "100", "NL"])
    tick = connection.execute(f"select row_number, {TICK_HEADER} from raw_data.tick_archive order by 1").fetchone()
    assert tick == (2, *[value or None for value in tick_line().split(",")])
    log = connection.execute("select cells from raw_data.retrosheet_games where file_kind = 'game_log'").fetchone()[0]
    assert (len(log), log[0], log[7], log[160]) == (161, "20160403", None, "Y")
    info = connection.execute("select cells from raw_data.retrosheet_games where file_kind = 'gameinfo'").fetchone()[0]
    assert info[:6] == ["PHI200904050", "ATL", "PHI", None, "20090405", "0"]
    assert (
        connection.execute("select line from raw_data.mlb_games order by row_number").fetchone()[0] == mlb_game_line()
    )


def test_a_second_load_changes_nothing_and_says_so(database, connection, folder):
    first = by_name(load_archive(database, folder, run_id="one"))
    before = counts(connection)
    write(folder / "c" / "copy.xlsx", (folder / "a" / "mlb-odds-2019.xlsx").read_bytes())
    second = by_name(load_archive(database, folder, run_id="two"))
    assert Counter(o.outcome for o in second.values()) == {"unchanged": 6, "ignored": 2}
    assert second["gl2016.txt"].load_id == first["gl2016.txt"].load_id
    assert "(mlb-odds-2019.xlsx)" in second["copy.xlsx"].message
    assert counts(connection) == before


def test_every_attempt_is_logged_with_its_run_and_the_platforms_clock(database, connection, folder):
    write(folder / "cut.xlsx", sbr_season(20)[:500])
    load_archive(database, folder, run_id="one")
    load_archive(database, folder, run_id="two")
    log = "select run_id, outcome, count(*) from operational.collection_log where correlation_id = run_id group by 1, 2"
    assert set(connection.execute(log).fetchall()) == {
        *{("one", "stored", 5), ("one", "refused", 1)},
        *{("two", "repeat", 5), ("two", "refused", 1)},
    }
    source, message = connection.execute(
        "select source, message from operational.collection_log where outcome = 'refused' and logged_at = %s limit 1",
        [database.now()],
    ).fetchone()
    assert source == "sbr_archive" and message.startswith("cut.xlsx: it cannot be read as a workbook")


BAD_FILES = {
    "cut-2018.xlsx": (sbr_season(50)[:1000], "cannot be read as a workbook"),
    "cut.csv.gz": (
        gzip.compress(ticks(*[tick_line(event_ref=str(n)) for n in range(9999)]), mtime=0)[:-20],
        "damaged or truncated",
    ),
    "broken.csv.gz": (b"\x1f\x8b\x08" + b"no gzip" * 9, "damaged or truncated"),
    "empty.csv": (b"", "the file is empty"),
    "wide.csv": (ticks(tick_line()).decode().encode("utf-16"), "UTF-16"),
    "noprice.csv": (ticks("x", header=TICK_HEADER.replace("price,", "")), "row 1: required column price missing"),
    "gl2015.txt": (b'"20150405","0"\n', "161 comma-separated fields"),
    "mlb_games_2022.jsonl": (b"[]\n", "no line is a JSON object"),
    "noseason.xlsx": (sbr_season(), "Rename the file so that it holds the season"),
    "cut.parquet": (b"PAR1 and nothing", "cannot be read as Parquet"),
}


def test_bad_files_are_refused_by_name_and_leave_nothing_while_their_neighbours_load(database, connection, folder):
    for name, (body, _) in BAD_FILES.items():
        write(folder / "bad" / name, body)
    os.mkfifo(folder / "bad" / "pipe.csv")
    (folder / "bad" / "lost.csv").symlink_to(folder / "nowhere")
    outcomes = by_name(load_archive(database, folder, run_id="run"))
    for name, (_, message) in BAD_FILES.items():
        assert outcomes[name].outcome == "refused"
        assert outcomes[name].message.startswith(name) and message in outcomes[name].message
    assert outcomes["pipe.csv"].outcome == outcomes["lost.csv"].outcome == "refused"
    assert sum(o.outcome == "stored" for o in outcomes.values()) == 5
    assert counts(connection)["tick_archive"] == 2


def test_a_file_that_cannot_be_opened_or_held_is_refused(database, folder, monkeypatch):
    def deny(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    denied = load_archive(database, folder, run_id="run", archives={"mlb_games"})
    assert [o.message for o in denied if o.outcome == "refused"] == [
        "mlb_games_2021.jsonl: it cannot be read (Permission denied) (rule file). Mend that and load it again."
    ]
    monkeypatch.setattr(archives, "LARGEST_FILE_BYTES", 10)
    large = load_archive(database, folder, run_id="run", archives={"mlb_games"})
    assert "larger than 1 GB" in next(o.message for o in large if o.outcome == "refused")


def test_noise_under_any_name_is_refused_or_ignored_and_nothing_of_it_stays(database, connection, tmp_path):
    (tmp_path / "in").mkdir()
    names = ("a_2016.xlsx", "b.csv", "c.csv.gz", "d.parquet", "gl2016.txt", "mlb_games.jsonl", "f.txt")
    heads = (b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"PAR1", b"source,book\0,market,side,price\n", b'{"game_pk"')
    for number, (name, head) in enumerate(itertools.product(names, heads)):
        write(tmp_path / "in" / f"{number}{name}", head + random.Random(number).randbytes(2_000))
    outcomes = load_archive(database, tmp_path / "in", run_id="run")
    assert len(outcomes) == len(names) * len(heads)
    assert {o.outcome for o in outcomes} == {"refused", "ignored"}
    assert set(counts(connection).values()) == {0}


TICK_FILES = {
    "plain.csv": ticks(tick_line(), tick_line(side="home")),
    "windows.csv": ticks(tick_line(), tick_line(side="home"), end="\r\n"),
    "quoted.csv": ticks(*[",".join(f'"{v}"' for v in tick_line(side=s).split(",")) for s in ("away", "home")]),
    "extra.csv": ticks(tick_line() + ",1", tick_line(side="home") + ",2", header=TICK_HEADER + ",volume"),
    "turned.csv": ticks(
        *[",".join(reversed(tick_line(side=s).split(","))) for s in ("away", "home")],
        header=",".join(reversed(TICK_HEADER.split(","))),
    ),
}


@pytest.mark.parametrize("name", TICK_FILES)
def test_ticks_are_the_same_whatever_their_quoting_line_ends_and_columns(database, connection, tmp_path, name):
    (outcome,) = load_archive(database, write(tmp_path / "in" / name, TICK_FILES[name]).parent, run_id="run")
    assert (outcome.outcome, outcome.records) == ("stored", 2)
    assert ("columns not read: volume" in outcome.message) == (name == "extra.csv")
    expected = [(n, *[v or None for v in tick_line(side=s).split(",")]) for n, s in ((2, "away"), (3, "home"))]
    rows = connection.execute(f"select row_number, {TICK_HEADER} from raw_data.tick_archive order by 1").fetchall()
    assert rows == expected


@pytest.mark.parametrize("quoted", [False, True])
def test_malformed_tick_rows_stay_visible_and_cost_no_neighbour(database, connection, tmp_path, quoted):
    good = tick_line(book='"a, b"' if quoted else "a")
    body = ticks(good, "too,few", tick_line() + ",more", good).replace(
        b"Pirates,moneyline", b"Pi\x00r\xe4,moneyline", 1
    )
    (outcome,) = load_archive(database, write(tmp_path / "in" / "ticks.csv", body).parent, run_id="run")
    assert (outcome.records, outcome.message) == (4, "2 malformed rows kept as they stand")
    rows = connection.execute(
        "select row_number, event_ref, book, home_team from raw_data.tick_archive order by 1"
    ).fetchall()
    assert [row[0] for row in rows] == [2, 3, 4, 5]
    assert rows[0][3] == "Pittsburgh Pi\ufffdr\ufffd"
    assert [row[1] for row in rows[1:3]] == ["too,few", tick_line() + ",more"]
    assert rows[3][1:3] == ("1", "a, b" if quoted else "a")


def test_a_block_whose_errors_cancel_out_is_read_again_tolerantly(database, connection, tmp_path):
    body = ticks(tick_line() + ",more", tick_line()[:-1], tick_line())
    (outcome,) = load_archive(database, write(tmp_path / "in" / "ticks.csv", body).parent, run_id="run")
    assert (outcome.records, outcome.message) == (3, "2 malformed rows kept as they stand")
    assert counts(connection)["tick_archive"] == 3


def test_a_parquet_file_gives_the_same_ticks_as_a_csv(database, connection, tmp_path):
    import polars as pl

    lines = [tick_line(), tick_line(market="total", side="over", line="8.5")]
    frame = pl.read_csv(ticks(*lines)).with_columns(
        pl.col("observed_at", "commence_time").str.to_datetime(time_zone="UTC")
    )
    (tmp_path / "in").mkdir()
    frame.write_parquet(tmp_path / "in" / "ticks_2016.parquet")
    (outcome,) = load_archive(database, tmp_path / "in", run_id="run")
    assert (outcome.file_kind, outcome.season, outcome.records) == ("parquet", 2016, 2)
    rows = connection.execute(f"select row_number, {TICK_HEADER} from raw_data.tick_archive order by 1").fetchall()
    assert rows == [(n, *[v or None for v in line.split(",")]) for n, line in enumerate(lines, 1)]


def test_text_that_could_break_a_copy_survives_it(database, connection, tmp_path):
    nasty = '{"game_pk": 1, "official_date": "2021-04-01", "home": "tab\there \\"quoted\\" back\\\\slash \\n"}'
    write(tmp_path / "in" / "mlb_games.jsonl", f"{nasty}\n\\.\n".encode())
    cells = ['O"Neil', "back\\slash", "a,b", "{x}", "NULL", "tab\tin"]
    fields = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    rest = game_log_line().split(",")[len(cells) + 1 :]
    write(tmp_path / "in" / "gl2016.txt", f'"20160403",{fields},{",".join(rest)}\n'.encode())
    load_archive(database, tmp_path / "in", run_id="run")
    lines = connection.execute("select line from raw_data.mlb_games order by row_number").fetchall()
    assert lines == [(nasty,), ("\\.",)]
    assert connection.execute("select cells[2:7] from raw_data.retrosheet_games").fetchone()[0] == cells


def test_archives_and_seasons_narrow_the_load(database, folder):
    only = load_archive(database, folder, run_id="run", archives={"retrosheet_games", "tick_archive"}, seasons={2016})
    assert {o.file_name for o in only if o.outcome == "stored"} == {"gl2016.txt", "ticks_2016.csv.gz"}
    again = load_archive(database, folder, run_id="run", archives={"tick_archive"}, seasons={2016})
    assert {o.file_name for o in again if o.outcome == "unchanged"} == {"ticks_2016.csv.gz"}
    write(folder / "consensus_2018_2024.csv", ticks(tick_line()))
    several = load_archive(database, folder, run_id="run", archives={"tick_archive"}, seasons={2020})
    assert [(o.file_name, o.season) for o in several if o.outcome == "stored"] == [("consensus_2018_2024.csv", None)]


def test_a_file_whose_content_is_of_another_season_leaves_nothing(database, connection, folder):
    (folder / "b" / "mlb_games_2021.jsonl").rename(folder / "b" / "games.jsonl")
    outcomes = load_archive(database, folder / "b", run_id="run", archives={"mlb_games"}, seasons={2016})
    assert outcomes == []
    assert set(counts(connection).values()) == {0}


def test_a_refused_file_of_another_archive_is_not_told(database, folder):
    write(folder / "cut-2019.xlsx", sbr_season()[:100])
    outcomes = load_archive(database, folder, run_id="run", archives={"mlb_games"})
    assert {o.outcome for o in outcomes} == {"stored", "ignored"}


def test_an_unknown_archive_is_an_error_that_names_the_archives(database, folder):
    with pytest.raises(ValueError, match="unknown archive sbr: the archives are sbr_archive"):
        load_archive(database, folder, run_id="run", archives={"sbr"})


def test_one_file_can_be_named_instead_of_a_folder_and_outcomes_are_told_as_they_come(database, folder):
    told: list[FileOutcome] = []
    outcomes = load_archive(database, folder / "b" / "gl2016.txt", run_id="run", on_file=told.append)
    assert [o.outcome for o in outcomes] == ["stored"] and told == outcomes


def test_a_file_name_that_is_no_utf8_is_loaded(database, connection, tmp_path):
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/m\xfcnchen_2016.csv")).write_bytes(ticks(tick_line()))
    (outcome,) = load_archive(database, tmp_path / "in", run_id="run")
    assert (outcome.outcome, outcome.file_name) == ("stored", "m\ufffdnchen_2016.csv")


def test_a_folder_that_is_not_there_is_an_error_before_the_database_is_asked(tmp_path):
    nowhere = Settings(environment="test", database_url=SecretStr("postgresql://x@127.0.0.1:1/x"))
    with pytest.raises(ArchiveFolderError, match="does not exist"):
        load_archive(nowhere, tmp_path / "no", run_id="run")


def test_a_database_that_is_down_is_told_as_such(folder):
    down = Settings(environment="test", database_url=SecretStr("postgresql://x:secret@127.0.0.1:1/x"))
    with pytest.raises(WarehouseUnavailableError, match=r"127\.0\.0\.1:1/x") as error:
        load_archive(down, folder, run_id="run")
    assert "secret" not in str(error.value)


def test_a_database_that_goes_away_keeps_the_files_before_and_says_which_one_it_was(database, connection, folder):
    def cut(outcome: FileOutcome) -> None:
        if outcome.outcome == "stored":
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                "and datname = current_database()"
            )

    with pytest.raises(WarehouseUnavailableError, match=r"went away while ticks_2016\.csv\.gz was loaded"):
        load_archive(database, folder, run_id="run", on_file=cut)
    assert counts(connection)["archive_files"] == 1
    load_archive(database, folder, run_id="run")
    assert counts(connection)["archive_files"] == 5


def test_two_loads_at_once_store_each_file_once(database, connection, folder, monkeypatch):
    both_have_seen_it_is_new = threading.Barrier(2, timeout=30)
    recognise = archives.recognise

    def recognise_together(file):
        both_have_seen_it_is_new.wait()
        return recognise(file)

    monkeypatch.setattr(archives, "recognise", recognise_together)
    results: list[list[FileOutcome]] = []
    loads = [
        threading.Thread(target=lambda n=n: results.append(load_archive(database, folder, run_id=f"load {n}")))
        for n in range(2)
    ]
    for load in loads:
        load.start()
    for load in loads:
        load.join()
    assert Counter(o.outcome for outcomes in results for o in outcomes) == {"stored": 5, "unchanged": 5, "ignored": 4}
    assert counts(connection)["tick_archive"] == 2


KILLED = """
import os, signal, sys
from dagster_mlb.settings import Settings
from dagster_mlb.sources import archive_file, archives
from dagster_mlb.sources.tick_archive import parse

def copy_and_die(*args, **options):
    archive_file.copy_blocks(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)

parse.copy_blocks = copy_and_die
archives.load_archive(Settings(environment="test", database_url=os.environ["TEST_URL"]), sys.argv[1], run_id="killed")
"""


def test_a_load_that_is_killed_leaves_nothing_of_its_file_and_the_next_one_loads_it(database, connection, folder):
    url = database.database_url.get_secret_value()
    killed = subprocess.run([sys.executable, "-c", KILLED, folder], env=os.environ | {"TEST_URL": url}, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    stored = connection.execute("select file_name from raw_data.archive_files").fetchall()
    assert stored == [("mlb-odds-2019.xlsx",)]
    assert counts(connection)["tick_archive"] == 0
    assert connection.execute("select count(*) from operational.collection_log").fetchone()[0] == 1
    outcomes = by_name(load_archive(database, folder, run_id="again"))
    assert outcomes["ticks_2016.csv.gz"].outcome == "stored"
    assert counts(connection)["tick_archive"] == 2


@pytest.mark.real_data
def test_the_real_archives_load_whole_and_a_second_load_is_quick(database, connection, real_data_dir):
    first = load_archive(database, real_data_dir, run_id="one")
    assert not [o.message for o in first if o.outcome == "refused"]
    stored = {o.file_name: o for o in first if o.outcome == "stored"}
    assert stored["pinnacle_2016.csv.gz"].records == 1_371_822
    assert stored["mlb-odds-2010.xlsx"].records == 4_924
    numbers = "min(row_number), max(row_number), count(distinct row_number)"
    ends = f"select {numbers} from raw_data.tick_archive where load_id = %s"
    load_id = stored["pinnacle_2016.csv.gz"].load_id
    assert connection.execute(ends, [load_id]).fetchone() == (2, 1_371_823, 1_371_822)
    second = load_archive(database, real_data_dir, run_id="two")
    assert {o.outcome for o in second} == {"unchanged", "ignored"}
    assert sum(o.seconds for o in second) < 1
    by_archive = connection.execute(
        "select archive, sum(record_count)::int from raw_data.archive_files group by 1 order by 1"
    ).fetchall()
    rows = counts(connection)
    headers = connection.execute("select count(*) from raw_data.sbr_archive where is_header").fetchone()[0]
    assert dict(by_archive) == {
        "mlb_games": rows["mlb_games"],
        "retrosheet_games": rows["retrosheet_games"],
        "sbr_archive": rows["sbr_archive"] - headers,
        "tick_archive": rows["tick_archive"],
    }
    assert len(FIELDS) == 13
