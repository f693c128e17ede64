"""The tables in the terminal: everything a person looks for is there, complete, and fits the width."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from dagster_mlb.reporting.terminal import (
    MOST_STRATEGIES,
    WIDTH,
    RunSummary,
    checks_line,
    most_telling,
    print_summary,
    quarantine_table,
)

LAYERS = pl.DataFrame(
    [
        ("raw_data", "sbr_archive", 54_321),
        ("raw_data", "odds_api_historical_odds", 0),
        ("staging", "stg_retrosheet_games__games", 24_298),
        ("curated", "profitability_metrics", 1_234_567),
        ("operational", "trial_ledger", 12),
        ("operational", "alerts", 0),
    ],
    schema=["schema", "table", "rows"],
    orient="row",
)


def model(name: str, log_loss: float, **changes: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "decision": "open",
        "provenance": "simulated",
        "n": 18_123,
        "log_loss": log_loss,
        "brier": 0.2402,
        "accuracy": 0.5742,
        "calibration_slope": 0.99,
        "calibration_slope_se": 0.033,
        "log_loss_difference": log_loss - 0.6759,
        "difference_se": 0.00014,
        "close_log_loss": 0.6737,
    } | changes


def strategy(name: str, decision: str = "open", **changes: Any) -> dict[str, Any]:
    return {
        "strategy": name,
        "decision": decision,
        "provenance": "simulated",
        "n": 24_643,
        "n_pending": 0,
        "roi": -0.0398,
        "roi_low": -0.0512,
        "roi_high": -0.0281,
        "ev_clv": -0.0375,
        "ev_clv_se": 0.0004,
        "beat_close_rate": 0.2441,
        "p_no_skill": 0.626,
        "longest_losing_run": 13,
        "max_drawdown": 1046.2,
    } | changes


NOTHING = dict.fromkeys(("roi", "roi_low", "roi_high", "ev_clv", "ev_clv_se", "beat_close_rate", "p_no_skill"))

SEASONS = pl.DataFrame(
    [
        {
            "season": season,
            "games": 2467,
            "regular_games": 2430,
            "tied": 2428,
            "tied_same_score": 2421,
            "scores_differ": 7,
            "n": 2459,
            "log_loss_open": 0.67671,
            "log_loss_close": 0.67551,
            "brier_close": 0.24131,
            "accuracy_close": 0.58154,
            "booksum_close": 1.03771,
            "home_win_rate": 0.55712,
            "n_official": 2421,
            "log_loss_open_official": 0.67691,
            "log_loss_close_official": 0.67573,
            "home_win_rate_official": 0.55694,
        }
        for season in (2010, 2011)
    ]
)


def summary(**changes: Any) -> RunSummary:
    values: dict[str, Any] = {
        "title": "Demo: the simulated league",
        "environment": "demo",
        "now": "2025-07-15 12:00 New York",
        "seconds": 61.23,
        "layers": LAYERS,
        "quarantine": pl.DataFrame({"source": ["sbr_archive"], "rule": ["price_not_a_number"], "records": [3]}),
        "checks": (142, 0),
        "models": pl.DataFrame([model("market", 0.6759), model("lightgbm_offset", 0.6760)]),
        "strategies": pl.DataFrame(
            [
                strategy("model_edge", roi=0.0123, provenance="archive, simulated"),
                strategy("random_side"),
                strategy("random_side", "current", n=0, n_pending=12, **NOTHING),
            ],
            infer_schema_length=None,
        ),
        "seasons": SEASONS,
        "next_steps": {"the asset graph": "make up"},
    }
    return RunSummary(**(values | changes))


def shown(run: RunSummary, width: int = 200) -> str:
    out = io.StringIO()
    print_summary(run, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [WIDTH, 200])
def test_nothing_is_cut_off_and_no_line_is_wider_than_the_page(width):
    text = shown(summary(), width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= WIDTH


def test_a_person_finds_every_part():
    text = shown(summary())
    for words in (
        "Demo: the simulated league",
        "environment demo, clock 2025-07-15 12:00 New York, 61.2 s",
        "54,321",
        "stg_retrosheet_games__games",
        "1,234,567",
        "operational: trial_ledger 12",
        "price_not_a_number",
        "✓ 142 checks passed",
        "Model against market",
        "Strategies against the random side",
        "Seasons of the archive",
        "make up",
    ):
        assert words in text


def test_the_random_side_stands_first_and_every_figure_says_its_provenance():
    text = shown(summary())
    assert text.index("random_side") < text.index("model_edge")
    assert "open archive," in text and "open simulated" in text
    assert "−4.0 (−5.1/−2.8)" in text and "+1.2 (−5.1/−2.8)" in text
    assert "−3.75 ± 0.04" in text
    assert "p*" in text


def test_a_slate_that_is_not_played_yet_shows_open_bets_and_dashes():
    line = next(line for line in shown(summary()).splitlines() if "current" in line)
    assert "12 open" in line
    assert line.count("–") == 7
    assert "0.0" not in line


def test_the_model_s_difference_to_the_market_has_a_sign_and_an_error():
    text = shown(summary())
    assert "+0.0001 ± 0.0001" in text
    assert text.index("\n market ") < text.index("\n lightgbm_offset ")


def test_the_season_s_official_figures_stand_to_the_right_of_the_archive_s():
    line = next(line for line in shown(summary()).splitlines() if line.strip().startswith("2010"))
    left, right = line.split("│")
    assert left.split() == ["2010", "2,459", "0.6767", "0.6755", "0.2413", "0.5815", "1.0377", "0.5571"]
    assert right.split() == ["2,421", "0.6769", "0.6757", "0.5569", "99.63", "%", "7"]


def test_what_is_not_there_is_left_out():
    text = shown(RunSummary("An empty warehouse", "dev", "2025-07-15 12:00 New York"))
    assert "Strategies" not in text and "Model" not in text and "Seasons" not in text and " s\n" not in text


def test_failed_checks_are_named():
    text = shown(summary(checks=(140, 2), failed_checks=["curated.moneylines: hold_in_range", "staging.games: unique"]))
    assert "✗ 2 of 142 checks failed" in text
    assert "✗ curated.moneylines: hold_in_range" in text


def test_an_empty_quarantine_is_good_news():
    empty = pl.DataFrame(schema={"source": pl.String, "rule": pl.String, "records": pl.Int64})
    assert "nothing is in quarantine" in str(quarantine_table(empty))
    assert "passed" in str(checks_line(3, 0))


def test_an_unknown_interval_and_a_partly_settled_list_are_shown_as_such():
    one = strategy("favourite", roi_low=None, n=5, n_pending=2, ev_clv_se=None)
    text = shown(summary(strategies=pl.DataFrame([one])))
    assert "5+2 open" in text
    assert "−4.0 " in text and "to" not in text.split("favourite")[1].split("\n")[0]
    assert "−3.75 ± –" in text


def test_a_layer_without_tables_is_shown_empty():
    text = shown(summary(layers=LAYERS.filter(pl.col("schema") == "raw_data")))
    assert "curated" in text and "0 rows" in text and "operational:" not in text


def many(number: int) -> pl.DataFrame:
    rows = [strategy(f"rule_{at:02}", ev_clv=-0.001 * at, is_shadow=False) for at in range(number)]
    return pl.DataFrame([strategy("random_side"), strategy("random_side", "pregame"), *rows], infer_schema_length=None)


def test_of_many_strategies_the_random_sides_the_strongest_and_the_weakest_are_shown():
    told = most_telling(many(60))
    assert told.height == MOST_STRATEGIES
    assert told["strategy"].to_list()[:2] == ["random_side", "random_side"]
    assert {"rule_00", "rule_59"} <= set(told["strategy"]) and "rule_30" not in set(told["strategy"])
    text = shown(summary(strategies=many(60)))
    assert "38 more between the strongest and the weakest by EV-CLV: `mlb report` shows them all." in text
    assert text.index("random_side") < text.index("rule_00")


def test_few_strategies_are_all_shown():
    assert most_telling(many(22)).height == 24
    assert "more between" not in shown(summary(strategies=many(22)))


def test_no_strategy_is_shown_twice_where_few_are_judged():
    told = most_telling(pl.concat([many(3), many(30).tail(30).with_columns(ev_clv=pl.lit(None, dtype=pl.Float64))]))
    assert told["strategy"].to_list() == ["random_side", "random_side", "rule_00", "rule_01", "rule_02"]


@pytest.mark.parametrize("width", [WIDTH, 200])
def test_long_names_and_wide_intervals_push_no_figure_out(width):
    wide = strategy(
        "closing_line_chase_of_everything",
        "close",
        form="fade",
        is_shadow=True,
        n=24_641,
        n_pending=30,
        roi=-0.764,
        roi_low=-1.0,
        roi_high=-0.297,
        max_drawdown=1046.2,
    )
    text = shown(summary(strategies=pl.DataFrame([wide, strategy("random_side")], infer_schema_length=None)), width)
    assert "…" not in text and "−76.4 (−100.0/−29.7)" in text and "24,641+30 open" in text and "close" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= WIDTH


def test_who_found_nothing_is_named_by_decision():
    silent = [strategy(name, "pregame", n=0, **NOTHING) for name in ("steam", "late_flip", "late_flip")]
    rows = [strategy("random_side"), *silent, strategy("arbitrage", "signal", n=0, **NOTHING)]
    text = shown(summary(strategies=pl.DataFrame(rows, infer_schema_length=None)))
    assert "Nothing to bet: late_flip, steam at pregame; arbitrage at signal." in text
