"""Collecting SportsBettingDime's slate. That there are no games (204) is an answer, not a failure."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http_outcome import Outcome, SourceNotConfiguredError
from dagster_mlb.sources.sbd import client


def collect_odds(settings: Settings, *, run_id: str, books: Sequence[str] = client.BOOKS) -> CollectionResult:
    """Prices and splits of now. Raises ``SourceNotConfiguredError`` where production has not switched the source on.

    Without games the source answers 204: the attempt is in the log, the result is complete and holds nothing.
    """
    if not settings.may_ask(client.SOURCE):
        raise SourceNotConfiguredError(
            "SportsBettingDime's feed is unofficial and off in production: add sbd to MLB_ENABLED_SOURCES to ask it"
        )
    plan = Plan(client.POLICY, settings.sbd_base_url, client.ODDS_TABLE, [client.odds_request(books)])
    result = collect(settings, plan, run_id=run_id)
    result.failures = [failure for failure in result.failures if failure.outcome != Outcome.EMPTY.value]
    return result
