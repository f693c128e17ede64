"""On real seasons the score grid, told moneyline and total alone, prices run lines as well as the run-line market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dagster_mlb.market.no_vig import no_vig_from_american
from dagster_mlb.market.score_grid import RUNS, FittedGames, fit

pytestmark = pytest.mark.real_data

SEASONS = (2016, 2018)
# A price that can be one, on a sheet with typing errors.
LONGEST = 600


@pytest.fixture(scope="module")
def games(real_data_dir: Path) -> pl.DataFrame:
    """A row per game: closing prices, closing total, closing run line, innings summed as far as they are there."""
    return pl.concat([season_of(real_data_dir / "sbr" / f"mlb-odds-{season}.xlsx") for season in SEASONS])


@pytest.fixture(scope="module")
def fitted(games: pl.DataFrame) -> FittedGames:
    return fit(
        no_vig_from_american(games["home_price"].to_numpy(), games["away_price"].to_numpy()),
        games["total"].to_numpy(),
        no_vig_from_american(games["over_price"].to_numpy(), games["under_price"].to_numpy()),
    )


def season_of(path: Path) -> pl.DataFrame:
    sheet = pl.read_excel(path, has_header=False, infer_schema_length=0)
    header = [str(name) for name in sheet.row(0)]
    at = {name: header.index(name) for name in ("Final", "Close", "Run Line", "Close OU", "1st", "5th")}

    def number(rows: pl.DataFrame, column: int) -> pl.Series:
        return rows[rows.columns[column]].cast(pl.Float64, strict=False)

    away, home = sheet.slice(1).gather_every(2), sheet.slice(1).gather_every(2, offset=1)
    five = range(at["1st"], at["5th"] + 1)
    table = pl.DataFrame(
        {
            "home_price": number(home, at["Close"]),
            "away_price": number(away, at["Close"]),
            "total": number(home, at["Close OU"]),
            "over_price": number(away, at["Close OU"] + 1),
            "under_price": number(home, at["Close OU"] + 1),
            "home_line": number(home, at["Run Line"]),
            "home_line_price": number(home, at["Run Line"] + 1),
            "away_line_price": number(away, at["Run Line"] + 1),
            "home_runs": number(home, at["Final"]),
            "away_runs": number(away, at["Final"]),
            "home_five": sum((number(home, inning) for inning in five), start=number(home, at["1st"]) * 0),
            "away_five": sum((number(away, inning) for inning in five), start=number(away, at["1st"]) * 0),
        }
    ).drop_nulls()
    prices = [name for name in table.columns if name.endswith("price")]
    return table.filter(
        *(pl.col(name).abs().is_between(100, LONGEST) for name in prices),
        pl.col("total").is_between(5, 15),
        pl.col("home_line").abs() == 1.5,
        pl.col("home_runs") != pl.col("away_runs"),
    )


def log_loss(p: np.ndarray, won: np.ndarray) -> np.ndarray:
    return -np.where(won, np.log(p), np.log1p(-p))


def test_the_market_is_given_back_for_every_game(games: pl.DataFrame, fitted: FittedGames) -> None:
    assert games.height > 4_700
    assert np.isfinite(fitted.mu_home).all() and np.isfinite(fitted.mu_away).all()


def test_run_lines_are_priced_as_well_as_by_their_own_market(games: pl.DataFrame, fitted: FittedGames) -> None:
    """betting_domain §3.4: the run-line market's log-loss is .6743 over 2014 to 2021."""
    line = games["home_line"].to_numpy()
    won = (games["home_runs"] - games["away_runs"] + games["home_line"] > 0).to_numpy()
    market = no_vig_from_american(games["home_line_price"].to_numpy(), games["away_line_price"].to_numpy())
    grid = fitted.full().run_line(line).win
    difference = log_loss(grid, won) - log_loss(market, won)
    error = difference.std() / np.sqrt(len(difference))
    assert log_loss(market, won).mean() == pytest.approx(0.6743, abs=0.006)
    assert difference.mean() < 3 * error and difference.mean() < 0.0015
    assert abs(grid.mean() - won.mean()) < 3 * np.sqrt(0.25 / len(won))
    assert np.abs(grid - market).mean() < 0.02


def test_games_end_as_often_by_one_run_and_in_front_after_five_as_the_grid_says(
    games: pl.DataFrame, fitted: FittedGames
) -> None:
    margin = (games["home_runs"] - games["away_runs"]).to_numpy()
    told = fitted.full().margin().mean(axis=0)
    five = fitted.first_five().run_line(0)
    ahead = (games["home_five"] - games["away_five"]).to_numpy()
    for happened, chance in (
        (margin == 1, told[RUNS]),
        (margin == -1, told[RUNS - 2]),
        (margin >= 4, told[RUNS + 3 :].sum()),
        (margin <= -4, told[: RUNS - 4].sum()),
        (ahead > 0, five.win.mean()),
        (ahead == 0, five.push.mean()),
    ):
        assert abs(happened.mean() - chance) < 3 * np.sqrt(chance * (1 - chance) / len(margin))
