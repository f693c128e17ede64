"""The report made and written: what `mlb report` calls."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_mlb.reporting.strategy_report.build import build_report
from dagster_mlb.reporting.strategy_report.contents import Contents
from dagster_mlb.reporting.strategy_report.page import html

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings


@dataclass(frozen=True)
class Written:
    contents: Contents
    path: Path
    seconds: float


def write_report(settings: Settings, out: Path, seasons: set[int] | None = None) -> Written:
    """The report on what stands in the warehouse, as one HTML file at ``out``; a missing folder is made."""
    started = time.perf_counter()
    contents = build_report(settings, seasons=seasons)
    page = html(contents)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return Written(contents, out, time.perf_counter() - started)
