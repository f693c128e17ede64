"""The market and its public in the words of VSIN's pages: splits per book as HTML, in both markups, as of a moment.

Quirks included: the order of columns differs from page to page (the header says it), "—" and 0 % where nothing is known
yet, shares that add up to 99 or 101, arrows for what moved, a club without its dot, today and tomorrow on one page,
games that are over with their last numbers, and one code for a game on both books' pages. The page names no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.prices import BOOKS
from dagster_mlb.simulator.schedule import HOUR, NEW_YORK, Listing, utc
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.world import World

# The page's parameter → the book whose customers are counted.
SOURCES: Final = {"DK": "draftkings", "CIRCA": "circasports"}
VIEWS: Final = ("today", "tomorrow")
# It counts every five minutes; its day ends at five in the morning, New York.
COUNTED_EVERY_S: Final = 300.0
DAY_ENDS: Final = timedelta(hours=5)

_NAMES: Final = {"spread": "Spread", "total": "Total", "moneyline": "Money"}
# Orders of the columns that pages have had: markets, and handle before bets or after.
ORDERS: Final = (
    (("spread", "total", "moneyline"), True),
    (("spread", "total", "moneyline"), False),
    (("moneyline", "total", "spread"), True),
    (("total", "moneyline", "spread"), False),
)
_BLANK: Final = "—"
_GREEN_FROM: Final = 75


class Cells(NamedTuple):
    """What a club's row says of one market: its line (or price) and shares, as text; arrows 1, 0, −1 (handle, bets)."""

    line: str
    handle: str
    bets: str
    arrows: tuple[int, int] = (0, 0)


def event_listings(world: World) -> dict[str, Listing]:
    """Every game code of the league with the listing that it means: the truth behind the codes."""
    return {
        code: season.listings[number]
        for plan in world.plans
        if (season := world.league.season(plan.season))
        for number, code in _codes(season).items()
    }


def page(world: World, source: str, views: tuple[str, ...] = VIEWS) -> bytes:
    """The page of one source (a key of ``SOURCES``) as it stands at the world's clock."""
    moment = _counted_at(world)
    markets, handle_first = ORDERS[(world.seed + utc(moment).toordinal() + len(source)) % len(ORDERS)]
    shares = ("Handle", "Bets") if handle_first else ("Bets", "Handle")
    header = "".join(f"<th>{name}</th>" for market in markets for name in (_NAMES[market], *shares))
    tables = []
    for view in views:
        day = _day(moment) + timedelta(days=VIEWS.index(view))
        rows = "".join(
            _game_rows(world, season, listing, code, source, moment, markets, handle_first)
            for season, listing, code in _slate(world, day, moment)
        )
        tables.append(
            '<table class="sp-table">\r\n<thead>\r\n'
            f'<tr class="sp-sport-header sp-source-{source.lower()}"><th class="sp-sport-name" colspan="2">'
            f'<a href="/mlb/games/?gamedate={day.isoformat()}">MLB - {day:%A, %b} {day.day}</a></th>{header}</tr>\r\n'
            f"</thead>\r\n<tbody>\r\n{rows}</tbody>\r\n</table>\r\n"
        )
    return _document("".join(tables))


def legacy_page(world: World, source: str) -> bytes:
    """The page in the older markup: a row a game, two divs a cell; moneyline, total, run line."""
    moment = _counted_at(world)
    order = ("moneyline", "total", "spread")
    parts = []
    for ahead in range(len(VIEWS)):
        day = _day(moment) + timedelta(days=ahead)
        names = "".join(
            f"<th>{name}</th>"
            for market in order
            for name in ("Run Line" if market == "spread" else _NAMES[market], "Handle", "Bets")
        )
        title = f'<th><a href="/mlb/games/?gamedate={day}">{day:%A,%b} {day.day}</a></th>'
        parts.append(f'<tr class="div_dkdark">{title}{names}</tr>\r\n')
        parts += [_legacy_row(world, *game, source, moment, order) for game in _slate(world, day, moment)]
    banner = '<tr><td colspan="10">MLB Betting Splits</td></tr>\r\n'
    return _document(f'<table class="freezetable table">\r\n{banner}{"".join(parts)}</table>\r\n')


# ---------------------------------------------------------------- what is on the page


def _codes(season: Season) -> dict[int, str]:
    """Per listing: date, sport and five digits, the home club's number and a hundred more for each further game.

    A made-up game is another listing and so has another code; a game that goes on after a suspension has none anew.
    """
    seen: dict[tuple[date, int], int] = {}
    codes = {}
    for listing in season.listings:
        if listing.is_resumption:
            continue
        place = seen[listing.date, listing.home] = seen.get((listing.date, listing.home), -1) + 1
        codes[listing.number] = f"{listing.date:%Y%m%d}MLB{listing.home + 1 + 100 * place:05d}"
    return codes


def _counted_at(world: World) -> float:
    return world.moment // COUNTED_EVERY_S * COUNTED_EVERY_S


def _day(moment: float) -> date:
    return (utc(moment).astimezone(NEW_YORK) - DAY_ENDS).date()


def _slate(world: World, day: date, moment: float) -> Iterator[tuple[Season, Listing, str]]:
    """The games of a day that are on the page, with their codes."""
    season = world.league.season_of(day)
    if season is None:
        return
    codes = _codes(season)
    for listing in season.by_date.get(day, []):
        if listing.is_played_as_of(moment):
            yield season, listing, codes[listing.number]


def market_cells(world: World, listing: Listing, market: str, source: str, moment: float) -> tuple[Cells, Cells]:
    """The visitor's (over's) and the home club's (under's) cells of one market. From the start on, the last ones."""
    book = SOURCES[source]
    until = min(moment, listing.start)
    lines = _lines(world, listing, market, book, until)
    if lines is None:
        blank = Cells(_BLANK, _BLANK, _BLANK)
        return blank, blank
    now = public_splits(world, listing, market, until, book)
    if now is None:
        none = "0%" if listing.number % 2 else _BLANK
        return Cells(lines[0], none, none), Cells(lines[1], none, none)
    before = public_splits(world, listing, market, until - HOUR, book) or now
    first_is_told = market == "total"
    handle = _percents(now.money, listing.number + 1, first_is_told)
    bets = _percents(now.tickets, listing.number, first_is_told)
    up = _arrow(now.money - before.money), _arrow(now.tickets - before.tickets)
    down = -up[0], -up[1]
    arrows = (up, down) if first_is_told else (down, up)
    return (
        Cells(lines[0], f"{handle[0]}%", f"{bets[0]}%", arrows[0]),
        Cells(lines[1], f"{handle[1]}%", f"{bets[1]}%", arrows[1]),
    )


def _lines(world: World, listing: Listing, market: str, book: str, moment: float) -> tuple[str, str] | None:
    """The visitor's and the home club's line (price, in a moneyline) as the book has it; None where it has none."""
    place = next(place for place, known in enumerate(BOOKS) if known.key == book)
    quotes = world.market.quotes(listing.date)
    quote = quotes.current(listing, moment)[place]
    if quote < 0:
        return None
    row = quotes.row[listing.number]
    if quotes.suspended(listing, moment)[place]:
        return _BLANK, _BLANK
    if market == "moneyline":
        return f"{quotes.away[row, place, quote]:+d}", f"{quotes.home[row, place, quote]:+d}"
    if market == "spread":
        if not quotes.has_spread[row, place]:
            return None
        point = float(quotes.home_point[row, place, quote])
        return f"{-point:+g}", f"{point:+g}"
    if not quotes.has_total[row, place]:
        return None
    total = float(quotes.total[row, place, int(quotes.total_quote[row, place, quote])])
    return f"{total:g}", f"{total:g}"


def _percents(share: float, number: int, first_is_told: bool) -> tuple[int, int]:
    """Whole percents of both sides; now and then they add up to 99 or 101."""
    told = round(share)
    other = 100 - told
    if 2 < told < 98:
        other += {0: 1, 7: -1}.get(number % 13, 0)
    return (told, other) if first_is_told else (other, told)


def _arrow(change: float) -> int:
    return (change >= 1.5) - (change <= -1.5)


# ---------------------------------------------------------------- the current markup


def _game_rows(
    world: World,
    season: Season,
    listing: Listing,
    code: str,
    source: str,
    moment: float,
    markets: tuple[str, ...],
    handle_first: bool,
) -> str:
    state = _state(season, listing, moment)
    cells = [market_cells(world, listing, market, source, moment) for market in markets]
    rows = []
    for side, club_index in enumerate((listing.away, listing.home)):
        name = _name(club_index, season.plan.season)
        action = (
            f'<button class="sp-act-history" data-gamecode="{code}" title="Split History">&#8634;</button>'
            if side == 0
            else f'<button class="sp-act-count" data-gamecode="{code}" title="3 VSiN Picks">3</button>'
        )
        parts = [
            f'<tr class="sp-row{state}">\r\n<td class="sp-cell-action">\r\n{action}\r\n</td>\r\n'
            f'<td class="sp-cell-team"><img class="sp-team-logo sp-compare-trigger" '
            f'src="/img/teams/mlb/{club_index + 1}.png" alt="" data-gamecode="{code}" title="Compare splits">'
            f'<a class="sp-team-link" href="/mlb/teams/{name.lower().replace(" ", "-")}">{name}</a></td>\r\n'
        ]
        for both in cells:
            mine = both[side]
            shares = [_badge(mine.handle, mine.arrows[0]), _badge(mine.bets, mine.arrows[1])]
            parts.append(
                f'<td class="sp-col-first"><span class="sp-badge sp-badge-line">{mine.line}</span></td>\r\n'
                + "".join(shares if handle_first else reversed(shares))
            )
        rows.append("".join(parts) + "</tr>\r\n")
    return "".join(rows)


def _badge(text: str, arrow: int) -> str:
    if not text.endswith("%"):
        return f"<td>{text}</td>\r\n"
    green = " sp-badge-green" if int(text[:-1]) >= _GREEN_FROM else ""
    moved = {1: ' <span class="sp-arrow-up">&#9650;</span>', -1: ' <span class="sp-arrow-dn">&#9660;</span>'}
    return f'<td><span class="sp-badge{green}">{text}{moved.get(arrow, "")}</span></td>\r\n'


def _state(season: Season, listing: Listing, moment: float) -> str:
    if moment >= season.ended[listing.number]:
        return " sp-game-final"
    return " sp-game-live" if moment >= season.first_pitch[listing.number] else ""


def _name(club_index: int, season: int) -> str:
    """The club as these pages write it: without dots."""
    return club_in(club_index, season).name.replace(".", "")


# ---------------------------------------------------------------- the older markup


def _legacy_row(
    world: World, season: Season, listing: Listing, code: str, source: str, moment: float, markets: tuple[str, ...]
) -> str:
    clubs = [club_in(index, season.plan.season) for index in (listing.away, listing.home)]
    links = "".join(
        f'<div><a class="txt-color-vsinred" href="/mlb/teams/{_legacy_slug(club.team_name)}">'
        f"{_name(index, season.plan.season)}</a></div>"
        for club, index in zip(clubs, (listing.away, listing.home), strict=True)
    )
    folded = (
        '<div class="collapse"><table><tr><td><a class="txt-color-vsinred" href="/mlb/teams/picks">2 VSiN Picks</a>'
        "</td><td>55%</td></tr></table></div>"
    )
    cells = [f'<td><a role="button" data-param2="{code}">&#8634;</a>{links}{folded}</td>']
    for market in markets:
        away, home = market_cells(world, listing, market, source, moment)
        for mine, other in zip(away[:3], home[:3], strict=True):
            cells.append(f'<td><div class="text-center">{mine}</div><div class="text-center">{other}</div></td>')
    return f'<tr class="game">{"".join(cells)}</tr>\r\n'


def _legacy_slug(nickname: str) -> str:
    return {"d-backs": "diamondbacks"}.get(nickname.lower(), nickname.lower().replace(" ", ""))


def _document(tables: str) -> bytes:
    return (
        '<!DOCTYPE html>\r\n<html lang="en">\r\n'
        '<head><meta charset="utf-8"><title>MLB Betting Splits</title></head>\r\n'
        f"<body>\r\n<p>Splits are updated every 5 minutes.</p>\r\n{tables}</body>\r\n</html>\r\n"
    ).encode()
