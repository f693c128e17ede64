"""Elo over versions of results: the formula, corrections, and that nothing depends on the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.learning.learning_worlds import result_versions

from dagster_mlb.learning.ratings import (
    RATING_SCHEMA,
    VERSION_COLUMNS,
    carried_over,
    expected_home_win,
    margin_multiplier,
    rate,
    ratings_as_of,
)

NOON = datetime(2021, 4, 2, 12, tzinfo=UTC)


def version(
    game: int,
    number: int,
    score: tuple[int | None, int | None],
    known_at: datetime,
    season: int = 2021,
    teams: tuple[int, int] = (1, 2),
) -> dict[str, object]:
    return {
        "game_key": game,
        "version": number,
        "season": season,
        "official_date": date(season, 4, 1),
        "home_team_id": teams[0],
        "away_team_id": teams[1],
        "home_runs": score[0],
        "away_runs": score[1],
        "known_at": known_at,
        "provenance": "archive",
    }


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows),
        schema_overrides={"known_at": pl.Datetime("us", "UTC"), "home_runs": pl.Int32, "away_runs": pl.Int32},
    )


def after(ratings: pl.DataFrame, team: int) -> float:
    return ratings.filter(pl.col("team_id") == team).sort("known_at", "rating_sequence")["rating_after"][-1]


def test_home_advantage_alone_is_worth_a_few_points_of_probability() -> None:
    assert expected_home_win(1500, 1500) == pytest.approx(0.5345, abs=1e-4)
    assert expected_home_win(1500, 1524) == 0.5


def test_the_first_game_moves_both_teams_by_the_formula() -> None:
    ratings = rate(frame(version(1, 1, (5, 2), NOON)))
    gain = 4 * margin_multiplier(3, 24.0) * (1 - expected_home_win(1500, 1500))
    assert margin_multiplier(3, 24.0) == pytest.approx(
        1.41 * 4**0.7 / (5.46554876e-8 * 24**3 + 8.96073139e-6 * 24**2 + 0.00244895265 * 24 + 3.4)
    )
    assert after(ratings, 1) == pytest.approx(1500 + gain)
    assert after(ratings, 2) == pytest.approx(1500 - gain)
    assert ratings["rating_before"].to_list() == [1500, 1500]
    assert ratings["games_played"].to_list() == [1, 1]
    assert ratings["opponent_id"].to_list() == [2, 1]
    assert dict(ratings.schema) == {
        name: kind() if isinstance(kind, type) else kind for name, kind in RATING_SCHEMA.items()
    }


def test_a_favourite_gains_less_than_an_underdog_for_the_same_score() -> None:
    assert margin_multiplier(3, 80.0) < margin_multiplier(3, -80.0)


def test_a_tie_is_half_a_win_and_costs_the_home_side() -> None:
    ratings = rate(frame(version(1, 1, (3, 3), NOON)))
    assert 1499 < after(ratings, 1) < 1500 < after(ratings, 2)


def test_a_new_season_starts_a_third_nearer_to_the_mean() -> None:
    strong = [version(n, 1, (9, 0), NOON + timedelta(days=n)) for n in range(20)]
    ratings = rate(frame(*strong, version(99, 1, (1, 0), NOON + timedelta(days=365), season=2022)))
    before = rate(frame(*strong))
    opening = ratings.filter((pl.col("game_key") == 99) & (pl.col("team_id") == 1))
    assert opening["rating_before"][0] == pytest.approx(carried_over(after(before, 1), 1))
    assert opening["rating_season"][0] == 2022


def test_a_correction_appends_a_row_and_leaves_the_rating_the_right_score_would_have_given() -> None:
    wrong, right = version(1, 1, (2, 5), NOON), version(1, 2, (5, 2), NOON + timedelta(days=3))
    corrected = rate(frame(wrong, right))
    assert corrected.height == 4
    assert after(corrected, 1) == pytest.approx(after(rate(frame(version(1, 1, (5, 2), NOON))), 1))
    assert corrected["games_played"].to_list() == [1, 1, 1, 1]


def test_a_correction_after_the_winter_corrects_what_the_winter_left() -> None:
    games = [version(1, 1, (2, 5), NOON), version(2, 1, (1, 0), NOON + timedelta(days=365), season=2022)]
    late = version(1, 2, (5, 2), NOON + timedelta(days=366))
    before, corrected = rate(frame(*games)), rate(frame(*games, late))
    first_wrong = rate(frame(games[0]))
    first_right = rate(frame(version(1, 1, (5, 2), NOON)))
    owed = (after(first_right, 1) - after(first_wrong, 1)) * 2 / 3
    assert after(corrected, 1) - after(before, 1) == pytest.approx(owed)


def test_a_withdrawn_result_takes_its_points_back() -> None:
    ratings = rate(frame(version(1, 1, (5, 2), NOON), version(1, 2, (None, None), NOON + timedelta(days=1))))
    assert after(ratings, 1) == pytest.approx(1500)
    assert ratings["games_played"].to_list()[-2:] == [0, 0]


def test_a_game_without_a_score_moves_nobody() -> None:
    assert rate(frame(version(1, 1, (None, None), NOON))).is_empty()


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.02, 0.98), seed=st.integers(0, 5))
def test_a_store_cut_at_t_gives_the_rows_that_the_full_store_has_up_to_t(share: float, seed: int) -> None:
    versions = result_versions(200, seed=seed, corrections=0.2)
    moment = versions["known_at"].sort()[int(share * versions.height)]
    cut = versions.filter(pl.col("known_at") <= moment).sample(fraction=1.0, shuffle=True, seed=seed)
    assert rate(cut).equals(rate(versions).filter(pl.col("known_at") <= moment))


def test_noise_in_what_becomes_known_later_leaves_the_past_bit_equal() -> None:
    versions = result_versions(300, corrections=0.2)
    moment = versions["known_at"].sort()[150]
    is_future = pl.col("known_at") > moment
    poisoned = versions.with_columns(
        pl.when(is_future).then(99).otherwise("home_runs").cast(pl.Int32).alias("home_runs")
    )
    past = pl.col("known_at") <= moment
    assert rate(poisoned).filter(past).equals(rate(versions).filter(past))
    assert not rate(poisoned).equals(rate(versions))


def test_what_one_team_wins_the_other_loses() -> None:
    ratings = rate(result_versions(300, seasons=(2021,), corrections=0.2))
    change = pl.col("rating_after") - pl.col("rating_before")
    per_version = ratings.group_by("game_key", "version").agg(change.sum().alias("sum"))
    assert per_version["sum"].abs().max() < 1e-9


def test_as_of_reading_takes_the_last_known_row_and_the_winter_into_account() -> None:
    ratings = rate(frame(version(1, 1, (5, 2), NOON), version(2, 1, (5, 2), NOON + timedelta(days=1))))
    first = ratings_as_of(ratings, NOON, 2021)
    assert first["games_played"].to_list() == [1, 1]
    next_spring = ratings_as_of(ratings, NOON + timedelta(days=200), 2022)
    assert next_spring["rating"][0] == pytest.approx(carried_over(after(ratings, 1), 1))


def test_versions_that_cannot_be_placed_in_time_are_refused() -> None:
    unknown = frame(version(1, 1, (5, 2), NOON)).with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias("known_at"))
    with pytest.raises(ValueError, match="known_at"):
        rate(unknown)
    with pytest.raises(ValueError, match="home_runs"):
        rate(frame(version(1, 1, (5, 2), NOON)).drop("home_runs"))
    assert "known_at" in VERSION_COLUMNS


def test_ten_seasons_are_rated_in_half_a_second() -> None:
    import time

    versions = result_versions(24_300, seasons=tuple(range(2010, 2020)))
    started = time.perf_counter()
    rate(versions)
    assert time.perf_counter() - started < 1.5  # measured .15 to .27; the margin is for a busy machine
