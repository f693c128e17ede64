"""Book conflicts: a retail price that is worth more than it costs if the market makers are right."""

from __future__ import annotations

from typing import Any

import pytest
from signal_worlds import against, before, minutes_to_start, quote, seen

# The market makers said 50 % home and now say 52.5 %; the retail book still pays -102 on it.
MAKERS = [quote(book, 300, 0.0) for book in ("pinnacle", "circasports")]
NOW = [quote(book, 100, 0.10) for book in ("pinnacle", "circasports")]
RETAIL = [quote("bovada", 290, -0.02, price_1=-102, price_2=-108)]


def conflict(quotes: list[dict[str, Any]], **parameters: Any) -> Any:
    return seen(quotes, kind="book_conflict", **parameters)


def test_it_is_seen_when_the_market_makers_leave_the_book_behind() -> None:
    """1.98 × .525 - 1 = 3.9 %."""
    told = conflict([*MAKERS, *NOW, *RETAIL])
    event = told.row(0, named=True)
    assert minutes_to_start(told) == [100]
    assert (event["side"], event["book"], event["source"], event["originator"]) == (
        "home",
        "bovada",
        "feed",
        "pinnacle",
    )
    assert event["probability"] == pytest.approx(0.525, abs=2e-4)
    assert event["strength"] == pytest.approx((1 + 100 / 102) * event["probability"] - 1)
    assert event["strength_unit"] == "share"
    assert event["move"] == pytest.approx(0.12)
    assert event["books"] == ["bovada", "pinnacle", "circasports"]
    assert event["fill_book"] == "bovada" and event["fill_price"] == -102


def test_it_is_seen_when_the_book_posts_it() -> None:
    posted = RETAIL[0] | {"known_at": before(50)}
    assert minutes_to_start(conflict([*MAKERS, *NOW, posted])) == [50]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, 1),
        ({"value": 0.039}, 1),
        ({"value": 0.040}, 0),
        ({"value": 0.040, "delta": 0.12}, 1),
        ({"value": 0.040, "delta": 0.121}, 0),
    ],
)
def test_each_parameter_bites(parameters: dict[str, Any], found: int) -> None:
    assert conflict([*MAKERS, *NOW, *RETAIL], **parameters).height == found


def test_a_gap_without_value_says_what_it_costs() -> None:
    dear = [RETAIL[0] | {"price_1": -115, "price_2": -115}]
    told = conflict([*MAKERS, *NOW, *dear], delta=0.1)
    assert told.height == 1
    assert told["strength"][0] < 0
    assert "it costs more than it is worth" in against(told)


def test_a_price_that_is_down_or_dropped_is_no_conflict() -> None:
    assert conflict([*MAKERS, *NOW, *RETAIL, quote("bovada", 101, is_open=False)]).is_empty()
    assert conflict([*MAKERS, *NOW, *RETAIL], stale_after_minutes=189).is_empty()
    assert conflict([*MAKERS, *NOW, *RETAIL], stale_after_minutes=190).height == 1


def test_what_is_too_good_or_left_behind_is_suspected() -> None:
    assert "unchanged for 190 minutes while the market makers moved 0.100 logit: may be gone" in against(
        conflict([*MAKERS, *NOW, *RETAIL])
    )
    fresh = conflict([*MAKERS, *NOW, quote("bovada", 50, -0.02, price_1=104, price_2=-114)])
    assert "worth 7.1% against the market makers: rather an error than an offer" in against(fresh)
    modest = conflict([*MAKERS, *NOW, quote("bovada", 50, -0.02, price_1=-106, price_2=-104)])
    assert modest.height == 1
    assert against(modest) == ""


def test_an_exchange_a_market_maker_and_a_mean_are_no_one_to_bet_with() -> None:
    for book in ("betfair_ex_eu", "lowvig", "consensus"):
        other = [row | {"book": book} for row in RETAIL]
        assert conflict([*MAKERS, *NOW, *other]).is_empty()


def test_only_prices_on_the_market_makers_line_are_compared() -> None:
    def total(row: dict[str, Any], line: float) -> dict[str, Any]:
        return row | {"market": "total", "line": line}

    makers = [total(row, 8.5) for row in MAKERS + NOW]
    assert conflict([*makers, total(RETAIL[0], 8.5)])["side"].to_list() == ["over"]
    assert conflict([*makers, total(RETAIL[0] | {"level": -0.2}, 8.0)]).is_empty()


def test_one_market_maker_alone_is_told_of() -> None:
    assert "pinnacle is the only market maker quoted" in against(conflict([MAKERS[0], NOW[0], *RETAIL]))


def test_of_two_books_the_better_price_is_told() -> None:
    better = quote("fanatics", 290, -0.04, price_1=100, price_2=-120)
    assert conflict([*MAKERS, *NOW, *RETAIL, better])["book"].to_list() == ["fanatics"]
