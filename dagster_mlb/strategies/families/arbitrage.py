"""Both sides of one market at two books whose prices together leave a profit whatever happens."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import is_asked, is_at_signal
from dagster_mlb.strategies.protocol import OPPOSITE, Rule, Staking, StrategyParameters
from dagster_mlb.strategies.reasons import number, this_side
from dagster_mlb.strategies.sides import MOMENT

_LINE = (*MOMENT, "_line")


class ArbitrageParameters(StrategyParameters):
    book: Literal["each"] = "each"
    form: Literal["follow"] = "follow"
    staking: Staking = Staking(method="equal_payout")
    bets_per_market: int = Field(default=2, ge=2)
    min_profit: float = Field(default=0.02, gt=0, description="Of the whole stake; prior systems: 2 %")
    max_age_minutes: float = Field(
        default=15, gt=0, description="Since each price was confirmed; betting_domain §2.7: both quotes fresh"
    )
    signal_kinds: tuple[Literal["arbitrage"], ...] = ("arbitrage",)


class Arbitrage(Rule):
    """Both sides of a market on the same line, each at its best price, at two books, where 1/d₁ + 1/d₂ is so far below
    1 that the profit reaches ``min_profit``. There is no fade of it. Strength: the profit as a share of the whole
    stake, which the two are staked out of as 1/d, so that either outcome pays the same.

    Departs from the prior systems, which formed 1/home + 1/away of American numbers. Prices without an age (labels) are
    no pair that stood at one moment. At a signal the detector has looked at their age, and of what stood then the best
    is taken.
    """

    name = "arbitrage"
    Parameters = ArbitrageParameters
    parameters: ArbitrageParameters
    default_decision = "signal"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        best = (
            sides.filter(
                is_asked(asked.signal_kinds),
                pl.col("book_kind").is_in(["book", "exchange"]),
                pl.col("hold") >= 0,  # a book whose own two prices are an arbitrage has erred
                is_at_signal() | (pl.col("age_minutes") <= asked.max_age_minutes),
            )
            # The line as the home side has it: -1.5 and +1.5 are one. (0 + -0.0 is 0.)
            .with_columns(_line=0.0 + pl.when(pl.col("side") == "away").then(-pl.col("line")).otherwise("line"))
            .sort("price_decimal", "sharp_rank", "source", "book", descending=[True, False, False, False])
            .unique([*_LINE, "side"], keep="first", maintain_order=True)
        )
        against = best.select(
            *_LINE,
            side=pl.col("side").replace_strict(OPPOSITE, default=None, return_dtype=pl.String),
            _price="price_decimal",
            _book="book",
        )
        booksum = 1 / pl.col("price_decimal") + 1 / pl.col("_price")
        profit = pl.col("_profit")
        return (
            best.join(against, on=[*_LINE, "side"], how="inner", nulls_equal=True)
            .with_columns(_profit=1 / booksum - 1)
            .filter(pl.col("book") != pl.col("_book"), profit >= asked.min_profit)
            # Of several lines the one that pays most; two that pay the same are the same line's two sides.
            .filter(profit == profit.max().over(MOMENT))
            .filter(pl.col("_line").eq_missing(pl.col("_line").min().over(MOMENT)))
            .with_columns(
                strength=profit,
                reason=pl.format(
                    "{} at {} here, the other side at {} at {}: {} % whatever happens, with {} % of the stake here",
                    this_side(),
                    number(pl.col("price_decimal"), 3),
                    number(pl.col("_price"), 3),
                    "_book",
                    number(100 * profit, 2),
                    number(100 / (pl.col("price_decimal") * booksum), 1),
                ),
            )
            .drop("_line", "_price", "_book", "_profit")
        )
