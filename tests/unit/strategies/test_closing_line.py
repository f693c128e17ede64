"""EV-CLV: the golden example of the reference, circular closes, and the reasons why a close is missing."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from strategy_worlds import LATER, bet, bets_of

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.closing_line import with_closing_value

CLOSE_AT = datetime(2019, 4, 1, 23, 5, tzinfo=UTC)


def close_of(**changes) -> pl.DataFrame:
    row = {
        "game_key": 1,
        "source": "tick_archive",
        "book": "pinnacle",
        "close_home_probability": 0.55,
        "close_at": CLOSE_AT,
    } | changes
    schema = {"game_key": pl.Int64, "close_home_probability": pl.Float64, "close_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame([row], schema_overrides=schema)


@pytest.mark.parametrize(("method", "expected"), [("multiplicative", 0.0235), ("odds_ratio", 0.0267)])
def test_minus_120_that_closes_at_minus_135_plus_120_is_worth_two_and_a_half_percent(method, expected):
    close = close_of(close_home_probability=no_vig_from_american(-135, 120, method).item())
    taken = bets_of([bet(price_decimal=american_to_decimal(-120).item())])
    row = with_closing_value(taken, close, LATER).row(0, named=True)
    assert row["ev_clv"] == pytest.approx(expected, abs=5e-5)
    assert row["beat_close"] is True
    assert row["missing_close_reason"] is None


def test_the_away_side_is_valued_at_the_complement():
    row = with_closing_value(bets_of([bet(side="away", price_decimal=2.0)]), close_of(), LATER).row(0, named=True)
    assert row["close_probability"] == pytest.approx(0.45)
    assert row["ev_clv"] == pytest.approx(-0.10)
    assert row["beat_close"] is False


def test_the_close_of_the_book_that_was_bet_is_flagged_circular():
    bets = bets_of([bet(source="tick_archive", book="pinnacle"), bet(source="tick_archive", book="fanduel")])
    assert with_closing_value(bets, close_of(), LATER)["is_circular_close"].to_list() == [True, False]


@pytest.mark.parametrize(
    ("bet_changes", "close_changes", "now", "reason"),
    [
        ({"market": "total", "side": "over", "line": 8.5}, {}, LATER, "only moneylines"),
        ({"game_key": 2}, {}, LATER, "no book has a benchmark close"),
        ({}, {"close_home_probability": None}, LATER, "lacks a side"),
        ({}, {"close_home_probability": None, "close_at": None}, LATER, "has no close, or not yet"),
        ({}, {"close_at": None}, LATER, "nobody knows when"),
        ({}, {}, datetime(2019, 4, 1, 22, tzinfo=UTC), "has not begun"),
    ],
)
def test_every_missing_close_has_its_reason_and_no_value(bet_changes, close_changes, now, reason):
    row = with_closing_value(bets_of([bet(**bet_changes)]), close_of(**close_changes), now).row(0, named=True)
    assert reason in row["missing_close_reason"]
    assert (row["close_probability"], row["ev_clv"], row["beat_close"], row["is_circular_close"]) == (None,) * 4


def test_two_benchmark_closes_for_one_game_are_refused():
    with pytest.raises(ValueError, match="is_benchmark"):
        with_closing_value(bets_of([bet()]), pl.concat([close_of(), close_of()]), LATER)
