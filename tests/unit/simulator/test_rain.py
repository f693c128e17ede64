"""What the rain does: forced counts come out exactly, and a suspended game is one game on two dates."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from dagster_mlb.simulator import league as league_module
from dagster_mlb.simulator import rain, wire_odds
from dagster_mlb.simulator.frames import games_frame
from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.schedule import HOUR, NEVER, Listing, SeasonPlan, utc
from dagster_mlb.simulator.server import create_app
from dagster_mlb.simulator.world import World

WHOLE = SeasonPlan(2025, date(2025, 3, 27), date(2025, 9, 28), doubleheaders=80, postponements=40, suspended=6)
SPRING = SeasonPlan(2025, date(2025, 4, 1), date(2025, 5, 25))
FEED = "/odds_api/v4/sports/baseball_mlb"


@pytest.fixture(scope="module")
def wet() -> World:
    return World(seed=12, plans=(WHOLE,), now=datetime(2025, 9, 29, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def season(wet: World) -> Season:
    return wet.league.season(2025)


def suspended(season: Season) -> list[tuple[Listing, Listing]]:
    return [(x, season.listings[x.resumed_as]) for x in season.listings if x.resumed_as is not None]


# ------------------------------------------------------------------------------------------ forced counts


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_forced_season_has_exactly_what_was_forced(seed: int) -> None:
    counts = rain.count(League(seed, [WHOLE]).season(2025).listings)
    assert (counts.doubleheaders, counts.postponements, counts.suspended) == (80, 40, 6)
    assert counts.traditional + counts.split == 80
    assert counts.traditional > 15 and counts.split > 15


@pytest.mark.parametrize("name", ["doubleheaders", "postponements", "suspended"])
def test_one_count_may_be_forced_alone(name: str) -> None:
    plan = SeasonPlan(2025, SPRING.opening, SPRING.closing, **{name: 25})
    assert getattr(rain.count(League(5, [plan]).season(2025).listings), name) == 25


@pytest.mark.parametrize(
    ("forced", "message"),
    [
        ({"doubleheaders": 0, "postponements": 30}, "too few: its make-ups alone are"),
        ({"doubleheaders": 900}, "900 doubleheaders do not fit"),
        ({"postponements": 700}, "700 postponements do not fit"),
        ({"suspended": 700}, "700 suspended games do not fit"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(forced: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        League(5, [SeasonPlan(2025, SPRING.opening, SPRING.closing, **forced)]).season(2025)


def test_a_forced_world_survives_the_way_to_another_process(wet: World) -> None:
    copy = World.from_json(wet.to_json())
    assert copy == wet
    assert copy.plans[0].forced == {"doubleheaders": 80, "postponements": 40, "suspended": 6}
    assert (copy.league.season(2025).runs == wet.league.season(2025).runs).all()


def test_a_forced_season_still_makes_sense(season: Season) -> None:
    for listings in season.by_date.values():
        clubs = Counter(c for x in listings if x.is_played for c in (x.home, x.away))
        assert max(clubs.values()) <= 2
        by_club: dict[int, list[Listing]] = {}
        for x in listings:
            if x.is_played and x.double_header != "N":
                by_club.setdefault(x.home, []).append(x)
        for pair in by_club.values():
            first, second = sorted(pair, key=lambda x: x.game_number)
            assert (first.game_number, second.game_number) == (1, 2)
            assert second.start - first.start >= 3 * HOUR
    assert max(Counter(x.game_pk for x in season.listings if x.is_played).values()) == 1
    for x in season.listings:
        assert 1 <= x.series_game <= x.series_length
    assert {len(lines) for lines in season.by_game_pk.values()} == {1, 2}


# ------------------------------------------------------------------------------------------ suspended games


def test_a_suspended_game_goes_on_later_and_has_one_truth(season: Season) -> None:
    for game, resumption in suspended(season):
        assert resumption.date > game.date
        assert (resumption.game_pk, resumption.resumed_from) == (game.game_pk, game.number)
        assert game.is_played and not resumption.is_played and resumption.is_resumption
        assert not resumption.is_played_as_of(resumption.start)
        assert game.start < game.stopped_at < game.suspended_at < resumption.listed_at < resumption.start
        again = season.first_pitch[resumption.number]
        assert again == season.resumed_at(game) >= resumption.start
        batted = season.half_runs[game.number] >= 0
        starts, ends = season.half_starts[game.number][batted], season.half_ends[game.number][batted]
        assert (np.diff(ends) > 0).all() and (starts[1:] >= ends[:-1]).all()
        assert (ends < game.stopped_at).sum() == game.stopped_after
        assert starts[game.stopped_after] == again
        for name in ("half_runs", "half_ends", "runs", "innings", "ended", "starters", "ln_home"):
            column = getattr(season, name)
            assert (column[game.number] == column[resumption.number]).all(), name
        assert season.ended[game.number] > again
    assert len(suspended(season)) == 6


def test_it_is_counted_once_in_records_and_frames(season: Season, wet: World) -> None:
    frame = games_frame(wet, 2025)
    assert frame["game_pk"].is_unique().all()
    game, _ = suspended(season)[0]
    assert frame.filter(game_pk=game.game_pk)["official_date"].to_list() == [game.date]
    ended = season.ended[game.number]
    before, after = (sum(season.record(game.home, m)) for m in (ended - 1, ended))
    assert after - before == 1


def test_it_goes_on_before_that_days_regular_game_of_the_same_clubs(season: Season) -> None:
    beside = []
    for game, resumption in suspended(season):
        others = [x for x in season.by_date[resumption.date] if x.is_played and x.home == game.home]
        beside += others
        assert all(x.start - resumption.start >= 2.9 * HOUR and x.away == game.away for x in others)
    assert len(beside) >= 3
    assert all(x.double_header == "N" and x.postponed_at == NEVER for x in beside)


def test_between_stop_and_resumption_nothing_is_in_play(season: Season) -> None:
    game, resumption = suspended(season)[0]
    again = season.resumed_at(game)
    assert season.is_in_play(game, game.stopped_at - 1)
    assert season.is_interrupted(game, game.stopped_at) and not season.is_suspended(game, game.stopped_at)
    assert season.is_suspended(resumption, game.suspended_at) and not season.is_in_play(game, game.suspended_at)
    assert season.is_in_play(resumption, again) and not season.is_suspended(game, again)
    assert season.score_at(game.number, game.stopped_at) == season.score_at(game.number, again)


def entries(world: World, moment: float, game: Listing, resumption: Listing) -> list[tuple[str, dict[str, Any]]]:
    path = (
        f"/mlb_stats/api/v1/schedule?sportId=1&startDate={game.date}&endDate={resumption.date}"
        "&hydrate=linescore,gameInfo,probablePitcher(note)"
    )
    told = TestClient(create_app(world.at(utc(moment)))).get(path).json()
    return [(d["date"], g) for d in told["dates"] for g in d["games"] if g["gamePk"] == game.game_pk]


def test_mlb_lists_a_suspended_game_twice_under_its_old_official_date(season: Season, wet: World) -> None:
    game, resumption = suspended(season)[0]
    again = season.resumed_at(game)
    states = []
    for moment in (game.stopped_at + 1, game.suspended_at + 1):
        ((day, only),) = entries(wet, moment, game, resumption)
        assert day == str(game.date) and "resumeDate" not in only
        states.append((only["status"]["statusCode"], only["status"]["detailedState"]))
    for moment in (resumption.listed_at, again - 600, again + 60, season.ended[game.number] + 600):
        (first_day, first), (second_day, second) = entries(wet, moment, game, resumption)
        assert (first_day, second_day) == (str(game.date), str(resumption.date))
        assert first["officialDate"] == second["officialDate"] == second["resumedFromDate"] == str(game.date)
        assert first["resumeDate"] == second["gameDate"] and first["resumeGameDate"] == str(resumption.date)
        assert second["resumedFrom"] == first["gameDate"]
        assert first["status"] == second["status"] and first["linescore"] == second["linescore"]
        assert "resumedFrom" not in first and "resumeDate" not in second
        states.append((first["status"]["statusCode"], first["status"]["detailedState"]))
    assert states == [
        ("IR", "Delayed: Rain"),
        ("UR", "Suspended: Rain"),
        ("UR", "Suspended: Rain"),
        ("IZ", "Delayed: About to Resume"),
        ("I", "In Progress"),
        ("F", "Final"),
    ]
    assert first["teams"]["home"]["score"] == second["teams"]["home"]["score"] == int(season.runs[game.number, 0])
    assert 100 < first["gameInfo"]["gameDurationMinutes"] < 300, "the night between is not counted"
    assert first["teams"]["away"]["probablePitcher"]["note"]


def test_the_odds_feed_drops_the_event_and_takes_it_up_again(season: Season, wet: World) -> None:
    game, _ = suspended(season)[0]
    event = wire_odds.event_id(wet.seed, game)
    again, ended = season.resumed_at(game), float(season.ended[game.number])

    def asked(moment: float, kind: str, more: str = "") -> dict[str, dict[str, Any]]:
        client = TestClient(create_app(wet.at(utc(moment))))
        return {e["id"]: e for e in client.get(f"{FEED}/{kind}?apiKey=k{more}").json()}

    odds = "&regions=us&markets=h2h"
    stopped = asked(game.stopped_at + 60, "odds", odds)
    assert stopped[event]["bookmakers"] == []
    assert event not in asked(game.suspended_at + 60, "odds", odds)
    back = asked(again + 60, "odds", odds)[event]
    assert back["bookmakers"] and back["commence_time"] == stopped[event]["commence_time"]
    assert event not in asked(game.suspended_at + 60, "scores", "&daysFrom=3")
    done = asked(ended + 900, "scores", "&daysFrom=1")[event]
    assert done["completed"] and sorted(s["score"] for s in done["scores"]) == sorted(
        map(str, season.runs[game.number])
    )
    assert event not in asked(game.suspended_at + 60, "events")


def test_the_truth_of_every_event_of_the_feed_can_be_asked_for(season: Season, wet: World) -> None:
    truth = wire_odds.odds_event_listing(wet)
    assert len(truth) == sum(not x.is_resumption for x in season.listings)
    listing = season.listings[17]
    assert truth[wire_odds.event_id(wet.seed, listing)] is listing
    seen = {e["id"] for e in TestClient(create_app(wet.at(utc(listing.start)))).get(f"{FEED}/events?apiKey=k").json()}
    assert seen <= set(truth) and len(seen) > 10


def test_the_schedule_can_be_asked_by_game_and_by_club(season: Season, wet: World) -> None:
    client = TestClient(create_app(wet))
    game, _ = suspended(season)[0]
    told = client.get(f"/mlb_stats/api/v1/schedule?sportId=1&gamePks={game.game_pk}").json()
    assert [g["gamePk"] for d in told["dates"] for g in d["games"]] == [game.game_pk] * 2
    of_club = client.get(
        "/mlb_stats/api/v1/schedule?sportId=1&teamId=133&startDate=2025-04-10&endDate=2025-04-14"
    ).json()
    clubs = [{t["team"]["id"] for t in g["teams"].values()} for d in of_club["dates"] for g in d["games"]]
    assert clubs and all(133 in pair for pair in clubs)
    assert client.get("/mlb_stats/api/v1/schedule?sportId=1&gamePk=x").status_code == 400


# ------------------------------------------------------------------------------------------ time

NOW = [datetime(2025, 4, 1, 12, tzinfo=UTC) + timedelta(hours=h) for h in (110, 226.3, 301.7, 433.9, 700.2, 940)]


@pytest.mark.parametrize("now", NOW, ids=str)
def test_neither_suspensions_nor_scratches_are_told_before_they_happen(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rain, "SUSPENDED", 0.06)
    monkeypatch.setattr(league_module, "SCRATCHED", 0.4)
    one = World(seed=8, plans=(SPRING,), now=now)
    other = World(seed=8, plans=(SPRING,), now=now, redrawn_after=now, later_seed=77)
    assert rain.count(one.league.season(2025).listings).suspended > 15
    assert told(one) == told(other)
    later = now + timedelta(hours=30)
    assert told(one.at(later)) != told(other.at(later))


def told(world: World) -> list[bytes]:
    client = TestClient(create_app(world))
    every = "regions=us,us2,eu,uk,au&markets=h2h,spreads,totals&oddsFormat=american"
    paths = [
        f"/mlb_stats/api/v1/schedule?sportId=1&startDate={SPRING.opening}&endDate={SPRING.closing}&hydrate=linescore",
        f"{FEED}/odds?apiKey=k&{every}",
        f"{FEED}/scores?apiKey=k&daysFrom=3",
    ]
    for hours in (0.5, 3, 9, 26):
        date_ = (world.now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        paths.append(f"{FEED.replace('/v4/', '/v4/historical/')}/odds?apiKey=k&date={date_}&{every}")
    return [client.get(path).content for path in paths]
