"""Routes of the league's server: PrizePicks' board, page by page, and its leagues. 403 and 429 are faults on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_mlb.simulator import wire_prizepicks
from dagster_mlb.simulator.http_answers import json_answer
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX = "/prizepicks"
MOST_PER_PAGE = 1000


def routes(world: World) -> list[BaseRoute]:
    """``/projections`` and ``/leagues``."""
    from starlette.routing import Route

    async def projections(request: Request) -> Response:
        asked = {"league_id": wire_prizepicks.MLB, "page": 1, "per_page": wire_prizepicks.DEFAULT_PER_PAGE}
        for name in asked:
            text = request.query_params.get(name)
            if text is not None:
                if not text.isdigit() or not 1 <= int(text) <= 10**9:
                    return json_answer({"errors": [{"status": "400", "title": f"{name} is invalid"}]}, 400)
                asked[name] = int(text)
        asked["per_page"] = min(asked["per_page"], MOST_PER_PAGE)
        return json_answer(wire_prizepicks.board(world, **asked))

    async def leagues(request: Request) -> Response:
        return json_answer(wire_prizepicks.leagues())

    return [Route(f"{PREFIX}/projections", projections), Route(f"{PREFIX}/leagues", leagues)]
