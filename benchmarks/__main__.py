"""Runs every benchmark (or those named) one after the other and prints their figures in one table.

    python -m benchmarks              all
    python -m benchmarks import elo   benchmarks/bench_import.py and bench_elo.py

Exit code 1 where a figure is outside its budget.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, NotHereError, table


def main(names: list[str]) -> int:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 150)
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = set(names) - set(known)
    if unknown:
        console.print(f"No benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
        return 2
    figures: list[Figure] = []
    for name in names or known:
        started = time.perf_counter()
        try:
            figures += importlib.import_module(f"benchmarks.bench_{name}").measure()
        except NotHereError as missing:
            console.print(f"  skipped  {name}: {missing}")
        else:
            console.print(f"  {time.perf_counter() - started:5.0f} s  {name}")
    if figures:
        console.print(table(figures))
    return 0 if all(figure.within_budget for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
