"""What Dagster is told of a run of dbt: what came through, what did not, and when the step fails."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_mlb.defs.dbt_events import DbtNodes, dagster_events
from dagster_mlb.warehouse.transform import NodeOutcome

GAMES, TICKS = dg.AssetKey(["staging", "games"]), dg.AssetKey(["staging", "ticks"])
UNIQUE, RECENT = dg.AssetCheckKey(GAMES, "unique"), dg.AssetCheckKey(TICKS, "recent")
NODES = DbtNodes(
    assets={"model.games": GAMES, "model.ticks": TICKS},
    checks={"test.unique": UNIQUE, "test.recent": RECENT},
    warning_checks={RECENT},
)


def node(unique_id: str, status: str, *, failures: int = 0, message: str = "") -> NodeOutcome:
    return NodeOutcome(unique_id, unique_id.split(".")[0], status, 0.5, failures, message)


def told(
    *outcomes: NodeOutcome, **options: object
) -> tuple[list[dg.AssetKey], dict[str, dg.AssetCheckResult], str | None]:
    """Keys materialized, check results by name, and the words of the failure if there was one."""
    made: list[dg.AssetKey] = []
    checked: dict[str, dg.AssetCheckResult] = {}
    try:
        for event in dagster_events(outcomes, NODES, **options):  # type: ignore[arg-type]
            if isinstance(event, dg.MaterializeResult):
                made.append(dg.AssetKey.from_coercible(event.asset_key))  # type: ignore[arg-type]
            else:
                checked[str(event.check_name)] = event
    except dg.Failure as failure:
        assert not failure.allow_retries
        return made, checked, failure.description
    return made, checked, None


def test_models_become_materializations_and_tests_check_results() -> None:
    made, checked, failure = told(
        node("model.games", "success"),
        node("test.unique", "pass"),
        node("model.ticks", "success"),
        node("test.recent", "pass"),
    )

    assert made == [GAMES, TICKS]
    assert {name: result.passed for name, result in checked.items()} == {"unique": True, "recent": True}
    assert failure is None


def test_a_failing_test_fails_the_step_after_everything_else_was_told() -> None:
    made, checked, failure = told(
        node("model.games", "success"),
        node("test.unique", "fail", failures=3, message="Got 3 results, configured to fail if != 0"),
        node("model.ticks", "skipped"),
        node("test.recent", "skipped"),
    )

    assert made == [GAMES]
    assert not checked["unique"].passed
    assert checked["unique"].severity == dg.AssetCheckSeverity.ERROR
    assert checked["unique"].metadata["bad rows"] == dg.MetadataValue.int(3)
    assert failure is not None
    assert "test.unique: fail: Got 3 results" in failure
    assert "2 were skipped" in failure


def test_a_failing_model_is_no_materialization_and_fails_the_step() -> None:
    made, checked, failure = told(
        node("model.games", "error", message='relation "raw" does not exist'),
        node("test.unique", "skipped"),
        node("model.ticks", "success"),
        node("test.recent", "pass"),
    )

    assert made == [TICKS]
    assert set(checked) == {"recent"}
    assert failure is not None
    assert 'relation "raw" does not exist' in failure


def test_a_skipped_node_is_told_as_nothing_at_all() -> None:
    made, checked, failure = told(node("model.games", "skipped"), node("test.unique", "skipped"))

    assert (made, checked, failure) == ([], {}, None)


def test_a_warning_is_told_and_lets_the_run_go_on() -> None:
    made, checked, failure = told(node("model.ticks", "success"), node("test.recent", "warn", failures=1))

    assert made == [TICKS]
    assert not checked["recent"].passed
    assert checked["recent"].severity == dg.AssetCheckSeverity.WARN
    assert failure is None


def test_a_test_that_could_not_run_fails_the_step_and_did_not_pass() -> None:
    _, checked, failure = told(node("model.games", "success"), node("test.unique", "error", message="no such column"))

    assert not checked["unique"].passed
    assert failure is not None


def test_checks_that_were_not_asked_for_are_not_told() -> None:
    _, checked, _ = told(node("test.unique", "pass"), node("test.recent", "pass"), selected_checks={RECENT})

    assert set(checked) == {"recent"}


def test_a_failure_counts_also_where_its_check_was_not_asked_for() -> None:
    _, checked, failure = told(node("test.unique", "fail"), selected_checks=set())

    assert checked == {}
    assert failure is not None


def test_nodes_that_are_neither_asset_nor_check_are_passed_over() -> None:
    assert told(node("operation.on_run_end", "success"), node("unit_test.no_vig", "pass")) == ([], {}, None)


def test_many_failures_are_counted_and_the_first_ones_named() -> None:
    _, _, failure = told(*(node(f"model.number_{n}", "error") for n in range(14)))

    assert failure is not None
    assert "14 of 14 nodes failed" in failure
    assert "and 4 more" in failure


def test_what_the_database_says_of_a_table_is_in_its_metadata() -> None:
    known = {("staging", "games"): {"dagster/row_count": 2430}}
    [event] = dagster_events([node("model.games", "success")], NODES, table_metadata=known)

    assert event.metadata == {"dagster/row_count": 2430, "seconds": 0.5}


def test_downstream_of_a_failed_step_nothing_runs() -> None:
    @dg.multi_asset(
        specs=[dg.AssetSpec(GAMES, skippable=True)],
        check_specs=[dg.AssetCheckSpec("unique", asset=GAMES, blocking=True)],
        can_subset=True,
    )
    def dbt_upstream():  # type: ignore[no-untyped-def]
        yield from dagster_events([node("model.games", "success"), node("test.unique", "fail", failures=1)], NODES)

    @dg.asset(deps=[GAMES])
    def ratings() -> None:
        raise AssertionError("the gate did not hold")

    result = dg.materialize([dbt_upstream, ratings], raise_on_error=False)

    assert not result.success
    assert [event.step_key for event in result.all_events if event.event_type_value == "STEP_FAILURE"] == [
        "dbt_upstream"
    ]
    assert result.get_asset_check_evaluations()[0].check_name == "unique"


@pytest.mark.parametrize("status", ["success", "partial success"])
def test_both_kinds_of_success_count(status: str) -> None:
    assert told(node("model.games", status))[0] == [GAMES]
