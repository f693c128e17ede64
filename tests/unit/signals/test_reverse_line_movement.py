"""Reverse line movement: tickets on one side, the price gone to the other, both of one moment."""

from __future__ import annotations

from typing import Any

import pytest
from signal_worlds import against, count, minutes_to_start, quote, seen

BOOKS = ("pinnacle", "draftkings", "fanduel")
OPENS = [quote(book, 600) for book in BOOKS]
# Toward the away side, in two steps: the second makes it .05 for all.
DOWN = [quote(book, 200, -0.03) for book in BOOKS] + [quote(book, 150, -0.05) for book in BOOKS]
PUBLIC_ON_HOME = [count(210, 66.0), count(150, 66.0)]


def reverse(quotes: list[dict[str, Any]], counts: list[dict[str, Any]], **parameters: Any) -> Any:
    return seen(quotes, counts, kind="reverse_line_movement", **parameters)


def test_it_points_to_the_side_that_the_price_went_toward() -> None:
    event = reverse(OPENS + DOWN, PUBLIC_ON_HOME).row(0, named=True)
    assert minutes_to_start(reverse(OPENS + DOWN, PUBLIC_ON_HOME)) == [150]
    assert (event["side"], event["tickets_pct"], event["splits_source"]) == ("away", 34, "counts")
    assert event["strength"] == event["move"] == pytest.approx(0.05)
    assert event["window_minutes"] == 450
    assert event["books"] == ["draftkings", "fanduel", "pinnacle"]
    assert "moderate: 66 % of the tickets on home, and the price 0.050 logit against it" in event["supporting"]


def test_the_tickets_of_the_other_side_make_no_reversal() -> None:
    assert reverse(OPENS + DOWN, [count(150, 34.0)]).is_empty()


def test_a_count_that_comes_later_is_not_known_yet() -> None:
    late = reverse(OPENS + DOWN, [count(100, 66.0)])
    assert minutes_to_start(late) == [100]
    assert reverse(OPENS + DOWN, [count(-5, 66.0)]).is_empty()


def test_a_count_grows_old() -> None:
    old = [count(150 + 181, 66.0)]
    assert reverse(OPENS + DOWN, old).is_empty()
    assert reverse(OPENS + DOWN, old, splits_max_age_minutes=182).height == 1


def test_nothing_and_everything_are_no_counts() -> None:
    for told in (0.0, 100.0, None):
        assert reverse(OPENS + DOWN, [count(150, told)]).is_empty()


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"delta": 0.05}, 1),
        ({"delta": 0.051}, 0),
        ({"tickets": (55, 60, 66)}, 1),
        ({"tickets": (67, 70, 80)}, 0),
        ({"books": 3}, 1),
        ({"books": 4}, 0),
    ],
)
def test_each_parameter_bites(parameters: dict[str, Any], found: int) -> None:
    assert reverse(OPENS + DOWN, PUBLIC_ON_HOME, **parameters).height == found


def test_it_is_told_again_at_once_when_it_grows_stronger_and_not_when_it_grows_weaker() -> None:
    rising = [count(150, 56.0), count(140, 61.0), count(130, 71.0), count(120, 60.0)]
    told = reverse(OPENS + DOWN, rising)
    assert minutes_to_start(told) == [150, 140, 130]
    assert [text[0].split(":")[0] for text in told["supporting"].to_list()] == ["weak", "moderate", "strong"]


def test_the_mean_of_the_voices_decides_and_their_disagreement_is_told() -> None:
    voices = [count(150, 75.0), count(150, 49.0, book="circasports"), count(150, 65.0, source="other")]
    told = reverse(OPENS + DOWN, voices)
    assert told["tickets_pct"].to_list() == [pytest.approx(37)]
    assert told["splits_source"].to_list() == ["counts, counts/circasports, other"]
    assert "the counts disagree: 49 to 75 %" in against(told)


def test_market_makers_who_stay_speak_against_it() -> None:
    followers = ("draftkings", "fanduel", "betmgm", "bovada", "betus", "fanatics", "bet365", "betway", "unibet")
    opens = [quote("pinnacle", 600), *(quote(book, 600) for book in followers)]
    alone = [quote(book, 150, -0.08) for book in followers]
    assert "market makers moved 0.000: the others moved alone" in against(reverse(opens + alone, PUBLIC_ON_HOME))
    assert "moved alone" not in against(reverse(OPENS + DOWN, PUBLIC_ON_HOME))
