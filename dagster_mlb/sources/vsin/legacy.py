"""VSIN's markup before March 2026: ``table.freezetable``, a row a game, two divs a cell, tables inside of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dagster_mlb.sources.vsin.rows import (
    FLAGS,
    Section,
    TeamRow,
    attribute,
    cells_of,
    cut,
    sport_of,
    text_of,
    with_values,
)

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

IS_LEGACY: Final = re.compile(r"<table[ \t\r\n\f][^<>]*freezetable", FLAGS)
_ROW: Final = re.compile(r"<tr(?=[ \t\r\n\f/>])", FLAGS)
_HEADER: Final = re.compile(r"<tr[^<>]*>\s*<th(?=[ \t\r\n\f/>])", FLAGS)
_CODE: Final = re.compile(r"""data-param2[ \t\r\n\f]*=[ \t\r\n\f]*["']?([0-9]{6,10}[A-Za-z]{2,8}[0-9]{1,8})""", FLAGS)


def legacy_rows(text: str, *, pairs: int) -> list[TeamRow]:
    """Two rows for each game whose code stands in the text; ``pairs`` games of the page are counted already."""
    from selectolax.lexbor import LexborHTMLParser

    found: dict[str, list[TeamRow]] = {}
    for table in LexborHTMLParser(text).css("table.freezetable"):
        section = Section()
        for row in _rows_of_table(table):
            code = _code_of(row)
            if code is None:
                section.learn(row.html or "", row)
            elif code in found:
                found[code] = [replace(told, problem="the game stands on the page twice") for told in found[code]]
            else:
                found[code] = _legacy_game(row, code, section)
    codes = [code.upper() for code in dict.fromkeys(_CODE.findall(text))]
    if any(code not in found for code in codes):
        found = _alone(text) | found
    rows: list[TeamRow] = []
    for number, code in enumerate(dict.fromkeys(codes), start=pairs + 1):
        lost = TeamRow(
            "legacy", "0", game_code=code, sport=sport_of(code, ""), problem="no row of the table is this game's"
        )
        game = found.get(code, [lost, lost])
        rows += [replace(told, pair=str(number), position=str(place)) for place, told in enumerate(game, start=1)]
    return rows


def _alone(text: str) -> dict[str, list[TeamRow]]:
    """Games by code, the row of each read for itself: a broken tag within one ends the table for all below it."""
    from selectolax.lexbor import LexborHTMLParser

    found: dict[str, list[TeamRow]] = {}
    section = Section()
    starts = [mark.start() for mark in _ROW.finditer(text)]
    # The tables within a game's cells have rows of their own: a game goes on to the next one's code, or a header.
    begins: list[int] = []
    last = None
    for place, (start, end) in enumerate(pairwise([*starts, len(text)])):
        match = _CODE.search(text, start, end)
        if _HEADER.match(text, start) or (match and match[1].upper() != last):
            begins.append(place)
            last = match[1].upper() if match else None
    for place, following in pairwise([*begins, len(starts)]):
        end = starts[following] if following < len(starts) else len(text)
        chunk = text[starts[place] : end]
        row = LexborHTMLParser(f"<table><tbody>{chunk}").css_first("tr")
        code = _code_of(row) if row is not None else None
        if row is not None and code is None:
            section.learn(chunk, row)
        elif row is not None and code is not None and code not in found:
            found[code] = _legacy_game(row, code, section)
    return found


def _code_of(row: LexborNode) -> str | None:
    """The code of the game that a row is about, in capitals."""
    matches = (_CODE.match(_as_param(node)) for node in row.css("[data-param2]"))
    return next((match[1].upper() for match in matches if match), None)


def _as_param(node: LexborNode) -> str:
    return f'data-param2="{attribute(node, "data-param2")}'


def _legacy_game(row: LexborNode, code: str, section: Section) -> list[TeamRow]:
    """The visitor's and the home club's row out of a game's."""
    told = TeamRow("legacy", str(section.number), section.source_class, section.game_date, code, sport_of(code, ""))
    cells = cells_of(row)
    links = [
        link
        for link in (cells[0].css("a.txt-color-vsinred") if cells else [])
        if "/teams/" in attribute(link, "href") and not _is_folded(link)
    ]
    if len(links) != 2:
        problem = f"{len(links)} clubs in the cell of the teams"
        return [replace(told, problem=problem), replace(told, problem=problem)]
    values = [_both(cell) for cell in cells[1:]]
    rows = []
    for side, link in enumerate(links):
        mine = replace(
            told,
            team=text_of(link),
            team_slug=cut(attribute(link, "href").rstrip("/").rpartition("/")[2]),
        )
        rows.append(with_values(mine, section.columns, [value[side] for value in values]))
    return rows


def _both(cell: LexborNode) -> tuple[str | None, str | None]:
    """The visitor's and the home club's text of a cell: its two divs, else its two links. One text is no two."""
    divs = [child for child in cell.iter() if child.tag == "div" and not _is_folded(child)]
    parts = divs if len(divs) == 2 else [link for link in cell.css("a") if not _is_folded(link)]
    if len(parts) == 2:
        return text_of(parts[0]), text_of(parts[1])
    only = text_of(cell)
    # A total is the same for both sides and may be written once.
    return (only, only) if only and not only.endswith("%") and len(only.split()) == 1 else (None, None)


def _rows_of_table(table: LexborNode) -> Iterator[LexborNode]:
    """The table's own rows; the cells of some hold tables of their own."""
    for child in table.iter():
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child.iter() if row.tag == "tr")


def _is_folded(node: LexborNode) -> bool:
    """Whether it stands in a part that opens on a click: details of a pick, not of the game."""
    above: LexborNode | None = node
    while above is not None and "freezetable" not in attribute(above, "class").lower():
        if "collapse" in attribute(above, "class").split():
            return True
        above = above.parent
    return False
