"""Baseball Savant's recordings through raw, the reader and staging: every line counted, values asserted for a few."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import NOW

from dagster_mlb.settings import PROJECT_ROOT, Settings
from tests.integration.savant_bodies import put_pitches
from tests.integration.staged_bodies import rows, stage
from tests.integration.world import Server, fresh_database

MANIFEST: list[dict[str, Any]] = json.loads(
    (PROJECT_ROOT / "tests" / "recordings" / "statcast.json").read_text(encoding="utf-8")
)
ASKED = [entry for entry in MANIFEST if "not_asked" not in entry]

pytestmark = pytest.mark.real_data


class Staged(NamedTuple):
    settings: Settings
    loads: dict[str, int]  # file → load

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.settings, query, parameters)


@pytest.fixture(scope="module")
def staged(
    server_url: str, postgres_server: str, wire_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Staged]:
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as settings:
        loads = {
            entry["file"]: put_pitches(
                settings,
                (wire_dir / "statcast" / entry["file"]).read_bytes(),
                params=entry["params"],
                observed_at=datetime.fromisoformat(entry["fetched_at"]),
                capture="backfilled",
            )
            for entry in ASKED
        }
        stage(settings, "+stg_savant__pitch_versions")
        yield Staged(settings, loads)


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "statcast").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in MANIFEST} == there


@pytest.mark.parametrize("entry", ASKED, ids=lambda entry: entry["file"])
def test_every_line_is_counted(staged: Staged, entry: dict[str, Any]) -> None:
    told = staged.rows(
        "select disposition, count(*) from staging.stg_savant__pitches where load_id = %s group by 1",
        staged.loads[entry["file"]],
    )
    counts = {"staged": 0, "quarantined": 0, "out_of_scope": 0} | dict(told)
    assert counts == {name: entry[name] for name in counts}
    assert sum(counts.values()) == entry["records"]


def test_no_cell_of_a_recording_is_no_number(staged: Staged) -> None:
    assert staged.rows("select count(*) from staging.stg_savant__pitches where bad_cells <> '{}'") == [(0,)]


def test_a_strikeout_of_2020_with_the_word_null_in_its_cells(staged: Staged) -> None:
    assert staged.rows(
        """select game_pk, official_date, away_team_id, home_team_id, pitch_type, release_speed, batter, pitcher,
                  events, zone, balls, strikes, on_3b, on_2b, on_1b, hc_x, vx0, woba_value, fielder_2, home_score,
                  spin_axis, known_at, capture
           from staging.stg_savant__pitches where load_id = %s and at_bat_number = 87 and pitch_number = 3""",
        staged.loads["pybaseball_single_game_request_raw_2020-09-03.csv"],
    ) == [
        (
            *(631614, date(2020, 9, 3), 141, 111, "SL", 82.1, 656308, 503569, "strikeout"),
            *(14, 0, 2, None, 593428, 543877, None, 1.36208277917544, 0.0, 624512, 2, None),
            *(datetime(2020, 9, 4, 12, tzinfo=UTC), "backfilled"),
        )
    ]


def test_a_home_run_with_its_contact(staged: Staged) -> None:
    assert staged.rows(
        """select launch_speed, launch_angle, hit_distance_sc, hc_x, hc_y, estimated_woba_using_speedangle, iso_value,
                  launch_speed_angle, hit_location, bb_type, player_name, away_team_id, home_team_id, des
           from staging.stg_savant__pitches
           where load_id = %s and game_pk = 631234 and at_bat_number = 89 and pitch_number = 2""",
        staged.loads["pybaseball_small_request_raw_2020-09-03_head400.csv"],
    ) == [
        (
            *(106.3, 28.0, 404, 10.5, 70.76, 1.893, 3, 6, None, "fly_ball", "Albert Abreu", 147, 121),
            "Pete Alonso homers (8) on a fly ball to left field.   Dominic Smith scores.  ",
        )
    ]


def test_a_file_of_2021_with_a_byte_order_mark_and_three_more_columns(staged: Staged) -> None:
    assert staged.rows(
        """select pitch_number, pitch_type, player_name, delta_run_exp, sv_id, inning_topbot
           from staging.stg_savant__pitches where load_id = %s order by record_number limit 2""",
        staged.loads["pybaseball_statcast_batter_raw.csv"],
    ) == [
        (4, "SI", "Jeter, Derek", 0.69, "140928_142509", "Top"),
        (3, "FC", "Jeter, Derek", -0.106, "140928_142431", "Top"),
    ]


def test_a_pitch_that_two_answers_tell_of_has_one_current_version(staged: Staged) -> None:
    """The day's answer and the game's both hold the last innings of game 631614: the names differ (the pitcher's, the
    batter's), what they say of the pitch does not."""
    assert staged.rows(
        """select count(*), count(distinct (game_pk, at_bat_number, pitch_number)), count(*) filter (where is_current)
           from staging.stg_savant__pitch_versions where game_pk = 631614"""
    ) == [(336, 336, 336)]
    assert staged.rows("select count(*) filter (where is_current) from staging.stg_savant__pitch_versions") == [
        (336 + 399 - 73 + 6,)
    ]
