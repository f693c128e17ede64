"""Routes of the MLB Stats API beyond schedule and teams, under ``/mlb_stats``: games, people, moves, ballparks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from dagster_mlb.simulator import wire_mlb, wire_mlb_game, wire_mlb_people
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

# What an entry of the schedule may tell beside its own (``hydrate=lineups,weather``).
wire_mlb.MORE_HYDRATIONS["lineups"] = wire_mlb_game.lineups
wire_mlb.MORE_HYDRATIONS["weather"] = wire_mlb_game.weather_of

FEED_CACHE = {"cache-control": "max-age=10, public, stale-while-revalidate=30"}


class RefusedError(Exception):
    """A request that the source answers with an error body."""

    def __init__(self, status: int, number: int, message: str) -> None:
        super().__init__(message)
        self.status, self.number, self.message = status, number, message


def routes(world: World) -> list[BaseRoute]:
    """The routes of this source, under its own prefix."""
    from starlette.routing import Route

    def told(answer: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                value = answer(request.path_params, request.query_params)
            except RefusedError as error:
                body = {
                    "messageNumber": error.number,
                    "message": error.message,
                    "timestamp": world.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                    "traceId": None,
                }
                return json_answer(body, error.status)
            return json_answer(value, headers=FEED_CACHE if "/feed/live" in request.url.path else None)

        return endpoint

    def feed(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        moment = _as_of(world, query)
        line = _line(world, path["pk"], moment)
        fields = frozenset(name for name in query.get("fields", "").split(",") if name)
        if fields and fields <= {"metaData", "timeStamp", "wait", "gameEvents", "logicalEvents"}:
            return _only({"metaData": wire_mlb_game.metadata(world, line, moment)}, fields)  # a heartbeat is cheap
        whole = wire_mlb_game.feed(world, line, moment)
        return _only(whole, fields) if fields else whole

    def boxscore(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        moment = _as_of(world, query)
        return wire_mlb_game.boxscore(world, _line(world, path["pk"], moment), moment)

    def linescore(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        moment = _as_of(world, query)
        return wire_mlb_game.linescore(world, _line(world, path["pk"], moment), moment)

    def people(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        ids = [path["person"]] if "person" in path else _ids(query.get("personIds", ""))
        told_stats = _hydrated_stats(query.get("hydrate", ""))
        found = []
        for player_id in ids:
            player = wire_mlb_people.person(world, player_id, _year(world, None))
            if player is None:
                continue
            entry = wire_mlb_people.player_details(player, _year(world, None))
            if told_stats is not None:
                season = _season(world, told_stats.get("season"))
                kinds, groups = told_stats.get("type", "season").split(","), told_stats.get("group", "").split(",")
                entry["stats"] = wire_mlb_people.stats(world, season, player, kinds, groups, world.moment)
            found.append(entry)
        if "person" in path and not found:
            raise RefusedError(404, 10, "Object not found")
        return {"copyright": wire_mlb.COPYRIGHT, "people": found}

    def person_stats(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        season = _season(world, query.get("season"))
        player = wire_mlb_people.person(world, path["person"], season.plan.season)
        if player is None:
            raise RefusedError(404, 10, "Object not found")
        kinds = query.get("stats", "season").split(",")
        groups = query.get("group", ",".join(wire_mlb_people.GROUPS)).split(",")
        return {
            "copyright": wire_mlb.COPYRIGHT,
            "stats": wire_mlb_people.stats(world, season, player, kinds, groups, world.moment),
        }

    def transactions(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        try:
            first = date.fromisoformat(query.get("startDate") or query["date"])
            last = date.fromisoformat(query.get("endDate") or query["date"])
        except (KeyError, ValueError):
            raise RefusedError(400, 11, "Invalid Request with value: startDate and endDate") from None
        moves = (
            wire_mlb_people.transactions(world, first, last, world.moment) if query.get("sportId", "1") == "1" else []
        )
        return {"copyright": wire_mlb.COPYRIGHT, "transactions": moves}

    def venues(path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        ids = [path["venue"]] if "venue" in path else _ids(query.get("venueIds", ""))
        hydrate = frozenset(query.get("hydrate", "").split(","))
        found = []
        for venue_id in ids:
            try:
                year = _year(world, query.get("season"))
                found.append(wire_mlb_people.venue(venue_id, year, hydrate=hydrate))
            except KeyError:
                continue
        if "venue" in path and not found:
            raise RefusedError(404, 10, "Object not found")
        return {"copyright": wire_mlb.COPYRIGHT, "venues": found}

    prefix = "/mlb_stats/api"
    return [
        Route(f"{prefix}/v1.1/game/{{pk:int}}/feed/live", told(feed)),
        Route(f"{prefix}/v1/game/{{pk:int}}/boxscore", told(boxscore)),
        Route(f"{prefix}/v1/game/{{pk:int}}/linescore", told(linescore)),
        Route(f"{prefix}/v1/people", told(people)),
        Route(f"{prefix}/v1/people/{{person:int}}", told(people)),
        Route(f"{prefix}/v1/people/{{person:int}}/stats", told(person_stats)),
        Route(f"{prefix}/v1/transactions", told(transactions)),
        Route(f"{prefix}/v1/venues", told(venues)),
        Route(f"{prefix}/v1/venues/{{venue:int}}", told(venues)),
    ]


def _as_of(world: World, query: Mapping[str, str]) -> float:
    """The moment that is told of: ``timecode`` (``20240701_214404``, UTC), never later than the world's."""
    text = query.get("timecode")
    if not text:
        return world.moment
    try:
        asked = datetime.strptime(text, "%Y%m%d_%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise RefusedError(400, 11, f"Invalid Request with value: {text}") from None
    return min(asked, world.moment)


def _line(world: World, game_pk: int, moment: float) -> wire_mlb_game.Line:
    line = wire_mlb_game.find(world, game_pk, moment)
    if line is None:
        raise RefusedError(404, 10, "Object not found")
    return line


def _year(world: World, text: str | None) -> int:
    """The season asked for, else the one of today, else the last one before it."""
    if text is not None:
        if not text.isdigit():
            raise RefusedError(400, 11, f"Invalid season: {text}")
        return int(text)
    begun = [plan.season for plan in world.plans if plan.opening <= world.today]
    return max(begun, default=world.today.year)


def _season(world: World, text: str | None) -> Season:
    year = _year(world, text)
    if year not in {plan.season for plan in world.plans}:
        raise RefusedError(404, 10, "Object not found")
    return world.league.season(year)


def _ids(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdigit() for part in parts):
        raise RefusedError(400, 11, f"Invalid Request with value: {text}")
    return list(dict.fromkeys(int(part) for part in parts))


def _hydrated_stats(text: str) -> dict[str, str] | None:
    """``stats(group=[pitching],type=[season],season=2025)`` as a mapping; None where no statistics are asked for."""
    if (whole := re.search(r"stats\((.*)\)", text)) is None:
        return None
    found = re.findall(r"(\w+)=(?:\[([^\]]*)\]|([^,\[\]]+))", whole[1])
    return {name: listed or single for name, listed, single in found}


def _only(value: Any, names: frozenset[str]) -> Any:
    """What ``fields`` keeps: the keys that it names, at whatever depth, and the way to them."""
    if isinstance(value, list):
        return [_only(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _only(item, names) for key, item in value.items() if key in names}
