"""The ledger of credits against the database and a server that counts: a month is never overspent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from loopback_source import LoopbackSource, Reply
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.odds_api import client
from dagster_mlb.sources.odds_api.credits import (
    CreditsExhaustedError,
    Reservation,
    balance,
    reserve,
    reserve_up_to,
    settle,
)
from dagster_mlb.sources.odds_api.events import collect_events
from dagster_mlb.sources.odds_api.within_plan import (
    collect_event_odds_within_plan,
    collect_historical_odds_within_plan,
    collect_odds_within_plan,
    collect_scores_within_plan,
    collect_within_plan,
)
from dagster_mlb.warehouse.connection import connect

ODDS = "/v4/sports/baseball_mlb/odds"
EVENTS = "/v4/sports/baseball_mlb/events"
SCORES = "/v4/sports/baseball_mlb/scores"
HISTORICAL = "/v4/historical/sports/baseball_mlb/odds"
AUGUST = datetime(2025, 8, 1, 0, 0, 1, tzinfo=UTC)


def having(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update=changes)


def told(last: int, remaining: int, body: bytes = b"[]", status: int = 200) -> Reply:
    return Reply(
        status=status, body=body, headers={"x-requests-last": str(last), "x-requests-remaining": str(remaining)}
    )


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackSource]:
    monkeypatch.setattr(client, "POLICY", replace(client.POLICY, backoff_initial_s=0.01, backoff_max_s=0.02))
    with LoopbackSource() as server:
        yield server


@pytest.fixture
def settings(database: Settings, source: LoopbackSource) -> Settings:
    return having(database, odds_api_base_url=source.base_url, odds_api_key=SecretStr("k3y"))


# ---------------------------------------------------------------- the ledger


def test_reservations_at_once_never_exceed_the_month(database: Settings) -> None:
    settings = having(database, odds_api_monthly_credits=50)

    def ask(_: int) -> Reservation | None:
        try:
            return reserve(settings, 6, purpose="odds", run_id="race")
        except CreditsExhaustedError:
            return None

    with ThreadPoolExecutor(max_workers=8) as pool:
        made = [reservation for reservation in pool.map(ask, range(24)) if reservation is not None]
    assert len(made) == 8
    assert len({reservation.reservation_id for reservation in made}) == 8
    now = balance(settings)
    assert (now.reserved, now.spent, now.available) == (48, 0, 2)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda reservation: settle(settings, reservation, spent=3), made))
    now = balance(settings)
    assert (now.reserved, now.spent, now.available) == (0, 24, 26)


def test_what_was_never_settled_counts_in_full_and_says_so_when_asked_again(database: Settings) -> None:
    settings = having(database, odds_api_monthly_credits=10)
    reserve(settings, 7, purpose="odds", run_id="crashed")
    with pytest.raises(CreditsExhaustedError) as refused:
        reserve(settings, 6, purpose="the prices of now", run_id="next")
    for words in ("the prices of now may cost 6", "of 10 in July 2025 0 are spent and 7 reserved", "2025-08-01 (UTC)"):
        assert words in str(refused.value)
    assert reserve_up_to(settings, [12, 6, 3], purpose="odds", run_id="next").amount == 3


def test_the_next_month_is_a_new_one_and_a_simulated_account_is_not_the_live_one(database: Settings) -> None:
    settings = having(database, odds_api_monthly_credits=10)
    settle(settings, reserve(settings, 10, purpose="odds", run_id="july"), spent=10, remaining=0)
    assert balance(settings).available == 0
    august = having(settings, fixed_now=AUGUST)
    assert (balance(august).month, balance(august).available) == (date(2025, 8, 1), 10)
    elsewhere = having(settings, odds_api_base_url="http://127.0.0.1:9/odds_api")
    assert balance(elsewhere).available == 10


def test_what_the_source_says_remains_lowers_what_may_be_spent_and_never_raises_it(database: Settings) -> None:
    settings = having(database, odds_api_monthly_credits=100)
    settle(settings, reserve(settings, 6, purpose="odds", run_id="a"), spent=6, remaining=40)
    assert (balance(settings).remaining_as_told, balance(settings).available) == (40, 40)
    one, other = (reserve(settings, 10, purpose="odds", run_id="b") for _ in range(2))
    assert balance(settings).available == 20
    settle(settings, other, spent=3, remaining=34)
    settle(settings, one, spent=3, remaining=37)
    # Answers that were under way at once may be settled in any order: the lower remainder holds.
    assert balance(settings).remaining_as_told == 34
    settle(settings, reserve(settings, 6, purpose="odds", run_id="c"), spent=6, remaining=4_000)
    assert (balance(settings).remaining_as_told, balance(settings).available) == (4_000, 82)


def test_a_reservation_is_settled_once(database: Settings) -> None:
    reservation = reserve(database, 6, purpose="odds", run_id="a")
    settle(database, reservation, spent=6)
    with pytest.raises(ValueError, match="settled already"):
        settle(database, reservation, spent=6)
    assert balance(database).spent == 6


# ---------------------------------------------------------------- asking within it


def test_odds_are_reserved_asked_once_and_settled_by_the_source_s_word(
    settings: Settings, source: LoopbackSource
) -> None:
    source.on(ODDS, told(6, 494))
    result = collect_odds_within_plan(settings, run_id="poll")
    assert result.is_complete
    assert [asked.params["regions"] for asked in source.asked] == ["us,eu"]
    now = balance(settings)
    assert (now.spent, now.reserved, now.remaining_as_told) == (6, 0, 494)


def test_what_would_overspend_is_not_asked(settings: Settings, source: LoopbackSource) -> None:
    poor = having(settings, odds_api_monthly_credits=186)
    settle(poor, reserve(poor, 181, purpose="odds", run_id="before"), spent=181)
    with pytest.raises(CreditsExhaustedError):
        collect_odds_within_plan(poor, run_id="poll")
    with pytest.raises(CreditsExhaustedError, match="2 historical snapshots may cost 120"):
        moments = [datetime(2025, 7, 1, hour, tzinfo=UTC) for hour in (16, 20, 16)]
        collect_historical_odds_within_plan(poor, moments, run_id="past")
    assert source.asked == []
    source.on(SCORES, told(1, 4), told(2, 2))
    assert collect_scores_within_plan(poor, run_id="scores").is_complete
    assert collect_scores_within_plan(poor, 3, run_id="scores").is_complete
    assert balance(poor).available == 2
    source.on(EVENTS, Reply(body=b"[]"))
    assert collect_events(poor, run_id="events").is_complete  # free
    assert balance(poor).available == 2


def test_with_little_left_there_are_fewer_attempts(settings: Settings, source: LoopbackSource) -> None:
    poor = having(settings, odds_api_monthly_credits=186)
    settle(poor, reserve(poor, 170, purpose="odds", run_id="before"), spent=170)
    source.on(ODDS, Reply(status=503))
    assert not collect_odds_within_plan(poor, run_id="poll").is_complete
    assert len(source.asked) == 2  # 16 credits are two attempts of 6
    assert balance(poor).available == 16  # an error that was answered costs nothing


def test_an_attempt_without_an_answer_is_paid_in_full(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(is_dropped=True), told(6, 488))
    assert collect_odds_within_plan(settings, run_id="poll").is_complete
    now = balance(settings)
    assert (now.spent, now.reserved, now.available) == (12, 0, 488)


def test_an_answer_that_does_not_say_its_cost_is_paid_in_full(settings: Settings, source: LoopbackSource) -> None:
    source.on(ODDS, Reply(body=b"[]"))
    collect_odds_within_plan(settings, run_id="poll")
    assert balance(settings).spent == 6


def test_an_event_s_markets_that_nobody_has_come_back(settings: Settings, source: LoopbackSource) -> None:
    ids = [f"{n:032x}" for n in range(3)]
    for event_id in ids:
        source.on(f"{EVENTS}/{event_id}/odds", told(2, 490, b"{}"))
    result = collect_event_odds_within_plan(settings, [*ids, ids[0]], run_id="props")
    assert (result.requests, result.credits_used) == (3, 6)
    assert balance(settings).spent == 6


def test_a_crash_while_asking_leaves_the_reservation_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the machine went down")

    monkeypatch.setattr("dagster_mlb.sources.odds_api.within_plan.collect", crash)
    with pytest.raises(RuntimeError, match="went down"):
        collect_odds_within_plan(settings, run_id="poll")
    assert balance(settings).reserved > 0
    with connect(settings) as connection:
        [purpose] = connection.execute("select purpose from operational.credit_ledger").fetchone() or ("",)
    assert purpose == "the prices of now"


def test_a_plan_of_nothing_reserves_nothing(settings: Settings) -> None:
    from dagster_mlb.sources.collection import Plan

    plan = Plan(client.POLICY, settings.odds_api_base_url, client.ODDS_TABLE, [])
    assert collect_within_plan(settings, plan, [], purpose="nothing", run_id="none").requests == 0
    with pytest.raises(ValueError, match="positive costs"):
        collect_within_plan(settings, plan, [6], purpose="nothing", run_id="none")
    assert balance(settings).reserved == 0
