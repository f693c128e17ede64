"""What stands against what was rebuilt: rows are paired by their key, and what differs is named with its game."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dagster_mlb.strategies.leakage.comparison import row_differences
from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.moments import Moment
from dagster_mlb.strategies.leakage.report import LeakageReport, TableReport

AT = datetime(2025, 4, 8, 16, tzinfo=UTC)


def row(game_key: int = 1, **changes: object) -> dict[str, object]:
    return {"game_key": game_key, "decision": "open", "decision_at": AT, "price": -120, "chance": 0.53} | changes


def test_equal_rows_have_no_differences() -> None:
    assert row_differences("t", [row(), row(2)], [row(2), row()]) == ([], {})


def test_a_value_is_named_with_its_column_its_row_and_both_sides() -> None:
    (found,), rounded = row_differences("t", [row(), row(2), row(3)], [row(), row(2, price=-130), row(3, price=-110)])
    assert (found.output, found.column, found.rows) == ("t", "price", 2)
    assert found.detail == (
        "game_key 2, decision open, decision_at 2025-04-08 16:00:00+0000: -120 stands, -130 without the future"
    )
    assert rounded == {}


def test_rows_of_one_side_are_told_from_rows_of_the_other() -> None:
    found, _ = row_differences("t", [row(1)], [row(2)])
    assert [one.column for one in found] == ["*", "*"]
    assert "stands, but not without the future" in found[0].detail and "game_key 1" in found[0].detail
    assert "would without the future" in found[1].detail and "game_key 2" in found[1].detail


def test_rows_that_share_a_key_are_paired_in_their_order() -> None:
    found, _ = row_differences("t", [row(), row(price=100)], [row(), row(price=105)])
    assert [(one.column, one.rows) for one in found] == [("price", 1)]


@pytest.mark.parametrize(
    ("other", "differs"),
    [(0.53 + 1e-12, False), (0.53 + 1e-6, True), (None, True), (float("nan"), True)],
)
def test_the_last_digits_of_a_sum_are_rounding_and_more_is_not(other: float | None, differs: bool) -> None:
    found, rounded = row_differences("t", [row()], [row(chance=other)])
    assert [one.column for one in found] == (["chance"] if differs else [])
    assert rounded == ({} if differs else {"chance": 1})


def test_the_same_nan_is_the_same() -> None:
    assert row_differences("t", [row(chance=float("nan"))], [row(chance=float("nan"))]) == ([], {})


def report(*tables: TableReport) -> LeakageReport:
    return LeakageReport(tuple({table.moment for table in tables}), tables, seed=1, seconds=0.5)


def test_a_report_sums_by_table_and_tells_what_leaks() -> None:
    eve, noon = (Moment(AT.replace(hour=hour), date(2025, 4, 9), "a day") for hour in (1, 16))
    leak = Difference("curated.t", "price", 3, "game_key 7: -120 stands, -130 without the future")
    told = report(
        TableReport("curated.t", "truncation", eve, 10),
        TableReport("curated.t", "truncation", noon, 12, (leak,)),
        TableReport("curated.u", "truncation", noon, 5),
    )
    assert not told.passed and told.rows == 27
    assert [(one.table, one.moments, one.rows, one.differing) for one in told.sums()] == [
        ("curated.t", 2, 22, 3),
        ("curated.u", 1, 5, 0),
    ]
    assert told.told() == [f"{leak} without the future, by truncation, at 2025-04-08 16:00 UTC (a day)"]
    assert report(TableReport("curated.u", "truncation", noon, 5)).passed
