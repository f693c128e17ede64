"""Fifteen books and more: sharp ones lead, retail ones lag, forget and go dark; and their prices of first innings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import numpy as np
import pytest

from dagster_mlb.simulator.books import BOOKS
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.periods import PERIODS, PeriodQuotes, period_grid
from dagster_mlb.simulator.prices import DayQuotes
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.wire_odds import REGIONS
from dagster_mlb.simulator.world import World

PLACE = {book.key: place for place, book in enumerate(BOOKS)}


@pytest.fixture(scope="module")
def world() -> World:
    plan = SeasonPlan(2025, date(2025, 3, 27), date(2025, 7, 13))
    return World(seed=4, plans=(plan,), now=datetime(2025, 7, 14, tzinfo=UTC))


@pytest.fixture(scope="module")
def season(world: World) -> Season:
    return world.league.season(2025)


@pytest.fixture(scope="module")
def days(world: World, season: Season) -> list[DayQuotes]:
    return [world.market.quotes(day) for day in sorted(season.by_date)]


def implied(price: np.ndarray) -> np.ndarray:
    p = price.astype(float)
    return np.where(p > 0, 100, -p) / (np.abs(p) + 100)


def no_vig(home: np.ndarray, away: np.ndarray) -> np.ndarray:
    h, a = implied(home), implied(away)
    return h / (h + a)


def test_there_are_books_of_every_region_under_their_own_keys() -> None:
    assert len(BOOKS) >= 15 and len(PLACE) == len(BOOKS)
    regions = Counter(book.region for book in BOOKS)
    assert set(regions) == {"us", "us2", "eu", "uk", "au"} <= set(REGIONS)
    assert [b.key for b in BOOKS if b.is_exchange] == ["betfair_ex_eu"]
    sharp = [b for b in BOOKS if b.is_sharp]
    retail = [b for b in BOOKS if not b.is_sharp]
    assert {"pinnacle", "circasports", "betonlineag"} <= {b.key for b in sharp}
    assert max(b.noise for b in sharp) < min(b.noise for b in retail)
    assert max(b.lag for b in retail) == 60


def test_sharp_books_lead_and_retail_books_follow(days: list[DayQuotes]) -> None:
    """Where a slow book's price and pinnacle's differ, it is the slow one that moves, towards the other."""
    book = PLACE["betus"]
    gaps, follows, leads = [], [], []
    for quotes in days:
        p = no_vig(quotes.home, quotes.away)
        for row in range(len(quotes.row)):
            for quote in range(1, 8):
                at, then = quotes.at[row, book, quote : quote + 2]
                if not np.isfinite(then):
                    break
                sharp, sharp_then = (p[row, 0, int((quotes.at[row, 0] <= m).sum()) - 1] for m in (at, then))
                gaps.append(sharp - p[row, book, quote])
                follows.append(p[row, book, quote + 1] - p[row, book, quote])
                leads.append(sharp_then - sharp)
    gap, follow, lead = (np.array(x) for x in (gaps, follows, leads))
    assert (gap * follow).sum() / (gap * gap).sum() > 0.2
    assert abs((gap * lead).sum() / (gap * gap).sum()) < 0.08


def test_slow_books_are_further_from_the_fair_price(days: list[DayQuotes]) -> None:
    def error(key: str) -> float:
        book = PLACE[key]
        gaps = []
        for quotes in days[::3]:
            later = np.isfinite(quotes.at[:, book, 1:])
            p = no_vig(quotes.home[:, book, 1:], quotes.away[:, book, 1:])
            gaps.append(np.abs(p - quotes.fair[:, book, 1:])[later])
        return float(np.concatenate(gaps).mean())

    errors = {key: error(key) for key in ("pinnacle", "betonlineag", "draftkings", "mybookieag", "ballybet")}
    assert sorted(errors, key=errors.__getitem__) == list(errors)


def test_a_scratched_starter_takes_prices_down_and_they_come_back_new(season: Season, days: list[DayQuotes]) -> None:
    minutes: dict[bool, list[float]] = {True: [], False: []}
    games = scratched = 0
    for quotes in days:
        listings = {x: season.listings[x] for x in quotes.row}
        for number, row in quotes.row.items():
            if not listings[number].is_played:
                continue
            games += 1
            changed = season.starters[number, :, 0] != season.starters[number, :, 1]
            scratched += bool(changed.any())
            down = quotes.suspended_from[row]
            assert not np.isfinite(down[:, ~changed]).any(), "only news takes prices down"
            for book, side in np.argwhere(np.isfinite(down)):
                start, end = down[book, side], quotes.suspended_to[row, book, side]
                news = season.confirmed_at[number, side]
                assert 0 < start - news < 700 and end < season.start[number]
                minutes[BOOKS[book].is_sharp].append((end - start) / 60)
                listing = listings[number]
                assert quotes.suspended(listing, start)[book] and quotes.suspended(listing, end - 1)[book]
                assert quotes.status(listing, start)[book] in ("suspended", "none")
                if not quotes.suspended(listing, end)[book]:
                    stood = quotes.current(listing, end)[book]
                    assert stood < 0 or quotes.at[row, book, stood] == end
    assert 0.04 < scratched / games < 0.14
    assert np.mean(minutes[True]) < 6 < 10 < np.mean(minutes[False])
    assert len(minutes[False]) > 300


def test_no_book_changes_a_price_while_it_is_down(days: list[DayQuotes]) -> None:
    for quotes in days:
        for side in range(2):
            start, end = (x[..., side, None] for x in (quotes.suspended_from, quotes.suspended_to))
            assert not ((quotes.at >= start) & (quotes.at < end)).any()


def test_now_and_then_a_book_forgets_a_game_for_hours(days: list[DayQuotes]) -> None:
    """What it should have changed meanwhile comes at once, forty seconds apart."""

    def caught_up(key: str) -> tuple[float, list[float]]:
        games, hours = 0, []
        for quotes in days:
            steps = np.diff(np.where(np.isfinite(quotes.at), quotes.at, 0)[:, PLACE[key]], axis=1)
            games += len(steps)
            for row, quote in np.argwhere(steps == 40):
                if quote and steps[row, quote - 1] != 40:
                    hours.append(steps[row, quote - 1] / 3600)
        return len(hours) / games, hours

    assert caught_up("pinnacle")[0] < 0.002
    share, hours = caught_up("sportsbet")
    assert 0.006 < share < 0.06
    assert np.median(hours) > 3


def test_every_quote_is_in_order_and_before_the_start(season: Season, days: list[DayQuotes]) -> None:
    for quotes in days:
        start = season.start[list(quotes.row)][:, None, None]
        made = np.isfinite(quotes.at)
        assert (np.diff(np.where(made, quotes.at, 1e12), axis=2) >= 0).all()
        assert (quotes.at < start)[made].all()
        assert made[..., 3].all()


def test_late_openers_open_hours_after_the_market(season: Season, days: list[DayQuotes]) -> None:
    waits = np.concatenate([q.at[..., 0] - season.open_at[list(q.row)][:, None] for q in days]) / 60
    assert np.median(waits[:, PLACE["pinnacle"]]) < 5
    assert np.median(waits[:, PLACE["sportsbet"]]) > 180


# ------------------------------------------------------------------------------------------ periods


@pytest.fixture(scope="module", params=sorted(PERIODS))
def period(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def on_period(world: World, season: Season, period: str) -> list[tuple[DayQuotes, PeriodQuotes]]:
    return [(world.market.quotes(day), world.market.period_quotes(day, period)) for day in sorted(season.by_date)[::2]]


def closing(season: Season, pairs: list[tuple[DayQuotes, PeriodQuotes]], book: str) -> tuple[np.ndarray, list]:
    """Listing numbers of games played, and (period quotes, index of the closing quote) of each."""
    numbers, found = [], []
    for day, quotes in pairs:
        for number, row in quotes.row.items():
            listing = season.listings[number]
            last = day.current(listing, listing.start)[PLACE[book]]
            if listing.is_played and last >= 0 and quotes.offered[row, PLACE[book]]:
                numbers.append(number)
                found.append((quotes, (row, PLACE[book], last)))
    return np.array(numbers), found


def test_a_period_is_priced_as_it_is_played(season: Season, on_period, period: str) -> None:
    numbers, found = closing(season, on_period, "pinnacle")
    runs = season.runs_after(PERIODS[period])[numbers]
    fair = np.array([q.fair[at] for q, at in found])
    assert fair.sum(1) == pytest.approx(1)
    for outcome, happened in enumerate((runs[:, 0] > runs[:, 1], runs[:, 0] == runs[:, 1], runs[:, 0] < runs[:, 1])):
        error = np.sqrt((fair[:, outcome] * (1 - fair[:, outcome])).mean() / len(runs))
        assert abs(happened.mean() - fair[:, outcome].mean()) < 3 * error
    line = np.array([q.total[at] for q, at in found])
    over = no_vig(*(np.array([getattr(q, side)[at] for q, at in found]) for side in ("over", "under")))
    scored = runs.sum(1)
    decided = scored != line
    assert (scored > line)[decided].mean() == pytest.approx(over[decided].mean(), abs=0.05)
    assert set(line) == {0.5} if period == "first_inning" else set(line) <= set(np.arange(3, 7.5, 0.5))


def test_its_prices_hold_more_and_move_with_the_games(on_period, period: str) -> None:
    for day, quotes in on_period[::6]:
        assert (quotes.at == day.at).all() and quotes.row == day.row
        made = np.isfinite(quotes.at)
        two = (implied(quotes.home) + implied(quotes.away))[made]
        three = (implied(quotes.home_3way) + implied(quotes.draw_3way) + implied(quotes.away_3way))[made]
        assert (two > 1).all() and 1.01 < three.mean() < 1.12
        assert two.mean() > (implied(day.home) + implied(day.away))[made].mean()
        assert set(np.unique(quotes.home_point)) <= {-0.5, 0.5}
        for name in ("home", "away", "spread_home", "spread_away", "over", "under", "home_3way", "draw_3way"):
            assert (np.abs(getattr(quotes, name)) >= 100).all(), name
    offered = np.concatenate([q.offered for _, q in on_period]).mean(0)
    assert offered[PLACE["betfair_ex_eu"]] == 0
    assert offered[PLACE["draftkings"]] > 0.8


def test_the_fair_price_of_a_period_is_a_martingale(on_period) -> None:
    moved = np.concatenate([q.fair[:, 0, 3, 0] - q.fair[:, 0, 0, 0] for _, q in on_period])
    moved = moved[np.isfinite(moved)]
    assert abs(moved.mean()) < 3 * moved.std() / np.sqrt(len(moved))
    assert moved.std() > 0.003


def test_a_period_that_is_not_offered_is_refused(world: World) -> None:
    with pytest.raises(KeyError):
        world.market.period_quotes(date(2025, 4, 2), "seventh")


def test_more_innings_leave_fewer_ties() -> None:
    ties = [period_grid(innings)[9, 9, 1] for innings in (1, 3, 5)]
    assert ties == sorted(ties, reverse=True)
    assert period_grid(1)[..., :3].sum(-1) == pytest.approx(1)


def test_what_is_quoted_does_not_depend_on_what_comes_after(monkeypatch: pytest.MonkeyPatch, period: str) -> None:
    monkeypatch.setattr("dagster_mlb.simulator.league.SCRATCHED", 0.4)
    now = datetime(2025, 4, 12, 18, 30, tzinfo=UTC)
    plan = SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 20))
    one = World(seed=6, plans=(plan,), now=now)
    other = World(seed=6, plans=(plan,), now=now, redrawn_after=now, later_seed=60)
    for day in (date(2025, 4, 11), date(2025, 4, 12), date(2025, 4, 13)):
        games, others = one.market.quotes(day), other.market.quotes(day)
        parts, other_parts = one.market.period_quotes(day, period), other.market.period_quotes(day, period)
        made = games.at <= one.moment
        assert made.any() and (made == (others.at <= one.moment)).all()
        for name in ("at", "fair", "home", "away", "spread_home", "total", "over", "lay_home"):
            assert (getattr(games, name)[made] == getattr(others, name)[made]).all(), name
        for name in ("fair", "home", "draw_3way", "spread_home", "total", "over"):
            assert (getattr(parts, name)[made] == getattr(other_parts, name)[made]).all(), name
        known = games.suspended_from <= one.moment
        assert (games.suspended_from[known] == others.suspended_from[known]).all()
