"""Books that were seen once a day, against the consensus close of the same games: what their last prices before the
start scored, and how many of their quotes came too late to count.

The books' snapshots stand at one hour, so a game in the afternoon may be under way by then. What was told at or after
the start, and what may be of another game of the same clubs, is in no market (``operational.in_play_quotes``); what is
left has to score as prices of this sport do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from dagster_mlb.learning.evaluation import paired_difference
from dagster_mlb.learning.models import row_log_loss

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

SNAPSHOTS: Final = "odds_api_archive"
CONSENSUS: Final = "scores_and_odds_archive"
ALL: Final = "all"

SCHEMA: Final = {
    "book": pl.String,
    "n": pl.Int64,  # games
    "log_loss": pl.Float64,
    "se": pl.Float64,  # clustered by date, as all errors here
    "consensus_log_loss": pl.Float64,
    "difference": pl.Float64,  # the book's minus the consensus's, paired by game: below zero is better
    "difference_se": pl.Float64,
    "quotes": pl.Int64,  # two-sided, late ones included
    "in_play_left_out": pl.Int64,
    "doubtful_left_out": pl.Int64,
}

_PAIRS_SQL = """
select books.book, books.official_date, books.home_win,
       books.close_home_probability_multiplicative as probability,
       consensus.close_home_probability_multiplicative as consensus_probability
from curated.moneylines as books
inner join curated.moneylines as consensus
    on consensus.game_key = books.game_key and consensus.source = %(consensus)s
where
    books.source = %(snapshots)s
    and books.home_win is not null
    and books.close_home_probability is not null
    and consensus.close_home_probability is not null
order by books.book, books.official_date, books.game_key
"""
_LEFT_OUT_SQL = """
select book, sum(quotes)::bigint as quotes, sum(at_or_after_start)::bigint as in_play_left_out,
       sum(of_a_doubtful_game)::bigint as doubtful_left_out
from operational.in_play_quotes
where source = %(snapshots)s and market = 'moneyline'
group by book
"""


def four_books_scores(settings: Settings, *, snapshots: str = SNAPSHOTS, consensus: str = CONSENSUS) -> pl.DataFrame:
    """``SCHEMA``: a row per book and one of all of them (``ALL``); without rows where nothing is loaded.

    Last price before the start, multiplicative no-vig, nats per game, on games that the consensus closed too. In the
    row of all books a game counts once per book; its errors are clustered by date all the same.
    """
    from dagster_mlb.warehouse.frames import read_frame

    names = {"snapshots": snapshots, "consensus": consensus}
    return scores(read_frame(settings, _PAIRS_SQL, names), read_frame(settings, _LEFT_OUT_SQL, names))


def scores(pairs: pl.DataFrame, left_out: pl.DataFrame) -> pl.DataFrame:
    """Gives ``SCHEMA``.

    ``pairs``: book, official_date, home_win, probability and consensus_probability (both of the home side), a row per
    game and book. ``left_out``: book, quotes, in_play_left_out, doubtful_left_out.
    """
    if pairs.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    told = left_out.with_columns(pl.col("book").cast(pl.String))
    told = pl.concat([told, told.select(pl.lit(ALL).alias("book"), pl.exclude("book").sum())])
    rows = [_row(book, games) for (book,), games in pairs.group_by("book", maintain_order=True)]
    scored = pl.DataFrame([*rows, _row(ALL, pairs)]).join(told, on="book", how="left")
    return scored.select(list(SCHEMA)).cast(SCHEMA)  # type: ignore[arg-type]


def _row(book: object, games: pl.DataFrame) -> dict[str, object]:
    won = games["home_win"].cast(pl.Float64).to_numpy()
    dates = games["official_date"].cast(pl.Int32).to_numpy()
    losses = row_log_loss(won, games["probability"].to_numpy())
    of_consensus = row_log_loss(won, games["consensus_probability"].to_numpy())
    mean, se = paired_difference(losses, dates)
    difference, difference_se = paired_difference(losses - of_consensus, dates)
    return {
        "book": book,
        "n": games.height,
        "log_loss": mean,
        "se": se,
        "consensus_log_loss": float(of_consensus.mean()),
        "difference": difference,
        "difference_se": difference_se,
    }
