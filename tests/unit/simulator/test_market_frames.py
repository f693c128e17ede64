"""The league's market in memory says what the league says: every quote, every pause, every count, and the truth."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from dagster_mlb.baseball.game_keys import decode, game_key_from_mlb
from dagster_mlb.market.frames import GAMES, SPLITS, STARTERS, STATES
from dagster_mlb.market.levels import market_level
from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.simulator.frames import games_frame
from dagster_mlb.simulator.market_frames import (
    SPLIT_VOICES,
    fair_chances,
    market_games_frame,
    splits_frame,
    starters_frame,
    states_frame,
)
from dagster_mlb.simulator.prices import BOOKS
from dagster_mlb.simulator.schedule import Listing, SeasonPlan, utc
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.world import World

PLAN = SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 12), doubleheaders=4, postponements=2, suspended=1)
LATER = datetime(2025, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5, plans=(PLAN,), now=LATER)


@pytest.fixture(scope="module")
def states(world: World) -> pl.DataFrame:
    return states_frame(world, 2025)


def played(world: World) -> list[Listing]:
    return [x for x in world.league.season(2025).listings if x.is_played]


def suspensions(world: World, listing: Listing) -> np.ndarray:
    """When each book took its prices down."""
    quotes = world.market.quotes(listing.date)
    return quotes.suspended_from[quotes.row[listing.number]]


def standing(states: pl.DataFrame, listing: Listing, market: str, moment: float) -> dict[str, dict]:
    """The last state of every book at a moment."""
    mine = states.filter(
        pl.col("game_key") == game_key_from_mlb(listing.game_pk),
        pl.col("market") == market,
        pl.col("known_at") <= utc(moment),
    )
    return {row["book"]: row for row in mine.sort("known_at").group_by("book").last().iter_rows(named=True)}


def test_the_frames_have_the_rooms_columns(world: World, states: pl.DataFrame) -> None:
    assert states.schema == pl.Schema(STATES)
    assert market_games_frame(world, 2025).schema == pl.Schema(GAMES)
    assert splits_frame(world, 2025).schema == pl.Schema(SPLITS)
    assert starters_frame(world, 2025).schema == pl.Schema(STARTERS)


def test_the_games_are_those_that_were_played(world: World) -> None:
    games = market_games_frame(world, 2025)
    assert games["game_key"].to_list() == [game_key_from_mlb(x.game_pk) for x in played(world)]
    assert games["game_key"].is_unique().all()
    assert {decode(key).game_pk for key in games["game_key"]} == set(games_frame(world, 2025)["game_pk"])


@pytest.mark.parametrize("seed", range(4))
def test_at_any_moment_every_book_stands_where_the_league_says(world: World, states: pl.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    down = 0
    scratched = [x for x in played(world) if np.isfinite(suspensions(world, x)).any()]
    for listing in [*rng.choice(np.array(played(world), dtype=object), 9, replace=False), *scratched[seed::4][:3]]:
        quotes = world.market.quotes(listing.date)
        row = quotes.row[listing.number]
        down_at = suspensions(world, listing)
        moments = [*rng.uniform(listing.start - 100_000, listing.start, 3), *(down_at[np.isfinite(down_at)][:1] + 20)]
        for moment in moments:
            status, current = quotes.status(listing, moment), quotes.current(listing, moment)
            stood = standing(states, listing, "moneyline", moment)
            assert set(stood) == {book.key for book, word in zip(BOOKS, status, strict=True) if word != "none"}
            for place, book in enumerate(BOOKS):
                if status[place] == "none":
                    continue
                state = stood[book.key]
                prices = quotes.home[row, place, current[place]], quotes.away[row, place, current[place]]
                assert (state["price_1"], state["price_2"]) == prices
                assert state["is_open"] == (status[place] == "open")
                down += status[place] == "suspended"
    assert down > 0


def test_run_lines_and_totals_are_the_leagues(world: World, states: pl.DataFrame) -> None:
    for listing in played(world)[::23]:
        quotes = world.market.quotes(listing.date)
        row = quotes.row[listing.number]
        moment = listing.start - 3600
        spreads, totals = (standing(states, listing, market, moment) for market in ("spread", "total"))
        current = quotes.current(listing, moment)
        for place, book in enumerate(BOOKS):
            at = row, place, current[place]
            offered = current[place] >= 0
            assert (book.key in spreads) == (offered and bool(quotes.has_spread[row, place]))
            assert (book.key in totals) == (offered and bool(quotes.has_total[row, place]))
            if book.key in spreads:
                told = spreads[book.key]
                assert (told["line"], told["price_1"], told["price_2"]) == (
                    quotes.home_point[at],
                    quotes.spread_home[at],
                    quotes.spread_away[at],
                )
            if book.key in totals:
                told = totals[book.key]
                assert (told["line"], told["price_1"], told["price_2"]) == (
                    quotes.total[at],
                    quotes.over[at],
                    quotes.under[at],
                )


def test_rows_are_changes_from_before_first_pitch(world: World, states: pl.DataFrame) -> None:
    words = ("line", "price_1", "price_2", "is_open")
    series = ("game_key", "market", "book")
    same = pl.all_horizontal(pl.col(word).eq_missing(pl.col(word).shift()) for word in words)
    repeated = states.with_columns(again=same.over(series), first=pl.int_range(pl.len()).over(series) == 0)
    assert repeated.filter("again", ~pl.col("first")).is_empty()
    assert states.select(*series, "known_at").is_unique().all()
    games = market_games_frame(world, 2025)
    assert states.join(games, on="game_key").filter(pl.col("known_at") >= pl.col("starts_at")).is_empty()
    assert states.filter(~pl.col("is_open")).height > 100


def test_probabilities_and_levels_are_the_rooms_own(states: pl.DataFrame) -> None:
    p = no_vig_from_american(states["price_1"].to_numpy(), states["price_2"].to_numpy())
    assert states["probability_1"].to_numpy() == pytest.approx(p)
    level = market_level(states["market"].to_numpy().astype(str), p, states["line"].cast(pl.Float64).to_numpy())
    assert states["level"].to_numpy() == pytest.approx(level)
    assert states["hold"].is_between(0.0, 0.06).all()


def test_splits_are_told_as_the_league_tells_them(world: World) -> None:
    splits = splits_frame(world, 2025)
    assert set(splits["book"]) == set(SPLIT_VOICES)
    for row in splits.sample(60, seed=1).iter_rows(named=True):
        listing = next(x for x in played(world) if game_key_from_mlb(x.game_pk) == row["game_key"])
        told = public_splits(world, listing, row["market"], row["known_at"].timestamp() + 0.001, row["book"])
        assert told is not None
        assert (told.tickets, told.money) == (row["tickets_1"], row["money_1"])
    hourly = splits.sort("known_at").group_by("game_key", "market", "book").agg(pl.col("known_at").diff().median())
    assert hourly["known_at"].median().total_seconds() == pytest.approx(3600, abs=5)


def test_starters_change_where_the_league_scratched_one(world: World) -> None:
    starters, season = starters_frame(world, 2025), world.league.season(2025)
    changed = starters.filter("changed")
    assert 0 < changed.height < starters.height / 10
    numbers = [x.number for x in played(world)]
    assert changed.height == (season.starters[numbers, :, 0] != season.starters[numbers, :, 1]).sum()


def test_the_truth_of_both_sides_is_one(world: World) -> None:
    games = market_games_frame(world, 2025)["game_key"].to_list()
    sides = [
        ("moneyline", "home", None, "away", None),
        ("spread", "home", -1.5, "away", 1.5),
        ("spread", "home", 1.5, "away", -1.5),
        ("total", "over", 8.0, "under", 8.0),
        ("total", "over", 8.5, "under", 8.5),
    ]
    for market, side, line, other, other_line in sides:
        mine, theirs = (
            fair_chances(
                world,
                2025,
                pl.DataFrame({"game_key": games}).with_columns(
                    market=pl.lit(market), side=pl.lit(name), line=pl.lit(number, dtype=pl.Float64)
                ),
            )
            for name, number in ((side, line), (other, other_line))
        )
        total = mine["fair_win"] + theirs["fair_win"] + mine["fair_push"]
        assert total.to_numpy() == pytest.approx(np.ones(len(games)))
        assert (mine["fair_push"] > 0).all() == (market == "total" and line == 8.0)
        if market == "moneyline":
            truth = games_frame(world, 2025).with_columns(
                game_key=pl.col("game_pk").map_elements(game_key_from_mlb, return_dtype=pl.Int64)
            )
            joined = mine.join(truth, on="game_key")
            assert joined["fair_win"].to_numpy() == pytest.approx(joined["true_home_probability"].to_numpy())


def test_books_of_the_control_stand_together_seconds_after_the_news() -> None:
    control = World(seed=5, plans=(PLAN,), now=LATER, prompt_books=True)
    assert World.from_json(control.to_json()) == control
    states = states_frame(control, 2025)
    season = control.league.season(2025)
    gaps = []
    for listing in played(control)[::7]:
        for news in season.news_at[listing.number][:10]:
            stood = standing(states, listing, "moneyline", min(news + 30, listing.start - 1))
            levels = [row["level"] for row in stood.values() if row["is_open"]]
            gaps.append(np.ptp(levels) if levels else 0.0)
    assert np.quantile(gaps, 0.95) < 0.03  # American prices are whole numbers
    lagging = states_frame(World(seed=5, plans=(PLAN,), now=LATER), 2025)
    spread = (
        lagging.filter("is_open", market="moneyline").group_by("game_key").agg(pl.col("level").std())["level"].mean()
    )
    assert spread > 0.03


def test_no_bets_have_no_truth(world: World) -> None:
    none = pl.DataFrame(schema={"game_key": pl.Int64, "market": pl.String, "side": pl.String, "line": pl.Float64})
    assert fair_chances(world, 2025, none).columns == [*none.columns, "fair_win", "fair_push"]
