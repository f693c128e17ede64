"""The frames of a market that the rooms hand each other: their columns, and nothing else.

Side 1 is home (moneyline, spread) or over (total); ``line`` is the home side's run line or the number of runs, NULL for
moneylines. Nothing in a row was known later than its ``known_at``.
"""

from __future__ import annotations

from typing import Final

import polars as pl

Schema = dict[str, pl.DataType | type[pl.DataType]]
UTC_TIMESTAMP: Final = pl.Datetime("us", "UTC")

#: Both sides of one book's market together, at every change (``staging.int_market_states``).
STATES: Final[Schema] = {
    "game_key": pl.Int64,
    "market": pl.String,
    "source": pl.String,
    "book": pl.String,
    "known_at": UTC_TIMESTAMP,
    "line": pl.Float64,
    "price_1": pl.Int32,  # American
    "price_2": pl.Int32,
    "probability_1": pl.Float64,  # no-vig (odds ratio), given no push
    "level": pl.Float64,  # market/levels
    "hold": pl.Float64,  # 1 - 1/S
    "is_open": pl.Boolean,  # both sides could be bet, on one line
    "label": pl.String,  # open, close: a price without a moment of its own
    "moment_assumed": pl.Boolean,
    "capture": pl.String,
    "provenance": pl.String,
    "load_id": pl.Int64,
}

#: Shares of the bets, percent on side 1 (``staging.int_split_states``); ``book`` is '' for the market as a whole.
SPLITS: Final[Schema] = {
    "game_key": pl.Int64,
    "market": pl.String,
    "source": pl.String,
    "book": pl.String,
    "known_at": UTC_TIMESTAMP,
    "tickets_1": pl.Float64,
    "money_1": pl.Float64,
    "stated_at": UTC_TIMESTAMP,
    "capture": pl.String,
    "provenance": pl.String,
    "load_id": pl.Int64,
}

#: ``starts_at``: first pitch, else the scheduled start; a pre-game price is from before it.
GAMES: Final[Schema] = {
    "game_key": pl.Int64,
    "starts_at": UTC_TIMESTAMP,
    "official_date": pl.Date,
    "season": pl.Int32,
    "provenance": pl.String,
}

#: Who is said to start, each time somebody says it; ``changed``: it is another than before.
STARTERS: Final[Schema] = {
    "game_key": pl.Int64,
    "side": pl.String,  # home, away
    "known_at": UTC_TIMESTAMP,
    "changed": pl.Boolean,
}
