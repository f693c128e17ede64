"""Settlement: every rule of the table, at the bet's own price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from strategy_worlds import FIRST_DAY, LATER, bet, bets_of, game_row, result_row, results_of

from dagster_mlb.strategies.settling.settlement import settle


def settled(bet_changes: dict, result: dict | None, game: dict | None = None, now: datetime = LATER) -> dict:
    frame = settle(
        bets_of([bet(**bet_changes)]),
        pl.DataFrame([game_row(**(game or {}))]),
        results_of([result_row(**result)] if result is not None else []),
        now,
    )
    return frame.row(0, named=True)


@pytest.mark.parametrize(
    ("market", "side", "line", "home", "away", "expected"),
    [
        ("moneyline", "home", None, 5, 3, "win"),
        ("moneyline", "away", None, 5, 3, "loss"),
        ("moneyline", "away", None, 1, 2, "win"),
        ("moneyline", "home", None, 4, 4, "push"),
        ("spread", "home", -1.5, 5, 3, "win"),
        ("spread", "home", -1.5, 4, 3, "loss"),
        ("spread", "away", 1.5, 4, 3, "win"),
        ("spread", "home", -2.0, 5, 3, "push"),
        ("spread", "away", 2.0, 5, 3, "push"),
        ("total", "over", 8.5, 5, 4, "win"),
        ("total", "under", 8.5, 5, 4, "loss"),
        ("total", "under", 8.0, 3, 4, "win"),
        ("total", "over", 8.0, 5, 3, "push"),
        ("total", "under", 8.0, 5, 3, "push"),
    ],
)
def test_each_market_is_settled_by_the_score_and_its_own_line(market, side, line, home, away, expected):
    row = settled({"market": market, "side": side, "line": line}, {"home_runs": home, "away_runs": away})
    assert row["result"] == expected


@pytest.mark.parametrize(
    ("price", "stake", "home", "expected"),
    [(2.30, 1.0, 5, 1.30), (1 + 100 / 150, 3.0, 5, 2.0), (1.4, 2.5, 1, -2.5), (5.0, 1.0, 3, 0.0)],
)
def test_a_bet_is_paid_at_its_own_price_and_never_at_a_standard_one(price, stake, home, expected):
    row = settled({"price_decimal": price, "stake": stake}, {"home_runs": home, "away_runs": 3})
    assert row["profit"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("market", "innings", "home", "season", "is_doubleheader", "expected"),
    [
        ("moneyline", 5.0, 3, 2019, False, "loss"),
        ("moneyline", 4.5, 6, 2019, False, "win"),  # the home side leads and does not bat
        ("moneyline", 4.5, 3, 2019, False, "void"),
        ("moneyline", 4.0, 6, 2019, False, "void"),
        ("spread", 9.0, 3, 2019, False, "loss"),
        ("spread", 8.5, 6, 2019, False, "win"),
        ("spread", 8.5, 3, 2019, False, "void"),
        ("spread", 7.0, 6, 2019, True, "void"),
        ("spread", 7.0, 6, 2020, True, "win"),
        ("spread", 6.5, 6, 2021, True, "win"),
        ("spread", 6.0, 6, 2021, True, "void"),
        ("spread", 7.0, 6, 2021, False, "void"),
        ("spread", None, 6, 2019, False, "win"),  # nobody said how long it was: a full game
    ],
)
def test_a_game_must_last_long_enough_for_its_market(market, innings, home, season, is_doubleheader, expected):
    line = None if market == "moneyline" else 0.5
    row = settled(
        {"market": market, "line": line},
        {"home_runs": home, "away_runs": 4, "innings": innings},
        {"season": season, "is_doubleheader": is_doubleheader},
    )
    assert row["result"] == expected
    assert (row["settlement_reason"] is not None) == (expected == "void")


def test_a_result_that_is_not_known_yet_leaves_the_bet_pending():
    row = settled({}, {}, now=datetime(2019, 4, 2, 11, 59, tzinfo=UTC))
    assert (row["result"], row["profit"], row["settled_at"]) == ("pending", None, None)


def test_a_bet_that_was_not_filled_has_no_result_and_no_profit():
    row = settled({"price_decimal": None}, {})
    assert (row["result"], row["profit"], row["settled_at"], row["settlement_reason"]) == ("unfilled", None, None, None)


def test_a_suspended_game_is_settled_by_its_final_score_however_late():
    a_month_later = datetime(2019, 5, 1, tzinfo=UTC)
    total = {"market": "total", "side": "over", "line": 8.5}
    suspended = {"status": "suspended"}
    before = settled(total, None, suspended, now=a_month_later - timedelta(seconds=1))
    assert before["result"] == "pending" and "suspended" in before["settlement_reason"]
    after = settled(total, {"innings": 9.0, "known_at": a_month_later}, {"status": "final"}, now=a_month_later)
    assert (after["result"], after["settled_at"]) == ("loss", a_month_later)


def test_a_suspended_game_that_is_never_finished_is_void_after_half_a_year():
    given_up = datetime(2019, 4, 1, tzinfo=UTC) + timedelta(days=181, hours=12)
    game = {"status": "suspended"}
    assert settled({}, None, game, now=given_up - timedelta(seconds=1))["result"] == "pending"
    row = settled({}, None, game, now=given_up)
    assert (row["result"], row["profit"], row["settled_at"]) == ("void", 0.0, given_up)


@pytest.mark.parametrize("status", ["postponed", "cancelled"])
def test_a_game_called_off_is_void_once_its_day_is_over(status):
    day_over = datetime(2019, 4, 2, 12, tzinfo=UTC)
    before = settled({}, None, {"status": status}, now=day_over - timedelta(seconds=1))
    after = settled({}, None, {"status": status}, now=day_over)
    assert before["result"] == "pending"
    assert (after["result"], after["profit"], after["settled_at"]) == ("void", 0.0, day_over)
    assert status in after["settlement_reason"]


def test_a_game_without_any_result_is_void_three_days_later():
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    long_over = midnight + timedelta(days=4, hours=12)
    assert settled({}, None, {"status": "unknown"}, now=long_over - timedelta(seconds=1))["result"] == "pending"
    assert settled({}, None, {"status": "unknown"}, now=long_over)["result"] == "void"


def test_a_corrected_result_settles_anew_from_the_day_the_correction_is_known():
    versions = results_of(
        [
            result_row(home_runs=5, away_runs=3),
            result_row(home_runs=2, away_runs=3, version=2, known_at=datetime(2019, 4, 5, tzinfo=UTC)),
        ]
    )
    games = pl.DataFrame([game_row()])
    before = settle(bets_of([bet()]), games, versions, datetime(2019, 4, 4, tzinfo=UTC))
    after = settle(bets_of([bet()]), games, versions, datetime(2019, 4, 6, tzinfo=UTC))
    assert (before["result"][0], after["result"][0]) == ("win", "loss")


def test_settlement_keeps_the_order_and_the_columns_of_the_bets():
    bets = bets_of([bet(2, side="away"), bet(1), bet(2)])
    frame = settle(bets, pl.DataFrame([game_row(1), game_row(2)]), results_of([result_row(1), result_row(2)]), LATER)
    assert frame.select(bets.columns).equals(bets)
    assert frame["result"].to_list() == ["loss", "win", "win"]


def test_a_bet_on_a_game_nobody_knows_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="game_key 9"):
        settle(bets_of([bet(9)]), pl.DataFrame([game_row(1)]), results_of([]), LATER)
