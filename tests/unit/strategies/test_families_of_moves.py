"""The families that read which way the market went."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from side_worlds import picked, quote, signal, the_pick

from dagster_mlb.strategies.families.closing_line_chase import ClosingLineChase
from dagster_mlb.strategies.families.hybrid_sharp import HybridSharp
from dagster_mlb.strategies.families.line_movement import LineMovement
from dagster_mlb.strategies.families.reverse_line_movement import LineFreeze, ReverseLineMovement
from dagster_mlb.strategies.families.steam import Steam

# Reverse line movement --------------------------------------------------------------------------------------

BOS_IS_PUBLIC = {"tickets_1": 29.0, "move": 0.052, "episode_move": 0.052, "consensus_books": 5}
AT_THE_EDGE = {"tickets_1": 40.0, "episode_move": 0.045, "consensus_books": 2}


def test_reverse_line_movement_bets_against_the_public_that_the_market_left() -> None:
    pick = the_pick(ReverseLineMovement(window="open"), quote(**BOS_IS_PUBLIC))
    assert pick["side"] == "home"
    assert pick["strength"] == pytest.approx(21 * 0.052)
    assert pick["reason"] == ("tickets 71 % on BOS while the market moved −0.052 logit against it since the open: NYY")


def test_a_move_with_the_public_is_not_reverse() -> None:
    with_the_public = BOS_IS_PUBLIC | {"move": -0.052, "episode_move": -0.052}
    assert picked(ReverseLineMovement(), quote(**with_the_public)) == []


def test_of_a_total_it_means_the_same() -> None:
    rule = ReverseLineMovement(markets=("total",))
    assert picked(rule, quote("total", tickets_1=70.0, episode_move=-0.18, consensus_books=3)) == ["under"]
    assert picked(rule, quote("total", tickets_1=30.0, episode_move=-0.18, consensus_books=3)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"tickets_1": 40.1},
        {"episode_move": 0.0449},
        {"consensus_books": 1},
        {"tickets_1": None},
        {"episode_move": None},
        {"consensus_books": None},
    ],
)
def test_reverse_line_movement_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(ReverseLineMovement(), quote(**AT_THE_EDGE)) == ["home"]
    assert picked(ReverseLineMovement(), quote(**AT_THE_EDGE | change)) == []


def test_a_move_that_came_with_another_starter_is_news() -> None:
    news = BOS_IS_PUBLIC | {"move": 0.4, "episode_move": 0.0}
    assert picked(ReverseLineMovement(), quote(**news)) == []
    assert picked(ReverseLineMovement(window="open"), quote(**news)) == ["home"]
    assert picked(ReverseLineMovement(), quote(**news | {"episode_move": None})) == ["home"]  # there was none


def test_at_a_signal_it_takes_the_side_that_the_signal_points_to() -> None:
    told = {"signal_tickets_pct": 30.0, "signal_money_pct": 45.0, "signal_move": 0.06}
    rule = ReverseLineMovement()
    assert the_pick(rule, signal("reverse_line_movement", "away", **told))["reason"] == (
        "tickets 70 % on NYY while the market moved −0.06 logit against it within the signal: BOS"
    )
    assert picked(rule, signal("steam", "away", **told)) == []
    assert picked(rule, signal("reverse_line_movement", "away", **told | {"signal_tickets_pct": 40.1})) == []
    assert picked(rule, signal("reverse_line_movement", "away", **told | {"signal_move": None})) == []


def test_a_threshold_of_no_move_is_refused() -> None:
    with pytest.raises(ValidationError, match="min_move"):
        ReverseLineMovement(min_move=0)


# Line freeze ------------------------------------------------------------------------------------------------

FROZEN = {"tickets_1": 75.0, "episode_move": -0.02, "consensus_books": 2}


def test_a_price_that_does_not_answer_the_public_is_bet_against_it() -> None:
    pick = the_pick(LineFreeze(), quote(**FROZEN))
    assert (pick["side"], pick["strength"]) == ("away", 25.0)
    assert pick["reason"] == (
        "tickets 75 % on NYY and the market moved only −0.02 logit since the open or a change of starter: BOS"
    )


@pytest.mark.parametrize(
    "change", [{"tickets_1": 74.9}, {"episode_move": 0.0201}, {"episode_move": -0.0201}, {"episode_move": None}]
)
def test_line_freeze_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(LineFreeze(), quote(**FROZEN | change)) == []


# Steam ------------------------------------------------------------------------------------------------------


def test_steam_follows_the_move_at_the_best_price() -> None:
    told = {"signal_move": 0.045, "signal_strength": 0.045}
    quotes = [
        signal("steam", "away", **told),
        signal("steam", "away", **told, book="fanduel", price_2=-118, is_benchmark=False, sharp_rank=10),
    ]
    pick = the_pick(Steam(), *quotes)
    assert (pick["side"], pick["book"], pick["strength"]) == ("away", "fanduel", 0.045)
    assert pick["reason"] == "steam: +0.045 logit toward BOS, −118 still to be had at fanduel"


@pytest.mark.parametrize(
    "world",
    [
        signal("steam", "away", signal_move=0.0449),
        signal("steam", "away", signal_move=None),
        signal("jump", "away", signal_move=0.2),
        quote(move=0.3, move_1h=0.3),
    ],
)
def test_what_is_no_steam_is_not_followed(world: dict[str, Any]) -> None:
    assert picked(Steam(), world) == []


def test_steam_may_be_asked_to_be_late() -> None:
    assert picked(Steam(max_hours_to_start=3), signal("steam", "away", signal_move=0.1)) == ["away"]
    assert picked(Steam(max_hours_to_start=2), signal("steam", "away", signal_move=0.1)) == []


# Line movement ----------------------------------------------------------------------------------------------

MOVED_AWAY = {"move": -0.09, "consensus_books": 2, "reversals": 2}


def test_line_movement_follows_the_market() -> None:
    pick = the_pick(LineMovement(), quote(**MOVED_AWAY))
    assert (pick["side"], pick["strength"]) == ("away", 0.09)
    assert pick["reason"] == "the market moved +0.09 logit toward BOS since the open"


@pytest.mark.parametrize("change", [{"move": -0.0899}, {"move": None}])
def test_line_movement_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(LineMovement(), quote(**MOVED_AWAY | change)) == []


def test_line_movement_may_be_steady_late_or_of_another_stretch() -> None:
    assert picked(LineMovement(max_reversals=2), quote(**MOVED_AWAY)) == ["away"]
    assert picked(LineMovement(min_books=2), quote(**MOVED_AWAY)) == ["away"]
    assert picked(LineMovement(min_books=3), quote(**MOVED_AWAY)) == []
    assert picked(LineMovement(min_books=3), quote(**MOVED_AWAY | {"consensus_books": None})) == []
    assert picked(LineMovement(max_reversals=1), quote(**MOVED_AWAY)) == []
    assert picked(LineMovement(max_reversals=1), quote(**MOVED_AWAY | {"reversals": None})) == []
    assert picked(LineMovement(max_hours_to_start=0.9), quote(**MOVED_AWAY)) == []
    other = quote(**MOVED_AWAY, late_move=0.1, move_1h=0.2)
    assert picked(LineMovement(window="late"), other) == ["home"]
    assert the_pick(LineMovement(window="1h"), other)["reason"].endswith("+0.2 logit toward NYY in the last hour")


def test_line_movement_at_signals_takes_the_kinds_it_is_asked_for() -> None:
    late = signal("late_move", "home", signal_move=0.1)
    assert picked(LineMovement(), late) == []
    assert picked(LineMovement(signal_kinds=("late_move",)), late) == ["home"]


# Closing line chase -----------------------------------------------------------------------------------------


def at_close(market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    told = {"decision": "close", "probability_1": 0.55}
    return quote(market, **told | changes)


def test_the_chase_buys_at_the_close_what_has_become_likelier() -> None:
    # logit .55 = .2007; from 53 % it has come .0805, from 53.01 % .0801
    assert picked(ClosingLineChase(), at_close(move=0.0806)) == ["home"]
    assert picked(ClosingLineChase(), at_close(move=0.0800)) == []
    pick = the_pick(ClosingLineChase(), at_close(move=-0.2))
    assert (pick["side"], pick["strength"]) == ("away", pytest.approx(4.885, abs=1e-3))
    assert pick["reason"] == "BOS is at 45 %, 4.88 points likelier than at the open"


def test_a_line_that_moved_is_a_rise_at_todays_line() -> None:
    rule = ClosingLineChase(markets=("total",))
    # The line went up by half a run at even prices: .18 logit toward the over.
    assert picked(rule, at_close("total", probability_1=0.5, open_probability_1=0.5, move=0.18)) == ["over"]


@pytest.mark.parametrize("change", [{"move": None}, {"probability_1": None}])
def test_the_chase_needs_open_and_close(change: dict[str, Any]) -> None:
    assert picked(ClosingLineChase(), at_close(**{"move": 0.2} | change)) == []


# Hybrid sharp -----------------------------------------------------------------------------------------------

CONFIRMED = {"episode_move": 0.045, "tickets_1": 45.0, "money_1": 55.0, "consensus_books": 2}


def test_hybrid_sharp_needs_money_and_move_on_one_side() -> None:
    pick = the_pick(HybridSharp(), quote(**CONFIRMED))
    assert (pick["side"], pick["strength"]) == ("home", 1.0)
    assert pick["reason"] == (
        "the market moved +0.045 logit toward NYY since the open or a change of starter, and its money is +10 points "
        "over its tickets"
    )
    assert the_pick(HybridSharp(), quote(**CONFIRMED | {"episode_move": 0.2, "money_1": 60.0}))["strength"] == 1.5


@pytest.mark.parametrize(
    "change",
    [
        {"episode_move": 0.0449},
        {"episode_move": -0.2},
        {"money_1": 54.9},
        {"money_1": 30.0},
        {"consensus_books": 1},
        {"episode_move": None},
        {"tickets_1": None},
        {"money_1": None},
    ],
)
def test_hybrid_sharp_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(HybridSharp(), quote(**CONFIRMED | change)) == []


def test_hybrid_sharp_at_a_signal_reads_both_from_it() -> None:
    told = {"signal_tickets_pct": 40.0, "signal_money_pct": 55.0, "signal_move": 0.05}
    assert picked(HybridSharp(), signal("sharp_public_divergence", "away", **told)) == ["away"]
    assert picked(HybridSharp(), signal("sharp_public_divergence", "away", **told | {"signal_move": None})) == []
    assert picked(HybridSharp(), signal("steam", "away", **told)) == []
