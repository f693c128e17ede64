"""What bets come to: by tag, beside the null, with what has no value at the close and why."""

from __future__ import annotations

import io

import polars as pl
import pytest
from bet_worlds import MINUTE, START, bet, decimal_bet, graded_frame, quote, quotes_of, untied
from rich.console import Console

from dagster_mlb.bets.lists import told_twice
from dagster_mlb.bets.summary import summaries, summary_of
from dagster_mlb.reporting.graded_bets import bet_in_words, bets_table, remarks_of, summary_table

BETS = (
    bet(bet_id="1", tag="a"),
    bet(bet_id="2", tag="a", side="away", stake=10.0),
    decimal_bet("1.91", bet_id="3", tag="b", market="total", side="under", line=8.5, stake=40.0),
    bet(bet_id="4", placed_at=START + MINUTE),
    untied("a doubleheader", bet_id="5", tag="[red]"),
)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return graded_frame(*BETS, quotes=quotes_of(quote(bet_id="2", hold=0.10)))


def test_all_bets_come_first_and_then_each_tag(frame):
    assert [(one.tag, one.bets.n) for one in summaries(frame)] == [(None, 4), ("[red]", 0), ("a", 2), ("b", 1)]


def test_figures_are_those_of_the_strategies_statistics(frame):
    told = summary_of(frame, None)
    assert told.bets.turnover == 150.0
    assert told.bets.profit == pytest.approx(50 / 1.1 - 10 + 40 * 0.91 + 50 / 1.1)
    assert told.bets.roi == pytest.approx(told.bets.profit / 150)
    assert (told.bets.n_clv, told.bets.clv_coverage) == (3, 0.75)
    assert (told.n_ungraded, told.n_in_play) == (1, 1)


def test_the_null_is_minus_the_hold_by_stake_over_what_is_known_of_it(frame):
    told = summary_of(frame, None)
    moneyline, total = 1 - 1 / (125 / 225 + 100 / 215), 1 - 1 / (2 * 105 / 205)
    assert told.null_return == pytest.approx(-(50 * moneyline + 10 * 0.10 + 40 * total) / 100)
    assert told.null_coverage == pytest.approx(100 / 150)


def test_what_has_no_value_or_no_result_is_counted_by_its_reason(frame):
    told = summary_of(frame, None)
    assert told.missing_closes == {"placed in play, after first pitch: no close is its measure": 1}
    assert told.ungraded == {"a doubleheader": 1}
    assert sum(told.prices_seen.values()) == 5


def test_no_bets_of_a_tag_come_to_nothing_and_not_to_zero(frame):
    [of_tag] = [one for one in summaries(frame) if one.tag == "[red]"]
    assert (of_tag.bets.roi, of_tag.null_return, of_tag.bets.p_no_skill) == (None, None, None)


def test_the_same_words_in_two_lists_are_told(frame):
    twice = pl.concat([frame, frame.head(1).with_columns(file_name=pl.lit("all.csv"), bet_id=pl.lit("9"))])
    assert told_twice(frame).is_empty()
    [row] = told_twice(twice).to_dicts()
    assert row["lists"] == ["all.csv", "bets.csv"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "NYY"),
        ({"market": "spread", "side": "away", "line": 1.5}, "BOS +1.5"),
        ({"market": "total", "side": "over", "line": 8.5}, "over 8.5"),
    ],
)
def test_a_bet_is_told_as_people_say_it(changed, words):
    assert bet_in_words(bet(**changed)) == words


def test_the_tables_show_every_bet_and_take_no_word_of_a_person_for_markup(frame):
    out = io.StringIO()
    console = Console(file=out, width=220)
    found = summaries(frame)
    for part in (bets_table(frame), summary_table(found), *remarks_of(found[0])):
        console.print(part)
    text = out.getvalue()
    assert text.count("2024-07-01 BOS at NYY") == 5
    assert "[red]" in text and "not graded" in text and "in play" in text
    assert "1  a doubleheader" in text
    assert "−" in text and "+45.45" in text
