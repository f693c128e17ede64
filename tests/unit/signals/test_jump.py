"""Jumps: one market maker's level moves far within the window, and says of itself that it is one book."""

from __future__ import annotations

from typing import Any

import pytest
from signal_worlds import against, minutes_to_start, quote, seen

PATH = [quote("pinnacle", 300), quote("pinnacle", 100, 0.03), quote("pinnacle", 90, 0.05), quote("pinnacle", 20, 0.06)]


def jump(quotes: list[dict[str, Any]], **parameters: Any) -> Any:
    return seen(quotes, kind="jump", **parameters)


def test_it_is_seen_at_the_change_that_completes_it() -> None:
    event = jump(PATH).row(0, named=True)
    assert minutes_to_start(jump(PATH)) == [90]
    assert (event["side"], event["book"], event["source"], event["books"]) == ("home", "pinnacle", "feed", ["pinnacle"])
    assert event["move"] == pytest.approx(0.05)
    assert event["window_minutes"] == 30
    assert event["hours_to_start"] == 1.5
    assert "pinnacle moved 0.050 logit toward home within 30 minutes" in event["supporting"]


def test_it_says_that_steam_needs_several_books() -> None:
    assert "one book moved: steam needs several" in against(jump(PATH))
    assert "no other book is quoted" in against(jump(PATH))
    others = [quote(book, 310) for book in ("draftkings", "fanduel", "betmgm", "bovada", "betus", "fanatics", "bet365")]
    assert "the consensus of 8 books moved 0.018 meanwhile" in against(jump(others + PATH))


@pytest.mark.parametrize(
    ("parameters", "found"), [({}, 1), ({"delta": 0.051}, 0), ({"window_minutes": 9}, 0), ({"delta": 0.03}, 1)]
)
def test_each_parameter_bites(parameters: dict[str, Any], found: int) -> None:
    assert jump(PATH, **parameters).height == found


def test_followers_do_not_count_unless_asked_for() -> None:
    follower = [row | {"book": "draftkings"} for row in PATH]
    assert jump(follower).is_empty()
    assert jump(follower, sharp_only=False).height == 1


def test_of_two_at_one_moment_the_larger_is_told() -> None:
    larger = [quote("circasports", 300), quote("circasports", 90, 0.08)]
    assert jump(PATH + larger)["book"].to_list() == ["circasports"]


def test_there_and_back_is_one_each_way() -> None:
    there_and_back = [quote("pinnacle", 300), quote("pinnacle", 100, 0.06), quote("pinnacle", 60)]
    assert jump(there_and_back)["side"].to_list() == ["home", "away"]
    within_the_window = [quote("pinnacle", 300), quote("pinnacle", 100, 0.06), quote("pinnacle", 80)]
    assert jump(within_the_window)["side"].to_list() == ["home"]


def test_one_event_per_side_until_the_pause_is_over() -> None:
    stairs = [quote("pinnacle", 300 - 20 * step, 0.05 * step) for step in range(12)]
    told = minutes_to_start(jump(stairs))
    assert told == [280, 100]
    assert len(minutes_to_start(jump(stairs, cooldown_hours=1))) == 4
    assert len(minutes_to_start(jump(stairs, cooldown_hours=0))) == 11


def test_a_new_line_at_the_same_level_is_no_jump() -> None:
    """-1.5 at logit -.60 and +1.5 at logit +.60 say the same of the home side."""
    flat = [
        quote("pinnacle", 100, -0.60, market="spread", line=-1.5),
        quote("pinnacle", 90, 0.60, market="spread", line=1.5),
    ]
    assert jump(flat).is_empty()
    moved = [flat[0], quote("pinnacle", 90, 0.55, market="spread", line=1.5)]
    assert jump(moved)["side"].to_list() == ["away"]


def test_a_price_that_was_down_in_between_is_measured_from_before() -> None:
    pause = [quote("pinnacle", 300), quote("pinnacle", 100, is_open=False), quote("pinnacle", 90, 0.06)]
    assert minutes_to_start(jump(pause)) == [90]


def test_a_price_just_opened_is_said() -> None:
    opened = [quote("pinnacle", 100), quote("pinnacle", 90, 0.06)]
    assert jump(opened)["window_minutes"].to_list() == [10]
    assert "pinnacle had opened less than 30 minutes before" in against(jump(opened))


def test_a_long_silence_before_it_is_said() -> None:
    late = [quote("pinnacle", 300), quote("pinnacle", 100, 0.06)]
    assert "nothing was told of the game for 200 minutes: when it moved nobody knows" in against(jump(late))
    other_market = quote("pinnacle", 110, market="total", line=8.5)
    assert "nothing was told" not in against(jump([*late, other_market]))
    other_source = quote("pinnacle", 110, source="other")
    assert "nothing was told" in against(jump([*late, other_source]))
