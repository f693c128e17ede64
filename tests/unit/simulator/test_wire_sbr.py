"""SportsbookReview's pages of the league: their quirks, and that they never tell the future."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache

import httpx
import pytest

from dagster_mlb.simulator import wire_sbr
from dagster_mlb.simulator.schedule import NEVER, Listing, SeasonPlan
from dagster_mlb.simulator.serve_sbr import routes
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.sbr import client
from dagster_mlb.sources.sbr.schemas import GameRow, HistoryView, LineHistory, OddsView, Page, read_page
from dagster_mlb.sources.wire import unknown_fields

PLANS = (SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 25)),)
NOW = datetime(2025, 5, 20, 22, tzinfo=UTC)
TODAY = date(2025, 5, 20)


@cache
def world() -> World:
    return World(seed=11, plans=PLANS, now=NOW)


@cache
def wet_world() -> World:
    """One in which games were moved and paired."""
    plan = SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 25), doubleheaders=4, postponements=4)
    return World(seed=11, plans=(plan,), now=datetime(2025, 5, 26, tzinfo=UTC))


def rows(page: bytes) -> list[GameRow]:
    document = read_page(page)
    assert sorted(set(unknown_fields(document))) == []
    tables = document.props.page_props.odds_tables or []  # type: ignore[union-attr]
    return [row for table in tables for row in table.odds_table_model.game_rows or []]  # type: ignore[union-attr]


def history(of: World, listing: Listing) -> LineHistory:
    page = wire_sbr.line_history_page(of, wire_sbr.game_id(listing))
    assert page is not None
    document: Page = read_page(page)
    assert sorted(set(unknown_fields(document))) == []
    told = document.props.page_props.line_history_model.line_history  # type: ignore[union-attr]
    assert told is not None
    return told


def views(told: LineHistory) -> list[HistoryView]:
    return [view for view in told.odds_views or [] if view is not None]


def listings() -> dict[str, Listing]:
    return wire_sbr.event_listings(world())


def played_yesterday() -> list[Listing]:
    return [x for x in listings().values() if x.date == TODAY - timedelta(days=1) and x.is_played]


def test_a_page_fills_the_fields_of_its_own_market_alone() -> None:
    for market, filled in (
        ("moneyline", {"home_odds", "away_odds"}),
        ("spread", {"home_odds", "away_odds", "home_spread", "away_spread"}),
        ("total", {"over_odds", "under_odds", "total"}),
    ):
        found = rows(wire_sbr.daily_page(world(), TODAY, market))
        assert found
        for view in (view for row in found for view in row.odds_views or [] if view is not None):
            for line in (view.opening_line, view.current_line):
                told = {name for name, value in line.model_dump().items() if value}  # type: ignore[union-attr]
                assert told <= filled
                assert len(told) >= len(filled) - 2  # a stray run line of 0


def test_a_day_without_games_has_no_tables() -> None:
    assert rows(wire_sbr.daily_page(world(), date(2025, 1, 1), "total")) == []
    assert rows(wire_sbr.daily_page(world(), TODAY + timedelta(days=4), "total")) == []


def test_books_go_by_their_machine_names_and_a_book_without_prices_is_null() -> None:
    names: Counter[str | None] = Counter()
    for day in range(10):
        for row in rows(wire_sbr.daily_page(world(), TODAY - timedelta(days=day), "spread")):
            names.update(view.sportsbook if view else None for view in row.odds_views or [])
    assert names[None] > 0
    assert {"draftkings", "fanduel", "betmgm", "bet_rivers_co"} <= set(names)
    assert "betrivers" not in names


def test_what_a_page_says_now_is_the_last_move_of_the_history() -> None:
    [row, *_] = rows(wire_sbr.daily_page(world(), TODAY - timedelta(days=1), "moneyline"))
    listing = listings()[str(row.game_view.game_id)]  # type: ignore[union-attr]
    by_book = {view.sportsbook: view for view in views(history(world(), listing))}
    compared = 0
    for view in row.odds_views or []:
        if isinstance(view, OddsView):
            moves = by_book[view.sportsbook].money_line_history or []
            assert view.current_line is not None
            assert view.opening_line is not None
            assert (view.current_line.home_odds, view.current_line.away_odds) == (
                moves[-1].home_odds,
                moves[-1].away_odds,
            )
            assert view.opening_line.home_odds == moves[0].home_odds
            compared += 1
    assert compared > 2


def test_moves_ascend_some_share_a_second_and_some_follow_the_start() -> None:
    same_second = after_start = 0
    for listing in played_yesterday():
        told = history(world(), listing)
        start = told.game_view.start_date  # type: ignore[union-attr]
        for view in views(told):
            for moves in (view.money_line_history, view.spread_history, view.total_history):
                at = [move.odds_date for move in moves or []]
                assert at == sorted(at)  # type: ignore[type-var]
                same_second += len(at) - len(set(at))
                after_start += sum(moment > start for moment in at)  # type: ignore[operator]
    assert same_second > 0
    assert after_start > 0


def test_a_made_up_game_keeps_its_id_and_lists_its_books_twice() -> None:
    whole = wet_world()
    made_up = [x for x in wire_sbr.event_listings(whole).values() if x.is_makeup]
    assert made_up
    season = whole.league.season(2025)
    for listing in made_up:
        assert listing.made_up_from is not None
        lost = season.listings[listing.made_up_from]
        assert wire_sbr.game_id(listing) == wire_sbr.game_id(lost)
        before = whole.at(datetime.fromtimestamp(lost.postponed_at - 60, UTC))
        assert start_of(history(before, lost)) == lost.start
        assert start_of(history(whole, listing)) == listing.start
        listed = [start.timestamp() for start in starts(whole, lost.date, wire_sbr.game_id(lost))]
        assert listed == ([listing.start] if lost.date == listing.date else [])
    books = [Counter(view.sportsbook for view in views(history(whole, x))) for x in made_up]
    assert any(2 in found.values() for found in books)


def start_of(told: LineHistory) -> float:
    assert told.game_view is not None
    assert told.game_view.start_date is not None
    return told.game_view.start_date.timestamp()


def starts(of: World, day: date, game_id: int) -> list[datetime]:
    """The starts that a day's page states for a game."""
    views = [row.game_view for row in rows(wire_sbr.daily_page(of, day, "total"))]
    return [view.start_date for view in views if view and view.game_id == game_id and view.start_date]


def test_the_games_of_a_doubleheader_are_told_apart_by_their_starts() -> None:
    events = wire_sbr.event_listings(wet_world())
    pairs: dict[tuple[date, int], list[Listing]] = {}
    for listing in events.values():
        pairs.setdefault((listing.date, listing.home), []).append(listing)
    doubles = [pair for pair in pairs.values() if len(pair) == 2]
    assert len(doubles) == 4
    for one, other in doubles:
        assert wire_sbr.game_id(one) != wire_sbr.game_id(other)
        assert start_of(history(wet_world(), one)) != start_of(history(wet_world(), other))


def test_the_athletics_are_called_so_twice() -> None:
    names = {
        team.full_name
        for day in range(8)
        for row in rows(wire_sbr.daily_page(world(), TODAY - timedelta(days=day), "total"))
        for team in (row.game_view.home_team, row.game_view.away_team)  # type: ignore[union-attr]
        if team
    }
    assert "Athletics Athletics" in names
    assert "New York Yankees" in names


def test_the_sides_without_a_price_and_the_stray_values_are_few() -> None:
    prices: list[float | None] = []
    lines: list[float | None] = []
    for listing in listings().values():
        for view in views(history(world(), listing)):
            for move in (view.money_line_history or []) + (view.spread_history or []):
                prices += [move.home_odds, move.away_odds]
            lines += [move.home_spread for move in view.spread_history or []]
    assert 0 < prices.count(wire_sbr.NO_PRICE) < len(prices) * 0.01
    assert 0 < prices.count(85) < len(prices) * 0.01
    assert 0 < lines.count(0) < len(lines) * 0.01


def test_another_future_changes_nothing_that_the_pages_tell() -> None:
    cut = NOW
    other = World(seed=11, plans=PLANS, now=NOW, redrawn_after=cut, later_seed=5)
    for day in range(6):
        for market in client.MARKETS:
            page = wire_sbr.daily_page(world(), TODAY - timedelta(days=day - 1), market)
            assert wire_sbr.daily_page(other, TODAY - timedelta(days=day - 1), market) == page
    for event, listing in listings().items():
        assert wire_sbr.line_history_page(other, int(event)) == wire_sbr.line_history_page(world(), int(event)), listing


def test_a_game_to_come_has_no_score_and_no_moves_after_now() -> None:
    for row in rows(wire_sbr.daily_page(world(), TODAY + timedelta(days=1), "moneyline")):
        assert row.game_view is not None
        assert (row.game_view.away_team_score, row.game_view.game_status_text) == (0, "")
        assert row.game_view.baseball_livescore is None
    for listing in (x for x in listings().values() if x.start > world().moment):
        for view in views(history(world(), listing)):
            for move in (view.money_line_history or []) + (view.total_history or []):
                assert move.odds_date is not None
                assert move.odds_date <= NOW


def test_a_suspended_game_stays_on_its_day() -> None:
    plan = SeasonPlan(2025, date(2025, 5, 1), date(2025, 6, 20), suspended=2)
    whole = World(seed=3, plans=(plan,), now=datetime(2025, 6, 21, tzinfo=UTC))
    season = whole.league.season(2025)
    stopped = [x for x in season.listings if x.suspended_at < NEVER]
    assert len(stopped) == 2
    for listing in stopped:
        at = whole.at(datetime.fromtimestamp(listing.suspended_at + 60, UTC))
        assert history(at, listing).game_view.game_status_text == "Suspended"  # type: ignore[union-attr]
        assert wire_sbr.event_listings(whole)[str(wire_sbr.game_id(listing))] is listing
    resumed = {wire_sbr.game_id(x) for x in season.listings if x.is_resumption}
    assert not resumed & {int(event) for event in wire_sbr.event_listings(whole)}


async def asked(path: str) -> httpx.Response:
    from starlette.applications import Starlette

    transport = httpx.ASGITransport(Starlette(routes=routes(world())))
    async with httpx.AsyncClient(transport=transport, base_url="http://league/sbr") as http:
        return await http.get(path)


@pytest.mark.parametrize("market", client.MARKETS)
def test_the_client_s_addresses_are_served_as_html(market: client.Market) -> None:
    request = client.odds_request(TODAY, market)
    answer = asyncio.run(asked(f"{request.path}?date={request.params['date']}"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert rows(answer.content)


def test_an_address_without_its_slash_is_answered_by_a_308() -> None:
    [event, *_] = listings()
    path = client.line_history_request(event).path
    answer = asyncio.run(asked(path.rstrip("/")))
    assert answer.status_code == 308
    assert answer.headers["location"].endswith(path)
    assert asyncio.run(asked(path)).status_code == 200
    answer = asyncio.run(asked("/betting-odds/mlb-baseball?date=2025-05-20"))
    assert answer.headers["location"].endswith("/betting-odds/mlb-baseball/?date=2025-05-20")


@pytest.mark.parametrize(
    "path", ["/betting-odds/mlb-baseball/line-history/1/", "/betting-odds/mlb-baseball/?date=yesterday"]
)
def test_what_is_not_there_is_a_page_that_says_so(path: str) -> None:
    answer = asyncio.run(asked(path))
    assert answer.status_code == 404
    assert b"could not be found" in answer.content
