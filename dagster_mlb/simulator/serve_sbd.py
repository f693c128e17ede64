"""Routes of the league's server: SportsBettingDime's odds and splits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dagster_mlb.simulator import wire_sbd
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX: Final = "/sbd"


def routes(world: World) -> list[BaseRoute]:
    """``/sbd/wp-json/adpt/v1/mlb-odds?books=sr:book:…,…``: 204 without games; unknown books are silently absent."""
    from starlette.responses import Response as Empty
    from starlette.routing import Route

    async def odds(request: Request) -> Response:
        asked = request.query_params.get("books")
        books = asked.split(",") if asked else list(wire_sbd.NAMES)
        told = wire_sbd.odds(world, books)
        return json_answer(told) if told is not None else Empty(status_code=204)

    return [Route(f"{PREFIX}/wp-json/adpt/v1/mlb-odds", odds)]
