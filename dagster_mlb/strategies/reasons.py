"""How a pick's reason is worded: sides by name, numbers with their sign and unit. Expressions over ``SIDE_SCHEMA``."""

from __future__ import annotations

from typing import Final

import polars as pl

from dagster_mlb.strategies.evidence import Window, is_at_signal
from dagster_mlb.strategies.protocol import OPPOSITE

_SINCE: Final[dict[Window, str]] = {
    "open": "since the open",
    "episode": "since the open or a change of starter",
    "24h": "in 24 hours",
    "6h": "in six hours",
    "3h": "in three hours",
    "1h": "in the last hour",
    "late": "in the last hour before the start",
}


def number(value: pl.Expr, decimals: int) -> pl.Expr:
    """Rounded, without the zeros of a whole number, with a true minus: ``8.5``, ``70``, ``−0.05``."""
    return value.round(decimals).cast(pl.String).str.strip_suffix(".0").str.replace("-", "−", literal=True)


def signed(value: pl.Expr, decimals: int = 3) -> pl.Expr:
    """With its sign: ``+0.052``, ``−1.5``."""
    return pl.when(value < 0).then(number(value, decimals)).otherwise(pl.format("+{}", number(value, decimals)))


def percent(share: pl.Expr) -> pl.Expr:
    """A share that is in percent already: ``71 %``."""
    return pl.format("{} %", number(share, 1))


def american(price: str = "price_american") -> pl.Expr:
    """A price as it is printed: ``+130``, ``−150``."""
    return signed(pl.col(price), 0)


def this_side() -> pl.Expr:
    """``NYY``, ``NYY −1.5``, ``over 8.5``."""
    return _named(pl.coalesce("team", "side"), pl.col("line"))


def other_side() -> pl.Expr:
    """``BOS``, ``BOS +1.5``, ``under 8.5``."""
    opposite = pl.col("side").replace_strict(OPPOSITE, default=None, return_dtype=pl.String)
    line = pl.when(pl.col("market") == "total").then("line").otherwise(-pl.col("line"))
    return _named(pl.coalesce(pl.col("opponent"), opposite), line)


def since(window: Window) -> pl.Expr:
    """Over which stretch a move is meant, in words."""
    return pl.when(is_at_signal()).then(pl.lit("within the signal")).otherwise(pl.lit(_SINCE[window]))


def _named(name: pl.Expr, line: pl.Expr) -> pl.Expr:
    return (
        pl.when(line.is_null())
        .then(name)
        .when(pl.col("market") == "spread")
        .then(pl.format("{} {}", name, signed(line, 2)))
        .otherwise(pl.format("{} {}", name, number(line, 2)))
    )
