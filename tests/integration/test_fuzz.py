"""Spoiled answers of every endpoint through raw and staging: nothing crashes, no record is lost, none unexplained.

A small sample runs with every test; the proof (``make prove``) spoils ten thousand answers. A mutation may cost the
element that holds it (a game, a book, an outcome, a line) and nothing beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import run_selection
from tests.integration.fuzz_world import (
    WORLD,
    Answer,
    Fuzz,
    Load,
    accountants,
    lost_neighbours,
    small_answers,
    spoil,
    store,
)
from tests.integration.world import Server, fresh_database
from tests.mutations import shape_of

SAMPLE, PROOF = 250, 10_000
SAMPLE_SEED = 3

# Places that everything in an answer hangs on, or one model's rows: (table, shape of the path, models, why).
HANGS_ON: Final = (
    ("odds_api_event_odds", r"(id|sport_key|home_team|away_team|commence_time)", ".*", "the answer is one event"),
    ("odds_api_historical_odds", "timestamp", ".*", "the snapshot is known at its own time"),
    ("mlb_stats_linescore", "(gamePk|scheduledInnings)", ".*", "told beside every inning"),
    ("mlb_stats_schedule", r"dates\[\]\.date", ".*", "the day is told beside each of its games"),
    (
        "mlb_stats_live_feed",
        r"gamePk|gameData(\.datetime(\.officialDate)?|\.status(\.statusCode)?)?",
        ".*",
        "the game, its day and its state are told beside each of its rows",
    ),
    ("mlb_stats_live_feed", r"(gameData|metaData)\b.*", "stg_mlb_stats__weather_at_game ", "the game's own row"),
    ("prizepicks_projections", r"included\[\]\.attributes(\.name)?", ".*", "names of leagues and parts of a game"),
    (
        "sbr_line_history",
        r".*\.gameView(\.(gameId|leagueName|startDate|(away|home)Team(\..*)?))?",
        ".*",
        "the page is one game",
    ),
)


def may_cost(load: Load) -> str | None:
    assert load.mutation is not None
    shape = shape_of(load.mutation.path)
    models = [
        models for table, place, models, _ in HANGS_ON if table == load.answer.table and re.fullmatch(place, shape)
    ]
    return models[0] if models else None


@pytest.fixture(scope="module")
def server(server_url: str, postgres_server: str) -> Server:
    return Server(server_url, postgres_server)


@pytest.fixture(scope="module")
def answers(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    with fresh_database(server, tmp_path_factory.mktemp("league"), WORLD.now) as settings:
        return small_answers(settings)


def fuzzed(
    server: Server, folder: Path, answers: list[Answer], count: int, seed: int
) -> Iterator[tuple[Settings, Fuzz]]:
    """A database that holds originals, survivors and ``count`` spoiled answers, all staged by one run."""
    fuzz = spoil(answers, count, seed=seed)
    loads = [*fuzz.compared, *fuzz.spoiled]
    end = WORLD.now + timedelta(milliseconds=100 * len(loads) + 1000)
    with fresh_database(server, folder, end) as settings:
        prepare(settings)
        store(settings, loads, start=WORLD.now)
        run_selection(settings, "upstream").raise_if_failed()
        yield settings, fuzz


def judge(settings: Settings, fuzz: Fuzz) -> None:
    """Every record of every answer is counted, explained, and beside no spoiled one lost."""
    assert unaccounted(settings) == []
    assert unexplained(settings) == []
    assert lost_neighbours(settings, fuzz, may_cost) == []


def unaccounted(settings: Settings) -> list[tuple[object, ...]]:
    """Tables whose account does not close, and loads whose rows are not as many as their document holds records."""
    with connect(settings) as connection:
        found: list[tuple[object, ...]] = connection.execute(
            "select raw_table, records, difference from operational.record_accounting "
            "where difference <> 0 or held <> 0"
        ).fetchall()
        for table, models in accountants().items():
            rows = " union all ".join(
                f"select load_id, count(*) as n from staging.{model} group by 1" for model in models
            )
            found += connection.execute(
                f"""
                select '{table}', raw.load_id, counts.records, coalesce(sum(made.n), 0)
                from raw_data.{table} as raw
                left join staging.stg_raw__record_counts as counts on counts.load_id = raw.load_id
                left join ({rows}) as made on made.load_id = raw.load_id
                group by raw.load_id, counts.records
                having counts.records is distinct from coalesce(sum(made.n), 0)
                """
            ).fetchall()
    return found


def unexplained(settings: Settings) -> list[tuple[object, ...]]:
    """Records that are neither staged nor have a rule and a reason."""
    models = {model for models in accountants().values() for model in models}
    query = " union all ".join(
        f"""
        select '{model}', load_id, record_number, rule from staging.{model}
        where (disposition = 'staged') <> (rule is null) or (rule is not null and coalesce(reason, '') = '')
            or disposition not in ('staged', 'quarantined', 'out_of_scope')
        """
        for model in sorted(models)
    )
    with connect(settings) as connection:
        return connection.execute(query).fetchall()


def test_a_sample_of_spoiled_answers_is_staged_or_explained(
    server: Server, answers: list[Answer], tmp_path: Path
) -> None:
    for settings, fuzz in fuzzed(server, tmp_path, answers, SAMPLE, SAMPLE_SEED):
        assert len(fuzz.spoiled) == SAMPLE
        assert len(fuzz.by_table) == len(accountants())
        judge(settings, fuzz)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [2025, 11, 77])
def test_ten_thousand_spoiled_answers_are_staged_or_explained(
    seed: int, server: Server, answers: list[Answer], tmp_path: Path
) -> None:
    for settings, fuzz in fuzzed(server, tmp_path, answers, PROOF, seed):
        assert len(fuzz.spoiled) == PROOF
        print(f"{len(fuzz.compared)} compared; by kind {dict(fuzz.by_kind)}; by table {dict(fuzz.by_table)}")
        judge(settings, fuzz)


# ---------------------------------------------------------------- bytes to text and JSON

# No text of PostgreSQL holds a NUL; a script ends at "</script>", wherever that stands.
TEXTS = st.text(st.characters(exclude_characters="\0<", exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
UNLIKE_JSON = st.binary(max_size=40).map(lambda noise: noise.translate(None, b'"\\<'))
EASILY: Final = hypothesis_settings(deadline=None, derandomize=True, max_examples=100)


@pytest.fixture(scope="module")
def connection(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    with fresh_database(server, tmp_path_factory.mktemp("text"), WORLD.now) as settings, connect(settings) as opened:
        yield opened


def read(connection: psycopg.Connection, function: str, body: bytes) -> str | None:
    row = connection.execute(f"select raw_data.{function}(%s)::text", [body]).fetchone()
    assert row is not None
    return row[0]


@EASILY
@given(noise=st.binary(max_size=200))
@example(noise=b'{"a": "\xff\x00\xed\xa0\x80\xf4\x90\x80\x80"}')
@example(noise=b"[" * 100_000)
@example(noise=b"[" + b"1" * 200_000 + b"]")
def test_bytes_are_read_as_python_reads_them_or_not_at_all(connection: psycopg.Connection, noise: bytes) -> None:
    for function in ("json_of", "next_data_of", "text_of"):
        read(connection, function, noise)
    visible = noise.replace(b"\0", b"")
    try:
        assert read(connection, "text_of", visible) == visible.decode().lstrip("\ufeff")
    except UnicodeDecodeError:
        assert read(connection, "text_of", visible) is None
    runs = re.compile("\ufffd+")  # Python writes one for several bytes that could have begun a character
    lossy = read(connection, "lossy_text_of", visible) or ""
    assert runs.sub("\ufffd", lossy) == runs.sub("\ufffd", visible.decode("utf-8", "replace"))


@EASILY
@given(value=VALUES, before=UNLIKE_JSON, inside=UNLIKE_JSON)
def test_noise_in_a_text_costs_no_neighbour(
    connection: psycopg.Connection, value: Any, before: bytes, inside: bytes
) -> None:
    whole = json.dumps(value).encode()
    assert json.loads(read(connection, "json_of", whole) or "") == value
    spoiled = b'{"before": "%s", "neighbour": %s, "n": [NaN, 1e999999, %s, "\\ud83d", "\\u0000"]}' % (
        *(before, whole, b'"' + inside + b'"'),
    )
    told = json.loads(read(connection, "json_of", spoiled) or "null")
    assert told["neighbour"] == value
    assert told["n"][:2] == [None, None] and told["n"][3:] == ["\ufffd", "\ufffd"]
    page = b'<p>%s</p><script id="__NEXT_DATA__" type="application/json">%s</script>%s' % (before, spoiled, inside)
    assert json.loads(read(connection, "next_data_of", page) or "null") == told
