"""Recordings go the way of what is live: every recorded file through replay server, client, raw and staging, counted
against its manifest; a day of the league recorded and replayed into another database gives the same rows."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Told, mlb

from dagster_mlb.pipeline import run_to_the_end
from dagster_mlb.settings import PROJECT_ROOT, Settings
from dagster_mlb.simulator.faults import FaultPlan
from dagster_mlb.simulator.replay import replay
from dagster_mlb.simulator.server import base_urls, run_league_server
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.collection import CollectionResult
from dagster_mlb.sources.recordings import Recording, SavedBody, read_recording, record, recording_of_bodies
from dagster_mlb.sources.slate import collect_slate
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.slate_world import NOON, WORLD, at_the_slate
from tests.integration.staged_bodies import stage
from tests.integration.world import Server, fresh_database

MANIFESTS = PROJECT_ROOT / "tests" / "recordings"
AFTER = datetime(2026, 10, 1, tzinfo=UTC)  # later than every recording
COUNTS = ("staged", "quarantined", "out_of_scope")


@dataclass(frozen=True)
class Entry:
    """One file of a manifest that is asked for, as its test names it."""

    source: str
    told: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.source}/{self.told['file']}{':' + self.told['envelope'] if self.told['envelope'] else ''}"

    def body(self, wire_dir: Path) -> bytes:
        body = (wire_dir / self.source / self.told["file"]).read_bytes()
        if self.told["envelope"]:
            envelopes = importlib.import_module(f"tests.recordings.envelopes_{self.source}")
            body = getattr(envelopes, self.told["envelope"])(body)
        assert isinstance(body, bytes)
        return body

    def saved(self, wire_dir: Path) -> SavedBody:
        return SavedBody(
            self.told["table"],
            self.body(wire_dir),
            datetime.fromisoformat(self.told["fetched_at"]),
            path=self.told["path"],
            params=self.told["params"],
        )


def entries() -> list[Entry]:
    return [
        Entry(manifest.stem, told)
        for manifest in sorted(MANIFESTS.glob("*.json"))
        for told in json.loads(manifest.read_text(encoding="utf-8"))
        if "not_asked" not in told
    ]


ENTRIES = entries()


def rows(settings: Settings, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connect(settings) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


# ---------------------------------------------------------------- every recorded file


@dataclass(frozen=True)
class Replayed:
    """A database with every recorded file and two more by command line, staged by the second of these."""

    settings: Settings
    results: Sequence[CollectionResult]
    loads: dict[str, int]  # entry -> load
    saved: Told  # answers to the commands
    staged: Told


# By their command lines: a file with its address, and one of which only the table is known.
WITH_ADDRESS = Path("sbr/line_history_343244.json")
WITHOUT_ADDRESS = Path("sbd/mlb-odds_2026-09-27_trimmed.json")


@pytest.fixture(scope="module")
def recorded(
    server_url: str, postgres_server: str, wire_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replayed]:
    folder = tmp_path_factory.mktemp("recordings")
    with fresh_database(Server(server_url, postgres_server), folder, AFTER) as settings:
        prepare(settings)
        made = recording_of_bodies(folder / "all", [entry.saved(wire_dir) for entry in ENTRIES])
        results = replay(settings, read_recording(folder / "all"), run_id="recordings")
        loads = {str(entry): load_of(settings, made, entry.saved(wire_dir)) for entry in ENTRIES}
        saved = mlb(
            *(settings, "replay", str(wire_dir / WITH_ADDRESS), "--as", "sbr_line_history"),
            *("--path", "/betting-odds/mlb-baseball/line-history/343244/", "--at", "2025-08-28T13:00:00Z"),
            "--no-stage",
        )
        staged = mlb(
            settings, "replay", str(wire_dir / WITHOUT_ADDRESS), "--as", "sbd_odds", "--at", "2026-09-27T15:00Z"
        )
        yield Replayed(settings, results, loads, saved, staged)


def load_of(settings: Settings, made: Recording, saved: SavedBody) -> int:
    """The load that a saved body became."""
    [told] = [
        told
        for told in made.responses
        if told.table == saved.table
        and made.body(told) == saved.body
        and told.path == saved.path
        and told.params == dict(saved.params or {})
        and told.observed_at - saved.observed_at < timedelta(seconds=1)
    ]
    [(load,)] = rows(
        settings,
        f"select raw.load_id from raw_data.{told.table} as raw left join raw_data.{told.table} as original "
        "on original.load_id = raw.repeat_of where raw.request_key = %s and raw.observed_at = %s "
        "and coalesce(raw.body, original.body) = %s",
        *(told.request_key, told.observed_at, saved.body),
    )
    return int(load)


@pytest.mark.real_data
@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_every_record_of_a_file_is_accounted_for(recorded: Replayed, entry: Entry) -> None:
    load = recorded.loads[str(entry)]
    counted = rows(
        recorded.settings,
        "select coalesce(sum(staged), 0), coalesce(sum(quarantined), 0), coalesce(sum(out_of_scope), 0) "
        "from staging.int_dispositions where load_id = %s",
        load,
    )
    assert dict(zip(COUNTS, counted[0], strict=True)) == {name: entry.told[name] for name in COUNTS}
    assert rows(recorded.settings, "select records from staging.stg_raw__record_counts where load_id = %s", load) == [
        (entry.told["records"],)
    ]


@pytest.mark.real_data
def test_the_files_are_replayed_as_what_they_are(recorded: Replayed) -> None:
    assert (
        sum(result.requests for result in recorded.results)
        == len(ENTRIES)
        == sum(len(result.load_ids) for result in recorded.results)
    )
    assert [failure for result in recorded.results for failure in result.failures] == []
    tables = {entry.told["table"] for entry in ENTRIES}
    for table in tables:
        assert rows(
            recorded.settings,
            f"select distinct provenance, capture, observed_at = ingested_at from raw_data.{table} where run_id = %s",
            "recordings",
        ) == [("replayed", ENDPOINTS[table].unaddressed.capture, True)]
    assert (
        rows(recorded.settings, "select raw_table, difference from operational.record_accounting where difference <> 0")
        == []
    )


@pytest.mark.real_data
def test_a_replay_says_nothing_of_how_a_source_is_today(recorded: Replayed) -> None:
    assert rows(recorded.settings, "select source from operational.source_health") == []
    logged = rows(recorded.settings, "select count(*) from operational.collection_log where run_id = 'recordings'")
    assert logged == [(len(ENTRIES),)]


@pytest.mark.real_data
def test_a_document_without_its_page_is_malformed_and_staged_all_the_same(recorded: Replayed) -> None:
    assert recorded.saved.code == 0, recorded.saved.text
    assert "1 answers replayed; 0 repeat what raw held." in recorded.saved.text
    [told] = recorded.saved.lines("malformed")
    assert "no page of HTML" in told and "line-history/343244" in told
    [(load,)] = rows(
        recorded.settings, "select load_id from raw_data.sbr_line_history where observed_at = '2025-08-28T13:00:00Z'"
    )
    in_page = next(entry for entry in ENTRIES if entry.told["table"] == "sbr_line_history")
    query = "select staged from staging.int_dispositions where load_id = %s"
    assert rows(recorded.settings, query, load) == [(in_page.told["staged"],)]


@pytest.mark.real_data
def test_the_command_says_what_became_of_every_record(recorded: Replayed) -> None:
    assert recorded.staged.code == 0, recorded.staged.text
    entry = next(entry for entry in ENTRIES if entry.told["table"] == "sbd_odds")
    counts = " │ ".join(str(entry.told[name]) for name in ("records", *COUNTS))
    [line] = recorded.staged.lines("sbd_odds")
    assert re.sub(r"[^\w.]+", " ", line).strip() == f"raw_data.sbd_odds 1 {re.sub('[^0-9]+', ' ', counts)}"
    assert rows(
        recorded.settings,
        "select request_key, observed_at, provenance from raw_data.sbd_odds where run_id = 'replay'",
    ) == [(ENDPOINTS["sbd_odds"].example.request_key, datetime(2026, 9, 27, 15, tzinfo=UTC), "replayed")]


# ---------------------------------------------------------------- a day of the league, there and back


@dataclass(frozen=True)
class Again:
    """A slate collected by command, recorded, and replayed into another database; both staged."""

    one: Settings
    other: Settings
    folder: Path
    collected: Told
    recorded: Told
    replayed: Told


ROUND_TRIP = ("sbd", "vsin", "sbr")
STAGED = ("stg_sbd__quotes", "stg_sbd__splits", "stg_vsin__splits", "stg_sbr__quotes", "stg_sbr__history_quotes")


@pytest.fixture(scope="module")
def again(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Again]:
    folder = tmp_path_factory.mktemp("again")
    server = Server(server_url, postgres_server)
    with fresh_database(server, folder, NOON) as one, fresh_database(server, folder, AFTER) as other:
        asked = [word for source in ROUND_TRIP for word in ("--source", source)]
        with run_league_server(WORLD) as league:
            addresses = {f"MLB_{name.upper()}": url for name, url in base_urls(league).items()}
            collected = mlb(one, "collect", *asked, **addresses)
        recorded = mlb(one, "record", str(folder / "day"), "--from", "2025-07-15T00:00:00Z", "--source", "sbd", *asked)
        replayed = mlb(other, "replay", str(folder / "day"), "--no-stage")
        for settings in (one, other):
            stage(settings, *(f"+{model}" for model in STAGED))
        yield Again(one, other, folder / "day", collected, recorded, replayed)


def test_collect_says_what_came_of_each_table(again: Again) -> None:
    assert again.collected.code == 0, again.collected.text
    assert again.collected.lines("sbd", "sbd_odds")
    [told] = again.collected.lines("sbd_odds")
    assert re.findall(r"\w+", told)[:6] == ["sbd", "sbd_odds", "1", "1", "0", "0"]
    assert not again.collected.lines("mlb_stats")


def test_record_and_replay_bring_the_same_bytes(again: Again) -> None:
    assert again.recorded.code == again.replayed.code == 0, again.recorded.text + again.replayed.text
    count = len(read_recording(again.folder).responses)
    assert f"{count} responses in" in again.recorded.text.replace("\n", " ")
    assert f"{count} answers replayed; 0 repeat" in again.replayed.text
    for table in ("sbd_odds", "vsin_splits", "sbr_odds", "sbr_line_history"):
        query = (
            "select request_key, observed_at, official_date, http_status, content_type, content_hash, body, capture, "
            f"provenance from raw_data.{table} order by request_key, observed_at, load_id"
        )
        original = rows(again.one, query)
        assert original and rows(again.other, query) == original, table
    assert {row[0] for row in rows(again.other, "select distinct provenance from raw_data.sbd_odds")} == {"simulated"}
    assert {row[0] for row in rows(again.other, "select distinct run_id from raw_data.sbd_odds")} == {"replay"}


@pytest.mark.parametrize("model", STAGED)
def test_the_staged_rows_are_those_of_the_original(again: Again, model: str) -> None:
    assert_same_rows(again.one, again.other, f"staging.{model}")


def assert_same_rows(one: Settings, other: Settings, table: str) -> None:
    """The same rows but for the numbers of loads, whatever their order."""
    query = (
        f"select (to_jsonb(t) - '{{load_id,open_load_id,close_load_id,result_load_id}}'::text[])::text from {table} t"
    )
    original = sorted(rows(one, query))
    assert original, table
    assert sorted(rows(other, query)) == original, table


def test_a_recording_replayed_twice_only_repeats(again: Again) -> None:
    told = mlb(again.other, "replay", str(again.folder), "--no-stage")
    count = len(read_recording(again.folder).responses)
    assert told.code == 0 and f"{count} answers replayed; {count} repeat what raw held." in told.text


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_whole_slate_replayed_gives_every_table_again(server_url: str, postgres_server: str, tmp_path: Path) -> None:
    """Every source: all tables of staging and curated are equal, but for load numbers and counts of repeats by load."""
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path, NOON) as empty, fresh_database(server, tmp_path, NOON) as other:
        with run_league_server(WORLD) as league:
            one = at_the_slate(empty, league, NOON)
            prepare(one)
            assert [missing for row in collect_slate(one, run_id="slate") for missing in row.missing] == []
        made = record(one, tmp_path / "slate")
        prepare(other)
        results = replay(other, made, run_id="again")
        assert [failure for result in results for failure in result.failures] == []
        for settings in (one, other):
            run_to_the_end(settings, "upstream")
        tables = [
            f"{schema}.{name}"
            for schema, name in rows(
                one,
                "select schemaname, tablename from pg_tables where schemaname in ('staging', 'curated') "
                "and tablename not in ('int_series_accounts', 'int_dispositions', 'stg_raw__record_counts') "
                "order by 1, 2",
            )
        ]
        filled = [table for table in tables if rows(one, f"select from {table} limit 1")]
        assert len(filled) > 60
        for table in filled:
            assert_same_rows(one, other, table)


# ---------------------------------------------------------------- awkward recordings


def test_answers_of_one_moment_are_stored_in_their_order(database: Settings, tmp_path: Path) -> None:
    prepare(database)
    key = "GET /wp-json/adpt/v1/mlb-odds?format=us"
    made = recording_of_bodies(
        tmp_path / "made",
        [
            SavedBody("sbd_odds", body, NOON, path="/wp-json/adpt/v1/mlb-odds", params={"format": "us"})
            for body in (b'{"a": 1}', b'{"a": 2}', b'{"a": 1}')
        ],
    )
    same_moment = Recording(made.folder, [type(told)(**{**vars(told), "observed_at": NOON}) for told in made.responses])
    results = replay(database, same_moment, run_id="x")
    assert [result.requests for result in results] == [1, 1, 1]
    stored = rows(
        database,
        "select raw.request_key, coalesce(raw.body, original.body) from raw_data.sbd_odds as raw "
        "left join raw_data.sbd_odds as original on original.load_id = raw.repeat_of order by raw.load_id",
    )
    assert stored == [(key, b'{"a": 1}'), (key, b'{"a": 2}'), (key, b'{"a": 1}')]


def test_walls_and_garbage_are_stored_and_open_no_circuit(database: Settings, tmp_path: Path) -> None:
    prepare(database)
    wall = b"<html><head><title>Access denied</title></head></html>"
    bodies = [SavedBody("sbd_odds", wall + b"%d" % n, NOON + timedelta(minutes=n)) for n in range(8)]
    bodies.append(SavedBody("sbd_odds", b"\x00\xff\xfe", NOON + timedelta(hours=1)))
    results = replay(database, recording_of_bodies(tmp_path / "made", bodies), run_id="x")
    assert [failure.outcome for result in results for failure in result.failures] == ["blocked"] * 8 + ["malformed"]
    assert rows(database, "select count(*) from raw_data.sbd_odds") == [(9,)]
    assert rows(database, "select count(*) from operational.source_health") == [(0,)]


def test_a_replay_may_have_faults_of_its_own(database: Settings, tmp_path: Path) -> None:
    prepare(database)
    bodies = [SavedBody("sbd_odds", b'{"a": %d}' % n, NOON + timedelta(minutes=n)) for n in range(12)]
    made = recording_of_bodies(tmp_path / "made", bodies)
    plan = FaultPlan(share=0.5, kinds=("server_error", "dropped", "forbidden"), seed=2)
    results = replay(database, made, run_id="x", faults=plan)
    failed = [failure.outcome for result in results for failure in result.failures]
    assert failed and set(failed) <= {"blocked", "transient"}
    assert rows(database, "select count(*) from raw_data.sbd_odds") == [(12 - len(failed),)]


def test_record_takes_a_stretch_of_time_and_whole_bodies_only(database: Settings, tmp_path: Path) -> None:
    prepare(database)
    bodies = [SavedBody("sbd_odds", b'{"a": %d}' % n, NOON + timedelta(hours=n)) for n in range(4)]
    bodies.append(SavedBody("vsin_splits", b"<p>", NOON))
    replay(database, recording_of_bodies(tmp_path / "made", bodies), run_id="x")
    with connect(database) as connection:
        connection.execute("alter table raw_data.sbd_odds disable trigger user")
        connection.execute("update raw_data.sbd_odds set is_truncated = true where observed_at = %s", [NOON])
    made = record(database, tmp_path / "some", last=NOON + timedelta(hours=2), sources=["sbd"])
    assert [told.observed_at.hour for told in made.responses] == [17, 18] and made.left_out == 1
    assert {told.provenance for told in made.responses} == {"replayed"}
    told = mlb(database, "record", str(tmp_path / "all"))
    assert told.code == 0 and "1 were cut at the size cap" in told.text


# ---------------------------------------------------------------- messages that help


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("replay", "{folder}"), "is no recording: it has no index.jsonl (`mlb record` writes one)"),
        (("replay", "{folder}/nowhere"), "is no recording"),
        (("replay", "{file}"), "A file needs --as: the table of raw_data whose answer it is"),
        (("replay", "{file}", "--as", "odds"), "odds is no table of responses; those that are: action_network_books"),
        (("replay", "{file}", "--as", "sbd_odds", "--at", "2025-07-15T16:00:00"), "has no zone"),
        (("replay", "{file}", "--as", "sbd_odds", "--at", "noon"), "noon is no moment"),
        (("replay", "{file}", "--as", "sbd_odds", "--param", "format"), "write name=value"),
        (("replay", "{file}", "--as", "sbd_odds", "--path", "www.x.y/odds"), "an address begins with /"),
        (("replay", "{file}", "--as", "sbd_odds", "--day", "today"), "today is no day"),
        (("replay", "{changed}"), "these are not the bytes that the index names"),
        (("record", "{folder}/new"), "nothing was recorded"),
        (("record", "{folder}/new", "--from", "2025-07-15T16:00:00"), "has no zone"),
        (("record", "{folder}/new", "--source", "espn"), "no source is called espn"),
        (("record", "{changed}"), "has a recording already"),
        (("collect", "--source", "espn"), "No source is called espn; those that are: mlb_stats"),
        (("collect", "--day", "tomorrow"), "tomorrow is no day"),
    ],
)
def test_a_command_that_cannot_go_on_says_why(
    database: Settings, tmp_path: Path, arguments: Sequence[str], told: str
) -> None:
    (tmp_path / "file.json").write_text("{}", encoding="utf-8")
    changed = recording_of_bodies(tmp_path / "changed", [SavedBody("sbd_odds", b"{}", NOON)])
    (tmp_path / "changed" / "bodies" / changed.responses[0].content_hash).write_bytes(b"[]")
    (tmp_path / "folder").mkdir()
    places = {
        "folder": str(tmp_path / "folder"),
        "file": str(tmp_path / "file.json"),
        "changed": str(tmp_path / "changed"),
    }
    answer = mlb(database, *(argument.format(**places) for argument in arguments))
    assert answer.code in (1, 2)
    assert told in re.sub(r"[\s│]+", " ", answer.text)


def test_the_day_that_was_asked_for_is_kept(database: Settings, tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"<html></html>")
    told = mlb(
        *(database, "replay", str(tmp_path / "page"), "--as", "sbr_odds", "--day", "2025-07-14", "--no-stage"),
        *("--path", "/betting-odds/mlb-baseball/totals/full-game/?date=2025-07-14", "--param", "x=a=b"),
    )
    assert told.code == 0, told.text
    assert rows(database, "select request_key, official_date, observed_at from raw_data.sbr_odds") == [
        ("GET /betting-odds/mlb-baseball/totals/full-game/?date=2025-07-14&x=a%3Db", date(2025, 7, 14), database.now())
    ]
