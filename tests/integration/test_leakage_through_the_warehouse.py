"""No decision knows its future, from raw to bets: the whole chain is built on worlds that differ only after a moment.

*Whole* is a league collected days after the moment ``CUT``. *Cut* is the same league collected at ``CUT``, when it
could not tell more. *Otherwise* is a league that was the same up to ``CUT`` and drawn anew after it. What was known or
decided by ``CUT`` must be the same rows in all three, to the bit. ``CUT`` lies on an afternoon with games under way,
right after the second game of a doubleheader could be bet on while the first was not over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    untested,
    waiting_at,
)

from dagster_mlb.learning.run import train_and_predict
from dagster_mlb.pipeline import transform
from dagster_mlb.settings import Settings
from dagster_mlb.signals.table import publish_signals
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.strategies.backtest import run_strategies
from dagster_mlb.strategies.families.book_conflict import BookConflict
from dagster_mlb.strategies.families.line_movement import LineMovement
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import Favourite, RandomSide
from dagster_mlb.strategies.families.steam import Steam
from dagster_mlb.strategies.leakage.frames import Difference
from dagster_mlb.strategies.leakage.graph import StaleTableError, as_of_graph
from dagster_mlb.strategies.leakage.live import SEED, check_live_graph
from dagster_mlb.strategies.leakage.moments import Moment, choose_moments
from dagster_mlb.strategies.leakage.rebuild import rebuilt, window
from dagster_mlb.strategies.leakage.report import LeakageReport
from dagster_mlb.strategies.leakage.skill import failed
from dagster_mlb.strategies.leakage.skill_live import FEATURE_VECTORS, check_skill, lagged_frames
from dagster_mlb.strategies.leakage.warehouses import rows_known_by, warehouse_differences
from dagster_mlb.warehouse.compiled import Project, compiled_project
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare

PLANS = (
    SeasonPlan(2024, date(2024, 9, 26), date(2024, 9, 29)),
    SeasonPlan(2025, date(2025, 4, 4), date(2025, 4, 16)),
)
CUT = datetime(2025, 4, 12, 19, 21, tzinfo=UTC)
WHOLE = World(seed=118, plans=PLANS, now=datetime(2025, 4, 15, 16, tzinfo=UTC))
OTHERWISE = World(seed=118, plans=PLANS, now=WHOLE.now, redrawn_after=CUT, later_seed=5)

# One or two of each decision: without skill, of moves, of several books, of signals; one staked by a bankroll.
STRATEGIES = (
    RandomSide(decision="open"),
    LineMovement(decision="pregame", markets=("moneyline", "total")),
    BookConflict(decision="pregame", form="fade"),
    Favourite(decision="close", book="best"),
    Steam(decision="signal"),
    RandomSide(decision="signal", book="each"),
)

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
        untested(),
        league_database(server, folder, WHOLE.at(CUT)) as cut,
        league_database(server, folder, OTHERWISE) as otherwise,
    ):
        known = {}
        for name, settings in (("whole", whole), ("cut", cut), ("otherwise", otherwise)):
            bet_on_paper(settings, name)
            known[name] = rows_known_by(settings, CUT)
        yield Worlds(server, folder, whole, cut, otherwise, known)


def bet_on_paper(settings: Settings, run_id: str) -> None:
    publish_signals(settings, run_id)
    run_strategies(settings, run_id=run_id, strategies=STRATEGIES)


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
    assert {difference.output for difference in found} == {name for name, rows in whole.items() if rows.height}


def test_a_doubleheader_is_one_once_it_was_announced(worlds: Worlds) -> None:
    paired = paired_after(WHOLE, CUT) - moved_after(WHOLE, CUT)
    rows = [
        worlds.known[name]["curated.feature_vectors"].filter(pl.col("game_key").is_in(sorted(paired)))
        for name in ("whole", "cut")
    ]
    assert rows[0].height and rows[0]["is_doubleheader"].to_list() == rows[1]["is_doubleheader"].to_list()


# ------------------------------------------------------------------------------- one warehouse, asked by itself


def test_the_live_graph_does_not_know_its_future(worlds: Worlds) -> None:
    report = check_live_graph(worlds.whole, past=1, a_day=1, strategies=STRATEGIES)
    assert report.passed, "\n".join(report.told())
    assert {one.table for one in report.tables if one.rows} >= {
        *("staging.int_market_states", "staging.int_team_form", "curated.decision_prices", "curated.market_consensus"),
        *("curated.movement_analysis", "curated.betting_lines_enhanced", "curated.feature_vectors"),
        *("curated.team_ratings", "curated.sharp_action_signals", "curated.strategy_results"),
    }
    assert {one.mutation for one in report.tables} == {"truncation", "poisoning", "as it stands"}
    assert any("doubleheader" in moment.why for moment in report.moments)


def test_every_table_of_decisions_is_looked_at(worlds: Worlds) -> None:
    """A model that lands between stores and decisions is rebuilt without a word in the harness."""
    with connect(worlds.whole) as connection:
        graph = as_of_graph(connection, compiled_project(worlds.whole))
    decided = {
        one for one, columns in graph.columns.items() if {"game_key", "decision_at"} <= {c.name for c in columns}
    }
    by_dbt = {one for one in decided if graph.project.nodes[one].layer in ("intermediate", "curated")}
    assert by_dbt - set(graph.moments) <= {("curated", "prediction_inputs")}  # of now alone
    assert {relation[1] for relation in graph.stores} >= {"odds_ticks", "game_results", "starters", "team_ratings"}


def test_a_moment_leaves_no_trace_in_the_warehouse(worlds: Worlds) -> None:
    with connect(worlds.whole) as connection:
        left = connection.execute("select relname from pg_class where relpersistence = 't'").fetchall()
        made = connection.execute("select nspname from pg_namespace where nspname !~ '^pg_'").fetchall()
    assert not left
    assert {name for (name,) in made} <= {
        "raw_data",
        "staging",
        "curated",
        "operational",
        "public",
        "information_schema",
    }


def test_noise_reaches_what_came_after_and_nothing_before(worlds: Worlds) -> None:
    """Ticks and results: what was known is the same to the letter, of what was not every value is another one."""
    at = CUT - timedelta(days=1)
    checked = {
        "odds_ticks": ("price_american", ("series_id", "known_at", "seq")),
        "game_results": ("home_runs", ("game_key", "version")),
        "starters": ("pitcher_id", ("game_key", "side", "known_at", "source")),
    }
    with (
        connect(worlds.whole) as connection,
        connection.transaction(force_rollback=True),
        window(
            connection,
            as_of_graph(connection, compiled_project(worlds.whole)),
            at.date(),
            at.date() + timedelta(days=1),
        ) as games,
        rebuilt(games, "poisoning", at, 7, WHOLE.now) as tables,
    ):
        for table, (value, key) in checked.items():
            same = " and ".join(f"noisy.{name} = told.{name}" for name in key)
            query = f"""
                select count(*) filter (where told.known_at <= %(at)s),
                    count(*) filter (where told.known_at > %(at)s),
                    count(*) filter (where told.known_at <= %(at)s and noisy::text = told::text),
                    count(*) filter (where told.known_at > %(at)s and noisy.{value} = told.{value})
                from {tables["staging", table]} as noisy inner join staging.{table} as told on {same}
            """
            past, later, equal, kept = connection.execute(query, {"at": at}).fetchone() or (0, 0, 0, 0)
            assert past > 10 and later > 10, table
            assert (equal, kept) == (past, 0), table


# The difference of the clubs' forms as it was told a while before the close of each game of a day.
FORM_BEFORE_SQL = """
select points.game_key, points.decision_at, (home.form_10 - away.form_10)::float8 as form_diff
from curated.feature_vectors as points
cross join lateral (
    select form_10 from staging.int_team_form as form
    where form.team_id = points.home_team_id and form.known_at <= points.decision_at - %s
    order by form.known_at desc, form.game_key desc limit 1
) as home
cross join lateral (
    select form_10 from staging.int_team_form as form
    where form.team_id = points.away_team_id and form.known_at <= points.decision_at - %s
    order by form.known_at desc, form.game_key desc limit 1
) as away
where points.official_date = %s and points.decision = 'close'
order by points.game_key
"""


def test_features_of_a_day_earlier_know_what_was_known_a_day_earlier(worlds: Worlds) -> None:
    """What the time shift is made of; the decisions themselves are the same."""
    day = CUT.date() - timedelta(days=1)
    lagged = lagged_frames(worlds.whole, day, day, [FEATURE_VECTORS])[FEATURE_VECTORS]
    told = lagged.filter(pl.col("decision") == "close").sort("game_key").select("game_key", "decision_at", "form_diff")
    now, before = (
        read_frame(worlds.whole, FORM_BEFORE_SQL, [shift, shift, day]) for shift in (timedelta(0), timedelta(days=1))
    )
    assert told.height > 8 and told.equals(before)
    assert not told["form_diff"].equals(now["form_diff"]), "no club played the day before"


def test_results_dealt_anew_leave_what_the_close_says(worlds: Worlds) -> None:
    figures = check_skill(worlds.whole, seed=1)
    assert "favourite, follow, close" in {one.subject for one in figures}
    assert failed(figures) == []


def test_a_table_of_another_project_is_told_and_not_left_out(worlds: Worlds) -> None:
    project = compiled_project(worlds.whole)
    with connect(worlds.whole) as connection, connection.transaction(force_rollback=True):
        connection.execute("drop table staging.int_voices cascade")
        with pytest.raises(StaleTableError, match=r"stands, but staging\.int_voices.* does not: run `mlb transform`"):
            as_of_graph(connection, project)
    node = project.node("market_consensus")
    other = project.with_sql("market_consensus", f"select game_key, decision, market from ({node.sql}) as less")
    with pytest.raises(StaleTableError, match=r"curated\.market_consensus and its model have different columns"):
        check_live_graph(worlds.whole, parts=["tables"], past=0, doubleheaders=0, latest=1, project=other)


# ---------------------------------------------------------------------------- the harness finds what leaks

# One leak a model: what its SQL says, and what it would say. The last two hide theirs behind another moment.
LEAKS = {
    "feature_vectors": {
        "form.team_id = points.home_team_id and form.known_at <= points.decision_at": (
            "form.team_id = points.home_team_id and form.known_at <= points.decision_at + interval '1 day'"
        ),
    },
    "decision_prices": {
        "and states.known_at <= points.decision_at": "and states.known_at <= points.close_at",
        "states.known_at,\n        states.label": (
            "least(states.known_at, points.decision_at) as known_at,\n        states.label"
        ),
    },
    "int_team_form": {
        "results.known_at,\n        games.official_date": (
            "case when games.is_doubleheader and games.game_number = 1 "
            "then games.scheduled_start_at + interval '2 hours' else results.known_at end as known_at,"
            "\n        games.official_date"
        ),
    },
}


@pytest.fixture(scope="module")
def leaking(worlds: Worlds) -> Iterator[Settings]:
    """A copy of the warehouse, for models that leak to be built in."""
    with fresh_database(worlds.server, worlds.folder, WHOLE.now, like=worlds.whole) as copy:
        yield copy


@contextmanager
def built_wrongly(settings: Settings, model: str) -> Iterator[Project]:
    """The project with a leak in one model, and the model's table and those that are made of it as it makes them."""
    right = compiled_project(settings)
    text = right.node(model).sql
    for said, would_say in LEAKS[model].items():
        assert said in text, f"{model} reads otherwise now: patch what it says"
        text = text.replace(said, would_say)
    wrong = right.with_sql(model, text)
    build_anew(settings, wrong, model)
    yield wrong
    build_anew(settings, right, model)


def build_anew(settings: Settings, project: Project, model: str) -> None:
    with connect(settings) as connection:
        graph = as_of_graph(connection, project)
        origin = project.node(model).relation
        for relation in graph.rebuilt:
            if relation == origin or origin in project.ancestors([relation]):
                table, names = f'"{relation[0]}"."{relation[1]}"', [column.name for column in graph.columns[relation]]
                listed = ", ".join(f'"{name}"' for name in names)
                connection.execute(f"truncate {table} cascade".encode())
                query = f"insert into {table} ({listed}) select {listed} from ({project.nodes[relation].sql}) as built"
                connection.execute(query.encode())


def moment_of(settings: Settings, why: str) -> Moment:
    """One of the moments that the harness would choose."""
    with connect(settings) as connection:
        chosen = choose_moments(connection, seed=SEED, past=1, doubleheaders=3)
    return next(moment for moment in chosen if why in moment.why)


def found_in(report: LeakageReport, table: str) -> dict[str, list[Difference]]:
    found: dict[str, list[Difference]] = {}
    for one in report.leaks:
        for difference in one.differences if one.table == table else ():
            found.setdefault(difference.column, []).append(difference)
    return found


def test_a_feature_moved_one_day_into_the_future_is_named(leaking: Settings) -> None:
    with built_wrongly(leaking, "feature_vectors") as project:
        moment = moment_of(leaking, "drawn day, the decision most games share")
        report = check_live_graph(leaking, [moment], parts=["tables"], project=project)
    assert {one.table for one in report.leaks} == {"curated.feature_vectors"}
    assert {one.mutation for one in report.leaks} == {"truncation", "poisoning"}
    columns = found_in(report, "curated.feature_vectors")
    assert {"form_diff", "home_win_rate_10"} <= columns.keys() and "away_form_10" not in columns
    assert "game_key 1000" in columns["form_diff"][0].detail and "decision open" in columns["form_diff"][0].detail


def test_a_closing_price_in_an_earlier_decision_is_named(leaking: Settings) -> None:
    with built_wrongly(leaking, "decision_prices") as project:
        moment = moment_of(leaking, "drawn day, the decision most games share")
        report = check_live_graph(leaking, [moment], parts=["tables"], project=project)
    prices = found_in(report, "curated.decision_prices")
    assert "decision open" in prices["home_price"][0].detail and prices["home_price"][0].rows > 10
    assert "market_logit" in found_in(report, "curated.feature_vectors")
    assert "staging.int_market_states" not in {one.table for one in report.leaks}


def test_a_doubleheaders_first_game_in_its_second_is_named(leaking: Settings) -> None:
    with built_wrongly(leaking, "int_team_form") as project:
        moment = moment_of(leaking, "second game of a doubleheader")
        report = check_live_graph(leaking, [moment], parts=["tables"], project=project)
        with connect(leaking) as connection:
            decided = (
                "select game_key from staging.int_decision_points where decision_at = %s and decision <> 'current'"
            )
            (second,) = connection.execute(decided, [moment.at]).fetchone() or (0,)
    (lone,) = found_in(report, "staging.int_team_form")["*"][:1]
    assert "stands, but not without the future" in lone.detail and str(second) not in lone.detail
    assert str(second) in found_in(report, "curated.feature_vectors")["form_diff"][0].detail


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
        bet_on_paper(there, "live")


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
            eager = ModelEdge(threshold=-1.0)  # a bet on every game that is predicted
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
