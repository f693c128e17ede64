"""What the league's server says about one event and on PrizePicks' board: shapes, credits, refusals, pages, time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator import wire_odds, wire_prizepicks
from dagster_mlb.simulator.schedule import NEW_YORK, SeasonPlan, utc
from dagster_mlb.simulator.server import create_app
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.odds_api.schemas import Event
from dagster_mlb.sources.prizepicks.schemas import Board
from dagster_mlb.sources.wire import unknown_fields

PLAN = SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 16))
NOW = datetime(2025, 5, 10, 19, tzinfo=UTC)  # afternoon games in play, the night's to come
EVENTS = "/odds_api/v4/sports/baseball_mlb/events"
ASKED = "apiKey=k&regions=us&oddsFormat=american"
PROPS = "pitcher_strikeouts,batter_hits,batter_home_runs_alternate,pitcher_record_a_win"
BOARD = "/prizepicks/projections?league_id=2&single_stat=true&game_mode=pickem"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=21, plans=(PLAN,), now=NOW)


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(create_app(world, quota=1000))


@pytest.fixture(scope="module")
def tonight(world: World) -> str:
    """An event that begins within three hours."""
    listed = wire_odds.on_offer(world, world.moment)
    return next(
        wire_odds.event_id(world.seed, x)
        for _, x in listed
        if world.moment + 3600 < x.start < world.moment + 3 * 3600 * 2
    )


def event_odds(client: TestClient, event: str, markets: str = PROPS, more: str = "") -> Any:
    answer = client.get(f"{EVENTS}/{event}/odds?{ASKED}&markets={markets}{more}")
    assert answer.status_code == 200, answer.text
    return answer


# ---------------------------------------------------------------- The Odds API


def test_an_event_is_one_object_whose_props_name_their_players(client: TestClient, tonight: str) -> None:
    event = event_odds(client, tonight).json()
    assert isinstance(event, dict)
    assert (event["id"], event["sport_key"], event["sport_title"]) == (tonight, "baseball_mlb", "MLB")
    assert sorted(set(unknown_fields(Event.model_validate(event)))) == []
    books = {book["key"]: book for book in event["bookmakers"]}
    assert {"draftkings", "fanduel", "betmgm"} <= books.keys()
    assert all("last_update" not in book for book in books.values())
    outcomes = [
        (book, market["key"], outcome)
        for book, told in books.items()
        for market in told["markets"]
        for outcome in market["outcomes"]
    ]
    for _, key, outcome in outcomes:
        assert outcome["description"].startswith("Simulated ")
        assert isinstance(outcome["price"], int)
        assert outcome["name"] in (("Yes", "No") if key == "pitcher_record_a_win" else ("Over", "Under"))
        assert ("point" in outcome) == (key != "pitcher_record_a_win")
    assert {key for _, key, _ in outcomes} == set(PROPS.split(","))
    assert all(o["name"] == "Over" for _, key, o in outcomes if key == "batter_home_runs_alternate")
    assert all(o["description"].endswith(")") for book, _, o in outcomes if book == "bovada")


def test_decimal_is_the_default_and_times_may_be_numbers(client: TestClient, tonight: str) -> None:
    event = client.get(
        f"{EVENTS}/{tonight}/odds?apiKey=k&bookmakers=fanduel&markets=batter_hits&dateFormat=unix"
    ).json()
    (book,) = event["bookmakers"]
    market = book["markets"][0]
    assert all(1 < outcome["price"] < 30 for outcome in market["outcomes"])
    assert isinstance(market["last_update"], int)
    assert isinstance(event["commence_time"], int)


def test_featured_markets_and_parts_of_the_game_stand_beside_props(client: TestClient, tonight: str) -> None:
    markets = "h2h,spreads,totals,h2h_1st_5_innings,spreads_1st_5_innings,totals_1st_5_innings,totals_1st_1_innings"
    event = event_odds(client, tonight, f"{markets},h2h_1st_1_innings,pitcher_outs").json()
    found = {m["key"]: m for book in event["bookmakers"] for m in book["markets"] if book["key"] == "draftkings"}
    assert set(found) <= {*markets.split(","), "h2h_1st_1_innings", "pitcher_outs"}
    assert {"h2h", "h2h_1st_5_innings", "totals_1st_5_innings"} <= set(found)
    clubs = {event["home_team"], event["away_team"]}
    assert {o["name"] for o in found["h2h_1st_5_innings"]["outcomes"]} == clubs
    assert sum(o["point"] for o in found["spreads_1st_5_innings"]["outcomes"]) == 0
    assert {o["name"] for o in found["totals_1st_5_innings"]["outcomes"]} == {"Over", "Under"}


def test_an_event_costs_the_markets_that_are_returned(client: TestClient, tonight: str) -> None:
    def cost(answer: Any) -> tuple[int, int]:
        return int(answer.headers["x-requests-last"]), int(answer.headers["x-requests-used"])

    assert cost(event_odds(client, tonight, "batter_hits,batter_stolen_bases,alternate_totals")) == (1, 1)
    assert cost(event_odds(client, tonight, "batter_hits,pitcher_outs", "&regions=us,eu")) == (4, 5)
    assert cost(event_odds(client, tonight, "batter_stolen_bases")) == (0, 5)
    past = client.get(
        f"/odds_api/v4/historical/sports/baseball_mlb/events/{tonight}/odds?{ASKED}&markets={PROPS}&date=2025-05-10T18:31:09Z"
    )
    assert cost(past)[0] == 10 * len({m["key"] for b in past.json()["data"]["bookmakers"] for m in b["markets"]}) > 0
    told = past.json()
    assert (told["timestamp"], told["next_timestamp"]) == ("2025-05-10T18:30:00Z", "2025-05-10T18:35:00Z")
    listed = client.get(f"{EVENTS}/{tonight}/markets?apiKey=k&regions=us")
    assert cost(listed)[0] == 1
    assert all("outcomes" not in m for book in listed.json()["bookmakers"] for m in book["markets"])
    # The feed's other endpoints spend from the same account.
    featured = client.get(f"/odds_api/v4/sports/baseball_mlb/odds?{ASKED}&markets=h2h")
    assert cost(featured)[1] == cost(listed)[1] + 1


def test_a_game_in_play_has_no_props_and_one_that_is_over_is_not_found(world: World, client: TestClient) -> None:
    season = world.league.season(2025)
    games = season.by_date[date(2025, 5, 10)]
    on = next(x for x in games if season.first_pitch[x.number] < world.moment < season.ended[x.number])
    event = event_odds(client, wire_odds.event_id(world.seed, on)).json()
    assert event["bookmakers"] == []
    over = next(x for x in season.by_date[date(2025, 5, 9)] if season.ended[x.number] < world.moment - 3600)
    answer = client.get(f"{EVENTS}/{wire_odds.event_id(world.seed, over)}/odds?{ASKED}&markets=h2h")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "EVENT_NOT_FOUND")
    assert answer.headers["x-requests-last"] == "0"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("0" * 32 + f"/odds?{ASKED}&markets=h2h", 404, "EVENT_NOT_FOUND"),
        (f"short/odds?{ASKED}", 422, "INVALID_EVENT_ID"),
        ("{event}/odds?regions=us", 401, "MISSING_KEY"),
        ("{event}/odds?apiKey=k", 422, "MISSING_REGION"),
        ("{event}/odds?apiKey=k&regions=us&markets=batter_dreams", 422, "INVALID_MARKET"),
        ("{event}/odds?apiKey=k&regions=us&oddsFormat=roman", 422, "INVALID_ODDS_FORMAT"),
        (f"{{event}}/weather?{ASKED}", 404, "NOT_FOUND"),
    ],
)
def test_refusals_are_in_the_feeds_own_words(
    client: TestClient, tonight: str, path: str, status: int, code: str
) -> None:
    answer = client.get(f"{EVENTS}/{path.format(event=tonight)}")
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_history_needs_a_moment_and_a_known_sport(client: TestClient, tonight: str) -> None:
    past = "/odds_api/v4/historical/sports/{sport}/events/" + tonight
    answer = client.get(f"{past.format(sport='baseball_mlb')}/odds?{ASKED}&markets=batter_hits")
    assert answer.json()["error_code"] == "MISSING_HISTORICAL_TIMESTAMP"
    assert client.get(f"{past.format(sport='baseball_mlb')}/markets?{ASKED}").json()["error_code"] == "NOT_FOUND"
    assert client.get(f"{past.format(sport='curling')}/odds?{ASKED}").json()["error_code"] == "UNKNOWN_SPORT"


def test_an_account_at_its_end_is_refused(world: World, tonight: str) -> None:
    client = TestClient(create_app(world, quota=2))
    event_odds(client, tonight, "batter_hits,pitcher_outs")
    answer = client.get(f"{EVENTS}/{tonight}/odds?{ASKED}&markets=batter_hits")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "OUT_OF_USAGE_CREDITS")


# ---------------------------------------------------------------- PrizePicks


def pages(client: TestClient, per_page: int = 250) -> list[dict[str, Any]]:
    first = client.get(f"{BOARD}&per_page={per_page}").json()
    rest = range(2, first["meta"]["total_pages"] + 1)
    return [first, *(client.get(f"{BOARD}&per_page={per_page}&page={page}").json() for page in rest)]


def test_a_board_is_in_pages_that_hold_every_line_once(client: TestClient) -> None:
    found = pages(client)
    assert [page["meta"]["current_page"] for page in found] == list(range(1, len(found) + 1))
    assert {page["meta"]["total_pages"] for page in found} == {len(found)}
    assert all(len(page["data"]) == 250 for page in found[:-1])
    ids = [line["id"] for page in found for line in page["data"]]
    assert len(set(ids)) == len(ids) > 1000
    other = [line["id"] for page in pages(client, per_page=1000) for line in page["data"]]
    assert other == ids
    assert client.get(f"{BOARD}&page=999").json()["data"] == []
    assert client.get("/prizepicks/projections?league_id=7").json()["data"] == []
    assert client.get("/prizepicks/projections?page=zero").status_code == 400
    assert client.get("/prizepicks/leagues").json()["data"][0]["attributes"]["name"] == "MLB"


def test_a_page_includes_what_it_points_at_and_strangers_and_is_what_the_schemas_say(client: TestClient) -> None:
    for page in pages(client)[:3]:
        assert sorted(set(unknown_fields(Board.model_validate(page)))) == []
        there = {(resource["type"], resource["id"]) for resource in page["included"]}
        for line in page["data"]:
            targets = [r["data"] for r in line["relationships"].values() if r["data"] is not None]
            assert {(target["type"], target["id"]) for target in targets} <= there
        assert ("league", "7") in there


def test_lines_have_the_oddities_of_the_real_board(client: TestClient) -> None:
    found = pages(client)
    lines = [line["attributes"] for page in found for line in page["data"]]
    assert {line["odds_type"] for line in lines} == {"standard", "goblin", "demon"}
    assert {line.get("allowed_wager_types") for line in lines} == {None, "over", "under_or_over"}
    assert all(line["allowed_wager_types"] == "over" for line in lines if line["odds_type"] != "standard")
    assert {line["status"] for line in lines} == {"pre_game", "suspended"}
    assert any(line["event_type"] == "combo" for line in lines)
    assert any(line["is_promo"] and line["flash_sale_line_score"] < line["line_score"] for line in lines)
    assert all(line["start_time"].endswith("-04:00") for line in lines)
    players = [r["attributes"] for page in found for r in page["included"] if r["type"] == "new_player"]
    assert any(player["display_name"] == "" and player["name"] and player["league"] == "MLB" for player in players)


def test_lines_are_of_games_to_come_and_vanish_at_their_start(world: World) -> None:
    season = world.league.season(2025)
    listing = next(x for x in season.by_date[date(2025, 5, 10)] if x.start > world.moment + 3600)
    known = wire_prizepicks.event_listings(world)
    assert known[wire_prizepicks.game_id(listing)] is listing

    def games(seconds: float) -> set[str]:
        client = TestClient(create_app(world.at(utc(listing.start + seconds))))
        return {line["attributes"]["game_id"] for page in pages(client, 1000) for line in page["data"]}

    assert wire_prizepicks.game_id(listing) in games(-1)
    assert wire_prizepicks.game_id(listing) not in games(0)
    for game in games(-1):
        assert known[game].start > listing.start - 1


def test_a_start_is_told_on_new_yorks_clock(world: World, client: TestClient) -> None:
    known = wire_prizepicks.event_listings(world)
    line = client.get(BOARD).json()["data"][0]["attributes"]
    start = datetime.fromisoformat(line["start_time"])
    assert start.timestamp() == known[line["game_id"]].start
    assert start.utcoffset() == utc(known[line["game_id"]].start).astimezone(NEW_YORK).utcoffset()


def test_what_is_told_does_not_depend_on_what_comes_after(tonight: str) -> None:
    for hours in (0, 5):
        now = NOW + timedelta(hours=hours)
        told = []
        for later in ({}, {"redrawn_after": now, "later_seed": 99}):
            client = TestClient(create_app(World(seed=21, plans=(PLAN,), now=now, **later)))
            answer = client.get(f"{EVENTS}/{tonight}/odds?{ASKED}&markets={PROPS},h2h_1st_5_innings")
            told.append((answer.content, json.dumps(pages(client, 1000))))
        assert told[0] == told[1]
