"""With results dealt out anew nobody has skill, and with older knowledge nobody has more; who has is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from unit.learning.learning_worlds import training_rows

from dagster_mlb.strategies.leakage.skill import (
    LIMIT,
    Skill,
    auc,
    failed,
    label_shuffle,
    label_shuffle_of_predictions,
    learned_from_shuffled_labels,
    shuffled_results,
    strata_of,
    time_shift_of_losses,
    time_shift_of_values,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOLD = 0.04


@pytest.fixture(scope="module")
def season() -> pl.DataFrame:
    """Two thousand games of two seasons: home_probability is true, both sides are offered with a hold."""
    rng = np.random.default_rng(5)
    size = 2000
    chance = 1 / (1 + np.exp(-rng.normal(0.1, 0.5, size)))
    home = rng.random(size) < chance
    day = np.arange(size) % 160
    return pl.DataFrame(
        {
            "game_key": np.arange(size),
            "season": 2019 + np.arange(size) % 2,
            "official_date": [date(2019 + n % 2, 4, 1) + timedelta(days=int(d)) for n, d in enumerate(day)],
            "status": "final",
            "is_doubleheader": False,
            "home_probability": chance,
            "version": 1,
            "home_runs": np.where(home, 5, 2),
            "away_runs": np.where(home, 3, 4),
            "innings": 9.0,
            "known_at": [datetime(2020, 12, 1, tzinfo=UTC)] * size,
        }
    ).with_columns(pl.col("known_at").dt.cast_time_unit("us"))


def bets(season: pl.DataFrame, is_home: pl.Series, strategy: str = "one") -> pl.DataFrame:
    """One moneyline bet a game, at the fair price less the hold."""
    chance = pl.when(is_home).then("home_probability").otherwise(1 - pl.col("home_probability"))
    return season.select(
        "game_key",
        strategy=pl.lit(strategy),
        market=pl.lit("moneyline"),
        side=pl.when(is_home).then(pl.lit("home")).otherwise(pl.lit("away")),
        line=pl.lit(None, dtype=pl.Float64),
        price_decimal=(1 - HOLD) / chance,
        ev_clv=pl.lit(-HOLD),
        official_date="official_date",
    )


def shuffled(season: pl.DataFrame, bets_of) -> list[Skill]:
    strata = strata_of(season)
    return label_shuffle(bets_of, season, season, strata, NOW, np.random.default_rng(2))


def test_a_strategy_returns_minus_the_hold_when_results_are_dealt_anew(season: pl.DataFrame) -> None:
    favourite = season["home_probability"] > 0.5
    (found,) = shuffled(season, lambda results: bets(season, favourite))
    assert found.passed and found.n > 1900
    assert found.value == pytest.approx(-HOLD, abs=0.03)


def test_hindsight_about_these_results_is_gone_with_them(season: pl.DataFrame) -> None:
    """Bets on what won: with the results dealt anew the same bets are worth what their prices say."""
    won = season["home_runs"] > season["away_runs"]
    (found,) = shuffled(season, lambda results: bets(season, won))
    assert found.value < 0.1


def test_a_strategy_that_reads_results_is_named(season: pl.DataFrame) -> None:
    def reading(results: pl.DataFrame) -> pl.DataFrame:
        joined = season.select("game_key").join(results, on="game_key", how="left", maintain_order="left")
        return bets(season, (joined["home_runs"] > joined["away_runs"]).fill_null(value=True), "reader")

    (found,) = shuffled(season, reading)
    assert not found.passed and found.value > 0.5
    assert failed([found])[0].startswith("label shuffle: ROI of reader is +")


def test_results_change_places_within_their_stratum_only(season: pl.DataFrame) -> None:
    strata = strata_of(season)
    sizes = strata.group_by("stratum").len()["len"]
    assert sizes.min() >= 30 and sizes.max() <= 31
    dealt = shuffled_results(season, strata, np.random.default_rng(3)).join(strata, on="game_key")
    before = season.join(strata, on="game_key").group_by("stratum").agg(pl.col("home_runs").sum()).sort("stratum")
    after = dealt.group_by("stratum").agg(pl.col("home_runs").sum()).sort("stratum")
    assert before.equals(after)
    moved = dealt.join(season, on="game_key", suffix="_own")
    assert (moved["home_runs"] != moved["home_runs_own"]).mean() > 0.3


def test_predictions_do_not_tell_winners_of_other_labels(season: pl.DataFrame) -> None:
    predictions = season.select(
        "season",
        model=pl.lit("true"),
        home_win_probability="home_probability",
        home_win=pl.col("home_runs") > pl.col("away_runs"),
    )
    assert auc(predictions["home_win"].to_numpy(), predictions["home_win_probability"].to_numpy()) > 0.6
    (found,) = label_shuffle_of_predictions(predictions, np.random.default_rng(1))
    assert found.passed and found.value == pytest.approx(0.5, abs=0.02)


def test_the_area_counts_ties_half() -> None:
    won = np.array([True, False, True, False])
    assert auc(won, np.array([0.9, 0.1, 0.8, 0.2])) == 1.0
    assert auc(won, np.full(4, 0.5)) == 0.5
    assert np.isnan(auc(np.array([True, True]), np.array([0.1, 0.2])))


def test_models_learn_nothing_from_shuffled_labels() -> None:
    rows = training_rows(400, seasons=(2018, 2019, 2020))
    found = learned_from_shuffled_labels(rows, np.random.default_rng(4))
    assert {one.subject for one in found} >= {"market", "lightgbm_offset"}
    assert failed(found) == []


def test_a_model_that_is_shown_the_label_is_named() -> None:
    def leaking(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(form_diff=pl.col("home_win").cast(pl.Float64) * 4 + pl.col("form_diff"))

    rows = training_rows(400, seasons=(2018, 2019, 2020))
    found = learned_from_shuffled_labels(rows, np.random.default_rng(4), features=leaking)
    named = {one.subject for one in found if not one.passed}
    assert "market_logistic" in named and not {"market", "home_rate"} & named


def test_older_features_may_cost_skill_and_must_not_bring_it() -> None:
    rng = np.random.default_rng(8)
    days = np.repeat(np.arange(100), 10)
    live = rng.normal(0.69, 0.3, 1000)
    worse = time_shift_of_losses("m", live, live + 0.02, days)
    better = time_shift_of_losses("m", live, live - 0.05 + rng.normal(0, 0.1, 1000), days)
    assert worse is not None and worse.passed
    assert better is not None and not better.passed and better.z > LIMIT
    assert time_shift_of_losses("m", live[:20], live[:20], days[:20]) is None


def test_a_figure_that_cannot_change_is_not_off() -> None:
    live = np.full(200, 0.69)
    found = time_shift_of_losses("home_rate", live, live, np.arange(200) % 20)
    assert found is not None and found.z == 0 and found.passed


def test_an_older_context_must_not_be_worth_more() -> None:
    rng = np.random.default_rng(9)
    live, lagged = rng.normal(-0.03, 0.06, 2000), rng.normal(-0.035, 0.06, 1800)
    honest, leaking = time_shift_of_values("s", live, lagged), time_shift_of_values("s", live, lagged + 0.03)
    assert honest is not None and honest.passed
    assert leaking is not None and not leaking.passed
