"""Fills: what stood at the book when the bet arrived, and nothing that came later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategy_worlds import (
    FIRST_PITCH,
    HOUR,
    MINUTE,
    SECOND,
    placed,
    placed_bets,
    starts_of,
    state,
    states_of,
)

from dagster_mlb.strategies.settling.fills import FILL_SCHEMA, fill, no_states

DECIDED = FIRST_PITCH - HOUR
ARRIVES = DECIDED + MINUTE


def filled(
    *states: dict[str, Any], bet: dict[str, Any] | None = None, latency: int = 60, **limits: Any
) -> dict[str, Any]:
    frame = fill(placed_bets(bet or placed()), states_of(*states), starts_of(1), latency, **limits)
    assert frame.schema == pl.Schema(FILL_SCHEMA)
    return frame.row(0, named=True)


def test_a_price_that_still_stands_is_got():
    row = filled(state(DECIDED - HOUR))
    assert (row["fill_kind"], row["price_american"], row["filled_at"]) == ("standing", 130, ARRIVES)
    assert row["quoted_price_american"] == 130 and row["unfilled_reason"] is None and row["latency_seconds"] == 60


def test_a_price_that_changed_on_the_way_is_got_as_it_is_then():
    row = filled(state(DECIDED - HOUR), state(ARRIVES, 115, -130))
    assert (row["fill_kind"], row["price_american"], row["quoted_price_american"]) == ("moved", 115, 130)
    assert row["price_decimal"] == pytest.approx(2.15)


def test_what_changes_a_second_after_the_bet_arrived_does_not_matter():
    row = filled(state(DECIDED - HOUR), state(ARRIVES + SECOND, 100, -120))
    assert (row["fill_kind"], row["price_american"]) == ("standing", 130)


def test_without_latency_the_price_on_the_screen_is_got():
    assert filled(state(DECIDED), state(DECIDED + SECOND, 100), latency=0)["price_american"] == 130


@pytest.mark.parametrize(
    ("side", "line", "got"), [("away", 1.5, -140), ("home", -1.5, 130), ("over", 8.5, 130), ("under", 8.5, -140)]
)
def test_each_side_gets_its_own_price_on_the_line_seen_from_it(side, line, got):
    market = "total" if side in ("over", "under") else "spread"
    book = {"market": market, "line": 8.5 if market == "total" else -1.5}
    bet = placed(1, market, side=side, line=line, price_american=got)
    row = filled(state(DECIDED, 130, -140, **book), bet=bet)
    assert (row["fill_kind"], row["line"], row["price_american"]) == ("standing", line, got)


def test_a_line_that_moved_is_bet_as_it_is_then():
    bet = placed(1, "total", line=8.5, price_american=-110)
    row = filled(state(ARRIVES, -105, -115, market="total", line=9.0), bet=bet)
    assert (row["fill_kind"], row["quoted_line"], row["line"], row["price_american"]) == ("moved", 8.5, 9.0, -105)


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ([state(DECIDED), state(ARRIVES, is_open=False, unusable_because="suspended")], "the market was suspended"),
        ([state(DECIDED), state(ARRIVES, None, None, is_open=False, unusable_because="one_sided")], "no longer quoted"),
        ([state(DECIDED), state(ARRIVES, is_open=False)], "was not open"),
        ([state(DECIDED), state(ARRIVES, None, -150)], "no longer quoted"),
        ([state(ARRIVES + SECOND)], "no price of this book"),
        ([state(DECIDED, book="fanduel")], "no price of this book"),
    ],
)
def test_where_there_was_nothing_to_get_the_bet_is_unfilled_and_says_why(states, reason):
    row = filled(*states)
    assert row["fill_kind"] == "unfilled" and reason in row["unfilled_reason"]
    assert (row["line"], row["price_american"], row["price_decimal"], row["filled_at"]) == (None,) * 4
    assert row["quoted_price_american"] == 130


@pytest.mark.parametrize(("before", "kind"), [(61, "standing"), (60, "unfilled"), (1, "unfilled")])
def test_a_bet_that_arrives_at_first_pitch_is_too_late(before, kind):
    row = filled(state(DECIDED), bet=placed(decision_at=FIRST_PITCH - timedelta(seconds=before)))
    assert row["fill_kind"] == kind
    assert row["unfilled_reason"] == (None if kind == "standing" else "first pitch came first")


def test_a_game_of_unknown_start_is_not_bet_at_a_moment():
    frame = fill(placed_bets(placed()), states_of(state(DECIDED)), starts_of(1, at=None), 60)
    assert frame["unfilled_reason"].to_list() == ["nobody knows when the game began"]


def test_an_archive_s_label_is_got_as_it_was_printed_at_its_own_moment():
    row = filled(state(ARRIVES, 100, -120), bet=placed(moment_assumed=True, decision="open"))
    assert (row["fill_kind"], row["price_american"], row["filled_at"]) == ("label", 130, DECIDED)


def test_the_close_is_got_as_it_stood():
    row = filled(state(DECIDED, 120, -140), bet=placed(decision="close", decision_at=FIRST_PITCH))
    assert (row["fill_kind"], row["price_american"], row["filled_at"]) == ("standing", 130, FIRST_PITCH)


def test_labels_among_the_states_are_no_prices_of_their_moment():
    row = filled(state(DECIDED), state(ARRIVES, 100, -120, label="close"))
    assert row["price_american"] == 130


@pytest.mark.parametrize(("got", "kind"), [(160, "moved"), (125, "moved"), (124, "unfilled"), (100, "unfilled")])
def test_a_price_may_slip_only_so_far(got, kind):
    """2.30 less 2.6 % is 2.2402."""
    row = filled(state(ARRIVES, got), worst_slip=0.026)
    assert row["fill_kind"] == kind
    assert row["unfilled_reason"] is None or "slipped" in row["unfilled_reason"]


@pytest.mark.parametrize(
    ("side", "line", "now", "kind"),
    [
        ("over", 8.5, 9.0, "unfilled"),
        ("over", 8.5, 8.0, "moved"),
        ("under", 8.5, 8.0, "unfilled"),
        ("under", 8.5, 9.0, "moved"),
        ("home", -1.5, -2.0, "unfilled"),
        ("away", 1.5, -2.0, "moved"),
        ("away", 1.5, -1.0, "unfilled"),
    ],
)
def test_where_slips_are_limited_a_line_that_moved_against_the_bet_is_too_much(side, line, now, kind):
    market = "total" if side in ("over", "under") else "spread"
    bet = placed(1, market, side=side, line=line, price_american=-110)
    row = filled(state(ARRIVES, -110, -110, market=market, line=now), bet=bet, worst_slip=0.05)
    assert row["fill_kind"] == kind


def test_a_price_that_became_too_short_is_not_taken():
    bet = placed(price_american=-150)
    assert filled(state(ARRIVES, -170, 150), bet=bet, shortest_price=-160)["fill_kind"] == "unfilled"
    assert filled(state(ARRIVES, -160, 140), bet=bet, shortest_price=-160)["fill_kind"] == "moved"


def test_bets_keep_their_order_and_their_number():
    bets = placed_bets(placed(2), placed(1), placed(1, book="fanduel"))
    frame = fill(bets, states_of(state(DECIDED), state(DECIDED, game_key=2)), starts_of(1, 2), 60)
    assert frame.select("game_key", "book").equals(bets.select("game_key", "book"))
    assert fill(placed_bets(), no_states(), starts_of(1), 60).is_empty()


def test_a_bet_cannot_arrive_before_it_is_decided():
    with pytest.raises(ValueError, match="latency"):
        fill(placed_bets(), no_states(), starts_of(1), -1)


seconds = st.integers(-3600, 3600)
prices = st.sampled_from([-200, -150, -110, 100, 120, 150])
moments = st.lists(st.tuples(seconds, prices, prices, st.booleans()), max_size=12)


@given(states=moments, later=moments, latency=st.integers(0, 900))
def test_no_later_state_can_change_a_fill(states, later, latency):
    """Whatever happens after the bet arrived, it got what it got."""
    known = [state(DECIDED + timedelta(seconds=s), one, two, is_open=is_open) for s, one, two, is_open in states]
    arrives = DECIDED + timedelta(seconds=latency)
    after = [
        state(arrives + timedelta(seconds=1 + abs(s)), one, two, is_open=is_open) for s, one, two, is_open in later
    ]
    past = [row for row in known if row["known_at"] <= arrives]
    assert filled(*past, latency=latency) == filled(*past, *after, latency=latency)


@given(states=moments, latency=st.integers(0, 900))
def test_what_is_got_was_quoted_at_that_moment_by_an_open_market(states, latency):
    rows = [state(DECIDED + timedelta(seconds=s), one, two, is_open=is_open) for s, one, two, is_open in states]
    got = filled(*rows, latency=latency)
    if got["fill_kind"] != "unfilled":
        arrives = DECIDED + timedelta(seconds=latency)
        last = max((row["known_at"] for row in rows if row["known_at"] <= arrives), default=None)
        standing = [row for row in rows if row["known_at"] == last]
        assert got["price_american"] in [row["price_1"] for row in standing if row["is_open"]]
        assert got["filled_at"] == arrives < FIRST_PITCH
