"""Sharp-public divergence: more of the money than of the tickets, told by voices that tell both."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from signal_worlds import against, count, minutes_to_start, quote, seen

PRICES = [quote("pinnacle", 600), quote("draftkings", 600)]


def divergence(counts: list[dict[str, Any]], quotes: list[dict[str, Any]] = PRICES, **parameters: Any) -> Any:
    return seen(quotes, counts, kind="sharp_public_divergence", **parameters)


def test_it_points_to_the_side_with_the_surplus_of_money() -> None:
    event = divergence([count(200, 60.0, 48.0)]).row(0, named=True)
    assert (event["side"], event["strength"], event["strength_unit"]) == ("away", 12, "points")
    assert (event["tickets_pct"], event["money_pct"]) == (40, 52)
    assert "weak: 52 % of the money and 40 % of the tickets on away, log bet ratio 0.49" in event["supporting"]


@pytest.mark.parametrize(
    ("tickets", "money"), [(60, 51), (0, 40), (100, 60), (40, 0), (60, 100), (None, 60), (40, None)]
)
def test_less_than_ten_points_and_what_is_no_share_are_none(tickets: float | None, money: float | None) -> None:
    assert divergence([count(200, tickets, money)]).is_empty()


def test_tickets_of_one_voice_are_not_held_against_money_of_another() -> None:
    apart = [count(200, 40.0, None), count(200, None, 70.0, source="other")]
    assert divergence(apart).is_empty()


def test_it_is_told_again_when_it_grows_stronger() -> None:
    counts = [count(200, 40.0, 51.0), count(190, 40.0, 54.0), count(180, 40.0, 56.0), count(170, 40.0, 61.0)]
    told = divergence(counts)
    assert minutes_to_start(told) == [200, 180, 170]
    assert told["strength"].to_list() == [11, 16, 21]
    assert minutes_to_start(divergence(counts, points=(10, 30, 40))) == [200]


def test_points_must_rise() -> None:
    with pytest.raises(ValidationError, match="must rise"):
        divergence([], points=(10, 10, 20))


def test_what_the_price_did_since_the_open_is_told() -> None:
    away = divergence([count(200, 60.0, 48.0)], [*PRICES, quote("pinnacle", 300, 0.10), quote("draftkings", 300, 0.10)])
    assert away["move"].to_list() == [pytest.approx(-0.10)]
    assert "the price has moved 0.100 logit the other way since the open" in against(away)


def test_a_minority_of_the_money_is_told() -> None:
    assert "only 35 % of the money is on away" in against(divergence([count(200, 80.0, 65.0)]))
    assert "one voice tells of it" in against(divergence([count(200, 80.0, 65.0)]))


def test_a_market_without_prices_gives_none() -> None:
    assert divergence([count(200, 60.0, 40.0, market="total")]).is_empty()
    assert divergence([count(601, 60.0, 40.0)]).is_empty()
