"""The lists under the season table: what differs and what is tied to nothing."""

from __future__ import annotations

from datetime import date
from io import StringIO

import polars as pl
from rich.console import Console

from dagster_mlb.reporting.archive_differences import differences_table, untied_table


def _printed(table) -> str:
    console = Console(width=110, file=StringIO())
    console.print(table)
    return console.file.getvalue()


def test_a_differing_score_is_told_with_both_scores_and_the_rung():
    frame = pl.DataFrame(
        [
            {
                "official_date": date(2010, 6, 30),
                "away_team": "TB",
                "home_team": "BOS",
                "sides_swapped": True,
                "archive_away_runs": 4,
                "archive_home_runs": 9,
                "official_away_runs": 4,
                "official_home_runs": 8,
                "rung": "official_date",
                "game_key": 1,
            }
        ]
    )
    text = _printed(differences_table(frame))
    assert "TB @ BOS (sides swapped)" in text
    assert "4–9" in text
    assert "4–8" in text
    assert "official_date" in text


def test_untied_events_are_counted_with_their_reason():
    frame = pl.DataFrame(
        [
            {
                "source": "sbr_archive",
                "reason": "a doubleheader",
                "events": 1234,
                "first_day": date(2010, 9, 4),
                "last_day": date(2016, 6, 7),
            }
        ]
    )
    text = _printed(untied_table(frame))
    assert "1,234" in text
    assert "2010-09-04 … 2016-06-07" in text
    assert "a doubleheader" in text
