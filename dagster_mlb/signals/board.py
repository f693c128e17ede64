"""The board: every book's price of every market as it stood at any moment, and what the books said together then.

Built once of STATES and GAMES, asked by every kind of event. A *market* is one of a game; a *voice* is a book in a
market (of several sources the one that changed last speaks), a *series* one source's account of it. Prices from first
pitch on are not on the board, nor labels without a moment, nor other people's means.

STATES hold changes only. A price stands until its book changes it or takes it down, and how long ago somebody last saw
it is not told: ``stale_after`` therefore counts from the last *change*. It is a bound for prices that nobody can have
looked at any more, not the freshness of the consensus at a decision (90 minutes since last confirmed).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dagster_mlb.market.levels import MARKETS, probability_at
from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.signals import books
from dagster_mlb.signals.moments import MINUTE, Bools, Ints, Moments

Floats = NDArray[np.float64]

# Levels and weights become whole numbers before they are summed: such sums are exact in any order, so what a market
# said at a moment has the same bits whether or not anything came after it.
_LEVEL_UNIT = 1e-9
_WEIGHT_UNIT = 1e-3


class Voices(NamedTuple):
    """Prices that stood at some moments, one row per question and book: ``asked``, the number of the question, and
    ``row``, of the board. In order of question and book."""

    asked: Ints
    row: Ints


class Path(NamedTuple):
    """The consensus level of every market whenever a price changed, NaN while nobody spoke. ``row``: the board's row
    that changed it."""

    market: Ints
    at: Ints
    level: Floats
    row: Ints
    moments: Moments

    def level_at(self, market: Ints, moment: Ints) -> Floats:
        """The level that stood at a moment, NaN where none did."""
        return taken(self.level, self.moments.last(market, moment))

    def opened(self, markets: int) -> Ints:
        """Per market the number of its first row with a level, −1 where it has none."""
        speaks = np.flatnonzero(np.isfinite(self.level))
        first = np.full(markets, -1)
        first[self.market[speaks][::-1]] = speaks[::-1]
        return first


class Said(NamedTuple):
    """What the open books said together at some moments. ``line``: the one that most of their weight is on;
    ``probability``: of side 1 on it; ``dispersion``: weighted standard deviation of their levels; ``voices``: books."""

    level: Floats
    line: Floats
    probability: Floats
    dispersion: Floats
    voices: Ints


@dataclass(frozen=True)
class Board:
    """Rows in order of market, book and moment; ``frame`` holds their words, the arrays their numbers.

    ``market``, ``voice``, ``series``: the numbers of what a row belongs to; ``account``: of its source's account of the
    game, all markets and books. ``level`` is NaN where nothing can be bet.
    ``markets``: a row per market, with its arrays ``name``, ``starts_at``, ``scheduled_at``.
    """

    frame: pl.DataFrame
    markets: pl.DataFrame
    market: Ints
    voice: Ints
    series: Ints
    account: Ints
    at: Ints
    line: Floats
    level: Floats
    decimal_1: Floats
    decimal_2: Floats
    is_open: Bools
    weight: Floats
    is_sharp: Bools
    can_be_bet: Bools
    name: NDArray[np.str_]
    starts_at: Ints
    scheduled_at: Ints
    stale_after: int

    @classmethod
    def of(cls, states: pl.DataFrame, games: pl.DataFrame, *, stale_after_minutes: float) -> Board:
        """A board of STATES and GAMES. ``games`` may hold ``scheduled_start_at``: hours to the start and the last hour
        are counted to it where it is there (nobody knew of a delay before it came), else to ``starts_at``."""
        frame = _on_the_board(states, games)
        game, market, book, source = (
            frame[name].to_numpy() for name in ("game_key", "market_code", "book_code", "source_code")
        )
        starts = where_new(game, market)
        sources = int(source.max(initial=0)) + 1
        voice = numbered(where_new(game, market, book))
        decimals = [american_to_decimal(frame[name].cast(pl.Float64).to_numpy()) for name in ("price_1", "price_2")]
        level = frame["level"].to_numpy().astype(float)
        is_open = frame["is_open"].to_numpy() & np.isfinite(level) & np.isfinite(decimals).all(axis=0)
        markets = frame.filter(pl.Series(starts)).select(
            *("game_key", "market", "official_date", "season", "starts_at", "scheduled_at", "provenance")
        )
        return cls(
            frame=frame.select("book", "source", "price_1", "price_2", "capture", "load_id"),
            markets=markets,
            market=numbered(starts),
            voice=voice,
            series=voice * sources + source,
            account=numbered(where_new(game)) * sources + source,
            at=frame["known_at"].dt.timestamp("us").to_numpy(),
            line=frame["line"].to_numpy().astype(float),
            level=np.where(is_open, level, np.nan),
            decimal_1=decimals[0],
            decimal_2=decimals[1],
            is_open=is_open,
            weight=frame["weight"].to_numpy(),
            is_sharp=frame["is_sharp"].to_numpy(),
            can_be_bet=frame["can_be_bet"].to_numpy(),
            name=np.array(markets["market"].to_list(), dtype="<U9"),
            starts_at=markets["starts_at"].dt.timestamp("us").to_numpy(),
            scheduled_at=markets["scheduled_at"].dt.timestamp("us").to_numpy(),
            stale_after=int(stale_after_minutes * MINUTE),
        )

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def moments(self) -> Moments:
        """The rows of each voice in time."""
        return Moments.of(self.voice, self.at)

    @cached_property
    def first_voice(self) -> Ints:
        """The number of each market's first voice; one more than the last voice at the end."""
        first = self.voice[np.searchsorted(self.market, np.arange(len(self.name)))]
        return np.append(first, self.voice[-1] + 1 if len(self.voice) else 0)

    def silence_before(self, row: Ints) -> Ints:
        """How long, in microseconds, the source of some rows had told nothing of the game before them. Where it is
        asked now and then that is the time in which a price may have moved; where it tells every change, nothing did.
        −1 where the row is its first word."""
        accounts, at = self._words
        words = Moments.of(accounts, at)
        before = words.last(self.account[row], self.at[row] - 1)
        return np.where(before >= 0, self.at[row] - at[before], -1)

    @cached_property
    def _words(self) -> tuple[Ints, Ints]:
        """(account, moment) of everything a source said of a game, once, in order."""
        order = np.lexsort((self.at, self.account))
        account, at = self.account[order], self.at[order]
        once = where_new(account, at)
        return account[once], at[once]

    @cached_property
    def path(self) -> Path:
        """What all books said together."""
        return self._path(np.ones(len(self.at), dtype=bool))

    @cached_property
    def sharp_path(self) -> Path:
        """What the market makers said together."""
        return self._path(self.is_sharp)

    @cached_property
    def _of_the_line(self) -> Floats:
        """What each row's line adds to its logit."""
        even = np.empty(len(self.at))
        for name in MARKETS:
            mine = (self.name == name)[self.market] if len(self) else np.empty(0, dtype=bool)
            even[mine] = probability_at(name, 0.0, self.line[mine])
        return np.log1p(-even) - np.log(even)

    def chance_on(self, row: Ints, level: Floats) -> Floats:
        """The probability of side 1 on the line of some rows, given levels (``market.levels.probability_at``)."""
        return 1.0 / (1.0 + np.exp(self._of_the_line[row] - level))

    def voices_at(self, market: Ints, moment: Ints) -> Voices:
        """The open prices of a market at a moment, not older than ``stale_after``."""
        first, count = self.first_voice[market], np.diff(self.first_voice)[market]
        asked = np.repeat(np.arange(len(market)), count)
        voice = first[asked] + counted(count)
        row = self.moments.last(voice, moment[asked])
        stands = row >= 0
        stands[stands] = self.is_open[row[stands]] & (moment[asked[stands]] - self.at[row[stands]] <= self.stale_after)
        return Voices(asked[stands], row[stands])

    def said_at(self, market: Ints, moment: Ints) -> Said:
        """What the books said together at some moments; NaN where nobody spoke."""
        asked, row = self.voices_at(market, moment)
        n, weight = len(market), self.weight[row]
        level = self.path.level_at(market, moment)
        total = np.bincount(asked, weight, n)
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.bincount(asked, weight * (self.level[row] - level[asked]) ** 2, n) / total
        line = _heaviest(asked, self.line[row], weight, n)
        return Said(
            level,
            line,
            probability_at(self.name[market], level, line),
            np.sqrt(apart),
            np.bincount(asked, minlength=n),
        )

    def _path(self, speaks: Bools) -> Path:
        spoken = np.flatnonzero(speaks)
        voice, is_open = self.voice[spoken], self.is_open[spoken]
        weight = np.where(is_open, np.round(self.weight[spoken] / _WEIGHT_UNIT), 0.0).astype(np.int64)
        level = np.round(np.where(is_open, self.level[spoken], 0.0) / _LEVEL_UNIT).astype(np.int64)
        same = np.concatenate([[False], voice[1:] == voice[:-1]]) if len(voice) else np.empty(0, dtype=bool)
        changes = []
        for said in (weight * level, weight):
            change = said.copy()
            change[1:] -= np.where(same[1:], said[:-1], 0)
            changes.append(change)
        order = np.lexsort((self.at[spoken], self.market[spoken]))
        row = spoken[order]
        market, at = self.market[row], self.at[row]
        begins = np.concatenate([[True], market[1:] != market[:-1]]) if len(row) else np.empty(0, dtype=bool)
        begin = np.flatnonzero(begins)[np.cumsum(begins) - 1] if len(row) else np.empty(0, dtype=np.int64)
        sums = []
        for change in changes:
            running = np.cumsum(change[order])
            sums.append(running - (running[begin] - change[order][begin]) if len(row) else running)
        last = np.concatenate([(market[1:] != market[:-1]) | (at[1:] != at[:-1]), [True]]) if len(row) else begins
        summed, weighed = sums[0][last], sums[1][last]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(weighed > 0, summed / weighed * _LEVEL_UNIT, np.nan)
        return Path(market[last], at[last], mean, row[last], Moments.of(market[last], at[last]))


def _on_the_board(states: pl.DataFrame, games: pl.DataFrame) -> pl.DataFrame:
    """States that count, each with its game, in the board's order."""
    scheduled = ["scheduled_start_at"] if "scheduled_start_at" in games.columns else []
    starts = games.filter(pl.col("starts_at").is_not_null()).select(
        *("game_key", "starts_at", "official_date", "season", "provenance"),
        scheduled_at=pl.coalesce(*scheduled, "starts_at"),
    )
    names = sorted(set(states["book"].unique()) - set(books.CONSENSUS))
    sources = sorted(states["source"].unique())
    facts = pl.DataFrame(
        {
            "book": names,
            "book_code": range(len(names)),
            "weight": [books.weight_of(name) for name in names],
            "is_sharp": [books.is_sharp(name) for name in names],
            "can_be_bet": [books.can_be_bet(name) for name in names],
        },
        schema_overrides={"book": pl.String, "book_code": pl.Int64, "weight": pl.Float64}
        | dict.fromkeys(("is_sharp", "can_be_bet"), pl.Boolean),
    )
    return (
        states.lazy()
        .drop("provenance")
        .filter(pl.col("label").is_null(), ~pl.col("moment_assumed"), pl.col("known_at").is_not_null())
        .join(starts.lazy(), on="game_key", how="inner")
        .filter(pl.col("known_at") < pl.col("starts_at"))
        .join(facts.lazy(), on="book", how="inner")
        .with_columns(
            market_code=pl.col("market").replace_strict(
                list(MARKETS), list(range(len(MARKETS))), return_dtype=pl.Int64
            ),
            source_code=pl.col("source").replace_strict(
                sources, list(range(len(sources))), return_dtype=pl.Int64, default=0
            ),
            is_open=pl.col("is_open").fill_null(value=False),
        )
        .sort("game_key", "market_code", "book_code", "known_at", "source_code", "load_id", "price_1", "price_2")
        .collect()
    )


def where_new(*keys: NDArray) -> Bools:
    """Whether a row's key is another than the row's before."""
    new = np.zeros(len(keys[0]), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new


def numbered(new: Bools) -> Ints:
    return np.cumsum(new) - 1


def counted(counts: Ints) -> Ints:
    """0 … n−1 for each count, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)


def taken(values: Floats, index: Ints) -> Floats:
    """``values`` at ``index``, NaN where it is −1."""
    return np.where(index >= 0, values[index], np.nan) if len(values) else np.full(len(index), np.nan)


def _heaviest(asked: Ints, line: Floats, weight: Floats, n: int) -> Floats:
    """Per question the line with the most weight on it, of equals the lowest; NaN where there is no line."""
    out = np.full(n, np.nan)
    told = np.isfinite(line)
    if not told.any():
        return out
    heavy = (
        pl.DataFrame({"asked": asked[told], "line": line[told], "weight": np.round(weight[told] / _WEIGHT_UNIT)})
        .group_by("asked", "line")
        .agg(pl.col("weight").sum())
        .sort("asked", "weight", "line", descending=[False, True, False])
        .unique("asked", keep="first", maintain_order=True)
    )
    out[heavy["asked"].to_numpy()] = heavy["line"].to_numpy()
    return out
