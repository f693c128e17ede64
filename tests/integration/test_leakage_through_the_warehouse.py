"""No decision knows its future, from raw to bets: the whole chain is built on worlds that differ only after a moment.

*Whole* is a league collected days after the moment ``CUT``. *Cut* is the same league collected at ``CUT``, when it
could not tell more. *Otherwise* is a league that was the same up to ``CUT`` and drawn anew after it. What was known or
decided by ``CUT`` must be the same rows in all three, to the bit. ``CUT`` lies on an afternoon with games under way,
right after the second game of a doubleheader could be bet on while the first was not over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from world import (
    Server,
    World,
    at_the_league,
    collect_afterwards,
    collect_calendars,
    collect_today,
    fresh_database,
    game_key_of,
    league_database,
    listings_of,
    moved_after,
    paired_after,
    waiting_at,
)

from dagster_mlb.learning.run import train_and_predict
from dagster_mlb.pipeline import transform
from dagster_mlb.settings import Settings
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.strategies.backtest import run_strategies
from dagster_mlb.strategies.families.model_edge import ModelEdge, ModelEdgeParameters
from dagster_mlb.strategies.families.nulls import RandomSide
from dagster_mlb.strategies.leakage import Difference, rows_known_by, warehouse_differences
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import (
    DBT_PROFILES_DIR,
    DBT_PROJECT_DIR,
    cached_manifest,
    connection_in_environment,
    invoke,
)

PLANS = (
    SeasonPlan(2024, date(2024, 9, 26), date(2024, 9, 29)),
    SeasonPlan(2025, date(2025, 4, 4), date(2025, 4, 16)),
)
CUT = datetime(2025, 4, 12, 19, 21, tzinfo=UTC)
WHOLE = World(seed=118, plans=PLANS, now=datetime(2025, 4, 15, 16, tzinfo=UTC))
OTHERWISE = World(seed=118, plans=PLANS, now=WHOLE.now, redrawn_after=CUT, later_seed=5)

# What a listing says today of a doubleheader may have been announced after the decision.
PAIRING = ("is_doubleheader", "game_number")

Rows = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Worlds:
    """The three databases, and what each of them says was known or decided by ``CUT``."""

    server: Server
    folder: Path
    whole: Settings
    cut: Settings
    otherwise: Settings
    known: dict[str, Rows]


@pytest.fixture(scope="module")
def server(server_url: str, postgres_server: str) -> Server:
    return Server(server_url, postgres_server)


@pytest.fixture(scope="module")
def worlds(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    folder = tmp_path_factory.mktemp("leakage")
    with (
        league_database(server, folder, WHOLE) as whole,
        league_database(server, folder, WHOLE.at(CUT)) as cut,
        league_database(server, folder, OTHERWISE) as otherwise,
    ):
        known = {}
        for name, settings in (("whole", whole), ("cut", cut), ("otherwise", otherwise)):
            run_strategies(settings, run_id=name)
            known[name] = rows_known_by(settings, CUT)
        yield Worlds(server, folder, whole, cut, otherwise, known)


def without(rows: Rows, games: set[int], *, columns: tuple[str, ...] = ()) -> Rows:
    """The rows of other games (ticks carry no game), without some columns."""
    return {
        name: (frame.filter(~pl.col("game_key").is_in(sorted(games))) if "game_key" in frame.columns else frame).drop(
            columns, strict=False
        )
        for name, frame in rows.items()
    }


def stayed_as_listed(rows: Rows, *worlds: World, moment: datetime = CUT) -> Rows:
    """The rows of games that were not moved after the moment, and without the *close* of a game that was to begin and
    had not: it has one once its first pitch has come.

    A game moved later is listed under its new day only: its rows of the old day are gone, and no result ever depends
    on them (the bets are void).
    """
    kept = without(rows, set().union(*(moved_after(world, moment) for world in worlds)))
    waiting = sorted(set().union(*(waiting_at(world, moment) for world in worlds)))
    too_early = pl.col("game_key").is_in(waiting) & (pl.col("decision") == "close")
    return {name: frame.filter(~too_early) if "decision" in frame.columns else frame for name, frame in kept.items()}


def told(found: list[Difference]) -> str:
    return "\n".join(str(difference) for difference in found)


# ------------------------------------------------------------------------------------------- nothing leaks


def test_the_cut_has_something_to_tell(worlds: Worlds) -> None:
    """What follows would pass on empty tables."""
    least = {
        "staging.odds_ticks": 5000,
        "staging.game_results": 120,
        "staging.starters": 250,
        "curated.team_ratings": 250,
        "curated.decision_prices": 2000,
        "curated.feature_vectors": 300,
        "curated.strategy_results": 300,
    }
    for name, rows in least.items():
        assert worlds.known["cut"][name].height >= rows, name
    assert worlds.known["cut"]["curated.feature_vectors"]["market_logit"].null_count() < 10
    moved = moved_after(WHOLE, CUT)
    assert moved and paired_after(WHOLE, CUT), "the world no longer postpones a game of the next day after the cut"


def test_a_world_cut_at_a_moment_gives_the_rows_of_the_whole_one(worlds: Worlds) -> None:
    whole, cut = (stayed_as_listed(worlds.known[name], WHOLE) for name in ("whole", "cut"))
    drop = {"columns": PAIRING}
    paired = paired_after(WHOLE, CUT)
    found = warehouse_differences(without(whole, paired), without(cut, paired))
    found += warehouse_differences(without(whole, set(), **drop), without(cut, set(), **drop))
    assert not found, told(found)


def test_another_future_leaves_every_row_known_before_it(worlds: Worlds) -> None:
    whole, otherwise = (stayed_as_listed(worlds.known[name], WHOLE, OTHERWISE) for name in ("whole", "otherwise"))
    paired = paired_after(WHOLE, CUT) | paired_after(OTHERWISE, CUT)
    drop = {"columns": PAIRING}
    found = warehouse_differences(without(whole, paired), without(otherwise, paired))
    found += warehouse_differences(without(whole, set(), **drop), without(otherwise, set(), **drop))
    assert not found, told(found)


def test_the_other_future_is_another_one(worlds: Worlds) -> None:
    """Else the test before this one could not fail."""
    later = WHOLE.now - timedelta(days=1)
    whole, otherwise = (rows_known_by(settings, later) for settings in (worlds.whole, worlds.otherwise))
    found = warehouse_differences(whole, otherwise)
    assert {difference.output for difference in found} == whole.keys()


def test_a_doubleheader_is_one_once_it_was_announced(worlds: Worlds) -> None:
    paired = paired_after(WHOLE, CUT) - moved_after(WHOLE, CUT)
    rows = [
        worlds.known[name]["curated.feature_vectors"].filter(pl.col("game_key").is_in(sorted(paired)))
        for name in ("whole", "cut")
    ]
    assert rows[0].height and rows[0]["is_doubleheader"].to_list() == rows[1]["is_doubleheader"].to_list()


# ---------------------------------------------------------------------------- the harness finds what leaks

# Three leaks at once, each into columns of its own.
LEAKS = {
    "form known one day early": """
        update staging.int_team_form set known_at = known_at - interval '1 day'
    """,
    "the close offered at the open": """
        update staging.int_market_states as states
        set known_at = opens.decision_at
        from staging.int_decision_points as opens, curated.moneylines as marts
        where opens.game_key = states.game_key and opens.decision = 'open' and states.market = 'moneyline'
            and marts.game_key = states.game_key and marts.source = states.source and marts.book = states.book
            and marts.close_at = states.known_at
    """,
    "a doubleheader's first game known at its start": """
        update curated.team_ratings as ratings
        set known_at = games.first_pitch_at
        from staging.games as games
        where games.game_key = ratings.game_key and games.is_doubleheader and games.game_number = 1
    """,
}


@pytest.fixture(scope="module")
def reported(worlds: Worlds) -> list[Difference]:
    """What the harness says of two stores that leak, built again behind the leaks."""
    known = []
    for original in (worlds.whole, worlds.cut):
        with fresh_database(worlds.server, worlds.folder, original.now(), like=original) as copy:
            for leak, statement in LEAKS.items():
                with connect(copy) as connection:
                    assert connection.execute(statement).rowcount > 0, f"{leak}: touches no row"
            build(copy, "decision_prices", "feature_vectors")
            known.append(without(stayed_as_listed(rows_known_by(copy, CUT), WHOLE), set(), columns=PAIRING))
    return warehouse_differences(*known)


def build(settings: Settings, *models: str) -> None:
    arguments = ["run", "--select", *models, "--project-dir", str(DBT_PROJECT_DIR)]
    with connection_in_environment(settings) as database:
        options = ["--profiles-dir", str(DBT_PROFILES_DIR), "--log-level", "none", "--quiet"]
        assert invoke([*arguments, *options], manifest=cached_manifest(database)).success


def columns_of(found: list[Difference], output: str) -> dict[str, int]:
    return {difference.column: difference.rows for difference in found if difference.output == output}


def test_a_feature_moved_one_day_into_the_future_is_reported(reported: list[Difference]) -> None:
    columns = columns_of(reported, "curated.feature_vectors")
    assert {"form_diff", "park_runs_factor", "home_win_rate_10"} <= columns.keys(), told(reported)
    assert columns["form_diff"] > 10


def test_a_closing_price_in_an_earlier_decision_is_reported(reported: list[Difference]) -> None:
    assert columns_of(reported, "curated.decision_prices").get("home_price", 0) > 10, told(reported)
    assert columns_of(reported, "curated.feature_vectors").get("market_logit", 0) > 5


def test_the_first_games_result_in_the_second_games_row_is_reported(reported: list[Difference]) -> None:
    columns = columns_of(reported, "curated.feature_vectors")
    assert 1 <= columns.get("elo_diff", 0) <= 4, told(reported)


# ------------------------------------------------------------------------------------------- longer proofs


# Who starts is told again by a backfill, as of first pitch: a fact of its own time, not a change of what was captured.
OF_STARTERS = ("home_starter_known", "away_starter_known", "starter_runs_diff")


@pytest.mark.prove
def test_what_was_captured_stays_when_the_past_is_asked_again(server: Server, tmp_path: Path) -> None:
    """Daily runs capture; days later the schedule of the past is asked once more, as a backfill."""
    with fresh_database(server, tmp_path, CUT) as settings:
        live(settings, WHOLE.at(CUT - timedelta(hours=20)), first=True)
        live(settings, WHOLE.at(CUT))
        before = rows_known_by(settings, CUT)
        live(settings, WHOLE, again=True)
        after = rows_known_by(settings, CUT)
    captured = before["staging.game_results"].filter(pl.col("capture") == "captured")
    assert captured.height > 10
    for rows in (before, after):
        del rows["staging.starters"]
    paired = paired_after(WHOLE, CUT)
    kept = [without(stayed_as_listed(rows, WHOLE), paired, columns=OF_STARTERS) for rows in (before, after)]
    found = warehouse_differences(*kept)
    assert not found, told(found)


def live(settings: Settings, world: World, *, first: bool = False, again: bool = False) -> None:
    """A daily run at the world's clock; the first one begins with the past, a later one may ask for it again."""
    with run_league_server(world) as league_url:
        there = at_the_league(settings, world, league_url)
        prepare(there)
        if first:
            collect_afterwards(there, world)
        if again:
            collect_calendars(there, world)
        collect_today(there, world)
        transform(there, run_id="live")
        run_strategies(there, run_id="live")


SPRING = (
    SeasonPlan(2024, date(2024, 9, 5), date(2024, 9, 29)),
    SeasonPlan(2025, date(2025, 3, 27), date(2025, 5, 14)),
)


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "cut"),
    [
        (3, datetime(2025, 5, 9, 16, tzinfo=UTC)),
        (71, datetime(2025, 5, 10, 23, 17, tzinfo=UTC)),
        (502, datetime(2025, 5, 8, 3, 40, tzinfo=UTC)),
    ],
)
def test_models_and_their_bets_do_not_know_the_future_either(
    server: Server, tmp_path: Path, seed: int, cut: datetime
) -> None:
    """Months of games, so that models are trained, predict and bet; other seeds, other moments."""
    world = World(seed=seed, plans=SPRING, now=datetime(2025, 5, 13, 16, tzinfo=UTC))
    otherwise = World(seed=seed, plans=SPRING, now=world.now, redrawn_after=cut, later_seed=9)
    known = []
    for asked in (world, world.at(cut), otherwise):
        with league_database(server, tmp_path, asked) as settings:
            train_and_predict(settings, run_id="leakage", scheme="month", decisions=("open", "pregame"))
            eager = ModelEdge(ModelEdgeParameters(threshold=-1.0))  # a bet on every game that is predicted
            run_strategies(settings, run_id="leakage", strategies=(RandomSide(), eager))
            known.append(final_by(rows_known_by(settings, cut), world, cut))
    assert known[1]["curated.predictions"].height > 100
    assert (known[1]["curated.strategy_results"]["strategy"] == "model_edge").any()
    paired = paired_after(world, cut) | paired_after(otherwise, cut)
    kept = [without(stayed_as_listed(rows, world, otherwise, moment=cut), paired) for rows in known]
    for other in kept[1:]:
        found = warehouse_differences(kept[0], other)
        assert not found, told(found)


def final_by(rows: Rows, world: World, moment: datetime) -> Rows:
    """Without the predictions (and the model's bets) of games that were not over: a walk-forward scores what has
    ended, so it makes them later.
    """
    over = [
        game_key_of(x) for s, x in listings_of(world) if x.is_played and s.ended[x.number] + 300 < moment.timestamp()
    ]
    ended = pl.col("game_key").is_in(over)
    return rows | {
        "curated.predictions": rows["curated.predictions"].filter(ended),
        "curated.strategy_results": rows["curated.strategy_results"].filter(
            ended | (pl.col("strategy") != "model_edge")
        ),
    }
