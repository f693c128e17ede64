"""Which column of a table of splits holds what, by the words of its header.

The order differs between the page's markups, and between people who wrote it down: nothing is taken from a position.
A header that lacks a column, or has one twice, is refused; whoever reads such a table says so instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MARKETS: Final = ("spread", "total", "moneyline")
KINDS: Final = ("line", "handle", "bets")

_MARKET_WORDS: Final = {
    **dict.fromkeys(("spread", "run line", "runline", "rl", "puck line"), "spread"),
    **dict.fromkeys(("total", "totals", "o/u", "ou", "over/under"), "total"),
    **dict.fromkeys(("money", "moneyline", "money line", "ml"), "moneyline"),
}
_SHARE_WORDS: Final = {"handle": "handle", "bets": "bets", "tickets": "bets"}


class Column(NamedTuple):
    """What a column holds: a market's line (or price), or the share of its handle or bets."""

    market: str
    kind: str


@dataclass(frozen=True)
class Columns:
    """Where each column stands, counted from the first market's; ``problem`` says why nothing may be read instead."""

    places: Mapping[Column, int]
    count: int
    problem: str | None = None


def read_header(texts: Sequence[str]) -> Columns | None:
    """The columns of a header row, its cells as text (a cell that spans columns so many times).

    None where no cell names a market or a share: such a row is a title, not a header.

    >>> read_header(["MLB", "Spread", "Handle", "Bets", "Total", "Handle", "Bets", "Money", "Handle", "Bets"]).count
    9
    """
    words = [_word(text) for text in texts]
    known = [place for place, word in enumerate(words) if word in _MARKET_WORDS or word in _SHARE_WORDS]
    if not known:
        return None
    first = known[0]
    places: dict[Column, int] = {}
    market: str | None = None
    for place in known:
        word = words[place]
        if word in _MARKET_WORDS:
            market, kind = _MARKET_WORDS[word], "line"
        elif market is None:
            return _refused(f'the header names "{texts[place].strip()}" before any market')
        else:
            kind = _SHARE_WORDS[word]
        column = Column(market, kind)
        if column in places:
            return _refused(f"the header names the {_said(column)} twice")
        places[column] = place - first
    missing = [
        _said(Column(market, kind)) for market in MARKETS for kind in KINDS if Column(market, kind) not in places
    ]
    if missing:
        return _refused(f"the header lacks: {', '.join(missing)}")
    return Columns(places, len(words) - first)


def _word(text: str) -> str:
    """Letters only: a header may carry a % or a mark for sorting."""
    return " ".join(re.sub(r"[^a-z/]+", " ", text.lower()).split())


def _said(column: Column) -> str:
    return column.market if column.kind == "line" else f"{column.kind} of the {column.market}"


def _refused(problem: str) -> Columns:
    return Columns({}, 0, problem)
