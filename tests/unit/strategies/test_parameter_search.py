"""Parameters are chosen on past dates only, and what was chosen is judged on the dates after them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from strategy_worlds import LATER, close, closes_of, frame_of, game_row, noon_before, offer, result_row, results_of

from dagster_mlb.strategies.families.nulls import HomeSide
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.parameter_search import CHOICE_SCHEMA, WalkForward, parameter_grid, walk_forward_grid
from dagster_mlb.strategies.protocol import Rule, StrategyParameters

START = date(2019, 4, 1)
DAYS = 90  # April, May and June


class SideParameters(StrategyParameters):
    wanted: str = "home"


class OneSide(Rule):
    """Bets one side of every game: the variants of a grid."""

    name = "one_side"
    Parameters = SideParameters

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        return sides.filter(pl.col("side") == self.parameters.wanted).with_columns(
            reason=pl.lit("the one that is asked")
        )


VARIANTS = parameter_grid(OneSide, wanted=["home", "away"])


def world(home_value, *, known_after_days: int = 2) -> tuple[pl.DataFrame, Outcomes]:
    """A game a day at even prices; ``home_value(day)`` is the home side's chance at the close."""
    days = [START + timedelta(days=number) for number in range(DAYS)]
    frame = pl.concat(
        [frame_of([offer(n, official_date=day, price_1=100, price_2=100)], day=day) for n, day in enumerate(days, 1)]
    )
    games = pl.DataFrame([game_row(n, official_date=day) for n, day in enumerate(days, 1)])
    results = [
        result_row(n, 5, 3, known_at=noon_before(day) + timedelta(days=known_after_days))
        for n, day in enumerate(days, 1)
    ]
    closes = [
        close(n, probability_1=home_value(day), close_at=noon_before(day) + timedelta(hours=31), starts_at=None)
        for n, day in enumerate(days, 1)
    ]
    return frame, Outcomes(games, results_of(results), closes_of(*closes))


def walked(home_value, variants=VARIANTS, *, known_after_days: int = 2, **how: Any) -> WalkForward:
    frame, outcomes = world(home_value, known_after_days=known_after_days)
    how = {"fold": "month", "least_bets": 10} | how
    return walk_forward_grid(variants, frame, History.none(), outcomes, LATER, **how)


def chosen(walk: WalkForward) -> list[str | None]:
    wanted = {run.parameters_hash: run.parameters["wanted"] for run in walk.runs}
    return [wanted.get(one) for one in walk.choices["parameters_hash"]]


def test_a_grid_is_every_combination():
    grid = parameter_grid(OneSide, "close", wanted=["home", "away"], latency_seconds=[0, 60, 120])
    assert len(grid) == 6 and {rule.decision for rule in grid} == {"close"}
    assert grid[1].parameters.model_dump(include={"wanted", "latency_seconds"}) == {
        "wanted": "home",
        "latency_seconds": 60,
    }


def test_the_first_dates_choose_and_bet_nothing():
    walk = walked(lambda day: 0.55)
    assert walk.choices.schema == pl.Schema(CHOICE_SCHEMA)
    assert walk.choices["fold"].to_list() == ["2019-04", "2019-05", "2019-06"]
    assert chosen(walk) == [None, "home", "home"]
    assert "no variant had 10 bets" in walk.choices["why_none"][0]
    assert set(walk.bets["fold"]) == {"2019-05", "2019-06"} and set(walk.bets["side"]) == {"home"}
    assert walk.summary.n == 60 and walk.summary.ev_clv == pytest.approx(0.10)


def test_a_choice_is_of_what_was_best_before_and_not_of_what_will_be():
    """The home side is good in April only: May is bet on it, and pays for it."""
    walk = walked(lambda day: 0.60 if day.month == 4 else 0.42)
    assert chosen(walk) == [None, "home", "home"]
    told = walk.choices.to_dicts()
    assert told[1]["train_ev_clv"] == pytest.approx(0.20) and told[1]["test_ev_clv"] == pytest.approx(-0.16)
    # By the end of May the good month and the bad one nearly weigh the same: still above the away side.
    assert told[2]["train_ev_clv"] > 0 and told[2]["test_ev_clv"] == pytest.approx(-0.16)


def test_a_later_fold_turns_when_the_past_has_turned():
    walk = walked(lambda day: 0.51 if day.month == 4 else 0.40)
    assert chosen(walk) == [None, "home", "away"]


def test_the_last_days_before_a_fold_are_not_looked_at():
    april = walked(lambda day: 0.55).choices.to_dicts()[1]
    assert april["n_train"] == 30 - 3
    assert walked(lambda day: 0.55, embargo_days=10).choices["n_train"].to_list()[1] == 20


def test_bets_whose_result_is_known_only_in_the_fold_are_purged():
    late = walked(lambda day: 0.55, known_after_days=12, embargo_days=0).choices.to_dicts()[1]
    assert late["n_train"] == 18  # of 19 April it is known at the very moment at which May begins


def test_what_happens_in_a_fold_never_changes_its_choice():
    rng = np.random.default_rng(1)
    noise = {START + timedelta(days=number): rng.uniform(0.4, 0.6) for number in range(DAYS)}
    before = walked(lambda day: noise[day])
    after = walked(lambda day: noise[day] if day.month < 6 else 1 - noise[day])
    assert chosen(before) == chosen(after)
    first_two = pl.col("fold") < "2019-06"
    assert before.bets.filter(first_two).equals(after.bets.filter(first_two))


def test_every_variant_that_was_tried_is_recorded_and_named_on_its_bets():
    tried = []

    def record(run) -> str:
        tried.append(run.parameters["wanted"])
        return f"trial of {run.parameters['wanted']}"

    walk = walked(lambda day: 0.55, record=record)
    assert tried == ["home", "away"] and len(walk.runs) == 2
    assert set(walk.bets["trial_hash"]) == {"trial of home"}


def test_of_equals_the_one_named_first_is_taken():
    assert chosen(walked(lambda day: 0.5)) == [None, "home", "home"]
    assert chosen(walked(lambda day: 0.5, VARIANTS[::-1])) == [None, "away", "away"]


def test_seasons_are_folds_too():
    walk = walked(lambda day: 0.55, fold="season")
    assert walk.choices["fold"].to_list() == ["2019"] and walk.bets.is_empty() and walk.summary.n == 0


def test_a_grid_that_cannot_be_walked_is_refused():
    frame, outcomes = world(lambda day: 0.5)
    with pytest.raises(ValueError, match="at least one"):
        walk_forward_grid([], frame, History.none(), outcomes, LATER)
    with pytest.raises(ValueError, match="home_side stakes by Kelly"):
        walk_forward_grid([HomeSide(staking={"method": "kelly"})], frame, History.none(), outcomes, LATER)
