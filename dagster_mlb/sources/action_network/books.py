"""Action Network's sportsbooks: its ids, what they are called, and the platform's own name for each book.

An id is a book *in a state*: DraftKings is 1534 in Pennsylvania and 68 in New Jersey, and quotes may differ. The
platform has one price per book, so ``preference`` says which state speaks where several are in one answer (1 before 2).
dbt has the same table as the seed ``source_books``; a test keeps the two equal.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Book(NamedTuple):
    """One id. ``book`` is the name that The Odds API gives the same book; ``parent`` the brand, as the list has it."""

    book_id: int
    display_name: str
    parent: str
    book: str
    preference: int
    only_in_v1: bool = False


CONSENSUS: Final = 15  # a mean of books, not a sportsbook; v2 sends it unasked
OPENING_LINE: Final = 30  # the consensus as it opened, in a smaller shape; v2 sends it unasked

BOOKS: Final = (
    Book(CONSENSUS, "Consensus", "Consensus", "consensus", 1),
    Book(OPENING_LINE, "Open", "Open", "consensus", 1),
    Book(1534, "DraftKings PA", "DraftKings", "draftkings", 1),
    Book(68, "DraftKings NJ", "DraftKings", "draftkings", 2),
    Book(1538, "DraftKings IL", "DraftKings", "draftkings", 3),
    Book(255, "FanDuel PA", "FanDuel", "fanduel", 1),
    Book(69, "FanDuel NJ", "FanDuel", "fanduel", 2),
    Book(270, "FanDuel IL", "FanDuel", "fanduel", 3),
    Book(280, "BetMGM PA", "BetMGM", "betmgm", 1),
    Book(75, "BetMGM NJ", "BetMGM", "betmgm", 2),
    Book(282, "BetMGM IL", "BetMGM", "betmgm", 3),
    Book(369, "BetMGM DC", "BetMGM", "betmgm", 4),
    Book(122, "BetRivers PA", "BetRivers", "betrivers", 1),
    Book(71, "BetRivers NJ", "BetRivers", "betrivers", 2),
    Book(262, "BetRivers IL", "BetRivers", "betrivers", 3),
    Book(1906, "Caesars PA", "Caesars", "williamhill_us", 1),
    Book(123, "Caesars NJ", "Caesars", "williamhill_us", 2),
    Book(279, "Caesars IL", "Caesars", "williamhill_us", 3),
    Book(3585, "Caesars DC", "Caesars", "williamhill_us", 4),
    Book(49, "Caesars", "Caesars", "williamhill_us", 5),
    Book(3547, "bet365 PA", "bet365", "bet365", 1),
    Book(79, "bet365 NJ", "bet365", "bet365", 2),
    Book(3915, "bet365 IL", "bet365", "bet365", 3),
    Book(2791, "Fanatics PA", "Fanatics", "fanatics", 1),
    Book(2988, "Fanatics NJ", "Fanatics", "fanatics", 2),
    Book(2990, "Fanatics IL", "Fanatics", "fanatics", 3),
    Book(3679, "Fanatics DC", "Fanatics", "fanatics", 4),
    Book(2724, "Hard Rock NJ", "Hard Rock", "hardrockbet", 1),
    Book(3646, "Hard Rock IL", "Hard Rock", "hardrockbet", 2),
    Book(4623, "theScore Bet PA", "theScore Bet", "thescorebet", 1),
    Book(4620, "theScore Bet NJ", "theScore Bet", "thescorebet", 2),
    Book(4601, "theScore Bet IL", "theScore Bet", "thescorebet", 3),
    Book(74, "Parx PA", "Parx", "betparx", 1),
    Book(1929, "Parx NJ", "Parx", "betparx", 2),
    Book(246, "Unibet PA", "Unibet", "unibet_us", 1),
    Book(247, "Unibet NJ", "Unibet", "unibet_us", 2),
    Book(912, "Betway PA", "Betway", "betway", 1),
    Book(4693, "Bally NJ", "Bally Bet", "ballybet", 1),
    Book(14, "Westgate", "Westgate", "superbook", 1),
    Book(78, "Circa", "Circa", "circasports", 1),
    Book(2292, "Fliff", "Fliff", "fliff", 1),
    Book(3088, "SBK", "SBK", "sbk", 1),
    Book(21, "Bovada", "Bovada", "bovada", 1, only_in_v1=True),
    Book(2495, "1xBet", "1xBet", "onexbet", 1, only_in_v1=True),
)

# Asked for by default: each book that v2 is known to answer for, in the state that speaks for it.
DEFAULT_BOOKS: Final = (1534, 255, 280, 122, 1906, 3547, 2791, 2724, 4623, 74)
