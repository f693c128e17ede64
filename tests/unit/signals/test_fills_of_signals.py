"""What a follower gets: the best open price a minute later, at a book that can be bet, before first pitch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from signal_worlds import before, quote, seen

JUMP = [quote("pinnacle", 300, price_1=-103, price_2=-107), quote("pinnacle", 100, 0.06, price_1=-112, price_2=102)]


def filled(*others: dict[str, Any], **options: Any) -> dict[str, Any]:
    return seen([*JUMP, *others], kind="jump", **options).row(0, named=True)


def test_the_best_price_over_the_books_is_taken() -> None:
    behind = [quote("bovada", 300, price_1=-110, price_2=-110), quote("betus", 300, price_1=-105, price_2=-115)]
    told = filled(*behind)
    assert (told["fill_source"], told["fill_book"], told["fill_price"]) == ("feed", "betus", -105)
    assert told["fill_at"] == before(99)
    assert (told["latency_seconds"], told["fill_missing_reason"]) == (60, None)


def test_a_price_that_goes_within_the_latency_is_not_got() -> None:
    stands, goes = quote("betus", 300, price_1=-105, price_2=-115), quote("betus", 99.5, price_1=-120, price_2=100)
    assert filled(stands, goes)["fill_book"] == "pinnacle"
    assert filled(stands, goes, latency_seconds=29)["fill_book"] == "betus"
    assert filled(stands, quote("betus", 99.5, is_open=False))["fill_book"] == "pinnacle"


def test_a_better_price_that_comes_within_the_latency_is_got() -> None:
    assert filled(quote("betus", 99, price_1=105, price_2=-125))["fill_price"] == 105


def test_an_exchange_and_a_mean_are_no_offer() -> None:
    for book in ("betfair_ex_eu", "consensus"):
        assert filled(quote(book, 300, price_1=150, price_2=-200))["fill_book"] == "pinnacle"


def test_a_price_that_has_not_changed_for_too_long_is_no_offer() -> None:
    old = quote("betus", 300, price_1=-105, price_2=-115)
    assert filled(old, stale_after_minutes=200)["fill_book"] == "pinnacle"
    assert filled(old, stale_after_minutes=201)["fill_book"] == "betus"


def test_lines_are_compared_by_what_they_are_worth() -> None:
    """Over 8 at -115 beats over 9 at +105 where the books say 8.5 is even: .54 × 1.87 against .46 × 2.05."""
    rows = [row | {"market": "total", "line": 8.5, "price_1": -130, "price_2": 110} for row in JUMP]
    low = quote("bovada", 300, 0.18, market="total", line=8.0, price_1=-115, price_2=-105)
    high = quote("betus", 300, -0.18, market="total", line=9.0, price_1=105, price_2=-125)
    told = seen([*rows, low, high], kind="jump").row(0, named=True)
    assert (told["side"], told["fill_book"], told["fill_line"], told["fill_price"]) == ("over", "bovada", 8.0, -115)


def test_the_line_is_the_sides_own() -> None:
    rows = [row | {"market": "spread", "line": -1.5} for row in JUMP]
    home = seen(rows, kind="jump").row(0, named=True)
    assert (home["side"], home["line"], home["fill_line"]) == ("home", -1.5, -1.5)
    away = seen([row | {"level": -row["level"]} for row in rows], kind="jump").row(0, named=True)
    assert (away["side"], away["line"], away["fill_line"], away["fill_price"]) == ("away", 1.5, 1.5, 102)


@pytest.mark.parametrize(
    ("minutes", "options", "reason"),
    [
        (0.5, {}, "after_first_pitch"),
        (1, {}, "after_first_pitch"),
        (1.5, {}, None),
        (100, {"now": before(99) - timedelta(seconds=1)}, "not_yet"),
        (100, {"now": before(99)}, None),
    ],
)
def test_why_there_is_no_price(minutes: float, options: dict[str, Any], reason: str | None) -> None:
    told = seen([JUMP[0], JUMP[1] | {"known_at": before(minutes)}], kind="jump", **options).row(0, named=True)
    assert told["fill_missing_reason"] == reason
    assert (told["fill_price"] is None) == (told["fill_at"] is None) == (reason is not None)


def test_all_taken_down_is_no_open_price() -> None:
    assert filled(quote("pinnacle", 99.5, is_open=False))["fill_missing_reason"] == "no_open_price"
