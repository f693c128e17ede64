"""The consensus: a mean in logit that weighs by book and by age and hears only who speaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.market.consensus import consensus, logit_gap

chances = st.lists(st.floats(0.02, 0.98), min_size=1, max_size=15)


@given(p=chances)
def test_it_lies_among_the_books_and_turns_with_the_sides(p: list[float]) -> None:
    told, turned = consensus(p), consensus([1 - one for one in p])
    assert min(p) - 1e-12 <= told.probability <= max(p) + 1e-12
    assert told.probability + turned.probability == pytest.approx(1)
    assert told.dispersion == pytest.approx(float(turned.dispersion), abs=1e-9)
    assert told.effective_books == pytest.approx(len(p))


@given(p=chances, weight=st.floats(0.01, 100), age=st.floats(0, 10_000))
def test_only_the_ratios_of_the_weights_matter(p: list[float], weight: float, age: float) -> None:
    told = consensus(p, weight=weight, age_minutes=age)
    assert told.probability == pytest.approx(float(consensus(p).probability))
    assert told.dispersion == pytest.approx(float(consensus(p).dispersion), abs=1e-9)


def test_it_is_the_mean_of_the_logits_not_of_the_chances() -> None:
    told = consensus([0.5, 0.9])
    assert told.probability == pytest.approx(0.75)  # odds 1 and 9: three to one
    assert told.dispersion == pytest.approx(np.log(9) / 2)


def test_a_quote_counts_half_with_every_half_life() -> None:
    told = consensus([0.5, 0.9], weight=[1.0, 2.0], age_minutes=[0.0, 30.0], half_life=30.0)
    assert told.probability == pytest.approx(0.75)
    assert consensus([0.5, 0.9], age_minutes=[0.0, 3000.0]).probability == pytest.approx(0.5, abs=1e-9)


def test_who_does_not_speak_is_not_heard_and_silence_is_missing() -> None:
    p = [[0.6, np.nan, 1.0, 0.9, 0.9, 0.9], [np.nan] * 6]
    told = consensus(p, weight=[1, 1, 1, 0, 1, 1], age_minutes=[0, 0, 0, 0, -1, np.nan])
    assert told.probability[0] == pytest.approx(0.6) and told.dispersion[0] == 0
    assert np.isnan(told.probability[1]) and np.isnan(told.dispersion[1])
    assert told.books.tolist() == [1, 0]
    assert told.effective_books.tolist() == [1, 0]


def test_a_gap_is_signed_and_even_on_both_sides() -> None:
    assert logit_gap(0.75, 0.5) == pytest.approx(np.log(3))
    assert logit_gap(0.25, 0.5) == pytest.approx(-np.log(3))
    assert np.isnan(logit_gap([1.0, 0.5, np.nan], [0.5, 0.0, 0.5])).all()


def test_a_half_life_is_a_time() -> None:
    with pytest.raises(ValueError, match="half_life is in minutes"):
        consensus([0.5], half_life=0)
