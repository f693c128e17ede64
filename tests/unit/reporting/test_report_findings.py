"""The sentences of the report: each says what its figures say, and the opposite where they do."""

from __future__ import annotations

import polars as pl
import pytest
from report_world import row, rows_of

from dagster_mlb.reporting.four_books import SCHEMA as SCORES
from dagster_mlb.reporting.strategy_report import chase, findings, jumps
from dagster_mlb.reporting.strategy_report.books import SCHEMA as RETAIL
from dagster_mlb.reporting.strategy_report.contents import EVENT_SCHEMA, InPlay

POOLED = {
    "season": None,
    "n": 49_262,
    "hold": 0.037,
    "roi": -0.038,
    "roi_se": 0.001,
    "ev_clv": -0.0381,
    "ev_clv_se": 0.0001,
    "clv_slope": 1.01,
    "clv_slope_se": 0.11,
    "beat_close_rate": 0.24,
}
SEASON = {
    "season": 2016,
    "n": 2457,
    "log_loss_open": 0.6780,
    "log_loss_close": 0.6733,
}


def seasons(**changes) -> pl.DataFrame:
    return pl.DataFrame([POOLED | changes], infer_schema_length=None)


def null(name: str = "random_side", **changes) -> dict:
    return row(name, is_null=True, **changes)


def chased(follow: float = -0.012, fade: float = -0.048, oracle: float = 0.054) -> pl.DataFrame:
    bets = (("follow", "close", follow), ("fade", "close", fade), ("oracle", "open", oracle))
    rows = [(0.02, bet, moment, 11_514, 0.029, roi, 0.009, -0.03, 0.001) for bet, moment, roi in bets]
    return pl.DataFrame(rows, schema=chase.SCHEMA, orient="row")


def after_a_jump(before: float = 0.0103, after: float = -0.0204) -> pl.DataFrame:
    values = {"before": (None, before), "detection": (0, -0.019), "after": (60, after)}
    rows = [
        {"moment": moment, "latency": latency, "n": 6000, "not_filled": 0, "hold": 0.0193, "ev_clv": value}
        | {"ev_clv_se": 0.0006, "roi": -0.02, "roi_se": 0.01}
        for moment, (latency, value) in values.items()
    ]
    return pl.DataFrame(rows, schema=jumps.SCHEMA)


def retail(draftkings: float = -0.043, hold: float = 0.042) -> pl.DataFrame:
    rows = [
        {"book": book, "n": 3700, "hold": held, "ev_sharp": value, "ev_sharp_se": 0.0002}
        for book, held, value in (
            ("pinnacle", 0.02, -0.021),
            ("draftkings", hold, draftkings),
            ("the best of them", None, -0.013),
        )
    ]
    return pl.DataFrame(rows, schema=RETAIL)


def events(**kinds: tuple[str, str, int]) -> pl.DataFrame:
    rows = [(kind, *told) for kind, told in kinds.items()]
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


# ------------------------------------------------------------------ each sentence, and its opposite


def test_return_and_closing_value_agree_or_do_not():
    agrees = findings.roi_is_ev_clv(seasons(), "SBR · archive")
    assert agrees.verdict == "holds" and "they agree" in agrees.sentence
    assert "−3.80 ± 0.10 %" in agrees.sentence and agrees.basis == "SBR · archive · 49,262 sides"
    apart = findings.roi_is_ev_clv(seasons(roi=-0.02), "SBR")
    assert apart.verdict == "fails" and "they do not agree" in apart.sentence


@pytest.mark.parametrize(
    ("slope", "verdict", "words"),
    [(1.01, "holds", "one for one"), (1.4, "fails", "not one for one"), (0.1, "fails", "cannot be told from nothing")],
)
def test_the_slope_is_one_or_not(slope, verdict, words):
    told = findings.clv_is_worth_its_face(seasons(clv_slope=slope), "SBR")
    assert told.verdict == verdict and words in told.sentence


def test_no_naive_rule_beats_the_hold_until_one_does():
    losing = [null(), null("favourite", roi=-0.022, decision="close")]
    told = findings.no_naive_rule_beats_the_hold(rows_of(*losing))
    assert told.verdict == "holds" and "none returns more than nothing" in told.sentence
    assert "All 2 are within two errors" in told.sentence and "2,000 bets" in told.basis
    told = findings.no_naive_rule_beats_the_hold(rows_of(*losing, null("underdog", roi=0.05)))
    assert told.verdict == "fails" and "1 of 3 runs of rules that know nothing return more" in told.sentence
    assert "underdog at open in SBR, moneyline: +5.0 ± 1.0 %" in told.sentence


def test_a_naive_rule_far_below_the_hold_is_no_proof_either():
    told = findings.no_naive_rule_beats_the_hold(rows_of(null(), null("over", roi=-0.09)))
    assert told.verdict == "fails" and "1 of 2 are within two errors" in told.sentence and "not all" in told.sentence


def test_simulated_rules_and_short_lists_are_not_judged():
    told = findings.no_naive_rule_beats_the_hold(rows_of(null(provenance="simulated", roi=0.2), null(n=10, roi=0.3)))
    assert told.verdict == "open"


def test_chasing_loses_the_hold_or_pays():
    told = findings.chasing_loses_the_hold(chased(), "SBR")
    assert told.verdict == "holds" and "neither pays, and both are within three errors" in told.sentence
    assert "−1.2 ± 0.9 %" in told.sentence and "2 points" in told.sentence
    assert "chasing pays" in findings.chasing_loses_the_hold(chased(follow=0.03), "SBR").sentence
    assert findings.chasing_loses_the_hold(chased(follow=0.03), "SBR").verdict == "fails"
    far = findings.chasing_loses_the_hold(chased(fade=-0.09), "SBR")
    assert far.verdict == "fails" and "not both within three errors" in far.sentence


def test_the_oracle_is_called_one_whatever_it_earns():
    told = findings.the_oracle_only_seems_to_win(chased(), "SBR")
    assert told.verdict == "holds" and told.sentence.startswith("ORACLE, not a strategy")
    told = findings.the_oracle_only_seems_to_win(chased(oracle=0.001), "SBR")
    assert told.verdict == "fails" and told.sentence.startswith("ORACLE, not a strategy")
    assert "cannot be told from nothing" in told.sentence


def test_after_a_jump_the_old_price_is_gone_or_seems_to_be_there():
    told = findings.a_jump_takes_its_price_with_it(after_a_jump(), "Pinnacle 2016")
    assert told.verdict == "holds" and "The old price is gone" in told.sentence and "ORACLE" in told.sentence
    assert "about minus the hold (−1.93 %)" in told.sentence and "jumps of one book" in told.basis
    kept = findings.a_jump_takes_its_price_with_it(after_a_jump(after=0.0100), "Pinnacle 2016")
    assert (
        kept.verdict == "fails" and "seems to be there still" in kept.sentence and "not minus the hold" in kept.sentence
    )


def test_a_strategy_survives_its_trials_or_nothing_does():
    luck = rows_of(row(p_no_skill=0.03, p_deflated=0.7), row("cats"))
    told = findings.skill_is_luck_after_all(luck, 85)
    assert told.verdict == "holds" and "Nothing survives" in told.sentence
    assert "1 has p ≤ 0.05" in told.sentence and "as one of 85 trials p* = 0.70" in told.sentence
    skill = findings.skill_is_luck_after_all(rows_of(row(p_no_skill=0.0001, p_deflated=0.01)), 85)
    assert skill.verdict == "fails" and "1 survive: look for the leak first" in skill.sentence


def test_prices_beat_the_close_or_do_not_and_the_simulated_prove_nothing():
    told = findings.no_prices_beat_the_close(rows_of(row()))
    assert told.verdict == "holds" and "none has a mean EV-CLV above nothing" in told.sentence
    better = findings.no_prices_beat_the_close(rows_of(row(ev_clv=0.02)))
    assert better.verdict == "fails" and "Look for the leak" in better.sentence
    simulated = row(ev_clv=0.02, provenance="simulated", sample="simulated")
    both = findings.no_prices_beat_the_close(rows_of(row(), simulated))
    assert both.verdict == "holds" and "In the simulated league: Of 1 rows" in both.sentence
    assert findings.no_prices_beat_the_close(rows_of(simulated)).verdict == "open"


def test_retail_books_charge_more_or_not():
    told = findings.retail_asks_more_than_the_sharp_book(retail(), "Four books 2024 · archive")
    assert told.verdict == "holds" and "draftkings 4.2 %" in told.sentence and "below nothing at each" in told.sentence
    assert findings.retail_asks_more_than_the_sharp_book(retail(hold=0.01), "").verdict == "fails"
    gains = findings.retail_asks_more_than_the_sharp_book(retail(draftkings=0.01), "")
    assert gains.verdict == "fails" and "above nothing somewhere" in gains.sentence


def test_quotes_of_games_under_way_are_counted():
    told = findings.games_under_way_are_left_out(InPlay(9829, 1139), "Four books 2024 · archive")
    assert told.verdict == "holds" and "1,139 of 9,829" in told.sentence and "None of them" in told.sentence
    assert (
        "1,460 more may be of another game"
        in findings.games_under_way_are_left_out(InPlay(9829, 1139, 0, 1460), "").sentence
    )
    used = findings.games_under_way_are_left_out(InPlay(9829, 1139, 3), "")
    assert used.verdict == "fails" and "3 of them stand in a market" in used.sentence
    assert findings.games_under_way_are_left_out(None, "").verdict == "open"


def scores(difference: float) -> pl.DataFrame:
    row = {"book": "fanduel", "n": 1915, "log_loss": 0.67, "se": 0.004, "consensus_log_loss": 0.669}
    return pl.DataFrame([row | {"difference": difference, "difference_se": 0.0008}], schema=SCORES)


def test_what_is_left_scores_as_closing_prices_do_or_knows_too_much():
    told = findings.what_is_left_scores_as_the_market_does(scores(0.0008), "Four books 2024")
    assert told.verdict == "holds" and "fanduel +0.8 ± 0.8" in told.sentence and "None is" in told.sentence
    known = findings.what_is_left_scores_as_the_market_does(scores(-0.01), "Four books 2024")
    assert known.verdict == "fails" and "fanduel: they are further away" in known.sentence


def test_events_of_several_books_are_simulated_until_a_real_one_is_there():
    simulated = findings.several_books_only_in_the_league(True, events(steam=("simulated", "simulated", 8404)))
    assert simulated.verdict == "holds" and "marked simulated" in simulated.sentence
    apart = findings.several_books_only_in_the_league(False, events(steam=("four_books", "archive", 180)))
    assert apart.verdict == "holds" and "180 that the detector sees" in apart.sentence
    real = findings.several_books_only_in_the_league(False, events(line_freeze=("collected", "live", 3)))
    assert real.verdict == "fails" and "3 line freeze (live)" in real.sentence


def test_an_archive_is_read_rightly_or_not():
    told = findings.the_archive_was_read_rightly(pl.DataFrame([SEASON]), "SBR")
    assert told.verdict == "holds" and "1 season beside" in told.sentence and "rounding" in told.sentence
    for wrong in ({"n": 2400}, {"log_loss_close": 0.675}):
        told = findings.the_archive_was_read_rightly(pl.DataFrame([SEASON | wrong]), "SBR")
        assert told.verdict == "fails" and "look for what is read differently" in told.sentence
    assert findings.the_archive_was_read_rightly(pl.DataFrame([SEASON | {"season": 2020}]), "SBR").verdict == "open"


def test_without_figures_nothing_is_said():
    nothing = [
        findings.roi_is_ev_clv(pl.DataFrame(), ""),
        findings.clv_is_worth_its_face(pl.DataFrame(), ""),
        findings.no_naive_rule_beats_the_hold(rows_of()),
        findings.chasing_loses_the_hold(chased().clear(), ""),
        findings.the_oracle_only_seems_to_win(chased().clear(), ""),
        findings.a_jump_takes_its_price_with_it(after_a_jump().clear(), ""),
        findings.skill_is_luck_after_all(rows_of(), 0),
        findings.no_prices_beat_the_close(rows_of()),
        findings.retail_asks_more_than_the_sharp_book(retail().clear(), ""),
        findings.the_archive_was_read_rightly(pl.DataFrame(), ""),
        findings.what_is_left_scores_as_the_market_does(scores(0).clear(), ""),
    ]
    assert {finding.verdict for finding in nothing} == {"open"}
    assert all("nan" not in finding.sentence.lower() and "None" not in finding.sentence for finding in nothing)
