"""The season table: its filter, its figures, and the official results beside the archive's own."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import polars as pl
import pytest

from dagster_mlb.reporting.season_report import (
    BENCHMARK_COLUMNS,
    benchmark_sample,
    pooled_scores,
    season_scores,
    season_table,
)


def game(**changes: Any) -> dict[str, Any]:
    row = {
        "season": 2019,
        "official_date": date(2019, 5, 1),
        "game_type": "R",
        "open_home_price": -140,
        "open_away_price": 125,
        "close_home_price": -150,
        "close_away_price": 130,
        "archive_home_runs": 5,
        "archive_away_runs": 3,
        "official_home_runs": 5,
        "official_away_runs": 3,
        "is_tied_to_results": True,
        "scores_agree": True,
    }
    return row | changes


def games(*rows: dict[str, Any]) -> pl.DataFrame:
    prices = {name: pl.Int64 for name in BENCHMARK_COLUMNS if "price" in name or "runs" in name}
    flags = {"scores_agree": pl.Boolean, "game_type": pl.String}
    return pl.DataFrame(list(rows), schema_overrides=prices | flags)


CLOSE = 0.579832  # -150/+130, multiplicative: golden vector of the reference


def test_the_scores_of_one_game_are_those_of_its_prices():
    row = season_scores(games(game())).row(0, named=True)
    assert row["n"] == 1
    assert row["log_loss_close"] == pytest.approx(-math.log(CLOSE), abs=2e-6)
    assert row["log_loss_open"] == pytest.approx(-math.log((140 / 240) / (140 / 240 + 100 / 225)), abs=1e-9)
    assert row["brier_close"] == pytest.approx((1 - CLOSE) ** 2, abs=2e-6)
    assert row["booksum_close"] == pytest.approx(1.034783, abs=1e-6)
    assert (row["accuracy_close"], row["home_win_rate"]) == (1.0, 1.0)


def test_an_away_win_is_scored_at_the_complement():
    row = season_scores(games(game(archive_home_runs=1))).row(0, named=True)
    assert row["log_loss_close"] == pytest.approx(-math.log(1 - CLOSE), abs=2e-6)
    assert (row["accuracy_close"], row["home_win_rate"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    "change",
    [
        {"open_home_price": None},
        {"close_away_price": None},
        {"close_home_price": -601, "close_away_price": 500},
        {"open_home_price": -99},
        {"close_home_price": -200, "close_away_price": -200},  # booksum 1.33
        {"open_home_price": 110, "open_away_price": 110},  # booksum below one
    ],
)
def test_a_game_with_a_price_that_cannot_be_is_left_out(change):
    assert benchmark_sample(games(game(**change), game())).height == 1


@pytest.mark.parametrize("price", [(-105, -105), (100, -100), (-600, 450)])
def test_the_bounds_themselves_stay_in(price):
    home, away = price
    assert benchmark_sample(games(game(close_home_price=home, close_away_price=away))).height == 1


@pytest.mark.parametrize("change", [{"archive_home_runs": None}, {"archive_home_runs": 3}])
def test_a_tie_or_a_game_without_a_score_is_not_scored(change):
    assert season_scores(games(game(**change), game()))["n"].item() == 1


def test_the_postseason_is_in():
    assert season_scores(games(game(game_type="P"), game()))["n"].item() == 2


def test_official_results_stand_beside_the_archives_own():
    table = season_table(
        games(
            game(),
            game(official_home_runs=2, scores_agree=False),
            game(official_home_runs=None, official_away_runs=None, is_tied_to_results=False, scores_agree=None),
            game(game_type="P", is_tied_to_results=False, scores_agree=None),
        )
    )
    row = table.row(0, named=True)
    assert (row["games"], row["regular_games"], row["tied"], row["tied_same_score"], row["scores_differ"]) == (
        4,
        3,
        2,
        1,
        1,
    )
    assert (row["n"], row["home_win_rate"]) == (4, 1.0)
    assert (row["n_official"], row["home_win_rate_official"]) == (3, pytest.approx(2 / 3))


def test_seasons_come_in_order_and_one_without_a_single_good_game_shows_no_figure():
    table = season_table(games(game(season=2020, open_home_price=None), game(season=2018), game()))
    assert table["season"].to_list() == [2018, 2019, 2020]
    assert table.row(2, named=True)["log_loss_close"] is None
    assert table.row(2, named=True)["games"] == 1


def test_the_pooled_scores_weigh_games_not_seasons():
    pooled = pooled_scores(games(game(), game(season=2018), game(season=2018, archive_home_runs=1)))
    assert (pooled["n"], pooled["home_win_rate"]) == (3, pytest.approx(2 / 3))
    assert pooled_scores(games(game(archive_home_runs=None))) == {}
