"""Running a job in this process, on the instance that the UI shows: what `make demo` and ``mlb run`` call.

The same steps, gates and events as a run of the daemon, without its queue and its new interpreter (10 s a run).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_mlb.defs.instance import open_instance
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.prepare import prepare

if TYPE_CHECKING:
    from dagster import DagsterEvent, Definitions

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


class RunFailedError(RuntimeError):
    """A run did not get through; the message says which steps, and why."""


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to. ``checks_failed`` block what is right of them; ``checks_warned`` only tell."""

    run_id: str
    job: str
    success: bool
    seconds: float
    steps: int
    materializations: int
    checks_passed: int
    checks_failed: tuple[str, ...] = ()
    checks_warned: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)  # step -> what went wrong
    skipped: tuple[str, ...] = ()
    metadata: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict, repr=False
    )  # 'schema/table' -> plain values

    def raise_if_failed(self) -> None:
        if self.success:
            return
        told = "\n".join(f"  {step}: {reason}" for step, reason in self.failures.items()) or "  no step says why"
        checks = "".join(f"\n  check failed: {check}" for check in self.checks_failed)
        raise RunFailedError(f"the run {self.job} ({self.run_id}) failed after {self.seconds:.1f} s:\n{told}{checks}")


def run_job(
    settings: Settings,
    definitions: Definitions,
    job: str,
    *,
    day: date | None = None,
    days: tuple[date, date] | None = None,
    seasons: tuple[int, int] | None = None,
    run_config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    verbose: bool = False,
) -> RunOutcome:
    """Runs ``daily``, ``history``, ``archives`` or ``rebuild`` and returns what came of it; raises nothing for a
    failed run (see ``RunOutcome.raise_if_failed``).

    ``day`` is one official date, ``days`` the first and last of an unbroken range, ``seasons`` that of the archives:
    a range is one run. The warehouse is prepared first.
    """
    if sum(part is not None for part in (day, days, seasons)) > 1:
        raise ValueError("give a day, a range of days or a range of seasons, not several of them")
    prepare(settings)
    span = days or seasons
    ranged = {RANGE_START: str(span[0]), RANGE_END: str(span[1])} if span is not None else {}
    started = time.perf_counter()
    with open_instance(settings) as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=day.isoformat() if day is not None else None,
            run_config=console_config(run_config, verbose=verbose),
            tags={**(tags or {}), **ranged},
            raise_on_error=False,
        )
        return outcome_of(job, result.run_id, result.success, result.all_events, time.perf_counter() - started)


def console_config(run_config: Mapping[str, Any] | None, *, verbose: bool) -> dict[str, Any]:
    """The run's config with Dagster's own terminal output kept to failures: people have the UI and the summary.

    The run's log keeps everything, the lines of the sources' clients included.
    """
    quiet = {} if verbose else {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
    return {**quiet, **(run_config or {})}


def outcome_of(job: str, run_id: str, success: bool, events: Sequence[DagsterEvent], seconds: float) -> RunOutcome:
    """Counts the events of a run."""
    passed = steps = materialized = 0
    failed: list[str] = []
    warned: list[str] = []
    failures: dict[str, str] = {}
    skipped: list[str] = []
    metadata: dict[str, dict[str, Any]] = {}
    for event in events:
        kind = event.event_type_value
        if kind == "ASSET_CHECK_EVALUATION":
            evaluation = event.asset_check_evaluation_data
            name = f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}"
            if evaluation.passed:
                passed += 1
            else:
                told = f"{name}: {evaluation.description}" if evaluation.description else name
                (warned if evaluation.severity.value == "WARN" else failed).append(told)
        elif kind == "ASSET_MATERIALIZATION":
            materialized += 1
            made = event.materialization
            metadata[made.asset_key.to_user_string()] = {name: value.value for name, value in made.metadata.items()}
        elif kind == "STEP_SUCCESS":
            steps += 1
        elif kind == "STEP_FAILURE":
            failures[str(event.step_key)] = _reason(event)
        elif kind == "STEP_SKIPPED":
            skipped.append(str(event.step_key))
    return RunOutcome(
        run_id=run_id,
        job=job,
        success=success,
        seconds=seconds,
        steps=steps,
        materializations=materialized,
        checks_passed=passed,
        checks_failed=tuple(failed),
        checks_warned=tuple(warned),
        failures=failures,
        skipped=tuple(skipped),
        metadata=metadata,
    )


def _reason(event: DagsterEvent) -> str:
    """The words of the failure itself, without Dagster's wrapping and without a traceback."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "no reason given"
