"""The families that read where the public's bets and money are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from side_worlds import BOS, NYY, TB, picked, picks_of, quote, signal, the_pick

from dagster_mlb.strategies.families.consensus import Consensus
from dagster_mlb.strategies.families.late_flip import LateFlip
from dagster_mlb.strategies.families.opposing_markets import OpposingMarkets
from dagster_mlb.strategies.families.public_fade import PublicFade
from dagster_mlb.strategies.families.sharp_action import SharpAction
from dagster_mlb.strategies.families.team_bias import TeamBias
from dagster_mlb.strategies.families.timing import Timing
from dagster_mlb.strategies.families.total_sweet_spots import TotalSweetSpots
from dagster_mlb.strategies.families.underdog_value import UnderdogValue

# Sharp action -----------------------------------------------------------------------------------------------

SHARP_HOME = {"tickets_1": 40.0, "money_1": 55.0, "split_voices": 1}


def test_sharp_action_takes_the_side_with_more_money_than_bets() -> None:
    pick = the_pick(SharpAction(), quote(**SHARP_HOME))
    assert (pick["side"], pick["strength"]) == ("home", 15.0)
    assert pick["reason"] == "money 55 % against tickets 40 % on NYY: 15 points, at least 15"
    assert picked(SharpAction(), quote(tickets_1=60.0, money_1=44.0, split_voices=1)) == ["away"]


@pytest.mark.parametrize(
    "change",
    [
        {"tickets_1": 40.1},  # 14.9 points
        {"tickets_1": 39.0, "money_1": 54.9},  # less than 55 % of the money
        {"split_voices": 0},
        {"tickets_1": None},
        {"money_1": None},
        {"split_voices": None},
    ],
)
def test_sharp_action_needs_all_of_its_evidence(change: dict[str, Any]) -> None:
    assert picked(SharpAction(), quote(**SHARP_HOME | change)) == []


def test_sharp_action_may_ask_for_more_and_for_later() -> None:
    assert picked(SharpAction(min_differential=15.1), quote(**SHARP_HOME)) == []
    assert picked(SharpAction(min_voices=2), quote(**SHARP_HOME)) == []
    assert picked(SharpAction(max_hours_to_start=1), quote(**SHARP_HOME)) == ["home"]
    assert picked(SharpAction(max_hours_to_start=0.9), quote(**SHARP_HOME)) == []
    assert picked(SharpAction(max_hours_to_start=1), quote(**SHARP_HOME, hours_to_start=None)) == []


def test_a_split_of_all_or_nothing_is_a_handful_of_bets_and_no_evidence() -> None:
    assert picked(SharpAction(), quote(tickets_1=40.0, money_1=100.0, split_voices=1)) == []
    assert picked(SharpAction(), quote(tickets_1=0.0, money_1=60.0, split_voices=1)) == []


def test_sharp_action_at_a_signal_reads_the_signal() -> None:
    told = {"signal_tickets_pct": 70.0, "signal_money_pct": 40.0}  # of the home side: away has the larger bets
    assert picked(SharpAction(), signal("sharp_public_divergence", "home", **told)) == ["away"]
    assert picked(SharpAction(), signal("steam", "home", **told)) == []


# Consensus --------------------------------------------------------------------------------------------------

HEAVY_AWAY = {"tickets_1": 40.0, "money_1": 20.0, "split_voices": 1}


def test_consensus_goes_with_bets_and_money() -> None:
    pick = the_pick(Consensus(), quote(**HEAVY_AWAY))
    assert (pick["side"], pick["strength"]) == ("away", 70.0)
    assert pick["reason"] == "money 80 % and tickets 60 % on BOS"


@pytest.mark.parametrize("change", [{"money_1": 20.1}, {"tickets_1": 40.1}, {"money_1": None}, {"tickets_1": None}])
def test_consensus_needs_both(change: dict[str, Any]) -> None:
    assert picked(Consensus(), quote(**HEAVY_AWAY | change)) == []


# Public fade ------------------------------------------------------------------------------------------------

PUBLIC_ON_OVER = {"tickets_1": 75.0, "tickets_min_1": 70.0, "tickets_max_1": 82.0, "split_voices": 3}


def test_public_fade_goes_against_the_public() -> None:
    pick = the_pick(PublicFade(markets=("total",)), quote("total", **PUBLIC_ON_OVER))
    assert (pick["side"], pick["strength"]) == ("under", 75.0)
    assert pick["reason"] == "tickets 75 % on over 8.5, 3 voices, none below 70: under 8.5"


@pytest.mark.parametrize(
    "change",
    [
        {"tickets_1": 74.9},
        {"tickets_min_1": 69.9},
        {"split_voices": 2},
        {"tickets_1": None},
        {"tickets_min_1": None},
        {"split_voices": None},
    ],
)
def test_public_fade_needs_a_public_of_one_mind(change: dict[str, Any]) -> None:
    assert picked(PublicFade(markets=("total",)), quote("total", **PUBLIC_ON_OVER | change)) == []


def test_public_fade_by_money_does_not_look_at_the_bets() -> None:
    by_money = {"money_1": 88.0, "money_min_1": 85.0, "money_max_1": 90.0, "split_voices": 3}
    assert picked(PublicFade(), quote(**by_money)) == []
    assert picked(PublicFade(measure="money"), quote(**by_money)) == ["away"]


# Late flip --------------------------------------------------------------------------------------------------

FLIPPED = {"early_money_1": 60.0, "money_1": 45.0}


def test_late_flip_takes_the_early_side() -> None:
    pick = the_pick(LateFlip(), quote(**FLIPPED))
    assert (pick["side"], pick["strength"]) == ("home", 15.0)
    assert pick["reason"] == "money 60 % on NYY six hours before the start, 45 % now: 15 points late"


@pytest.mark.parametrize(
    "change",
    [
        {"early_money_1": 59.9, "money_1": 44.0},  # no early side
        {"early_money_1": 64.0, "money_1": 50.0},  # half is no flip
        {"money_1": 45.1},  # 14.9 points
        {"hours_to_start": 3.1},
        {"hours_to_start": None},
        {"early_money_1": None},
        {"money_1": None},
    ],
)
def test_late_flip_needs_an_early_side_that_lost_its_majority_late(change: dict[str, Any]) -> None:
    assert picked(LateFlip(), quote(**FLIPPED | change)) == []


def test_late_flip_by_differential_needs_it_on_both_sides_in_turn() -> None:
    rule = LateFlip(measure="differential")
    told = {"early_tickets_1": 48.0, "early_money_1": 60.0, "tickets_1": 57.0, "money_1": 45.0}
    pick = the_pick(rule, quote(**told))
    assert (pick["side"], pick["strength"]) == ("home", 24.0)
    assert pick["reason"] == "money over tickets +12 points on NYY six hours before the start, −12 now: 24 points late"
    assert picked(rule, quote(**told | {"money_1": 45.1})) == []
    assert picked(rule, quote(**told | {"early_money_1": 59.9})) == []
    assert picked(rule, quote(**told | {"early_tickets_1": None})) == []


# Timing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "money", "expected"),
    [
        (2.0, 58.0, ["home"]),
        (2.0, 57.9, []),
        (2.1, 90.0, []),
        (1.0, 56.0, ["home"]),
        (1.0, 55.9, []),
        (0.5, 55.0, ["home"]),
        (0.5, 54.9, []),
        (None, 90.0, []),
        (1.0, None, []),
    ],
)
def test_the_later_it_is_the_fewer_points_are_enough(hours: float, money: float, expected: list[str]) -> None:
    assert picked(Timing(), quote(tickets_1=50.0, money_1=money, hours_to_start=hours)) == expected


def test_timing_says_when_and_how_much() -> None:
    reason = the_pick(Timing(), quote(tickets_1=50.0, money_1=43.0, hours_to_start=0.75))["reason"]
    assert reason == "money over tickets +7 points on BOS 0.75 hours before the start, at least 6"


def test_persistent_timing_needs_the_same_side_early_and_now() -> None:
    rule = Timing(pattern="persistent")
    told = {"early_tickets_1": 50.0, "early_money_1": 58.0, "tickets_1": 50.0, "money_1": 60.0}
    pick = the_pick(rule, quote(**told))
    assert (pick["side"], pick["strength"]) == ("home", 8.0)
    assert pick["reason"] == "money over tickets +8 points on NYY six hours before the start and +10 still"
    for change in ({"early_money_1": 57.9}, {"money_1": 57.9}, {"money_1": 40.0}, {"early_money_1": None}):
        assert picked(rule, quote(**told | change)) == []


# Opposing markets -------------------------------------------------------------------------------------------

MONEYLINE_HOME = quote(tickets_1=50.0, money_1=62.0)
SPREAD_AWAY = quote("spread", tickets_1=50.0, money_1=45.0)


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("stronger", ["moneyline home"]),
        ("weaker", ["spread away"]),
        ("moneyline", ["moneyline home"]),
        ("spread", ["spread away"]),
    ],
)
def test_opposing_markets_believes_the_one_that_is_preferred(prefer: str, expected: list[str]) -> None:
    assert picked(OpposingMarkets(prefer=prefer), MONEYLINE_HOME, SPREAD_AWAY) == expected


def test_opposing_markets_says_what_stands_against_what() -> None:
    pick = the_pick(OpposingMarkets(), MONEYLINE_HOME, SPREAD_AWAY)
    assert pick["strength"] == 17.0
    assert pick["reason"] == (
        "money over tickets +12 points on NYY in the moneyline, −5 in the other market; the stronger one is believed"
    )


@pytest.mark.parametrize("money", [45.1, 55.0, None])
def test_markets_that_agree_or_say_too_little_are_not_opposed(money: float | None) -> None:
    assert picked(OpposingMarkets(), MONEYLINE_HOME, SPREAD_AWAY | {"money_1": money}) == []


def test_two_games_or_equally_strong_markets_are_not_opposed() -> None:
    assert picked(OpposingMarkets(), MONEYLINE_HOME, SPREAD_AWAY | {"game_key": 2}) == []
    assert picked(OpposingMarkets(), MONEYLINE_HOME, SPREAD_AWAY | {"money_1": 38.0}) == []


def test_opposing_markets_cannot_do_with_one_market() -> None:
    with pytest.raises(ValidationError, match="both are needed"):
        OpposingMarkets(markets=("moneyline",))


# Underdog value ---------------------------------------------------------------------------------------------

DOG_HOME = {"price_1": 120, "price_2": -130, "tickets_1": 35.0}


def test_underdog_value_takes_the_dog_that_the_public_leaves() -> None:
    pick = the_pick(UnderdogValue(), quote(**DOG_HOME))
    assert (pick["side"], pick["strength"]) == ("home", 65.0)
    assert pick["reason"] == "NYY at +120 with tickets 65 % on BOS"
    assert picked(UnderdogValue(), quote(price_1=-330, price_2=300, tickets_1=65.0)) == ["away"]


@pytest.mark.parametrize(
    "change",
    [
        {"price_1": 119},
        {"price_1": 301, "price_2": -350},
        {"tickets_1": 35.1},
        {"tickets_1": None},
        {"price_1": -105, "price_2": -105},
    ],
)
def test_underdog_value_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(UnderdogValue(), quote(**DOG_HOME | change)) == []


def test_underdog_value_may_ask_for_larger_bets_on_the_dog() -> None:
    rule = UnderdogValue(min_differential=10)
    assert picked(rule, quote(**DOG_HOME)) == []
    assert picked(rule, quote(**DOG_HOME, money_1=44.9)) == []
    reason = the_pick(rule, quote(**DOG_HOME, money_1=45.0))["reason"]
    assert reason.endswith("money over tickets 10 points on the underdog")


# Total sweet spots ------------------------------------------------------------------------------------------

PUBLIC_OVER = {"line": 8.5, "tickets_1": 65.0, "money_1": 65.0}


def test_total_sweet_spots_goes_against_the_public_at_its_numbers() -> None:
    pick = the_pick(TotalSweetSpots(), quote("total", **PUBLIC_OVER))
    assert (pick["side"], pick["strength"]) == ("under", 65.0)
    assert pick["reason"] == (
        "the total stands at 8.5, tickets 65 % on over 8.5, money over tickets +0 points on under 8.5"
    )


@pytest.mark.parametrize(
    "change",
    [{"line": 8.0}, {"line": None}, {"tickets_1": 64.9}, {"money_1": 65.1}, {"tickets_1": None}, {"money_1": None}],
)
def test_total_sweet_spots_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(TotalSweetSpots(), quote("total", **PUBLIC_OVER | change)) == []


def test_other_numbers_may_be_named() -> None:
    assert picked(TotalSweetSpots(numbers=(8.0,)), quote("total", **PUBLIC_OVER | {"line": 8.0})) == ["under"]


# Team bias --------------------------------------------------------------------------------------------------


def test_a_large_market_with_the_public_on_it_is_bet_against() -> None:
    told = {"home_team_id": NYY, "away_team_id": TB, "away_team": "TB", "tickets_1": 58.0}
    pick = the_pick(TeamBias(), quote(**told))
    assert (pick["side"], pick["strength"]) == ("away", 58.0)
    assert pick["reason"] == "tickets 58 % on NYY, a large market: TB"
    assert picked(TeamBias(), quote(**told | {"tickets_1": 57.9})) == []
    assert picked(TeamBias(), quote(**told | {"tickets_1": None})) == []
    assert picked(TeamBias(), quote(**told | {"away_team_id": BOS})) == []


def test_a_small_market_that_the_public_leaves_is_backed() -> None:
    rule = TeamBias(pattern="back_small")
    told = {"home_team_id": TB, "home_team": "TB", "away_team_id": BOS, "tickets_1": 42.0}
    assert the_pick(rule, quote(**told))["reason"] == "tickets 42 % on TB, a small market: TB"
    assert picked(rule, quote(**told | {"tickets_1": 42.1})) == []
    assert picked(rule, quote(**told | {"away_team_id": 134})) == []


def test_lists_of_clubs_may_be_ones_own() -> None:
    told = quote(home_team_id=158, away_team_id=TB, tickets_1=60.0)
    assert picked(TeamBias(), told) == []
    assert picks_of(TeamBias(large=(158,)), told)["side"].to_list() == ["away"]
