"""The plays of the simulated league: they add up to its truth, and none depends on what comes later."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import numpy as np
import pytest

from dagster_mlb.simulator import half_innings as half
from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.box import box_of, season_lines
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.pitches import ZONE_BOTTOM, ZONE_TOP
from dagster_mlb.simulator.play_by_play import PlateAppearance, plate_appearances, plays
from dagster_mlb.simulator.schedule import HOUR, Listing, SeasonPlan, utc
from dagster_mlb.simulator.world import World

PLAN = SeasonPlan(2025, date(2025, 3, 27), date(2025, 7, 31))
NOW = datetime(2025, 6, 20, 20, 30, tzinfo=UTC)

Game = tuple[Listing, list[PlateAppearance]]


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, (PLAN,), NOW)


@pytest.fixture(scope="module")
def season(world: World) -> Season:
    return world.league.season(2025)


@pytest.fixture(scope="module")
def games(world: World, season: Season) -> list[Game]:
    """Some 200 games, walk-offs, extra innings and a suspended one among them."""
    chosen = [x for x in season.listings if x.is_played]
    suspended = [x for x in chosen if x.resumed_as is not None]
    long = [x for x in chosen if season.innings[x.number] > 9]
    assert suspended
    assert long
    return [(x, plate_appearances(world, season, x)) for x in [*chosen[:150], *suspended[:2], *long[:50]]]


def test_runs_by_half_inning_and_their_moments_are_the_leagues(season: Season, games: list[Game]) -> None:
    for listing, appearances in games:
        runs, ends = Counter(), {}
        for x in appearances:
            runs[x.inning - 1, int(not x.is_top)] += x.runs
            ends[x.inning - 1, int(not x.is_top)] = x.ended_at
        played = np.argwhere(season.half_runs[listing.number] >= 0).tolist()
        assert sorted(ends) == [tuple(x) for x in played]
        for inning, side in played:
            assert runs[inning, side] == season.half_runs[listing.number, inning, side]
            assert ends[inning, side] == season.half_ends[listing.number, inning, side]
        last = appearances[-1]
        assert (last.home_score, last.away_score) == tuple(season.runs[listing.number])


def test_outs_bases_and_scores_follow_from_one_play_to_the_next(games: list[Game]) -> None:
    for _, appearances in games:
        for x, following in zip(appearances, [*appearances[1:], None], strict=True):
            made = sum(runner.end == -1 for runner in x.runners)
            assert x.outs_after == x.outs_before + made <= 3
            home = sum(runner.end == 4 for runner in x.runners)
            assert home == x.runs == x.home_score + x.away_score - x.home_score_before - x.away_score_before
            if following is None:
                continue
            assert following.at_bat_number == x.at_bat_number + 1
            assert (following.home_score_before, following.away_score_before) == (x.home_score, x.away_score)
            if (following.inning, following.is_top) == (x.inning, x.is_top):
                assert following.bases_before == x.bases_after
                assert following.outs_before == x.outs_after
                assert following.started_at == x.ended_at
            else:
                assert x.outs_after == 3
                assert following.outs_before == 0
                ghost = following.inning > 9
                assert [base is not None for base in following.bases_before] == [False, ghost, False]
                assert following.started_at > x.ended_at


def test_a_walk_off_ends_the_game_with_the_winning_run(season: Season, games: list[Game]) -> None:
    walked_off = [g for _, g in games if g[-1].outs_after < 3]
    assert len(walked_off) > 5
    for appearances in walked_off:
        last = appearances[-1]
        assert not last.is_top
        assert last.inning >= 9
        assert last.home_score_before <= last.away_score_before < last.home_score
        assert last.home_score == last.away_score + 1 or last.event == "home_run"


def test_batters_come_up_in_their_order(games: list[Game]) -> None:
    for _, appearances in games[:40]:
        for is_top in (True, False):
            slots = [x.batting_slot for x in appearances if x.is_top is is_top]
            assert slots == [(slots[0] - 1 + n) % 9 + 1 for n in range(len(slots))]
            assert slots[0] == 1


def test_the_announced_starter_pitches_first_and_nobody_comes_back(season: Season, games: list[Game]) -> None:
    for listing, appearances in games[:60]:
        for side, club in enumerate((listing.home, listing.away)):
            pitchers = [x.pitcher_id for x in appearances if x.is_top == (side == 0)]
            assert pitchers[0] == 900_000 + club * 10 + season.starters[listing.number, side, 1]
            order = list(dict.fromkeys(pitchers))
            assert pitchers == sorted(pitchers, key=order.index)


def test_outcomes_have_mlbs_rates(games: list[Game]) -> None:
    events = Counter(x.event for _, g in games for x in g)
    n = sum(events.values())
    for event, rate in (
        ("strikeout", 0.225),
        ("walk", 0.083),
        ("home_run", 0.031),
        ("single", 0.14),
        ("double", 0.044),
    ):
        assert events[event] / n == pytest.approx(rate, rel=0.12), event
    assert n / len(games) == pytest.approx(77, abs=6)
    assert np.mean([len(x.calls) for _, g in games for x in g]) == pytest.approx(3.8, abs=0.25)


def test_the_shares_of_what_may_happen_add_up() -> None:
    for outs in range(3):
        for bases in range(8):
            options = half.outcomes(outs, bases)
            assert sum(x.share for x in options) == pytest.approx(1)
            for x in options:
                men = 1 + bases.bit_count()
                assert x.runs + x.outs + x.bases.bit_count() == men or outs + x.outs == 3
    assert sum(half.chances(30)[runs, 0, 0] for runs in range(31)) == pytest.approx(1, abs=1e-6)


def test_counts_grow_to_what_the_plate_appearance_became(world: World, season: Season) -> None:
    for listing in [x for x in season.listings if x.is_played][:25]:
        for x in plays(world, season, listing):
            assert len(x.pitches) == len(x.calls)
            assert all(p.balls <= 3 and p.strikes <= 2 for p in x.pitches)
            last = x.pitches[-1]
            ends = {"strikeout": "SC", "walk": "B", "hit_by_pitch": "H"}.get(x.event, "XDE")
            assert last.call in ends
            assert (last.balls, last.strikes) >= {"walk": (3, 0), "strikeout": (0, 2)}.get(x.event, (0, 0))
            assert last.strikes == 2 or x.event != "strikeout"
            assert [p.description_code == "X" for p in x.pitches[:-1]] == [False] * (len(x.pitches) - 1)
            assert (last.launch_speed is not None) == (x.trajectory is not None)
            at = [x.started_at, *(p.at for p in x.pitches), x.ended_at]
            assert at == sorted(at)


def test_pitches_look_like_pitches(world: World, season: Season) -> None:
    pitches = [
        p for x in [x for x in season.listings if x.is_played][:25] for a in plays(world, season, x) for p in a.pitches
    ]
    assert np.mean([p.speed for p in pitches]) == pytest.approx(89, abs=1.5)
    called = [p for p in pitches if p.call == "C"]
    assert all(p.zone <= 9 and abs(p.plate_x) <= 0.84 and ZONE_BOTTOM <= p.plate_z <= ZONE_TOP for p in called)
    assert all(p.zone >= 11 for p in pitches if p.call == "B")
    assert {p.description for p in pitches} == {
        *("ball", "called_strike", "swinging_strike", "foul", "hit_by_pitch", "hit_into_play")
    }
    homers = [p for p in pitches if p.launch_angle is not None and (p.distance or 0) > 395]
    assert all((p.launch_speed or 0) > 90 for p in homers)


def test_a_boxscore_adds_up(games: list[Game]) -> None:
    for _, appearances in games[:80]:
        home, away = box_of(appearances, is_final=True)
        last = appearances[-1]
        for own, other, score in ((home, away, last.home_score), (away, home, last.away_score)):
            assert sum(x.runs for x in own.batting.values()) == score == sum(x.runs for x in other.pitching.values())
            assert sum(x.hits for x in own.batting.values()) == sum(x.hits for x in other.pitching.values())
            assert sum(x.earned_runs for x in other.pitching.values()) <= score
        decisions = Counter(x.decision for side in (home, away) for x in side.pitching.values())
        assert decisions["W"] == decisions["L"] == 1
        winner = home if last.home_score > last.away_score else away
        assert sum(x.wins for x in winner.pitching.values()) == 1
        outs = sum(x.outs for x in home.pitching.values())
        assert outs >= 24
        assert outs % 3 == 0


def test_a_season_is_the_sum_of_its_games(world: World, season: Season) -> None:
    moment = season.listings[0].start + 9 * 24 * HOUR
    starter = rosters.starter_of(world, 2025, 3, 0)
    _, line = season_lines(world, season, starter, moment)
    assert line.games == line.games_started >= 1
    hitters = [p for p in rosters.club_players(world, 2025, 3) if p.role == "hitter"]
    ended = [x for x in season.listings if x.is_played and 3 in (x.home, x.away) and season.ended[x.number] <= moment]
    scored = sum(int(season.runs[x.number, 0 if x.home == 3 else 1]) for x in ended)
    assert sum(season_lines(world, season, p, moment)[0].runs for p in hitters) == scored


def test_both_lines_of_a_suspended_game_have_its_plays(world: World, season: Season) -> None:
    first = next(x for x in season.listings if x.resumed_as is not None)
    resumption = season.listings[first.resumed_as or 0]
    appearances = plate_appearances(world, season, first)
    assert plate_appearances(world, season, resumption) == appearances
    gaps = np.diff([x.started_at for x in appearances])
    assert gaps.max() > 6 * HOUR
    assert rosters.lineup(world, season, resumption, 0, resumption.start) is not None


def test_what_has_happened_does_not_depend_on_what_comes(world: World, season: Season) -> None:
    cut = next(season.first_pitch[x.number] + HOUR for x in season.by_date[date(2025, 6, 20)] if x.is_played)
    other = World(7, (PLAN,), NOW, redrawn_after=utc(float(cut)), later_seed=99)
    changed = 0
    for listing in [y for y in season.listings if y.is_played and date(2025, 6, 18) <= y.date <= date(2025, 6, 22)]:
        theirs = other.league.season(2025)
        same = [y for y in theirs.listings if y.game_pk == listing.game_pk and y.date == listing.date]
        if not same or not same[0].is_played:
            continue
        one = [x for x in plays(world, season, listing) if x.ended_at <= cut]
        two = [x for x in plays(other, theirs, same[0]) if x.ended_at <= cut]
        assert one == two
        changed += plays(world, season, listing) != plays(other, theirs, same[0])
    assert changed > 5
