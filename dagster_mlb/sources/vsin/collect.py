"""Collecting the pages of betting splits: both books, every page read into rows as it is stored."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http_messages import SourceRequest
from dagster_mlb.sources.http_outcome import SourceNotConfiguredError
from dagster_mlb.sources.vsin import client
from dagster_mlb.sources.vsin.parse import READER


def collect_splits(
    settings: Settings, *, run_id: str, books: Sequence[str] = client.BOOKS, view: client.View | None = None
) -> CollectionResult:
    """The splits of now, a page a book. Raises ``SourceNotConfiguredError`` where production has not switched VSIN on.

    Asked more than once in five minutes (``client.POLL_EVERY_S``) the pages only repeat themselves.
    """
    return _collect(settings, [client.splits_request(book, view=view) for book in books], run_id=run_id)


def collect_legacy_splits(
    settings: Settings, *, run_id: str, views: Sequence[str | None] = (None,)
) -> CollectionResult:
    """The same from the address before March 2026. Where it has moved, each page is a named failure of the result."""
    return _collect(settings, [client.legacy_splits_request(view) for view in views], run_id=run_id)


def _collect(settings: Settings, requests: Sequence[SourceRequest], *, run_id: str) -> CollectionResult:
    if not settings.may_ask(client.SOURCE):
        raise SourceNotConfiguredError(
            "VSIN's pages are unofficial and off in production: add vsin to MLB_ENABLED_SOURCES to ask them"
        )
    plan = Plan(client.POLICY, settings.vsin_base_url, client.SPLITS_TABLE, requests, reader=READER)
    return collect(settings, plan, run_id=run_id)
