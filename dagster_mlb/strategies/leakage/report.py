"""What the leakage harness found on a live graph, as values: per table, mutation and moment, and all of it together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.moments import Moment

#: No mutation: the table against what is made now of what stands. A difference is no leak: other code, or older data.
AS_IT_STANDS = "as it stands"


@dataclass(frozen=True)
class TableReport:
    """One table at one moment after one mutation. ``rows`` were compared; ``rounded``: column → rows that are equal but
    for the last digits of a sum.
    """

    table: str
    mutation: str
    moment: Moment
    rows: int
    differences: tuple[Difference, ...] = ()
    rounded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TableSum:
    """One table over all moments of one mutation."""

    table: str
    mutation: str
    moments: int
    rows: int
    differing: int
    first: str


@dataclass(frozen=True)
class LeakageReport:
    """What was looked at, with which seed, and what was found; ``seconds`` in all."""

    moments: tuple[Moment, ...]
    tables: tuple[TableReport, ...]
    seed: int
    seconds: float

    @property
    def leaks(self) -> tuple[TableReport, ...]:
        return tuple(table for table in self.tables if table.differences)

    @property
    def passed(self) -> bool:
        return not self.leaks

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def told(self) -> list[str]:
        """One line per table, column, moment and mutation in which the future stands, or a table is not what it is made
        of.
        """
        return [
            f"{difference} {_done_to(one.mutation)} at {one.moment.at:%Y-%m-%d %H:%M} UTC ({one.moment.why})"
            for one in self.leaks
            for difference in one.differences
        ]

    def sums(self) -> list[TableSum]:
        """A line per table and mutation, in the order in which they were looked at."""
        groups: dict[tuple[str, str], list[TableReport]] = {}
        for one in self.tables:
            groups.setdefault((one.table, one.mutation), []).append(one)
        return [_sum(table, mutation, reports) for (table, mutation), reports in groups.items()]


def _done_to(mutation: str) -> str:
    return f"without the future, by {mutation}," if mutation != AS_IT_STANDS else "as it stands, against a new making,"


def _sum(table: str, mutation: str, reports: Sequence[TableReport]) -> TableSum:
    found = [difference for report in reports for difference in report.differences]
    return TableSum(
        table=table,
        mutation=mutation,
        moments=len({report.moment for report in reports}),
        rows=sum(report.rows for report in reports),
        differing=max((difference.rows for difference in found), default=0),
        first=f"{found[0].column}: {found[0].detail}" if found else "",
    )
