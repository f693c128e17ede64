"""VSIN's recorded rows through reader, raw and staging: counts for all, values for a few."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.sources.parsing import parse_loads
from dagster_mlb.sources.vsin.parse import READER
from tests.integration.recordings.quote_bodies import keep, manifest, stage
from tests.recordings import envelopes_vsin

pytestmark = pytest.mark.real_data
MODELS = ("stg_vsin__rows", "stg_vsin__splits", "stg_vsin__quotes")
AT = datetime(2026, 4, 3, 23, 50, tzinfo=UTC)


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "vsin").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in manifest("vsin")} == there


def test_the_recorded_rows_of_both_books_are_staged(
    database: Settings, connection: psycopg.Connection, wire_dir: Path
) -> None:
    loads = {}
    for entry in manifest("vsin"):
        body = getattr(envelopes_vsin, entry["envelope"])((wire_dir / "vsin" / entry["file"]).read_bytes())
        at = datetime.fromisoformat(entry["fetched_at"])
        load = keep(database, entry["table"], entry["path"], body, at=at, params=entry["params"])
        parse_loads(connection, READER, [(load, body)], parsed_at=at)
        loads[load] = entry
    stage(database, *MODELS)

    def ask(query: str) -> list[tuple]:
        return connection.execute(query).fetchall()

    for load, entry in loads.items():
        counted = dict(
            ask(f"select disposition, count(*) from staging.stg_vsin__splits where load_id = {load} group by 1")
        )
        told = {name: counted.get(name, 0) for name in ("staged", "quarantined", "out_of_scope")}
        assert told == {name: entry[name] for name in told}
    # Counted from the text by another path than the reader's.
    assert ask("select load_id, raw_data.vsin_team_rows(body) * 3 from raw_data.vsin_splits order by 1") == [
        (load, entry["records"]) for load, entry in loads.items()
    ]

    # Handle before bets, by the header: the first of a pair is the money's.
    assert ask(
        """select book, market, side, line::float, price_american, money_pct::float, tickets_pct::float
           from staging.stg_vsin__splits where disposition = 'staged' order by load_id, record_number"""
    ) == [
        ("draftkings", "spread", "away", -1.5, None, 82, 82),
        ("draftkings", "total", "over", 9.5, None, 88, 76),
        ("draftkings", "moneyline", "away", None, -286, 83, 89),
        ("draftkings", "spread", "home", 1.5, None, 18, 18),
        ("draftkings", "total", "under", 9.5, None, 12, 24),
        ("draftkings", "moneyline", "home", None, 229, 17, 11),
        ("circasports", "spread", "away", -1.5, None, 98, 89),
        ("circasports", "total", "over", 9.5, None, 99, 77),
        ("circasports", "moneyline", "away", None, -276, 33, 25),
        ("circasports", "spread", "home", 1.5, None, 2, 11),
        ("circasports", "total", "under", 9.5, None, 1, 23),
        ("circasports", "moneyline", "home", None, 243, 67, 75),
    ]
    assert ask(
        """select distinct event_id, away_team_id, home_team_id, official_date, commence_at, stated_at, known_at,
                  row_status, has_started, markup, missing_reason
           from staging.stg_vsin__splits where disposition = 'staged'"""
    ) == [("20260403MLB00018", 119, 120, date(2026, 4, 3), None, None, AT, "final", True, "current", None)]
    assert ask(
        """select book, side, price_american from staging.stg_vsin__quotes
           where disposition = 'staged' order by load_id, record_number"""
    ) == [
        ("draftkings", "away", -286),
        ("draftkings", "home", 229),
        ("circasports", "away", -276),
        ("circasports", "home", 243),
    ]
    assert ask(
        "select rule, count(*) from staging.stg_vsin__quotes where disposition <> 'staged' group by 1 order by 1"
    ) == [("line_without_price", 8), ("other_sport", 24)]
