"""The market and its public in the words of SportsBettingDime's ``mlb-odds``, as of a moment.

Quirks included: prices as text with a sign, lines as text now and numbers at the open, clubs by nickname, splits
counted hourly (some games skip an hour), a market of splits that is blank or missing for hours, books that disagree
which side gives the runs, books that appear in one answer and not in the next, and a start that moves under its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from dagster_mlb.simulator.clubs import DIVISIONS, LEAGUES, Club, club_in
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.prices import BOOKS, DayQuotes
from dagster_mlb.simulator.schedule import HOUR, NEW_YORK, Listing, utc
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.world import World

# Domain of the addresses of draws (see streams).
SBD: Final = 62
DAY_ENDS: Final = timedelta(hours=5)
# Sportradar's ids and the source's names of the books; only those that the league has are ever told.
NAMES: Final = {
    "sr:book:17324": ("betmgm", "MGM"),
    "sr:book:18149": ("draftkings", "DraftKings"),
    "sr:book:27447": ("betrivers", "BetRivers"),
    "sr:book:28901": ("bet365", "Bet365.US.NJ"),
    "sr:book:32219": ("williamhill_us", "WilliamHillNewJersey"),
    "sr:book:18186": ("fanduel", "FanDuel"),
    "sr:book:30334": ("pinnacle", "Pinnacle"),
}
_PLACES: Final = {book.key: place for place, book in enumerate(BOOKS)}
_HIDDEN: Final = 0.08  # share of the hours in which a book is not told
_MOVED: Final = 0.06  # share of games whose start is corrected some hours before
_BLANK_RUN_LINE: Final = 0.07
_NICKNAMES: Final = {"D-backs": "Diamondbacks"}


def event_id(listing: Listing) -> str:
    """Sportradar's id of a listing; a made-up game is another listing and so has another."""
    return f"sr:match:{listing.season % 100 * 1_000_000 + 40_000_000 + listing.number * 10 + 9}"


def event_listings(world: World) -> dict[str, Listing]:
    """Every id of the league with the listing that it means: the truth behind the ids."""
    return {
        event_id(listing): listing
        for plan in world.plans
        for listing in world.league.season(plan.season).listings
        if not listing.is_resumption
    }


def odds(world: World, book_ids: Sequence[str]) -> dict[str, Any] | None:
    """The whole answer for some books, None where there are no games (the source then answers 204)."""
    moment = world.moment
    day = (utc(moment).astimezone(NEW_YORK) - DAY_ENDS).date()
    season = world.league.season_of(day)
    listings = [x for x in season.by_date.get(day, []) if x.is_played_as_of(moment)] if season else []
    if season is None or not listings:
        return None
    told = _books_told(world, book_ids, moment)
    keys = [_division(club_in(side, season.plan.season)) for x in listings for side in (x.home, x.away)]
    return {
        "filter_keys": list(dict.fromkeys(keys)),
        "data": [_game(world, season, listing, told, moment) for listing in listings],
    }


def _books_told(world: World, book_ids: Sequence[str], moment: float) -> list[str]:
    """Of the books asked for, those that this hour tells."""
    hour = int(moment // HOUR)
    drawn = world.league.streams.at(hour * HOUR, SBD, hour).random(len(NAMES))
    hidden = {book for book, draw in zip(NAMES, drawn, strict=True) if draw < _HIDDEN}
    return [book for book in book_ids if book in NAMES and book not in hidden and NAMES[book][0] in _PLACES]


def _game(world: World, season: Season, listing: Listing, told: Sequence[str], moment: float) -> dict[str, Any]:
    rotation = _rotation_number(season, listing)
    home = _competitor(listing.home, season, "home", rotation + 1)
    away = _competitor(listing.away, season, "away", rotation)
    return {
        "id": event_id(listing),
        "tournamentId": "sr:tournament:109",
        "status": _status(season, listing, moment),
        "scheduled": utc(scheduled(world, season, listing, moment)).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "competitors": {"home": home, "away": away},
        "league": "mlb",
        "markets": _markets(world, listing, told, moment),
        "bettingSplits": _splits(world, season, listing, moment),
        "filter_key": dict.fromkeys([*home["filter_keys"], *away["filter_keys"]], True),
    }


def scheduled(world: World, season: Season, listing: Listing, moment: float) -> float:
    """The start as told at a moment: of some games a wrong one, half an hour off, until hours before."""
    drawn = world.league.streams.at(float(season.open_at[listing.number]), SBD, listing.season, listing.number).random(
        3
    )
    if drawn[0] < _MOVED and moment < listing.start - (2 + 6 * drawn[1]) * HOUR:
        return listing.start + (35 * 60 if drawn[2] < 0.5 else -35 * 60)
    return listing.start


def _status(season: Season, listing: Listing, moment: float) -> str:
    if moment >= season.ended[listing.number]:
        return "closed"
    return "inprogress" if moment >= season.first_pitch[listing.number] else "not_started"


def _rotation_number(season: Season, listing: Listing) -> int:
    """The visitor's: odd, from 901, in the order in which the day's games came into the calendar."""
    numbers = sorted(x.number for x in season.by_date[listing.date] if not x.is_resumption)
    return 901 + 2 * numbers.index(listing.number)


def _competitor(index: int, season: Season, qualifier: str, rotation_number: int) -> dict[str, Any]:
    club = club_in(index, season.plan.season)
    uuid = _uuid(f"club {club.club_id}")
    colour = hashlib.md5(club.team_code.encode(), usedforsecurity=False).digest()[:3]
    league = LEAGUES[club.league_id]
    return {
        "id": uuid,
        "name": _NICKNAMES.get(club.team_name, club.team_name),
        "country": "USA",
        "country_code": "USA",
        "abbreviation": club.abbreviation,
        "qualifier": qualifier,
        "rotation_number": rotation_number,
        "uuids": uuid,
        "market": club.franchise,
        "abbr": club.abbreviation,
        "sr_id": f"sr:competitor:{3627 + index}",
        "founded": club.first_year,
        "team_colors": [
            {
                "type": "primary",
                "hex_color": f"#{colour.hex()}",
                "rgb_color": dict(zip(("red", "green", "blue"), colour, strict=True)),
            }
        ],
        "league": {"alias": league[0] + "L", "name": league, "id": _uuid(league)},
        "division": {
            "alias": _division(club).rsplit(" ", 1)[1][0],
            "name": _division(club).rsplit(" ", 1)[1],
            "id": _uuid(_division(club)),
        },
        "filter_keys": [_division(club)],
    }


def _division(club: Club) -> str:
    """As in "American League - East"."""
    league = LEAGUES[club.league_id]
    return f"{league} - {DIVISIONS[club.division_id].removeprefix(league).strip()}"


def _uuid(text: str) -> str:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


# ---------------------------------------------------------------- prices


def _markets(world: World, listing: Listing, told: Sequence[str], moment: float) -> dict[str, Any]:
    quotes = world.market.quotes(listing.date)
    until = min(moment, listing.start)
    current, down = quotes.current(listing, until), quotes.suspended(listing, until)
    row = quotes.row[listing.number]
    markets: dict[str, Any] = {}
    for market in ("moneyline", "total", "spread"):
        books = []
        for book_id in told:
            key, name = NAMES[book_id]
            place = _PLACES[key]
            offers = {"moneyline": True, "spread": quotes.has_spread[row, place], "total": quotes.has_total[row, place]}
            if current[place] >= 0 and not down[place] and offers[market]:
                books.append({"id": book_id, "name": name} | _prices(quotes, row, place, current[place], market))
        for side in ("over", "under") if market == "total" else ("home", "away"):
            _mark_best(books, side, market)
        markets[market] = {"books": books}
    return markets


def _prices(quotes: DayQuotes, row: int, place: int, quote: int, market: str) -> dict[str, Any]:
    """Both sides at one book, now and at its open."""
    if market == "moneyline":
        sides = {"home": quotes.home, "away": quotes.away}
        return {side: _side(prices[row, place, quote], prices[row, place, 0], "", 0) for side, prices in sides.items()}
    if market == "spread":
        now, opened = float(quotes.home_point[row, place, quote]), float(quotes.home_point[row, place, 0])
        sides = {"home": quotes.spread_home, "away": quotes.spread_away}
        return {
            side: _side(prices[row, place, quote], prices[row, place, 0], f"{sign * now:+g}", f"{sign * opened:+g}")
            for (side, prices), sign in zip(sides.items(), (1, -1), strict=True)
        }
    at, first = int(quotes.total_quote[row, place, quote]), int(quotes.total_quote[row, place, 0])
    opened = float(quotes.total[row, place, first])
    sides = {"over": quotes.over, "under": quotes.under}
    return {
        **{side: _side(prices[row, place, at], prices[row, place, first], "", 0) for side, prices in sides.items()},
        "total": f"{quotes.total[row, place, at]:g}",
        "opening_total": int(opened) if opened.is_integer() else opened,
    }


def _side(price: int, opening: int, spread: str, opening_spread: str | int) -> dict[str, Any]:
    return {
        "odds": f"{price:+d}",
        "opening_odds": f"{opening:+d}",
        "spread": spread,
        "opening_spread": opening_spread,
        "best": False,
    }


def _mark_best(books: list[dict[str, Any]], side: str, market: str) -> None:
    """The kindest line, then the highest price, is the best; the first of equals."""

    def worth(book: dict[str, Any]) -> tuple[float, int]:
        line = 0.0
        if market == "spread":
            line = float(book[side]["spread"])
        elif market == "total":
            line = float(book["total"]) * (-1 if side == "over" else 1)
        return line, int(book[side]["odds"])

    if books:
        max(books, key=worth)[side]["best"] = True


# ---------------------------------------------------------------- the public


def _splits(world: World, season: Season, listing: Listing, moment: float) -> dict[str, Any]:
    until = min(moment, listing.start)
    told: dict[str, Any] = {}
    for market in ("moneyline", "spread", "total"):
        first, second = ("over", "under") if market == "total" else ("home", "away")
        splits = public_splits(world, listing, market, until)
        if splits is None:
            # Nobody has bet yet: some games say 0 and some nothing.
            if listing.number % 2:
                nothing = {"betsPercentage": 0, "stakePercentage": 0}
                told[market] = {"updated": _stamp(until // HOUR * HOUR), first: nothing, second: nothing}
            continue
        if market == "spread" and _run_line_is_blank(world, season, listing, moment):
            if listing.number % 2:
                blank = {"betsPercentage": "", "stakePercentage": ""}
                told[market] = {"updated": _stamp(splits.stated_at), first: blank, second: blank}
            continue
        told[market] = {
            "updated": _stamp(splits.stated_at),
            first: {"betsPercentage": splits.tickets, "stakePercentage": splits.money},
            second: {
                "betsPercentage": round(100 - splits.tickets, 2),
                "stakePercentage": round(100 - splits.money, 2),
            },
        }
    return told


def _run_line_is_blank(world: World, season: Season, listing: Listing, moment: float) -> bool:
    """Of some games the run line's shares are not told before the last hours."""
    address = (SBD, listing.season, listing.number, 1)
    drawn = world.league.streams.at(float(season.open_at[listing.number]), *address).random(2)
    return bool(drawn[0] < _BLANK_RUN_LINE and moment < listing.start - 5 * drawn[1] * HOUR)


def _stamp(moment: float) -> str:
    at = utc(moment)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
