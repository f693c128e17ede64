"""From offers to sides: chosen among quoted prices, and said from the side's own point of view."""

from __future__ import annotations

import polars as pl
import pytest
from strategy_worlds import assemble_frame, context_of, frame_of, offer, offers_of

from dagster_mlb.strategies.protocol import SIDE_KEY, SIDE_SCHEMA
from dagster_mlb.strategies.sides import sides_of


def books(*prices: tuple[str, int, int], **changes) -> pl.DataFrame:
    rows = [
        offer(1, book=book, price_1=one, price_2=two, sharp_rank=rank, book_kind="book", **changes)
        for rank, (book, one, two) in enumerate(prices, start=1)
    ]
    return frame_of(rows, benchmark_book=prices[0][0])


SHARP, SOFT = ("sharp", -150, 130), ("soft", -140, 120)


def test_every_game_and_market_has_two_sides_with_complementary_chances():
    sides = sides_of(frame_of([offer(1), offer(1, "spread"), offer(1, "total"), offer(2)]))
    assert sides.schema == pl.Schema(SIDE_SCHEMA)
    assert not sides.select(SIDE_KEY).is_duplicated().any()
    sums = sides.group_by("game_key", "market").agg(pl.len(), pl.col("probability").sum())
    assert set(sums["len"]) == {2} and sums["probability"].to_list() == pytest.approx([1.0] * 4)


def test_a_run_line_turns_with_the_side_and_a_total_does_not():
    sides = sides_of(frame_of([offer(1, "spread"), offer(1, "total")]))
    assert dict(sides.select("side", "line").iter_rows()) == {"away": 1.5, "home": -1.5, "over": 8.5, "under": 8.5}


def test_what_is_known_of_the_market_is_said_of_the_side():
    offers = offers_of([offer(1, "total", line=9.0)])
    known = {"move": 0.2, "line_move": 0.5, "tickets_1": 70.0, "tickets_min_1": 65.0, "tickets_max_1": 75.0}
    rows = {row["side"]: row for row in sides_of(assemble_frame(offers, context_of(offers, **known))).to_dicts()}
    assert (rows["over"]["move"], rows["under"]["move"]) == (0.2, -0.2)
    assert (rows["over"]["line_move"], rows["under"]["line_move"]) == (0.5, -0.5)
    assert (rows["over"]["tickets_pct"], rows["under"]["tickets_pct"]) == (70.0, 30.0)
    assert (rows["under"]["tickets_min"], rows["under"]["tickets_max"]) == (25.0, 35.0)


def test_the_benchmark_s_price_is_taken_unless_another_rule_is_asked_for():
    frame = books(SHARP, SOFT)
    assert sides_of(frame)["book"].to_list() == ["sharp", "sharp"]
    best = {row["side"]: row["book"] for row in sides_of(frame, "best").to_dicts()}
    assert best == {"home": "soft", "away": "sharp"}
    assert sides_of(frame, "each").height == 4
    assert set(sides_of(frame, "soft")["book"]) == {"soft"}
    assert sides_of(frame, "nobody").is_empty()


@pytest.mark.parametrize("rule", ["benchmark", "best", "each"])
def test_a_stale_price_is_nobody_s_to_have(rule: str):
    frame = books(SHARP, SOFT).with_columns(age_minutes=pl.when(pl.col("book") == "sharp").then(91.0).otherwise(90.0))
    assert set(sides_of(frame, rule)["book"]) == {"soft"}
    assert sides_of(frame, "sharp").is_empty()
    assert sides_of(frame.filter(pl.col("book") == "sharp"), rule).is_empty()


def test_a_label_has_no_age_and_is_not_stale():
    assert sides_of(books(SHARP, age_minutes=None)).height == 2


def test_at_a_signal_only_the_last_change_is_known_and_the_best_price_alone_asks_for_it():
    frame = books(SHARP, SOFT, age_minutes=300.0).with_columns(decision=pl.lit("signal"))
    assert set(sides_of(frame)["book"]) == {"sharp"}
    assert sides_of(frame, "each").height == 4
    assert sides_of(frame, "best").is_empty()


def test_the_best_price_is_one_of_several_at_one_moment():
    """Another archive's close, or a price with an age, is a price of another moment than a label's."""
    rows = [
        offer(1, source="archive", book="pinnacle", sharp_rank=1, age_minutes=None),
        offer(1, source="archive", book="betmgm", price_1=-130, sharp_rank=8, age_minutes=None, book_kind="book"),
        offer(1, source="other", book="betmgm", price_1=150, sharp_rank=8, age_minutes=None, book_kind="book"),
        offer(1, source="feed", book="draftkings", price_1=160, sharp_rank=7, age_minutes=1.0, book_kind="book"),
    ]
    frame = frame_of(rows, benchmark_book="pinnacle")
    chosen = {row["side"]: (row["source"], row["book"]) for row in sides_of(frame, "best").to_dicts()}
    assert chosen["home"] == ("archive", "betmgm")
    assert {source for source, _ in chosen.values()} == {"archive"}


def test_a_mean_of_books_takes_no_bets_but_is_the_best_price_where_nothing_beside_it_stood_then():
    label = offer(1, source="archive", book="consensus", sharp_rank=3, age_minutes=None, book_kind="consensus")
    other = offer(1, source="feed", book="soft", sharp_rank=9, age_minutes=1.0, book_kind="book", price_1=300)
    assert set(sides_of(frame_of([label, other], benchmark_book="consensus"), "best")["book"]) == {"consensus"}
    same = {**label, "book": "soft", "sharp_rank": 9, "book_kind": "book"}
    assert set(sides_of(frame_of([label, same], benchmark_book="consensus"), "best")["book"]) == {"soft"}


def test_a_book_on_another_line_is_no_better_price():
    rows = [
        offer(1, "total", book=book, line=line, price_1=price, sharp_rank=rank, book_kind="book")
        for rank, (book, line, price) in enumerate([("sharp", 8.5, -110), ("other", 9.0, 105)], start=1)
    ]
    assert set(sides_of(frame_of(rows, benchmark_book="sharp"), "best")["book"]) == {"sharp"}


def test_one_sided_quotes_offer_nothing():
    assert sides_of(frame_of([offer(1, price_2=None)])).is_empty()
