"""The families that hold books against each other, and evidence against evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from side_worlds import START, picked, picks_of, quote, signal, the_pick

from dagster_mlb.market.pairs import cover
from dagster_mlb.strategies.families.arbitrage import Arbitrage
from dagster_mlb.strategies.families.book_conflict import BookConflict
from dagster_mlb.strategies.families.signal_combinations import SignalCombinations


def chance(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


# Book conflict ----------------------------------------------------------------------------------------------

CONFLICT = {"sharp_probability_1": chance(0.0451), "retail_probability_1": 0.5, "consensus_books": 2}


def test_book_conflict_goes_with_the_sharp_books_at_the_best_price() -> None:
    soft = {"book": "fanduel", "is_benchmark": False, "sharp_rank": 10, "price_1": 125}
    pick = the_pick(BookConflict(), quote(**CONFLICT), quote(**CONFLICT | soft))
    assert (pick["side"], pick["book"]) == ("home", "fanduel")
    assert pick["strength"] == pytest.approx(0.0451)
    assert pick["reason"] == "sharp books +0.045 logit above the others on NYY, +125 at fanduel"


@pytest.mark.parametrize(
    "change",
    [
        {"sharp_probability_1": chance(0.0449)},
        {"consensus_books": 1},
        {"sharp_probability_1": None},
        {"retail_probability_1": None},
    ],
)
def test_book_conflict_has_its_edges(change: dict[str, Any]) -> None:
    assert picked(BookConflict(), quote(**CONFLICT | change)) == []


def test_a_soft_price_must_be_worth_it_by_the_sharp_books_and_not_too_good() -> None:
    rule = BookConflict(min_gap=0, min_value=0.005)
    told = {"sharp_probability_1": 0.46, "retail_probability_1": 0.45, "consensus_books": 2}
    assert picked(rule, quote(**told, price_1=118)) == []  # worth 0.28 %
    assert the_pick(rule, quote(**told, price_1=120))["reason"].endswith("+120 at pinnacle, worth 1.2 % by them")
    assert picked(rule, quote(**told, price_1=125)) == []  # 3.5 % is rather a stale price
    spread = BookConflict(min_gap=0, min_value=0.005, markets=("spread",))
    assert picked(spread, quote("spread", **told, price_1=120)) == ["home"]
    assert picked(spread, quote("spread", **told, price_1=120, consensus_line=-2.5)) == []


def test_at_a_signal_the_conflict_is_what_the_signal_says() -> None:
    told = {"signal_strength": 0.012, "signal_move": 0.045, "signal_source": "a_source", "signal_book": "pinnacle"}
    assert picked(BookConflict(), signal("book_conflict", "away", **told)) == ["away"]
    assert picked(BookConflict(), signal("book_conflict", "away", **told | {"signal_move": 0.0449})) == []
    assert picked(BookConflict(), signal("steam", "away", **told)) == []


def test_the_value_of_a_signal_is_that_of_its_own_book() -> None:
    rule = BookConflict(min_gap=0, min_value=0.012)
    told = {"signal_strength": 0.012, "signal_move": 0.01, "signal_source": "a_source", "signal_book": "pinnacle"}
    assert the_pick(rule, signal("book_conflict", "away", **told))["reason"].endswith("worth 1.2 % by them")
    assert picked(rule, signal("book_conflict", "away", **told | {"signal_strength": 0.0119})) == []
    assert picked(rule, signal("book_conflict", "away", **told | {"signal_strength": 0.031})) == []
    assert picked(rule, signal("book_conflict", "away", **told | {"signal_book": "fanduel"})) == []


# Arbitrage --------------------------------------------------------------------------------------------------


def book(name: str, price_1: int, price_2: int, market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    return quote(market, book=name, price_1=price_1, price_2=price_2, is_benchmark=False, sharp_rank=10, **changes)


def test_arbitrage_takes_both_sides_at_two_books() -> None:
    picks = picks_of(Arbitrage(), book("fanduel", 110, -130), book("betmgm", -125, 105))
    assert sorted(picks.select("side", "book", "price_american").rows()) == [
        ("away", "betmgm", 105),
        ("home", "fanduel", 110),
    ]
    expected = float(cover([2.10, 2.05]).profit)
    assert picks["strength"].to_list() == pytest.approx([expected, expected])
    assert picks.sort("side")["reason"].to_list() == [
        "BOS at 2.05 here, the other side at 2.1 at fanduel: 3.73 % whatever happens, with 50.6 % of the stake here",
        "NYY at 2.1 here, the other side at 2.05 at betmgm: 3.73 % whatever happens, with 49.4 % of the stake here",
    ]


def test_arbitrage_has_its_edge() -> None:
    quotes = book("fanduel", 110, -130), book("betmgm", -125, 105)
    assert picked(Arbitrage(min_profit=0.0374), *quotes) == []
    assert picked(Arbitrage(min_profit=0.0373), *quotes) == ["away", "home"]


@pytest.mark.parametrize(
    "quotes",
    [
        [book("fanduel", 110, 105, hold=-0.04)],
        [book("fanduel", 110, 105, hold=-0.04), book("betmgm", -125, 104)],  # a book that has erred
        [book("fanduel", 110, -130), book("betmgm", -125, 105, age_minutes=15.1)],
        [book("fanduel", 110, -130), book("betmgm", -125, 105, age_minutes=None)],
        [book("fanduel", 110, -130), book("consensus", -125, 105, book_kind="consensus")],
    ],
)
def test_prices_that_cannot_be_had_together_are_no_arbitrage(quotes: list[dict[str, Any]]) -> None:
    assert picked(Arbitrage(), *quotes) == []


def test_only_one_line_is_one_market_and_its_signs_are_the_sides() -> None:
    rule = Arbitrage(markets=("spread",))
    fanduel = book("fanduel", 110, -130, "spread")
    assert picked(rule, fanduel, book("betmgm", -125, 105, "spread")) == ["away", "home"]
    assert picked(rule, fanduel, book("betmgm", -125, 105, "spread", line=1.5)) == []


def test_of_several_lines_the_one_that_pays_most_is_bet() -> None:
    quotes = [
        book(name, prices[0], prices[1], "total", line=line)
        for line, better in ((8.5, 0), (9.0, 5))
        for name, prices in (("fanduel", (110 + better, -130)), ("betmgm", (-125, 105)))
    ]
    # One book has one line at a moment: the others are other sources of the same book.
    for number, row in enumerate(quotes):
        row["source"] = f"source_{number}"
    picks = picks_of(Arbitrage(markets=("total",)), *quotes)
    assert picks.select("side", "line").sort("side").rows() == [("over", 9.0), ("under", 9.0)]


def test_at_a_signal_of_arbitrage_the_detector_has_looked_at_the_age() -> None:
    quotes = [
        signal("arbitrage", "home", book=name, price_1=one, price_2=two, age_minutes=300.0)
        for name, one, two in (("fanduel", 110, -130), ("betmgm", -125, 105))
    ]
    assert picked(Arbitrage(), *quotes) == ["away", "home"]
    assert picked(Arbitrage(), *(row | {"signal_kind": "book_conflict"} for row in quotes)) == []


def test_there_is_no_fade_of_an_arbitrage() -> None:
    with pytest.raises(ValidationError, match="form"):
        Arbitrage(form="fade")


# Signal combinations ----------------------------------------------------------------------------------------

ALL_FOR_HOME = {
    "tickets_1": 35.0,
    "money_1": 45.0,
    "episode_move": 0.045,
    "sharp_probability_1": chance(0.046),
    "retail_probability_1": 0.5,
}
SPREAD_FOR_HOME = {"tickets_1": 40.0, "money_1": 50.0}


def combined(moneyline: dict[str, Any], spread: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    worlds = [quote(**moneyline)] + ([quote("spread", **spread)] if spread is not None else [])
    return picked(SignalCombinations(**changes), *worlds)


def test_signal_combinations_counts_what_points_to_a_side() -> None:
    pick = the_pick(SignalCombinations(), quote(**ALL_FOR_HOME), quote("spread", **SPREAD_FOR_HOME))
    assert (pick["market"], pick["side"], pick["strength"]) == ("moneyline", "home", 5.0)
    assert pick["reason"] == (
        "5 for NYY, 0 against: money over tickets +10 points, +10 points in the game's other market, the market moved "
        "+0.045 logit since the open or a change of starter, sharp books +0.046 logit above the others, tickets 35 %"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"money_1": 44.9},
        {"tickets_1": 35.1, "money_1": 45.1},
        {"episode_move": 0.0449},
        {"episode_move": None},
        {"sharp_probability_1": chance(0.0449)},
        {"retail_probability_1": None},
    ],
)
def test_each_piece_of_evidence_has_its_edge(change: dict[str, Any]) -> None:
    assert combined(ALL_FOR_HOME, min_agreeing=4) == ["home"]
    assert combined(ALL_FOR_HOME | change, min_agreeing=4) == []
    assert combined(ALL_FOR_HOME | change, min_agreeing=3) == ["home"]


def test_evidence_against_is_a_conflict_unless_it_is_allowed() -> None:
    against = ALL_FOR_HOME | {"episode_move": -0.045}
    assert combined(against) == []
    assert combined(against, max_against=1) == ["home"]
    assert combined(ALL_FOR_HOME, {"tickets_1": 50.0, "money_1": 40.0}) == []


def event(kind: str, side: str, hours: float) -> dict[str, Any]:
    at = START - timedelta(hours=hours)
    return signal(kind, side, decision_at=at, hours_to_start=hours, signal_id=f"{kind}/{side}/{hours}")


EVENTS = SignalCombinations(min_agreeing=2)


def test_signals_of_two_sorts_make_a_combination_at_the_second() -> None:
    pick = the_pick(EVENTS, event("steam", "home", 5), event("reverse_line_movement", "home", 3))
    assert (pick["side"], pick["hours_to_start"], pick["strength"]) == ("home", 3.0, 2.0)
    assert pick["reason"] == "2 for NYY, 0 against: the market's move, the public"


@pytest.mark.parametrize(
    "second",
    [
        event("jump", "home", 3),  # the same move once more
        event("reverse_line_movement", "away", 3),
        event("arbitrage", "home", 3),
        event("reverse_line_movement", "home", -1.1),  # more than six hours later
        event("reverse_line_movement", "home", 3) | {"game_key": 2},
    ],
)
def test_what_is_no_second_sort_for_the_side_makes_none(second: dict[str, Any]) -> None:
    assert picked(EVENTS, event("steam", "home", 5), second) == []


def test_a_signal_knows_of_none_that_came_later() -> None:
    early, late = event("steam", "home", 5), event("reverse_line_movement", "home", 3)
    third = event("book_conflict", "away", 1)
    alone, more = picks_of(EVENTS, early, late), picks_of(EVENTS, early, late, third)
    assert alone.equals(more)


def test_a_signal_for_the_other_side_is_against() -> None:
    worlds = [event("steam", "home", 5), event("book_conflict", "away", 4), event("line_freeze", "home", 3)]
    assert picked(EVENTS, *worlds) == []
    assert picked(SignalCombinations(min_agreeing=2, max_against=1), *worlds) == ["home"]
