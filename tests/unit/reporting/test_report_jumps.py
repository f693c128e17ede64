"""What is left of a price after a jump: before it, at its detection, and after the latency; never from later."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from report_world import NOW, START, jump, jumps_of, one_game, tick, ticks_of

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.reporting.strategy_report.jumps import latency_table, moment_in_words

#: +120 until the jump to −105 an hour before; −125 half an hour before; the close is −130.
TICKS = [tick(300, 120, -130), tick(60, -105, -105), tick(30, -125, 115), tick(1, -130, 120)]
CLOSE = 0.5558  # no-vig of −130/+120 by the odds ratio


def told(*ticks, jumps=None, outcomes=None, **changes) -> dict:
    outcomes = outcomes or one_game()
    states = ticks_of(*(ticks or TICKS)).join(outcomes.games.select("game_key", "starts_at"), on="game_key")
    table = latency_table(jumps if jumps is not None else jumps_of(jump(60)), states, outcomes, NOW, **changes)
    return {(row["moment"], row["latency"]): row for row in table.iter_rows(named=True)}


def worth(price: int) -> float:
    return american_to_decimal(price).item() * CLOSE - 1


def test_the_price_before_the_jump_is_worth_more_than_the_one_that_can_be_had():
    rows = told()
    assert rows["before", None]["ev_clv"] == pytest.approx(worth(120), abs=1e-3)
    assert rows["detection", 0]["ev_clv"] == pytest.approx(worth(-105), abs=1e-3)
    assert rows["after", 300]["ev_clv"] == pytest.approx(worth(-105), abs=1e-3)


def test_a_later_fill_gets_the_price_of_its_own_moment():
    rows = told(latencies=(0, 31 * 60))
    assert rows["after", 31 * 60]["ev_clv"] == pytest.approx(worth(-125), abs=1e-3)


def test_the_other_side_has_its_own_price():
    rows = told(jumps=jumps_of(jump(60, "away")))
    assert rows["detection", 0]["ev_clv"] == pytest.approx(american_to_decimal(-105).item() * (1 - CLOSE) - 1, abs=1e-3)


def test_the_return_is_that_of_the_result():
    assert told()["before", None]["roi"] == pytest.approx(1.2)
    assert told(outcomes=one_game(home_win=False))["before", None]["roi"] == -1.0


def test_what_cannot_be_filled_before_first_pitch_is_counted_and_left_out():
    rows = told(jumps=jumps_of(jump(10)), latencies=(0, 900))
    assert rows["detection", 0]["n"] == 1 and rows["detection", 0]["not_filled"] == 0
    assert rows["after", 900]["n"] == 0 and rows["after", 900]["not_filled"] == 1
    assert rows["after", 900]["ev_clv"] is None


def test_a_market_that_is_closed_gives_no_fill():
    rows = told(*TICKS[:1], tick(60, -105, -105, is_open=False), *TICKS[2:])
    assert rows["detection", 0]["not_filled"] == 1


def test_no_price_from_first_pitch_on_is_looked_at():
    late = tick(-20, -500, 400)
    assert late["known_at"] == START + timedelta(minutes=20)
    assert told(*TICKS, late) == told()


def test_another_archive_s_close_stands_beside_the_book_s_own():
    other = pl.DataFrame({"game_key": [1], "close_home_probability": [0.6]})
    rows = told(other_closes=other)
    assert rows["detection", 0]["ev_clv_other"] == pytest.approx(american_to_decimal(-105).item() * 0.6 - 1)
    assert rows["detection", 0]["n_other"] == 1
    assert told()["detection", 0]["n_other"] == 0


def test_without_jumps_there_is_no_row():
    assert told(jumps=jumps_of(jump(60)).clear()) == {}


def test_the_price_before_is_called_an_oracle():
    words = [moment_in_words({"moment": moment, "latency": latency}) for moment, latency in told()]
    assert words == ["ORACLE: before the jump", "at its detection", "60 s later", "300 s later", "900 s later"]
