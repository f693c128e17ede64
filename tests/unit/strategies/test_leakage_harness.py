"""The leakage harness passes what looks back only, and fails what was moved one day into the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from strategy_worlds import context_of, efficient_seasons, offer, offers_of, predictions_of

from dagster_mlb.strategies.as_of import assemble_frame
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.leakage import (
    cut_at,
    differences,
    poison_future,
    poisoning_differences,
    truncation_differences,
)
from dagster_mlb.strategies.strategy_run import decide

DAY = timedelta(days=1)
START = datetime(2019, 4, 1, tzinfo=UTC)
MOMENT = START + 60 * DAY


def make_store(n_days: int = 120, per_day: int = 8, seed: int = 2) -> dict[str, pl.DataFrame]:
    """Results and price ticks of a season; a game's ticks come over the two days before it."""
    rng = np.random.default_rng(seed)
    size = n_days * per_day
    keys = np.arange(1, size + 1)
    day = np.repeat(np.arange(n_days), per_day)
    home = rng.integers(1, 31, size)
    results = pl.DataFrame(
        {
            "game_key": keys,
            "home_team_id": home,
            "away_team_id": (home + rng.integers(1, 30, size)) % 30 + 1,
            "season": np.full(size, 2019),
            "official_date": [(START + int(d) * DAY).date() for d in day],
            "home_runs": rng.poisson(4.6, size),
            "away_runs": rng.poisson(4.3, size),
            "provenance": ["simulated"] * size,
            "version": np.ones(size, dtype=int),
            "known_at": [START + int(d) * DAY + timedelta(hours=36) for d in day],
        }
    )
    ticks = pl.DataFrame(
        {
            "game_key": np.repeat(keys, 6),
            "home_price": rng.integers(100, 180, size * 6) * rng.choice([-1, 1], size * 6),
            "away_price": rng.integers(100, 180, size * 6),
            "book": ["pinnacle"] * (size * 6),
            "known_at": [
                START + int(d) * DAY - timedelta(hours=int(hours)) for d in day for hours in rng.integers(1, 47, 6)
            ],
        }
    )
    return {"results": results, "ticks": ticks.sort("known_at")}


def form(store, moment: datetime, shift: timedelta = timedelta(0)) -> pl.DataFrame:
    """Mean runs of each home side in the games known by ``moment``; ``shift`` moves the feature into the future."""
    known = store["results"].filter(pl.col("known_at") <= moment + shift)
    return known.group_by("home_team_id").agg(form=pl.col("home_runs").mean()).sort("home_team_id")


def slate(store, moment: datetime, shift: timedelta = timedelta(0)) -> dict[str, pl.DataFrame]:
    """The as-of frame of the games of the two days after ``moment`` and the bets on them, from ticks and form."""
    games = store["ticks"].filter(pl.col("known_at") <= moment + shift).sort("known_at", "game_key")
    last = games.group_by("game_key").last().sort("game_key").filter(pl.col("known_at") > moment - 2 * DAY)
    offers = offers_of(
        [
            offer(
                row["game_key"],
                price_1=row["home_price"],
                price_2=row["away_price"],
                decision_at=moment,
                price_known_at=min(row["known_at"], moment),
            )
            for row in last.iter_rows(named=True)
        ]
    )
    level = form(store, moment, shift)["form"].mean() or 0.0
    predictions = predictions_of(dict.fromkeys(offers["game_key"], 0.4 + level % 0.2), moment)
    frame = assemble_frame(offers, context_of(offers), predictions)
    return {"frame": frame, "bets": decide(ModelEdge(threshold=-0.2), frame, "current").bets}


@pytest.mark.parametrize("build", [form, slate])
def test_what_looks_back_only_is_the_same_without_a_future(build):
    assert truncation_differences(build, make_store(), MOMENT) == []
    assert poisoning_differences(build, make_store(), MOMENT, np.random.default_rng(1)) == []


@pytest.mark.parametrize("build", [form, slate])
def test_a_feature_moved_one_day_into_the_future_is_found_by_both_mutations(build):
    def moved(store, moment):
        return build(store, moment, shift=DAY)

    assert truncation_differences(moved, make_store(), MOMENT)
    assert poisoning_differences(moved, make_store(), MOMENT, np.random.default_rng(1))


def test_ratings_as_of_a_moment_do_not_know_the_future():
    from dagster_mlb.learning.ratings import rate, ratings_as_of

    def ratings(store, moment):
        return ratings_as_of(rate(store["results"]), moment, 2019)

    def ratings_of_tomorrow(store, moment):
        return ratings_as_of(rate(store["results"]), moment + DAY, 2019)

    keep = {"season", "version", "provenance", "official_date"}
    store, rng = make_store(), np.random.default_rng(1)
    assert truncation_differences(ratings, store, MOMENT) == []
    assert poisoning_differences(ratings, store, MOMENT, rng, keep=keep) == []
    assert truncation_differences(ratings_of_tomorrow, store, MOMENT)
    assert poisoning_differences(ratings_of_tomorrow, store, MOMENT, rng, keep=keep)


def test_a_normalisation_over_the_whole_store_is_a_leak():
    def normalised(store, moment):
        runs = store["results"]["home_runs"]
        return form(store, moment).with_columns(pl.col("form") - runs.mean())

    found = truncation_differences(normalised, make_store(), MOMENT)
    assert [(one.output, one.column) for one in found] == [("output", "form")]
    assert "output.form: 30 rows differ" in str(found[0])


def test_poison_reaches_every_value_of_the_future_and_none_of_the_past():
    store = make_store()
    poisoned = poison_future(store, MOMENT, np.random.default_rng(1))
    for name, frame in store.items():
        assert poisoned[name].schema == frame.schema
        assert differences(cut_at(store, MOMENT)[name], cut_at(poisoned, MOMENT)[name]) == []
    late = pl.col("known_at") > MOMENT
    before, after = store["results"].filter(late), poisoned["results"].filter(late)
    assert before["game_key"].equals(after["game_key"]) and before["known_at"].equals(after["known_at"])
    assert (before["home_runs"] != after["home_runs"]).mean() > 0.8
    assert not before["official_date"].equals(after["official_date"])


def test_every_kind_of_value_can_be_poisoned_and_named_columns_are_spared():
    size = 200
    frame = pl.DataFrame(
        {
            "known_at": [MOMENT + DAY] * size,
            "flag": [True] * size,
            "price": np.zeros(size),
            "small": pl.Series([1] * size, dtype=pl.Int16),
            "word": [str(number) for number in range(size)],
            "spared": list(range(size)),
        }
    )
    after = poison_future({"t": frame}, MOMENT, np.random.default_rng(1), keep={"spared"})["t"]
    changed = [name for name in frame.columns if not frame[name].equals(after[name])]
    assert changed == ["flag", "price", "small", "word"]


def test_a_store_without_a_future_is_left_as_it_is():
    store = make_store()
    assert differences(store, poison_future(store, START + 900 * DAY, np.random.default_rng(1))) == []


def test_differences_are_to_the_bit_and_null_equals_null():
    one = pl.DataFrame({"x": [0.0, None, float("nan"), 0.1 + 0.2]})
    assert differences(one, one.clone()) == []
    assert differences(one, one.with_columns(pl.Series("x", [-0.0, None, float("nan"), 0.1 + 0.2])))[0].rows == 1
    assert differences(one, one.with_columns(pl.Series("x", [0.0, None, float("nan"), 0.3])))[0].rows == 1
    assert differences(one, one.with_columns(pl.Series("x", [0.0, 0.0, float("nan"), 0.1 + 0.2])))[0].rows == 1


def test_other_shapes_and_outputs_are_differences_too():
    one = pl.DataFrame({"x": [1, 2]})
    assert differences(one, one.head(1))[0].detail == "2 rows against 1 rows"
    assert differences(one, one.cast(pl.Float64))[0].column == "*"
    assert differences({"a": one}, {"b": one})[0].detail == "the output is only on one side"


def test_a_table_without_known_at_is_refused():
    with pytest.raises(ValueError, match="games has no column known_at"):
        cut_at({"games": pl.DataFrame({"game_key": [1]})}, MOMENT)


def test_the_market_of_an_efficient_season_survives_the_harness():
    moneylines, world = efficient_seasons(n_days=30, per_day=5)
    store = {"opens": moneylines.rename({"open_at": "known_at"}), "results": world.results}

    def opens(cut, moment):
        known = cut["opens"].filter(pl.col("known_at") <= moment)
        return known.select("game_key", "open_home_price", "open_away_price").sort("game_key")

    assert truncation_differences(opens, store, START + 10 * DAY) == []
