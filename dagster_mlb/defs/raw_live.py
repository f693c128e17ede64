"""Raw assets of the live sources: one partition per official date, one request or few per day, answers kept as bytes.

No ``from __future__ import annotations`` in modules of assets: Dagster reads the annotations themselves.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import dagster as dg

from dagster_mlb.defs.partitions import daily_partitions, days_of, official_today
from dagster_mlb.defs.price_moments import odds_moments, stored_first_pitches
from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings
from dagster_mlb.sources import collect
from dagster_mlb.sources.collect import CollectionResult
from dagster_mlb.warehouse.connection import connect

OWNERS = ["team:ingest"]
# A source that is down is asked again; whatever else is wrong stays wrong, see ``checked``.
TRANSIENT_RETRIES = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=dg.TimeDelta(hours=36) if hasattr(dg, "TimeDelta") else __import__("datetime").timedelta(hours=36)
)
NO_SIMULATED_ROWS = "no_simulated_rows"


Collect = Callable[[Settings, Sequence[date], str], CollectionResult | None]
