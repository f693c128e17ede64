"""The crowd: what share of the bets and of the money was said to be on each side at any moment.

A *voice* is a source, of the market as a whole or of one book. Several are averaged; which sources they were is kept,
because they count different people. A share of 0 or 100 is not told: sources write it where they have too few bets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board, Floats, counted, numbered, where_new
from dagster_mlb.signals.moments import MINUTE, Ints, Moments


class Shares(NamedTuple):
    """Per question, percent on side 1; NaN where nobody told. ``tickets``, ``money``: means over the voices that tell
    them; ``surplus``: money less tickets over those that tell both; ``lowest``, ``highest``: the voices' tickets;
    ``row``: the newest row they rest on (−1 where none); ``voices``: how many tell tickets."""

    tickets: Floats
    money: Floats
    surplus: Floats
    lowest: Floats
    highest: Floats
    voices: Ints
    row: Ints


@dataclass(frozen=True)
class Crowd:
    """Rows in order of market (numbered as on the board), voice and moment."""

    frame: pl.DataFrame
    market: Ints
    voice: Ints
    at: Ints
    tickets: Floats
    money: Floats
    max_age: int
    markets: int

    @classmethod
    def of(cls, splits: pl.DataFrame, board: Board, *, max_age_minutes: float) -> Crowd:
        """A crowd of SPLITS, as far as its markets are on the board and before first pitch."""
        numbers = board.markets.select("game_key", "market", "starts_at").with_row_index("number")
        frame = (
            splits.join(numbers, on=["game_key", "market"], how="inner")
            .filter(pl.col("known_at") < pl.col("starts_at"))
            .sort("number", "source", "book", "known_at", "load_id", "tickets_1", "money_1")
        )
        market = frame["number"].to_numpy().astype(np.int64)
        source, book = (frame[name].rank("dense").to_numpy() for name in ("source", "book"))
        told = [frame[name].to_numpy().astype(float) for name in ("tickets_1", "money_1")]
        with np.errstate(invalid="ignore"):
            tickets, money = (np.where((share > 0) & (share < 100), share, np.nan) for share in told)
        return cls(
            frame=frame.select("source", "book", "capture", "load_id"),
            market=market,
            voice=numbered(where_new(market, source, book)),
            at=frame["known_at"].dt.timestamp("us").to_numpy(),
            tickets=tickets,
            money=money,
            max_age=int(max_age_minutes * MINUTE),
            markets=len(board.name),
        )

    @cached_property
    def moments(self) -> Moments:
        return Moments.of(self.voice, self.at)

    @cached_property
    def first_voice(self) -> Ints:
        """The number of each market's first voice, also where it has none; one more than the last at the end."""
        edges = np.searchsorted(self.market, np.arange(self.markets + 1))
        after = np.append(self.voice, self.voice[-1] + 1 if len(self.voice) else 0)
        return after[edges]

    def voices_at(self, market: Ints, moment: Ints) -> tuple[Ints, Ints]:
        """(number of the question, row) of what every voice said last, not longer ago than ``max_age``."""
        first, count = self.first_voice[market], np.diff(self.first_voice)[market]
        asked = np.repeat(np.arange(len(market)), count)
        row = self.moments.last(first[asked] + counted(count), moment[asked])
        fresh = row >= 0
        fresh[fresh] = moment[asked[fresh]] - self.at[row[fresh]] <= self.max_age
        return asked[fresh], row[fresh]

    def shares_at(self, market: Ints, moment: Ints) -> Shares:
        """What the crowd was said to do at some moments."""
        asked, row = self.voices_at(market, moment)
        n = len(market)
        tickets, money = self.tickets[row], self.money[row]
        has_tickets, has_money = np.isfinite(tickets), np.isfinite(money)
        lowest, highest = np.full(n, np.inf), np.full(n, -np.inf)
        np.minimum.at(lowest, asked[has_tickets], tickets[has_tickets])
        np.maximum.at(highest, asked[has_tickets], tickets[has_tickets])
        newest = np.full(n, -1)
        newest_at = np.full(n, np.iinfo(np.int64).min)
        np.maximum.at(newest_at, asked, self.at[row])
        is_newest = self.at[row] == newest_at[asked]
        newest[asked[is_newest][::-1]] = row[is_newest][::-1]
        voices = np.bincount(asked[has_tickets], minlength=n)
        return Shares(
            _mean(asked, tickets, has_tickets, n),
            _mean(asked, money, has_money, n),
            _mean(asked, money - tickets, has_tickets & has_money, n),
            np.where(voices > 0, lowest, np.nan),
            np.where(voices > 0, highest, np.nan),
            voices,
            newest,
        )

    def sources_at(self, market: Ints, moment: Ints) -> pl.Series:
        """The voices' names per question, ``source`` or ``source/book``, with commas between them; null where none."""
        asked, row = self.voices_at(market, moment)
        named = (
            self.frame[row]
            .select(
                asked=pl.Series(asked, dtype=pl.Int64),
                name=pl.when(pl.col("book") == "").then("source").otherwise(pl.format("{}/{}", "source", "book")),
            )
            .group_by("asked", maintain_order=True)
            .agg(pl.col("name").sort().str.join(", "))
        )
        whole = pl.DataFrame({"asked": pl.Series(np.arange(len(market)), dtype=pl.Int64)})
        return whole.join(named, on="asked", how="left", maintain_order="left")["name"]


def _mean(asked: Ints, values: Floats, counts: np.ndarray, n: int) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.bincount(asked[counts], values[counts], n) / np.bincount(asked[counts], minlength=n)
