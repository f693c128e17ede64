"""Signals and bets of a few days of the simulated league know nothing of what comes after them; what peeks is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from side_worlds import quote

from dagster_mlb.signals.events import detect
from dagster_mlb.simulator.frames import games_frame
from dagster_mlb.simulator.market_frames import market_games_frame, splits_frame, starters_frame, states_frame
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.world import World
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import Favourite, RandomSide
from dagster_mlb.strategies.leakage.behaviour import Case, check_case, judged_games
from dagster_mlb.strategies.leakage.builds import Maker, as_of, bets_of, first_pitches, signals_of
from dagster_mlb.strategies.leakage.frames import Store, shuffle_future, truncation_differences
from dagster_mlb.strategies.leakage.moments import Moment
from dagster_mlb.strategies.leakage.report import TableReport
from dagster_mlb.strategies.protocol import OFFER_SCHEMA, Rule, Staking

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLAN = SeasonPlan(2025, date(2025, 4, 1), date(2025, 4, 3), doubleheaders=1)
WORLD = World(seed=11, plans=(PLAN,), now=datetime(2025, 9, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def games() -> pl.DataFrame:
    """GAMES with a schedule: what was announced is the five minutes that first pitch fell in."""
    return market_games_frame(WORLD, 2025).with_columns(
        scheduled_start_at=pl.col("starts_at").dt.truncate("5m"), status=pl.lit("final"), is_doubleheader=pl.lit(False)
    )


@pytest.fixture(scope="module")
def store(games: pl.DataFrame) -> Store:
    played = games_frame(WORLD, 2025)
    results = games.join(
        played.select(
            game_key=pl.col("game_pk") + 1_000_000_000_000, home="home_runs", away="away_runs", innings="innings"
        ),
        on="game_key",
    )
    return {
        "states": states_frame(WORLD, 2025),
        "splits": splits_frame(WORLD, 2025),
        "starters": starters_frame(WORLD, 2025),
        "first_pitches": first_pitches(games),
        "results": results.select(
            "game_key",
            version=pl.lit(1),
            home_runs="home",
            away_runs="away",
            innings=pl.col("innings").cast(pl.Float64),
            known_at=pl.col("starts_at") + 26 * HOUR,  # so late that a slate begins before all of the last one is known
        ),
    }


def moments_of(games: pl.DataFrame) -> list[Moment]:
    """Before the first day, and at a decision in the middle of the second."""
    second = games.filter(pl.col("official_date") == date(2025, 4, 2))["scheduled_start_at"].sort()
    return [
        Moment(datetime(2025, 3, 31, 20, tzinfo=UTC), date(2025, 4, 1), "the eve"),
        Moment(second[len(second) // 2] - HOUR, date(2025, 4, 2), "in the middle of a slate"),
    ]


def checked(make: Maker, store: Store, games: pl.DataFrame, moment: Moment) -> list[TableReport]:
    return check_case(Case(make, store), moment, np.random.default_rng(3), judged_games(games, moment.at))


def leaks(reports: list[TableReport]) -> dict[str, set[str]]:
    """Mutation → columns that differ."""
    found: dict[str, set[str]] = {}
    for report in reports:
        for difference in report.differences:
            found.setdefault(report.mutation, set()).add(difference.column)
    return found


# ------------------------------------------------------------------------------------------------------- signals


def test_signals_know_no_future(store: Store, games: pl.DataFrame) -> None:
    for moment in moments_of(games):
        reports = checked(signals_of(games), store, games, moment)
        assert leaks(reports) == {}, [report.differences for report in reports]
        assert all(report.rows > 50 for report in reports)


def peeking(ahead: timedelta) -> Callable[..., pl.DataFrame]:
    """A detector that sees prices before they are quoted."""

    def detector(states: pl.DataFrame, *others: Any) -> pl.DataFrame:
        return detect(states.with_columns(pl.col("known_at") - ahead), *others)

    return detector


def test_a_detector_that_peeks_ten_minutes_ahead_is_named(store: Store, games: pl.DataFrame) -> None:
    moment = moments_of(games)[1]
    reports = checked(signals_of(games, detector=peeking(10 * MINUTE)), store, games, moment)
    assert leaks(reports).keys() == {"truncation", "poisoning"}
    first = next(difference for report in reports for difference in report.differences)
    assert first.output == "curated.sharp_action_signals" and "game_key 10000" in first.detail


def test_a_first_pitch_is_not_known_before_it(store: Store, games: pl.DataFrame) -> None:
    """A detector that counts hours to first pitch, and not to the scheduled start, knows of delays to come."""

    def knowing(states: pl.DataFrame, splits: pl.DataFrame, schedule: pl.DataFrame, *others: Any) -> pl.DataFrame:
        return detect(states, splits, schedule.with_columns(scheduled_start_at="starts_at"), *others)

    reports = checked(signals_of(games, detector=knowing), store, games, moments_of(games)[0])
    assert "hours_to_start" in leaks(reports)["truncation"]


# ---------------------------------------------------------------------------------------------------------- bets


class AboveTheMean(Rule):
    """As strong as a side is longer than the mean of all that it is shown: of games to come too."""

    name = "above_the_mean"
    default_decision = "pregame"

    def picks(self, sides: pl.DataFrame) -> pl.DataFrame:
        above = pl.col("price_decimal") - sides["price_decimal"].mean()
        return sides.filter(pl.col("price_decimal") > 2).with_columns(strength=above, reason=pl.lit("long"))


STRATEGIES = (
    RandomSide(decision="pregame"),
    Favourite(decision="pregame", book="best"),
    ModelEdge(decision="pregame", threshold=-1.0, staking=Staking(method="kelly")),
)


def offers_from(states: pl.DataFrame, games: pl.DataFrame, ahead: timedelta = timedelta(0)) -> pl.DataFrame:
    """The as-of frame an hour before each game, from the states of three books; ``ahead``: read so much too late."""
    decided = games.select("game_key", "official_date", "season", decision_at=pl.col("scheduled_start_at") - HOUR).sort(
        "decision_at"
    )
    known = states.filter(
        pl.col("book").is_in(["pinnacle", "draftkings", "betmgm"])
        & pl.col("is_open")
        & (pl.col("market") == "moneyline")
    ).sort("known_at")
    last = (
        decided.join(known.select("game_key", "source", "book").unique(), on="game_key")
        .with_columns(_until=pl.col("decision_at") + ahead)
        .sort("_until")
        .join_asof(
            known.drop("market"), left_on="_until", right_on="known_at", by=["game_key", "source", "book"],
            check_sortedness=False,
        )
        .filter(pl.col("price_1").is_not_null())
    )  # fmt: skip
    usual = {
        name: pl.lit(value, dtype=OFFER_SCHEMA[name]) for name, value in quote().items() if name not in last.columns
    }
    return last.with_columns(
        **usual | {"is_benchmark": pl.col("book") == "pinnacle", "model_probability_1": pl.col("probability_1") * 1.08},
    ).select(OFFER_SCHEMA.keys()).cast(OFFER_SCHEMA).sort("game_key", "book")  # fmt: skip


def bets_made(
    games: pl.DataFrame, *strategies: Rule, ahead: timedelta = timedelta(0), sooner: timedelta = timedelta(0)
) -> Maker:
    """Bets of offers made of the store's own states; ``sooner``: results taken for known so much too early."""
    make = bets_of(strategies or STRATEGIES, games, WORLD.now)

    def made(store: Store) -> Any:
        offers = offers_from(store["states"], games, ahead).with_columns(known_at="decision_at")
        results = store["results"].with_columns(pl.col("known_at") - sooner)
        return make({**store, "offers": offers, "results": results})

    return made


def test_bets_fills_and_stakes_know_no_future(store: Store, games: pl.DataFrame) -> None:
    moment = moments_of(games)[1]
    reports = checked(bets_made(games), store, games, moment)
    assert leaks(reports) == {}, [report.differences for report in reports]
    assert all(report.rows > 30 for report in reports) and len(reports) == 6


def test_a_later_price_in_the_frame_is_named(store: Store, games: pl.DataFrame) -> None:
    moment = moments_of(games)[1]
    reports = checked(bets_made(games, ahead=50 * MINUTE), store, games, moment)
    assert leaks(reports).keys() == {"truncation", "poisoning"}
    assert "price_american" in leaks(reports)["truncation"]
    assert {difference.output for report in reports for difference in report.differences} == {
        "curated.strategy_results"
    }


def test_a_strategy_that_looks_at_the_slate_to_come_is_named(store: Store, games: pl.DataFrame) -> None:
    """The frame is of many decisions: a mean over all of it is of later ones too."""
    offers = {**store, "offers": offers_from(store["states"], games).with_columns(known_at="decision_at")}
    moment = moments_of(games)[1]
    reports = checked(bets_of([AboveTheMean()], games, WORLD.now), offers, games, moment)
    assert leaks(reports)["truncation"] == {"strength"}
    honest = checked(bets_of([Favourite(decision="pregame")], games, WORLD.now), offers, games, moment)
    assert leaks(honest) == {}


def test_a_bankroll_that_knows_results_too_early_is_named(store: Store, games: pl.DataFrame) -> None:
    moment = moments_of(games)[1]
    reports = checked(bets_made(games, STRATEGIES[2], sooner=12 * HOUR), store, games, moment)
    assert leaks(reports)["truncation"] == {"stake", "bankroll_share"}


def test_what_stands_in_the_table_is_compared_too(store: Store, games: pl.DataFrame) -> None:
    make = signals_of(games)
    moment = moments_of(games)[0]
    stands = {
        name: frame.with_columns(strength=frame["strength"] * 2)
        for name, frame in make(store).items()
        if name == "signals"
    }
    reports = check_case(Case(make, store, stands), moment, np.random.default_rng(3))
    assert leaks(reports) == {"as it stands": {"strength"}}


# ----------------------------------------------------------------------------------------------------- mutations


def test_a_shuffled_future_keeps_its_values_and_leaves_the_past(store: Store) -> None:
    moment = datetime(2025, 4, 2, tzinfo=UTC)
    shuffled = shuffle_future(store, moment, np.random.default_rng(1), keep=("market",), within=("market",))
    before, after = store["states"], shuffled["states"]
    past = pl.col("known_at") <= moment
    assert after.filter(past).equals(before.filter(past))
    changed = (before["price_1"] != after["price_1"]).sum()
    assert changed > 0.5 * before.filter(~past).height
    totals = [frame.filter(~past & (pl.col("market") == "total"))["line"].sort() for frame in (before, after)]
    assert totals[0].equals(totals[1])


def test_a_build_as_of_a_moment_goes_through_the_harness_of_frames(store: Store, games: pl.DataFrame) -> None:
    moment = moments_of(games)[0].at
    assert truncation_differences(as_of(signals_of(games)), store, moment) == []
    assert truncation_differences(as_of(signals_of(games, detector=peeking(HOUR))), store, moment)
