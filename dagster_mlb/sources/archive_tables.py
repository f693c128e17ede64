"""Archive files that are tables with named columns, CSV or Parquet: their columns, and their records as text.

CSV is read here tolerantly: a line that breaks the format never takes its neighbours with it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from typing import TYPE_CHECKING

from dagster_mlb.sources.archive_file import ArchiveFile, ArchiveFileRefusedError, refusing

if TYPE_CHECKING:
    import polars as pl

# A quoted field may run over lines; a quote that is still open after so many was never meant to be one.
LONGEST_RECORD_LINES = 100

# (line number of the record's first line, its fields or None for a malformed record, the record as it stands)
Record = tuple[int, list[str] | None, str]


def column_names(file: ArchiveFile) -> list[str]:
    """The file's columns, lower case, in its own order. Refuses a damaged Parquet file and a column given twice."""
    if file.is_parquet:
        import polars as pl

        with _refusing_parquet():
            names = list(pl.read_parquet_schema(io.BytesIO(file.body)))
    else:
        file.refuse_unless_utf8_like()
        names = split_line(file.first_line) or []
    return [name.strip().lower().replace(" ", "_") for name in names]


def refuse_repeated(columns: Sequence[str], known: Sequence[str]) -> None:
    """A known column that stands twice leaves open which of the two is meant."""
    if repeated := [name for name in known if columns.count(name) > 1]:
        raise ArchiveFileRefusedError(
            "columns", f"column {', '.join(repeated)} stands more than once", "Keep one of them.", row=1
        )


def split_line(line: str, separator: str = ",") -> list[str] | None:
    """The fields of a line by the rules of CSV; None where a quote stays open or is followed by text."""
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], strict=True, delimiter=separator), None)
    except csv.Error:
        return None


def read_records(file: ArchiveFile, field_count: int, separator: str = ",") -> Iterator[Record]:
    """The records below the header line.

    A record may run over several lines inside quotes. Where that does not give ``field_count`` fields its first line
    alone is malformed, and reading goes on with the next one.
    """
    lines = ((number, line) for number, line in file.lines() if line.strip())
    next(lines, None)
    waiting: list[tuple[int, str]] = []
    while True:
        item = waiting.pop() if waiting else next(lines, None)
        if item is None:
            return
        number, line = item
        fields = split_line(line, separator)
        if fields is None and (longer := _over_lines(line, waiting, lines, field_count, separator)) is not None:
            line, fields = longer
        yield number, fields if fields is not None and len(fields) == field_count else None, line


def _over_lines(
    line: str, waiting: list[tuple[int, str]], lines: Iterator[tuple[int, str]], field_count: int, separator: str
) -> tuple[str, list[str]] | None:
    """Joins the following lines to one whose quote is open; ``waiting`` (a stack) keeps what was read in vain."""
    taken: list[tuple[int, str]] = []
    record = line
    for item in chain(iter(lambda: waiting.pop() if waiting else None, None), lines):
        taken.append(item)
        record += "\n" + item[1]
        if '"' in item[1] and (fields := split_record(record, separator)) is not None and len(fields) == field_count:
            return record, fields
        if len(taken) >= LONGEST_RECORD_LINES:
            break
    waiting.extend(reversed(taken))
    return None


def split_record(record: str, separator: str = ",") -> list[str] | None:
    """As ``split_line``, for a record of several lines."""
    try:
        rows = list(csv.reader(io.StringIO(record, newline=""), strict=True, delimiter=separator))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def text_frame(file: ArchiveFile, columns: Sequence[str], *, day_format: str = "%Y-%m-%d") -> pl.DataFrame:
    """A Parquet file's columns as text, in the given order; a column that the file lacks is NULL throughout.

    Whole numbers have no decimal point, moments are ISO 8601 in UTC (without a zone they are taken as UTC), days
    follow ``day_format``, NaN is NULL. NUL characters become U+FFFD.
    """
    import polars as pl

    with _refusing_parquet():
        schema = pl.read_parquet_schema(io.BytesIO(file.body))
        stored_as = dict(zip(column_names(file), schema, strict=True))
        wanted = [stored_as[name] for name in columns if name in stored_as]
        stored = pl.read_parquet(io.BytesIO(file.body), columns=wanted)
        texts = {
            name: _as_text(stored_as[name], schema, day_format) if name in stored_as else pl.lit(None, pl.String)
            for name in columns
        }
        return stored.select(**texts)


def _as_text(name: str, schema: Mapping[str, pl.DataType], day_format: str) -> pl.Expr:
    import polars as pl

    column, dtype = pl.col(name), schema[name]
    if dtype.is_float() or dtype.is_decimal():
        number = column.cast(pl.Float64).fill_nan(None)
        is_whole = (number == number.round()) & (number.abs() < 2**53)
        return (
            pl.when(is_whole)
            .then(number.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(number.cast(pl.String))
        )
    if dtype == pl.Date or (isinstance(dtype, pl.Datetime) and name.strip().lower().endswith("date")):
        return column.dt.strftime(day_format)
    if isinstance(dtype, pl.Datetime):
        moment = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else column
        return moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if dtype == pl.Binary:
        return column.cast(pl.String, strict=False)
    return column.cast(pl.String).str.replace_all("\0", "\ufffd", literal=True)


def _refusing_parquet() -> AbstractContextManager[None]:
    return refusing("parquet", "it cannot be read as Parquet", "It may be truncated: fetch it again.")
