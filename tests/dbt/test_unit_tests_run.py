"""dbt's own unit tests (``*__unit_tests.yml``) pass, on tables that are there and empty; production never runs them."""

from __future__ import annotations

from pathlib import Path

from dagster_mlb.learning.tables import DDL
from dagster_mlb.settings import Settings
from dagster_mlb.strategies.results_table import RESULTS_DDL
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare

# The laws that are too fine for a test of tables: how sides pair, how events are tied, what is known when.
TOLD_BY_UNIT_TESTS = {
    "int_market_states",
    "int_doubtful_days",
    "int_event_statements",
    "int_source_events",
    "int_result_ties",
    "int_price_ties",
    "int_mlb_games",
    "int_bet_ties",
    "odds_ticks",
    "game_results",
    "moneylines",
    "decision_prices",
    "int_voices",
    "int_main_lines",
    "int_split_states",
    "consensus_path",
    "market_consensus",
    "movement_analysis",
    "betting_lines_enhanced",
    "feature_vectors",
}


def run_dbt(settings: Settings, target: Path, *arguments: str) -> transform.TransformResult:
    folders = ["--project-dir", str(transform.DBT_PROJECT_DIR), "--profiles-dir", str(transform.DBT_PROFILES_DIR)]
    written = ["--target-path", str(target), "--log-path", str(target), "--log-level", "none", "--quiet"]
    with transform.connection_in_environment(settings) as database:
        outcome = transform.invoke([*arguments, *folders, *written], manifest=transform.cached_manifest(database))
    return transform.TransformResult(arguments[0], 0.0, transform.nodes_of(outcome))


def make_the_tables_of_python(settings: Settings) -> None:
    """dbt reads a column's type off the table itself, so the tables that Python publishes must be there too."""
    with connect(settings, role="transform") as connection:
        for ddl in [*DDL.values(), RESULTS_DDL]:
            connection.execute(ddl)


def test_every_unit_test_of_dbt_passes(database: Settings, tmp_path: Path) -> None:
    prepare(database)
    make_the_tables_of_python(database)
    run_dbt(database, tmp_path, "build", "--exclude-resource-type", "test", "unit_test").raise_if_failed()

    result = run_dbt(database, tmp_path, "test", "--select", "test_type:unit")

    result.raise_if_failed()
    unit_tests = [node for node in result.nodes if node.resource_type == "unit_test"]
    assert {node.status for node in unit_tests} == {"pass"}
    assert {node.unique_id.split(".")[2] for node in unit_tests} == TOLD_BY_UNIT_TESTS


def test_no_selection_of_production_runs_a_unit_test() -> None:
    for selection in transform.SELECTIONS:
        assert "resource_type:unit_test" in transform.dbt_arguments("build", selection), selection
