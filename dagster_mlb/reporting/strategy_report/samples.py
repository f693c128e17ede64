"""The samples that figures are made on: which sources at which decisions, and what is known of them beforehand.

A figure without its sample says nothing: prices of one archive with labels, one book's ticks, four books' snapshots and
the simulated league have nothing in common but their columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from dagster_mlb.strategies.protocol import Decision
from dagster_mlb.strategies.sides import IS_ON_OFFER

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings


class SeasonsError(ValueError):
    """Seasons that cannot be read."""


@dataclass(frozen=True)
class Sample:
    """``sources`` names whose prices are in it; empty: those of no archive named here (collected live, or simulated).
    ``provenance`` limits those. ``follows_seasons``: whether the seasons asked for limit it.
    ``is_for_rules_without_skill``: nothing else is asked of it.
    """

    key: str
    title: str
    short: str  # in tables and pictures
    note: str
    decisions: tuple[Decision, ...]
    sources: tuple[str, ...] = ()
    provenance: tuple[str, ...] = ()
    follows_seasons: bool = False
    is_for_rules_without_skill: bool = False

    @property
    def is_simulated(self) -> bool:
        return self.provenance == ("simulated",)

    def offers_of(self, frame: pl.DataFrame, seasons: Iterable[int] | None = None) -> pl.DataFrame:
        """The rows of an as-of frame that belong to this sample and could be bet."""
        return self.rows_of(frame, seasons).filter(IS_ON_OFFER)

    def rows_of(self, frame: pl.DataFrame, seasons: Iterable[int] | None = None) -> pl.DataFrame:
        """The rows of any frame with source, provenance and season that belong to this sample, however old."""
        wanted = pl.col("source").is_in(self.sources) if self.sources else ~pl.col("source").is_in(ARCHIVE_SOURCES)
        if self.provenance:
            wanted &= pl.col("provenance").is_in(self.provenance)
        if self.follows_seasons and seasons is not None:
            wanted &= pl.col("season").is_in(sorted(seasons))
        return frame.filter(wanted)


LABELS: Final = Sample(
    key="labels",
    title="SBR archive",
    short="SBR",
    note="One unnamed consensus book, labels without a time: the open is taken as noon New York of the day before, the "
    "close as the scheduled start. No ticks, no tickets, no money. Its close is its own, so EV-CLV at the close is the "
    "hold of the price and nothing else.",
    decisions=("open", "close"),
    sources=("sbr_archive",),
    follows_seasons=True,
)
ONE_BOOK: Final = Sample(
    key="one_book",
    title="Pinnacle 2016, ticks",
    short="Pinnacle 2016",
    note="Every line of one sharp book with its second. It hangs its first price about a day before the game, after "
    "the moment of the decision open; first ticks stand in for it. One book shows jumps; steam takes several, and is "
    "not in this sample. Its close is its own.",
    decisions=("open", "pregame", "close", "signal"),
    sources=("pinnacle_archive",),
)
FOUR_BOOKS: Final = Sample(
    key="four_books",
    title="Four books 2024, snapshots",
    short="Four books 2024",
    note="Pinnacle, DraftKings, FanDuel and BetMGM moneylines, one or two snapshots a game at a moment that was "
    "inferred. Each game is decided on at the moment of its last snapshot: an hour before the game its prices were "
    "hours old, and nobody could have them. Quotes at or after first pitch are left out and counted.",
    decisions=("pregame",),
    sources=("odds_api_archive",),
)
LATE_CONSENSUS: Final = Sample(
    key="late_consensus",
    title="Consensus closes 2018–2024",
    short="Consensus 2018–24",
    note="Consensus moneylines labelled close, another archive than the first, with errors of its own: a rule that "
    "knows the other archive's close would bet on these. So only the rules that know nothing are asked once more.",
    decisions=("close",),
    is_for_rules_without_skill=True,
    sources=("scores_and_odds_archive",),
)
COLLECTED: Final = Sample(
    key="collected",
    title="Collected live",
    short="Live",
    note="What the sources said while it was news.",
    decisions=("open", "pregame", "close", "signal"),
    provenance=("live", "replayed", "archive"),
)
SIMULATED: Final = Sample(
    key="simulated",
    title="Simulated league",
    short="Simulated",
    note="Simulated: prices, tickets and money are drawn, and efficient by construction. It shows that the machinery "
    "works and that skill is not found where there is none; it is no evidence about baseball. Events of several books, "
    "and tickets and money, exist in this sample only.",
    decisions=("open", "pregame", "close", "signal"),
    provenance=("simulated",),
)
OWN: Final = Sample(
    key="own",
    title="What the warehouse holds",
    short="Warehouse",
    note="Every game with prices at the decision, of whatever source; the benchmark is the sharpest fresh book.",
    decisions=("open", "pregame", "close", "current", "signal"),
)
SAMPLES: Final = (LABELS, ONE_BOOK, FOUR_BOOKS, LATE_CONSENSUS, COLLECTED, SIMULATED)
ARCHIVE_SOURCES: Final = tuple(source for sample in SAMPLES for source in sample.sources)


def title_of(key: str) -> str:
    """The title of a sample; of one that nobody knows its key."""
    return next((sample.title for sample in (*SAMPLES, OWN) if sample.key == key), key)


def short_of(key: str) -> str:
    return next((sample.short for sample in (*SAMPLES, OWN) if sample.key == key), key)


def samples_in(settings: Settings) -> list[Sample]:
    """Those of ``SAMPLES`` whose prices stand in the warehouse."""
    from dagster_mlb.warehouse.frames import read_frame

    held = read_frame(settings, "select source, provenance from curated.moneylines group by source, provenance")
    marked = held.with_columns(season=pl.lit(0))
    return [sample for sample in SAMPLES if not sample.rows_of(marked).is_empty()]


def seasons_of(told: str) -> set[int]:
    """Seasons as people write them.

    >>> sorted(seasons_of("2010-2012, 2016"))
    [2010, 2011, 2012, 2016]
    """
    found: set[int] = set()
    for part in told.split(","):
        span = re.fullmatch(r"\s*(\d{4})(?:\s*[-–]\s*(\d{4}))?\s*", part)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (1, 0)
        if last < first:
            raise SeasonsError(f'"{told}" are no seasons: write 2010-2019, or 2014,2016')
        found |= set(range(first, last + 1))
    return found
