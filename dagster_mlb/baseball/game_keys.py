"""The key of a game: one bigint made from the id that the season's spine gives it, and from nothing else.

``game_key = spine code × 10^12 + id in the spine``. The id of the MLB spine is the gamePk; elsewhere it is
``yyyymmdd``, the home club (3 digits) and the number of the game on that day (1 digit). An id is below 10^12, so two
spines cannot collide, and a key can be read back. Twin of dbt_project/macros/game_key.sql, proven equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

Spine = Literal["mlb", "retrosheet", "sbr_archive", "tick_archive"]
SPINE_CODES: dict[Spine, int] = {spine: code for code, spine in enumerate(get_args(Spine), start=1)}

_SPAN = 10**12  # ids of one spine


@dataclass(frozen=True)
class GameKeyParts:
    """What a key says: the spine and, by spine, either the gamePk or the day, home club and number of the game."""

    spine: Spine
    game_pk: int | None = None
    official_date: date | None = None
    home_team_id: int | None = None
    number: int | None = None


def game_key_from_mlb(game_pk: int) -> int:
    """The key of a game of the MLB spine.

    >>> game_key_from_mlb(745431)
    1000000745431
    """
    if not 0 < game_pk < _SPAN:
        raise ValueError(f"gamePk {game_pk} is outside 1 … 10^12 - 1: no key can be made of it")
    return SPINE_CODES["mlb"] * _SPAN + game_pk


def game_key_from_day(spine: Spine, official_date: date, home_team_id: int, number: int) -> int:
    """The key of a game that its spine knows by day, home club and number (0: the day's only game, or not said).

    >>> game_key_from_day("retrosheet", date(2016, 4, 3), 134, 0)
    2201604031340
    """
    if spine not in SPINE_CODES or spine == "mlb":
        raise ValueError(f"spine {spine!r} makes no keys of days; those that do: {', '.join(list(SPINE_CODES)[1:])}")
    if official_date.year < 1000 or not 0 < home_team_id < 1000 or not 0 <= number <= 9:
        raise ValueError(
            f"no key for {official_date}, home club {home_team_id}, game {number}: the club has up to three digits, "
            "the number of the game one"
        )
    day = official_date.year * 10_000 + official_date.month * 100 + official_date.day
    return SPINE_CODES[spine] * _SPAN + day * 10_000 + home_team_id * 10 + number


def decode(game_key: int) -> GameKeyParts:
    """Reads a key back; ValueError where it is no key that the functions above make."""
    code, identity = divmod(game_key, _SPAN)
    spine = next((name for name, known in SPINE_CODES.items() if known == code), None)
    if spine is None or identity == 0:
        raise ValueError(f"{game_key} is no game key: it begins with the code of its spine, 1 to {len(SPINE_CODES)}")
    if spine == "mlb":
        return GameKeyParts(spine, game_pk=identity)
    day, rest = divmod(identity, 10_000)
    home_team_id, number = divmod(rest, 10)
    try:
        official_date = date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError:
        raise ValueError(f"{game_key} is no game key: {day} is no day") from None
    if official_date.year < 1000 or home_team_id == 0:
        raise ValueError(f"{game_key} is no game key: it names no home club, or no day")
    return GameKeyParts(spine, official_date=official_date, home_team_id=home_team_id, number=number)
