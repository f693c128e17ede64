"""Arbitrages: both sides at their best prices cost less than they are sure to pay."""

from __future__ import annotations

from typing import Any

import pytest
from signal_worlds import against, minutes_to_start, quote, seen

FAIR = [quote("pinnacle", 300, 0.0, hold=0.06)]
# The worked example of betting_domain §2.7: 2.10 and 2.05.
PAIR = [
    quote("bovada", 200, -0.04, price_1=110, price_2=-125),
    quote("draftkings", 120, 0.02, price_1=-120, price_2=105),
]


def arbitrage(quotes: list[dict[str, Any]], **parameters: Any) -> Any:
    return seen(quotes, kind="arbitrage", **parameters)


def test_the_worked_example_is_seen_when_the_second_price_appears() -> None:
    told = arbitrage(FAIR + PAIR)
    event = told.row(0, named=True)
    assert minutes_to_start(told) == [120]
    assert event["profit"] == event["strength"] == pytest.approx(0.0373, abs=5e-5)
    assert (event["side"], event["book"], event["other_book"]) == ("home", "bovada", "draftkings")
    assert event["source"] == event["other_source"] == "feed"
    assert (
        "+110 on home at bovada and +105 on away at draftkings return 3.73% whatever happens" in event["supporting"][0]
    )
    assert "49% of the stake on home" in event["supporting"][0]


def test_the_side_is_the_one_that_is_the_better_bet() -> None:
    other_way = [quote("pinnacle", 300, -0.15, hold=0.06), *PAIR]
    assert arbitrage(other_way)[["side", "book", "other_book"]].rows() == [("away", "draftkings", "bovada")]
    without_makers = arbitrage(PAIR)
    assert without_makers.height == 1


@pytest.mark.parametrize(("profit", "found"), [(0.0, 1), (0.037, 1), (0.038, 0)])
def test_the_profit_asked_for_bites(profit: float, found: int) -> None:
    assert arbitrage(FAIR + PAIR, profit=profit).height == found


def test_a_sum_of_one_is_none() -> None:
    even = [quote("bovada", 200, price_1=100, price_2=-120), quote("draftkings", 120, price_1=-120, price_2=100)]
    assert arbitrage(FAIR + even).is_empty()


def test_prices_must_stand_together() -> None:
    gone = quote("bovada", 121, 0.0, price_1=-105, price_2=-115)
    down = quote("bovada", 121, is_open=False)
    for after in (gone, down):
        assert arbitrage([*FAIR, *PAIR, after]).is_empty()
    assert arbitrage(FAIR + PAIR, stale_after_minutes=79).is_empty()


def test_a_pair_that_stands_is_not_seen_again_for_a_price_yet_to_come() -> None:
    """A price that makes an arbitrage with a later one is not worth a look before that one is there."""
    meanwhile = quote("fanduel", 60, 0.0, price_1=-105, price_2=-115)
    later = quote("betmgm", 10, 0.0, price_1=-130, price_2=110)
    told = [arbitrage([*FAIR, *PAIR, meanwhile, *more], cooldown_hours=0.25) for more in ([], [later])]
    assert minutes_to_start(told[0]) == [120]
    assert minutes_to_start(told[1]) == [120, 10]


def test_the_line_must_be_one() -> None:
    totals = [row | {"market": "total", "line": 8.5} for row in FAIR + PAIR]
    assert arbitrage(totals)[["side", "line", "fill_line"]].rows() == [("over", 8.5, 8.5)]
    totals[-1] |= {"line": 9.0}
    assert arbitrage(totals).is_empty()
    spreads = [row | {"market": "spread", "line": -1.5, "level": row["level"] + 0.6} for row in FAIR + PAIR]
    assert arbitrage(spreads)[["side", "line"]].rows() == [("home", -1.5)]


def test_one_books_own_error_an_exchange_and_a_mean_are_no_half_of_one() -> None:
    error = quote("bovada", 200, price_1=110, price_2=105)
    assert arbitrage([*FAIR, error, quote("draftkings", 120, price_1=-110, price_2=-110)]).is_empty()
    for book in ("betfair_ex_eu", "consensus"):
        assert arbitrage([*FAIR, PAIR[0] | {"book": book}, PAIR[1]]).is_empty()


def test_an_old_price_in_the_pair_speaks_against_it() -> None:
    assert "one of the prices is 80 minutes older than the other" in against(arbitrage(FAIR + PAIR))
    assert "worth 5.0% against the market makers" in against(arbitrage(FAIR + PAIR))
    together = [PAIR[0] | {"known_at": PAIR[1]["known_at"]}, PAIR[1]]
    assert "older" not in against(arbitrage(FAIR + together))


def test_three_books_give_the_best_pair() -> None:
    better = quote("fanatics", 100, 0.03, price_1=-130, price_2=112)
    told = arbitrage([*FAIR, *PAIR, better])
    assert told[["book", "other_book"]].rows() == [("bovada", "draftkings"), ("fanatics", "bovada")]
    assert told["profit"][1] > told["profit"][0]
