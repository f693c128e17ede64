"""The two Retrosheet file formats: game logs (161 unnamed fields) and gameinfo (named columns).

The information used here was obtained free of charge from and is copyrighted by Retrosheet. Interested parties may
contact Retrosheet at www.retrosheet.org.
"""

from __future__ import annotations

GAME_LOG_FIELD_COUNT = 161

# The order of raw_data.retrosheet_games.cells for gameinfo files; SQL reads cells[i] by it (1-based), so it only
# ever grows at its end.
RETROSHEET_GAMEINFO_FIELDS: tuple[str, ...] = (
    "gid",  # 1  home team, date, game number: PHI200904050
    "visteam",  # 2
    "hometeam",  # 3
    "site",  # 4  park id
    "date",  # 5  yyyymmdd
    "number",  # 6  0 single game, 1-3 game of a doubleheader
    "daynight",  # 7
    "innings",  # 8  scheduled innings, where not nine
    "usedh",  # 9  true or false
    "timeofgame",  # 10 minutes
    "attendance",  # 11
    "fieldcond",  # 12
    "precip",  # 13
    "sky",  # 14
    "temp",  # 15 Fahrenheit
    "winddir",  # 16
    "windspeed",  # 17 miles per hour
    "umphome",  # 18
    "ump1b",  # 19
    "ump2b",  # 20
    "ump3b",  # 21
    "umplf",  # 22
    "umprf",  # 23
    "vruns",  # 24
    "hruns",  # 25
    "wteam",  # 26
    "lteam",  # 27
    "season",  # 28
)

# Without these a gameinfo file says nothing about a game.
REQUIRED_GAMEINFO_FIELDS: tuple[str, ...] = ("gid", "visteam", "hometeam", "date", "number", "vruns", "hruns")
