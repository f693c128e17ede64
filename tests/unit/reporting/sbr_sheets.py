"""The real season sheets, read as plainly as they can be for tests of figures: two rows a game and no other rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.strategies.backtest import Outcomes
from dagster_mlb.strategies.settling.closing_line import no_closes

NEEDED = ("Date", "Final", "Open", "Close")


def read_season(folder: Path, season: int) -> pl.DataFrame:
    """One row per game with the columns that ``season_scores`` needs; results of the archive alone."""
    path = folder / "sbr" / f"mlb-odds-{season}.xlsx"
    sheet = pl.read_excel(path, has_header=False, infer_schema_length=0)
    header = [str(name) for name in sheet.row(0)]
    sheet = sheet.slice(1).select(**{name: sheet.columns[header.index(name)] for name in NEEDED})
    away, home = sheet.gather_every(2), sheet.gather_every(2, offset=1)
    return pl.DataFrame(
        {
            "season": [season] * away.height,
            "official_date": pl.select(
                pl.concat_str(pl.lit(str(season)), away["Date"].str.zfill(4)).str.to_date("%Y%m%d", strict=False)
            ).to_series(),
            "open_home_price": _number(home["Open"]),
            "open_away_price": _number(away["Open"]),
            "close_home_price": _number(home["Close"]),
            "close_away_price": _number(away["Close"]),
            "archive_home_runs": _number(home["Final"]),
            "archive_away_runs": _number(away["Final"]),
        }
    )


def market_and_outcomes(games: pl.DataFrame) -> tuple[pl.DataFrame, Outcomes]:
    """The sheets' games as a market mart, with the archive's own scores as results."""
    games = games.drop_nulls("official_date").with_row_index("game_key").cast({"game_key": pl.Int64})
    midnight = pl.col("official_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    close = no_vig_from_american(
        games["close_home_price"].cast(pl.Float64).to_numpy(), games["close_away_price"].cast(pl.Float64).to_numpy()
    )
    moneylines = games.with_columns(
        pl.Series("close_home_probability", close).fill_nan(None),
        source=pl.lit("sbr_archive"),
        book=pl.lit("consensus"),
        open_at=midnight - timedelta(hours=8),
        close_at=midnight + timedelta(hours=23),
    )
    results = games.select(
        "game_key",
        version=pl.lit(1),
        home_runs="archive_home_runs",
        away_runs="archive_away_runs",
        innings=pl.lit(None, dtype=pl.Float64),
        known_at=midnight + timedelta(hours=36),
    )
    status = games.select(
        "game_key", "season", "official_date", status=pl.lit("final"), is_doubleheader=pl.lit(value=False)
    )
    return moneylines, Outcomes(status, results, no_closes())


LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)


def _number(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.Float64, strict=False).cast(pl.Int64)
