"""A day on which a third of all answers is faulty, and one on which a source is silent: what came is stored, what did
not is named, nobody waits for anybody, and prices of a source that is down are told as stale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator.demo import DEMO_WORLD
from dagster_mlb.simulator.faults import KINDS
from dagster_mlb.simulator.server import free_port, run_league_server
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.slate import ASKED_BY, TABLES, TableCollected, collect_slate
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import run_selection
from tests.integration.slate_world import (
    CLIENTS,
    NOON,
    WORLD,
    at_the_slate,
    policies,
    seconds_of,
    set_faults,
    step_clock,
    told_faults,
)
from tests.integration.world import Server, fresh_database

EVENING = NOON + timedelta(hours=5)
SHORT = {"backoff_initial_s": 0.02, "backoff_max_s": 0.2, "read_timeout_s": 4.0}
SHARE = 0.3
SILENT_BUDGET_S = 2.0
# A hundred megabytes take their time: they are in the long proof.
QUICK_KINDS = tuple(kind for kind in KINDS if kind != "huge")


class Attempt(NamedTuple):
    """A line of operational.collection_log."""

    source: str
    target: str
    outcome: str
    load_id: int | None
    message: str | None


@dataclass(frozen=True)
class Day:
    """One database: noon without faults (twice), a silent source, the faulty evening with The Odds API down, staged,
    and the evening again without faults."""

    settings: Settings  # at noon
    noon: list[TableCollected]
    silent: list[TableCollected]
    faulty: list[TableCollected]
    league: dict[str, Any]  # what it was asked and did in the faulty evening
    failed_models: list[str]
    recovered: list[TableCollected]


@pytest.fixture(scope="module")
def day(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    server = Server(server_url, postgres_server)
    with (
        fresh_database(server, tmp_path_factory.mktemp("data"), NOON) as empty,
        run_league_server(WORLD, clock="stepped") as league,
        policies(**SHORT),
    ):
        settings = at_the_slate(empty, league, NOON)
        prepare(settings)
        collect_slate(settings, run_id="cold")  # the league draws its world
        noon = collect_slate(settings, run_id="noon")
        set_faults(league, share=1.0, kinds=["timeout"], sources=["sbd"], silence_s=30.0)
        with policies("sbd", read_timeout_s=20.0, budget_s=SILENT_BUDGET_S, budget_per_request_s=0.0):
            silent = collect_slate(settings, run_id="silent")

        step_clock(league, EVENING)
        evening = at_the_slate(empty, league, EVENING)
        down = at_the_slate(evening, league, EVENING, odds_api_base_url=f"http://127.0.0.1:{free_port()}/odds_api")
        prepare(evening)
        set_faults(league, share=SHARE, kinds=QUICK_KINDS, seed=4, latency_s=0.05, silence_s=0.3, retry_after_s=0)
        faulty = collect_slate(down, run_id="faulty")
        told = told_faults(league)
        set_faults(league)
        staged = run_selection(evening, "upstream")
        recovered = collect_slate(evening, run_id="recovered")
        yield Day(
            settings, noon, silent, faulty, told, [f"{n.unique_id}: {n.message}" for n in staged.failed], recovered
        )


def rows(settings: Settings, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connect(settings) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def last_attempts(settings: Settings, run_id: str) -> dict[tuple[str, str], Attempt]:
    """By source and request, how it ended in a run."""
    told = rows(
        settings,
        "select source, target, outcome, load_id, message from operational.collection_log where run_id = %s "
        "order by attempt_id",
        run_id,
    )
    return {(attempt.source, attempt.target): attempt for attempt in (Attempt(*row) for row in told)}


def by_table(told: Sequence[TableCollected]) -> dict[str, TableCollected]:
    return {row.table: row for row in told}


def assert_whole_or_named(settings: Settings, told: Sequence[TableCollected], run_id: str) -> None:
    """Every request of every table is in raw, or in its result's failures; each is in the log, with its reason."""
    assert [row.table for row in told] == [table for tables in TABLES.values() for table in tables]
    ended = last_attempts(settings, run_id)
    asked = 0
    for row in told:
        source = ENDPOINTS[row.table].source
        for result in row.results:
            failed = {failure.target: failure for failure in result.failures}
            kept = rows(
                settings, f"select request_key from raw_data.{row.table} where load_id = any(%s)", list(result.load_ids)
            )
            for failure in failed.values():
                assert failure.message, failure
                if failure.outcome != "refused" or (source, failure.target) in ended:
                    attempt = ended[source, failure.target]
                    assert (attempt.outcome, attempt.message) == (failure.outcome, failure.message)
            answered = {key for (key,) in kept} - set(failed)
            empty = {key for key, a in ended.items() if a.outcome == "empty"}
            for target in answered:
                assert ended[source, target].outcome in ("stored", "repeat"), target
            never_sent = [t for t in failed if (source, t) not in ended]  # what a board's first page would have told
            assert result.requests <= len(answered) + len(failed) - len(never_sent) + len(empty)
            asked += len(answered) + len(failed) - len(never_sent)
    assert asked == len([a for a in ended.values() if a.outcome != "empty"])


def test_without_faults_the_day_is_complete(day: Day) -> None:
    assert [missing for row in day.noon for missing in row.missing] == []
    assert all(row.results for row in day.noon)
    assert_whole_or_named(day.settings, day.noon, "noon")


def test_a_third_of_the_answers_was_faulty(day: Day) -> None:
    asked, faults = day.league["asked"], day.league["faults"]
    assert 0.2 < sum(faults.values()) / sum(asked.values()) < 0.4
    assert len({name.partition("/")[2] for name in faults}) >= 8
    assert set(asked) >= set(TABLES) - {"odds_api"}


def test_what_is_missing_of_a_faulty_day_is_named_and_logged(day: Day) -> None:
    assert_whole_or_named(day.settings, day.faulty, "faulty")
    told = by_table(day.faulty)
    assert any(row.failures for row in day.faulty)
    for table, row in told.items():
        if (teller := ASKED_BY.get(table)) and not told[teller].is_complete:
            assert row.uncertain is not None and teller in row.uncertain
    assert all("cannot connect" in failure for failure in told["odds_api_odds"].failures)
    assert "odds_api_events" in (told["odds_api_event_odds"].uncertain or "")


def test_every_request_that_the_league_counted_is_in_the_log(day: Day) -> None:
    logged = dict(
        rows(
            day.settings,
            "select case when source like 'open_meteo%%' then 'open_meteo' else source end, count(*) "
            "from operational.collection_log where run_id = %s and outcome <> 'refused' and source <> 'odds_api' "
            "group by 1",
            "faulty",
        )
    )
    assert logged == {source: count for source, count in day.league["asked"].items() if source != "odds_api"}


def test_a_faulty_day_is_staged_with_every_record_accounted_for(day: Day) -> None:
    assert day.failed_models == []
    accounts = rows(day.settings, "select raw_table, records, difference from operational.record_accounting")
    assert [account for account in accounts if account[2]] == []
    assert sum(records for _, records, _ in accounts) > 10_000
    # What came malformed is in raw, and staging says of each that it cannot be read (or that it was no news).
    malformed = [a for a in last_attempts(day.settings, "faulty").values() if a.outcome == "malformed" and a.load_id]
    quarantined = {load for (load,) in rows(day.settings, "select distinct load_id from staging.validation_results")}
    assert malformed and {a.load_id for a in malformed} <= quarantined


def test_a_healthy_collection_completes_what_was_missing(day: Day) -> None:
    assert [missing for row in day.recovered for missing in row.missing] == []
    assert_whole_or_named(day.settings, day.recovered, "recovered")
    before, after = (last_attempts(day.settings, run_id) for run_id in ("faulty", "recovered"))
    lacking = {key for key, attempt in before.items() if attempt.outcome not in ("stored", "repeat", "empty")}
    assert len(lacking) > 10
    assert {key for key in lacking if after[key].outcome not in ("stored", "repeat", "empty")} == set()
    assert set(before) <= set(after)


def test_a_silent_source_delays_nobody_and_ends_within_its_own_budget(day: Day) -> None:
    healthy, silent = seconds_of(day.noon), seconds_of(day.silent)
    late = {
        source: (s, healthy[source]) for source, s in silent.items() if source != "sbd" and s > 3 * healthy[source] + 2
    }
    assert late == {}
    assert SILENT_BUDGET_S * 0.9 < silent["sbd"] < SILENT_BUDGET_S + 1.0
    rows_of = by_table(day.silent)
    assert [row.table for row in day.silent if not row.is_complete] == ["sbd_odds"]
    assert "time budget" in rows_of["sbd_odds"].failures[0]


def test_the_consensus_says_of_whom_it_is_made_and_who_is_stale(day: Day) -> None:
    consensus = rows(
        day.settings,
        "select n_books, books, sources, stale_books, unavailable_because, oldest_age_minutes, home_probability "
        "from curated.market_consensus where decision = 'current' and market = 'moneyline'",
    )
    assert len(consensus) > 10
    for n_books, books, sources, stale, unavailable, oldest, probability in consensus:
        assert "odds_api" not in sources
        assert [name for name in stale if name.startswith("odds_api:")], "The Odds API's prices are five hours old"
        assert (unavailable is None) == bool(n_books) == (probability is not None)
        assert len(books) == n_books == len(set(books))
        assert unavailable is not None or (sources and oldest <= 90)
    assert any(n_books and sources for n_books, _, sources, *_ in consensus)
    [(others,)] = rows(
        day.settings,
        "select count(*) from curated.decision_prices where decision = 'current' and source = 'odds_api' "
        "and age_minutes < 299",
    )
    assert others == 0


def test_every_policy_has_a_budget_and_a_cadence() -> None:
    for endpoint in ENDPOINTS.values():
        policy = endpoint.policy
        assert policy.budget_s is not None and 60 <= policy.budget_s <= 300, policy.source
        assert policy.budget_per_request_s > policy.min_interval_s, policy.source
        # The budget holds at least one request that is silent until its last attempt but one.
        assert policy.for_requests(1).budget_s >= policy.read_timeout_s * 2, policy.source  # type: ignore[operator]
        if endpoint.table != "open_meteo_historical_forecast":  # what was forecast once does not change
            assert policy.expected_every_s, policy.source
    assert {endpoint.source for endpoint in ENDPOINTS.values()} >= set(CLIENTS)


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_full_day_of_the_demo_with_every_fault(server_url: str, postgres_server: str, tmp_path: Path) -> None:
    """The demo's slate through all kinds of faults, then without: the staged rows are those of a day without any."""
    server = Server(server_url, postgres_server)
    now = DEMO_WORLD.now
    with (
        fresh_database(server, tmp_path / "whole", now) as one,
        fresh_database(server, tmp_path / "faulty", now) as other,
        run_league_server(DEMO_WORLD) as league,
        policies(**SHORT),
    ):
        whole, faulty = at_the_slate(one, league, now), at_the_slate(other, league, now)
        prepare(whole)
        prepare(faulty)
        with policies(read_timeout_s=60.0):
            collect_slate(whole, run_id="whole")
        set_faults(league, share=SHARE, seed=12, latency_s=0.2, silence_s=5.0, retry_after_s=1)
        first = collect_slate(faulty, run_id="faulty")
        told = told_faults(league)
        assert 0.2 < sum(told["faults"].values()) / sum(told["asked"].values()) < 0.4
        assert_whole_or_named(faulty, first, "faulty")
        assert not all(row.is_complete for row in first)
        assert run_selection(faulty, "upstream").failed == []
        set_faults(league)
        second = collect_slate(faulty, run_id="recovered")
        assert [missing for row in second for missing in row.missing] == []
        for settings in (whole, faulty):
            assert [f"{n.unique_id}: {n.message}" for n in run_selection(settings, "upstream").failed] == []
            assert rows(settings, "select raw_table from operational.record_accounting where difference <> 0") == []
        for query in SAME_AFTER_RECOVERY:
            assert rows(faulty, query) == rows(whole, query), query


SAME_AFTER_RECOVERY = (
    "select game_key, status, scheduled_start_at, home_team_id, away_team_id from staging.games order by 1",
    "select game_key, home_runs, away_runs from staging.game_results order by 1",
    "select source, event_id, game_key, rung from staging.game_crosswalk order by 1, 2",
    "select series_id, known_at, seq, line, price_american, status from staging.odds_ticks order by 1, 2, 3",
    "select source, event_id, book, market, side, measure, pct from staging.betting_splits order by 1, 2, 3, 4, 5, 6",
    "select series_id, known_at, line, price_american, status from staging.player_props order by 1, 2",
    "select game_key, side, pitcher_id from staging.starters order by 1, 2, 3",
    "select game_pk, at_bat_number, pitch_number, version from staging.stg_savant__pitch_versions order by 1, 2, 3, 4",
)
