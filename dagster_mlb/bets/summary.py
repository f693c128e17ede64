"""What a person's graded bets come to, in all and by tag: the strategies' figures, and the null beside them.

Without skill a random side at the same prices is expected to lose the hold: a return is seen beside that, not beside
zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dagster_mlb.bets.graded_table import GRADED_COLUMNS, GRADED_SCHEMA, GRADED_TABLE
from dagster_mlb.strategies.figures.summary import BetSummary, summarise

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

PLAYED = ("win", "loss", "push")


class NoBetsError(Exception):
    """There are no bets to show: the message says what to do."""


@dataclass(frozen=True)
class TagSummary:
    """One tag's bets (``tag`` None: all of them). Rates are fractions.

    ``null_return``: what a random side at the prices bet is expected to return, minus the hold, by stake; over the
    share ``null_coverage`` of the turnover, whose hold is known. ``missing_closes``: reason → number of played bets
    without a value at the close.
    """

    tag: str | None
    bets: BetSummary
    n_ungraded: int
    n_in_play: int
    null_return: float | None
    null_coverage: float | None
    missing_closes: dict[str, int]
    ungraded: dict[str, int]
    prices_seen: dict[str, int]


def read_graded(settings: Settings, *, tag: str | None = None) -> pl.DataFrame:
    """``curated.graded_bets``, oldest game first. Raises NoBetsError where there are none (of that tag)."""
    graded = read_all(settings)
    if graded.is_empty():
        raise NoBetsError(
            "There are no bets yet: `mlb bets import FILE`, and `mlb bets template FILE` writes an example."
        )
    chosen = graded if tag is None else graded.filter(pl.col("tag") == tag)
    if chosen.is_empty():
        tags = ", ".join(sorted(graded["tag"].drop_nulls().unique()))
        raise NoBetsError(f'No bet has the tag "{tag}": the tags are {tags or "none"}.')
    return chosen


def read_all(settings: Settings) -> pl.DataFrame:
    """As ``read_graded``, of every tag; empty where there are none, or nothing was graded yet."""
    from dagster_mlb.warehouse.frames import read_frame

    if not read_frame(settings, f"select to_regclass('{GRADED_TABLE}') is not null as there")["there"][0]:
        return pl.DataFrame(schema=GRADED_SCHEMA).select(GRADED_COLUMNS)
    order = "official_date, placed_at, file_name, record_number"
    rows = read_frame(settings, f"select {', '.join(GRADED_COLUMNS)} from {GRADED_TABLE} order by {order}")
    return rows.cast(GRADED_SCHEMA)  # type: ignore[arg-type]


def summaries(graded: pl.DataFrame) -> list[TagSummary]:
    """All bets, then each tag by itself where there is one."""
    tags = sorted(graded["tag"].drop_nulls().unique())
    parts = [summary_of(graded.filter(pl.col("tag") == tag), tag) for tag in tags]
    return [summary_of(graded, None), *parts]


def summary_of(graded: pl.DataFrame, tag: str | None) -> TagSummary:
    """``graded``: rows of ``curated.graded_bets``."""
    placed_on = pl.coalesce("placed_on", "official_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    dated = graded.with_columns(decision_at=pl.coalesce("placed_at", placed_on))
    played = dated.filter(pl.col("result").is_in(PLAYED))
    with_hold = played.drop_nulls("hold")
    stake, turnover = float(with_hold["stake"].sum()), float(played["stake"].sum())
    return TagSummary(
        tag=tag,
        bets=summarise(dated.filter(pl.col("result").is_not_null())),
        n_ungraded=graded["result"].null_count(),
        n_in_play=int(graded["is_in_play"].sum()),
        null_return=-float((with_hold["hold"] * with_hold["stake"]).sum()) / stake if stake else None,
        null_coverage=stake / turnover if turnover else None,
        missing_closes=_counts(played["missing_close_reason"]),
        ungraded=_counts(graded["ungraded_reason"]),
        prices_seen=_counts(graded["price_seen"]),
    )


def _counts(values: pl.Series) -> dict[str, int]:
    """Value → how often, the most frequent first; NULLs are left out."""
    counted = values.drop_nulls().value_counts(sort=False).sort(["count", values.name], descending=[True, False])
    return {str(value): int(count) for value, count in counted.iter_rows()}
