"""Steam: three books within the window, a market maker among them, seen when the third one moves."""

from __future__ import annotations

from typing import Any

import pytest
from signal_worlds import against, change_of_starter, count, minutes_to_start, quote, seen

# All stand at 0 five hours before; then the market maker, DraftKings and FanDuel go up one after the other.
BOOKS = ("pinnacle", "draftkings", "fanduel", "betmgm")
OPENS = [quote(book, 300) for book in BOOKS]
MOVES = [quote("pinnacle", 100, 0.06), quote("draftkings", 95, 0.05), quote("fanduel", 88, 0.07)]


def steam(quotes: list[dict[str, Any]], **parameters: Any) -> Any:
    return seen(quotes, kind="steam", **parameters)


def test_it_is_seen_when_the_third_book_moves() -> None:
    event = steam(OPENS + MOVES).row(0, named=True)
    assert minutes_to_start(steam(OPENS + MOVES)) == [88]
    assert (event["side"], event["n_books"], event["originator"]) == ("home", 3, "pinnacle")
    assert event["books"] == ["pinnacle", "draftkings", "fanduel"]
    assert event["move"] == event["strength"] == pytest.approx(0.06)
    assert "3 books moved 0.060 logit toward home within 12 minutes" in event["supporting"][0]
    assert "pinnacle, a market maker, moved first" in event["supporting"]


def test_down_is_toward_the_other_side() -> None:
    downward = [row | {"level": -row["level"], "probability_1": 1 - row["probability_1"]} for row in MOVES]
    assert steam(OPENS + downward)["side"].to_list() == ["away"]
    totals = [row | {"market": "total", "line": 8.5} for row in OPENS + downward]
    assert steam(totals)["side"].to_list() == ["under"]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, True),
        ({"books": 4}, False),
        ({"delta": 0.055}, False),
        ({"delta": 0.05}, True),
        ({"window_minutes": 11}, False),
        ({"window_minutes": 13}, True),
        ({"together_minutes": 10}, False),
        ({"together_minutes": 12}, True),
        ({"sharp_books": 2}, False),
    ],
)
def test_each_parameter_bites(parameters: dict[str, Any], found: bool) -> None:
    assert (steam(OPENS + MOVES, **parameters).height == 1) == found


def test_without_a_market_maker_there_is_none() -> None:
    retail = [row | {"book": "bovada"} if row["book"] == "pinnacle" else row for row in OPENS + MOVES]
    assert steam(retail).is_empty()
    assert "bovada, who moved first, is no market maker" in against(steam(retail, sharp_books=0))


def test_a_book_that_went_back_or_took_its_price_down_is_none_of_them() -> None:
    back = quote("draftkings", 90, 0.01)
    down = quote("draftkings", 90, 0.05, is_open=False)
    for after in (back, down):
        assert steam([*OPENS, *MOVES, after]).is_empty()
    assert steam([*OPENS, *MOVES, back | {"known_at": quote("x", 87)["known_at"]}]).height == 1


def test_a_book_that_comes_back_open_where_it_was_has_not_moved() -> None:
    pauses = [quote("betmgm", 99, is_open=False), quote("betmgm", 90)]
    assert steam(OPENS + MOVES[:2] + pauses).is_empty()


def test_two_accounts_of_one_book_are_one_book() -> None:
    twice = [row | {"source": "other"} for row in OPENS + MOVES if row["book"] == "pinnacle"]
    assert steam(OPENS + MOVES[:2] + twice).is_empty()
    event = steam(OPENS + MOVES + twice).row(0, named=True)
    assert event["n_books"] == 3


def test_a_market_younger_than_the_window_is_measured_from_its_open() -> None:
    young = [quote(book, 110) for book in BOOKS]
    assert minutes_to_start(steam(young + MOVES)) == [88]


def test_one_event_per_side_until_the_pause_is_over() -> None:
    again = [
        quote(book, minutes - 60, logit + 0.06)
        for book, minutes, logit in (("pinnacle", 100, 0.06), ("draftkings", 95, 0.05), ("fanduel", 88, 0.07))
    ]
    assert minutes_to_start(steam(OPENS + MOVES + again)) == [88]
    assert minutes_to_start(steam(OPENS + MOVES + again, cooldown_hours=1)) == [88, 28]
    assert minutes_to_start(steam(OPENS + MOVES + again, cooldown_hours=1.01)) == [88]
    back = [quote(row["book"], 40, 0.0) for row in MOVES]
    assert steam(OPENS + MOVES + back)["side"].to_list() == ["home", "away"]


def test_a_change_of_starter_speaks_against_it_for_half_an_hour() -> None:
    assert "news: a starter changed 22 minutes before" in against(steam(OPENS + MOVES, starters=change_of_starter(110)))
    for told in (
        change_of_starter(119),  # too long ago
        change_of_starter(80),  # not known yet
        change_of_starter(110, changed=False),
    ):
        assert "news" not in against(steam(OPENS + MOVES, starters=told))
    assert "news" in against(steam(OPENS + MOVES, starters=change_of_starter(119), news_minutes=31))


def test_the_crowd_is_heard() -> None:
    with_it = seen(OPENS + MOVES, [count(120, 70.0, 60.0)], kind="steam").row(0, named=True)
    assert (with_it["tickets_pct"], with_it["money_pct"], with_it["splits_source"]) == (70, 60, "counts")
    assert "70 % of the tickets: the crowd may be what moves it" in with_it["contradicting"]
    other_way = seen(OPENS + MOVES, [count(120, 30.0)], kind="steam").row(0, named=True)
    assert "30 % of the tickets: the crowd did not move it" in other_way["supporting"]
    later = seen(OPENS + MOVES, [count(87, 70.0)], kind="steam").row(0, named=True)
    assert later["tickets_pct"] is None


def test_few_of_many_books_is_said() -> None:
    many = [quote(book, 300) for book in ("bovada", "betus", "fanatics")]
    assert "3 of 7 books have moved" in against(steam(OPENS + many + MOVES))
    assert "books have moved" not in against(steam(OPENS + MOVES))


def test_books_seen_moving_in_one_look_long_after_the_last_may_have_moved_whenever() -> None:
    """A source that is asked once a day shows the aftermath: it is said, and refused where that is wanted."""
    look = [quote(book, 100, 0.06) for book in BOOKS]
    said = "all were seen in one look, 200 minutes after the last: when they moved nobody knows"
    assert said in against(steam(OPENS + look))
    assert steam(OPENS + look, longest_silence_minutes=199).is_empty()
    assert steam(OPENS + look, longest_silence_minutes=200).height == 1
    looked_before = quote("pinnacle", 120, 0.01, market="total", line=8.5)
    assert "one look" not in against(steam([*OPENS, looked_before, *look]))
    assert "one look" not in against(steam(OPENS + MOVES))
    assert steam(OPENS + MOVES, longest_silence_minutes=1).height == 1
