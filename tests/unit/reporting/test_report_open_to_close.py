"""Both sides of an archive: return equals closing value where the close is true; chasing pays only where it is not."""

from __future__ import annotations

import polars as pl
import pytest
from report_world import NOW, archive

from dagster_mlb.reporting.strategy_report.chase import HEADLINE, chase_table
from dagster_mlb.reporting.strategy_report.open_to_close import (
    MONEYLINE_COLUMNS,
    sides_of_archive,
    value_by_bin,
    value_by_season,
)


def sides(**changes: float) -> pl.DataFrame:
    moneylines, outcomes = archive(**changes)  # type: ignore[arg-type]
    return sides_of_archive(moneylines.select(MONEYLINE_COLUMNS), outcomes, NOW)


@pytest.fixture(scope="module")
def true_close() -> pl.DataFrame:
    return sides(n_days=300)


def test_both_sides_of_every_game_are_bet_once_at_each_moment(true_close):
    assert true_close.height == 300 * 14 * 4
    assert not true_close.select("game_key", "side", "moment").is_duplicated().any()
    assert set(true_close["result"]) == {"win", "loss"}


def test_a_move_of_one_side_is_the_other_s_with_the_other_sign(true_close):
    moves = true_close.filter(pl.col("moment") == "open").pivot("side", index="game_key", values="move")
    assert (moves["home"] + moves["away"]).abs().max() == pytest.approx(0, abs=1e-12)


def test_at_the_close_the_value_is_minus_what_the_price_charges(true_close):
    closing = true_close.filter(pl.col("moment") == "close")
    assert closing["ev_clv"].max() < 0
    assert closing["ev_clv"].mean() == pytest.approx(-closing["hold"].mean(), abs=0.002)


def test_return_is_closing_value_where_the_close_is_true(true_close):
    pooled = value_by_season(true_close).row(-1, named=True)
    assert pooled["season"] is None and pooled["n"] == 300 * 14 * 2
    assert abs(pooled["roi"] - pooled["ev_clv"]) < 2 * pooled["roi_se"]
    assert abs(pooled["clv_slope"] - 1) < 2 * pooled["clv_slope_se"]


def test_seasons_come_before_the_pool(true_close):
    assert value_by_season(true_close)["season"].to_list() == [2016, 2017, None]


def test_bins_hold_every_side_once_and_rise(true_close):
    bins = value_by_bin(true_close)
    assert bins["n"].sum() == 300 * 14 * 2
    assert bins["ev_clv"].is_sorted()
    inner = bins.filter(pl.col("low").is_finite() & pl.col("high").is_finite())
    assert ((inner["ev_clv"] >= inner["low"]) & (inner["ev_clv"] < inner["high"])).all()


def test_a_game_that_lacks_one_price_is_in_neither_moment():
    moneylines, outcomes = archive(n_days=2)
    lost = moneylines.with_columns(
        close_away_price=pl.when(pl.col("game_key") == 1).then(None).otherwise("close_away_price")
    )
    found = sides_of_archive(lost.select(MONEYLINE_COLUMNS), outcomes, NOW)
    assert found.height == (28 - 1) * 4 and 1 not in set(found["game_key"])


def bets(table: pl.DataFrame) -> dict[str, dict]:
    return {row["bet"]: row for row in table.filter(pl.col("threshold") == HEADLINE).iter_rows(named=True)}


def test_chasing_a_finished_move_loses_the_hold_and_the_oracle_wins(true_close):
    found = bets(chase_table(true_close))
    for bet in ("follow", "fade"):
        assert found[bet]["moment"] == "close"
        assert abs(found[bet]["roi"] + found[bet]["hold"]) < 3 * found[bet]["roi_se"]
    assert found["oracle"]["moment"] == "open"
    assert found["oracle"]["ev_clv"] > 0.02
    assert found["oracle"]["roi"] + found["oracle"]["hold"] > 2 * found["oracle"]["roi_se"]
    assert found["oracle"]["n"] == found["follow"]["n"]


def test_chasing_pays_where_the_truth_lies_beyond_the_close():
    found = bets(chase_table(sides(n_days=300, goes_on=1.5)))
    assert found["follow"]["roi"] > 2 * found["follow"]["roi_se"]
    assert found["fade"]["roi"] < -0.05


def test_nothing_gives_empty_tables(true_close):
    nothing = true_close.clear()
    assert value_by_season(nothing).is_empty() and value_by_bin(nothing).is_empty() and chase_table(nothing).is_empty()
