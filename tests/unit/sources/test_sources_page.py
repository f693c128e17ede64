"""docs/sources.md says what the policies say, and the lists of endpoints are one list."""

from __future__ import annotations

import re

import pytest

from dagster_mlb.settings import OFFICIAL_BASE_URLS, PROJECT_ROOT, UNOFFICIAL_SOURCES
from dagster_mlb.sources import daily, slate
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.http_messages import SourcePolicy
from dagster_mlb.sources.raw_responses import RESPONSE_TABLES

PAGE = (PROJECT_ROOT / "docs" / "sources.md").read_text()
POLICIES = {endpoint.policy.source: endpoint.policy for endpoint in ENDPOINTS.values()}
# Only backfills ask these: their assets do.
NOT_IN_A_SLATE = {"odds_api_historical_odds", "open_meteo_historical_forecast"}


def told() -> dict[str, list[str]]:
    """Source → its cells in the table at a glance."""
    table = PAGE.partition("## At a glance")[2].partition("\n\n(")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    return {cells[0]: cells[1:] for cells in rows[2:]}


def as_told(policy: SourcePolicy) -> list[str]:
    budget = f"{policy.budget_s:g} + {policy.budget_per_request_s:g} s" if policy.budget_s else "–"
    every = f"{policy.expected_every_s:.0f} s" if policy.expected_every_s else "–"
    return [
        str(policy.concurrency),
        f"{policy.min_interval_s:g} s",
        str(policy.max_attempts),
        f"{policy.max_body_bytes // 1024**2} MB",
        budget,
        every,
    ]


@pytest.mark.parametrize("source", sorted(OFFICIAL_BASE_URLS))
def test_the_page_tells_each_sources_policy(source: str) -> None:
    in_production, *numbers, _ = told()[source]
    assert numbers == as_told(POLICIES[source])
    assert (in_production == "off") == (source in UNOFFICIAL_SOURCES)


def test_the_page_names_every_table_of_responses() -> None:
    assert [table for table in sorted(RESPONSE_TABLES) if f"`{table}`" not in PAGE] == []


def test_the_lists_of_endpoints_agree() -> None:
    in_slate = [table for tables in slate.TABLES.values() for table in tables]
    assert set(ENDPOINTS) == RESPONSE_TABLES
    assert sorted(in_slate) == sorted(RESPONSE_TABLES - NOT_IN_A_SLATE)
    assert [table for table in sorted(RESPONSE_TABLES) if not callable(getattr(daily, table, None))] == []
    registry = (PROJECT_ROOT / "dbt_project" / "macros" / "registry.sql").read_text()
    assert sorted(re.findall(r"'table': '(\w+)'", registry)) == sorted(RESPONSE_TABLES)
