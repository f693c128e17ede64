"""What the families read from the sides, each piece once: shares of the public, moves of the market, what a signal
says.

Here: expressions over ``SIDE_SCHEMA`` that are NULL where nothing is known, so that a comparison drops the row. At a
fixed decision they read the context of the market, at *signal* what the signal itself says. No threshold stands here.

Scales. Shares are percent. Moves are logit of a no-vig probability or of a level (``market/levels``); a fair American
price of ±a is logit ln(a/100), so five cents are .049 at pick'em, .044 at −110 and .033 at −150: thresholds that the
prior systems state in cents are taken as .045 per five cents, and half a run of a line is .20 (spread) or .18 (total).
A point of probability is .04 at pick'em.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

Measure = Literal["tickets", "money"]
Window = Literal["open", "episode", "24h", "6h", "3h", "1h", "late"]

FIVE_CENTS: Final = 0.045
TEN_CENTS: Final = 0.09

_MOVE_OF: Final[dict[str, str]] = {
    "open": "move",
    "24h": "move_24h",
    "6h": "move_6h",
    "3h": "move_3h",
    "1h": "move_1h",
    "late": "late_move",
}


def share(measure: Measure) -> pl.Expr:
    """Percent of the bets (*tickets*) or of the stakes (*money*) that are on the side. NULL at 0 and 100: a source
    prints them where next to nothing was bet.
    """
    told = pl.coalesce(f"{measure}_pct", f"signal_{measure}_pct")
    return pl.when(told.is_between(0, 100, closed="none")).then(told)


def other_share(measure: Measure) -> pl.Expr:
    """Percent on the other side."""
    return 100 - share(measure)


def money_over_tickets() -> pl.Expr:
    """Points by which the side's share of the money is above its share of the bets: above 0, its bets are the larger
    ones. The same with the other sign for the other side.
    """
    return (share("money") - share("tickets")).round(6)


def early_share(measure: Measure) -> pl.Expr:
    """The share as it stood six hours before the scheduled start."""
    told = pl.col(f"early_{measure}_pct")
    return pl.when(told.is_between(0, 100, closed="none")).then(told)


def moved(window: Window = "open") -> pl.Expr:
    """Logit that the market went toward the side: since the open, since the last change of a starter or without one
    since the open (*episode*), in the last hours, or within the window of the signal.
    """
    told = ["episode_move", "move"] if window == "episode" else [_MOVE_OF[window]]
    return pl.coalesce(*told, "signal_move")


def log_odds(probability: str) -> pl.Expr:
    return (pl.col(probability) / (1 - pl.col(probability))).log()


def sharp_over_retail() -> pl.Expr:
    """Logit by which the sharp books like the side more than the others do; at the signal of a conflict, more than the
    one book does that it is about.
    """
    of_signal = pl.when(pl.col("signal_kind") == "book_conflict").then("signal_move")
    return pl.coalesce(log_odds("sharp_probability") - log_odds("retail_probability"), of_signal)


def is_at_signal() -> pl.Expr:
    return pl.col("signal_id").is_not_null()


def is_asked(kinds: tuple[str, ...]) -> pl.Expr:
    """Every row of a fixed decision; at *signal* those of signals of these kinds."""
    return ~is_at_signal() | pl.col("signal_kind").is_in(kinds)


def points_here() -> pl.Expr:
    """Every row of a fixed decision; at *signal* the side that the signal points to."""
    return ~is_at_signal() | pl.col("is_signal_side")


def at_least(count: str, smallest: int | None) -> pl.Expr:
    """So many books or voices. A signal was found among enough of them already, and carries no count here."""
    return pl.lit(value=True) if smallest is None else is_at_signal() | (pl.col(count) >= smallest)


def within(hours: float | None) -> pl.Expr:
    """Not more than so many hours before the scheduled start; a start that nobody told is no hour."""
    return pl.lit(value=True) if hours is None else pl.col("hours_to_start") <= hours
