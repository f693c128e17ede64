"""Strategies against a real warehouse: frames read, bets published and kept, trials recorded, the summary told."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from dagster_mlb.reporting.run_summary import read_run_summary, strategy_figures
from dagster_mlb.reporting.season_report import read_season_table
from dagster_mlb.reporting.terminal import print_summary
from dagster_mlb.settings import Settings
from dagster_mlb.strategies.as_of import DEFAULT_MODEL, as_of_frame
from dagster_mlb.strategies.backtest import both_sides_at_open, run_strategies
from dagster_mlb.strategies.families.nulls import HomeSide, RandomSide
from dagster_mlb.strategies.protocol import LeakageError
from dagster_mlb.strategies.results_table import RESULTS_COLUMNS
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.copy import copy_frame
from dagster_mlb.warehouse.frames import read_frame

SEASON, TEAMS, DAYS, PER_DAY, SLATE = 2025, 30, 40, 6, 5

TABLES = """
create table curated.enhanced_games (game_key bigint primary key, season int, official_date date, status text,
    is_doubleheader bool, home_team text, away_team text);
create table staging.game_results (game_key bigint, version int, home_runs int, away_runs int, innings numeric,
    known_at timestamptz, primary key (game_key, version));
create table curated.moneylines (game_key bigint, source text, book text, season int, official_date date,
    open_home_price int, open_away_price int, open_at timestamptz, open_hold float8, close_home_price int,
    close_away_price int, close_home_probability float8, close_at timestamptz, is_benchmark bool, capture text,
    primary key (game_key, source, book));
create table curated.decision_prices (game_key bigint, decision text, market text, source text, book text,
    decision_at timestamptz, line numeric, home_price int, away_price int, price_known_at timestamptz,
    home_probability float8, hold float8, age_minutes float8, load_id bigint, provenance text, moment_assumed bool,
    capture text, primary key (game_key, decision, market, source, book));
create table curated.feature_vectors (game_key bigint, decision text, decision_at timestamptz, season int,
    official_date date, home_team_id int, away_team_id int, market_source text, market_book text,
    primary key (game_key, decision));
create table curated.predictions (game_key bigint, decision text, model_name text, home_win_probability float8,
    known_at timestamptz, primary key (game_key, decision, model_name));
"""


@pytest.fixture
def warehouse(database: Settings) -> Settings:
    """A month of games with an open and a close, and a slate of today that has not begun, at one book."""
    rng = np.random.default_rng(5)
    now = database.now()
    midnight = now.replace(hour=0, minute=0)
    size = DAYS * PER_DAY + SLATE
    day = np.concatenate([np.repeat(np.arange(DAYS, 0, -1), PER_DAY), np.zeros(SLATE)])
    is_played = day > 0
    starts = [midnight - timedelta(days=int(back)) + timedelta(hours=23) for back in day]
    opens = [start - timedelta(hours=31) for start in starts]
    home_price = np.where(rng.random(size) < 0.5, -rng.integers(105, 190, size), rng.integers(100, 160, size))
    away_price = np.where(home_price < 0, -home_price - 12, -home_price - 12).astype(int)
    away_price = np.where(np.abs(away_price) < 100, -105, away_price)
    home = rng.integers(1, TEAMS, size)
    frame = pl.DataFrame(
        {
            "game_key": np.arange(1, size + 1),
            "season": np.full(size, SEASON),
            "official_date": [start.date() for start in starts],
            "status": np.where(is_played, "final", "scheduled"),
            "open_at": opens,
            "close_at": starts,
            "home_price": home_price,
            "away_price": away_price,
            "home_runs": rng.poisson(4.6, size) + np.arange(size) % 2,
            "away_runs": rng.poisson(4.4, size),
            "probability": rng.uniform(0.45, 0.6, size),
            "home_team_id": home,
        }
    )
    played = frame.filter(pl.col("status") == "final")
    source = {"source": pl.lit("odds_api"), "book": pl.lit("pinnacle")}
    decisions = pl.concat(
        [
            frame.with_columns(decision=pl.lit("open"), decision_at=pl.col("open_at")),
            frame.filter(pl.col("status") == "scheduled").with_columns(
                decision=pl.lit("current"), decision_at=pl.lit(now)
            ),
        ]
    )
    tables = {
        "curated.enhanced_games": frame.select(
            "game_key",
            "season",
            "official_date",
            "status",
            is_doubleheader=pl.lit(value=False),
            home_team=pl.lit("NYY"),
            away_team=pl.lit("BOS"),
        ),
        "staging.game_results": played.select(
            "game_key",
            "home_runs",
            "away_runs",
            version=pl.lit(1),
            innings=pl.lit(9.0),
            known_at=pl.col("close_at") + timedelta(hours=3),
        ),
        "curated.moneylines": frame.select(
            "game_key",
            "season",
            "official_date",
            "open_at",
            **source,
            open_home_price="home_price",
            open_away_price="away_price",
            open_hold=pl.lit(0.03),
            close_home_price="home_price",
            close_away_price="away_price",
            close_home_probability=pl.when(pl.col("status") == "final").then("probability"),
            close_at=pl.when(pl.col("status") == "final").then("close_at"),
            is_benchmark=pl.lit(value=True),
            capture=pl.lit("captured"),
        ),
        "curated.decision_prices": decisions.select(
            "game_key",
            "decision",
            "decision_at",
            "home_price",
            "away_price",
            **source,
            market=pl.lit("moneyline"),
            price_known_at="open_at",
            home_probability="probability",
            hold=pl.lit(0.03),
            age_minutes=pl.lit(0.0),
            load_id=pl.lit(7),
            provenance=pl.lit("simulated"),
            moment_assumed=pl.lit(value=False),
            capture=pl.lit("captured"),
        ),
        "curated.feature_vectors": decisions.select(
            "game_key",
            "decision",
            "decision_at",
            "season",
            "official_date",
            "home_team_id",
            away_team_id=pl.col("home_team_id") + 1,
            market_source=pl.lit("odds_api"),
            market_book=pl.lit("pinnacle"),
        ),
        "curated.predictions": decisions.select(
            "game_key",
            "decision",
            model_name=pl.lit(DEFAULT_MODEL),
            home_win_probability="probability",
            known_at="decision_at",
        ),
    }
    with connect(database) as connection:
        connection.execute(TABLES)
        for table, rows in tables.items():
            copy_frame(connection, table, rows)
    return database


def all_rows(settings: Settings) -> pl.DataFrame:
    return read_frame(settings, "select * from curated.strategy_results order by bet_id")


def trials(settings: Settings) -> pl.DataFrame:
    return read_frame(
        settings, "select name, sample, n, times_run, metrics::text from operational.trial_ledger order by trial_id"
    )


def test_every_strategy_bets_the_past_and_today_by_the_same_code(warehouse):
    report = run_strategies(warehouse, run_id="r1")
    rows = all_rows(warehouse)
    assert rows.height == report.rows_published > 0
    assert set(rows.columns) == set(RESULTS_COLUMNS)
    home = rows.filter(strategy="home_side")
    assert home.filter(decision="open")["game_key"].n_unique() == DAYS * PER_DAY + SLATE
    today = home.filter(decision="current")
    assert today["result"].to_list() == ["pending"] * SLATE
    assert today["profit"].null_count() == SLATE
    assert set(today["missing_close_reason"]) == {"the benchmark book has no close, or not yet"}
    assert set(rows["provenance"]) == {"simulated"} and set(rows["capture"]) == {"captured"}
    model = rows.filter(strategy="model_edge", decision="current")
    assert model["probability"].null_count() == 0


def test_profit_is_that_of_each_bet_s_own_price(warehouse):
    run_strategies(warehouse, run_id="r1", strategies=[HomeSide()])
    wrong = read_frame(
        warehouse,
        """
        select count(*) as n
        from curated.strategy_results as bet
        join staging.game_results as score using (game_key)
        where bet.result <> 'pending' and abs(bet.profit - case
            when score.home_runs > score.away_runs and bet.price_american > 0 then bet.price_american / 100.0
            when score.home_runs > score.away_runs then 100.0 / -bet.price_american
            when score.home_runs < score.away_runs then -1.0
            else 0.0
        end) > 1e-9
        """,
    )
    assert wrong["n"].item() == 0


def test_running_again_changes_no_row_and_counts_one_more_run_of_the_same_trial(warehouse):
    run_strategies(warehouse, run_id="r1")
    before = all_rows(warehouse)
    run_strategies(warehouse, run_id="r2")
    assert all_rows(warehouse).equals(before)
    ledger = trials(warehouse)
    assert ledger["times_run"].to_list() == [2] * 10
    assert set(ledger["sample"]) == {"open, season 2025, simulated", "current slate, simulated"}
    linked = "select count(*) as n from curated.strategy_results join operational.trial_ledger using (trial_hash)"
    assert read_frame(warehouse, linked)["n"].item() == before.height


def test_one_decision_alone_is_made_anew_and_the_others_stay(warehouse):
    strategies = [HomeSide(), RandomSide()]
    run_strategies(warehouse, run_id="r1", strategies=strategies)
    before = all_rows(warehouse)
    with connect(warehouse) as connection:
        connection.execute("delete from curated.decision_prices where decision = 'current' and game_key % 2 = 0")
    report = run_strategies(warehouse, run_id="r2", strategies=strategies, decision="current")
    after = all_rows(warehouse)
    assert {run.decision for run in report.runs} == {"current"}
    assert after.filter(decision="open").equals(before.filter(decision="open"))
    assert 0 < after.filter(decision="current").height < before.filter(decision="current").height


def test_one_decision_can_be_the_first_that_is_ever_run(warehouse):
    report = run_strategies(warehouse, run_id="r1", strategies=[HomeSide()], decision="current")
    assert report.rows_published == SLATE


def test_a_price_from_after_the_decision_stops_the_run_and_leaves_the_old_bets(warehouse):
    run_strategies(warehouse, run_id="r1")
    before = all_rows(warehouse)
    with connect(warehouse) as connection:
        connection.execute(
            "update curated.decision_prices set price_known_at = decision_at + interval '1 second' where game_key = 3"
        )
    with pytest.raises(LeakageError, match="game_key 3"):
        run_strategies(warehouse, run_id="r2")
    assert all_rows(warehouse).equals(before)
    assert set(trials(warehouse)["times_run"]) == {1}


def test_the_frame_can_be_of_some_seasons_and_needs_no_predictions(warehouse):
    assert as_of_frame(warehouse, "open", seasons={2024}).is_empty()
    with connect(warehouse) as connection:
        connection.execute("drop table curated.predictions")
    frame = as_of_frame(warehouse, "open", seasons={SEASON})
    assert frame.height == DAYS * PER_DAY + SLATE
    assert frame["model_home_probability"].null_count() == frame.height


def test_both_sides_at_the_open_are_read_from_the_market_mart(warehouse):
    table = both_sides_at_open(warehouse, {SEASON}, source="odds_api")
    assert table["season"].to_list() == [SEASON, None]
    assert table["n"].to_list() == [2 * DAYS * PER_DAY] * 2
    assert both_sides_at_open(warehouse, {2019}, source="odds_api")["n"].to_list() == [0]


def test_the_summary_tells_what_stands_in_the_warehouse(warehouse):
    empty = read_run_summary(warehouse, title="Before")
    assert empty.strategies is None and empty.models is None and empty.quarantine is None and empty.seasons is None
    report = run_strategies(warehouse, run_id="r1")
    with connect(warehouse) as connection:
        connection.execute(
            """
            create table staging.validation_results (source text, rule text);
            insert into staging.validation_results
            select 'odds_api', 'price_not_a_number' from generate_series(1, 2);
            create table curated.model_performance (model_name text, decision text, period text, provenance text, n int,
                log_loss float8, brier float8, accuracy float8, calibration_slope float8, calibration_slope_se float8,
                log_loss_difference float8, difference_se float8, close_log_loss float8);
            insert into curated.model_performance values
                ('market', 'open', 'all', 'simulated', 240, .68, .24, .57, 1, .1, 0, 0, null),
                ('market', 'open', '2025', 'simulated', 240, .68, .24, .57, 1, .1, 0, 0, null);
            create table curated.archive_benchmark as
            select 2019 as season, date '2019-05-01' as official_date, 'R' as game_type, -140 as open_home_price,
                125 as open_away_price, -150 as close_home_price, 130 as close_away_price, 5 as archive_home_runs,
                3 as archive_away_runs, 5 as official_home_runs, 3 as official_away_runs, true as is_tied_to_results,
                true as scores_agree;
            """
        )
    summary = read_run_summary(warehouse, title="After", seconds=1.0, checks=(3, 0), next_steps={"the UI": "make up"})
    assert summary.layers.filter(table="strategy_results")["rows"].item() == report.rows_published
    assert summary.layers.filter(table="decision_prices", schema="curated").height == 1
    assert summary.quarantine.rows() == [("odds_api", "price_not_a_number", 2)]
    assert summary.models["model_name"].to_list() == ["market"]
    assert summary.now == "2025-07-15 12:00 New York"
    assert read_season_table(warehouse).equals(summary.seasons)
    figures = strategy_figures(warehouse).sort("strategy", "decision")
    assert figures["roi"].equals(report.table().sort("strategy", "decision")["roi"])
    [(trials,)] = read_frame(
        warehouse, "select count(*) from operational.trial_ledger where kind = 'strategy' and n > 0"
    ).rows()
    told = summary.strategies.drop_nulls("p_no_skill")
    assert trials > 1 and set(summary.strategies["trials"]) == {trials}
    assert (told["p_deflated"] > told["p_no_skill"]).all()
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=110))
    assert "5 open" in out.getvalue() and "random_side" in out.getvalue()
