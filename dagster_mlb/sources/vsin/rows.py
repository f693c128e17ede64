"""What both of VSIN's markups have in common: a club's row, what headers say about it, and the text of nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dagster_mlb.sources.vsin.columns import Column, Columns, read_header

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

FLAGS: Final = re.IGNORECASE | re.ASCII
SOURCE_CLASS: Final = re.compile(r"sp-source-([a-z0-9]+)", FLAGS)
_GAME_DATE: Final = re.compile(r"gamedate=(\d{4}-\d{2}-\d{2})", FLAGS)
_GAME_CODE: Final = re.compile(r"\d{8}([A-Za-z]+)\d+", re.ASCII)
_LONGEST_CELL: Final = 200
_MOST_COLUMNS: Final = 40


@dataclass(frozen=True)
class TeamRow:
    """One club's row, all text as on the page (white space collapsed). ``problem``: why it has no values."""

    markup: str
    section: str
    source_class: str | None = None
    game_date: str | None = None
    game_code: str | None = None
    sport: str | None = None
    pair: str | None = None
    position: str | None = None
    status: str | None = None
    team: str | None = None
    team_slug: str | None = None
    spread_line: str | None = None
    spread_handle: str | None = None
    spread_bets: str | None = None
    total_line: str | None = None
    total_handle: str | None = None
    total_bets: str | None = None
    moneyline: str | None = None
    moneyline_handle: str | None = None
    moneyline_bets: str | None = None
    problem: str | None = None


@dataclass
class Section:
    """What the headers so far say about the rows that follow."""

    number: int = 0
    source_class: str | None = None
    game_date: str | None = None
    columns: Columns | None = None

    def new_table(self) -> None:
        self.source_class, self.game_date, self.columns = None, None, None

    def learn(self, markup: str, row: LexborNode) -> None:
        """A row that is no game's; without cells of a header it says nothing (details that open on a click)."""
        if not any(cell.tag == "th" for cell in cells_of(row)):
            return
        columns = read_header(spanned_texts(row))
        source, game_date = SOURCE_CLASS.search(markup), _GAME_DATE.search(markup)
        if source:
            self.source_class = source[1].lower()
        if game_date:
            self.game_date = game_date[1]
        if columns is not None:
            self.columns = columns
        if columns is not None or source or game_date:
            self.number += 1


def with_values(told: TeamRow, columns: Columns | None, texts: list[str | None]) -> TeamRow:
    """The row with its values, mapped by the header; with the problem where that cannot be done."""
    if columns is None:
        return replace(told, problem="the table has no header above the row")
    if columns.problem:
        return replace(told, problem=columns.problem)
    if len(texts) != columns.count:
        return replace(told, problem=f"{len(texts)} cells under {columns.count} columns")
    values: dict[str, Any] = {_field(column): texts[place] for column, place in columns.places.items()}
    return replace(told, **values)


def _field(column: Column) -> str:
    if column == ("moneyline", "line"):
        return "moneyline"
    return f"{column.market}_{column.kind}"


def cells_of(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in ("td", "th")]


def spanned_texts(row: LexborNode) -> list[str]:
    """The texts of a header row, each as often as its cell spans columns."""
    texts: list[str] = []
    for cell in cells_of(row):
        span = attribute(cell, "colspan")
        times = int(span) if re.fullmatch(r"[0-9]{1,2}", span, re.ASCII) else 1
        texts += [text_of(cell) or ""] * min(max(times, 1), _MOST_COLUMNS)
    return texts[:_MOST_COLUMNS]


def text_of(node: LexborNode | None) -> str | None:
    return (cut(node.text(deep=True, separator=" ")) or None) if node is not None else None


def cut(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()[:_LONGEST_CELL]


def attribute(node: LexborNode | None, name: str) -> str:
    return (node.attributes.get(name) or "") if node is not None else ""


def sport_of(code: str | None, href: str) -> str | None:
    """MLB, NBA …: out of the game's code, else out of a link to a club."""
    if code and (match := _GAME_CODE.fullmatch(code)):
        return match[1].upper()
    match = re.match(r"/([a-z]+)/teams/", href)
    return match[1].upper() if match else None
