"""Every settlement that ever stood: what was paid on a score that was corrected later is kept, and says until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_worlds import DAY, FIRST_DAY, HOUR, LATER, bet, bets_of, games_of, result_row, results_of

from dagster_mlb.strategies.settling.settlement import HISTORY_COLUMNS, settle, settlement_history

KNOWN = datetime(2019, 4, 2, 12, tzinfo=UTC)
MIDNIGHT = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)


def history(
    *results: dict[str, Any], now: datetime = LATER, bet_changes: dict | None = None, **game: Any
) -> list[dict]:
    bets = bets_of([bet(bet_id="one", **(bet_changes or {}))])
    frame = settlement_history(bets, games_of(1, **game), results_of(list(results)), now)
    assert frame.columns == list(HISTORY_COLUMNS)
    return frame.to_dicts()


def told(rows: list[dict], *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in rows]


def test_a_result_that_stands_is_one_row():
    [row] = history(result_row())
    assert (row["version"], row["result"], row["settled_at"], row["superseded_at"]) == (1, "win", KNOWN, None)
    assert (row["home_runs"], row["away_runs"]) == (5, 3) and round(row["profit"], 9) == 1.3


def test_a_correction_adds_a_row_and_ends_the_one_before():
    rows = history(result_row(), result_row(home_runs=2, version=2, known_at=KNOWN + DAY))
    assert told(rows, "version", "result") == [(1, "win"), (2, "loss")]
    assert [round(row["profit"], 9) for row in rows] == [1.3, -1.0]
    assert told(rows, "settled_at", "superseded_at") == [(KNOWN, KNOWN + DAY), (KNOWN + DAY, None)]


def test_a_correction_that_is_not_known_yet_is_not_there():
    rows = history(result_row(), result_row(home_runs=2, version=2, known_at=KNOWN + DAY), now=KNOWN + HOUR)
    assert told(rows, "version", "superseded_at") == [(1, None)]


def test_of_two_versions_known_at_once_only_the_last_ever_stood():
    rows = history(result_row(), result_row(home_runs=2, version=2))
    assert told(rows, "version", "result") == [(2, "loss")]


def test_a_void_for_want_of_a_result_is_superseded_by_the_result():
    long_over = MIDNIGHT + timedelta(days=4, hours=12)
    rows = history(result_row(known_at=long_over + DAY))
    assert told(rows, "version", "result", "settled_at", "superseded_at") == [
        (0, "void", long_over, long_over + DAY),
        (1, "win", long_over + DAY, None),
    ]


def test_a_game_called_off_is_one_void_without_a_score():
    [row] = history(status="postponed")
    assert (row["version"], row["result"], row["profit"], row["home_runs"]) == (0, "void", 0.0, None)


def test_pending_and_unfilled_bets_have_no_settlement():
    assert history(now=KNOWN) == []
    assert history(result_row(), bet_changes={"price_decimal": None}) == []


scores = st.tuples(st.integers(0, 5), st.integers(0, 5))
versions = st.lists(st.tuples(scores, st.integers(0, 200), st.sampled_from([None, 4.0, 9.0])), max_size=5)
statuses = st.sampled_from(["final", "postponed", "suspended", "unknown"])


@settings(max_examples=60, deadline=None)
@given(told=versions, status=statuses, hours=st.lists(st.integers(0, 6000), min_size=1, max_size=4))
def test_the_history_says_what_settlement_says_at_every_moment(told, status, hours):
    """The row that stands at a moment is what settling at that moment gives, and settling twice gives it twice."""
    results = results_of(
        [
            result_row(1, *runs, version=version, innings=innings, known_at=MIDNIGHT + after * HOUR)
            for version, (runs, after, innings) in enumerate(told, start=1)
        ]
    )
    bets = bets_of(
        [
            bet(bet_id="a"),
            bet(bet_id="b", market="total", side="under", line=6.0),
            bet(bet_id="c", market="spread", side="away", line=1.5),
        ]
    )
    games = games_of(1, status=status)
    whole = settlement_history(bets, games, results, LATER)
    for after in hours:
        now = MIDNIGHT + after * HOUR
        settled = settle(bets, games, results, now)
        assert settle(bets, games, results, now).equals(settled)
        final = settled.filter(~pl.col("result").is_in(["pending", "unfilled"]))
        standing = whole.filter(
            (pl.col("settled_at") <= now) & (pl.col("superseded_at").is_null() | (pl.col("superseded_at") > now))
        )
        columns = ("bet_id", "result", "profit", "settled_at", "settlement_reason")
        assert standing.select(columns).sort("bet_id").equals(final.select(columns).sort("bet_id"))
        assert (
            settlement_history(bets, games, results, now)
            .drop("superseded_at")
            .equals(whole.filter(pl.col("settled_at") <= now).drop("superseded_at"))
        )
