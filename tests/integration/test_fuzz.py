"""Spoiled answers of every endpoint through raw and staging: nothing crashes, no record is lost, none unexplained.

A small sample runs with every test; the proof (``make prove``) spoils ten thousand answers. A mutation may cost the
element that holds it (a game, a book, an outcome, a line) and nothing beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

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
SEEDS = (3, 2025)

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
    models = [models for table, place, models, _ in HANGS_ON if table == load.answer.table and re.fullmatch(place, shape)]
    return models[0] if models else None


@pytest.fixture(scope="module")
def server(server_url: str, postgres_server: str) -> Server:
    return Server(server_url, postgres_server)


@pytest.fixture(scope="module")
def answers(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    with fresh_database(server, tmp_path_factory.mktemp("league"), WORLD.now) as settings:
        return small_answers(settings)


def fuzzed(server: Server, folder: Path, answers: list[Answer], count: int, seed: int) -> Iterator[tuple[Settings, Fuzz]]:
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
            "select raw_table, records, difference from operational.record_accounting where difference <> 0 or held <> 0"
        ).fetchall()
        for table, models in accountants().items():
            rows = " union all ".join(f"select load_id, count(*) as n from staging.{model} group by 1" for model in models)
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
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def test_a_sample_of_spoiled_answers_is_staged_or_explained(
    server: Server, answers: list[Answer], tmp_path: Path
) -> None:
    for settings, fuzz in fuzzed(server, tmp_path, answers, SAMPLE, SEEDS[0]):
        assert len(fuzz.spoiled) == SAMPLE
        assert len(fuzz.by_table) == len(accountants())
        judge(settings, fuzz)


@pytest.mark.prove
def test_ten_thousand_spoiled_answers_are_staged_or_explained(
    server: Server, answers: list[Answer], tmp_path: Path
) -> None:
    for settings, fuzz in fuzzed(server, tmp_path, answers, PROOF, SEEDS[1]):
        assert len(fuzz.spoiled) == PROOF
        print(f"{len(fuzz.compared)} compared; by kind {dict(fuzz.by_kind)}; by table {dict(fuzz.by_table)}")
        judge(settings, fuzz)
