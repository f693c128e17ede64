"""Learning on a real database: ratings, walk-forward, registry, ledger and today's predictions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import psycopg
import pytest
from unit.learning.learning_worlds import result_versions, training_rows

from dagster_mlb.learning import registry
from dagster_mlb.learning.datasets import MixedProvenanceError, feature_hash, read_training_frame
from dagster_mlb.learning.ratings import rate
from dagster_mlb.learning.run import predict_current, rate_teams, train_and_predict
from dagster_mlb.learning.trials import record_trial
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.copy import copy_frame
from dagster_mlb.warehouse.frames import read_frame

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
TYPES = {
    pl.Int64: "bigint",
    pl.Int32: "int",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.String: "text",
    pl.Date: "date",
}
OUTCOMES = ("home_win", "result_known_at", "close_home_probability")


def make_table(conn: psycopg.Connection, table: str, frame: pl.DataFrame) -> None:
    columns = ", ".join(f"{name} {TYPES.get(kind.base_type(), 'timestamptz')}" for name, kind in frame.schema.items())
    conn.execute(f"drop table if exists {table}; create table {table} ({columns}); grant all on {table} to public")
    copy_frame(conn, table, frame)


def store(conn: psycopg.Connection, rows: pl.DataFrame) -> None:
    """The tables that dbt makes, from training rows: one game per game_key, its vectors, its benchmark close."""
    games = rows.unique("game_key", maintain_order=True)
    make_table(
        conn,
        "curated.enhanced_games",
        games.select(
            "game_key", "season", "official_date", "game_type", "home_win", "result_known_at", "provenance",
            pl.lit("final").alias("status"),
            pl.lit(101, pl.Int32).alias("home_team_id"), pl.lit(102, pl.Int32).alias("away_team_id"),
            pl.when("home_win").then(5).otherwise(2).cast(pl.Int32).alias("home_runs"),
            pl.lit(3, pl.Int32).alias("away_runs"),
        ),
    )  # fmt: skip
    make_table(conn, "curated.feature_vectors", rows.drop(OUTCOMES))
    closes = games.select(
        "game_key", "close_home_probability", pl.lit("sbr_archive").alias("source"), pl.lit("consensus").alias("book")
    )
    make_table(conn, "curated.moneylines", closes.with_columns(pl.lit(True).alias("is_benchmark")))


@pytest.fixture
def world(database: Settings, connection: psycopg.Connection) -> pl.DataFrame:
    opens = training_rows(400, seasons=(2022, 2023, 2024), signal=0.2)
    closes = training_rows(400, seasons=(2022, 2023, 2024), signal=0.2, decision="close")
    rows = pl.concat([opens, closes])
    store(connection, rows)
    return rows


def test_the_training_frame_is_what_was_stored_with_its_close_beside_it(
    database: Settings, world: pl.DataFrame
) -> None:
    frame, report = read_training_frame(database, "open")
    stored = world.filter(pl.col("decision") == "open").sort("decision_at", "game_key")
    assert report.rows == frame.height == 1200 and report.provenance == ("archive",)
    assert frame["game_key"].to_list() == stored["game_key"].to_list()
    np.testing.assert_array_equal(frame["market_logit"].to_numpy(), stored["market_logit"].to_numpy())
    np.testing.assert_array_equal(
        frame["close_home_probability"].to_numpy(), stored["close_home_probability"].to_numpy()
    )
    assert read_training_frame(database, "open", seasons=[2023])[1].rows_by_season == {2023: 400}


def test_two_provenances_have_to_be_asked_for_one_at_a_time(database: Settings, connection: psycopg.Connection) -> None:
    archive = training_rows(20, seasons=(2022,))
    league = training_rows(20, seasons=(2022,), provenance="simulated").with_columns(pl.col("game_key") + 10**6)
    store(connection, pl.concat([archive, league]))
    with pytest.raises(MixedProvenanceError):
        read_training_frame(database, "open")
    assert read_training_frame(database, "open", provenance="simulated")[0].height == 20


def test_training_writes_predictions_performance_models_and_trials_and_again_changes_nothing(
    database: Settings, connection: psycopg.Connection, world: pl.DataFrame
) -> None:
    report = train_and_predict(database, run_id="first")
    # one test season, two decisions, five models
    assert report.predictions == 400 * 2 * 5 and report.models == 10
    assert report.performance.filter(pl.col("period") == "all").height == 10
    query = "select * from curated.{} order by 1, 2, 3"
    tables = ("predictions", "model_performance")
    before = [read_frame(database, query.format(table)) for table in tables]
    registered = "select model_id, artifact, created_at, metrics::text from operational.model_registry order by 1"
    models = connection.execute(registered).fetchall()
    later = database.model_copy(update={"fixed_now": NOW + timedelta(hours=1)})
    train_and_predict(later, run_id="second")
    assert all(
        first.equals(read_frame(database, query.format(table))) for first, table in zip(before, tables, strict=True)
    )
    assert connection.execute(registered).fetchall() == models
    trials = connection.execute(
        "select times_run, first_run_at, last_run_at, run_id, n from operational.trial_ledger"
    ).fetchall()
    assert len(trials) == 10
    assert set(trials) == {(2, NOW, NOW + timedelta(hours=1), "second", 400)}


def test_a_rerun_of_one_decision_leaves_the_other_alone(
    database: Settings, connection: psycopg.Connection, world: pl.DataFrame
) -> None:
    train_and_predict(database, run_id="both")
    connection.execute("delete from curated.feature_vectors where decision = 'open'")
    train_and_predict(database, run_id="open", decisions=("open",))
    assert connection.execute("select distinct decision from curated.predictions").fetchall() == [("close",)]


def test_without_enough_seasons_there_are_empty_tables_and_no_error(
    database: Settings, connection: psycopg.Connection
) -> None:
    store(connection, training_rows(50, seasons=(2024,)))
    report = train_and_predict(database, run_id="early", decisions=("open", "close"))
    assert report.predictions == report.models == 0 and report.scored.is_empty()
    assert connection.execute("select count(*) from curated.predictions").fetchone() == (0,)


def test_a_registered_model_is_loaded_whole_and_an_unknown_one_is_told(database: Settings, world: pl.DataFrame) -> None:
    train_and_predict(database, run_id="train", decisions=("open",))
    predictions = read_frame(
        database, "select * from curated.predictions where model_name = 'lightgbm_offset' order by game_key"
    )
    record = registry.load(database, predictions["model_id"][0])
    assert record.feature_hash == feature_hash() and record.created_at == NOW
    test = world.filter((pl.col("decision") == "open") & (pl.col("season") == 2024)).sort("game_key")
    np.testing.assert_array_equal(registry.predict_with(record, test), predictions["home_win_probability"].to_numpy())
    with pytest.raises(registry.UnknownModelError, match="no model 'nobody'"):
        registry.load(database, "nobody")


def coming_games(**changes: object) -> pl.DataFrame:
    rows = training_rows(12, seasons=(2025,), decision="current").with_columns(
        pl.lit(NOW).cast(pl.Datetime("us", "UTC")).alias("decision_at"),
        pl.lit(NOW.date()).alias("official_date"),
        pl.col("game_key") + 10**7,
    )
    return rows.with_columns(pl.lit(value).alias(name) for name, value in changes.items())


def add_vectors(conn: psycopg.Connection, rows: pl.DataFrame) -> None:
    copy_frame(conn, "curated.feature_vectors", rows.drop(OUTCOMES))


def test_games_to_come_are_predicted_by_the_newest_models_of_the_open(
    database: Settings, connection: psycopg.Connection, world: pl.DataFrame
) -> None:
    train_and_predict(database, run_id="train")
    add_vectors(connection, coming_games(provenance="live"))
    report = predict_current(database, run_id="today")
    assert report.predictions == 12 * 5 and report.refused == ()
    decisions = connection.execute(
        "select distinct decision from operational.model_registry where model_id = any(%s)", [list(report.models)]
    )
    assert decisions.fetchall() == [("open",)]
    again = predict_current(database, run_id="today")
    assert again == report
    kept = connection.execute("select decision, count(*) from curated.predictions group by 1 order by 1").fetchall()
    assert kept == [("close", 2000), ("current", 60), ("open", 2000)]
    train_and_predict(database, run_id="train")
    assert connection.execute("select count(*) from curated.predictions where decision = 'current'").fetchone() == (60,)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"market_source": "odds_api"}, "market source"),
        ({"no_vig_method": "power"}, "no-vig method"),
        ({"provenance": "simulated"}, "no market model was trained on simulated games"),
        ({"market_logit": None}, "no two-sided price"),
    ],
    ids=["source", "method", "provenance", "no_price"],
)
def test_games_to_come_that_no_model_fits_stay_unpredicted_with_a_reason(
    database: Settings, connection: psycopg.Connection, world: pl.DataFrame, changes: dict[str, object], told: str
) -> None:
    train_and_predict(database, run_id="train", decisions=("open",))
    add_vectors(connection, coming_games(**changes))
    report = predict_current(database, run_id="today")
    assert report.predictions == 0
    assert any(told in reason for reason in report.refused)


def test_ratings_are_published_per_version_and_the_worlds_do_not_meet(
    database: Settings, connection: psycopg.Connection
) -> None:
    versions = result_versions(400, corrections=0.1)
    league = result_versions(100, seed=2, seasons=(2022,)).with_columns(
        pl.col("game_key") + 10**9, pl.lit("simulated").alias("provenance")
    )
    everything = pl.concat([versions, league])
    games = everything.unique("game_key", maintain_order=True).select(
        "game_key", "season", "official_date", "home_team_id", "away_team_id", pl.lit("R").alias("game_type")
    )
    exhibition = games["game_key"][0]
    marked = games.with_columns(
        pl.when(pl.col("game_key") == exhibition).then(pl.lit("E")).otherwise("game_type").alias("game_type")
    )
    make_table(connection, "curated.enhanced_games", marked)
    make_table(
        connection,
        "staging.game_results",
        everything.select("game_key", "version", "home_runs", "away_runs", "known_at", "provenance"),
    )
    written = rate_teams(database, run_id="rate")
    rows = read_frame(database, "select * from curated.team_ratings order by game_key, version, team_id")
    real = rate(versions.filter(pl.col("game_key") != exhibition))
    assert written == rows.height == real.height + rate(league).height
    stored = rows.filter(pl.col("provenance") == "archive").select(real.columns)
    assert stored.equals(real.sort("game_key", "version", "team_id"))
    assert rate_teams(database, run_id="again") == written
    assert read_frame(database, "select * from curated.team_ratings order by game_key, version, team_id").equals(rows)


def test_a_trial_that_runs_twice_is_one_trial(connection: psycopg.Connection) -> None:
    def run(now: datetime, n: int) -> str:
        return record_trial(
            connection, kind="strategy", name="favourite", parameters={"edge": 0.02}, sample="open 2016", n=n,
            metrics={"roi": float("nan")}, run_id=f"run-{n}", now=now,
        )  # fmt: skip

    first = run(NOW, 10)
    assert run(NOW + timedelta(days=1), 11) == first
    row = connection.execute(
        "select trial_hash, n, metrics, times_run, first_run_at, run_id from operational.trial_ledger"
    ).fetchone()
    assert row == (first, 11, {"roi": None}, 2, NOW, "run-11")
