"""Every recorded answer of the MLB Stats API through raw and staging: counts for all, values for a few."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.warehouse.prepare import prepare
from tests.conftest import NOW
from tests.integration.staged_bodies import put, rows, stage
from tests.integration.world import Server, fresh_database

FOLDER = "mlb_stats_api"
MANIFEST = json.loads((PROJECT_ROOT / "tests" / "recordings" / f"{FOLDER}.json").read_text(encoding="utf-8"))
ASKED = [entry for entry in MANIFEST if "table" in entry]

# Which models account for the records of which raw table.
MODELS = {
    "mlb_stats_schedule": ("schedule_games",),
    "mlb_stats_teams": ("teams",),
    "mlb_stats_live_feed": ("weather_at_game", "plate_appearances", "pitching_lines", "lineups", "linescores"),
    "mlb_stats_boxscore": ("pitching_lines", "lineups"),
    "mlb_stats_linescore": ("linescores",),
    "mlb_stats_people": ("people", "person_stats"),
    "mlb_stats_people_stats": ("person_stats",),
    "mlb_stats_lineups": ("lineups",),
    "mlb_stats_transactions": ("transactions",),
    "mlb_stats_venues": ("venues",),
}
ALL_MODELS = [f"stg_mlb_stats__{name}" for name in dict.fromkeys(n for names in MODELS.values() for n in names)]

pytestmark = pytest.mark.real_data


def body_of(entry: dict[str, Any], wire_dir: Path) -> bytes:
    body = (wire_dir / FOLDER / entry["file"]).read_bytes()
    if entry["envelope"] is None:
        return body
    envelopes = importlib.import_module(f"tests.recordings.envelopes_{FOLDER}")
    return getattr(envelopes, entry["envelope"])(body)


class Staged:
    """A database in which every asked recording is staged, and the load of each file."""

    def __init__(self, settings: Settings, loads: dict[str, int]) -> None:
        self.settings = settings
        self.loads = loads

    def rows(self, query: str, *files: str) -> list[tuple[Any, ...]]:
        return rows(self.settings, query, [self.loads[name] for name in files])


@pytest.fixture(scope="module")
def staged(
    server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory, wire_dir: Path
) -> Iterator[Staged]:
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("recordings"), NOW) as settings:
        prepare(settings)
        loads = {}
        for entry in ASKED:
            loads[entry["file"]] = put(
                settings,
                entry["table"],
                body_of(entry, wire_dir),
                path=entry["path"],
                params=entry["params"],
                observed_at=datetime.fromisoformat(entry["fetched_at"]),
                capture="backfilled",
            )
        stage(settings, *(f"+{model}" for model in ALL_MODELS))
        yield Staged(settings, loads)


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / FOLDER).iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in MANIFEST} == there
    assert all(entry.get("not_asked") or entry["table"] in MODELS for entry in MANIFEST)


def test_every_record_of_every_recording_is_accounted_for(staged: Staged) -> None:
    for entry in ASKED:
        told = dict.fromkeys(("staged", "quarantined", "out_of_scope"), 0)
        for model in MODELS[entry["table"]]:
            query = f"select disposition, count(*) from staging.stg_mlb_stats__{model} where load_id = %s group by 1"
            for disposition, n in staged.rows(query, entry["file"]):
                told[disposition] += n
        assert told == {name: entry[name] for name in told}, entry["file"]
        assert sum(told.values()) == entry["records"], entry["file"]


def test_records_are_counted_the_same_without_the_models(staged: Staged) -> None:
    for entry in ASKED:
        if entry["table"] == "mlb_stats_schedule":
            continue
        kind = entry["table"].removeprefix("mlb_stats_")
        counted = f"raw_data.mlb_stats_records('{kind}', raw_data.json_of(body))"
        query = f"select {counted} from raw_data.{entry['table']} where load_id = %s"
        assert staged.rows(query, entry["file"]) == [(entry["records"],)], entry["file"]


def test_no_two_records_of_a_load_have_one_number(staged: Staged) -> None:
    union = " union all ".join(f"select load_id, record_number from staging.{model}" for model in ALL_MODELS)
    twice = f"select load_id, record_number from ({union}) as all_records group by 1, 2 having count(*) > 1"
    assert staged.rows(twice) == []


def test_weather_of_an_open_and_of_a_closed_roof(staged: Staged) -> None:
    query = """select game_pk, official_date, status_code, venue_id, condition, temperature_f, wind_mph, wind_direction,
                      first_pitch_at, duration_minutes, attendance, known_at, stated_at, missing_reason
               from staging.stg_mlb_stats__weather_at_game where load_id = %s"""
    assert staged.rows(query, "dsm_livefeed.json") == [
        (
            *(744914, date(2024, 7, 1), "F", 14, "Sunny", 69, 8, "Out To CF"),
            *(datetime(2024, 7, 1, 19, 28, tzinfo=UTC), 136, 39265, datetime(2024, 7, 1, 19, 28, tzinfo=UTC)),
            *(datetime(2024, 7, 1, 21, 44, 4, tzinfo=UTC), None),
        )
    ]
    closed = staged.rows(query, "pe_liveGameV1_game_pk=747175.json")[0]
    assert closed[4:8] == ("Roof Closed", 78, 0, None)
    missing = staged.rows(query, "dsm_malformed_play_events.json")[0]
    assert missing[4:8] == (None, None, None, None)
    assert missing[-1] == "the feed tells no weather (yet)"


def test_pitchers_in_their_order_with_innings_as_outs(staged: Staged) -> None:
    query = """select side, appearance, pitcher_id, pitcher_name, is_starter, is_final, outs, hits, earned_runs, walks,
                      strikeouts, pitches, strikes, decision
               from staging.stg_mlb_stats__pitching_lines where load_id = %s order by side, appearance"""
    lines = staged.rows(query, "dsm_boxscore.json")
    assert [line[:4] for line in lines if line[0] == "home"] == [
        ("home", 1, 684320, "Yariel Rodríguez"),
        ("home", 2, 670950, "Trevor Richards"),
        ("home", 3, 647315, "Zach Pop"),
    ]
    [starter] = [line for line in lines if line[0] == "away" and line[4]]
    assert starter == ("away", 1, 686613, "Hunter Brown", True, True, *starter[6:])
    assert starter[11:] == (99, 62, "W")
    by_side = {side: sum(line[6] for line in lines if line[0] == side) for side in ("away", "home")}
    assert by_side == {"away": 27, "home": 27}
    assert {line[13] for line in lines} == {"W", "L", "S", "H", None}
    # The same game's live feed holds the same boxscore.
    assert staged.rows(query, "dsm_livefeed.json") == lines


def test_who_started_is_told_from_who_came_in(staged: Staged) -> None:
    query = """select batting_order, substitution, player_id, player_name, position
               from staging.stg_mlb_stats__lineups where load_id = %s and side = 'home'
               order by batting_order, substitution"""
    order = staged.rows(query, "dsm_boxscore.json")
    starters = [row for row in order if row[1] == 0]
    assert [row[0] for row in starters] == list(range(1, 10))
    places = {player: (slot, substitution) for slot, substitution, player, _, _ in order}
    assert places[595281][1] == 0  # Kiermaier began in center field
    assert places[680718] == (places[595281][0], 1)  # and was hit for in his place
    assert {row[4] for row in starters} == {"C", "1B", "2B", "3B", "SS", "LF", "CF", "RF", "DH"}


def test_plays_of_a_feed_and_of_a_malformed_one(staged: Staged) -> None:
    query = """select at_bat_index, inning, half, batter_id, pitcher_id, bat_side, pitch_hand, event_type, rbi,
                      away_score, home_score, outs, pitch_count, is_complete, is_scoring
               from staging.stg_mlb_stats__plate_appearances where load_id = %s order by at_bat_index"""
    plays = staged.rows(query, "dsm_livefeed.json")
    assert len(plays) == 68
    assert plays[0] == (0, 1, "top", 608324, 684320, "R", "R", "field_out", 0, 0, 0, 1, 3, True, False)
    assert plays[-1][9:11] == (3, 1)
    assert staged.rows(query, "dsm_malformed_play_events.json") == [
        (83, 9, "top", 695734, 664238, "L", "R", "force_out", 1, 13, 2, 2, 2, True, True)
    ]


def test_innings_of_a_linescore(staged: Staged) -> None:
    query = """select inning, away_runs, home_runs, away_hits, home_left_on_base, scheduled_innings
               from staging.stg_mlb_stats__linescores where load_id = %s order by inning"""
    innings = staged.rows(query, "dsm_livefeed.json")
    assert [row[1] for row in innings] == [0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert innings[8] == (9, 2, 1, 2, 0, 9)
    assert sum(row[2] or 0 for row in staged.rows(query, "pe_linescore_game_pk=747175.json")) == 5


def test_a_traded_players_total_names_no_club(staged: Staged) -> None:
    query = """select stat_type, season, team_id, team_count, is_total, games_played, batting_average, ops
               from staging.stg_mlb_stats__person_stats where load_id = %s and stat_type = 'season'
               order by is_total desc, team_id"""
    total, first, second = staged.rows(query, "zs_person_stats_hitting.json")
    assert (total[2], total[3], total[4]) == (None, 2, True)
    assert {first[2], second[2]} == {120, 135}  # Washington, San Diego
    assert total[5] == first[5] + second[5]


def test_ratios_and_innings_are_numbers(staged: Staged) -> None:
    query = """select outs, era::float, whip::float, wins, strikeouts, batting_average::float, is_total
               from staging.stg_mlb_stats__person_stats where load_id = %s and stat_type = 'career'"""
    assert staged.rows(query, "zs_person_stats_pitching.json") == [(1049, 2.96, 1.09, 28, 441, 0.206, False)]


def test_people_and_places(staged: Staged) -> None:
    query = """select player_id, full_name, position, bat_side, pitch_hand, birth_date, debut_date, jersey_number
               from staging.stg_mlb_stats__people where load_id = %s"""
    assert staged.rows(query, "pe_person_personIds=545361.json") == [
        (545361, "Mike Trout", "RF", "R", "R", date(1991, 8, 7), date(2011, 7, 8), "27")
    ]
    venues = (
        "select venue_id, name, latitude, is_active from staging.stg_mlb_stats__venues where load_id = %s order by 1"
    )
    assert staged.rows(venues, "zs_venues.json")[0] == (31, "PNC Park", None, True)


def test_a_whole_feed_is_staged_well_within_a_second(staged: Staged, wire_dir: Path) -> None:
    """Ten more captures of the largest feed (1.6 MB), through the five models that read it."""
    [entry] = [entry for entry in ASKED if entry["file"] == "pe_liveGameV1_game_pk=747175.json"]
    body = body_of(entry, wire_dir)
    for n in range(10):
        put(staged.settings, entry["table"], body + b" " * n, path="/api/v1.1/game/747176/feed/live")
    models = [f"stg_mlb_stats__{name}" for name in MODELS[entry["table"]]]
    run = stage(staged.settings, *models)
    seconds = sum(node.seconds for node in run.nodes if node.resource_type == "model")
    assert {node.unique_id.split(".")[-1] for node in run.nodes if node.resource_type == "model"} == set(models)
    assert seconds / 10 < 0.6
