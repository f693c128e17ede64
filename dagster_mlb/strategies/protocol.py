"""What a strategy is: the sides that can be bet at a decision go in, the ones it picks come out.

Here: the columns of the frames, the parameters every strategy shares, the base of the families, and the guards that
keep a strategy honest (no column and no row from after the decision). How the frame is read from the warehouse is in
``as_of.py``, how offers become sides in ``sides.py``, how picks become bets in ``placing.py``, what they are filled at
and come to in ``settling/``, what is staked in ``staking/``, what a list of them earned in ``figures/``; the strategies
themselves are one file each in ``families/``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, Final, Literal, Protocol, runtime_checkable

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

Decision = Literal["open", "pregame", "close", "current", "signal"]
Market = Literal["moneyline", "spread", "total"]
Side = Literal["home", "away", "over", "under"]
Form = Literal["follow", "fade"]
Schema = dict[str, pl.DataType | type[pl.DataType]]

DECISIONS: Final[tuple[Decision, ...]] = ("open", "pregame", "close", "current", "signal")
MARKETS: Final[tuple[Market, ...]] = ("moneyline", "spread", "total")
OPPOSITE: Final = {"home": "away", "away": "home", "over": "under", "under": "over"}
UTC_TIMESTAMP = pl.Datetime("us", "UTC")

#: What is known of a game × market at the decision, beside the offers: columns of ``curated.betting_lines_enhanced``.
#: Moves are differences of levels in logit (``market/levels``), toward side 1; shares are percent on side 1 (home or
#: over).
CONTEXT_SCHEMA: Schema = {
    "consensus_line": pl.Float64,
    "consensus_probability_1": pl.Float64,
    "consensus_dispersion": pl.Float64,  # weighted standard deviation of the books' logits
    "consensus_books": pl.Int32,
    "sharp_probability_1": pl.Float64,
    "retail_probability_1": pl.Float64,
    "open_line": pl.Float64,
    "open_probability_1": pl.Float64,
    "move": pl.Float64,  # since the open
    "line_move": pl.Float64,  # change of the line itself, as printed
    "move_1h": pl.Float64,
    "move_3h": pl.Float64,
    "move_6h": pl.Float64,
    "move_24h": pl.Float64,
    "late_move": pl.Float64,
    "episode_move": pl.Float64,  # since the last change of a starter
    "sharp_move": pl.Float64,
    "retail_move": pl.Float64,
    "velocity": pl.Float64,  # logit an hour
    "reversals": pl.Int32,
    "n_moves": pl.Int32,
    "hold_change": pl.Float64,
    "dispersion_change": pl.Float64,
    "tickets_1": pl.Float64,
    "money_1": pl.Float64,
    "tickets_min_1": pl.Float64,
    "tickets_max_1": pl.Float64,
    "money_min_1": pl.Float64,
    "money_max_1": pl.Float64,
    "money_sd_1": pl.Float64,
    "split_voices": pl.Int32,
    "early_tickets_1": pl.Float64,  # six hours before the scheduled start
    "early_money_1": pl.Float64,
}

#: What a signal says at the decision *signal*, which is the moment of its detection; NULL at any other decision.
SIGNAL_SCHEMA: Schema = {
    "signal_id": pl.String,
    "signal_kind": pl.String,
    "signal_side": pl.String,
    "signal_strength": pl.Float64,
    "signal_move": pl.Float64,
    "signal_tickets_pct": pl.Float64,  # of the signal's side
    "signal_money_pct": pl.Float64,
    "signal_source": pl.String,  # of a signal about one book's price
    "signal_book": pl.String,
}

#: The as-of frame. One row per game × decision × market × source × book; side 1 is home or over, side 2 away or under.
#: Nothing in it is later than ``decision_at``.
OFFER_SCHEMA: Schema = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "decision_at": UTC_TIMESTAMP,
    "official_date": pl.Date,
    "season": pl.Int32,
    "home_team_id": pl.Int32,
    "away_team_id": pl.Int32,
    "home_team": pl.String,
    "away_team": pl.String,
    "hours_to_start": pl.Float64,  # to the scheduled start; NULL where nobody told one
    "market": pl.String,
    "source": pl.String,
    "book": pl.String,
    "is_benchmark": pl.Boolean,  # the book whose price is the decision's market probability
    "book_kind": pl.String,  # book, consensus, exchange
    "sharp_rank": pl.Int32,
    "line": pl.Float64,  # the home side's, or the total; NULL for the moneyline
    "price_1": pl.Int32,  # American
    "price_2": pl.Int32,
    "probability_1": pl.Float64,  # no-vig, odds ratio, of this source and book, given no push
    "hold": pl.Float64,  # 1 - 1/S
    "age_minutes": pl.Float64,  # since the price was last confirmed
    **CONTEXT_SCHEMA,
    "model_probability_1": pl.Float64,  # NULL where no prediction stood at the decision, and for spread and total
    **SIGNAL_SCHEMA,
    "price_known_at": UTC_TIMESTAMP,
    "load_id": pl.Int64,
    "provenance": pl.String,
    "capture": pl.String,
    "moment_assumed": pl.Boolean,  # an archive's label: the price stood at its own moment, and no other is known
}

#: What a strategy sees: one row per game × market × side (× book, where every book is asked for), everything said from
#: the side's own point of view. A move is above 0 where it went toward the side.
SIDE_SCHEMA: Schema = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "decision_at": UTC_TIMESTAMP,
    "official_date": pl.Date,
    "season": pl.Int32,
    "hours_to_start": pl.Float64,
    "market": pl.String,
    "side": pl.String,
    "team_id": pl.Int32,  # NULL for totals
    "opponent_id": pl.Int32,
    "team": pl.String,
    "opponent": pl.String,
    "source": pl.String,
    "book": pl.String,
    "is_benchmark": pl.Boolean,
    "book_kind": pl.String,
    "sharp_rank": pl.Int32,
    "line": pl.Float64,  # signed for the side
    "price_american": pl.Int32,
    "price_decimal": pl.Float64,
    "opposite_price_decimal": pl.Float64,
    "probability": pl.Float64,  # of the book, no-vig
    "hold": pl.Float64,
    "age_minutes": pl.Float64,
    "consensus_probability": pl.Float64,
    "sharp_probability": pl.Float64,
    "retail_probability": pl.Float64,
    "consensus_line": pl.Float64,  # signed for the side
    "consensus_dispersion": pl.Float64,
    "consensus_books": pl.Int32,
    "open_line": pl.Float64,  # signed for the side
    "open_probability": pl.Float64,
    "move": pl.Float64,
    "line_move": pl.Float64,  # runs toward the side
    "move_1h": pl.Float64,
    "move_3h": pl.Float64,
    "move_6h": pl.Float64,
    "move_24h": pl.Float64,
    "late_move": pl.Float64,
    "episode_move": pl.Float64,
    "sharp_move": pl.Float64,
    "retail_move": pl.Float64,
    "velocity": pl.Float64,
    "reversals": pl.Int32,
    "n_moves": pl.Int32,
    "hold_change": pl.Float64,
    "dispersion_change": pl.Float64,
    "tickets_pct": pl.Float64,
    "money_pct": pl.Float64,
    "tickets_min": pl.Float64,
    "tickets_max": pl.Float64,
    "money_min": pl.Float64,
    "money_max": pl.Float64,
    "money_sd": pl.Float64,
    "split_voices": pl.Int32,
    "early_tickets_pct": pl.Float64,
    "early_money_pct": pl.Float64,
    "model_probability": pl.Float64,
    "signal_id": pl.String,
    "signal_kind": pl.String,
    "is_signal_side": pl.Boolean,  # whether the signal points to this side
    "signal_strength": pl.Float64,
    "signal_move": pl.Float64,
    "signal_tickets_pct": pl.Float64,  # of this side
    "signal_money_pct": pl.Float64,
    "is_signal_book": pl.Boolean,  # whether the signal is about this book's price; NULL where it is about no one's
    "load_id": pl.Int64,  # of the price, as the bet will name it
    "provenance": pl.String,
    "capture": pl.String,
    "moment_assumed": pl.Boolean,
}

#: A row of the sides is told by these.
SIDE_KEY: Final = ("game_key", "decision_at", "market", "side", "source", "book", "signal_id")

#: What a strategy adds to the sides that it picks. ``probability`` is a calibrated one or NULL: a strength is none.
PICK_COLUMNS: Schema = {"own_probability": pl.Float64, "strength": pl.Float64, "reason": pl.String}

#: A bet as it was decided: at the price on the screen. What it was filled at comes after (``settling/fills.py``).
BET_SCHEMA: Schema = {
    "game_key": pl.Int64,
    "decision": pl.String,
    "decision_at": UTC_TIMESTAMP,
    "official_date": pl.Date,
    "season": pl.Int32,
    "hours_to_start": pl.Float64,
    "market": pl.String,
    "side": pl.String,
    "source": pl.String,
    "book": pl.String,
    "line": pl.Float64,  # NULL for the moneyline; for a spread signed for the side taken
    "price_american": pl.Int32,
    "price_decimal": pl.Float64,
    "probability": pl.Float64,  # the strategy's own, calibrated; NULL where it has none
    "strength": pl.Float64,  # how strongly it is meant, in the strategy's own unit; never a probability
    "reason": pl.String,
    "signal_id": pl.String,
    "load_id": pl.Int64,
    "provenance": pl.String,
    "capture": pl.String,
    "moment_assumed": pl.Boolean,
}


class LeakageError(RuntimeError):
    """Something a decision may not know stood in the frame, or a bet was made that was not on offer."""


class PickError(ValueError):
    """A strategy gave back something that is no pick: a missing reason, a side that it was not shown."""


class Staking(BaseModel):
    """How much is staked. *flat*: ``unit`` on every bet. *equal_payout*: ``unit`` on all bets that one decision makes
    on a market together, so that each pays the same (the two legs of an arbitrage). *kelly*: the fraction of Kelly's
    stake for each bet by itself, *slate_kelly* for all bets of a slate at once, both of the bankroll that is not out,
    and only for bets with a calibrated probability. Caps are shares of the bankroll. ``halve_after``: stakes are halved
    while the bankroll is that share below its peak.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["flat", "equal_payout", "kelly", "slate_kelly"] = "flat"
    unit: float = Field(default=1.0, gt=0)
    bankroll: float = Field(default=100.0, gt=0, description="Units at the start, for Kelly and for drawdown rules")
    fraction: float = Field(default=0.25, gt=0, le=1)
    max_bet: float = Field(default=0.03, gt=0, le=1)
    max_game: float = Field(default=0.04, gt=0, le=1)
    max_slate: float = Field(default=0.15, gt=0, le=0.9)
    halve_after: float | None = Field(default=None, gt=0, lt=1)
    stop_after: float | None = Field(default=None, gt=0, lt=1, description="No bet while that far below the peak")


class StrategyParameters(BaseModel):
    """What every strategy has.

    ``book``: *benchmark* (the sharpest quoted one), *best* (the best price over all books that are fresh: line
    shopping), *each* (every book by itself), or one by name. ``form``: *fade* takes the other side of every pick, at
    that side's own price. ``latency_seconds``: from decision to fill; a label has no other price than its own.
    ``shortest_price``: no favourite below it (American, such as -160).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    markets: tuple[Market, ...] = ("moneyline",)
    book: str = "benchmark"
    form: Form = "follow"
    latency_seconds: int = Field(default=60, ge=0)
    shortest_price: int | None = None
    worst_slip: float | None = Field(
        default=None, ge=0, lt=1, description="No bet that pays so much less (share of the decimal price) when it fills"
    )
    bets_per_market: int = Field(default=1, ge=1, description="At most so many of one game and market")
    pitchers: Literal["action", "listed"] = "action"
    staking: Staking = Staking()


@runtime_checkable
class Strategy(Protocol):
    """A rule that turns what is known at one decision into picks. The same object bets a backtest and today's slate."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def parameters(self) -> StrategyParameters: ...

    @property
    def decision(self) -> Decision: ...

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        """The rows of ``sides`` (``SIDE_SCHEMA``) to bet, with ``reason`` and, where they are said, ``strength`` and
        ``own_probability`` added (``PICK_COLUMNS``).
        """
        ...


class Rule:
    """The base of a family: a name, parameters and ``picks``. An instance may have a name of its own, so that one
    family runs several times with other parameters.

    >>> class Dogs(Rule):
    ...     name = "dogs"
    ...     def picks(self, sides):
    ...         return sides.filter(pl.col("price_american") >= 150).with_columns(reason=pl.lit("a long price"))
    >>> Dogs().parameters.book
    'benchmark'
    >>> Dogs(name="dogs_at_the_best_price", book="best").name
    'dogs_at_the_best_price'
    """

    name: str
    parameters: StrategyParameters
    version: ClassVar[str] = "1"
    Parameters: ClassVar[type[StrategyParameters]] = StrategyParameters
    default_decision: ClassVar[Decision] = "open"
    decisions: ClassVar[tuple[Decision, ...]] = DECISIONS  # those whose frame holds what the family reads
    is_null: ClassVar[bool] = False  # without skill by construction: says what the market charges

    def __init__(
        self,
        parameters: StrategyParameters | None = None,
        decision: Decision | None = None,
        *,
        name: str | None = None,
        **changes: Any,
    ) -> None:
        if parameters is not None and changes:
            raise TypeError(f"{type(self).__name__}: give whole parameters or changes of the defaults, not both")
        if parameters is not None and not isinstance(parameters, self.Parameters):
            raise TypeError(f"{type(self).__name__} takes {self.Parameters.__name__}, not {type(parameters).__name__}")
        self.parameters = parameters if parameters is not None else self.Parameters(**changes)
        self.decision: Decision = decision or self.default_decision
        if name is not None:
            self.name = name

    @property
    def family(self) -> str:
        """The name of the class, whatever this instance is called."""
        return type(self).name

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        raise TypeError(f"{type(self).__name__} has no picks(sides): say which sides it bets")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {self.decision}, {self.parameters!r})"


def parameters_hash(strategy: Strategy) -> str:
    """Sixteen hexadecimal digits that name a strategy with its version and parameters."""
    content = json.dumps(
        [strategy.name, strategy.version, strategy.parameters.model_dump(mode="json")], sort_keys=True, allow_nan=False
    )
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def empty_offers() -> pl.DataFrame:
    return pl.DataFrame(schema=OFFER_SCHEMA)


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
    unknown = [name for name in frame.columns if name not in OFFER_SCHEMA]
    missing = [name for name in OFFER_SCHEMA if name not in frame.columns]
    if unknown or missing:
        raise LeakageError(f"the as-of frame has columns that do not belong there {unknown} or lacks {missing}")
