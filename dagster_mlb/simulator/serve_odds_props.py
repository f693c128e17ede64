"""Routes of the league's server: The Odds API's endpoints about one event: its odds (props, parts of the game), now and
as they stood, and the list of its markets. Credits are the feed's own account (``app.state.odds_credits``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_mlb.simulator import wire_odds, wire_odds_props
from dagster_mlb.simulator.http_answers import answer, json_answer
from dagster_mlb.simulator.odds_query import Credits, OddsApiError, historical_date, odds_request
from dagster_mlb.simulator.wire_odds_props import MARKETS, Asked
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX = "/odds_api/v4"


def routes(world: World) -> list[BaseRoute]:
    """``/sports/{sport}/events/{id}/odds|markets`` and ``/historical/sports/{sport}/events/{id}/odds``."""
    from starlette.routing import Route

    def told(request: Request, history: bool) -> Response:
        account: Credits = request.app.state.odds_credits
        try:
            account.check(request.query_params)
            if request.path_params["sport"] != "baseball_mlb":
                raise OddsApiError(404, "UNKNOWN_SPORT", "Unknown sport")
            body, cost = _answer(world, request.query_params, request.path_params, history)
            return answer(body, headers=account.spend(cost))
        except OddsApiError as error:
            return json_answer(error.body, error.status, account.spend(0))

    async def live(request: Request) -> Response:
        return told(request, history=False)

    async def past(request: Request) -> Response:
        return told(request, history=True)

    event = "/sports/{sport}/events/{event_id}/{kind}"
    return [Route(f"{PREFIX}{event}", live), Route(f"{PREFIX}/historical{event}", past)]


def _answer(world: World, query: Mapping[str, str], path: Mapping[str, str], history: bool) -> tuple[bytes, int]:
    """Body and cost; ``OddsApiError`` for what the feed refuses."""
    kind, event_id = path["kind"], path["event_id"]
    if kind not in ("odds", "markets") or (history and kind == "markets"):
        raise OddsApiError(404, "NOT_FOUND", "Not found")
    if len(event_id) != 32:
        raise OddsApiError(422, "INVALID_EVENT_ID", "Invalid eventId parameter")
    asked, regions = asked_of(query)
    snapshot = (
        min(wire_odds.floor_to_grid(historical_date(query)), wire_odds.floor_to_grid(world.now)) if history else None
    )
    moment = snapshot.timestamp() if snapshot is not None else world.moment
    found = wire_odds_props.find(world, event_id, moment)
    if found is None:
        raise OddsApiError(
            404, "EVENT_NOT_FOUND", "Event not found. The event may have expired or the event id is invalid"
        )
    if kind == "markets":
        return wire_odds_props.event_markets(world, *found, asked, moment), 1
    if snapshot is not None:
        told = wire_odds_props.historical_event_odds(world, *found, asked, snapshot)
        return told.body, 10 * len(told.markets) * regions
    told = wire_odds_props.event_odds(world, *found, asked, moment)
    return told.body, len(told.markets) * regions


def asked_of(query: Mapping[str, str]) -> tuple[Asked, int]:
    """What is asked of an event, and how many regions it is paid for."""
    markets = tuple(dict.fromkeys(m for m in query.get("markets", "h2h").split(",") if m))
    unknown = [market for market in markets if market not in MARKETS]
    if unknown or not markets:
        raise OddsApiError(422, "INVALID_MARKET", f"Invalid markets: {','.join(unknown)}")
    # Books, format and dates are asked for as of the featured markets; one market's cost is the number of regions.
    request, regions = odds_request({**query, "markets": "h2h"})
    return Asked(markets, request.books, request.odds_format == "american", request.unix), regions
