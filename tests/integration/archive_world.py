"""A small season as its archives tell it: six days, two games each, one of them a doubleheader, in files that overlap.

Clubs play at home in pairs; scores, prices and starts are made by the game's number, so the files agree where they
speak of the same game. ``files`` are name → bytes, ready to be written into a folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from archive_factories import TICK_HEADER, grid, tick_line, ticks, workbook

SEASON = 2016
FIRST_DAY = date(2016, 5, 2)
SBR_HEADER = (
    *("Date", "Rot", "VH", "Team", "Pitcher", "1st", "Final", "Open", "Close", "Run Line", None),
    *("Open OU", None, "Close OU", None),
)


@dataclass(frozen=True)
class Club:
    """How the archives spell a club: SBR's code, Retrosheet's, and its name."""

    sbr: str
    retrosheet: str
    name: str


CLUBS = (
    Club("NYM", "NYN", "New York Mets"),
    Club("KAN", "KCA", "Kansas City Royals"),
    Club("BOS", "BOS", "Boston Red Sox"),
    Club("NYY", "NYA", "New York Yankees"),
)


@dataclass(frozen=True)
class Game:
    """One game; ``number`` is 0, or 1 and 2 in a doubleheader."""

    index: int
    day: date
    away: Club
    home: Club
    number: int
    start: datetime

    @property
    def score(self) -> tuple[int, int]:
        away, home = (self.index * 3) % 7, (self.index * 5) % 8
        return (away, home + 1) if away == home else (away, home)

    @property
    def prices(self) -> tuple[int, int]:
        """American prices of (away, home) at the open."""
        return (110 + self.index, -(120 + self.index))


def season(days: int = 6, first_day: date = FIRST_DAY) -> list[Game]:
    """Two games a day; on the third day the same clubs twice."""
    games: list[Game] = []
    for offset in range(days):
        day = first_day + timedelta(days=offset)
        noon = datetime(day.year, day.month, day.day, 17, 5, tzinfo=UTC)
        is_doubleheader = offset == 2
        for slot in range(2):
            pair = (0, 1) if is_doubleheader or slot == 0 else (2, 3)
            away, home = (CLUBS[pair[0]], CLUBS[pair[1]]) if offset % 2 == 0 else (CLUBS[pair[1]], CLUBS[pair[0]])
            number = slot + 1 if is_doubleheader else 0
            start = noon + timedelta(hours=5 * slot)
            games.append(Game(len(games), day, away, home, number, start))
    return games


def sbr_rows(
    games: Sequence[Game], *, codes: Mapping[str, str] | None = None
) -> list[Sequence[str | int | float | None]]:
    """Both rows of each game; ``codes`` replaces SBR's code of a club."""
    spelled = {club.sbr: club.sbr for club in CLUBS} | dict(codes or {})
    rows: list[Sequence[str | int | float | None]] = []
    for game in games:
        when = game.day.month * 100 + game.day.day
        for side, club, runs, price in zip(("V", "H"), (game.away, game.home), game.score, game.prices, strict=True):
            rotation = 901 + 2 * game.index + (side == "H")
            line, line_price = ((1.5, -160), (-1.5, 140))[side == "H"]
            rows.append(
                (
                    *(when, rotation, side, spelled[club.sbr], f"A{club.sbr}-R", 0, runs, price, price + 3),
                    *(line, line_price, 8.5, -110, 8, (-105, -115)[side == "H"]),
                )
            )
    return rows


def sbr_file(games: Sequence[Game], **how: Mapping[str, str]) -> bytes:
    return workbook({"Sheet1": grid([SBR_HEADER, *sbr_rows(games, **how)])})


def game_log_file(games: Sequence[Game]) -> bytes:
    """A Retrosheet game log of the games: 161 fields a line."""
    lines = []
    for game in games:
        away, home = game.score
        fields = [""] * 161
        fields[0:13] = [
            *(f'"{game.day:%Y%m%d}"', f'"{game.number}"', '"Mon"', f'"{game.away.retrosheet}"', '"NL"', "1"),
            *(f'"{game.home.retrosheet}"', '"AL"', "1", str(away), str(home), "54", '"D"'),
        ]
        fields[16] = '"KAN06"'
        for at, club in ((101, game.away), (103, game.home)):
            fields[at : at + 2] = [f'"{club.retrosheet.lower()}p001"', f'"Ace {club.name}"']
        fields[160] = '"Y"'
        lines.append(",".join(fields))
    return ("\r\n".join(lines) + "\r\n").encode()


def mlb_games_file(games: Sequence[Game]) -> bytes:
    lines = []
    for game in games:
        away, home = game.score
        told = {
            "game_pk": 440_000 + game.index,
            "game_date": f"{game.start:%Y-%m-%dT%H:%M:%S+00:00}",
            "official_date": f"{game.day}",
            "home": game.home.name,
            "away": game.away.name,
            "home_score": home,
            "away_score": away,
        }
        lines.append(json.dumps(told))
    return ("\n".join(lines) + "\n").encode()


def tick_lines(games: Sequence[Game], *, hours: Sequence[int], book: str = "pinnacle") -> list[str]:
    """Both sides of each game's moneyline, so many hours before its start; every other price repeats the one before."""
    lines = []
    for game in games:
        for hour in hours:
            moment = game.start - timedelta(hours=hour)
            for side, price in zip(("away", "home"), game.prices, strict=True):
                lines.append(
                    tick_line(
                        book=book,
                        event_ref=f"e{game.index}",
                        official_date=f"{game.day}",
                        commence_time=f"{game.start:%Y-%m-%dT%H:%M:%SZ}",
                        away_team=game.away.name,
                        home_team=game.home.name,
                        side=side,
                        price=str(price + (hour // 2 % 3)),
                        observed_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                    )
                )
    return lines


def tick_file(lines: Sequence[str]) -> bytes:
    return ticks(*lines, header=TICK_HEADER)


def season_files(games: Sequence[Game] | None = None) -> dict[str, bytes]:
    """The season in every format; the two tick files interleave in time, and tell some moments both."""
    games = season() if games is None else games
    return {
        "gl2016.txt": game_log_file(games),
        "mlb-odds-2016.xlsx": sbr_file(games),
        "mlb_games_2016.jsonl": mlb_games_file(games),
        "ticks_early_2016.csv": tick_file(tick_lines(games, hours=(30, 26, 12, 6, 3))),
        "ticks_late_2016.csv": tick_file(tick_lines(games, hours=(24, 12, 5, 3, 2, 1))),
    }


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder
