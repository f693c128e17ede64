"""Routes of the league's server under ``/sbr``: SportsbookReview's daily pages and line histories.

Addresses end in a slash; without it they are answered by a 308, as the site does. What is not there is a 404 in HTML.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from dagster_mlb.simulator import wire_sbr
from dagster_mlb.simulator.http_answers import answer
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

ROOT = "/sbr/betting-odds/mlb-baseball"
PAGES = {"": "moneyline", "/pointspread/full-game": "spread", "/totals/full-game": "total"}
_HTML = "text/html; charset=utf-8"
# Rendered for each visitor anew.
_HEADERS = {"cache-control": "private, no-cache, no-store, max-age=0, must-revalidate"}
_NOT_FOUND = b'<!DOCTYPE html><html lang="en"><body><h1>404</h1><p>This page could not be found.</p></body></html>'


def routes(world: World) -> list[BaseRoute]:
    """The routes of this source, under its own prefix."""
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    def daily(market: str):  # type: ignore[no-untyped-def]
        async def page(request: Request) -> Response:
            try:
                day = date.fromisoformat(request.query_params.get("date", world.today.isoformat()))
            except ValueError:
                return _missing()
            return answer(wire_sbr.daily_page(world, day, market), headers=_HEADERS, media_type=_HTML)

        return page

    async def line_history(request: Request) -> Response:
        body = wire_sbr.line_history_page(world, request.path_params["game_id"])
        return _missing() if body is None else answer(body, headers=_HEADERS, media_type=_HTML)

    async def slash(request: Request) -> Response:
        url = request.url
        return RedirectResponse(str(url.replace(path=f"{url.path}/")), status_code=308)

    history = f"{ROOT}/line-history/{{game_id:int}}"
    return [
        *(Route(f"{ROOT}{path}/", daily(market)) for path, market in PAGES.items()),
        *(Route(f"{ROOT}{path}", slash) for path in PAGES),
        Route(f"{history}/", line_history),
        Route(history, slash),
    ]


def _missing() -> Response:
    return answer(_NOT_FOUND, 404, media_type=_HTML)
