"""Routes of Baseball Savant, under ``/savant``: the pitch search as CSV, by days or by game."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from dagster_mlb.simulator import wire_savant
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

# What the search answers, with status 200, to what it cannot make sense of.
ERROR_BODY = b'"error"\n"Error: Query Timeout or other database error."\n'


def routes(world: World) -> list[BaseRoute]:
    """``/statcast_search/csv`` answers with status 200 whatever is asked, as the search does: errors are a column."""
    from starlette.responses import Response
    from starlette.routing import Route

    async def search(request: Request) -> Response:
        body = _answer(world, request.query_params)
        headers = {"content-disposition": "attachment;filename=savant_data.csv"}
        return Response(body, 200, headers, media_type="text/csv; charset=utf-8")

    return [Route("/savant/statcast_search/csv", search)]


def _answer(world: World, query: Mapping[str, str]) -> bytes:
    """Days (``game_date_gt`` to ``game_date_lt``, both included) or one game; ``team``, ``home_road`` of pitchers."""
    try:
        game_pk = int(query["game_pk"]) if query.get("game_pk") else None
        first = date.fromisoformat(query.get("game_date_gt") or "1900-01-01")
        last = date.fromisoformat(query.get("game_date_lt") or "2999-12-31")
    except ValueError:
        return ERROR_BODY
    if query.get("type") != "details" or query.get("player_type", "pitcher") != "pitcher":
        return ERROR_BODY  # the league answers for pitches, not for totals, and by pitcher
    return wire_savant.pitches(
        world, first, last, game_pk=game_pk, team=query.get("team") or None, side=query.get("home_road", "")
    )
