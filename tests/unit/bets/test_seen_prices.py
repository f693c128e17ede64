"""Whether the price of a bet was its book's own is told from what the book quoted at that moment alone."""

from __future__ import annotations

import pytest
from bet_worlds import MINUTE, PLACED, bet, decimal_bet, graded, quote, quotes_of, untied


def seen(row: dict, *quotes: dict) -> dict:
    [told] = graded(row, quotes=quotes_of(*quotes))
    return told


@pytest.mark.parametrize(
    ("price", "quoted", "told"),
    [
        (-110, -110, "as quoted"),
        (-110, -120, "better than quoted"),
        (-110, -105, "worse than quoted"),
        (-110, 100, "worse than quoted"),
        (105, -105, "better than quoted"),
    ],
)
def test_an_american_price_is_the_quote_or_better_or_worse(price, quoted, told):
    decimal = 1 + (price / 100 if price > 0 else -100 / price)
    row = seen(bet(price=f"{price:+}", price_decimal=decimal, price_american=price), quote(price_1=quoted))
    assert (row["price_seen"], row["seen_price_american"], row["price_seen_reason"]) == (told, quoted, None)
    assert row["price_decimal"] == decimal


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ("1.91", "as quoted"),
        ("1.90", "as quoted"),
        ("1.909", "as quoted"),
        ("1.9", "as quoted"),
        ("1.93", "better than quoted"),
    ],
)
def test_decimal_odds_are_the_american_quote_that_they_were_rounded_from(price, told):
    assert seen(decimal_bet(price), quote(price_1=-110))["price_seen"] == told


@pytest.mark.parametrize(
    ("market", "side", "line", "home_line", "quoted"),
    [
        ("moneyline", "away", None, None, 102),
        ("spread", "home", -1.5, -1.5, -120),
        ("spread", "away", 1.5, -1.5, 102),
        ("total", "under", 8.5, 8.5, 102),
        ("spread", "home", -2.5, -1.5, None),
        ("spread", "away", -1.5, -1.5, None),
        ("total", "over", 8.0, 8.5, None),
    ],
)
def test_only_a_quote_of_the_same_side_and_line_is_looked_at(market, side, line, home_line, quoted):
    row = seen(bet(market=market, side=side, line=line), quote(line=home_line))
    assert row["seen_price_american"] == quoted
    if quoted is None:
        assert (
            row["price_seen_reason"]
            == f"no {market} of FanDuel at this line was known within 90 minutes before the bet"
        )


def test_a_quote_that_stood_within_a_minute_of_the_bet_may_be_the_one():
    just_before = quote(price_1=-110, until_at=PLACED - MINUTE / 2)
    just_after = quote(price_1=-120, known_at=PLACED - MINUTE / 2)
    row = seen(bet(), just_before, just_after)
    assert (row["price_seen"], row["seen_price_american"]) == ("as quoted", -110)
    gone = quote(price_1=-110, until_at=PLACED - 2 * MINUTE)
    assert seen(bet(), gone, just_after)["price_seen"] == "better than quoted"


def test_a_quote_of_after_the_bet_is_compared_with_nothing():
    later = quote(price_1=-120, known_at=PLACED + MINUTE / 2)
    assert seen(bet(), later)["price_seen"] == "not known"


def test_a_price_that_nobody_confirmed_for_ninety_minutes_is_not_known():
    stale = quote(known_at=PLACED - 300 * MINUTE, confirmed_at=PLACED - 91 * MINUTE)
    fresh = quote(known_at=PLACED - 300 * MINUTE, confirmed_at=PLACED - 89 * MINUTE)
    assert [seen(bet(), one)["price_seen"] for one in (stale, fresh)] == ["not known", "better than quoted"]


def test_a_suspended_market_quotes_nothing():
    assert seen(bet(), quote(is_open=False))["price_seen"] == "not known"


def test_of_two_sources_the_one_that_saw_the_price_speaks_else_the_latest():
    one = quote(source="odds_api", price_1=-110, confirmed_at=PLACED - 40 * MINUTE)
    other = quote(source="action_network", price_1=-120, confirmed_at=PLACED - MINUTE)
    assert seen(bet(), one, other)["seen_source"] == "odds_api"
    neither = bet(price="-115", price_decimal=1 + 100 / 115, price_american=-115)
    row = seen(neither, one, other)
    assert (row["seen_source"], row["price_seen"]) == ("action_network", "better than quoted")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (bet(placed_at=None), "no time of the day at which the bet was placed"),
        (bet(book=None, book_keys=[]), "no sportsbook is named"),
        (bet(book="Bob", book_keys=[]), "Bob is no sportsbook that the platform knows"),
        (untied(), "the bet is tied to no game"),
    ],
)
def test_what_is_not_known_says_why(row, reason):
    told = seen(row)
    assert (told["price_seen"], told["price_seen_reason"]) == ("not known", reason)


def test_the_books_own_hold_goes_before_the_closes():
    row = seen(bet(), quote(hold=0.061))
    assert (row["hold_of"], row["hold"]) == ("book", 0.061)
