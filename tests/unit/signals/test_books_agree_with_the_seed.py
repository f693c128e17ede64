"""Who is sharp and how heavy a book is, is said twice: in the seed for SQL and in the room. They agree."""

from __future__ import annotations

import polars as pl

from dagster_mlb.settings import PROJECT_ROOT
from dagster_mlb.signals.books import CONSENSUS, EXCHANGES, SHARP, WEIGHTS, can_be_bet, is_sharp, weight_of

SEED = pl.read_csv(PROJECT_ROOT / "dbt_project" / "seeds" / "sportsbooks.csv")
IS_BOOK = pl.col("kind") == "book"


def test_market_makers_are_those_of_rank_five_and_better() -> None:
    listed = SEED.filter(IS_BOOK, pl.col("sharp_rank") <= 5)["book"]
    assert set(SHARP) == set(listed)
    assert not any(is_sharp(book) for book in SEED.filter(~IS_BOOK)["book"])


def test_weights_are_the_seeds() -> None:
    books = SEED.filter(IS_BOOK)
    assert [weight_of(book) for book in books["book"]] == books["weight"].cast(pl.Float64).to_list()
    assert set(WEIGHTS) <= set(books["book"])


def test_means_are_those_of_the_kind_consensus() -> None:
    assert set(CONSENSUS) == set(SEED.filter(pl.col("kind") == "consensus")["book"])
    assert set(SEED.filter(pl.col("kind") == "exchange")["book"]) <= set(EXCHANGES)


def test_what_pays_what_it_shows_can_be_bet() -> None:
    assert can_be_bet("pinnacle") and can_be_bet("a book that nobody listed")
    assert not can_be_bet("consensus") and not can_be_bet("betfair_ex_eu")
