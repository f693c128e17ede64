"""Routes of the league's server: Action Network under ``/action_network``. Shapes are in ``wire_action_network``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from dagster_mlb.simulator import wire_action_network as wire
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.wire_action_network_markets import PERIODS
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network.books import CONSENSUS, OPENING_LINE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX: Final = "/action_network"
MAX_AGE: Final = 30
HEADERS: Final = {"cache-control": f"max-age={MAX_AGE}, must-revalidate, public", "x-cache": "Miss from cloudfront"}
NOT_FOUND: Final = {"statusCode": 404, "error": "Not Found"}


def routes(world: World) -> list[BaseRoute]:
    """The routes of this source, under its own prefix. Whatever else stands under it is its own 404."""
    from starlette.routing import Route

    def told(value: Any) -> Response:
        return json_answer(value, headers=HEADERS, max_age=MAX_AGE)

    def refused(message: str) -> Response:
        return json_answer({"statusCode": 400, "error": "Bad Request", "message": message}, 400)

    async def scoreboard(request: Request) -> Response:
        query = request.query_params
        if "marketTypes" in query:
            return refused('"marketTypes" is not allowed')
        try:
            day, books = _day(query, world), _ids(query.get("bookIds"))
        except ValueError as error:
            return refused(str(error))
        return told(wire.scoreboard(world, day, books, _periods(query)))

    async def scoreboard_v1(request: Request) -> Response:
        try:
            day = _day(request.query_params, world)
        except ValueError as error:
            return refused(str(error))
        return told(wire.scoreboard_v1(world, day))

    async def market_history(request: Request) -> Response:
        event = request.path_params["event"]
        try:
            books = _ids(request.query_params.get("bookIds"))
        except ValueError as error:
            return refused(str(error))
        return told(wire.market_history(world, event, books, _periods(request.query_params)))

    async def books(request: Request) -> Response:
        return told(wire.books())

    async def not_found(request: Request) -> Response:
        return json_answer(NOT_FOUND, 404)

    return [
        Route(f"{PREFIX}/web/v2/scoreboard/mlb", scoreboard),
        Route(f"{PREFIX}/web/v2/scoreboard/publicbetting/mlb", scoreboard),
        Route(f"{PREFIX}/web/v1/scoreboard/mlb", scoreboard_v1),
        Route(f"{PREFIX}/web/v2/markets/event/{{event:int}}/history", market_history),
        Route(f"{PREFIX}/web/v1/books", books),
        Route(f"{PREFIX}/{{rest:path}}", not_found),
    ]


def _day(query: Mapping[str, str], world: World) -> date:
    """``date=YYYYMMDD``; without it the current slate."""
    text = query.get("date")
    if not text:
        return world.today
    if len(text) != 8 or not text.isdecimal():
        raise ValueError(f'"date" with value "{text}" fails to match the pattern YYYYMMDD')
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _ids(text: str | None) -> list[int]:
    """``bookIds=1,2,3``; without it the two that come unasked."""
    if not text:
        return [CONSENSUS, OPENING_LINE]
    if not text.replace(",", "").replace(" ", "").isdecimal():
        raise ValueError(f'"bookIds" with value "{text}" is no list of numbers')
    return [int(part) for part in text.split(",") if part.strip()]


def _periods(query: Mapping[str, str]) -> list[str]:
    """``periods=event,firstinning``: with a space in it, or without any, only the whole game. ``period`` is ignored."""
    text = query.get("periods", "")
    if not text or " " in text:
        return ["event"]
    return [name for name in text.split(",") if name in PERIODS]
