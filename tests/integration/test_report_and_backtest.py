"""`mlb report` and `mlb backtest` on a warehouse that archives were loaded into, as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archive_world import game_log_file, sbr_file, season, tick_file, tick_lines, written
from command_line import Told, mlb
from world import Server, fresh_database, untested

from dagster_mlb.pipeline import load_archives
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

LATER = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 30

OWN = """
import polars as pl
from dagster_mlb.strategies.protocol import Rule

class HomeDogs(Rule):
    name = "home_dogs"
    default_decision = "open"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        chosen = sides.filter((pl.col("side") == "away") & (pl.col("price_american") > 100))
        return chosen.with_columns(strength=pl.col("price_decimal"), reason=pl.format("+{}", "price_american"))
"""


@pytest.fixture(scope="module")
def warehouse(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A month of SBR and Retrosheet, and Pinnacle's ticks of it."""
    folder, games = tmp_path_factory.mktemp("report"), season(DAYS)
    told_last, others = games[-1:], games[:-1]
    ticks = tick_file(tick_lines(others, hours=(26, 12, 5, 2, 1)) + tick_lines(told_last, hours=(26, 12, 5, 2)))
    files = {
        "gl2016.txt": game_log_file(games),
        "mlb-odds-2016.xlsx": sbr_file(games),
        "ticks_2016.csv": ticks.replace(b"test_archive,", b"pinnacle_archive,"),
    }
    with fresh_database(Server(server_url, postgres_server), folder, LATER) as settings:
        with untested():
            assert not load_archives(settings, written(folder / "archives", files)).refused
        yield settings


def trials(settings: Settings, name: str) -> list[tuple[int, int]]:
    with connect(settings) as connection:
        return connection.execute(
            "select n, times_run from operational.trial_ledger where name = %s order by sample", [name]
        ).fetchall()


@pytest.fixture(scope="module")
def report(warehouse: Settings) -> tuple[Told, Path]:
    out = warehouse.data_dir / "pages" / "report.html"
    return mlb(warehouse, "report", "--out", str(out), "--seasons", "2016"), out


def test_the_report_is_one_command(report: tuple[Told, Path]) -> None:
    told, out = report
    assert told.code == 0
    assert re.search(rf"{re.escape(str(out))}: [\d,]+ kB, made in \d+\.\d s", told.text)
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "SBR archive" in page and "Pinnacle 2016, ticks" in page


def test_the_rows_of_the_terminal_are_those_of_the_samples(report: tuple[Told, Path]) -> None:
    told, _ = report
    line = told.lines("random_side", "open", "money")[0]
    assert line.startswith(f"random_side open money {2 * DAYS} ")
    assert told.lines("needs tickets: none in this sample")
    assert told.lines("Mean return equals mean EV-CLV")


def test_every_run_of_the_report_is_a_trial_and_the_same_run_is_the_same_trial(
    warehouse: Settings, report: tuple[Told, Path]
) -> None:
    first = trials(warehouse, "underdog")
    assert first and all(n > 0 for n, _ in first)
    mlb(warehouse, "report", "--out", str(report[1]), "--seasons", "2016")
    assert [n for n, _ in trials(warehouse, "underdog")] == [n for n, _ in first]
    assert [runs for _, runs in trials(warehouse, "underdog")] == [runs + 1 for _, runs in first]


def test_seasons_that_are_none_are_told(warehouse: Settings) -> None:
    told = mlb(warehouse, "report", "--seasons", "all")
    assert told.code == 1 and told.text.startswith('"all" are no seasons: write 2010-2019')


def test_a_warehouse_without_marts_is_told_what_to_do(database: Settings) -> None:
    told = mlb(database, "report")
    assert told.code == 1
    assert "not in the warehouse of test yet" in told.text and "mlb archive load" in told.text


# ------------------------------------------------------------------ a strategy of one's own


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_a_strategy_of_one_s_own_stands_beside_the_random_side(warehouse: Settings, own: Path) -> None:
    told = mlb(warehouse, "backtest", str(own))
    assert told.code == 0
    assert told.lines("home_dogs", "open", "money", f" {2 * DAYS} ")
    assert told.lines("random_side", "open", "money")
    assert told.lines("2016-05-02", "NYM at KC", "away (pinnacle)", "+111", "loss", "−1.00")
    assert told.lines("Trial", "in the ledger, run once.")
    assert re.search(r"\d+\.\d s\.", told.text)


def test_a_backtest_is_a_trial_however_often_it_is_run(warehouse: Settings, own: Path) -> None:
    mlb(warehouse, "backtest", str(own), "--book", "pinnacle")
    before = trials(warehouse, "home_dogs")
    told = mlb(warehouse, "backtest", str(own), "--book", "pinnacle")
    assert len(trials(warehouse, "home_dogs")) == len(before)
    assert "run 2 times." in told.text


def test_decision_season_and_book_are_as_asked_for(warehouse: Settings, own: Path) -> None:
    told = mlb(warehouse, "backtest", str(own), "--decision", "close", "--book", "pinnacle", "--season", "2016")
    assert told.lines("close, season 2016, archive")
    assert told.lines("home_dogs", "close", "money")
    assert told.lines("away (pinnacle)")
    assert told.lines("Left out as old: 1 of the prices")  # of the game whose last price came two hours before
    assert not mlb(warehouse, "backtest", str(own), "--decision", "open").lines("Left out as old")
    nothing = mlb(warehouse, "backtest", str(own), "--season", "2010")
    assert nothing.code == 0 and "It bet nothing" in nothing.text


def test_the_result_as_a_page_has_the_sections_of_one_run(warehouse: Settings, own: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.html"
    assert mlb(warehouse, "backtest", str(own), "--html", str(out)).code == 0
    page = out.read_text(encoding="utf-8")
    assert "<h1>home_dogs: a backtest</h1>" in page and "The first bets and their reasons" in page
    assert "NYM at KC" in page and 'id="chase"' not in page and 'id="seasons"' not in page


@pytest.mark.parametrize(
    ("broken", "line", "words"),
    [
        ('pl.col("side") == "away"', 10, "the sides have no such column"),
        ("return chosen", 11, "NameError"),
        ("class HomeDogs(Rule):", 5, "invalid syntax"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(
    warehouse: Settings, own: Path, broken: str, line: int, words: str
) -> None:
    mended = {
        'pl.col("side") == "away"': 'pl.col("weather") == "away"',
        "return chosen": "return choosen",
        "class HomeDogs(Rule):": "class HomeDogs(Rule",
    }
    own.write_text(OWN.replace(broken, mended[broken]), encoding="utf-8")
    told = mlb(warehouse, "backtest", str(own))
    assert told.code == 1
    assert f"line {line}" in told.text, told.text
    assert words in told.text or words == "invalid syntax"


def test_what_only_goes_wrong_on_real_sides_is_told_with_its_line_too(warehouse: Settings, own: Path) -> None:
    stumble = "        if sides.height > 20:\n            raise RuntimeError('too many')\n"
    own.write_text(OWN.replace("        chosen =", f"{stumble}        chosen ="), encoding="utf-8")
    told = mlb(warehouse, "backtest", str(own))
    assert told.code == 1
    assert "mine.py, line 11: RuntimeError: too many" in told.text


def test_a_decision_that_there_is_not_is_told(warehouse: Settings, own: Path) -> None:
    told = mlb(warehouse, "backtest", str(own), "--decision", "halftime")
    assert told.code == 1 and "There is no decision halftime" in told.text
