# ruff: noqa: E501 (a table reads best with a book per line)
"""The books of the simulated market: real keys and regions of The Odds API, and how each of them behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Book:
    """A book as the odds feed names it.

    ``hold`` of the moneyline and ``side_hold`` of run line and total; ``noise`` in logit; ``lag`` in minutes behind the
    news; ``opens_after`` the market at most, in minutes; ``forgets``: share of games that it leaves untouched for
    hours; ``offers_*``: share of games with that market. An exchange also takes lays.
    """

    key: str
    title: str
    region: str
    hold: float
    side_hold: float
    noise: float
    lag: float
    opens_after: float
    offers_spreads: float = 0.97
    offers_totals: float = 0.99
    offers_first_five: float = 0.92
    offers_first_inning: float = 0.85
    forgets: float = 0.03
    is_exchange: bool = False

    @property
    def is_sharp(self) -> bool:
        """Whether the book leads: it moves within five minutes of the news."""
        return self.lag <= 5


# fmt: off
BOOKS: Final[tuple[Book, ...]] = (
    Book("pinnacle", "Pinnacle", "eu", 0.0225, 0.028, 0.008, 0.0, 5.0, forgets=0.0),
    Book("circasports", "Circa Sports", "us", 0.0310, 0.034, 0.012, 2.0, 20.0, forgets=0.0),
    Book("draftkings", "DraftKings", "us", 0.0435, 0.045, 0.024, 12.0, 60.0, forgets=0.01),
    Book("fanduel", "FanDuel", "us", 0.0415, 0.044, 0.022, 8.0, 75.0, forgets=0.01),
    Book("betmgm", "BetMGM", "us", 0.0450, 0.046, 0.028, 20.0, 80.0, offers_spreads=0.94),
    Book("betrivers", "BetRivers", "us", 0.0470, 0.047, 0.030, 30.0, 80.0, offers_spreads=0.88),
    Book("williamhill_us", "Caesars", "us", 0.0445, 0.0455, 0.027, 18.0, 70.0),
    Book("betonlineag", "BetOnline.ag", "us", 0.0330, 0.040, 0.013, 3.0, 15.0, forgets=0.0),
    Book("lowvig", "LowVig.ag", "us", 0.0240, 0.029, 0.014, 4.0, 20.0, offers_first_inning=0.0, forgets=0.01),
    Book("bovada", "Bovada", "us", 0.0430, 0.045, 0.026, 25.0, 60.0),
    Book("betus", "BetUS", "us", 0.0440, 0.046, 0.030, 40.0, 150.0, offers_first_inning=0.0, forgets=0.05),
    Book("mybookieag", "MyBookie.ag", "us", 0.0455, 0.0465, 0.031, 45.0, 180.0, offers_first_inning=0.0, forgets=0.06),
    Book("fanatics", "Fanatics", "us", 0.0460, 0.0465, 0.029, 22.0, 90.0),
    Book("espnbet", "ESPN BET", "us2", 0.0455, 0.0465, 0.029, 25.0, 90.0),
    Book("hardrockbet", "Hard Rock Bet", "us2", 0.0440, 0.0455, 0.027, 20.0, 120.0),
    Book("ballybet", "Bally Bet", "us2", 0.0480, 0.048, 0.033, 60.0, 300.0, offers_spreads=0.90, forgets=0.06),
    Book("betfair_ex_eu", "Betfair", "eu", 0.0100, 0.014, 0.012, 1.0, 45.0, offers_spreads=0.80, offers_first_five=0.0, offers_first_inning=0.0, forgets=0.0, is_exchange=True),
    Book("unibet_eu", "Unibet", "eu", 0.0470, 0.0475, 0.030, 35.0, 240.0, forgets=0.05),
    Book("onexbet", "1xBet", "eu", 0.0380, 0.040, 0.024, 15.0, 60.0),
    Book("williamhill", "William Hill", "uk", 0.0465, 0.047, 0.031, 40.0, 360.0, offers_first_five=0.0, offers_first_inning=0.0, forgets=0.06),
    Book("sportsbet", "SportsBet", "au", 0.0485, 0.049, 0.032, 50.0, 480.0, offers_first_inning=0.0, forgets=0.06),
)
# fmt: on
