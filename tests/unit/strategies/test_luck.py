"""Worlds in which the close was right: each bet has its own chances there, and bets of one game hang together."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from dagster_mlb.strategies.figures.luck import no_skill_p_value, null_worlds

WORLDS = 20_000


def bets_of(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "game_key": 1,
        "market": "moneyline",
        "side": "home",
        "stake": 1.0,
        "price_decimal": 2.0,
        "close_probability": 0.5,
        "push_probability": 0.0,
        "result": "loss",
        "profit": -1.0,
    }
    return pl.DataFrame([usual | row for row in rows])


def total(side: str, p: float, push: float = 0.0, **changes: Any) -> dict[str, Any]:
    return {"market": "total", "side": side, "close_probability": p, "push_probability": push} | changes


def spread(side: str, p: float, push: float = 0.0, **changes: Any) -> dict[str, Any]:
    return {"market": "spread", "side": side, "close_probability": p, "push_probability": push} | changes


def test_a_bet_earns_on_average_what_the_close_says_pushes_included():
    for row in (total("over", 0.52, 0.10), total("under", 0.48, 0.10), spread("away", 0.6, 0.05), {"side": "away"}):
        bets = bets_of(row | {"price_decimal": 1.9, "stake": 2.0})
        p, push = bets["close_probability"].item(), bets["push_probability"].item()
        expected = 2 * (1 - push) * (1.9 * p - 1)
        worlds = null_worlds(bets, simulations=WORLDS)
        second_moment = 4 * (1 - push) * (p * 0.81 + (1 - p))
        assert worlds.sd == pytest.approx(np.sqrt(second_moment - expected**2), rel=0.02)
        assert worlds.mean == pytest.approx(expected, abs=4 * worlds.sd / np.sqrt(WORLDS))


@pytest.mark.parametrize("make", [total, spread])
def test_both_sides_of_a_line_are_won_lost_and_pushed_against_each_other(make):
    one, other = ("over", "under") if make is total else ("home", "away")
    both = bets_of(make(one, 0.45, 0.1, price_decimal=1.9), make(other, 0.55, 0.1, price_decimal=1.9))
    worlds = null_worlds(both, simulations=WORLDS)
    # Together they lose a tenth of a unit, or nothing where the score falls on the line.
    assert worlds.mean == pytest.approx(-0.09, abs=0.001) and worlds.sd == pytest.approx(0.1 * 0.3, rel=0.05)


def test_over_eight_and_under_nine_are_never_both_lost():
    middle = bets_of(total("over", 0.55, 0.08, profit=-1.0), total("under", 0.60, 0.10, profit=-0.5))
    assert null_worlds(middle, simulations=WORLDS).p == 1.0  # every world earns more than minus one and a half
    apart = middle.with_columns(game_key=pl.Series([1, 2]))
    assert null_worlds(apart, simulations=WORLDS).p < 0.9


def test_whoever_covers_minus_one_and_a_half_also_wins():
    """The run line won and the moneyline lost is no world; the two are drawn as one margin."""
    together = bets_of(spread("home", 0.40), {"side": "away", "close_probability": 0.42, "price_decimal": 2.0})
    # home wins by two: +1 - 1; home by one: -1 - 1; away wins: -1 + 1
    worlds = null_worlds(together, simulations=WORLDS)
    assert worlds.mean == pytest.approx(-2 * (0.58 - 0.40), abs=0.03)
    assert worlds.sd == pytest.approx(2 * np.sqrt(0.18 * 0.82), rel=0.03)


def test_games_are_independent_and_so_are_totals_of_winners():
    apart = null_worlds(bets_of({}, {"game_key": 2}), simulations=WORLDS)
    assert apart.sd == pytest.approx(np.sqrt(2), rel=0.03)
    crossed = null_worlds(bets_of({}, total("over", 0.5)), simulations=WORLDS)
    assert crossed.sd == pytest.approx(np.sqrt(2), rel=0.03)
    twice = null_worlds(bets_of({}, {}), simulations=WORLDS)
    assert twice.sd == pytest.approx(2.0, rel=0.03)


def test_p_values_of_totals_without_skill_are_uniform():
    rng = np.random.default_rng(11)
    found = []
    for seed in range(200):
        p, push = rng.uniform(0.45, 0.55, 300), rng.choice([0.0, 0.1], 300)
        draw, price = rng.random(300), 1 / 0.52
        won, pushed = draw < p * (1 - push), draw > 1 - push
        frame = pl.DataFrame(
            {
                "game_key": np.arange(300),
                "market": ["total"] * 300,
                "side": rng.choice(["over", "under"], 300),
                "stake": np.ones(300),
                "price_decimal": np.full(300, price),
                "close_probability": p,
                "push_probability": push,
                "result": np.where(pushed, "push", np.where(won, "win", "loss")),
                "profit": np.where(pushed, 0.0, np.where(won, price - 1, -1.0)),
            }
        )
        found.append(no_skill_p_value(frame, simulations=200, seed=seed))
    deciles = np.histogram(found, bins=10, range=(0, 1))[0]
    assert ((deciles - 20) ** 2 / 20).sum() < 27.9  # chi-square, 9 degrees of freedom, p = .001


def test_worlds_are_the_same_for_the_same_seed_and_in_any_order():
    rng = np.random.default_rng(2)
    bets = bets_of(*({"game_key": key, "close_probability": float(rng.uniform(0.4, 0.6))} for key in range(50)))
    assert null_worlds(bets) == null_worlds(bets.sample(fraction=1.0, shuffle=True, seed=1))
    assert null_worlds(bets) != null_worlds(bets, seed=3)
