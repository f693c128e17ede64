"""A person's bets are settled and valued at their own prices, and what cannot be told has its reason."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from bet_worlds import DAY, LATER, MINUTE, START, bet, decimal_bet, graded, outcomes, starts, untied

from dagster_mlb.bets.graded_table import GRADED_COLUMNS
from dagster_mlb.strategies.settling.settlement import settle


@pytest.mark.parametrize(
    ("market", "side", "line", "result", "profit"),
    [
        ("moneyline", "home", None, "win", 50 / 1.1),
        ("moneyline", "away", None, "loss", -50.0),
        ("spread", "home", -1.5, "win", 50 / 1.1),
        ("spread", "away", 1.5, "loss", -50.0),
        ("spread", "home", -2.0, "push", 0.0),
        ("total", "under", 8.5, "win", 50 / 1.1),
        ("total", "over", 8.0, "push", 0.0),
    ],
)
def test_a_bet_is_paid_by_its_own_price_line_and_stake(market, side, line, result, profit):
    [row] = graded(bet(market=market, side=side, line=line))
    assert row["result"] == result
    assert row["profit"] == pytest.approx(profit)


def test_decimal_odds_are_paid_as_they_are_written():
    [row] = graded(decimal_bet("1.91"))
    assert row["profit"] == pytest.approx(50 * 0.91)


def test_ev_clv_is_the_price_against_the_no_vig_close():
    home, away = graded(bet(), decimal_bet("2.10", bet_id="b", side="away"))
    assert home["ev_clv"] == pytest.approx((1 + 100 / 110) * 0.55 - 1)
    assert away["ev_clv"] == pytest.approx(2.10 * 0.45 - 1)
    assert (home["beat_close"], away["beat_close"]) == (True, False)
    assert home["clv_method"] == "same_line" and home["missing_close_reason"] is None


def test_a_line_that_moved_is_told_in_runs_and_repriced():
    [row] = graded(bet(market="total", side="over", line=8.0))
    assert row["line_clv"] == 0.5
    assert row["clv_method"] == "repriced"
    assert row["ev_clv"] > (1 + 100 / 110) * 0.5 - 1


def test_a_close_of_the_very_book_is_circular_by_any_of_its_names():
    own, other = graded(bet(book="Pinnacle", book_keys=["pinnacle", "pinnacle_eu"]), bet(bet_id="b"))
    assert (own["is_circular_close"], other["is_circular_close"]) == (True, False)


def test_all_that_the_person_wrote_comes_back_unaltered_and_in_its_order():
    written = [
        bet(bet_id="z", record_number=5, tag="a", note="one, two", ref="T1", other_columns='{"mood": "good"}'),
        untied(bet_id="b", record_number=3, stake=0.5),
        bet(bet_id="c", record_number=2, placed_at=None, placed_on=None, book=None, book_keys=[]),
    ]
    rows = graded(*written)
    assert list(rows[0]) == GRADED_COLUMNS
    assert [row["bet_id"] for row in rows] == ["z", "b", "c"]
    for told, row in zip(written, rows, strict=True):
        own = {name: value for name, value in told.items() if name in GRADED_COLUMNS}
        assert own == {name: row[name] for name in own}


def test_a_bet_without_a_game_has_no_result_but_its_reason():
    row, other = graded(untied("a doubleheader: say which"), bet(bet_id="b"))
    assert (row["result"], row["profit"], row["ungraded_reason"]) == (None, None, "a doubleheader: say which")
    assert row["missing_close_reason"] == "the bet is tied to no game"
    assert other["result"] == "win"


def test_a_day_that_was_called_off_returns_the_stake_once_it_is_over():
    off = untied("it was postponed", called_off="postponed")
    [row] = graded(off)
    assert (row["result"], row["profit"], row["settlement_reason"]) == ("void", 0.0, "the game was postponed")
    assert (row["game_key"], row["ungraded_reason"]) == (None, None)
    [waiting] = graded(off, now=START - timedelta(hours=3))
    assert (waiting["result"], waiting["profit"]) == ("pending", None)


def test_a_game_without_a_result_is_pending_and_has_no_close_before_it_began():
    [row] = graded(bet(), of=outcomes(None, None), now=START - 30 * MINUTE)
    assert (row["result"], row["profit"], row["ev_clv"]) == ("pending", None, None)
    assert row["missing_close_reason"] == "the game has not begun"
    assert row["hold"] is None


def test_a_bet_in_play_is_settled_and_kept_out_of_closing_value():
    [row] = graded(bet(placed_at=START + 20 * MINUTE))
    assert (row["is_in_play"], row["result"]) == (True, "win")
    assert (row["ev_clv"], row["line_clv"], row["beat_close"]) == (None, None, None)
    assert row["missing_close_reason"].startswith("placed in play")


def test_a_bet_between_the_scheduled_start_and_a_delayed_first_pitch_is_before_the_game():
    delayed = starts(first_pitch_at=START + 60 * MINUTE, scheduled_start_at=START)
    [row] = graded(bet(placed_at=START + 20 * MINUTE), begun=delayed)
    assert row["is_in_play"] is False
    assert row["ev_clv"] is not None


@pytest.mark.parametrize(
    ("placed_on", "is_in_play"),
    [(DAY - timedelta(days=1), False), (DAY, None), (DAY + timedelta(days=1), True), (None, None)],
)
def test_a_day_alone_tells_what_it_can(placed_on, is_in_play):
    [row] = graded(bet(placed_at=None, placed_on=placed_on))
    assert row["is_in_play"] is is_in_play
    assert (row["ev_clv"] is not None) is (is_in_play is False)
    assert row["result"] == "win"


@pytest.mark.parametrize(
    ("changed", "begun", "words"),
    [
        ({"placed_at": None, "placed_on": None}, starts(), "when the bet was placed is not told"),
        ({"placed_at": None}, starts(), "at a time that is not told"),
        ({}, starts(None, None), "nobody tells when the game began"),
    ],
)
def test_what_may_have_been_in_play_has_no_closing_value_and_says_why(changed, begun, words):
    [row] = graded(bet(**changed), begun=begun)
    assert row["is_in_play"] is None and row["ev_clv"] is None
    assert words in row["missing_close_reason"] and "may have been in play" in row["missing_close_reason"]


def test_a_start_that_only_the_person_tells_is_believed():
    [row] = graded(bet(stated_start_at=START), begun=starts(None, None))
    assert row["is_in_play"] is False


def test_the_null_is_the_hold_at_the_close_where_the_books_own_is_not_known():
    [row] = graded(bet())
    implied = 125 / 225 + 100 / 215
    assert (row["hold_of"], row["hold"]) == ("close", pytest.approx(1 - 1 / implied))


def test_a_corrected_result_grades_the_bet_anew():
    before, after = outcomes(5, 3), outcomes(2, 3)
    assert [graded(bet(), of=of)[0]["result"] for of in (before, after)] == ["win", "loss"]


def test_the_results_are_those_of_the_strategies_own_settlement():
    bets = [bet(bet_id=side, market="total", side=side, line=8.5) for side in ("over", "under")]
    own = settle(pl.DataFrame(bets, infer_schema_length=None), outcomes().games, outcomes().results, LATER)
    assert [row["profit"] for row in graded(*bets)] == own["profit"].to_list()
