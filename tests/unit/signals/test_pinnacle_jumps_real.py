"""Pinnacle's season of 2016: how often its prices jump, what the price is a minute later, and what it is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from league_proof import figure
from pinnacle_ticks import TICKS, pinnacle_2016

from dagster_mlb.market.frames import SPLITS
from dagster_mlb.market.levels import probability_at
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.signals.events import detect

pytestmark = pytest.mark.real_data

SIDES = {"home": 1, "over": 1, "away": -1, "under": -1}


@pytest.fixture(scope="module")
def season(real_data_dir: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pinnacle_2016(real_data_dir / TICKS)


@pytest.fixture(scope="module")
def signals(season: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    states, games = season
    return detect(states, pl.DataFrame(schema=SPLITS), games)


@pytest.fixture(scope="module")
def jumps(season: tuple[pl.DataFrame, pl.DataFrame], signals: pl.DataFrame) -> pl.DataFrame:
    """Jumps with a fill, with the book's price for the side before the jump and its closing level."""
    states = season[0].filter("is_open").sort("known_at")
    close = states.group_by("game_key", "market").agg(closing_level=pl.col("level").last())
    told = signals.filter(pl.col("kind") == "jump", pl.col("fill_price").is_not_null()).with_columns(
        before_at=pl.col("detected_at") - pl.duration(minutes=pl.col("window_minutes")),
        sign=pl.col("side").replace_strict(SIDES, return_dtype=pl.Int64),
    )
    before = states.select(
        *("game_key", "market"), before_at="known_at", before_line="line", before_1="price_1", before_2="price_2"
    )
    return (
        told.sort("before_at")
        .join_asof(before, on="before_at", by=["game_key", "market"], check_sortedness=False)
        .join(close, on=["game_key", "market"])
        .with_columns(before_price=pl.when(pl.col("sign") > 0).then("before_1").otherwise("before_2"))
    )


def decimal(prices: pl.Series) -> np.ndarray:
    return american_to_decimal(prices.cast(pl.Float64).to_numpy())


def test_the_season_is_there(season: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    states, games = season
    assert 2_450 <= games.height <= 2_460
    assert 160_000 < states.height < 175_000


def test_one_book_shows_jumps_and_late_moves_and_nothing_that_needs_several(signals: pl.DataFrame) -> None:
    counts = dict(signals["kind"].value_counts().iter_rows())
    assert set(counts) == {"jump", "late_move"}
    a_game = counts["jump"] / signals["game_key"].n_unique()
    assert 6 < a_game < 12  # in three markets
    assert 0.3 < counts["late_move"] / 7_380 < 0.7
    assert set(signals["fill_book"].drop_nulls()) == {"pinnacle"}
    texts = set(signals.filter(pl.col("kind") == "jump")["contradicting"].explode())
    assert "one book moved: steam needs several" in texts and "no other book is quoted" in texts


def test_few_moneylines_jump_far(signals: pl.DataFrame) -> None:
    jumps = signals.filter(pl.col("kind") == "jump", pl.col("market") == "moneyline")
    assert jumps["strength"].median() == pytest.approx(0.055, abs=0.01)
    assert (jumps["strength"] > 0.2).mean() < 0.01


def test_the_price_before_the_jump_is_gone(jumps: pl.DataFrame) -> None:
    same_line = jumps.filter(pl.col("fill_line").is_null())
    before, got = decimal(same_line["before_price"]), decimal(same_line["fill_price"])
    assert same_line.height > 5_000
    assert got.mean() < before.mean() - 0.04
    assert (got < before).mean() > 0.97


def test_after_a_jump_the_price_has_no_way_to_go(jumps: pl.DataFrame) -> None:
    """The level at detection and the closing level are the same on average: what one gets is the hold."""
    drift = figure(
        (jumps["sign"] * jumps["closing_level"]).to_numpy() - jumps["level"].to_numpy(), jumps["game_key"].to_numpy()
    )
    assert abs(drift.mean) < 0.005
    assert abs(drift.z) < 3
    moneylines = jumps.filter(pl.col("market") == "moneyline")
    close = probability_at("moneyline", moneylines["closing_level"].to_numpy())
    chance = np.where(moneylines["sign"].to_numpy() > 0, close, 1 - close)
    got = figure(decimal(moneylines["fill_price"]) * chance - 1, moneylines["game_key"].to_numpy())
    oracle = figure(decimal(moneylines["before_price"]) * chance - 1, moneylines["game_key"].to_numpy())
    assert got.mean == pytest.approx(-0.02, abs=0.006)
    assert got.z < -8
    assert oracle.mean > 0.005  # whoever could have had it
    assert oracle.z > 4
