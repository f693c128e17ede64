"""SportsbookReview's season workbook: the columns of its header row, in the spellings of all years."""

from __future__ import annotations

# A row with these is a header row; the spelling of the others differs by year (Open OU, OpenOU, Run Line, RunLine, RL).
HEADER_LABELS = frozenset({"date", "rot", "vh", "team"})

# What the columns of a data row mean. The unnamed column after RunLine, OpenOU and CloseOU is that line's price.
COLUMNS = {
    "Date": "month and day, MMDD, without a year (404 is 4 April)",
    "Rot": "rotation number of the side",
    "VH": "V visitor, H home, N both sides of a game on neutral ground",
    "Team": "three-letter code, not always the same for one club",
    "Pitcher": "the one who did start, name and throwing hand",
    "1st … 9th": "runs by inning, x where it was not played",
    "Final": "runs of the side",
    "Open": "opening moneyline, American",
    "Close": "closing moneyline, American",
    "RunLine": "closing run line, from 2014",
    "OpenOU": "opening total; its price on the V row is the over's, on the H row the under's",
    "CloseOU": "closing total, prices likewise",
}
