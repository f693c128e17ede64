"""Listed pitchers: no action where another started than the one who was known when the bet was decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from strategy_worlds import (
    FIRST_PITCH,
    HOUR,
    LATER,
    SECOND,
    bet,
    bets_of,
    games_of,
    result_row,
    results_of,
    starter,
    starters_of,
)

from dagster_mlb.strategies.settling.settlement import settle, settlement_history

DECIDED = FIRST_PITCH - 3 * HOUR
KNOWN = datetime(2019, 4, 2, 12, tzinfo=UTC)
EARLY = DECIDED - HOUR


def settled(*starters: dict[str, Any], listed: bool = True) -> dict[str, Any]:
    bets = bets_of([bet(decision_at=DECIDED)])
    told = starters_of(*starters) if listed else None
    return settle(bets, games_of(1), results_of([result_row()]), LATER, starters=told).row(0, named=True)


BOTH = (starter("home", "Cole", EARLY), starter("away", "Sale", EARLY))


def test_with_both_who_were_listed_the_bet_has_action():
    row = settled(*BOTH)
    assert (row["result"], row["settlement_reason"]) == ("win", None)


@pytest.mark.parametrize("side", ["home", "away"])
def test_another_starter_of_either_side_makes_it_void_and_names_him(side):
    row = settled(*BOTH, starter(side, "Smith", FIRST_PITCH - SECOND))
    assert (row["result"], row["profit"], row["settled_at"]) == ("void", 0.0, KNOWN)
    assert f"Smith started for the {side} side" in row["settlement_reason"]


def test_who_is_found_out_only_after_the_game_to_have_started_counts():
    assert settled(*BOTH, starter("home", "Smith", KNOWN))["result"] == "void"


def test_what_is_said_after_the_result_does_not_count():
    assert settled(*BOTH, starter("home", "Smith", KNOWN + SECOND))["result"] == "win"


def test_a_starter_who_was_changed_before_the_decision_is_the_one_listed():
    assert settled(*BOTH, starter("home", "Smith", DECIDED))["result"] == "win"


def test_the_same_bet_without_listed_pitchers_has_action_whoever_starts():
    assert settled(*BOTH, starter("home", "Smith", FIRST_PITCH), listed=False)["result"] == "win"


@pytest.mark.parametrize(
    ("starters", "who"),
    [
        ((), "two sides"),
        ((BOTH[0],), "away side"),
        ((BOTH[1],), "home side"),
        ((starter("home", "Cole", FIRST_PITCH),), "two"),
    ],
)
def test_where_nobody_was_known_the_bet_has_action_and_says_so(starters, who):
    row = settled(*starters)
    assert row["result"] == "win" and who in row["settlement_reason"] and "action" in row["settlement_reason"]


def test_names_of_another_source_are_not_compared():
    other = {"source": "retrosheet", "source_rank": 2}
    assert settled(*BOTH, starter("home", "coleg001", FIRST_PITCH, **other))["result"] == "win"


def test_the_source_that_is_believed_first_lists():
    late = {"source": "retrosheet", "source_rank": 2}
    rows = (starter("home", "a", EARLY, **late), starter("home", "b", FIRST_PITCH, **late), *BOTH)
    assert settled(*rows)["result"] == "win"
    assert settled(*rows[:2], BOTH[1])["result"] == "void"


def test_a_bet_on_a_game_without_a_result_waits_as_any_other():
    bets = bets_of([bet(decision_at=DECIDED)])
    starters = starters_of(*BOTH, starter("home", "Smith", FIRST_PITCH))
    assert settle(bets, games_of(1), results_of([]), KNOWN, starters=starters)["result"].to_list() == ["pending"]


def test_the_history_keeps_the_void_as_well():
    bets = bets_of([bet(decision_at=DECIDED, bet_id="one")])
    starters = starters_of(*BOTH, starter("home", "Smith", FIRST_PITCH))
    frame = settlement_history(bets, games_of(1), results_of([result_row()]), LATER, starters=starters)
    assert frame.select("version", "result").rows() == [(1, "void")]
