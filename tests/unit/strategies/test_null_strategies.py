"""The strategies without skill."""

from __future__ import annotations

import numpy as np
import polars as pl
from strategy_worlds import frame_of, offer

from dagster_mlb.strategies.families.nulls import (
    Favourite,
    HomeSide,
    RandomSide,
    RandomSideParameters,
    Underdog,
    coin_by_key,
)
from dagster_mlb.strategies.protocol import BET_SCHEMA, Strategy, StrategyParameters, parameters_hash

SLATE = [offer(1), offer(2, home_price=120, away_price=-140), offer(3, home_price=-105, away_price=-105)]


def sides(bets: pl.DataFrame) -> dict[int, str]:
    return dict(bets.select("game_key", "side").iter_rows())


def test_the_favourite_is_the_shorter_price_and_a_pick_em_has_none():
    assert sides(Favourite().bets(frame_of(SLATE))) == {1: "home", 2: "away"}
    assert sides(Underdog().bets(frame_of(SLATE))) == {1: "away", 2: "home"}


def test_the_home_side_is_bet_at_its_own_price_in_every_game():
    bets = HomeSide().bets(frame_of(SLATE))
    assert bets["price_american"].to_list() == [-150, 120, -105]
    assert bets["price_decimal"].round(6).to_list() == [1.666667, 2.2, 1.952381]


def test_the_random_side_is_the_same_for_the_same_games_in_any_order():
    frame = frame_of([offer(key) for key in range(1, 200)])
    once = RandomSide().bets(frame)
    again = RandomSide().bets(frame.sample(fraction=1.0, shuffle=True, seed=1))
    assert once.sort("game_key").equals(again.sort("game_key"))
    half = RandomSide().bets(frame.filter(pl.col("game_key") % 2 == 0))
    assert sides(half).items() <= sides(once).items()


def test_the_random_side_is_balanced_and_does_not_follow_the_order_of_keys():
    coins = coin_by_key(np.arange(20_000), seed=7)
    assert abs(coins.mean() - 0.5) < 0.012
    assert abs(np.corrcoef(coins[1:], coins[:-1])[0, 1]) < 0.03


def test_another_seed_is_another_coin_and_another_parameters_hash():
    frame = frame_of([offer(key) for key in range(1, 200)])
    other = RandomSide(RandomSideParameters(seed=1))
    assert sides(RandomSide().bets(frame)) != sides(other.bets(frame))
    assert parameters_hash(RandomSide()) != parameters_hash(other)


def test_every_strategy_speaks_the_protocol_and_bets_nothing_on_an_empty_slate():
    for strategy in (RandomSide(), Favourite(), Underdog(), HomeSide()):
        assert isinstance(strategy, Strategy)
        bets = strategy.bets(frame_of(SLATE).clear())
        assert bets.is_empty()
        assert bets.schema == pl.Schema(BET_SCHEMA)


def test_the_stake_is_the_parameters_stake():
    assert HomeSide(StrategyParameters(stake=2.5)).bets(frame_of(SLATE))["stake"].to_list() == [2.5] * 3
