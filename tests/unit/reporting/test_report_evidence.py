"""Why a strategy made no bet: what it reads and nobody knows, or that nothing met its terms."""

from __future__ import annotations

import polars as pl
import pytest
from report_world import archive, frame_of

from dagster_mlb.reporting.strategy_report.evidence import Evidence, held_by, read_by
from dagster_mlb.reporting.strategy_report.runs import asked_at, plan, rules_without_skill
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, LABELS, ONE_BOOK
from dagster_mlb.strategies.catalog import FAMILIES, configured_strategies
from dagster_mlb.strategies.families.line_movement import LineMovement
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import RandomSide
from dagster_mlb.strategies.families.public_fade import PublicFade
from dagster_mlb.strategies.families.sharp_action import SharpAction
from dagster_mlb.strategies.families.steam import Steam
from dagster_mlb.strategies.sides import sides_of


@pytest.fixture(scope="module")
def closing() -> pl.DataFrame:
    return sides_of(frame_of(archive(n_days=3)[0], "close"))


@pytest.mark.parametrize(
    ("strategy", "kinds"),
    [
        (RandomSide(), set()),
        (PublicFade(), {"tickets"}),
        (SharpAction(), {"tickets", "money"}),
        (ModelEdge(), {"a model's predictions"}),
        (LineMovement(), {"moves"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_a_strategy_reads_is_what_it_cannot_do_without(strategy, kinds):
    assert set(read_by(strategy)) - {"signals"} == kinds


def test_every_family_can_be_asked_what_it_reads():
    assert all(isinstance(read_by(family()), tuple) for family in FAMILIES.values())


def test_a_sample_holds_what_is_known_somewhere(closing):
    assert set(held_by(closing)) == {"moves", "hours to the start"}
    assert held_by(closing.clear()) == ()
    one = closing.with_columns(sharp_probability=pl.lit(0.5))
    assert "sharp and retail books side by side" not in held_by(one)
    assert "sharp and retail books side by side" in held_by(one.with_columns(retail_probability=pl.lit(0.5)))


def test_what_is_missing_is_named(closing):
    why = Evidence().why_no_bet
    assert why(PublicFade(), "close", closing) == "needs tickets: none in this sample"
    assert "a model's predictions: none in this sample (`mlb learn`" in why(ModelEdge(), "close", closing)
    assert why(SharpAction(), "close", closing) == "needs tickets and money: none in this sample"
    assert why(LineMovement(min_move=9.0), "close", closing) == "nothing met its terms in 42 markets"
    assert why(SharpAction(markets=("total",)), "close", closing.clear()) == "no total price at this decision"


def test_at_signals_the_kind_that_is_asked_for_is_missed(closing):
    why = Evidence().why_no_bet
    assert why(Steam(), "signal", closing, {"jump"}) == "needs signals of steam: none in this sample"
    assert why(Steam(), "signal", closing.clear()) == "no signal in this sample"


# ------------------------------------------------------------------ what is asked where


CATALOG = [entry.strategy for entry in configured_strategies()]


def names(strategies) -> set[str]:
    return {strategy.name for strategy in strategies}


def test_the_rules_without_skill_stand_in_every_plan_once():
    for sample, decision in ((LABELS, "open"), (ONE_BOOK, "signal"), (FOUR_BOOKS, "pregame")):
        planned = plan(CATALOG, sample, decision)
        assert names(rules_without_skill(decision, sample)) <= names(planned)
        keys = [(rule.name, rule.parameters.form) for rule in planned]
        assert len(keys) == len(set(keys))
        assert {rule.decision for rule in planned} == {decision}


def test_what_is_made_for_signals_is_asked_at_signals_alone():
    assert "steam" in names(plan(CATALOG, ONE_BOOK, "signal"))
    assert not {"steam", "jump", "late_move"} & names(plan(CATALOG, ONE_BOOK, "close"))


def test_what_decides_at_fixed_moments_is_asked_at_all_of_them_that_its_family_knows():
    chase = next(rule for rule in CATALOG if rule.name == "closing_line_chase")
    fade = next(rule for rule in CATALOG if rule.name == "public_fade")
    assert asked_at(CATALOG, chase) == {"close"}
    assert asked_at(CATALOG, fade) == {"open", "pregame", "close"}


def test_both_forms_of_a_strategy_are_asked():
    forms = {rule.parameters.form for rule in plan(CATALOG, LABELS, "close") if rule.name == "line_movement"}
    assert forms == {"follow", "fade"}
