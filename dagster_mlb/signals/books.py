"""Who the books are, as far as signals ask: who leads, who follows, whose price can be bet.

The seed ``sportsbooks`` says the same of the books it lists (tested); a book that is not listed follows and weighs 1.
"""

from __future__ import annotations

from typing import Final

#: Market makers, sharpest first: rank 5 or better in the seed. Their prices are right early.
SHARP: Final = ("pinnacle", "circa", "circasports", "bookmaker", "betonlineag", "lowvig")
#: How heavily a book speaks in a consensus; the rest: 1.
WEIGHTS: Final = {
    "pinnacle": 4.0,
    "circa": 3.5,
    "circasports": 3.5,
    "bookmaker": 3.0,
    "betonlineag": 2.5,
    "lowvig": 2.5,
    "draftkings": 1.2,
    "fanduel": 1.2,
}
#: Several books' mean under one name: nobody's price, and no voice of its own here.
CONSENSUS: Final = ("consensus",)
#: What an exchange shows is before its commission: it speaks like a book that follows, but nobody gets that price.
EXCHANGES: Final = ("betfair_ex_au", "betfair_ex_eu", "betfair_ex_uk", "matchbook", "novig", "prophetx", "smarkets")


def is_sharp(book: str) -> bool:
    return book in SHARP


def weight_of(book: str) -> float:
    return WEIGHTS.get(book, 1.0)


def can_be_bet(book: str) -> bool:
    """Whether what the book shows is what a bet there pays."""
    return book not in CONSENSUS and book not in EXCHANGES
