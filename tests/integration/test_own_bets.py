"""A person's own list of bets, from the CSV to graded rows: good and bad rows, doubleheaders, corrections, withdrawal.

The season is that of ``archive_world``; Pinnacle's prices are known at every hour that its ticks tell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from archive_world import CLUBS, Game, game_log_file, mlb_games_file, sbr_file, season, tick_file, tick_lines, written
from command_line import Told, mlb
from conftest import NOW
from mutations import ODD_NUMBERS, ODD_TIMES, RETYPED
from world import Server, fresh_database

from dagster_mlb.bets.grading import grade_bets
from dagster_mlb.pipeline import project_hash, transform_what_waits
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.sources.bet_slips.parse import template
from dagster_mlb.warehouse import transform as warehouse
from dagster_mlb.warehouse.checksums import differences, table_checksums
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.quarantine import retry

GAMES = season()
FIRST, SECOND = GAMES[4], GAMES[5]  # the doubleheader
HEADER = "Placed At,Date,Away,Home,Game,Bet Type,Selection,Line,Odds,Stake,Sportsbook,Ticket,Strategy,Mood"

# Row of the file → the rule that it breaks.
BAD = {
    20: ("2016-05-02,KC", "malformed_row"),
    21: (",2016-05-02,,KC,,ml,KC,,-110,10,,,,", "missing_value"),
    22: (",May 2,NYM,KC,,ml,KC,,-110,10,,,,", "invalid_date"),
    23: (",5/2/2016,NYM,KC,,ml,KC,,-110,10,,,,", "ambiguous_day"),
    24: ("2016-05-02 25:00,2016-05-02,NYM,KC,,ml,KC,,-110,10,,,,", "invalid_time"),
    25: ("2016-05-09,2016-05-02,NYM,KC,,ml,KC,,-110,10,,,,", "placed_after_game"),
    26: (",2016-05-02,NYM,HOWLERS,,ml,NYM,,-110,10,,H1,,", "unknown_team"),
    27: (",2016-05-02,KC,KC,,ml,KC,,-110,10,,,,", "same_team_twice"),
    28: (",2016-05-02,NYM,KC,3,ml,KC,,-110,10,,,,", "invalid_game_number"),
    29: (",2016-05-02,NYM,KC,,f5 ml,KC,,-110,10,,,,", "unknown_market"),
    30: (",2016-05-02,NYM,KC,,ml,BOS,,-110,10,,,,", "side_not_in_game"),
    31: (",2016-05-02,NYM,KC,,ml,over,,-110,10,,,,", "invalid_side"),
    32: (",2016-05-02,NYM,KC,,ml,KC,,free,10,,,,", "invalid_price"),
    33: (",2016-05-02,NYM,KC,,ml,KC,,-95,10,,,,", "price_inside_100"),
    34: (",2016-05-02,NYM,KC,,ml,KC,,1.00,10,,,,", "price_below_one"),
    35: (",2016-05-02,NYM,KC,,ml,KC,,100,10,,,,", "ambiguous_price"),
    36: (",2016-05-02,NYM,KC,,ml,KC,-1.5,-110,10,,,,", "line_on_moneyline"),
    37: (",2016-05-02,NYM,KC,,rl,KC,,-110,10,,,,", "invalid_line"),
    38: (",2016-05-02,NYM,KC,,rl,KC,-1.25,-110,10,,,,", "line_not_half_runs"),
    39: (",2016-05-02,NYM,KC,,total,over,85,-110,10,,,,", "line_out_of_range"),
    40: (',2016-05-02,NYM,KC,,ml,KC,,-110,"1,250",,,,', "invalid_stake"),
    41: (",2016-05-02,NYM,KC,,ml,KC,,-110,10,,T1,,", "repeated_reference"),
    42: (",2016-05-02,NYM,KC,,ml,KC,,-110,10,,T1,,", "repeated_reference"),
    43: ("2015-05-01,2016-05-02,NYM,KC,,ml,KC,,-110,10,,,,", "placed_long_before"),
}
HOWLERS_ROW = 26
NEEDED = ("bets", "validation_results", "record_accounting", "moneylines", "spreads", "totals")


@dataclass(frozen=True)
class World:
    settings: Settings
    folder: Path
    told: Told  # what the first import wrote

    def rows(self, query: str) -> list[tuple]:
        return read_frame(self.settings, query).rows()

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


def placed(game: Game, hours: float) -> str:
    return f"{game.start - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def my_bets() -> str:
    """Seventeen bets, then the bad rows; the prices are Pinnacle's of three hours before the first game, and others."""
    one, price = GAMES[0], GAMES[0].prices[1] + 1  # the home side at KC; ticks add one at two and three hours
    first = f"{placed(one, 2.9)},2016-05-02"
    good = [
        f"{first},Mets,Royals,,ML,home,,{price},50,Pinnacle,A1,steam,sure",
        f"{first},NYM,KC,,moneyline,KC,,{price + 4},50,pinnacle,A2,steam,",
        f"{first},NYM,KC,,moneyline,KC,,{price - 4},50,Pinnacle,A3,,",
        f"{first},NYM,KC,,moneyline,Royals ML,,1.83,50,Pinnacle,A4,,",
        f"{first},NYM,KC,,moneyline,NYM,,2.10,50,Bob's,A5,,",
        f"{placed(one, -0.5)},2016-05-02,NYM,KC,,ml,KC,,-200,50,Pinnacle,A6,live,",
        ",2016-05-02,NYM,KC,,ml,KC,,-110,50,,A7,,",
        "2016-05-01,2016-05-02,NYM,KC,,run line,Mets +1.5,,-160,20,,A8,,",
        "2016-05-01 21:00,2016-05-02,NYM,KC,,total,under,8½,EVEN,20,,A9,,",
        f"{placed(FIRST, 2.9)},2016-05-04,NYM,KC,1,ml,NYM,,+120,10,,B1,twin,",
        f"{placed(SECOND, 2.9)},2016-05-04,NYM,KC,G2,ml,NYM,,+120,10,,B2,twin,",
        f"{placed(FIRST, 2.9)},2016-05-04,NYM,KC,,ml,NYM,,+120,10,,B3,twin,",
        "2016-05-03,2016-05-04,NYM,KC,2,total,o8,,-105,10,,B4,,",
        "2016-05-03,2016-05-03,NYM,KC,,ml,NYM,,-110,10,,C1,,",
        "2016-05-19,2016-05-20,NYM,KC,,ml,NYM,,-110,10,,C2,,",
        "2016-05-01,2016-05-02,NYM,KC,2,ml,NYM,,-110,10,,C3,,",
        ",,,,,,,,,,,,,",
        "2016-05-02 09:00,2016-05-02,BOS,New York Yankees,,ml,BOS,,−105,10,,C4,,",
    ]
    bad = [line for line, _ in BAD.values()]
    return "\n".join([HEADER, *good, *bad, ""])


@pytest.fixture(scope="module")
def world(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The season up to its markets, as if everything had run; then the list."""
    folder = tmp_path_factory.mktemp("bets")
    files = {
        "gl2016.txt": game_log_file(GAMES),
        "mlb-odds-2016.xlsx": sbr_file(GAMES),
        "mlb_games_2016.jsonl": mlb_games_file(GAMES),
        "ticks_2016.csv": tick_file(tick_lines(GAMES, hours=(30, 12, 5, 3, 2, 1))),
    }
    with fresh_database(Server(server_url, postgres_server), tmp_path_factory.mktemp("data"), NOW) as settings:
        prepare(settings)
        load_archive(settings, written(folder / "season", files), run_id="season")
        stage_season(settings)
        (folder / "mine.csv").write_text(my_bets(), encoding="utf-8")
        yield World(settings, folder, mlb(settings, "bets", "import", str(folder / "mine.csv")))


def stage_season(settings: Settings) -> None:
    """What bets are graded by, without tests of tables; the rest of the whole way counts as done."""
    folders = ["--project-dir", str(warehouse.DBT_PROJECT_DIR), "--profiles-dir", str(warehouse.DBT_PROFILES_DIR)]
    wanted = ["--select", *(f"+{model}" for model in NEEDED), "--exclude-resource-type", "test", "unit_test"]
    quietly = ["--log-level", "none", "--quiet", "--no-write-json"]
    with warehouse.connection_in_environment(settings) as database:
        outcome = warehouse.invoke(["build", *wanted, *folders, *quietly], manifest=warehouse.cached_manifest(database))
    warehouse.TransformResult("season", 0.0, warehouse.nodes_of(outcome)).raise_if_failed()
    with connect(settings) as connection:
        for selection in ("upstream", "features"):
            connection.execute(
                "insert into operational.transformations (selection, project_hash, seconds, finished_at) "
                "values (%s, %s, 0, %s)",
                [selection, project_hash(), settings.now()],
            )


def of(world: World, ref: str, *columns: str) -> tuple:
    [row] = world.rows(f"select {', '.join(columns)} from curated.graded_bets where ref = '{ref}'")
    return row


# ---------------------------------------------------------------- the list as it was imported


@pytest.mark.parametrize("row", BAD, ids=lambda row: BAD[row][1])
def test_each_bad_row_is_told_once_with_file_row_and_rule(world: World, row: int) -> None:
    [line] = world.told.lines(f"mine.csv, row {row}: ")
    assert line.endswith(f"(rule {BAD[row][1]})")


def test_every_row_is_accounted_for_and_the_good_ones_stand(world: World) -> None:
    assert world.told.code == 0
    assert world.told.lines("mine.csv: 17 bets, 13 of them graded; 24 rows not read.")
    counts = """select records, staged, quarantined, difference from operational.record_accounting
                where raw_table = 'raw_data.bet_slips'"""
    assert world.rows(counts) == [(41, 17, 24, 0)]
    assert world.rows("select count(*) as n, count(distinct bet_id) as ids from curated.graded_bets") == [(17, 17)]
    listed = mlb(world.settings, "quarantine", "list", "--source", "bet_slips", "--rule", "ambiguous_price")
    assert listed.lines("mine.csv", " 35 ", "ambiguous_price", 'price "100" has no sign')


def test_results_and_profit_are_those_of_the_score_at_the_price_that_was_taken(world: World) -> None:
    away, home = GAMES[0].score
    assert home > away  # what follows says who won
    assert of(world, "A1", "side", "result", "profit") == ("home", "win", pytest.approx(50 * 100 / 119))
    assert of(world, "A4", "result", "profit") == ("win", pytest.approx(50 * 0.83))
    assert of(world, "A5", "side", "result", "profit") == ("away", "loss", -50.0)
    assert of(world, "A8", "side", "line", "result") == ("away", 1.5, "win" if home - away < 1.5 else "loss")
    assert of(world, "A9", "line", "price_american", "result") == (8.5, 100, "win" if home + away < 8.5 else "loss")
    assert of(world, "C4", "price_american", "home_team") == (-105, "NYY")


def test_each_game_of_a_doubleheader_is_its_own_and_without_its_number_none_is_guessed(world: World) -> None:
    keys = [1_000_000_000_000 + 440_000 + game.index for game in (FIRST, SECOND)]
    assert [of(world, ref, "game_key", "rung") for ref in ("B1", "B2")] == [(key, "game_number") for key in keys]
    key, result, reason = of(world, "B3", "game_key", "result", "ungraded_reason")
    assert (key, result, reason) == (None, None, "a doubleheader: say in game (1 or 2) or in start which one")
    assert of(world, "B4", "line", "game_key") == (8.0, keys[1])


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("C1", "the clubs play on this day, but the other way round"),
        ("C2", "no known game of these clubs on this day"),
        ("C3", "one game of these clubs is known on this day, and game says 2"),
    ],
)
def test_what_fits_no_game_is_listed_with_its_reason(world: World, ref: str, reason: str) -> None:
    told, missing = of(world, ref, "ungraded_reason", "missing_close_reason")
    assert told.startswith(reason) and missing == "the bet is tied to no game"


def test_the_price_is_held_against_the_books_own_ticks_and_never_altered(world: World) -> None:
    quoted = GAMES[0].prices[1] + 1
    seen = {ref: of(world, ref, "price_seen", "seen_price_american") for ref in ("A1", "A2", "A3", "A4")}
    assert seen == {
        "A1": ("as quoted", quoted),
        "A2": ("better than quoted", quoted),
        "A3": ("worse than quoted", quoted),
        "A4": ("worse than quoted", quoted),
    }
    assert of(world, "A2", "price", "price_american") == (str(quoted + 4), quoted + 4)
    assert of(world, "A5", "price_seen", "price_seen_reason") == (
        "not known",
        "Bob's is no sportsbook that the platform knows",
    )


def test_closing_value_is_that_of_the_benchmark_and_in_play_has_none(world: World) -> None:
    [(probability,)] = world.rows(
        "select close_home_probability from curated.moneylines where is_benchmark and game_key = 1000000440000"
    )
    value, book = of(world, "A1", "ev_clv", "close_book")
    assert value == pytest.approx((1 + 100 / 119) * probability - 1)
    assert of(world, "A1", "is_circular_close") == (book == "pinnacle",)
    in_play, value, result, reason = of(world, "A6", "is_in_play", "ev_clv", "result", "missing_close_reason")
    assert (in_play, value, result) == (True, None, "win") and reason.startswith("placed in play")
    assert of(world, "A7", "is_in_play", "ev_clv") == (None, None)


def test_columns_that_are_not_read_are_kept(world: World) -> None:
    assert world.told.lines("mine.csv: columns kept but not read: Mood")
    assert of(world, "A1", "other_columns", "tag") == ('{"Mood": "sure"}', "steam")


def test_show_lists_the_bets_and_what_each_tag_comes_to(world: World) -> None:
    told = mlb(world.settings, "bets", "show")
    assert told.code == 0
    assert told.lines("2016-05-02 NYM at KC", "KC", "win", "steam")
    assert told.lines("2016-05-04 NYM at KC", "not graded", "a doubleheader")
    summary = told.text[told.text.index("What they come to") :]
    assert "null %" in summary and "EV-CLV ± se" in summary
    starts = [line.split()[:2] for line in summary.splitlines() if line.strip()]
    assert [words for words in starts if words[0] in ("all", "live", "steam", "twin")] == [
        ["all", "13"],
        ["live", "1"],
        ["steam", "2"],
        ["twin", "2"],
    ]
    assert told.lines("when the bet was placed is not told")
    assert told.lines("24 rows of the lists not read: `mlb quarantine list --source bet_slips`.")
    tagged = mlb(world.settings, "bets", "show", "--tag", "steam")
    assert tagged.lines("all 2 ") and not tagged.lines("twin")
    unknown = mlb(world.settings, "bets", "show", "--tag", "gut")
    assert (unknown.code, unknown.text.strip()) == (1, 'No bet has the tag "gut": the tags are live, steam, twin.')


def test_a_bet_is_traced_to_its_line_in_the_list(world: World) -> None:
    (bet_id,) = of(world, "A2", "bet_id")
    told = mlb(world.settings, "trace", "curated.graded_bets", bet_id)
    assert told.code == 0
    assert told.lines("raw_data.bet_slips, line 3") and told.lines("pinnacle,A2,steam,")
    assert told.lines("staging.games 1000000440000") and told.lines("staging.game_results 1000000440000")


# ---------------------------------------------------------------- what comes after it, in order


def test_the_same_list_once_more_changes_nothing(world: World) -> None:
    before = table_checksums(world.settings)
    again = mlb(world.settings, "bets", "import", str(world.folder / "mine.csv"))
    assert again.lines("mine.csv: the same bytes are stored as load 5; nothing is to be done.")
    assert differences(table_checksums(world.settings), before) == {}


def test_a_taught_club_grades_exactly_the_row_that_waited_for_it(world: World) -> None:
    before = set(world.rows("select bet_id, ref from curated.graded_bets"))
    assert mlb(world.settings, "alias", "add", "howlers", CLUBS[1].name).code == 0
    done = retry(
        world.settings,
        source="bet_slips",
        rule="unknown_team",
        transform=lambda: transform_what_waits(world.settings, run_id="retry"),
    )
    assert (done.loads, sum(count.records for count in done.before), done.after) == ([5], 1, [])
    [(_, ref)] = set(world.rows("select bet_id, ref from curated.graded_bets")) - before
    assert (ref, *of(world, "H1", "record_number", "result")) == ("H1", HOWLERS_ROW, "loss")


def test_a_corrected_list_replaces_the_one_of_its_name_bet_by_bet(world: World) -> None:
    ids = dict(world.rows("select ref, bet_id from curated.graded_bets"))
    corrected = "\n".join(
        [
            HEADER,
            "",
            f"{placed(FIRST, 2.9)},2016-05-04,NYM,KC,2,ml,NYM,,+120,10,,B3,twin,",
            f"{placed(GAMES[0], 2.9)},2016-05-02,NYM,KC,,ml,KC,,-119,75,Pinnacle,A1,steam,",
        ]
    )
    told = mlb(world.settings, "bets", "import", world.write("mine.csv", corrected))
    assert told.lines("It replaces load 5, 41 rows that came under the same name.")
    assert sorted(world.rows("select ref, bet_id, record_number from curated.graded_bets")) == [
        ("A1", ids["A1"], 4),
        ("B3", ids["B3"], 3),
    ]
    assert of(world, "B3", "game_key", "ungraded_reason") == (1_000_000_440_005, None)
    assert of(world, "A1", "stake") == (75.0,)
    assert world.rows("select sum(abs(difference)) from operational.record_accounting") == [(0,)]


def test_the_replaced_list_once_more_is_refused_with_what_to_do(world: World) -> None:
    told = mlb(world.settings, "bets", "import", world.write("old.csv", my_bets()), "--name", "mine.csv")
    assert told.code == 1
    assert "load 6 has replaced it since" in told.text and "save it with a change" in told.text
    assert world.rows("select count(*) from curated.graded_bets") == [(2,)]


def test_days_and_prices_are_read_as_their_whole_file_writes_them(world: World) -> None:
    """Semicolons, a byte order mark, the month first (one day of them says so), a spreadsheet's lost plus sign."""
    lines = [
        "\ufeffDate;Away;Home;Game;Market;Side;Price;Stake;Placed",
        "5/4/2016;NYM;KC;1;ml;NYM;150;12,50;4/13/2016",
        "5/2/2016;NYM;KC;;ml;KC;-120;10;5/1/2016",
    ]
    told = mlb(world.settings, "bets", "import", world.write("sheet.csv", "\r\n".join(lines)))
    assert told.lines("sheet.csv: 2 bets, 2 of them graded; 0 rows not read.")
    found = """select official_date::text, placed_on::text, price_american, stake from curated.graded_bets
               where file_name = 'sheet.csv' order by record_number"""
    assert world.rows(found) == [("2016-05-04", "2016-04-13", 150, 12.5), ("2016-05-02", "2016-05-01", -120, 10.0)]


def test_bets_that_two_lists_tell_alike_are_told_and_a_list_can_be_withdrawn(world: World) -> None:
    copied = (world.folder / "sheet.csv").read_text(encoding="utf-8") + "\n"
    told = mlb(world.settings, "bets", "import", world.write("copy.csv", copied))
    assert told.lines("2 bets word for word in more than one list (copy.csv, sheet.csv): all of them count.")
    assert mlb(world.settings, "bets", "withdraw", "copy.csv").code == 0
    assert world.rows("select distinct file_name from curated.graded_bets order by 1") == [
        ("mine.csv",),
        ("sheet.csv",),
    ]
    kept = "select count(*) from raw_data.bet_slips join raw_data.archive_files using (load_id) where file_name = %s"
    assert read_frame(world.settings, kept, ["copy.csv"]).item() == 2
    again = mlb(world.settings, "bets", "withdraw", "copy.csv")
    assert (again.code, again.text.strip()) == (1, 'No list is called "copy.csv": the lists are mine.csv, sheet.csv.')


def test_a_corrected_result_grades_the_bets_anew(world: World) -> None:
    assert of(world, "A1", "result", "profit") == ("win", pytest.approx(75 * 100 / 119))
    with connect(world.settings, role="transform") as connection:
        connection.execute(
            """insert into staging.game_results
                   (game_key, version, away_runs, home_runs, result_source, known_at, capture, provenance, load_id)
               select game_key, 2, 9, 1, result_source, known_at + interval '1 day', capture, provenance, load_id
               from staging.game_results where game_key = 1000000440000 and version = 1"""
        )
    grade_bets(world.settings)
    assert of(world, "A1", "result", "profit") == ("loss", -75.0)


def test_no_cell_of_a_list_whatever_stands_in_it_costs_another_row(world: World) -> None:
    """Each cell of a good row is spoiled by each odd value once: every row is staged or has its rule."""
    good = ["2016-05-01", "2016-05-02", "NYM", "KC", "1", "rl", "NYM", "+1.5", "-110", "10", "Pinnacle", "", "", ""]
    odd = [
        *ODD_TIMES,
        *ODD_NUMBERS,
        *(value for value in RETYPED if isinstance(value, str)),
        "½",
        "−",
        "1/2",
        "\\N",
        "\t",
    ]
    spoiled = io.StringIO()
    rows = csv.writer(spoiled)
    rows.writerow(HEADER.split(","))
    for place in range(len(good)):
        rows.writerows([*good[:place], value, *good[place + 1 :]] for value in odd)
    told = mlb(world.settings, "bets", "import", world.write("odd.csv", spoiled.getvalue()))
    assert told.code == 0
    account = """select records, staged + quarantined as judged, difference from operational.record_accounting
                 where raw_table = 'raw_data.bet_slips'"""
    [(records, judged, difference)] = world.rows(account)
    assert (records - judged, difference) == (0, 0) and records > 800
    assert world.rows("select count(*) filter (where profit <> 0) > 100 from curated.graded_bets") == [(True,)]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("empty.csv", b"", "empty.csv: the file is empty (0 bytes) (rule empty)"),
        ("book.xlsx", b"PK\x03\x04 a workbook", "Save it as CSV (UTF-8) and import that."),
        ("half.csv", b"date,away,home,side\n", "required columns market, price, stake missing (rule columns)"),
        ("gone.csv", None, "There is no file"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_in_one_message(
    world: World, name: str, body: bytes | None, words: str
) -> None:
    path = world.folder / name
    if body is not None:
        path.write_bytes(body)
    told = mlb(world.settings, "bets", "import", str(path))
    [message] = told.text.strip().splitlines()
    assert told.code == 1 and words in message


def test_the_template_is_written_once_and_says_what_the_columns_hold(world: World) -> None:
    path = world.folder / "template.csv"
    told = mlb(world.settings, "bets", "template", str(path))
    assert path.read_text(encoding="utf-8") == template()
    assert told.lines("price", "American (-110, +120) or decimal (1.91) (needed)")
    again = mlb(world.settings, "bets", "template", str(path))
    assert (again.code, "is there already" in again.text) == (1, True)


def test_without_bets_there_is_nothing_to_show(database: Settings) -> None:
    told = mlb(database, "bets", "show")
    assert told.code == 1
    assert told.text.startswith("There are no bets yet: `mlb bets import FILE`")
