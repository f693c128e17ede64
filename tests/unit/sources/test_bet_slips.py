"""Lists of bets as people keep them: separators, headings, and rows that are none."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest

from dagster_mlb.sources.archive_file import ArchiveFile, ArchiveFileRefusedError
from dagster_mlb.sources.bet_slips.parse import (
    looks_like,
    read_header,
    read_rows,
    refuse_unless_complete,
    refuse_unless_csv,
    template,
)
from dagster_mlb.sources.bet_slips.schemas import COLUMNS, FIELDS, REQUIRED

HEADER = "date,away,home,market,side,price,stake"
ROW = "2025-07-11,SEA,DET,ml,DET,-125,50"


def rows_of(text: str | bytes) -> list[tuple[int, dict[str, str | None] | None, str]]:
    file = ArchiveFile("bets.csv", text.encode() if isinstance(text, str) else text)
    return list(read_rows(file, read_header(file.first_line)))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_separator_is_read_with_and_without_a_byte_order_mark(separator, mark):
    text = f"{HEADER}\r\n{ROW}\r\n".replace(",", separator)
    [(number, cells, _)] = rows_of(mark + text.encode())
    assert number == 2
    assert {name: cells[name] for name in REQUIRED} == dict(zip(HEADER.split(","), ROW.split(","), strict=True))


def test_headings_are_compared_without_case_and_by_their_aliases():
    header = read_header(
        "Placed At,Game Date,Visitor,Home Team,Bet Type,Selection,HANDICAP,Odds,Risk,Sportsbook,Ticket #,Mood"
    )
    assert list(header.places) == [
        *("placed_at", "date", "away", "home", "market", "side", "line", "price", "stake", "book", "ref")
    ]
    assert [header.headings[place] for place in header.others] == ["Mood"]


def test_a_columns_own_name_goes_before_its_aliases():
    header = read_header(f"{HEADER},strategy,tag")
    assert header.headings[header.places["tag"]] == "tag"
    assert read_header(f"{HEADER},Strategy").places["tag"] == 7
    assert not header.repeated


@pytest.mark.parametrize("name", [spelled for name, column in COLUMNS.items() for spelled in (name, *column.aliases)])
def test_no_heading_means_two_columns(name):
    meant = [column for column, told in COLUMNS.items() if name in (column, *told.aliases)]
    assert len(meant) == 1


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("date,away,home,market,side,price", "required column stake missing"),
        ("date,away,home,side,odds", r"required columns market, stake missing .* `mlb bets template FILE`"),
        (f"{HEADER},Price", "price is told by price and Price"),
    ],
)
def test_a_header_that_leaves_open_what_is_meant_is_refused(header, message):
    with pytest.raises(ArchiveFileRefusedError, match=message):
        refuse_unless_complete(read_header(header))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b"\n \n", "nothing in it but blank lines"),
        (b"PK\x03\x04rest", "Save it as CSV"),
        (HEADER.encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_csv_is_refused_with_what_to_do(body, message):
    with pytest.raises(ArchiveFileRefusedError, match=message):
        refuse_unless_csv(ArchiveFile("bets.csv", body))


def test_rows_without_any_text_are_passed_over_and_keep_their_line_numbers():
    assert [number for number, *_ in rows_of(f"{HEADER}\n\n{ROW}\n,,,,,,\n , ,,,,,\n{ROW}\n,,\n")] == [3, 6]


def test_a_line_with_another_number_of_fields_is_kept_whole_and_its_neighbours_are_read():
    rows = rows_of(f"{HEADER}\n{ROW}\n2025-07-11,SEA\n{ROW},more\n{ROW}\n")
    assert [(number, cells is None, line) for number, cells, line in rows][1:3] == [
        (3, True, "2025-07-11,SEA"),
        (4, True, f"{ROW},more"),
    ]


def test_columns_that_nobody_knows_are_kept_beside_the_bet():
    [(_, cells, _)] = rows_of(f'{HEADER},Mood,Empty\n{ROW},"sure, quite",\n')
    assert json.loads(cells["other_columns"]) == {"Mood": "sure, quite"}
    [(_, plain, _)] = rows_of(f"{HEADER}\n{ROW}\n")
    assert plain["other_columns"] is None
    assert set(plain) == {*FIELDS, "other_columns"}


def test_a_note_may_run_over_lines_within_quotes():
    [(_, cells, _), (number, *_)] = rows_of(
        f"{HEADER};note\n".replace(",", ";") + f'{ROW};"one;\ntwo"\n{ROW};\n'.replace(",", ";")
    )
    assert cells["note"] == "one;\ntwo"
    assert number == 4


def test_the_template_is_a_list_that_can_be_read():
    file = ArchiveFile("bets.csv.gz", gzip.compress(template().encode()))
    header = read_header(file.first_line)
    refuse_unless_complete(header)
    assert tuple(header.places) == FIELDS
    assert len(list(read_rows(file, header))) == 3
    assert len(list(csv.reader(io.StringIO(template())))) == 4


@pytest.mark.parametrize(
    ("first_line", "is_list"),
    [
        ("placed_at;date;away;home;market;side;price;stake", True),
        ("Pick,Odds,Units", True),
        ("source,book,away_team,home_team,market,side,price,observed_at", False),
        ("gid,visteam,hometeam,date", False),
        ("", False),
    ],
)
def test_a_list_is_known_by_stake_price_and_side(first_line, is_list):
    assert looks_like(first_line) is is_list
