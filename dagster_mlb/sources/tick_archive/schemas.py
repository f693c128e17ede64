"""The tick archive: the project's own format for price histories, CSV (also gzipped) or Parquet, one row per side."""

from __future__ import annotations

# Column → what it holds. The order is that of raw_data.tick_archive; a file may have them in any order.
TICK_ARCHIVE_COLUMNS: dict[str, str] = {
    "source": "where the history comes from",
    "book": "sportsbook, or consensus",
    "event_ref": "the source's own id of the game, where it has one",
    "official_date": "baseball day, ISO",
    "commence_time": "scheduled start, UTC",
    "away_team": "name or code of the visitor",
    "home_team": "name or code of the home club",
    "market": "moneyline, spread or total",
    "side": "home or away; over or under for totals",
    "line": "the side's run line or the total; empty for moneylines",
    "price": "American odds",
    "observed_at": "moment of the price, UTC",
    "label": "open or close, where no moment is known",
}
FIELDS: tuple[str, ...] = tuple(TICK_ARCHIVE_COLUMNS)

# A file without one of these has no usable row. Of each pair it needs one.
REQUIRED: tuple[str, ...] = ("source", "book", "away_team", "home_team", "market", "side", "price")
REQUIRED_ONE_OF: tuple[tuple[str, str], ...] = (("official_date", "commence_time"), ("observed_at", "label"))

# In a malformed row every column is NULL but this one, which holds the raw line.
MALFORMED_ROW_COLUMN = "event_ref"
