"""What a strategy is: an as-of frame goes in, bets come out.

Here: the columns of both frames, the protocol, the parameters every strategy shares, and the guards that keep a
strategy honest (no column and no row from after the decision; no price that was not on offer). How the frame is
read from the warehouse is in ``as_of.py``; the strategies themselves are one file each in ``families/``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Protocol, runtime_checkable

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

Decision = Literal["open", "pregame", "close", "current"]
Market = Literal["moneyline", "spread", "total"]
Side = Literal["home", "away", "over", "under"]

UTC_TIMESTAMP = pl.Datetime("us", "UTC")

#: One row per game × source × book of moneyline offers at the decision. Nothing in it is later than ``decision_at``.
AS_OF_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "decision_at": UTC_TIMESTAMP,
    "official_date": pl.Date,
    "season": pl.Int32,
    "home_team_id": pl.Int32,
    "away_team_id": pl.Int32,
    "home_team": pl.String,
    "away_team": pl.String,
    "source": pl.String,
    "book": pl.String,
    "is_benchmark": pl.Boolean,  # the book whose price is the decision's market probability
    "home_price": pl.Int32,  # American
    "away_price": pl.Int32,
    "home_price_decimal": pl.Float64,
    "away_price_decimal": pl.Float64,
    "market_home_probability": pl.Float64,  # no-vig, odds ratio, of this source and book
    "hold": pl.Float64,  # 1 - 1/S
    "age_minutes": pl.Float64,  # of the price at the decision
    "model_home_probability": pl.Float64,  # NULL where no prediction stood at the decision
    "price_known_at": UTC_TIMESTAMP,
    "load_id": pl.Int64,
    "provenance": pl.String,
    "capture": pl.String,
    "moment_assumed": pl.Boolean,
}

BET_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "market": pl.String,
    "side": pl.String,
    "source": pl.String,
    "book": pl.String,
    "line": pl.Float64,  # NULL for the moneyline; for a spread signed for the side taken
    "price_american": pl.Int32,
    "price_decimal": pl.Float64,
    "stake": pl.Float64,  # units
    "probability": pl.Float64,  # the strategy's own, NULL where it has none
    "strength": pl.Float64,  # how strongly it is meant, in the strategy's own unit
    "reason": pl.String,
}


class LeakageError(RuntimeError):
    """Something a decision may not know stood in the frame, or a bet was made at a price that was not on offer."""


class StrategyParameters(BaseModel):
    """What every strategy has. ``book``: *benchmark* (the sharpest quoted one), *best* (the best price over all
    books), or one by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    book: str = "benchmark"
    stake: float = Field(default=1.0, gt=0, description="Units staked on each bet")


@runtime_checkable
class Strategy(Protocol):
    """A rule that turns what is known at one decision into bets. The same object bets a backtest and today's slate."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def parameters(self) -> StrategyParameters: ...

    @property
    def decision(self) -> Decision: ...

    def bets(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Bets (``BET_SCHEMA``) on offers of ``frame`` (``AS_OF_SCHEMA``), at most one row per game, market, side
        and book.
        """
        ...


def parameters_hash(strategy: Strategy) -> str:
    """Sixteen hexadecimal digits that name a strategy with its version and parameters."""
    content = json.dumps(
        [strategy.name, strategy.version, strategy.parameters.model_dump(mode="json")], sort_keys=True, allow_nan=False
    )
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def empty_frame() -> pl.DataFrame:
    return pl.DataFrame(schema=AS_OF_SCHEMA)


def no_bets() -> pl.DataFrame:
    return pl.DataFrame(schema=BET_SCHEMA)


def refuse_future_rows(frame: pl.DataFrame, known_at: str, what: str) -> None:
    """Raise ``LeakageError`` if any row of ``frame`` was known only after its ``decision_at``, or nobody can say when.

    ``known_at`` names the timestamp column to judge; rows without the fact itself must be filtered out before.
    """
    late = frame.filter(pl.col(known_at).is_null() | (pl.col(known_at) > pl.col("decision_at")))
    if late.is_empty():
        return
    first = late.row(0, named=True)
    raise LeakageError(
        f"{late.height} of {frame.height} rows hold a {what} that was not known at the decision; first: game_key "
        f"{first['game_key']}, {known_at} {first[known_at]}, decision_at {first['decision_at']}. Rebuild the tables "
        "that feed the frame: an as-of read must filter on known_at <= decision_at."
    )


def refuse_other_columns(frame: pl.DataFrame) -> None:
    """Raise ``LeakageError`` if the frame has any column that a strategy may not see (results, closing prices)."""
    unknown = [name for name in frame.columns if name not in AS_OF_SCHEMA]
    missing = [name for name in AS_OF_SCHEMA if name not in frame.columns]
    if unknown or missing:
        raise LeakageError(f"the as-of frame has columns that do not belong there {unknown} or lacks {missing}")


def refuse_prices_not_on_offer(bets: pl.DataFrame, frame: pl.DataFrame) -> None:
    """Raise ``LeakageError`` unless each moneyline bet's price is one that its source and book quoted in ``frame``."""
    if bets.is_empty():
        return
    keys = ["game_key", "source", "book"]
    offered = frame.select(*keys, "home_price", "away_price")
    side_price = pl.when(pl.col("side") == "home").then(pl.col("home_price")).otherwise(pl.col("away_price"))
    invented = bets.join(offered, on=keys, how="left").filter(
        (pl.col("market") != "moneyline") | side_price.ne_missing(pl.col("price_american"))
    )
    if not invented.is_empty():
        first = invented.row(0, named=True)
        raise LeakageError(
            f"{invented.height} bets are at a price that was not on offer; first: game_key {first['game_key']}, "
            f"{first['side']} at {first['price_american']} with {first['source']}/{first['book']}. A strategy may only "
            "take prices of its frame."
        )
