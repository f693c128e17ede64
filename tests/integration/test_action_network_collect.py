"""A day of Action Network asked of the league's server over HTTP: every endpoint into its raw table."""

from __future__ import annotations

from datetime import timedelta

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_action_network as wire
from dagster_mlb.simulator.demo import DEMO_WORLD
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.wire_action_network_games import event_id
from dagster_mlb.sources.action_network import collect
from dagster_mlb.sources.action_network.collect import Event
from dagster_mlb.warehouse.prepare import prepare
from tests.integration.staged_bodies import rows

DAY = DEMO_WORLD.today


def test_a_day_is_collected_over_http(database: Settings) -> None:
    with run_league_server(DEMO_WORLD) as base_url:
        told = {"action_network_base_url": f"{base_url}/action_network", "fixed_now": DEMO_WORLD.now}
        settings = Settings.model_validate(database.model_dump() | told)
        prepare(settings)
        days = [DAY - timedelta(days=1), DAY]
        slates = collect.collect_scoreboard(settings, days, run_id="test")
        again = collect.collect_scoreboard(settings, days, run_id="test")
        events = collect.listed_events(settings, DAY, DAY)
        results = [
            slates,
            again,
            collect.collect_public_betting(settings, [DAY], run_id="test"),
            collect.collect_scoreboard_v1(settings, [DAY], run_id="test"),
            collect.collect_market_history(settings, events, run_id="test"),
            collect.collect_books(settings, run_id="test"),
        ]
    assert [result.failures for result in results] == [[]] * 6
    assert [result.provenance for result in results] == ["simulated"] * 6
    assert (slates.stored, slates.repeats, again.stored, again.repeats) == (2, 0, 0, 2)
    listed = sorted(str(event_id(listing)) for _, listing in wire.slate(DEMO_WORLD, DAY))
    assert events == [Event(event, DAY) for event in listed]
    assert results[4].requests == len(listed) == 15
    assert rows(
        settings,
        """select official_date, capture, bool_or(body is not null), count(*)::int
           from raw_data.action_network_scoreboard group by 1, 2 order by 1""",
    ) == [(DAY - timedelta(days=1), "backfilled", True, 2), (DAY, "captured", True, 2)]
    assert rows(
        settings,
        "select distinct jsonb_array_length(raw_data.json_of(body) -> 'games') from raw_data.action_network_scoreboard "
        "where body is not null and official_date = %s",
        [DAY],
    ) == [(15,)]
