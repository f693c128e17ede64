"""The league's truth: what a season of it looks like beside MLB's base rates, and that it depends on the seed alone."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest

from dagster_mlb.simulator import runs as scoring
from dagster_mlb.simulator.clubs import CLUBS, club_in, odds_api_name
from dagster_mlb.simulator.league import League
from dagster_mlb.simulator.schedule import NEVER, NEW_YORK, SeasonPlan, utc

PLANS = [SeasonPlan(year, date(year, 3, 27), date(year, 9, 28)) for year in range(2022, 2026)]


@pytest.fixture(scope="module")
def league() -> League:
    return League(11, PLANS)


@pytest.fixture(scope="module")
def games(league: League) -> dict[str, np.ndarray]:
    """Every game played in four seasons (about 9,700), by column."""
    seasons = [league.season(plan.season) for plan in PLANS]

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(s, name)[s.played] for s in seasons])

    names = ("runs", "innings", "true_home_probability", "half_runs")
    return {name: column(name) for name in names}


def test_home_clubs_win_as_often_as_in_mlb(games) -> None:
    home, away = games["runs"].T
    assert (home > away).mean() == pytest.approx(0.535, abs=0.012)
    assert not (home == away).any()


def test_runs_have_mlbs_means_and_overdispersion(games) -> None:
    home, away = games["runs"].T
    assert home.mean() == pytest.approx(4.44, abs=0.15)
    assert away.mean() == pytest.approx(4.29, abs=0.15)
    assert home.var() == pytest.approx(9.3, abs=0.7)
    assert away.var() == pytest.approx(9.6, abs=0.9)
    assert (home + away).mean() == pytest.approx(8.7, abs=0.25)
    assert (home + away).std() == pytest.approx(4.4, abs=0.25)


def test_games_are_as_close_as_in_mlb(games) -> None:
    home, away = games["runs"].T
    assert (np.abs(home - away) == 1).mean() == pytest.approx(0.285, abs=0.02)
    assert (games["innings"] > 9).mean() == pytest.approx(0.087, abs=0.012)
    assert (games["half_runs"][:, 8, 1] < 0).mean() == pytest.approx(0.44, abs=0.03)


def test_the_home_side_stops_batting_when_it_has_won(games) -> None:
    home, away = games["runs"].T
    last = games["innings"] - 1
    rows = np.arange(len(last))
    final_half = games["half_runs"][rows, last, 1]
    assert (final_half[(home < away)] >= 0).all(), "a side that is behind always bats"
    assert (home[final_half < 0] > away[final_half < 0]).all(), "only a leading side does not bat"
    walked_off = (home > away) & (final_half >= 0)
    margin = (home - away)[walked_off]
    assert margin.max() <= 4
    assert (margin == 1).mean() > 0.6
    assert (games["half_runs"].clip(min=0).sum(1)[:, 1] == home).all()


def test_the_true_probability_is_calibrated(games) -> None:
    p, won = games["true_home_probability"], games["runs"][:, 0] > games["runs"][:, 1]
    for low, high in ((0.0, 0.45), (0.45, 0.55), (0.55, 0.65), (0.65, 1.0)):
        chosen = (p > low) & (p <= high)
        error = np.sqrt((p * (1 - p))[chosen].sum()) / chosen.sum()
        assert abs(won[chosen].mean() - p[chosen].mean()) < 3.2 * error
    assert p.std() == pytest.approx(0.10, abs=0.012)


def test_the_grid_agrees_with_the_games_played(games, league) -> None:
    seasons = [league.season(plan.season) for plan in PLANS]
    ln_home = np.concatenate([(s.ln_home + s.news_home.sum(1))[s.played] for s in seasons])
    ln_away = np.concatenate([(s.ln_away + s.news_away.sum(1))[s.played] for s in seasons])
    outcomes = scoring.look_up(scoring.score_grid().outcomes, ln_home, ln_away)
    home, away = games["runs"].T
    assert (home - away >= 2).mean() == pytest.approx(outcomes[:, 1].mean(), abs=0.015)
    assert (away - home >= 2).mean() == pytest.approx(outcomes[:, 2].mean(), abs=0.015)
    assert (home + away <= 8).mean() == pytest.approx(outcomes[:, 3 + 8].mean(), abs=0.015)


def test_final_scores_are_a_distribution_without_ties() -> None:
    joint, extra = scoring.final_scores(np.array([4.5, 3.0]), np.array([4.3, 6.0]))
    assert joint.sum((1, 2)) == pytest.approx([1, 1], abs=1e-4)
    assert np.trace(joint, axis1=1, axis2=2) == pytest.approx([0, 0])
    assert ((extra > 0.05) & (extra < 0.13)).all()


def test_the_same_seed_draws_the_same_league_in_any_order() -> None:
    forward, backward = League(5, PLANS[:2]), League(5, PLANS[:2])
    forward.season(2022), forward.season(2023)
    backward.season(2023), backward.season(2022)
    for year in (2022, 2023):
        assert (forward.season(year).runs == backward.season(year).runs).all()
        assert (forward.season(year).ln_home == backward.season(year).ln_home).all()
    assert (League(6, PLANS[:1]).season(2022).runs[:500] != forward.season(2022).runs[:500]).any()


def test_a_season_is_of_real_shape(league) -> None:
    season = league.season(2025)
    played = [x for x in season.listings if x.is_played]
    per_club = Counter(x.home for x in played) + Counter(x.away for x in played)
    assert set(per_club) == set(range(30))
    assert 145 <= min(per_club.values()) <= max(per_club.values()) <= 172
    at_home = Counter(x.home for x in played)
    assert all(0.42 < at_home[club] / per_club[club] < 0.58 for club in range(30))
    next_utc_day = [x for x in played if utc(x.start).date() > x.date]
    assert len(next_utc_day) > 300, "night games in the west begin on the next UTC day"
    assert all(utc(x.start).astimezone(NEW_YORK).date() == x.date for x in played)


def test_no_club_plays_twice_a_day_but_in_a_doubleheader(league) -> None:
    for plan in PLANS:
        for day, listings in league.season(plan.season).by_date.items():
            clubs = Counter(c for x in listings if x.is_played for c in (x.home, x.away))
            paired = [x for x in listings if x.is_played and x.double_header != "N"]
            assert max(clubs.values()) <= 2, day
            assert {c for c, n in clubs.items() if n == 2} == {c for x in paired for c in (x.home, x.away)}, day


def test_doubleheaders_are_numbered_by_start_and_do_not_overlap(league) -> None:
    kinds = Counter()
    for listings in (x for plan in PLANS for x in league.season(plan.season).by_date.values()):
        by_home: dict[int, list] = {}
        for listing in listings:
            if listing.is_played and listing.double_header != "N":
                by_home.setdefault(listing.home, []).append(listing)
        for pair in by_home.values():
            first, second = sorted(pair, key=lambda x: x.game_number)
            assert (first.game_number, second.game_number) == (1, 2)
            assert second.start - first.start >= 3 * 3600
            assert first.double_header == second.double_header
            kinds[first.double_header] += 1
    assert kinds["Y"] and kinds["S"]


def test_a_rained_out_game_is_made_up_later_under_its_own_game_pk(league) -> None:
    lost = [
        (s, x) for s in map(league.season, (2022, 2023, 2024, 2025)) for x in s.listings if x.made_up_as is not None
    ]
    assert 40 < len(lost) < 240
    assert any(s.listings[x.made_up_as].double_header == "N" for s, x in lost), "some on a common off-day"
    for season, listing in lost:
        made_up = season.listings[listing.made_up_as]
        assert made_up.game_pk == listing.game_pk
        assert made_up.date > listing.date
        assert made_up.listed_at == listing.postponed_at < NEVER
        assert not CLUBS[listing.home].has_roof
        assert np.isinf(season.first_pitch[listing.number])
    pks = Counter(x.game_pk for x in league.season(2025).listings if x.is_played)
    assert max(pks.values()) == 1


def test_first_pitch_follows_the_schedule_by_minutes(league) -> None:
    season = league.season(2025)
    late = (season.first_pitch - season.start)[season.played] / 60
    assert late.min() > 0
    assert np.median(late) < 10
    hours = (season.ended[season.played] - season.first_pitch[season.played]) / 3600
    assert 2.3 < np.median(hours) < 3.1


def test_the_athletics_move_after_2024_and_the_odds_feed_is_slow_to_notice() -> None:
    index = next(i for i, club in enumerate(CLUBS) if club.club_id == 133)
    assert (club_in(index, 2024).name, club_in(index, 2024).venue_id) == ("Oakland Athletics", 10)
    assert (club_in(index, 2025).name, club_in(index, 2025).abbreviation) == ("Athletics", "ATH")
    assert [odds_api_name(index, year) for year in (2025, 2026)] == ["Oakland Athletics", "Athletics"]


def test_only_days_of_a_season_have_one(league) -> None:
    assert league.season_of(date(2025, 1, 1)) is None
    assert league.season_of(date(2030, 5, 1)) is None
    assert league.season_of(date(2025, 5, 1)) is league.season(2025)
    with pytest.raises(KeyError):
        league.season(1999)
