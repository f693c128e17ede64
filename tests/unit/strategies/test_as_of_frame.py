"""The as-of frame and its guards: nothing from after the decision gets in, and no price that nobody quoted gets out."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from strategy_worlds import FIRST_DAY, frame_of, games_of, noon_before, offer, offers_of, predictions_of

from dagster_mlb.strategies.as_of import assemble_frame
from dagster_mlb.strategies.families.nulls import HomeSide
from dagster_mlb.strategies.protocol import (
    AS_OF_SCHEMA,
    LeakageError,
    empty_frame,
    no_bets,
    refuse_other_columns,
    refuse_prices_not_on_offer,
)

SECOND = timedelta(seconds=1)
DECISION_AT = noon_before(FIRST_DAY)


def test_the_frame_has_exactly_the_columns_that_a_strategy_may_see():
    frame = frame_of([offer(2), offer(1)], {1: 0.6})
    assert frame.schema == pl.Schema(AS_OF_SCHEMA)
    assert frame["game_key"].to_list() == [1, 2]
    assert frame["model_home_probability"].to_list() == [0.6, None]
    assert frame["home_price_decimal"].round(6).to_list() == [1.666667] * 2
    assert not any("close" in name or "runs" in name or name == "home_win" for name in frame.columns)


def test_a_price_of_the_decision_s_own_moment_may_be_used_and_one_a_second_later_may_not():
    assert frame_of([offer(1, price_known_at=DECISION_AT)]).height == 1
    with pytest.raises(LeakageError, match=r"hold a price .* game_key 1"):
        frame_of([offer(1, price_known_at=DECISION_AT + SECOND)])


def test_a_price_that_nobody_can_date_is_refused():
    with pytest.raises(LeakageError, match="price"):
        frame_of([offer(1, price_known_at=None)])


def test_a_prediction_from_after_the_decision_is_refused():
    offers = offers_of([offer(1)])
    with pytest.raises(LeakageError, match="prediction"):
        assemble_frame(offers, games_of(offers), predictions_of({1: 0.6}, DECISION_AT + SECOND))


def test_features_of_a_later_moment_than_the_prices_are_refused():
    offers = offers_of([offer(1)])
    later = games_of(offers).with_columns(pl.col("feature_decision_at") + SECOND)
    with pytest.raises(LeakageError, match="feature_vectors of game_key 1"):
        assemble_frame(offers, later)


def test_two_predictions_for_one_game_are_refused_instead_of_doubling_the_offers():
    offers = offers_of([offer(1)])
    twice = pl.concat([predictions_of({1: 0.6}), predictions_of({1: 0.5})])
    with pytest.raises(ValueError, match="two predictions"):
        assemble_frame(offers, games_of(offers), twice)


def test_a_column_that_is_none_of_a_strategy_s_business_is_refused():
    with pytest.raises(LeakageError, match="home_win"):
        refuse_other_columns(empty_frame().with_columns(home_win=pl.lit(True)))


@pytest.mark.parametrize(
    "change",
    [
        {"price_american": pl.lit(200, dtype=pl.Int32)},
        {"book": pl.lit("nobody")},
        {"side": pl.lit("away")},
        {"market": pl.lit("spread")},
    ],
)
def test_a_bet_at_a_price_that_was_not_quoted_is_refused(change):
    frame = frame_of([offer(1)])
    bets = HomeSide().bets(frame)
    refuse_prices_not_on_offer(bets, frame)
    with pytest.raises(LeakageError, match="not on offer"):
        refuse_prices_not_on_offer(bets.with_columns(**change), frame)


def test_no_bets_are_no_offence():
    refuse_prices_not_on_offer(no_bets(), empty_frame())
