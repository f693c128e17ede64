"""The Great Expectations suite on a training set: what must hold before a model may learn from it.

dbt's tests guard the tables relation by relation; this suite looks at the one frame that goes into a fit, statistics
included (a mean, a spread), which no relational test sees.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from dagster_mlb.learning.datasets import FEATURES

HOLD_RANGE = (-0.02, 0.12)
HOME_WIN_RANGE = (0.45, 0.62)
MAX_ELO_DIFFERENCE = 400.0
GAMES_FOR_A_MEAN = 500
# At the open nothing has moved yet.
CONSTANT_BY_NATURE = {"open": frozenset({"open_to_now_logit"})}


class ExpectationOutcome(NamedTuple):
    """One expectation: its name with its column, whether it held, and what was seen."""

    expectation: str
    success: bool
    details: str


def validate_training_set(frame: pl.DataFrame, *, feature_names: Sequence[str] = FEATURES) -> list[ExpectationOutcome]:
    """Run the suite on labelled training rows (any number of decisions). Never raises on bad data: it says so.

    A feature that is missing throughout is told apart from one that is constant: only the latter fails.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations import expectations as gxe

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    quiet: Any = {"globally": False, "metric_calculations": False, "profilers": False}
    context.variables.progress_bars = quiet
    suite = context.suites.add(gx.ExpectationSuite(name="training_set"))
    for expectation in _expectations(gxe, frame, feature_names):
        suite.add_expectation(expectation)
    batch = (
        context.data_sources.add_pandas("memory")
        .add_dataframe_asset(name="training_set")
        .add_batch_definition_whole_dataframe("all")
        .get_batch(batch_parameters={"dataframe": _as_pandas(frame, feature_names)})
    )
    return [_outcome(result) for result in batch.validate(suite).results]


def failures(outcomes: Sequence[ExpectationOutcome]) -> list[str]:
    """The expectations that did not hold, each with what was seen."""
    return [f"{outcome.expectation}: {outcome.details}" for outcome in outcomes if not outcome.success]


def _as_pandas(frame: pl.DataFrame, feature_names: Sequence[str]) -> Any:
    """A pandas frame of the judged columns, made from numpy (no Arrow bridge needed); times as their distance in
    hours."""
    import pandas as pd

    label = frame["home_win"].cast(pl.Float64)
    hours = (frame["result_known_at"] - frame["decision_at"]).dt.total_seconds() / 3600.0
    numbers = {
        **{name: frame[name].cast(pl.Float64) for name in feature_names},
        **{
            name: frame[name].cast(pl.Float64)
            for name in ("market_home_probability", "market_logit", "market_hold", "elo_diff", "elo_home_probability")
        },
        "home_win": label,
        "hours_to_result": hours,
    }
    content: dict[str, Any] = {name: column.fill_null(float("nan")).to_numpy() for name, column in numbers.items()}
    content["game_key"] = frame["game_key"].to_numpy()
    content["decision"] = frame["decision"].to_list()
    return pd.DataFrame(content)


def _expectations(gxe: Any, frame: pl.DataFrame, feature_names: Sequence[str]) -> list[Any]:
    suite = [
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["game_key", "decision"]),
        gxe.ExpectColumnValuesToNotBeNull(column="market_logit"),
        gxe.ExpectColumnValuesToNotBeNull(column="home_win"),
        gxe.ExpectColumnValuesToBeInSet(column="home_win", value_set=[0.0, 1.0]),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0, max_value=1, strict_min=True, strict_max=True)
            for name in ("market_home_probability", "elo_home_probability")
        ),
        gxe.ExpectColumnValuesToBeBetween(column="market_hold", min_value=HOLD_RANGE[0], max_value=HOLD_RANGE[1]),
        gxe.ExpectColumnValuesToBeBetween(
            column="elo_diff",
            min_value=-MAX_ELO_DIFFERENCE,
            max_value=MAX_ELO_DIFFERENCE,
            strict_min=True,
            strict_max=True,
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="hours_to_result"),
        gxe.ExpectColumnValuesToBeBetween(column="hours_to_result", min_value=0, strict_min=True),
    ]
    if frame.height > GAMES_FOR_A_MEAN:
        low, high = HOME_WIN_RANGE
        suite.append(gxe.ExpectColumnMeanToBeBetween(column="home_win", min_value=low, max_value=high))
    decisions = frame["decision"].unique().to_list()
    constant = CONSTANT_BY_NATURE.get(decisions[0], frozenset()) if len(decisions) == 1 else frozenset()
    suite += [
        gxe.ExpectColumnUniqueValueCountToBeBetween(column=name, min_value=2)
        for name in feature_names
        if name not in constant and frame[name].drop_nulls().len()
    ]
    return suite


def _outcome(result: Any) -> ExpectationOutcome:
    configuration = result.expectation_config
    kwargs = configuration.kwargs
    about = kwargs.get("column") or "+".join(kwargs.get("column_list", []))
    seen: dict[str, Any] = result.result or {}
    if result.exception_info and result.exception_info.get("raised_exception"):
        details = str(result.exception_info.get("exception_message"))
    elif "unexpected_count" in seen:
        examples = seen.get("partial_unexpected_list") or []
        details = f"{seen['unexpected_count']} of {seen.get('element_count')} rows"
        details += f", for example {examples[:3]}" if examples else ""
    else:
        details = f"observed {seen.get('observed_value')}"
    return ExpectationOutcome(f"{configuration.type}({about})", bool(result.success), details)
