"""Statistics of bets: known values, coverage of intervals on simulated data, honest p-values, whole summaries."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest

from dagster_mlb.strategies.figures.estimates import spearman, wilson_interval
from dagster_mlb.strategies.figures.summary import (
    clustered_mean,
    clustered_slope,
    deflated_p_value,
    expected_best_z,
    no_skill_p_value,
    return_on_turnover,
    roi_interval,
    summarise,
)


def luck_only(seed: int, n_days: int = 60, per_day: int = 15, edge: float = 0.0) -> pl.DataFrame:
    """Bets on random sides at fair closing probabilities with a margin taken out of the price."""
    rng = np.random.default_rng(seed)
    size = n_days * per_day
    close_home = rng.uniform(0.35, 0.65, size)
    is_home = rng.random(size) < 0.5
    close = np.where(is_home, close_home, 1 - close_home)
    price = (1 - 0.036) / close
    won = rng.random(size) < close + edge
    days = np.repeat(np.arange(n_days), per_day)
    return pl.DataFrame(
        {
            "game_key": np.arange(size),
            "official_date": [date(2019, 4, 1) + timedelta(days=int(day)) for day in days],
            "side": np.where(is_home, "home", "away"),
            "stake": np.ones(size),
            "price_decimal": price,
            "result": np.where(won, "win", "loss"),
            "profit": np.where(won, price - 1, -1.0),
            "close_probability": close,
            "ev_clv": price * close - 1,
            "beat_close": price * close > 1,
            "is_circular_close": np.zeros(size, dtype=bool),
        }
    ).with_columns(decision_at=pl.col("official_date").cast(pl.Datetime("us", "UTC")))


def test_return_on_turnover_weighs_by_stake_and_clusters_its_error():
    profit, stake, days = np.array([1.0, -1.0, -3.0, 6.0]), np.array([1.0, 1.0, 3.0, 3.0]), np.array([1, 1, 2, 2])
    roi = return_on_turnover(profit, stake, days)
    assert roi.value == pytest.approx(3 / 8)
    residual = profit - 3 / 8 * stake
    sums = np.array([residual[:2].sum(), residual[2:].sum()])
    assert roi.se == pytest.approx(np.sqrt(2 * (sums**2).sum()) / 8)


def test_a_clustered_mean_with_one_value_a_cluster_is_the_textbook_one():
    values = np.random.default_rng(3).normal(size=50)
    mean = clustered_mean(values, np.arange(50))
    assert mean.value == pytest.approx(values.mean())
    assert mean.se == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_bets_that_repeat_within_a_day_do_not_make_the_error_smaller():
    values = np.random.default_rng(3).normal(size=50)
    once = clustered_mean(values, np.arange(50))
    ten_times = clustered_mean(np.repeat(values, 10), np.repeat(np.arange(50), 10))
    assert ten_times.se == pytest.approx(once.se)


def test_the_slope_is_that_of_least_squares():
    rng = np.random.default_rng(5)
    x = rng.normal(size=400)
    y = 0.3 + 1.7 * x + rng.normal(size=400)
    slope = clustered_slope(y, x, np.arange(400) // 4)
    assert slope.value == pytest.approx(np.polyfit(x, y, 1)[0])
    assert abs(slope.value - 1.7) < 4 * slope.se


def test_the_slope_s_error_is_clustered_too():
    rng = np.random.default_rng(5)
    x, noise = rng.normal(size=60), rng.normal(size=60)
    once = clustered_slope(x + noise, x, np.arange(60))
    ten_times = clustered_slope(np.repeat(x + noise, 10), np.repeat(x, 10), np.repeat(np.arange(60), 10))
    assert ten_times.value == pytest.approx(once.value)
    assert ten_times.se == pytest.approx(once.se)


@pytest.mark.parametrize("size", [0, 2])
def test_too_few_bets_say_nothing(size):
    empty = np.zeros(size)
    assert np.isnan(clustered_slope(empty, empty, empty).value)
    assert np.isnan(roi_interval(empty, empty + 1, np.zeros(size)).low)
    assert np.isnan(return_on_turnover(np.zeros(0), np.zeros(0), np.zeros(0)).value)


def test_a_slope_on_a_constant_is_unknown():
    assert np.isnan(clustered_slope(np.arange(9.0), np.ones(9), np.arange(9)).value)


def test_the_date_block_interval_covers_the_truth_as_often_as_it_says():
    covered, trials = 0, 200
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        shared = np.repeat(rng.normal(0, 0.4, 80), 6)  # bets of one day rise and fall together
        profit = -0.037 + shared + rng.normal(0, 1, 480)
        low, high = roi_interval(profit, np.ones(480), np.repeat(np.arange(80), 6), resamples=400, seed=seed)
        covered += low <= -0.037 <= high
    assert 0.90 <= covered / trials <= 0.98


def test_an_interval_is_the_same_for_the_same_seed_and_moves_with_another():
    bets = luck_only(1)
    arguments = (bets["profit"].to_numpy(), bets["stake"].to_numpy(), bets["official_date"].cast(pl.Int32).to_numpy())
    assert roi_interval(*arguments) == roi_interval(*arguments)
    assert roi_interval(*arguments) != roi_interval(*arguments, seed=2)


def test_p_values_of_bets_without_skill_are_uniform():
    p = np.array([no_skill_p_value(luck_only(seed), simulations=200, seed=seed) for seed in range(300)])
    deciles = np.histogram(p, bins=10, range=(0, 1))[0]
    assert ((deciles - 30) ** 2 / 30).sum() < 27.9  # chi-square, 9 degrees of freedom, p = .001


def test_bets_that_win_more_than_the_close_allows_get_a_small_p_value():
    assert no_skill_p_value(luck_only(1, edge=0.08)) < 0.01


def test_both_sides_of_a_game_cannot_both_win_in_any_simulated_world():
    home = luck_only(4)
    other_won = pl.col("result") == "loss"
    away = home.with_columns(
        side=pl.when(pl.col("side") == "home").then(pl.lit("away")).otherwise(pl.lit("home")),
        close_probability=1 - pl.col("close_probability"),
        price_decimal=pl.lit(1.9),
        result=pl.when(other_won).then(pl.lit("win")).otherwise(pl.lit("loss")),
        profit=pl.when(other_won).then(0.9).otherwise(-1.0),
    )
    flat = pl.concat([home.with_columns(price_decimal=pl.lit(1.9), profit=-away["profit"] - 0.1), away])
    assert no_skill_p_value(flat) == 1.0  # whoever wins, each pair of bets earns exactly -0.1


@pytest.mark.parametrize(("trials", "z"), [(1, 0), (10, 1.58), (20, 1.90), (50, 2.28), (100, 2.53), (1000, 3.26)])
def test_the_best_of_many_trials_without_skill_looks_good(trials, z):
    """betting_domain §2.9."""
    assert expected_best_z(trials) == pytest.approx(z, abs=0.01)


def test_a_p_value_is_that_of_one_of_many_trials():
    """betting_domain §2.9: z 1.16, p .12; best of 20: .77."""
    p = 1 - NormalDist().cdf(1.16)
    assert p == pytest.approx(0.12, abs=0.005)
    assert deflated_p_value(p, 1) == pytest.approx(p)
    assert deflated_p_value(p, 20) == pytest.approx(0.77, abs=0.005)
    assert deflated_p_value(0.001, 1000) > 0.5 > deflated_p_value(0.001, 10)
    assert deflated_p_value(1.0, 20) == 1.0 and deflated_p_value(0.0, 20) < 1e-6
    assert deflated_p_value(None, 20) is None and np.isnan(deflated_p_value(np.nan, 20))


def test_the_best_of_twenty_lucky_strategies_is_seldom_believed():
    """The share of families whose best looks significant: nearly two thirds by itself, few when deflated."""
    z = np.random.default_rng(5).normal(size=(4000, 20)).max(axis=1)
    p = 1 - np.vectorize(NormalDist().cdf)(z)
    raw, deflated = np.mean(p < 0.05), np.mean([deflated_p_value(one, 20) < 0.05 for one in p])
    assert raw > 0.6
    assert deflated < 0.02


def test_without_bets_there_is_no_p_value():
    assert np.isnan(no_skill_p_value(luck_only(1).clear()))
    assert np.isnan(no_skill_p_value(luck_only(1).with_columns(result=pl.lit("push"))))


def test_a_summary_counts_voids_and_open_bets_apart_and_leaves_them_out():
    bets = luck_only(1)
    others = bets.head(2).with_columns(
        result=pl.Series(["void", "pending"]), profit=pl.Series([0.0, None]), ev_clv=pl.lit(None, dtype=pl.Float64)
    )
    summary, alone = summarise(pl.concat([bets, others])), summarise(bets)
    assert (summary.n, summary.n_void, summary.n_pending) == (900, 1, 1)
    assert (summary.roi, summary.ev_clv) == (alone.roi, alone.ev_clv)
    assert summary.ev_clv == pytest.approx(-0.036)
    assert summary.roi_low < summary.roi < summary.roi_high
    assert summary.beat_close_rate == 0.0


def test_the_summary_of_nothing_says_nothing_and_invents_no_zero():
    summary = summarise(luck_only(1).clear())
    assert (summary.n, summary.roi, summary.ev_clv, summary.beat_close_rate, summary.p_no_skill) == (0, *[None] * 4)
    assert summary.clv_coverage is None and summary.circular_share is None


def test_bets_without_a_close_lower_the_coverage_only():
    bets = (
        luck_only(1)
        .with_row_index()
        .with_columns(ev_clv=pl.when(pl.col("index") < 450).then("ev_clv"), is_circular_close=pl.col("index") < 90)
    )
    summary = summarise(bets)
    assert (summary.n, summary.n_clv, summary.clv_coverage) == (900, 450, 0.5)
    assert summary.circular_share == pytest.approx(0.2)


def test_a_win_rate_of_sixty_in_a_hundred_is_between_half_and_sixty_nine_percent():
    low, high = wilson_interval(60, 100)
    assert (round(low, 4), round(high, 4)) == (0.5020, 0.6906)
    assert wilson_interval(0, 5).low == pytest.approx(0.0, abs=1e-12) and wilson_interval(0, 5).high < 0.5
    assert np.isnan(wilson_interval(0, 0).low)


def test_ranks_say_whether_one_rises_with_the_other():
    assert spearman(np.arange(5.0), np.array([1.0, 2.0, 4.0, 8.0, 16.0])) == pytest.approx(1.0)
    assert spearman(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1.0)
    assert spearman(np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.9486833)
    assert np.isnan(spearman(np.ones(4), np.arange(4.0))) and np.isnan(spearman(np.arange(2.0), np.arange(2.0)))


def test_ten_thousand_resamples_are_drawn_unless_fewer_are_asked_for():
    bets = luck_only(1)
    arguments = (bets["profit"].to_numpy(), bets["stake"].to_numpy(), bets["official_date"].cast(pl.Int32).to_numpy())
    assert roi_interval(*arguments) == roi_interval(*arguments, resamples=10_000)


def with_more(bets: pl.DataFrame) -> pl.DataFrame:
    return bets.with_columns(
        market=pl.lit("moneyline"),
        push_probability=pl.lit(0.0),
        line_clv=pl.lit(None, pl.Float64),
        probability=pl.col("close_probability"),
        strength=pl.lit(1.0),
        fill_kind=pl.when(pl.col("game_key") < 10).then(pl.lit("moved")).otherwise(pl.lit("standing")),
        unfilled_reason=pl.lit(None, pl.String),
        stake_reason=pl.lit(None, pl.String),
        missing_close_reason=pl.lit(None, pl.String),
    )


def test_a_summary_says_what_the_bets_were_like():
    bets = with_more(luck_only(1))
    summary = summarise(bets)
    wins = bets.filter(result="win").height
    assert (summary.win_rate, summary.break_even_rate) == (
        wins / 900,
        pytest.approx((1 / bets["price_decimal"]).mean()),
    )
    assert summary.win_rate_low < summary.win_rate < summary.win_rate_high
    won, lost = bets.filter(pl.col("profit") > 0)["profit"].sum(), -bets.filter(pl.col("profit") < 0)["profit"].sum()
    assert summary.profit_factor == pytest.approx(won / lost)
    assert summary.roi_no_skill == pytest.approx(-0.036)
    assert (summary.n_moved, summary.n_own, summary.edge_measure) == (10, 900, "edge")
    assert summary.log_loss == pytest.approx(summary.close_log_loss) and summary.brier == summary.close_brier
    assert abs(summary.calibration_slope - 1) < 3 * summary.calibration_slope_se
    assert summary.expected_max_drawdown > 0 and summary.days_under_water > 0


def test_a_summary_counts_what_is_missing_and_what_was_not_filled_by_reason():
    bets = with_more(luck_only(1))
    gone = bets.head(3).with_columns(
        result=pl.lit("unfilled"),
        profit=pl.lit(None, pl.Float64),
        ev_clv=pl.lit(None, pl.Float64),
        stake=pl.lit(0.0),
        unfilled_reason=pl.Series(["first pitch came first", "first pitch came first", None]),
        stake_reason=pl.Series([None, None, "no stake: worth nothing"]),
    )
    blind = bets.with_columns(
        ev_clv=pl.when(pl.col("game_key") >= 2).then("ev_clv"),
        missing_close_reason=pl.when(pl.col("game_key") < 2).then(pl.lit("no close")),
    )
    summary = summarise(pl.concat([blind, gone]))
    assert (summary.n, summary.n_unfilled, summary.n_clv) == (900, 3, 898)
    assert summary.missing_closes == {"no close": 2}
    assert summary.unfilled == {"first pitch came first": 2, "no stake: worth nothing": 1}
    told = summary.as_dict()
    assert told["missing_closes"] == "2 no close"
    assert told["unfilled"] == "2 first pitch came first; 1 no stake: worth nothing"
    assert all(value is None or isinstance(value, int | float | str) for value in told.values())


def test_strength_ranks_the_bets_where_no_probability_does():
    bets = with_more(luck_only(1)).with_columns(probability=pl.lit(None, pl.Float64), strength=pl.col("price_decimal"))
    assert summarise(bets).edge_measure == "strength"
    assert summarise(luck_only(1)).edge_measure is None
