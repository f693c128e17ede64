"""What the league says as VSIN and as SportsBettingDime: shapes, quirks, and never a word about the future."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dagster_mlb.simulator import serve_sbd, serve_vsin, wire_sbd, wire_vsin
from dagster_mlb.simulator.prices import BOOKS
from dagster_mlb.simulator.schedule import HOUR, SeasonPlan
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.sbd.schemas import Odds
from dagster_mlb.sources.vsin.parse import read_page
from dagster_mlb.sources.vsin.rows import TeamRow
from dagster_mlb.sources.wire import unknown_fields

PLAN = SeasonPlan(2025, date(2025, 4, 1), date(2025, 5, 25))
EVENING = datetime(2025, 4, 20, 0, 7, tzinfo=UTC)  # games over, in play and to come
FEED = "/sbd/wp-json/adpt/v1/mlb-odds"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=21, plans=(PLAN,), now=EVENING)


def client_of(world: World) -> TestClient:
    app = Starlette(routes=[*serve_vsin.routes(world), *serve_sbd.routes(world)])
    return TestClient(app, follow_redirects=False)


def rows_of(page: bytes) -> list[TeamRow]:
    parsed = read_page(page)
    assert parsed.problem is None
    return [TeamRow(*cells) for cells in parsed.rows]


def games_of(world: World, path: str = FEED) -> list[dict[str, Any]]:
    return client_of(world).get(path).json()["data"]


# ---------------------------------------------------------------- VSIN


def test_today_and_tomorrow_stand_on_one_page_and_views_take_one_of_them(world) -> None:
    client = client_of(world)
    both = rows_of(client.get("/vsin/betting-splits/?source=DK&sport=MLB").content)
    assert {told.game_date for told in both} == {"2025-04-19", "2025-04-20"}
    later = rows_of(client.get("/vsin/betting-splits/?source=DK&sport=MLB&view=tomorrow").content)
    assert {told.game_date for told in later} == {"2025-04-20"}
    assert read_page(client.get("/vsin/betting-splits/?source=DK&sport=NHL").content).problem is not None


def test_codes_are_shared_by_both_books_and_name_the_leagues_games(world) -> None:
    pages = {source: rows_of(wire_vsin.page(world, source)) for source in wire_vsin.SOURCES}
    codes = [{told.game_code for told in rows} for rows in pages.values()]
    assert codes[0] == codes[1]
    truth = wire_vsin.event_listings(world)
    assert len(truth) == sum(not x.is_resumption for x in world.league.season(2025).listings)
    for told in pages["DK"]:
        listing = truth[str(told.game_code)]
        club = listing.away if told.position == "1" else listing.home
        assert wire_vsin._name(club, 2025) == told.team
        assert listing.date.isoformat() == told.game_date
    assert {told.source_class for told in pages["CIRCA"]} == {"circa"}


def test_both_games_of_a_doubleheader_have_codes_of_their_own(world) -> None:
    pairs = Counter((x.date, x.home) for x in wire_vsin.event_listings(world).values())
    assert max(pairs.values()) == 2


def test_the_columns_are_in_other_orders_on_other_days_and_say_the_same(world) -> None:
    headers = set()
    for days in range(4):
        at = world.at(EVENING + timedelta(days=days))
        page = wire_vsin.page(at, "DK")
        headers.add(tuple(re.findall(r"<th>(\w+)</th>", page.decode())[:9]))
        for told in rows_of(page):
            assert told.spread_line is None or re.fullmatch(r"[+-]1\.5|—", told.spread_line)
            assert told.moneyline is None or re.fullmatch(r"[+-]\d{3,4}|—", told.moneyline)
    assert len(headers) == 4


def test_the_older_markup_says_the_same_as_the_newer(world) -> None:
    def told(page: bytes) -> dict[tuple[str | None, str | None], tuple[str | None, ...]]:
        return {
            (row.game_code, row.position): tuple(
                cell.rstrip("▲▼ ") if cell else cell
                for cell in (
                    row.team,
                    row.spread_line,
                    row.spread_handle,
                    row.total_bets,
                    row.moneyline,
                    row.moneyline_bets,
                )
            )
            for row in rows_of(page)
        }

    client = client_of(world)
    assert told(client.get("/vsin/mlb/betting-splits/?view=circa").content) == told(wire_vsin.page(world, "CIRCA"))
    assert told(client.get("/vsin/mlb/betting-splits/").content) == told(wire_vsin.page(world, "DK"))


def test_since_march_2026_the_older_address_points_to_the_newer() -> None:
    plan = SeasonPlan(2026, date(2026, 4, 1), date(2026, 4, 5))
    client = client_of(World(seed=3, plans=(plan,), now=datetime(2026, 4, 2, 18, tzinfo=UTC)))
    answer = client.get("/vsin/mlb/betting-splits/?view=circa")
    assert (answer.status_code, answer.headers["location"]) == (301, "/vsin/betting-splits/?source=CIRCA&sport=MLB")


def test_the_pages_quirks_are_all_there(world) -> None:
    pages = [
        wire_vsin.page(world.at(EVENING + timedelta(hours=7 * n)), s).decode()
        for n in range(12)
        for s in ("DK", "CIRCA")
    ]
    text = "".join(pages)
    assert "\r\n" in text and "St Louis Cardinals" in text and "St." not in text
    assert "<td>—</td>" in text and ">0%" in text
    assert "sp-arrow-up" in text and "sp-badge-green" in text
    assert "sp-game-final" in text and "sp-game-live" in text and 'class="sp-row"' in text
    sums = Counter()
    for page in pages:
        rows = rows_of(page.encode())
        for away, home in zip(rows[::2], rows[1::2], strict=True):
            if away.total_bets and home.total_bets and "%" in away.total_bets:
                sums[int(away.total_bets.split("%")[0]) + int(home.total_bets.split("%")[0])] += 1
    assert set(sums) == {0, 99, 100, 101}


def test_games_that_are_over_keep_their_last_numbers(world) -> None:
    def finals(hours: float) -> dict[tuple[str | None, str | None], TeamRow]:
        rows = rows_of(wire_vsin.page(world.at(EVENING + timedelta(hours=hours)), "DK", ("today",)))
        return {(told.game_code, told.position): told for told in rows if told.status == "final"}

    early, late = finals(0), finals(5)
    assert early and len(late) > len(early)
    assert {key: told.spread_bets for key, told in early.items()} == {key: late[key].spread_bets for key in early}


def test_an_hour_of_pages_is_quick_and_says_something_new_every_five_minutes(world) -> None:
    wire_vsin.page(world, "DK")
    begun = time.perf_counter()
    pages = {wire_vsin.page(world.at(EVENING + timedelta(seconds=10 * n)), "DK") for n in range(18)}
    assert (time.perf_counter() - begun) / 18 < 0.1
    assert len(pages) == 1


# ---------------------------------------------------------------- SportsBettingDime


def test_the_answer_is_what_the_schema_of_the_real_one_says(world) -> None:
    told = Odds.model_validate({"filter_keys": [], "data": games_of(world)})
    assert list(unknown_fields(told)) == []
    assert told.data is not None and len(told.data) == len(world.league.season(2025).by_date[date(2025, 4, 19)])
    truth = wire_sbd.event_listings(world)
    for game in told.data:
        assert game.competitors is not None and game.competitors.home is not None and game.competitors.away is not None
        listing = truth[str(game.id)]
        assert game.scheduled is not None and abs(game.scheduled.timestamp() - listing.start) in (0, 35 * 60)
        away, home = game.competitors.away.rotation_number, game.competitors.home.rotation_number
        assert away is not None and away % 2 == 1 and home == away + 1
    assert {game.status for game in told.data} == {"closed", "inprogress", "not_started"}


def test_only_books_that_were_asked_for_are_told_and_not_in_every_hour(world) -> None:
    def books(hours: int) -> set[str]:
        path = f"{FEED}?books=sr:book:18149,sr:book:27447,sr:book:18186,sr:book:999"
        games = games_of(world.at(EVENING + timedelta(hours=hours)), path)
        return {book["id"] for game in games for book in game["markets"]["moneyline"]["books"]}

    told = [books(hours) for hours in range(-4, 4)]
    assert set().union(*told) == {"sr:book:18149", "sr:book:27447", "sr:book:18186"}
    assert len({frozenset(hour) for hour in told}) > 1


def test_without_games_the_answer_is_204(world) -> None:
    answer = client_of(world.at(datetime(2025, 6, 20, 16, tzinfo=UTC))).get(FEED)
    assert (answer.status_code, answer.content) == (204, b"")


def test_prices_lines_and_best_prices_are_those_of_the_books(world) -> None:
    flipped = 0
    moments = [world.at(datetime(2025, 4, 19, 15, tzinfo=UTC) + timedelta(days=n)) for n in range(3)]
    for at, game in [(then, game) for then in moments for game in games_of(then)]:
        listing = wire_sbd.event_listings(at)[game["id"]]
        quotes = at.market.quotes(listing.date)
        row = quotes.row[listing.number]
        for book in game["markets"]["moneyline"]["books"]:
            place = next(p for p, b in enumerate(BOOKS) if b.key == wire_sbd.NAMES[book["id"]][0])
            quote = quotes.current(listing, at.moment)[place]
            assert book["home"]["odds"] == f"{quotes.home[row, place, quote]:+d}"
            assert book["away"]["opening_odds"] == f"{quotes.away[row, place, 0]:+d}"
        spreads = game["markets"]["spread"]["books"]
        assert all(book["home"]["spread"][0] != book["away"]["spread"][0] for book in spreads)
        flipped += len({book["home"]["spread"] for book in spreads}) > 1
        for market, sides in (
            ("moneyline", ("home", "away")),
            ("total", ("over", "under")),
            ("spread", ("home", "away")),
        ):
            for side in sides:
                books = game["markets"][market]["books"]
                assert sum(book[side]["best"] for book in books) == min(len(books), 1)
    assert flipped > 0


def test_starts_move_run_lines_are_blank_and_nobody_has_bet_yet() -> None:
    world = World(seed=5, plans=(PLAN,), now=EVENING)
    moved, blank, missing, pending = 0, 0, 0, 0
    for day in range(20):
        at = world.at(datetime(2025, 4, 3, 11, tzinfo=UTC) + timedelta(days=day))
        for game in (wire_sbd.odds(at, list(wire_sbd.NAMES)) or {"data": []})["data"]:
            listing = wire_sbd.event_listings(at)[game["id"]]
            moved += datetime.fromisoformat(game["scheduled"]).timestamp() != listing.start
            spread = game["bettingSplits"].get("spread")
            missing += spread is None
            blank += spread is not None and spread["home"]["betsPercentage"] == ""
        tomorrow = at.at(at.now + timedelta(hours=-2))
        for listing in world.league.season(2025).by_date[(at.now + timedelta(days=2)).date()][:4]:
            told = wire_sbd._splits(tomorrow, world.league.season(2025), listing, listing.start - 60 * HOUR)
            pending += any(
                market["updated"] and market.get("home", {}).get("stakePercentage") == 0 for market in told.values()
            )
    assert moved > 5 and blank > 3 and missing > 3 and pending > 3


def test_splits_add_up_and_say_when_they_were_counted(world) -> None:
    for game in games_of(world):
        for market in game["bettingSplits"].values():
            shares = [market[side] for side in market if side != "updated"]
            if isinstance(shares[0]["betsPercentage"], float):
                assert sum(share["betsPercentage"] for share in shares) == pytest.approx(100)
                assert datetime.fromisoformat(market["updated"]) <= EVENING
                assert re.fullmatch(r"2025-04-(19|20)T\d\d:10:4\d\.\d{3}Z", market["updated"])


# ---------------------------------------------------------------- time


def told(world: World) -> list[bytes]:
    client = client_of(world)
    paths = [
        FEED,
        *(f"/vsin/betting-splits/?source={s}&sport=MLB" for s in wire_vsin.SOURCES),
        "/vsin/mlb/betting-splits/",
    ]
    return [client.get(path).content for path in paths]


@pytest.mark.parametrize("hours", [60.3, 433.25, 777.1, 1001.5])
def test_what_is_told_at_a_moment_does_not_depend_on_what_comes_after(hours: float) -> None:
    now = datetime(2025, 4, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
    other = World(seed=21, plans=(PLAN,), now=now, redrawn_after=now, later_seed=999)
    assert told(World(seed=21, plans=(PLAN,), now=now)) == told(other)


def test_the_redrawn_future_is_another_one(world) -> None:
    other = World(seed=21, plans=(PLAN,), now=EVENING, redrawn_after=EVENING, later_seed=999)
    later = EVENING + timedelta(hours=20)
    assert told(other.at(later)) != told(world.at(later))
