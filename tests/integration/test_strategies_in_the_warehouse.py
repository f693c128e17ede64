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
from dagster_mlb.signals.table import SIGNALS_DDL
from dagster_mlb.strategies.as_of import DEFAULT_MODEL, as_of_frame
from dagster_mlb.strategies.backtest import both_sides_at_open, run_strategies
from dagster_mlb.strategies.catalog import configured_strategies
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import HomeSide, RandomSide
from dagster_mlb.strategies.parameter_search import parameter_grid, walk_forward_in_warehouse
from dagster_mlb.strategies.protocol import CONTEXT_SCHEMA, LeakageError
from dagster_mlb.strategies.results_table import RESULTS_SCHEMA, SETTLEMENTS_SCHEMA
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.copy import copy_frame
from dagster_mlb.warehouse.frames import read_frame

SEASON, TEAMS, DAYS, PER_DAY, SLATE = 2025, 30, 40, 6, 5
GAMES = DAYS * PER_DAY + SLATE

_KIND = {pl.Float64: "float8", pl.Int32: "int"}
_MART = """
create table curated.{market}s (game_key bigint, source text, book text, season int, official_date date, {line}
    open_{first}_price int, open_{second}_price int, open_at timestamptz, open_hold float8, close_{first}_price int,
    close_{second}_price int, close_{first}_probability float8, close_at timestamptz, close_age_minutes float8,
    is_benchmark bool, capture text, primary key (game_key, source, book));
"""
TABLES = f"""
create table curated.enhanced_games (game_key bigint primary key, season int, official_date date, status text,
    is_doubleheader bool, home_team_id int, away_team_id int, home_team text, away_team text,
    first_pitch_at timestamptz, scheduled_start_at timestamptz);
create table staging.game_results (game_key bigint, version int, home_runs int, away_runs int, innings numeric,
    known_at timestamptz, primary key (game_key, version));
create table staging.starters (game_key bigint, side text, pitcher_id text, pitcher_name text, known_at timestamptz,
    source text, source_rank int);
create table staging.sportsbooks (book text primary key, display_name text, kind text, sharp_rank int);
insert into staging.sportsbooks values ('pinnacle', 'Pinnacle', 'book', 1);
create table staging.int_market_states (game_key bigint, market text, source text, book text, label text,
    known_at timestamptz, line numeric, price_1 float8, price_2 float8, probability_1 float8, hold float8,
    unusable_because text, moment_assumed bool, provenance text, capture text, load_id bigint);
{_MART.format(market="moneyline", first="home", second="away", line="")}
{_MART.format(market="spread", first="home", second="away", line="close_home_line numeric,")}
{_MART.format(market="total", first="over", second="under", line="close_line numeric,")}
create table curated.decision_prices (game_key bigint, decision text, market text, source text, book text,
    decision_at timestamptz, line numeric, home_price int, away_price int, price_known_at timestamptz,
    home_probability float8, hold float8, age_minutes float8, load_id bigint, provenance text, moment_assumed bool,
    capture text, primary key (game_key, decision, market, source, book));
create table curated.betting_lines_enhanced (game_key bigint, decision text, market text, decision_at timestamptz,
    season int, official_date date, home_team_id int, away_team_id int, home_team text, away_team text,
    hours_to_start float8, benchmark_source text, benchmark_book text,
    {", ".join(f"{name} {_KIND[kind]}" for name, kind in CONTEXT_SCHEMA.items())},
    primary key (game_key, decision, market));
create table curated.predictions (game_key bigint, decision text, model_name text, home_win_probability float8,
    known_at timestamptz, primary key (game_key, decision, model_name));
{SIGNALS_DDL};
"""


@pytest.fixture
def warehouse(database: Settings) -> Settings:
    """A month of games with an open, an hour before and a close, and a slate of today that has not begun, at one book.

    A minute before the bets of the hour before arrive, the moneyline of every third game has moved by five cents.
    """
    rng = np.random.default_rng(5)
    now = database.now()
    midnight = now.replace(hour=0, minute=0)
    day = np.concatenate([np.repeat(np.arange(DAYS, 0, -1), PER_DAY), np.zeros(SLATE)])
    starts = [midnight - timedelta(days=int(back)) + timedelta(hours=23) for back in day]
    home_price = np.where(rng.random(GAMES) < 0.5, -rng.integers(105, 190, GAMES), rng.integers(105, 160, GAMES))
    away_price = -home_price - 12
    away_price = np.where(np.abs(away_price) < 100, -105, away_price)
    home = rng.integers(1, TEAMS, GAMES)
    frame = pl.DataFrame(
        {
            "game_key": np.arange(1, GAMES + 1),
            "season": np.full(GAMES, SEASON),
            "official_date": [start.date() for start in starts],
            "status": np.where(day > 0, "final", "scheduled"),
            "open_at": [start - timedelta(hours=31) for start in starts],
            "close_at": starts,
            "home_price": home_price,
            "away_price": away_price,
            "home_runs": rng.poisson(4.6, GAMES) + np.arange(GAMES) % 2,
            "away_runs": rng.poisson(4.4, GAMES),
            "probability": rng.uniform(0.45, 0.6, GAMES),
            "home_team_id": home,
            "away_team_id": home + 1,
            "home_team": ["NYY"] * GAMES,
            "away_team": ["BOS"] * GAMES,
        }
    )
    played, slate = frame.filter(pl.col("status") == "final"), frame.filter(pl.col("status") == "scheduled")
    decisions = pl.concat(
        [
            frame.with_columns(decision=pl.lit("open"), decision_at=pl.col("open_at")),
            played.with_columns(decision=pl.lit("pregame"), decision_at=pl.col("close_at") - timedelta(hours=1)),
            slate.with_columns(decision=pl.lit("current"), decision_at=pl.lit(now)),
        ]
    )
    source = {"source": pl.lit("odds_api"), "book": pl.lit("pinnacle")}
    told = {"provenance": pl.lit("simulated"), "capture": pl.lit("captured"), "load_id": pl.lit(7)}
    known = ("game_key", "season", "official_date")
    clubs = ("home_team_id", "away_team_id", "home_team", "away_team")
    moneyline = {"market": pl.lit("moneyline")}
    states = frame.select(
        "game_key",
        known_at="open_at",
        price_1="home_price",
        price_2="away_price",
        probability_1="probability",
        hold=pl.lit(0.03),
        moment_assumed=pl.lit(value=False),
        **source,
        **moneyline,
        **told,
    )
    moved = states.filter(pl.col("game_key") % 3 == 0).join(frame.select("game_key", "close_at"), on="game_key")
    moved = moved.with_columns(known_at=pl.col("close_at") - timedelta(minutes=59), price_1=pl.col("price_1") - 5)
    tables = {
        "curated.enhanced_games": frame.select(
            *known,
            *clubs,
            "status",
            is_doubleheader=pl.lit(value=False),
            first_pitch_at=pl.when(pl.col("status") == "final").then("close_at"),
            scheduled_start_at="close_at",
        ),
        "staging.game_results": played.select(
            "game_key",
            "home_runs",
            "away_runs",
            version=pl.lit(1),
            innings=pl.lit(9.0),
            known_at=pl.col("close_at") + timedelta(hours=3),
        ),
        "staging.int_market_states": pl.concat([states, moved.drop("close_at")]),
        "curated.moneylines": frame.select(
            *known,
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
            **moneyline,
            **told,
            price_known_at="open_at",
            home_probability="probability",
            hold=pl.lit(0.03),
            age_minutes=pl.lit(0.0),
            moment_assumed=pl.lit(value=False),
        ),
        "curated.betting_lines_enhanced": decisions.select(
            *known,
            *clubs,
            "decision",
            "decision_at",
            **moneyline,
            benchmark_source=pl.lit("odds_api"),
            benchmark_book=pl.lit("pinnacle"),
            split_voices=pl.lit(0),
        ),
        "curated.predictions": decisions.select(
            "game_key",
            "decision",
            model_name=pl.lit(DEFAULT_MODEL),
            home_win_probability="probability",
            known_at="decision_at",
        ),
        "curated.sharp_action_signals": played.filter(pl.col("game_key") % 10 == 0).select(
            *known,
            signal_id=pl.format("signal-{}", "game_key"),
            kind=pl.lit("jump"),
            **moneyline,
            side=pl.lit("home"),
            detected_at=pl.col("close_at") - timedelta(hours=2),
            hours_to_start=pl.lit(2.0),
            strength=pl.lit(0.1),
            strength_unit=pl.lit("logit"),
            move=pl.lit(0.1),
            n_books=pl.lit(1),
            **source,
            supporting=pl.lit([], dtype=pl.List(pl.String)),
            contradicting=pl.lit([], dtype=pl.List(pl.String)),
            fill_missing_reason=pl.lit("no_open_price"),
            latency_seconds=pl.lit(60),
            parameters_hash=pl.lit("none"),
            provenance=pl.lit("simulated"),
        ),
    }
    with connect(database) as connection:
        connection.execute(TABLES)
        for table, rows in tables.items():
            copy_frame(connection, table, rows)
    return database


def all_rows(settings: Settings) -> pl.DataFrame:
    return read_frame(settings, "select * from curated.strategy_results order by bet_id")


def all_settlements(settings: Settings) -> pl.DataFrame:
    return read_frame(settings, "select * from curated.bet_settlements order by bet_id, version")


def trials(settings: Settings) -> pl.DataFrame:
    return read_frame(
        settings, "select name, sample, n, times_run, metrics::text from operational.trial_ledger order by trial_id"
    )


def test_a_strategy_bets_the_past_and_today_by_the_same_code(warehouse):
    report = run_strategies(warehouse, run_id="r1", strategies=[HomeSide(), ModelEdge()])
    rows = all_rows(warehouse)
    assert rows.height == report.rows_published > 0
    assert set(rows.columns) == set(RESULTS_SCHEMA)
    home = rows.filter(strategy="home_side")
    assert home.filter(decision="open")["game_key"].n_unique() == GAMES
    today = home.filter(decision="current")
    assert today["result"].to_list() == ["pending"] * SLATE
    assert today["profit"].null_count() == SLATE
    assert set(today["missing_close_reason"]) == {"the benchmark book has no close, or not yet"}
    assert set(rows["provenance"]) == {"simulated"} and set(rows["capture"]) == {"captured"}
    model = rows.filter(strategy="model_edge", decision="current")
    assert model["probability"].null_count() == 0
    assert all_settlements(warehouse).height == rows.filter(pl.col("result").is_in(["win", "loss", "push"])).height


def test_the_catalog_runs_where_nothing_else_is_asked_for(warehouse):
    report = run_strategies(warehouse, run_id="r1")
    configured = configured_strategies()
    assert len(report.runs) == len(configured)
    assert sum(run.is_shadow for run in report.runs) == sum(one.is_shadow for one in configured)
    rows = all_rows(warehouse)
    signals = rows.filter(strategy="random_side", decision="signal")
    assert signals.height == GAMES // 10 - SLATE // 10 and signals["signal_id"].n_unique() == signals.height
    assert set(rows.filter("is_shadow")["strategy"]) <= {one.strategy.name for one in configured if one.is_shadow}
    only_open = run_strategies(warehouse, run_id="r2", decision="open")
    assert {run.decision for run in only_open.runs} == {"open"} and all_rows(warehouse).equals(rows)


def test_bets_at_a_moment_get_the_price_that_stood_a_minute_later(warehouse):
    run_strategies(warehouse, run_id="r1", strategies=[HomeSide(decision="pregame")], decision="pregame")
    rows = all_rows(warehouse)
    assert rows["fill_kind"].value_counts().sort("fill_kind").rows() == [
        ("moved", DAYS * PER_DAY // 3),
        ("standing", DAYS * PER_DAY - DAYS * PER_DAY // 3),
    ]
    moved = rows.filter(fill_kind="moved")
    assert (moved["game_key"] % 3 == 0).all()
    assert (moved["quoted_price_american"] - moved["price_american"] == 5).all()
    assert (rows["filled_at"] - rows["decision_at"] == timedelta(minutes=1)).all()


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
    strategies = [HomeSide(), RandomSide(), ModelEdge()]
    run_strategies(warehouse, run_id="r1", strategies=strategies)
    before, settlements = all_rows(warehouse), all_settlements(warehouse)
    run_strategies(warehouse, run_id="r2", strategies=strategies)
    assert all_rows(warehouse).equals(before) and all_settlements(warehouse).equals(settlements)
    ledger = trials(warehouse)
    assert ledger["times_run"].to_list() == [2] * 6
    assert set(ledger["sample"]) == {"open, season 2025, simulated", "current slate, simulated"}
    linked = "select count(*) as n from curated.strategy_results join operational.trial_ledger using (trial_hash)"
    assert read_frame(warehouse, linked)["n"].item() == before.height


def test_a_corrected_score_settles_anew_and_the_settlement_before_is_kept(warehouse):
    run_strategies(warehouse, run_id="r1", strategies=[HomeSide()], decision="open")
    before = all_rows(warehouse)
    game = before.filter(result="win").row(0, named=True)
    with connect(warehouse) as connection:
        connection.execute(
            "insert into staging.game_results select game_key, 2, 0, 9, 9.0, known_at + interval '1 day' "
            "from staging.game_results where game_key = %s",
            [game["game_key"]],
        )
    run_strategies(warehouse, run_id="r2", strategies=[HomeSide()], decision="open")
    after = all_rows(warehouse)
    assert after.filter(bet_id=game["bet_id"])["result"].item() == "loss"
    # Of the others only the bankroll that later ones were a share of is another.
    others = [rows.filter(pl.col("bet_id") != game["bet_id"]).drop("bankroll_share") for rows in (before, after)]
    assert others[0].equals(others[1])
    first, second = all_settlements(warehouse).filter(bet_id=game["bet_id"]).to_dicts()
    assert (first["result"], first["profit"], first["settled_at"]) == ("win", game["profit"], game["settled_at"])
    assert first["superseded_at"] == second["settled_at"] == game["settled_at"] + timedelta(days=1)
    assert (second["result"], second["profit"], second["superseded_at"]) == ("loss", -1.0, None)


def test_one_decision_alone_is_made_anew_and_the_others_stay_with_their_settlements(warehouse):
    strategies = [HomeSide(), RandomSide()]
    run_strategies(warehouse, run_id="r1", strategies=strategies)
    before, settlements = all_rows(warehouse), all_settlements(warehouse)
    with connect(warehouse) as connection:
        connection.execute("delete from curated.decision_prices where decision = 'current' and game_key % 2 = 0")
    report = run_strategies(warehouse, run_id="r2", strategies=strategies, decision="current")
    after = all_rows(warehouse)
    assert {run.decision for run in report.runs} == {"current"}
    assert after.filter(decision="open").equals(before.filter(decision="open"))
    assert 0 < after.filter(decision="current").height < before.filter(decision="current").height
    assert all_settlements(warehouse).equals(settlements)


def test_one_decision_can_be_the_first_that_is_ever_run(warehouse):
    report = run_strategies(warehouse, run_id="r1", strategies=[HomeSide()], decision="current")
    assert report.rows_published == SLATE
    assert set(all_settlements(warehouse).columns) == set(SETTLEMENTS_SCHEMA)


def test_a_price_from_after_the_decision_stops_the_run_and_leaves_the_old_bets(warehouse):
    run_strategies(warehouse, run_id="r1", strategies=[HomeSide()])
    before = all_rows(warehouse)
    with connect(warehouse) as connection:
        connection.execute(
            "update curated.decision_prices set price_known_at = decision_at + interval '1 second' where game_key = 3"
        )
    with pytest.raises(LeakageError, match="game_key 3"):
        run_strategies(warehouse, run_id="r2", strategies=[HomeSide()])
    assert all_rows(warehouse).equals(before)
    assert set(trials(warehouse)["times_run"]) == {1}


def test_a_close_from_after_first_pitch_stops_the_run(warehouse):
    with connect(warehouse) as connection:
        connection.execute("update curated.moneylines set close_at = close_at + interval '1 second' where game_key = 3")
    with pytest.raises(LeakageError, match="game_key 3"):
        run_strategies(warehouse, run_id="r1", strategies=[HomeSide()])


def test_the_frame_can_be_of_some_seasons_and_needs_no_predictions(warehouse):
    assert as_of_frame(warehouse, "open", seasons={2024}).is_empty()
    with connect(warehouse) as connection:
        connection.execute("drop table curated.predictions")
    frame = as_of_frame(warehouse, "open", seasons={SEASON})
    assert frame.height == GAMES
    assert frame["model_probability_1"].null_count() == frame.height


def test_parameters_are_searched_by_month_and_every_variant_is_a_trial(warehouse):
    grid = parameter_grid(ModelEdge, "open", threshold=[-1.0, 0.0, 0.05])
    walk = walk_forward_in_warehouse(warehouse, grid, run_id="r1", fold="month", least_bets=20)
    assert walk.choices["fold"].to_list() == ["2025-06", "2025-07"]
    assert walk.choices["why_none"].null_count() == 1 and walk.bets["fold"].unique().to_list() == ["2025-07"]
    ledger = trials(warehouse)
    assert ledger["sample"].to_list() == ["open, season 2025, simulated, grid by month"] * 3
    assert walk.bets["trial_hash"].n_unique() == 1


def test_both_sides_at_the_open_are_read_from_the_market_mart(warehouse):
    table = both_sides_at_open(warehouse, {SEASON}, source="odds_api")
    assert table["season"].to_list() == [SEASON, None]
    assert table["n"].to_list() == [2 * DAYS * PER_DAY] * 2
    assert both_sides_at_open(warehouse, {2019}, source="odds_api")["n"].to_list() == [0]


def test_the_summary_tells_what_stands_in_the_warehouse(warehouse):
    empty = read_run_summary(warehouse, title="Before")
    assert empty.strategies is None and empty.models is None and empty.quarantine is None and empty.seasons is None
    report = run_strategies(
        warehouse, run_id="r1", strategies=[RandomSide(), HomeSide(), HomeSide(form="fade"), ModelEdge(threshold=9.0)]
    )
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
    key = ["strategy", "form", "decision"]
    figures, table = strategy_figures(warehouse).sort(key), report.table().filter(decision="open").sort(key)
    assert figures.filter(decision="open").select(*key, "roi", "n").equals(table.select(*key, "roi", "n"))
    [(trials,)] = read_frame(
        warehouse, "select count(*) from operational.trial_ledger where kind = 'strategy' and n > 0"
    ).rows()
    told = summary.strategies.drop_nulls("p_no_skill")
    assert trials > 1 and set(summary.strategies["trials"]) == {trials}
    assert (told["p_deflated"] >= told["p_no_skill"]).all() and (told["p_deflated"] > told["p_no_skill"]).any()
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=110))
    assert "5 open" in out.getvalue() and "random_side" in out.getvalue() and "home_side (fade)" in out.getvalue()
    assert "Nothing to bet: model_edge at open." in out.getvalue()
