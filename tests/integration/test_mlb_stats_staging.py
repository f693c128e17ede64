"""Answers of the MLB Stats API that went through raw: what staging makes of them, and from when it is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.prepare import prepare
from tests.conftest import NOW
from tests.integration.staged_bodies import put, rows, stage
from tests.integration.world import Server, fresh_database

PK, KEY = 777001, 1_000_000_777_001
START = datetime(2025, 7, 14, 23, 5, tzinfo=UTC)
FIRST_PITCH = START + timedelta(minutes=4)
FEED = f"/api/v1.1/game/{PK}/feed/live"
BOX = f"/api/v1/game/{PK}/boxscore"
ALSO_STAGED = ("weather_at_game", "linescores", "people", "person_stats", "venues", "teams")


def schedule() -> dict[str, Any]:
    def side(team: int, score: int) -> dict[str, Any]:
        return {"team": {"id": team}, "score": score}

    game = {
        "gamePk": PK,
        "gameType": "R",
        "gameDate": "2025-07-14T23:05:00Z",
        "officialDate": "2025-07-14",
        "status": {"statusCode": "F", "detailedState": "Final"},
        "teams": {"away": side(147, 2), "home": side(110, 3)},
        "gameNumber": 1,
        "doubleHeader": "N",
        "scheduledInnings": 9,
        "gameInfo": {"firstPitch": "2025-07-14T23:09:00.000Z", "gameDurationMinutes": 150},
    }
    return {"dates": [{"date": "2025-07-14", "games": [game]}]}


def pitching(innings: str, **more: Any) -> dict[str, Any]:
    return {"inningsPitched": innings, "numberOfPitches": 90, "strikes": 60, "hits": 4, "earnedRuns": 2, **more}


def boxscore(order: list[int], lines: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """A home side that bats in this order and pitches these lines; the visitors only pitch."""
    players: dict[str, Any] = {
        f"ID{n}": {
            "person": {"id": n, "fullName": f"Batter {n}"},
            "battingOrder": f"{slot}00",
            "position": {"abbreviation": "CF"},
        }
        for slot, n in enumerate(order, 1)
    }
    for n, line in lines.items():
        players[f"ID{n}"] = {"person": {"id": n, "fullName": f"Pitcher {n}"}, "stats": {"pitching": line}}
    home = {"team": {"id": 110}, "players": players, "pitchers": list(lines), "battingOrder": order}
    return {"teams": {"home": home, "away": {"team": {"id": 147}, "players": {}, "pitchers": [], "battingOrder": []}}}


def move(number: int, day: str, words: str, *, person: int | None = 501, team: int = 110) -> dict[str, Any]:
    told = {"id": number, "toTeam": {"id": team, "name": "Club"}, "date": day, "typeCode": "SC", "description": words}
    return told if person is None else told | {"person": {"id": person, "fullName": "Hurt Man"}}


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture(scope="module")
def settings(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("mlb_stats"), NOW) as made:
        prepare(made)
        store(made)
        stage(made, "+lineups", "+injuries", "+pitching_lines", *(f"+stg_mlb_stats__{name}" for name in ALSO_STAGED))
        yield made


def store(settings: Settings) -> None:
    day = {"date": "2025-07-14", "sportId": "1"}
    put(settings, "mlb_stats_schedule", body(schedule()), path="/api/v1/schedule", params=day)

    nine = list(range(601, 610))
    posted = {
        "dates": [
            {
                "games": [
                    {
                        "gamePk": PK,
                        "officialDate": "2025-07-14",
                        "status": {"statusCode": "S"},
                        "lineups": {"homePlayers": [{"id": n, "fullName": f"Batter {n}"} for n in nine]},
                    }
                ]
            }
        ]
    }
    hours = {"path": "/api/v1/schedule", "params": {**day, "hydrate": "lineups"}}
    put(settings, "mlb_stats_lineups", body(posted), observed_at=START - timedelta(hours=3), **hours)
    # Half an hour before the start the fourth is scratched; the same again afterwards tells nothing new.
    scratched = [699 if n == 604 else n for n in nine]
    put(
        settings,
        "mlb_stats_boxscore",
        body(boxscore(scratched, {})),
        path=BOX,
        observed_at=START - timedelta(minutes=30),
    )
    going_on = {701: pitching("5.2")}
    put(
        settings,
        "mlb_stats_boxscore",
        body(boxscore(scratched, going_on)),
        path=BOX,
        observed_at=START + timedelta(hours=2),
    )
    over = {701: pitching("6.0", wins=1), 702: pitching("3.0", saves=1), 703: pitching("0.0", losses=1)}
    put(
        settings,
        "mlb_stats_boxscore",
        body(boxscore(scratched, over)),
        path=BOX,
        observed_at=START + timedelta(hours=4),
    )
    corrected = over | {702: pitching("3.0", saves=1, hits=5)}
    put(
        settings,
        "mlb_stats_boxscore",
        body(boxscore(scratched, corrected)),
        path=BOX,
        observed_at=START + timedelta(hours=14),
    )
    late = over | {701: pitching("9.0", wins=1)}
    put(settings, "mlb_stats_boxscore", body(boxscore(scratched, late)), path=BOX, capture="backfilled")

    told = [
        move(
            1,
            "2025-06-10",
            "Club placed RHP Hurt Man on the 15-day injured list retroactive to June 8, 2025. Right elbow.",
        ),
        move(2, "2025-06-20", "Club transferred RHP Hurt Man from the 15-day injured list to the 60-day injured list."),
        move(3, "2025-06-21", "Club sent RHP Hurt Man on a rehab assignment to Norfolk Tides."),
        move(4, "2025-07-01", "Club activated RHP Hurt Man from the 60-day injured list."),
        move(5, "2025-07-05", "Club placed Hurt Man on the 10-day injured list. Left hand."),
        move(6, "2025-07-05", "Affiliate placed Other Man on the 7-day injured list.", team=9999),
        move(7, "2025-07-05", "Club signed Free Agent.", person=None),
        move(8, "2025-07-05", "Club activated Long Gone from the 10-day injured list.", person=502),
        move(9, "no day", "Club optioned Hurt Man."),
        {"date": "2025-07-05"},
        "not a move",
        move(10, "2025-07-06", "Club placed Nobody on the 10-day injured list.", person=None),
    ]
    span = {"startDate": "2025-06-01", "endDate": "2025-07-06", "sportId": "1"}
    put(
        settings,
        "mlb_stats_transactions",
        body({"transactions": told}),
        path="/api/v1/transactions",
        params=span,
        capture="backfilled",
    )
    again = {"startDate": "2025-07-14", "endDate": "2025-07-14", "sportId": "1"}
    back = [move(11, "2025-07-14", "Club reinstated Hurt Man from the 10-day injured list.")]
    put(
        settings,
        "mlb_stats_transactions",
        body({"transactions": back}),
        path="/api/v1/transactions",
        params=again,
        observed_at=START,
    )

    error = body(
        {"messageNumber": 10, "message": "Object not found", "timestamp": "2022-11-22T19:02:30Z", "traceId": None}
    )
    for table, path in (
        ("live_feed", FEED),
        ("boxscore", "/api/v1/game/1/boxscore"),
        ("linescore", "/api/v1/game/1/linescore"),
        ("people", "/api/v1/people"),
        ("people_stats", "/api/v1/people/1/stats"),
        ("lineups", "/api/v1/schedule"),
        ("transactions", "/api/v1/transactions"),
        ("venues", "/api/v1/venues"),
        ("teams", "/api/v1/teams"),
    ):
        put(settings, f"mlb_stats_{table}", error, path=path)


def test_a_line_up_is_known_when_it_is_seen_and_changes_when_it_does(settings: Settings) -> None:
    query = """select batting_order, player_id, known_at from staging.lineups
               where game_key = %s and side = 'home' order by batting_order, known_at"""
    told = rows(settings, query, [KEY])
    seen = START - timedelta(hours=3) + timedelta(seconds=1)
    assert [row for row in told if row[0] == 4] == [
        (4, "mlb:604", seen),
        (4, "mlb:699", START - timedelta(minutes=30) + timedelta(seconds=1)),
    ]
    others = {row[1] for row in told if row[0] != 4}
    assert others == {f"mlb:{n}" for n in range(601, 610) if n != 604}


def test_pitching_lines_are_known_as_results_are(settings: Settings) -> None:
    query = """select pitcher_id, version, appearance, is_starter, outs, hits, decision, known_at, capture
               from staging.pitching_lines where game_key = %s order by appearance, version"""
    final = START + timedelta(hours=4, seconds=1)
    corrected = START + timedelta(hours=14, seconds=1)
    assert rows(settings, query, [KEY]) == [
        ("mlb:701", 1, 1, True, 18, 4, "W", final, "captured"),
        ("mlb:702", 1, 2, False, 9, 4, "S", final, "captured"),
        ("mlb:702", 2, 2, False, 9, 5, "S", corrected, "captured"),
        ("mlb:703", 1, 3, False, 0, 4, "L", final, "captured"),
    ]


def test_a_backfilled_line_is_known_when_the_game_had_ended(settings: Settings, database: Settings) -> None:
    prepare(database)
    put(database, "mlb_stats_schedule", body(schedule()), path="/api/v1/schedule", capture="backfilled")
    lines = {701: pitching("6.0", wins=1), 703: pitching("3.0", losses=1)}
    put(database, "mlb_stats_boxscore", body(boxscore([601], lines)), path=BOX, capture="backfilled")
    stage(database, "+pitching_lines", "+lineups")
    ended = FIRST_PITCH + timedelta(minutes=150)
    assert rows(database, "select distinct known_at, capture from staging.pitching_lines") == [(ended, "backfilled")]
    assert rows(database, "select known_at, capture from staging.lineups") == [(FIRST_PITCH, "backfilled")]


def test_a_stay_on_the_injured_list_is_told_in_versions(settings: Settings) -> None:
    query = """select stay, version, il_days, injury, placed_on, retroactive_to, activated_on, known_at
               from staging.injuries where player_id = 'mlb:501' order by stay, version"""

    def end_of(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC) + timedelta(hours=4)

    placed, moved, back = date(2025, 6, 10), date(2025, 6, 20), date(2025, 7, 1)
    again, seen = date(2025, 7, 5), START + timedelta(seconds=1)
    retroactive = date(2025, 6, 8)
    assert rows(settings, query) == [
        (1, 1, 15, "Right elbow", placed, retroactive, None, end_of(placed)),
        (1, 2, 60, "Right elbow", placed, retroactive, None, end_of(moved)),
        (1, 3, 60, "Right elbow", placed, retroactive, back, end_of(back)),
        (2, 1, 10, "Left hand", again, None, None, end_of(again)),
        (2, 2, 10, "Left hand", again, None, date(2025, 7, 14), seen),
    ]
    assert rows(settings, "select count(*) from staging.injuries where player_id = 'mlb:502'") == [(0,)]


def test_moves_are_judged_one_by_one(settings: Settings) -> None:
    query = """select transaction_id, action, il_days, disposition, rule from staging.stg_mlb_stats__transactions
               where capture = 'backfilled' order by record_number"""
    assert rows(settings, query) == [
        (1, "placed", 15, "staged", None),
        (2, "transferred", 60, "staged", None),
        (3, "rehab_assignment", None, "staged", None),
        (4, "activated", 60, "staged", None),
        (5, "placed", 10, "staged", None),
        (6, "placed", 7, "out_of_scope", "other_league"),
        (7, None, None, "staged", None),
        (8, "activated", 10, "staged", None),
        (9, None, None, "quarantined", "invalid_date"),
        (None, None, None, "quarantined", "missing_value"),
        (None, None, None, "quarantined", "unreadable"),
        (10, "placed", 10, "quarantined", "invalid_player"),
    ]


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("weather_at_game", "live_feed"),
        ("pitching_lines", "boxscore"),
        ("linescores", "linescore"),
        ("people", "people"),
        ("person_stats", "people_stats"),
        ("lineups", "lineups"),
        ("transactions", "transactions"),
        ("venues", "venues"),
        ("teams", "teams"),
    ],
)
def test_an_error_body_that_came_as_an_answer_is_one_quarantined_record(
    settings: Settings, model: str, kind: str
) -> None:
    query = f"""select told.rule, raw_data.mlb_stats_records('{kind}', raw_data.json_of(raw.body))
                from staging.stg_mlb_stats__{model} as told
                inner join raw_data.mlb_stats_{kind} as raw on raw.load_id = told.load_id
                where not raw_data.json_of(raw.body) ? 'teams' and raw_data.json_of(raw.body) ? 'messageNumber'"""
    assert rows(settings, query) == [("unreadable", 1)]


BROKEN = [
    b"",
    b"[]",
    b"null",
    b'"teams"',
    b'{"teams": null}',
    b'{"teams": [{"away": {"pitchers": [1]}}]}',
    b'{"teams": {"away": {"pitchers": {"1": 2}, "players": [], "battingOrder": [{}]}, "home": 7}}',
    b'{"teams": {"home": {"pitchers": [null, "x", 1e99, -5, [1], 12], "players": {"ID12": {"stats": []}}}}}',
    b'{"teams": {"home": {"players": {"ID1": {"battingOrder": null}, "ID2": {"battingOrder": "1000"}, "ID3": 4}}}}',
    b'{"teams": {"home": {"players": [{"battingOrder": "100"}, {"person": {"id": 3}, "battingOrder": 200}]}}}',
    b'{"teams": {"home": {"pitchers": [5], "players": {"ID5": {"stats": {"pitching": {"inningsPitched": 5.7}}}}}}}',
]


def test_whatever_a_boxscore_becomes_its_records_are_counted_and_judged(database: Settings) -> None:
    prepare(database)
    loads = {
        put(database, "mlb_stats_boxscore", broken, path=f"/api/v1/game/{n}/boxscore"): broken
        for n, broken in enumerate(BROKEN)
    }
    stage(database, "+stg_mlb_stats__pitching_lines", "+stg_mlb_stats__lineups")
    records = "raw_data.mlb_stats_records('boxscore', raw_data.json_of(body))"
    counted = dict(rows(database, f"select load_id, {records} from raw_data.mlb_stats_boxscore"))
    judged = """select load_id, count(*) filter (where disposition = 'staged' or reason is not null)
                from (
                    select load_id, disposition, reason from staging.stg_mlb_stats__pitching_lines
                    union all
                    select load_id, disposition, reason from staging.stg_mlb_stats__lineups
                ) as told group by 1"""
    made = dict(rows(database, judged))
    for load, broken in loads.items():
        assert made.get(load, 0) == counted[load], broken
