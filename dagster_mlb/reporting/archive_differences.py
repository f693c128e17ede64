"""What an archive says otherwise than the official results, and which events no game is tied to: as rich tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

_DIFFERENCES_SQL = """
select benchmark.official_date, games.away_team, games.home_team, benchmark.sides_swapped,
       benchmark.archive_away_runs, benchmark.archive_home_runs,
       benchmark.official_away_runs, benchmark.official_home_runs, benchmark.rung, benchmark.game_key
from curated.archive_benchmark as benchmark
join curated.enhanced_games as games using (game_key)
where not benchmark.scores_agree
order by benchmark.official_date, benchmark.game_key
"""

_UNTIED_SQL = """
select source, reason, count(*) as events, min(official_date) as first_day, max(official_date) as last_day
from staging.unmatched_events
group by source, reason
order by source, reason
"""


def read_differences(settings: Settings) -> pl.DataFrame:
    """Games of SBR's archive whose Final is not the official score, one row each; the official score settles."""
    from dagster_mlb.warehouse.frames import read_frame

    return read_frame(settings, _DIFFERENCES_SQL)


def read_untied(settings: Settings) -> pl.DataFrame:
    """Events that no rung of the ladder ties to a game, counted by source and reason."""
    from dagster_mlb.warehouse.frames import read_frame

    return read_frame(settings, _UNTIED_SQL)


def differences_table(frame: pl.DataFrame) -> Table:
    """The differing scores, visitor first; the official one settles."""
    from rich.table import Table

    table = Table(
        title="Scores that differ: the official one settles", title_justify="left", box=None, padding=(0, 2, 0, 0)
    )
    for column in ("day", "game", "archive", "official", "tied by"):
        table.add_column(column)
    for row in frame.iter_rows(named=True):
        table.add_row(
            str(row["official_date"]),
            f"{row['away_team']} @ {row['home_team']}" + (" (sides swapped)" if row["sides_swapped"] else ""),
            f"{row['archive_away_runs']}–{row['archive_home_runs']}",
            f"{row['official_away_runs']}–{row['official_home_runs']}",
            row["rung"],
        )
    return table


def untied_table(frame: pl.DataFrame) -> Table:
    """Events kept out of every mart because nothing says which game they are."""
    from rich.table import Table

    table = Table(title="Events tied to no game", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("source", "events", "days", "reason"):
        table.add_column(column, justify="right" if column == "events" else "left")
    for row in frame.iter_rows(named=True):
        table.add_row(row["source"], f"{row['events']:,}", f"{row['first_day']} … {row['last_day']}", row["reason"])
    return table
