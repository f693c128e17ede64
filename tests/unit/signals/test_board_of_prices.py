"""The board: who speaks at a moment, and what they say together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from signal_worlds import GAME, before, game, games_of, quote, states_of

from dagster_mlb.market.levels import probability_at
from dagster_mlb.signals.board import Board
from dagster_mlb.signals.books import weight_of
from dagster_mlb.signals.moments import SECOND


def board_of(*rows: dict[str, Any], stale_after_minutes: float = 1440, **options: Any) -> Board:
    return Board.of(states_of(list(rows)), games_of([game(**options)]), stale_after_minutes=stale_after_minutes)


def at(minutes: float) -> np.ndarray:
    return np.array([int(before(minutes).timestamp() * SECOND)])


FIRST = np.array([0])


def test_the_consensus_is_the_weighted_mean_of_what_stands() -> None:
    board = board_of(quote("pinnacle", 300, 0.10), quote("bovada", 200, 0.0), quote("pinnacle", 100, 0.20))
    said = [float(board.path.level_at(FIRST, at(minutes))[0]) for minutes in (301, 250, 150, 50)]
    assert np.isnan(said[0])
    assert said[1:] == pytest.approx([0.10, 0.4 / 5, 0.8 / 5])
    assert board.sharp_path.level_at(FIRST, at(50)).tolist() == pytest.approx([0.20])


def test_a_book_that_took_its_price_down_is_silent() -> None:
    board = board_of(quote("pinnacle", 300, 0.10), quote("bovada", 200), quote("pinnacle", 100, is_open=False))
    assert board.path.level_at(FIRST, at(50)).tolist() == pytest.approx([0.0])
    down = board_of(quote("pinnacle", 300, 0.10), quote("pinnacle", 100, is_open=False), quote("pinnacle", 50, 0.3))
    assert np.isnan(down.path.level_at(FIRST, at(60))[0])
    assert down.path.level_at(FIRST, at(40)).tolist() == pytest.approx([0.3])


def test_of_a_books_sources_the_one_that_changed_last_speaks() -> None:
    board = board_of(quote("pinnacle", 300, 0.10), quote("pinnacle", 200, 0.20, source="other"))
    assert board.said_at(FIRST, at(100)).voices.tolist() == [1]
    assert board.path.level_at(FIRST, at(100)).tolist() == pytest.approx([0.20])


@pytest.mark.parametrize(
    "row",
    [
        quote("pinnacle", 100, 0.5, label="close"),
        quote("pinnacle", 100, 0.5, moment_assumed=True),
        quote("consensus", 100, 0.5),
        quote("pinnacle", 0, 0.5),
        quote("pinnacle", -10, 0.5),
        quote("pinnacle", 100, 0.5, game_key=GAME + 1),
    ],
)
def test_labels_means_other_games_and_prices_in_play_are_not_on_it(row: dict[str, Any]) -> None:
    board = board_of(quote("pinnacle", 300), row)
    assert len(board) == 1


@pytest.mark.parametrize("gone", [{"level": None}, {"price_1": None}, {"price_2": 50}, {"is_open": None}])
def test_what_cannot_be_bet_is_not_open(gone: dict[str, Any]) -> None:
    assert board_of(quote("pinnacle", 300) | gone).is_open.tolist() == [False]


def test_a_price_grows_too_old_to_be_a_voice() -> None:
    board = board_of(quote("pinnacle", 300), stale_after_minutes=100)
    assert board.voices_at(FIRST, at(200)).row.tolist() == [0]
    assert board.voices_at(FIRST, at(199)).row.tolist() == []


def test_the_line_is_the_one_with_the_most_weight_on_it() -> None:
    rows = [
        quote("pinnacle", 300, market="total", line=9.0),
        *(quote(book, 300, market="total", line=8.5) for book in ("bovada", "betus", "fanatics", "bet365")),
    ]
    said = board_of(*rows).said_at(FIRST, at(100))
    assert said.line.tolist() == [8.5]  # 4 and 4: the lower one
    assert said.level.tolist() == pytest.approx([4 * 0.18 / 8])
    assert said.probability.tolist() == pytest.approx([float(probability_at("total", 4 * 0.18 / 8, 8.5))])
    assert said.dispersion.tolist() == pytest.approx([0.09])


def test_a_game_whose_start_nobody_tells_is_not_on_it() -> None:
    assert len(board_of(quote("pinnacle", 300), starts_at=None)) == 0


def test_what_was_said_has_the_same_bits_whatever_came_later() -> None:
    rng = np.random.default_rng(5)
    books = ("pinnacle", "circasports", "draftkings", "bovada", "betus")
    rows = [
        quote(str(rng.choice(books)), float(minutes), float(rng.normal(0, 0.4)), is_open=bool(rng.random() < 0.9))
        for minutes in np.sort(rng.uniform(1, 900, 300))[::-1]
    ]
    whole = board_of(*rows).path
    for cut in (1, 20, 150, 299):
        path = board_of(*rows[:cut]).path
        same = whole.at <= path.at[-1]
        assert path.level.tobytes() == whole.level[same].tobytes()
    standing: dict[str, dict[str, Any]] = {row["book"]: row for row in rows}
    said = [(weight_of(book), row["level"]) for book, row in standing.items() if row["is_open"]]
    assert whole.level[-1] == pytest.approx(sum(w * x for w, x in said) / sum(w for w, _ in said))
