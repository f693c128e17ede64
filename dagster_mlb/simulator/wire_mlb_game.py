"""One game of the league in the words of the MLB Stats API: the live feed and what it is made of, as of a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from dagster_mlb.simulator import parks, rosters, weather, wire_mlb, wire_mlb_box, wire_mlb_plays
from dagster_mlb.simulator.box import box_of
from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.play_by_play import PlateAppearance, plays
from dagster_mlb.simulator.schedule import HOUR, Listing, utc
from dagster_mlb.simulator.wire_mlb_people import player_details, venue

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Wire = dict[str, Any]

WAIT_SECONDS: Final = 10
WEATHER_TOLD: Final = HOUR  # before the scheduled start
_SETTLES: Final = 240.0  # seconds from the last out to "Final"
_COMPASS: Final = ("Out To CF", "Out To RF", "L To R", "In From LF", "In From CF", "In From RF", "R To L", "Out To LF")


class Line(NamedTuple):
    """A game as its feed knows it at a moment: the line of the schedule that counts, and the game's own line."""

    season: Season
    listing: Listing
    game: Listing


def find(world: World, game_pk: int, moment: float) -> Line | None:
    """The game with a gamePk; None where no season has it."""
    for plan in world.plans:
        if not 0 <= game_pk - (9_000_000 + (plan.season - 2000) * 10_000) < 10_000:
            continue
        season = world.league.season(plan.season)
        lines = [x for x in _lines(season, game_pk) if x.listed_at <= moment]
        if lines:
            return Line(season, lines[-1], season.game_of(lines[-1]))
    return None


def _lines(season: Season, game_pk: int) -> Iterator[Listing]:
    return (x for x in season.listings if x.game_pk == game_pk)


def appearances(world: World, line: Line, moment: float) -> list[PlateAppearance]:
    """The plate appearances that had begun by a moment."""
    return [x for x in plays(world, line.season, line.game) if x.started_at <= moment]


def is_final(line: Line, moment: float) -> bool:
    """Whether the game was over."""
    return bool(moment >= line.season.ended[line.game.number]) and moment < line.listing.postponed_at


def timestamp(world: World, line: Line, moment: float) -> float:
    """When the feed last changed: the newest pitch, play, line-up or state that it tells."""
    season, game = line.season, line.game
    changes = [game.start - 24 * HOUR, game.start - HOUR, game.start - HOUR / 3, line.listing.postponed_at]
    changes += [rosters.lineup_posted_at(world, season, game, side) for side in (0, 1)]
    changes += [at for side in (0, 1) for at, _, _ in rosters.scratches(world, season, game, side)]
    changes += [float(season.first_pitch[game.number]), float(season.ended[game.number])]
    changes.append(float(season.ended[game.number]) + _SETTLES)
    begun = appearances(world, line, moment)
    if begun:
        last = begun[-1]
        changes += [last.started_at, last.ended_at, *(p.at for p in last.pitches)]
    return max((at for at in changes if at <= moment), default=line.listing.listed_at)


def metadata(world: World, line: Line, moment: float) -> Wire:
    """``metaData``: how long to wait before asking again, and when something last changed."""
    at = max(timestamp(world, line, moment), 0.0)
    return {"wait": WAIT_SECONDS, "timeStamp": utc(at).strftime("%Y%m%d_%H%M%S"), "gameEvents": [], "logicalEvents": []}


def feed(world: World, line: Line, moment: float) -> Wire:
    """``/api/v1.1/game/{pk}/feed/live`` as of a moment."""
    season, listing, game = line
    begun = appearances(world, line, moment)
    final = is_final(line, moment)
    box = box_of((x for x in begun if x.ended_at <= moment), is_final=final)
    live: Wire = {
        "plays": wire_mlb_plays.plays(begun, moment),
        "linescore": wire_mlb_plays.linescore(begun, moment, is_final=final),
        "boxscore": wire_mlb_box.boxscore(world, season, game, box, moment, is_final=final),
    }
    if final:
        words = {"W": "winner", "L": "loser", "S": "save"}
        decided = {words[x.decision]: n for side in box for n, x in side.pitching.items() if x.decision}
        named = {word: rosters.player_of(world, season.plan.season, n) for word, n in decided.items()}
        live["decisions"] = {word: wire_mlb_box.person(player) for word, player in named.items() if player is not None}
    live["leaders"] = {"hitDistance": {}, "hitSpeed": {}, "pitchSpeed": {}}
    return {
        "copyright": wire_mlb.COPYRIGHT,
        "gamePk": listing.game_pk,
        "link": f"/api/v1.1/game/{listing.game_pk}/feed/live",
        "metaData": metadata(world, line, moment),
        "gameData": _game_data(world, line, moment, final),
        "liveData": live,
    }


def boxscore(world: World, line: Line, moment: float) -> Wire:
    """``/api/v1/game/{pk}/boxscore``."""
    final = is_final(line, moment)
    box = box_of((x for x in appearances(world, line, moment) if x.ended_at <= moment), is_final=final)
    told = wire_mlb_box.boxscore(world, line.season, line.game, box, moment, is_final=final)
    return {"copyright": wire_mlb.COPYRIGHT, **told}


def linescore(world: World, line: Line, moment: float) -> Wire:
    """``/api/v1/game/{pk}/linescore``."""
    begun = appearances(world, line, moment)
    told = wire_mlb_plays.linescore(begun, moment, is_final=is_final(line, moment))
    return {"copyright": wire_mlb.COPYRIGHT, **told}


def lineups(world: World, season: Season, listing: Listing) -> Wire:
    """``hydrate=lineups`` of a schedule's entry: the nine of each side that are posted; nothing before."""
    told = {}
    for key, side in (("homePlayers", 0), ("awayPlayers", 1)):
        order = rosters.lineup(world, season, listing, side, world.moment)
        if order is not None and world.moment < listing.postponed_at:
            told[key] = [
                wire_mlb_box.person(player) | {"primaryPosition": wire_mlb_box.position(player.position)}
                for player in order
            ]
    return {"lineups": told}


def weather_of(world: World, season: Season, listing: Listing) -> Wire:
    """``hydrate=weather`` of a schedule's entry."""
    return {"weather": _weather(world, season, season.game_of(listing), world.moment)}


def _game_data(world: World, line: Line, moment: float, final: bool) -> Wire:
    season, listing, game = line
    year = season.plan.season
    home, away = club_in(game.home, year), club_in(game.away, year)
    pairing, number = listing.doubleheader_as_of(moment)
    local = datetime.fromtimestamp(game.start, ZoneInfo(home.time_zone))
    # The entry of the schedule knows the state, the clubs and the starters already.
    entry = wire_mlb.game(world.at(utc(moment)), season, listing, frozenset({"team", "probablePitcher", "gameInfo"}))
    men: Wire = {}
    for index in (game.away, game.home):
        for player in rosters.active(world, season, index, min(moment, game.start)):
            men[f"ID{player.player_id}"] = player_details(player, year)
    starters = {side: entry["teams"][side].get("probablePitcher") for side in ("away", "home")}
    return {
        "game": {
            "pk": listing.game_pk,
            "type": "R",
            "doubleHeader": pairing,
            "id": f"{entry['officialDate'].replace('-', '/')}/{away.file_code}mlb-{home.file_code}mlb-{number}",
            "gamedayType": "P",
            "tiebreaker": "N",
            "gameNumber": number,
            "calendarEventID": entry["calendarEventID"],
            "season": str(year),
            "seasonDisplay": str(year),
        },
        "datetime": {
            "dateTime": entry["gameDate"],
            "originalDate": game.date.isoformat(),
            "officialDate": entry["officialDate"],
            "dayNight": entry["dayNight"],
            "time": local.strftime("%I:%M").lstrip("0"),
            "ampm": local.strftime("%p"),
        },
        "status": entry["status"],
        "teams": {side: _team(entry["teams"][side]) for side in ("away", "home")},
        "players": men,
        "venue": venue(home.venue_id, year, at=game.start),
        "officialVenue": {"id": home.venue_id, "link": f"/api/v1/venues/{home.venue_id}"},
        "weather": _weather(world, season, game, moment),
        "gameInfo": entry["gameInfo"],
        "review": {"hasChallenges": False, "away": {"used": 0, "remaining": 1}, "home": {"used": 0, "remaining": 1}},
        "flags": {"noHitter": False, "perfectGame": False},
        "alerts": [],
        "probablePitchers": {side: starter for side, starter in starters.items() if starter is not None},
        "moundVisits": {"away": {"used": 0, "remaining": 5}, "home": {"used": 0, "remaining": 5}},
    }


def _team(side: Wire) -> Wire:
    record = side["leagueRecord"]
    return side["team"] | {
        "record": {
            "gamesPlayed": record["wins"] + record["losses"],
            "leagueRecord": {**record, "ties": 0},
            "wins": record["wins"],
            "losses": record["losses"],
            "winningPercentage": record["pct"],
        }
    }


def _weather(world: World, season: Season, game: Listing, moment: float) -> Wire:
    """``weather``: forecast an hour before the start, as it was once the game has begun; ``{}`` until then."""
    told_from = game.start - WEATHER_TOLD
    if moment < told_from or moment >= game.postponed_at:
        return {}
    park = parks.park_of_game(game)
    first = float(season.first_pitch[game.number])
    hour = (first if moment >= first else game.start) // HOUR * HOUR
    streams = world.league.streams
    if moment >= first:
        hours = weather.as_it_was(streams, park, hour, 1)
    else:
        hours = weather.as_forecast(streams, park, hour, 1, told_from)
    temperature, speed = float(hours.temperature[0]), float(hours.wind_speed[0])
    closed = park.roof == "dome" or (
        park.roof == "retractable" and (hours.precipitation[0] > 0 or not 55 <= temperature <= 92)
    )
    if closed:
        condition = "Dome" if park.roof == "dome" else "Roof Closed"
        return {"condition": condition, "temp": "72", "wind": "0 mph, None"}
    cloud, rain = float(hours.cloud_cover[0]), float(hours.precipitation[0])
    condition = "Rain" if rain > 0.05 else "Drizzle" if rain > 0 else _sky(cloud, game.start)
    # Where the wind goes, seen from home plate: 0 is straight out.
    angle = (float(hours.wind_from[0]) + 180 - park.azimuth_deg) % 360
    direction = _COMPASS[int((angle + 22.5) // 45) % 8] if speed >= 1.5 else "None"
    return {"condition": condition, "temp": str(round(temperature)), "wind": f"{round(speed)} mph, {direction}"}


def _sky(cloud: float, start: float) -> str:
    if cloud > 85:
        return "Overcast"
    if cloud > 45:
        return "Cloudy"
    if cloud > 15:
        return "Partly Cloudy"
    return "Sunny" if 14 <= utc(start).hour < 23 else "Clear"
