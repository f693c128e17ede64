"""Pitches from the league's Savant to typed rows: corrections, bad lines, answers that are none, days that came cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from loopback_source import Asked, LoopbackSource, Reply

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_savant
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.savant import client, parse
from dagster_mlb.sources.savant import collect as savant_collect
from dagster_mlb.sources.savant.collect import collect_game_pitches, collect_pitches
from dagster_mlb.sources.savant.schemas import COLUMNS
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.savant_bodies import put_pitches
from tests.integration.staged_bodies import rows, stage

DAY = date(2025, 5, 6)
MORNING = datetime(2025, 5, 7, 14, tzinfo=UTC)
WORLD = World(seed=9, plans=(SeasonPlan(2025, date(2025, 5, 5), date(2025, 5, 8)),), now=MORNING)
STAGED = "staging.stg_savant__pitches"
VERSIONS = "staging.stg_savant__pitch_versions"


def league_answer(asked: Asked, world: World) -> Reply:
    body = wire_savant.pitches(
        world,
        date.fromisoformat(asked.params["game_date_gt"]),
        date.fromisoformat(asked.params["game_date_lt"]),
        team=asked.params.get("team") or None,
    )
    return Reply(body=body, content_type="text/csv; charset=utf-8")


@pytest.fixture
def source() -> Iterator[LoopbackSource]:
    with LoopbackSource() as running:
        yield running


def at(settings: Settings, source: LoopbackSource, now: datetime) -> Settings:
    wanted = {"savant_base_url": source.base_url, "fixed_now": now}
    moved = Settings.model_validate(settings.model_dump() | wanted)
    prepare(moved)
    return moved


def build(settings: Settings) -> None:
    stage(settings, "+stg_savant__pitch_versions")


def test_a_week_is_pulled_each_morning_and_only_what_changed_is_kept_again(
    database: Settings, source: LoopbackSource
) -> None:
    source.on(client.PATH, lambda asked: league_answer(asked, WORLD))
    settings = at(database, source, MORNING)
    result = collect_pitches(settings, run_id="run-1")
    result.raise_if_failed()
    assert (result.requests, result.stored) == (7, 7)
    assert {asked.params["game_date_gt"] for asked in source.asked} == {
        str(date(2025, 5, 7) - timedelta(days=back)) for back in range(1, 8)
    }
    # Asked again at once: the same bytes, seven heartbeats and no line twice.
    assert collect_pitches(settings, run_id="run-2").repeats == 7
    build(settings)
    expected = sum(
        len(parse.read(wire_savant.pitches(WORLD, day, day)).rows) for day in (date(2025, 5, 5), date(2025, 5, 6))
    )
    assert rows(settings, f"select count(*), count(*) filter (where disposition = 'staged') from {STAGED}") == [
        (expected, expected)
    ]
    assert rows(settings, f"select count(*), max(version), bool_and(is_current) from {VERSIONS}") == [
        (expected, 1, True)
    ]

    # Two mornings on some rows are corrected: their pitches have a second version, known from then on.
    later = at(database, source, MORNING + timedelta(days=2))
    source.on(client.PATH, lambda asked: league_answer(asked, WORLD.at(MORNING + timedelta(days=2))))
    collect_pitches(later, [DAY], run_id="run-3").raise_if_failed()
    build(later)
    before = parse.read(wire_savant.pitches(WORLD, DAY, DAY)).rows
    after = parse.read(wire_savant.pitches(WORLD.at(MORNING + timedelta(days=2)), DAY, DAY)).rows
    changed = sum(one != two for one, two in zip(before, after, strict=True))
    assert changed > 5
    assert rows(
        later,
        f"""select version, is_current, count(*), min(known_at), max(known_at) from {VERSIONS}
            where official_date = %s group by 1, 2 order by 1, 2""",
        [DAY],
    ) == [
        (1, False, changed, MORNING, MORNING),
        (1, True, len(before) - changed, MORNING, MORNING),
        (2, True, changed, later.now(), later.now()),
    ]
    spin, corrected = COLUMNS.index("release_spin_rate"), "pitches.release_spin_rate is null"
    assert rows(
        later,
        f"""select count(*) filter (where {corrected} and version = 1),
                   count(*) filter (where {corrected} and version = 2)
            from {VERSIONS} join {STAGED} as pitches using (load_id, record_number)""",
    ) == [
        (
            sum(
                not row[spin]
                for day in (DAY, date(2025, 5, 5))
                for row in parse.read(wire_savant.pitches(WORLD, day, day)).rows
            ),
            sum(not row[spin] for one, row in zip(before, after, strict=True) if one != row),
        )
    ]


def test_typed_rows_say_what_the_file_says(database: Settings, source: LoopbackSource) -> None:
    settings = at(database, source, MORNING)
    body = wire_savant.pitches(WORLD, DAY, DAY)
    put_pitches(settings, body, params={"day": "one"})
    build(settings)
    parsed = parse.read(body).rows
    for name in ("release_speed", "plate_x", "launch_speed", "delta_run_exp", "vx0", "bat_speed"):
        told = [value for (value,) in rows(settings, f"select {name} from {STAGED} order by record_number")]
        text = [row[COLUMNS.index(name)] for row in parsed]
        assert told == [float(cell) if cell else None for cell in text], name
    for name in ("batter", "on_1b", "zone", "hit_distance_sc", "post_bat_score"):
        told = [value for (value,) in rows(settings, f"select {name} from {STAGED} order by record_number")]
        assert told == [int(row[COLUMNS.index(name)]) if row[COLUMNS.index(name)] else None for row in parsed], name
    season = WORLD.league.season(2025)
    homes = {x.game_pk: x.home for x in season.listings}
    assert dict(rows(settings, f"select distinct game_pk, count(distinct home_team_id) from {STAGED} group by 1")) == {
        game_pk: 1 for (game_pk,) in rows(settings, f"select distinct game_pk from {STAGED}") if game_pk in homes
    }


def line(**cells: str) -> str:
    given = {
        "game_pk": "777001",
        "at_bat_number": "1",
        "pitch_number": "1",
        "game_date": "2025-05-06",
        "home_team": "NYY",
        "away_team": "ARI",
        "game_type": "R",
    } | cells
    return ",".join(given.get(name, "") for name in COLUMNS)


def test_a_bad_line_goes_into_quarantine_and_a_bad_cell_is_null(database: Settings, source: LoopbackSource) -> None:
    settings = at(database, source, MORNING)
    lines = [
        line(),
        line(pitch_number="2", release_speed="fast", zone="4|5", spin_axis="210.0", plate_x="-1.5e-1"),
        line(pitch_number="0", game_pk="7"),
        line(pitch_number="3", game_date="yesterday"),
        line(pitch_number="3", home_team="XXX"),
        line(pitch_number="3", home_team="AZ"),
        line(pitch_number="3", game_type="S"),
        line(),
        "1,2,3",
        line(pitch_number="4", batter="99999999999", on_1b="-5", hc_x="1" * 400, vx0="NaN", vy0="Infinity"),
    ]
    body = "\n".join([",".join(COLUMNS) + ",mood", *(text + ",calm" if text != "1,2,3" else text for text in lines)])
    put_pitches(settings, body.encode(), params={"day": "bad"})
    build(settings)
    assert rows(settings, f"select record_number, rule, disposition from {STAGED} order by 1") == [
        (1, None, "staged"),
        (2, None, "staged"),
        (3, "missing_key", "quarantined"),
        (4, "invalid_date", "quarantined"),
        (5, "unknown_team", "quarantined"),
        (6, "same_team_twice", "quarantined"),
        (7, "exhibition", "out_of_scope"),
        (8, "pitch_twice", "quarantined"),
        (9, "cells_unlike_header", "quarantined"),
        (10, None, "staged"),
    ]
    assert rows(
        settings,
        f"select release_speed, zone, spin_axis, plate_x, bad_cells, away_team_id, home_team_id, extra from {STAGED} "
        "where record_number = 2",
    ) == [(None, None, 210, -0.15, ["zone", "release_speed"], 109, 147, {"mood": "calm"})]
    assert rows(settings, f"select on_1b, bad_cells from {STAGED} where record_number = 10") == [
        (-5, ["batter", "vx0", "vy0", "hc_x"])
    ]
    assert rows(settings, f"select count(*), max(version) from {VERSIONS}") == [(3, 1)]
    assert rows(settings, "select problem from raw_data.parsed_loads") == [("columns not known, kept in extra: mood",)]


def test_answers_without_pitches_are_one_record_unless_the_day_is_empty(
    database: Settings, source: LoopbackSource
) -> None:
    settings = at(database, source, MORNING)
    loads = [
        put_pitches(settings, body, params={"day": str(number)})
        for number, body in enumerate(
            (b'"error"\n"Error: Query Timeout"', b"<html>busy</html>", ",".join(COLUMNS).encode(), b"\x00\xff\xfe")
        )
    ]
    build(settings)
    told = rows(settings, f"select load_id, disposition, rule, reason from {STAGED} order by 1")
    assert [(load, disposition, rule) for load, disposition, rule, _ in told] == [
        (loads[0], "quarantined", "unreadable"),
        (loads[1], "quarantined", "unreadable"),
        (loads[3], "quarantined", "unreadable"),
    ]
    assert told[0][3] == "the search failed: Error: Query Timeout"
    # A load that nobody has read stays pending: it is staged when it has been.
    assert rows(settings, "select count(*) from operational.staged_loads where model = 'stg_savant__pitches'") == [(4,)]


def test_a_backfill_does_not_count_where_the_pitch_was_captured(database: Settings, source: LoopbackSource) -> None:
    settings = at(database, source, MORNING)
    header = ",".join(COLUMNS)
    put_pitches(settings, f"{header}\n{line(zone='1')}".encode(), params={"n": "1"}, capture="backfilled")
    build(settings)
    assert rows(settings, f"select version, known_at, capture from {VERSIONS}") == [
        (1, datetime(2025, 5, 7, 12, tzinfo=UTC), "backfilled")
    ]
    captured = put_pitches(settings, f"{header}\n{line(zone='2')}".encode(), params={"n": "2"})
    build(settings)
    put_pitches(settings, f"{header}\n{line(zone='3')}".encode(), params={"n": "3"}, capture="backfilled")
    build(settings)
    assert rows(settings, f"select version, is_current, capture, load_id from {VERSIONS}") == [
        (1, True, "captured", captured)
    ]


def test_a_cut_day_is_asked_again_club_by_club(
    database: Settings, source: LoopbackSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (wire_savant, parse, savant_collect):
        monkeypatch.setattr(module, "ROW_CAP", 600)
    source.on(client.PATH, lambda asked: league_answer(asked, WORLD))
    settings = at(database, source, MORNING)
    result = collect_pitches(settings, [DAY], run_id="run-1")
    assert result.is_complete
    assert (result.requests, len(result.load_ids)) == (31, 31)
    build(settings)
    monkeypatch.setattr(wire_savant, "ROW_CAP", 25_000)
    whole = len(parse.read(wire_savant.pitches(WORLD, DAY, DAY)).rows)
    assert rows(settings, f"select count(*), max(version) from {VERSIONS}") == [(whole, 1)]
    # Cut even by club: what is missing is said.
    for module in (wire_savant, parse, savant_collect):
        monkeypatch.setattr(module, "ROW_CAP", 50)
    failed = collect_pitches(settings, [date(2025, 5, 5)], run_id="run-2")
    assert [failure.target for failure in failed.failures] == ["pitches of 2025-05-05"]


def test_a_game_is_filled_in_by_its_id(database: Settings, source: LoopbackSource) -> None:
    season = WORLD.league.season(2025)
    game_pk = next(x.game_pk for x in season.by_date[DAY] if x.is_played and x.resumed_from is None)
    body = wire_savant.pitches(WORLD, DAY, DAY, game_pk=game_pk)
    source.on(client.PATH, Reply(body=body, content_type="text/csv"))
    settings = at(database, source, MORNING)
    assert collect_game_pitches(settings, [game_pk, game_pk], run_id="run-1").requests == 1
    assert source.asked[0].params == {"all": "true", "type": "details", "game_pk": str(game_pk)}
    build(settings)
    assert rows(settings, f"select distinct game_pk, capture from {STAGED}") == [(game_pk, "backfilled")]
