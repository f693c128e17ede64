"""Late moves: the consensus in the last hour before the scheduled start, judged when it happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from signal_worlds import START, against, game, minutes_to_start, quote, seen

EARLY = [quote("pinnacle", 300, 0.0), quote("pinnacle", 100, 0.02)]
LATE = [quote("pinnacle", 50, 0.05), quote("pinnacle", 30, 0.07), quote("pinnacle", 10, 0.08)]


def late(quotes: list[dict[str, Any]], **options: Any) -> Any:
    return seen(quotes, kind="late_move", **options)


def test_it_is_measured_from_an_hour_before_and_seen_when_it_happens() -> None:
    event = late(EARLY + LATE).row(0, named=True)
    assert minutes_to_start(late(EARLY + LATE)) == [30]
    assert (event["side"], event["move"]) == ("home", pytest.approx(0.05))
    assert event["window_minutes"] == 30
    assert "it goes on: 0.020 that way before the last hour" in event["supporting"]


@pytest.mark.parametrize(
    ("parameters", "found"), [({"delta": 0.051}, [10]), ({"delta": 0.061}, []), ({"minutes": 120}, [50]), ({}, [30])]
)
def test_each_parameter_bites(parameters: dict[str, Any], found: list[float]) -> None:
    assert minutes_to_start(late(EARLY + LATE, **parameters)) == found


def test_what_moved_before_the_last_hour_is_not_late() -> None:
    assert late([quote("pinnacle", 300), quote("pinnacle", 61, 0.2)]).is_empty()


def test_a_market_that_opened_in_the_last_hour_has_nothing_to_move_from() -> None:
    assert late([quote("pinnacle", 55), quote("pinnacle", 20, 0.2)]).is_empty()


def test_nobody_knew_of_the_delay_before_it_came() -> None:
    """The game was to start at 22:05: what happens from 21:05 is late, up to the first pitch an hour after."""
    delayed = [game(scheduled_start_at=START - timedelta(hours=1))]
    move = [quote("pinnacle", 300), quote("pinnacle", 110, 0.06)]
    assert minutes_to_start(late(move, games=delayed)) == [110]
    assert late(move).is_empty()
    assert late(move, games=delayed)["hours_to_start"].to_list() == [pytest.approx(50 / 60)]
    after = [quote("pinnacle", 300), quote("pinnacle", 20, 0.06)]
    assert late(after, games=delayed)["hours_to_start"].to_list() == [pytest.approx(-40 / 60)]


def test_a_move_that_takes_back_an_earlier_one_says_so() -> None:
    back = [quote("pinnacle", 300), quote("pinnacle", 100, 0.10), quote("pinnacle", 20, 0.0)]
    assert "it takes back an earlier move of 0.100" in against(late(back))


def test_followers_alone_are_told_of() -> None:
    books = ("draftkings", "fanduel", "betmgm", "bovada", "betus", "fanatics", "bet365", "betway")
    opens = [quote("pinnacle", 300), *(quote(book, 300) for book in books)]
    assert "market makers moved 0.000: the others moved alone" in against(
        late(opens + [quote(book, 20, 0.09) for book in books])
    )
