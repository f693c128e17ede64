"""The sharp books and the others disagree: the sharp ones are taken to be right, at the others' price."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import (
    FIVE_CENTS,
    at_least,
    is_asked,
    is_at_signal,
    points_here,
    sharp_over_retail,
)
from dagster_mlb.strategies.protocol import Rule, StrategyParameters
from dagster_mlb.strategies.reasons import american, number, signed, this_side


class BookConflictParameters(StrategyParameters):
    book: str = "best"
    min_gap: float = Field(
        default=FIVE_CENTS, description="Logit; prior systems, in cents: 5 low, 7 medium, 10 high, 15 critical"
    )
    min_books: int = Field(default=2, description="Books in the consensus")
    min_value: float | None = Field(
        default=None, description="Expected return of the price by the sharp books' probability, where it is asked for"
    )
    max_value: float = Field(default=0.03, description="More than this is rather a stale price; betting_domain §2.7")
    signal_kinds: tuple[str, ...] = ("book_conflict",)


class BookConflict(Rule):
    """Follow: the side that the sharp books hold at least ``min_gap`` logit likelier than the others do, at the best
    price. With ``min_value`` the price itself must be worth so much by the sharp books, on their line. Fade: with the
    other books. Strength: logit between them.

    Departs from the prior systems: the gap is between two means of no-vig probabilities, in logit, and not the largest
    difference of two American numbers; the grade of ten weights is left out.
    """

    name = "book_conflict"
    Parameters = BookConflictParameters
    parameters: BookConflictParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        gap = sharp_over_retail()
        told = pl.format(
            "sharp books {} logit above the others on {}, {} at {}", signed(gap), this_side(), american(), "book"
        )
        chosen = sides.filter(
            is_asked(asked.signal_kinds),
            points_here(),
            at_least("consensus_books", asked.min_books),
            gap >= asked.min_gap,
        )
        if asked.min_value is None:
            return chosen.with_columns(strength=gap, reason=told)
        # A price of another line is not worth what theirs is; a signal says so of the price of its own book.
        on_their_line = pl.col("line").eq_missing(pl.col("consensus_line"))
        value = (
            pl.when(is_at_signal() & pl.col("is_signal_book"))
            .then("signal_strength")
            .when(~is_at_signal() & on_their_line)
            .then(pl.col("sharp_probability") * pl.col("price_decimal") - 1)
        )
        return chosen.filter(value.is_between(asked.min_value, asked.max_value)).with_columns(
            strength=gap, reason=pl.format("{}, worth {} % by them", told, number(100 * value, 2))
        )
