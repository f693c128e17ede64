"""The table per season that tells whether the archive was read rightly: what its prices scored against the games'
results.

One row of figures by the archive's own Final, beside it the same by official results. The filter is the one under
which the reference figures were measured: all four moneylines (open and close, both sides) with 100 ≤ |American| ≤
600 and a booksum in [1, 1.1] at both moments; ties and games without a score out; postseason in; margin taken out
multiplicatively.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from dagster_mlb.market.no_vig import booksum, no_vig
from dagster_mlb.market.odds import implied_from_american

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

PRICES = ("open_home_price", "open_away_price", "close_home_price", "close_away_price")
LOWEST_PRICE, HIGHEST_PRICE = 100, 600  # American, absolute
LOWEST_BOOKSUM, HIGHEST_BOOKSUM = 1.0, 1.1
_ROUNDING = 1e-9

ScoredBy = Literal["archive", "official"]

#: Columns of the frame that comes in, one row per game of the archive (``curated.archive_benchmark``).
BENCHMARK_COLUMNS = (
    "season",
    "official_date",
    "game_type",
    *PRICES,
    "archive_home_runs",
    "archive_away_runs",
    "official_home_runs",
    "official_away_runs",
    "is_tied_to_results",
    "scores_agree",
)


def read_season_table(settings: Settings) -> pl.DataFrame:
    """``season_table`` of every archive season that stands in the warehouse."""
    from dagster_mlb.warehouse.frames import read_frame

    return season_table(read_frame(settings, f"select {', '.join(BENCHMARK_COLUMNS)} from curated.archive_benchmark"))


def benchmark_sample(games: pl.DataFrame) -> pl.DataFrame:
    """The games whose four prices pass the filter, with ``open_probability``, ``close_probability`` and
    ``close_booksum`` added.

    The probabilities are the home side's, multiplicative no-vig. Results are not looked at here.
    """
    implied = {name: implied_from_american(games[name].cast(pl.Float64).to_numpy()) for name in PRICES}
    opening = booksum(implied["open_home_price"], implied["open_away_price"])
    closing = booksum(implied["close_home_price"], implied["close_away_price"])
    keep = _within(opening) & _within(closing)
    for name in PRICES:
        price = np.abs(games[name].cast(pl.Float64).fill_null(0.0).to_numpy())
        keep &= (price >= LOWEST_PRICE) & (price <= HIGHEST_PRICE)
    return games.with_columns(
        pl.Series("open_probability", no_vig(implied["open_home_price"], implied["open_away_price"], "multiplicative")),
        pl.Series(
            "close_probability", no_vig(implied["close_home_price"], implied["close_away_price"], "multiplicative")
        ),
        pl.Series("close_booksum", closing),
    ).filter(pl.Series(keep))


def season_scores(games: pl.DataFrame, *, scored_by: ScoredBy = "archive") -> pl.DataFrame:
    """Per season: season, n, log_loss_open, log_loss_close, brier_close, accuracy_close, booksum_close,
    home_win_rate.

    ``games`` has the ``BENCHMARK_COLUMNS``. Log-loss in nats per game, Brier without the factor two; a price that
    favours neither side counts as a call of the away side.
    """
    home, away = pl.col(f"{scored_by}_home_runs"), pl.col(f"{scored_by}_away_runs")
    won = (home > away).cast(pl.Float64)
    sample = benchmark_sample(games).filter((home != away).fill_null(value=False)).with_columns(won=won)
    return sample.group_by("season").agg(_scores("won")).sort("season")


def season_table(games: pl.DataFrame) -> pl.DataFrame:
    """``season_scores`` by the archive's Final with the same by official results beside it (suffix ``_official``).

    Also: ``games`` (all of the archive), ``regular_games``, ``tied`` (regular-season games tied to a results source),
    ``tied_same_score`` and ``scores_differ``.
    """
    is_regular = (pl.col("game_type") == "R").fill_null(value=True)
    tied = pl.col("is_tied_to_results").fill_null(value=False)
    agree = pl.col("scores_agree").fill_null(value=False)
    counts = games.group_by("season").agg(
        games=pl.len(),
        regular_games=is_regular.sum(),
        tied=(tied & is_regular).sum(),
        tied_same_score=(tied & agree & is_regular).sum(),
        scores_differ=(tied & (pl.col("scores_agree") == False)).sum(),  # noqa: E712  (unknown is not different)
    )
    return (
        counts.join(season_scores(games), on="season", how="left")
        .join(season_scores(games, scored_by="official"), on="season", how="left", suffix="_official")
        .sort("season")
    )


def pooled_scores(games: pl.DataFrame, *, scored_by: ScoredBy = "archive") -> dict[str, Any]:
    """The figures of ``season_scores`` over all the games at once, as a dictionary without ``season``."""
    scores = season_scores(games.with_columns(season=pl.lit(0)), scored_by=scored_by)
    return {} if scores.is_empty() else scores.drop("season").row(0, named=True)


def _within(total: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return (total >= LOWEST_BOOKSUM - _ROUNDING) & (total <= HIGHEST_BOOKSUM + _ROUNDING)


def _scores(won: str) -> list[pl.Expr]:
    y, close = pl.col(won), pl.col("close_probability")
    return [
        pl.len().alias("n"),
        _log_loss(y, pl.col("open_probability")).alias("log_loss_open"),
        _log_loss(y, close).alias("log_loss_close"),
        ((close - y) ** 2).mean().alias("brier_close"),
        ((close > 0.5) == (y == 1.0)).mean().alias("accuracy_close"),
        pl.col("close_booksum").mean().alias("booksum_close"),
        y.mean().alias("home_win_rate"),
    ]


def _log_loss(y: pl.Expr, probability: pl.Expr) -> pl.Expr:
    return -(y * probability.log() + (1 - y) * (1 - probability).log()).mean()
