"""Routes of the league's server: the MLB Stats API's schedule and teams."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_mlb.simulator import wire_mlb
from dagster_mlb.simulator.clubs import CLUB_INDEX
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.wire_mlb import stamp
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX = "/mlb_stats/api/v1"


def routes(world: World) -> list[BaseRoute]:
    """``/schedule`` (a date, a range, or today; hydrated) and ``/teams``, under ``/mlb_stats/api/v1``."""
    from starlette.routing import Route

    async def schedule(request: Request) -> Response:
        query = request.query_params
        try:
            first, last = _dates(query, world)
            game_pks = frozenset(int(pk) for pk in _listed(query, "gamePk", "gamePks"))
            club_ids = frozenset(int(club) for club in _listed(query, "teamId"))
        except ValueError as error:
            return json_answer(refusal(11, str(error), world), 400)
        if query.get("sportId", "1") != "1":
            first, last = date(1, 1, 1), date(1, 1, 1)
        elif game_pks and "date" not in query and "startDate" not in query:
            first, last = world.plans[0].opening, world.plans[-1].closing
        hydrate = wire_mlb.hydrations(query.get("hydrate", ""))
        return json_answer(wire_mlb.schedule(world, first, last, hydrate, game_pks=game_pks, club_ids=club_ids))

    async def teams(request: Request) -> Response:
        season = request.query_params.get("season", str(world.today.year))
        club_id = request.path_params.get("club_id")
        if not season.isdigit():
            return json_answer(refusal(11, f"Invalid season: {season}", world), 400)
        if club_id is not None and club_id not in CLUB_INDEX:
            return json_answer(refusal(10, "Object not found", world), 404)
        return json_answer(wire_mlb.teams(int(season), club_id))

    return [
        Route(f"{PREFIX}/schedule", schedule),
        Route(f"{PREFIX}/teams", teams),
        Route(f"{PREFIX}/teams/{{club_id:int}}", teams),
    ]


def refusal(number: int, message: str, world: World) -> dict[str, Any]:
    """An error body of the API: 10 is not found, 11 a bad request."""
    return {"messageNumber": number, "message": message, "timestamp": stamp(world.moment), "traceId": None}


def _listed(query: Mapping[str, str], *names: str) -> list[str]:
    return [part for name in names for part in query.get(name, "").split(",") if part]


def _dates(query: Mapping[str, str], world: World) -> tuple[date, date]:
    """First and last date of a schedule request; ``YYYY-MM-DD`` or ``MM/DD/YYYY``. Without dates: today."""

    def parse(name: str) -> date:
        text = query[name]
        try:
            if "/" in text:
                month, day, year = (int(part) for part in text.split("/"))
                return date(year, month, day)
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"Invalid Request with value: {text}") from None

    if "date" in query:
        return parse("date"), parse("date")
    if "startDate" in query and "endDate" in query:
        return parse("startDate"), parse("endDate")
    if "startDate" in query or "endDate" in query:
        raise ValueError("startDate and endDate are required together")
    return world.today, world.today
