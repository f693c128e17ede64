"""SportsBettingDime's recorded answer through raw and staging: counts for all, values for a few."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from dagster_mlb.settings import Settings
from tests.integration.recordings.quote_bodies import keep, manifest, stage

pytestmark = pytest.mark.real_data
MODELS = ("stg_sbd__games", "stg_sbd__quotes", "stg_sbd__splits")
AT = datetime(2026, 9, 27, 14, 6, 46, tzinfo=UTC)


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "sbd").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in manifest("sbd")} == there


def test_the_recorded_slate_is_staged_whole(database: Settings, connection: psycopg.Connection, wire_dir: Path) -> None:
    (entry,) = [entry for entry in manifest("sbd") if "table" in entry]
    body = (wire_dir / "sbd" / entry["file"]).read_bytes()
    assert sum(len(market["books"]) for market in json.loads(body)["data"][0]["markets"].values()) * 4 == 72
    keep(
        database,
        entry["table"],
        entry["path"],
        body,
        at=datetime.fromisoformat(entry["fetched_at"]),
        params=entry["params"],
    )
    stage(database, *MODELS)

    def ask(query: str) -> list[tuple]:
        return connection.execute(query).fetchall()

    counted = dict(ask("select disposition, count(*) from staging.stg_sbd__quotes group by 1"))
    assert counted == {"staged": entry["staged"]}
    assert sum(counted.values()) == entry["records"]

    assert ask(
        """select event_id, game_status, away_team_id, home_team_id, away_rotation_number, home_rotation_number,
                  official_date, commence_at, known_at, disposition
           from staging.stg_sbd__games"""
    ) == [
        (
            *("sr:match:63299349", "not_started", 110, 147, 969, 970),
            *(date(2026, 9, 27), datetime(2026, 9, 27, 17, 5, tzinfo=UTC), AT, "staged"),
        )
    ]
    # BetMGM gives the run to the Yankees while the others take it from them.
    assert ask(
        """select book, side, label, line::float, price_american from staging.stg_sbd__quotes
           where market = 'spread' and book in ('betmgm', 'williamhill_us') order by record_number"""
    ) == [
        ("betmgm", "home", "open", -1.5, 150),
        ("betmgm", "home", None, 1.5, -208),
        ("betmgm", "away", "open", 1.5, -182),
        ("betmgm", "away", None, -1.5, 170),
        ("williamhill_us", "home", "open", -1.5, 159),
        ("williamhill_us", "home", None, -1.5, 173),
        ("williamhill_us", "away", "open", 1.5, -190),
        ("williamhill_us", "away", None, 1.5, -205),
    ]
    assert ask(
        """select side, label, line::float, price_american, book_name, is_best from staging.stg_sbd__quotes
           where market = 'total' and book = 'bet365' order by record_number"""
    ) == [
        ("over", "open", 8.0, -105, "Bet365.US.NJ", False),
        ("over", None, 7.5, 100, "Bet365.US.NJ", False),
        ("under", "open", 8.0, -115, "Bet365.US.NJ", False),
        ("under", None, 7.5, -120, "Bet365.US.NJ", True),
    ]
    assert ask("select count(distinct series_id), count(distinct book), count(line) from staging.stg_sbd__quotes") == [
        (36, 6, 48)
    ]

    counted_at = datetime(2026, 9, 27, 13, 10, 41, 686000, tzinfo=UTC)
    splits = ask(
        """select market, side, line::float, tickets_pct::float, money_pct::float, is_line_ambiguous, stated_at,
                  known_at
           from staging.stg_sbd__splits order by record_number"""
    )
    assert [row[:6] for row in splits] == [
        ("moneyline", "home", None, 80.44, 73.08, False),
        ("moneyline", "away", None, 19.56, 26.92, False),
        ("spread", "home", None, 75.27, 89.54, True),
        ("spread", "away", None, 24.73, 10.46, True),
        ("total", "over", 7.5, 87.47, 86.49, False),
        ("total", "under", 7.5, 12.53, 13.51, False),
    ]
    assert {row[6:] for row in splits} == {(counted_at, AT)}
