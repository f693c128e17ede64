"""Snapshots of several books, decided on at their own moment.

Where books were looked at once a day, their price an hour before the game, or at the close, is one of hours ago: nobody
could have it by then, and who knows the close picks just those that have gone stale. So a snapshot is a decision at the
moment at which it was taken.
"""

from __future__ import annotations

import polars as pl

from dagster_mlb.signals.books import is_sharp, weight_of
from dagster_mlb.strategies.protocol import CONTEXT_SCHEMA, OFFER_SCHEMA, SIGNAL_SCHEMA


def at_their_own_moment(offers: pl.DataFrame) -> pl.DataFrame:
    """``offers`` (``OFFER_SCHEMA``, of one later decision) as they stood when they were last seen: of each game's
    market the books of the last snapshot, at its moment, as the decision *pregame*.

    What is known beside the prices is what the snapshot itself shows: the books' consensus in logit by weight, the
    sharp books' and the others'. What was known later is gone.
    """
    seen = offers.filter(pl.col("probability_1").is_not_null() & pl.col("age_minutes").is_not_null()).with_columns(
        _seen_at=pl.col("decision_at") - pl.duration(seconds=(60 * pl.col("age_minutes")).round())
    )
    market = ["game_key", "market"]
    last = seen.filter(pl.col("_seen_at") == pl.col("_seen_at").max().over(market))
    minutes = (pl.col("decision_at") - pl.col("_seen_at")).dt.total_seconds() / 60
    books = last["book"].unique().to_list()
    weight = pl.col("book").replace_strict({book: weight_of(book) for book in books}, return_dtype=pl.Float64)
    sharp = pl.col("book").is_in([book for book in books if is_sharp(book)])
    logit = (pl.col("probability_1") / (1 - pl.col("probability_1"))).log()

    def consensus(of: pl.Expr) -> pl.Expr:
        mean = (logit * weight).filter(of).sum().over(market) / weight.filter(of).sum().over(market)
        return pl.when(of.any().over(market)).then(1 / (1 + (-mean).exp()))

    unknown = {name: pl.lit(None, dtype=kind) for name, kind in {**CONTEXT_SCHEMA, **SIGNAL_SCHEMA}.items()}
    told = last.with_columns(
        **unknown,
        decision=pl.lit("pregame"),
        decision_at="_seen_at",
        price_known_at=pl.min_horizontal("price_known_at", "_seen_at"),
        hours_to_start=pl.col("hours_to_start") + minutes / 60,
        age_minutes=pl.lit(0.0),
        model_probability_1=pl.lit(None, dtype=pl.Float64),
    ).with_columns(
        consensus_probability_1=consensus(pl.lit(value=True)),
        consensus_books=pl.len().over(market),
        sharp_probability_1=consensus(sharp),
        retail_probability_1=consensus(~sharp),
        is_benchmark=pl.col("sharp_rank") == pl.col("sharp_rank").min().over(market),
    )
    return told.select(OFFER_SCHEMA.keys()).cast(OFFER_SCHEMA)  # type: ignore[arg-type]
