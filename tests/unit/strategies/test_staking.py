"""Stakes: flat, by Kelly one by one, and for a slate together, within their caps and with their reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_worlds import DAY, FIRST_DAY, FIRST_PITCH, HOUR, MINUTE, offer, offers_of, placed

from dagster_mlb.market.kelly import kelly
from dagster_mlb.market.levels import K_TOTAL
from dagster_mlb.strategies.protocol import OFFER_SCHEMA, Staking
from dagster_mlb.strategies.settling.fills import FILL_SCHEMA
from dagster_mlb.strategies.settling.settlement import HISTORY_COLUMNS
from dagster_mlb.strategies.staking.kelly_shares import kelly_shares, probabilities_as_filled
from dagster_mlb.strategies.staking.slate_outcomes import DECISION_MARKET_SCHEMA, decision_markets
from dagster_mlb.strategies.staking.slate_staking import CONTRADICTION, NO_GRID
from dagster_mlb.strategies.staking.stakes import ALONE, STAKE_SCHEMA, with_stakes

WIDE = {"max_bet": 1.0, "max_game": 1.0, "max_slate": 0.9}
NO_SETTLEMENTS = pl.DataFrame(
    schema=dict.fromkeys(HISTORY_COLUMNS, pl.Float64) | {"bet_id": pl.String, "settled_at": pl.Datetime("us", "UTC")}
)


def filled(game_key: int = 1, market: str = "moneyline", p: float | None = 0.5, **changes: Any) -> dict[str, Any]:
    """A bet that got its quoted price a minute after the decision."""
    row = placed(game_key, market, probability=p, **changes)
    return row | {
        "quoted_line": changes.get("quoted_line", row["line"]),
        "quoted_price_american": row["price_american"],
        "filled_at": row["decision_at"] + MINUTE,
        "fill_kind": "standing",
        "latency_seconds": 60,
    }


def staked(staking: Staking, *rows: dict[str, Any], markets: pl.DataFrame | None = None) -> pl.DataFrame:
    bets = pl.DataFrame(list(rows), schema=FILL_SCHEMA).with_row_index("bet_id").cast({"bet_id": pl.String})
    frame = with_stakes(bets, NO_SETTLEMENTS, staking, markets)
    assert frame.columns == [*bets.columns, *STAKE_SCHEMA]
    return frame


def markets_of(*games: int, home: float = 0.56, line: float = 8.5) -> pl.DataFrame:
    return pl.DataFrame(
        [(key, FIRST_PITCH - HOUR, home, line, 0.5) for key in games], schema=DECISION_MARKET_SCHEMA, orient="row"
    )


def test_flat_stakes_a_unit_whatever_is_thought_of_the_bet():
    frame = staked(Staking(unit=2.0), filled(p=None), filled(2, p=0.01))
    assert frame["stake"].to_list() == [2.0, 2.0]
    assert frame["bankroll_share"].to_list() == [0.02, 0.02] and set(frame["stake_method"]) == {"flat"}


def test_the_legs_of_an_arbitrage_are_staked_so_that_either_pays_the_same():
    frame = staked(
        Staking(method="equal_payout"),
        filled(side="home", price_american=110, price_decimal=2.10),
        filled(side="away", price_american=105, price_decimal=2.05),
        filled(2, side="home", price_american=105, price_decimal=2.05),
    )
    first, second, alone = frame["stake"]
    assert first + second == pytest.approx(1.0) and first == pytest.approx(0.494, abs=1e-3)
    assert first * 2.10 == pytest.approx(second * 2.05) == pytest.approx(1.0373, abs=1e-4)
    assert alone == 1.0 and frame["stake_reason"].to_list() == [None, None, ALONE]
    assert set(frame["stake_method"]) == {"equal_payout"}


@pytest.mark.parametrize(
    ("p", "american", "expected"), [(0.55, -110, 0.0550), (0.46, 130, 0.044615), (0.70, -200, 0.10)]
)
def test_kelly_s_golden_stakes(p, american, expected):
    """betting_domain §2.8."""
    whole = Staking(method="kelly", fraction=1.0, **WIDE)
    row = staked(whole, filled(p=p, price_american=american)).row(0, named=True)
    assert row["bankroll_share"] == pytest.approx(expected, abs=5e-7)
    assert row["stake"] == pytest.approx(100 * expected, abs=5e-5)
    quarter = staked(whole.model_copy(update={"fraction": 0.25}), filled(p=p, price_american=american))
    assert quarter["bankroll_share"].item() == pytest.approx(expected / 4, abs=5e-7)


@pytest.mark.parametrize(
    ("p", "reason"), [(None, "no calibrated probability"), (0.40, "worth nothing"), (0.43478, "worth nothing")]
)
def test_what_kelly_stakes_nothing_on_says_why(p, reason):
    row = staked(Staking(method="kelly"), filled(p=p)).row(0, named=True)
    assert (row["stake"], row["bankroll_share"], row["stake_method"]) == (0.0, None, "none")
    assert reason in row["stake_reason"]


def test_bets_that_got_no_price_stake_nothing():
    row = staked(Staking(), filled() | {"price_decimal": None, "filled_at": None}).row(0, named=True)
    assert (row["stake"], row["stake_method"], row["stake_reason"]) == (0.0, "none", None)


def test_caps_hold_for_a_bet_a_game_and_a_slate():
    rules = Staking(method="kelly", fraction=1.0, max_bet=0.03, max_game=0.04, max_slate=0.10)
    rows = [filled(key, market, p=0.9, price_american=100) for key in (1, 2, 3) for market in ("moneyline", "total")]
    frame = staked(rules, *rows)
    assert frame["bankroll_share"].to_list() == pytest.approx([0.10 / 6] * 6)
    two = staked(rules, *rows[:2])
    assert two["bankroll_share"].to_list() == pytest.approx([0.02, 0.02])
    assert staked(rules, rows[0])["bankroll_share"].item() == pytest.approx(0.03)


def test_a_later_moment_of_the_slate_gets_what_earlier_ones_left():
    rules = Staking(method="kelly", fraction=1.0, max_bet=0.06, max_game=0.5, max_slate=0.10)
    early = filled(1, p=0.9, decision_at=FIRST_PITCH - 5 * HOUR)
    late = [filled(key, p=0.9) for key in (2, 3)]
    frame = staked(rules, late[0], early, late[1])
    assert frame["bankroll_share"].to_list() == pytest.approx([0.02, 0.06, 0.02])
    assert staked(rules, early)["bankroll_share"].item() == pytest.approx(0.06)


def test_a_slate_whose_cap_is_used_up_stakes_nothing_more_and_says_so():
    rules = Staking(method="kelly", fraction=1.0, max_bet=0.1, max_game=0.1, max_slate=0.1)
    frame = staked(rules, filled(1, p=0.9, decision_at=FIRST_PITCH - 5 * HOUR), filled(2, p=0.9))
    assert frame["stake"].to_list() == pytest.approx([10.0, 0.0])
    assert "caps" in frame["stake_reason"][1]


def test_the_next_day_is_another_slate():
    rules = Staking(method="kelly", fraction=1.0, max_bet=0.1, max_game=0.1, max_slate=0.1)
    tomorrow = {"official_date": FIRST_DAY + timedelta(days=1), "decision_at": FIRST_PITCH + DAY}
    frame = staked(rules, filled(1, p=0.9), filled(2, p=0.9, **tomorrow))
    assert frame["stake"].to_list() == pytest.approx([10.0, 9.0])  # the first is still out


shares = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4), st.floats(0.3, 0.9), st.floats(1.5, 3.5)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(rows=shares)
def test_no_cap_is_ever_broken_and_no_moment_knows_a_later_one(rows):
    rules = Staking(method="kelly", fraction=0.5, max_bet=0.05, max_game=0.08, max_slate=0.15)
    slate, moment, game, p, d = (np.array(column) for column in zip(*rows, strict=True))
    game = game + 10 * slate
    found = kelly_shares(slate, moment, game, d, p, rules)
    assert (found >= 0).all() and (found <= np.minimum(0.5 * kelly(p, d), 0.05) + 1e-12).all()
    for key in np.unique(game):
        assert found[game == key].sum() <= 0.08 + 1e-9
    for key in np.unique(slate):
        assert found[slate == key].sum() <= 0.15 + 1e-9
    early = moment <= 1
    alone = kelly_shares(slate[early], moment[early], game[early], d[early], p[early], rules)
    assert np.allclose(found[early], alone, rtol=0, atol=1e-12)


def test_a_probability_moves_with_the_line_that_was_got():
    row = filled(1, "total", p=0.55, line=9.0, quoted_line=8.5)
    expected = 1 / (1 + np.exp(-(np.log(0.55 / 0.45) - K_TOTAL * 0.5)))
    frame = pl.DataFrame([row, row | {"side": "under"}, filled(p=0.6)], schema=FILL_SCHEMA)
    over, under, moneyline = probabilities_as_filled(frame)
    assert over == pytest.approx(expected) and over < 0.55 < under and moneyline == 0.6
    spread = filled(1, "spread", p=0.5, line=-2.5, quoted_line=-1.5)
    away = filled(1, "spread", p=0.5, side="away", line=2.5, quoted_line=1.5)
    home_p, away_p = probabilities_as_filled(pl.DataFrame([spread, away], schema=FILL_SCHEMA))
    assert home_p < 0.5 < away_p and home_p + away_p == pytest.approx(1.0)


SLATE = Staking(method="slate_kelly", fraction=1.0, **WIDE)


def test_a_single_bet_is_staked_as_kelly_stakes_it():
    frame = staked(SLATE, filled(p=0.55, price_american=-110))
    assert frame["bankroll_share"].item() == pytest.approx(0.055, abs=1e-5)
    assert frame["stake_method"].item() == "slate_kelly" and frame["stake_reason"].item() is None


def test_bets_of_one_game_that_win_together_are_staked_less_than_one_by_one():
    rows = [
        filled(1, p=0.62, price_american=-120),
        filled(1, "spread", p=0.47, line=-1.5, price_american=150),
    ]
    together = staked(SLATE, *rows, markets=markets_of(1))
    alone = staked(SLATE.model_copy(update={"method": "kelly"}), *rows)
    assert together["stake"].sum() < 0.85 * alone["stake"].sum()
    assert together["stake_reason"].to_list() == [None, None]


def test_bets_of_one_game_against_each_other_hedge_and_are_staked_more():
    rows = [
        filled(1, p=0.55, price_american=110),
        filled(1, p=0.51, side="away", price_american=110, book="fanduel"),
    ]
    contradicting = staked(SLATE, *rows, markets=markets_of(1))
    assert contradicting["stake_reason"].to_list() == [CONTRADICTION] * 2
    rows[1] |= {"probability": 0.45}
    assert staked(SLATE, *rows, markets=markets_of(1))["stake_reason"].to_list()[0] is None


def test_a_game_without_a_grid_is_staked_as_if_independent_and_says_so():
    rows = [filled(1, p=0.6, price_american=-110), filled(1, "total", p=0.58, price_american=-110), filled(2, p=0.6)]
    for markets in (None, markets_of(2), markets_of(1, home=0.9999)):
        frame = staked(SLATE, *rows, markets=markets)
        assert frame["stake_reason"].to_list() == [NO_GRID, NO_GRID, None]
        assert (frame["stake"] > 0).all()


def test_many_bets_of_a_game_without_a_grid_stay_within_its_cap():
    rules = SLATE.model_copy(update={"max_game": 0.05, "max_bet": 0.03})
    rows = [filled(1, p=0.6, book=f"book {number}") for number in range(8)]
    frame = staked(rules, *rows)
    assert set(frame["stake_reason"]) == {NO_GRID}
    assert frame["bankroll_share"].sum() == pytest.approx(0.05)


def test_caps_hold_for_slates_staked_together():
    rules = Staking(method="slate_kelly", fraction=0.5, max_bet=0.03, max_game=0.04, max_slate=0.10)
    early = {"decision_at": FIRST_PITCH - 5 * HOUR}
    rows = [filled(4, p=0.8, **early)] + [
        filled(key, market, p=0.8) for key in (1, 2, 3) for market in ("moneyline", "total")
    ]
    frame = staked(rules, *rows, markets=markets_of(2, 3))
    assert frame["bankroll_share"].max() <= 0.03 + 1e-9
    by_game = frame.group_by("game_key").agg(pl.col("bankroll_share").sum())
    assert by_game["bankroll_share"].max() <= 0.04 + 1e-9
    assert frame["bankroll_share"].sum() == pytest.approx(0.10, abs=1e-6)


def test_the_market_at_the_decision_is_the_benchmark_s_moneyline_and_total():
    rows = [
        offer(1) | {"is_benchmark": True},
        offer(1, book="soft", probability_1=0.9, sharp_rank=9) | {"is_benchmark": False},
        offer(1, "total", line=9.0, probability_1=0.51) | {"is_benchmark": True},
        offer(1, "spread") | {"is_benchmark": True},
        offer(2) | {"is_benchmark": True},
    ]
    told = decision_markets(
        offers_of(rows).with_columns(**{name: pl.lit(None) for name in OFFER_SCHEMA if name not in rows[0]})
    )
    assert told.columns == list(DECISION_MARKET_SCHEMA)
    assert [(row[0], round(row[2], 3), row[3], row[4]) for row in told.rows()] == [(1, 0.583, 9.0, 0.51)]
