"""EV-CLV: the golden examples of the reference, lines that moved, pushes, circular closes, and why one is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from strategy_worlds import FIRST_PITCH, LATER, SECOND, bet, bets_of, close, closes_of

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.market.score_grid import fit
from dagster_mlb.strategies.protocol import LeakageError
from dagster_mlb.strategies.settling.closing_line import VALUE_SCHEMA, with_closing_value


def valued(bet_changes: dict[str, Any], *closes: dict[str, Any], now: datetime = LATER) -> dict[str, Any]:
    bets = bets_of([bet(**bet_changes)])
    frame = with_closing_value(bets, closes_of(*closes), now)
    assert frame.columns == [*bets.columns, *VALUE_SCHEMA]
    return frame.row(0, named=True)


def total(side: str = "over", line: float = 8.5, price: float = 1.909091) -> dict[str, Any]:
    return {"market": "total", "side": side, "line": line, "price_decimal": price}


def run_line(side: str = "home", line: float = -1.5, price: float = 2.2) -> dict[str, Any]:
    return {"market": "spread", "side": side, "line": line, "price_decimal": price}


@pytest.mark.parametrize(("method", "expected"), [("multiplicative", 0.0235), ("odds_ratio", 0.0267)])
def test_minus_120_that_closes_at_minus_135_plus_120_is_worth_two_and_a_half_percent(method, expected):
    """betting_domain §2.5: price +5.32 %, probability +2.90 points, EV +2.35 % or +2.67 %, fifteen cents."""
    fair = no_vig_from_american(-135, 120, method).item()
    row = valued(
        {"price_decimal": american_to_decimal(-120).item(), "price_american": -120},
        close(probability_1=fair, price_1=-135, price_2=120),
    )
    assert row["ev_clv"] == pytest.approx(expected, abs=5e-5)
    assert row["log_clv"] == pytest.approx(np.log1p(row["ev_clv"]))
    assert row["price_clv"] == pytest.approx(0.0532, abs=5e-5)
    assert row["probability_clv"] == pytest.approx(0.0290, abs=5e-5)
    assert row["cents_clv"] == 15
    assert (row["beat_close"], row["clv_method"], row["line_clv"]) == (True, "same_line", None)
    assert row["missing_close_reason"] is None and row["push_probability"] == 0.0


def test_cents_go_across_even_money():
    row = valued({"price_decimal": 2.05}, close(price_1=-105, price_2=-115))
    assert row["cents_clv"] == pytest.approx(10)


def test_the_away_side_is_valued_at_the_complement_and_its_own_closing_price():
    row = valued({"side": "away", "price_decimal": 2.0}, close(price_2=115.0))
    assert row["close_probability"] == pytest.approx(0.45)
    assert row["ev_clv"] == pytest.approx(-0.10)
    assert row["price_clv"] == pytest.approx(2.0 / 2.15 - 1)
    assert (row["beat_close"], row["close_price_american"]) == (False, 115.0)


@pytest.mark.parametrize(("side", "expected"), [("over", 0.52), ("under", 0.48)])
def test_a_total_on_the_closing_half_line_needs_no_distribution(side, expected):
    row = valued(total(side), close(1, "total", probability_1=0.52))
    assert (row["clv_method"], row["line_clv"], row["push_probability"]) == ("same_line", 0.0, 0.0)
    assert row["ev_clv"] == pytest.approx(1.909091 * expected - 1)


def test_on_a_whole_line_the_push_comes_from_the_score_grid_and_gives_the_stake_back():
    closes = close(1, probability_1=0.56), close(1, "total", line=9.0, probability_1=0.52)
    row = valued(total(line=9.0), *closes)
    push = float(fit(0.56, 9.0, 0.52).full().over(9.0).push[0])
    assert 0.08 < push < 0.14
    assert row["push_probability"] == pytest.approx(push, abs=1e-6)
    assert row["close_probability"] == pytest.approx(0.52)
    assert row["ev_clv"] == pytest.approx(1.909091 * 0.52 * (1 - push) + push - 1, abs=1e-6)


@pytest.mark.parametrize(
    ("side", "taken", "gain"), [("over", 8.0, 0.5), ("over", 9.0, -0.5), ("under", 9.0, 0.5), ("under", 7.5, -1.0)]
)
def test_a_total_whose_line_moved_is_repriced_on_the_closing_distribution(side, taken, gain):
    closes = close(1, probability_1=0.56), close(1, "total", line=8.5, probability_1=0.50)
    row = valued(total(side, taken), *closes)
    over = fit(0.56, 8.5, 0.50).full().over(taken)
    win = over.win if side == "over" else over.lose
    assert (row["clv_method"], row["line_clv"]) == ("repriced", gain)
    assert row["ev_clv"] == pytest.approx(1.909091 * float(win[0]) + float(over.push[0]) - 1, abs=1e-6)
    assert row["beat_close"] is (row["ev_clv"] > 0)
    assert (row["price_clv"], row["probability_clv"], row["cents_clv"]) == (None, None, None)


def test_half_a_run_at_the_same_price_is_worth_more_than_it_costs():
    closes = close(1, probability_1=0.56), close(1, "total", line=8.5, probability_1=0.50)
    values = [valued(total("over", line), *closes)["ev_clv"] for line in (7.5, 8.0, 8.5, 9.0, 9.5)]
    assert values == sorted(values, reverse=True)
    assert values[2] == pytest.approx(1.909091 / 2 - 1)


def test_a_run_line_that_moved_is_shifted_by_what_its_own_market_says_against_the_grid():
    """At the closing line itself the repricing gives the market's own price back."""
    market = close(1, probability_1=0.60), close(1, "total", line=8.5, probability_1=0.5)
    says = close(1, "spread", line=-1.5, probability_1=0.47)
    grid = fit(0.60, 8.5, 0.5).full()
    at_close, taken = (float(grid.run_line(line).fair[0]) for line in (-1.5, -2.5))
    shift = np.log(0.47 / 0.53) - np.log(at_close / (1 - at_close))
    expected = 1 / (1 + np.exp(-(np.log(taken / (1 - taken)) + shift)))
    row = valued(run_line("home", -2.5, 3.0), *market, says)
    assert (row["clv_method"], row["line_clv"]) == ("repriced", -1.0)
    assert row["close_probability"] == pytest.approx(expected, abs=1e-6)
    away = valued(run_line("away", 2.5, 1.4), *market, says)
    assert away["close_probability"] == pytest.approx(1 - expected, abs=1e-6) and away["line_clv"] == 1.0
    nearly = valued(run_line("home", -1.5 + 1e-12), *market, says)
    assert nearly["close_probability"] == pytest.approx(0.47)


def test_both_sides_of_a_line_that_moved_are_worth_minus_the_hold_together():
    closes = close(1, probability_1=0.56), close(1, "total", line=8.0, probability_1=0.51)
    over, under = (valued(total(side, 9.0), *closes) for side in ("over", "under"))
    assert over["close_probability"] + under["close_probability"] == pytest.approx(1.0)
    push = over["push_probability"]
    both = (over["ev_clv"] + under["ev_clv"]) / 2
    assert both == pytest.approx((1 - push) * (1.909091 / 2 - 1), abs=1e-6)


@pytest.mark.parametrize(
    ("closes", "reason"),
    [
        ((close(1, "total", line=9.0),), "no closing moneyline"),
        ((close(1, "total", line=9.0), close(1, probability_1=0.999)), "no score grid gives back"),
    ],
)
def test_a_line_that_moved_without_a_distribution_has_no_value_and_says_why(closes, reason):
    row = valued(total("over", 8.5), *closes)
    assert row["ev_clv"] is None and reason in row["missing_close_reason"]
    assert "cannot be repriced" in row["missing_close_reason"]
    assert row["line_clv"] == 0.5  # what the line says is known all the same
    assert (row["clv_method"], row["beat_close"], row["push_probability"]) == (None, None, None)


def test_a_whole_line_without_a_distribution_has_no_value_either():
    row = valued(total("over", 9.0), close(1, "total", line=9.0))
    assert row["ev_clv"] is None and "chance of a push is not known" in row["missing_close_reason"]


def test_a_moneyline_s_value_needs_no_total():
    assert valued({}, close())["ev_clv"] == pytest.approx(2.30 * 0.55 - 1)


def test_the_close_of_the_book_that_was_bet_is_flagged_circular():
    bets = bets_of([bet(source="tick_archive", book="pinnacle"), bet(source="tick_archive", book="fanduel")])
    assert with_closing_value(bets, closes_of(close()), LATER)["is_circular_close"].to_list() == [True, False]


@pytest.mark.parametrize(
    ("bet_changes", "close_changes", "now", "reason"),
    [
        (total(), {}, LATER, "no book has a benchmark close"),
        ({"game_key": 2}, {}, LATER, "no book has a benchmark close"),
        ({}, {"probability_1": None}, LATER, "lacks a side"),
        ({}, {"probability_1": None, "close_at": None}, LATER, "has no close, or not yet"),
        ({}, {"close_at": None}, LATER, "nobody knows when"),
        ({}, {}, datetime(2019, 4, 1, 22, tzinfo=UTC), "has not begun"),
        ({"price_decimal": None}, {}, LATER, "was not filled"),
    ],
)
def test_every_missing_close_has_its_reason_and_no_value(bet_changes, close_changes, now, reason):
    row = valued(bet_changes, close(**close_changes), now=now)
    assert reason in row["missing_close_reason"]
    names = ("close_probability", "push_probability", "ev_clv", "clv_method", "beat_close", "is_circular_close")
    assert [row[name] for name in (*names, "price_clv", "log_clv", "probability_clv", "cents_clv")] == [None] * 10


def test_a_close_from_after_first_pitch_is_refused():
    with pytest.raises(LeakageError, match="game_key 1, moneyline"):
        valued({}, close(close_at=FIRST_PITCH + SECOND))


def test_two_benchmark_closes_for_one_market_are_refused_and_one_of_each_market_is_not():
    with pytest.raises(ValueError, match="is_benchmark"):
        valued({}, close(), close())
    assert valued({}, close(), close(1, "total"))["ev_clv"] is not None


def test_the_order_of_the_bets_stays():
    bets = bets_of([bet(2), bet(1, side="away"), bet(3), bet(1)])
    frame = with_closing_value(bets, closes_of(close(1), close(2, probability_1=0.5)), LATER)
    assert frame.select(bets.columns).equals(bets)
    assert [None if value is None else round(value, 3) for value in frame["ev_clv"]] == [0.15, 0.035, None, 0.265]


def test_value_is_said_of_many_bets_at_once_as_of_each_alone():
    closes = closes_of(
        *(close(key, probability_1=0.45 + key / 100) for key in range(1, 6)),
        *(close(key, "total", line=7.0 + key / 2) for key in range(1, 6)),
        *(close(key, "spread", line=-1.5) for key in range(1, 6)),
    )
    rows = [bet(key, **total("under", 9.0)) for key in range(1, 6)] + [bet(key, **run_line()) for key in range(1, 6)]
    together = with_closing_value(bets_of(rows), closes, LATER)
    alone = pl.concat([with_closing_value(bets_of([row]), closes, LATER) for row in rows])
    assert np.allclose(together["ev_clv"].to_numpy(), alone["ev_clv"].to_numpy(), rtol=0, atol=1e-12)
