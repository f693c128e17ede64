"""What The Odds API lists without prices: ``/events``, the one endpoint about games that costs nothing.

It tells which games the source knows under which id, and every start that it ever stated for them: asked as often as
one likes, it is how a moved start is seen without spending a credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http_messages import SourceRequest
from dagster_mlb.sources.odds_api import client
from dagster_mlb.sources.odds_api.schemas import Event

EVENTS_TABLE = "odds_api_events"

# The answer is a list of events without ``bookmakers``.
EVENTS = TypeAdapter(list[Event])


def events_request(
    *,
    event_ids: Sequence[str] = (),
    commence_from: datetime | None = None,
    commence_to: datetime | None = None,
) -> SourceRequest:
    """Every upcoming and running game, or those of some ids, or those that begin within a range (aware moments)."""
    params = {"dateFormat": "iso"}
    if event_ids:
        params["eventIds"] = ",".join(event_ids)
    for name, bound in (("commenceTimeFrom", commence_from), ("commenceTimeTo", commence_to)):
        if bound is not None:
            if bound.tzinfo is None:
                raise ValueError(f"{bound.isoformat()} has no time zone: which moment is meant cannot be known")
            params[name] = bound.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return SourceRequest(endpoint="events", path=f"/v4/sports/{client.SPORT}/events", params=params, capture="captured")


def collect_events(settings: Settings, *, run_id: str) -> CollectionResult:
    """The games that the source lists now. Free of charge, so no credits are reserved."""
    plan = Plan(
        client.POLICY,
        settings.odds_api_base_url,
        EVENTS_TABLE,
        [events_request()],
        secret_params=client.secret_params(settings),
    )
    return collect(settings, plan, run_id=run_id)
