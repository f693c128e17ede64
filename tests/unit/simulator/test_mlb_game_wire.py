"""The MLB Stats API of the simulated league beyond schedule and teams: shapes, moments, refusals, speed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator import wire_mlb_game
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.schedule import HOUR, Listing, SeasonPlan, utc
from dagster_mlb.simulator.server import create_app
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.mlb_stats import schemas, schemas_game, schemas_people
from dagster_mlb.sources.wire import WireModel, unknown_fields

PLAN = SeasonPlan(2025, date(2025, 3, 27), date(2025, 7, 31))
NOW = datetime(2025, 6, 21, 1, 0, tzinfo=UTC)  # a Friday evening in New York: games to come, going on and over
TODAY = date(2025, 6, 20)


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, (PLAN,), NOW)


@pytest.fixture(scope="module")
def season(world: World) -> Season:
    return world.league.season(2025)


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(create_app(world))


@pytest.fixture(scope="module")
def over(season: Season) -> Listing:
    return next(x for x in season.by_date[TODAY - timedelta(days=1)] if x.is_played)


def asked(client: TestClient, path: str, params: Mapping[str, str] | None = None, status: int = 200) -> Any:
    answer = client.get(f"/mlb_stats/api{path}", params=params)
    assert answer.status_code == status, answer.text[:300]
    return answer.json()


def feed(client: TestClient, listing: Listing, moment: float | None = None) -> dict[str, Any]:
    params = {} if moment is None else {"timecode": utc(moment).strftime("%Y%m%d_%H%M%S")}
    return asked(client, f"/v1.1/game/{listing.game_pk}/feed/live", params)


def known(model: type[WireModel], body: Any) -> WireModel:
    read = model.model_validate(body)
    assert sorted(set(unknown_fields(read))) == []
    return read


def test_a_feed_has_the_shape_of_recorded_ones(client: TestClient, over: Listing) -> None:
    told = known(schemas_game.LiveFeed, feed(client, over))
    assert isinstance(told, schemas_game.LiveFeed)
    assert told.game_data is not None
    for person in (told.game_data.players or {}).values():
        assert sorted(unknown_fields(person)) == []
    for side in ("away", "home"):
        box = getattr(told.live_data.boxscore.teams, side)  # type: ignore[union-attr]
        for player in box.players.values():
            assert sorted(unknown_fields(player)) == []
    known(schemas_game.Boxscore, asked(client, f"/v1/game/{over.game_pk}/boxscore"))
    known(schemas.Linescore, asked(client, f"/v1/game/{over.game_pk}/linescore"))


def test_a_final_feed_agrees_with_the_schedule(client: TestClient, season: Season, over: Listing) -> None:
    told = feed(client, over)
    entry = asked(client, "/v1/schedule", {"date": over.date.isoformat(), "sportId": "1"})
    [game] = [g for g in entry["dates"][0]["games"] if g["gamePk"] == over.game_pk]
    runs = {side: game["teams"][side]["score"] for side in ("home", "away")}
    assert told["gameData"]["status"] == game["status"]
    assert {s: told["liveData"]["linescore"]["teams"][s]["runs"] for s in runs} == runs
    last = told["liveData"]["plays"]["allPlays"][-1]["result"]
    assert {"home": last["homeScore"], "away": last["awayScore"]} == runs
    box = told["liveData"]["boxscore"]["teams"]
    assert {s: box[s]["teamStats"]["batting"]["runs"] for s in runs} == runs
    assert set(told["liveData"]["decisions"]) >= {"winner", "loser"}
    winner = max(runs, key=runs.__getitem__)
    assert told["liveData"]["decisions"]["winner"]["id"] in box[winner]["pitchers"]


def test_a_feed_says_no_more_than_was_known(client: TestClient, season: Season, over: Listing) -> None:
    first, end = (float(x[over.number]) for x in (season.first_pitch, season.ended))
    early = feed(client, over, over.start - 5 * HOUR)
    assert early["gameData"]["weather"] == {}
    assert early["liveData"]["plays"]["allPlays"] == []
    assert early["liveData"]["boxscore"]["teams"]["home"]["battingOrder"] == []
    assert not any("battingOrder" in p for p in early["liveData"]["boxscore"]["teams"]["home"]["players"].values())

    posted = feed(client, over, over.start - HOUR / 2)
    assert len(posted["liveData"]["boxscore"]["teams"]["home"]["battingOrder"]) == 9
    assert set(posted["gameData"]["weather"]) == {"condition", "temp", "wind"}
    assert posted["liveData"]["boxscore"]["teams"]["home"]["pitchers"] == []

    middle = feed(client, over, (first + end) / 2)
    plays = middle["liveData"]["plays"]["allPlays"]
    assert middle["gameData"]["status"]["statusCode"] == "I"
    assert "decisions" not in middle["liveData"]
    assert all(x["about"]["isComplete"] for x in plays[:-1])
    whole = feed(client, over)["liveData"]["plays"]["allPlays"]
    assert 0 < len(plays) < len(whole)
    assert plays[:-1] == whole[: len(plays) - 1]
    stamp = datetime.strptime(middle["metaData"]["timeStamp"], "%Y%m%d_%H%M%S").replace(tzinfo=UTC).timestamp()
    assert first <= stamp <= (first + end) / 2


def test_a_play_that_goes_on_shows_the_pitches_thrown(
    client: TestClient, world: World, season: Season, over: Listing
) -> None:
    line = wire_mlb_game.find(world, over.game_pk, world.moment)
    assert line is not None
    long = next(x for x in wire_mlb_game.appearances(world, line, world.moment) if len(x.pitches) >= 5)
    at = long.pitches[2].at + 1.0
    plays = feed(client, over, at)["liveData"]["plays"]
    now = plays["currentPlay"]
    assert now == plays["allPlays"][-1]
    assert now["about"]["isComplete"] is False
    assert "event" not in now["result"]
    assert len(now["playEvents"]) == 3


def test_the_future_is_not_told_to_who_asks_for_it(client: TestClient, world: World) -> None:
    going_on = next(
        x
        for x in world.league.season(2025).by_date[TODAY]
        if x.is_played and world.league.season(2025).first_pitch[x.number] < world.moment
    )
    later = feed(client, going_on, world.moment + 6 * HOUR)
    assert later == feed(client, going_on)


def test_the_same_state_is_the_same_bytes(client: TestClient, season: Season, over: Listing) -> None:
    moment = float(season.ended[over.number]) + 2 * HOUR
    assert feed(client, over, moment) == feed(client, over, moment + 300)


def test_a_heartbeat_is_small(client: TestClient, over: Listing) -> None:
    path = f"/mlb_stats/api/v1.1/game/{over.game_pk}/feed/live"
    beat = client.get(path, params={"fields": "metaData,timeStamp,wait"})
    assert len(beat.content) < 100
    assert beat.json()["metaData"]["wait"] == 10
    assert beat.headers["cache-control"].startswith("max-age=10")
    some = asked(client, f"/v1.1/game/{over.game_pk}/feed/live", {"fields": "gameData,weather,condition"})
    assert set(some) == {"gameData"}
    assert set(some["gameData"]) == {"weather"}
    assert set(some["gameData"]["weather"]) == {"condition"}


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v1.1/game/1/feed/live", {}, 404),
        ("/v1/game/9259999/boxscore", {}, 404),
        ("/v1/people/1", {}, 404),
        ("/v1/people/1/stats", {}, 404),
        ("/v1/people/900000/stats", {"season": "1999"}, 404),
        ("/v1/venues/999999", {}, 404),
        ("/v1/transactions", {"startDate": "yesterday", "endDate": "today"}, 400),
        ("/v1/people", {"personIds": "me"}, 400),
        ("/v1/venues", {"venueIds": "1", "season": "last"}, 400),
        ("/v1.1/game/9250000/feed/live", {"timecode": "now"}, 400),
    ],
)
def test_what_cannot_be_answered_has_an_error_body(
    client: TestClient, path: str, params: dict[str, str], status: int
) -> None:
    body = asked(client, path, params, status)
    known(schemas.Error, body)
    assert body["messageNumber"] == {404: 10, 400: 11}[status]


def test_people_and_their_seasons(client: TestClient, season: Season) -> None:
    asked_for = "stats(group=[pitching,hitting],type=[season],season=2025)"
    body = asked(client, "/v1/people", {"personIds": "900000,910003,910051,660271", "hydrate": asked_for})
    told = known(schemas_people.People, body)
    assert isinstance(told, schemas_people.People)
    people = told.people or []
    assert [p.id for p in people] == [900000, 910003, 910051]  # who is not of the league is left out
    starter = (people[0].stats or [])[0].splits or []
    assert starter[0].stat is not None
    started = [
        x for x in season.listings if x.is_played and 0 in (x.home, x.away) and season.ended[x.number] < NOW.timestamp()
    ]
    mine = [x for x in started if season.starters[x.number, 0 if x.home == 0 else 1, 1] == 0]
    assert starter[0].stat.games_started == len(mine)
    log = asked(client, "/v1/people/900000/stats", {"stats": "gameLog,season", "group": "pitching", "season": "2025"})
    known(schemas_people.PersonStats, log)
    by_kind = {block["type"]["displayName"]: block["splits"] for block in log["stats"]}
    assert len(by_kind["gameLog"]) == len(mine)
    assert sum(x["stat"]["outs"] for x in by_kind["gameLog"]) == by_kind["season"][0]["stat"]["outs"]
    hitter = asked(client, "/v1/people/910003/stats", {"stats": "gameLog", "group": "hitting,pitching"})
    assert [block["group"]["displayName"] for block in hitter["stats"]] == ["hitting"]
    assert asked(client, "/v1/people/900000")["people"][0]["primaryPosition"]["abbreviation"] == "P"


def test_moves_are_announced_when_they_happen(client: TestClient, world: World) -> None:
    body = asked(client, "/v1/transactions", {"startDate": "2025-06-01", "endDate": "2025-06-30", "sportId": "1"})
    known(schemas_people.Transactions, body)
    moves = body["transactions"]
    assert {m["date"] for m in moves} <= {f"2025-06-{day:02d}" for day in range(1, 21)}
    assert len({m["id"] for m in moves}) == len(moves)
    placed = [m for m in moves if " placed " in m["description"]]
    activated = [m for m in moves if " activated " in m["description"]]
    assert placed
    assert activated
    assert all(m["typeCode"] == "SC" and "-day injured list" in m["description"] for m in [*placed, *activated])
    before = TestClient(create_app(world.at(NOW - timedelta(days=5))))
    earlier = asked(before, "/v1/transactions", {"startDate": "2025-06-01", "endDate": "2025-06-30"})["transactions"]
    assert earlier == moves[: len(earlier)]
    assert asked(client, "/v1/transactions", {"startDate": "2025-06-01", "endDate": "2025-06-30", "sportId": "11"}) == {
        "copyright": body["copyright"],
        "transactions": [],
    }


def test_venues_say_where_they_are_if_asked(client: TestClient) -> None:
    hydrate = "location,fieldInfo,timezone"
    body = asked(client, "/v1/venues", {"venueIds": "2529,19,999999", "hydrate": hydrate})
    known(schemas_people.Venues, body)
    sutter, coors = body["venues"]
    assert sutter["name"] == "Sutter Health Park"
    assert coors["location"]["elevation"] == 5190
    assert coors["timeZone"] == {"id": "America/Denver", "offset": -6, "offsetAtGameTime": -6, "tz": "MDT"}
    assert coors["fieldInfo"]["roofType"] == "Open"
    [bare] = asked(client, "/v1/venues/19")["venues"]
    assert set(bare) == {"id", "name", "link", "active", "season"}


def test_line_ups_and_weather_hydrate_the_schedule(client: TestClient, world: World) -> None:
    body = asked(client, "/v1/schedule", {"date": TODAY.isoformat(), "sportId": "1", "hydrate": "lineups,weather"})
    known(schemas.Schedule, body)
    games = body["dates"][0]["games"]
    begun = [g for g in games if g["status"]["statusCode"] in ("I", "F")]
    assert begun
    for game in begun:
        assert [len(game["lineups"][key]) for key in ("homePlayers", "awayPlayers")] == [9, 9]
        assert game["weather"]["temp"].isdigit()
    tomorrow = asked(client, "/v1/schedule", {"date": "2025-06-21", "sportId": "1", "hydrate": "lineups,weather"})
    assert all(g["lineups"] == {} == g["weather"] for g in tomorrow["dates"][0]["games"])


def test_a_postponed_and_a_suspended_game_are_told_as_what_they_are(client: TestClient, world: World) -> None:
    season = world.league.season(2025)
    moved = next(
        x for x in season.listings if x.made_up_as is not None and x.postponed_at < world.moment - 30 * 24 * HOUR
    )
    told = feed(client, moved)
    assert told["gameData"]["datetime"]["officialDate"] == season.listings[moved.made_up_as or 0].date.isoformat()
    before = feed(client, moved, moved.postponed_at - 60)
    assert before["gameData"]["datetime"]["officialDate"] == moved.date.isoformat()
    stopped = next(x for x in season.listings if x.resumed_as is not None and x.suspended_at < world.moment)
    waiting = feed(client, stopped, stopped.suspended_at + 60)
    assert waiting["gameData"]["status"]["statusCode"].startswith("U")
    innings = waiting["liveData"]["linescore"]["innings"]
    assert 0 < len(innings) < 9


def test_a_feed_is_answered_quickly(client: TestClient, over: Listing) -> None:
    path = f"/mlb_stats/api/v1.1/game/{over.game_pk}/feed/live"
    client.get(path)
    fastest = 1.0
    for _ in range(5):
        begun = time.perf_counter()
        body = client.get(path).content
        fastest = min(fastest, time.perf_counter() - begun)
    assert len(body) > 200_000
    assert json.loads(body)["gamePk"] == over.game_pk
    assert fastest < 0.06  # 15 ms on a quiet machine
