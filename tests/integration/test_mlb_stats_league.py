"""Days of the simulated league, asked over HTTP by the collectors of every MLB endpoint, down to unified tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.box import lines_of
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.collect import collect_schedule
from dagster_mlb.sources.mlb_stats import collect as mlb
from dagster_mlb.sources.mlb_stats.collect import AskedGame
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.staged_bodies import rows, stage
from tests.integration.world import Server, at_the_league, fresh_database

DAY = date(2025, 6, 20)
PLAN = SeasonPlan(2025, date(2025, 6, 12), date(2025, 6, 29))
NOW = datetime(2025, 6, 21, 0, 40, tzinfo=UTC)  # the evening of the day: some games are over, some go on


@dataclass(frozen=True)
class Asked:
    settings: Settings
    world: World

    def rows(self, query: str) -> list[tuple]:
        return rows(self.settings, query)


@pytest.fixture(scope="module")
def asked(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    world = World(21, (PLAN,), NOW)
    server = Server(server_url, postgres_server)
    with (
        fresh_database(server, tmp_path_factory.mktemp("league"), NOW) as empty,
        run_league_server(world) as league_url,
    ):
        settings = at_the_league(empty, world, league_url)
        prepare(settings)
        season = world.league.season(2025)
        days = [DAY - timedelta(days=n) for n in range(3)]
        games = [AskedGame(x.game_pk, x.date) for day in days for x in season.by_date[day] if x.is_played]
        starters = [rosters.starter_of(world, 2025, club, 0).player_id for club in range(30)]
        collect_schedule(settings, days[-1], DAY, run_id="league").raise_if_failed()
        for result in (
            mlb.collect_lineups(settings, days, run_id="league"),
            mlb.collect_live_feeds(settings, games, run_id="league"),
            mlb.collect_boxscores(settings, games, run_id="league"),
            mlb.collect_linescores(settings, games[:4], run_id="league"),
            mlb.collect_people(settings, starters, 2025, run_id="league"),
            mlb.collect_person_stats(settings, starters[:2], 2025, run_id="league"),
            mlb.collect_transactions(settings, PLAN.opening, DAY, run_id="league"),
            mlb.collect_venues(settings, [1, 19, 2529], 2025, run_id="league"),
        ):
            result.raise_if_failed()
            assert result.provenance == "simulated"
        names = "weather_at_game plate_appearances linescores people person_stats venues"
        stage(settings, "+lineups", "+injuries", "+pitching_lines", *(f"+stg_mlb_stats__{n}" for n in names.split()))
        yield Asked(settings, world)


def test_everything_the_league_says_is_staged(asked: Asked) -> None:
    models = (
        "weather_at_game plate_appearances pitching_lines lineups linescores people person_stats transactions venues"
    )
    for model in models.split():
        counts = asked.rows(f"select count(*), count(rule) from staging.stg_mlb_stats__{model}")
        assert counts[0][0] > 0, model
        assert counts[0][1] == 0, asked.rows(
            f"select rule, reason from staging.stg_mlb_stats__{model} where rule is not null"
        )


def test_pitching_lines_are_those_of_the_leagues_games(asked: Asked) -> None:
    season = asked.world.league.season(2025)
    told = {
        (pk, int(pitcher.removeprefix("mlb:"))): values
        for pk, pitcher, *values in asked.rows(
            """select ties.event_id::int, lines.pitcher_id, lines.outs, lines.runs, lines.earned_runs, lines.strikeouts,
                      lines.walks, lines.pitches, lines.decision
               from staging.pitching_lines as lines
               inner join staging.game_crosswalk as ties on ties.game_key = lines.game_key and ties.source = 'mlb'"""
        )
    }
    truth = {}
    for day in (DAY, DAY - timedelta(days=1), DAY - timedelta(days=2)):
        for listing in season.by_date[day]:
            if listing.is_played and season.ended[listing.number] <= NOW.timestamp():
                for side in lines_of(asked.world, season, listing):
                    for pitcher, x in side.pitching.items():
                        line = [x.outs, x.runs, x.earned_runs, x.strikeouts, x.walks, x.pitches, x.decision]
                        truth[listing.game_pk, pitcher] = line
    assert told == truth
    assert len(told) > 200


def test_line_ups_are_who_started(asked: Asked) -> None:
    season = asked.world.league.season(2025)
    begun = [x for x in season.by_date[DAY] if x.is_played and season.first_pitch[x.number] <= NOW.timestamp()]
    assert begun
    for listing in begun:
        for side, name in enumerate(("home", "away")):
            order = rosters.lineup(asked.world, season, listing, side, NOW.timestamp())
            assert order is not None
            query = f"""select distinct on (batting_order) batting_order, player_id, position from staging.lineups
                        where game_key = {1_000_000_000_000 + listing.game_pk} and side = '{name}'
                        order by batting_order, known_at desc"""
            expected = [(n, f"mlb:{p.player_id}", p.position) for n, p in enumerate(order, 1)]
            assert asked.rows(query) == expected


def test_who_is_on_the_injured_list_as_far_as_is_known(asked: Asked) -> None:
    season = asked.world.league.season(2025)
    hurt = {
        f"mlb:{x.player.player_id}"
        for club in range(30)
        for x in rosters.injured(asked.world, season, club, NOW.timestamp())
    }
    query = """select player_id from (
                   select distinct on (player_id, stay) player_id, activated_on from staging.injuries
                   order by player_id, stay, version desc
               ) as latest where activated_on is null"""
    assert {player for (player,) in asked.rows(query)} == hurt
    assert hurt


def test_plays_add_up_to_the_score(asked: Asked) -> None:
    query = """select count(*), count(*) filter (
                   where (plays.away_score, plays.home_score) = (games.away_runs, games.home_runs)
               )
               from (
                   select distinct on (game_pk) game_pk, away_score, home_score
                   from staging.stg_mlb_stats__plate_appearances
                   order by game_pk, at_bat_index desc
               ) as plays
               inner join staging.stg_mlb_stats__schedule_games as games
                   on games.game_pk = plays.game_pk and games.status = 'final'"""
    [(games, agreeing)] = asked.rows(query)
    assert games == agreeing > 20


def test_weather_is_told_of_every_game_that_has_begun(asked: Asked) -> None:
    query = """select count(*) filter (where missing_reason is not null), count(*), min(temperature_f) > 40,
                      count(distinct venue_id) from staging.stg_mlb_stats__weather_at_game
               where left(status_code, 1) in ('I', 'F', 'O')"""
    [(missing, games, is_warm, venues)] = asked.rows(query)
    assert (missing, is_warm) == (0, True)
    assert games > 20
    assert venues > 10
