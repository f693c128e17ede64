"""A strategy run from frame to settled bets, and the two sides of every game at the open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from strategy_worlds import (
    DAY,
    FIRST_DAY,
    FIRST_PITCH,
    HOUR,
    LATER,
    MINUTE,
    close,
    efficient_seasons,
    frame_of,
    game_row,
    games_of,
    history_of,
    noon_before,
    offer,
    outcomes_of,
    result_row,
    starter,
    starters_of,
    starts_of,
    state,
)

from dagster_mlb.strategies.backtest import BacktestReport, History, both_sides_table, run_strategy
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import Favourite, HomeSide, Underdog
from dagster_mlb.strategies.protocol import PickError
from dagster_mlb.strategies.results_table import RESULTS_SCHEMA, SETTLEMENTS_SCHEMA
from dagster_mlb.strategies.strategy_run import decide

OUTCOMES = outcomes_of(games_of(1, 2), [result_row(1)], close(1, probability_1=0.62))
LABELS = History.none()


def run(strategy, *offers: dict[str, Any], outcomes=OUTCOMES, history=LABELS, now=LATER, **how: Any):
    probabilities = how.pop("probabilities", None)
    frame = frame_of(list(offers) or [offer(1)], probabilities)
    return run_strategy(strategy, frame, history, outcomes, now, **how)


def test_a_run_carries_each_bet_from_the_offer_to_its_profit_and_closing_value():
    told = run(HomeSide())
    row = told.bets.row(0, named=True)
    assert told.bets.schema == pl.Schema(RESULTS_SCHEMA)
    assert (row["result"], row["price_american"], row["load_id"], row["provenance"]) == ("win", -150, 7, "archive")
    assert row["profit"] == pytest.approx(100 / 150)
    assert row["ev_clv"] == pytest.approx(0.62 * (1 + 100 / 150) - 1)
    assert row["filled_at"] == row["decision_at"] == noon_before(FIRST_DAY)
    assert (row["fill_kind"], row["quoted_price_american"], row["moment_assumed"]) == ("label", -150, True)
    assert (row["is_circular_close"], row["capture"], row["season"]) == (False, "backfilled", 2019)
    assert (row["stake"], row["stake_method"], row["bankroll_share"]) == (1.0, "flat", 0.01)
    assert (row["form"], row["is_shadow"], row["signal_id"]) == ("follow", False, None)
    assert told.summary.roi == pytest.approx(100 / 150)
    assert told.settlements.schema == pl.Schema(SETTLEMENTS_SCHEMA)
    assert told.settlements.select("bet_id", "version", "result").rows() == [(row["bet_id"], 1, "win")]


def tick(decision_at=FIRST_PITCH - HOUR, **changes: Any) -> dict[str, Any]:
    return offer(
        1,
        decision="pregame",
        decision_at=decision_at,
        source="odds_api",
        book="pinnacle",
        price_known_at=decision_at,
        moment_assumed=False,
        price_1=130,
        price_2=-150,
        **changes,
    )


@pytest.mark.parametrize(
    ("states", "latency", "kind", "price"),
    [
        ([state(FIRST_PITCH - 2 * HOUR)], 60, "standing", 130),
        ([state(FIRST_PITCH - 2 * HOUR), state(FIRST_PITCH - HOUR + MINUTE, 110, -130)], 60, "moved", 110),
        ([state(FIRST_PITCH - 2 * HOUR), state(FIRST_PITCH - HOUR + MINUTE, 110, -130)], 59, "standing", 130),
    ],
)
def test_a_bet_at_a_moment_is_filled_and_paid_at_what_stood_after_the_latency(states, latency, kind, price):
    told = run(HomeSide(latency_seconds=latency), tick(), history=history_of(*states, games=starts_of(1)))
    row = told.bets.row(0, named=True)
    assert (row["fill_kind"], row["price_american"], row["quoted_price_american"]) == (kind, price, 130)
    assert row["profit"] == pytest.approx(price / 100)
    assert row["ev_clv"] == pytest.approx(0.62 * (1 + price / 100) - 1)


def test_an_unfilled_bet_is_there_without_a_price_a_stake_a_profit_or_a_value():
    told = run(HomeSide(), tick(), history=history_of(state(FIRST_PITCH), games=starts_of(1)))
    row = told.bets.row(0, named=True)
    assert (row["result"], row["fill_kind"], row["stake"], row["stake_method"]) == ("unfilled", "unfilled", 0.0, "none")
    names = ("price_american", "price_decimal", "filled_at", "profit", "settled_at", "ev_clv", "bankroll_share")
    assert [row[name] for name in names] == [None] * len(names)
    assert "no price" in row["unfilled_reason"] and row["missing_close_reason"] == "the bet was not filled"
    assert told.settlements.is_empty() and told.summary.n == 0 and told.summary.n_unfilled == 1
    assert told.summary.unfilled == {row["unfilled_reason"]: 1}


def test_a_bet_on_which_kelly_stakes_nothing_is_no_bet_and_says_so():
    kelly = ModelEdge(threshold=-1.0, staking={"method": "kelly"})
    told = run(kelly, offer(1), offer(2), probabilities={1: 0.7, 2: 0.6})
    one, two = told.bets.sort("game_key").to_dicts()
    assert (one["result"], one["stake_method"]) == ("win", "kelly")
    assert one["stake"] == pytest.approx(3.0) and one["profit"] == pytest.approx(2.0)  # at the cap of a bet
    assert (two["result"], two["stake"], two["profit"]) == ("unfilled", 0.0, None)
    assert "worth nothing" in two["stake_reason"]


def test_later_stakes_grow_with_what_was_won_before_they_were_placed():
    rules = {"staking": {"method": "kelly", "fraction": 1.0, "max_bet": 0.1, "max_game": 0.1, "max_slate": 0.1}}
    week_later = FIRST_DAY + timedelta(days=7)
    frame = pl.concat(
        [
            frame_of([offer(1)], {1: 0.9}),
            frame_of([offer(2, official_date=week_later)], {2: 0.9}, day=week_later),
        ]
    )
    games = pl.DataFrame([game_row(1), game_row(2, official_date=week_later)])
    for runs, stake in ((5, 10.0 + 10.0 / 15), (1, 9.0)):
        later = noon_before(week_later) + 2 * DAY
        outcomes = outcomes_of(games, [result_row(1, runs), result_row(2, known_at=later)])
        told = run_strategy(ModelEdge(**rules), frame, LABELS, outcomes, LATER)
        assert told.bets["stake"].to_list() == pytest.approx([10.0, stake])
        assert told.bankroll()["bankroll"].to_list()[1] == pytest.approx(10 * stake)
        won = told.settlements.filter(game_key=2)["profit"].item()
        assert won == pytest.approx(stake * 100 / 150)


def test_what_is_published_at_any_moment_is_in_the_settlements_of_a_later_run():
    """A score is corrected twice, a game is called off, another is void until its result comes a week later."""
    day_after = noon_before(FIRST_DAY) + 2 * DAY
    results = [
        result_row(1, 5, 3, known_at=day_after),
        result_row(1, 2, 3, version=2, known_at=day_after + DAY),
        result_row(1, 4, 3, version=3, known_at=day_after + 20 * DAY),
        result_row(3, known_at=day_after + 7 * DAY),
    ]
    games = pl.DataFrame([game_row(1), game_row(2, status="postponed"), game_row(3)])
    outcomes = outcomes_of(games, results, *(close(key) for key in (1, 2, 3)))
    offers = [offer(1), offer(2), offer(3)]
    later = run(HomeSide(), *offers, outcomes=outcomes).settlements
    assert later.group_by("game_key").len().sort("game_key")["len"].to_list() == [3, 1, 2]
    for hours in (0, 20, 30, 60, 80, 110, 200, 400, 600):
        now = day_after + hours * HOUR
        bets = run(HomeSide(), *offers, outcomes=outcomes, now=now).bets
        standing = later.filter(
            (pl.col("settled_at") <= now) & (pl.col("superseded_at").is_null() | (pl.col("superseded_at") > now))
        )
        columns = ("bet_id", "result", "profit", "settled_at", "settlement_reason")
        published = bets.filter(pl.col("result") != "pending").select(columns).sort("bet_id")
        assert published.equals(standing.select(columns).sort("bet_id"))


def test_listed_pitchers_are_asked_for_by_the_strategy():
    starters = starters_of(
        *(starter(side, "Cole", noon_before(FIRST_DAY) - HOUR) for side in ("home", "away")),
        starter("home", "Smith", FIRST_PITCH),
    )
    outcomes = outcomes_of(games_of(1), [result_row(1)], starters=starters)
    assert run(HomeSide(), outcomes=outcomes).bets["result"].to_list() == ["win"]
    assert run(HomeSide(pitchers="listed"), outcomes=outcomes).bets["result"].to_list() == ["void"]


def test_a_bet_has_the_same_id_on_every_run_and_another_for_other_parameters_forms_and_moments():
    frame = [offer(1), offer(2)]
    first, again = (run(ModelEdge(), *frame, probabilities={1: 0.7, 2: 0.7}).bets["bet_id"] for _ in range(2))
    assert first.equals(again)
    assert first.n_unique() == 2 and len(first[0]) == 32
    others = [
        run(ModelEdge(threshold=0.03), *frame, probabilities={1: 0.7, 2: 0.7}),
        run(HomeSide(), *frame),
        run(HomeSide(form="fade"), *frame),
        run(HomeSide(name="another"), *frame),
        run(HomeSide(), *[one | {"decision_at": one["decision_at"] + HOUR} for one in frame]),
    ]
    ids = {one for told in others for one in told.bets["bet_id"]} | set(first)
    assert len(ids) == 12


def test_a_strategy_that_bets_what_is_not_on_offer_is_stopped():
    class Dreamer(HomeSide):
        def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
            return super().picks(sides).with_columns(book=pl.lit("dreams"))

    with pytest.raises(PickError, match="home_side"):
        run(Dreamer())


def test_what_is_decided_is_decided_without_anything_that_came_after():
    decided = decide(HomeSide(), frame_of([offer(1)]), "open")
    assert decided.bets["price_american"].to_list() == [-150] and decided.markets is None
    slate = HomeSide(staking={"method": "slate_kelly"})
    assert decide(slate, frame_of([offer(1), offer(1, "total")]), "open").markets.height == 1


def test_the_sample_says_decision_seasons_and_provenance():
    assert run(HomeSide()).sample == "open, season 2019, archive"
    assert run_strategy(HomeSide(), frame_of([offer(1)]).clear(), LABELS, OUTCOMES, LATER).sample == "open: no games"
    slate = run(HomeSide(), decision="current")
    assert (slate.sample, slate.decision) == ("current slate, archive", "current")


def test_the_report_has_one_row_a_run_with_its_form_and_provenance():
    runs = [
        run(Favourite()),
        run(Favourite(form="fade"), is_shadow=True),
        run(Underdog()),
        run(ModelEdge(), probabilities={1: 0.7}),
    ]
    table = BacktestReport(runs).table()
    assert table["strategy"].to_list() == ["favourite", "favourite", "underdog", "model_edge"]
    assert table["form"].to_list() == ["follow", "fade", "follow", "follow"]
    assert table["is_shadow"].to_list() == [False, True, False, False]
    assert set(table["provenance"]) == {"archive"}
    assert table["roi"].to_list() == pytest.approx([100 / 150, -1.0, -1.0, 100 / 150])
    assert table["n_own"].to_list() == [0, 0, 0, 1]


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
