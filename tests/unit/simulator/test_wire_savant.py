"""The league's Baseball Savant: 119 columns that agree with the games, out the morning after, corrected for days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator import wire_savant
from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.schedule import NEW_YORK, SeasonPlan
from dagster_mlb.simulator.server import create_app
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.savant import client as savant
from dagster_mlb.sources.savant import parse
from dagster_mlb.sources.savant.schemas import COLUMNS, KEY

PLAN = SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 12))
DAY = date(2025, 5, 6)
LATER = World(seed=9, plans=(PLAN,), now=datetime(2025, 5, 12, 16, tzinfo=UTC))


def at(hour: float, day: date = DAY) -> World:
    """The world at a New York hour of a day (may exceed 24)."""
    moment = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK) + timedelta(hours=hour)
    return LATER.at(moment)


def frame(body: bytes) -> pl.DataFrame:
    return pl.read_csv(body, infer_schema_length=None)


@pytest.fixture(scope="module")
def pitches() -> pl.DataFrame:
    return frame(wire_savant.pitches(LATER, DAY, DAY))


def test_a_day_has_the_columns_of_today_in_their_order(pitches: pl.DataFrame) -> None:
    assert tuple(pitches.columns) == COLUMNS
    parsed = parse.read(wire_savant.pitches(LATER, DAY, DAY))
    assert parsed.problem is None
    assert len(parsed.rows) == pitches.height
    games = pitches["game_pk"].n_unique()
    assert 250 * games < pitches.height < 340 * games


def test_text_is_quoted_numbers_are_not_and_missing_cells_are_empty() -> None:
    header, first, *_ = wire_savant.pitches(LATER, DAY, DAY).decode().splitlines()
    assert header.startswith('"pitch_type","game_date",')
    assert f'"{DAY}"' in first
    assert ",," in first
    assert '""' not in first


def test_a_pitch_is_told_once_and_the_newest_first(pitches: pl.DataFrame) -> None:
    assert pitches.select(KEY).is_unique().all()
    for _, game in pitches.group_by("game_pk", maintain_order=True):
        order = list(zip(game["at_bat_number"], game["pitch_number"], strict=True))
        assert order == sorted(order, reverse=True)


def test_the_last_pitches_say_how_the_games_ended(pitches: pl.DataFrame) -> None:
    season = LATER.league.season(2025)
    played = {x.game_pk: season.runs[x.number] for x in season.by_date[DAY] if x.is_played and x.resumed_from is None}
    assert set(pitches["game_pk"]) == set(played)
    for (game_pk,), game in pitches.group_by("game_pk"):
        assert (game["post_home_score"][0], game["post_away_score"][0]) == tuple(played[game_pk])


def test_an_outcome_stands_on_the_last_pitch_of_its_plate_appearance_only(pitches: pl.DataFrame) -> None:
    last = pitches.filter(pl.col("pitch_number") == pl.col("pitch_number").max().over("game_pk", "at_bat_number"))
    assert last["events"].null_count() == 0
    assert pitches["events"].null_count() == pitches.height - last.height
    assert {"strikeout", "walk", "single", "home_run", "field_out"} <= set(last["events"])
    homers = last.filter(pl.col("events") == "home_run")
    assert (homers["launch_speed"] > 85).all()
    assert (homers["post_bat_score"] > homers["bat_score"]).all()


def test_measures_are_those_of_baseball(pitches: pl.DataFrame) -> None:
    assert 70 < pitches["release_speed"].min() < pitches["release_speed"].max() < 104  # type: ignore[operator]
    assert (pitches["vy0"] < -90).all()
    assert pitches["zone"].is_between(1, 14).all()
    # The angle decides: what leaves the bat without one was not hit.
    assert pitches.filter(pl.col("launch_speed").is_null())["launch_speed_angle"].null_count() == (
        pitches["launch_speed"].null_count()
    )
    assert (pitches["estimated_ba_using_speedangle"].drop_nulls().is_between(0, 1)).all()
    home = pitches["home_win_exp"]
    assert home.is_between(0, 1).all()
    fielders = pitches.select([f"fielder_{n}" for n in range(2, 10)])
    assert fielders.null_count().sum_horizontal().item() == 0


def test_pitches_are_out_at_three_in_the_morning_and_not_before() -> None:
    assert parse.read(wire_savant.pitches(at(26.9), DAY, DAY)).rows == []
    assert parse.read(wire_savant.pitches(at(27.1), DAY, DAY)).problem is None
    out = frame(wire_savant.pitches(at(27.1), DAY, DAY))
    assert set(out["game_date"]) == {str(DAY)}


def test_some_rows_are_corrected_until_the_third_day_and_then_no_more(pitches: pl.DataFrame) -> None:
    first, second, third, fourth = (frame(wire_savant.pitches(at(24 * n + 4), DAY, DAY)) for n in (1, 2, 3, 4))
    changed = [(first != later).sum().sum_horizontal().item() for later in (second, third, fourth)]
    assert 0 < changed[0] < changed[1] <= changed[2]
    assert fourth.equals(pitches)
    wrong = first.filter((first["pitch_type"] != pitches["pitch_type"]).fill_null(False))
    assert 0.001 < wrong.height / first.height < 0.02
    assert wrong["release_spin_rate"].null_count() == wrong.height
    assert first.select(KEY).equals(pitches.select(KEY))


def test_a_world_whose_future_is_another_tells_the_same_of_the_past() -> None:
    cut = datetime(2025, 5, 8, 16, tzinfo=UTC)
    other = World(seed=9, plans=(PLAN,), now=cut, redrawn_after=cut, later_seed=10)
    days = (date(2025, 5, 5), date(2025, 5, 7))
    assert wire_savant.pitches(other, *days) == wire_savant.pitches(LATER.at(cut), *days)


def test_the_clubs_parts_are_the_day() -> None:
    whole = Counter(frame(wire_savant.pitches(LATER, DAY, DAY)).select(KEY).rows())
    parts: Counter[tuple[object, ...]] = Counter()
    for team in savant.TEAMS:
        part = wire_savant.pitches(LATER, DAY, DAY, team=team)
        parts.update(frame(part).select(KEY).rows())
    assert parts == whole
    assert {club_in(index, 2025).abbreviation for index in range(30)} == set(savant.TEAMS)


def test_a_long_answer_is_cut_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_savant, "ROW_CAP", 700)
    parsed = parse.read(wire_savant.pitches(LATER, PLAN.opening, PLAN.closing))
    assert len(parsed.rows) == 700
    assert parsed.problem is None


# ---------------------------------------------------------------- over HTTP


@pytest.fixture(scope="module")
def http() -> TestClient:
    return TestClient(create_app(LATER))


def test_the_request_of_the_client_is_answered_as_csv(http: TestClient, pitches: pl.DataFrame) -> None:
    request = savant.day_request(DAY, capture="captured")
    answer = http.get(f"/savant{request.path}", params=dict(request.params))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert frame(answer.content).equals(pitches)


def test_one_game_is_found_by_its_id(http: TestClient, pitches: pl.DataFrame) -> None:
    game_pk = pitches["game_pk"][0]
    request = savant.game_request(game_pk, capture="backfilled")
    found = frame(http.get(f"/savant{request.path}", params=dict(request.params)).content)
    assert found.equals(pitches.filter(pl.col("game_pk") == game_pk))


def test_the_two_halves_of_a_game_are_thrown_by_two_clubs(http: TestClient, pitches: pl.DataFrame) -> None:
    team = pitches["home_team"][0]
    params = dict(savant.day_request(DAY, capture="captured", team=team).params)
    home = frame(http.get(f"/savant{savant.PATH}", params=params | {"home_road": "Home"}).content)
    assert set(home["inning_topbot"]) == {"Top"}
    assert set(home["home_team"]) == {team}
    away = parse.read(http.get(f"/savant{savant.PATH}", params=params | {"home_road": "Road"}).content)
    assert len(away.rows) == 0 or {row[COLUMNS.index("inning_topbot")] for row in away.rows} == {"Bot"}


@pytest.mark.parametrize(
    "params", [{"game_pk": "x", "type": "details"}, {"game_date_gt": "soon", "type": "details"}, {"game_pk": "1"}]
)
def test_what_makes_no_sense_is_an_error_in_a_column_with_status_200(http: TestClient, params: dict[str, str]) -> None:
    answer = http.get(f"/savant{savant.PATH}", params=params)
    assert answer.status_code == 200
    assert parse.error_of(answer.content) == "Error: Query Timeout or other database error."


def test_a_day_without_games_is_a_header(http: TestClient) -> None:
    request = savant.day_request(date(2025, 1, 6), capture="backfilled")
    parsed = parse.read(http.get(f"/savant{request.path}", params=dict(request.params)).content)
    assert (list(parsed.rows), parsed.problem) == ([], None)
