"""The calibration plot is a picture, whatever it has to show."""

from __future__ import annotations

import pytest
from unit.learning.learning_worlds import training_rows

from dagster_mlb.learning.evaluation import performance
from dagster_mlb.learning.models import LightGBMOffset, Market, MarketLogistic, Predictor
from dagster_mlb.learning.plots import calibration_png
from dagster_mlb.learning.walk_forward import WalkForward, walk_forward


def quick(names: tuple[str, ...]) -> list[Predictor]:
    return [Market(), MarketLogistic(names), LightGBMOffset(names, needed_gain=1e9)]


@pytest.fixture(scope="module")
def walked() -> WalkForward:
    return walk_forward(training_rows(400, seasons=tuple(range(2008, 2022))), "season", predictors=quick)


@pytest.mark.parametrize("model", ["market", "market_logistic", "lightgbm_offset"])
def test_every_model_can_be_drawn_the_one_without_trees_too(walked: WalkForward, model: str) -> None:
    png = calibration_png(walked.scored, performance(walked.scored), model=model, decision="open")
    assert png.startswith(b"\x89PNG") and 10_000 < len(png) < 200_000


def test_the_same_predictions_make_the_same_picture(walked: WalkForward) -> None:
    table = performance(walked.scored)
    first, second = (calibration_png(walked.scored, table, model="market", decision="open") for _ in range(2))
    assert first == second


def test_nothing_to_draw_is_said(walked: WalkForward) -> None:
    with pytest.raises(ValueError, match="no scored prediction of 'oracle'"):
        calibration_png(walked.scored, performance(walked.scored), model="oracle", decision="open")
