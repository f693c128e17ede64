"""SportsbookReview's workbooks: row numbers, cells and headers as the sheet shows them."""

from __future__ import annotations

import pytest
from archive_factories import SBR_LABELS, grid, sbr_season, workbook

from dagster_mlb.sources.archive_file import ArchiveFileRefusedError
from dagster_mlb.sources.sbr_archive.parse import read_rows, season_of


def test_row_numbers_are_those_of_the_sheet_also_below_empty_rows_and_beside_empty_columns():
    rows = read_rows(
        workbook({"Odds": grid([SBR_LABELS, (404, 901, "V", "NYY"), (), (404, 902, "H", "BOS")], top=3, left="B")})
    )
    assert [(row.sheet, row.row_number, row.is_header) for row in rows] == [
        ("Odds", 3, True),
        ("Odds", 4, False),
        ("Odds", 6, False),
    ]
    assert rows[1].cells[:4] == ("404", "901", "V", "NYY")


def test_numbers_come_as_the_sheet_shows_them_and_empty_cells_as_none():
    shown = read_rows(workbook({"S": grid([SBR_LABELS, ("7.0", 7.0, -106, 7.5, None, "8½", "x", 1)])}))[1].cells
    assert shown == ("7.0", "7", "-106", "7.5", None, "8½", "x", "1")


def test_every_sheet_with_rows_is_read_and_only_a_row_with_the_columns_names_is_a_header():
    title = [("MLB odds 2019",), SBR_LABELS, (404, 901, "V", "NYY")]
    rows = read_rows(workbook({"April": grid(title), "Empty": {}, "May": grid([SBR_LABELS, (501, 901, "V", "BOS")])}))
    assert [(row.sheet, row.is_header) for row in rows] == [
        ("April", False),
        ("April", True),
        ("April", False),
        ("May", True),
        ("May", False),
    ]


@pytest.mark.parametrize("labels", [("DATE", "ROT", "VH", "TEAM"), (" Date ", "Rot", "vh", "team", "Open OU")])
def test_the_header_is_found_in_any_spelling(labels):
    assert read_rows(workbook({"S": grid([labels, (404, 901, "V", "NYY")])}))[0].is_header


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (sbr_season(20)[:900], "cannot be read as a workbook"),
        (b"<html>not found</html>", "cannot be read as a workbook"),
        (
            workbook({"S": grid([("Name", "Age"), ("x", 3)])}),
            "no row of any sheet has the columns Date, Rot, VH and Team",
        ),
    ],
)
def test_a_damaged_or_foreign_workbook_is_refused(body, message):
    with pytest.raises(ArchiveFileRefusedError, match=message):
        read_rows(body)


def test_the_season_is_in_the_files_name_else_a_sheets_name_else_the_dates():
    assert season_of("mlb-odds-2019.xlsx", read_rows(sbr_season())) == 2019
    assert season_of("odds.xlsx", read_rows(sbr_season(sheet="MLB 2017"))) == 2017
    dated = workbook({"S": grid([SBR_LABELS, (20150405, 901, "V", "NYY"), ("2015-04-06", 901, "V", "NYY")])})
    assert season_of("odds.xlsx", read_rows(dated)) == 2015


def test_a_season_that_cannot_be_known_is_asked_for():
    with pytest.raises(ArchiveFileRefusedError, match=r"Rename the file .* mlb-odds-2019\.xlsx"):
        season_of("odds.xlsx", read_rows(sbr_season()))
