"""Bet slips: a person's own bets, one single bet a row, as CSV. The columns, what they hold, how headings are spelt.

A heading is compared in lower case, with everything but letters and digits as one underscore: ``Placed At``,
``placed-at`` and ``PLACED_AT`` are one. What the cells mean is for staging to say (``stg_bet_slips__bets``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """What a column holds, and the other headings that mean it, the likeliest first."""

    holds: str
    aliases: tuple[str, ...] = ()


# The order is that of raw_data.bet_slips; a file may have them in any order.
COLUMNS: dict[str, Column] = {
    "placed_at": Column(
        "when the bet was placed: 2025-07-15T18:02:00-04:00, without a zone New York's clock; a day alone will do",
        ("placed", "placed_on", "time_placed", "bet_time", "bet_placed", "date_placed", "placed_date", "timestamp"),
    ),
    "date": Column("the game's baseball day: 2025-07-15", ("game_date", "event_date", "official_date", "day")),
    "start": Column(
        "the game's start, where it tells a doubleheader apart: 19:05 (New York), or a moment as in placed_at",
        ("start_time", "game_time", "event_time", "commence_time", "first_pitch", "start_at"),
    ),
    "away": Column("the visiting club: name, abbreviation or city", ("away_team", "visitor", "visiting_team", "road")),
    "home": Column("the home club", ("home_team", "host")),
    "game": Column("1 or 2 in a doubleheader, else empty", ("game_number", "game_no", "gm", "doubleheader_game")),
    "market": Column("moneyline, spread (run line) or total", ("bet_type", "market_type", "wager_type", "type")),
    "side": Column(
        "home, away, over or under, or the club: Yankees", ("selection", "pick", "bet", "outcome", "bet_on", "wager")
    ),
    "line": Column("run line as signed on the slip, or the total", ("handicap", "points", "run_line", "spread")),
    "price": Column(
        "American (-110, +120) or decimal (1.91)",
        ("odds", "american_odds", "decimal_odds", "odds_american", "odds_decimal", "price_american", "price_decimal"),
    ),
    "stake": Column("amount risked, in any unit", ("amount", "risk", "bet_amount", "wager_amount", "units", "risked")),
    "book": Column("sportsbook", ("sportsbook", "bookmaker", "bookie", "operator", "site")),
    "ref": Column(
        "the bet's own reference: tells it where rows move",
        ("reference", "bet_ref", "bet_id", "ticket", "ticket_id", "ticket_number", "id"),
    ),
    "tag": Column("strategy or any word to sum by", ("strategy", "tags", "system", "label")),
    "note": Column("any text", ("notes", "comment", "comments", "remark")),
}
FIELDS: tuple[str, ...] = tuple(COLUMNS)
REQUIRED: tuple[str, ...] = ("date", "away", "home", "market", "side", "price", "stake")

# These together are in no other archive.
TELLTALE: frozenset[str] = frozenset({"stake", "price", "side"})

EXAMPLE: tuple[dict[str, str], ...] = (
    {
        "placed_at": "2025-07-11T18:02:00-04:00", "date": "2025-07-11", "away": "Seattle Mariners",
        "home": "Detroit Tigers", "market": "moneyline", "side": "home", "price": "-125", "stake": "50",
        "book": "DraftKings", "ref": "A-1001", "tag": "starters", "note": "before the line-ups",
    },
    {
        "placed_at": "2025-07-11 09:30", "date": "2025-07-11", "away": "CHC", "home": "NYY", "market": "run line",
        "side": "CHC", "line": "+1.5", "price": "1.91", "stake": "20", "book": "Pinnacle", "ref": "A-1002",
    },
    {
        "placed_at": "2025-07-11", "date": "2025-07-12", "away": "MIA", "home": "BAL", "game": "2", "market": "total",
        "side": "over", "line": "8.5", "price": "+102", "stake": "20", "book": "FanDuel", "ref": "A-1003",
        "tag": "weather",
    },
)  # fmt: skip
