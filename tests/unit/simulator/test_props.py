"""Players' props in the simulated league: fair against the games as they are played, sold at real holds, blind to the
future.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime

import numpy as np
import pytest

from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.board_lines import STATS, board_lines
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.play_by_play import PlateAppearance, plate_appearances
from dagster_mlb.simulator.prop_prices import HOLDS, MARKETS, PropQuote, available, prop_quotes
from dagster_mlb.simulator.prop_rates import BATTER_STATS, PITCHER_STATS, batter_counts, starter_counts
from dagster_mlb.simulator.props import announced_starter, expected_nine, fair_chances
from dagster_mlb.simulator.schedule import HOUR, Listing, SeasonPlan
from dagster_mlb.simulator.world import World

PLAN = SeasonPlan(2025, date(2025, 5, 1), date(2025, 5, 18))
GAMES = 220


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=12, plans=(PLAN,), now=datetime(2025, 5, 20, tzinfo=UTC))


@pytest.fixture(scope="module")
def season(world: World) -> Season:
    return world.league.season(2025)


def played(season: Season) -> list[Listing]:
    return [x for x in season.listings if x.is_played and np.isfinite(season.first_pitch[x.number])][:GAMES]


@pytest.fixture(scope="module")
def listing(season: Season) -> Listing:
    """A game of a usual night whose starters both pitch as announced."""
    return next(
        x
        for x in played(season)
        if x.date == date(2025, 5, 10) and (season.starters[x.number, :, 0] == season.starters[x.number, :, 1]).all()
    )


# ---------------------------------------------------------------- the truth


def test_a_distribution_is_whole() -> None:
    nobody = np.zeros((9, 4))
    counts = batter_counts(nobody, nobody[0], nobody[0], 4.3, is_home=True)
    assert tuple(counts) == BATTER_STATS
    for values in counts.values():
        assert values.min() >= 0
        assert values.sum(1) == pytest.approx(np.ones(9))
    starter = starter_counts(nobody[0], nobody[0], 4.3, 0.5)
    assert tuple(starter) == PITCHER_STATS
    assert all(values.sum() == pytest.approx(1) for values in starter.values())


def test_who_bats_first_hits_more_and_a_better_pitcher_allows_less() -> None:
    nobody = np.zeros((9, 4))
    ace = np.array([0.2, 0.0, 0.0, -0.1])
    mean = np.arange(64)
    hits = batter_counts(nobody, nobody[0], nobody[0], 4.3, is_home=True)["batter_hits"] @ mean
    assert (np.diff(hits) < 0).all()
    assert (batter_counts(nobody, ace, nobody[0], 4.3, is_home=True)["batter_hits"] @ mean < hits).all()
    usual, better = (starter_counts(one, nobody[0], 4.3, 0.5)["pitcher_strikeouts"] @ mean for one in (nobody[0], ace))
    assert better > usual + 0.4
    tired = starter_counts(nobody[0], nobody[0], 6.0, 0.5)["pitcher_outs"] @ np.arange(28)
    assert tired < starter_counts(nobody[0], nobody[0], 3.5, 0.5)["pitcher_outs"] @ np.arange(28)


def counted(plays: list[PlateAppearance]) -> dict[tuple[str, int], Counter[str]]:
    """(batter | pitcher, id) → what he did."""
    did: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    bases = {"single": 1, "double": 2, "triple": 3, "home_run": 4}
    for play in plays:
        batter, pitcher = did["batter", play.batter_id], did["pitcher", play.pitcher_id]
        hit = int(play.is_hit)
        batter.update({"batter_hits": hit, "batter_total_bases": bases.get(play.event, 0), "batter_rbis": play.rbi})
        batter.update({"batter_home_runs": play.event == "home_run", "batter_walks": play.event == "walk"})
        batter.update({"batter_strikeouts": play.event == "strikeout", "batter_hits_runs_rbis": hit + play.rbi})
        pitcher.update({"pitcher_strikeouts": play.event == "strikeout", "pitcher_walks": play.event == "walk"})
        pitcher.update({"pitcher_hits_allowed": hit, "pitcher_outs": play.outs_after - play.outs_before})
        for runner in play.runners:
            if runner.end == 4:
                did["batter", runner.player_id].update({"batter_runs_scored": 1, "batter_hits_runs_rbis": 1})
                did["pitcher", runner.responsible_pitcher_id].update({"pitcher_earned_runs": runner.is_earned})
    return did


def test_fair_chances_are_those_of_the_games_as_they_are_played(world: World, season: Season) -> None:
    lines = {"batter_hits": 0.5, "batter_total_bases": 1.5, "batter_home_runs": 0.5, "batter_rbis": 0.5}
    lines |= {"batter_runs_scored": 0.5, "batter_walks": 0.5, "batter_strikeouts": 0.5, "batter_hits_runs_rbis": 1.5}
    lines |= {"pitcher_strikeouts": 4.5, "pitcher_outs": 15.5, "pitcher_hits_allowed": 4.5, "pitcher_walks": 1.5}
    lines |= {"pitcher_earned_runs": 1.5}
    said: dict[str, list[float]] = defaultdict(list)
    happened: dict[str, list[float]] = defaultdict(list)
    for game in played(season):
        did = counted(plate_appearances(world, season, game))
        before = min(float(season.first_pitch[game.number]), game.start) - 1
        for one in fair_chances(world, season, game, before):
            whose = ("pitcher" if one.player.role == "starter" else "batter", one.player.player_id)
            for stat in one.counts.keys() & lines.keys():
                said[stat].append(one.over(stat, lines[stat]))
                happened[stat].append(did[whose][stat] > lines[stat])
    assert set(said) == set(lines)
    for stat in lines:
        fair, real = np.array(said[stat]), np.array(happened[stat], dtype=float)
        error = np.sqrt((fair * (1 - fair)).sum()) / len(fair)
        assert abs(fair.mean() - real.mean()) < 3.5 * error + 0.015, stat


def test_a_whole_line_may_push(world: World, season: Season, listing: Listing) -> None:
    one = fair_chances(world, season, listing, listing.start)[0]
    counts = one.counts["batter_hits"]
    assert one.over("batter_hits", 1.0) == pytest.approx(counts[2:].sum() / (1 - counts[1]))
    assert one.over("batter_hits", 0.5) == pytest.approx(1 - counts[0])


def test_nobody_is_known_before_he_is_announced_or_posted(world: World, season: Season, listing: Listing) -> None:
    number = listing.number
    early = float(season.announced_at[number].min()) - 1
    assert announced_starter(season, listing, 0, early) is None
    assert {one.player.role for one in fair_chances(world, season, listing, early)} == {"hitter"}
    posted_at = rosters.lineup_posted_at(world, season, listing, 0)
    assert rosters.lineup(world, season, listing, 0, posted_at - 1) is None
    assert len(expected_nine(world, season, listing, 0, posted_at - 1)) == 9
    assert expected_nine(world, season, listing, 0, posted_at) == rosters.lineup(world, season, listing, 0, posted_at)


# ---------------------------------------------------------------- the books


def implied(price: int) -> float:
    return 100 / (100 + price) if price > 0 else -price / (100 - price)


def all_quotes(world: World, season: Season, listing: Listing, moment: float) -> dict[str, list[PropQuote]]:
    return {book: prop_quotes(world, season, listing, book, moment) for book in HOLDS}


def test_books_keep_what_books_keep_on_props(world: World, season: Season, listing: Listing) -> None:
    quotes = all_quotes(world, season, listing, listing.start - HOUR)
    kept = {
        book: np.mean([1 - 1 / (implied(q.over) + implied(q.under)) for q in sold if q.under is not None])
        for book, sold in quotes.items()
    }
    assert set(kept) == set(HOLDS)
    for book, hold in kept.items():
        assert hold == pytest.approx(HOLDS[book], abs=0.004)
        assert 0.055 < hold < 0.085
    assert {q.market for sold in quotes.values() for q in sold} <= set(MARKETS)
    assert all(q.at <= listing.start - HOUR for sold in quotes.values() for q in sold)
    # Some sell homers for the over alone; everybody sells strikeouts both ways.
    alone = {book for book, sold in quotes.items() for q in sold if q.market == "batter_home_runs" and q.under is None}
    assert alone == {"fanduel", "espnbet", "fanatics"}
    assert all(q.under is not None for sold in quotes.values() for q in sold if q.market == "pitcher_strikeouts")


def test_a_book_scatters_around_the_fair_price_and_lines_are_near_even(
    world: World, season: Season, listing: Listing
) -> None:
    moment = listing.start - HOUR
    fair = {one.player.player_id: one for one in fair_chances(world, season, listing, moment)}
    errors = []
    for sold in all_quotes(world, season, listing, moment).values():
        for quote in sold:
            if quote.market == "batter_total_bases" and quote.under is not None and quote.line is not None:
                over, under = implied(quote.over), implied(quote.under)
                said = over / (over + under)
                errors.append(said - fair[quote.player.player_id].over("batter_total_bases", quote.line))
                assert 0.3 < said < 0.75
    assert len(errors) > 100
    assert abs(np.mean(errors)) < 0.02
    assert 0.002 < np.std(errors) < 0.04


def test_starters_come_first_then_batters_and_nothing_after_first_pitch(
    world: World, season: Season, listing: Listing
) -> None:
    def roles(hours: float) -> set[str]:
        quotes = all_quotes(world, season, listing, listing.start - hours * HOUR)
        return {q.player.role for sold in quotes.values() for q in sold}

    assert roles(40) == set()
    assert roles(23) == {"starter"}
    assert roles(2) == {"starter", "hitter"}
    assert prop_quotes(world, season, listing, "circasports", listing.start - HOUR) == []
    assert all_quotes(world, season, listing, float(season.first_pitch[listing.number])) == {book: [] for book in HOLDS}
    assert board_lines(world, season, listing, listing.start) == []


def test_who_is_scratched_is_taken_down_at_once(world: World, season: Season) -> None:
    scratched = next(
        (x, side)
        for x in played(season)
        for side in (0, 1)
        if season.starters[x.number, side, 0] != season.starters[x.number, side, 1]
        and season.announced_at[x.number, side] < season.confirmed_at[x.number, side] - 2 * HOUR
        and season.confirmed_at[x.number, side] > x.start - 20 * HOUR
    )
    listing, side = scratched
    news = float(season.confirmed_at[listing.number, side])
    club = (listing.home, listing.away)[side]
    gone = rosters.starter_of(world, 2025, club, int(season.starters[listing.number, side, 0]))

    def sold_at(moment: float) -> set[int]:
        return {q.player.player_id for sold in all_quotes(world, season, listing, moment).values() for q in sold}

    assert gone.player_id in sold_at(news - 1)
    assert gone.player_id not in sold_at(news)
    assert gone.player_id not in available(world, season, listing, news)
    new = rosters.starter_of(world, 2025, club, int(season.starters[listing.number, side, 1]))
    assert new.player_id in sold_at(listing.start - 60)


def test_what_is_sold_does_not_depend_on_what_comes_after(season: Season, listing: Listing) -> None:
    for hours in (23.0, 5.0, 1.2):
        now = datetime.fromtimestamp(listing.start - hours * HOUR, UTC)
        one = World(seed=12, plans=(PLAN,), now=now)
        other = World(seed=12, plans=(PLAN,), now=now, redrawn_after=now, later_seed=77)
        told = []
        for world in (one, other):
            drawn = world.league.season(2025)
            same = drawn.listings[listing.number]
            told.append(
                [
                    all_quotes(world, drawn, same, world.moment),
                    board_lines(world, drawn, same, world.moment),
                ]
            )
        assert told[0] == told[1]


# ---------------------------------------------------------------- the board


def test_goblins_stand_below_the_standard_line_and_demons_above(world: World, season: Season, listing: Listing) -> None:
    lines = board_lines(world, season, listing, listing.start - 1.8 * HOUR)
    by_stat: dict[tuple[int, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if len(line.players) == 1:
            by_stat[line.players[0].player_id, line.stat][line.odds_type].append(line.line)
    assert {stat for _, stat in by_stat} == set(STATS)
    for types in by_stat.values():
        assert len(types["standard"]) <= 1
        for standard in types["standard"]:
            assert all(goblin < standard for goblin in types["goblin"])
            assert all(demon > standard for demon in types["demon"])
    assert {kind for types in by_stat.values() for kind, found in types.items() if found} == {
        "standard",
        "goblin",
        "demon",
    }
    combos = [line for line in lines if len(line.players) == 2]
    assert [line.stat for line in combos] == ["pitcher_strikeouts"]
    assert len({line.projection_id for line in lines}) == len(lines)


def test_a_line_that_moves_keeps_its_id(world: World, season: Season, listing: Listing) -> None:
    def standards(hours: float) -> dict[str, tuple[float, float]]:
        lines = board_lines(world, season, listing, listing.start - hours * HOUR)
        return {x.projection_id: (x.line, x.updated_at) for x in lines if x.odds_type == "standard"}

    early, late = standards(5), standards(0.3)
    both = early.keys() & late.keys()
    assert len(both) > 40
    assert all(late[one][1] > early[one][1] for one in both)
    assert any(late[one][0] != early[one][0] for one in both)
