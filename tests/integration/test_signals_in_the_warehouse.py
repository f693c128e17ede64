"""Signals against a real warehouse: read, detected, published, and the same again when nothing new came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from dagster_mlb.market.levels import market_level
from dagster_mlb.settings import Settings
from dagster_mlb.signals.events import SIGNALS
from dagster_mlb.signals.parameters import Parameters
from dagster_mlb.signals.table import (
    SIGNALS_TABLE,
    publish_signals,
    read_games,
    read_splits,
    read_starters,
    read_states,
)
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame

START = datetime(2025, 7, 15, 17, 5, tzinfo=UTC)  # an hour and five minutes from the tests' now
GAME = 1000000000777

TABLES = """
create table staging.games (game_key bigint, season int, official_date date, scheduled_start_at timestamptz,
    first_pitch_at timestamptz, provenance text);
create table staging.starters (game_key bigint, side text, pitcher_id text, known_at timestamptz, source text);
create table staging.int_market_states (game_key bigint, source text, book text, market text, label text,
    known_at timestamptz, price_1 float8, price_2 float8, line numeric, hold float8, probability_1 float8,
    unusable_because text, moment_assumed boolean, capture text, provenance text, load_id bigint);
"""
SPLITS = """
create table staging.int_split_states (game_key bigint, source text, book text, market text, known_at timestamptz,
    tickets_1 float8, money_1 float8, stated_at timestamptz, capture text, provenance text, load_id bigint);
"""


def insert(settings: Settings, table: str, **values: Any) -> None:
    marks = ", ".join(["%s"] * len(values))
    with connect(settings) as conn:
        conn.execute(f"insert into {table} ({', '.join(values)}) values ({marks})", list(values.values()))  # type: ignore[arg-type]


def state(settings: Settings, book: str, minutes: float, price_1: int, price_2: int, p: float, **more: Any) -> None:
    row = {
        "game_key": GAME,
        "source": "odds_api",
        "book": book,
        "market": "moneyline",
        "known_at": START - timedelta(minutes=minutes),
        "price_1": price_1,
        "price_2": price_2,
        "probability_1": p,
        "hold": 0.04,
        "moment_assumed": False,
        "capture": "captured",
        "provenance": "live",
        "load_id": 7,
    }
    insert(settings, "staging.int_market_states", **row | more)


@pytest.fixture
def warehouse(database: Settings) -> Settings:
    """One game whose market maker went from even to 52.5 % home; a label, and a price that is down."""
    with connect(database) as conn:
        conn.execute(TABLES)
    insert(
        database,
        "staging.games",
        game_key=GAME,
        season=2025,
        official_date=START.date(),
        scheduled_start_at=START,
        provenance="live",
    )
    state(database, "pinnacle", 300, -104, -104, 0.5)
    state(database, "pinnacle", 100, -115, 106, 0.525)
    state(database, "bovada", 290, -110, -110, 0.5)
    state(database, "bovada", 250, 500, -900, 0.15, unusable_because="booksum_out_of_range")
    state(database, "bovada", 240, -110, -110, 0.5)
    state(database, "bovada", 0, 300, -400, 0.2, label="close", moment_assumed=True)
    for minutes, pitcher in ((400, "mlb:1"), (110, "mlb:2")):
        insert(
            database,
            "staging.starters",
            game_key=GAME,
            side="home",
            pitcher_id=pitcher,
            known_at=START - timedelta(minutes=minutes),
            source="mlb_stats",
        )
    return database


def published(settings: Settings) -> pl.DataFrame:
    return read_frame(settings, f"select * from {SIGNALS_TABLE} order by detected_at, market, kind, side")


def test_events_are_published_whole_and_again_the_same(warehouse: Settings) -> None:
    told = publish_signals(warehouse, "first")
    assert told.schema == pl.Schema(SIGNALS)
    assert told["kind"].to_list() == ["jump"]
    event = told.row(0, named=True)
    assert (event["side"], event["fill_book"], event["fill_price"]) == ("home", "bovada", -110)
    assert "news: a starter changed 10 minutes before" in event["contradicting"]
    first = published(warehouse)
    assert_frame_equal(first.cast(told.schema), told, check_exact=True)  # type: ignore[arg-type]
    publish_signals(warehouse, "second")
    assert_frame_equal(published(warehouse), first, check_exact=True)


def test_a_new_price_adds_events_and_keeps_the_old_ones(warehouse: Settings) -> None:
    first = publish_signals(warehouse, "first")
    state(warehouse, "pinnacle", 66, -135, 108, 0.564)
    second = publish_signals(warehouse, "second")
    assert second["kind"].to_list() == ["jump", "book_conflict"]
    assert_frame_equal(second.head(1), first, check_exact=True)
    assert published(warehouse).height == 2


def test_a_price_that_has_not_come_yet_is_filled_by_a_later_run(warehouse: Settings) -> None:
    state(warehouse, "pinnacle", 65, -135, 108, 0.564)  # now
    (event,) = publish_signals(warehouse, "now").filter(pl.col("kind") == "book_conflict").iter_rows(named=True)
    assert (event["fill_price"], event["fill_missing_reason"]) == (None, "not_yet")
    later = warehouse.model_copy(update={"fixed_now": warehouse.now() + timedelta(minutes=2)})
    (event,) = publish_signals(later, "later").filter(pl.col("kind") == "book_conflict").iter_rows(named=True)
    assert (event["fill_price"], event["fill_missing_reason"]) == (-110, None)


def test_the_level_of_the_table_is_read_and_made_where_it_is_not_there(
    warehouse: Settings, connection: psycopg.Connection
) -> None:
    made = read_states(warehouse)
    assert made["level"].to_list() == [float(market_level("moneyline", p)) for p in made["probability_1"]]
    assert made["is_open"].to_list().count(False) == 1
    assert made["label"].null_count() == made.height == 5
    connection.execute("alter table staging.int_market_states add level float8")
    connection.execute("update staging.int_market_states set level = 0.25")
    assert read_states(warehouse)["level"].unique().to_list() == [0.25]


def test_splits_are_read_where_they_are(warehouse: Settings, connection: psycopg.Connection) -> None:
    assert read_splits(warehouse).is_empty()
    connection.execute(SPLITS)
    moment = START - timedelta(minutes=100)
    insert(
        warehouse,
        "staging.int_split_states",
        game_key=GAME,
        source="vsin",
        book="",
        market="moneyline",
        known_at=moment,
        tickets_1=40.0,
        money_1=62.0,
        capture="captured",
        provenance="live",
        load_id=9,
    )
    told = publish_signals(warehouse, "with splits").sort("kind")
    assert told["kind"].to_list() == ["jump", "sharp_public_divergence"]
    assert told["splits_source"].to_list() == ["vsin", "vsin"]
    assert told["load_id"].to_list() == [7, 9]


def test_seasons_can_be_chosen(warehouse: Settings) -> None:
    for read in (read_states, read_games, read_starters):
        assert read(warehouse, seasons={2025}).height > 0
        assert read(warehouse, seasons={2024}).is_empty()
        assert read(warehouse, seasons=set()).is_empty()


def test_parameters_stand_beside_every_event(warehouse: Settings) -> None:
    wider = Parameters.model_validate({"jump": {"delta": 0.2}})
    assert publish_signals(warehouse, "none", wider).is_empty()
    assert published(warehouse).is_empty()
    assert publish_signals(warehouse, "some")["parameters_hash"].to_list() == [Parameters().hash()]


def test_an_empty_warehouse_gives_an_empty_table(database: Settings) -> None:
    with connect(database) as conn:
        conn.execute(TABLES)
    assert publish_signals(database, "nothing").is_empty()
    assert published(database).is_empty()
