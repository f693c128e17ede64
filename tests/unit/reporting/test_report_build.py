"""The whole report from frames in memory: every section computed, every strategy asked or told why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from report_world import a_jump_a_day, archive, inputs_of, jump, jumps_of, tick, ticks_of, with_ticks

from dagster_mlb.reporting.strategy_report.build import contents_of, events_by_sample
from dagster_mlb.reporting.strategy_report.contents import LEDGER_SCHEMA, Contents
from dagster_mlb.reporting.strategy_report.runs import shown_curves
from dagster_mlb.reporting.strategy_report.samples import (
    ARCHIVE_SOURCES,
    LABELS,
    SIMULATED,
    SeasonsError,
    seasons_of,
    short_of,
    title_of,
)
from dagster_mlb.strategies.families.closing_line_chase import ClosingLineChase
from dagster_mlb.strategies.families.public_fade import PublicFade
from dagster_mlb.strategies.families.steam import Steam

CATALOG = [ClosingLineChase(), ClosingLineChase(form="fade"), PublicFade(decision="open"), Steam()]


@pytest.fixture(scope="module")
def contents() -> Contents:
    moneylines, outcomes = archive(n_days=120)
    return contents_of(with_ticks(inputs_of(moneylines, outcomes), *a_jump_a_day(40)), CATALOG)


def rows_of(contents: Contents, **where: str) -> pl.DataFrame:
    return contents.rows.filter(*(pl.col(name) == value for name, value in where.items()))


def test_the_rules_without_skill_are_bet_at_every_label(contents):
    for decision in ("open", "close"):
        told = rows_of(contents, sample="labels", decision=decision)
        assert {"random_side", "favourite", "underdog", "home_side"} <= set(told["strategy"])
        assert told.filter(pl.col("strategy") == "random_side")["n"].item() == 120 * 14


def test_the_chase_is_bet_at_the_close_in_both_forms_beside_its_null(contents):
    told = rows_of(contents, strategy="closing_line_chase")
    assert told.select("sample", "decision", "form").rows() == [
        ("labels", "close", "fade"),
        ("labels", "close", "follow"),
    ]
    null = rows_of(contents, strategy="random_side", decision="close")["roi"].item()
    assert told["null_roi"].to_list() == [null, null]
    assert (told["p_deflated"] >= told["p_no_skill"]).all()


def test_what_the_data_does_not_allow_is_listed_with_its_reason(contents):
    reasons = {
        (row["sample"], row["strategy"], row["decision"]): row["reason"]
        for row in contents.absent.iter_rows(named=True)
    }
    assert reasons["labels", "public_fade", "open"] == "needs tickets: none in this sample"
    assert reasons["labels", "steam", "–"] == "decides at signal; here is open, close"
    assert reasons["one_book", "steam", "signal"] == "needs signals of steam: none in this sample"


def test_no_strategy_is_both_bet_and_absent_at_one_decision(contents):
    key = ["sample", "decision", "strategy", "form"]
    assert contents.rows.join(contents.absent, on=key, how="semi").is_empty()


def test_every_section_has_its_figures(contents):
    assert contents.value_by_season.height == 2 and contents.value_by_bin.height > 5
    assert contents.chase.height == 9 and contents.latency.height == 5
    assert set(contents.reliability) == {"labels"}
    assert contents.events.rows() == [("jump", "one_book", "archive", 40)]
    assert contents.coverage["evidence"].to_list()[:2] == ["hours to the start", "moves, hours to the start"]
    assert {"strategies", "sections", "coverage"} <= set(contents.seconds)


def test_findings_rest_on_these_figures(contents):
    verdicts = {finding.claim: finding.verdict for finding in contents.findings}
    assert verdicts["Mean return equals mean EV-CLV"] == "holds"
    assert verdicts["No naive rule beats minus the hold"] == "holds"
    assert verdicts["After a jump its old price is gone"] == "holds"
    assert verdicts["Quotes of games under way are left out"] == "open"


def test_trials_are_those_of_the_ledger_and_of_this_report():
    moneylines, outcomes = archive(n_days=5)
    ledger = pl.DataFrame([("strategy", 40, 30, 90), ("model", 5, 5, 5)], schema=LEDGER_SCHEMA, orient="row")
    inputs = inputs_of(moneylines, outcomes, ledger=ledger)
    assert contents_of(inputs, []).trials == 30 + 8
    recorded = contents_of(inputs, [], ledger_after=lambda told: ledger)
    assert recorded.trials == 30


def test_seasons_limit_the_archive_with_labels():
    moneylines, outcomes = archive(n_days=350)
    inputs = inputs_of(moneylines, outcomes)
    only = contents_of(inputs, [], seasons={2017})
    games = moneylines.filter(pl.col("season") == 2017).height
    assert 0 < games < moneylines.height
    assert rows_of(only, strategy="random_side", decision="open")["n"].item() == games
    assert only.value_by_season["season"].to_list() == [2017, None]
    assert only.asked_seasons == "2017"


def test_a_warehouse_without_prices_gives_an_empty_report():
    moneylines, outcomes = archive(n_days=1)
    empty = contents_of(replace(inputs_of(moneylines.clear(), outcomes), samples=[]), CATALOG)
    assert empty.rows.is_empty() and empty.absent.is_empty() and empty.trials == 0
    assert {finding.verdict for finding in empty.findings} <= {"open", "holds"}


def test_what_is_of_no_archive_belongs_to_the_simulated_league_by_its_provenance():
    offers = pl.DataFrame(
        {"source": ["odds_api", "sbr_archive"], "provenance": ["simulated", "archive"], "season": [2024, 2019]}
    )
    assert SIMULATED.rows_of(offers)["source"].to_list() == ["odds_api"]
    assert LABELS.rows_of(offers, {2018}).is_empty()
    assert "sbr_archive" in ARCHIVE_SOURCES and SIMULATED.is_simulated and not LABELS.is_simulated
    assert (title_of("labels"), short_of("labels"), short_of("elsewhere")) == ("SBR archive", "SBR", "elsewhere")


def test_events_are_counted_by_the_sample_of_their_game():
    states = ticks_of(tick(60, 100, -110, 1), tick(60, 100, -110, 2, source="odds_api_archive", book="draftkings"))
    signals = jumps_of(jump(60), jump(60, game_key=2, kind="steam"), jump(60, game_key=3, provenance="simulated"))
    told = events_by_sample(signals, states).select("kind", "sample", "n").rows()
    assert told == [("steam", "four_books", 1), ("jump", "one_book", 1), ("jump", "simulated", 1)]


def test_of_many_curves_the_longest_lists_are_drawn_follow_before_fade(contents):
    assert set(contents.curves["sample"]) == {"labels"}
    assert contents.curves["official_date"].min() == date(2016, 4, 4)
    assert shown_curves([]).is_empty()


@pytest.mark.parametrize(
    ("told", "seasons"),
    [("2016", {2016}), ("2010-2012", {2010, 2011, 2012}), ("2014, 2016–2017", {2014, 2016, 2017})],
)
def test_seasons_are_read_as_people_write_them(told, seasons):
    assert seasons_of(told) == seasons


@pytest.mark.parametrize("told", ["", "last year", "2019-2010", "2010-", "2010-2012-2014"])
def test_what_are_no_seasons_is_told(told):
    with pytest.raises(SeasonsError, match="are no seasons: write 2010-2019"):
        seasons_of(told)
