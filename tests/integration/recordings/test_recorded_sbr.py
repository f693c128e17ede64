"""SportsbookReview's recorded page through raw and staging, in the page that was around it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from tests.integration.recordings.quote_bodies import (
    SBR_LINE_HISTORY_RECORDS,
    dispositions,
    keep,
    manifest,
    records_of,
    rows,
    stage,
)
from tests.recordings import envelopes_sbr

MANIFEST = manifest("sbr")

pytestmark = pytest.mark.real_data


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "sbr").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in MANIFEST} == there
    assert all(("table" in entry) != bool(entry.get("not_asked")) for entry in MANIFEST)


def test_the_recorded_line_history_is_staged_move_by_move(database: Settings, wire_dir: Path) -> None:
    [entry] = [entry for entry in MANIFEST if "table" in entry]
    body = getattr(envelopes_sbr, entry["envelope"])((wire_dir / "sbr" / entry["file"]).read_bytes())
    at = datetime.fromisoformat(entry["fetched_at"])
    load = keep(database, entry["table"], entry["path"], body, at=at, capture="backfilled")
    stage(database, "stg_sbr__history_quotes", "stg_sbr__games", "stg_sbr__picks")

    expected = {name: entry[name] for name in ("staged", "quarantined", "out_of_scope")}
    assert dispositions(database, "stg_sbr__history_quotes", load) == expected
    assert records_of(database, entry["table"], load, SBR_LINE_HISTORY_RECORDS) == entry["records"]
    assert sum(expected.values()) == entry["records"]

    moneylines = rows(
        database,
        "select side, price_american, known_at, capture, label from staging.stg_sbr__history_quotes "
        "where book = 'betmgm' and market = 'moneyline' order by record_number",
    )
    at = datetime(2025, 8, 26, 23, 33, 23, tzinfo=UTC)
    assert [(row["side"], row["price_american"], row["known_at"]) for row in moneylines] == [
        ("home", -275, at),
        ("away", 220, at),
        ("home", -275, at),
        ("away", 225, at),
    ]
    assert {(row["capture"], row["label"]) for row in moneylines} == {("backfilled", None)}
    [last_spread] = rows(
        database,
        "select line, price_american, known_at from staging.stg_sbr__history_quotes "
        "where book = 'bet365' and market = 'spread' and side = 'away' order by record_number desc limit 1",
    )
    assert (last_spread["line"], last_spread["price_american"]) == (1.5, 105)
    assert last_spread["known_at"] == datetime(2025, 8, 26, 22, 3, 24, tzinfo=UTC)
    totals = rows(
        database,
        "select count(*)::int as n, min(line) as line, min(away_team_id) as away, min(home_team_id) as home, "
        "min(official_date) as day, min(event_id) as event from staging.stg_sbr__history_quotes where market = 'total'",
    )
    assert totals == [
        {"n": 10, "line": 8.5, "away": 120, "home": 147, "day": date(2025, 8, 27), "event": "343244"},
    ]

    [game] = rows(database, "select * from staging.stg_sbr__games")
    assert (game["away_runs"], game["home_runs"], game["is_final"]) == (2, 11, True)
    assert (game["away_starter"], game["home_starter"]) == ("Cade Cavalli", "Max Fried")
    assert game["commence_at"] == datetime(2025, 8, 27, 17, 5, tzinfo=UTC)
    assert game["known_at"] == datetime(2025, 8, 28, 12, tzinfo=UTC)
    picks = rows(
        database,
        "select market, side, picks_pct::float as pct, missing_reason from staging.stg_sbr__picks order by 1, 2",
    )
    assert [tuple(row.values()) for row in picks] == [
        ("moneyline", "away", 33.28, None),
        ("moneyline", "home", 66.72, None),
        ("spread", "away", None, "no_picks"),
        ("spread", "home", None, "no_picks"),
        ("total", "over", 69.45, None),
        ("total", "under", 30.55, None),
    ]
