"""The public of the simulated league: whom its tickets like, what the sharps' money does, and when it is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from dagster_mlb.simulator.clubs import CLUB_INDEX
from dagster_mlb.simulator.prices import fair_outcomes
from dagster_mlb.simulator.schedule import HOUR, SeasonPlan
from dagster_mlb.simulator.splits import MARKETS, Splits, public_splits
from dagster_mlb.simulator.world import World

PLAN = SeasonPlan(2025, date(2025, 4, 1), date(2025, 6, 15))
BOOKS = ("", "draftkings", "circasports")


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=21, plans=(PLAN,), now=datetime(2025, 6, 16, tzinfo=UTC))


def at_start(world: World, market: str, book: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(listing numbers, tickets, money) of every game played, as told at its start."""
    told = [
        (x.number, splits.tickets, splits.money)
        for x in world.league.season(2025).listings
        if x.is_played and (splits := public_splits(world, x, market, x.start, book)) is not None
    ]
    number, tickets, money = (np.array(column) for column in zip(*told, strict=True))
    return number, tickets, money


def test_almost_every_game_is_bet_on_and_shares_are_percents(world) -> None:
    played = sum(x.is_played for x in world.league.season(2025).listings)
    for book in BOOKS:
        for market in MARKETS:
            number, tickets, money = at_start(world, market, book)
            assert len(number) > 0.93 * played
            assert ((tickets > 0) & (tickets < 100) & (money > 0) & (money < 100)).all()


def test_tickets_lean_to_favourites_overs_and_big_cities(world) -> None:
    season = world.league.season(2025)
    number, tickets, _ = at_start(world, "moneyline", "draftkings")
    fair = season.true_home_probability[number]
    assert np.corrcoef(fair, tickets)[0, 1] > 0.5
    assert tickets[fair > 0.55].mean() > 60 > 50 > tickets[fair < 0.45].mean()
    assert at_start(world, "total", "draftkings")[1].mean() == pytest.approx(73, abs=4)

    yankees = CLUB_INDEX[147]
    backed = [
        (tickets[i] if season.listings[n].home == yankees else 100 - tickets[i])
        - 100 * (fair[i] if season.listings[n].home == yankees else 1 - fair[i])
        for i, n in enumerate(number)
        if yankees in (season.listings[n].home, season.listings[n].away)
    ]
    assert np.mean(backed) > 8


def test_the_sharps_money_goes_where_the_price_goes_and_the_tickets_do_not(world) -> None:
    season = world.league.season(2025)
    number, tickets, money = at_start(world, "moneyline", "draftkings")
    opened = fair_outcomes(season, number, season.open_at[number])[:, 0]
    moved = season.true_home_probability[number] - opened
    assert np.corrcoef(money - tickets, moved)[0, 1] > 0.15


def test_circas_money_is_more_extreme_than_its_tickets_and_than_draftkings_money(world) -> None:
    spread = {book: [x.std() for x in at_start(world, "moneyline", book)[1:]] for book in BOOKS}
    tickets, money = spread["circasports"]
    assert money > 1.5 * tickets
    assert money > spread["draftkings"][1]
    assert spread["draftkings"][0] > tickets


def test_shares_settle_towards_first_pitch(world) -> None:
    early, late = [], []
    for listing in world.league.season(2025).listings[:200]:
        told = [public_splits(world, listing, "total", listing.start - hours * HOUR) for hours in (25, 22, 3, 0)]
        if listing.is_played and None not in told:
            shares = [splits.tickets for splits in told if splits is not None]
            early.append(shares[1] - shares[0])
            late.append(shares[3] - shares[2])
    assert len(early) > 100
    assert np.std(early) > 1.3 * np.std(late)


def test_they_are_told_hourly_and_an_hour_is_skipped_now_and_then(world) -> None:
    listing = world.league.season(2025).listings[100]
    moments = np.arange(listing.start - 20 * HOUR, listing.start, 300.0)
    told = [public_splits(world, listing, "moneyline", moment) for moment in moments]
    stated = [splits.stated_at for splits in told if splits is not None]
    ages = [moment - splits.stated_at for moment, splits in zip(moments, told, strict=True) if splits is not None]
    assert min(ages) >= 0
    steps = np.diff(sorted(set(stated)))
    assert ((steps % HOUR) == 0).all()
    assert {at % HOUR // 60 for at in stated} == {10}
    gaps = [
        (
            np.diff(
                sorted(
                    {
                        s.stated_at
                        for m in moments
                        if (s := public_splits(world, x, "total", m - listing.start + x.start))
                    }
                )
            )
        )
        for x in world.league.season(2025).listings[100:140]
    ]
    longest = max(int(gap.max()) for gap in gaps if len(gap))
    assert longest >= 2 * HOUR


def test_nothing_is_told_before_anybody_bet_and_the_last_figure_stands(world) -> None:
    season = world.league.season(2025)
    listing = next(x for x in season.listings[300:] if x.is_played)
    assert public_splits(world, listing, "total", float(season.open_at[listing.number]) - 60) is None
    last = public_splits(world, listing, "total", listing.start)
    assert isinstance(last, Splits)
    assert public_splits(world, listing, "total", listing.start + 30 * HOUR) == last


def test_an_unknown_market_or_book_is_refused(world) -> None:
    listing = world.league.season(2025).listings[0]
    with pytest.raises(ValueError, match="first_five is not one of moneyline, spread, total"):
        public_splits(world, listing, "first_five", listing.start)
    with pytest.raises(ValueError, match="nobody is not a book of the league"):
        public_splits(world, listing, "total", listing.start, "nobody")


@pytest.mark.parametrize("hours", [400.3, 801.9])
def test_shares_do_not_depend_on_what_comes_after(hours: float) -> None:
    now = datetime(2025, 4, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
    one = World(seed=21, plans=(PLAN,), now=now)
    other = World(seed=21, plans=(PLAN,), now=now, redrawn_after=now, later_seed=999)
    later = now.timestamp() + 12 * HOUR
    changed = 0
    for day in one.dates(now.date() - timedelta(days=2), now.date() + timedelta(days=1)):
        there = other.league.season(2025).by_date[day]
        for mine, theirs in zip(one.league.season(2025).by_date[day], there, strict=False):
            if mine.number != theirs.number:
                continue
            for market in MARKETS:
                for book in BOOKS:
                    asked = (market, one.moment, book)
                    assert public_splits(one, mine, *asked) == public_splits(other, theirs, *asked)
                    changed += public_splits(one, mine, market, later, book) != public_splits(
                        other, theirs, market, later, book
                    )
    assert changed > 10
