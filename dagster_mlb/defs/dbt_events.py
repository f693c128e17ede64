"""What a run of dbt did, told to Dagster: a materialization per table, a check result per test, and a failure if due.

Pure but for the types of Dagster; the run itself is ``warehouse/transform.py``'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from dagster_mlb.defs.dbt_translator import IS_GATE
from dagster_mlb.warehouse.transform import NodeOutcome

BUILT = {"success", "partial success"}
# dbt itself says "warn" for a failing test of severity warn.
FAILED = {"error", "runtime error", "fail"}
UNIQUE_ID = "dagster_dbt/unique_id"
_SHOWN_FAILURES = 10


@dataclass(frozen=True)
class DbtNodes:
    """Which asset or check a dbt node is: by unique id."""

    assets: Mapping[str, dg.AssetKey]
    checks: Mapping[str, dg.AssetCheckKey]
    warning_checks: Collection[dg.AssetCheckKey] = field(default_factory=frozenset)

    @classmethod
    def of(cls, definition: dg.AssetsDefinition) -> DbtNodes:
        """Read from the specs that dagster-dbt made."""
        return cls(
            assets={spec.metadata[UNIQUE_ID]: spec.key for spec in definition.specs},
            checks={spec.metadata[UNIQUE_ID]: spec.key for spec in definition.check_specs},
            warning_checks=frozenset(spec.key for spec in definition.check_specs if not spec.metadata[IS_GATE]),
        )


def dagster_events(
    outcomes: Sequence[NodeOutcome],
    nodes: DbtNodes,
    *,
    selected_checks: Collection[dg.AssetCheckKey] | None = None,
    table_metadata: Mapping[tuple[str, ...], Mapping[str, Any]] | None = None,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Everything that came through, then ``dg.Failure`` where a model broke or a blocking test failed.

    A skipped node yields nothing, so what is not built is not said to be. Whatever is right of the step is then not
    run, and its tables keep their last good rows.
    """
    for outcome in outcomes:
        if outcome.unique_id in nodes.assets and outcome.status in BUILT:
            key = nodes.assets[outcome.unique_id]
            known = (table_metadata or {}).get(tuple(key.path), {})
            yield dg.MaterializeResult(asset_key=key, metadata={**known, "seconds": round(outcome.seconds, 3)})
    for outcome in outcomes:
        check = nodes.checks.get(outcome.unique_id)
        if (
            check is None
            or outcome.status == "skipped"
            or (selected_checks is not None and check not in selected_checks)
        ):
            continue
        yield _check_result(outcome, check, warns=outcome.status == "warn" or check in nodes.warning_checks)
    failed = [outcome for outcome in outcomes if outcome.status in FAILED]
    if failed:
        raise _failure(failed, outcomes)


def _check_result(outcome: NodeOutcome, check: dg.AssetCheckKey, *, warns: bool) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"bad rows": outcome.failures, "seconds": round(outcome.seconds, 3)}
    if outcome.status != "pass" and outcome.message:
        metadata["message"] = outcome.message.strip()
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=outcome.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )


def _failure(failed: Sequence[NodeOutcome], outcomes: Sequence[NodeOutcome]) -> dg.Failure:
    skipped = sum(outcome.status == "skipped" for outcome in outcomes)
    told = "\n".join(f"- {one.unique_id}: {one.status}: {one.message.strip()}" for one in failed[:_SHOWN_FAILURES])
    more = f"\n- and {len(failed) - _SHOWN_FAILURES} more" if len(failed) > _SHOWN_FAILURES else ""
    return dg.Failure(
        description=(
            f"dbt: {len(failed)} of {len(outcomes)} nodes failed, {skipped} were skipped; "
            f"the tables behind them keep their last good rows.\n{told}{more}"
        ),
        metadata={"failed": len(failed), "skipped": skipped},
        allow_retries=False,
    )
