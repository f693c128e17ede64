"""The pace of a source within one process, and who goes first."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from dagster_mlb.sources.http_messages import Priority, SourcePolicy
from dagster_mlb.sources.http_slots import Slots
from dagster_mlb.sources.rate_limits import LocalTurns, Pace, Turns, Wait


async def take_until(turns: Turns, priority: Priority, number: int) -> list[float]:
    """When each of so many turns was given, in seconds from the first asking."""
    begun, given = time.perf_counter(), []
    while len(given) < number:
        wait = await turns.take(priority)
        if wait is None:
            given.append(time.perf_counter() - begun)
        else:
            await asyncio.sleep(wait.seconds)
    return given


def test_turns_are_an_interval_apart() -> None:
    given = asyncio.run(take_until(LocalTurns(Pace(0.05)), "live", 6))
    assert 0.24 <= given[-1] < 0.6
    assert min(later - earlier for earlier, later in pairwise(given)) > 0.04


def test_without_an_interval_every_turn_is_given_at_once() -> None:
    given = asyncio.run(take_until(LocalTurns(Pace(0.0)), "history", 1000))
    assert given[-1] < 0.5


@pytest.mark.parametrize(("priority", "seconds"), [("live", 0.2), ("props", 0.25), ("history", 0.4)])
def test_a_lower_priority_may_use_a_part_of_the_rate_even_when_nobody_else_asks(
    priority: Priority, seconds: float
) -> None:
    given = asyncio.run(take_until(LocalTurns(Pace(0.02, props_share=0.8, history_share=0.5)), priority, 11))
    assert seconds * 0.98 <= given[-1] < seconds * 2


def test_a_backfill_that_asks_all_the_time_leaves_live_its_half() -> None:
    async def both() -> float:
        turns = LocalTurns(Pace(0.02))
        backfill = asyncio.create_task(take_until(turns, "history", 10_000))
        await asyncio.sleep(0.1)
        given = await take_until(turns, "live", 10)
        backfill.cancel()
        return given[-1]

    assert asyncio.run(both()) < 10 * 0.02 / 0.5 * 1.5


def test_a_pause_holds_for_every_priority_and_says_that_it_was_asked_for() -> None:
    async def paused() -> tuple[Wait | None, Wait | None]:
        turns = LocalTurns(Pace(0.0))
        await turns.pause(30)
        await turns.pause(5)  # does not shorten what was asked before
        return await turns.take("live"), await turns.take("history")

    for wait in asyncio.run(paused()):
        assert wait is not None
        assert wait.is_asked
        assert 25 < wait.seconds <= 30


def test_a_pace_is_the_policys_and_on_this_machine_none_unless_it_is_set() -> None:
    policy = SourcePolicy("sbr", min_interval_s=0.5, history_share=0.25)
    assert Pace.of(policy, is_loopback=False) == Pace(0.5, 0.8, 0.25)
    assert Pace.of(policy, is_loopback=True).interval_s == 0
    with pytest.raises(ValueError, match="share"):
        Pace(0.5, history_share=0)


# ---------------------------------------------------------------- slots


def test_a_free_slot_goes_to_the_highest_priority_and_then_to_whoever_came_first() -> None:
    async def order() -> list[str]:
        slots, seen = Slots(1), []

        async def work(name: str, priority: Priority) -> None:
            async with slots.held(priority):
                seen.append(name)
                await asyncio.sleep(0.001)

        wanted: list[tuple[str, Priority]] = [
            *(("h1", "history"), ("h2", "history"), ("p1", "props"), ("l1", "live"), ("l2", "live"))
        ]
        await asyncio.gather(*(work(*one) for one in wanted))
        return seen

    assert asyncio.run(order()) == ["h1", "l1", "l2", "p1", "h2"]


def test_a_waiter_that_is_cancelled_loses_no_slot() -> None:
    async def cancelled() -> None:
        slots = Slots(1)

        async def hold() -> None:
            async with slots.held("live"):
                await asyncio.sleep(10)

        waiters = []
        async with slots.held("live"):
            waiters = [asyncio.create_task(hold()) for _ in range(2)]
            await asyncio.sleep(0)
            waiters[1].cancel()  # it waits
            await asyncio.sleep(0)
        waiters[0].cancel()  # the slot has just been given to it
        await asyncio.gather(*waiters, return_exceptions=True)
        async with asyncio.timeout(1), slots.held("history"):
            pass

    asyncio.run(cancelled())


def test_no_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="0 slots"):
        Slots(0)
