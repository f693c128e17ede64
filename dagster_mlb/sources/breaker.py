"""The circuit breaker of a source: when it is left alone, and when one request may see whether it is back.

Pure: a ``Circuit`` is a value, the clock is an argument. Where it lies between runs is ``health.py``'s.

closed → open when too many requests in a row failed for the source's own reasons; open → half open when the wait is
over and one run has taken the probe; half open → closed when the probe was answered, else open for twice as long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from dagster_mlb.sources.http_messages import SourcePolicy
from dagster_mlb.sources.http_outcome import Outcome

# What says that the source, not the question, is ill.
ILL = frozenset({Outcome.TRANSIENT, Outcome.BLOCKED})


@dataclass(frozen=True)
class Circuit:
    """What is remembered between runs. ``next_probe_at``: while half open, until when the probe is somebody's."""

    state: Literal["closed", "open", "half_open"] = "closed"
    failures_in_a_row: int = 0
    times_opened: int = 0
    opened_at: datetime | None = None
    opened_by: str | None = None
    next_probe_at: datetime | None = None


@dataclass(frozen=True)
class Admission:
    """What a run may ask: everything, one request first, or nothing (``message`` says why)."""

    kind: Literal["all", "probe", "nothing"] = "all"
    failures_in_a_row: int = 0
    message: str = ""


@dataclass(frozen=True)
class RunEnd:
    """How a run's asking ended: ``failures_in_a_row`` since the last answer, those of earlier runs included;
    ``gave_up``: they became too many; ``probe``: what became of the probe, None where it was not asked."""

    failures_in_a_row: int = 0
    gave_up: bool = False
    probe: Outcome | None = None


def admit(
    circuit: Circuit, policy: SourcePolicy, *, now: datetime, run_id: str, clock_stands: bool
) -> tuple[Admission, Circuit]:
    """Whether a run may ask, and the circuit that the others see meanwhile.

    A clock that stands (a demo, a test) never reaches ``next_probe_at``, and one that was set back may be years before
    it: then any other run than the one that opened the circuit may probe.
    """
    if circuit.state == "closed":
        return Admission("all", circuit.failures_in_a_row), circuit
    is_due = circuit.next_probe_at is None or now >= circuit.next_probe_at
    is_out_of_time = clock_stands or (circuit.opened_at is not None and now < circuit.opened_at)
    if is_due or (is_out_of_time and run_id != circuit.opened_by):
        lease = now + timedelta(seconds=policy.total_timeout_s)
        # Who takes the probe is written down, so that on a standing clock its own second collection is refused.
        return Admission("probe", circuit.failures_in_a_row), replace(
            circuit, state="half_open", next_probe_at=lease, opened_by=run_id
        )
    return Admission("nothing", circuit.failures_in_a_row, _refusal(circuit, policy.source)), circuit


def after_run(
    circuit: Circuit, policy: SourcePolicy, admission: Admission, end: RunEnd, *, now: datetime, run_id: str
) -> Circuit:
    """The circuit after a run that was admitted. Others may have changed ``circuit`` since."""
    if admission.kind == "nothing":
        return circuit
    if admission.kind == "probe":
        if end.probe is None or end.probe is Outcome.REFUSED:
            return replace(circuit, state="open", next_probe_at=now)  # never asked: the next run may
        if end.probe not in ILL and not end.gave_up:
            return Circuit(failures_in_a_row=end.failures_in_a_row)
        return _opened(circuit, policy, end, now=now, run_id=run_id)
    if end.gave_up:
        return _opened(circuit, policy, end, now=now, run_id=run_id)
    if circuit.state == "closed":
        return replace(circuit, failures_in_a_row=end.failures_in_a_row)
    return circuit  # another run opened it since


def _opened(circuit: Circuit, policy: SourcePolicy, end: RunEnd, *, now: datetime, run_id: str) -> Circuit:
    wait = min(policy.breaker_cooldown_s * 2.0 ** min(circuit.times_opened, 30), policy.breaker_cooldown_max_s)
    return Circuit(
        state="open",
        failures_in_a_row=end.failures_in_a_row,
        times_opened=circuit.times_opened + 1,
        opened_at=now,
        opened_by=run_id,
        next_probe_at=now + timedelta(seconds=wait),
    )


def _refusal(circuit: Circuit, source: str) -> str:
    until = f"{circuit.next_probe_at:%Y-%m-%d %H:%M:%S} UTC" if circuit.next_probe_at else "the next run"
    since = f" since {circuit.opened_at:%Y-%m-%d %H:%M:%S} UTC" if circuit.opened_at else ""
    if circuit.state == "half_open":
        return f"{source}'s circuit is half open{since}: another run is probing it, until {until} at the latest"
    return (
        f"{source}'s circuit is open{since}: {circuit.failures_in_a_row} requests in a row failed; "
        f"the next run from {until} on may probe it"
    )
