"""The simulated market is efficient: its prices move without drift, close at the truth, and cost what books charge."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from dagster_mlb.simulator.frames import games_frame, quotes_frame
from dagster_mlb.simulator.prices import BOOKS, american, fair_outcomes, in_play_home_probability, two_way_prices
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World

SEASONS = (2024, 2025)


@pytest.fixture(scope="module")
def world() -> World:
    plans = tuple(SeasonPlan(year, date(year, 3, 27), date(year, 9, 28)) for year in SEASONS)
    return World(seed=4, plans=plans, now=datetime(2025, 9, 29, tzinfo=UTC))


@pytest.fixture(scope="module")
def games(world: World) -> pl.DataFrame:
    return pl.concat([games_frame(world, year) for year in SEASONS])


@pytest.fixture(scope="module")
def quotes(world: World, games: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([quotes_frame(world, year) for year in SEASONS]).join(games, on="game_pk")


def implied(prices: pl.Series) -> np.ndarray:
    a = prices.to_numpy().astype(float)
    return np.where(a > 0, 100, -a) / (np.abs(a) + 100)


def no_vig(home: pl.Series, away: pl.Series) -> np.ndarray:
    """Odds ratio, as the platform's default."""
    q = logit(implied(home)) - logit(implied(away))
    return 1 / (1 + np.exp(-q / 2))


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def losses(p: np.ndarray, won: np.ndarray) -> np.ndarray:
    return -np.where(won, np.log(p), np.log(1 - p))


def test_the_fair_price_moves_by_as_much_as_mlbs_from_open_to_close(games) -> None:
    moved = logit(games["true_home_probability"].to_numpy()) - logit(games["fair_open"].to_numpy())
    assert moved.std() == pytest.approx(0.128, abs=0.008)


def test_the_fair_price_is_a_martingale(games) -> None:
    opened, closed = games["fair_open"].to_numpy(), games["true_home_probability"].to_numpy()
    change = closed - opened
    assert abs(change.mean()) < 3 * change.std() / np.sqrt(len(change))
    slope, error = _slope(opened - opened.mean(), change)
    assert abs(slope) < 3 * error


def test_early_moves_say_nothing_about_late_ones(world) -> None:
    season = world.league.season(2025)
    index = np.flatnonzero(season.played)
    middle = (season.open_at + season.start)[index] / 2
    opened, half, closed = (
        fair_outcomes(season, index, m)[:, 0] for m in (season.open_at[index], middle, season.start[index])
    )
    slope, error = _slope(half - opened, closed - half)
    assert abs(slope) < 3 * error


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    slope = (x * y).sum() / (x * x).sum()
    return slope, (y - slope * x).std() / np.sqrt((x * x).sum())


def test_the_close_is_as_good_as_the_truth_and_better_than_the_open(quotes) -> None:
    won = (quotes["home_runs"] > quotes["away_runs"]).to_numpy()
    truth = losses(quotes["true_home_probability"].to_numpy(), won)
    closed = losses(no_vig(quotes["close_home_price"], quotes["close_away_price"]), won)
    opened = losses(no_vig(quotes["open_home_price"], quotes["open_away_price"]), won)
    assert abs((closed - truth).mean()) < 0.0012
    assert closed.mean() < opened.mean()


def test_the_sharp_book_closes_nearest_to_the_truth(quotes) -> None:
    closed = logit(no_vig(quotes["close_home_price"], quotes["close_away_price"]))
    away_from_truth = np.abs(closed - logit(quotes["true_home_probability"].to_numpy()))
    by_book = (
        quotes.select("book").with_columns(gap=pl.Series(away_from_truth)).group_by("book").agg(pl.col("gap").mean())
    )
    gaps = dict(by_book.iter_rows())
    assert min(gaps, key=gaps.__getitem__) == "pinnacle"
    assert max(gaps.values()) < 0.045


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.key)
def test_each_book_holds_what_it_is_known_for(quotes, book) -> None:
    mine = quotes.filter(book=book.key)
    booksum = implied(mine["close_home_price"]) + implied(mine["close_away_price"])
    assert (1 - 1 / booksum).mean() == pytest.approx(book.hold, abs=0.001)
    sides = implied(mine["close_spread_home_price"]) + implied(mine["close_spread_away_price"])
    assert (1 - 1 / sides).mean() == pytest.approx(book.side_hold, abs=0.001)
    assert 0.95 < len(mine) / quotes["game_pk"].n_unique() <= 1


def test_the_average_booksum_is_of_real_size(quotes) -> None:
    booksum = implied(quotes["close_home_price"]) + implied(quotes["close_away_price"])
    assert 1.03 <= booksum.mean() <= 1.045


def test_no_price_lies_between_minus_and_plus_one_hundred(quotes) -> None:
    for column in (c for c in quotes.columns if c.endswith("_price")):
        assert (quotes[column].abs() >= 100).all(), column


def test_totals_are_medians_and_move_by_halves(quotes) -> None:
    sharp = quotes.filter(book="pinnacle")
    scored = (sharp["home_runs"] + sharp["away_runs"]).to_numpy()
    line = sharp["close_total"].to_numpy()
    assert ((line * 2) % 1 == 0).all()
    assert (scored > line).mean() / (scored != line).mean() == pytest.approx(0.5, abs=0.025)
    assert scored.mean() - line.mean() == pytest.approx(0.45, abs=0.25)
    moved = (sharp["close_total"] - sharp["open_total"]).to_numpy()
    assert 0.4 < (moved == 0).mean() < 0.65
    assert np.abs(moved).max() <= 2.5


def test_the_run_line_price_is_calibrated(quotes) -> None:
    sharp = quotes.filter(book="pinnacle")
    margin = (sharp["home_runs"] - sharp["away_runs"]).to_numpy()
    covered = margin + sharp["close_home_point"].to_numpy() > 0
    p = no_vig(sharp["close_spread_home_price"], sharp["close_spread_away_price"])
    assert covered.mean() == pytest.approx(p.mean(), abs=0.02)
    assert set(sharp["close_home_point"].unique()) == {-1.5, 1.5}


def test_books_change_their_price_a_few_times_before_first_pitch_and_never_after(quotes) -> None:
    sharp = pl.col("book").is_in([book.key for book in BOOKS if book.is_sharp])
    assert quotes.filter(sharp)["changes"].unique().to_list() == [12], "with every piece of news"
    assert quotes.filter(~sharp)["changes"].min() >= 3
    assert quotes.filter(~sharp)["changes"].max() <= 8
    starts = quotes["start_at"].dt.epoch("s")
    assert (quotes["close_at"] < starts).all()
    assert (quotes["open_at"] < quotes["close_at"]).all()


def test_the_market_opens_before_noon_of_the_day_before(world) -> None:
    season = world.league.season(2025)
    for listing in season.listings[:200]:
        if listing.is_makeup:
            continue
        opened = datetime.fromtimestamp(season.open_at[listing.number], UTC)
        assert (listing.date - opened.date()).days == 1
        assert 13 <= opened.hour + opened.minute / 60 <= 15.6


@pytest.mark.parametrize(("p", "price"), [(0.5, 100), (0.6, -150), (0.4, 150), (0.501, 100), (0.75, -300)])
def test_american_prices_are_the_nearest_whole_ones(p: float, price: int) -> None:
    assert american(np.array([p]))[0] == price


def test_a_hold_is_put_on_in_odds_ratio() -> None:
    p = np.linspace(0.2, 0.8, 25)
    home, away = two_way_prices(p, np.full_like(p, 0.045))
    back = no_vig(pl.Series(home), pl.Series(away))
    assert np.abs(back - p).max() < 0.003


def test_the_price_in_play_follows_the_score(world) -> None:
    season = world.league.season(2025)
    won = season.runs[:, 0] > season.runs[:, 1]
    number = next(
        x.number for x in season.listings if x.is_played and season.runs[x.number, 0] > season.runs[x.number, 1] + 5
    )
    assert won[number]
    late = in_play_home_probability(season, season.listings[number], float(season.ended[number]) - 1)
    assert late > 0.9
