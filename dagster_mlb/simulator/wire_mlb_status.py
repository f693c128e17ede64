"""``status`` of a game in the words of the MLB Stats API, as of a moment: the code's first letter is the state."""

from __future__ import annotations

from typing import Any, Final

from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.schedule import Listing

MINUTE: Final = 60.0


def game_status(season: Season, listing: Listing, moment: float) -> dict[str, Any]:
    """``status`` of a listing as of a moment. Both lines of a suspended game have the game's own, as on the wire; of a
    postponed one the first is ``Postponed`` from the announcement on."""
    if moment >= listing.postponed_at:
        return _status("Final", "D", "Postponed", "DI", "F", reason="Rain")
    game = season.game_of(listing)
    number = game.number
    if season.is_interrupted(game, moment):
        if moment < game.suspended_at:
            return _status("Live", "I", "Delayed: Rain", "IR", "L", reason="Rain")
        if moment >= season.resumed_at(game) - 20 * MINUTE:
            return _status("Live", "I", "Delayed: About to Resume", "IZ", "L", reason="About to Resume")
        return _status("Live", "U", "Suspended: Rain", "UR", "L", reason="Rain")
    if moment >= season.first_pitch[number]:
        if moment >= season.ended[number] + 4 * MINUTE:
            return _status("Final", "F", "Final", "F", "F")
        if moment >= season.ended[number]:
            return _status("Final", "O", "Game Over", "O", "F")
        return _status("Live", "I", "In Progress", "I", "L")
    if moment >= game.start + 12 * MINUTE:
        return _status("Preview", "P", "Delayed Start: Rain", "PR", "P", reason="Rain")
    if moment >= game.start - 20 * MINUTE:
        return _status("Live", "P", "Warmup", "PW", "L")
    if moment >= game.start - 60 * MINUTE:
        return _status("Preview", "P", "Pre-Game", "P", "P")
    return _status("Preview", "S", "Scheduled", "S", "P")


def _status(
    abstract: str, coded: str, detailed: str, code: str, letter: str, reason: str | None = None
) -> dict[str, Any]:
    status: dict[str, Any] = {
        "abstractGameState": abstract,
        "codedGameState": coded,
        "detailedState": detailed,
        "statusCode": code,
        "startTimeTBD": False,
    }
    if reason is not None:
        status["reason"] = reason
    return status | {"abstractGameCode": letter}
