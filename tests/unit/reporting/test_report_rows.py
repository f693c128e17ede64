"""One row per strategy: the random side of the very same sample beside it, its p-value as one of many, in one order."""

from __future__ import annotations

import polars as pl
import pytest
from report_world import NOW, archive, frame_of, row, rows_of

from dagster_mlb.reporting.strategy_report.rows import (
    IDENTITY,
    ROW_SCHEMA,
    beside_the_null,
    deflated,
    in_order,
    row_of,
)
from dagster_mlb.reporting.strategy_report.runs import curve_of, ladder_of, with_hold
from dagster_mlb.strategies.families.nulls import Favourite
from dagster_mlb.strategies.history import History
from dagster_mlb.strategies.strategy_run import run_strategy

BESIDE = ("null_n", "null_roi", "null_ev_clv")


def null(**changes) -> dict:
    return row("random_side", is_null=True, **changes)


def test_the_null_is_of_the_same_sample_decision_and_market():
    rows = rows_of(
        row(),
        null(roi=-0.04),
        null(decision="close", roi=-0.01),
        null(market="total", roi=-0.05),
        row(sample="one_book"),
    )
    told = beside_the_null(rows)
    assert told.filter(pl.col("strategy") == "dogs").select("sample", "null_roi").rows() == [
        ("labels", -0.04),
        ("one_book", None),
    ]
    assert beside_the_null(told).equals(told)


def test_of_several_random_sides_the_benchmark_s_stands_beside():
    best = null(roi=-0.01, book="best") | {"strategy": "a_random_side_at_the_best_price"}
    told = beside_the_null(rows_of(best, null(roi=-0.04), row()))
    assert told["null_roi"].to_list() == [-0.04] * 3


def test_a_null_that_is_not_settled_stands_beside_nobody():
    assert beside_the_null(rows_of(null(n=0, n_pending=30), row()))["null_roi"].to_list() == [None, None]


def test_p_values_are_seen_as_some_of_many():
    rows = rows_of(row(p_no_skill=0.01), row(p_no_skill=None))
    assert deflated(rows, 1)["p_deflated"].to_list() == [pytest.approx(0.01), None]
    assert deflated(rows, 100)["p_deflated"][0] > 0.5


def test_rows_stand_sample_by_sample_and_the_random_side_first():
    rows = rows_of(
        row("zebra", sample="one_book"),
        row("ape", decision="close"),
        row("ape", family="ape", form="fade"),
        null(),
        row("favourite", is_null=True),
    )
    told = in_order(rows).select("sample", "decision", "strategy", "form").rows()
    assert told == [
        ("labels", "open", "random_side", "follow"),
        ("labels", "open", "favourite", "follow"),
        ("labels", "open", "ape", "fade"),
        ("labels", "close", "ape", "follow"),
        ("one_book", "open", "zebra", "follow"),
    ]


@pytest.fixture(scope="module")
def favourites() -> pl.DataFrame:
    moneylines, outcomes = archive(n_days=60)
    offers = frame_of(moneylines, "open")
    run = run_strategy(Favourite(decision="open"), offers, History.none(), outcomes, NOW)
    return with_hold(run.bets, offers)


def identity() -> dict:
    return {name: row()[name] for name in IDENTITY}


def test_a_row_holds_the_hold_of_the_very_prices_paid(favourites):
    from dagster_mlb.strategies.figures.summary import summarise

    told = row_of(favourites, summarise(favourites), identity())
    assert set(told) <= set(ROW_SCHEMA)
    assert told["n"] == favourites.height
    assert told["minus_hold"] == pytest.approx(-favourites["hold"].mean())
    assert -0.05 < told["minus_hold"] < -0.02
    assert told["assumed_share"] == 1.0
    assert told["missing_closes"] is None


def test_a_curve_sums_the_days_and_never_falls_above_its_peak(favourites):
    curve = curve_of(favourites, identity())
    assert curve["equity"][-1] == pytest.approx(favourites["profit"].sum())
    assert curve.height == favourites["official_date"].n_unique()
    assert (curve["peak"] >= curve["equity"]).all() and (curve["peak"] >= 0).all()


def test_each_rung_of_a_ladder_has_its_own_figures(favourites):
    told = favourites.with_columns(
        strength=pl.col("official_date").rank("dense").cast(pl.Float64),
        ev_clv=pl.col("official_date").dt.ordinal_day() / 1e4,
    )
    ladder = ladder_of(told, identity() | {"roi": -9.0, "ev_clv": -9.0, "n": 1})
    assert ladder.height == 5 and ladder["n"].sum() == favourites.height
    assert ladder["mean"].is_sorted() and ladder["ev_clv"].n_unique() == 5 and ladder["ev_clv"].is_sorted()
    assert set(ladder["measure"]) == {"strength"}


def test_few_bets_or_bets_meant_alike_make_no_ladder(favourites):
    alike = favourites.with_columns(strength=pl.lit(1.0))
    assert ladder_of(alike, identity()).is_empty()
    assert ladder_of(favourites.head(20), identity()).is_empty()
