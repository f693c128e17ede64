"""Stores in memory: what is built for a moment does not change when the future does.

A *store* is a dictionary of frames, each with the column ``known_at``. A *build* is any function of a store and a
moment that returns one frame or a dictionary of them (features, ratings, signals, an as-of frame, bets). Two mutations
must leave its output the same to the last bit:

- **truncation**: the build on the store cut at *t* (rows known later taken away) equals the build on the full store
  as of *t*;
- **poisoning**: noise in every value of every row known after *t* leaves the build as of *t* as it was.

Truncation finds reads that miss a filter on ``known_at``; poisoning finds rows that pass the filter with content
from later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

Store = Mapping[str, pl.DataFrame]
Build = Callable[[Store, datetime], "pl.DataFrame | Mapping[str, pl.DataFrame]"]

KNOWN_AT = "known_at"
#: Columns that say what a row is of; poisoned, the row would be of another game. Their names end like this.
IDENTITY_SUFFIXES = ("_key", "_id")


@dataclass(frozen=True)
class Difference:
    """One column (or the shape) of one output that the future changed."""

    output: str
    column: str
    rows: int
    detail: str

    def __str__(self) -> str:
        return f"{self.output}.{self.column}: {self.rows} rows differ ({self.detail})"


def keyed_differences(
    output: str, expected: pl.DataFrame, found: pl.DataFrame, key: Collection[str]
) -> list[Difference]:
    """As ``differences`` for a table whose rows are told apart by ``key``: a missing row hides no other difference."""
    if expected.schema != found.schema:
        return [Difference(output, "*", 0, f"columns {dict(expected.schema)} against {dict(found.schema)}")]
    on = list(key)
    result = []
    for side, one, other in (("first", expected, found), ("second", found, expected)):
        alone = one.join(other, on=on, how="anti", nulls_equal=True)
        if alone.height:
            row = ", ".join(f"{name} {value}" for name, value in alone.select(on).row(0, named=True).items())
            result.append(Difference(output, "*", alone.height, f"only on the {side} side: {row}"))
    both = [
        one.join(other.select(on), on=on, how="semi", nulls_equal=True).sort(on)
        for one, other in ((expected, found), (found, expected))
    ]
    return result + _frame_differences(output, both[0], both[1], on)


def cut_at(store: Store, moment: datetime) -> dict[str, pl.DataFrame]:
    """The store as it would stand if the world had ended at ``moment``: rows with ``known_at <= moment``."""
    return {name: frame.filter(_known_at(frame, name) <= moment) for name, frame in store.items()}


def poison_future(
    store: Store, moment: datetime, rng: np.random.Generator, *, keep: Collection[str] = ()
) -> dict[str, pl.DataFrame]:
    """The store with noise in every row known after ``moment``; rows known by then are untouched, to the bit.

    Numbers get noise of their own size, truth values are drawn anew, texts and times of the late rows are shuffled
    among themselves. ``known_at``, columns that end in ``_key`` or ``_id``, and those named in ``keep`` stay.
    """
    return {name: _poisoned(frame, name, moment, rng, keep) for name, frame in store.items()}


def shuffle_future(
    store: Store,
    moment: datetime,
    rng: np.random.Generator,
    *,
    keep: Collection[str] = (),
    within: Collection[str] = (),
) -> dict[str, pl.DataFrame]:
    """As ``poison_future`` with values that look like those of the store: in every column the values of the rows known
    after ``moment`` change places, within groups of equal ``within`` where a frame has those columns.
    """
    return {name: _shuffled(frame, name, moment, rng, keep, within) for name, frame in store.items()}


def truncation_differences(build: Build, store: Store, moment: datetime) -> list[Difference]:
    """What differs between the build as of ``moment`` on the full store and on the store cut there. Empty: no leak
    found.
    """
    return differences(build(store, moment), build(cut_at(store, moment), moment))


def poisoning_differences(
    build: Build, store: Store, moment: datetime, rng: np.random.Generator, *, keep: Collection[str] = ()
) -> list[Difference]:
    """What differs between the build as of ``moment`` before and after the poisoning. Empty: no leak found."""
    poisoned = poison_future(store, moment, rng, keep=keep)
    return differences(build(store, moment), build(poisoned, moment))


def differences(
    expected: pl.DataFrame | Mapping[str, pl.DataFrame], found: pl.DataFrame | Mapping[str, pl.DataFrame]
) -> list[Difference]:
    """Where two outputs are not equal to the bit (NULL equals NULL, NaN equals the same NaN, -0.0 is not 0.0)."""
    first = {"output": expected} if isinstance(expected, pl.DataFrame) else dict(expected)
    second = {"output": found} if isinstance(found, pl.DataFrame) else dict(found)
    result = [
        Difference(name, "*", 0, "the output is only on one side") for name in sorted(first.keys() ^ second.keys())
    ]
    for name in sorted(first.keys() & second.keys()):
        result += _frame_differences(name, first[name], second[name])
    return result


def _frame_differences(
    output: str, expected: pl.DataFrame, found: pl.DataFrame, key: Collection[str] = ()
) -> list[Difference]:
    if expected.schema != found.schema:
        return [Difference(output, "*", 0, f"columns {dict(expected.schema)} against {dict(found.schema)}")]
    if expected.height != found.height:
        changed = abs(expected.height - found.height)
        return [Difference(output, "*", changed, f"{expected.height} rows against {found.height} rows")]
    result = []
    for column in expected.columns:
        unequal = _bits(expected[column]).ne_missing(_bits(found[column]))
        rows = int(unequal.sum())
        if rows:
            at = int(unequal.arg_max() or 0)
            row = ", ".join(f"{name} {expected[name][at]}" for name in key) or f"row {at}"
            detail = f"first at {row}: {expected[column][at]!r} against {found[column][at]!r}"
            result.append(Difference(output, column, rows, detail))
    return result


def _bits(values: pl.Series) -> pl.Series:
    """Floats as the integers that their bits are, NULLs kept; anything else as it is."""
    if values.dtype not in (pl.Float32, pl.Float64):
        return values
    wide = values.cast(pl.Float64)
    bits = pl.Series(wide.fill_null(0.0).to_numpy().view(np.int64))
    return pl.select(pl.when(wide.is_not_null()).then(bits)).to_series()


def _poisoned(
    frame: pl.DataFrame, name: str, moment: datetime, rng: np.random.Generator, keep: Collection[str]
) -> pl.DataFrame:
    late = _is_late(frame, name, moment)
    future = frame.filter(late)
    noisy = [future[column] if _is_kept(column, keep) else _noise(future[column], rng) for column in frame.columns]
    return _with_future(frame, late, pl.DataFrame(noisy, schema=frame.schema))


def _shuffled(
    frame: pl.DataFrame,
    name: str,
    moment: datetime,
    rng: np.random.Generator,
    keep: Collection[str],
    within: Collection[str],
) -> pl.DataFrame:
    late = _is_late(frame, name, moment)
    future = frame.filter(late).with_row_index("_place")
    groups = [column for column in within if column in frame.columns]
    parts = []
    for part in future.partition_by(groups, maintain_order=True) if groups else [future]:
        kept = {"_place", *(column for column in frame.columns if _is_kept(column, (*keep, *groups)))}
        parts.append(
            part.with_columns(
                part[column][rng.permutation(part.height)] for column in frame.columns if column not in kept
            )
        )
    mixed = pl.concat([future.clear(), *parts]).sort("_place").drop("_place")
    return _with_future(frame, late, mixed)


def _is_late(frame: pl.DataFrame, name: str, moment: datetime) -> pl.Series:
    return frame.select((_known_at(frame, name) > moment).fill_null(value=True)).to_series()


def _is_kept(column: str, keep: Collection[str]) -> bool:
    return column == KNOWN_AT or column in keep or column.endswith(IDENTITY_SUFFIXES)


def _with_future(frame: pl.DataFrame, late: pl.Series, future: pl.DataFrame) -> pl.DataFrame:
    """The frame with its late rows replaced; every row stays in its place."""
    if future.is_empty():
        return frame
    mixed = pl.concat([frame.filter(~late), future])
    order = np.concatenate([np.flatnonzero(~late.to_numpy()), np.flatnonzero(late.to_numpy())])
    return mixed[np.argsort(order)]


def _noise(values: pl.Series, rng: np.random.Generator) -> pl.Series:
    size = len(values)
    if values.dtype == pl.Boolean:
        return pl.Series(values.name, rng.random(size) < 0.5)
    if values.dtype.is_integer():
        return pl.Series(values.name, rng.integers(0, 100, size)).cast(values.dtype)
    if values.dtype.is_numeric():
        return pl.Series(values.name, rng.normal(0.0, 1e3, size)).cast(values.dtype, strict=False)
    return values[rng.permutation(size)]


def _known_at(frame: pl.DataFrame, name: str) -> pl.Expr:
    if KNOWN_AT not in frame.columns:
        raise ValueError(f"{name} has no column known_at: the harness cannot tell its future from its past")
    return pl.col(KNOWN_AT)
