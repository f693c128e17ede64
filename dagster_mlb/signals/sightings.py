"""What a kind of event hands on: its sightings, each with the evidence that only it can know.

A sighting stands in the board's terms (number of the market, microseconds, +1 or −1 for the side); ``events`` gives it
its game, its identity, what everybody knew then, and a price.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dagster_mlb.market.frames import Schema
from dagster_mlb.signals.board import Board, Floats
from dagster_mlb.signals.moments import HOUR, Bools, Ints, standing_apart

#: ``line``, ``probability`` and ``level`` are of side 1, and NULL where the books' consensus says them.
SIGHTINGS: Final[Schema] = {
    "kind": pl.String,
    "market": pl.Int64,
    "at": pl.Int64,
    "sign": pl.Int64,
    "strength": pl.Float64,
    "strength_unit": pl.String,
    "move": pl.Float64,
    "window_minutes": pl.Float64,
    "books": pl.List(pl.String),
    "originator": pl.String,
    "book": pl.String,
    "source": pl.String,
    "other_book": pl.String,
    "other_source": pl.String,
    "profit": pl.Float64,
    "line": pl.Float64,
    "probability": pl.Float64,
    "level": pl.Float64,
    "supporting": pl.List(pl.String),
    "contradicting": pl.List(pl.String),
    "capture": pl.String,
    "load_id": pl.Int64,
}
_BETWEEN: Final = "\x1f"

#: What the limits of tickets and of money above tickets are called.
TIERS: Final = ("weak", "moderate", "strong")


def sightings(kind: str, strength_unit: str, rows: pl.DataFrame, **columns: Any) -> pl.DataFrame:
    """A frame of ``SIGHTINGS``: columns not given are NULL. ``rows`` are the rows (``capture``, ``load_id``) that each
    rests on."""
    given = {"kind": kind, "strength_unit": strength_unit} | columns
    frame = rows.select("capture", "load_id").with_columns(
        _column(name, kind_of, given.get(name), rows.height)
        for name, kind_of in SIGHTINGS.items()
        if name not in ("capture", "load_id")
    )
    return frame.select(SIGHTINGS.keys())


def first_sightings(
    market: Ints, sign: Ints, at: Ints, strength: Floats, hours: float, tier: Ints | None = None
) -> Ints:
    """Which candidates become events: of one game, market, side and moment the strongest, and then no other for so many
    hours (but a higher ``tier``). Candidates in any order; of equals the first given. Sorted by market, side, moment.
    """
    group = 2 * market + (sign > 0)
    step = np.zeros(len(at), dtype=np.int64) if tier is None else tier
    order = np.lexsort((np.arange(len(at)), -strength, -step, at, group))
    one = np.ones(len(order), dtype=bool)
    one[1:] = (group[order][1:] != group[order][:-1]) | (at[order][1:] != at[order][:-1])
    order = order[one]
    pause = int(hours * HOUR)
    kept = standing_apart(group[order], at[order], pause, None if tier is None else tier[order])
    return order[kept]


def tier_of(share: Floats, limits: tuple[float, ...]) -> Ints:
    """The number of the highest limit that a share reaches, −1 where it reaches none or is missing."""
    with np.errstate(invalid="ignore"):
        tiers: Ints = (share[:, None] >= np.array(limits)).sum(axis=1) - 1
    return tiers


def side_names(board: Board, market: Ints, sign: Ints) -> NDArray[np.str_]:
    """The side's name: home, away, over or under."""
    total = board.name[market] == "total"
    return np.where(total, np.where(sign > 0, "over", "under"), np.where(sign > 0, "home", "away"))


def of_side(share: Floats, sign: Ints) -> Floats:
    """A percentage of side 1 as the side's own."""
    return np.where(sign > 0, share, 100.0 - share)


def sentences(*alternatives: Sequence[str | None]) -> list[list[str]]:
    """Per event what was said of it: the sentences at its place that are there."""
    return [[text for text in texts if text] for texts in zip(*alternatives, strict=True)]


def where(condition: Bools, texts: Iterable[str]) -> list[str | None]:
    """Each text where its condition holds."""
    return [text if holds else None for holds, text in zip(condition.tolist(), texts, strict=True)]


def lists_of(asked: Ints, values: Sequence[str], n: int) -> list[list[str]]:
    """Per question its values, in order."""
    out: list[list[str]] = [[] for _ in range(n)]
    for question, value in zip(asked.tolist(), values, strict=True):
        out[question].append(value)
    return out


def _column(name: str, kind: Any, values: Any, height: int) -> pl.Series | pl.Expr:
    if values is None or isinstance(values, str):
        return pl.lit(values, dtype=kind).alias(name)
    if kind == pl.List(pl.String):
        # A list of lists is read one by one; one text each, split again, is many times faster.
        joined = pl.Series(name, [_BETWEEN.join(texts) for texts in values], dtype=pl.String).str.split(_BETWEEN)
        return joined.list.eval(pl.element().filter(pl.element() != ""))
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return pl.Series(name, values, dtype=kind).fill_nan(None)
    return pl.Series(name, values, dtype=kind)
