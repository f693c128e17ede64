"""Game keys: made from the spine's id alone, never twice the same, and readable."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_mlb.baseball.game_keys import SPINE_CODES, GameKeyParts, decode, game_key_from_day, game_key_from_mlb

day_spines = st.sampled_from([spine for spine in SPINE_CODES if spine != "mlb"])
days = st.dates(date(1871, 1, 1), date(2999, 12, 31))
clubs = st.integers(1, 999)
numbers = st.integers(0, 9)
made_of_a_day = st.tuples(day_spines, days, clubs, numbers)
made_by_mlb = st.integers(1, 10**12 - 1)


@given(made_by_mlb)
def test_a_key_of_the_mlb_spine_gives_its_game_pk_back(game_pk: int) -> None:
    assert decode(game_key_from_mlb(game_pk)) == GameKeyParts("mlb", game_pk=game_pk)


@given(made_of_a_day)
def test_a_key_of_a_day_gives_its_parts_back(parts: tuple) -> None:
    spine, day, club, number = parts
    expected = GameKeyParts(spine, official_date=day, home_team_id=club, number=number)
    assert decode(game_key_from_day(*parts)) == expected


@given(st.lists(made_of_a_day, unique=True, max_size=30), st.lists(made_by_mlb, unique=True, max_size=30))
def test_no_two_games_share_a_key(of_days: list[tuple], of_mlb: list[int]) -> None:
    keys = [game_key_from_day(*parts) for parts in of_days] + [game_key_from_mlb(game_pk) for game_pk in of_mlb]
    assert len(set(keys)) == len(keys)
    assert all(0 < key < 2**63 for key in keys)


def test_the_documented_examples_hold() -> None:
    assert game_key_from_mlb(745431) == 1_000_000_745_431
    assert game_key_from_day("retrosheet", date(2016, 4, 3), 134, 0) == 2_201_604_031_340


@pytest.mark.parametrize("game_pk", [0, -1, 10**12])
def test_a_game_pk_that_would_reach_into_another_spine_is_refused(game_pk: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        game_key_from_mlb(game_pk)


@pytest.mark.parametrize(
    ("spine", "day", "club", "number"),
    [
        ("mlb", date(2016, 4, 3), 134, 0),
        ("vegas", date(2016, 4, 3), 134, 0),
        ("retrosheet", date(2016, 4, 3), 1000, 0),
        ("retrosheet", date(2016, 4, 3), 0, 0),
        ("retrosheet", date(2016, 4, 3), 134, 10),
        ("retrosheet", date(999, 4, 3), 134, 0),
    ],
)
def test_parts_that_do_not_fit_are_refused(spine: str, day: date, club: int, number: int) -> None:
    with pytest.raises(ValueError, match="key"):
        game_key_from_day(spine, day, club, number)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "number",
    [0, -5, 745431, 1_000_000_000_000, 5_201_604_031_340, 2_201_613_031_340, 2_201_604_030_000, 2_000_000_000_001],
)
def test_a_number_that_is_no_key_is_told_so(number: int) -> None:
    with pytest.raises(ValueError, match="is no game key"):
        decode(number)
