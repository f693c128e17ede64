"""Line freeze: three hours of tickets on one side, and a price that stays."""

from __future__ import annotations

from typing import Any

import pytest
from signal_worlds import against, count, minutes_to_start, quote, seen

STILL = [quote("pinnacle", 600), quote("draftkings", 600), quote("draftkings", 250, 0.01)]
PILED = [count(minutes, 80.0) for minutes in (380, 320, 260, 200, 140)]


def freeze(quotes: list[dict[str, Any]], counts: list[dict[str, Any]], **parameters: Any) -> Any:
    return seen(quotes, counts, kind="line_freeze", **parameters)


def test_it_points_away_from_the_tickets_after_three_hours() -> None:
    event = freeze(STILL, PILED).row(0, named=True)
    assert minutes_to_start(freeze(STILL, PILED)) == [200]
    assert (event["side"], event["strength"], event["tickets_pct"]) == ("away", 30, 20)
    assert "80 % of the tickets on home for 3 hours, the price within 0.002 logit" in event["supporting"]


def test_a_price_that_went_away_and_came_back_did_not_stay() -> None:
    there_and_back = [*STILL, quote("pinnacle", 300, 0.05), quote("pinnacle", 280, 0.0)]
    assert minutes_to_start(freeze(there_and_back, [*PILED, count(90, 80.0)])) == [90]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [({"tickets": 80}, [200]), ({"tickets": 81}, []), ({"hours": 4}, [140]), ({"delta": 0.001}, [])],
)
def test_each_parameter_bites(parameters: dict[str, Any], found: list[float]) -> None:
    assert minutes_to_start(freeze(STILL, PILED, **parameters)) == found


def test_tickets_must_have_been_there_three_hours_ago_too() -> None:
    assert freeze(STILL, [count(380, 60.0), *PILED[1:4]]).is_empty()
    assert freeze(STILL, [count(380, 20.0), *PILED[1:4]]).is_empty()


def test_a_market_younger_than_three_hours_did_not_stay() -> None:
    assert freeze([quote("pinnacle", 370)], PILED[:4]).is_empty()


def test_nobody_looking_speaks_against_it() -> None:
    assert "no price changed in 3 hours" in against(freeze(STILL[:2], PILED))
    assert "no price changed" not in against(freeze(STILL, PILED))
