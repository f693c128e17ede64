"""The table has the columns of the frame, in their order."""

from __future__ import annotations

from dagster_mlb.signals.events import SIGNALS
from dagster_mlb.signals.table import SIGNALS_DDL


def test_the_table_has_the_columns_of_the_frame() -> None:
    columns = [
        line.split()[0]
        for line in SIGNALS_DDL.splitlines()
        if line.startswith("    ") and not line.strip().startswith("check")
    ]
    assert columns == list(SIGNALS)
