"""Picks become bets: at the price that stood there, on the side that was meant, and never on what was not offered."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from strategy_worlds import frame_of, offer

from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import BET_SCHEMA, SIDE_SCHEMA, PickError, Rule
from dagster_mlb.strategies.sides import sides_of

MARKETS = ("moneyline", "spread", "total")


class Told(Rule):
    """Picks what it is told to: a filter on the sides, and columns on top of it."""

    name = "told"

    def __init__(self, chosen: pl.Expr | bool = True, columns: dict[str, Any] | None = None, **parameters: Any):
        super().__init__(**parameters)
        self.chosen = pl.lit(chosen) if isinstance(chosen, bool) else chosen
        self.columns = {"reason": pl.lit("told to")} | (columns or {})

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        return sides.filter(self.chosen).with_columns(**self.columns)


def placed(strategy: Rule, *offers: dict[str, Any]) -> pl.DataFrame:
    frame = frame_of(list(offers) or [offer(1)])
    return place(strategy, sides_of(frame, strategy.parameters.book, strategy.parameters.markets))


HOME, AWAY = pl.col("side") == "home", pl.col("side") == "away"


def test_a_pick_becomes_a_bet_at_its_own_line_and_price():
    bets = placed(Told(AWAY, markets=MARKETS), offer(1), offer(1, "spread", price_1=140, price_2=-160))
    assert bets.schema == pl.Schema(BET_SCHEMA)
    told = bets.select("market", "side", "line", "price_american", "reason", "load_id", "provenance", "moment_assumed")
    assert told.rows() == [
        ("moneyline", "away", None, 130, "told to", 7, "archive", True),
        ("spread", "away", 1.5, -160, "told to", 7, "archive", True),
    ]


def test_whatever_a_strategy_makes_of_the_price_it_bets_at_the_one_that_was_quoted():
    dream = {"price_american": pl.lit(900, pl.Int32), "price_decimal": pl.lit(10.0), "line": pl.lit(99.5)}
    row = placed(Told(HOME, dream)).row(0, named=True)
    assert (row["price_american"], row["line"]) == (-150, None)
    assert row["price_decimal"] == pytest.approx(1 + 100 / 150)


def test_strength_and_probability_are_carried_and_may_be_missing():
    row = placed(Told(HOME, {"own_probability": pl.lit(0.61), "strength": pl.lit(3.0)})).row(0, named=True)
    assert (row["probability"], row["strength"]) == (0.61, 3.0)
    row = placed(Told(HOME)).row(0, named=True)
    assert (row["probability"], row["strength"]) == (None, None)


def test_a_fade_is_the_other_side_at_its_own_price_without_a_probability():
    columns = {"own_probability": pl.lit(0.61), "strength": pl.lit(3.0)}
    row = placed(Told(HOME, columns, form="fade")).row(0, named=True)
    assert (row["side"], row["price_american"], row["probability"], row["strength"]) == ("away", 130, None, 3.0)
    assert row["reason"] == "faded: told to"


def test_at_every_book_a_fade_stays_at_its_book():
    books = [offer(1, book=book, price_2=price, sharp_rank=1) for book, price in (("one", 130), ("two", 140))]
    bets = placed(Told(HOME, form="fade", book="each", bets_per_market=9), *books)
    assert bets.select("book", "price_american").rows() == [("one", 130), ("two", 140)]


def test_no_favourite_is_bet_below_the_shortest_price():
    offers = [offer(1, price_1=-160), offer(2, price_1=-161), offer(3, price_1=105, price_2=-120)]
    assert placed(Told(HOME, shortest_price=-160), *offers)["game_key"].to_list() == [1, 3]
    assert placed(Told(HOME, shortest_price=105), *offers)["game_key"].to_list() == [3]


def test_of_one_market_the_earliest_decision_is_bet_then_the_strongest():
    frame = frame_of([offer(1), offer(1, book="other", sharp_rank=9)])
    later = pl.col("decision_at") + pl.duration(hours=1)
    both = pl.concat([frame.with_columns(decision_at=later), frame])
    strength = {"strength": pl.when(pl.col("book") == "other").then(2.0).otherwise(1.0) + pl.col("side").eq("away")}

    def chosen(at_most: int) -> list[tuple]:
        strategy = Told(True, strength, book="each", bets_per_market=at_most)
        bets = place(strategy, sides_of(both, "each", ("moneyline",)))
        return bets.select(pl.col("decision_at").dt.hour(), "book", "side").rows()

    assert chosen(1) == [(16, "other", "away")]
    assert sorted(chosen(3)) == [(16, "consensus", "away"), (16, "other", "away"), (16, "other", "home")]
    assert len(chosen(5)) == 5 and {hour for hour, _, _ in chosen(5)} == {16, 17}


def test_the_bets_are_the_same_in_whatever_order_the_picks_come():
    frame = frame_of([offer(key, book=book) for key in (1, 2, 3) for book in ("a", "b", "c")])
    sides = sides_of(frame, "each", ("moneyline",))

    class Shuffled(Told):
        def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
            return super().picks(sides).sample(fraction=1.0, shuffle=True, seed=self.seed)

    first, second = Shuffled(book="each", bets_per_market=2), Shuffled(book="each", bets_per_market=2)
    first.seed, second.seed = 1, 2
    assert place(first, sides).equals(place(second, sides))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"reason": pl.lit("  ")}, "no reason"),
        ({"reason": pl.lit(None, pl.String)}, "no reason"),
        ({"own_probability": pl.lit(1.0)}, "outside"),
        ({"own_probability": pl.lit(-0.1)}, "outside"),
        ({"own_probability": pl.lit(float("nan"))}, "outside"),
        ({"strength": pl.lit(float("inf"))}, "no number"),
        ({"side": pl.lit("over")}, "was not shown"),
        ({"book": pl.lit("nobody")}, "was not shown"),
        ({"game_key": pl.col("game_key") + 1}, "was not shown"),
        ({"own_probability": pl.lit("much")}, "another type"),
    ],
)
def test_what_is_no_pick_is_refused_with_strategy_and_game(columns, message):
    with pytest.raises(PickError, match=message) as refused:
        placed(Told(HOME, columns))
    assert "told" in str(refused.value)
    if "type" not in message:
        assert "game_key" in str(refused.value)


def test_a_side_can_be_picked_once_only():
    class Twice(Told):
        def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
            return pl.concat([super().picks(sides)] * 2)

    with pytest.raises(PickError, match="twice"):
        placed(Twice(HOME))


@pytest.mark.parametrize("given", [None, [1], pl.DataFrame({"game_key": [1]})])
def test_what_is_no_frame_of_sides_is_refused(given):
    class Odd(Told):
        def picks(self, sides: pl.DataFrame) -> Any:
            return given

    with pytest.raises(PickError, match="told"):
        placed(Odd())


def test_without_sides_and_without_picks_there_are_no_bets():
    assert place(Told(), pl.DataFrame(schema=SIDE_SCHEMA)).schema == pl.Schema(BET_SCHEMA)
    assert placed(Told(False)).is_empty()
    assert placed(Told(False, form="fade")).is_empty()
