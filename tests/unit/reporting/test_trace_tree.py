"""How a trace is shown: each load once in full, then by name."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from dagster_mlb.reporting.trace import TraceStep, rendered, traceable_tables
from dagster_mlb.reporting.trace_tree import shown

LOAD = TraceStep("load 7: a.csv", {"provenance": "archive"}, (TraceStep("line 2", {"price": "-110"}),), load_id=7)
TREE = TraceStep(
    "curated.moneylines 1",
    {"open_home_price": -110.0, "reason": "a long one"},
    (TraceStep("open", {}, (LOAD,)), TraceStep("close", {}, (LOAD,), note="assumed")),
)


def text(step: TraceStep) -> list[str]:
    console = Console(width=200, no_color=True)
    with console.capture() as written:
        console.print(rendered(step))
    return [line.strip(" │├└─") for line in written.get().splitlines()]


def test_a_load_is_told_in_full_where_it_stands_first_and_by_name_after() -> None:
    lines = text(TREE)
    assert lines.count("provenance archive") == 1
    assert lines.count("load 7: a.csv") == 1
    assert lines.count("load 7: a.csv  (as above)") == 1
    assert lines.count("price -110") == 2


def test_notes_stand_beside_the_title_and_long_facts_on_a_line_of_their_own() -> None:
    lines = text(TREE)
    assert "close  assumed" in lines
    assert "reason: a long one" in lines


def test_a_tree_knows_the_loads_that_it_ends_in_once_each() -> None:
    assert TREE.load_ids == [7]
    assert next(step.title for step in TREE.walk()) == "curated.moneylines 1"


def test_values_are_shown_as_people_read_them() -> None:
    assert shown(None) == "NULL"
    assert shown(datetime(2016, 4, 3, 16, tzinfo=UTC)) == "2016-04-03 16:00:00 UTC"
    assert shown(-110) == "-110"


def test_every_curated_table_that_people_ask_of_can_be_traced() -> None:
    wanted = {
        *("archive_benchmark", "decision_prices", "enhanced_games", "feature_vectors", "model_performance"),
        *(
            "moneylines",
            "predictions",
            "profitability_metrics",
            "spreads",
            "strategy_results",
            "team_ratings",
            "totals",
        ),
    }
    assert {table.removeprefix("curated.") for table in traceable_tables() if table.startswith("curated.")} >= wanted
