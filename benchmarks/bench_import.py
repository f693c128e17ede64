"""Importing the code location, beside `import dagster, dagster_dbt`, which it cannot do without."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.figures import Figure
from dagster_mlb.settings import PROJECT_ROOT

REPEATS = 5
BUDGET_SECONDS = 0.8

_CODE = """
import time
started = time.perf_counter()
import dagster, dagster_dbt
between = time.perf_counter()
{more}
print(between - started, time.perf_counter() - between)
"""


def measure() -> list[Figure]:
    """Each time a fresh process; the first, which may compile, is not counted."""
    runs = [_run("import dagster_mlb.definitions") for _ in range(REPEATS + 1)][1:]
    floor, above = (statistics.median(column) for column in zip(*runs, strict=True))
    return [
        Figure("code location, above the import of Dagster", above, "s", budget=BUDGET_SECONDS),
        Figure("code location, in all", floor + above, "s", floor, "dagster, dagster_dbt"),
    ]


def _run(more: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(more=more)], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.split()[-2:]
    return float(first), float(second)
