"""A month's credits: what is asked for them, what is not, and what events ask (nothing)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.odds_api import within_plan
from dagster_mlb.sources.odds_api.client import MARKETS
from dagster_mlb.sources.odds_api.credit_plan import CreditPlan, credit_plan
from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError, month_of, reserve_up_to
from dagster_mlb.sources.odds_api.events import EVENTS, events_request

JULY = date(2025, 7, 15)


def plan(credits_a_month: int, regions: str = "us,eu", today: date = JULY) -> CreditPlan:
    return credit_plan(Settings(odds_api_monthly_credits=credits_a_month, odds_api_regions=regions), today)


def test_five_hundred_credits_are_two_looks_a_day_and_something_in_hand() -> None:
    month = plan(500)
    assert month.odds is not None
    assert (month.odds.at, month.odds.markets, month.odds.regions) == ((time(12), time(18, 30)), MARKETS, ("us", "eu"))
    assert (month.credits_a_day, month.planned, month.kept_back) == (12, 372, 128)
    assert not month.has("event_odds")
    said = " | ".join(month.describe())
    assert "500 credits in July 2025, 372 planned, 128 kept back" in said
    assert "not captured: moves between 12:00, 18:30 New York" in said
    assert "not captured: players' props (90 credits for one look at a slate)" in said
    assert "not captured: historical snapshots" in said
    assert "events are asked as often as wanted: they are free" in said


@pytest.mark.parametrize("credits_a_month", [0, 1, 30, 31, 61, 62, 93, 186, 500, 3_000, 20_000, 100_000, 5_000_000])
@pytest.mark.parametrize("regions", ["us", "us,eu", "us,us2,eu,uk", ""])
@pytest.mark.parametrize("today", [date(2025, 2, 28), JULY])
def test_no_plan_is_larger_than_its_month(credits_a_month: int, regions: str, today: date) -> None:
    month = plan(credits_a_month, regions, today)
    assert month.kept_back >= 0
    assert month.planned == sum(poll.credits for poll in month.polls) * month.days
    if month.odds is not None:
        looks = len(month.odds.at)
        assert month.odds.credits == looks * len(month.odds.markets) * len(month.odds.regions)
        assert looks == len(set(month.odds.at))


def test_fewer_credits_keep_the_sharp_books_before_the_other_markets() -> None:
    month = plan(62)
    assert month.odds is not None
    assert (month.odds.markets, month.odds.regions, month.odds.at) == (("h2h",), ("us", "eu"), (time(18, 30),))
    assert "markets other than h2h" in month.not_captured
    assert "games that begin before 18:30 New York on their day" in month.not_captured
    one = plan(31)
    assert one.odds is not None
    assert one.odds.regions == ("us",)
    assert "the books of eu" in one.not_captured


def test_without_credits_nothing_is_polled_and_that_is_said() -> None:
    month = plan(30)
    assert month.polls == ()
    assert "every price of this source" in month.not_captured
    assert "nothing is polled: the credits do not reach for one question a day" in month.describe()


def test_a_larger_plan_has_props_then_the_first_five_then_a_denser_day() -> None:
    props = plan(31 * (12 + 90))
    assert [poll.endpoint for poll in props.polls] == ["odds", "event_odds"]
    assert any("scores" in words for words in props.not_captured)
    both = plan(31 * (12 + 90 + 90 + 2 + 6))
    assert [poll.endpoint for poll in both.polls] == ["odds", "event_odds", "first_five", "scores"]
    assert both.odds is not None
    assert both.odds.at == (time(12), time(18, 30), time(21, 30))
    assert not any("props" in words for words in both.not_captured)


def test_without_credits_for_a_day_odds_are_not_asked() -> None:
    settings = Settings(
        odds_api_monthly_credits=10, odds_api_key=SecretStr("k"), fixed_now=datetime(2025, 7, 15, tzinfo=UTC)
    )
    with pytest.raises(CreditsExhaustedError, match="10 credits a month do not reach"):
        within_plan.collect_odds_within_plan(settings, run_id="test")


def test_what_costs_nothing_needs_no_reservation() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        reserve_up_to(Settings(), [0], purpose="events", run_id="test")


def test_a_month_is_of_utc() -> None:
    assert month_of(datetime.fromisoformat("2025-06-30T22:00:00-04:00")) == date(2025, 7, 1)


def test_events_are_asked_without_prices() -> None:
    assert events_request().request_key == "GET /v4/sports/baseball_mlb/events?dateFormat=iso"
    noon = datetime(2025, 7, 15, 16, tzinfo=UTC)
    narrowed = events_request(event_ids=["a" * 32], commence_from=noon, commence_to=noon)
    assert narrowed.params["eventIds"] == "a" * 32
    assert narrowed.params["commenceTimeFrom"] == narrowed.params["commenceTimeTo"] == "2025-07-15T16:00:00Z"
    with pytest.raises(ValueError, match="no time zone"):
        events_request(commence_to=datetime(2025, 7, 15))  # noqa: DTZ001
    [event] = EVENTS.validate_python([{"id": "a" * 32, "commence_time": "2025-07-15T23:05:00Z", "home_team": "x"}])
    assert event.bookmakers is None
