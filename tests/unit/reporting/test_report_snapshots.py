"""Snapshots are decided on when they were taken; a price last seen hours before a decision is no offer at it."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from report_world import NOW, START, archive, frame_of, one_game

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.reporting.strategy_report.books import BEST, retail_table
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, LABELS, ONE_BOOK
from dagster_mlb.reporting.strategy_report.snapshots import at_their_own_moment
from dagster_mlb.strategies.protocol import OFFER_SCHEMA, refuse_future_rows, refuse_other_columns


def closing(*books: tuple[str, int, int, float], **changes) -> pl.DataFrame:
    """Offers at the close of one game: book, both prices, and how many minutes ago they were last seen."""
    like = frame_of(archive(n_days=1, per_day=1)[0], "close")
    rows = [
        like.with_columns(
            source=pl.lit("odds_api_archive"),
            book=pl.lit(book),
            book_kind=pl.lit("book"),
            sharp_rank=pl.lit(1 if book == "pinnacle" else 90, dtype=pl.Int32),
            price_1=pl.lit(home, dtype=pl.Int32),
            price_2=pl.lit(away, dtype=pl.Int32),
            probability_1=pl.lit(no_vig_from_american(float(home), float(away)).item()),
            decision_at=pl.lit(START).dt.cast_time_unit("us"),
            price_known_at=pl.lit(START - timedelta(minutes=age)).dt.cast_time_unit("us"),
            age_minutes=pl.lit(age),
            moment_assumed=pl.lit(value=False),
            model_probability_1=pl.lit(0.7),
            move=pl.lit(0.3),
            **changes,
        )
        for book, home, away, age in books
    ]
    return pl.concat(rows).select(OFFER_SCHEMA.keys()).cast(OFFER_SCHEMA)


BOOKS = (("pinnacle", -150, 140, 300.0), ("draftkings", -155, 130, 300.0), ("fanduel", -140, 120, 1740.0))


def test_the_last_snapshot_is_the_decision_and_older_prices_are_none_of_it():
    told = at_their_own_moment(closing(*BOOKS))
    assert told["book"].to_list() == ["pinnacle", "draftkings"]
    assert told["decision_at"].unique().to_list() == [START - timedelta(minutes=300)]
    assert set(told["decision"]) == {"pregame"} and set(told["age_minutes"]) == {0.0}
    assert told["hours_to_start"].to_list() == pytest.approx([5.0, 5.0])
    refuse_future_rows(told, "price_known_at", "price")
    refuse_other_columns(told)


def test_what_was_known_at_the_close_is_gone():
    told = at_their_own_moment(closing(*BOOKS))
    assert told["model_probability_1"].null_count() == 2 and told["move"].null_count() == 2


def test_the_snapshot_s_own_books_say_what_the_market_is():
    told = at_their_own_moment(closing(*BOOKS))
    pinnacle, retail = (no_vig_from_american(*prices).item() for prices in ((-150.0, 140.0), (-155.0, 130.0)))
    assert told["sharp_probability_1"].to_list() == pytest.approx([pinnacle, pinnacle])
    assert told["retail_probability_1"].to_list() == pytest.approx([retail, retail])
    assert (pinnacle + retail) / 2 < told["consensus_probability_1"][0] < pinnacle  # Pinnacle weighs more
    assert told["consensus_books"].to_list() == [2, 2]
    assert dict(told.select("book", "is_benchmark").iter_rows()) == {"pinnacle": True, "draftkings": False}


def test_without_a_sharp_book_nobody_speaks_for_it():
    told = at_their_own_moment(closing(BOOKS[1], BOOKS[2]))
    assert told["book"].to_list() == ["draftkings"] and told["sharp_probability_1"].to_list() == [None]


def test_a_price_that_was_seen_hours_ago_is_no_offer_and_a_label_is_one():
    old = closing(("pinnacle", -150, 140, 300.0), ("pinnacle", -150, 140, 20.0)).with_columns(
        source=pl.lit("pinnacle_archive")
    )
    assert ONE_BOOK.offers_of(old)["age_minutes"].to_list() == [20.0]
    assert ONE_BOOK.rows_of(old).height == 2
    assert ONE_BOOK.offers_of(old.with_columns(decision=pl.lit("signal"))).height == 2
    labels = frame_of(archive(n_days=1)[0], "close")
    assert LABELS.offers_of(labels).height == labels.height
    assert FOUR_BOOKS.decisions == ("pregame",)


def test_retail_prices_are_valued_at_the_sharp_one_of_the_same_snapshot():
    offers = at_their_own_moment(closing(*BOOKS))
    closes = pl.DataFrame({"game_key": [1], "close_home_probability": [0.6]})
    told = {row["book"]: row for row in retail_table(offers, closes, one_game(), NOW).iter_rows(named=True)}
    assert list(told) == ["pinnacle", "draftkings", BEST]
    assert told["draftkings"]["ev_sharp"] < told["pinnacle"]["ev_sharp"] < 0
    assert told[BEST]["ev_sharp"] == pytest.approx(
        told["pinnacle"]["ev_sharp"]
    )  # it has the better price of both sides
    assert told["draftkings"]["n"] == 2 and told["draftkings"]["n_clv"] == 2
    home, away = 1 + 100 / 155, 2.3
    assert told["draftkings"]["ev_clv"] == pytest.approx((home * 0.6 + away * 0.4) / 2 - 1)


def test_games_without_the_sharp_book_are_left_out():
    offers = at_their_own_moment(closing(BOOKS[1]))
    empty = pl.DataFrame(schema={"game_key": pl.Int64, "close_home_probability": pl.Float64})
    assert retail_table(offers, empty, one_game(), NOW).is_empty()
