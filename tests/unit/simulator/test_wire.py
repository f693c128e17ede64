"""What the league's server says: shapes, quirks and refusals of the two APIs, and never a word about the future."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator import wire_odds
from dagster_mlb.simulator.demo import DEMO_WORLD, collection_plan, slots
from dagster_mlb.simulator.schedule import NEW_YORK, SeasonPlan, utc
from dagster_mlb.simulator.server import create_app
from dagster_mlb.simulator.world import World

SEASON = SeasonPlan(2025, date(2025, 4, 1), date(2025, 5, 25))
NIGHT = datetime(2025, 4, 19, 1, 30, tzinfo=UTC)  # games in play, games over, games to come
HYDRATE = "team,linescore,probablePitcher,venue,gameInfo(attendance)"
BASE = "/odds_api/v4/sports/baseball_mlb"
ODDS = "/odds_api/v4/sports/baseball_mlb/odds?apiKey=k&regions=us,eu&markets=h2h,spreads,totals&oddsFormat=american"
HISTORICAL = ODDS.replace("/v4/", "/v4/historical/")

Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=21, plans=(SEASON,), now=NIGHT)


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(create_app(world))


@pytest.fixture
def ask(client: TestClient) -> Ask:
    def get(path: str) -> Any:
        response = client.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    return get


def schedule_path(first: date, last: date | None = None) -> str:
    return f"/mlb_stats/api/v1/schedule?sportId=1&startDate={first}&endDate={last or first}&hydrate={HYDRATE}"


def all_games(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [g for day in answer["dates"] for g in day["games"]]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# ------------------------------------------------------------------------------------------ time


def told(world: World) -> list[bytes]:
    """Everything that there is to be told: the whole schedule, live odds, events, scores, snapshots of a week."""
    client = TestClient(create_app(world))
    paths = [
        schedule_path(SEASON.opening, SEASON.closing),
        ODDS,
        "/odds_api/v4/sports/baseball_mlb/scores?apiKey=k&daysFrom=3",
        "/odds_api/v4/sports/baseball_mlb/events?apiKey=k",
    ]
    paths += [f"{HISTORICAL}&date={iso(world.now - timedelta(hours=h))}" for h in (-24, 0, 1, 7, 30, 75, 160)]
    return [client.get(path).content for path in paths]


@pytest.mark.parametrize("hours", [6, 60.3, 201.7, 338, 410.5, 412, 433.25, 433.9, 620, 777.1, 1001, 1290])
def test_what_is_told_at_a_moment_does_not_depend_on_what_comes_after(hours: float) -> None:
    now = datetime(2025, 4, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
    one = World(seed=21, plans=(SEASON,), now=now)
    other = World(seed=21, plans=(SEASON,), now=now, redrawn_after=now, later_seed=999)
    assert told(one) == told(other)


def test_the_redrawn_future_is_another_one() -> None:
    other = World(seed=21, plans=(SEASON,), now=NIGHT, redrawn_after=NIGHT, later_seed=999)
    later = NIGHT + timedelta(hours=20)
    assert told(other.at(later)) != told(World(seed=21, plans=(SEASON,), now=later))


def test_the_same_seed_gives_the_same_bytes_in_any_order_of_asking(world: World) -> None:
    paths = [
        ODDS,
        schedule_path(date(2025, 4, 10)),
        f"{HISTORICAL}&date=2025-04-12T16:00:00Z",
        schedule_path(date(2025, 4, 3)),
    ]
    one, other = (TestClient(create_app(World(seed=21, plans=(SEASON,), now=NIGHT))) for _ in range(2))
    forward = {path: one.get(path).content for path in paths}
    backward = {path: other.get(path).content for path in reversed(paths)}
    assert forward == backward


def test_a_game_lives_from_scheduled_to_final(world: World) -> None:
    season = world.league.season(2025)
    listing = next(x for x in season.by_date[date(2025, 4, 12)] if x.is_played and x.double_header == "N")
    start, first, end = (
        datetime.fromtimestamp(t, UTC)
        for t in (listing.start, season.first_pitch[listing.number], season.ended[listing.number])
    )
    seen = []
    for moment in (
        start - timedelta(days=4),
        start - timedelta(minutes=50),
        start - timedelta(minutes=10),
        first + timedelta(minutes=70),
        end + timedelta(minutes=1),
        end + timedelta(minutes=9),
    ):
        answer = TestClient(create_app(world.at(moment))).get(schedule_path(listing.date)).json()
        game = next(g for g in all_games(answer) if g["gamePk"] == listing.game_pk)
        seen.append(game["status"]["detailedState"])
        home = game["teams"]["home"]
        assert ("score" in home) == (moment >= first)
        assert ("isWinner" in home) == (moment >= end)
        assert ("linescore" in game) == (moment >= first)
        assert ("attendance" in game["gameInfo"]) == (moment >= end)
    assert seen == ["Scheduled", "Pre-Game", "Warmup", "In Progress", "Game Over", "Final"]
    assert game["linescore"]["teams"]["home"]["runs"] == home["score"]
    assert game["gameInfo"]["gameDurationMinutes"] > 100
    assert "probablePitcher" in home and home["probablePitcher"]["id"] >= 900_000


def test_a_late_first_pitch_is_a_delayed_start(world: World) -> None:
    season = world.league.season(2025)
    listing = next(x for x in season.listings if x.is_played and season.first_pitch[x.number] - x.start > 1800)
    moment = utc(listing.start + 1500)
    answer = TestClient(create_app(world.at(moment))).get(schedule_path(listing.date)).json()
    game = next(g for g in all_games(answer) if g["gamePk"] == listing.game_pk)
    assert game["status"]["statusCode"] == "PR"


# ------------------------------------------------------------------------------------------ MLB


def test_the_schedule_counts_its_games_and_games_in_progress(ask: Ask) -> None:
    answer = ask(schedule_path(date(2025, 4, 18)))
    live = [g for g in all_games(answer) if g["status"]["abstractGameState"] == "Live"]
    assert answer["totalGames"] == len(all_games(answer)) == answer["dates"][0]["totalItems"]
    assert answer["totalGamesInProgress"] == len(live) > 0


def test_records_add_up(ask: Ask) -> None:
    games = [g for g in all_games(ask(schedule_path(SEASON.opening, SEASON.closing))) if "isTie" in g]
    wins: dict[int, list[tuple[int, int]]] = {}
    for g in games:
        for side in ("home", "away"):
            record = g["teams"][side]["leagueRecord"]
            wins.setdefault(g["teams"][side]["team"]["id"], []).append(
                (record["wins"] + record["losses"], record["wins"])
            )
    for club, records in wins.items():
        assert sorted(n for n, _ in records) == list(range(1, len(records) + 1)), club


def test_a_day_without_games_is_an_empty_answer(ask: Ask) -> None:
    assert ask(schedule_path(date(2025, 1, 5)))["dates"] == []
    assert ask("/mlb_stats/api/v1/schedule?sportId=11&date=2025-04-18")["dates"] == []


def test_the_schedule_without_a_date_is_todays(ask: Ask) -> None:
    assert [d["date"] for d in ask("/mlb_stats/api/v1/schedule?sportId=1")["dates"]] == ["2025-04-18"]
    assert ask("/mlb_stats/api/v1/schedule?sportId=1&date=04/18/2025")["totalGames"] > 0


def test_a_postponed_game_is_listed_twice_with_the_new_official_date(world: World) -> None:
    season = world.league.season(2025)
    lost = next(
        x for x in season.listings if x.made_up_as is not None and season.listings[x.made_up_as].double_header != "N"
    )
    made_up = season.listings[lost.made_up_as]

    def seen(moment: datetime) -> list[tuple[str, dict[str, Any]]]:
        answer = TestClient(create_app(world.at(moment))).get(schedule_path(lost.date, made_up.date)).json()
        return [(d["date"], g) for d in answer["dates"] for g in d["games"] if g["gamePk"] == lost.game_pk]

    announced = utc(lost.postponed_at)
    before = seen(announced - timedelta(seconds=1))
    assert [(day, g["officialDate"]) for day, g in before] == [(str(lost.date), str(lost.date))]
    assert before[0][1]["status"]["detailedState"] != "Postponed"
    assert "rescheduleDate" not in before[0][1]

    (first_day, first), (second_day, second) = seen(announced)
    assert (first_day, second_day) == (str(lost.date), str(made_up.date))
    assert first["status"] | {"reason": ""} == {
        "abstractGameState": "Final",
        "codedGameState": "D",
        "detailedState": "Postponed",
        "statusCode": "DI",
        "startTimeTBD": False,
        "reason": "",
        "abstractGameCode": "F",
    }
    assert first["gameDate"] == iso(utc(lost.start))
    assert first["officialDate"] == first["rescheduleGameDate"] == second["officialDate"] == str(made_up.date)
    assert first["rescheduleDate"] == second["gameDate"]
    assert second["rescheduledFromDate"] == str(lost.date)
    assert second["doubleHeader"] in ("Y", "S")
    assert "score" not in first["teams"]["home"]


def test_a_rained_out_event_vanishes_from_the_odds_and_its_make_up_has_a_new_id(world: World) -> None:
    season = world.league.season(2025)
    lost = next(x for x in season.listings if x.made_up_as is not None)
    made_up = season.listings[lost.made_up_as]

    def ids(moment: datetime) -> set[str]:
        events = TestClient(create_app(world.at(moment))).get("/odds_api/v4/sports/baseball_mlb/events?apiKey=k").json()
        return {e["id"] for e in events}

    old, new = (wire_odds.event_id(world.seed, x) for x in (lost, made_up))
    assert old != new
    assert old in ids(utc(lost.postponed_at - 60))
    assert old not in ids(utc(lost.postponed_at + 1))
    assert new in ids(utc(made_up.start - 3600))


def test_a_game_joins_a_doubleheader_only_when_that_is_announced(world: World) -> None:
    season = world.league.season(2025)
    made_up = next(x for x in season.listings if x.is_makeup and x.double_header != "N")
    partner = next(
        x
        for x in season.by_date[made_up.date]
        if x.home == made_up.home and x.game_pk != made_up.game_pk and x.is_played
    )
    assert partner.doubleheader_as_of(made_up.listed_at - 1) == ("N", 1)
    assert partner.doubleheader_as_of(made_up.listed_at) == (made_up.double_header, 3 - made_up.game_number)


def test_the_thirty_clubs_are_told_as_of_a_season(ask: Ask) -> None:
    assert len(ask("/mlb_stats/api/v1/teams?sportId=1&season=2025")["teams"]) == 30
    assert ask("/mlb_stats/api/v1/teams/133?season=2024")["teams"][0]["name"] == "Oakland Athletics"
    assert ask("/mlb_stats/api/v1/teams/133?season=2025")["teams"][0]["abbreviation"] == "ATH"


@pytest.mark.parametrize(
    ("path", "status", "number"),
    [
        ("/mlb_stats/api/v1/teams/99999", 404, 10),
        ("/mlb_stats/api/v1/nothing", 404, 10),
        ("/mlb_stats/api/v1/schedule?sportId=1&date=yesterday", 400, 11),
        ("/mlb_stats/api/v1/schedule?sportId=1&startDate=2025-04-01", 400, 11),
        ("/mlb_stats/api/v1/teams?season=now", 400, 11),
    ],
)
def test_mlb_refuses_in_its_own_words(client: TestClient, path: str, status: int, number: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert response.json()["messageNumber"] == number
    assert set(response.json()) == {"messageNumber", "message", "timestamp", "traceId"}


# ------------------------------------------------------------------------------------------ The Odds API


def test_odds_mix_games_in_play_with_games_to_come(ask: Ask, world: World) -> None:
    events = ask(ODDS)
    now = iso(world.now)
    live = [e for e in events if e["commence_time"] < now]
    assert live
    assert any(not e["commence_time"].endswith(":00Z") for e in live), "odd seconds once the game is on"
    assert all(e["commence_time"].endswith(":00Z") for e in events if e["commence_time"] > now)
    assert any(e["bookmakers"] == [] for e in events), "events appear before the books do"
    assert [m["key"] for m in live[0]["bookmakers"][0]["markets"]] == ["h2h"]
    assert all(e["id"] == e["id"].lower() and len(e["id"]) == 32 for e in events)


def test_outcomes_are_by_name_and_not_by_home_and_away(ask: Ask) -> None:
    pairs = [
        (e["home_team"], [o["name"] for o in m["outcomes"]])
        for e in ask(ODDS)
        for b in e["bookmakers"]
        for m in b["markets"]
        if m["key"] != "totals"
    ]
    assert all(names == sorted(names) for _, names in pairs)
    assert {names[0] == home for home, names in pairs} == {True, False}


def test_spreads_are_signed_and_totals_over_and_under(ask: Ask) -> None:
    markets = [m for e in ask(ODDS) for b in e["bookmakers"] for m in b["markets"]]
    for m in markets:
        points = [o.get("point") for o in m["outcomes"]]
        if m["key"] in ("h2h", "h2h_lay"):
            assert points == [None, None]
        if m["key"] == "spreads":
            assert sorted(points) == [-1.5, 1.5]
        if m["key"] == "totals":
            assert points[0] == points[1] and [o["name"] for o in m["outcomes"]] == ["Over", "Under"]
    assert {m["key"] for m in markets} == {"h2h", "h2h_lay", "spreads", "totals"}


def test_a_price_says_when_it_last_changed(world: World) -> None:
    moment = NIGHT - timedelta(hours=12)
    client = TestClient(create_app(world.at(moment)))
    updates = [m["last_update"] for e in client.get(ODDS).json() for b in e["bookmakers"] for m in b["markets"]]
    assert max(updates) <= iso(moment)
    assert min(updates) < iso(moment - timedelta(hours=10))


def test_decimal_prices_are_the_default_and_dates_may_be_unix(ask: Ask) -> None:
    events = ask("/odds_api/v4/sports/baseball_mlb/odds?apiKey=k&bookmakers=pinnacle,draftkings&dateFormat=unix")
    prices = [o["price"] for e in events for b in e["bookmakers"] for m in b["markets"] for o in m["outcomes"]]
    assert prices and all(isinstance(p, float) and p > 1 for p in prices)
    assert isinstance(events[0]["commence_time"], int)
    assert {b["key"] for e in events for b in e["bookmakers"]} == {"pinnacle", "draftkings"}


def test_regions_choose_the_books(ask: Ask) -> None:
    events = ask(ODDS.replace("us,eu", "eu"))
    assert {b["key"] for e in events for b in e["bookmakers"]} == {"pinnacle", "betfair_ex_eu", "unibet_eu", "onexbet"}


def test_only_an_exchange_lays_and_it_lays_above_what_it_backs(ask: Ask) -> None:
    events = ask("/odds_api/v4/sports/baseball_mlb/odds?apiKey=k&regions=us,us2,eu,uk,au&markets=h2h")
    books = [b for e in events for b in e["bookmakers"]]
    assert {b["key"] for b in books} >= {"pinnacle", "espnbet", "williamhill", "sportsbet", "betonlineag"}
    assert {b["key"] for b in books if len(b["markets"]) > 1} == {"betfair_ex_eu"}
    for back, lay in (b["markets"] for b in books if b["key"] == "betfair_ex_eu"):
        assert (back["key"], lay["key"]) == ("h2h", "h2h_lay")
        for one, other in zip(back["outcomes"], lay["outcomes"], strict=True):
            assert one["name"] == other["name"] and other["price"] > one["price"]


def test_the_feed_lists_its_sport_and_old_events(ask: Ask) -> None:
    (sport,) = ask("/odds_api/v4/sports?apiKey=k")
    assert (sport["key"], sport["active"]) == ("baseball_mlb", True)
    told = ask(f"{BASE.replace('/v4/', '/v4/historical/')}/events?apiKey=k&date=2025-04-12T16:03:59Z")
    assert told["timestamp"] == "2025-04-12T16:00:00Z"
    assert len(told["data"]) > 10 and "bookmakers" not in told["data"][0]


def test_a_historical_snapshot_is_at_or_before_the_date_on_a_five_minute_grid(ask: Ask) -> None:
    answer = ask(f"{HISTORICAL}&date=2025-04-12T16:03:59Z")
    assert answer["timestamp"] == "2025-04-12T16:00:00Z"
    assert (answer["previous_timestamp"], answer["next_timestamp"]) == ("2025-04-12T15:55:00Z", "2025-04-12T16:05:00Z")
    assert len(answer["data"]) > 10


def test_history_ends_now(ask: Ask, world: World) -> None:
    answer = ask(f"{HISTORICAL}&date=2026-01-01T00:00:00Z")
    assert answer["timestamp"] == iso(world.now)
    assert answer["next_timestamp"] is None


def test_ranges_of_starts_and_event_ids_narrow_the_answer(ask: Ask) -> None:
    every = ask(ODDS)
    chosen = every[len(every) // 2]
    at = chosen["commence_time"]
    narrowed = ask(f"{ODDS}&commenceTimeFrom={at}&commenceTimeTo={at}")
    assert {e["commence_time"] for e in narrowed} == {at}
    assert [e["id"] for e in ask(f"{ODDS}&eventIds={chosen['id']}")] == [chosen["id"]]


def test_scores_tell_what_is_over_and_what_is_on(ask: Ask) -> None:
    rows = ask("/odds_api/v4/sports/baseball_mlb/scores?apiKey=k&daysFrom=1")
    kinds = {(r["completed"], r["scores"] is not None) for r in rows}
    assert kinds == {(True, True), (False, True), (False, False)}
    done = next(r for r in rows if r["completed"])
    assert all(isinstance(s["score"], str) for s in done["scores"])
    assert not any(r["completed"] for r in ask("/odds_api/v4/sports/baseball_mlb/scores?apiKey=k"))


def test_two_events_of_the_same_clubs_occur_on_one_utc_date(world: World) -> None:
    found = False
    for days in range(8, 30):
        moment = datetime(2025, 4, 1, 16, tzinfo=UTC) + timedelta(days=days)
        events = TestClient(create_app(world.at(moment))).get("/odds_api/v4/sports/baseball_mlb/events?apiKey=k").json()
        keys = [(e["home_team"], e["away_team"], e["commence_time"][:10]) for e in events]
        found = found or len(keys) > len(set(keys))
    assert found


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{BASE}/odds", 401, "MISSING_KEY"),
        (f"{BASE}/odds?apiKey=invalid-1", 401, "INVALID_KEY"),
        (f"{BASE}/odds?apiKey=k", 422, "MISSING_REGION"),
        (f"{BASE}/odds?apiKey=k&regions=mars", 422, "INVALID_REGION"),
        (f"{BASE}/odds?apiKey=k&bookmakers=a;b", 422, "INVALID_BOOKMAKERS"),
        (f"{BASE}/odds?apiKey=k&regions=us&markets=pitcher_outs", 422, "INVALID_MARKET"),
        (f"{BASE}/odds?apiKey=k&regions=us&oddsFormat=fractional", 422, "INVALID_ODDS_FORMAT"),
        (f"{BASE}/odds?apiKey=k&regions=us&dateFormat=roman", 422, "INVALID_DATE_FORMAT"),
        (f"{BASE}/odds?apiKey=k&regions=us&commenceTimeFrom=today", 422, "INVALID_COMMENCE_TIME_FROM"),
        (f"{BASE}/odds?apiKey=k&regions=us&commenceTimeTo=2025-04-31T00:00:00Z", 422, "INVALID_COMMENCE_TIME_TO"),
        (
            f"{BASE}/odds?apiKey=k&regions=us&commenceTimeFrom=2025-04-03T00:00:00Z&commenceTimeTo=2025-04-02T00:00:00Z",
            422,
            "INVALID_COMMENCE_TIME_RANGE",
        ),
        (f"{BASE}/events?apiKey=k&eventIds=1", 422, "INVALID_EVENT_IDS"),
        (f"{BASE}/scores?apiKey=k&daysFrom=4", 422, "INVALID_SCORES_DAYS_FROM"),
        ("/odds_api/v4/sports/cricket/odds?apiKey=k&regions=us", 404, "UNKNOWN_SPORT"),
        (f"{BASE}/nonsense?apiKey=k", 404, "NOT_FOUND"),
        (f"{HISTORICAL}", 422, "MISSING_HISTORICAL_TIMESTAMP"),
        (f"{HISTORICAL}&date=2025-04-12", 422, "INVALID_HISTORICAL_TIMESTAMP"),
    ],
)
def test_the_odds_api_refuses_in_its_own_words(client: TestClient, path: str, status: int, code: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["error_code"]) == (status, code)
    assert response.json()["message"]
    assert response.headers["x-requests-last"] == "0"


def test_credits_are_counted_and_run_out(world: World) -> None:
    client = TestClient(create_app(world, quota=40))
    first = client.get(ODDS)
    assert {k: first.headers[f"x-requests-{k}"] for k in ("last", "used", "remaining")} == {
        "last": "6",
        "used": "6",
        "remaining": "34",
    }
    assert client.get(f"{HISTORICAL}&date=2025-04-12T16:00:00Z").headers["x-requests-last"] == "60"
    refused = client.get(ODDS)
    assert (refused.status_code, refused.json()["error_code"]) == (401, "OUT_OF_USAGE_CREDITS")


def test_json_is_the_same_without_orjson(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"a": [1, 2.5, None, "é"], "b": {"c": True}}
    fast = wire_odds.dumps(value)
    monkeypatch.setitem(__import__("sys").modules, "orjson", None)
    assert wire_odds.dumps(value) == fast


# ------------------------------------------------------------------------------------------ the demo


def test_the_demos_today_has_fifteen_games_and_a_made_up_doubleheader() -> None:
    client = TestClient(create_app(DEMO_WORLD))
    games = all_games(client.get(schedule_path(DEMO_WORLD.today)).json())
    starts = sorted(datetime.fromisoformat(g["gameDate"]).astimezone(NEW_YORK).strftime("%H:%M") for g in games)
    assert len(games) == 15
    assert (starts[0], starts[-1]) == ("13:05", "22:05")
    paired = [g for g in games if g["doubleHeader"] != "N"]
    assert sorted(g["gameNumber"] for g in paired) == [1, 2]
    assert any("rescheduledFromDate" in g for g in paired)
    events = client.get(ODDS).json()
    tomorrow = [e for e in events if datetime.fromisoformat(e["commence_time"]).astimezone(NEW_YORK).day == 16]
    assert tomorrow and any(e["bookmakers"] for e in tomorrow)
    assert client.get("/clock").json() == {"now": "2025-07-15T16:00:00Z"}


def test_the_demo_has_a_suspended_game_and_a_scratched_starter() -> None:
    season = DEMO_WORLD.league.season(2025)
    (resumed,) = (x for x in season.listings if x.is_resumption and x.date < DEMO_WORLD.today)
    assert (season.listings[resumed.resumed_from].date, resumed.date) == (date(2025, 4, 26), date(2025, 4, 27))
    quotes = DEMO_WORLD.market.quotes(DEMO_WORLD.today)
    down = quotes.suspended_from < DEMO_WORLD.moment
    assert down.any(2).sum() > 10


def test_the_plan_gives_nearly_every_game_an_open_and_a_close() -> None:
    plan = collection_plan(DEMO_WORLD, first=date(2025, 6, 1), last=date(2025, 6, 30))
    assert len(plan) == 30
    season = DEMO_WORLD.league.season(2025)
    opened = closed = games = 0
    for day in plan:
        assert len(day.snapshots) <= 5
        for listing in season.by_date[day.official_date]:
            if not listing.is_played:
                continue
            games += 1
            before = [
                s for s in day.snapshots if s.commence_from.timestamp() <= listing.start <= s.commence_to.timestamp()
            ]
            opened += any(season.open_at[listing.number] <= s.at.timestamp() for s in before if s.purpose == "open")
            closed += any(0 < listing.start - s.at.timestamp() <= 1800 for s in before)
    assert opened / games > 0.97
    assert closed / games > 0.75


def test_the_plan_asks_for_nothing_after_now() -> None:
    assert max(s.at for day in collection_plan(DEMO_WORLD) for s in day.snapshots) <= DEMO_WORLD.now


def test_slots_serve_as_many_starts_as_possible() -> None:
    minutes = [0, 5, 15, 100, 110, 300, 301, 302, 400, 500]
    assert slots([m * 60.0 for m in minutes], most=3) == [0, 100 * 60, 300 * 60]
    assert slots([]) == []


def test_a_worlds_clock_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        World(seed=1, plans=(SEASON,), now=datetime(2025, 4, 1))  # noqa: DTZ001


def test_a_world_survives_the_way_to_another_process() -> None:
    world = World(seed=3, plans=(SEASON,), now=NIGHT, redrawn_after=NIGHT, later_seed=4)
    assert World.from_json(world.to_json()) == world
    assert World.from_json(DEMO_WORLD.to_json()) == DEMO_WORLD


# ------------------------------------------------------------------------------------------ recordings


def keys(value: Any) -> set[str]:
    return set(value)


@pytest.mark.real_data
def test_a_final_game_has_the_keys_of_a_recorded_one(ask: Ask, wire_dir: Path) -> None:
    recorded = json.loads((wire_dir / "mlb_stats_api" / "zs_schedule_2022-04-07.json").read_text())
    answer = ask(f"/mlb_stats/api/v1/schedule?sportId=1&startDate={SEASON.opening}&endDate={SEASON.closing}")
    assert keys(answer) == keys(recorded)
    assert keys(answer["dates"][0]) == keys(recorded["dates"][0])

    def one(source: dict[str, Any], state: str) -> dict[str, Any]:
        return next(g for g in all_games(source) if g["status"]["detailedState"] == state)

    ours, theirs = one(answer, "Final"), one(recorded, "Final")
    assert keys(theirs) - keys(ours) <= {"description"}
    assert keys(ours) - keys(theirs) <= {"rescheduledFrom", "rescheduledFromDate"}
    assert keys(ours["status"]) == keys(theirs["status"])
    assert keys(ours["teams"]["home"]) == keys(theirs["teams"]["home"])
    assert keys(ours["teams"]["home"]["leagueRecord"]) == keys(theirs["teams"]["home"]["leagueRecord"])
    lost, rained_out = one(answer, "Postponed"), one(recorded, "Postponed")
    assert keys(rained_out) - keys(lost) <= {"description"}
    assert keys(lost) <= keys(rained_out)
    assert keys(lost["status"]) == keys(rained_out["status"])
    assert keys(lost["teams"]["home"]) == keys(rained_out["teams"]["home"])


@pytest.mark.real_data
def test_a_hydrated_team_has_the_keys_of_a_recorded_one(ask: Ask, wire_dir: Path) -> None:
    recorded = json.loads((wire_dir / "mlb_stats_api" / "dsm_schedule_hydrated_team.json").read_text())
    ours = all_games(ask(schedule_path(date(2025, 4, 10))))[0]["teams"]["home"]["team"]
    assert keys(ours) == keys(all_games(recorded)[0]["teams"]["home"]["team"])


@pytest.mark.real_data
def test_odds_have_the_keys_of_recorded_ones(ask: Ask, wire_dir: Path) -> None:
    recorded = json.loads((wire_dir / "odds_api" / "odds_decimal_2025-08-01_A1Betting.json").read_text())

    def shape(events: list[dict[str, Any]]) -> dict[str, set[str]]:
        books = [b for e in events for b in e["bookmakers"]]
        markets = [m for b in books for m in b["markets"]]
        return {
            "event": keys(events[0]),
            "book": set().union(*map(keys, books)),
            "market": set().union(*map(keys, markets)),
            "outcome": set().union(*(keys(o) for m in markets for o in m["outcomes"])),
        }

    assert shape(ask(ODDS)) == shape(recorded)
