"""A small league with every source, and how its slate is collected: what the proofs about faults, secrets and replays
are made on. Policies are shortened here (seconds of waiting become fractions), never weakened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

import httpx
import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import base_urls
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network import client as action_network
from dagster_mlb.sources.http_messages import SourcePolicy
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.sources.odds_api import client as odds_api
from dagster_mlb.sources.open_meteo import client as open_meteo
from dagster_mlb.sources.prizepicks import client as prizepicks
from dagster_mlb.sources.savant import client as savant
from dagster_mlb.sources.sbd import client as sbd
from dagster_mlb.sources.sbr import client as sbr
from dagster_mlb.sources.slate import TableCollected
from dagster_mlb.sources.vsin import client as vsin

NOON = datetime(2025, 7, 15, 16, tzinfo=UTC)  # in New York
WORLD = World(seed=378, plans=(SeasonPlan(2025, date(2025, 7, 13), date(2025, 7, 20)),), now=NOON)
CLIENTS: dict[str, ModuleType] = {
    "mlb_stats": mlb_stats,
    "odds_api": odds_api,
    "action_network": action_network,
    "vsin": vsin,
    "sbd": sbd,
    "sbr": sbr,
    "savant": savant,
    "prizepicks": prizepicks,
}


def at_the_slate(settings: Settings, league_url: str, now: datetime, **more: Any) -> Settings:
    """The same database, on a clock, at the league's addresses of every source."""
    wanted = {
        **base_urls(league_url),
        "odds_api_key": "test",
        "odds_api_monthly_credits": 5_000_000,
        "fixed_now": now,
        **more,
    }
    return Settings.model_validate(settings.model_dump() | wanted)


@contextmanager
def policies(*sources: str, **changes: Any) -> Iterator[None]:
    """Fields of the policies of some sources (default: all) changed for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for source, module in CLIENTS.items():
            if not sources or source in sources:
                patch.setattr(module, "POLICY", replace(module.POLICY, **changes))
        if not sources or "open_meteo" in sources:
            policy_of = open_meteo.policy

            def changed(kind: open_meteo.Kind) -> SourcePolicy:
                return replace(policy_of(kind), **changes)

            patch.setattr(open_meteo, "policy", changed)
        yield


def set_faults(league_url: str, **plan: Any) -> None:
    """The plan of faults from now on; none without a share."""
    httpx.post(f"{league_url}/faults", json=plan, timeout=10, trust_env=False).raise_for_status()


def told_faults(league_url: str) -> dict[str, Any]:
    """What the league was asked and did since the plan was set."""
    answer = httpx.get(f"{league_url}/faults", timeout=10, trust_env=False).raise_for_status().json()
    assert isinstance(answer, dict)
    return answer


def step_clock(league_url: str, to: datetime) -> None:
    httpx.post(f"{league_url}/clock", json={"now": to.isoformat()}, timeout=10, trust_env=False).raise_for_status()


def seconds_of(told: list[TableCollected]) -> dict[str, float]:
    """Seconds of asking and storing, by source."""
    sums: dict[str, float] = {}
    for row in told:
        sums[row.source] = sums.get(row.source, 0.0) + sum(result.seconds for result in row.results)
    return sums
