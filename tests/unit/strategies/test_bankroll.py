"""The bankroll: what is out is not there, what is not known yet is not in it, and a slate shares what was before it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_worlds import FIRST_PITCH, HOUR

from dagster_mlb.strategies.protocol import Staking
from dagster_mlb.strategies.staking.bankroll import Returns, bankroll_path, returns_of, stakes_over_time

KELLY = Staking(method="kelly", bankroll=100.0, max_slate=0.9)


@dataclass
class Ledger:
    """Bets in hours: when filled, of which slate, what share, when known, what came back per unit (1 + net)."""

    rows: list[tuple[int, int, float, int, float]] = field(default_factory=list)

    def stakes(self, rules: Staking = KELLY) -> np.ndarray:
        filled, slate, share, known, back = (np.array(column) for column in zip(*self.rows, strict=True))
        count = np.arange(len(self.rows))
        returns = Returns(count, known, back.astype(float), np.ones(len(count), dtype=bool))
        return stakes_over_time(filled, slate, share.astype(float), returns, rules).stake


def test_bets_of_one_moment_share_the_bankroll_before_it():
    assert Ledger([(0, 1, 0.1, 5, 2.0), (0, 1, 0.1, 5, 0.0)]).stakes().tolist() == [10.0, 10.0]


def test_what_is_out_is_no_bankroll():
    assert Ledger([(0, 1, 0.1, 9, 2.0), (5, 2, 0.1, 9, 0.0)]).stakes().tolist() == pytest.approx([10.0, 9.0])


def test_what_has_come_back_is_bankroll_again_from_the_moment_it_is_known():
    stakes = Ledger([(0, 1, 0.1, 5, 2.0), (4, 2, 0.1, 9, 0.0), (5, 3, 0.1, 9, 0.0)]).stakes()
    # 100 - 10 out; then 90 - 9 out and 20 back.
    assert stakes.tolist() == pytest.approx([10.0, 9.0, 10.1])


def test_a_slate_of_several_moments_shares_the_bankroll_before_its_first():
    stakes = Ledger([(0, 1, 0.1, 2, 3.0), (5, 1, 0.1, 9, 0.0), (5, 2, 0.1, 9, 0.0)]).stakes()
    assert stakes.tolist() == pytest.approx([10.0, 10.0, 12.0])


def test_a_moment_never_stakes_more_than_is_there():
    stakes = Ledger([(0, 1, 0.9, 9, 1.0), (1, 2, 0.9, 9, 1.0), (2, 1, 0.9, 9, 1.0)]).stakes()
    assert stakes.tolist() == pytest.approx([90.0, 9.0, 1.0])


def test_flat_bets_are_units_whatever_the_bankroll_is():
    losing = Ledger([(day, day, 1.0, day + 1, 0.0) for day in range(0, 400, 2)])
    assert losing.stakes(Staking(unit=2.0)).tolist() == [2.0] * 200


def test_stakes_are_halved_and_stopped_by_how_far_the_bankroll_is_below_its_peak():
    rules = Staking(bankroll=100.0, unit=10.0, halve_after=0.15, stop_after=0.25)
    losing = Ledger([(day, day, 1.0, day + 1, 0.0) for day in range(0, 12, 2)])
    # 100, 90, 80 (20 % down: halved), 75 (25 %: stopped), 75, 75
    assert losing.stakes(rules).tolist() == [10.0, 10.0, 5.0, 0.0, 0.0, 0.0]


def test_a_corrected_result_moves_the_difference_when_it_is_known():
    returns = Returns(np.array([0, 0]), np.array([2, 6]), np.array([2.0, -2.0]), np.array([True, False]))
    filled, slate, share = np.array([0, 3, 7]), np.array([1, 2, 3]), np.full(3, 0.1)
    stakes = stakes_over_time(filled, slate, share, returns, KELLY).stake
    # 100 won 10: 110; 11 out; then the win was a loss: 90 - 11 out
    assert stakes.tolist() == pytest.approx([10.0, 11.0, 7.9])


bets = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 6),
        st.floats(0.01, 0.3),
        st.integers(1, 40),
        st.sampled_from([0.0, 1.0, 1.9, 3.5]),
    ),
    min_size=1,
    max_size=25,
)
rules = st.sampled_from(
    [
        KELLY,
        KELLY.model_copy(update={"halve_after": 0.1, "stop_after": 0.4}),
        Staking(unit=3.0, halve_after=0.05, stop_after=0.2),
    ]
)


def ledger(rows) -> Ledger:
    return Ledger([(filled, slate, share, filled + wait, back) for filled, slate, share, wait, back in rows])


@settings(max_examples=200, deadline=None)
@given(rows=bets, rules=rules, flips=st.data())
def test_no_result_known_after_a_bet_is_filled_changes_its_stake(rows, rules, flips):
    """Whatever becomes of any game later, the stake was what it was."""
    first = ledger(rows)
    moment = flips.draw(st.integers(0, 60))
    changed = [
        (*row[:4], flips.draw(st.sampled_from([0.0, 1.0, 2.5, 6.0]))) if row[3] > moment else row for row in first.rows
    ]
    before, after = first.stakes(rules), Ledger(changed).stakes(rules)
    early = np.array([row[0] for row in first.rows]) <= moment
    assert np.array_equal(before[early], after[early])


@settings(max_examples=200, deadline=None)
@given(rows=bets, halve=st.sampled_from([None, 0.1]))
def test_stakes_are_those_of_plain_bookkeeping(rows, halve):
    """One bet after the other, in words: what came back by now less what is out now, before the slate's first bet."""
    rules = KELLY.model_copy(update={"halve_after": halve})
    told = ledger(rows)
    stakes, before = [0.0] * len(rows), {}
    peak = 100.0
    for now in sorted({row[0] for row in told.rows}):
        at_now = [place for place, row in enumerate(told.rows) if row[0] == now]
        placed = [(place, row) for place, row in enumerate(told.rows) if row[0] < now]
        free = 100.0 - sum(stakes[place] for place, _ in placed)
        free += sum(stakes[place] * row[4] for place, row in placed if row[3] <= now)
        out = sum(stakes[place] for place, row in placed if row[3] > now)
        peak = max(peak, free + out)
        scale = 0.5 if halve is not None and 1 - (free + out) / peak >= halve else 1.0
        for slate in sorted({told.rows[place][1] for place in at_now}):
            before.setdefault(slate, (max(free, 0.0), scale))
        for slate in sorted({told.rows[place][1] for place in at_now}):
            places = [place for place in at_now if told.rows[place][1] == slate]
            bankroll, of_slate = before[slate]
            wanted = of_slate * bankroll * sum(told.rows[place][2] for place in places)
            shrink = min(1.0, max(free, 0.0) / wanted) if wanted > 0 else 1.0
            for place in places:
                stakes[place] = of_slate * bankroll * told.rows[place][2] * shrink
            free -= sum(stakes[place] for place in places)
    assert np.allclose(told.stakes(rules), stakes, rtol=1e-9, atol=1e-9)


def settled(*rows: tuple[int, float, float, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "bet_id": [str(place) for place in range(len(rows))],
            "filled_at": [FIRST_PITCH + row[0] * HOUR for row in rows],
            "stake": [row[1] for row in rows],
            "profit": [row[2] for row in rows],
            "settled_at": [FIRST_PITCH + row[3] * HOUR for row in rows],
        }
    )


def test_the_path_shows_what_is_out_what_came_back_and_how_far_below_the_peak():
    path = bankroll_path(settled((0, 10.0, 10.0, 4), (2, 20.0, -20.0, 6)), 100.0)
    assert path["free"].to_list() == [90.0, 70.0, 90.0, 90.0]
    assert path["out"].to_list() == [10.0, 30.0, 20.0, 0.0]
    assert path["bankroll"].to_list() == [100.0, 100.0, 110.0, 90.0]
    assert path["peak"].to_list() == [100.0, 100.0, 110.0, 110.0]
    assert path["drawdown"].to_list() == pytest.approx([0, 0, 0, 20 / 110])


def test_a_correction_is_in_the_path_from_when_it_was_known():
    bets = settled((0, 10.0, -10.0, 8))
    history = pl.DataFrame(
        {
            "bet_id": ["0", "0"],
            "profit": [10.0, -10.0],
            "settled_at": [FIRST_PITCH + 4 * HOUR, FIRST_PITCH + 8 * HOUR],
        }
    )
    path = bankroll_path(bets, 100.0, history)
    assert path["bankroll"].to_list() == [100.0, 110.0, 90.0]
    assert path["out"].to_list() == [10.0, 0.0, 0.0]


def test_open_and_unfilled_bets_are_out_or_not_there():
    bets = settled((0, 10.0, 0.0, 4), (1, 5.0, 0.0, 4)).with_columns(
        settled_at=pl.lit(None, pl.Datetime("us", "UTC")),
        filled_at=pl.when(pl.col("bet_id") == "0").then("filled_at"),
    )
    assert bankroll_path(bets, 100.0).select("free", "out").rows() == [(90.0, 10.0)]
    assert bankroll_path(bets.clear(), 100.0).is_empty()


def test_returns_of_a_bet_are_its_settlements_in_order():
    history = pl.DataFrame(
        {
            "bet_id": ["b", "a", "b"],
            "profit": [0.9, -1.0, -1.0],
            "settled_at": [FIRST_PITCH, FIRST_PITCH, FIRST_PITCH + HOUR],
        }
    )
    returns = returns_of(pl.Series(["a", "b", "c"]), history)
    assert returns.bet.tolist() == [0, 1, 1] and returns.is_first.tolist() == [True, True, False]
    assert returns.factor.tolist() == pytest.approx([0.0, 1.9, -1.9])
