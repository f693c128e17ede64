"""What learning and strategies tell Dagster: figures as numbers that it can draw, and the plot inside the page."""

from __future__ import annotations

import base64

import dagster as dg
import pytest
from unit.learning.learning_worlds import training_rows
from unit.strategies.test_strategy_statistics import luck_only

from dagster_mlb.defs.learning import Training, expectations_result, performance_metadata, training_scheme
from dagster_mlb.defs.strategy_results import strategy_metadata
from dagster_mlb.learning.evaluation import performance
from dagster_mlb.learning.expectations import ExpectationOutcome
from dagster_mlb.learning.run import LearningReport
from dagster_mlb.learning.walk_forward import walk_forward
from dagster_mlb.settings import Settings
from dagster_mlb.strategies.backtest import BacktestReport, StrategyRun
from dagster_mlb.strategies.figures.summary import summarise


@pytest.fixture(scope="module")
def report() -> LearningReport:
    walked = walk_forward(training_rows(300, seasons=(2018, 2019, 2020)), "season")
    return LearningReport(
        walked.predictions.height, len(walked.records), performance(walked.scored, by="season"), walked.scored
    )


def test_the_served_models_figures_are_floats(report: LearningReport) -> None:
    metadata = performance_metadata(report)

    for figure in ("log loss (open)", "market log loss (open)", "brier (open)", "log loss difference (open)"):
        assert isinstance(metadata[figure], float), figure
    assert 0.5 < metadata["log loss (open)"] < 0.8


def test_the_calibration_plot_is_a_png_inside_the_markdown(report: LearningReport) -> None:
    text = performance_metadata(report)["calibration (open)"].value
    encoded = text.removeprefix("![calibration](data:image/png;base64,").removesuffix(")")

    assert base64.b64decode(encoded)[:8] == b"\x89PNG\r\n\x1a\n"


def test_every_model_is_in_the_table_beside_the_market(report: LearningReport) -> None:
    table = performance_metadata(report)["models against the market"].value

    assert all(f"| {name} | open |" in table for name in ("market", "elo", "home_rate", "lightgbm_offset"))


def test_a_learning_without_enough_seasons_says_so(report: LearningReport) -> None:
    empty = LearningReport(0, 0, report.performance.clear(), report.scored.clear())

    assert "enough seasons" in performance_metadata(empty)["models against the market"].value


def test_the_demo_walks_by_month_and_everybody_else_by_season_unless_told() -> None:
    demo, dev = Settings(environment="demo"), Settings(environment="dev")

    assert training_scheme(demo, Training()) == "month"
    assert training_scheme(dev, Training()) == "season"
    assert training_scheme(dev, Training(scheme="month")) == "month"


def test_what_did_not_hold_blocks_and_stands_first() -> None:
    result = expectations_result(
        {
            "open, archive": [
                ExpectationOutcome("not_null(home_win)", True, "0 of 5 rows"),
                ExpectationOutcome("between(market_hold)", False, "2 of 5 rows, for example [0.9]"),
            ]
        },
        {"open, archive": 5},
    )

    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert result.description == "open, archive: between(market_hold): 2 of 5 rows, for example [0.9]"
    assert str(result.metadata["suite"].value).splitlines()[2].startswith("| open, archive | `between(market_hold)`")


def test_nothing_to_judge_passes() -> None:
    assert expectations_result({}, {"open, archive": 12}).passed


def run_of(bets: object, decision: str) -> StrategyRun:
    return StrategyRun("underdog", "1", {}, "hash", decision, "open, season 2019", ("archive",), bets, summarise(bets))  # type: ignore[arg-type]


def test_roi_and_closing_value_of_every_strategy_are_floats_and_stand_in_a_table() -> None:
    bets = luck_only(seed=4)
    metadata = strategy_metadata(BacktestReport([run_of(bets, "open")]))

    assert metadata["ROI (underdog, open)"] == pytest.approx(bets["profit"].sum() / bets["stake"].sum())
    assert metadata["EV-CLV (underdog, open)"] == pytest.approx(bets["ev_clv"].mean())
    assert "| underdog | open | 900 |" in metadata["strategies"].value


def test_a_strategy_without_bets_has_no_figures_instead_of_zeros() -> None:
    metadata = strategy_metadata(BacktestReport([run_of(luck_only(seed=4).clear(), "current")]))

    assert [name for name in metadata if name.startswith(("ROI", "EV-CLV"))] == []
    assert "| underdog | current | 0 | – | – | – | – | – |" in metadata["strategies"].value
