"""What came too late to be bet, in words, and the score of books that were seen once a day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from dagster_mlb.reporting.four_books import ALL, SCHEMA, scores
from dagster_mlb.reporting.in_play import in_play_lines

LATE = {"source": "snapshots", "season": 2024, "books": "a, b", "quotes": 9839, "at_or_after_start": 1139}
LEFT_OUT = pl.DataFrame(
    {"book": ["a", "b"], "quotes": [50, 40], "in_play_left_out": [5, 4], "doubtful_left_out": [2, 0]}
)


def told(**more: int) -> str:
    [line] = in_play_lines(pl.DataFrame([LATE | {"used": 0, "of_a_doubtful_game": 0, "untied": 0} | more]))
    return line


def test_late_quotes_are_told_with_their_number_and_that_none_is_used() -> None:
    assert told() == "snapshots 2024 (a, b): 1,139 of 9,839 two-sided quotes are at or after the start, none is used."


def test_late_quotes_that_count_all_the_same_are_told() -> None:
    assert told(used=3).endswith("at or after the start, 3 stand as pre-game, for a later start is known.")


def test_quotes_that_may_be_of_a_nearer_game_are_told() -> None:
    assert told(of_a_doubtful_game=1460).endswith(
        "1,460 may be of a nearer game of the same clubs and are left out too."
    )


def pairs(*, days: int = 40, games: int = 10, noise: float = 0.0) -> pl.DataFrame:
    """Games of two books whose consensus is right; ``noise``: how far off, in logit, book b is."""
    rng = np.random.default_rng(7)
    n = days * games
    logit = rng.normal(0.1, 0.4, n)
    right = 1 / (1 + np.exp(-logit))
    off = 1 / (1 + np.exp(-(logit + noise * rng.choice([-1.0, 1.0], n))))
    shared = {
        "official_date": [date(2024, 5, 1) + timedelta(days=i // games) for i in range(n)],
        "home_win": rng.random(n) < right,
        "consensus_probability": right,
    }
    books = [
        pl.DataFrame(shared | {"book": "a", "probability": right}),
        pl.DataFrame(shared | {"book": "b", "probability": off}),
    ]
    return pl.concat(books)


def test_a_book_that_says_what_the_consensus_says_scores_what_it_scores() -> None:
    found = scores(pairs(), LEFT_OUT)
    assert found.schema == pl.Schema(SCHEMA)
    assert found["book"].to_list() == ["a", "b", ALL]
    assert found["n"].to_list() == [400, 400, 800]
    assert found["difference"].to_list() == [0, 0, 0]
    assert found["log_loss"].to_list() == found["consensus_log_loss"].to_list()
    by_hand = (
        pairs()
        .filter(pl.col("book") == "a")
        .select(-pl.when(pl.col("home_win")).then(pl.col("probability")).otherwise(1 - pl.col("probability")).log())
    )
    assert found["log_loss"][0] == pytest.approx(by_hand.to_series().mean())


def test_a_book_that_is_off_is_worse_by_more_than_its_error() -> None:
    book = scores(pairs(noise=0.8), LEFT_OUT).row(1, named=True)
    assert book["difference"] > 2 * book["difference_se"] > 0


def test_games_of_one_day_are_one_draw() -> None:
    """Ten times the same game on a day say no more than it does once."""
    once = pairs(games=1, noise=0.5)
    row = scores(pl.concat([once] * 10), LEFT_OUT).row(1, named=True)
    assert row["difference_se"] == pytest.approx(scores(once, LEFT_OUT).row(1, named=True)["difference_se"])


def test_what_was_left_out_stands_beside_each_book_and_is_summed() -> None:
    found = scores(pairs(), LEFT_OUT)
    assert found["in_play_left_out"].to_list() == [5, 4, 9]
    assert found["doubtful_left_out"].to_list() == [2, 0, 2]
    assert found["quotes"].to_list() == [50, 40, 90]


def test_without_games_there_are_no_scores() -> None:
    assert scores(pairs().clear(), LEFT_OUT).is_empty()
