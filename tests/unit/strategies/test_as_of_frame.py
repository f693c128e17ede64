"""The as-of frame and its guards: nothing from after the decision gets in."""

from __future__ import annotations

import polars as pl
import pytest
from strategy_worlds import (
    FIRST_DAY,
    FIRST_PITCH,
    HOUR,
    MINUTE,
    SECOND,
    context_of,
    frame_of,
    noon_before,
    offer,
    offers_of,
    predictions_of,
    state,
    states_of,
)

from dagster_mlb.strategies.as_of import assemble_frame, assemble_signal_frame
from dagster_mlb.strategies.protocol import OFFER_SCHEMA, LeakageError, empty_offers, refuse_other_columns

DECISION_AT = noon_before(FIRST_DAY)
DETECTED_AT = FIRST_PITCH - 3 * HOUR


def test_the_frame_has_exactly_the_columns_that_a_strategy_may_see():
    frame = frame_of([offer(2), offer(1), offer(1, "total")], {1: 0.6})
    assert frame.schema == pl.Schema(OFFER_SCHEMA)
    assert frame.select("game_key", "market").rows() == [(1, "moneyline"), (1, "total"), (2, "moneyline")]
    assert frame["model_probability_1"].to_list() == [0.6, None, None]
    assert not any("close" in name or "runs" in name or name == "home_win" for name in frame.columns)


def test_the_benchmark_is_the_book_that_the_context_names():
    rows = [offer(1), offer(1, book="pinnacle", sharp_rank=1)]
    assert frame_of(rows).select("book", "is_benchmark").rows() == [("consensus", True), ("pinnacle", False)]


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
        assemble_frame(offers, context_of(offers), predictions_of({1: 0.6}, DECISION_AT + SECOND))


def test_context_of_a_later_moment_than_the_prices_is_refused():
    offers = offers_of([offer(1)])
    later = context_of(offers).with_columns(pl.col("context_decision_at") + SECOND)
    with pytest.raises(LeakageError, match="betting_lines_enhanced of game_key 1"):
        assemble_frame(offers, later)


def test_two_predictions_for_one_game_are_refused_instead_of_doubling_the_offers():
    offers = offers_of([offer(1)])
    twice = pl.concat([predictions_of({1: 0.6}), predictions_of({1: 0.5})])
    with pytest.raises(ValueError, match="two predictions"):
        assemble_frame(offers, context_of(offers), twice)


def test_a_column_that_is_none_of_a_strategy_s_business_is_refused():
    with pytest.raises(LeakageError, match="home_win"):
        refuse_other_columns(empty_offers().with_columns(home_win=pl.lit(True)))
    with pytest.raises(LeakageError, match="lacks"):
        refuse_other_columns(empty_offers().drop("hold"))


def signal_frame(*states: dict) -> pl.DataFrame:
    signals = pl.DataFrame(
        {
            "signal_id": ["a"],
            "kind": ["jump"],
            "game_key": [1],
            "market": ["moneyline"],
            "side": ["home"],
            "detected_at": [DETECTED_AT],
            "strength": [0.2],
            "move": [0.2],
            "tickets_pct": [None],
            "money_pct": [None],
            "source": ["odds_api"],
            "book": ["pinnacle"],
        },
        schema_overrides={"detected_at": pl.Datetime("us", "UTC"), "tickets_pct": pl.Float64, "money_pct": pl.Float64},
    )
    games = context_of(offers_of([offer(1)])).select(
        *("game_key", "season", "official_date", "home_team_id", "away_team_id", "home_team", "away_team"),
        scheduled_start_at=pl.lit(FIRST_PITCH, pl.Datetime("us", "UTC")),
    )
    kinds = {"book_kind": pl.lit("book"), "sharp_rank": pl.lit(1, pl.Int32)}
    return assemble_signal_frame(signals, states_of(*states).drop("label").with_columns(**kinds), games)


def test_at_a_signal_each_book_offers_what_it_stood_at_when_the_signal_was_detected():
    frame = signal_frame(
        state(DETECTED_AT - HOUR, 120),
        state(DETECTED_AT, 110),
        state(DETECTED_AT + SECOND, 100),
        state(DETECTED_AT - 10 * MINUTE, 125, book="fanduel"),
        state(DETECTED_AT - MINUTE, 127, book="fanduel", is_open=False),
        state(DETECTED_AT + SECOND, 130, book="draftkings"),
    )
    assert frame.select("book", "price_1", "age_minutes", "hours_to_start").rows() == [("pinnacle", 110, 0.0, 3.0)]
    assert frame["decision"].to_list() == ["signal"] and frame["signal_side"].to_list() == ["home"]
