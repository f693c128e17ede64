"""Routes of the league's server: VSIN's pages of betting splits, at both addresses that they have had."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from dagster_mlb.simulator import wire_vsin
from dagster_mlb.simulator.http_answers import answer
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX: Final = "/vsin"
HTML: Final = "text/html; charset=utf-8"
MOVED: Final = datetime(2026, 3, 15, tzinfo=UTC)


def routes(world: World) -> list[BaseRoute]:
    """``/vsin/betting-splits/?source=DK|CIRCA[&view=today|tomorrow]`` and ``/vsin/mlb/betting-splits/[?view=circa]``.

    The older address shows the older markup; since March 2026 it only points to the newer one. A book that is not
    known is answered with DraftKings', as the site does.
    """
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    def source_of(text: str | None) -> str:
        return text.upper() if text and text.upper() in wire_vsin.SOURCES else "DK"

    async def splits(request: Request) -> Response:
        query = request.query_params
        view = query.get("view")
        views: tuple[str, ...] = (view,) if view in wire_vsin.VIEWS else wire_vsin.VIEWS
        source = source_of(query.get("source") or query.get("bookid"))
        if query.get("sport", "MLB").upper() != "MLB":
            views = ()  # no other sport is played here
        return answer(wire_vsin.page(world, source, views), media_type=HTML)

    async def legacy(request: Request) -> Response:
        source = source_of(request.query_params.get("view"))
        if world.now >= MOVED:
            return RedirectResponse(f"{PREFIX}/betting-splits/?source={source}&sport=MLB", 301)
        return answer(wire_vsin.legacy_page(world, source), media_type=HTML)

    return [Route(f"{PREFIX}/betting-splits/", splits), Route(f"{PREFIX}/mlb/betting-splits/", legacy)]
