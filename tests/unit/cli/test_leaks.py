"""What ``mlb leaks`` prints: the moments, a line per table, and what knew its future."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dagster_mlb import cli_leaks
from dagster_mlb.settings import Settings
from dagster_mlb.strategies.leakage import skill_live
from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.moments import Moment
from dagster_mlb.strategies.leakage.report import LeakageReport, TableReport
from dagster_mlb.strategies.leakage.skill import Skill

NOON = Moment(datetime(2025, 7, 14, 16, tzinfo=UTC), date(2025, 7, 15), "the latest day")
LEAK = Difference("curated.feature_vectors", "form_diff", 4, "game_key 7: 0.4 stands, 0.1 without the future")


def printed(report: LeakageReport, capsys: pytest.CaptureFixture[str]) -> str:
    cli_leaks.print_report(report)
    return capsys.readouterr().out


def test_a_graph_that_knows_no_future_is_told_with_what_was_compared(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(LeakageReport((NOON,), (TableReport("curated.t", "truncation", NOON, 1200),), 5, 2.34), capsys)
    assert "2025-07-14 16:00" in told and "the latest day" in told
    assert "curated.t" in told and "1,200" in told
    assert "nothing knows its future: 1,200 rows, 2.3 s, seed 5" in told


def test_every_leak_is_a_line_and_of_many_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    reports = tuple(TableReport("curated.feature_vectors", "poisoning", NOON, 9, (LEAK,)) for _ in range(40))
    told = printed(LeakageReport((NOON,), reports, 5, 1.0), capsys)
    assert told.count("leak  curated.feature_vectors.form_diff: 4 rows differ (game_key 7") == 30
    assert "… and 10 more" in told and "40 differences" in told


def test_a_warehouse_without_decisions_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing to look at" in printed(LeakageReport((), (), 5, 0.1), capsys)


def test_skill_that_must_not_be_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Skill("label shuffle", "reader", "ROI", 500, 0.4, -0.03, 0.02)]
    monkeypatch.setattr(skill_live, "check_skill", lambda settings, seed: found)
    told = cli_leaks.print_skill(Settings(environment="test"), 5)
    assert len(told) == 1 and "ROI of reader is +0.4000" in capsys.readouterr().out
    monkeypatch.setattr(skill_live, "check_skill", lambda settings, seed: [])
    assert cli_leaks.print_skill(Settings(environment="test"), 5) == []
