"""What the project's own materializations leave alone, look at, refuse, and keep."""

from __future__ import annotations

import json

import psycopg2
import pytest
from staged_bodies import put, rows, stage

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.transform import TransformError
from tests.integration.test_odds_api_staging import AWAY, HOME, event, market, outcome

QUOTES = "stg_odds_api__quotes"


def put_prices(settings: Settings, *prices: int) -> None:
    for price in prices:
        body = json.dumps([event(market("h2h", outcome(HOME, -price), outcome(AWAY, price)))]).encode()
        put(settings, "odds_api_odds", body, path="/v4/sports/baseball_mlb/odds", params={"oddsFormat": "american"})


def execute(settings: Settings, statement: str) -> None:
    with connect(settings) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def count(settings: Settings, table: str) -> int:
    return int(rows(settings, f"select count(*) from staging.{table}")[0][0])


def oid(settings: Settings, table: str) -> int:
    return int(rows(settings, f"select 'staging.{table}'::regclass::oid")[0][0])


def test_a_seed_is_left_alone_until_its_file_says_otherwise(database: Settings) -> None:
    stage(database, "sportsbooks")
    first, whole = oid(database, "sportsbooks"), count(database, "sportsbooks")
    stage(database, "sportsbooks")
    assert oid(database, "sportsbooks") == first

    execute(database, "delete from staging.sportsbooks where book = 'pinnacle'")
    execute(database, "comment on table staging.sportsbooks is 'as of another file'")
    stage(database, "sportsbooks")
    assert count(database, "sportsbooks") == whole

    execute(database, "delete from staging.sportsbooks where book = 'pinnacle'")
    stage(database, "sportsbooks", full_refresh=True)
    assert count(database, "sportsbooks") == whole


def looked_at(settings: Settings) -> list[str]:
    """The prices that the planner knows of."""
    found = rows(
        settings,
        "select coalesce(most_common_vals, histogram_bounds)::text from pg_stats "
        f"where schemaname = 'staging' and tablename = '{QUOTES}' and attname = 'price_american'",
    )
    return [values for (values,) in found]


def test_a_table_is_looked_at_when_it_is_made_and_again_when_it_has_grown(database: Settings) -> None:
    """One that has indexes too: they write how many rows there are, and nobody would look any more."""
    put_prices(database, 120, 125)
    stage(database, f"+{QUOTES}")
    [first] = looked_at(database)
    assert "120" in first

    put_prices(database, *range(200, 300))
    stage(database, QUOTES)
    [then] = looked_at(database)
    assert "299" in then


def test_columns_unlike_the_models_are_refused_and_the_rows_stay(database: Settings) -> None:
    put_prices(database, 120)
    stage(database, f"+{QUOTES}")
    execute(database, f"alter table staging.{QUOTES} add column invented int")
    put_prices(database, 130)
    with pytest.raises(TransformError, match=r"has other columns than its model.*invented.*--full-refresh"):
        stage(database, QUOTES)
    assert count(database, QUOTES) == 2

    execute(database, f"alter table staging.{QUOTES} drop column invented")
    stage(database, QUOTES)
    assert count(database, QUOTES) == 4
    remembered = f"select count(*) from operational.model_columns where model = '{QUOTES}'"
    assert rows(database, remembered) == [(1,)]

    execute(database, f"alter table staging.{QUOTES} add column invented int")
    put_prices(database, 140)
    with pytest.raises(TransformError, match=r"has other columns than its model.*invented"):
        stage(database, QUOTES)
    assert count(database, QUOTES) == 4


def test_descriptions_come_with_a_table_and_its_columns(database: Settings) -> None:
    stage(database, "+games")
    stage(database, "games")  # swapped, as every table that stands
    [(table, columns)] = rows(
        database,
        "select obj_description('staging.games'::regclass), "
        "(select count(*) from pg_attribute as a where a.attrelid = 'staging.games'::regclass and a.attnum > 0 "
        "and col_description(a.attrelid, a.attnum) is not null)",
    )
    assert "one row per game" in table.lower()
    assert columns >= 10


def test_nodes_share_their_connections_and_the_role_outlives_a_failed_one(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    connect_anew = psycopg2.connect

    def counted(*args: object, **kwargs: object) -> object:
        opened.append(kwargs.get("dbname"))
        return connect_anew(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(psycopg2, "connect", counted)
    put_prices(database, 120)
    stage(database, f"+{QUOTES}")
    assert 0 < len(opened) <= 4  # dbt's own, and one for each of two threads

    execute(database, f"alter table staging.{QUOTES} add column invented int")
    put_prices(database, 130)
    with pytest.raises(TransformError, match="has other columns"):
        stage(database, QUOTES, "stg_odds_api__scores", "games", "starters")
    owners = "select distinct tableowner from pg_tables where schemaname = 'staging'"
    with connect(database, role="transform") as connection:
        assert connection.execute(owners).fetchall() == connection.execute("select current_user").fetchall()
        left_open = (
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert connection.execute(f"{left_open} and backend_type = 'client backend'").fetchone() == (0,)
