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
from dagster_mlb.warehouse.connection import connections_kept

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

# Which table tells what to ask of another: without all of its answers nobody knows whether all was asked.
ASKED_BY: Final[dict[str, str]] = {
    "mlb_stats_boxscore": "mlb_stats_schedule",
    "mlb_stats_live_feed": "mlb_stats_schedule",
    "mlb_stats_linescore": "mlb_stats_schedule",
    "mlb_stats_people": "mlb_stats_schedule",
    "mlb_stats_people_stats": "mlb_stats_schedule",
    "mlb_stats_venues": "mlb_stats_schedule",
    "odds_api_event_odds": "odds_api_events",
    "action_network_market_history": "action_network_scoreboard",
    "sbr_line_history": "sbr_odds",
}


@dataclass(frozen=True)
class TableCollected:
    """What became of one table: what was collected, or why nothing was asked. ``uncertain``: why there may be more to
    ask than was asked."""

    source: str
    table: str
    results: Sequence[CollectionResult] = field(default_factory=tuple)
    not_asked: str | None = None
    uncertain: str | None = None
    is_refused: bool = False  # it was to be asked and could not be: not_asked says why

    @property
    def failures(self) -> list[str]:
        """What is missing, by request."""
        return [
            f"{failure.target} [{failure.outcome}] {failure.message}"
            for result in self.results
            for failure in result.failures
        ]

    @property
    def missing(self) -> list[str]:
        """What is not there and should be: failed requests, what could not be asked, what may not be known."""
        refused = [self.not_asked] if self.is_refused and self.not_asked else []
        return [*self.failures, *refused, *([self.uncertain] if self.uncertain else [])]

    @property
    def is_complete(self) -> bool:
        return not self.missing


def collect_slate(
    settings: Settings,
    days: Sequence[date] = (),
    *,
    run_id: str,
    sources: Sequence[str] = (),
) -> list[TableCollected]:
    """Everything that is asked of these days (default: today), of ``sources`` (default: all that are switched on).

    Returns a row per table, by source; what is missing is named in the rows. What a source does raises nothing; what
    fails in the database or in the program is raised when every source has come to its end. Raises ValueError for an
    unknown source.
    """
    if unknown := set(sources) - set(TABLES):
        raise ValueError(f"no source is called {', '.join(sorted(unknown))}; those that are: {', '.join(TABLES)}")
    wanted = list(days) or [daily.official_today(settings)]
    asked = [source for source in TABLES if not sources or source in sources]
    with connections_kept(), ThreadPoolExecutor(max_workers=len(asked), thread_name_prefix="source") as threads:
        running = [threads.submit(_collect_source, settings, source, wanted, run_id) for source in asked]
        return [row for source in running for row in source.result()]


def _collect_source(settings: Settings, source: str, days: Sequence[date], run_id: str) -> list[TableCollected]:
    if not settings.may_ask(source):
        why = f"{source} is unofficial and off in production: name it in MLB_ENABLED_SOURCES"
        return [TableCollected(source, table, not_asked=why) for table in TABLES[source]]
    rows: dict[str, TableCollected] = {}
    for table in TABLES[source]:
        uncertain = _uncertain(rows.get(ASKED_BY.get(table, "")))
        try:
            results = getattr(daily, table)(settings, days, run_id)
        except (SourceError, CreditsExhaustedError) as error:
            rows[table] = TableCollected(source, table, not_asked=str(error), uncertain=uncertain, is_refused=True)
        else:
            nothing = None if results else "nothing to ask of these days"
            rows[table] = TableCollected(source, table, results, nothing, uncertain)
    return list(rows.values())


def _uncertain(asked_by: TableCollected | None) -> str | None:
    if asked_by is None or asked_by.is_complete:
        return None
    return f"what to ask is read from {asked_by.table}, which is not complete: there may be more than was asked"
