"""Events know nothing of what comes after them: a table cut anywhere, or with another future, has the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dagster_mlb.signals.events import KINDS, detect
from dagster_mlb.signals.parameters import Parameters
from dagster_mlb.simulator.market_frames import market_games_frame, splits_frame, starters_frame, states_frame
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World

LATENCY = timedelta(seconds=60)
FILLS = ("fill_source", "fill_book", "fill_line", "fill_price", "fill_at", "fill_missing_reason")
# Every kind should be there in numbers, and pauses should often end.
PARAMETERS = Parameters.model_validate({"jump": {"sharp_only": False}, "steam": {"cooldown_hours": 1}})


@dataclass(frozen=True)
class Frames:
    states: pl.DataFrame
    splits: pl.DataFrame
    games: pl.DataFrame
    starters: pl.DataFrame

    def until(self, moment: datetime) -> Frames:
        known = pl.col("known_at") <= moment
        return Frames(self.states.filter(known), self.splits.filter(known), self.games, self.starters.filter(known))

    def signals(self) -> pl.DataFrame:
        return detect(self.states, self.splits, self.games, PARAMETERS, self.starters)


@pytest.fixture(scope="module")
def frames() -> Frames:
    plan = SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 3), doubleheaders=1)
    world = World(seed=11, plans=(plan,), now=datetime(2025, 9, 1, tzinfo=UTC))
    return Frames(*(make(world, 2025) for make in (states_frame, splits_frame, market_games_frame, starters_frame)))


@pytest.fixture(scope="module")
def signals(frames: Frames) -> pl.DataFrame:
    return frames.signals()


def moments(frames: Frames, how_many: int, seed: int) -> list[datetime]:
    """Moments of rows and between them, anywhere in the season."""
    known = frames.states["known_at"].unique().sort()
    rng = np.random.default_rng(seed)
    places = rng.integers(0, len(known), how_many)
    return [known[int(i)] + timedelta(seconds=int(rng.integers(0, 2)) * 40) for i in places]


def assert_the_past_is_the_same(whole: pl.DataFrame, other: pl.DataFrame, moment: datetime) -> None:
    """All events up to the moment, and their fills as far as their moment had come, bit for bit."""
    past = pl.col("detected_at") <= moment
    was, now = whole.filter(past), other.filter(past)
    assert_frame_equal(was.drop(FILLS), now.drop(FILLS), check_exact=True)
    filled = pl.col("detected_at") <= moment - LATENCY
    assert_frame_equal(was.filter(filled), now.filter(filled), check_exact=True)


def test_there_is_something_of_every_kind(signals: pl.DataFrame) -> None:
    assert set(signals["kind"]) == set(KINDS)
    assert signals.height > 1_000
    assert signals["signal_id"].is_unique().all()
    assert signals["contradicting"].list.len().sum() > 500
    assert signals["supporting"].list.len().min() >= 1


@pytest.mark.parametrize("seed", range(6))
def test_a_table_cut_at_any_moment_has_the_same_events(frames: Frames, signals: pl.DataFrame, seed: int) -> None:
    for moment in moments(frames, 2, seed):
        cut = frames.until(moment).signals()
        assert cut.filter(pl.col("detected_at") > moment).is_empty()
        assert_the_past_is_the_same(signals, cut, moment)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(100, 200))
def test_a_table_cut_at_any_of_many_moments_has_the_same_events(
    frames: Frames, signals: pl.DataFrame, seed: int
) -> None:
    for moment in moments(frames, 4, seed):
        assert_the_past_is_the_same(signals, frames.until(moment).signals(), moment)


@pytest.mark.parametrize("seed", range(4))
def test_a_poisoned_future_changes_nothing_before_it(frames: Frames, signals: pl.DataFrame, seed: int) -> None:
    (moment,) = moments(frames, 1, 50 + seed)
    poisoned = Frames(
        *(poison(frame, moment, seed) for frame in (frames.states, frames.splits)), frames.games, frames.starters
    )
    assert poisoned.states["level"].equals(frames.states["level"]) is False
    assert_the_past_is_the_same(signals, poisoned.signals(), moment)


def poison(frame: pl.DataFrame, moment: datetime, seed: int) -> pl.DataFrame:
    """Every number and every moment after a moment drawn anew."""
    rng = np.random.default_rng(seed)
    n, later = frame.height, pl.col("known_at") > moment
    anew = {
        "level": rng.normal(0, 1, n),
        "probability_1": rng.uniform(0.05, 0.95, n),
        "line": rng.choice([-1.5, 1.5, 8.0, 8.5, 9.0], n),
        "price_1": rng.choice([-250, -120, 105, 140, 300], n),
        "price_2": rng.choice([-250, -120, 105, 140, 300], n),
        "is_open": rng.random(n) < 0.7,
        "tickets_1": rng.uniform(1, 99, n),
        "money_1": rng.uniform(1, 99, n),
        "book": rng.choice(["pinnacle", "draftkings", "a book of tomorrow", ""], n),
    }
    changes = [
        pl.when(later).then(pl.Series(name, values).cast(frame.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, values in anew.items()
        if name in frame.columns
    ]
    after = moment + pl.Series(rng.integers(1, 10**11, n)).cast(pl.Duration("us"))
    return frame.with_columns(
        *changes, known_at=pl.when(later).then(pl.Series(after).cast(pl.Datetime("us", "UTC"))).otherwise("known_at")
    )


def test_the_order_of_the_rows_says_nothing(frames: Frames, signals: pl.DataFrame) -> None:
    shuffled = Frames(
        *(frame.sample(fraction=1, shuffle=True, seed=3) for frame in (frames.states, frames.splits, frames.games)),
        frames.starters.reverse(),
    )
    assert_frame_equal(shuffled.signals(), signals, check_exact=True)


def test_every_game_is_judged_by_itself(frames: Frames, signals: pl.DataFrame) -> None:
    """Each game alone, and both games of the doubleheader, give what the whole season gave for them."""
    twice = frames.games.group_by("official_date").len()
    assert twice.height == 3
    for game in frames.games["game_key"][::9]:
        alone = Frames(
            *(x.filter(pl.col("game_key") == game) for x in (frames.states, frames.splits)),
            frames.games,
            frames.starters,
        )
        assert_frame_equal(alone.signals(), signals.filter(pl.col("game_key") == game), check_exact=True)
