"""The model's edge at the quoted price."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from side_worlds import picked, picks_of, quote, the_pick

from dagster_mlb.strategies.families.model_edge import ModelEdge, ModelEdgeParameters

AT_150 = {"price_1": -150, "price_2": 130}


def test_the_side_is_picked_whose_price_is_worth_more_than_the_threshold() -> None:
    quotes = [quote(**AT_150, game_key=key, model_probability_1=chance) for key, chance in ((1, 0.64), (2, 0.60))]
    pick = the_pick(ModelEdge(), *quotes)
    assert (pick["game_key"], pick["side"], pick["price_american"]) == (1, "home", -150)
    assert pick["strength"] == pytest.approx(0.64 * (1 + 100 / 150) - 1)
    assert pick["own_probability"] == 0.64
    assert pick["reason"] == "model 0.64 × 1.6667 − 1 = 0.0667 > 0.02"


def test_the_away_side_is_judged_by_the_complement() -> None:
    pick = the_pick(ModelEdge(), quote(**AT_150, model_probability_1=0.50))
    assert (pick["side"], pick["price_american"], pick["own_probability"]) == ("away", 130, 0.5)


def test_the_threshold_itself_is_not_enough() -> None:
    at_threshold = quote(**AT_150, model_probability_1=1.02 / (1 + 100 / 150))
    assert picked(ModelEdge(threshold=0.0201), at_threshold) == []
    assert picked(ModelEdge(threshold=0.0199), at_threshold) == ["home"]


def test_a_game_without_a_prediction_is_not_picked() -> None:
    assert picked(ModelEdge(threshold=-1.0), quote(**AT_150)) == []


def test_where_both_sides_pass_the_better_one_is_the_stronger() -> None:
    picks = picks_of(ModelEdge(), quote(price_1=110, price_2=115, model_probability_1=0.5))
    assert picks.sort("strength", descending=True)["side"].to_list() == ["away", "home"]


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ValidationError):
        ModelEdgeParameters(treshold=0.1)  # type: ignore[call-arg]
