"""An archive file as bytes and text, and the text form in which its records go to COPY."""

from __future__ import annotations

import gzip

import pytest

from dagster_mlb.sources.archive_file import (
    ArchiveFile,
    ArchiveFileRefusedError,
    array_literal,
    refusing,
    text_blocks,
    years_in_name,
)


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("mlb-odds-2019.xlsx", (2019,)),
        ("consensus_2018_2020.csv.gz", (2018, 2019, 2020)),
        ("gl2016.txt", (2016,)),
        ("ticks.csv", ()),
        ("dump_20160403.csv", ()),
    ],
)
def test_a_name_tells_its_season_or_the_range_between_two(name, years):
    assert years_in_name(name) == years


def test_gzip_and_plain_text_give_the_same_lines_with_their_numbers():
    text = b"\xef\xbb\xbfone\r\ntwo\n\nfour"
    expected = [(1, "one"), (2, "two"), (3, ""), (4, "four")]
    assert list(ArchiveFile("a.txt", text).lines()) == expected
    assert list(ArchiveFile("a.txt.gz", gzip.compress(text, mtime=0)).lines()) == expected


def test_bytes_that_no_text_can_hold_become_replacement_characters_and_neighbours_stay():
    lines = [line for _, line in ArchiveFile("a.txt", b"good\nM\xfcnchen\nnu\x00l\ngood").lines()]
    assert lines == ["good", "M\ufffdnchen", "nu\ufffdl", "good"]


def test_the_first_line_of_a_truncated_gzip_can_still_be_read():
    packed = gzip.compress(b"header,line\n" + bytes(range(256)) * 50, mtime=0)
    assert ArchiveFile("a.csv.gz", packed[: len(packed) // 2]).first_line == "header,line"
    assert ArchiveFile("a.csv.gz", b"\x1f\x8bnot gzip").first_line == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_two_byte_encodings_are_refused_with_what_to_do(encoding):
    with pytest.raises(ArchiveFileRefusedError, match="Save it as UTF-8"):
        ArchiveFile("a.csv", "source,book".encode(encoding)).refuse_unless_utf8_like()


@pytest.mark.parametrize(
    ("cells", "literal"),
    [
        ([], "{}"),
        (["a", None, ""], '{"a",NULL,NULL}'),
        ([None], "{NULL}"),
        (['O"Neil', "back\\slash", ""], '{"O\\"Neil","back\\\\slash",NULL}'),
        (["null", "a,b", "{x}"], '{"null","a,b","{x}"}'),
    ],
)
def test_cells_become_an_array_in_which_empty_is_null(cells, literal):
    assert array_literal(cells) == literal


def test_rows_become_copy_text_in_which_special_characters_are_escaped():
    rows = [("1", "plain", None), ("2", "tab\there", ""), ("3", "line\r\nend", "back\\slash")]
    assert b"".join(text_blocks(rows)) == b"1\tplain\t\n2\ttab\\there\t\n3\tline\\r\\nend\tback\\\\slash\n"


def test_a_refusal_names_file_row_rule_and_remedy():
    refusal = ArchiveFileRefusedError("columns", "column price is missing", "Add it.", row=1)
    assert refusal.told("ticks.csv") == "ticks.csv, row 1: column price is missing (rule columns). Add it."
    assert str(refusal) == "row 1: column price is missing (rule columns). Add it."


def test_a_library_that_panics_over_a_file_is_a_refusal_but_an_interrupt_is_not():
    class PanicException(BaseException):
        pass

    with (
        pytest.raises(ArchiveFileRefusedError, match="unreadable \\(slice out of range\\)"),
        refusing("r", "unreadable", ""),
    ):
        raise PanicException("slice out of range\nbacktrace")
    with pytest.raises(KeyboardInterrupt), refusing("r", "unreadable", ""):
        raise KeyboardInterrupt
