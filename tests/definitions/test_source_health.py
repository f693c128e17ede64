"""The health of sources in words, in checks and in the terminal's table."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest
from command_line import mlb

from dagster_mlb.defs.asking import CADENCE, RESPECTED, reason_not_to_ask
from dagster_mlb.defs.live_tables import BACKFILLED_SOURCES, LIVE_SOURCES, LIVE_TABLES
from dagster_mlb.defs.source_health import KEY, health_result, source_health
from dagster_mlb.reporting.source_health import (
    MissingAnswer,
    SourceReport,
    health_markdown,
    in_words,
    percent,
    read_reports,
)
from dagster_mlb.settings import Settings
from dagster_mlb.sources.health import SourceHealth
from dagster_mlb.sources.http_messages import ResponseRecord
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.sources.vsin.client import splits_request

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
WELL = SourceHealth(
    source="vsin",
    status="healthy",
    last_success_at=NOW - timedelta(minutes=10),
    last_failure_at=None,
    consecutive_failures=0,
    last_message=None,
    checked_at=NOW,
    breaker_state="closed",
    opened_at=None,
    next_probe_at=None,
    reliability=0.9996,
    expected_every_s=300.0,
    freshness=0.5,
)
ILL = replace(
    WELL,
    status="down",
    last_message="HTTP 403: a page for robots | with a bar",
    breaker_state="open",
    next_probe_at=NOW + timedelta(minutes=1),
)
MISSING = MissingAnswer("vsin", "GET /betting-splits/?source=DK", "blocked", "HTTP 403", NOW)


def report(health: SourceHealth | None = WELL, **changes: object) -> SourceReport:
    return replace(SourceReport("vsin", NOW, health), **changes)  # type: ignore[arg-type]


def test_a_source_that_is_well_is_told_in_one_line() -> None:
    assert report().troubles == []
    assert report().line == (
        "healthy · circuit closed · reliability 99.9 % · freshness 0.50 (news every 5 minutes) "
        "· last success 2025-07-15 11:50 New York"
    )


def test_what_is_ill_is_told_worst_first() -> None:
    troubles = report(ILL, missing=[MISSING]).troubles

    assert troubles == [
        "down: HTTP 403: a page for robots | with a bar",
        "circuit open, next probe 2025-07-15 12:01",
        "1 answers are missing, the first: GET /betting-splits/?source=DK [blocked] HTTP 403",
    ]


def test_silence_is_a_trouble_after_a_day_and_a_morning() -> None:
    old = replace(WELL, last_success_at=NOW - timedelta(hours=31))

    assert report(old).troubles == ["its last answer is 31 hours old"]
    assert report(old, only_backfills=True).troubles == []
    assert report(replace(WELL, last_success_at=None)).troubles == ["it never answered"]


def test_a_source_that_was_never_asked_is_a_trouble_unless_only_backfills_ask_it() -> None:
    assert report(None).troubles == ["it was never asked"]
    assert report(None, only_backfills=True).troubles == []
    assert report(None, only_backfills=True).line == "never asked: only backfills do"


def test_what_is_off_is_no_trouble_and_says_which_setting_switches_it_on() -> None:
    off = report(ILL, is_on=False)

    assert (off.status, off.troubles) == ("off", [])
    assert "MLB_ENABLED_SOURCES" in off.line
    assert "| vsin | off | – | – | – | – | – | |" in health_markdown([off])


def test_a_bar_in_a_message_does_not_break_the_table() -> None:
    row = health_markdown([report(ILL, missing=[MISSING])]).splitlines()[-1]

    assert row.startswith("| vsin | down | open | 99.9 % | 0.50 | 2025")
    assert row.endswith("| 1 | HTTP 403: a page for robots \\| with a bar |")


def test_a_share_that_is_not_whole_never_reads_100() -> None:
    assert [percent(share) for share in (None, 1.0, 0.99999, 0.5)] == ["–", "100 %", "99.9 %", "50.0 %"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(30, "30 seconds"), (60, "1 minute"), (90, "90 seconds"), (7200, "2 hours"), (86400, "1 day")],
)
def test_durations_in_words(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


def test_a_check_warns_and_never_blocks() -> None:
    ill = health_result(report(ILL), ["raw_data", "vsin_splits"], "source_health", ["no credits are left"])

    assert not ill.passed
    assert ill.severity == dg.AssetCheckSeverity.WARN
    assert str(ill.description).startswith("no credits are left; down: HTTP 403")
    assert ill.metadata["circuit"].value == "open"
    assert ill.metadata["reliability"].value == 0.9996

    well = health_result(report(), KEY, "vsin")
    assert (well.passed, well.description) == (True, report().line)


# ---------------------------------------------------------------- as it stands in the database


def written(connection: psycopg.Connection, source: str, **columns: object) -> None:
    told = {"source": source, "status": "healthy", "last_success_at": NOW, "checked_at": NOW, **columns}
    names = ", ".join(told)
    connection.execute(
        f"insert into operational.source_health ({names}) values ({', '.join(['%s'] * len(told))})".encode(),
        list(told.values()),
    )


def attempted(connection: psycopg.Connection, target: str, outcome: str, *, at: datetime = NOW) -> None:
    connection.execute(
        "insert into operational.collection_log (correlation_id, run_id, source, target, outcome, message, logged_at) "
        "values ('c', 'run', 'vsin', %s, %s, 'HTTP 403', %s)",
        [target, outcome, at],
    )


def test_missing_is_what_the_last_attempt_did_not_bring(database: Settings, connection: psycopg.Connection) -> None:
    written(connection, "vsin")
    for target, outcome in (
        ("GET /came-later", "transient"),
        ("GET /came-later", "stored"),
        ("GET /lost", "stored"),
        ("GET /lost", "blocked"),
        ("GET /nothing-there", "empty"),
    ):
        attempted(connection, target, outcome)
    attempted(connection, "GET /long-ago", "blocked", at=NOW - timedelta(days=3))

    found = read_reports(database, ["vsin", "sbd"])

    assert [(one.target, one.outcome) for one in found["vsin"].missing] == [("GET /lost", "blocked")]
    assert found["sbd"].health is None


def test_the_asset_of_all_sources_has_a_table_and_a_check_for_each(
    database: Settings, connection: psycopg.Connection
) -> None:
    for source in set(LIVE_SOURCES) - {"sbd"} - BACKFILLED_SOURCES:
        written(connection, source)
    connection.execute("update operational.source_health set status = 'degraded' where source = 'vsin'")
    attempted(connection, "GET /lost", "blocked")

    result = dg.materialize([source_health], resources={"settings": database})

    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert set(checks) == set(LIVE_SOURCES)
    assert {name for name, check in checks.items() if not check.passed} == {"vsin", "sbd"}
    assert all(not check.blocking for check in checks.values())
    [made] = result.asset_materializations_for_node("operational__source_health")
    assert made.metadata["in trouble"].value == "vsin, sbd"
    assert made.metadata["what is missing"].value == "- vsin: GET /lost [blocked] HTTP 403"
    assert "| vsin | degraded | closed |" in str(made.metadata["health"].value)
    assert made.metadata["dagster/row_count"].value == len(LIVE_SOURCES) - 2


def test_the_command_line_shows_health_circuit_and_scores(database: Settings, connection: psycopg.Connection) -> None:
    written(
        connection,
        "vsin",
        status="degraded",
        breaker_state="half_open",
        good_weight=9.5,
        scored_weight=10.0,
        expected_every_s=300.0,
        last_success_at=NOW - timedelta(minutes=20),
    )
    told = mlb(database, "sources")

    assert told.lines("vsin", "degraded", "half open", "95.0 %", "0.25")


def answered_at(connection: psycopg.Connection, moment: datetime) -> None:
    request, body = splits_request(), b"<html></html>"
    record = ResponseRecord(
        source="vsin",
        endpoint=request.endpoint,
        request_key=request.request_key,
        official_date=None,
        observed_at=moment,
        http_status=200,
        content_type="text/html",
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        byte_length=len(body),
    )
    with connection.transaction():
        store_many(
            connection,
            "vsin_splits",
            [record],
            run_id="run",
            capture="captured",
            provenance="simulated",
            ingested_at=moment,
        )


def test_runs_of_every_few_minutes_leave_alone_what_was_just_asked(
    database: Settings, connection: psycopg.Connection
) -> None:
    vsin = next(table for table in LIVE_TABLES if table.name == "vsin_splits")
    tags = {CADENCE: RESPECTED}
    assert reason_not_to_ask(database, vsin, tags) is None, "it was never asked"

    answered_at(connection, NOW - timedelta(seconds=120))
    assert reason_not_to_ask(database, vsin, tags) == "it was asked 120 s ago, and its source has news every 300 s"
    assert reason_not_to_ask(database, vsin, {}) is None, "a person's own run asks"

    later = database.model_copy(update={"fixed_now": NOW + timedelta(seconds=170)})
    assert reason_not_to_ask(later, vsin, tags) is None
