"""When a source is left alone, and when it is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dagster_mlb.sources.breaker import Admission, Circuit, RunEnd, admit, after_run
from dagster_mlb.sources.health import freshness, scored
from dagster_mlb.sources.http import Outcome, SourcePolicy

NOON = datetime(2025, 7, 15, 12, tzinfo=UTC)
POLICY = SourcePolicy("sbr", breaker_cooldown_s=60, breaker_cooldown_max_s=200, total_timeout_s=30)
GAVE_UP = RunEnd(failures_in_a_row=5, gave_up=True)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def opened(run_id: str = "run-1") -> Circuit:
    return after_run(Circuit(), POLICY, Admission(), GAVE_UP, now=NOON, run_id=run_id)


def ask(
    circuit: Circuit, now: datetime, run_id: str = "run-2", clock_stands: bool = False
) -> tuple[Admission, Circuit]:
    return admit(circuit, POLICY, now=now, run_id=run_id, clock_stands=clock_stands)


def test_a_closed_circuit_lets_everything_be_asked_and_carries_its_failures_on() -> None:
    circuit = after_run(Circuit(), POLICY, Admission(), RunEnd(failures_in_a_row=3), now=NOON, run_id="run-1")
    assert circuit.state == "closed"
    assert ask(circuit, NOON)[0] == Admission("all", 3)


def test_an_open_circuit_refuses_with_the_moment_of_its_next_probe() -> None:
    admission, circuit = ask(opened(), NOON + seconds(59))
    assert admission.kind == "nothing"
    assert admission.message == (
        "sbr's circuit is open since 2025-07-15 12:00:00 UTC: 5 requests in a row failed; "
        "the next run from 2025-07-15 12:01:00 UTC on may probe it"
    )
    assert circuit == opened()


def test_when_the_wait_is_over_one_run_probes_and_the_others_are_refused() -> None:
    admission, circuit = ask(opened(), NOON + seconds(60))
    assert (admission.kind, circuit.state) == ("probe", "half_open")
    other, _ = ask(circuit, NOON + seconds(61), "run-3")
    assert other.kind == "nothing"
    assert "another run is probing it" in other.message


def test_a_probe_whose_run_has_died_is_given_to_another() -> None:
    _, circuit = ask(opened(), NOON + seconds(60))
    assert ask(circuit, NOON + seconds(91), "run-3")[0].kind == "probe"


@pytest.mark.parametrize("outcome", [Outcome.RECEIVED, Outcome.PERMANENT, Outcome.EMPTY, Outcome.MALFORMED])
def test_an_answered_probe_closes_the_circuit(outcome: Outcome) -> None:
    admission, circuit = ask(opened(), NOON + seconds(60))
    after = after_run(circuit, POLICY, admission, RunEnd(probe=outcome), now=NOON + seconds(62), run_id="run-2")
    assert after == Circuit()


def test_each_failed_probe_doubles_the_wait_up_to_its_limit() -> None:
    circuit, now, waits = opened(), NOON, []
    for number in range(4):
        assert circuit.next_probe_at is not None
        waits.append((circuit.next_probe_at - now).total_seconds())
        now = circuit.next_probe_at
        admission, circuit = ask(circuit, now, f"run-{number}")
        end = RunEnd(failures_in_a_row=6, probe=Outcome.BLOCKED)
        circuit = after_run(circuit, POLICY, admission, end, now=now, run_id=f"run-{number}")
    assert waits == [60, 120, 200, 200]
    assert circuit.state == "open"


@pytest.mark.parametrize("probe", [None, Outcome.REFUSED])
def test_a_probe_that_was_never_asked_leaves_the_next_run_free_to(probe: Outcome | None) -> None:
    admission, circuit = ask(opened(), NOON + seconds(60))
    after = after_run(circuit, POLICY, admission, RunEnd(probe=probe), now=NOON + seconds(61), run_id="run-2")
    assert (after.state, after.next_probe_at) == ("open", NOON + seconds(61))


def test_a_recovered_source_that_fails_again_in_the_same_run_is_open_again() -> None:
    admission, circuit = ask(opened(), NOON + seconds(60))
    end = RunEnd(failures_in_a_row=5, gave_up=True, probe=Outcome.RECEIVED)
    assert after_run(circuit, POLICY, admission, end, now=NOON + seconds(70), run_id="run-2").state == "open"


def test_on_a_standing_clock_another_run_may_probe_but_not_the_one_that_saw_it_fail() -> None:
    circuit = opened("run-1")
    assert ask(circuit, NOON, "run-1", clock_stands=True)[0].kind == "nothing"
    admission, circuit = ask(circuit, NOON, "run-2", clock_stands=True)
    assert admission.kind == "probe"
    failed = RunEnd(failures_in_a_row=6, probe=Outcome.TRANSIENT)
    circuit = after_run(circuit, POLICY, admission, failed, now=NOON, run_id="run-2")
    assert ask(circuit, NOON, "run-2", clock_stands=True)[0].kind == "nothing"
    assert ask(circuit, NOON, "run-3", clock_stands=True)[0].kind == "probe"


def test_a_clock_that_was_set_back_does_not_keep_it_open_for_years() -> None:
    assert ask(opened(), NOON - timedelta(days=400))[0].kind == "probe"


def test_who_was_refused_and_who_finished_late_change_nothing() -> None:
    circuit = opened()
    refused = after_run(circuit, POLICY, Admission("nothing"), RunEnd(), now=NOON, run_id="run-9")
    late = after_run(circuit, POLICY, Admission("all"), RunEnd(), now=NOON, run_id="run-9")
    assert refused == late == circuit


def test_reliability_is_the_decayed_share_of_good_requests_that_say_something() -> None:
    assert scored(0, 0, [Outcome.CACHED, Outcome.REFUSED, Outcome.PERMANENT, Outcome.EMPTY]) == (0, 0)
    good, weight = scored(0, 0, [Outcome.RECEIVED] * 50 + [Outcome.BLOCKED] * 50)
    assert 0.2 < good / weight < 0.3  # the later half weighs more
    good, weight = scored(good, weight, [Outcome.RECEIVED] * 300)
    assert good / weight > 0.99


def test_freshness_is_one_within_the_cadence_and_falls_with_the_age() -> None:
    assert freshness(NOON, 60, NOON + seconds(60)) == 1.0
    assert freshness(NOON, 60, NOON + seconds(240)) == 0.25
    assert freshness(None, 60, NOON) is None
    assert freshness(NOON, None, NOON) is None
