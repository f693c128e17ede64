"""The strategies without skill."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from side_worlds import picks_of, quote, sides_for

from dagster_mlb.strategies.families.nulls import Favourite, HomeSide, Over, RandomSide, Underdog, coin_by_key
from dagster_mlb.strategies.protocol import MARKETS, Rule, parameters_hash

SLATE = [
    quote(game_key=1, price_1=-150, price_2=130),
    quote(game_key=2, price_1=120, price_2=-140),
    quote(game_key=3, price_1=-105, price_2=-105),
]
MANY = [quote(market, game_key=key) for key in range(1, 200) for market in MARKETS]


def sides(strategy: Rule, *quotes: dict[str, Any]) -> dict[int, str]:
    return dict(picks_of(strategy, *quotes).select("game_key", "side").iter_rows())


def coins(strategy: Rule, market: str) -> dict[int, str]:
    return sides(strategy, *[row for row in MANY if row["market"] == market])


def test_the_favourite_is_the_shorter_price_and_a_pick_em_has_none() -> None:
    assert sides(Favourite(), *SLATE) == {1: "home", 2: "away"}
    assert sides(Underdog(), *SLATE) == {1: "away", 2: "home"}


def test_the_home_side_is_picked_in_every_game_and_the_over_of_every_total() -> None:
    assert sides(HomeSide(), *SLATE) == {1: "home", 2: "home", 3: "home"}
    assert sides(HomeSide(markets=("spread",)), *SLATE, quote("spread")) == {1: "home"}
    assert sides(Over(), *SLATE, quote("total", game_key=5)) == {5: "over"}


def test_the_random_side_is_the_same_for_the_same_games_in_any_order() -> None:
    rule = RandomSide()
    frame = sides_for(rule, *MANY)
    once = rule.picks(frame)
    again = rule.picks(frame.sample(fraction=1.0, shuffle=True, seed=1))
    order = ["game_key", "market"]
    assert once.sort(order).equals(again.sort(order))
    assert once.height == len(MANY)
    half = rule.picks(frame.filter(pl.col("game_key") % 2 == 0))
    assert half.join(once, on=["game_key", "market", "side"], how="anti").is_empty()


def test_each_market_of_a_game_has_a_coin_of_its_own() -> None:
    rule = RandomSide()
    home, cover, over = (
        [side in ("home", "over") for side in coins(rule, market).values()]
        for market in ("moneyline", "spread", "total")
    )
    for one, other in ((home, cover), (home, over), (cover, over)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.2


def test_the_random_side_is_balanced_and_does_not_follow_the_order_of_keys() -> None:
    tossed = coin_by_key(np.arange(20_000), seed=7)
    assert abs(tossed.mean() - 0.5) < 0.012
    assert abs(np.corrcoef(tossed[1:], tossed[:-1])[0, 1]) < 0.03


def test_another_seed_is_another_coin_and_another_parameters_hash() -> None:
    other = RandomSide(seed=1)
    assert coins(RandomSide(), "moneyline") != coins(other, "moneyline")
    assert parameters_hash(RandomSide()) != parameters_hash(other)


def test_the_null_strategies_say_that_they_are() -> None:
    assert all(rule.is_null for rule in (RandomSide(), Favourite(), Underdog(), HomeSide(), Over()))
    assert not Rule.is_null
