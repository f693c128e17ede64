"""What the league says in Action Network's words: shapes, quirks and refusals, and never a word about the future."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dagster_mlb.simulator import wire_action_network as wire
from dagster_mlb.simulator.prices import BOOKS as LEAGUE_BOOKS
from dagster_mlb.simulator.schedule import NEVER, Listing, SeasonPlan, utc
from dagster_mlb.simulator.serve_action_network import routes
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.wire_action_network_games import event_id, league
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network import schemas
from dagster_mlb.sources.action_network.books import DEFAULT_BOOKS
from dagster_mlb.sources.action_network.teams import TEAM_IDS
from dagster_mlb.sources.wire import unknown_fields

PLAN = SeasonPlan(2025, date(2025, 4, 1), date(2025, 5, 25))
AFTERNOON = datetime(2025, 4, 19, 18, 40, tzinfo=UTC)
BOOK_LIST = ",".join(str(book) for book in DEFAULT_BOOKS)
PERIODS = "event,firstfiveinnings,firstinning"
SCOREBOARD = "/action_network/web/v2/scoreboard/mlb"
ASKED = f"{SCOREBOARD}?date=20250419&bookIds={BOOK_LIST}&periods={PERIODS}"

Ask = Callable[[str], Any]


def client_of(world: World) -> TestClient:
    return TestClient(Starlette(routes=routes(world)))


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=21, plans=(PLAN,), now=AFTERNOON)


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return client_of(world)


@pytest.fixture
def ask(client: TestClient) -> Ask:
    def get(path: str) -> Any:
        response = client.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    return get


def outcomes(games: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for game in games:
        for book, periods in game["markets"].items():
            for types in periods.values():
                for told in types.values():
                    for outcome in told:
                        yield book, outcome


# ------------------------------------------------------------------------------------------ time


def told(world: World) -> list[bytes]:
    client = client_of(world)
    days = [world.today + timedelta(days=n) for n in (-15, -1, 0, 1, 5)]
    paths = [f"{SCOREBOARD}?date={day:%Y%m%d}&bookIds={BOOK_LIST}&periods={PERIODS}" for day in days]
    paths += [f"/action_network/web/v1/scoreboard/mlb?date={day:%Y%m%d}" for day in days[1:4]]
    events = [event_id(x) for _, x in wire.slate(world, world.today)][:4]
    paths += [f"/action_network/web/v2/markets/event/{event}/history?periods={PERIODS}" for event in events]
    return [client.get(path).content for path in paths]


@pytest.mark.parametrize(
    "hours", [6, 433.25, 1001, *(pytest.param(hours, marks=pytest.mark.prove) for hours in (201.7, 410.5, 777.1))]
)
def test_what_is_told_at_a_moment_does_not_depend_on_what_comes_after(hours: float) -> None:
    now = datetime(2025, 4, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
    one = World(seed=21, plans=(PLAN,), now=now)
    other = World(seed=21, plans=(PLAN,), now=now, redrawn_after=now, later_seed=999)
    assert told(one) == told(other)


def test_the_same_world_says_the_same_in_any_order_of_asking() -> None:
    one, other = (World(seed=21, plans=(PLAN,), now=AFTERNOON) for _ in range(2))
    paths = [ASKED, ASKED.replace("0419", "0420"), "/action_network/web/v1/scoreboard/mlb"]
    forward = {path: client_of(one).get(path).content for path in paths}
    assert forward == {path: client_of(other).get(path).content for path in reversed(paths)}


def test_a_world_whose_clock_moves_tells_the_news(world: World) -> None:
    class Moving:
        def __init__(self) -> None:
            self.now = AFTERNOON

        def __getattr__(self, name: str) -> Any:
            return getattr(world.at(self.now), name)

    moving = Moving()
    client = client_of(moving)  # type: ignore[arg-type]
    before = client.get(ASKED).json()
    moving.now = AFTERNOON + timedelta(hours=9)
    after = client.get(ASKED).json()
    assert {game["status"] for game in before["games"]} >= {"scheduled"}
    assert {game["status"] for game in after["games"]} >= {"complete"}


# ------------------------------------------------------------------------------------------ shapes


def test_the_answers_have_no_field_that_the_schemas_do_not_know(ask: Ask, world: World) -> None:
    scoreboard = schemas.SCOREBOARD.validate_python(ask(ASKED))
    assert list(unknown_fields(scoreboard)) == []
    told = [outcome for game in scoreboard.games or [] for outcome in game.outcomes()]
    assert len(told) > 1000
    assert {path for outcome in told for path in unknown_fields(outcome)} == set()
    v1 = schemas.SCOREBOARD_V1.validate_python(ask("/action_network/web/v1/scoreboard/mlb?date=20250419"))
    assert list(unknown_fields(v1)) == []
    event = event_id(wire.slate(world, world.today)[0][1])
    moves = schemas.MARKET_HISTORY.validate_python(ask(f"/action_network/web/v2/markets/event/{event}/history"))
    assert {path for outcome in moves.outcomes() for path in unknown_fields(outcome)} == set()
    assert list(unknown_fields(schemas.BOOKS.validate_python(ask("/action_network/web/v1/books")))) == []


def test_public_betting_has_the_scoreboards_shape_and_the_whole_game_only(ask: Ask) -> None:
    games = ask(f"/action_network/web/v2/scoreboard/publicbetting/mlb?date=20250419&bookIds={BOOK_LIST}")["games"]
    assert {outcome["period"] for _, outcome in outcomes(games)} == {"event"}


def test_outcomes_of_book_30_have_the_smaller_shape_and_the_ids_of_book_15(ask: Ask) -> None:
    games = ask(ASKED)["games"]
    opening = [outcome for book, outcome in outcomes(games) if book == "30"]
    consensus = {outcome["outcome_id"]: outcome for book, outcome in outcomes(games) if book == "15"}
    assert len(opening) > 50
    missing = {"league_id", "book_parent_id", "is_live", "deeplink_id", "line_status", "bet_info"}
    for outcome in opening:
        assert missing.isdisjoint(outcome)
        assert outcome["team_id"] == 0 or outcome["type"] != "total"
        twin = consensus.get(outcome["outcome_id"])
        assert twin is None or (twin["market_id"], twin["side"]) == (outcome["market_id"], outcome["side"])
    assert sum(outcome["outcome_id"] in consensus for outcome in opening) > len(opening) / 2


def test_sides_are_told_by_name_and_stand_in_no_order(ask: Ask) -> None:
    games = ask(ASKED)["games"]
    first = [types["moneyline"][0]["side"] for g in games for b in g["markets"].values() for types in [b["event"]]]
    assert set(first) == {"home", "away"}
    swapped = [game["teams"][0]["id"] == game["away_team_id"] for game in wide_slate()]
    assert 0 < sum(swapped) < len(swapped) / 4
    assert all({game["home_team_id"], game["away_team_id"]} <= set(TEAM_IDS) for game in games)
    for game in games:
        ids = {"home": game["home_team_id"], "away": game["away_team_id"]}
        for _, outcome in outcomes([game]):
            if outcome["type"] in ("moneyline", "spread") and outcome["side"] in ids:
                assert outcome["team_id"] == ids[outcome["side"]]
            if outcome["type"] == "total":
                assert not outcome.get("team_id")


def wide_slate() -> list[dict[str, Any]]:
    world = World(seed=21, plans=(PLAN,), now=AFTERNOON)
    days = [date(2025, 4, 2) + timedelta(days=n) for n in range(10)]
    return [game for day in days for game in wire.scoreboard(world, day, [], ["event"])["games"]]


def test_a_period_or_type_that_a_book_lacks_has_no_key(ask: Ask) -> None:
    books = [book for game in ask(ASKED)["games"] for name, book in game["markets"].items() if name not in ("15", "30")]
    assert any("firstinning" not in book for book in books)
    assert any("core_bet_type_6_team_score" not in book["event"] for book in books)
    draws = [book["firstinning"]["moneyline"] for book in books if "moneyline" in book.get("firstinning", {})]
    assert draws
    assert all(sorted(o["side"] for o in three) == ["away", "draw", "home"] for three in draws)
    assert all("team_id" not in o for three in draws for o in three if o["side"] == "draw")


def test_the_public_is_the_same_on_every_book_and_counts_nothing(ask: Ask, world: World) -> None:
    games = ask(ASKED)["games"]
    listing = {event_id(x): x for _, x in wire.slate(world, world.today)}
    shown = 0
    for game in games:
        figures: dict[tuple[str, str], set[str]] = {}
        for _, outcome in outcomes([game]):
            if "bet_info" not in outcome:
                continue
            assert outcome["bet_info"]["tickets"]["value"] == outcome["bet_info"]["money"]["value"] == 0
            if outcome["period"] != "event" or outcome["type"].startswith("core"):
                assert outcome["bet_info"]["tickets"]["percent"] == 0
                continue
            figures.setdefault((outcome["type"], outcome["side"]), set()).add(json.dumps(outcome["bet_info"]))
        assert all(len(told) == 1 for told in figures.values())
        splits = public_splits(world, listing[game["id"]], "total", world.moment)
        if splits is not None and ("total", "over") in figures:
            [over] = (json.loads(told) for told in figures["total", "over"])
            assert over["tickets"]["percent"] == round(splits.tickets)
            shown += 1
    assert shown > 5


def test_books_that_nobody_knows_are_silently_absent_and_two_come_unasked(ask: Ask) -> None:
    games = ask(f"{SCOREBOARD}?date=20250419&bookIds=1534,999999,21&periods=event")["games"]
    assert {book for game in games for book in game["markets"]} == {"15", "30", "1534"}


def test_v1_sends_books_that_were_not_asked_for(ask: Ask) -> None:
    rows = [
        row for g in ask("/action_network/web/v1/scoreboard/mlb?bookIds=1534&period=game")["games"] for row in g["odds"]
    ]
    ids = {row["book_id"] for row in rows}
    assert {15, 30, 21, 68, 1534, 255} <= ids
    assert {row["type"] for row in rows} >= {"game", "firstfiveinnings", "firstinning"}
    assert all(row["meta"] is None for row in rows if row["book_id"] == 30)
    assert {row["ml_home_public"] for row in rows} == {None}
    whole = next(row for row in rows if row["type"] == "game" and row["total"] is not None)
    assert whole["spread_home"] in (-1.5, 1.5, None)
    assert abs(whole["ml_home"]) >= 100


def test_the_prices_are_those_of_the_leagues_market(ask: Ask, world: World) -> None:
    place = next(n for n, book in enumerate(LEAGUE_BOOKS) if book.key == "draftkings")
    games = {game["id"]: game for game in ask(ASKED)["games"]}
    compared = 0
    for season, listing in wire.slate(world, world.today):
        quotes = world.market.quotes(listing.date)
        quote = quotes.current(listing, world.moment)[place]
        if quote < 0 or season.first_pitch[listing.number] <= world.moment:
            continue
        told = games[event_id(listing)]["markets"]["1534"]["event"]["moneyline"]
        row = quotes.row[listing.number]
        prices = {"home": quotes.home[row, place, quote], "away": quotes.away[row, place, quote]}
        assert {o["side"]: o["odds"] for o in told} == prices
        compared += 1
    assert compared >= 5


def test_a_book_that_takes_its_prices_down_says_so(world: World) -> None:
    season = world.league.season(2025)
    place = next(n for n, book in enumerate(LEAGUE_BOOKS) if book.key == "draftkings")
    for day in (date(2025, 4, 5) + timedelta(days=n) for n in range(30)):
        quotes = world.market.quotes(day)
        for listing in season.by_date[day]:
            down = quotes.suspended_from[quotes.row[listing.number], place].min()
            if down < min(listing.start, listing.postponed_at) and not listing.is_resumption:
                then = world.at(utc(float(down) + 1))
                games = wire.scoreboard(then, day, [1534], ["event"])["games"]
                game = next(g for g in games if g["id"] == event_id(listing))
                statuses = {o["line_status"] for b, o in outcomes([game]) if b == "1534"}
                assert statuses == {"suspended"}
                return
    pytest.fail("no book took a price down in a month")


def test_a_game_in_play_has_live_prices_at_a_few_books(world: World) -> None:
    season, listing = next((s, x) for s, x in wire.slate(world, world.today) if x.is_played)
    then = world.at(utc(float(season.first_pitch[listing.number]) + 4000))
    games = wire.scoreboard(then, listing.date, [1534, 2791], ["event"])["games"]
    game = next(g for g in games if g["id"] == event_id(listing))
    assert game["status"] == "inprogress"
    live = {book for book, o in outcomes([game]) if o.get("is_live")}
    assert live <= {"1534"}
    assert game["boxscore"]["pitching"]["home"]["starting_id"] is not None


def test_a_finished_game_tells_its_score_and_winner(world: World) -> None:
    later = world.at(AFTERNOON + timedelta(days=1))
    games = wire.scoreboard(later, date(2025, 4, 19), [], ["event"])["games"]
    complete = [game for game in games if game["status"] == "complete"]
    assert len(complete) >= 10
    for game in complete:
        box = game["boxscore"]
        home, away = box["total_home_points"], box["total_away_points"]
        assert game["winning_team_id"] == (game["home_team_id"] if home > away else game["away_team_id"])
        assert sum(inning["home_points"] or 0 for inning in box["linescore"]) == home


# ------------------------------------------------------------------------------------------ identity


def postponed(world: World) -> Iterator[tuple[Listing, Listing]]:
    season = world.league.season(2025)
    for listing in season.listings:
        if listing.postponed_at < NEVER and listing.made_up_as is not None:
            yield listing, season.listings[listing.made_up_as]


def test_a_postponed_game_keeps_its_id_and_its_make_up_gets_another(world: World) -> None:
    lost, made_up = next(postponed(world))
    after = world.at(utc(lost.postponed_at + 60))
    day = {game["id"]: game for game in wire.scoreboard(after, lost.date, [1534], ["event"])["games"]}
    assert (day[event_id(lost)]["status"], day[event_id(lost)]["markets"]) == ("postponed", {})
    new = {game["id"]: game for game in wire.scoreboard(after, made_up.date, [], ["event"])["games"]}
    assert new[event_id(made_up)]["status"] == "scheduled"
    assert event_id(lost) != event_id(made_up)
    before = world.at(utc(lost.postponed_at - 60))
    assert event_id(made_up) not in {
        game["id"] for game in wire.scoreboard(before, made_up.date, [], ["event"])["games"]
    }


def test_every_event_id_is_one_listing() -> None:
    plan = SeasonPlan(2025, date(2025, 3, 27), date(2025, 9, 28), doubleheaders=80, postponements=40, suspended=6)
    world = World(seed=5, plans=(plan,), now=datetime(2025, 9, 29, 12, tzinfo=UTC))
    listings = world.league.season(2025).listings
    known = wire.event_listings(world)
    assert len(known) == sum(not listing.is_resumption for listing in listings)
    assert all(known[str(event_id(x))] is x for x in listings if not x.is_resumption)
    days = sorted(world.league.season(2025).by_date)
    told = [event_id(listing) for day in days for _, listing in wire.slate(world, day)]
    assert len(told) == len(set(told)) == len(known)
    suspended = [x for x in listings if x.is_resumption]
    assert suspended
    assert all(event_id(x) == event_id(listings[x.resumed_from]) for x in suspended if x.resumed_from is not None)


def test_a_suspended_game_says_so_until_it_goes_on() -> None:
    plan = SeasonPlan(2025, date(2025, 4, 1), date(2025, 6, 30), suspended=3)
    world = World(seed=5, plans=(plan,), now=datetime(2025, 7, 1, tzinfo=UTC))
    listing = next(x for x in world.league.season(2025).listings if x.suspended_at < NEVER)
    then = world.at(utc(listing.suspended_at + 60))
    game = next(g for g in wire.scoreboard(then, listing.date, [], [])["games"] if g["id"] == event_id(listing))
    assert (game["status"], game["real_status"]) == ("inprogress", "suspended")


# ------------------------------------------------------------------------------------------ line moves


def test_line_moves_end_with_the_price_that_stands(ask: Ask, world: World) -> None:
    listing = next(x for s, x in wire.slate(world, world.today) if s.start[x.number] > world.moment)
    event = event_id(listing)
    answer = ask(f"/action_network/web/v2/markets/event/{event}/history?bookIds=1534,15,30&periods={PERIODS}")
    standing = {
        o["outcome_id"]: o["odds"]
        for book, o in outcomes([next(g for g in ask(ASKED)["games"] if g["id"] == event)])
        if book == "1534"
    }
    moves = [o for period in answer["1534"].values() for told in period.values() for o in told]
    assert {o["outcome_id"]: o["odds"] for o in moves} == standing
    moved = [o for o in moves if o["history"]]
    assert moved
    for outcome in moved:
        times = [datetime.fromisoformat(move["updated_at"]) for move in outcome["history"]]
        assert times == sorted(times)
        assert times[-1] < world.now
        assert [move.get("line_status") for move in outcome["history"]] == ["opener"] + [None] * (len(times) - 1)
    assert {len(move["updated_at"]) for o in moved for move in o["history"]} == {26, 27}
    assert "line_status" not in answer["30"]["event"]["moneyline"][0]


def test_line_moves_are_served_for_two_weeks(world: World) -> None:
    season = world.league.season(2025)
    recent, old = (
        next(x for x in season.by_date[world.today - timedelta(days=days)] if x.is_played) for days in (14, 15)
    )
    assert wire.market_history(world, event_id(recent), [1534], ["event"])
    assert wire.market_history(world, event_id(old), [1534], ["event"]) == {}
    assert wire.market_history(world, 7, [1534], ["event"]) == {}
    assert wire.market_history(world, 999_999, [1534], ["event"]) == {}


# ------------------------------------------------------------------------------------------ refusals and caching


def test_periods_with_a_space_or_none_mean_the_whole_game(ask: Ask) -> None:
    for query in ("periods=event,%20firstinning", "period=firstinning", ""):
        games = ask(f"{SCOREBOARD}?date=20250419&{query}")["games"]
        assert {outcome["period"] for _, outcome in outcomes(games)} == {"event"}


def test_without_a_date_it_is_the_current_slate(ask: Ask) -> None:
    assert [game["id"] for game in ask(SCOREBOARD)["games"]] == [game["id"] for game in ask(ASKED)["games"]]


def test_a_day_without_games_is_listed_as_one_and_is_empty(world: World) -> None:
    plan = SeasonPlan(2025, date(2025, 4, 1), date(2025, 5, 25))
    free = league(world, 2025)["blacklist_dates"]
    season = world.league.season(2025)
    assert free == [
        f"{day}T07:00:00.000Z" for day in world.dates(plan.opening, plan.closing) if day not in season.by_date
    ]
    assert wire.scoreboard(world, date(2025, 1, 1), [1534], ["event"])["games"] == []


@pytest.mark.parametrize("path", ["/action_network/web/v2/books", "/action_network/web/v2/markets/event/x/history"])
def test_an_unknown_path_is_its_own_404(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (404, {"statusCode": 404, "error": "Not Found"})


@pytest.mark.parametrize(
    "path",
    [
        f"{SCOREBOARD}?marketTypes=moneyline",
        f"{SCOREBOARD}?date=2025-04-19",
        f"{SCOREBOARD}?date=20251399",
        f"{SCOREBOARD}?bookIds=a,b",
        "/action_network/web/v1/scoreboard/mlb?date=tomorrow",
        "/action_network/web/v2/markets/event/1/history?bookIds=x",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 400


def test_answers_may_be_kept_for_thirty_seconds(client: TestClient) -> None:
    first = client.get(ASKED)
    assert first.headers["cache-control"] == "max-age=30, must-revalidate, public"
    again = client.get(ASKED, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_full_slate_is_rendered_quickly(world: World, client: TestClient) -> None:
    client.get(ASKED)
    begun = time.perf_counter()
    body = client.get(ASKED).content
    assert len(body) > 500_000
    assert time.perf_counter() - begun < 0.15
