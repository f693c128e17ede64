"""Prices told too late to be bet: how many each source has, in one line for a terminal.

Counted in dbt (``operational.in_play_quotes``); a quote is two-sided, both sides of a market at one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from dagster_mlb.settings import Settings

_THERE = "select to_regclass('operational.in_play_quotes') is not null as there"
_SQL = """
select source, season, string_agg(distinct book, ', ' order by book) as books,
       sum(quotes)::bigint as quotes, sum(at_or_after_start)::bigint as at_or_after_start,
       sum(used_at_or_after_start)::bigint as used, sum(of_a_doubtful_game)::bigint as of_a_doubtful_game,
       sum(untied)::bigint as untied
from operational.in_play_quotes
group by source, season
having sum(at_or_after_start) > 0 or sum(of_a_doubtful_game) > 0
order by source, season
"""


def read_in_play(settings: Settings) -> pl.DataFrame:
    """Per source and season: books, quotes, at_or_after_start, used (of those), of_a_doubtful_game, untied. Only
    where something is left out; without rows before the first transformation."""
    from dagster_mlb.warehouse.frames import read_frame

    there = read_frame(settings, _THERE)["there"][0]
    return read_frame(settings, _SQL if there else "select null::text as source where false")


def in_play_lines(frame: pl.DataFrame) -> Iterator[str]:
    """A sentence per source and season.

    >>> import polars as pl
    >>> row = {"source": "four_books", "season": 2024, "books": "a, b", "quotes": 9839, "at_or_after_start": 1139}
    >>> print(*in_play_lines(pl.DataFrame([row | {"used": 0, "of_a_doubtful_game": 0, "untied": 0}])))
    four_books 2024 (a, b): 1,139 of 9,839 two-sided quotes are at or after the start, none is used.
    """
    for row in frame.iter_rows(named=True):
        stands = f"{row['used']:,} stand as pre-game, for a later start is known"
        used = stands if row["used"] else "none is used"
        line = (
            f"{row['source']} {row['season']} ({row['books']}): {row['at_or_after_start']:,} of {row['quotes']:,} "
            f"two-sided quotes are at or after the start, {used}."
        )
        if row["of_a_doubtful_game"]:
            line += f" {row['of_a_doubtful_game']:,} may be of a nearer game of the same clubs and are left out too."
        yield line
