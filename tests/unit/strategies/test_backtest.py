"""A strategy run from frame to settled bets, and the two sides of every game at the open."""

from __future__ import annotations

import polars as pl
import pytest
from strategy_worlds import (
    FIRST_DAY,
    LATER,
    efficient_seasons,
    frame_of,
    game_row,
    noon_before,
    offer,
    result_row,
    results_of,
)

from dagster_mlb.strategies.backtest import (
    BacktestReport,
    Outcomes,
    both_sides_table,
    default_strategies,
    run_strategy,
)
from dagster_mlb.strategies.families.model_edge import ModelEdge, ModelEdgeParameters
from dagster_mlb.strategies.families.nulls import HomeSide
from dagster_mlb.strategies.protocol import LeakageError
from dagster_mlb.strategies.results_table import RESULTS_COLUMNS


def outcomes() -> Outcomes:
    closes = pl.DataFrame(
        {
            "game_key": [1],
            "source": ["tick_archive"],
            "book": ["pinnacle"],
            "close_home_probability": [0.62],
            "close_at": [noon_before(FIRST_DAY).replace(day=1, month=4)],
        }
    )
    return Outcomes(pl.DataFrame([game_row(1), game_row(2)]), results_of([result_row(1)]), closes)


def test_a_run_carries_each_bet_from_the_offer_to_its_profit_and_closing_value():
    run = run_strategy(HomeSide(), frame_of([offer(1)]), outcomes(), LATER)
    row = run.bets.row(0, named=True)
    assert run.bets.columns == RESULTS_COLUMNS
    assert (row["result"], row["price_american"], row["load_id"], row["provenance"]) == ("win", -150, 7, "archive")
    assert row["profit"] == pytest.approx(100 / 150)
    assert row["ev_clv"] == pytest.approx(0.62 * (1 + 100 / 150) - 1)
    assert row["filled_at"] == row["decision_at"] == noon_before(FIRST_DAY)
    assert (row["is_circular_close"], row["capture"], row["season"]) == (False, "backfilled", 2019)
    assert run.summary.roi == pytest.approx(100 / 150)


def test_a_bet_has_the_same_id_on_every_run_and_another_for_other_parameters():
    frame = frame_of([offer(1), offer(2)], {1: 0.7, 2: 0.7})
    first, again = (run_strategy(ModelEdge(), frame, outcomes(), LATER).bets["bet_id"] for _ in range(2))
    other = run_strategy(ModelEdge(ModelEdgeParameters(threshold=0.03)), frame, outcomes(), LATER).bets["bet_id"]
    assert first.equals(again)
    assert first.n_unique() == 2 and len(first[0]) == 32
    assert not set(first) & set(other)


def test_a_strategy_that_invents_a_price_is_stopped():
    class Dreamer(HomeSide):
        def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
            return super().bets(frame).with_columns(price_american=pl.lit(150, dtype=pl.Int32))

    with pytest.raises(LeakageError, match="not on offer"):
        run_strategy(Dreamer(), frame_of([offer(1)]), outcomes(), LATER)


def test_the_sample_says_decision_seasons_and_provenance():
    assert run_strategy(HomeSide(), frame_of([offer(1)]), outcomes(), LATER).sample == "open, season 2019, archive"
    assert run_strategy(HomeSide(), frame_of([offer(1)]).clear(), outcomes(), LATER).sample == "open: no games"
    slate = run_strategy(HomeSide(), frame_of([offer(1)]), outcomes(), LATER, decision="current")
    assert slate.sample == "current slate, archive"


def test_the_report_has_one_row_a_run_with_its_provenance():
    runs = [run_strategy(one, frame_of([offer(1)], {1: 0.7}), outcomes(), LATER) for one in default_strategies()]
    table = BacktestReport(runs).table()
    assert table["strategy"].to_list() == ["random_side", "favourite", "underdog", "home_side", "model_edge"]
    assert set(table["provenance"]) == {"archive"}
    assert table.filter(strategy="underdog")["roi"].item() == -1.0


def test_in_an_efficient_market_both_sides_at_the_open_return_what_their_closing_value_says():
    moneylines, world = efficient_seasons()
    pooled = both_sides_table(moneylines, world, LATER).row(-1, named=True)
    assert pooled["season"] is None
    assert pooled["n"] == 2 * moneylines.height
    assert abs(pooled["roi"] - pooled["ev_clv"]) < 3 * pooled["roi_se"]
    assert pooled["ev_clv"] < -0.03
    assert abs(pooled["clv_slope"] - 1) < 2.5 * pooled["clv_slope_se"]


def test_both_sides_come_by_season_and_leave_out_games_without_all_prices():
    moneylines, world = efficient_seasons(n_days=400, per_day=2)
    holed = moneylines.with_columns(
        open_away_price=pl.when(pl.col("game_key") > 10).then("open_away_price"),
    )
    table = both_sides_table(holed, world, LATER)
    assert table["season"].to_list() == [2019, 2020, None]
    assert table["n"].to_list()[-1] == 2 * (moneylines.height - 10) == sum(table["n"].to_list()[:-1])
