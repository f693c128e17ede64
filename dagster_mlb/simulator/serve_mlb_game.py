"""Routes of the league's server: mlb_game."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


def routes(world: World) -> list[BaseRoute]:
    """The routes of this source, under its own prefix."""
    return []
