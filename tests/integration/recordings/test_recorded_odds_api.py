"""The Odds API's recorded odds through raw and staging: decimal answers, whatever format was asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from tests.integration.recordings.quote_bodies import dispositions, keep, manifest, records_of, rows, stage

MANIFEST = manifest("odds_api")
COUNT = (
    "select count(*) from jsonb_path_query(raw_data.json_of(raw.body), 'lax $[*].bookmakers[*].markets[*].outcomes[*]')"
)

pytestmark = pytest.mark.real_data


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "odds_api").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in MANIFEST} == there


def test_every_recorded_outcome_is_accounted_for_and_read_as_decimal(database: Settings, wire_dir: Path) -> None:
    loads = {}
    for entry in MANIFEST:
        body = (wire_dir / "odds_api" / entry["file"]).read_bytes()
        at = datetime.fromisoformat(entry["fetched_at"])
        loads[entry["file"]] = keep(database, entry["table"], entry["path"], body, at=at, params=entry["params"])
    stage(database, "stg_odds_api__quotes")

    for entry in MANIFEST:
        load = loads[entry["file"]]
        expected = {name: entry[name] for name in ("staged", "quarantined", "out_of_scope")}
        assert dispositions(database, "stg_odds_api__quotes", load) == expected, entry["file"]
        assert records_of(database, entry["table"], load, COUNT) == entry["records"] == sum(expected.values())

    tigers = rows(
        database,
        "select market, side, line::float as line, round(price_american::numeric, 2)::float as price, last_update_at "
        "from staging.stg_odds_api__quotes where event_id = %s and book = 'betonlineag' order by record_number",
        "b4fc61fd47360c667e18883c40c4a93a",
    )
    assert [(row["market"], row["side"], row["line"], row["price"]) for row in tigers] == [
        ("moneyline", "away", None, 137.0),
        ("moneyline", "home", None, -151.52),
        ("spread", "away", 1.5, -161.29),
        ("spread", "home", -1.5, 142.0),
        ("total", "over", 7.5, -105.26),
        ("total", "under", 7.5, -114.94),
    ]
    assert tigers[0]["last_update_at"] == datetime(2025, 8, 1, 20, 29, 12, tzinfo=UTC)
    # Two games of the same clubs on one UTC date are two baseball days.
    rockies = rows(
        database,
        "select distinct event_id, official_date from staging.stg_odds_api__quotes "
        "where home_team_id = 115 and away_team_id = 134 order by official_date",
    )
    assert [row["official_date"] for row in rockies] == [date(2025, 8, 1), date(2025, 8, 2)]
    [range_] = rows(
        database,
        "select min(abs(price_american)) as least, max(abs(price_american)) as most, "
        "count(distinct (period, alternate_line, status))::int as kinds from staging.stg_odds_api__quotes",
    )
    assert range_["least"] >= 100
    assert range_["most"] < 1000
    assert range_["kinds"] == 1
