"""Asking all sources side by side: each in a thread of its own, its endpoints in the order they need each other in.

No source waits for another: one that is slow or down costs its own endpoints their answers and nobody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from dagster_mlb.settings import Settings
from dagster_mlb.sources import daily
from dagster_mlb.sources.collection import CollectionResult
from dagster_mlb.sources.http_outcome import SourceError
from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError

# By source, in the order of asking: an endpoint after those that tell what to ask it.
TABLES: Final[dict[str, tuple[str, ...]]] = {
    "mlb_stats": (
        "mlb_stats_schedule",
        "mlb_stats_teams",
        "mlb_stats_lineups",
        "mlb_stats_boxscore",
        "mlb_stats_live_feed",
        "mlb_stats_linescore",
        "mlb_stats_people",
        "mlb_stats_people_stats",
        "mlb_stats_transactions",
        "mlb_stats_venues",
    ),
    "odds_api": ("odds_api_odds", "odds_api_scores", "odds_api_events", "odds_api_event_odds"),
    "action_network": (
        "action_network_scoreboard",
        "action_network_scoreboard_v1",
        "action_network_public_betting",
        "action_network_market_history",
        "action_network_books",
    ),
    "vsin": ("vsin_splits",),
    "sbd": ("sbd_odds",),
    "sbr": ("sbr_odds", "sbr_line_history"),
    "savant": ("savant_pitches",),
    "prizepicks": ("prizepicks_projections",),
    "open_meteo": ("open_meteo_forecast", "open_meteo_archive"),
}


@dataclass(frozen=True)
class TableCollected:
    """What became of one table: what was collected, or why nothing was asked."""

    source: str
    table: str
    results: Sequence[CollectionResult] = field(default_factory=tuple)
    not_asked: str | None = None

    @property
    def failures(self) -> list[str]:
        """What is missing, by request."""
        return [
            f"{failure.target} [{failure.outcome}] {failure.message}"
            for result in self.results
            for failure in result.failures
        ]


def collect_slate(
    settings: Settings,
    days: Sequence[date] = (),
    *,
    run_id: str,
    sources: Sequence[str] = (),
) -> list[TableCollected]:
    """Everything that is asked of these days (default: today), of ``sources`` (default: all that are switched on).

    Returns a row per table, by source. Failed requests are named in the rows. Raises ValueError for an unknown source.
    """
    if unknown := set(sources) - set(TABLES):
        raise ValueError(f"no source is called {', '.join(sorted(unknown))}; those that are: {', '.join(TABLES)}")
    wanted = list(days) or [daily.official_today(settings)]
    asked = [source for source in TABLES if not sources or source in sources]
    with ThreadPoolExecutor(max_workers=len(asked), thread_name_prefix="source") as threads:
        running = [threads.submit(_collect_source, settings, source, wanted, run_id) for source in asked]
        return [row for source in running for row in source.result()]


def _collect_source(settings: Settings, source: str, days: Sequence[date], run_id: str) -> list[TableCollected]:
    if not settings.may_ask(source):
        why = f"{source} is unofficial and off in production: name it in MLB_ENABLED_SOURCES"
        return [TableCollected(source, table, not_asked=why) for table in TABLES[source]]
    rows = []
    for table in TABLES[source]:
        try:
            results = getattr(daily, table)(settings, days, run_id)
        except (SourceError, CreditsExhaustedError) as error:
            rows.append(TableCollected(source, table, not_asked=str(error)))
        else:
            rows.append(TableCollected(source, table, results, None if results else "nothing to ask of these days"))
    return rows
