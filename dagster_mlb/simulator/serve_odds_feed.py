"""Routes of the league's server: The Odds API's featured endpoints: odds, events, scores, and history.

One event's odds (props, periods) are ``serve_odds_props``'; both spend from ``app.state.odds_credits``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_mlb.simulator import wire_odds
from dagster_mlb.simulator.http_answers import answer, json_answer
from dagster_mlb.simulator.odds_query import Credits, OddsApiError, common, historical_date, odds_request
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PREFIX = "/odds_api/v4"


def routes(world: World) -> list[BaseRoute]:
    """``/sports``, ``/sports/{sport}/odds|events|scores`` and ``/historical/sports/{sport}/odds|events``."""
    from starlette.routing import Route

    def feed(request: Request, history: bool) -> Response:
        account: Credits = request.app.state.odds_credits
        try:
            account.check(request.query_params)
            if request.path_params["sport"] != "baseball_mlb":
                raise OddsApiError(404, "UNKNOWN_SPORT", "Unknown sport")
            body, cost = _feed(world, request.query_params, request.path_params["kind"], history)
            return answer(body, headers=account.spend(cost))
        except OddsApiError as error:
            return json_answer(error.body, error.status, account.spend(0))

    async def live_feed(request: Request) -> Response:
        return feed(request, history=False)

    async def past_feed(request: Request) -> Response:
        return feed(request, history=True)

    async def sports(request: Request) -> Response:
        account: Credits = request.app.state.odds_credits
        try:
            account.check(request.query_params)
        except OddsApiError as error:
            return json_answer(error.body, error.status, account.spend(0))
        return json_answer([wire_odds.sport(world)], headers=account.spend(0))

    return [
        Route(f"{PREFIX}/sports", sports),
        Route(f"{PREFIX}/sports/", sports),
        Route(f"{PREFIX}/sports/{{sport}}/{{kind}}", live_feed),
        Route(f"{PREFIX}/historical/sports/{{sport}}/{{kind}}", past_feed),
    ]


def _feed(world: World, query: Mapping[str, str], kind: str, history: bool) -> tuple[bytes, int]:
    """Body and cost of one endpoint of the feed; ``OddsApiError`` for what it refuses."""
    if kind == "odds":
        request, cost = odds_request(query)
        if history:
            return wire_odds.historical(world, request, historical_date(query)), 10 * cost
        body = wire_odds.odds(world, request, world.moment)
        return body, cost if body != b"[]" else 0
    if kind == "events":
        request = wire_odds.Request(**common(query))
        if history:
            return wire_odds.historical(world, request, historical_date(query), "events"), 1
        return wire_odds.events(world, request), 0
    if kind == "scores" and not history:
        text = query.get("daysFrom")
        if text is not None and text not in ("1", "2", "3"):
            raise OddsApiError(
                422, "INVALID_SCORES_DAYS_FROM", "Invalid daysFrom parameter. Must be an integer from 1 to 3"
            )
        days = int(text) if text else None
        return wire_odds.scores(world, wire_odds.Request(**common(query)), days), 2 if days else 1
    raise OddsApiError(404, "NOT_FOUND", "Not found")
