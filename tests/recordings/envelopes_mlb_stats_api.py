"""Around recorded fragments of the MLB Stats API: what makes a whole answer of them again."""

from __future__ import annotations

import json


def saved_answer(fragment: bytes) -> bytes:
    """The answer that a recorder saved in a description of its request, under ``response``."""
    return json.dumps(json.loads(fragment)["response"]).encode()


def feed_of_one_play(fragment: bytes) -> bytes:
    """A live feed around one recorded play. What is beside the play is the least that a feed says."""
    return json.dumps(
        {
            "gamePk": 823400,
            "metaData": {"wait": 10, "timeStamp": "20260331_013430"},
            "gameData": {
                "datetime": {"dateTime": "2026-03-30T22:40:00Z", "officialDate": "2026-03-30"},
                "status": {"abstractGameState": "Live", "detailedState": "In Progress", "statusCode": "I"},
                "teams": {"away": {"id": 120}, "home": {"id": 143}},
                "weather": {},
            },
            "liveData": {"plays": {"allPlays": [json.loads(fragment)]}},
        }
    ).encode()
