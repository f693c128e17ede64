"""The clubs' players: 26 active at any time, an injured list that fills and empties, line-ups posted in time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import isinf

import pytest

from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.league import Season, starter_id
from dagster_mlb.simulator.schedule import DAY, HOUR, SeasonPlan, utc
from dagster_mlb.simulator.world import World

PLAN = SeasonPlan(2025, date(2025, 3, 27), date(2025, 9, 28))


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, (PLAN,), datetime(2025, 7, 15, 16, tzinfo=UTC))


@pytest.fixture(scope="module")
def season(world: World) -> Season:
    return world.league.season(2025)


def test_every_player_has_an_id_of_his_own_where_no_real_person_is(world: World) -> None:
    everybody = [p for club in range(len(CLUBS)) for p in rosters.club_players(world, 2025, club)]
    ids = [p.player_id for p in everybody]
    assert len(set(ids)) == len(ids)
    assert min(ids) >= 900_000
    assert len({p.name for p in everybody}) == len(everybody)
    starters = [p for p in everybody if p.role == "starter"]
    assert all(p.player_id == starter_id(p.club, p.number) for p in starters)
    assert all(rosters.player_of(world, 2025, p.player_id) == p for p in everybody[::7])
    assert rosters.player_of(world, 2025, 660271) is None
    assert rosters.player_of(world, 2025, 910_099) is None


def test_twenty_six_are_active_whoever_is_hurt(world: World, season: Season) -> None:
    start = season.listings[0].start
    for club in range(len(CLUBS)):
        for day in range(0, 180, 9):
            active = rosters.active(world, season, club, start + day * DAY)
            hurt = {x.player.player_id for x in rosters.injured(world, season, club, start + day * DAY)}
            assert len({p.player_id for p in active}) == 26
            assert not hurt & {p.player_id for p in active}
            assert len(rosters.bullpen(world, season, club, start + day * DAY)) == 8


def test_stays_on_the_injured_list_have_the_length_of_their_list(world: World, season: Season) -> None:
    stays = [x for club in range(len(CLUBS)) for x in rosters.injuries(world, season, club)]
    assert len(stays) / len(CLUBS) == pytest.approx(17, abs=4)
    for stay in stays:
        assert stay.days == 60 or stay.days == (10 if stay.player.role == "hitter" else 15)
        if not isinf(stay.activated_at):
            retroactive = (utc(stay.placed_at).date() - stay.retroactive_to).days
            assert 0 <= retroactive <= 3
            assert stay.activated_at - stay.placed_at >= (stay.days - retroactive - 0.5) * DAY


def test_a_line_up_is_posted_two_to_four_hours_before_the_start(world: World, season: Season) -> None:
    for listing in [x for x in season.listings if x.is_played and not x.is_makeup][:200]:
        for side in range(2):
            posted = rosters.lineup_posted_at(world, season, listing, side)
            assert 2 * HOUR <= listing.start - posted <= 4 * HOUR
            assert rosters.lineup(world, season, listing, side, posted - 1) is None
            order = rosters.lineup(world, season, listing, side, posted)
            assert order is not None
            assert len({p.player_id for p in order}) == 9
            assert sorted(p.position for p in order) == sorted(("C", "1B", "2B", "3B", "SS", "LF", "CF", "RF", "DH"))


def test_who_is_scratched_is_replaced_in_his_place(world: World, season: Season) -> None:
    changed = 0
    played = [x for x in season.listings if x.is_played and not x.is_makeup][:400]
    for listing in played:
        for side in range(2):
            falls = rosters.scratches(world, season, listing, side)
            changed += bool(falls)
            for at, out, into in falls:
                before = rosters.lineup(world, season, listing, side, at - 1)
                after = rosters.lineup(world, season, listing, side, at)
                assert before is not None
                assert after is not None
                slot = [p.player_id for p in before].index(out.player_id)
                assert after[slot] == into
                assert out.player_id not in {p.player_id for p in after}
                assert at <= listing.start
    assert changed / (2 * len(played)) == pytest.approx(rosters.LINEUP_SCRATCHED, abs=0.03)


def test_nobody_on_the_injured_list_starts_a_game(world: World, season: Season) -> None:
    for listing in [x for x in season.listings if x.is_played][::9]:
        for side, club in enumerate((listing.home, listing.away)):
            first = float(season.first_pitch[listing.number])
            order = rosters.lineup(world, season, listing, side, first)
            assert order is not None
            hurt = {x.player.player_id for x in rosters.injured(world, season, club, listing.start)}
            assert not hurt & {p.player_id for p in order}


def test_a_postponed_game_has_no_line_up(world: World, season: Season) -> None:
    lost = next(x for x in season.listings if x.made_up_as is not None)
    assert rosters.lineup(world, season, lost, 0, lost.postponed_at) is None
    made_up = season.listings[lost.made_up_as or 0]
    assert rosters.lineup(world, season, made_up, 0, made_up.start) is not None
