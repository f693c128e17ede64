"""Tick archive files: the streaming reader and the tolerant one number and keep every record alike."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from archive_factories import TICK_HEADER, tick_line, ticks

from dagster_mlb.sources.archive_file import ArchiveFile, ArchiveFileRefusedError
from dagster_mlb.sources.archive_tables import column_names, read_records, refuse_repeated, split_line, text_frame
from dagster_mlb.sources.tick_archive import parse
from dagster_mlb.sources.tick_archive.parse import NotPlainError, PlainCsv, refuse_unless_complete
from dagster_mlb.sources.tick_archive.schemas import FIELDS


def streamed(body: bytes) -> list[list[str]]:
    file = ArchiveFile("ticks.csv", body)
    text = b"".join(PlainCsv(file, column_names(file), 7).blocks()).decode()
    return list(csv.reader(io.StringIO(text)))


def tolerated(body: bytes) -> list[tuple[int, list[str] | None, str]]:
    return list(read_records(ArchiveFile("ticks.csv", body), len(FIELDS)))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_streamed_lines_carry_load_and_line_number_and_blank_lines_only_count(end, packed):
    body = ticks(tick_line(), "", tick_line(side="home"), end=end)
    rows = streamed(gzip.compress(body, mtime=0) if packed else body)
    assert [row[:2] for row in rows] == [["7", "2"], ["7", "4"]]
    assert rows[1][2:] == tick_line(side="home").split(",")


@pytest.mark.parametrize("chunk_bytes", [1, 7, 64, 1 << 20])
def test_line_numbers_do_not_depend_on_where_the_stream_is_cut(monkeypatch, chunk_bytes):
    monkeypatch.setattr(parse, "CHUNK_BYTES", chunk_bytes)
    body = b"\xef\xbb\xbf" + ticks(*[tick_line(event_ref=str(n)) for n in range(2, 12)])
    assert [(row[1], row[4]) for row in streamed(body.rstrip())] == [(str(n), str(n)) for n in range(2, 12)]


def test_a_line_with_too_many_or_too_few_fields_is_kept_whole_in_event_ref():
    rows = streamed(ticks(tick_line(), "too,few", tick_line() + ",one more", "  ", tick_line()))
    assert [row[1] for row in rows] == ["2", "3", "4", "6"]
    assert [row[4] for row in rows] == ["1", "too,few", tick_line() + ",one more", "1"]
    assert rows[1][2:4] == ["", ""] and set(rows[1][5:]) == {""}


def test_bytes_that_no_text_can_hold_do_not_stop_the_stream():
    rows = streamed(ticks(tick_line(book="A")).replace(b",A,", b",A\xff\x00\xc3\xa9,"))
    assert rows[0][3] == "A\ufffd\ufffdé"


@pytest.mark.parametrize("line", [tick_line(book='"pinnacle"'), tick_line(book="pin\rnacle")])
def test_quotes_and_lone_carriage_returns_ask_for_the_tolerant_reader(line):
    with pytest.raises(NotPlainError):
        streamed(ticks(line))


def test_a_malformed_line_without_a_place_to_stand_asks_for_the_tolerant_reader():
    header = ",".join(name for name in FIELDS if name != "event_ref")
    with pytest.raises(NotPlainError):
        streamed(ticks("a,b", header=header))


def test_a_quoted_line_end_belongs_to_its_record_which_is_numbered_by_its_first_line():
    body = ticks(tick_line(), tick_line(home_team='"Pittsburgh\nPirates"'), tick_line(event_ref="last"))
    records = tolerated(body)
    assert [number for number, *_ in records] == [2, 3, 5]
    assert records[1][1][6] == "Pittsburgh\nPirates"
    assert records[2][1][2] == "last"


def test_an_open_quote_spoils_its_own_line_only():
    body = ticks(tick_line(event_ref='"open'), *[tick_line(event_ref=str(n)) for n in range(3, 300)])
    records = tolerated(body)
    assert [number for number, *_ in records] == list(range(2, 300))
    assert records[0][1:] == (None, tick_line(event_ref='"open'))
    assert all(fields[2] == str(number) for number, fields, _ in records[1:])


def test_two_open_quotes_spoil_two_lines_only():
    body = ticks(tick_line(label='"'), tick_line(event_ref="3"), tick_line(source='"a'), tick_line(event_ref="5"))
    assert [fields and fields[2] for _, fields, _ in tolerated(body)] == [None, "3", None, "5"]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a,b,", ["a", "b", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('"say ""hi""",c', ['say "hi"', "c"]),
        ('5" tall,c', ['5" tall', "c"]),
        ('"a"b,c', None),
        ('"a', None),
        ('"' + "x" * 200_000 + '"', None),
    ],
)
def test_a_line_is_split_by_the_rules_of_csv(line, fields):
    assert split_line(line) == fields


def test_columns_are_known_by_name_whatever_their_case():
    file = ArchiveFile("a.csv", b'\xef\xbb\xbf"Source", Book ,Away Team\n')
    assert column_names(file) == ["source", "book", "away_team"]


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ({"price"}, "required column price missing"),
        ({"book", "side"}, "required columns book, side missing"),
        ({"observed_at", "label"}, "required column observed_at or label missing"),
        ({"official_date", "commence_time"}, "required column official_date or commence_time missing"),
    ],
)
def test_a_missing_required_column_is_named(without, message):
    with pytest.raises(ArchiveFileRefusedError, match=message):
        refuse_unless_complete([name for name in FIELDS if name not in without])


def test_what_may_be_absent_is_not_required():
    refuse_unless_complete([name for name in FIELDS if name not in {"event_ref", "line", "label", "commence_time"}])


def test_a_known_column_given_twice_is_refused():
    with pytest.raises(ArchiveFileRefusedError, match="column price stands more than once"):
        refuse_repeated([*TICK_HEADER.split(","), "price"], FIELDS)


def test_parquet_values_become_the_text_that_a_csv_would_have():
    buffer = io.BytesIO()
    pl.DataFrame(
        {
            "Price": [-110.0, float("nan")],
            "line": [7.5, None],
            "observed_at": [datetime(2016, 4, 3, 12, 30, tzinfo=UTC), None],
            "commence_time": [datetime(2016, 4, 3, 17, 5, 0, 47000, tzinfo=UTC).replace(tzinfo=None), None],
            "official_date": [datetime(2016, 4, 3, tzinfo=UTC).replace(tzinfo=None), None],
            "label": pl.Series(["nu\0l", None], dtype=pl.Categorical),
            "side": [True, None],
            "market": [b"bytes", None],
        }
    ).with_columns(pl.col("observed_at").dt.convert_time_zone("America/New_York")).write_parquet(buffer)
    wanted = [
        "price",
        "line",
        "observed_at",
        "commence_time",
        "official_date",
        "label",
        "side",
        "market",
        "source",
    ]
    shown = text_frame(ArchiveFile("a.parquet", buffer.getvalue()), wanted)
    assert shown.columns == wanted
    assert shown.rows()[1] == (None,) * len(wanted)
    assert shown.row(0, named=True) == {
        "price": "-110",
        "line": "7.5",
        "official_date": "2016-04-03",
        "label": "nu\ufffdl",
        "side": "true",
        "observed_at": "2016-04-03T12:30:00Z",
        "commence_time": "2016-04-03T17:05:00.047Z",
        "market": "bytes",
        "source": None,
    }


def test_parquet_days_can_be_told_without_dashes():
    buffer = io.BytesIO()
    pl.DataFrame({"date": [date(2009, 4, 5)]}).write_parquet(buffer)
    assert text_frame(ArchiveFile("a.parquet", buffer.getvalue()), ["date"], day_format="%Y%m%d").item() == "20090405"
