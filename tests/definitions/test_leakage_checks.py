"""What the gates against the future tell Dagster: moments, tables and rows, and where the future stands."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg

from dagster_mlb.defs.leakage_checks import leakage_result, skill_result
from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.moments import Moment
from dagster_mlb.strategies.leakage.report import LeakageReport, TableReport
from dagster_mlb.strategies.leakage.skill import Skill

NOON = Moment(datetime(2025, 7, 14, 16, tzinfo=UTC), date(2025, 7, 15), "the latest day")
CLEAN = TableReport("curated.decision_prices", "truncation", NOON, 120)


def report(*tables: TableReport) -> LeakageReport:
    return LeakageReport((NOON,), tables, seed=739_000, seconds=1.23456)


def test_a_graph_that_knows_no_future_passes_and_says_what_was_looked_at() -> None:
    result = leakage_result(report(CLEAN))
    assert result.passed and result.description is None and result.severity == dg.AssetCheckSeverity.ERROR
    assert (result.metadata["rows compared"].value, result.metadata["seed"].value) == (120, 739_000)
    assert result.metadata["moments"].value == "- 2025-07-14 16:00 UTC: the latest day"
    assert "| curated.decision_prices | truncation | 1 | 120 | 0 |  |" in str(result.metadata["tables"].value)


def test_a_leak_is_told_with_table_column_and_game_and_stands_first() -> None:
    leak = Difference("curated.feature_vectors", "form_diff", 4, "game_key 7: 0.4 stands, 0.1 without the future")
    result = leakage_result(report(CLEAN, TableReport("curated.feature_vectors", "poisoning", NOON, 90, (leak,))))
    assert not result.passed and result.metadata["leaks"].value == 1
    assert result.description is not None
    assert result.description.startswith("curated.feature_vectors.form_diff: 4 rows differ (game_key 7")
    assert (
        str(result.metadata["tables"].value).splitlines()[2].startswith("| curated.feature_vectors | poisoning | 1 |")
    )


def test_a_warehouse_without_decisions_passes_and_says_so() -> None:
    result = leakage_result(LeakageReport((), (), seed=1, seconds=0.1))
    assert result.passed and result.metadata["moments"].value == "no decision has been made yet"


def test_skill_that_must_not_be_there_is_a_warning() -> None:
    honest = Skill("label shuffle", "favourite", "ROI", 2000, -0.03, -0.035, 0.02)
    lucky = Skill("label shuffle", "reader", "ROI", 2000, 0.4, -0.03, 0.02)
    result = skill_result([honest, lucky])
    assert not result.passed and result.severity == dg.AssetCheckSeverity.WARN
    assert result.description is not None and "ROI of reader is +0.4000" in result.description
    assert (
        str(result.metadata["skill that must not be there"].value)
        .splitlines()[2]
        .startswith("| label shuffle | reader")
    )
    assert skill_result([honest]).passed
    assert skill_result([]).metadata["skill that must not be there"].value == "too few bets yet"
