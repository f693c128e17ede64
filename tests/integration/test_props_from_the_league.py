"""Props of the league from its server to the unified table: nearly all accepted, none of a wrong game or player."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_odds, wire_prizepicks
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.schedule import Listing, SeasonPlan, utc
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.odds_api.within_plan import collect_event_odds_within_plan
from dagster_mlb.sources.prizepicks.collect import collect_projections
from tests.integration.staged_bodies import rows, stage
from tests.integration.world import Server, at_the_league, fresh_database

# Two looks at a Saturday: in the morning, and with the first line-ups posted.
WORLD = World(
    seed=31, plans=(SeasonPlan(2025, date(2025, 5, 6), date(2025, 5, 12)),), now=datetime(2025, 5, 10, 15, tzinfo=UTC)
)
HOURS = (0.0, 3.5)
MARKETS = ("pitcher_strikeouts", "batter_hits", "batter_total_bases_alternate", "h2h_1st_5_innings")


@pytest.fixture(scope="module")
def settings(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder: Path = tmp_path_factory.mktemp("props")
    with fresh_database(Server(server_url, postgres_server), folder, WORLD.now) as empty:
        for hours in HOURS:
            world = WORLD.at(WORLD.now + timedelta(hours=hours))
            with run_league_server(world) as url:
                wanted = {"prizepicks_base_url": f"{url}/prizepicks", "odds_api_monthly_credits": 5_000}
                there = at_the_league(empty, world, url).model_copy(update=wanted)
                collect_projections(there, run_id=f"{hours}").raise_if_failed()
                listed = [wire_odds.event_id(world.seed, x) for _, x in wire_odds.on_offer(world, world.moment)][:16]
                collect_event_odds_within_plan(there, listed, run_id=f"{hours}", markets=MARKETS).raise_if_failed()
        stage(there, "+player_props")
        yield there


@pytest.mark.parametrize("model", ["stg_odds_api__props", "stg_prizepicks__projections"])
def test_nearly_everything_is_accepted_and_the_rest_has_its_reason(settings: Settings, model: str) -> None:
    counted = {
        (disposition, rule): n
        for disposition, rule, n in rows(
            settings, f"select disposition, rule, count(*) from staging.{model} group by 1, 2"
        )
    }
    out_of_scope = {"quoted_elsewhere", "combo"}
    assert {rule for _, rule in counted} - {None} <= out_of_scope
    total = sum(n for (_, rule), n in counted.items() if rule != "quoted_elsewhere")
    assert counted["staged", None] / total >= 0.98
    assert counted["staged", None] > 3_000


@pytest.mark.parametrize(
    ("table", "raw_table", "path"),
    [
        ("stg_odds_api__props", "odds_api_event_odds", "lax $[*].bookmakers[*].markets[*].outcomes[*]"),
        ("stg_prizepicks__projections", "prizepicks_projections", "lax $.data[*]"),
    ],
)
def test_every_record_of_every_body_is_accounted_for(settings: Settings, table: str, raw_table: str, path: str) -> None:
    assert rows(
        settings,
        f"""select count(*) from (
                select load_id, count(*) as records
                from raw_data.{raw_table} cross join lateral jsonb_path_query(raw_data.json_of(body), '{path}')
                where body is not null group by load_id
            ) as counted
            full join (select load_id, count(*) as records from staging.{table} group by load_id) as staged
                using (load_id)
            where counted.records is distinct from staged.records""",
    ) == [(0,)]


def test_every_event_is_the_game_that_the_league_says_it_is(settings: Settings) -> None:
    truth: dict[tuple[str, str], Listing] = {
        **{("odds_api", event): x for event, x in wire_odds.odds_event_listing(WORLD).items()},
        **{("prizepicks", event): x for event, x in wire_prizepicks.event_listings(WORLD).items()},
    }
    found = rows(
        settings,
        """select distinct source, event_id, home_team_id, away_team_id, official_date, commence_at
           from staging.player_props""",
    )
    assert len({event for source, event, *_ in found if source == "prizepicks"}) > 10
    for source, event, home, away, day, starts in found:
        listing = truth[source, event]
        assert (home, away) == (CLUBS[listing.home].club_id, CLUBS[listing.away].club_id)
        assert (day, starts) == (listing.date, utc(listing.start))


def test_both_sources_speak_of_the_same_players_and_stats(settings: Settings) -> None:
    # Bovada writes the club behind the name: the key is the same man's all the same.
    assert (
        rows(
            settings,
            """select count(*) from (
               select player_key from staging.player_props where market = 'pitcher_strikeouts'
               group by player_key having count(distinct source) = 2 and count(distinct book) > 5
           ) as known""",
        )[0][0]
        > 10
    )
    keys = {
        key for (key,) in rows(settings, "select distinct player_key from staging.player_props where book = 'bovada'")
    }
    assert keys
    assert all("(" not in key and key == key.lower() for key in keys)
    clubs = rows(
        settings,
        """select count(*) from staging.player_props
           where source = 'prizepicks' and team_id not in (home_team_id, away_team_id)""",
    )
    assert clubs == [(0,)]


def test_the_unified_table_holds_changes_only(settings: Settings) -> None:
    assert rows(
        settings,
        """select count(*) from (
               select line, price_american, odds_type, status,
                   lag(line) over w as line_before, lag(price_american) over w as price_before,
                   lag(odds_type) over w as type_before, lag(status) over w as status_before,
                   row_number() over w as place
               from staging.player_props window w as (partition by series_id order by known_at, seq)
           ) as compared
           where place > 1 and (line, price_american, odds_type, status)
               is not distinct from (line_before, price_before, type_before, status_before)""",
    ) == [(0,)]
    told, kept, moved = rows(
        settings,
        """select
               (select count(*) from staging.stg_prizepicks__props)
               + (select count(*) from staging.stg_odds_api__props where disposition = 'staged'),
               (select count(*) from staging.player_props),
               (select count(*) from (select from staging.player_props group by series_id having count(*) > 1) as m)""",
    )[0]
    assert kept < told
    assert moved > 100
