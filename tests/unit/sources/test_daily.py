"""Which days today's run asks about, beside today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources import daily
from dagster_mlb.sources.sbr import collect as sbr

TODAY = Settings(environment="test", fixed_now=datetime(2025, 7, 15, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "asked"),
    [
        ([date(2025, 7, 15)], [date(2025, 7, 14), date(2025, 7, 15)]),
        ([date(2025, 7, 10)], [date(2025, 7, 10)]),
    ],
)
def test_todays_run_asks_the_last_moves_of_yesterdays_games(
    monkeypatch: pytest.MonkeyPatch, days: list[date], asked: list[date]
) -> None:
    seen: list[date] = []

    def collect(settings: Settings, days: Sequence[date], *, run_id: str) -> Any:
        seen.extend(days)

    monkeypatch.setattr(sbr, "collect_line_histories", collect)
    daily.sbr_line_history(TODAY, days, "r")
    assert seen == asked
