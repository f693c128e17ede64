"""Several kinds of evidence point to one side, and next to none to the other."""

from __future__ import annotations

from typing import Final

import polars as pl
from pydantic import Field

from dagster_mlb.strategies.evidence import (
    FIVE_CENTS,
    Window,
    money_over_tickets,
    moved,
    share,
    sharp_over_retail,
)
from dagster_mlb.strategies.protocol import OPPOSITE, Market, Rule, StrategyParameters
from dagster_mlb.strategies.reasons import percent, signed, since, this_side

#: What a signal is evidence of. Three names for one move of the market are one piece of evidence.
EVIDENCE_OF: Final = {
    "steam": "the market's move",
    "jump": "the market's move",
    "late_move": "the market's move",
    "reverse_line_movement": "the public",
    "sharp_public_divergence": "the public",
    "line_freeze": "the public",
    "book_conflict": "the sharp books",
}
_GAME_SIDE = ("game_key", "decision_at", "side")
_GAME_MARKET = ("game_key", "market")


class SignalCombinationsParameters(StrategyParameters):
    markets: tuple[Market, ...] = ("moneyline", "spread")
    min_agreeing: int = Field(default=3, ge=2, description="Pieces of evidence for the side; prior systems: 2 or 3")
    max_against: int = Field(default=0, ge=0, description="Pieces for the other side; prior systems: a conflict is one")
    min_differential: float = Field(
        default=10, gt=0, description="Points of money over tickets; prior systems: 5 weak, 10 moderate, 20 strong"
    )
    min_move: float = Field(default=FIVE_CENTS, gt=0, description="Logit toward the side")
    window: Window = "episode"
    min_gap: float = Field(default=FIVE_CENTS, gt=0, description="Logit of the sharp books over the others")
    min_public_pct: float = Field(default=65, gt=50, description="Of the bets, on the other side")
    within_hours: float = Field(default=6, gt=0, description="At a signal: how old the others may be")


class SignalCombinations(Rule):
    """Follow: the side that at least ``min_agreeing`` pieces of evidence point to and at most ``max_against`` away
    from. At a fixed decision they are: money over tickets, the same in the moneyline or run line of the game, the move,
    the sharp books over the others, the public on the other side. At a signal: how many sorts of signals
    (``EVIDENCE_OF``) of that game and market have pointed to the side by then. Fade: the other side. Strength: pieces
    for less pieces against.

    Departs from the prior systems, which count every signal once more for each source and book: what is unknown counts
    for neither side, and three names of one move count once.
    """

    name = "signal_combinations"
    Parameters = SignalCombinationsParameters
    parameters: SignalCombinationsParameters
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        at_signal = pl.col("signal_id").is_not_null()
        fixed, signals = self._of_context(sides.filter(~at_signal)), self._of_signals(sides.filter(at_signal))
        agreeing, against = pl.col("_agreeing"), pl.col("_against")
        return (
            pl.concat([fixed, signals])
            .filter(agreeing >= self.parameters.min_agreeing, against <= self.parameters.max_against)
            .with_columns(
                strength=(agreeing - against).cast(pl.Float64),
                reason=pl.format("{} for {}, {} against: {}", agreeing, this_side(), against, "_told"),
            )
            .drop("_agreeing", "_against", "_told")
        )

    def _of_context(self, sides: pl.DataFrame) -> pl.DataFrame:
        asked = self.parameters
        told = sides.with_columns(_points=money_over_tickets())
        others = told.select(
            *_GAME_SIDE,
            market=pl.col("market").replace_strict(
                {"moneyline": "spread", "spread": "moneyline"}, default=None, return_dtype=pl.String
            ),
            _elsewhere="_points",
        ).unique([*_GAME_SIDE, "market"])
        joined = told.join(others, on=[*_GAME_SIDE, "market"], how="left")
        points, elsewhere, tickets = pl.col("_points"), pl.col("_elsewhere"), share("tickets")
        move, gap = moved(asked.window), sharp_over_retail()
        evidence = [
            (
                points >= asked.min_differential,
                points <= -asked.min_differential,
                pl.format("money over tickets {} points", signed(points, 1)),
            ),
            (
                elsewhere >= asked.min_differential,
                elsewhere <= -asked.min_differential,
                pl.format("{} points in the game's other market", signed(elsewhere, 1)),
            ),
            (
                move >= asked.min_move,
                move <= -asked.min_move,
                pl.format("the market moved {} logit {}", signed(move), since(asked.window)),
            ),
            (
                gap >= asked.min_gap,
                gap <= -asked.min_gap,
                pl.format("sharp books {} logit above the others", signed(gap)),
            ),
            (
                tickets <= 100 - asked.min_public_pct,
                tickets >= asked.min_public_pct,
                pl.format("tickets {}", percent(tickets)),
            ),
        ]
        return joined.with_columns(
            _agreeing=pl.sum_horizontal(is_for.fill_null(value=False).cast(pl.Int32) for is_for, _, _ in evidence),
            _against=pl.sum_horizontal(
                is_against.fill_null(value=False).cast(pl.Int32) for _, is_against, _ in evidence
            ),
            _told=pl.concat_str(
                [pl.when(is_for | is_against).then(words) for is_for, is_against, words in evidence],
                separator=", ",
                ignore_nulls=True,
            ),
        ).drop("_points", "_elsewhere")

    def _of_signals(self, sides: pl.DataFrame) -> pl.DataFrame:
        """The sides that a signal points to, with the sorts of evidence that the signals of the last hours gave."""
        evidence = pl.col("signal_kind").replace_strict(EVIDENCE_OF, default=None, return_dtype=pl.String)
        pointing = sides.filter(pl.col("is_signal_side"), evidence.is_not_null())
        seen = pointing.select(*_GAME_MARKET, _seen_at="decision_at", _seen_side="side", _sort=evidence).unique()
        is_recent = (pl.col("_seen_at") <= pl.col("decision_at")) & (
            pl.col("decision_at") - pl.col("_seen_at") <= pl.duration(minutes=60 * self.parameters.within_hours)
        )
        is_same = pl.col("_seen_side") == pl.col("side")
        is_other = pl.col("_seen_side") == pl.col("side").replace_strict(OPPOSITE, default=None, return_dtype=pl.String)
        counted = (
            pointing.select(*_GAME_MARKET, "decision_at", "side")
            .unique()
            .join(seen, on=_GAME_MARKET, how="inner")
            .filter(is_recent)
            .group_by(*_GAME_MARKET, "decision_at", "side")
            .agg(
                _agreeing=pl.col("_sort").filter(is_same).n_unique().cast(pl.Int32),
                _against=pl.col("_sort").filter(is_other).n_unique().cast(pl.Int32),
                _told=pl.col("_sort").filter(is_same).unique().sort().str.join(", "),
            )
        )
        return pointing.join(counted, on=[*_GAME_MARKET, "decision_at", "side"], how="inner")
