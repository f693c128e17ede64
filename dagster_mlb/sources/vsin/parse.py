"""Cutting VSIN's pages of betting splits into rows of text: one per club and game, in both markups.

The current markup (``table.sp-table``, two rows a game) is read row by row, each for itself, so that a broken one
takes no neighbour with it; the older one (``table.freezetable``, a row a game with two divs a cell, and tables inside
its cells) through its tree. What the numbers mean, and which of them can be believed, is staging's.

The rows are exactly those that ``raw_data.vsin_team_rows`` counts in the text: a row that cannot be read is there,
with its problem and without values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Final

from dagster_mlb.sources.parsing import ParsedBody, RowReader
from dagster_mlb.sources.vsin.legacy import IS_LEGACY, legacy_rows
from dagster_mlb.sources.vsin.rows import (
    FLAGS,
    SOURCE_CLASS,
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

_CURRENT: Final = re.compile("sp-row", FLAGS)
_TABLE: Final = re.compile(r"<table[ \t\r\n\f][^<>]*(sp-table|freezetable)", FLAGS)
_ROW: Final = re.compile(r"""<tr[ \t\r\n\f/][^<>]*[ "'=\t\r\n\f]sp-row(?![A-Za-z0-9_-])""", FLAGS)
_BOUNDARY: Final = re.compile(r"<(tr|table|/table)(?=[ \t\r\n\f/>])", FLAGS)
_HEADER: Final = re.compile("handle|bets|gamedate=|sp-source-", FLAGS)
_STATUS: Final = re.compile(r"sp-game-([a-z0-9]+)", FLAGS)


def read_page(body: bytes) -> ParsedBody:
    """The rows of a page. Never raises: what cannot be read is a row with its problem, or the page's problem."""
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    # Nothing is shown of a comment or a script.
    text = _without(_without(text, "<!--", "-->"), "<script", "</script")
    if not (_TABLE.search(text) or _CURRENT.search(text)):
        return ParsedBody(problem="no table of splits: neither table.sp-table nor table.freezetable")
    rows = _paired(list(_current_rows(text)))
    if IS_LEGACY.search(text):
        rows += legacy_rows(text, pairs=len({row.pair for row in rows}))
    problems = dict.fromkeys(row.problem for row in rows if row.problem)
    return ParsedBody(
        rows=[astuple(row) for row in rows],
        problem="; ".join(list(problems)[:5]) or None,
    )


READER: Final = RowReader(
    raw_table="vsin_splits",
    rows_table="vsin_split_rows",
    columns=tuple(TeamRow.__dataclass_fields__),
    version=1,
    read=read_page,
)


# ---------------------------------------------------------------- the current markup


def _current_rows(text: str) -> Iterator[TeamRow]:
    section = Section()
    marks = list(_BOUNDARY.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    is_legacy_table = False
    for mark, end in zip(marks, ends, strict=True):
        chunk = text[mark.start() : end]
        kind = mark[1].lower()
        if kind != "tr":
            section.new_table()
            is_legacy_table = bool(IS_LEGACY.match(chunk))
            if source := SOURCE_CLASS.search(chunk.partition(">")[0]):
                section.source_class = source[1].lower()
        elif _ROW.match(chunk):
            yield _current_row(chunk, section)
        elif not is_legacy_table and _HEADER.search(chunk) and (row := _row_of(chunk)) is not None:
            section.learn(chunk, row)


def _current_row(chunk: str, section: Section) -> TeamRow:
    start = chunk.partition(">")[0]
    status = _STATUS.search(start)
    told = TeamRow(
        "current",
        str(section.number),
        source_class=section.source_class,
        game_date=section.game_date,
        status=status[1].lower() if status else None,
    )
    row = _row_of(chunk)
    if row is None:
        return replace(told, problem="the row cannot be read")
    named = (attribute(node, "data-gamecode").strip() for node in row.css("[data-gamecode]"))
    codes = [code for code in dict.fromkeys(named) if code]
    team_cell = row.css_first("td.sp-cell-team")
    link = row.css_first("a.sp-team-link") or (team_cell.css_first("a") if team_cell else None)
    href = attribute(link, "href") if link else ""
    code = cut(codes[0]) if codes else None
    told = replace(
        told,
        game_code=code,
        sport=sport_of(code, href),
        team=text_of(link or team_cell),
        team_slug=cut(href.rstrip("/").rpartition("/")[2]) if href else None,
    )
    if len(codes) > 1:
        return replace(told, problem=f"the row names two games: {', '.join(cut(code) for code in codes[:2])}")
    cells = cells_of(row)
    places = [place for place, cell in enumerate(cells) if "sp-cell-team" in attribute(cell, "class").split()]
    if len(places) != 1:
        return replace(told, problem="the row has no cell of the team, or several")
    return with_values(told, section.columns, [text_of(cell) for cell in cells[places[0] + 1 :]])


def _paired(rows: list[TeamRow]) -> list[TeamRow]:
    """Rows with the game on the page that they belong to: two in a row with one code, the visitor first."""
    out: list[TeamRow] = []
    pair, is_open = 0, False
    for row in rows:
        follows = is_open and bool(row.game_code) and row.game_code == out[-1].game_code
        pair += not follows
        out.append(replace(row, pair=str(pair), position="2" if follows else "1"))
        is_open = not follows
    return out


# ---------------------------------------------------------------- nodes and text


def _without(text: str, opening: str, closing: str) -> str:
    """The text without what stands between two marks (any case); what is never closed goes up to the next mark."""
    first, *pieces = re.split(opening, text, flags=FLAGS)
    parts = (re.split(closing, piece, maxsplit=1, flags=FLAGS) for piece in pieces)
    return first + "".join(part[1] for part in parts if len(part) == 2)


def _row_of(chunk: str) -> LexborNode | None:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(f"<table><tbody>{chunk}").css_first("tr")
