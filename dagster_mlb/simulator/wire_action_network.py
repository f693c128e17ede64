"""The league in the words of Action Network, as of a moment: scoreboards, public betting, line moves and books.

The documents are here; what a game is in ``wire_action_network_games``, its prices in ``wire_action_network_outcomes``.
A postponed game keeps its id and its make-up gets another; line moves are told of the last two weeks only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.schedule import Listing
from dagster_mlb.simulator.wire_action_network_games import event_id, game_head, league
from dagster_mlb.simulator.wire_action_network_outcomes import game_markets, line_moves, rows_v1
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.action_network.books import BOOKS

HISTORY_DAYS: Final = 14
_STATES: Final = ("PA", "NJ", "IL", "DC")


def event_listings(world: World) -> dict[str, Listing]:
    """Every event id that this source may ever name, and the line of the schedule that it is."""
    return {
        str(event_id(listing)): listing
        for plan in world.plans
        for listing in world.league.season(plan.season).listings
        if not listing.is_resumption
    }


def slate(world: World, day: date) -> list[tuple[Season, Listing]]:
    """The games listed on a date as of the world's clock. A suspended game stays on the day on which it began."""
    season = world.league.season_of(day)
    listed = season.by_date.get(day, []) if season else []
    return [(season, x) for x in listed if season and x.listed_at <= world.moment and not x.is_resumption]


def scoreboard(world: World, day: date, book_ids: Sequence[int], periods: Sequence[str]) -> dict[str, Any]:
    """The answer of ``/web/v2/scoreboard/mlb`` and of public betting. Books unknown here are silently absent."""
    known = {entry.book_id for entry in BOOKS if not entry.only_in_v1}
    asked = [book_id for book_id in dict.fromkeys(book_ids) if book_id in known]
    games = [
        game_head(world, season, listing, is_v2=True) | {"markets": game_markets(world, listing, asked, periods)}
        for season, listing in slate(world, day)
    ]
    return {"league": league(world, day.year), "games": games, "market_rules": {}, "content_live_count": 0}


def scoreboard_v1(world: World, day: date) -> dict[str, Any]:
    """The answer of ``/web/v1/scoreboard/mlb``: every book of the league, whichever were asked for."""
    games = [
        game_head(world, season, listing, is_v2=False) | {"odds": rows_v1(world, listing)}
        for season, listing in slate(world, day)
    ]
    return {"league": league(world, day.year), "games": games, "content_live_count": 0}


def market_history(world: World, event: int, book_ids: Sequence[int], periods: Sequence[str]) -> dict[str, Any]:
    """The answer of ``/web/v2/markets/event/{id}/history``: nothing of an unknown game or one older than two weeks."""
    listing = _find(world, event)
    if listing is None or listing.date < world.today - timedelta(days=HISTORY_DAYS):
        return {}
    return line_moves(world, listing, book_ids, periods)


def _find(world: World, event: int) -> Listing | None:
    year, number = 2000 + (event - 100_000) // 10_000, (event - 100_000) % 10_000
    if event < 100_000 or year not in world.league.plans:
        return None
    listings = world.league.season(year).listings
    if number >= len(listings) or listings[number].is_resumption or listings[number].listed_at > world.moment:
        return None
    return listings[number]


def books() -> dict[str, Any]:
    """The answer of ``/web/v1/books``."""
    return {
        "books": [
            {
                "id": entry.book_id,
                "display_name": entry.display_name,
                "source_name": entry.display_name.lower().replace(" ", "_"),
                "parent_name": entry.parent,
                "meta": {
                    "logos": {},
                    "states": [s for s in _STATES if entry.display_name.endswith(f" {s}")],
                },
            }
            for entry in BOOKS
        ]
    }
