"""PrizePicks' recorded board through raw and staging: another sport's, so typed, counted and out of scope."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_mlb.settings import PROJECT_ROOT, Settings
from tests.integration.staged_bodies import put, rows, stage

MANIFEST = json.loads((PROJECT_ROOT / "tests" / "recordings" / "prizepicks.json").read_text())

pytestmark = pytest.mark.real_data


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "prizepicks").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in MANIFEST} == there


def test_every_recorded_projection_is_accounted_for(database: Settings, wire_dir: Path) -> None:
    loads = {}
    for entry in MANIFEST:
        body = (wire_dir / "prizepicks" / entry["file"]).read_bytes()
        at = datetime.fromisoformat(entry["fetched_at"])
        load = put(database, entry["table"], body, path=entry["path"], params=entry["params"], observed_at=at)
        loads[load] = entry
        assert len(json.loads(body)["data"]) == entry["records"]
    stage(database, "+stg_prizepicks__props")
    counted: Counter[tuple[int, str]] = Counter()
    for load, disposition, n in rows(
        database, "select load_id, disposition, count(*) from staging.stg_prizepicks__projections group by 1, 2"
    ):
        counted[load, disposition] = n
    for load, entry in loads.items():
        told = {name: counted[load, name] for name in ("staged", "quarantined", "out_of_scope")}
        assert told == {name: entry[name] for name in told}, entry["file"]
    assert rows(database, "select count(*) from staging.stg_prizepicks__props") == [(0,)]

    # What is out of scope is read all the same.
    assert rows(
        database,
        """select projection_id, event_id, league_id, league, player_ref, player_name, player_position, stat_type,
                  market, line, odds_type, offers_over, offers_under, sides_stated, board_status, commence_at,
                  official_date, known_at, team_id, home_team_id, rule, reason
           from staging.stg_prizepicks__projections where record_number = 1""",
    ) == [
        (
            *("3038542", "c9a36104-ab95-42bf-9954-cf87d6b430ed", "150", "CFB2H", "73993", "Konata Mumpfield", "WR"),
            *("Fantasy Score", "fantasy_score_2nd_half", 6.5, "standard", True, True, False, "pre_game"),
            *(
                datetime(2024, 9, 14, 21, 20, tzinfo=UTC),
                date(2024, 9, 14),
                datetime(2024, 9, 14, 20, 10, 1, tzinfo=UTC),
            ),
            *(None, None, "other_league", "a line of league 150 (CFB2H)"),
        )
    ]
    body = json.loads((wire_dir / "prizepicks" / MANIFEST[0]["file"]).read_bytes())
    told = [projection["attributes"] for projection in body["data"]]
    assert rows(
        database,
        """select count(distinct player_ref), count(distinct event_id), sum(line)::float, count(distinct market),
                  count(player_name), count(updated_at) from staging.stg_prizepicks__projections""",
    ) == [
        (
            sum(resource["type"] == "new_player" for resource in body["included"]),
            len({one["game_id"] for one in told}),
            sum(one["line_score"] for one in told),
            len({one["stat_type"] for one in told}),
            *(len(told), len(told)),
        )
    ]
