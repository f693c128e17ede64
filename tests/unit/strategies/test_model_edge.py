"""The model's edge at the quoted price, and which book's price is taken."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from strategy_worlds import frame_of, offer

from dagster_mlb.strategies.families.model_edge import ModelEdge, ModelEdgeParameters
from dagster_mlb.strategies.offers import side_offers

BOOKS = [
    offer(1, book="pinnacle", home_price=-110, away_price=102),
    offer(1, book="fanduel", home_price=105, away_price=-125),
    offer(1, book="betmgm", home_price=-105, away_price=110),
]


def test_the_side_is_bet_whose_price_is_worth_more_than_the_threshold():
    bets = ModelEdge().bets(frame_of([offer(1), offer(2)], {1: 0.64, 2: 0.60}))
    assert bets.select("game_key", "side", "price_american").rows() == [(1, "home", -150)]
    row = bets.row(0, named=True)
    assert row["strength"] == pytest.approx(0.64 * (1 + 100 / 150) - 1)
    assert row["probability"] == 0.64
    assert row["reason"] == "model 0.64 × 1.6667 − 1 = 0.0667 > 0.02"


def test_the_away_side_is_judged_by_the_complement():
    row = ModelEdge().bets(frame_of([offer(1)], {1: 0.50})).row(0, named=True)
    assert (row["side"], row["price_american"], row["probability"]) == ("away", 130, 0.5)


def test_the_threshold_itself_is_not_enough():
    at_threshold = 1.02 / (1 + 100 / 150)
    frame = frame_of([offer(1)], {1: at_threshold})
    assert ModelEdge(ModelEdgeParameters(threshold=0.0201)).bets(frame).is_empty()
    assert ModelEdge(ModelEdgeParameters(threshold=0.0199)).bets(frame).height == 1


def test_a_game_without_a_prediction_is_not_bet():
    assert ModelEdge(ModelEdgeParameters(threshold=-1.0)).bets(frame_of([offer(1)])).is_empty()


def test_only_the_better_side_is_bet_where_both_pass():
    frame = frame_of([offer(1, home_price=110, away_price=115)], {1: 0.5})
    bets = ModelEdge().bets(frame)
    assert bets.select("side", "price_american").rows() == [("away", 115)]


@pytest.mark.parametrize(
    ("book", "expected"),
    [
        ("benchmark", {"home": ("pinnacle", -110), "away": ("pinnacle", 102)}),
        ("best", {"home": ("fanduel", 105), "away": ("betmgm", 110)}),
        ("betmgm", {"home": ("betmgm", -105), "away": ("betmgm", 110)}),
        ("circa", {}),
    ],
)
def test_the_book_rule_chooses_the_price(book, expected):
    offers = side_offers(frame_of(BOOKS, market_book="pinnacle"), book)
    found = {row["side"]: (row["book"], row["price_american"]) for row in offers.iter_rows(named=True)}
    assert found == expected


def test_the_probabilities_of_a_game_s_two_sides_are_complementary():
    home, away = side_offers(frame_of([offer(1)], {1: 0.6})).sort("side", descending=True).iter_rows(named=True)
    assert (home["side"], away["side"]) == ("home", "away")
    assert home["market_probability"] == pytest.approx(0.582712, abs=1e-6)
    assert home["market_probability"] + away["market_probability"] == pytest.approx(1.0)
    assert home["model_probability"] + away["model_probability"] == pytest.approx(1.0)


def test_the_benchmark_is_the_book_that_the_feature_vector_names():
    assert side_offers(frame_of(BOOKS, market_book="betmgm"))["book"].unique().to_list() == ["betmgm"]
    assert side_offers(frame_of(BOOKS, market_book="pinnacle"))["book"].unique().to_list() == ["pinnacle"]


def test_a_quote_with_one_side_is_no_market_to_bet():
    assert side_offers(frame_of([offer(1, away_price=None)])).is_empty()


def test_unknown_parameters_are_refused():
    with pytest.raises(ValidationError):
        ModelEdgeParameters(treshold=0.1)  # type: ignore[call-arg]
