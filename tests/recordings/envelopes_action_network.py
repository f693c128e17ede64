"""What is put around recorded fragments of Action Network to make them whole answers. Only the envelope is made up."""

from __future__ import annotations

import json


def game_of_first_inning_markets(fragment: bytes) -> bytes:
    """A scoreboard with the one game whose ``markets`` the fragment is: 292762, Tampa Bay at Seattle, 8 August 2026.

    The fragment names its game and, side by side, its clubs; the start is the envelope's own.
    """
    game = {
        "id": 292762,
        "league_id": 8,
        "status": "scheduled",
        "real_status": "scheduled",
        "start_time": "2026-08-09T01:40:00.000Z",
        "away_team_id": 189,
        "home_team_id": 197,
        "markets": json.loads(fragment),
    }
    return json.dumps({"games": [game]}).encode()
