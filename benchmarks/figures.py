"""What a benchmark says: one figure beside its floor (or peer) and its budget, and how a table of them is printed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


class NotHereError(Exception):
    """What the benchmark needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Figure:
    """``value`` in ``unit``, beside ``floor`` in the same unit (``floor_name``: what that is) and the budget for it.

    ``more_is_better``: for speeds; seconds and sizes are better when less.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    budget: float | None = None
    more_is_better: bool = False
    digits: int = 2

    @property
    def ratio(self) -> float | None:
        """How many times the floor the value costs; 1 is the floor itself."""
        if not self.floor or not self.value:
            return None
        return self.floor / self.value if self.more_is_better else self.value / self.floor

    @property
    def within_budget(self) -> bool:
        if self.budget is None:
            return True
        return self.value >= self.budget if self.more_is_better else self.value <= self.budget


def best_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The fastest of a few runs: what the work costs when nothing else disturbs it. The first call is not counted."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def table(figures: list[Figure]) -> Table:
    """Figures for a terminal; those outside their budget stand out."""
    from rich.table import Table

    shown = Table(title="Speed, each figure beside its floor in the same run", title_justify="left")
    for name, justify in (("figure", "left"), ("value", "right"), ("floor or peer", "right"), ("what that is", "left")):
        shown.add_column(name, justify=justify)  # type: ignore[arg-type]
    shown.add_column("times", justify="right")
    shown.add_column("budget", justify="right")
    for figure in figures:
        spelt = f",.{figure.digits}f"
        budget = "" if figure.budget is None else ("≥ " if figure.more_is_better else "≤ ") + f"{figure.budget:g}"
        shown.add_row(
            figure.name,
            f"{figure.value:{spelt}} {figure.unit}",
            "" if figure.floor is None else f"{figure.floor:{spelt}} {figure.unit}",
            figure.floor_name,
            "" if figure.ratio is None else f"{figure.ratio:.1f}",
            budget,
            style="" if figure.within_budget else "bold red",
        )
    return shown
